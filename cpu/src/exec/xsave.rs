//! XCR0 and the instructions that save and restore what it switches on. SDM Vol.1 13 "Managing State Using the XSAVE
//! Feature Set", Vol.2D "XGETBV", "XSETBV".
//!
//! Whether a component is in use (XINUSE) is read off its contents: it is not while it has its initial configuration.
//! Nothing is known of what was modified since XRSTOR, so that XSAVEOPT and XSAVES save all that is in use.

use ringwalk_mmu::{Access, LinAddr};

use super::system::{AX, CX, DX};
use super::xsave_area::{self as area, Area, Layout};
use super::{Exec, fxsave};
use crate::exception::Step;
use crate::float::Extended;
use crate::fpu::Fpu;
use crate::insn::{Insn, OPERAND_64};
use crate::model::{Feature, Features};
use crate::site::Site;
use crate::state::{CR0_TS, CR4_OSXSAVE, CpuState};
use crate::vector::MXCSR_RESET;

/// XCR0 and state components: the x87 unit.
pub const X87: u64 = 1;
/// XMM registers and MXCSR.
pub const SSE: u64 = 1 << 1;
/// Upper halves of YMM registers.
pub const AVX: u64 = 1 << 2;
/// PKRU.
pub const PKRU: u64 = 1 << 9;

/// The components that a processor has. SDM Vol.1 13.1 "XSAVE-Supported Features and State-Component Bitmaps".
pub fn supported(features: Features) -> u64 {
    const GATES: [(Feature, u64); 3] = [(Feature::Sse, SSE), (Feature::Avx, AVX), (Feature::Pku, PKRU)];
    GATES.iter().filter(|(feature, _)| features.has(*feature)).fold(X87, |all, (_, bit)| all | bit)
}

/// XINUSE: the components that do not have their initial configuration. SDM Vol.1 13.6 "Processor Tracking of
/// XSAVE-Managed State".
fn in_use(cpu: &CpuState) -> u64 {
    let vectors = &cpu.vector.registers[..16];
    let mut fpu = Fpu::default();
    fpu.initialise();
    fpu.registers = [Extended::default(); 8];
    let when = |holds: bool, bit: u64| if holds { bit } else { 0 };
    when(cpu.fpu != fpu, X87)
        | when(vectors.iter().any(|register| register[..2] != [0; 2]), SSE)
        | when(vectors.iter().any(|register| register[2..4] != [0; 2]), AVX)
        | when(cpu.pkru != 0, PKRU)
}

/// As XSAVEC and XSAVES see it: MXCSR counts.
fn in_use_compacted(cpu: &CpuState) -> u64 {
    in_use(cpu) | if cpu.vector.mxcsr != MXCSR_RESET { SSE } else { 0 }
}

fn require_enabled(cx: &Exec<'_>) -> Step {
    cx.require(cx.cpu.cr4 & CR4_OSXSAVE != 0, Site::XsaveDisabled, 0)
}

fn edx_eax(cx: &Exec<'_>) -> u64 {
    u64::from(cx.reg::<u32>(DX)) << 32 | u64::from(cx.reg::<u32>(AX))
}

/// XGETBV. SDM Vol.2D "XGETBV". Faults: #UD while CR4.OSXSAVE is clear, #GP(0) for a register that does not exist.
pub fn xgetbv(cx: &mut Exec<'_>, _: &Insn) -> Step {
    require_enabled(cx)?;
    let value = match cx.reg::<u32>(CX) {
        0 => cx.cpu.xcr0,
        1 if cx.cpu.features.has(Feature::Xgetbv1) => cx.cpu.xcr0 & in_use_compacted(cx.cpu),
        _ => return Err(cx.fault(Site::XcrNumber, 0)),
    };
    cx.set_edx_eax(value);
    Ok(())
}

/// XSETBV. SDM Vol.2D "XSETBV". Faults: #UD while CR4.OSXSAVE is clear, #GP(0) at CPL above 0, for a register that does
/// not exist, or a value that it refuses: without the x87 unit, with AVX but not SSE, with what the processor lacks.
pub fn xsetbv(cx: &mut Exec<'_>, _: &Insn) -> Step {
    require_enabled(cx)?;
    cx.require_privileged()?;
    cx.require(cx.reg::<u32>(CX) == 0, Site::XcrNumber, 0)?;
    let value = edx_eax(cx);
    let complete = value & X87 != 0 && (value & AVX == 0 || value & SSE != 0);
    cx.require(complete && value & !supported(cx.cpu.features) == 0, Site::XcrValue, 0)?;
    cx.cpu.xcr0 = value;
    Ok(())
}

/// #UD and #NM of all that save and restore, then the components that are asked for.
fn requested(cx: &Exec<'_>) -> Result<u64, crate::exception::Exception> {
    require_enabled(cx)?;
    cx.require(cx.cpu.cr0 & CR0_TS == 0, Site::DeviceNotAvailable, 0)?;
    Ok(cx.cpu.xcr0 & edx_eax(cx))
}

/// The operand's address, after all checks: behind them no access to these bytes faults.
fn checked(cx: &mut Exec<'_>, i: &Insn, bytes: u64, access: Access) -> Result<LinAddr, crate::exception::Exception> {
    let (segment, offset) = (i.segment(), cx.effective_address(i));
    let addr = cx.checked(segment, offset, bytes, access)?;
    cx.require(addr.0.is_multiple_of(64), Site::XsaveAlignment, 0)?;
    cx.translate(addr, access, cx.class())?;
    cx.translate(cx.behind(addr, bytes - 1), access, cx.class())?;
    Ok(addr)
}

/// XSAVE m. SDM Vol.2D "XSAVE", Vol.1 13.7 "Operation of XSAVE". Faults: #UD, #NM, operand access, #GP(0) unless on 64
/// bytes.
pub fn xsave(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let asked = requested(cx)?;
    save_standard(cx, i, asked, asked)
}

/// XSAVEOPT m: what is not in use is not written. SDM Vol.2D "XSAVEOPT", Vol.1 13.9 "Operation of XSAVEOPT". Faults: as
/// XSAVE.
pub fn xsaveopt(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let asked = requested(cx)?;
    let used = asked & in_use(cx.cpu);
    save_standard(cx, i, asked, used)
}

fn save_standard(cx: &mut Exec<'_>, i: &Insn, asked: u64, written: u64) -> Step {
    let layout = Layout::standard(cx.cpu.features);
    let addr = checked(cx, i, layout.bytes(asked), Access::Write)?;
    let mut area = Area::new(cx, addr);
    let bits = area.read(cx, area::XSTATE_BV)?;
    save_components(cx, i, &mut area, &layout, written)?;
    if asked & (SSE | AVX) != 0 {
        let both = u64::from(cx.cpu.vector.mxcsr) | u64::from(crate::vector::MXCSR_MASK) << 32;
        area.write(cx, area::MXCSR, both)?;
    }
    area.write(cx, area::XSTATE_BV, bits & !asked | asked & in_use(cx.cpu))
}

/// XSAVEC m. SDM Vol.2D "XSAVEC", Vol.1 13.10 "Operation of XSAVEC". Faults: as XSAVE.
pub fn xsavec(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let asked = requested(cx)?;
    save_compacted(cx, i, asked)
}

/// XSAVES m. SDM Vol.2D "XSAVES", Vol.1 13.11 "Operation of XSAVES". IA32_XSS is 0: no component is the supervisor's.
/// Faults: as XSAVE, #GP(0) at CPL above 0.
pub fn xsaves(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let asked = requested(cx)?;
    cx.require_privileged()?;
    save_compacted(cx, i, asked)
}

fn save_compacted(cx: &mut Exec<'_>, i: &Insn, asked: u64) -> Step {
    let layout = Layout::compacted(cx.cpu.features, asked);
    let addr = checked(cx, i, layout.bytes(asked), Access::Write)?;
    let mut area = Area::new(cx, addr);
    let used = asked & in_use_compacted(cx.cpu);
    save_components(cx, i, &mut area, &layout, used)?;
    if used & SSE != 0 {
        let both = u64::from(cx.cpu.vector.mxcsr) | u64::from(crate::vector::MXCSR_MASK) << 32;
        area.write(cx, area::MXCSR, both)?;
    }
    area.write(cx, area::XSTATE_BV, used)?;
    area.write(cx, area::XCOMP_BV, asked | area::COMPACTED)
}

fn save_components(cx: &mut Exec<'_>, i: &Insn, area: &mut Area, layout: &Layout, written: u64) -> Step {
    let registers = if cx.cpu.code_is_64() { 16 } else { 8 };
    if written & X87 != 0 {
        let image = fxsave::x87_image(cx, i.has(OPERAND_64));
        area.write_bytes(cx, 0, &image[..24])?;
        area.write_bytes(cx, 32, &image[32..160])?;
    }
    for number in 0..registers {
        let register = cx.cpu.vector.registers[number as usize];
        if written & SSE != 0 {
            area.write(cx, area::XMM + 16 * number, register[0])?;
            area.write(cx, area::XMM + 16 * number + 8, register[1])?;
        }
        if written & AVX != 0 {
            let at = layout.offset(AVX) + 16 * number;
            area.write(cx, at, register[2])?;
            area.write(cx, at + 8, register[3])?;
        }
    }
    if written & PKRU != 0 {
        area.write(cx, layout.offset(PKRU), cx.cpu.pkru.into())?;
    }
    Ok(())
}

/// XRSTOR m. SDM Vol.2D "XRSTOR", Vol.1 13.8 "Operation of XRSTOR". Faults: #UD, #NM, operand access, #GP(0) unless on 64
/// bytes, for a header that does not fit, or a reserved bit of MXCSR.
pub fn xrstor(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let asked = requested(cx)?;
    restore(cx, i, asked)
}

/// XRSTORS m: the compacted form only. SDM Vol.2D "XRSTORS", Vol.1 13.12 "Operation of XRSTORS". Faults: as XRSTOR,
/// #GP(0) at CPL above 0.
pub fn xrstors(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let asked = requested(cx)?;
    cx.require_privileged()?;
    let addr = checked(cx, i, area::HEADER_END, Access::Read)?;
    let form = Area::new(cx, addr).read(cx, area::XCOMP_BV)?;
    cx.require(form & area::COMPACTED != 0, Site::XsaveHeader, 0)?;
    restore(cx, i, asked)
}

fn restore(cx: &mut Exec<'_>, i: &Insn, asked: u64) -> Step {
    let addr = checked(cx, i, area::HEADER_END, Access::Read)?;
    let mut area = Area::new(cx, addr);
    let mut header = [0; 8];
    for (at, part) in (area::XSTATE_BV..).step_by(8).zip(&mut header) {
        *part = area.read(cx, at)?;
    }
    let [present, form, rest @ ..] = header;
    let compacted = form & area::COMPACTED != 0 && cx.cpu.features.has(Feature::Xsavec);
    let holds = form & !area::COMPACTED;
    let good = if compacted {
        holds & !cx.cpu.xcr0 == 0 && present & !holds == 0 && rest == [0; 6]
    } else {
        present & !cx.cpu.xcr0 == 0 && form == 0 && rest[0] == 0
    };
    cx.require(good, Site::XsaveHeader, 0)?;
    let features = cx.cpu.features;
    let layout = if compacted { Layout::compacted(features, holds) } else { Layout::standard(features) };
    let addr = checked(cx, i, layout.bytes(asked & present), Access::Read)?;
    let mut area = Area::new(cx, addr);
    restore_mxcsr(cx, &mut area, asked, present, compacted)?;
    restore_components(cx, i, &mut area, &layout, (asked, present))
}

/// The standard form always has MXCSR, the compacted one if it has SSE state. The last check.
fn restore_mxcsr(cx: &mut Exec<'_>, area: &mut Area, asked: u64, present: u64, compacted: bool) -> Step {
    let loaded = if compacted { asked & present & SSE != 0 } else { asked & (SSE | AVX) != 0 };
    if loaded {
        let value = area.read(cx, area::MXCSR)? as u32;
        cx.require(value & !crate::vector::MXCSR_MASK == 0, Site::MxcsrReserved, 0)?;
        cx.cpu.vector.mxcsr = value;
    } else if compacted && asked & SSE != 0 {
        cx.cpu.vector.mxcsr = MXCSR_RESET;
    }
    Ok(())
}

/// What is asked for and present comes from memory; what is asked for and not present takes its initial configuration.
fn restore_components(
    cx: &mut Exec<'_>,
    i: &Insn,
    area: &mut Area,
    layout: &Layout,
    (asked, present): (u64, u64),
) -> Step {
    let registers = if cx.cpu.code_is_64() { 16 } else { 8 };
    if asked & X87 != 0 {
        if present & X87 != 0 {
            let mut image = [0; 160];
            area.read_bytes(cx, 0, &mut image)?;
            fxsave::take_x87(cx, &image, i.has(OPERAND_64));
        } else {
            cx.cpu.fpu.registers = [Extended::default(); 8];
            cx.cpu.fpu.initialise();
        }
    }
    for (bit, first, from) in [(SSE, 0, area::XMM), (AVX, 2, layout.offset(AVX))] {
        for number in (0..registers).filter(|_| asked & bit != 0) {
            let mut value = [0; 2];
            if present & bit != 0 {
                value[0] = area.read(cx, from + 16 * number)?;
                value[1] = area.read(cx, from + 16 * number + 8)?;
            }
            cx.cpu.vector.registers[number as usize][first..first + 2].copy_from_slice(&value);
        }
    }
    if asked & PKRU != 0 {
        cx.cpu.pkru = if present & PKRU != 0 { area.read(cx, layout.offset(PKRU))? as u32 } else { 0 };
        cx.flush_derived_translations();
    }
    Ok(())
}
