//! A small run of the oracle, and recording.

use std::arch::is_x86_feature_detected;
use std::io::Write;

use flate2::{Compression, GzBuilder};
use ringwalk_cpu::state::CodeSize;

use super::oracle::forms::{Form, Forms};
use super::oracle::host::Host;
use super::oracle::judge::Judge;
use super::oracle::processor;
use super::oracle::run::{self, Wanted};
use super::oracle::state::End;
use super::oracle::vectors::{self, KEPT, TRIED};
use super::recorded::PATH;

/// Instructions, unless the environment says otherwise.
const INSTRUCTIONS: u64 = 100_000;

#[test]
fn random_code_does_what_silicon_does() {
    if !is_x86_feature_detected!("avx") {
        return println!("skipped: the oracle needs a processor with AVX");
    }
    let instructions =
        std::env::var("RINGWALK_SILICON").ok().and_then(|text| text.parse().ok()).unwrap_or(INSTRUCTIONS);
    let report = Host::with(|host| run::run(host, &Wanted { instructions, seed: 20, group: None }));
    assert!(report.print(), "what differs is above");
    assert!(report.rows.len() > 1000, "there are instructions to compare");
}

#[test]
fn recording_needs_to_be_asked_for() {
    if std::env::var_os("RINGWALK_RECORD").is_none() {
        return;
    }
    let features = run::features();
    let text = Host::with(|host| {
        let mut judge = Judge::new(host, features, processor::is_measured());
        let sizes = [CodeSize::Bits32, CodeSize::Bits64].map(|size| Forms::new(size, features, processor::has));
        let lines = sizes.iter().flat_map(|forms| forms.all.iter().map(move |form| (forms, form)));
        lines.map(|(forms, form)| record(&mut judge, forms, form)).collect::<String>()
    });
    let file = std::fs::File::create(PATH).expect("the file can be written");
    let mut zip = GzBuilder::new().write(file, Compression::best());
    zip.write_all(text.as_bytes()).and_then(|()| zip.finish().map(|_| ())).expect("it is written");
}

/// Lines of a form: some that end well, and some that fault.
fn record(judge: &mut Judge<'_>, forms: &Forms, form: &Form) -> String {
    let (mut lines, mut left) = (String::new(), KEPT);
    for index in 0..TRIED {
        let Some(case) = vectors::case(forms, form, index) else { continue };
        let Some((outcome, stored)) = judge.ask_silicon(&case) else { continue };
        let left = &mut left[usize::from(outcome.end != End::Done)];
        if *left > 0 {
            *left -= 1;
            let result = vectors::result(&case, &outcome, &stored);
            lines += &format!("{}|{result}\n", vectors::key(forms, form, index));
        }
    }
    lines
}
