//! Where processors differ and the manuals let them: cases that end so are not compared.

use ringwalk_cpu::model::Feature;

use super::case::{Case, Step};
use super::state::{End, Outcome};

/// #SS, #GP, #PF.
const SS: u8 = 12;
const GP: u8 = 13;
const PF: u8 = 14;
/// #AC, #XM.
const AC: u8 = 17;
const XM: u8 = 19;

/// True if a case ended where it must not be compared; `done` instructions were done.
pub(crate) fn is_incomparable(case: &Case, done: usize, ours: &Outcome, silicon: &Outcome) -> bool {
    let ends = [ours.end, silicon.end];
    let mut steps = case.steps.get(done).into_iter().chain(case.step_at(silicon.state.rip));
    crosses_the_top(case, &ends) || steps.any(|step| may_differ(step, ours.end, silicon.end))
}

/// Offsets at the end of a segment of 4 GiB: "Behavior is implementation-specific and may vary from one execution to
/// another", SDM Vol.3A 5.3 "Limit Checking".
fn crosses_the_top(case: &Case, ends: &[End; 2]) -> bool {
    let at_the_top =
        |end: &End| matches!(end, End::Vector(PF, _, address) if address >> 6 == 0x3FF_FFFF || *address < 64);
    let aligned = matches!(ends, [End::Vector(AC, ..), End::Vector(SS | GP, ..)]);
    !case.is_64 && (aligned || ends.iter().any(at_the_top))
}

fn may_differ(step: &Step, ours: End, silicon: End) -> bool {
    let Some(row) = step.row else { return false };
    let vector = |end: End| match end {
        End::Vector(vector, ..) => Some(vector),
        _ => None,
    };
    let (mine, theirs) = (vector(ours), vector(silicon));
    // What a gather has done when it faults, and what it made of its mask: SDM Vol.2C "VGATHERDPS/VGATHERQPS".
    let gathers = row.name.starts_with("vgather") || row.name.starts_with("vpgather");
    // AMD does not look at the alignment of SHA's operands.
    let sha = row.feature == Feature::Sha && mine == Some(GP);
    // Which comes first: the target, or the place of the return address.
    let call = row.name == "call" && mine == Some(GP) && matches!(theirs, Some(SS | PF));
    // Which of two places in memory is read first.
    let order = row.name.starts_with("cmps") && mine.is_some() && theirs.is_some();
    // Whether the unit's registers have become those of MMX when a conversion to them raises a SIMD exception.
    let converts =
        (row.name.ends_with("2pi") || row.name.starts_with("cvtpi2")) && (mine == Some(XM) || theirs == Some(XM));
    // Whether a REP that makes no iteration needs the right to the port.
    let ports = matches!(row.name, "insb" | "ins" | "outsb" | "outs") && mine.is_none() && theirs == Some(GP);
    // Of an address that is neither canonical nor aligned: which is looked at first.
    let vector = (super::forms::X87 + 1..super::forms::FENCES).contains(&step.group);
    let aligned = vector && mine == Some(SS) && theirs == Some(GP);
    // Whether the registers have become those of MMX when its store faults.
    let masked = row.name == "maskmovq" && mine.is_some();
    // Which part of an image is read first.
    let image = matches!(row.name, "fldenv" | "frstor") && mine == Some(PF) && theirs == Some(PF);
    converts
        || aligned
        || masked
        || ports
        || image
        || gathers && (mine.is_some() || theirs.is_some())
        || sha
        || call
        || order
}
