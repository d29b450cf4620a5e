//! Loads of segment registers and the instructions that ask about descriptors, over every kind of descriptor.
//! SDM Vol.3A 5.6 "Privilege Level Checking when Accessing Data Segments", 5.7 "Privilege Level Checking when Loading
//! the SS Register", Vol.2A "LAR", "LSL", Vol.2B "MOV", Vol.2C "VERR/VERW".

use ringwalk_cpu::flags::ZF;
use ringwalk_cpu::segment::{SegReg, Segment};
use ringwalk_cpu::site::Site;
use ringwalk_cpu::state::TableRegister;

use crate::program::*;

const NP: u8 = 11;
const SS: u8 = 12;
const GP: u8 = 13;

/// A descriptor as the checks see it.
#[derive(Clone, Copy, Debug)]
struct Kind {
    /// S flag above the four type bits.
    s_type: u32,
    dpl: u32,
    present: bool,
}

impl Kind {
    fn all() -> impl Iterator<Item = Kind> {
        let types = 0..32;
        types.flat_map(|s_type| (0..4).flat_map(move |dpl| [false, true].map(|present| Kind { s_type, dpl, present })))
    }

    fn raw(self) -> u64 {
        descriptor(0x1234_5000, 0x8_7654, 0xC000 | u32::from(self.present) << 7 | self.dpl << 5 | self.s_type)
    }

    fn is_segment(self) -> bool {
        self.s_type & 16 != 0
    }

    fn is_code(self) -> bool {
        self.s_type & 24 == 24
    }

    fn is_conforming(self) -> bool {
        self.s_type & 28 == 28
    }

    fn is_readable(self) -> bool {
        self.is_segment() && (!self.is_code() || self.s_type & 2 != 0)
    }

    fn is_writable_data(self) -> bool {
        self.s_type & 26 == 18
    }
}

/// Every kind of descriptor seen from every CPL through every RPL.
fn views() -> impl Iterator<Item = (Kind, u8, u16)> {
    Kind::all().flat_map(|kind| (0..4).flat_map(move |cpl| (0..4).map(move |rpl| (kind, cpl, rpl))))
}

/// SDM Vol.2B "MOV": DS, ES, FS or GS is loaded with a selector that is not null.
fn data_load(kind: Kind, cpl: u8, rpl: u16) -> Result<(), (u8, u16)> {
    let privilege = u32::from(cpl).max(rpl.into());
    if !kind.is_readable() || (!kind.is_conforming() && kind.dpl < privilege) {
        return Err((GP, FREE));
    }
    if kind.present { Ok(()) } else { Err((NP, FREE)) }
}

/// SDM Vol.2B "MOV": SS is loaded with a selector that is not null.
fn stack_load(kind: Kind, cpl: u8, rpl: u16) -> Result<(), (u8, u16)> {
    if u16::from(cpl) != rpl || !kind.is_writable_data() || kind.dpl != u32::from(cpl) {
        return Err((GP, FREE));
    }
    if kind.present { Ok(()) } else { Err((SS, FREE)) }
}

struct Bench([Program; 4]);

impl Bench {
    fn new() -> Bench {
        Bench([0, 1, 2, 3].map(|ring| {
            let mut program = Program::protected();
            program.enter_ring(ring);
            program
        }))
    }

    fn at(&mut self, cpl: u8, kind: Kind) -> &mut Program {
        let program = &mut self.0[usize::from(cpl)];
        program.enter_ring(cpl);
        program.set_descriptor(FREE, kind.raw());
        program.set_flags(0);
        program.cpu.shadow = ringwalk_cpu::state::Shadow::None;
        program
    }
}

#[test]
fn q17_loads_of_data_segment_registers() {
    let mut bench = Bench::new();
    // MOV DS, AX; MOV FS, AX; POP ES; LGS EAX, [DATA].
    let forms: [(SegReg, &[u8]); 4] = [
        (SegReg::Ds, &[0x8E, 0xD8]),
        (SegReg::Fs, &[0x8E, 0xE0]),
        (SegReg::Es, &[0x07]),
        (SegReg::Gs, &[0x0F, 0xB5, 0x05, 0, 0, 2, 0]),
    ];
    for (kind, cpl, rpl) in views() {
        let (reg, form) = forms[(kind.s_type + kind.dpl + u32::from(rpl)) as usize % 4];
        let program = bench.at(cpl, kind);
        program.cpu.gpr[0] = (FREE | rpl).into();
        let top = program.esp();
        program.write_dword(top, (FREE | rpl).into());
        program.write_word(DATA + 4, FREE | rpl);
        let expected = data_load(kind, cpl, rpl);
        let found = program.attempt(form);
        assert_eq!(found, expected, "{reg:?} {kind:?} CPL {cpl} RPL {rpl}");
        let accessed = u32::from(program.access_byte(FREE)) & 1;
        if found.is_ok() {
            let loaded = program.cpu.seg(reg);
            assert_eq!((loaded.selector.0, loaded.base, loaded.limit), (FREE | rpl, 0x1234_5000, 0x8765_4FFF));
            assert_eq!((accessed, loaded.rights & 1), (1, 1));
        } else {
            assert_eq!(program.cpu.seg(reg).selector.0, DATA_OF[usize::from(cpl)], "the register is as it was");
            assert_eq!(accessed, kind.s_type & 1, "{kind:?}");
        }
    }
}

#[test]
fn q17_loads_of_the_stack_segment_register() {
    let mut bench = Bench::new();
    let forms: [&[u8]; 3] = [&[0x8E, 0xD0], &[0x17], &[0x0F, 0xB2, 0x25, 0, 0, 2, 0]];
    for (kind, cpl, rpl) in views() {
        let form = forms[(kind.s_type + kind.dpl + u32::from(rpl)) as usize % 3];
        let program = bench.at(cpl, kind);
        program.cpu.gpr[0] = (FREE | rpl).into();
        let top = program.esp();
        program.write_dword(top, (FREE | rpl).into());
        program.write_dword(DATA, 0x7654);
        program.write_word(DATA + 4, FREE | rpl);
        let found = program.attempt(form);
        assert_eq!(found, stack_load(kind, cpl, rpl), "{kind:?} CPL {cpl} RPL {rpl}");
        if found.is_ok() {
            assert_eq!(program.selector(SegReg::Ss), FREE | rpl);
            let esp = match form.len() {
                1 => top + 4,
                2 => top,
                _ => 0x7654,
            };
            assert_eq!(program.esp(), esp);
        }
    }
}

/// Null selectors: data segment registers take them and refuse accesses; SS does not.
#[test]
fn q17_null_selectors() {
    for rpl in 0..4u16 {
        let mut program = Program::protected();
        program.cpu.gpr[0] = rpl.into();
        assert_eq!(program.attempt(&[0x8E, 0xD8]), Ok(()));
        assert_eq!(*program.cpu.seg(SegReg::Ds), Segment::null(ringwalk_cpu::segment::Selector(rpl)));
        assert_eq!(program.attempt(&[0xA0, 0, 0, 0, 0]), Err((GP, 0)));
        assert_eq!(program.last_site(), Site::NullSegment);
        let mut program = Program::protected();
        program.cpu.gpr[0] = rpl.into();
        assert_eq!(program.attempt(&[0x8E, 0xD0]), Err((GP, 0)));
        assert_eq!(program.last_site(), Site::SelectorNull);
    }
}

/// Selectors beyond their table, by one byte; an LDT that is not there.
#[test]
fn q17_selectors_beyond_their_table() {
    let rows: &[(u16, u32, u32, bool)] = &[
        (0x70, 0x77, 0x3F, true),
        (0x70, 0x76, 0x3F, false),
        (0x3C, 0xFF, 0x3F, true),
        (0x3C, 0xFF, 0x3E, false),
        (0x44, 0xFF, 0x3F, false),
    ];
    for (selector, gdt_limit, ldt_limit, good) in rows {
        let mut program = Program::protected();
        program.set_descriptor(FREE, descriptor(0, 0xF_FFFF, DATA_32));
        program.write(LDT + 0x38, &descriptor(0, 0xF_FFFF, DATA_32).to_le_bytes());
        program.cpu.gdtr.limit = *gdt_limit as u16;
        program.cpu.ldtr.limit = *ldt_limit;
        program.cpu.gpr[0] = (*selector).into();
        let expected = if *good { Ok(()) } else { Err((GP, *selector & !3)) };
        assert_eq!(program.attempt(&[0x8E, 0xD8]), expected, "{selector:x} {gdt_limit:x} {ldt_limit:x}");
    }
    let mut program = Program::protected();
    program.cpu.ldtr = Segment::null(ringwalk_cpu::segment::Selector(0));
    program.cpu.gpr[0] = 0x0C;
    assert_eq!(program.attempt(&[0x8E, 0xD8]), Err((GP, 0x0C)));
}

/// MOV to CS and to the registers 6 and 7 is undefined. SDM Vol.2B "MOV".
#[test]
fn mov_to_cs_is_undefined() {
    for modrm in [0xC8, 0xF0, 0xF8] {
        let mut program = Program::protected();
        assert_eq!(program.attempt(&[0x8E, modrm]), Err((6, 0)));
        assert_eq!(program.last_site(), Site::UndefinedRegister);
    }
    for modrm in [0xF0, 0xF8] {
        assert_eq!(Program::protected().attempt(&[0x8C, modrm]), Err((6, 0)));
    }
}

/// Is the descriptor visible to LAR, LSL, VERR and VERW at all?
fn visible(kind: Kind, cpl: u8, rpl: u16) -> bool {
    kind.is_conforming() || kind.dpl >= u32::from(cpl).max(rpl.into())
}

/// SDM Vol.2A Table 3-53 "Segment and Gate Types" of LAR: 16- and 32-bit TSS, LDT, call gates, task gate.
fn lar(kind: Kind, raw: u64, cpl: u8, rpl: u16) -> Option<u32> {
    let listed = kind.is_segment() || matches!(kind.s_type, 1 | 2 | 3 | 4 | 5 | 9 | 11 | 12);
    (listed && visible(kind, cpl, rpl)).then_some((raw >> 32) as u32 & 0x00FF_FF00)
}

/// SDM Vol.2A Table 3-56 "Segment and Gate Descriptor Types" of LSL: no gates. The limit is in bytes whatever G says.
fn lsl(kind: Kind, granular: bool, cpl: u8, rpl: u16) -> Option<u32> {
    let listed = kind.is_segment() || matches!(kind.s_type, 1 | 2 | 3 | 9 | 11);
    let limit = if granular { 0x8765_4FFF } else { 0x0008_7654 };
    (listed && visible(kind, cpl, rpl)).then_some(limit)
}

/// The answer in ZF; every other flag stays.
fn answer(program: &Program, flags: u32, name: &str) -> bool {
    let found = program.cpu.flags.bits();
    assert_eq!(found & !ZF, (flags | 2) & !ZF, "{name}");
    found & ZF != 0
}

/// All 32 types, four DPLs, present or not, seen from four CPLs through four RPLs, with G clear and set: LAR and LSL in
/// both operand sizes, VERR and VERW, from a register and from memory, with the flags all clear and all set.
#[test]
fn i07_lar_lsl_verr_and_verw() {
    let mut bench = Bench::new();
    let mut vectors = 0;
    for ((kind, cpl, rpl), granular) in views().flat_map(|view| [false, true].map(|granular| (view, granular))) {
        let raw = kind.raw() & !(u64::from(!granular) << 55);
        let flags = if (kind.s_type ^ u32::from(rpl)) & 1 == 0 { 0 } else { 0x8D5 };
        let selector = FREE | rpl;
        let name = format!("{kind:?} CPL {cpl} RPL {rpl} G {granular}");
        let asked = |bench: &mut Bench, code: &[u8]| {
            let program = bench.at(cpl, kind);
            program.set_descriptor(FREE, raw);
            program.set_flags(flags);
            program.cpu.gpr[0] = 0xDEAD_BEEF;
            program.cpu.gpr[3] = u64::from(0xFFFF_0000 | u32::from(selector));
            program.cpu.gpr[6] = DATA.into();
            program.write_word(DATA, selector);
            assert_eq!(program.attempt(code), Ok(()), "{name}");
            assert_eq!(u32::from(program.access_byte(FREE)) & 1, kind.s_type & 1, "asking marks nothing");
            (answer(program, flags, &name), program.reg(0))
        };
        // LAR or LSL EAX, EBX; AX, BX; EAX, [ESI].
        for (opcode, expected) in [(2, lar(kind, raw, cpl, rpl)), (3, lsl(kind, granular, cpl, rpl))] {
            let kept = 0xDEAD_BEEF;
            let wide = expected.map_or((false, kept), |value| (true, value));
            let narrow = expected.map_or((false, kept), |value| (true, 0xDEAD_0000 | value & 0xFFFF));
            assert_eq!(asked(&mut bench, &[0x0F, opcode, 0xC3]), wide, "{opcode} {name}");
            assert_eq!(asked(&mut bench, &[0x66, 0x0F, opcode, 0xC3]), narrow, "{opcode} {name}");
            assert_eq!(asked(&mut bench, &[0x0F, opcode, 0x06]), wide, "{opcode} {name}");
            vectors += 3;
        }
        // VERR or VERW BX; [ESI].
        let readable = kind.is_readable() && visible(kind, cpl, rpl);
        let writable = kind.is_writable_data() && visible(kind, cpl, rpl);
        for (field, expected) in [(0x20, readable), (0x28, writable)] {
            for place in [0xC3, 0x06] {
                let (found, eax) = asked(&mut bench, &[0x0F, 0x00, place | field]);
                assert_eq!((found, eax), (expected, 0xDEAD_BEEF), "{field:x} {name}");
                vectors += 1;
            }
        }
    }
    assert_eq!(vectors, 32 * 4 * 2 * 16 * 2 * 10);
    println!("LAR, LSL, VERR, VERW: {vectors} vectors");
}

/// L03: what silicon answers, as LAR, LSL, VERR, VERW at CPL 0 and CPL 3.
#[test]
fn l03_what_silicon_answers() {
    let data = |rights| descriptor(0, 0xF_FFFF, rights);
    let rows: [(u16, u64, [u8; 4], [u8; 4]); 13] = [
        (0x00, 0, [0; 4], [0; 4]),
        (0x70, data(0xC09B), [1, 1, 1, 0], [0; 4]),
        (0x70, data(0xC093), [1; 4], [0; 4]),
        (0x73, data(0xC093), [0; 4], [0; 4]),
        (0x73, data(0xC0FB), [1, 1, 1, 0], [1, 1, 1, 0]),
        (0x73, data(0xC0F3), [1; 4], [1; 4]),
        (0x70, descriptor(LDT, 0x3F, 0x82), [1, 1, 0, 0], [0; 4]),
        (0x70, descriptor(TSS, 0x67, 0x8B), [1, 1, 0, 0], [0; 4]),
        (0x73, gate(8, 0, 0xEC, 0), [1, 0, 0, 0], [1, 0, 0, 0]),
        (0x73, data(0xC09F), [1, 1, 1, 0], [1, 1, 1, 0]),
        (0x73, data(0xC073), [1; 4], [1; 4]),
        (0x73, gate(8, 0, 0xEE, 0), [0; 4], [0; 4]),
        (0xF8 + 8, 0, [0; 4], [0; 4]),
    ];
    for (selector, raw, at_0, at_3) in rows {
        for (cpl, expected) in [(0, at_0), (3, at_3)] {
            let forms: [&[u8]; 4] = [&[0x0F, 2, 0xC3], &[0x0F, 3, 0xC3], &[0x0F, 0, 0xE3], &[0x0F, 0, 0xEB]];
            let found = forms.map(|form| {
                let mut program = Program::protected();
                program.set_descriptor(FREE, raw);
                program.enter_ring(cpl);
                program.cpu.gpr[3] = selector.into();
                assert_eq!(program.attempt(form), Ok(()));
                u8::from(program.cpu.flags.has(ZF))
            });
            assert_eq!(found, expected, "{selector:x} {raw:x} CPL {cpl}");
        }
    }
}

/// Measured: LAR of a flat data segment gives 00CFF300h, with 16-bit operands F300h beside the old upper half.
#[test]
fn i07_lar_measured_rows() {
    for (form, expected) in [(&[0x0F, 2, 0xC3][..], 0x00CF_F300), (&[0x66, 0x0F, 2, 0xC3], 0xDEAD_F300)] {
        let mut program = Program::user();
        program.cpu.gpr[0] = 0xDEAD_BEEF;
        program.cpu.gpr[3] = DATA_OF[3].into();
        assert_eq!(program.attempt(form), Ok(()));
        assert_eq!(program.reg(0), expected);
    }
}

/// Asking about a descriptor reads the table as a supervisor and can fault there.
#[test]
fn i07_asking_can_fault_on_the_page_of_the_table() {
    let mut program = Program::paged_user();
    let table = program.read(GDT, 0x100);
    program.write(0x3_0FC0, &table);
    program.cpu.gdtr = TableRegister { base: 0x3_0FC0, limit: 0xFF };
    program.write_dword(pte_of(0x3_1000), 0);
    program.cpu.gpr[3] = 0x48;
    assert_eq!(program.attempt(&[0x0F, 2, 0xC3]), Err((14, 0)));
    assert_eq!(program.cpu.cr2, 0x3_1008);
}

/// Only in protected mode. SDM Vol.2A "LAR", "LSL", "ARPL", "LLDT", "SLDT", Vol.2B "LTR", "STR", Vol.2C "VERR/VERW".
#[test]
fn descriptor_instructions_are_undefined_in_real_mode() {
    let forms: [&[u8]; 9] = [
        &[0x0F, 2, 0xC3],
        &[0x0F, 3, 0xC3],
        &[0x0F, 0, 0xC3],
        &[0x0F, 0, 0xCB],
        &[0x0F, 0, 0xD3],
        &[0x0F, 0, 0xDB],
        &[0x0F, 0, 0xE3],
        &[0x0F, 0, 0xEB],
        &[0x63, 0xC3],
    ];
    for form in forms {
        let mut program = Program::real();
        assert_eq!(program.attempt(form), Err((6, 0)), "{form:x?}");
        assert_eq!(program.last_site(), Site::UndefinedInRealMode);
    }
}

/// Measured: `arpl 28, 3 -> 2b ZF=1`. Only a raised RPL is written.
#[test]
fn i32_arpl() {
    for (dst, src, result, zf) in [(0x28, 3, 0x2B, true), (0x2B, 1, 0x2B, false), (0x29, 1, 0x29, false)] {
        let mut program = Program::user();
        program.cpu.gpr[3] = dst;
        program.cpu.gpr[0] = src;
        assert_eq!(program.attempt(&[0x63, 0xC3]), Ok(()));
        assert_eq!((program.cpu.gpr[3], program.cpu.flags.has(ZF)), (result, zf));
    }
}

/// Q11: the valid offsets of expand-down segments, by B and G. Rows: raw limit, rights, offset, bytes, good.
#[test]
fn q11_expand_down_segments() {
    let rows = [
        (0xFFF, 0x0097, 0x1000, 1, true),
        (0xFFF, 0x0097, 0xFFF, 1, false),
        (0xFFF, 0x0097, 0xFFFF, 1, true),
        (0xFFF, 0x0097, 0xFFFF, 2, false),
        (0xFFF, 0x0097, 0x1_0000, 1, false),
        (0xFFF, 0x4097, 0x1_0000, 1, true),
        (0xFFF, 0x4097, 0xFFFF_FFFF, 1, true),
        (0xFFF, 0x4097, 0xFFFF_FFFF, 2, false),
        (0xFFF, 0x4097, 0xFFF, 4, false),
        (0x00F, 0xC097, 0xFFFF, 1, false),
        (0x00F, 0xC097, 0x1_0000, 4, true),
        (0xF_FFFF, 0xC097, 0xFFFF_FFFF, 1, false),
        (0xF_FFFF, 0xC097, 0, 1, false),
    ];
    for (limit, rights, offset, bytes, good) in rows {
        let mut program = Program::protected();
        program.set_descriptor(FREE, descriptor(0, limit, rights));
        program.load(SegReg::Ds, FREE);
        program.cpu.gpr[3] = offset;
        let form: &[u8] = match bytes {
            1 => &[0x8A, 0x03],
            2 => &[0x66, 0x8B, 0x03],
            _ => &[0x8B, 0x03],
        };
        let expected = if good { Ok(()) } else { Err((GP, 0)) };
        assert_eq!(program.attempt(form), expected, "{limit:x} {rights:x} {offset:x} {bytes}");
    }
}

/// Types: what may be read and written through CS, SS and data segment registers. SDM Vol.3A 5.5 "Type Checking".
#[test]
fn accesses_obey_the_type_of_the_segment() {
    /// Register, rights of its cache, a write or a read, and what comes of it: vector and error code, and the check.
    type Row = (SegReg, u32, bool, Result<(), (u8, u16)>, Option<Site>);
    let rows: &[Row] = &[
        (SegReg::Ds, 0xC091, false, Ok(()), None),
        (SegReg::Ds, 0xC091, true, Err((GP, 0)), Some(Site::NotWritable)),
        (SegReg::Ds, 0xC09B, false, Ok(()), None),
        (SegReg::Ds, 0xC09B, true, Err((GP, 0)), Some(Site::NotWritable)),
        (SegReg::Cs, 0xC09B, false, Ok(()), None),
        (SegReg::Cs, 0xC09B, true, Err((GP, 0)), Some(Site::NotWritable)),
        (SegReg::Cs, 0xC099, false, Err((GP, 0)), Some(Site::NotReadable)),
    ];
    for (reg, rights, write, expected, site) in rows {
        let mut program = Program::protected();
        program.set_descriptor(FREE, descriptor(0, 0xF_FFFF, *rights));
        program.load(*reg, FREE);
        let prefix = if *reg == SegReg::Cs { 0x2E } else { 0x3E };
        let found = program.attempt(&[prefix, if *write { 0xA2 } else { 0xA0 }, 0, 0, 2, 0]);
        assert_eq!(found, *expected, "{reg:?} {rights:x} {write}");
        assert_eq!(program.engine.hot.last_fault.map(|fault| fault.site), *site);
    }
}

/// Limits of expand-up segments: #GP(0), and #SS(0) through SS whether by default or by prefix.
#[test]
fn q10_limits_raise_gp_and_through_ss_ss() {
    for (prefix, form, vector, site) in [
        (0x3E, [0x8B, 0x03], GP, Site::DataLimit),
        (0x36, [0x8B, 0x03], SS, Site::StackLimit),
        (0x90, [0x8B, 0x03], GP, Site::DataLimit),
    ] {
        for (offset, good) in [(0x1_FFFCu64, true), (0x1_FFFD, false), (0x1_FFFF, false), (0xFFFF_FFFF, false)] {
            let mut program = Program::user();
            program.cpu.segments[SegReg::Ds as usize].limit = 0x1_FFFF;
            program.cpu.segments[SegReg::Ss as usize].limit = 0x1_FFFF;
            program.cpu.gpr[3] = offset;
            let code: Vec<u8> = if prefix == 0x90 { form.to_vec() } else { [&[prefix], &form[..]].concat() };
            let expected = if good { Ok(()) } else { Err((vector, 0)) };
            assert_eq!(program.attempt(&code), expected, "{prefix:x} {offset:x}");
            assert!(good || program.last_site() == site);
        }
    }
    // EBP and ESP address the stack.
    for form in [&[0x8B, 0x45, 0][..], &[0x8B, 0x04, 0x24]] {
        let mut program = Program::user();
        program.cpu.segments[SegReg::Ss as usize].limit = 0xFFF;
        program.cpu.gpr[5] = 0x1000;
        assert_eq!(program.attempt(form), Err((SS, 0)));
    }
}

/// Q15: caches follow neither the table nor LGDT.
#[test]
fn q15_descriptor_caches_do_not_follow_the_table() {
    let mut program = Program::protected();
    program.set_descriptor(DATA_OF[0], 0);
    let gdtr = std::mem::take(&mut program.cpu.gdtr);
    assert_eq!(program.attempt(&[0xA1, 0, 0, 2, 0]), Ok(()));
    assert_eq!(program.attempt(&[0x8C, 0xD8]), Ok(()));
    assert_eq!(program.reg(0), u32::from(DATA_OF[0]));
    program.cpu.gdtr = gdtr;
    program.cpu.gpr[0] = DATA_OF[0].into();
    assert_eq!(program.attempt(&[0x8E, 0xD8]), Err((GP, 0x10)));
}

/// Q20, measured: MOV to a 32-bit register clears its upper half, with 66h it stays; memory takes 16 bits.
#[test]
fn q20_mov_and_push_of_segment_registers() {
    let mut program = Program::user();
    for form in [&[0x8C, 0xD8][..], &[0x66, 0x8C, 0xDB], &[0x8C, 0x1D, 0, 0, 2, 0], &[0x1E]] {
        let top = program.esp();
        program.cpu.gpr[0] = 0xDEAD_BEEF;
        program.cpu.gpr[3] = 0xDEAD_BEEF;
        program.write_dword(DATA, 0xDEAD_BEEF);
        program.write_dword(top - 4, 0xDEAD_BEEF);
        assert_eq!(program.attempt(form), Ok(()));
        let ds = u32::from(DATA_OF[3]);
        match form {
            [0x8C, 0xD8] => assert_eq!(program.reg(0), ds),
            [0x66, ..] => assert_eq!(program.reg(3), 0xDEAD_0000 | ds),
            [0x1E] => {
                assert_eq!(program.esp(), top - 4);
                assert_eq!(program.read_dword(top - 4), 0xDEAD_0000 | ds, "the upper half of the slot stays");
            }
            _ => assert_eq!(program.read_dword(DATA), 0xDEAD_0000 | ds),
        }
    }
}

/// LLDT and LTR. Rows: opcode's ModRM, selector, descriptor, result.
#[test]
fn lldt_and_ltr() {
    const LLDT: u8 = 0xD3;
    const LTR: u8 = 0xDB;
    let ldt = |access| descriptor(0x5000, 0x77, access);
    /// Name, opcode, selector, descriptor, and what comes of it: vector and error code, and the check.
    type Row = (&'static str, u8, u16, u64, Result<(), (u8, u16)>, Option<Site>);
    let rows: &[Row] = &[
        ("a null LDT", LLDT, 3, 0, Ok(()), None),
        ("an LDT", LLDT, FREE, ldt(0x82), Ok(()), None),
        ("an LDT with RPL 3", LLDT, FREE | 3, ldt(0x82), Ok(()), None),
        ("in the LDT", LLDT, 0xC, 0, Err((GP, 0xC)), Some(Site::LdtType)),
        ("beyond the GDT", LLDT, 0x100, 0, Err((GP, 0x100)), Some(Site::SelectorLimit)),
        ("a data segment", LLDT, FREE, ldt(0x92), Err((GP, FREE)), Some(Site::LdtType)),
        ("a TSS", LLDT, FREE, ldt(0x89), Err((GP, FREE)), Some(Site::LdtType)),
        ("not present", LLDT, FREE, ldt(0x02), Err((NP, FREE)), Some(Site::LdtNotPresent)),
        ("a null TSS", LTR, 0, 0, Err((GP, 0)), Some(Site::SelectorNull)),
        ("a 32-bit TSS", LTR, FREE, ldt(0x89), Ok(()), None),
        ("a 16-bit TSS", LTR, FREE, ldt(0x81), Ok(()), None),
        ("a busy TSS", LTR, FREE, ldt(0x8B), Err((GP, FREE)), Some(Site::TaskType)),
        ("an LDT", LTR, FREE, ldt(0x82), Err((GP, FREE)), Some(Site::TaskType)),
        ("in the LDT", LTR, 0xC, 0, Err((GP, 0xC)), Some(Site::TaskType)),
        ("beyond the GDT", LTR, 0x100, 0, Err((GP, 0x100)), Some(Site::SelectorLimit)),
        ("a TSS not present", LTR, FREE, ldt(0x09), Err((NP, FREE)), Some(Site::TaskNotPresent)),
    ];
    for (name, modrm, selector, raw, expected, site) in rows {
        let mut program = Program::protected();
        program.set_descriptor(FREE, *raw);
        program.cpu.gpr[3] = (*selector).into();
        let found = program.attempt(&[0x0F, 0x00, *modrm]);
        assert_eq!(found, *expected, "{name}");
        assert_eq!(program.engine.hot.last_fault.map(|fault| fault.site), *site, "{name}");
        if found.is_ok() && *modrm == LTR {
            assert_eq!(program.access_byte(FREE), (*raw >> 40) as u8 | 2, "busy in the table");
            let tr = program.cpu.tr;
            assert_eq!((tr.selector.0, tr.base, tr.limit, tr.rights & 2), (FREE, 0x5000, 0x77, 2));
        }
        if found.is_ok() && *modrm == LLDT && *selector & !3 != 0 {
            assert_eq!((program.cpu.ldtr.selector.0, program.cpu.ldtr.base), (*selector, 0x5000));
        }
        let mut user = Program::user();
        user.cpu.gpr[3] = (*selector).into();
        assert_eq!(user.attempt(&[0x0F, 0x00, *modrm]), Err((GP, 0)), "{name} at CPL 3");
        assert_eq!(user.last_site(), Site::Privileged);
    }
}

/// SLDT and STR give the selector: all of a 32-bit register, 16 bits of memory. SDM Vol.2B "SLDT", "STR".
#[test]
fn i03_sldt_and_str() {
    for (reg_field, selector) in [(0, LDT_SELECTOR), (1 << 3, TSS_SELECTOR)] {
        let mut program = Program::user();
        program.cpu.gpr[3] = 0xDEAD_BEEF;
        assert_eq!(program.attempt(&[0x0F, 0x00, 0xC3 | reg_field]), Ok(()));
        assert_eq!(program.reg(3), u32::from(selector));
        program.cpu.gpr[3] = 0xDEAD_BEEF;
        assert_eq!(program.attempt(&[0x66, 0x0F, 0x00, 0xC3 | reg_field]), Ok(()));
        assert_eq!(program.reg(3), 0xDEAD_0000 | u32::from(selector));
        program.write_dword(DATA, 0xDEAD_BEEF);
        assert_eq!(program.attempt(&[0x0F, 0x00, 0x05 | reg_field, 0, 0, 2, 0]), Ok(()));
        assert_eq!(program.read_dword(DATA), 0xDEAD_0000 | u32::from(selector));
    }
}
