//! Many cases: how many instructions of each group and row were done and how many faulted, and what differs.

use std::collections::BTreeMap;

use ringwalk_cpu::model::Features;
use ringwalk_cpu::state::CodeSize;

use super::case::Case;
use super::forms::{Forms, GROUPS};
use super::host::Host;
use super::judge::{Judge, Verdict};
use super::processor;
use super::state::End;
use super::story;

/// Cases that share what is in memory.
const OF_AN_IMAGE: u64 = 64;
/// Kinds of differences that are shown.
const MOST_SHOWN: usize = 24;

/// What is asked for.
pub(crate) struct Wanted {
    /// Instructions that silicon must have done or faulted at.
    pub(crate) instructions: u64,
    pub(crate) seed: u64,
    /// Of one group alone.
    pub(crate) group: Option<usize>,
}

/// Counts of one group.
#[derive(Default, Clone)]
struct Count {
    done: u64,
    faults: u64,
}

/// What came of a run.
#[derive(Default)]
pub(crate) struct Report {
    counts: BTreeMap<(bool, usize), Count>,
    vectors: BTreeMap<u8, u64>,
    pub(crate) rows: BTreeMap<u16, u64>,
    cases: u64,
    /// Cases that are not compared, by reason.
    skipped: BTreeMap<&'static str, u64>,
    /// By kind: how many cases, the story of one, and the lines that replay it.
    pub(crate) stories: BTreeMap<String, (u64, String, String)>,
}

/// What the host's processor makes of the model: its vendor's ways.
pub(crate) fn features() -> Features {
    if processor::is_amd() { super::of_amd() } else { super::everything() }
}

/// Runs cases of both code sizes until there were enough instructions.
pub(crate) fn run(host: &mut Host, wanted: &Wanted) -> Report {
    let features = features();
    let forms = [CodeSize::Bits64, CodeSize::Bits32].map(|size| Forms::new(size, features, processor::has));
    let mut judge = Judge::new(host, features, processor::is_measured());
    let mut report = Report::default();
    let mut number = 0;
    while report.instructions() < wanted.instructions {
        let seed = wanted.seed.wrapping_add(number);
        let forms = &forms[usize::from(seed % 5 < 2)];
        let case = Case::random(seed, wanted.seed ^ (seed / OF_AN_IMAGE), forms, wanted.group);
        number += 1;
        report.cases += 1;
        let verdict = match judge.try_case(&case) {
            Ok(verdict) => verdict,
            Err(why) => {
                *report.skipped.entry(why).or_default() += 1;
                continue;
            }
        };
        report.count(&case, &verdict);
        if verdict.differences.is_empty() {
            continue;
        }
        let kind = story::kind(&case, &verdict);
        let known = report.stories.entry(kind).or_default();
        known.0 += 1;
        if known.0 == 1 {
            let smaller = judge.shrink(case);
            let found = judge.try_case(&smaller).map_or(Vec::new(), |verdict| verdict.differences);
            known.1 = story::of(seed, &smaller, &found);
            known.2 = story::replay(&smaller);
        }
        if report.stories.len() > 400 {
            break;
        }
    }
    report
}

impl Report {
    /// Instructions that were done or faulted.
    pub(crate) fn instructions(&self) -> u64 {
        self.rows.values().sum()
    }

    fn count(&mut self, case: &Case, verdict: &Verdict) {
        let faulted = usize::from(matches!(verdict.end, End::Vector(..)));
        for (index, step) in case.steps.iter().take(verdict.retired + faulted).enumerate() {
            *self.rows.entry(step.op).or_default() += 1;
            let count = self.counts.entry((case.is_64, step.group)).or_default();
            if index < verdict.retired { count.done += 1 } else { count.faults += 1 }
        }
        if let End::Vector(vector, ..) = verdict.end {
            *self.vectors.entry(vector).or_default() += 1;
        }
    }

    /// Counts a group, and differences. True if there are none, or none that count: see `processor::is_known`.
    pub(crate) fn print(&self) -> bool {
        println!("{:30} {:>12} {:>10} {:>12} {:>10}", "", "64-bit done", "faulted", "32-bit done", "faulted");
        for (group, name) in GROUPS.iter().enumerate() {
            let count = |is_64| self.counts.get(&(is_64, group)).cloned().unwrap_or_default();
            let (wide, short) = (count(true), count(false));
            println!("{name:30} {:>12} {:>10} {:>12} {:>10}", wide.done, wide.faults, short.done, short.faults);
        }
        let vectors: Vec<String> = self.vectors.iter().map(|(vector, count)| format!("{vector}: {count}")).collect();
        println!(
            "{} instructions of {} rows in {} cases, {} skipped",
            self.instructions(),
            self.rows.len(),
            self.cases,
            self.skipped.values().sum::<u64>()
        );
        for (why, count) in &self.skipped {
            println!("  {count:>9} not compared: {why}");
        }
        println!("faults and traps by vector: {}", vectors.join(", "));
        for (kind, (count, story, _)) in self.stories.iter().take(MOST_SHOWN) {
            println!("{kind}: {count} cases; {story}");
        }
        let differing: u64 = self.stories.values().map(|(count, ..)| count).sum();
        println!("{differing} differences of {} kinds", self.stories.len());
        if differing > 0 && !processor::is_known() {
            println!("the host's processor is of another family than 19h of AMD: somebody has to look at them first");
        }
        differing == 0 || !processor::is_known()
    }
}
