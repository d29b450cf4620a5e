//! Q78: how software tells one processor from another, and Q62: registers that only remember. Application note AP-485
//! "Intel Processor Identification and the CPUID Instruction"; SDM Vol.3B 22.8 "New Flags in the EFLAGS Register".

use ringwalk_cpu::model::Model;
use ringwalk_cpu::segment::SegReg;
use ringwalk_mmu::TlbPolicy;

use super::*;

/// The classical detection: bits 15:12 of FLAGS all set on an 8086, all clear in a 286's real mode, AC cannot be
/// toggled on a 386, ID not without CPUID. BX is 86h, 286h, 386h, 486h, or the family that CPUID says.
const DETECT: &str = "
        9C                ; pushf
        59                ; pop cx
        89 C8             ; mov ax, cx
        25 FF 0F          ; and ax, 0x0FFF
        50                ; push ax
        9D                ; popf
        9C                ; pushf
        58                ; pop ax
        25 00 F0          ; and ax, 0xF000
        3D 00 F0          ; cmp ax, 0xF000
        BB 86 00          ; mov bx, 0x86
        74 63             ; je +0x63
        81 C9 00 F0       ; or cx, 0xF000
        51                ; push cx
        9D                ; popf
        9C                ; pushf
        58                ; pop ax
        BB 86 02          ; mov bx, 0x286
        25 00 F0          ; and ax, 0xF000
        74 53             ; je +0x53
        BB 86 03          ; mov bx, 0x386
        66 9C             ; pushfd
        66 58             ; pop eax
        66 89 C1          ; mov ecx, eax
        66 35 00 00 04 00 ; xor eax, 0x40000
        66 50             ; push eax
        66 9D             ; popfd
        66 9C             ; pushfd
        66 58             ; pop eax
        66 51             ; push ecx
        66 9D             ; popfd
        66 31 C8          ; xor eax, ecx
        66 A9 00 00 04 00 ; test eax, 0x40000
        74 2C             ; je +0x2C
        BB 86 04          ; mov bx, 0x486
        66 89 C8          ; mov eax, ecx
        66 35 00 00 20 00 ; xor eax, 0x200000
        66 50             ; push eax
        66 9D             ; popfd
        66 9C             ; pushfd
        66 58             ; pop eax
        66 31 C8          ; xor eax, ecx
        66 A9 00 00 20 00 ; test eax, 0x200000
        74 0D             ; je +0xD
        66 B8 01 00 00 00 ; mov eax, 1
        0F A2             ; cpuid
        88 E3             ; mov bl, ah
        83 E3 0F          ; and bx, 0x0F
        F4                ; hlt
";

#[test]
fn q78_the_classical_detection_names_the_model() {
    let rows = [(Model::I386, 0x386), (Model::I486, 4), (Model::Pentium, 5), (Model::P6, 6), (Model::Max, 6)];
    for (model, expected) in rows {
        let mut program = Program::real_on(model);
        program.code(DETECT);
        assert_eq!(program.run(), End::Halted);
        assert_eq!(program.reg(3) & 0xFFFF, expected, "{model:?}");
    }
}

/// FLAGS[15:12] in real mode: IOPL and NT can be set, bit 15 cannot. In every model, by POPF and by IRET.
#[test]
fn q78_the_upper_flags_in_real_mode() {
    for (_, model) in Model::ALL {
        for (image, expected) in [(0xF000, 0x7002), (0, 0x0002), (0x8000, 0x0002), (0x3000, 0x3002), (0x4000, 0x4002)] {
            let mut program = Program::real_on(model);
            let stack = u32::from(REAL_STACK) << 4;
            program.write_word(stack + 0xFFE, image);
            program.set_esp(0xFFE);
            assert_eq!(program.attempt(&[0x9D]), Ok(()));
            assert_eq!(program.cpu.flags.bits(), expected, "{model:?} POPF {image:x}");
            let mut program = Program::real_on(model);
            for (at, value) in [(0xFFA, 0), (0xFFC, REAL_CODE), (0xFFE, image)] {
                program.write_word(stack + at, value);
            }
            program.set_esp(0xFFA);
            assert_eq!(program.attempt(&[0xCF]), Ok(()));
            assert_eq!(program.cpu.flags.bits(), expected, "{model:?} IRET {image:x}");
        }
    }
}

/// CPUID needs no privilege and works in every mode that the model has it in; on a 386 it is an invalid opcode.
/// SDM Vol.2A "CPUID".
#[test]
fn q78_cpuid_is_there_exactly_where_id_can_be_toggled() {
    const ID: u32 = 1 << 21;
    for (_, model) in Model::ALL {
        let mut program = Program::protected_on(model, TlbPolicy::Real);
        program.enter_ring(3);
        program.write_dword(STACKS[3] - 4, ID | 2);
        program.set_esp(STACKS[3] - 4);
        assert_eq!(program.attempt(&[0x9D]), Ok(()));
        let toggles = program.cpu.flags.bits() & ID != 0;
        assert_eq!(toggles, model != Model::I386, "{model:?}");
        let found = program.attempt(&[0x0F, 0xA2]);
        assert_eq!(found, if toggles { Ok(()) } else { Err((6, 0)) }, "{model:?}");
    }
}

/// The signature that CPUID gives stands in EDX after reset. SDM Vol.3A 9.1.2 "Processor Built-In Self-Test (BIST)".
#[test]
fn q78_edx_after_reset_is_the_signature_of_cpuid() {
    let families = [(Model::I386, 3), (Model::I486, 4), (Model::Pentium, 5), (Model::P6, 6)];
    for (model, family) in families {
        let edx = ringwalk_cpu::state::CpuState::new(model, TlbPolicy::Real).gpr[2] as u32;
        assert_eq!(edx >> 8 & 0xF, family, "{model:?}");
        if model != Model::I386 {
            let mut program = Program::real_on(model);
            program.cpu.gpr[0] = 1;
            assert_eq!(program.attempt(&[0x0F, 0xA2]), Ok(()));
            assert_eq!(program.reg(0), edx, "{model:?}");
        }
    }
}

/// The memory-type range registers read back what was written and change nothing else. SDM Vol.3A 12.11 "Memory Type
/// Range Registers (MTRRs)".
#[test]
fn q62_mtrrs_read_back() {
    let rows: [(u32, u64); 8] = [
        (0x2FF, 0xC06),
        (0x200, 0x8000_0006),
        (0x201, 0xF_8000_0800),
        (0x20F, 0xF_FFFF_F800),
        (0x250, 0x0606_0606_0606_0606),
        (0x258, 0x0001_0405_0600_0104),
        (0x268, 0x0505_0505_0505_0505),
        (0x26F, 0x0404_0404_0404_0404),
    ];
    for (number, value) in rows {
        let mut program = Program::protected_on(Model::P6, TlbPolicy::Real);
        program.cpu.gpr[0] = value & 0xFFFF_FFFF;
        program.cpu.gpr[1] = number.into();
        program.cpu.gpr[2] = value >> 32;
        assert_eq!(program.attempt(&[0x0F, 0x30]), Ok(()), "WRMSR {number:x}");
        (program.cpu.gpr[0], program.cpu.gpr[2]) = (0, 0);
        assert_eq!(program.attempt(&[0x0F, 0x32]), Ok(()), "RDMSR {number:x}");
        let read = u64::from(program.reg(2)) << 32 | u64::from(program.reg(0));
        assert_eq!(read, value, "{number:x}");
        program.write_dword(DATA, 0x1234_5678);
        program.cpu.gpr[3] = DATA.into();
        assert_eq!(program.attempt(&[0x8B, 0x03]), Ok(()));
        assert_eq!((program.reg(0), program.selector(SegReg::Cs)), (0x1234_5678, CODE_OF[0]));
    }
}
