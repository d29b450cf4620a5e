//! Where the beam is: retrace and display enable follow from virtual time and the CRT controller's registers.
//! IBM *PS/2 Video Subsystems*, "CRT Controller Registers", "Input Status Register 1".

use ringwalk_mmu::{Instant, Rate};

use super::Vga;
use super::scan::HALF_LINES;
use crate::device::Cx;

/// Input status 1, bit 0: the display is not being drawn.
const DISPLAY_DISABLED: u8 = 1 << 0;
/// Input status 1, bit 3: vertical retrace.
const VERTICAL_RETRACE: u8 = 1 << 3;

/// Dot clocks that the miscellaneous output register selects, in hertz. The external ones are not wired and count as
/// the first.
const DOT_CLOCKS: [u64; 4] = [25_175_000, 28_322_000, 25_175_000, 25_175_000];

/// The frame that the registers describe, in dots and lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Dots in a character: 8 or 9, twice that at half the dot clock.
    pub(crate) dots: u32,
    /// Characters in a line, with retrace.
    pub(crate) total_chars: u32,
    /// Characters shown.
    pub(crate) shown_chars: u32,
    /// Lines in a frame, with retrace.
    pub(crate) total_lines: u32,
    /// Lines shown.
    pub(crate) shown_lines: u32,
    /// First line of vertical retrace.
    pub(crate) retrace_start: u32,
    /// Its length in lines, 1 to 16, or twice that.
    pub(crate) retrace_lines: u32,
}

impl Vga {
    /// The frame of the current registers.
    pub(crate) fn frame(&self) -> Frame {
        let crtc = |number| u32::from(self.crtc.get(number));
        let overflow = crtc(7);
        let bit = |from: u32, to: u32| (overflow >> from & 1) << to;
        let clocking = self.sequencer.get(1);
        let half = u32::from(clocking & 8 != 0);
        // The vertical counter may count every other line.
        let slow = u32::from(self.crtc.get(0x17) & HALF_LINES != 0);
        let retrace_start = crtc(0x10) | bit(2, 8) | bit(7, 9);
        let retrace_lines = (crtc(0x11) & 15).wrapping_sub(retrace_start) & 15;
        Frame {
            dots: (if clocking & 1 != 0 { 8 } else { 9 }) << half,
            total_chars: crtc(0) + 5,
            shown_chars: crtc(1) + 1,
            total_lines: ((crtc(6) | bit(0, 8) | bit(5, 9)) + 2) << slow,
            shown_lines: ((crtc(0x12) | bit(1, 8) | bit(6, 9)) + 1) << slow,
            retrace_start: retrace_start << slow,
            retrace_lines: (if retrace_lines == 0 { 16 } else { retrace_lines }) << slow,
        }
    }

    /// Display-disabled and retrace bits of input status 1 at the time of the access.
    pub(crate) fn beam_status(&self, cx: &Cx<'_>) -> u8 {
        let frame = self.frame();
        let line_dots = u64::from(frame.total_chars * frame.dots);
        let dot = cx.rate(self.dot_clock()).ticks_at(cx.now) % (line_dots * u64::from(frame.total_lines));
        let line = dot / line_dots;
        let char = dot % line_dots / u64::from(frame.dots);
        let shown = line < u64::from(frame.shown_lines) && char < u64::from(frame.shown_chars);
        let retrace = line.wrapping_sub(u64::from(frame.retrace_start)) < u64::from(frame.retrace_lines);
        (if shown { 0 } else { DISPLAY_DISABLED }) | (if retrace { VERTICAL_RETRACE } else { 0 })
    }

    /// How many frames were over at a moment, had the registers always been what they are.
    pub(crate) fn frames_at(&self, clock_hz: u64, now: Instant) -> u64 {
        let frame = self.frame();
        let dots = u64::from(frame.total_chars * frame.dots) * u64::from(frame.total_lines);
        Rate::new(self.dot_clock(), clock_hz).ticks_at(now) / dots
    }

    /// In hertz.
    fn dot_clock(&self) -> u64 {
        DOT_CLOCKS[usize::from(self.misc >> 2 & 3)]
    }
}
