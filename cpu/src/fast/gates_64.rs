//! As [`super::gates`], from 64-bit code to 64-bit code: SYSCALL, SYSRET, INT n, faults without a stack of their own, and
//! IRETQ. There segments decide nothing but the privilege level, so that nothing beside the state changes but the key.

use ringwalk_mmu::{Class, LinAddr};

use super::dispatch::bail_end;
use super::gates::{
    CX, Event, GATE_MASK, INTERRUPT_GATE, TRAP_BIT, change_level, checks_alignment, clear_flags, go, load,
    returned_flags, room, suits_outer, take_resume_flag,
};
use super::operand::{SP, is_canonical, read, register, write};
use crate::exec::Hot;
use crate::exec::fast_calls::{CODE_64, DATA, R11, SYSRET_FLAGS, USER, flat};
use crate::flags::{Eflags, IF, NT, RF, SF, TF, VIP, ZF};
use crate::insn::Insn;
use crate::model::Feature;
use crate::segment::{Descriptor, SegReg, Segment, Selector};
use crate::state::{CpuState, EFER_SCE};

/// A descriptor's present, S, type without readability, L and D; and what a 64-bit code segment has there, accessed and
/// not conforming.
const CODE_MASK: u64 = 0x0060_9D00_0000_0000;
const CODE_LONG: u64 = 0x0020_9900_0000_0000;
/// A descriptor's present, S and type without the direction; and what a stack has there, accessed.
const STACK_MASK: u64 = 0x0000_9B00_0000_0000;
const STACK: u64 = 0x0000_9300_0000_0000;

/// `iretq`.
pub(super) unsafe fn iretq(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe { if come_back(c, h, i) { go(c, h) } else { bail_end(c, h, i) } }
}

/// `syscall`.
pub(super) unsafe fn syscall(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe { if enter_system(c, h, i) { go(c, h) } else { bail_end(c, h, i) } }
}

/// `sysretq`.
pub(super) unsafe fn sysret(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe { if leave_system(c, h, i) { go(c, h) } else { bail_end(c, h, i) } }
}

/// 64-bit code; nobody listens, and what is kept beside the state is up to date.
#[inline(always)]
pub(super) fn is_plain(hot: &Hot) -> bool {
    hot.stale == 0 && hot.events.is_none() && !hot.guarded && hot.fast.is_flat_64()
}

/// Enters a handler through its gate of 16 bytes; false, and nothing is done, if it is not so simple.
#[inline(never)]
pub(super) unsafe fn enter(cpu: &mut CpuState, hot: &mut Hot, event: &Event) -> bool {
    // SAFETY: the caller's: the arena's address is that of the memory behind the HostTlb.
    unsafe {
        let Some((gate, target)) = gate_of(cpu, hot, event) else { return false };
        let selector = gate.gate_selector();
        let Some(code) = descriptor(cpu, hot, selector, CODE_MASK, CODE_LONG) else { return false };
        let level = code.dpl();
        if level > cpu.cpl {
            return false;
        }
        let inner = level < cpu.cpl;
        let top = if inner { inner_stack(cpu, hot, level) } else { Some(*register(cpu, SP)) };
        let Some(top) = top else { return false };
        let operands = 5 + u32::from(event.code.is_some());
        // SDM Vol.3A 6.14.2 "64-Bit Mode Stack Frame": aligned to 16 bytes.
        let pointer = (top & !15).wrapping_sub(8 * u64::from(operands));
        let at = if is_canonical(pointer) { room(hot, pointer, 8 * operands, level) } else { None };
        let Some(mut at) = at else { return false };
        let mut push = |value: u64| {
            write(at, value);
            at += 8;
        };
        if let Some(code) = event.code {
            push(code.into());
        }
        push(event.return_rip);
        push(cpu.seg(SegReg::Cs).selector.0.into());
        push(event.image.into());
        push(*register(cpu, SP));
        push(cpu.seg(SegReg::Ss).selector.0.into());
        if inner {
            load(cpu, SegReg::Ss, Segment::null(Selector(level.into())));
        }
        *register(cpu, SP) = pointer;
        clear_flags(cpu, gate);
        change_level(cpu, hot, code.segment(selector.with_rpl(level)), level, target);
        true
    }
}

/// The gate of a vector and where it leads, if it may be used and has no stack of its own.
#[inline(always)]
unsafe fn gate_of(cpu: &CpuState, hot: &mut Hot, event: &Event) -> Option<(Descriptor, u64)> {
    let index = u64::from(event.vector) * 16;
    if index + 15 > u64::from(cpu.idtr.limit) {
        return None;
    }
    let base = cpu.idtr.base.wrapping_add(index);
    // SAFETY: the caller's.
    let (low, high) = unsafe { (read_system(hot, base)?, read_system(hot, base.wrapping_add(8))?) };
    let usable = low & (GATE_MASK & !TRAP_BIT) == INTERRUPT_GATE && low >> 32 & 7 == 0;
    let gate = Descriptor(low);
    let target = u64::from(gate.gate_offset_32()) | high << 32;
    let allowed = !event.software || gate.dpl() >= cpu.cpl;
    (usable && allowed && is_canonical(target)).then_some((gate, target))
}

/// A descriptor of the GDT with certain bits.
#[inline(always)]
unsafe fn descriptor(cpu: &CpuState, hot: &mut Hot, selector: Selector, mask: u64, bits: u64) -> Option<Descriptor> {
    let outside = selector.offset() + 7 > u32::from(cpu.gdtr.limit);
    if selector.is_null() || selector.is_local() || outside {
        return None;
    }
    // SAFETY: the caller's.
    let found = unsafe { read_system(hot, cpu.gdtr.base.wrapping_add(selector.offset().into()))? };
    (found & mask == bits).then_some(Descriptor(found))
}

/// RSP of a more privileged level, from the TSS.
#[inline(always)]
unsafe fn inner_stack(cpu: &CpuState, hot: &mut Hot, level: u8) -> Option<u64> {
    let at = 4 + 8 * u64::from(level);
    if at + 7 > u64::from(cpu.tr.limit) {
        return None;
    }
    // SAFETY: the caller's.
    unsafe { read_system(hot, cpu.tr.base.wrapping_add(at)).filter(|pointer| is_canonical(*pointer)) }
}

/// Reads a table of the system, if the HostTlb knows where it is.
#[inline(always)]
unsafe fn read_system(hot: &mut Hot, linear: u64) -> Option<u64> {
    if !is_canonical(linear) {
        return None;
    }
    let at = hot.host_tlb.read_address(LinAddr(linear), 8, hot.host_tlb.key(Class::Supervisor))?;
    // SAFETY: the caller's.
    Some(unsafe { read::<u64>(at) })
}

#[inline(never)]
unsafe fn come_back(c: *mut CpuState, h: *mut Hot, i: *const Insn) -> bool {
    // SAFETY: a handler's.
    unsafe {
        let (cpu, hot) = (&mut *c, &mut *h);
        let pointer = *register(c, SP);
        if !is_plain(hot) || cpu.flags.has(NT) || cpu.nmi_blocked | cpu.nmi_pending || !is_canonical(pointer) {
            return false;
        }
        let Some(at) = hot.host_tlb.read_address(LinAddr(pointer), 40, hot.fast.key) else { return false };
        let [target, cs, image, outer, ss] = [0, 8, 16, 24, 32].map(|offset| read::<u64>(at + offset));
        // Selectors have 16 bits, EFLAGS has 32.
        let (selector, stack, image) = (Selector(cs as u16), Selector(ss as u16), image as u32);
        let level = selector.rpl();
        let Some(code) = descriptor(cpu, hot, selector, CODE_MASK, CODE_LONG) else { return false };
        let Some(stack) = returned_stack(cpu, hot, stack, level) else { return false };
        let Some(flags) = returned_flags(cpu, hot, image) else { return false };
        if level < cpu.cpl || code.dpl() != level || !is_canonical(target) {
            return false;
        }
        let suits = if level > cpu.cpl { suits_outer(cpu, level, flags) } else { !checks_alignment(cpu, level, flags) };
        if !suits {
            return false;
        }
        load(cpu, SegReg::Ss, stack);
        *register(c, SP) = outer;
        cpu.flags = flags;
        hot.fast.lazy.load(flags);
        hot.fast.ticks -= i64::from((*i.add(1)).cycles);
        take_resume_flag(cpu, hot);
        change_level(cpu, hot, code.segment(selector), level, target);
        true
    }
}

/// The stack segment that IRETQ loads. Above CPL 3 it may be null.
#[inline(always)]
unsafe fn returned_stack(cpu: &CpuState, hot: &mut Hot, stack: Selector, level: u8) -> Option<Segment> {
    if stack.is_null() {
        return (level != 3 && stack.rpl() == level).then(|| Segment::null(stack));
    }
    // SAFETY: the caller's.
    let found = unsafe { descriptor(cpu, hot, stack, STACK_MASK, STACK)? };
    (stack.rpl() == level && found.dpl() == level).then(|| found.segment(stack))
}

#[inline(never)]
unsafe fn enter_system(c: *mut CpuState, h: *mut Hot, i: *const Insn) -> bool {
    // SAFETY: a handler's.
    unsafe {
        let (cpu, hot) = (&mut *c, &mut *h);
        let target = cpu.msrs.lstar;
        if cpu.msrs.efer & EFER_SCE == 0 || !is_plain(hot) || !is_canonical(target) {
            return false;
        }
        hot.fast.lazy.settle(&mut cpu.flags);
        *register(c, CX) = cpu.rip.wrapping_add(u64::from((*i.add(1)).at));
        *register(c, R11) = cpu.flags.bits().into();
        cpu.flags.replace(cpu.msrs.fmask as u32 | RF, 0);
        hot.fast.lazy.load(cpu.flags);
        let cs = (cpu.msrs.star >> 32) as u16 & !3;
        load(cpu, SegReg::Ss, flat(cs.wrapping_add(8), DATA));
        hot.fast.ticks -= i64::from((*i.add(1)).cycles);
        change_level(cpu, hot, flat(cs, CODE_64), 0, target);
        true
    }
}

#[inline(never)]
unsafe fn leave_system(c: *mut CpuState, h: *mut Hot, i: *const Insn) -> bool {
    // SAFETY: a handler's.
    unsafe {
        let (cpu, hot) = (&mut *c, &mut *h);
        let target = *register(c, CX);
        let image = *register(c, R11) as u32 & SYSRET_FLAGS & cpu.model.flags();
        let flags = Eflags::from_bits(image);
        let refused = cpu.msrs.efer & EFER_SCE == 0 || cpu.cpl != 0 || !is_canonical(target) || !is_plain(hot);
        let unusual = flags.has(TF | VIP) || (flags.has(ZF) && flags.has(SF)) || checks_alignment(cpu, 3, flags);
        let interrupted = cpu.nmi_pending || (hot.signals.interrupt && flags.has(IF));
        if refused || unusual || interrupted {
            return false;
        }
        cpu.flags = flags;
        hot.fast.lazy.load(flags);
        let star = (cpu.msrs.star >> 48) as u16;
        let stack = flat(star.wrapping_add(8) | 3, DATA | USER);
        // One vendor leaves all but the selector of SS alone. AMD APM Vol.3 "SYSRET".
        let kept = Segment { selector: stack.selector, ..*cpu.seg(SegReg::Ss) };
        load(cpu, SegReg::Ss, if cpu.features.has(Feature::AmdSysret) { kept } else { stack });
        hot.fast.ticks -= i64::from((*i.add(1)).cycles);
        change_level(cpu, hot, flat(star.wrapping_add(16) | 3, CODE_64 | USER), 3, target);
        true
    }
}
