//! The comparison with the host's processor.

use std::collections::BTreeMap;

use ringwalk_cpu::state::CodeSize;

use super::guest::Guest;
use super::host::{self, Host};
use super::state::hex;
use super::{case, forms};

/// Cases of each form, unless the environment says otherwise.
const CASES: u64 = 200;
/// Differences that are shown.
const MOST_SHOWN: usize = 20;

fn cases() -> u64 {
    std::env::var("RINGWALK_SILICON").ok().and_then(|text| text.parse().ok()).unwrap_or(CASES)
}

#[test]
fn every_form_does_what_silicon_does_in_32_bit_code() {
    compare(CodeSize::Bits32);
}

#[test]
fn every_form_does_what_silicon_does_in_64_bit_code() {
    compare(CodeSize::Bits64);
}

fn compare(size: CodeSize) {
    let (mut host, mut guest) = (Host::new(), Guest::new(size));
    let (mut counts, mut skipped): (BTreeMap<&str, u64>, Vec<String>) = Default::default();
    let mut complaints = Vec::new();
    for (number, form) in forms::all(size).iter().enumerate() {
        if !form.features().iter().all(|feature| host::has(*feature)) {
            skipped.push(form.name());
            continue;
        }
        for index in 0..cases() {
            let (code, before) = case(form, size, (number as u64) << 40 | index);
            let silicon = host.run(&code, &before);
            let ours = guest.run(&code, &before);
            *counts.entry(form.row.name).or_default() += 1;
            let differs = match &ours {
                Ok(after) => !after.same(&silicon),
                Err(_) => true,
            };
            if differs && complaints.len() < MOST_SHOWN {
                let found =
                    ours.map_or_else(|vector| vec![format!("fault {vector}")], |after| after.changes_from(&silicon));
                let inputs = before.parts().into_iter().map(|(name, value)| format!("{name}={}", hex(&value)));
                let inputs = inputs.collect::<Vec<_>>().join(" ");
                complaints.push(format!(
                    "{} {code:02x?}:\n  silicon {:?}\n  ours    {found:?}\n  from {inputs}",
                    form.name(),
                    silicon.changes_from(&before)
                ));
                break;
            }
        }
    }
    for (name, count) in &counts {
        println!("{name}: {count}");
    }
    println!(
        "{size:?}: {} instructions, {} cases; the host lacks: {skipped:?}",
        counts.len(),
        counts.values().sum::<u64>()
    );
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert!(counts.len() > 100, "there are instructions to compare");
}
