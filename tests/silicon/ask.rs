//! What the oracle's command line asks for.

use ringwalk_cpu::state::CodeSize;

use crate::oracle::forms::{Forms, GROUPS};
use crate::oracle::host::{self, Host};
use crate::oracle::judge::Judge;
use crate::oracle::run::{self, Wanted};
use crate::oracle::{processor, story};

const USAGE: &str = "usage: silicon [INSTRUCTIONS [SEED [GROUP]]] | --replay FILE";

/// Runs; gives the exit status.
pub(crate) fn main(arguments: impl Iterator<Item = String>) -> i32 {
    let arguments: Vec<String> = arguments.filter(|argument| argument != "--nocapture").collect();
    let number = |at: usize, otherwise: u64| arguments.get(at).map_or(Ok(otherwise), |text| text.parse());
    if let [option, file] = &arguments[..]
        && option == "--replay"
    {
        return replay(file);
    }
    let group = arguments.get(2).map(|name| GROUPS.iter().position(|group| group == name));
    let (Ok(instructions), Ok(seed), true) = (number(0, 1_000_000), number(1, 1), group != Some(None)) else {
        eprintln!("{USAGE}\nwith a group of: {}", GROUPS.join("; "));
        return 2;
    };
    let wanted = Wanted { instructions, seed, group: group.flatten() };
    let report = Host::with(|host| {
        host::watch_time();
        run::run(host, &wanted)
    });
    if report.print() {
        return 0;
    }
    let path = std::env::var_os("RINGWALK_REPLAY")
        .map_or_else(|| std::env::temp_dir().join("silicon-differences.txt"), std::path::PathBuf::from);
    let lines: String = report.stories.values().map(|(_, _, lines)| lines.as_str()).collect();
    match std::fs::write(&path, lines) {
        Ok(()) => println!("`-- --replay {}` runs them again", path.display()),
        Err(error) => println!("{}: {error}", path.display()),
    }
    1
}

fn replay(path: &str) -> i32 {
    let features = run::features();
    let forms = [CodeSize::Bits64, CodeSize::Bits32].map(|size| Forms::new(size, features, processor::has));
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string());
    let cases = match text.and_then(|text| story::read(&text, &forms)) {
        Ok(cases) => cases,
        Err(why) => {
            eprintln!("{path}: {why}");
            return 2;
        }
    };
    let mut differing = 0;
    Host::with(|host| {
        host::watch_time();
        let mut judge = Judge::new(host, features, processor::is_measured());
        for case in &cases {
            let Ok(verdict) = judge.try_case(case) else { continue };
            differing += i32::from(!verdict.differences.is_empty());
            println!("{}\n  silicon {:x?}", story::of(0, case, &verdict.differences), verdict.end);
        }
    });
    println!("{differing} of {} differ", cases.len());
    i32::from(differing > 0)
}
