//! `--profile`: where the fast tier spends its dispatches, which forms give way to their canonical handlers, and why
//! chains of traces end.
//!
//! Costs nothing when it is off: with it on, every slot of a trace holds a handler that counts and goes on to the real
//! one (`fast/counted.rs`). Derived.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::fast::Fast;
use crate::insn::{CALM, Insn, NO_REGISTER, OPERAND_32, PLACE_IMMEDIATE, PLACE_MEMORY, PLACE_NONE, QUIET};
use crate::isa::row_of;

/// What is told apart: about what there are handlers for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Form {
    op: u16,
    operands: [char; 2],
    wide: bool,
    quiet: bool,
    held: bool,
    covers: u8,
}

impl Form {
    fn of(i: &Insn) -> Form {
        let kind = |place| match place {
            PLACE_MEMORY => 'm',
            PLACE_IMMEDIATE => 'i',
            PLACE_NONE => ' ',
            _ => 'r',
        };
        Form {
            op: i.op,
            operands: [kind(i.dst), kind(i.src)],
            wide: i.has(OPERAND_32),
            quiet: i.covers & QUIET != 0,
            held: i.holds != NO_REGISTER,
            covers: i.covers & !(QUIET | CALM),
        }
    }

    fn words(&self) -> String {
        let name = row_of(self.op).map_or("(none)", |row| row.name);
        let [dst, src] = self.operands;
        let mut words = format!("{name} {dst},{src}").trim_end_matches([' ', ',']).to_owned();
        let marks =
            [(!self.wide, "16"), (self.quiet, "quiet"), (self.held, "behind a value"), (self.covers == 0, "canonical")];
        for (_, mark) in marks.into_iter().filter(|(on, _)| *on) {
            words += " ";
            words += mark;
        }
        if self.covers > 1 {
            let _ = write!(words, " and {} more", self.covers - 1);
        }
        words
    }
}

/// A slot that counts.
#[derive(Clone, Copy)]
struct Counted {
    real: Fast,
    form: u32,
    first: bool,
}

/// Counts of one engine.
#[derive(Default)]
pub struct Profile {
    slots: Vec<Option<Counted>>,
    numbers: BTreeMap<Form, u32>,
    forms: Vec<Form>,
    /// Dispatches by form, and those of them that ran the canonical handler.
    dispatches: Vec<u64>,
    canonical: Vec<u64>,
    pairs: BTreeMap<(u32, u32), u64>,
    /// Traces by the dispatches that each made.
    lengths: BTreeMap<u32, u64>,
    /// Why chains ended or were not begun.
    reasons: BTreeMap<String, u64>,
    chains: u64,
    last: Option<u32>,
    retired: u64,
    length: u32,
}

/// Lines of each table.
const MOST_LINES: usize = 30;

impl Profile {
    /// Lets the slots of a trace count; the first of them stands at this number.
    pub(crate) fn wrap(&mut self, first: usize, slots: &mut [Insn], counting: Fast) {
        self.slots.resize(self.slots.len().max(first + slots.len()), None);
        for (index, slot) in slots.iter_mut().enumerate() {
            let form = Form::of(slot);
            let fresh = self.forms.len() as u32;
            let number = *self.numbers.entry(form).or_insert(fresh);
            if number == fresh {
                self.forms.push(form);
                self.dispatches.push(0);
                self.canonical.push(0);
            }
            self.slots[first + index] = Some(Counted { real: slot.fast, form: number, first: index == 0 });
            slot.fast = counting;
        }
    }

    /// Counts a dispatch; answers the handler it is meant for.
    pub(crate) fn count(&mut self, slot: usize, retired: u64) -> Option<Fast> {
        let counted = (*self.slots.get(slot)?)?;
        self.note_canonical(retired);
        if counted.first {
            self.end_trace();
        }
        self.dispatches[counted.form as usize] += 1;
        if let Some(last) = self.last.replace(counted.form) {
            *self.pairs.entry((last, counted.form)).or_default() += 1;
        }
        self.length += 1;
        Some(counted.real)
    }

    /// Only canonical handlers bring the count of retired instructions up to date in a chain.
    fn note_canonical(&mut self, retired: u64) {
        if retired != self.retired
            && let Some(last) = self.last
        {
            self.canonical[last as usize] += 1;
        }
        self.retired = retired;
    }

    fn end_trace(&mut self) {
        if self.length > 0 {
            *self.lengths.entry(self.length).or_default() += 1;
        }
        self.length = 0;
    }

    /// A chain begins.
    pub(crate) fn begin(&mut self, retired: u64) {
        (self.retired, self.last, self.length) = (retired, None, 0);
    }

    /// A chain ended; `canonical`: by its last instruction's canonical handler.
    pub(crate) fn end(&mut self, why: String, canonical: bool) {
        if canonical && let Some(last) = self.last {
            self.canonical[last as usize] += 1;
        }
        self.chains += u64::from(self.last.is_some());
        self.end_trace();
        *self.reasons.entry(why).or_default() += 1;
    }

    /// The tables, most frequent first.
    pub fn report(&self) -> String {
        let total: u64 = self.dispatches.iter().sum();
        let traces: u64 = self.lengths.values().sum();
        let mut report = format!("profile: {total} dispatches in {traces} traces in {} chains\n", self.chains);
        let forms = |counts: &[u64]| -> Vec<(String, u64)> {
            self.forms.iter().map(Form::words).zip(counts.iter().copied()).collect()
        };
        let pair = |(a, b): &(u32, u32)| {
            let words = |number: &u32| self.forms[*number as usize].words();
            format!("{} | {}", words(a), words(b))
        };
        table(&mut report, "dispatches by form", forms(&self.dispatches));
        table(&mut report, "canonical handlers in chains", forms(&self.canonical));
        table(&mut report, "pairs", self.pairs.iter().map(|(key, count)| (pair(key), *count)).collect());
        let lengths = self.lengths.iter().map(|(length, count)| (format!("{length} dispatches"), *count));
        table(&mut report, "traces by length", lengths.collect());
        let reasons = self.reasons.iter().map(|(why, count)| (why.clone(), *count));
        table(&mut report, "why the fast tier was left or not entered", reasons.collect());
        report
    }
}

fn table(report: &mut String, title: &str, mut rows: Vec<(String, u64)>) {
    rows.retain(|(_, count)| *count > 0);
    rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let total: u64 = rows.iter().map(|(_, count)| count).sum();
    let _ = writeln!(report, "{title}: {total}");
    for (words, count) in rows.iter().take(MOST_LINES) {
        let percent = 100.0 * *count as f64 / total as f64;
        let _ = writeln!(report, "  {count:>12} {percent:5.1} %  {words}");
    }
    if rows.len() > MOST_LINES {
        let _ = writeln!(report, "  ({} more)", rows.len() - MOST_LINES);
    }
}
