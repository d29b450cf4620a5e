//! Where a row stands: escape bytes, opcode, and what else tells it from its neighbours.
//! SDM Vol.2D A.3 "One, Two, and Three-Byte Opcode Maps", A.4 "Opcode Extensions", A.5 "Escape Opcode Instructions".

/// The bytes before the opcode that choose its map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// None.
    None = 0,
    /// 0Fh.
    Two = 1,
    /// 0Fh 38h.
    Three38 = 2,
    /// 0Fh 3Ah.
    Three3A = 3,
    /// VEX, map 0F.
    Vex0F = 4,
    /// VEX, map 0F 38.
    Vex0F38 = 5,
    /// VEX, map 0F 3A.
    Vex0F3A = 6,
}

/// A row's place. What its row is not chosen by is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The map.
    pub escape: Escape,
    /// The opcode behind the escape.
    pub opcode: u8,
    /// Mandatory prefix: 0 none, 1 66h, 2 F3h, 3 F2h.
    pub prefix: u8,
    /// The form with mod 3.
    pub register: bool,
    /// The reg field of ModRM.
    pub reg: u8,
    /// The rm field of ModRM.
    pub rm: u8,
    /// VEX.W.
    pub wide: bool,
}

/// Numbers of maps, eleven bits up: one-byte, two-byte, register forms of the x87 escapes, those of 0F 01, and one for
/// each escape with each prefix and either mode.
const X87: u16 = 2;
const SYSTEM: u16 = 3;
const CHOSEN: u16 = 4;
/// Maps of VEX: one for each of its maps, and one for its groups, whose opcodes differ.
const VEX: u16 = 28;
const VEX_GROUPS: u16 = 31;

impl Place {
    /// The place of an opcode before anything else is looked at.
    pub const fn of(escape: Escape, opcode: u8) -> Place {
        Place { escape, opcode, prefix: 0, register: false, reg: 0, rm: 0, wide: false }
    }

    /// The row's number: map << 11 | opcode << 3 | reg; with VEX map << 11 | variant << 10 | prefix << 8 | opcode. Where rm
    /// chooses too, it takes the lowest bits, and the reg
    /// field moves into those of the opcode.
    pub const fn number(self) -> u16 {
        let (opcode, reg, rm) = (self.opcode as u16, self.reg as u16, self.rm as u16);
        let prefix = self.prefix as u16;
        match self.escape {
            Escape::None if self.register => X87 << 11 | (opcode & 7) << 6 | reg << 3 | rm,
            Escape::None => opcode << 3 | reg,
            Escape::Two if self.register && opcode == 1 => SYSTEM << 11 | prefix << 6 | reg << 3 | rm,
            Escape::Two if !self.register && prefix == 0 => 1 << 11 | opcode << 3 | reg,
            Escape::Vex0F | Escape::Vex0F38 | Escape::Vex0F3A if self.reg != 0 => VEX_GROUPS << 11 | opcode << 3 | reg,
            escape @ (Escape::Vex0F | Escape::Vex0F38 | Escape::Vex0F3A) => {
                // No opcode is chosen by mod 3 and by W.
                let (variant, map) = ((self.register || self.wide) as u16, VEX + escape as u16 - Escape::Vex0F as u16);
                map << 11 | variant << 10 | prefix << 8 | opcode
            }
            escape => {
                let map = CHOSEN + 8 * (escape as u16 - 1) + 2 * prefix + self.register as u16;
                map << 11 | opcode << 3 | reg
            }
        }
    }
}

/// Mandatory prefix (0 none, 1 66h, 2 F3h, 3 F2h) and opcode of a row behind 0Fh, by its number.
pub const fn two_byte_opcode(number: u16) -> Option<(u8, u8)> {
    let (map, opcode) = (number >> 11, (number >> 3) as u8);
    match map {
        1 => Some((0, opcode)),
        CHOSEN..12 => Some(((map - CHOSEN) as u8 / 2, opcode)),
        _ => None,
    }
}

/// The same of a row behind 0Fh 38h or 0Fh 3Ah, with the escape.
pub const fn three_byte_opcode(number: u16) -> Option<(Escape, u8, u8)> {
    let (map, opcode) = (number >> 11, (number >> 3) as u8);
    match map {
        12..20 => Some((Escape::Three38, (map - 12) as u8 / 2, opcode)),
        20..VEX => Some((Escape::Three3A, (map - 20) as u8 / 2, opcode)),
        _ => None,
    }
}

/// The same of a row behind VEX, unless it stands in a group.
pub const fn vex_opcode(number: u16) -> Option<(Escape, u8, u8)> {
    let (prefix, opcode) = ((number >> 8) as u8 & 3, number as u8);
    match number >> 11 {
        VEX => Some((Escape::Vex0F, prefix, opcode)),
        29 => Some((Escape::Vex0F38, prefix, opcode)),
        30 => Some((Escape::Vex0F3A, prefix, opcode)),
        _ => None,
    }
}

/// True if VEX.W, or mod 3, chose the row.
pub const fn vex_variant(number: u16) -> bool {
    number & 1 << 10 != 0
}

/// Opcode and reg field of a row in a group behind VEX.
pub const fn vex_group(number: u16) -> Option<(u8, u8)> {
    if number >> 11 == VEX_GROUPS { Some(((number >> 3) as u8, number as u8 & 7)) } else { None }
}
