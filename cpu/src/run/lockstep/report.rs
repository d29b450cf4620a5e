//! What a difference between the two processors of a lockstep is, in words.

use std::fmt;

use ringwalk_mmu::{Frame, FrameRange, Memory, PAGE_BYTES};

use crate::state::CpuState;

/// An instruction that the canonical tier executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Executed {
    /// CS.
    pub selector: u16,
    /// Its offset.
    pub rip: u64,
    /// Its linear address.
    pub linear: u64,
    /// The default size of its code: 16 or 32 bits.
    pub bits: u8,
    /// Its bytes, and how many they are.
    pub bytes: [u8; 15],
    /// See `bytes`.
    pub len: u8,
}

/// The first difference of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// Both were the same at this position.
    pub from: u64,
    /// The fast tier stands here.
    pub to: u64,
    /// What differs.
    pub difference: Difference,
    /// What the canonical tier executed in between: the trace, or the chain of them.
    pub executed: Vec<Executed>,
}

/// A value that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it is the value of.
    pub what: String,
    /// The canonical tier's.
    pub canonical: String,
    /// The fast tier's.
    pub fast: String,
}

/// Instructions that are told of a long chain: the last ones.
const MOST_TOLD: usize = 40;

impl Divergence {
    /// The whole story; `line` says an instruction.
    pub fn story(&self, line: impl Fn(&Executed) -> String) -> String {
        let Difference { what, canonical, fast } = &self.difference;
        let start = self
            .executed
            .first()
            .map_or_else(String::new, |first| format!(" in the trace at {:04X}:{:08X}", first.selector, first.rip));
        let mut story = format!(
            "the fast tier differs from the canonical one between positions {} and {}{start}: {what} is {canonical} by \
             the canonical tier, {fast} by the fast one",
            self.from, self.to
        );
        let hidden = self.executed.len().saturating_sub(MOST_TOLD);
        if hidden > 0 {
            story += &format!("\n  ({hidden} instructions before these)");
        }
        for executed in &self.executed[hidden..] {
            story += &format!("\n  {:04X}:{:08X}  {}", executed.selector, executed.rip, line(executed));
        }
        story
    }
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = |executed: &Executed| {
            let bytes = &executed.bytes[..usize::from(executed.len)];
            bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" ")
        };
        f.write_str(&self.story(hex))
    }
}

/// The first field of the state that differs.
pub(super) fn state(canonical: &CpuState, fast: &CpuState) -> Option<Difference> {
    (canonical != fast).then(|| {
        let (ours, theirs) = (format!("{canonical:#?}"), format!("{fast:#?}"));
        let pairs = ours.lines().zip(theirs.lines());
        let mut path: Vec<&str> = Vec::new();
        for (a, b) in pairs {
            let depth = (a.len() - a.trim_start().len()) / 4;
            let (name, value) = a.trim().split_once(": ").unwrap_or(("", a.trim()));
            path.truncate(depth);
            path.resize(depth, "");
            path.push(name);
            if a != b {
                let other = b.trim().split_once(": ").map_or(b.trim(), |(_, value)| value);
                let names: Vec<&str> = path.into_iter().filter(|name| !name.is_empty()).collect();
                let end = [',', ' ', '{', '('];
                return Difference {
                    what: names.join("."),
                    canonical: value.trim_end_matches(end).to_owned(),
                    fast: other.trim_end_matches(end).to_owned(),
                };
            }
        }
        Difference { what: "something in the state".into(), canonical: "one thing".into(), fast: "another".into() }
    })
}

/// A byte of memory.
pub(super) fn memory(memory: &Memory, frame: Frame, offset: usize, canonical: u8, fast: u8) -> Difference {
    let within = |range: FrameRange| frame.0.checked_sub(range.first.0).filter(|index| *index < range.count);
    let ranges = [("RAM", memory.ram), ("video memory", memory.vram), ("the BIOS", memory.bios)];
    let found = ranges.into_iter().find_map(|(name, range)| Some((name, within(range)?)));
    let (name, index) = found.unwrap_or(("the arena", frame.0));
    let at = u64::from(index) * PAGE_BYTES + offset as u64;
    Difference {
        what: format!("the byte at {at:X} of {name}"),
        canonical: format!("{canonical:02X}"),
        fast: format!("{fast:02X}"),
    }
}

/// What was asked of the bus.
pub(super) fn bus(canonical: String, fast: String) -> Difference {
    Difference { what: "the next call of the bus".into(), canonical, fast }
}
