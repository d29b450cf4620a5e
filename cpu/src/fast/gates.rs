//! From one privilege level to another between flat 32-bit segments: INT n, faults, IRET, SYSENTER and SYSEXIT as a
//! 32-bit system makes them, without a task gate, virtual-8086 mode or a table that has still to be marked.
//!
//! Everything is looked at before the first change; whatever is unusual is left to the canonical handlers, which alone
//! have the rules. What is flat before and behind leaves all that [`super::state`] keeps as it is, but for the key.

use ringwalk_mmu::{Class, LinAddr};

use super::dispatch::bail_end;
use super::gates_64;
use super::links::{ANY_CODE, jump};
use super::operand::{HostAddress, SP, read, readable_flat, register, write};
use super::pages::note_page;
use crate::debug::any_instruction_breakpoint;
use crate::exception::{Exception, vector};
use crate::exec::fast_calls::{CODE_32, DATA, USER, flat};
use crate::exec::{Exec, Hot, STALE};
use crate::flags::{AC, ARITHMETIC, DF, Eflags, ID, IF, IOPL, NT, RF, SF, TF, VIF, VIP, VM, ZF};
use crate::insn::Insn;
use crate::segment::{Descriptor, SegReg, Segment, Selector};
use crate::site::Site;
use crate::state::{Activity, CR0_AM, CpuState, Shadow};

/// Registers of SYSEXIT.
pub(super) const CX: u8 = 1;
const DX: u8 = 2;

/// A descriptor but for DPL, AVL and whether code may be read; and what a flat code segment has there, present, accessed,
/// not conforming, of 32 bits.
const CODE_MASK: u64 = 0xFFEF_9DFF_FFFF_FFFF;
const CODE_FLAT: u64 = 0x00CF_9900_0000_FFFF;
/// A descriptor but for DPL and AVL; and what a flat stack has there, present, accessed, writable, of 32 bits.
const STACK_MASK: u64 = 0xFFEF_9FFF_FFFF_FFFF;
const STACK_FLAT: u64 = 0x00CF_9300_0000_FFFF;
/// A gate but for selector, offset and DPL; what an interrupt gate of 32 bits has there, and the bit that makes it a trap
/// gate. SDM Vol.3A Figure 6-2 "IDT Gate Descriptors".
pub(super) const GATE_MASK: u64 = 0x0000_9F00_0000_0000;
pub(super) const INTERRUPT_GATE: u64 = 0x0000_8E00_0000_0000;
pub(super) const TRAP_BIT: u64 = 0x0000_0100_0000_0000;
/// A TSS of 32 bits, available or busy, as the access byte has it.
const TSS_32: u32 = 8;

/// `int n`.
pub(super) unsafe fn int_n(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe { if call_gate(c, h, i) { go(c, h) } else { bail_end(c, h, i) } }
}

/// `iret` of 32 bits.
pub(super) unsafe fn iret(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe { if come_back(c, h, i) { go(c, h) } else { bail_end(c, h, i) } }
}

/// `sysenter`.
pub(super) unsafe fn sysenter(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe { if enter_system(c, h, i) { go(c, h) } else { bail_end(c, h, i) } }
}

/// `sysexit` to 32-bit code.
pub(super) unsafe fn sysexit(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe { if leave_system(c, h, i) { go(c, h) } else { bail_end(c, h, i) } }
}

/// Goes to the trace at EIP, unless breakpoints have to be resolved for this CS.
#[inline(always)]
pub(super) unsafe fn go(c: *mut CpuState, h: *mut Hot) -> *const Insn {
    // SAFETY: the end of a handler, see `super::Fast`.
    unsafe { if (*h).stale == 0 { jump::<ANY_CODE>(c, h) } else { std::ptr::null() } }
}

/// What comes through a gate of the IDT.
pub(super) struct Event {
    pub(super) vector: u8,
    /// The gate's DPL must allow it.
    pub(super) software: bool,
    pub(super) code: Option<u16>,
    /// EFLAGS as pushed.
    pub(super) image: u32,
    pub(super) return_rip: u64,
}

#[inline(never)]
unsafe fn call_gate(c: *mut CpuState, h: *mut Hot, i: *const Insn) -> bool {
    // SAFETY: a handler's.
    unsafe {
        let (cpu, hot) = (&mut *c, &mut *h);
        hot.fast.lazy.settle(&mut cpu.flags);
        let end = &*i.add(1);
        let return_rip = cpu.rip.wrapping_add(u64::from(end.at)) & hot.fast.rip_mask;
        let vector = (*i).imm as u8;
        let image = cpu.flags.bits();
        let done = enter_any(cpu, hot, &Event { vector, software: true, code: None, image, return_rip });
        if done {
            hot.fast.ticks -= i64::from(end.cycles);
        }
        done
    }
}

/// Delivers a fault as [`crate::exec::Exec::deliver_fault`] does; false, and nothing is done, if it is not so simple. The
/// state is up to date.
pub(super) fn deliver_fault(cx: &mut Exec<'_>, fault: Exception) -> bool {
    let strange = matches!(fault.site, Site::InstructionBreakpoint | Site::DoubleFault) || fault.vector == vector::DB;
    let cpu = &*cx.cpu;
    let resting = cpu.shadow != Shadow::None || cpu.activity != Activity::Active || cx.extra_cycles != 0;
    // Where a page of memory is lost nothing is delivered.
    if strange || resting || cx.memory.frames.lost().is_some() {
        return false;
    }
    let event = Event {
        vector: fault.vector,
        software: false,
        code: fault.has_code().then_some(fault.code),
        image: cpu.flags.bits() | RF,
        return_rip: cpu.rip,
    };
    let arena = cx.memory.frames.bytes_mut().as_mut_ptr();
    cx.hot.host_tlb.set_arena(arena.expose_provenance() as u64);
    // SAFETY: the arena's address was taken just now.
    if !unsafe { enter_any(cx.cpu, cx.hot, &event) } {
        return false;
    }
    if fault.vector == vector::PF {
        cx.cpu.cr2 = cx.hot.fault_address;
    }
    cx.hot.last_fault = Some(fault);
    cx.next_rip = cx.cpu.rip;
    cx.cpu.monitor_armed = false;
    // One cycle for the attempt, one for the delivery.
    cx.cpu.position += 2;
    cx.cpu.fruitless_deliveries += 1;
    true
}

/// Enters a handler of 32-bit or of 64-bit code; false, and nothing is done, if it is not so simple.
#[inline(always)]
unsafe fn enter_any(cpu: &mut CpuState, hot: &mut Hot, event: &Event) -> bool {
    // SAFETY: the caller's: the arena's address is that of the memory behind the HostTlb.
    unsafe {
        if is_plain(cpu, hot) {
            enter(cpu, hot, event)
        } else {
            gates_64::is_plain(hot) && gates_64::enter(cpu, hot, event)
        }
    }
}

/// Protected mode in flat 32-bit segments; nobody listens, and what is kept beside the state is up to date.
#[inline(always)]
fn is_plain(cpu: &CpuState, hot: &Hot) -> bool {
    let plain = cpu.protected() && !cpu.flags.has(VM) && !cpu.long_mode();
    plain && hot.stale == 0 && hot.events.is_none() && !hot.guarded && hot.fast.is_flat_32()
}

/// Enters a handler through its gate; false, and nothing is done, if it is not so simple.
#[inline]
unsafe fn enter(cpu: &mut CpuState, hot: &mut Hot, event: &Event) -> bool {
    // SAFETY: the caller's: the arena's address is that of the memory behind the HostTlb.
    unsafe {
        let Some(gate) = gate_of(cpu, hot, event) else { return false };
        let selector = gate.gate_selector();
        let Some(code) = descriptor(cpu, hot, selector, CODE_MASK, CODE_FLAT) else { return false };
        let level = code.dpl();
        if level > cpu.cpl {
            return false;
        }
        let inner = level < cpu.cpl;
        let top =
            if inner { inner_stack(cpu, hot, level) } else { Some((Segment::real(0), *register(cpu, SP) as u32)) };
        let Some((stack, pointer)) = top else { return false };
        let operands = 3 + u32::from(event.code.is_some()) + if inner { 2 } else { 0 };
        let pointer = pointer.wrapping_sub(4 * operands);
        let Some(mut at) = room(hot, pointer.into(), 4 * operands, level) else { return false };
        let mut push = |value: u32| {
            write(at, value);
            at += 4;
        };
        if let Some(code) = event.code {
            push(code.into());
        }
        push(event.return_rip as u32);
        push(cpu.seg(SegReg::Cs).selector.0.into());
        push(event.image);
        if inner {
            push(*register(cpu, SP) as u32);
            push(cpu.seg(SegReg::Ss).selector.0.into());
            load(cpu, SegReg::Ss, stack);
        }
        *register(cpu, SP) = pointer.into();
        clear_flags(cpu, gate);
        change_level(cpu, hot, code.segment(selector.with_rpl(level)), level, gate.gate_offset_32().into());
        true
    }
}

/// The gate of a vector, if it is one of 32 bits that may be used.
#[inline(always)]
unsafe fn gate_of(cpu: &CpuState, hot: &mut Hot, event: &Event) -> Option<Descriptor> {
    let index = u32::from(event.vector) * 8;
    if index + 7 > u32::from(cpu.idtr.limit) {
        return None;
    }
    // SAFETY: the caller's.
    let gate = unsafe { read_system::<u64>(hot, cpu.idtr.base.wrapping_add(index.into()))? };
    let usable = gate & (GATE_MASK & !TRAP_BIT) == INTERRUPT_GATE;
    let gate = Descriptor(gate);
    (usable && (!event.software || gate.dpl() >= cpu.cpl)).then_some(gate)
}

/// A descriptor of the GDT with certain bits.
#[inline(always)]
unsafe fn descriptor(cpu: &CpuState, hot: &mut Hot, selector: Selector, mask: u64, bits: u64) -> Option<Descriptor> {
    let outside = selector.offset() + 7 > u32::from(cpu.gdtr.limit);
    if selector.is_null() || selector.is_local() || outside {
        return None;
    }
    // SAFETY: the caller's.
    let found = unsafe { read_system::<u64>(hot, cpu.gdtr.base.wrapping_add(selector.offset().into()))? };
    (found & mask == bits).then_some(Descriptor(found))
}

/// SS and ESP of a more privileged level, from a 32-bit TSS.
#[inline(always)]
unsafe fn inner_stack(cpu: &CpuState, hot: &mut Hot, level: u8) -> Option<(Segment, u32)> {
    let at = 4 + 8 * u32::from(level);
    if cpu.tr.rights & TSS_32 == 0 || at + 5 > cpu.tr.limit {
        return None;
    }
    let base = cpu.tr.base.wrapping_add(at.into());
    // SAFETY: the caller's.
    unsafe {
        let pointer = read_system::<u32>(hot, base)?;
        let selector = Selector(read_system::<u16>(hot, base.wrapping_add(4))?);
        Some((flat_stack(cpu, hot, selector, level)?, pointer))
    }
}

#[inline(always)]
unsafe fn flat_stack(cpu: &CpuState, hot: &mut Hot, selector: Selector, level: u8) -> Option<Segment> {
    // SAFETY: the caller's.
    let found = unsafe { descriptor(cpu, hot, selector, STACK_MASK, STACK_FLAT)? };
    (selector.rpl() == level && found.dpl() == level).then(|| found.segment(selector))
}

/// Reads a table of the system, if the HostTlb knows where it is.
#[inline(always)]
unsafe fn read_system<W: crate::width::Width>(hot: &mut Hot, linear: u64) -> Option<W> {
    let at = hot.host_tlb.read_address(LinAddr(linear & 0xFFFF_FFFF), W::BYTES, hot.host_tlb.key(Class::Supervisor))?;
    // SAFETY: the caller's.
    Some(unsafe { read::<W>(at) })
}

/// Where a frame of so many bytes can be written with the rights of a level.
#[inline(always)]
pub(super) fn room(hot: &Hot, pointer: u64, bytes: u32, level: u8) -> Option<HostAddress> {
    let class = if level == 3 { Class::User } else { Class::Supervisor };
    hot.host_tlb.write_address(LinAddr(pointer), bytes.into(), hot.host_tlb.key(class))
}

/// What a gate clears in EFLAGS.
#[inline(always)]
pub(super) fn clear_flags(cpu: &mut CpuState, gate: Descriptor) {
    let masked = if gate.0 & TRAP_BIT == 0 { IF } else { 0 };
    cpu.flags.replace(TF | NT | VM | RF | masked, 0);
}

/// Loads CS or SS where no copy of it changes: both are flat before and behind, or 64-bit code asks neither.
#[inline(always)]
pub(super) fn load(cpu: &mut CpuState, reg: SegReg, segment: Segment) {
    cpu.segments[reg as usize] = segment;
}

/// The last changes: CS, EIP, CPL and what follows from it.
#[inline(always)]
pub(super) fn change_level(cpu: &mut CpuState, hot: &mut Hot, code: Segment, level: u8, target: u64) {
    let user_before = cpu.cpl == 3;
    load(cpu, SegReg::Cs, code);
    cpu.rip = target;
    cpu.cpl = level;
    if user_before != (level == 3) {
        // The page was looked up with other rights.
        note_page(cpu, hot);
        hot.fast.fetch_page = u64::MAX;
    }
    hot.fast.take_key(hot.host_tlb.key(cpu.class()));
    if hot.watches.is_strange(cpu) {
        hot.stale |= STALE;
    }
}

/// A less privileged level may keep all its data segments, and need not check alignment.
#[inline(always)]
pub(super) fn suits_outer(cpu: &CpuState, level: u8, flags: Eflags) -> bool {
    let kept = |reg: SegReg| {
        let segment = cpu.seg(reg);
        segment.dpl() >= level || segment.is_conforming() || segment.is_unusable()
    };
    // One by one, without a loop.
    let all = kept(SegReg::Es) & kept(SegReg::Ds) & kept(SegReg::Fs) & kept(SegReg::Gs);
    all && !checks_alignment(cpu, level, flags)
}

#[inline(always)]
pub(super) fn checks_alignment(cpu: &CpuState, level: u8, flags: Eflags) -> bool {
    level == 3 && cpu.cr0 & CR0_AM != 0 && flags.has(AC)
}

#[inline(never)]
unsafe fn come_back(c: *mut CpuState, h: *mut Hot, i: *const Insn) -> bool {
    // SAFETY: a handler's.
    unsafe {
        let (cpu, hot) = (&mut *c, &mut *h);
        if !is_plain(cpu, hot) || cpu.flags.has(NT) || cpu.nmi_blocked | cpu.nmi_pending {
            return false;
        }
        let pointer = *register(c, SP) & 0xFFFF_FFFF;
        let Some((frame, image)) = returned_frame(hot, pointer) else { return false };
        let selector = Selector((frame >> 32) as u16);
        let level = selector.rpl();
        let Some(code) = descriptor(cpu, hot, selector, CODE_MASK, CODE_FLAT) else { return false };
        let Some(flags) = returned_flags(cpu, hot, image) else { return false };
        if level < cpu.cpl || code.dpl() != level {
            return false;
        }
        let mut released = (pointer + 12) & 0xFFFF_FFFF;
        if level > cpu.cpl {
            let Some(at) = readable_flat::<u64>(hot, released) else { return false };
            let outer = read::<u64>(at);
            let Some(stack) = flat_stack(cpu, hot, Selector((outer >> 32) as u16), level) else { return false };
            if !suits_outer(cpu, level, flags) {
                return false;
            }
            load(cpu, SegReg::Ss, stack);
            released = outer & 0xFFFF_FFFF;
        } else if checks_alignment(cpu, level, flags) {
            return false;
        }
        *register(c, SP) = released;
        cpu.flags = flags;
        hot.fast.lazy.load(flags);
        hot.fast.ticks -= i64::from((*i.add(1)).cycles);
        take_resume_flag(cpu, hot);
        change_level(cpu, hot, code.segment(selector), level, frame & 0xFFFF_FFFF);
        true
    }
}

/// EIP with CS above it, and EFLAGS.
#[inline(always)]
unsafe fn returned_frame(hot: &mut Hot, pointer: u64) -> Option<(u64, u32)> {
    // SAFETY: the caller's.
    unsafe {
        let place = readable_flat::<u64>(hot, pointer)?;
        let image = readable_flat::<u32>(hot, (pointer + 8) & 0xFFFF_FFFF)?;
        Some((read::<u64>(place), read::<u32>(image)))
    }
}

/// What IRET of 32 bits makes of EFLAGS, if the chain can go on under that.
#[inline(always)]
pub(super) fn returned_flags(cpu: &CpuState, hot: &Hot, image: u32) -> Option<Eflags> {
    let mut mask = ARITHMETIC | TF | DF | NT | RF | AC | ID;
    if cpu.cpl <= cpu.flags.iopl() {
        mask |= IF;
    }
    if cpu.cpl == 0 {
        mask |= IOPL | VIF | VIP;
    }
    let mut flags = cpu.flags;
    flags.replace(mask & cpu.model.flags(), image);
    let unusual = image & VM != 0 || flags.has(TF | VIP) || (flags.has(ZF) && flags.has(SF));
    let interrupted = hot.signals.interrupt && flags.has(IF);
    let resumes = flags.has(RF) && any_instruction_breakpoint(cpu);
    (!(unusual || interrupted || resumes)).then_some(flags)
}

/// RF lasts for one instruction, which nothing asks about: see [`super::faults`]. The time is that behind IRET.
#[inline(always)]
pub(super) fn take_resume_flag(cpu: &mut CpuState, hot: &mut Hot) {
    if cpu.flags.has(RF) {
        cpu.flags.set(RF, false);
        hot.fast.resumed_at = Some(hot.fast.end.wrapping_sub(hot.fast.ticks as u64));
    }
}

#[inline(never)]
unsafe fn enter_system(c: *mut CpuState, h: *mut Hot, i: *const Insn) -> bool {
    // SAFETY: a handler's.
    unsafe {
        let (cpu, hot) = (&mut *c, &mut *h);
        let cs = cpu.msrs.sysenter_cs as u16 & !3;
        if cs == 0 || !is_plain(cpu, hot) {
            return false;
        }
        cpu.flags.set(VM | IF | RF, false);
        load(cpu, SegReg::Ss, flat(cs.wrapping_add(8), DATA));
        *register(c, SP) = cpu.msrs.sysenter_esp & 0xFFFF_FFFF;
        hot.fast.ticks -= i64::from((*i.add(1)).cycles);
        let target = cpu.msrs.sysenter_eip & 0xFFFF_FFFF;
        change_level(cpu, hot, flat(cs, CODE_32), 0, target);
        true
    }
}

#[inline(never)]
unsafe fn leave_system(c: *mut CpuState, h: *mut Hot, i: *const Insn) -> bool {
    // SAFETY: a handler's.
    unsafe {
        let (cpu, hot) = (&mut *c, &mut *h);
        let cs = cpu.msrs.sysenter_cs as u16 & !3;
        let refused = cs == 0 || cpu.cpl != 0 || checks_alignment(cpu, 3, cpu.flags);
        if refused || !is_plain(cpu, hot) {
            return false;
        }
        let (pointer, target) = (*register(c, CX) & 0xFFFF_FFFF, *register(c, DX) & 0xFFFF_FFFF);
        load(cpu, SegReg::Ss, flat(cs.wrapping_add(24) | 3, DATA | USER));
        *register(c, SP) = pointer;
        hot.fast.ticks -= i64::from((*i.add(1)).cycles);
        change_level(cpu, hot, flat(cs.wrapping_add(16) | 3, CODE_32 | USER), 3, target);
        true
    }
}
