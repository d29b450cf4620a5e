//! Recorded results of silicon, for every host: `tests/golden/silicon.txt.gz`. An AMD processor (family 19h model 11h) gave
//! them. Every form of every instruction that can be compared has some.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::GzDecoder;
use ringwalk_cpu::model::Features;
use ringwalk_cpu::state::CodeSize;

use super::oracle::arena::Image;
use super::oracle::case::Case;
use super::oracle::forms::{Form, Forms};
use super::oracle::guest::{Guest, Tier};
use super::oracle::vectors::{self, TRIED};

pub(super) const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/silicon.txt.gz");

/// Results by code size, form and number.
pub(super) fn all() -> BTreeMap<String, String> {
    let file = std::fs::File::open(PATH).expect("the recorded vectors are there");
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).expect("they are text");
    let lines = text.lines().map(|line| line.split_once('|').expect("a key and a result"));
    lines.map(|(key, result)| (key.to_owned(), result.to_owned())).collect()
}

/// The features that the recording processor was compared with.
pub(super) fn features() -> Features {
    super::oracle::of_amd()
}

/// Forms of both code sizes: all of them, whatever the host has.
pub(super) fn forms() -> [Forms; 2] {
    [CodeSize::Bits32, CodeSize::Bits64].map(|size| Forms::new(size, features(), |_| true))
}

/// The numbers of a form's vectors, with their results.
pub(super) fn of<'a>(
    recorded: &'a BTreeMap<String, String>,
    forms: &'a Forms,
    form: &'a Form,
) -> impl Iterator<Item = (u64, &'a String)> {
    (0..TRIED).filter_map(|index| Some((index, recorded.get(&vectors::key(forms, form, index))?)))
}

#[test]
fn recorded_results_of_silicon_are_ours_in_both_tiers() {
    let recorded = all();
    let (mut guest, mut image) = (Guest::new(features()), vectors::empty_image());
    guest.restore(&image, true);
    let (mut complaints, mut compared) = (Vec::new(), 0);
    for forms in &forms() {
        for (form, (index, silicon)) in
            forms.all.iter().flat_map(|form| of(&recorded, forms, form).map(move |vector| (form, vector)))
        {
            let key = vectors::key(forms, form, index);
            let Some(case) = vectors::case(forms, form, index) else {
                complaints.push(format!("{key}: no such case any more"));
                continue;
            };
            compared += 1;
            for tier in [Tier::Canonical, Tier::Fast] {
                let ours = ours(&mut guest, &mut image, &case, tier);
                if ours != *silicon {
                    complaints.push(format!("{key} {tier:?}\n  silicon {silicon}\n  ours    {ours}"));
                }
            }
        }
    }
    let count = complaints.len();
    complaints.truncate(20);
    assert!(count == 0, "{count} are not what silicon gave:\n{}", complaints.join("\n"));
    assert_eq!(compared, recorded.len(), "every line is some form's vector: RINGWALK_RECORD=1 records anew");
}

fn ours(guest: &mut Guest, image: &mut Image, case: &Case, tier: Tier) -> String {
    image.clear_code();
    image.put_code(case.state.rip, &case.code());
    guest.restore(image, false);
    let outcome = guest.run(&case.state, case.is_64, tier);
    let stored = vectors::stored(image, |page| guest.page(page));
    vectors::result(case, &outcome, &stored)
}
