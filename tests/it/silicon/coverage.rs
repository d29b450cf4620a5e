//! Coverage: every row of the instruction table is reached by a vector that does what it is for, or by a test that is named
//! here.
//! `cargo test --test it coverage -- --nocapture` lists the rows with how many vectors reach each.

use std::collections::BTreeMap;
use std::path::Path;

use ringwalk_cpu::isa;

use super::programs::vectors;
use super::recorded;

/// Rows whose effects need a machine of their own: the mnemonic, and the test that executes it.
const ELSEWHERE: [(&str, &str, &str); 6] = [
    ("monitor", "processor/monitor.rs", "an_interrupt_in_between_ends_the_watch"),
    ("mwait", "processor/monitor.rs", "interrupts_end_the_wait"),
    ("syscall", "long_mode/calls.rs", "syscall_enters_ring_0"),
    ("sysret", "long_mode/calls.rs", "sysret_goes_back"),
    ("sysenter", "long_mode/calls.rs", "sysenter_and_sysexit_in_long_mode"),
    ("sysexit", "long_mode/calls.rs", "sysenter_and_sysexit_in_long_mode"),
];

/// What always ends in a vector of the processor.
const TRAPS: [&str; 2] = ["ud2", "int3"];

/// Vectors of a row.
#[derive(Default)]
struct Count {
    /// That end well, and that fault, of silicon.
    recorded: [u64; 2],
    /// Programs from the manual that have it.
    programs: u64,
}

fn vectors_by_row() -> BTreeMap<u16, Count> {
    let recorded = recorded::all();
    let mut counts: BTreeMap<u16, Count> = BTreeMap::new();
    for forms in &recorded::forms() {
        for form in &forms.all {
            for (_, result) in recorded::of(&recorded, forms, form) {
                counts.entry(form.op).or_default().recorded[usize::from(result.contains('#'))] += 1;
            }
        }
    }
    for op in vectors().flat_map(|vector| vector.rows()) {
        counts.entry(op).or_default().programs += 1;
    }
    counts
}

/// True if the file has the test.
fn is_tested_in(file: &str, test: &str) -> bool {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.contains(&format!("#[test]\nfn {test}()"))
}

#[test]
fn every_row_has_a_vector() {
    let (counts, none) = (vectors_by_row(), Count::default());
    let mut without = Vec::new();
    println!("row  mnemonic             done faulted programs");
    for (op, row) in isa::rows() {
        let Count { recorded: [done, faulted], programs } = counts.get(&op).unwrap_or(&none);
        let elsewhere = ELSEWHERE.iter().find(|(name, ..)| *name == row.name);
        let note = elsewhere.map_or(String::new(), |(_, file, test)| format!(" {test} in tests/it/{file}"));
        println!("{op:04x} {:20} {done:4} {faulted:7} {programs:8}{note}", row.name);
        let traps = TRAPS.contains(&row.name) && *faulted > 0;
        let there = done + programs > 0 || traps || elsewhere.is_some_and(|(_, file, test)| is_tested_in(file, test));
        // A row of this name stands where x87 opcodes mean nothing.
        if !there && row.name != "x87" {
            without.push(format!("{op:04x} {} {:?}: {faulted} that fault", row.name, row.operands));
        }
    }
    assert!(without.is_empty(), "{} rows without a vector:\n{}", without.len(), without.join("\n"));
}
