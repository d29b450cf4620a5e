//! Recorded results of silicon, for every host: `tests/golden/silicon.txt.gz`, a line a case: instruction, seed of the
//! state it began in, and what changed. Every form has some: a new row without a vector fails.

use std::collections::BTreeSet;
use std::io::Read;

use flate2::read::GzDecoder;
use ringwalk_cpu::state::CodeSize;

use super::guest::Guest;
use super::state::State;
use super::{case, forms};

/// Vectors of each form and code size.
const CASES: u64 = 4;
const SIZES: [CodeSize; 2] = [CodeSize::Bits32, CodeSize::Bits64];
const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/silicon.txt.gz");

fn lines() -> Vec<String> {
    let file = std::fs::File::open(PATH).expect("the recorded vectors are there");
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).expect("they are text");
    text.lines().map(str::to_owned).collect()
}

/// A case in a line.
fn line(size: CodeSize, name: &str, code: &[u8], seed: u64, before: &State, after: &State) -> String {
    let code: String = code.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{size:?}|{name}|{code}|{seed:x}|{}", after.changes_from(before).join(" "))
}

/// The seed of a form's vector: it must not depend on how many forms there are.
fn seed_of(name: &str, index: u64) -> u64 {
    name.bytes().fold(index, |seed, byte| seed.wrapping_mul(0x100_0000_01B3) ^ u64::from(byte))
}

#[test]
fn recorded_results_of_silicon_are_ours() {
    let recorded: BTreeSet<String> = lines().into_iter().collect();
    let mut complaints = Vec::new();
    for size in SIZES {
        let mut guest = Guest::new(size);
        for (form, index) in forms::all(size).iter().flat_map(|form| (0..CASES).map(move |index| (form, index))) {
            let seed = seed_of(&form.name(), index);
            let (code, before) = case(form, size, seed);
            let ours = match guest.run(&code, &before) {
                Ok(after) => line(size, &form.name(), &code, seed, &before, &after),
                Err(vector) => format!("{} {code:02x?} fault {vector}", form.name()),
            };
            if !recorded.contains(&ours) {
                complaints.push(ours);
            }
        }
    }
    complaints.truncate(20);
    assert!(complaints.is_empty(), "not what silicon gave, or without a vector:\n{}", complaints.join("\n"));
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
#[test]
fn recording_needs_to_be_asked_for() {
    use flate2::{Compression, GzBuilder};
    use std::io::Write;

    if std::env::var_os("RINGWALK_RECORD").is_none() {
        return;
    }
    let mut host = super::host::Host::new();
    let mut all = String::new();
    for size in SIZES {
        for form in
            forms::all(size).iter().filter(|form| form.features().iter().all(|feature| super::host::has(*feature)))
        {
            for index in 0..CASES {
                let seed = seed_of(&form.name(), index);
                let (code, before) = case(form, size, seed);
                let after = host.run(&code, &before);
                all += &line(size, &form.name(), &code, seed, &before, &after);
                all.push('\n');
            }
        }
    }
    let file = std::fs::File::create(PATH).expect("the file can be written");
    let mut zip = GzBuilder::new().write(file, Compression::best());
    zip.write_all(all.as_bytes()).and_then(|()| zip.finish().map(|_| ())).expect("it is written");
}
