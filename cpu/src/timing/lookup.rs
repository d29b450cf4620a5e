//! From a decoded instruction to its row of the clock tables.

use std::sync::OnceLock;

use super::table::{CLOCK_ROWS, ClockRow};
use crate::insn::{Insn, OPERAND_32};
use crate::isa::{self, Operand, Row};
use crate::model::{Feature, Model};

/// Rows, each with its operand in a register and in memory, for both operand sizes.
const PLACES: usize = 4 << 16;
/// No row.
const NONE: u16 = u16::MAX;

/// The instruction's row in the clock tables.
pub(super) fn clock_row(insn: &Insn) -> Option<&'static ClockRow> {
    static PLACE_TO_ROW: OnceLock<Vec<u16>> = OnceLock::new();
    let table = PLACE_TO_ROW.get_or_init(|| (0..PLACES).map(index_of).collect());
    let size = usize::from(insn.has(OPERAND_32));
    let place = usize::from(insn.op) << 2 | usize::from(insn.is_memory()) << 1 | size;
    CLOCK_ROWS.get(usize::from(*table.get(place)?))
}

fn index_of(place: usize) -> u16 {
    let Some(row) = isa::row_of((place >> 2) as u16) else { return NONE };
    find(row, place & 2 != 0, place & 1 != 0).map_or(NONE, |index| index as u16)
}

/// The index of a row's clocks: by its exact operands, by operands of the same kind, by its operand size, or by name.
pub(super) fn find(row: &Row, in_memory: bool, is_32: bool) -> Option<usize> {
    let name = family(row);
    let operands = row.operands.iter().filter(|operand| **operand != Operand::None);
    let exact = operands.map(|operand| letter(*operand, in_memory)).collect::<Vec<_>>().join(",");
    let similar = exact.replace(['z', 'a'], "r");
    let similar = if row.operands[0].is_sized_memory() { "m".to_owned() } else { similar };
    let size = match row.operands {
        [Operand::Eb, Operand::None, ..] => "byte",
        [Operand::Ev, Operand::None, ..] if is_32 => "dword",
        [Operand::Ev, Operand::None, ..] => "word",
        _ => "",
    };
    let size_and_place = format!("{size} {similar}");
    let forms = [exact.as_str(), &similar, size, &size_and_place, "*"];
    forms.iter().find_map(|form| CLOCK_ROWS.iter().position(|clocks| clocks.name == name && clocks.form == *form))
}

/// Of a processor younger than those that the tables are of.
fn is_younger(row: &Row) -> bool {
    row.feature == Feature::Mmx || !Model::P6.has(row.feature)
}

/// The name that instructions with the same clocks share.
fn family(row: &Row) -> &'static str {
    match row.name {
        _ if is_younger(row) => "younger",
        "add" | "or" | "adc" | "sbb" | "and" | "sub" | "xor" => "alu",
        "rol" | "ror" | "shl" | "sal" | "shr" | "sar" => "shift",
        "rcl" | "rcr" => "rcx",
        "shld" | "shrd" => "shxd",
        "bts" | "btr" | "btc" => "btx",
        "call" if row.operands[0] == Operand::M => "call far",
        "jmp" if row.operands[0] == Operand::M => "jmp far",
        name @ ("jmp" | "jcxz") => name,
        name if name.starts_with('j') => "jcc",
        name if name.starts_with("set") => "setcc",
        name if name.starts_with("cmov") => "cmovcc",
        name @ ("insb" | "outsb" | "movsb" | "cmpsb" | "stosb" | "lodsb" | "scasb") => name.trim_end_matches('b'),
        name => name,
    }
}

/// An operand as [`ClockRow::form`] spells it.
fn letter(operand: Operand, in_memory: bool) -> &'static str {
    use Operand::*;
    match operand {
        None => "",
        Eb | Ev | Ew | Ed | Wx | Qq if in_memory => "m",
        Eb | Ev | Ew | Ed | Gb | Gv | Gw | Gd | R => "r",
        Vx | Wx | Ux | Pq | Qq | Nq => "v",
        St => "st",
        M | Vm | O => "m",
        Hx | Lx => "v",
        By => "r",
        Mw => "mw",
        Md => "md",
        Mq => "mq",
        Mt => "mt",
        Sw | Seg(_) => "s",
        Cd => "control",
        Dd => "debug",
        Ib | IbIb | Is | Iw | Iz | Iv | IwIb => "i",
        Jb | Jz => "j",
        Ap => "p",
        Z | Zb => "z",
        Acc => "a",
        Cl => "c",
        Dx => "d",
        One => "1",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_instruction_table_has_clocks() {
        let mut missing = Vec::new();
        for (number, row) in isa::rows() {
            for place in 0..4 {
                if find(row, place & 2 != 0, place & 1 != 0).is_none() {
                    missing.push(format!("{number:03x} {} {:?}", row.name, row.operands));
                }
            }
        }
        assert!(missing.is_empty(), "cpu/src/timing/table.rs lacks {missing:#?}");
    }

    #[test]
    fn every_row_of_the_clock_tables_is_used() {
        let mut used = vec![false; CLOCK_ROWS.len()];
        for (_, row) in isa::rows() {
            for place in 0..4 {
                find(row, place & 2 != 0, place & 1 != 0).into_iter().for_each(|index| used[index] = true);
            }
        }
        let unused = CLOCK_ROWS.iter().zip(used).filter(|(_, used)| !used);
        let unused: Vec<_> = unused.map(|(row, _)| (row.name, row.form)).collect();
        assert_eq!(unused, []);
    }
}
