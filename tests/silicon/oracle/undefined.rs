//! What the manual leaves undefined. SDM Vol.1 Appendix A "EFLAGS Cross-Reference" and the pages of the instructions.
//! Processors of different families differ there; what they do is compared only with one whose results were measured.

use ringwalk_cpu::insn::Insn;
use ringwalk_cpu::isa::{Operand, Row};

use super::case::Step;
use super::state::State;

const CF: u64 = 1;
const PF: u64 = 1 << 2;
const AF: u64 = 1 << 4;
const ZF: u64 = 1 << 6;
const SF: u64 = 1 << 7;
const OF: u64 = 1 << 11;
const ARITHMETIC: u64 = CF | PF | AF | ZF | SF | OF;

/// Flags that an instruction leaves undefined when it is done.
pub(crate) fn flags(row: &Row, insn: &Insn) -> u64 {
    match row.name {
        "and" | "or" | "xor" | "test" => AF,
        // CF if the count is not below the size; OF unless the count is one.
        "shl" | "shr" | "sar" | "sal" if row.operands[1] == Operand::One => AF,
        "shl" | "shr" | "sar" | "sal" => AF | OF | if is_narrow(row, insn) { CF } else { 0 },
        "rol" | "ror" | "rcl" | "rcr" if row.operands[1] == Operand::One => 0,
        "rol" | "ror" | "rcl" | "rcr" => OF,
        "shld" | "shrd" => AF | OF,
        "mul" | "imul" => SF | ZF | AF | PF,
        "div" | "idiv" => ARITHMETIC,
        "bt" | "bts" | "btr" | "btc" => OF | SF | AF | PF,
        "bsf" | "bsr" => ARITHMETIC & !ZF,
        "lzcnt" | "tzcnt" => OF | SF | AF | PF,
        "aaa" | "aas" => OF | SF | ZF | PF,
        "daa" | "das" => OF,
        "aam" | "aad" => OF | AF | CF,
        "andn" | "blsr" | "blsmsk" | "blsi" | "bzhi" => AF | PF,
        "bextr" => AF | SF | PF,
        _ => 0,
    }
}

/// The operand has 8 or 16 bits.
fn is_narrow(row: &Row, insn: &Insn) -> bool {
    row.operands[0] == Operand::Eb || insn.operand_size() == ringwalk_cpu::isa::OperandSize::Bits16
}

/// Flags that are undefined behind the first instructions of some.
pub(crate) fn after(steps: &[Step], count: usize) -> u64 {
    steps.iter().take(count).fold(0, |undefined, step| {
        let defined = step.row.map_or(0, |row| defines(row.name, &step.bytes));
        undefined & !defined | step.undefined
    })
}

/// Flags that an instruction gives values whatever its operands are. Less than all of them does no harm.
fn defines(name: &str, bytes: &[u8]) -> u64 {
    match name {
        "add" | "adc" | "sub" | "sbb" | "cmp" | "neg" | "cmpxchg" | "xadd" | "popf" | "ptest" | "vptest" | "popcnt" => {
            ARITHMETIC
        }
        "and" | "or" | "xor" | "test" => ARITHMETIC & !AF,
        "inc" | "dec" => ARITHMETIC & !CF,
        "sahf" => ARITHMETIC & !OF,
        "cmps" | "cmpsb" | "scas" | "scasb" if !bytes.iter().any(|byte| matches!(byte, 0xF2 | 0xF3)) => ARITHMETIC,
        _ => 0,
    }
}

/// What an instruction does may depend on arithmetic flags, or it stores them.
pub(crate) fn reads_flags(row: &Row) -> bool {
    let name = row.name;
    let conditional = name.starts_with('j') && name != "jmp" && name != "jcxz";
    conditional
        || name.starts_with("set")
        || name.starts_with("cmov")
        || name.starts_with("fcmov")
        || matches!(
            name,
            "adc"
                | "sbb"
                | "rcl"
                | "rcr"
                | "lahf"
                | "pushf"
                | "daa"
                | "das"
                | "aaa"
                | "aas"
                | "cmc"
                | "salc"
                | "into"
                | "adcx"
                | "adox"
                | "loope"
                | "loopne"
        )
}

/// The result itself is undefined: SHLD and SHRD of 16 bits by more than 16, BSWAP of 16 bits. Of the first instruction
/// the registers are known.
pub(crate) fn has_undefined_result(step: &Step, known: Option<&State>) -> bool {
    let Some(row) = step.row else { return false };
    let short = step.bytes.contains(&0x66);
    match row.name {
        "shld" | "shrd" if short && row.operands[2] == Operand::Cl => known.is_none_or(|state| state.gpr[1] & 31 > 16),
        "shld" | "shrd" if short => step.bytes.last().is_some_and(|count| count & 31 > 16),
        "bswap" => short,
        // Doublewords: the upper half is zero or stays. SDM Vol.2B "PUSH".
        "push" if matches!(row.operands[0], Operand::Seg(_)) => !short,
        _ => false,
    }
}
