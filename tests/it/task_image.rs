//! Task-state segments of the tests: what a switch to a task loads. SDM Vol.3A Figure 7-2 "32-Bit Task-State Segment
//! (TSS)", Figure 7-10 "16-Bit TSS Format".

use ringwalk_cpu::segment::SegReg;

use crate::program::*;

/// A task as it will be written into memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TaskImage {
    pub link: u16,
    /// Stack of ring 0: the pointer and the selector.
    pub inner: (u32, u16),
    pub cr3: u32,
    pub eip: u32,
    pub flags: u32,
    pub gpr: [u32; 8],
    /// ES CS SS DS FS GS.
    pub selectors: [u16; 6],
    pub ldt: u16,
    pub trap: bool,
}

impl TaskImage {
    /// A task with the flat segments of a ring, no LDT and registers that can be told apart.
    pub(crate) fn of_ring(ring: usize) -> TaskImage {
        let data = DATA_OF[ring];
        let mut gpr = [0, 1, 2, 3, 4, 5, 6, 7].map(|number| 0x4321_0000 | number << 4);
        gpr[4] = STACKS[ring] - 0x400;
        TaskImage {
            link: 0,
            inner: (STACKS[0] - 0x400, DATA_OF[0]),
            cr3: 0,
            eip: 0x1_2000,
            flags: 2,
            gpr,
            selectors: [data, CODE_OF[ring], data, data, data, data],
            ldt: 0,
            trap: false,
        }
    }

    pub(crate) fn with(self, reg: SegReg, selector: u16) -> TaskImage {
        let mut selectors = self.selectors;
        selectors[reg as usize] = selector;
        TaskImage { selectors, ..self }
    }

    pub(crate) fn write_32(&self, program: &mut Program, at: u32) {
        program.write(at, &[0; 0x68]);
        program.write_word(at, self.link);
        program.write_dword(at + 4, self.inner.0);
        program.write_word(at + 8, self.inner.1);
        program.write_dword(at + 0x1C, self.cr3);
        program.write_dword(at + 0x20, self.eip);
        program.write_dword(at + 0x24, self.flags);
        for (number, value) in self.gpr.into_iter().enumerate() {
            program.write_dword(at + 0x28 + 4 * number as u32, value);
        }
        for (number, selector) in self.selectors.into_iter().enumerate() {
            program.write_word(at + 0x48 + 4 * number as u32, selector);
        }
        program.write_word(at + 0x60, self.ldt);
        program.write_word(at + 0x64, self.trap.into());
        program.write_word(at + 0x66, 0x68);
    }

    pub(crate) fn write_16(&self, program: &mut Program, at: u32) {
        program.write_word(at, self.link);
        program.write_word(at + 2, self.inner.0 as u16);
        program.write_word(at + 4, self.inner.1);
        program.write_word(at + 0x0E, self.eip as u16);
        program.write_word(at + 0x10, self.flags as u16);
        for (number, value) in self.gpr.into_iter().enumerate() {
            program.write_word(at + 0x12 + 2 * number as u32, value as u16);
        }
        for (number, selector) in self.selectors.into_iter().take(4).enumerate() {
            program.write_word(at + 0x22 + 2 * number as u32, selector);
        }
        program.write_word(at + 0x2A, self.ldt);
    }
}
