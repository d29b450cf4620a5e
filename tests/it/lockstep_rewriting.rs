//! Immediates that are written over while their traces live, in lockstep with the canonical tier and with the outcome that
//! the program's own text gives: in the trace that stores, byte by byte, over two instructions, and where the immediate is
//! code itself.

use ringwalk_cpu::segment::SegReg;

use crate::lockstep_cases::followed;
use crate::program::{CODE, DATA_OF, End, Program, bytes_of};

const EBX: usize = 3;
const EDX: usize = 2;
/// Where called functions stand.
const CALLED: u32 = 0x1_2000;

/// Code that grows, with the address of what comes next.
struct Text {
    bits: u32,
    bytes: Vec<u8>,
}

impl Text {
    /// Begins with a loop of so many rounds.
    fn counting(bits: u32, rounds: u32) -> Text {
        let mut text = Text { bits, bytes: Vec::new() };
        text.add(&format!("b9 {} ; mov ecx, rounds", hex(rounds)));
        text
    }

    fn here(&self) -> u32 {
        CODE + self.bytes.len() as u32
    }

    fn add(&mut self, listing: &str) {
        self.bytes.extend(bytes_of(self.bits, listing));
    }

    /// A store of a register, by its opcode and ModRM, to an address.
    fn store(&mut self, store: &str, to: u32) {
        let len = store.split_whitespace().count() as u32 + 4;
        let address = if self.bits == 64 { to.wrapping_sub(self.here() + len) } else { to };
        self.add(&format!("{store} {} ; mov [to], register", hex(address)));
    }

    fn store_byte(&mut self, value: u8, to: u32) {
        let address = if self.bits == 64 { to.wrapping_sub(self.here() + 7) } else { to };
        self.add(&format!("c6 05 {} {value:02x} ; mov byte [to], value", hex(address)));
    }

    fn call(&mut self, to: u32) {
        self.add(&format!("e8 {} ; call to", hex(to.wrapping_sub(self.here() + 5))));
    }

    /// Goes back to behind the first instruction until ECX is zero, and runs the whole.
    fn run(mut self, mut program: Program) -> Program {
        self.add("ff c9 ; dec ecx");
        let back = 5u8.wrapping_sub(self.bytes.len() as u8 + 2);
        self.bytes.extend([0x75, back, 0xF4]);
        program.write(CODE, &self.bytes);
        program.cpu.rip = CODE.into();
        program.cpu.gpr[0] = 0;
        program.cpu.gpr[EBX] = 0;
        assert_eq!(program.run(), End::Halted);
        program
    }
}

fn hex(value: u32) -> String {
    value.to_le_bytes().map(|byte| format!("{byte:02x}")).join(" ")
}

/// In segments with and without limits, and in 64-bit code.
fn everywhere(check: impl Fn(Program, u32)) {
    check(followed(Program::paged()), 32);
    let mut flat = Program::paged();
    for reg in [SegReg::Ds, SegReg::Es, SegReg::Ss] {
        flat.load(reg, DATA_OF[0]);
    }
    check(followed(flat), 32);
    check(followed(Program::long()), 64);
}

#[test]
fn a_trace_rewrites_its_own_immediate() {
    everywhere(|program, bits| {
        let mut text = Text::counting(bits, 100);
        let immediate = text.here() + 7;
        text.store("89 0d", immediate);
        text.add("05 00 00 00 00 ; add eax, 0");
        assert_eq!(text.run(program).reg(0), 100 * 101 / 2, "{bits}");
    });
}

#[test]
fn an_immediate_behind_the_next_instruction_is_rewritten_from_a_register_that_changes() {
    everywhere(|program, bits| {
        let mut text = Text::counting(bits, 100);
        let immediate = text.here() + 6 + 2 + 1;
        text.store("89 0d", immediate);
        text.add("01 d2 ; add edx, edx\n 05 00 00 00 00 ; add eax, 0");
        text.store("89 0d", immediate);
        assert_eq!(text.run(program).reg(0), 100 * 101 / 2, "{bits}");
    });
}

#[test]
fn one_byte_of_an_immediate_is_rewritten() {
    for byte in 0..4 {
        everywhere(|program, bits| {
            let mut text = Text::counting(bits, 100);
            let immediate = text.here() + 7;
            text.store("88 0d", immediate + byte);
            text.add("05 00 00 00 00 ; add eax, 0");
            let sum = (100 * 101 / 2u32).wrapping_shl(8 * byte);
            assert_eq!(text.run(program).reg(0), sum, "{bits} {byte}");
        });
    }
}

/// The upper half of an immediate and the opcode behind it, which stays.
#[test]
fn a_store_reaches_from_an_immediate_into_the_next_opcode() {
    everywhere(|program, bits| {
        let mut text = Text::counting(bits, 100);
        text.add("89 ca ; mov edx, ecx\n 81 ca 00 00 ff c3 ; or edx, 0xc3ff0000");
        let immediate = text.here() + 7;
        text.store("89 15", immediate + 2);
        text.add("05 00 00 00 00 ; add eax, 0\n ff c3 ; inc ebx");
        let program = text.run(program);
        assert_eq!((program.reg(0), program.reg(EBX)), ((100 * 101 / 2u32) << 16, 100), "{bits}");
    });
}

/// MOV EAX and ADD EAX in turn every sixteenth round; the immediate in each. Within a line, and with the opcode alone in
/// one.
#[test]
fn an_opcode_is_rewritten_between_many_immediates() {
    for at in [CALLED, CALLED + 0x3E, CALLED + 0x3F] {
        everywhere(|mut program, bits| {
            program.cpu.gpr[EDX] = 0x05;
            program.write(at, &bytes_of(bits, "05 00 00 00 00 ; add eax, 0\n c3 ; ret"));
            let mut text = Text::counting(bits, 100);
            text.add("f6 c1 0f ; test cl, 15\n 75 09 ; jne +9\n 80 f2 bd ; xor dl, 0xbd");
            text.store("88 15", at);
            text.store("89 0d", at + 1);
            text.call(at);
            let (mut eax, mut adds) = (0u32, true);
            for count in (1..=100).rev() {
                adds ^= count % 16 == 0;
                eax = if adds { eax.wrapping_add(count) } else { count };
            }
            assert_eq!(text.run(program).reg(0), eax, "{bits} {at:x}");
        });
    }
}

/// The immediate is INC EAX or INC EBX, and RET: called from the eleventh round on, when what its stores must change is
/// known already.
#[test]
fn an_immediate_that_is_rewritten_becomes_code() {
    const OF_EAX: u32 = 0x00C3_C0FF;
    const OF_EBX: u32 = 0x00C3_C3FF;
    everywhere(|mut program, bits| {
        program.cpu.gpr[EDX] = OF_EBX.into();
        program.write(CALLED, &bytes_of(bits, "05 00 00 00 00 ; add eax, 0\n c3 ; ret"));
        let mut text = Text::counting(bits, 20);
        text.add("81 f2 00 03 00 00 ; xor edx, 0x300");
        text.store("89 15", CALLED + 1);
        text.call(CALLED);
        text.add("83 f9 0a ; cmp ecx, 10\n 77 05 ; ja +5");
        text.call(CALLED + 1);
        let program = text.run(program);
        assert_eq!((program.reg(0), program.reg(EBX)), (10 * (OF_EAX + OF_EBX) + 5, 5), "{bits}");
    });
}

/// A word in the line of a function that is called.
#[test]
fn data_stands_in_a_line_with_code() {
    everywhere(|mut program, bits| {
        let data = CALLED + 8;
        program.write(CALLED, &bytes_of(bits, "05 02 00 00 00 ; add eax, 2\n c3 ; ret"));
        let mut text = Text::counting(bits, 100);
        text.store("89 0d", data);
        text.call(CALLED);
        let address = if bits == 64 { data.wrapping_sub(text.here() + 6) } else { data };
        text.add(&format!("03 1d {} ; add ebx, [data]", hex(address)));
        let program = text.run(program);
        assert_eq!((program.reg(0), program.reg(EBX)), (200, 100 * 101 / 2), "{bits}");
    });
}

/// Written twice by moves, and then by what drops the function: it comes back with what the first move wrote.
#[test]
fn an_immediate_gets_back_what_it_was() {
    const FIRST: u32 = 0x1_0000;
    everywhere(|mut program, bits| {
        program.cpu.gpr[EDX] = FIRST.into();
        program.write(CALLED, &bytes_of(bits, "05 00 00 00 00 ; add eax, 0\n c3 ; ret"));
        let mut text = Text::counting(bits, 100);
        text.store("89 15", CALLED + 1);
        text.store("89 0d", CALLED + 1);
        text.call(CALLED);
        text.add("89 ce ; mov esi, ecx\n 31 d6 ; xor esi, edx");
        let address = if bits == 64 { (CALLED + 1).wrapping_sub(text.here() + 6) } else { CALLED + 1 };
        text.add(&format!("31 35 {} ; xor [immediate], esi", hex(address)));
        text.call(CALLED);
        assert_eq!(text.run(program).reg(0), 100 * 101 / 2 + 100 * FIRST, "{bits}");
    });
}

/// The opcode stands in a line of its own: what drops the function leaves the mark of the immediate's line.
#[test]
fn an_opcode_changes_and_changes_back_around_an_immediate() {
    const AT: u32 = CALLED + 0x3F;
    everywhere(|mut program, bits| {
        program.cpu.gpr[EDX] = 7;
        program.write(AT, &bytes_of(bits, "05 00 00 00 00 ; add eax, 0\n c3 ; ret"));
        let mut text = Text::counting(bits, 100);
        text.store("89 15", AT + 1);
        text.store_byte(0xB8, AT);
        text.store("89 0d", AT + 1);
        text.store_byte(0x05, AT);
        text.call(AT);
        assert_eq!(text.run(program).reg(0), 100 * 101 / 2, "{bits}");
    });
}

/// The function is entered in front of one, two or three instructions, so that as many traces hold the immediate.
#[test]
fn several_traces_hold_an_immediate_that_is_rewritten() {
    for entries in 1..=4 {
        everywhere(|mut program, bits| {
            let listing =
                "ff c3 ; inc ebx\n ff c3 ; inc ebx\n ff c3 ; inc ebx\n 05 00 00 00 00 ; add eax, 0\n c3 ; ret";
            program.write(CALLED, &bytes_of(bits, listing));
            let mut text = Text::counting(bits, 100);
            text.store("89 0d", CALLED + 7);
            for entry in 0..entries {
                text.call(CALLED + 2 * entry);
            }
            let program = text.run(program);
            let increments: u32 = (0..entries).map(|entry| 3 - entry).sum();
            let expected = (entries * 100 * 101 / 2, 100 * increments);
            assert_eq!((program.reg(0), program.reg(EBX)), expected, "{bits} {entries}");
        });
    }
}

/// The first byte of the store is data, the others opcode and immediate, at the start of a line.
#[test]
fn a_store_reaches_from_data_into_a_line_of_code() {
    const AT: u32 = CALLED + 0x40;
    everywhere(|mut program, bits| {
        program.write(AT, &bytes_of(bits, "05 00 00 00 00 ; add eax, 0\n c3 ; ret"));
        let mut text = Text::counting(bits, 100);
        text.add("89 ca ; mov edx, ecx\n c1 e2 10 ; shl edx, 16\n 81 ca 01 05 00 00 ; or edx, 0x501");
        text.store("89 15", AT - 1);
        text.call(AT);
        assert_eq!(text.run(program).reg(0), 100 * 101 / 2, "{bits}");
    });
}
