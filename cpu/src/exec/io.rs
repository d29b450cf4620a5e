//! Port input and output. SDM Vol.1 19 "Input/Output".

use ringwalk_mmu::{Access, Class, Port};

use super::bulk;
use super::string::{DESTINATION, SOURCE, advance, drive, repeat};
use crate::debug;
use crate::event::Event;
use crate::exception::{Exception, Step};
use crate::exec::Exec;
use crate::insn::Insn;
use crate::segment::{S, SegReg};
use crate::site::Site;
use crate::state::{CpuState, Mode};
use crate::width::Width;

/// Register number of DX.
const DX: u8 = 2;

/// Where a 32-bit task-state segment holds the offset of its I/O permission bit map. SDM Vol.3A 7.2.1 "Task-State
/// Segment (TSS)".
const MAP_BASE: u32 = 0x66;

/// IN acc, imm8; acc, DX. SDM Vol.2A "IN". Flags: none. Faults: #GP(0) without I/O privilege.
pub fn input<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let port = cx.src(i)?;
    require_port::<W>(cx, port)?;
    let value: W = read_port(cx, port);
    cx.set_dst(i, value)
}

/// OUT imm8, acc; DX, acc. SDM Vol.2B "OUT". Flags: none. Faults: #GP(0) without I/O privilege.
pub fn output<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let port = cx.dst(i)?;
    require_port::<W>(cx, port)?;
    let value: W = cx.src(i)?;
    write_port(cx, port, value);
    Ok(())
}

/// INS. SDM Vol.2A "INS/INSB/INSW/INSD". Flags: none. Faults: #GP(0) without I/O privilege; operand access, before
/// the port is read.
pub fn ins<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let one = |cx: &mut Exec<'_>| {
        let port = cx.reg(DX);
        require_port::<W>(cx, port)?;
        let offset = cx.address_reg(i, DESTINATION);
        let addr = cx.checked(SegReg::Es, offset, W::BYTES, Access::Write)?;
        cx.require_writable(addr, W::BYTES, cx.class())?;
        let value: W = read_port(cx, port);
        cx.store(SegReg::Es, offset, value)?;
        advance::<W>(cx, i, DESTINATION);
        Ok(())
    };
    drive(cx, i, one, |_| false, input_run::<W>)
}

fn input_run<W: Width>(cx: &mut Exec<'_>, i: &Insn, most: u64) -> u64 {
    let minded = cx.hot.events.is_some() || debug::minds_ports(cx.cpu);
    if minded || !is_privileged(cx.cpu) {
        return 0;
    }
    let port = cx.reg(DX);
    bulk::input_run::<W>(cx, i, port, most)
}

/// OUTS. SDM Vol.2B "OUTS/OUTSB/OUTSW/OUTSD". Flags: none. Faults: #GP(0) without I/O privilege; operand access,
/// before the port is written.
pub fn outs<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    repeat(cx, i, |cx| {
        let port = cx.reg(DX);
        require_port::<W>(cx, port)?;
        let value: W = cx.load(i.segment(), cx.address_reg(i, SOURCE))?;
        write_port(cx, port, value);
        advance::<W>(cx, i, SOURCE);
        Ok(())
    })
}

fn read_port<W: Width>(cx: &mut Exec<'_>, port: u16) -> W {
    note_access::<W>(cx, port);
    let value = cx.on_bus(|bus, bus_cx| bus.port_read(Port(port), W::SIZE, bus_cx));
    cx.tell(Event::PortRead(port, W::BYTES as u8, value));
    W::truncate(value.into())
}

fn write_port<W: Width>(cx: &mut Exec<'_>, port: u16, value: W) {
    note_access::<W>(cx, port);
    let value = value.as_() as u32; // ports are at most 32 bits wide
    cx.on_bus(|bus, bus_cx| bus.port_write(Port(port), W::SIZE, value, bus_cx));
    cx.tell(Event::PortWrite(port, W::BYTES as u8, value));
}

/// An I/O breakpoint strikes behind the instruction.
fn note_access<W: Width>(cx: &mut Exec<'_>, port: u16) {
    debug::note_port_access(cx.cpu, port, W::BYTES);
    if cx.cpu.pending_debug != 0 {
        cx.leave();
    }
}

/// Real mode may use every port, protected mode with CPL at most IOPL too; otherwise, and always in virtual-8086 mode,
/// the I/O permission bit map decides. SDM Vol.1 19.5.1 "I/O Privilege Level".
fn require_port<W: Width>(cx: &mut Exec<'_>, port: u16) -> Step {
    let allowed = is_privileged(cx.cpu) || map_allows(cx, port, W::BYTES)?;
    cx.require(allowed, Site::IoPrivilege, 0)
}

/// Every port may be used, whatever the bit map says.
fn is_privileged(cpu: &CpuState) -> bool {
    match cpu.mode() {
        Mode::Real => true,
        Mode::Protected => cpu.cpl <= cpu.flags.iopl(),
        Mode::Virtual8086 => false,
    }
}

/// All bits of the ports are clear in the bit map of the current task. Two bytes are always read, and both must lie
/// within the limit. SDM Vol.1 19.5.2 "I/O Permission Bit Map".
fn map_allows(cx: &mut Exec<'_>, port: u16, ports: u64) -> Result<bool, Exception> {
    let tr = cx.cpu.tr;
    // Types 9 and Bh: a 32-bit task-state segment, available or busy.
    let has_map = tr.rights & (S | 0xD) == 9;
    if !has_map || tr.limit < MAP_BASE + 1 {
        return Ok(false);
    }
    let map = u32::from(read_tss(cx, MAP_BASE)?);
    let at = map + u32::from(port / 8);
    if tr.limit < at + 1 {
        return Ok(false);
    }
    let needed = ((1u16 << ports) - 1) << (port % 8);
    Ok(read_tss(cx, at)? & needed == 0)
}

fn read_tss(cx: &mut Exec<'_>, offset: u32) -> Result<u16, Exception> {
    let addr = cx.system_address(cx.cpu.tr.base, offset.into());
    cx.load_linear(addr, Class::Supervisor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::testing::{Machine, insn};
    use crate::flags::{DF, IOPL, VM};
    use crate::insn::{PLACE_IMMEDIATE, REP};
    use crate::segment::{DEFAULT_BIG, Segment, Selector};
    use crate::state::{CR0_PE, CR4_DE};

    const TSS: u64 = 0x8000;
    const MAP: u64 = 0x68;

    fn in_from(port: u8) -> Insn {
        Insn { dst: 0, src: PLACE_IMMEDIATE, imm: port.into(), ..insn() }
    }

    /// CPL 3, IOPL 0, a task whose bit map covers ports 0 to 77h with bits set for 21h and 3Fh.
    fn user() -> Machine {
        let mut machine = Machine::new();
        machine.cpu.cr0 |= CR0_PE;
        machine.cpu.cpl = 3;
        machine.cpu.tr =
            Segment { selector: Selector(0x28), base: TSS, limit: (MAP + 15) as u32, rights: 0x8B | DEFAULT_BIG };
        machine.write(TSS + u64::from(MAP_BASE), &(MAP as u16).to_le_bytes());
        machine.write(TSS + MAP + 4, &[1 << 1, 0, 0, 1 << 7]);
        machine
    }

    fn allowed<W: Width>(machine: &mut Machine, port: u8) -> bool {
        let run = machine.run(|cx| input::<W>(cx, &in_from(port)));
        if let Err(fault) = run.step {
            assert_eq!((fault.site, fault.code), (Site::IoPrivilege, 0));
        }
        run.step.is_ok()
    }

    #[test]
    fn the_bit_map_decides_below_iopl() {
        let mut machine = user();
        assert!(allowed::<u8>(&mut machine, 0x20));
        assert!(!allowed::<u8>(&mut machine, 0x21));
        assert!(!allowed::<u16>(&mut machine, 0x20), "a word needs both bits");
        assert!(!allowed::<u32>(&mut machine, 0x1E));
        assert!(allowed::<u16>(&mut machine, 0x1E));
        assert!(!allowed::<u16>(&mut machine, 0x3E), "the bit is in the byte's last place");
        assert!(allowed::<u32>(&mut machine, 0x38));
        assert_eq!(machine.bus.log.len(), 3, "a refused port is not touched");
    }

    #[test]
    fn both_bytes_of_the_bit_map_lie_within_the_limit() {
        let mut machine = user();
        assert!(allowed::<u8>(&mut machine, 0x77));
        assert!(!allowed::<u8>(&mut machine, 0x78));
        machine.cpu.tr.limit = MAP_BASE;
        assert!(!allowed::<u8>(&mut machine, 0));
    }

    #[test]
    fn a_16_bit_task_has_no_bit_map() {
        let mut machine = user();
        machine.cpu.tr.rights = 0x83;
        assert!(!allowed::<u8>(&mut machine, 0x20));
    }

    #[test]
    fn iopl_opens_all_ports_but_not_in_virtual_8086_mode() {
        let mut machine = user();
        machine.cpu.flags.set(IOPL, true);
        assert!(allowed::<u8>(&mut machine, 0x21));
        machine.cpu.flags.set(VM, true);
        assert!(!allowed::<u8>(&mut machine, 0x21));
        assert!(allowed::<u8>(&mut machine, 0x20));
    }

    #[test]
    fn ins_checks_its_destination_before_it_reads_the_port() {
        let mut machine = Machine::new();
        machine.cpu.gpr[usize::from(DESTINATION)] = 0xFFFF;
        let run = machine.run(|cx| ins::<u16>(cx, &insn()));
        assert_eq!(run.step.map_err(|fault| fault.site), Err(Site::DataLimit));
        assert!(machine.bus.log.is_empty());
    }

    #[test]
    fn rep_ins_and_outs_pause_at_every_device_access() {
        let rep = Insn { flags: REP, ..insn() };
        let mut machine = Machine::new();
        machine.cpu.gpr[1] = 2;
        machine.cpu.gpr[2] = 0x1F0;
        machine.cpu.gpr[usize::from(DESTINATION)] = 0x2000;
        machine.cpu.gpr[usize::from(SOURCE)] = 0x2000;
        assert!(machine.run(|cx| ins::<u16>(cx, &rep)).unfinished);
        assert!(!machine.run(|cx| ins::<u16>(cx, &rep)).unfinished);
        assert_eq!(machine.read(0x2000, 4), [1, 0, 2, 0]);
        machine.cpu.gpr[1] = 1;
        assert!(!machine.run(|cx| outs::<u32>(cx, &rep)).unfinished);
        assert_eq!(machine.bus.log, ["read 1f0 Word", "read 1f0 Word", "write 1f0 Dword 20001"]);
    }

    /// REP INSW of five words to 2000h; a block of three is ready.
    fn machine_with_block() -> Machine {
        let mut machine = Machine::new();
        machine.cpu.gpr[1] = 5;
        machine.cpu.gpr[2] = 0x1F0;
        // The page is written once before, so that the HostTlb knows it.
        machine.cpu.gpr[usize::from(DESTINATION)] = 0x2100;
        assert!(machine.run(|cx| ins::<u16>(cx, &insn())).step.is_ok());
        machine.bus.log.clear();
        machine.cpu.gpr[usize::from(DESTINATION)] = 0x2000;
        machine.bus.block = b"abcdef".to_vec();
        machine.cpu.position = 100;
        machine
    }

    fn rep_insw() -> Insn {
        Insn { flags: REP, ..insn() }
    }

    #[test]
    fn rep_ins_takes_a_block_and_goes_on_by_single_elements() {
        let mut machine = machine_with_block();
        let run = machine.run(|cx| ins::<u16>(cx, &rep_insw()));
        assert_eq!((run.step, run.extra_cycles, run.unfinished), (Ok(()), 3, true));
        assert_eq!(machine.bus.log, ["block 1f0 Word of 3 until 104", "read 1f0 Word"]);
        assert_eq!(machine.read(0x2000, 10), *b"abcdef\x02\0\0\0");
        assert_eq!((machine.cpu.gpr[1], machine.cpu.gpr[usize::from(DESTINATION)]), (1, 0x2008));
    }

    #[test]
    fn a_block_ends_before_the_deadline() {
        let mut machine = machine_with_block();
        machine.deadline = 102;
        machine.bus.block = vec![7; 10];
        let run = machine.run(|cx| ins::<u16>(cx, &rep_insw()));
        assert_eq!((run.step, run.extra_cycles, run.unfinished), (Ok(()), 1, true));
        assert_eq!(machine.cpu.gpr[1], 3, "of five iterations two end by the deadline");
    }

    /// Downward, below the I/O privilege level, or with an I/O breakpoint somewhere: element by element.
    #[test]
    fn no_block_is_taken_where_each_access_must_be_looked_at() {
        let downward = |machine: &mut Machine| machine.cpu.flags.set(DF, true);
        let privileged = |machine: &mut Machine| {
            machine.cpu.cr0 |= CR0_PE;
            machine.cpu.cpl = 3;
            machine.cpu.tr = user().cpu.tr;
        };
        let watched = |machine: &mut Machine| {
            machine.cpu.cr4 |= CR4_DE;
            machine.cpu.dr7 = 0x0002_0001;
        };
        for prepare in [downward as fn(&mut Machine), privileged, watched] {
            let mut machine = machine_with_block();
            prepare(&mut machine);
            let _ = machine.run(|cx| ins::<u16>(cx, &rep_insw()));
            assert_eq!(machine.bus.block.len(), 6, "{:?}", machine.bus.log);
        }
    }
}
