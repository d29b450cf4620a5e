//! Our decoder against iced-x86: length and operands of random byte strings in 16-, 32- and 64-bit code.

use iced_x86::{CpuidFeature, Decoder, DecoderOptions, EncodingKind, Instruction, Mnemonic, OpKind, Register};
use ringwalk_cpu::decode::{Decoded, decode};
use ringwalk_cpu::insn::{
    ADDRESS_32, DIRECT_64, Insn, LOCK, NO_REGISTER, PLACE_IMMEDIATE, PLACE_LOW_BYTE, PLACE_MEMORY, PLACE_NONE, REFUSED,
    RIP_RELATIVE,
};
use ringwalk_cpu::isa;
use ringwalk_cpu::model::Model;
use ringwalk_cpu::state::CodeSize;

/// Byte strings for each mode.
const STRINGS: u64 = 10_000_000;

/// A xorshift generator: the same strings on every host.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// A rule's name, its reason, and whether it explains what was found.
type Difference = (&'static str, &'static str, fn(&Instruction, &[u8], Option<&Insn>) -> bool);

/// Known differences, each with its reason. They are counted, and a rule that never applies fails the test.
const DIFFERENCES: [Difference; 3] = [
    ("later", "the instruction is of a feature that this build lacks", |theirs, _, _| {
        !theirs.is_invalid() && !theirs.cpuid_features().iter().all(|feature| is_built(*feature))
    }),
    ("x87", "escapes that are nothing raise #NM before #UD, so that they are rows", |theirs, _, ours| {
        ours.is_some_and(|insn| isa::row_of(insn.op).is_some_and(|row| row.name == "x87")) && theirs.is_invalid()
    }),
    ("registers", "control, debug and segment registers that do not exist are refused by the handler", |_, _, ours| {
        ours.is_some_and(|insn| {
            matches!(isa::row_of(insn.op).map(|row| row.name), Some("mov")) && {
                let opcode = insn.op >> 3;
                matches!(opcode, 0x120..=0x123 | 0x8C | 0x8E)
            }
        })
    }),
];

fn is_built(feature: CpuidFeature) -> bool {
    use CpuidFeature::*;
    matches!(
        feature,
        INTEL8086
            | INTEL186
            | INTEL286
            | INTEL386
            | INTEL486
            | INTEL8086_ONLY
            | CPUID
            | TSC
            | FXSR
            | MSR
            | CX8
            | CMOV
            | SEP
            | FPU
            | FPU287
            | FPU387
            | MULTIBYTENOP
            | X64
            | SYSCALL
            | CMPXCHG16B
            | FSGSBASE
            | INVPCID
            | RDTSCP
            | RDRAND
            | RDSEED
            | RDPID
            | SMAP
            | PKU
            | PREFETCHW
            | SMM
            | MMX
            | SSE
            | SSE2
            | SSE3
            | SSSE3
            | SSE4_1
            | SSE4_2
            | POPCNT
            | AES
            | PCLMULQDQ
            | SHA
            | MOVBE
            | AVX
            | AVX2
            | FMA
            | F16C
            | BMI1
            | BMI2
            | VAES
            | VPCLMULQDQ
            | XSAVE
            | XSAVEOPT
            | XSAVEC
            | XSAVES
            | ADX
            | LZCNT
            | SSE4A
            | CLFSH
            | PAUSE
    )
}

#[test]
fn agrees_with_iced_in_16_bit_code() {
    compare(16, 0x9E37_79B9_7F4A_7C15);
}

#[test]
fn agrees_with_iced_in_32_bit_code() {
    compare(32, 0xD1B5_4A32_D192_ED03);
}

#[test]
fn agrees_with_iced_in_64_bit_code() {
    compare(64, 0x94D0_49BB_1331_11EB);
}

fn compare(bits: u32, seed: u64) {
    let size = match bits {
        16 => CodeSize::Bits16,
        32 => CodeSize::Bits32,
        _ => CodeSize::Bits64,
    };
    let mut random = Random(seed);
    let mut used = [0u64; DIFFERENCES.len()];
    let mut compared = 0u64;
    let mut complaints = Vec::new();
    for _ in 0..STRINGS {
        let bytes = random_code(&mut random, bits);
        let theirs = Decoder::with_ip(bits, &bytes, 0x1000, DecoderOptions::NONE).decode();
        let ours = match decode(&bytes, size, Model::Max.features()) {
            Decoded::Insn(insn, _) if insn.op != isa::UNDEFINED_ROW && insn.flags & REFUSED == 0 => Some(insn),
            _ => None,
        };
        let verdict = disagreement(&theirs, ours.as_ref());
        let Some(complaint) = verdict else {
            compared += u64::from(ours.is_some());
            continue;
        };
        match DIFFERENCES.iter().position(|(_, _, applies)| applies(&theirs, &bytes, ours.as_ref())) {
            Some(rule) => used[rule] += 1,
            None if complaints.len() < 20 => complaints.push(format!("{bytes:02x?}: {complaint}")),
            None => (),
        }
    }
    assert!(complaints.is_empty(), "{bits}-bit code:\n{}", complaints.join("\n"));
    for ((name, reason, _), count) in DIFFERENCES.iter().zip(used) {
        println!("{bits}-bit: {count} differences by rule {name}: {reason}");
        assert!(count > 0, "the rule {name} never applied: take it out");
    }
    assert!(compared > STRINGS / 2, "most strings are instructions that both know: {compared}");
    println!("{bits}-bit: {compared} instructions agree");
}

/// Fifteen bytes, with prefixes and the two-byte escape more often than chance would have them.
fn random_code(random: &mut Random, bits: u32) -> [u8; 15] {
    let mut bytes = [0; 15];
    bytes[..8].copy_from_slice(&random.next().to_le_bytes());
    bytes[7..].copy_from_slice(&random.next().to_le_bytes());
    let dice = random.next();
    if dice & 7 == 0 {
        bytes[0] = [0x66, 0x67, 0xF0, 0xF2, 0xF3, 0x2E, 0x36, 0x65][(dice >> 8) as usize & 7];
    }
    if dice >> 3 & 3 == 0 {
        bytes[usize::from(dice & 7 == 0)] = 0x0F;
    }
    // VEX with a map that exists, and a second byte that makes it no LES outside 64-bit code.
    if dice >> 32 & 7 == 0 {
        let at = usize::from(dice & 7 == 0);
        if dice >> 35 & 1 == 0 {
            bytes[at] = 0xC5;
            bytes[at + 1] |= if bits == 64 { 0 } else { 0xC0 };
        } else {
            bytes[at] = 0xC4;
            bytes[at + 1] = bytes[at + 1] & 0xE0 | (1 + (dice >> 36) as u8 % 3) | if bits == 64 { 0 } else { 0xC0 };
        }
        return bytes;
    }
    // In 64-bit code a REX before the opcode, behind what else may stand there.
    if bits == 64 && dice >> 16 & 1 == 0 {
        let at = usize::from(dice & 7 == 0);
        bytes.copy_within(at..14, at + 1);
        bytes[at] = 0x40 | (dice >> 20) as u8 & 15;
    }
    bytes
}

/// What differs, in words; `None` if nothing does.
fn disagreement(theirs: &Instruction, ours: Option<&Insn>) -> Option<String> {
    let Some(ours) = ours else {
        return (!theirs.is_invalid() && theirs.mnemonic() != Mnemonic::Ud0 && theirs.mnemonic() != Mnemonic::Ud1)
            .then(|| format!("iced decodes {theirs:?}, we refuse it"));
    };
    if theirs.is_invalid() {
        let name = isa::row_of(ours.op).map_or("?", |row| row.name);
        return Some(format!("we decode {name}, iced refuses it"));
    }
    if theirs.len() != usize::from(ours.len) {
        return Some(format!("length {} against {} of {theirs}", ours.len, theirs.len()));
    }
    if theirs.has_lock_prefix() != (ours.flags & LOCK != 0) {
        return Some("LOCK differs".to_owned());
    }
    operand_disagreement(theirs, ours)
}

fn operand_disagreement(theirs: &Instruction, ours: &Insn) -> Option<String> {
    if theirs.op_count() > 0 && (0..theirs.op_count()).all(|index| theirs.op_register(index).is_st()) {
        // Rows name ST(i) only; where iced names two registers, the other is ST(0).
        let number = (0..theirs.op_count()).map(|index| theirs.op_register(index).number() as u8).max();
        return (number != Some(ours.dst)).then(|| format!("{theirs} against our ST({})", ours.dst));
    }
    let places = vex_places(theirs, ours).unwrap_or([ours.dst, ours.src, PLACE_NONE, PLACE_NONE]);
    if matches!(theirs.mnemonic(), Mnemonic::Maskmovq | Mnemonic::Maskmovdqu | Mnemonic::Vmaskmovdqu) {
        // Behind the memory at [rDI].
        let register =
            |index: u32| register_disagreement(theirs.op_register(index), [ours.dst, ours.src][index as usize - 1]);
        return register(1).or(register(2));
    }
    for index in 0..theirs.op_count().min(if theirs.encoding() == EncodingKind::VEX { 4 } else { 2 }) {
        let place = places[index as usize];
        let complaint = match theirs.op_kind(index) {
            OpKind::Register if place < 16 || place & !3 == PLACE_LOW_BYTE | 4 => {
                register_disagreement(theirs.op_register(index), place)
            }
            OpKind::Memory if place == PLACE_MEMORY => memory_disagreement(theirs, ours),
            OpKind::Immediate8 if place == PLACE_IMMEDIATE => {
                differs(u64::from(theirs.immediate8()), ours.immediate() & 0xFF)
            }
            OpKind::Immediate16 if place == PLACE_IMMEDIATE => {
                differs(u64::from(theirs.immediate16()), ours.immediate() & 0xFFFF)
            }
            OpKind::Immediate32 | OpKind::Immediate8to32 if place == PLACE_IMMEDIATE => {
                differs(u64::from(theirs.immediate(index) as u32), ours.immediate() & 0xFFFF_FFFF)
            }
            OpKind::Immediate8to64 | OpKind::Immediate32to64 if place == PLACE_IMMEDIATE => {
                differs(theirs.immediate(index), ours.immediate())
            }
            OpKind::Immediate64 if place == PLACE_IMMEDIATE => differs(theirs.immediate64(), ours.immediate_64()),
            OpKind::Immediate8to16 if place == PLACE_IMMEDIATE => {
                differs(u64::from(theirs.immediate(index) as u16), ours.immediate() & 0xFFFF)
            }
            OpKind::NearBranch16 | OpKind::NearBranch32 => {
                let target = (0x1000 + u64::from(ours.len)).wrapping_add(ours.immediate());
                let mask = if theirs.op_kind(index) == OpKind::NearBranch16 { 0xFFFF } else { 0xFFFF_FFFF };
                differs(theirs.near_branch_target(), target & mask)
            }
            OpKind::NearBranch64 => {
                let target = (0x1000 + u64::from(ours.len)).wrapping_add(ours.immediate());
                differs(theirs.near_branch64(), target)
            }
            OpKind::FarBranch16 | OpKind::FarBranch32 => {
                differs(u64::from(theirs.far_branch_selector()), ours.disp as u64)
            }
            kind if is_string_operand(kind) => string_disagreement(theirs, ours),
            _ if is_implicit(theirs) => None,
            kind => Some(format!("operand {index} is {kind:?}, ours has place {place:02x} in {theirs}")),
        };
        if complaint.is_some() {
            return complaint;
        }
    }
    None
}

/// Where we have the operands of an instruction that VEX encodes.
fn vex_places(theirs: &Instruction, ours: &Insn) -> Option<[u8; 4]> {
    if theirs.encoding() != EncodingKind::VEX {
        return None;
    }
    let row = isa::row_of(ours.op)?;
    let mut sources = [ours.src, PLACE_IMMEDIATE].into_iter();
    let place = |(number, operand): (usize, isa::Operand)| match operand {
        isa::Operand::None => PLACE_NONE,
        _ if number == 0 => ours.dst,
        isa::Operand::Hx | isa::Operand::By => ours.vvvv(),
        isa::Operand::Lx => ours.fourth(),
        _ => sources.next().unwrap_or(PLACE_IMMEDIATE),
    };
    let places: Vec<u8> = row.operands.into_iter().enumerate().map(place).collect();
    places.try_into().ok()
}

/// Instructions whose operands our rows do not spell out.
fn is_implicit(theirs: &Instruction) -> bool {
    use Mnemonic::*;
    theirs.is_string_instruction() || matches!(theirs.mnemonic(), Xlatb | Enter | Nop | Reservednop)
}

fn is_string_operand(kind: OpKind) -> bool {
    matches!(
        kind,
        OpKind::MemorySegSI
            | OpKind::MemorySegESI
            | OpKind::MemoryESDI
            | OpKind::MemoryESEDI
            | OpKind::MemorySegDI
            | OpKind::MemorySegEDI
            | OpKind::MemorySegRSI
            | OpKind::MemoryESRDI
            | OpKind::MemorySegRDI
    )
}

/// String instructions: address size and source segment.
fn string_disagreement(theirs: &Instruction, ours: &Insn) -> Option<String> {
    let any = |kinds: [OpKind; 3]| (0..theirs.op_count()).any(|index| kinds.contains(&theirs.op_kind(index)));
    let wide = any([OpKind::MemorySegESI, OpKind::MemoryESEDI, OpKind::MemorySegEDI]);
    let widest = any([OpKind::MemorySegRSI, OpKind::MemoryESRDI, OpKind::MemorySegRDI]);
    differs(u64::from(wide), u64::from(ours.flags & ADDRESS_32 != 0))
        .or_else(|| differs(u64::from(widest), u64::from(ours.address_64())))
}

fn differs(theirs: u64, ours: u64) -> Option<String> {
    (theirs != ours).then(|| format!("{theirs:x} against our {ours:x}"))
}

fn register_disagreement(theirs: Register, place: u8) -> Option<String> {
    let number = theirs.number() as u8;
    // They count AL to BH, then SPL to DIL, then R8L to R15L.
    let number = match number {
        8..12 if theirs.is_gpr8() => (number - 4) | PLACE_LOW_BYTE,
        12.. if theirs.is_gpr8() => number - 4,
        _ => number,
    };
    (number != place).then(|| format!("register {theirs:?} against our {place}"))
}

/// In 64-bit code only FS and GS make a difference.
fn same_segment(theirs: &Instruction, ours: &Insn) -> bool {
    let (theirs_number, ours_number) = (theirs.memory_segment().number() as u8, ours.segment() as u8);
    let ignored = theirs.code_size() == iced_x86::CodeSize::Code64 && theirs_number < 4 && ours_number < 4;
    ignored || theirs_number == ours_number
}

fn memory_disagreement(theirs: &Instruction, ours: &Insn) -> Option<String> {
    if is_implicit(theirs) {
        return None;
    }
    let number = |register: Register| {
        if register == Register::None { NO_REGISTER } else { register.number() as u8 }
    };
    if theirs.is_ip_rel_memory_operand() {
        let behind = (0x1000 + u64::from(ours.len)).wrapping_add(i64::from(ours.disp) as u64);
        let mask = if ours.address_64() { u64::MAX } else { 0xFFFF_FFFF };
        let relative = u64::from(ours.scale_segment & RIP_RELATIVE != 0);
        return differs(1, relative).or_else(|| differs(theirs.ip_rel_memory_address(), behind & mask));
    }
    if ours.scale_segment & DIRECT_64 != 0 {
        return differs(theirs.memory_displacement64(), ours.immediate_64().rotate_left(32));
    }
    let (mut base, mut index) = (number(theirs.memory_base()), number(theirs.memory_index()));
    let scale = theirs.memory_index_scale().trailing_zeros() as u8;
    // ESP or EBP as an unscaled index without a base, and their mirror, are one address.
    if base == NO_REGISTER && scale == 0 && ours.base != NO_REGISTER {
        std::mem::swap(&mut base, &mut index);
    }
    let mask = match (ours.address_64(), ours.flags & ADDRESS_32 != 0) {
        (true, _) => u64::MAX,
        (false, true) => 0xFFFF_FFFF,
        (false, false) => 0xFFFF,
    };
    let same = base == ours.base
        && index == ours.index
        && (index == NO_REGISTER || scale == ours.scale_segment & 3)
        && theirs.memory_displacement64() & mask == i64::from(ours.disp) as u64 & mask
        && same_segment(theirs, ours);
    (!same).then(|| format!("memory of {theirs} against our {ours:x?}"))
}
