//! Fetching an instruction byte by byte: one that crosses a page, lies at the segment limit, or comes over the bus.
//! SDM Vol.3A 6.9 "Priority Among Simultaneous Exceptions and Interrupts": faults of the fetch.

use ringwalk_mmu::{Access, LinAddr, PAGE_BYTES, PhysAddr, Route, Size};

use crate::decode::{Decoded, LONGEST, decode};
use crate::exception::{Exception, Step};
use crate::exec::Exec;
use crate::insn::Insn;
use crate::run::Executed;
use crate::segment::SegReg;
use crate::site::Site;
use crate::state::CodeSize;

/// An instruction that was fetched byte by byte.
pub(crate) struct Fetched {
    pub(crate) insn: Insn,
    /// A trace ends behind it.
    pub(crate) ends: bool,
    pub(crate) bytes: [u8; LONGEST],
    /// Where it goes on if it crosses a page: the linear page number, and the physical one.
    pub(crate) next: Option<(u64, u64)>,
}

/// Gathers bytes only as far as the decoder asks for them: a fault on the next page must not come early.
pub(crate) fn fetch_and_decode(cx: &mut Exec<'_>) -> Result<Fetched, Exception> {
    let size = cx.cpu.code_size();
    let features = cx.cpu.features;
    let mut bytes = [0; LONGEST];
    let (mut have, mut next) = (0, None);
    loop {
        have = fetch_more(cx, &mut bytes, have, &mut next)?;
        match decode(&bytes[..have], size, features) {
            Decoded::Insn(mut insn, ends) => {
                insn.cycles = cx.hot.timing.prepare(&mut insn, &bytes[..have]);
                if cx.hot.plain.is_some() {
                    note_plain(cx, bytes, insn.len);
                }
                return Ok(Fetched { insn, ends, bytes, next });
            }
            Decoded::TooLong => return Err(cx.fault(Site::InstructionLength, 0)),
            Decoded::Truncated => (),
        }
    }
}

/// The follower of a lockstep remembers what it executes.
#[cold]
fn note_plain(cx: &mut Exec<'_>, bytes: [u8; LONGEST], len: u8) {
    let cpu = &*cx.cpu;
    let executed = Executed {
        selector: cpu.seg(SegReg::Cs).selector.0,
        rip: cpu.rip,
        linear: cpu.linear_rip(),
        bits: match cpu.code_size() {
            CodeSize::Bits16 => 16,
            CodeSize::Bits32 => 32,
            CodeSize::Bits64 => 64,
        },
        bytes,
        len,
    };
    if let Some(plain) = &mut cx.hot.plain {
        plain.note(executed);
    }
}

/// #GP(0) unless an instruction's byte may lie at an offset in CS.
pub(crate) fn require_fetchable(cx: &Exec<'_>, offset: u64) -> Step {
    if cx.cpu.code_is_64() {
        return cx.require(cx.cpu.is_canonical(offset), Site::FetchCanonical, 0);
    }
    cx.require(offset <= u64::from(cx.cpu.seg(SegReg::Cs).limit), Site::FetchLimit, 0)
}

/// Appends the bytes that the page of the next one still holds, up to the segment limit.
fn fetch_more(
    cx: &mut Exec<'_>,
    bytes: &mut [u8; LONGEST],
    have: usize,
    next: &mut Option<(u64, u64)>,
) -> Result<usize, Exception> {
    let offset = cx.cpu.rip.wrapping_add(have as u64);
    require_fetchable(cx, offset)?;
    let linear = cx.behind(LinAddr(cx.cpu.linear_rip()), have as u64);
    let physical = match cx.cpu.fetch_page.filter(|page| page.linear == linear.page()) {
        Some(page) => cx.memory.behind_a20(PhysAddr(page.physical * PAGE_BYTES + linear.offset_in_page())),
        None => {
            let physical = cx.translate(linear, Access::Fetch, cx.class())?;
            // A closed A20 gate is rare: what it hides is not remembered.
            *next = cx.memory.a20_open().then_some((linear.page(), physical.page()));
            physical
        }
    };
    let in_page = PAGE_BYTES - linear.offset_in_page();
    let in_limit = if cx.cpu.code_is_64() { in_page } else { u64::from(cx.cpu.seg(SegReg::Cs).limit) - offset + 1 };
    let count = in_page.min(in_limit).min((LONGEST - have) as u64);
    for index in 0..count {
        bytes[have + index as usize] = fetch_byte(cx, PhysAddr(physical.0 + index));
    }
    Ok(have + count as usize)
}

fn fetch_byte(cx: &mut Exec<'_>, addr: PhysAddr) -> u8 {
    match cx.memory.routes(addr.page()).read {
        Route::Frame(frame) => cx.memory.frames.page(frame)[addr.offset_in_page() as usize],
        Route::Mmio => cx.on_bus(|bus, bus_cx| bus.mmio_read(addr, Size::Byte, bus_cx)) as u8,
        Route::Open => 0xFF,
    }
}
