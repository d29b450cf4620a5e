//! A frame on a stack: checked whole before its first operand is written, so that a transfer that fails leaves nothing
//! behind. SDM Vol.3A 5.8.5 "Stack Switching", 6.12.1 "Exception- or Interrupt-Handler Procedures".

use ringwalk_mmu::{Class, LinAddr};

use super::Exec;
use crate::exception::Step;
use crate::segment::{SegReg, Segment};
use crate::site::Site;

/// Most operands: SS, ESP, 31 parameters, CS and EIP of a call gate. (Leaving virtual-8086 mode pushes 10.)
const MOST_OPERANDS: usize = 35;

/// Which stack a frame goes to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The one in use.
    Current,
    /// One that is loaded with the frame.
    New,
}

/// Operands on their way to a stack.
pub(crate) struct Frame {
    place: Place,
    segment: Segment,
    pointer: u32,
    /// Bytes of each operand: 2 or 4.
    size: u32,
    /// Rights of the level that the stack belongs to.
    class: Class,
    operands: [u32; MOST_OPERANDS],
    count: u32,
}

impl Frame {
    /// An empty frame below the top of a stack of privilege level `cpl` that is not in use yet.
    pub(crate) fn on_new_stack((segment, pointer): (Segment, u32), size: u32, cpl: u8) -> Frame {
        let class = if cpl == 3 { Class::User } else { Class::Supervisor };
        Frame { place: Place::New, segment, pointer, size, class, operands: [0; MOST_OPERANDS], count: 0 }
    }

    /// An empty frame on the current stack.
    pub(crate) fn on_current_stack(cx: &Exec<'_>, size: u32) -> Frame {
        let top = (*cx.cpu.seg(SegReg::Ss), cx.stack_pointer());
        Frame { place: Place::Current, ..Frame::on_new_stack(top, size, cx.cpu.cpl) }
    }

    /// Adds an operand below the last one; its upper half is lost if operands have 2 bytes.
    pub(crate) fn push(&mut self, value: u32) {
        self.operands[self.count as usize] = value;
        self.count += 1;
    }

    /// Offset of an operand, counted from 0 at the top.
    fn offset(&self, index: u32) -> u32 {
        let offset = self.pointer.wrapping_sub(self.size * (index + 1));
        if self.segment.is_big() { offset } else { offset & 0xFFFF }
    }

    fn address(&self, index: u32) -> LinAddr {
        LinAddr((self.segment.base + u64::from(self.offset(index))) & 0xFFFF_FFFF)
    }

    /// #SS unless all operands that were added lie within the stack's limit.
    pub(crate) fn require_room(&self, cx: &Exec<'_>) -> Step {
        self.require_room_for(cx, self.count)
    }

    /// #SS unless so many operands lie within the stack's limit. The error code names a new stack, not the current one.
    pub(crate) fn require_room_for(&self, cx: &Exec<'_>, operands: u32) -> Step {
        let writable = self.segment.is_writable() || !cx.cpu.protected();
        let fits = |index| writable && self.segment.contains(self.offset(index), self.size);
        let (site, code) = match self.place {
            Place::Current => (Site::StackLimit, 0),
            Place::New => (Site::NewStackLimit, self.segment.selector.error_code()),
        };
        cx.require((0..operands).all(fits), site, code)
    }

    /// #AC or #PF unless all operands that were added can be written.
    pub(crate) fn require_writable(&self, cx: &mut Exec<'_>) -> Step {
        (0..self.count).try_for_each(|index| cx.require_writable(self.address(index), u64::from(self.size), self.class))
    }

    /// Writes all operands and makes the stack the current one. [`Frame::require_room`] and
    /// [`Frame::require_writable`] came before.
    pub(crate) fn commit(self, cx: &mut Exec<'_>) -> Step {
        let segment = match self.place {
            Place::Current => self.segment,
            Place::New => cx.set_accessed(self.segment)?,
        };
        for index in 0..self.count {
            let value = self.operands[index as usize];
            match self.size {
                4 => cx.store_linear(self.address(index), value, self.class)?,
                _ => cx.store_linear(self.address(index), value as u16, self.class)?,
            }
        }
        cx.set_segment(SegReg::Ss, segment);
        if self.count > 0 {
            cx.set_stack_pointer(self.offset(self.count - 1));
        }
        Ok(())
    }
}
