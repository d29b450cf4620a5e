//! Where processors differ and the manuals let them: cases that end so and differ are counted by rule, not as differences.

use ringwalk_cpu::isa::{Operand, Row};
use ringwalk_cpu::model::Feature;

use super::case::{Case, Step};
use super::forms::{FENCES, STRINGS, X87};
use super::state::{End, Outcome};

/// #DB, #UD, #SS, #GP, #PF.
const DB: u8 = 1;
const UD: u8 = 6;
const SS: u8 = 12;
const GP: u8 = 13;
const PF: u8 = 14;
/// #AC, #XM.
const AC: u8 = 17;
const XM: u8 = 19;

/// A step at which a processor came to rest, and where both did.
struct Met<'a> {
    step: &'a Step,
    row: &'a Row,
    ours: &'a Outcome,
    silicon: &'a Outcome,
    /// Vectors of ours and of silicon.
    mine: Option<u8>,
    theirs: Option<u8>,
}

struct Rule {
    /// What processors do as they like, and where a manual says so or is silent.
    why: &'static str,
    applies: fn(&Met<'_>) -> bool,
}

const RULES: [Rule; 14] = [
    Rule { why: "what a gather has done when it faults: SDM Vol.2C \"VGATHERDPS/VGATHERQPS\"", applies: gathers },
    Rule {
        why: "alignment of SHA's operands: #GP by SDM Vol.2C \"SHA1MSG1\" (type 4), not looked at by AMD's family 19h",
        applies: |met| met.row.feature == Feature::Sha && met.mine == Some(GP),
    },
    Rule {
        why: "CALL, target or return address first: SDM Vol.2A \"CALL\" gives no order",
        applies: |met| met.row.name == "call" && met.mine == Some(GP) && matches!(met.theirs, Some(SS | PF | AC)),
    },
    Rule {
        why: "CMPS, which of two places first: SDM Vol.2A \"CMPS\" gives no order",
        applies: |met| met.row.name.starts_with("cmps") && met.mine.is_some() && met.theirs.is_some(),
    },
    Rule {
        why: "conversions between MMX and numbers that fault, after x87 became MMX or before: SDM Vol.2A \"CVTPI2PS\"",
        applies: converts,
    },
    Rule {
        why: "INS and OUTS whose REP makes no iteration, right to the port: SDM Vol.2A \"INS\" is silent",
        applies: makes_no_iteration,
    },
    Rule {
        why: "an address neither canonical nor aligned: SDM Vol.3A Table 6-2 has one class for both",
        applies: |met| {
            let vector = (X87 + 1..FENCES).contains(&met.step.group) || met.row.name == "cmpxchg8b";
            vector && met.mine == Some(SS) && met.theirs == Some(GP)
        },
    },
    Rule {
        why: "bit 17 of MXCSR: reserved by SDM Vol.1 10.2.3 \"MXCSR Control and Status Register\", MM by APM Vol.1 4.2.2",
        applies: |met| {
            met.row.name.ends_with("ldmxcsr") && met.mine == Some(GP) && met.ours.state.rip != met.silicon.state.rip
        },
    },
    Rule {
        why: "MASKMOVQ that faults, after x87 became MMX or before: SDM Vol.2B \"MASKMOVQ\"",
        applies: |met| met.row.name == "maskmovq" && met.mine.is_some(),
    },
    Rule {
        why: "FLDENV and FRSTOR, which part of the image first: SDM Vol.2A \"FLDENV\" gives no order",
        applies: |met| matches!(met.row.name, "fldenv" | "frstor") && met.mine == Some(PF) && met.theirs == Some(PF),
    },
    Rule {
        why: "PREFETCHW of a register: a NOP by SDM Vol.2D Table A-3 (Ev), #UD on AMD's family 19h",
        applies: |met| met.row.name == "prefetchw" && met.theirs == Some(UD),
    },
    Rule {
        why: "PUSHA and POPA that fault, what is done by then: SDM Vol.2B \"PUSHA/PUSHAD\" is silent",
        applies: |met| matches!(met.row.name, "pusha" | "popa") && met.mine == Some(PF) && met.theirs == Some(PF),
    },
    Rule {
        why: "RF behind a single step between iterations: 1 by SDM Vol.3B 17.3.1.1 \"Instruction-Breakpoint Exception \
              Condition\", 0 on AMD's",
        applies: |met| met.step.group == STRINGS && met.mine == Some(DB) && met.theirs == Some(DB),
    },
    Rule {
        why: "LOCK MOV CR: #UD by SDM Vol.2A \"LOCK\", CR8 by APM Vol.3 \"MOV CRn\"",
        applies: |met| {
            let controls = met.row.operands.contains(&Operand::Cd);
            controls && met.step.bytes.contains(&0xF0) && met.mine == Some(UD)
        },
    },
];

/// Offsets at the end of a segment of 4 GiB.
const TOP: &str = "end of a 4 GiB segment: \"Behavior is implementation-specific and may vary from one execution to \
                   another\", SDM Vol.3A 5.3 \"Limit Checking\"";

/// Why a case that ended so must not be compared, if it must not; `done` instructions were done.
pub(crate) fn excuse(case: &Case, done: usize, ours: &Outcome, silicon: &Outcome) -> Option<&'static str> {
    if crosses_the_top(case, &[ours.end, silicon.end]) {
        return Some(TOP);
    }
    let (mine, theirs) = (vector(ours.end), vector(silicon.end));
    let steps = case.steps.get(done).into_iter().chain(case.step_at(silicon.state.rip));
    let met: Vec<Met<'_>> =
        steps.filter_map(|step| Some(Met { step, row: step.row?, ours, silicon, mine, theirs })).collect();
    RULES.iter().find(|rule| met.iter().any(rule.applies)).map(|rule| rule.why)
}

fn vector(end: End) -> Option<u8> {
    match end {
        End::Vector(vector, ..) => Some(vector),
        _ => None,
    }
}

fn crosses_the_top(case: &Case, ends: &[End; 2]) -> bool {
    let at_the_top =
        |end: &End| matches!(end, End::Vector(PF, _, address) if address >> 6 == 0x3FF_FFFF || *address < 64);
    let aligned = matches!(ends, [End::Vector(AC, ..), End::Vector(SS | GP, ..)]);
    !case.is_64 && (aligned || ends.iter().any(at_the_top))
}

fn gathers(met: &Met<'_>) -> bool {
    let gathers = met.row.name.starts_with("vgather") || met.row.name.starts_with("vpgather");
    gathers && (met.mine.is_some() || met.theirs.is_some())
}

fn converts(met: &Met<'_>) -> bool {
    let converts = met.row.name.ends_with("2pi") || met.row.name.starts_with("cvtpi2");
    converts && (met.mine == Some(XM) || met.theirs == Some(XM))
}

fn makes_no_iteration(met: &Met<'_>) -> bool {
    let ports = matches!(met.row.name, "insb" | "ins" | "outsb" | "outs");
    ports && met.theirs == Some(GP) && met.ours.state.rip != met.silicon.state.rip
}
