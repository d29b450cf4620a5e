//! Q36, Q40: exceptions of real mode, and the divide error.

use ringwalk_cpu::site::Site;
use ringwalk_cpu::state::TableRegister;

use crate::program::*;

const DE: u8 = 0;
const DF: u8 = 8;
const GP: u8 = 13;

/// Q36: IDTR counts in real mode: the vector table lies where its base says.
#[test]
fn q36_the_vector_table_lies_at_the_base_of_idtr() {
    let mut program = Program::real();
    let table = program.read(0, 0x400);
    program.write(0x4_0000, &table);
    program.write_word(0x20 * 4, 0xDEAD);
    program.cpu.idtr = TableRegister { base: 0x4_0000, limit: 0x3FF };
    program.code("CD 20 ; int 0x20");
    assert_eq!(program.run(), End::Vector(0x20));
}

/// Q36: a vector beyond the limit of IDTR is #GP; where that lies beyond it too, the double fault; and then shutdown.
/// Rows: limit, the instruction (INT 20h, INT 0 or a division by zero), what comes of it.
#[test]
fn q36_vectors_beyond_the_limit_of_idtr() {
    const INT_20: &str = "CD 20 ; int 0x20";
    const DIVIDE: &str = "F6 F1 ; div cl";
    const INT_0: &str = "CD 00 ; int 0";
    let last = |vector: u16| vector * 4 + 3;
    let rows = [
        (last(0x20), INT_20, End::Vector(0x20)),
        (last(0x20) - 1, INT_20, End::Vector(GP)),
        (last(13), INT_20, End::Vector(GP)),
        // #GP beyond the limit while #GP is delivered.
        (last(13) - 1, INT_20, End::Vector(DF)),
        (last(8), INT_20, End::Vector(DF)),
        (last(8) - 1, INT_20, End::Shutdown),
        (0, INT_0, End::Shutdown),
        (last(0), INT_0, End::Vector(DE)),
        (last(0), DIVIDE, End::Vector(DE)),
        // #DE and #GP are contributory: #DF at once, which fits up to limit 23h.
        (2, DIVIDE, End::Shutdown),
    ];
    for (limit, listing, end) in rows {
        let mut program = Program::real();
        program.cpu.idtr.limit = limit;
        program.code(listing);
        assert_eq!(program.run(), end, "limit {limit:x}, {listing}");
        if end == End::Vector(GP) {
            assert_eq!(program.esp(), 0x1000 - 6, "no error code in real mode");
            assert_eq!(program.read_word(u32::from(REAL_STACK) * 16 + program.esp()), 0, "the IP of INT");
            assert_eq!(program.last_site(), Site::IvtLimit);
        }
    }
}

/// Q36: real mode pushes no error code for any vector.
#[test]
fn q36_real_mode_pushes_no_error_code() {
    // #GP by a limit, #SS by a limit, #UD, #DE.
    let rows: [(&[u8], u8); 4] =
        [(&[0xA1, 0xFF, 0xFF], GP), (&[0x36, 0xA1, 0xFF, 0xFF], 12), (&[0x0F, 0x0B], 6), (&[0xF6, 0xF1], DE)];
    for (code, vector) in rows {
        let mut program = Program::real();
        program.write(CODE, code);
        assert_eq!(program.run(), End::Vector(vector));
        let at = u32::from(REAL_STACK) * 16 + program.esp();
        let frame = [0, 2, 4].map(|offset| program.read_word(at + offset));
        assert_eq!((program.esp(), frame), (0x1000 - 6, [0, REAL_CODE, 2]), "{vector}");
    }
}

/// Q40: a divide error is a fault: the frame points at the instruction, and no register has changed. Rows: code, EAX, EDX,
/// ECX, and the results in EAX and EDX of those that fit.
#[test]
fn q40_divide_errors() {
    type Row = (&'static [u8], u32, u32, u32, Option<(u32, u32)>);
    const DIV_8: &[u8] = &[0xF6, 0xF1];
    const IDIV_8: &[u8] = &[0xF6, 0xF9];
    const DIV_16: &[u8] = &[0x66, 0xF7, 0xF1];
    const IDIV_16: &[u8] = &[0x66, 0xF7, 0xF9];
    const DIV_32: &[u8] = &[0xF7, 0xF1];
    const IDIV_32: &[u8] = &[0xF7, 0xF9];
    let rows: &[Row] = &[
        (DIV_8, 0x1234, 0, 0, None),
        (DIV_8, 0x0FFF, 0, 0x10, Some((0x0FFF, 0))),
        (DIV_8, 0x1000, 0, 0x10, None),
        (IDIV_8, 0x0080, 0, 1, None),
        (IDIV_8, 0x007F, 0, 1, Some((0x007F, 0))),
        // -128 by 1 fits, by -1 it does not.
        (IDIV_8, 0xFF80, 0, 1, Some((0x0080, 0))),
        (IDIV_8, 0xFF80, 0, 0xFF, None),
        // -32768 by -1 does not fit, and neither does -260 by 8 bits.
        (IDIV_8, 0x8000, 0, 0xFF, None),
        (IDIV_8, 0x81C1, 0, 0x7C, None),
        (DIV_16, 0, 0x10, 0x10, None),
        (DIV_16, 0xFFFF, 0x0F, 0x10, Some((0xFFFF, 0x0F))),
        (IDIV_16, 0x8000, 0xFFFF, 1, Some((0x8000, 0))),
        (IDIV_16, 0x8000, 0xFFFF, 0xFFFF, None),
        (IDIV_16, 0, 0x8000, 0xFFFF, None),
        (DIV_32, 0, 0x10, 0x10, None),
        (DIV_32, u32::MAX, 0x0F, 0x10, Some((u32::MAX, 0x0F))),
        (IDIV_32, 0x8000_0000, u32::MAX, 1, Some((0x8000_0000, 0))),
        (IDIV_32, 0x8000_0000, u32::MAX, u32::MAX, None),
        (IDIV_32, 0, 0x8000_0000, u32::MAX, None),
        (IDIV_32, 0, 0x8000_0000, 1, None),
        // AAM 0, and AAM.
        (&[0xD4, 0], 0x1234, 0, 0, None),
        (&[0xD4, 10], 0x12FF, 0, 0, Some((0x1905, 0))),
    ];
    for (code, eax, edx, ecx, expected) in rows {
        let mut program = Program::protected();
        program.cpu.gpr[..3].copy_from_slice(&[(*eax).into(), (*ecx).into(), (*edx).into()]);
        let found = program.attempt(code);
        let name = format!("{code:x?} of {edx:x}:{eax:x} by {ecx:x}");
        match expected {
            Some(results) => assert_eq!((found, (program.reg(0), program.reg(2))), (Ok(()), *results), "{name}"),
            None => {
                assert_eq!(found, Err((DE, 0)), "{name}");
                let fault = program.frame(DE);
                assert_eq!((fault.eip, fault.esp), (CODE, STACKS[0]), "{name}");
                assert_eq!((program.reg(0), program.reg(2)), (*eax, *edx), "{name}");
            }
        }
    }
    // The 8086 pushed the address behind it.
    let mut program = Program::real();
    program.cpu.rip = 0x100;
    program.code("F6 F1 ; div cl");
    assert_eq!(program.run(), End::Vector(DE));
    assert_eq!(program.read_word(u32::from(REAL_STACK) * 16 + program.esp()), 0x100);
}
