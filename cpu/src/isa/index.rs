//! All rows in a list, and the way from a row's number to its rank there. Built by the compiler.

use super::{Entry, Escape, Place, Row, entry};

/// At most so many rows: an assertion of the compiler.
const MOST_ROWS: usize = 4096;
/// Row numbers have sixteen bits.
const NUMBERS: usize = 1 << 16;
/// No row.
const NONE: u16 = u16::MAX;

/// Rows in the order of their opcodes.
pub(super) struct Rows {
    rows: [Option<(u16, &'static Row)>; MOST_ROWS],
    count: usize,
}

pub(super) static ROWS: Rows = Rows::all();
/// How many rows there are.
pub(super) const ROW_COUNT: usize = Rows::all().count;
static RANKS: [u16; NUMBERS] = ranks();

impl Rows {
    /// The row of a rank below [`ROW_COUNT`], with its number.
    pub(super) const fn at(&self, rank: usize) -> (u16, &'static Row) {
        self.rows[rank].expect("a rank below the number of rows has a row")
    }

    const fn all() -> Rows {
        let mut rows = Rows { rows: [None; MOST_ROWS], count: 0 };
        let escapes = [
            Escape::None,
            Escape::Two,
            Escape::Three38,
            Escape::Three3A,
            Escape::Vex0F,
            Escape::Vex0F38,
            Escape::Vex0F3A,
        ];
        let mut index = 0;
        while index < escapes.len() {
            let mut opcode = 0;
            while opcode < 256 {
                let place = Place::of(escapes[index], opcode as u8);
                rows.add(entry(place.escape, place.opcode), place);
                opcode += 1;
            }
            index += 1;
        }
        rows
    }

    const fn add(&mut self, entry: &'static Entry, place: Place) {
        match entry {
            Entry::Undefined | Entry::UndefinedModRm | Entry::Prefix => (),
            Entry::Row(row) => {
                self.rows[self.count] = Some((place.number(), row));
                self.count += 1;
            }
            Entry::Group(rows) => self.add_each(*rows, place, Choice::Reg),
            Entry::ByMode(rows) => self.add_each(*rows, place, Choice::Mode),
            Entry::ByRm(rows) => self.add_each(*rows, place, Choice::Rm),
            Entry::ByPrefix(rows) => self.add_each(*rows, place, Choice::Prefix),
            Entry::ByCode(rows) => self.add_each(*rows, place, Choice::Reg),
            Entry::ByRep(rows) => self.add_each(*rows, place, Choice::Rep),
            Entry::ByW(rows) => self.add_each(*rows, place, Choice::Wide),
            Entry::Optional(rows) => self.add_each(*rows, place, Choice::Rep),
        }
    }

    const fn add_each(&mut self, entries: &'static [Entry], place: Place, choice: Choice) {
        let mut number = 0;
        while number < entries.len() {
            self.add(&entries[number], choice.made(place, number as u8));
            number += 1;
        }
    }
}

/// What tells the entries of a list apart.
#[derive(Clone, Copy)]
enum Choice {
    Reg,
    Mode,
    Rm,
    Prefix,
    Rep,
    Wide,
}

impl Choice {
    const fn made(self, place: Place, number: u8) -> Place {
        match self {
            Choice::Reg => Place { reg: number, ..place },
            Choice::Mode => Place { register: number != 0, ..place },
            Choice::Rm => Place { rm: number, ..place },
            Choice::Prefix => Place { prefix: number, ..place },
            Choice::Wide => Place { wide: number != 0, ..place },
            Choice::Rep if number == 0 => place,
            Choice::Rep => Place { prefix: number + 1, ..place },
        }
    }
}

const fn ranks() -> [u16; NUMBERS] {
    let rows = Rows::all();
    let mut ranks = [NONE; NUMBERS];
    let mut rank = 0;
    while rank < rows.count {
        let (number, _) = rows.at(rank);
        assert!(ranks[number as usize] == NONE, "two rows have one number");
        ranks[number as usize] = rank as u16;
        rank += 1;
    }
    ranks
}

/// The rank of a row that is in the table.
pub(super) const fn rank(number: u16) -> u16 {
    RANKS[number as usize]
}

/// The row with a number; `None` for one that is not in the table.
pub const fn row_of(number: u16) -> Option<&'static Row> {
    match RANKS[number as usize] {
        NONE => None,
        rank => Some(ROWS.at(rank as usize).1),
    }
}
