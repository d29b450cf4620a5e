//! The comparison of a case on the host with the same in both tiers of ringwalk, and smaller cases that still differ.

use ringwalk_cpu::model::Features;

use super::arena::{ARENA, CODE, CODE_PAGE, DONE, Image, PAGE, VSYSCALL, WRITABLE};
use super::case::Case;
use super::guest::{Guest, Tier};
use super::host::Host;
use super::state::{END_OF_USER_SPACE, End, Outcome, State, UPPER_AT, XMM_AT};
use super::{undefined, vectors, vendor};

/// Both processors, and what their arenas hold.
pub(crate) struct Judge<'a> {
    host: &'a mut Host,
    guest: Guest,
    image: Image,
    /// The seed of the image.
    seed: Option<u64>,
    /// What the manual leaves undefined is compared, too: the host's results are ours.
    all_defined: bool,
}

/// How a case ended.
pub(crate) struct Verdict {
    /// Instructions that were done.
    pub(crate) retired: usize,
    pub(crate) end: End,
    /// What differs, in words.
    pub(crate) differences: Vec<String>,
}

/// What came of a case in the canonical tier and on the host.
struct Asked {
    /// Instructions that the canonical tier did.
    retired: usize,
    silicon: Outcome,
    differences: Vec<String>,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(host: &'a mut Host, features: Features, all_defined: bool) -> Judge<'a> {
        Judge { host, guest: Guest::new(features), image: Image::random(0), seed: None, all_defined }
    }

    /// Runs a case everywhere. Otherwise says why it is not compared.
    pub(crate) fn try_case(&mut self, case: &Case) -> Result<Verdict, &'static str> {
        let Asked { retired, silicon, mut differences } = self.ask_both(case)?;
        self.guest.restore(&self.image, false);
        let fast = self.guest.run(&case.state, case.is_64, Tier::Fast);
        differences.extend(self.differences(case, &fast, &silicon, retired, Tier::Fast));
        let retired = retired.saturating_sub(usize::from(silicon.end == End::Done)).min(case.steps.len());
        Ok(Verdict { retired, end: silicon.end, differences })
    }

    /// What a case leaves on the host, and what it stores there; `None` if that must not be compared.
    pub(crate) fn ask_silicon(&mut self, case: &Case) -> Option<(Outcome, Vec<(u64, u8)>)> {
        let silicon = self.ask_both(case).ok()?.silicon;
        let stored = vectors::stored(&self.image, |page| self.host.page(page));
        (silicon.end != End::Endless).then_some((silicon, stored))
    }

    /// Runs a case in the canonical tier and on the host.
    fn ask_both(&mut self, case: &Case) -> Result<Asked, &'static str> {
        self.lay_out(case);
        let before = self.guest.retired();
        let ours = self.guest.run(&case.state, case.is_64, Tier::Canonical);
        // The handler's HLT is one of them, and so is an INT3 or INTO that traps.
        let traps = matches!(ours.end, End::Vector(3 | 4, ..));
        let retired = (self.guest.retired() - before).saturating_sub(1 + u64::from(traps)) as usize;
        if ours.end == End::Endless {
            return Err("does not end");
        }
        if !case.is_straight(retired + usize::from(traps), ours.state.rip) {
            return Err("jumps about in its code");
        }
        // What comes of such code, nobody has looked at: it might be a system call.
        let (at, code) = ((case.state.rip - CODE) as usize, case.code().len());
        let kept = at..(at + code).min(PAGE as usize);
        if self.guest.page(CODE_PAGE)[kept.clone()] != self.image.0[CODE_PAGE][kept] {
            return Err("writes over its own code");
        }
        // Linux answers calls of the vsyscall page itself.
        let elsewhere = |address: u64| address.wrapping_sub(DONE) < 4 * PAGE || address.wrapping_sub(VSYSCALL) < PAGE;
        if matches!(ours.end, End::Vector(14, _, address) if elsewhere(address)) {
            return Err("looks at pages that the host has and we have not");
        }
        let silicon = self.host.run(&case.state, case.is_64);
        let differences = self.differences(case, &ours, &silicon, retired, Tier::Canonical);
        match vendor::excuse(case, retired, &ours, &silicon) {
            Some(why) if !differences.is_empty() => Err(why),
            _ => Ok(Asked { retired, silicon, differences }),
        }
    }

    fn lay_out(&mut self, case: &Case) {
        let whole = self.seed != Some(case.image);
        if whole {
            self.image = Image::random(case.image);
            self.seed = Some(case.image);
        } else {
            self.image.clear_code();
        }
        self.image.put_code(case.state.rip, &case.code());
        self.host.restore(&self.image, whole);
        self.guest.restore(&self.image, whole);
    }

    fn differences(&self, case: &Case, ours: &Outcome, silicon: &Outcome, retired: usize, tier: Tier) -> Vec<String> {
        let undefined = if self.all_defined { 0 } else { undefined::after(&case.steps, retired) };
        let mut found = compare(ours, silicon, undefined);
        for page in WRITABLE {
            let (mine, theirs) = (self.guest.page(page), self.host.page(page));
            if mine != theirs {
                let at = (0..mine.len()).find(|at| mine[*at] != theirs[*at]).unwrap_or(0);
                let address = ARENA + page as u64 * PAGE + at as u64;
                found.push(format!("memory at {address:x}: silicon {:02x}, ours {:02x}", theirs[at], mine[at]));
            }
        }
        if tier == Tier::Fast {
            found.iter_mut().for_each(|words| words.insert_str(0, "fast "));
        }
        found
    }

    /// Makes a case smaller as long as it differs: fewer instructions, registers and flags that are zero.
    pub(crate) fn shrink(&mut self, mut case: Case) -> Case {
        let mut keep_if_differs = |case: &mut Case, smaller: Case| {
            let differs = self.try_case(&smaller).is_ok_and(|verdict| !verdict.differences.is_empty());
            if differs {
                *case = smaller;
            }
        };
        let mut index = 0;
        while index < case.steps.len() {
            let count = case.steps.len();
            let mut smaller = case.clone();
            // Without the first what follows stands where it stood.
            let gone = smaller.steps.remove(index);
            if index == 0 {
                smaller.state.rip += gone.bytes.len() as u64;
            }
            if smaller.steps.is_empty() {
                break;
            }
            keep_if_differs(&mut case, smaller);
            index += usize::from(case.steps.len() == count);
        }
        for number in 0..16 {
            let mut smaller = case.clone();
            smaller.state.gpr[number] = 0;
            keep_if_differs(&mut case, smaller);
        }
        for (at, bytes) in vector_parts() {
            let mut smaller = case.clone();
            smaller.state.x.0[at..at + bytes].fill(0);
            keep_if_differs(&mut case, smaller);
        }
        for flag in [1, 4, 0x10, 0x40, 0x80, 0x400, 0x800, 0x4_0000] {
            let mut smaller = case.clone();
            smaller.state.flags &= !flag;
            keep_if_differs(&mut case, smaller);
        }
        case
    }
}

fn vector_parts() -> Vec<(usize, usize)> {
    let registers = (0..16).flat_map(|number| [(XMM_AT + 16 * number, 16), (UPPER_AT + 16 * number, 16)]);
    registers.chain((0..8).map(|number| (32 + 16 * number, 10))).collect()
}

/// What differs, in words, but for flags that are undefined.
pub(crate) fn compare(ours: &Outcome, silicon: &Outcome, undefined: u64) -> Vec<String> {
    let masked = |state: &State| State { flags: state.flags & !undefined, ..state.clone() };
    let (mine, theirs) = (masked(&ours.state), masked(&silicon.state));
    let mut found = Vec::new();
    if same_end(ours.end, silicon.end) && mine.same(&theirs) {
        return found;
    }
    if !same_end(ours.end, silicon.end) {
        found.push(format!("end: silicon {:x?}, ours {:x?}", silicon.end, ours.end));
    }
    for ((name, mine), (_, theirs)) in mine.parts().into_iter().zip(theirs.parts()) {
        if mine != theirs {
            found.push(format!("{name}: silicon {theirs}, ours {mine}"));
        }
    }
    found
}

/// True if the ends are the same as far as can be seen.
fn same_end(ours: End, silicon: End) -> bool {
    match (ours, silicon) {
        (End::Vector(14, code, address), End::Vector(14, other, there)) if address >= END_OF_USER_SPACE => {
            (code | 1, address) == (other | 1, there)
        }
        // The kernel does not keep the code of what has none.
        (End::Vector(a, code, _), End::Vector(b, other, _)) if a != 14 => (a, code) == (b, other),
        _ => ours == silicon,
    }
}
