//! Delivery in real mode, through the interrupt vector table. SDM Vol.3B 20.1.4 "Interrupt and Exception Handling".

use ringwalk_mmu::{Class, LinAddr};

use super::Event;
use crate::exception::Step;
use crate::exec::Exec;
use crate::flags::{AC, IF, RF, TF};
use crate::segment::{SegReg, Selector};
use crate::site::Site;

pub(super) fn deliver(cx: &mut Exec<'_>, event: Event) -> Step {
    let at = u32::from(event.vector) * 4;
    cx.require(at + 3 <= u32::from(cx.cpu.idtr.limit), Site::IvtLimit, 0)?;
    let address = LinAddr((cx.cpu.idtr.base + u64::from(at)) & 0xFFFF_FFFF);
    let entry = cx.load_linear::<u32>(address, Class::Supervisor)?;
    let stack = cx.reg::<u32>(4);
    let image = cx.cpu.flags.bits() as u16;
    let cs = cx.cpu.seg(SegReg::Cs).selector.0;
    let pushed = cx.push(image).and_then(|()| cx.push(cs)).and_then(|()| cx.push(event.return_eip as u16));
    if pushed.is_err() {
        cx.set_reg::<u32>(4, stack);
        return pushed;
    }
    cx.cpu.flags.set(IF | TF | AC | RF, false);
    let segment = cx.real_code_segment(Selector((entry >> 16) as u16));
    cx.cpu.segments[SegReg::Cs as usize] = segment;
    cx.next_eip = entry & 0xFFFF;
    Ok(())
}
