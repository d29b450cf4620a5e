//! Recorded results of silicon: what one instruction leaves, in a line of text. `tests/golden/silicon.txt.gz` has lines for
//! some cases of every form, for hosts that are not x86-64.

use std::fmt::Write;

use super::arena::{Image, PAGE, Page, WRITABLE};
use super::case::Case;
use super::forms::{Form, Forms};
use super::state::{END_OF_USER_SPACE, End, Outcome};
use super::undefined;

/// Seeds of a form that are tried.
pub(crate) const TRIED: u64 = 24;
/// How many that end well are kept, and how many that fault.
pub(crate) const KEPT: [usize; 2] = [2, 1];

/// The seed of what is in memory.
const IMAGE: u64 = 0x5EED;

/// The seed of a form's vector: it must not depend on how many forms there are.
fn seed_of(name: &str, index: u64) -> u64 {
    name.bytes().fold(index, |seed, byte| seed.wrapping_mul(0x100_0000_01B3) ^ u64::from(byte))
}

/// A form's case.
pub(crate) fn case(forms: &Forms, form: &Form, index: u64) -> Option<Case> {
    Case::single(seed_of(&form.name(), index), IMAGE, forms, form)
}

/// What the arena holds before a case, but for its code.
pub(crate) fn empty_image() -> Image {
    Image::random(IMAGE)
}

/// The first part of a line: code size, form and number.
pub(crate) fn key(forms: &Forms, form: &Form, index: u64) -> String {
    format!("{:?} {} {index}", forms.size, form.name())
}

/// The rest of a line: the instruction, how it ended, what of the state changed, and what it stored.
pub(crate) fn result(case: &Case, outcome: &Outcome, stored: &[(u64, u8)]) -> String {
    let mut text: String = case.steps.iter().flat_map(|step| &step.bytes).map(|byte| format!("{byte:02x}")).collect();
    let done = outcome.end == End::Done;
    match outcome.end {
        End::Done => {}
        End::Vector(vector, code, address) => {
            let code = code | u64::from(vector == 14 && address >= END_OF_USER_SPACE);
            let _ = write!(text, " #{vector} {code:x} {address:x}");
        }
        End::Endless => text += " endless",
    }
    let mask = if done { !undefined::after(&case.steps, case.steps.len()) } else { u64::MAX };
    let (mut now, mut then) = (outcome.state.clone(), case.state.clone());
    now.flags &= mask;
    then.flags &= mask;
    if done {
        then.rip = now.rip;
    }
    for ((name, value), (_, before)) in now.parts().into_iter().zip(then.parts()) {
        if value != before {
            let _ = write!(text, " {name}={value}");
        }
    }
    for (at, byte) in stored {
        let _ = write!(text, " [{at:x}]={byte:02x}");
    }
    text
}

/// Bytes of the arena that differ from an image.
pub(crate) fn stored<'a>(image: &Image, page: impl Fn(usize) -> &'a Page) -> Vec<(u64, u8)> {
    let mut all = Vec::new();
    for number in WRITABLE {
        let (now, then) = (page(number), &image.0[number]);
        let changed = (0..now.len()).filter(|at| now[*at] != then[*at]);
        all.extend(changed.map(|at| (number as u64 * PAGE + at as u64, now[at])));
    }
    all
}
