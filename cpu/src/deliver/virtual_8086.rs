//! Software interrupts in virtual-8086 mode with CR4.VME: the redirection bitmap.
//! SDM Vol.3B 20.3.3 "Class 3-Software Interrupt Handling in Virtual-8086 Mode", Table 20-2.

use ringwalk_mmu::{Class, LinAddr};

use crate::exception::{Exception, Step};
use crate::exec::Exec;
use crate::flags::{IF, IOPL, TF, VIF};
use crate::segment::{SegReg, Selector};
use crate::site::Site;
use crate::state::CR4_VME;

/// Bytes of the redirection bitmap, which ends where the I/O map begins.
const BITMAP_BYTES: u64 = 32;
/// Where a 32-bit TSS says how far away its I/O map is.
const IO_MAP_BASE: u64 = 0x66;

/// True if the interrupt goes to the program's own vector table: its bit in the bitmap is clear.
pub(crate) fn is_redirected(cx: &mut Exec<'_>, number: u8) -> Result<bool, Exception> {
    if cx.cpu.cr4 & CR4_VME == 0 {
        return Ok(false);
    }
    let tss = cx.cpu.tr;
    cx.require(u64::from(tss.limit) > IO_MAP_BASE, Site::V86Sensitive, 0)?;
    let at = |offset: u64| LinAddr((tss.base + offset) & 0xFFFF_FFFF);
    let io_map = u64::from(cx.load_linear::<u16>(at(IO_MAP_BASE), Class::Supervisor)?);
    let byte = (io_map + u64::from(number / 8)).wrapping_sub(BITMAP_BYTES);
    cx.require(byte <= u64::from(tss.limit), Site::V86Sensitive, 0)?;
    let bits = cx.load_linear::<u8>(at(byte), Class::Supervisor)?;
    Ok(bits >> (number % 8) & 1 == 0)
}

/// Delivers through the vector table at linear 0. Below IOPL 3 the pushed IF is VIF, and VIF is cleared instead of IF.
pub(crate) fn redirect(cx: &mut Exec<'_>, number: u8) -> Step {
    let virtual_if = cx.cpu.flags.iopl() < 3;
    let mut image = cx.cpu.flags.bits() as u16;
    if virtual_if {
        let pushed_if = if cx.cpu.flags.has(VIF) { IF } else { 0 };
        image = (image & !(IF as u16)) | (pushed_if | IOPL) as u16;
    }
    let entry = cx.load_linear::<u32>(LinAddr(u64::from(number) * 4), Class::User)?;
    let stack = cx.reg::<u32>(4);
    let (cs, back) = (cx.cpu.seg(SegReg::Cs).selector.0, cx.next_rip as u16);
    let pushed = cx.push(image).and_then(|()| cx.push(cs)).and_then(|()| cx.push(back));
    if pushed.is_err() {
        cx.set_reg::<u32>(4, stack);
        return pushed;
    }
    cx.cpu.flags.set(TF | if virtual_if { VIF } else { IF }, false);
    cx.set_segment(SegReg::Cs, cx.real_code_segment(Selector((entry >> 16) as u16)));
    cx.next_rip = u64::from(entry & 0xFFFF);
    cx.leave();
    Ok(())
}
