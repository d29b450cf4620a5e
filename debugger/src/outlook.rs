//! What the next instruction is about to do: its memory operands, where they lead and what is there, whether a
//! branch is taken, and which check would fail in this mode now.

use iced_x86::{Code, FlowControl, Instruction, InstructionInfoFactory, MemorySize, Mnemonic, OpAccess, OpKind};
use ringwalk_cpu::flags::{IF, ZF};
use ringwalk_cpu::segment::{SegReg, Selector};
use ringwalk_cpu::state::{CR4_PVI, CR4_VME, CpuState, Mode};
use ringwalk_mmu::{LinAddr, view_walk};
use serde::Serialize;

use crate::disassembly::{next_instruction, repeats};
use crate::io_map::{port_access, port_fault};
use crate::page::{Page, Show, Tone};
use crate::register::{Register, descriptor_of};
use crate::space::{Address, Everywhere, logical, owner};
use crate::stack::stack_at;
use crate::tables::{describe, gate_target};
use crate::target::Target;

/// A memory operand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Operand {
    /// `read`, `write`, `read and write`, or `address only`.
    pub access: &'static str,
    /// Bytes of the operand.
    pub bytes: u32,
    /// Where it is.
    pub address: Everywhere,
    /// What is there now; absent if no memory answers.
    pub value: Option<u64>,
    /// Who answers, if it is not RAM.
    pub owner: Option<&'static str>,
    /// The check that would fail.
    pub fault: Option<String>,
}

/// What the next instruction is about to do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outlook {
    /// Memory operands that it names.
    pub operands: Vec<Operand>,
    /// Where control goes, if anywhere but on.
    pub branch: Option<String>,
    /// For conditional instructions: the condition holds.
    pub condition: Option<bool>,
    /// The port it accesses.
    pub port: Option<u16>,
    /// A check of the instruction itself that would fail.
    pub fault: Option<String>,
    /// What else is worth knowing.
    pub notes: Vec<String>,
}

impl Show for Outlook {
    fn show(&self, page: &mut Page) {
        for operand in &self.operands {
            let value = match operand.value {
                Some(value) => format!(" = {:#0width$x}", value, width = 2 + 2 * operand.bytes as usize),
                None => String::new(),
            };
            let owner = operand.owner.map_or_else(String::new, |owner| format!(" ({owner})"));
            page.line(format!("   {}: {}{value}{owner}", operand.access, operand.address.text()));
            if let Some(fault) = &operand.fault {
                page.line(page.tone(Tone::Warning, format!("   faults: {fault}")));
            }
        }
        let port = self.port.map(|port| format!("port {port:#x}"));
        if let Some(fault) = &self.fault {
            page.line(page.tone(Tone::Warning, format!("   faults: {fault}")));
        }
        for line in self.branch.iter().chain(&port).chain(&self.notes) {
            page.line(format!("   {line}"));
        }
    }
}

/// The outlook on the instruction at CS:EIP.
pub fn outlook(target: &dyn Target) -> Outlook {
    let decoded = next_instruction(target);
    let Some(insn) = decoded.insn.filter(|insn| !insn.is_invalid()) else {
        return Outlook::default();
    };
    let condition = condition(target.cpu(), &insn);
    let port = port_access(target.cpu(), &insn);
    let fault = port.and_then(|(port, bytes)| port_fault(target, port, bytes));
    Outlook {
        operands: operands(target, &insn),
        branch: branch(target, &insn, condition),
        condition,
        port: port.map(|(port, _)| port),
        fault: fault.or_else(|| privilege(target.cpu(), &insn)).or_else(|| divisor(target, &insn)),
        notes: notes(target.cpu(), &insn),
    }
}

fn operands(target: &dyn Target, insn: &Instruction) -> Vec<Operand> {
    let mut factory = InstructionInfoFactory::new();
    let info = factory.info(insn);
    let is_memory = |kind: OpKind| {
        matches!(
            kind,
            OpKind::Memory
                | OpKind::MemorySegSI
                | OpKind::MemorySegESI
                | OpKind::MemorySegDI
                | OpKind::MemorySegEDI
                | OpKind::MemoryESDI
                | OpKind::MemoryESEDI
        )
    };
    (0..insn.op_count())
        .filter(|index| is_memory(insn.op_kind(*index)))
        .filter_map(|index| operand(target, insn, index, info.op_access(index)))
        .collect()
}

/// The segment of a memory operand, and where it lies.
pub(crate) fn place(target: &dyn Target, insn: &Instruction, index: u32) -> Option<(SegReg, Address)> {
    let cpu = target.cpu();
    let segment = if matches!(insn.op_kind(index), OpKind::MemoryESDI | OpKind::MemoryESEDI) {
        SegReg::Es
    } else {
        SegReg::from_number(insn.memory_segment().number() as u8)?
    };
    // The base of the segment is added by `Address`, so it counts as zero here.
    let value = |register: iced_x86::Register, _, _| {
        if register.is_segment_register() { Some(0) } else { value_of(cpu, register) }
    };
    let offset = insn.virtual_address(index, 0, value)?;
    Some((segment, Address::in_segment(cpu, segment, offset)))
}

fn operand(target: &dyn Target, insn: &Instruction, index: u32, access: OpAccess) -> Option<Operand> {
    let (cpu, memory) = (target.cpu(), target.memory());
    let (segment, address) = place(target, insn, index)?;
    let bytes = insn.memory_size().size() as u32;
    let (access, writes) = match access {
        OpAccess::Read | OpAccess::CondRead => ("read", Some(false)),
        OpAccess::Write | OpAccess::CondWrite => ("write", Some(true)),
        OpAccess::ReadWrite | OpAccess::ReadCondWrite => ("read and write", Some(true)),
        OpAccess::None | OpAccess::NoMemAccess => ("address only", None),
    };
    let fault = writes.and_then(|writes| fault(target, segment, address, bytes.max(1), writes));
    let everywhere = address.everywhere(cpu, memory);
    let answers = address.physical(cpu, memory).map(|at| owner(memory, at)).filter(|owner| *owner != "RAM");
    let value = if writes.is_some() && fault.is_none() { address.peek_number(cpu, memory, bytes) } else { None };
    Some(Operand {
        access,
        bytes,
        address: everywhere,
        value: value.filter(|_| (1..=8).contains(&bytes)),
        owner: answers.filter(|_| writes.is_some()),
        fault,
    })
}

/// The value of a register by iced's name.
fn value_of(cpu: &CpuState, register: iced_x86::Register) -> Option<u64> {
    Register::by_name(&format!("{register:?}")).map(|found| found.read(cpu))
}

/// The first check that an access would fail. SDM Vol.3A 5.3 "Limit Checking", 5.4 "Type Checking",
/// 4.6 "Access Rights". Alignment checks are left out.
fn fault(target: &dyn Target, reg: SegReg, first: Address, bytes: u32, write: bool) -> Option<String> {
    let cpu = target.cpu();
    let Address::Logical { offset, .. } = first else { return None };
    let (segment, name) = (cpu.seg(reg), reg.name());
    let vector = if reg == SegReg::Ss { "#SS" } else { "#GP" };
    if cpu.code_is_64() {
        let addr = first.linear()?.0;
        if !cpu.is_canonical(addr) {
            return Some(format!("{vector}: {addr:016x} is not canonical"));
        }
        return [0, bytes - 1].into_iter().find_map(|byte| page_fault(target, first.plus(byte).linear()?, write));
    }
    if segment.is_unusable() {
        return Some(format!("{vector}: {name} holds a null selector"));
    }
    if cpu.mode() == Mode::Protected && write && !segment.is_writable() {
        return Some(format!("#GP: {name} is not writable"));
    }
    if cpu.mode() == Mode::Protected && !write && !segment.is_readable() {
        return Some(format!("#GP: {name} is not readable"));
    }
    if !segment.contains(offset as u32, bytes) {
        return Some(format!("{vector}: outside the limit of {name}, {:08x}", segment.limit));
    }
    [0, bytes - 1].into_iter().find_map(|byte| page_fault(target, first.plus(byte).linear()?, write))
}

/// Why paging would refuse an access at the present privilege. A TLB entry that permits it wins, as on silicon.
fn page_fault(target: &dyn Target, at: LinAddr, write: bool) -> Option<String> {
    let (cpu, paging) = (target.cpu(), target.cpu().paging());
    if !paging.enabled {
        return None;
    }
    let user = cpu.cpl == 3;
    let refuses_write = |writable: bool| write && !writable && (user || paging.write_protect);
    if let Some(entry) = cpu.tlb.find(at, cpu.pcid())
        && (!user || entry.user)
        && !refuses_write(entry.writable)
        && (!write || entry.dirty)
    {
        return None;
    }
    let view = view_walk(&paging, target.memory(), at);
    let Some(leaf) = view.leaf else {
        let why = if view.reserved { "an entry has a reserved bit set" } else { "not present" };
        return Some(format!("#PF: lin {:08x}: {why}; see `walk {:#x}`", at.0, at.0));
    };
    if user && !leaf.user {
        return Some(format!("#PF: lin {:08x} is a supervisor page", at.0));
    }
    refuses_write(leaf.writable).then(|| format!("#PF: lin {:08x} is read-only", at.0))
}

/// Why the present privilege forbids the instruction. SDM Vol.3A 5.9 "Privileged Instructions", Vol.1 19.5
/// "Protected-Mode I/O". Ports have their own rule; with VME or PVI it is the virtual interrupt flag that counts.
fn privilege(cpu: &CpuState, insn: &Instruction) -> Option<String> {
    let by_iopl = matches!(insn.mnemonic(), Mnemonic::Cli | Mnemonic::Sti);
    let is_port = port_access(cpu, insn).is_some();
    if cpu.mode() == Mode::Real || cpu.cpl == 0 || !insn.is_privileged() || is_port {
        return None;
    }
    let (cpl, iopl) = (cpu.cpl, cpu.flags.iopl());
    if !by_iopl {
        return Some(format!("#GP: only CPL 0 may, and CPL is {cpl}"));
    }
    let virtual_interrupts = cpu.cr4 & (CR4_VME | CR4_PVI) != 0;
    (cpl > iopl && !virtual_interrupts).then(|| format!("#GP: CPL {cpl} is above IOPL {iopl}"))
}

/// A divisor of zero. That the quotient overflows is not foreseen.
fn divisor(target: &dyn Target, insn: &Instruction) -> Option<String> {
    if !matches!(insn.mnemonic(), Mnemonic::Div | Mnemonic::Idiv) {
        return None;
    }
    let value = if insn.op0_kind() == OpKind::Register {
        value_of(target.cpu(), insn.op0_register())
    } else {
        let (_, at) = place(target, insn, 0)?;
        at.peek_number(target.cpu(), target.memory(), insn.memory_size().size() as u32)
    };
    (value? == 0).then(|| "#DE: the divisor is 0".to_string())
}

/// For conditional instructions: whether the condition holds.
fn condition(cpu: &CpuState, insn: &Instruction) -> Option<bool> {
    let count = count_register(cpu, insn);
    Some(match insn.mnemonic() {
        Mnemonic::Jcxz | Mnemonic::Jecxz => count == 0,
        Mnemonic::Loop => count != 1,
        Mnemonic::Loope => count != 1 && cpu.flags.has(ZF),
        Mnemonic::Loopne => count != 1 && !cpu.flags.has(ZF),
        _ => {
            // iced numbers the conditions as the opcodes do, after `None`.
            let number = (insn.condition_code() as u8).checked_sub(1)?;
            cpu.flags.condition(number)
        }
    })
}

/// CX or ECX, by the address size of a loop or string instruction.
fn count_register(cpu: &CpuState, insn: &Instruction) -> u64 {
    let wide_loop = matches!(
        insn.code(),
        Code::Jecxz_rel8_16
            | Code::Jecxz_rel8_32
            | Code::Loop_rel8_16_ECX
            | Code::Loop_rel8_32_ECX
            | Code::Loope_rel8_16_ECX
            | Code::Loope_rel8_32_ECX
            | Code::Loopne_rel8_16_ECX
            | Code::Loopne_rel8_32_ECX
    );
    let wide_string =
        |index| matches!(insn.op_kind(index), OpKind::MemorySegESI | OpKind::MemorySegEDI | OpKind::MemoryESEDI);
    if wide_loop || (0..insn.op_count()).any(wide_string) {
        Register::General(1).read(cpu)
    } else {
        Register::Word(1).read(cpu)
    }
}

fn branch(target: &dyn Target, insn: &Instruction, condition: Option<bool>) -> Option<String> {
    let cpu = target.cpu();
    let selector = cpu.seg(SegReg::Cs).selector.0;
    match insn.flow_control() {
        FlowControl::ConditionalBranch => Some(if condition == Some(true) {
            format!("taken, to {}", logical(selector, insn.near_branch_target()))
        } else {
            "not taken".to_string()
        }),
        FlowControl::UnconditionalBranch | FlowControl::Call => far_target(target, insn),
        FlowControl::IndirectBranch | FlowControl::IndirectCall => {
            indirect_target(target, insn).map(|to| format!("goes to {to}"))
        }
        FlowControl::Return => return_target(target, insn).map(|to| format!("returns to {to}")),
        FlowControl::Interrupt => {
            let vector = match insn.mnemonic() {
                Mnemonic::Int3 => 3,
                Mnemonic::Int1 => 1,
                Mnemonic::Into => 4,
                _ => insn.immediate8(),
            };
            gate_target(target, vector).map(|to| format!("goes to {to}"))
        }
        _ => {
            condition.map(|holds| if holds { "the condition holds" } else { "the condition does not hold" }.to_string())
        }
    }
}

/// What the selector of a direct far branch names in protected mode: a code segment, a gate, a task.
fn far_target(target: &dyn Target, insn: &Instruction) -> Option<String> {
    let is_far = matches!(insn.op0_kind(), OpKind::FarBranch16 | OpKind::FarBranch32);
    if !is_far || target.cpu().mode() != Mode::Protected {
        return None;
    }
    let selector = Selector(insn.far_branch_selector());
    let table = if selector.is_local() { "LDT" } else { "GDT" };
    let index = selector.0 >> 3;
    Some(match descriptor_of(target.cpu(), target.memory(), selector) {
        Some(descriptor) => format!("{table}[{index}]: {}", describe(descriptor)),
        None => format!("{table}[{index}] cannot be read"),
    })
}

fn indirect_target(target: &dyn Target, insn: &Instruction) -> Option<String> {
    let cpu = target.cpu();
    let selector = cpu.seg(SegReg::Cs).selector.0;
    if insn.op0_kind() == OpKind::Register {
        return Some(logical(selector, value_of(cpu, insn.op0_register())?));
    }
    let (_, at) = place(target, insn, 0)?;
    let bytes = insn.memory_size().size() as u32;
    let value = at.peek_number(cpu, target.memory(), bytes)?;
    // A far pointer is an offset and the selector behind it.
    Some(match insn.memory_size() {
        MemorySize::SegPtr16 => logical((value >> 16) as u16, value & 0xFFFF),
        MemorySize::SegPtr32 => logical((value >> 32) as u16, value & 0xFFFF_FFFF),
        _ => logical(selector, value),
    })
}

/// The return address on top of the stack.
fn return_target(target: &dyn Target, insn: &Instruction) -> Option<String> {
    let (cpu, memory) = (target.cpu(), target.memory());
    let (bytes, is_far) = match insn.code() {
        Code::Retnw | Code::Retnw_imm16 => (2, false),
        Code::Retnd | Code::Retnd_imm16 => (4, false),
        Code::Retnq | Code::Retnq_imm16 => (8, false),
        Code::Retfw | Code::Retfw_imm16 | Code::Iretw => (2, true),
        Code::Retfd | Code::Retfd_imm16 | Code::Iretd => (4, true),
        Code::Retfq | Code::Retfq_imm16 | Code::Iretq => (8, true),
        _ => return None,
    };
    let offset = stack_at(cpu, 0).peek_number(cpu, memory, bytes)?;
    let selector =
        if is_far { stack_at(cpu, bytes).peek_number(cpu, memory, 2)? as u16 } else { cpu.seg(SegReg::Cs).selector.0 };
    Some(logical(selector, offset))
}

fn notes(cpu: &CpuState, insn: &Instruction) -> Vec<String> {
    let mut notes = Vec::new();
    if repeats(insn) {
        let count = count_register(cpu, insn);
        notes.push(match count {
            0 => "the count is 0: no iteration".to_string(),
            1 => "1 iteration left".to_string(),
            _ => format!("{count} iterations left"),
        });
    }
    if insn.mnemonic() == Mnemonic::Hlt {
        notes.push(
            if cpu.flags.has(IF) {
                "waits for an interrupt"
            } else {
                "waits with IF clear: only NMI or reset wakes it"
            }
            .to_string(),
        );
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::Fake;
    use ringwalk_cpu::flags::SF;
    use ringwalk_cpu::state::CR0_PE;

    fn shown(fake: &Fake) -> String {
        let mut page = Page::new(false);
        outlook(fake).show(&mut page);
        page.finish().lines().map(str::trim).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn memory_operands_lead_to_their_bytes() {
        // add word [si+4], 1
        let mut fake = Fake::with_code(&[0x83, 0x44, 0x04, 0x01]);
        fake.cpu.gpr[6] = 0x100;
        fake.cpu.segments[SegReg::Ds as usize].base = 0x500;
        fake.poke(0x604, &[0x34, 0x12]);
        insta::assert_snapshot!(shown(&fake), @"read and write: 0000:0104 -> lin 00000604 = 0x1234");
        fake.cpu.gpr[6] = 0xFFFB;
        insta::assert_snapshot!(shown(&fake), @r"
        read and write: 0000:ffff -> lin 000104ff
        faults: #GP: outside the limit of ds, 0000ffff
        ");
    }

    #[test]
    fn lea_and_device_memory_are_not_read() {
        insta::assert_snapshot!(shown(&Fake::with_code(&[0x8D, 0x47, 0x02])), @"address only: 0000:0002 -> lin 00000002");
        let mut fake = Fake::with_code(&[0xA0, 0x00, 0x00]);
        fake.cpu.segments[SegReg::Ds as usize].base = 0xA0000;
        insta::assert_snapshot!(shown(&fake), @"read: 0000:0000 -> lin 000a0000 (device)");
    }

    #[test]
    fn branches_are_decided_by_the_flags() {
        let mut fake = Fake::with_code(&[0x7C, 0x10]);
        assert_eq!(outlook(&fake).branch.as_deref(), Some("not taken"));
        fake.cpu.flags.set(SF, true);
        assert_eq!(outlook(&fake).branch.as_deref(), Some("taken, to 0000:7c12"));
        let mut fake = Fake::with_code(&[0xE2, 0xFE]);
        for (cx, taken) in [(1, false), (0, true), (2, true)] {
            fake.cpu.gpr[1] = cx;
            assert_eq!(outlook(&fake).condition, Some(taken), "loop with cx = {cx}");
        }
    }

    #[test]
    fn returns_interrupts_and_far_pointers_tell_their_goal() {
        let mut fake = Fake::with_code(&[0xC3]);
        fake.poke(0x7000, &[0x34, 0x12, 0x00, 0xF0]);
        assert_eq!(outlook(&fake).branch.as_deref(), Some("returns to 0000:1234"));
        fake.poke(0x7C00, &[0xCB]);
        assert_eq!(outlook(&fake).branch.as_deref(), Some("returns to f000:1234"));
        fake.poke(0x7C00, &[0xCD, 0x10]);
        fake.poke(0x40, &[0x00, 0x01, 0x00, 0xC0]);
        assert_eq!(outlook(&fake).branch.as_deref(), Some("goes to c000:0100"));
        fake.poke(0x7C00, &[0xFF, 0x2E, 0x00, 0x70]);
        assert_eq!(outlook(&fake).branch.as_deref(), Some("goes to f000:1234"));
    }

    #[test]
    fn what_the_instruction_itself_may_not_do_is_foreseen() {
        let mut fake = Fake::with_code(&[0xF7, 0xF1]);
        assert_eq!(outlook(&fake).fault.as_deref(), Some("#DE: the divisor is 0"));
        fake.cpu.gpr[1] = 1;
        assert_eq!(outlook(&fake).fault, None);
        for (code, fault) in [
            ([0xFA, 0x90], Some("#GP: CPL 3 is above IOPL 0")),
            ([0xF4, 0x90], Some("#GP: only CPL 0 may, and CPL is 3")),
            (
                [0xEC, 0x90],
                Some("#GP: CPL 3 is above IOPL 0, and the I/O permission map of the task does not allow port 0x653"),
            ),
            ([0x9C, 0x90], None),
        ] {
            let mut fake = Fake::with_code(&code);
            assert_eq!(outlook(&fake).fault, None, "real mode");
            fake.cpu.cr0 |= CR0_PE;
            fake.cpu.cpl = 3;
            assert_eq!(outlook(&fake).fault.as_deref(), fault, "{code:02x?}");
        }
    }

    #[test]
    fn a_far_branch_tells_what_its_selector_names() {
        let mut fake = Fake::with_code(&[0x9A, 0x00, 0x00, 0x0B, 0x00, 0xEA, 0x00, 0x00, 0x13, 0x00]);
        assert_eq!(outlook(&fake).branch, None, "real mode");
        fake.cpu.cr0 |= CR0_PE;
        fake.cpu.gdtr.base = 0x1000;
        fake.cpu.gdtr.limit = 0xF;
        fake.poke(0x1008, &0x0000_EC00_0008_1234_u64.to_le_bytes());
        assert_eq!(outlook(&fake).branch.as_deref(), Some("GDT[1]: call gate32 DPL 3 -> 0008:1234"));
        fake.cpu.rip += 5;
        assert_eq!(outlook(&fake).branch.as_deref(), Some("GDT[2] cannot be read"));
    }

    #[test]
    fn ports_and_repeats() {
        let mut fake = Fake::with_code(&[0xEE]);
        fake.cpu.gpr[2] = 0x3F8;
        assert_eq!(outlook(&fake).port, Some(0x3F8));
        let mut fake = Fake::with_code(&[0xF3, 0xAB]);
        fake.cpu.gpr[1] = 5;
        assert_eq!(outlook(&fake).notes, ["5 iterations left"]);
        assert_eq!(outlook(&Fake::with_code(&[0xF4])).notes, ["waits with IF clear: only NMI or reset wakes it"]);
    }
}
