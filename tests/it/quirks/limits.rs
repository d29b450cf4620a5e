//! Q10 to Q15, Q17, Q27: segment limits and their ends, descriptor caches, the A20 gate.

use ringwalk_cpu::segment::{SegReg, Segment, Selector};
use ringwalk_cpu::site::Site;
use ringwalk_cpu::state::{CR0_PE, CR0_PG, CR0_WP};

use crate::program::*;

const SS: u8 = 12;
const GP: u8 = 13;

/// What an instruction comes to: the vector and error code of its fault.
type Answer = Result<(), (u8, u16)>;

/// Q10: a word at offset FFFFh of a 64 KiB segment is #GP, through SS #SS; it does not wrap to 0 as in the 8086.
/// SDM Vol.3B 22.32.1 "Segment Wraparound".
#[test]
fn q10_a_word_at_ffff_faults_in_real_mode() {
    // MOV AX,[FFFFh]; MOV [FFFFh],AX; MOV AX,SS:[FFFFh]; MOV EAX,[FFFDh]; ADD [FFFFh],AX; the last byte alone.
    let rows: [(&[u8], Answer); 8] = [
        (&[0xA1, 0xFF, 0xFF], Err((GP, 0))),
        (&[0xA3, 0xFF, 0xFF], Err((GP, 0))),
        (&[0x36, 0xA1, 0xFF, 0xFF], Err((SS, 0))),
        (&[0x66, 0xA1, 0xFD, 0xFF], Err((GP, 0))),
        (&[0x01, 0x06, 0xFF, 0xFF], Err((GP, 0))),
        (&[0xA0, 0xFF, 0xFF], Ok(())),
        (&[0xA1, 0xFE, 0xFF], Ok(())),
        (&[0x66, 0xA1, 0xFC, 0xFF], Ok(())),
    ];
    for (code, expected) in rows {
        assert_eq!(Program::real().attempt(code), expected, "{code:x?}");
        let mut v86 = Program::virtual_8086();
        assert_eq!(v86.attempt(code), expected, "{code:x?} in virtual-8086 mode");
    }
    // The operands of a string instruction: the source first, and nothing has moved.
    let mut program = Program::real();
    program.cpu.gpr[6] = 0xFFFF;
    assert_eq!(program.attempt(&[0xA5]), Err((GP, 0)));
    assert_eq!((program.reg(6), program.reg(7)), (0xFFFF, 0));
}

/// Q10: code that runs past FFFFh faults at the instruction that begins or ends there; a jump to IP 10000h faults
/// itself.
#[test]
fn q10_code_does_not_wrap_at_ffff() {
    // NOP at FFFFh runs, and the next fetch at 10000h faults: IP, of 16 bits, is pushed as 0.
    let mut program = Program::real();
    program.cpu.rip = 0xFFFF;
    program.code("90 ; nop");
    program.write(u32::from(REAL_CODE) * 16, &[0xF4]);
    assert_eq!(program.run(), End::Vector(GP));
    assert_eq!(program.read_word(u32::from(REAL_STACK) * 16 + program.esp()), 0);
    assert_eq!(program.last_site(), Site::FetchLimit);

    // MOV AL, imm8 whose second byte would be the first of the segment.
    let mut program = Program::real();
    program.cpu.rip = 0xFFFF;
    program.write(u32::from(REAL_CODE) * 16 + 0xFFFF, &[0xB0, 0x55]);
    program.write(u32::from(REAL_CODE) * 16, &[0x55, 0xF4]);
    assert_eq!(program.run(), End::Vector(GP));
    assert_eq!(program.read_word(u32::from(REAL_STACK) * 16 + program.esp()), 0xFFFF);

    // JMP short with 32-bit operands from FFF0h leads to 10002h; with 16-bit operands it wraps to 2.
    let mut program = Program::real();
    program.cpu.rip = 0xFFF0;
    assert_eq!(program.attempt(&[0x66, 0xEB, 0x0F]), Err((GP, 0)));
    assert_eq!(program.last_site(), Site::BranchLimit);
    let mut program = Program::real();
    program.cpu.rip = 0xFFF0;
    assert_eq!(program.attempt(&[0xEB, 0x10]), Ok(()));
    assert_eq!(program.eip(), 2);
}

/// Q11: stack pushes of an expand-down segment stop at its limit, whose G bit scales it.
#[test]
fn q11_a_stack_that_expands_down() {
    for (limit, rights, lowest) in [(0x7FFF, 0x4097, 0x8000), (7, 0xC097, 0x8000), (0x7FFF, 0x0097, 0x8000)] {
        let mut program = Program::protected();
        program.set_descriptor(FREE, descriptor(0, limit, rights));
        program.load(SegReg::Ss, FREE);
        program.set_esp(lowest + 4);
        assert_eq!(program.attempt(&[0x50]), Ok(()), "{limit:x} {rights:x}");
        // #SS cannot be delivered on this stack, and neither can #DF.
        assert_eq!(program.esp(), lowest);
        program.cpu.rip = u64::from(CODE);
        program.write(CODE, &[0x50]);
        assert_eq!(program.run(), End::Shutdown);
        assert_eq!(program.esp(), lowest);
    }
}

/// Q12, our choice of what silicon leaves open: with a limit of FFFFFFFFh an access over the top wraps to linear 0.
#[test]
fn q12_an_access_over_4_gib_wraps() {
    let mut program = Program::paged();
    // The last page is mapped to 30000h, the first to 31000h.
    program.write_dword(pde_of(0xFFFF_F000), 0x20_0000 | 7);
    program.write_dword(0x20_0FFC, 0x3_0000 | 7);
    program.write_dword(pte_of(0), 0x3_1000 | 7);
    program.write(0x3_0FFE, &[0x11, 0x22]);
    program.write(0x3_1000, &[0x33, 0x44]);
    program.cpu.gpr[3] = 0xFFFF_FFFE;
    assert_eq!(program.attempt(&[0x8B, 0x03]), Ok(()));
    assert_eq!(program.reg(0), 0x4433_2211);
    // One byte less of limit, and it faults.
    program.cpu.segments[SegReg::Ds as usize].limit = 0xFFFF_FFFE;
    assert_eq!(program.attempt(&[0x8B, 0x03]), Err((GP, 0)));
}

/// Q13: a real-mode load of a segment register changes selector and base; limit and rights stay.
/// SDM Vol.3A 9.9.2 "Switching Back to Real-Address Mode".
#[test]
fn q13_unreal_mode() {
    let mut program = Program::real();
    program.cpu.segments[SegReg::Ds as usize] =
        Segment { selector: Selector(8), base: 0, limit: u32::MAX, rights: DATA_32 };
    program.cpu.gpr[0] = 0x2000;
    assert_eq!(program.attempt(&[0x8E, 0xD8]), Ok(()));
    let ds = *program.cpu.seg(SegReg::Ds);
    assert_eq!(ds, Segment { selector: Selector(0x2000), base: 0x2_0000, limit: u32::MAX, rights: DATA_32 });
    // MOV AL,[00345678h] by a 32-bit address.
    program.write(0x36_5678, &[0x5A]);
    assert_eq!(program.attempt(&[0x67, 0xA0, 0x78, 0x56, 0x34, 0x00]), Ok(()));
    assert_eq!(program.reg(0) & 0xFF, 0x5A);
    // The same with ES, whose limit is 64 KiB.
    assert_eq!(program.attempt(&[0x26, 0x67, 0xA0, 0x78, 0x56, 0x34, 0x00]), Err((GP, 0)));
}

/// Q13: behind CR0.PE 1 -> 0 CS keeps limit and D; a far jump then loads selector and base only.
#[test]
fn q13_cs_keeps_its_size_when_protection_ends() {
    let mut program = Program::protected();
    program.cpu.gpr[0] = 0x10;
    assert_eq!(program.attempt(&[0x0F, 0x22, 0xC0]), Ok(()));
    assert!(!program.cpu.protected());
    // Still 32-bit code: MOV EAX, imm32 takes five bytes.
    assert_eq!(program.attempt(&[0xB8, 0x78, 0x56, 0x34, 0x12]), Ok(()));
    assert_eq!((program.reg(0), program.selector(SegReg::Cs)), (0x1234_5678, CODE_OF[0]));
    // JMP 1000h:00000200h.
    assert_eq!(program.attempt(&[0xEA, 0, 2, 0, 0, 0, 0x10]), Ok(()));
    let cs = *program.cpu.seg(SegReg::Cs);
    assert_eq!((cs.selector.0, cs.base, cs.limit, program.eip()), (0x1000, 0x1_0000, u32::MAX, 0x200));
    assert!(cs.is_big());
}

/// Q13: entering virtual-8086 mode forces the caches to 64 KiB of writable data at DPL 3, whatever they held.
#[test]
fn q13_virtual_8086_mode_forces_the_caches() {
    let mut program = Program::protected();
    let frame = [0x10, 0x1000, 1 << 17 | 2, 0x800, 0x3000, 0x2001, 0x2002, 0x2003, 0x2004];
    let top = program.esp() - 36;
    for (index, value) in frame.into_iter().enumerate() {
        program.write_dword(top + 4 * index as u32, value);
    }
    program.set_esp(top);
    assert_eq!(program.attempt(&[0xCF]), Ok(()));
    for (reg, selector) in SegReg::ALL.into_iter().zip([0x2001u16, 0x1000, 0x3000, 0x2002, 0x2003, 0x2004]) {
        let found = *program.cpu.seg(reg);
        let expected =
            Segment { selector: Selector(selector), base: u64::from(selector) << 4, limit: 0xFFFF, rights: 0xF3 };
        assert_eq!(found, expected, "{reg:?}");
    }
}

/// Q14: after reset the base of CS is FFFF0000h until the first far transfer. SDM Vol.3A 9.1.4 "First Instruction
/// Executed".
#[test]
fn q14_the_base_after_reset_lasts_until_a_far_transfer() {
    let mut program = Program::real();
    program.cpu.reset();
    assert_eq!(program.cpu.linear_rip(), 0xFFFF_FFF0);
    // As after a reset, but where the test has memory.
    program.cpu.segments[SegReg::Cs as usize].base = 0x1_0000;
    program.cpu.rip = 0x100;
    assert_eq!(program.attempt(&[0xEB, 0x10]), Ok(()));
    let cs = *program.cpu.seg(SegReg::Cs);
    assert_eq!((cs.selector.0, cs.base, program.eip()), (0xF000, 0x1_0000, 0x112));
    assert_eq!(program.attempt(&[0xEA, 0x00, 0x02, 0x00, 0xF0]), Ok(()));
    let cs = *program.cpu.seg(SegReg::Cs);
    assert_eq!((cs.selector.0, cs.base, program.eip()), (0xF000, 0xF_0000, 0x200));
}

/// Q15: LDTR and TR do not follow their descriptors, nor segment registers a change of CR0.PE.
#[test]
fn q15_caches_of_ldtr_tr_and_cs_do_not_follow_either() {
    let mut program = Program::user();
    program.write(LDT + 8, &descriptor(0x5_0000, 0xFFF, 0x40F3).to_le_bytes());
    program.set_descriptor(LDT_SELECTOR, 0);
    program.set_descriptor(TSS_SELECTOR, 0);
    // MOV DS, 0Fh by the LDT that was loaded.
    program.cpu.gpr[0] = 0x0F;
    assert_eq!(program.attempt(&[0x8E, 0xD8]), Ok(()));
    assert_eq!(program.cpu.seg(SegReg::Ds).base, 0x5_0000);
    // The stack of ring 0 comes from the TSS that was loaded.
    let fault = program.code("0F 0B ; ud2").fault();
    assert_eq!((fault.vector, program.esp()), (6, STACKS[0] - 20));

    // Entering protected mode leaves base, limit and rights of every segment register.
    let mut program = Program::real();
    let before = program.cpu.segments;
    program.cpu.gpr[0] = CR0_PE;
    assert_eq!(program.attempt(&[0x0F, 0x22, 0xC0]), Ok(()));
    assert_eq!(program.attempt(&[0xA0, 0, 0]), Ok(()), "DS still reaches what it reached");
    assert_eq!(program.cpu.segments, before);
}

/// Q17: the accessed flag is written only if it is clear, so that a table in read-only memory works if it is preset.
#[test]
fn q17_a_preset_accessed_flag_is_not_written() {
    for (preset, expected) in [(1, Ok(())), (0, Err((14, 3)))] {
        let mut program = Program::paged();
        program.cpu.cr0 |= CR0_WP;
        program.set_descriptor(FREE, descriptor(0, 0xF_FFFF, DATA_32 & !1 | preset));
        program.write_dword(pte_of(GDT), GDT | 1);
        program.cpu.gpr[0] = FREE.into();
        assert_eq!(program.attempt(&[0x8E, 0xD8]), expected);
    }
}

/// Q27: with the gate shut, bit 20 of a physical address is 0: FFFF:0010 is 0, and every odd megabyte is the even one
/// below.
#[test]
fn q27_the_a20_gate_wraps_the_first_megabyte() {
    let mut program = Program::real();
    program.write(0x10_0000, &[0xBB]);
    program.write(0, &[0xAA]);
    program.code(
        "
        B8 FF FF       ; mov ax, 0xFFFF
        8E C0          ; mov es, ax
        26 8A 1E 10 00 ; mov bl, es:[0x0010]
        B0 00          ; mov al, 0
        E6 92          ; out 0x92, al
        26 8A 3E 10 00 ; mov bh, es:[0x0010]
        26 C6 06 11 00 77 ; mov byte es:[0x0011], 0x77
        B0 02          ; mov al, 2
        E6 92          ; out 0x92, al
        26 8A 0E 10 00 ; mov cl, es:[0x0010]
        F4             ; hlt
    ",
    );
    assert_eq!(program.run(), End::Halted);
    assert_eq!((program.reg(3) & 0xFFFF, program.reg(1) & 0xFF), (0xAABB, 0xBB));
    assert_eq!((program.read(1, 1), program.read(0x10_0001, 1)), (vec![0x77], vec![0]));
}

/// Q27: the gate works on physical addresses, behind paging: bit 20 of the linear address does not matter.
#[test]
fn q27_the_a20_gate_is_behind_paging() {
    let mut program = Program::paged();
    program.write_dword(pte_of(0x30_0000), 0x10_0000 | 7);
    // The page directory stands in the even megabyte.
    let tables = program.read(DIRECTORY, 0x5000);
    program.write(0x20_0000, &tables);
    for table in 0..4 {
        program.write_dword(0x20_0000 + 4 * table, (0x20_1000 + 0x1000 * table) | 7);
    }
    program.write_dword(0x20_1000 + (pte_of(0x50_0000) - pte_of(0)), 0x40_0000 | 7);
    program.cpu.cr3 = 0x20_0000;
    assert!(program.cpu.cr0 & CR0_PG != 0);
    program.write(0x10_0000, &[0xBB]);
    program.write(0, &[0xAA]);
    program.write(0x40_0000, &[0xCC]);
    program.code(
        "
        B0 00             ; mov al, 0
        E6 92             ; out 0x92, al
        8A 1D 00 00 30 00 ; mov bl, [0x300000]
        8A 3D 00 00 50 00 ; mov bh, [0x500000]
        F4                ; hlt
    ",
    );
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.reg(3) & 0xFFFF, 0xCCAA);
}
