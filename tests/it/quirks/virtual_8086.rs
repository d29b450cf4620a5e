//! Q26: virtual-8086 mode: what is sensitive there, how it is left and entered.
//! SDM Vol.3B 20.2 "Virtual-8086 Mode".

use ringwalk_cpu::flags::{IF, IOPL, RF, VM};
use ringwalk_cpu::segment::{SegReg, Segment, Selector};
use ringwalk_cpu::site::Site;

use crate::program::*;

const UD: u8 = 6;
const NP: u8 = 11;
const GP: u8 = 13;

/// Q26: at IOPL 0 CLI, STI, PUSHF, POPF, INT n and IRET are refused, and at IOPL 3 they work; nothing else depends on
/// IOPL. Privileged instructions are refused at any, those of protected mode are undefined. Segment registers are
/// plain numbers, and SMSW, SGDT and SIDT tell all.
#[test]
fn q26_what_is_sensitive() {
    const REFUSED: Result<(), (u8, u16)> = Err((GP, 0));
    const UNDEFINED: Result<(), (u8, u16)> = Err((UD, 0));
    /// Code, what comes of it at IOPL 0, and at IOPL 3.
    type Row = (&'static [u8], Result<(), (u8, u16)>, Result<(), (u8, u16)>);
    let rows: &[Row] = &[
        (&[0xFA], REFUSED, Ok(())),
        (&[0xFB], REFUSED, Ok(())),
        (&[0x9C], REFUSED, Ok(())),
        (&[0x9D], REFUSED, Ok(())),
        (&[0x66, 0x9C], REFUSED, Ok(())),
        (&[0x66, 0x9D], REFUSED, Ok(())),
        (&[0xCF], REFUSED, Ok(())),
        (&[0xCD, 0x30], REFUSED, Ok(())),
        // INT3 and INT1 go through.
        (&[0xCC], Ok(()), Ok(())),
        (&[0xF1], Ok(()), Ok(())),
        // HLT, MOV EAX,CR0, MOV CR0,EAX, MOV EAX,DR7, LMSW, CLTS, LGDT, LIDT, INVD, RDMSR.
        (&[0xF4], REFUSED, REFUSED),
        (&[0x0F, 0x20, 0xC0], REFUSED, REFUSED),
        (&[0x0F, 0x22, 0xC0], REFUSED, REFUSED),
        (&[0x0F, 0x21, 0xF8], REFUSED, REFUSED),
        (&[0x0F, 0x01, 0xF0], REFUSED, REFUSED),
        (&[0x0F, 0x06], REFUSED, REFUSED),
        (&[0x0F, 0x01, 0x16, 0, 0], REFUSED, REFUSED),
        (&[0x0F, 0x01, 0x1E, 0, 0], REFUSED, REFUSED),
        (&[0x0F, 0x08], REFUSED, REFUSED),
        (&[0x0F, 0x32], REFUSED, REFUSED),
        // SLDT, STR, LLDT, LTR, VERR, LAR, LSL, ARPL.
        (&[0x0F, 0x00, 0xC3], UNDEFINED, UNDEFINED),
        (&[0x0F, 0x00, 0xCB], UNDEFINED, UNDEFINED),
        (&[0x0F, 0x00, 0xD3], UNDEFINED, UNDEFINED),
        (&[0x0F, 0x00, 0xDB], UNDEFINED, UNDEFINED),
        (&[0x0F, 0x00, 0xE3], UNDEFINED, UNDEFINED),
        (&[0x0F, 0x02, 0xC3], UNDEFINED, UNDEFINED),
        (&[0x0F, 0x03, 0xC3], UNDEFINED, UNDEFINED),
        (&[0x63, 0xC3], UNDEFINED, UNDEFINED),
        // MOV DS,AX with any number; PUSH CS; POP DS; RETF; SMSW AX; SGDT; LAHF.
        (&[0x8E, 0xD8], Ok(()), Ok(())),
        (&[0x0E], Ok(()), Ok(())),
        (&[0x1F], Ok(()), Ok(())),
        (&[0xCB], Ok(()), Ok(())),
        (&[0x0F, 0x01, 0xE0], Ok(()), Ok(())),
        (&[0x0F, 0x01, 0x06, 0, 0], Ok(()), Ok(())),
        (&[0x9F], Ok(()), Ok(())),
    ];
    for (code, at_0, at_3) in rows {
        for (iopl, expected) in [(0, at_0), (IOPL, at_3)] {
            let mut program = Program::virtual_8086();
            program.set_flags(VM | iopl);
            for vector in [1, 3, 0x30] {
                program.set_gate(vector, gate(CODE_OF[0], HANDLERS + u32::from(vector), 0xEE, 0));
            }
            program.cpu.gpr[0] = 0x1235;
            assert_eq!(program.attempt(code), *expected, "{code:x?} IOPL {iopl:x}");
        }
    }
}

/// Q26: ports are the I/O permission bit map's business alone, even at IOPL 3.
#[test]
fn q26_ports_go_by_the_bit_map() {
    for (bits, expected) in [(0, Ok(())), (1, Err((GP, 0)))] {
        for iopl in [0, IOPL] {
            let mut program = Program::virtual_8086();
            program.set_flags(VM | iopl);
            program.cpu.tr.limit = 0x68 + 0x20;
            program.write(TSS + 0x68, &[0; 0x21]);
            program.write(TSS + 0x68 + 4, &[bits]);
            assert_eq!(program.attempt(&[0xE4, 0x20]), expected, "bits {bits} IOPL {iopl:x}");
        }
    }
}

/// Segments that differ, and a stack pointer with rubbish above.
fn leaving() -> Program {
    let mut program = Program::virtual_8086();
    for (reg, selector) in [(SegReg::Es, 0x2100), (SegReg::Ds, 0x2200), (SegReg::Fs, 0x2300), (SegReg::Gs, 0x2400)] {
        program.cpu.segments[reg as usize] = Segment::virtual_8086(Selector(selector));
    }
    program.set_flags(VM | IF | 0x8D5);
    program.set_esp(0xABCD_1000);
    program
}

/// Q26: leaving by a 32-bit gate pushes GS FS DS ES SS ESP EFLAGS CS EIP and the error code, on the stack of ring 0, and
/// makes ES, DS, FS and GS null. A fault's image has RF.
#[test]
fn q26_the_frame_of_an_exit() {
    for (code, vector, error) in [(&[0x0F, 0x0B][..], UD, None), (&[0xF4], GP, Some(0))] {
        let mut program = leaving();
        let before = program.cpu.clone();
        assert!(program.attempt(code).is_err());
        let pushed = 9 + usize::from(error.is_some());
        assert_eq!(program.esp(), STACKS[0] - 4 * pushed as u32, "{vector}");
        let frame: Vec<u32> = (0..pushed as u32).map(|index| program.read_dword(program.esp() + 4 * index)).collect();
        let mut expected: Vec<u32> = error.into_iter().collect();
        expected.extend([0, 0x1000, before.flags.bits() | RF, 0xABCD_1000, 0x3000, 0x2100, 0x2200, 0x2300, 0x2400]);
        assert_eq!(frame, expected, "{vector}");
        for reg in [SegReg::Es, SegReg::Ds, SegReg::Fs, SegReg::Gs] {
            assert_eq!(*program.cpu.seg(reg), Segment::null(Selector(0)), "{reg:?}");
        }
        assert_eq!((program.selector(SegReg::Cs), program.selector(SegReg::Ss)), (CODE_OF[0], DATA_OF[0]));
        assert_eq!((program.cpu.cpl, program.cpu.flags.bits() & (VM | RF | IF)), (0, 0));
    }
}

/// Q26: a 16-bit gate pushes the same as words.
#[test]
fn q26_the_frame_of_an_exit_by_a_16_bit_gate() {
    let mut program = leaving();
    program.set_gate(GP, gate(CODE_OF[0], HANDLERS + 13, 0x86, 0));
    assert_eq!(program.attempt(&[0xF4]), Err((GP, 0)));
    assert_eq!(program.esp(), STACKS[0] - 20);
    let frame: Vec<u16> = (0..10).map(|index| program.read_word(program.esp() + 2 * index)).collect();
    let flags = (IF | 0x8D7) as u16;
    assert_eq!(frame, [0, 0, 0x1000, flags, 0x1000, 0x3000, 0x2100, 0x2200, 0x2300, 0x2400]);
}

/// Q26: IRETD at CPL 0 takes the whole frame back.
#[test]
fn q26_there_and_back_again() {
    let mut program = leaving();
    let before = program.cpu.clone();
    program.bus.pending.push(0x20);
    program.steps(1);
    assert_eq!((program.cpu.cpl, program.eip()), (0, HANDLERS + 0x20));
    program.write(HANDLERS + 0x20, &[0xCF]);
    program.engine.forget(&mut program.memory);
    program.steps(1);
    assert_eq!(program.cpu.segments, before.segments);
    assert_eq!((program.cpu.flags, program.eip(), program.esp()), (before.flags, before.rip as u32, 0xABCD_1000));
    assert_eq!(program.cpu.cpl, 3);
}

/// Q26: the handler must be code of ring 0 that does not conform: #GP with its selector otherwise, and EXT for what
/// comes from outside. SDM Vol.3B 20.3.1.1 "Handling an Interrupt or Exception Through a Protected-Mode Trap or
/// Interrupt Gate".
#[test]
fn q26_the_handler_runs_in_ring_0() {
    let rows = [
        ("ring 1", CODE_OF[1], GP, u32::from(CODE_OF[1] & !3), Site::V86Handler),
        ("ring 3", CODE_OF[3], GP, u32::from(CODE_OF[3] & !3), Site::V86Handler),
        ("conforming", CONFORMING, GP, u32::from(CONFORMING), Site::V86Handler),
        ("not present", FREE, NP, u32::from(FREE), Site::CodeNotPresent),
        ("data", DATA_OF[0], GP, u32::from(DATA_OF[0]), Site::CodeType),
    ];
    for (name, selector, vector, code, site) in rows {
        for external in [false, true] {
            let mut program = Program::virtual_8086();
            program.set_descriptor(FREE, descriptor(0, 0xF_FFFF, CODE_32 & !0x80));
            program.set_gate(0x20, gate(selector, HANDLERS + 0x20, 0xEE, 0));
            program.set_flags(VM | IOPL | IF);
            if external {
                program.bus.pending.push(0x20);
            }
            program.write(CODE, &[0xCD, 0x20]);
            assert_eq!(program.fault_site(), (vector, code | u32::from(external), site), "{name}, external {external}");
        }
    }
}

/// Q26: what IRETD to virtual-8086 mode finds on its stack is checked as a whole before anything is loaded: nine
/// operands, and an offset of 16 bits.
#[test]
fn q26_an_entry_that_is_refused() {
    let frame = [0x10, 0x1000, VM | 2, 0x800, 0x3000, 0x2001, 0x2002, 0x2003, 0x2004];
    let entering = |eip: u32| {
        let mut program = Program::protected();
        program.set_esp(STACKS[0] - 36);
        for (index, value) in frame.into_iter().enumerate() {
            program.write_dword(STACKS[0] - 36 + 4 * index as u32, value);
        }
        program.write_dword(STACKS[0] - 36, eip);
        program
    };
    assert_eq!(entering(0xFFFF).attempt(&[0xCF]), Ok(()));
    let mut program = entering(0x1_0000);
    assert_eq!(program.attempt(&[0xCF]), Err((GP, 0)));
    let fault = program.frame(GP);
    assert_eq!((fault.eip, fault.cs, fault.esp), (CODE, CODE_OF[0], STACKS[0] - 36));
    for operands in 3..9 {
        let mut program = entering(0x10);
        program.cpu.segments[SegReg::Ss as usize].limit = STACKS[0] - 36 + 4 * operands - 1;
        assert_eq!(program.attempt(&[0xCF]), Err((12, 0)), "{operands} operands");
        assert_eq!(program.frame(12).esp, STACKS[0] - 36);
    }
}

/// Q26: in ring 3 VM in the image of IRETD is ignored: there is no way into virtual-8086 mode but from ring 0.
#[test]
fn q26_no_entry_from_other_rings() {
    for ring in 1..4u8 {
        let mut program = Program::protected();
        program.enter_ring(ring);
        let top = STACKS[usize::from(ring)] - 12;
        program.write_dword(top, 0x1234);
        program.write_dword(top + 4, CODE_OF[usize::from(ring)].into());
        program.write_dword(top + 8, VM | 2);
        program.set_esp(top);
        assert_eq!(program.attempt(&[0xCF]), Ok(()));
        assert_eq!((program.cpu.flags.bits(), program.cpu.cpl), (2, ring));
    }
}
