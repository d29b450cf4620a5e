//! Instructions as text: read without side effects at exact boundaries, printed by iced-x86 in NASM's syntax.

use iced_x86::{Decoder, DecoderOptions, Formatter, Instruction, Mnemonic, NasmFormatter};
use ringwalk_cpu::segment::SegReg;
use ringwalk_cpu::state::{CodeSize, CpuState, Mode};
use serde::Serialize;

use crate::page::{Page, Show, Tone};
use crate::space::Address;
use crate::target::Target;

/// Longest instruction, in bytes. SDM Vol.2A 2.3.11 "AVX Instruction Length".
const LONGEST: u32 = 15;

/// An instruction where it stands.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// Where it begins.
    pub at: Address,
    /// Its bytes, as far as they can be read.
    pub bytes: Vec<u8>,
    /// The instruction; `None` if its bytes cannot all be read.
    pub insn: Option<Instruction>,
}

/// A line of disassembly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// `selector:offset`, or the address in its own space.
    pub address: String,
    /// The linear address; absent for physical ones.
    pub linear: Option<u64>,
    /// True if the text must show the linear address: it cannot be seen from the logical one.
    #[serde(skip)]
    pub show_linear: bool,
    /// The bytes, as hexadecimal digits; `??` where nothing can be read.
    pub bytes: String,
    /// The instruction in NASM's syntax.
    pub text: String,
    /// It is the next instruction.
    pub next: bool,
}

/// Consecutive lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// The lines.
    pub lines: Vec<Line>,
}

impl Show for Listing {
    fn show(&self, page: &mut Page) {
        let widest = |part: fn(&Line) -> usize| self.lines.iter().map(part).max().unwrap_or(0);
        let (address, bytes) = (widest(|line| line.address.len()), widest(|line| line.bytes.len()));
        for line in &self.lines {
            let arrow = if line.next { "=>" } else { "  " };
            let linear = match line.linear.filter(|_| line.show_linear) {
                Some(linear) => format!(" lin {linear:08x}"),
                None => String::new(),
            };
            // Short instructions keep the columns of most listings in place.
            let (address, bytes) = (address, bytes.max(14));
            let text = format!("{arrow} {:address$}{linear}  {:bytes$}  {}", line.address, line.bytes, line.text);
            page.line(if line.next { page.tone(Tone::Here, text) } else { text });
        }
    }
}

/// The bitness of the code that runs now.
pub fn bits(cpu: &CpuState) -> u32 {
    match cpu.code_size() {
        CodeSize::Bits16 => 16,
        CodeSize::Bits32 => 32,
        CodeSize::Bits64 => 64,
    }
}

/// The instruction at an address, taken as code of the present bitness.
pub fn decode(target: &dyn Target, at: Address) -> Decoded {
    let (cpu, memory) = (target.cpu(), target.memory());
    let at = in_code_segment(cpu, at);
    let mut bytes: Vec<u8> = (0..LONGEST).map_while(|index| at.plus(index).peek(cpu, memory)).collect();
    let ip = match at {
        Address::Logical { offset, .. } => offset,
        Address::Linear(address) | Address::Physical(address) => address,
    };
    let insn = Decoder::with_ip(bits(cpu), &bytes, ip, DecoderOptions::NONE).decode();
    if insn.is_invalid() && bytes.len() < LONGEST as usize {
        return Decoded { at, bytes, insn: None };
    }
    bytes.truncate(insn.len().max(1));
    Decoded { at, bytes, insn: Some(insn) }
}

/// Bytes that were an instruction of code with so many bits at an offset, in NASM's syntax.
pub fn text_of_bytes(bits: u32, offset: u64, bytes: &[u8]) -> String {
    let insn = Decoder::with_ip(bits, bytes, offset, DecoderOptions::NONE).decode();
    let decoded = Decoded { at: Address::Linear(offset), bytes: bytes.to_vec(), insn: Some(insn) };
    if bytes.is_empty() { "(cannot be read)".to_string() } else { decoded.text() }
}

/// The instruction at CS:EIP.
pub fn next_instruction(target: &dyn Target) -> Decoded {
    decode(target, Address::of_next(target.cpu()))
}

/// A linear address inside the code segment is shown by its offset there, so that branch targets read right.
fn in_code_segment(cpu: &CpuState, at: Address) -> Address {
    let Address::Linear(linear) = at else {
        return at;
    };
    if cpu.code_is_64() {
        return Address::in_segment(cpu, SegReg::Cs, linear);
    }
    let offset = linear.wrapping_sub(cpu.seg(SegReg::Cs).base) & 0xFFFF_FFFF;
    if offset <= u64::from(cpu.seg(SegReg::Cs).limit) { Address::in_segment(cpu, SegReg::Cs, offset) } else { at }
}

/// Lines from an address on.
pub fn listing(target: &dyn Target, from: Address, count: u32) -> Listing {
    let (mut at, mut lines) = (from, Vec::new());
    for _ in 0..count {
        let decoded = decode(target, at);
        lines.push(line(target, &decoded));
        at = decoded.after();
    }
    Listing { lines }
}

impl Decoded {
    /// The address after it.
    pub fn after(&self) -> Address {
        self.at.plus(self.bytes.len().max(1) as u32)
    }

    /// The instruction in NASM's syntax; what stands in its place if it cannot be read or is none.
    pub fn text(&self) -> String {
        match &self.insn {
            None => "(cannot be read)".to_string(),
            Some(insn) if insn.is_invalid() => {
                format!("db {:#04x}  ; no instruction", self.bytes[0])
            }
            Some(insn) => text(insn),
        }
    }
}

fn line(target: &dyn Target, decoded: &Decoded) -> Line {
    let cpu = target.cpu();
    let mut bytes: String = decoded.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    if decoded.insn.is_none() {
        bytes.push_str("??");
    }
    let linear = decoded.at.linear().map(|at| at.0);
    Line {
        address: decoded.at.text(),
        linear,
        show_linear: !is_plain(cpu, decoded.at),
        bytes,
        text: decoded.text(),
        next: linear == Some(cpu.linear_rip()),
    }
}

/// True if the linear address can be seen from the logical one: by the rule of real mode, or in a flat segment.
pub fn is_plain(cpu: &CpuState, at: Address) -> bool {
    match at {
        Address::Logical { selector, base, .. } if cpu.mode() != Mode::Protected => base == u64::from(selector) << 4,
        Address::Logical { base, .. } => base == 0,
        _ => true,
    }
}

/// One instruction as text.
pub fn text(insn: &Instruction) -> String {
    let mut formatter = NasmFormatter::new();
    let options = formatter.options_mut();
    options.set_hex_prefix("0x");
    options.set_hex_suffix("");
    options.set_uppercase_hex(false);
    options.set_space_after_operand_separator(true);
    options.set_branch_leading_zeros(false);
    options.set_show_branch_size(false);
    let mut text = String::new();
    formatter.format(insn, &mut text);
    text
}

/// True for what `next` runs through: calls, software interrupts, repeated string instructions.
pub fn is_stepped_over(insn: &Instruction) -> bool {
    let calls = [Mnemonic::Call, Mnemonic::Int, Mnemonic::Int3, Mnemonic::Into, Mnemonic::Int1];
    calls.contains(&insn.mnemonic()) || repeats(insn)
}

/// True for a string instruction with a REP prefix.
pub fn repeats(insn: &Instruction) -> bool {
    insn.is_string_instruction() && (insn.has_rep_prefix() || insn.has_repne_prefix())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::Fake;
    use ringwalk_cpu::segment::DEFAULT_BIG;

    fn shown(fake: &Fake, from: Address, count: u32) -> String {
        let mut page = Page::new(false);
        listing(fake, from, count).show(&mut page);
        page.finish()
    }

    #[test]
    fn sixteen_bit_code_reads_right() {
        let fake = Fake::with_code(&[
            0xFA, 0x31, 0xC0, 0x8E, 0xD8, 0xBC, 0x00, 0x7C, 0xEB, 0xF6, 0x66, 0xB8, 0x78, 0x56, 0x34, 0x12, 0xF3, 0x66,
            0xAB, 0x8B, 0x46, 0xFE, 0xEA, 0x00, 0x00, 0xFF, 0xFF, 0x67, 0x8B, 0x04, 0x24,
        ]);
        insta::assert_snapshot!(shown(&fake, Address::of_next(&fake.cpu), 11), @r"
        => 0000:7c00  fa              cli
           0000:7c01  31c0            xor ax, ax
           0000:7c03  8ed8            mov ds, ax
           0000:7c05  bc007c          mov sp, 0x7c00
           0000:7c08  ebf6            jmp 0x7c00
           0000:7c0a  66b878563412    mov eax, 0x12345678
           0000:7c10  f366ab          rep stosd
           0000:7c13  8b46fe          mov ax, [bp-2]
           0000:7c16  ea0000ffff      jmp 0xffff:0
           0000:7c1b  678b0424        mov ax, [esp]
           0000:7c1f  0000            add [bx+si], al
        ");
    }

    #[test]
    fn the_same_bytes_differ_in_32_bit_code() {
        let mut fake = Fake::with_code(&[0xB8, 0x78, 0x56, 0x34, 0x12, 0x66, 0xB8, 0x34, 0x12]);
        fake.cpu.segments[SegReg::Cs as usize].rights |= DEFAULT_BIG;
        insta::assert_snapshot!(shown(&fake, Address::of_next(&fake.cpu), 2), @r"
        => 0000:7c00  b878563412      mov eax, 0x12345678
           0000:7c05  66b83412        mov ax, 0x1234
        ");
    }

    #[test]
    fn what_cannot_be_read_shows_as_question_marks() {
        let mut fake = Fake::new();
        fake.poke(0x9FFFE, &[0x90, 0xB8]);
        insta::assert_snapshot!(shown(&fake, Address::Linear(0x9FFFE), 3), @r"
        lin 0009fffe  90              nop
        lin 0009ffff  b8??            (cannot be read)
        lin 000a0000  ??              (cannot be read)
        ");
    }

    #[test]
    fn branches_wrap_inside_64_kib_and_boundaries_follow_the_offset() {
        let mut fake = Fake::new();
        fake.cpu.rip = 0xFFFE;
        fake.poke(0xFFFE, &[0xEB, 0x10, 0x90, 0x90]);
        insta::assert_snapshot!(shown(&fake, Address::of_next(&fake.cpu), 1), @"=> 0000:fffe  eb10            jmp 0x10");
    }
}
