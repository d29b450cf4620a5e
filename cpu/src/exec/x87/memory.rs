//! Memory operands of the unit: numbers of every format, and areas of many bytes.

use ringwalk_mmu::{Access, LinAddr};

use crate::exception::{Exception, Step};
use crate::exec::Exec;
use crate::float::{Extended, F32, F64, Flags, Format, Outcome, Parts, exact_extended, from_integer};
use crate::insn::Insn;

/// An operand in memory that arithmetic takes, as a type: m32fp, m64fp, m16int, m32int.
pub trait Source {
    /// Reads it and takes it apart; denormals stay what they are in their own format.
    fn load(cx: &mut Exec<'_>, i: &Insn) -> Result<Parts, Exception>;
}

impl Source for F32 {
    #[inline(always)]
    fn load(cx: &mut Exec<'_>, i: &Insn) -> Result<Parts, Exception> {
        let bits: u32 = cx.load(i.segment(), cx.effective_address(i))?;
        Ok(F32(bits).parts())
    }
}

impl Source for F64 {
    #[inline(always)]
    fn load(cx: &mut Exec<'_>, i: &Insn) -> Result<Parts, Exception> {
        let bits: u64 = cx.load(i.segment(), cx.effective_address(i))?;
        Ok(F64(bits).parts())
    }
}

/// m16int.
pub struct Word;
/// m32int.
pub struct Dword;
/// m64int.
pub struct Qword;

/// An integer in memory, as a type.
pub trait Integer {
    /// Reads it.
    fn load(cx: &mut Exec<'_>, i: &Insn) -> Result<i64, Exception>;
}

impl Integer for Word {
    fn load(cx: &mut Exec<'_>, i: &Insn) -> Result<i64, Exception> {
        let bits: u16 = cx.load(i.segment(), cx.effective_address(i))?;
        Ok(i64::from(bits as i16))
    }
}

impl Integer for Dword {
    fn load(cx: &mut Exec<'_>, i: &Insn) -> Result<i64, Exception> {
        let bits: u32 = cx.load(i.segment(), cx.effective_address(i))?;
        Ok(i64::from(bits as i32))
    }
}

impl Integer for Qword {
    fn load(cx: &mut Exec<'_>, i: &Insn) -> Result<i64, Exception> {
        let bits: u64 = cx.load(i.segment(), cx.effective_address(i))?;
        Ok(bits as i64)
    }
}

impl Source for Word {
    fn load(cx: &mut Exec<'_>, i: &Insn) -> Result<Parts, Exception> {
        Ok(integer(<Word as Integer>::load(cx, i)?).parts())
    }
}

impl Source for Dword {
    fn load(cx: &mut Exec<'_>, i: &Insn) -> Result<Parts, Exception> {
        Ok(integer(<Dword as Integer>::load(cx, i)?).parts())
    }
}

/// Every integer is an extended number.
pub(super) fn integer(value: i64) -> Extended {
    from_integer(value, &crate::float::Env::default()).value
}

/// FLD: the number with the flags of its conversion. A signaling NaN becomes quiet.
#[inline(always)]
pub(super) fn as_loaded(parts: &Parts) -> Outcome<Extended> {
    use crate::float::Class::{Denormal, SignalingNan};
    match parts.class {
        Denormal => Outcome { value: exact_extended(parts), flags: Flags::DENORMAL },
        SignalingNan => Outcome { value: Extended::quiet(parts), flags: Flags::INVALID },
        _ => Outcome::exact(exact_extended(parts)),
    }
}

/// Reads the ten bytes of an operand.
pub(super) fn load_ten(cx: &mut Exec<'_>, i: &Insn) -> Result<[u8; 10], Exception> {
    let addr = cx.checked(i.segment(), cx.effective_address(i), 10, Access::Read)?;
    let low: u64 = cx.load_linear(addr, cx.class())?;
    let high: u16 = cx.load_linear(cx.behind(addr, 8), cx.class())?;
    Ok(Extended { significand: low, sign_exponent: high }.to_bytes())
}

/// The address of an operand of ten bytes that can be written.
pub(super) fn writable_ten(cx: &mut Exec<'_>, i: &Insn) -> Result<LinAddr, Exception> {
    let addr = cx.checked(i.segment(), cx.effective_address(i), 10, Access::Write)?;
    cx.require_writable(addr, 8, cx.class())?;
    cx.require_writable(cx.behind(addr, 8), 2, cx.class())?;
    Ok(addr)
}

/// Writes ten bytes to an address that [`writable_ten`] gave.
pub(super) fn store_ten(cx: &mut Exec<'_>, addr: LinAddr, bytes: [u8; 10]) -> Step {
    let value = Extended::from_bytes(bytes);
    cx.store_linear(addr, value.significand, cx.class())?;
    cx.store_linear(cx.behind(addr, 8), value.sign_exponent, cx.class())
}

/// How an area is accessed: the size of its parts, which are aligned if anything is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Word,
    Dword,
}

impl Unit {
    pub(super) fn bytes(self) -> usize {
        match self {
            Unit::Word => 2,
            Unit::Dword => 4,
        }
    }
}

/// Reads an area; it is a multiple of the unit.
pub(super) fn read_area(cx: &mut Exec<'_>, i: &Insn, unit: Unit, area: &mut [u8]) -> Step {
    let addr = cx.checked(i.segment(), cx.effective_address(i), area.len() as u64, Access::Read)?;
    for (number, place) in area.chunks_exact_mut(unit.bytes()).enumerate() {
        let at = cx.behind(addr, (number * unit.bytes()) as u64);
        match unit {
            Unit::Word => place.copy_from_slice(&cx.load_linear::<u16>(at, cx.class())?.to_le_bytes()),
            Unit::Dword => place.copy_from_slice(&cx.load_linear::<u32>(at, cx.class())?.to_le_bytes()),
        }
    }
    Ok(())
}

/// Writes an area of less than a page after checking all of it; it is a multiple of the unit.
pub(super) fn write_area(cx: &mut Exec<'_>, i: &Insn, unit: Unit, area: &[u8]) -> Step {
    let addr = cx.checked(i.segment(), cx.effective_address(i), area.len() as u64, Access::Write)?;
    cx.require_writable(addr, unit.bytes() as u64, cx.class())?;
    cx.require_writable(cx.behind(addr, (area.len() - unit.bytes()) as u64), unit.bytes() as u64, cx.class())?;
    for (number, bytes) in area.chunks_exact(unit.bytes()).enumerate() {
        let at = cx.behind(addr, (number * unit.bytes()) as u64);
        match *bytes {
            [a, b] => cx.store_linear(at, u16::from_le_bytes([a, b]), cx.class())?,
            [a, b, c, d] => cx.store_linear(at, u32::from_le_bytes([a, b, c, d]), cx.class())?,
            _ => (),
        }
    }
    Ok(())
}
