//! The stack: where its top is, and `stack`.

use ringwalk_cpu::segment::SegReg;
use ringwalk_cpu::state::{CodeSize, CpuState};
use serde::Serialize;

use crate::page::{Page, Show};
use crate::space::Address;
use crate::target::Target;

/// The top of the stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StackView {
    /// SS:ESP.
    pub address: String,
    /// The linear address of the top.
    pub linear: u64,
    /// Bytes of a slot: the operand size of the present code.
    pub slot_bytes: u32,
    /// Slots from the top; `null` where nothing can be read.
    pub slots: Vec<Option<u64>>,
}

/// The stack pointer as wide as the stack segment says.
pub fn stack_pointer(cpu: &CpuState) -> u64 {
    wrapped(cpu, cpu.gpr[4])
}

fn wrapped(cpu: &CpuState, offset: u64) -> u64 {
    if cpu.code_is_64() {
        offset
    } else if cpu.seg(SegReg::Ss).is_big() {
        offset & 0xFFFF_FFFF
    } else {
        offset & 0xFFFF
    }
}

/// So many bytes above the top of the stack; a 16-bit stack wraps at 64 KiB.
pub fn stack_at(cpu: &CpuState, bytes: u32) -> Address {
    Address::in_segment(cpu, SegReg::Ss, wrapped(cpu, stack_pointer(cpu).wrapping_add(bytes.into())))
}

/// So many slots from the top.
pub fn stack(target: &dyn Target, slots: u32) -> StackView {
    let cpu = target.cpu();
    let slot_bytes = match cpu.code_size() {
        CodeSize::Bits16 => 2,
        CodeSize::Bits32 => 4,
        CodeSize::Bits64 => 8,
    };
    let top = stack_at(cpu, 0);
    let slot = |index| stack_at(cpu, index * slot_bytes).peek_number(cpu, target.memory(), slot_bytes);
    StackView {
        address: top.text(),
        linear: top.linear().map_or(0, |at| at.0),
        slot_bytes,
        slots: (0..slots).map(slot).collect(),
    }
}

impl Show for StackView {
    fn show(&self, page: &mut Page) {
        let digits = 2 * self.slot_bytes as usize;
        let per_line = if digits == 4 { 12 } else { 6 };
        for (line, slots) in self.slots.chunks(per_line).enumerate() {
            let words: Vec<String> = slots.iter().map(|slot| number_or_marks(*slot, digits)).collect();
            let head = if line == 0 { format!("stack {}", self.address) } else { String::new() };
            let width = "stack ".len() + self.address.len();
            page.line(format!("{head:width$}  {}", words.join(" ")));
        }
    }
}

/// A number with so many hexadecimal digits, or as many question marks.
pub fn number_or_marks(value: Option<u64>, digits: usize) -> String {
    value.map_or_else(|| "?".repeat(digits), |value| format!("{value:0digits$x}"))
}
