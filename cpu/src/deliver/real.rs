//! Delivery in real mode, through the interrupt vector table. SDM Vol.3B 20.1.4 "Interrupt and Exception Handling".

use ringwalk_mmu::{Class, LinAddr};

use super::Event;
use crate::exception::Step;
use crate::exec::Exec;
use crate::exec::frame::Frame;
use crate::flags::{AC, IF, RF, TF};
use crate::segment::{SegReg, Selector};
use crate::site::Site;

pub(super) fn deliver(cx: &mut Exec<'_>, event: Event) -> Step {
    let at = u32::from(event.vector) * 4;
    cx.require(at + 3 <= u32::from(cx.cpu.idtr.limit), Site::IvtLimit, 0)?;
    let address = LinAddr((cx.cpu.idtr.base + u64::from(at)) & 0xFFFF_FFFF);
    let entry = cx.load_linear::<u32>(address, Class::Supervisor)?;
    let mut frame = Frame::on_current_stack(cx, 2);
    frame.push(cx.cpu.flags.bits().into());
    frame.push(cx.cpu.seg(SegReg::Cs).selector.0.into());
    frame.push(event.return_rip);
    frame.require_room(cx)?;
    frame.require_writable(cx)?;
    frame.commit(cx)?;
    cx.cpu.flags.set(IF | TF | AC | RF, false);
    let segment = cx.real_code_segment(Selector((entry >> 16) as u16));
    cx.set_segment(SegReg::Cs, segment);
    cx.next_rip = u64::from(entry & 0xFFFF);
    Ok(())
}
