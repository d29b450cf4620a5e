//! A frame on a stack: checked whole before its first operand is written, so that a transfer that fails leaves nothing
//! behind. SDM Vol.3A 5.8.5 "Stack Switching", 6.12.1 "Exception- or Interrupt-Handler Procedures".

use ringwalk_mmu::{Class, LinAddr};

use super::Exec;
use crate::exception::Step;
use crate::segment::{SegReg, Segment, Selector};
use crate::site::Site;

/// Most operands: SS, ESP, 31 parameters, CS and EIP of a call gate. (Leaving virtual-8086 mode pushes 10.)
const MOST_OPERANDS: usize = 35;

/// Register number of ESP and RSP.
const SP: u8 = 4;

/// Which stack a frame goes to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The one in use.
    Current,
    /// One that is loaded with the frame.
    New,
    /// A stack of 64-bit code: no limit, and SS is null where the level changes.
    Long,
}

/// Operands on their way to a stack.
pub(crate) struct Frame {
    place: Place,
    segment: Segment,
    pointer: u64,
    /// Bytes of each operand: 2, 4 or 8.
    size: u64,
    /// Rights of the level that the stack belongs to.
    class: Class,
    operands: [u64; MOST_OPERANDS],
    count: u64,
}

impl Frame {
    /// An empty frame below the top of a stack of privilege level `cpl` that is not in use yet.
    pub(crate) fn on_new_stack((segment, pointer): (Segment, u64), size: u64, cpl: u8) -> Frame {
        let class = if cpl == 3 { Class::User } else { Class::Supervisor };
        Frame { place: Place::New, segment, pointer, size, class, operands: [0; MOST_OPERANDS], count: 0 }
    }

    /// An empty frame of 8-byte operands below a stack pointer of 64-bit code at privilege level `cpl`.
    pub(crate) fn on_long_stack(cx: &Exec<'_>, pointer: u64, cpl: u8) -> Frame {
        let kept = *cx.cpu.seg(SegReg::Ss);
        let segment = if cpl == cx.cpu.cpl { kept } else { Segment::null(Selector(cpl.into())) };
        Frame { place: Place::Long, ..Frame::on_new_stack((segment, pointer), 8, cpl) }
    }

    /// An empty frame on the current stack.
    pub(crate) fn on_current_stack(cx: &Exec<'_>, size: u64) -> Frame {
        if cx.cpu.code_is_64() {
            return Frame { size, ..Frame::on_long_stack(cx, cx.reg::<u64>(SP), cx.cpu.cpl) };
        }
        let top = (*cx.cpu.seg(SegReg::Ss), cx.stack_pointer());
        Frame { place: Place::Current, ..Frame::on_new_stack(top, size, cx.cpu.cpl) }
    }

    /// Adds an operand below the last one; bits that an operand has not are lost.
    pub(crate) fn push(&mut self, value: u64) {
        self.operands[self.count as usize] = value;
        self.count += 1;
    }

    /// Offset of an operand, counted from 0 at the top.
    fn offset(&self, index: u64) -> u64 {
        let offset = self.pointer.wrapping_sub(self.size * (index + 1));
        if self.place == Place::Long {
            return offset;
        }
        if self.segment.is_big() { offset & 0xFFFF_FFFF } else { offset & 0xFFFF }
    }

    fn address(&self, index: u64) -> LinAddr {
        if self.place == Place::Long {
            return LinAddr(self.offset(index));
        }
        LinAddr((self.segment.base + self.offset(index)) & 0xFFFF_FFFF)
    }

    /// #SS unless all operands that were added lie within the stack's limit.
    pub(crate) fn require_room(&self, cx: &Exec<'_>) -> Step {
        self.require_room_for(cx, self.count)
    }

    /// #SS unless so many operands lie within the stack's limit. The error code names a new stack, not the current one.
    pub(crate) fn require_room_for(&self, cx: &Exec<'_>, operands: u64) -> Step {
        if self.place == Place::Long {
            let canonical = |index| cx.cpu.is_canonical(self.offset(index));
            return cx.require((0..operands).all(canonical), Site::StackCanonical, 0);
        }
        let writable = self.segment.is_writable() || !cx.cpu.protected();
        let fits = |index| writable && self.segment.contains(self.offset(index) as u32, self.size as u32);
        let (site, code) = match self.place {
            Place::Current => (Site::StackLimit, 0),
            Place::New | Place::Long => (Site::NewStackLimit, self.segment.selector.error_code()),
        };
        cx.require((0..operands).all(fits), site, code)
    }

    /// #AC or #PF unless all operands that were added can be written.
    pub(crate) fn require_writable(&self, cx: &mut Exec<'_>) -> Step {
        (0..self.count).try_for_each(|index| cx.require_writable(self.address(index), self.size, self.class))
    }

    /// Writes all operands and makes the stack the current one. [`Frame::require_room`] and
    /// [`Frame::require_writable`] came before.
    pub(crate) fn commit(self, cx: &mut Exec<'_>) -> Step {
        let segment = match self.place {
            Place::Current | Place::Long => self.segment,
            Place::New => cx.set_accessed(self.segment)?,
        };
        for index in 0..self.count {
            let value = self.operands[index as usize];
            match self.size {
                8 => cx.store_linear(self.address(index), value, self.class)?,
                4 => cx.store_linear(self.address(index), value as u32, self.class)?,
                _ => cx.store_linear(self.address(index), value as u16, self.class)?,
            }
        }
        cx.set_segment(SegReg::Ss, segment);
        if self.place == Place::Long {
            cx.set_reg::<u64>(SP, self.pointer.wrapping_sub(self.size * self.count));
        } else if self.count > 0 {
            cx.set_stack_pointer(self.offset(self.count - 1));
        }
        Ok(())
    }
}
