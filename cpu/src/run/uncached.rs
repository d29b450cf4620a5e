//! Instructions that come from no trace of one page: those that cross a page, lie at the segment limit, or come over the
//! bus. What crosses from one frame into another is kept, to be a trace of its own from then on.

use ringwalk_mmu::{FetchPlace, Frame, LinAddr, PAGE_BYTES, PhysAddr, Route};

use super::{Run, execute_one};
use crate::exception::Exception;
use crate::fetch::{Fetched, fetch_and_decode};
use crate::state::FetchPage;
use crate::trace::{CodePlace, FetchFrame, Models};

impl Run<'_, '_> {
    /// One instruction that crosses a page, lies at the limit, or comes over the bus.
    pub(super) fn execute_uncached(&mut self) -> Result<(), Exception> {
        if self.cx.hot.watches.any_code() && self.breakpoint_here() {
            return Ok(());
        }
        self.check_breakpoint = true;
        self.cx.leave();
        let fetched = fetch_and_decode(&mut self.cx)?;
        self.keep_crossing(&fetched);
        execute_one(&mut self.cx, &fetched.insn)
    }

    /// Keeps what crosses from one frame into another.
    fn keep_crossing(&mut self, fetched: &Fetched) {
        let FetchFrame::Frame(frame) = self.cx.hot.fetch_frame else { return };
        let Some((linear, page)) = fetched.next.filter(|_| self.cx.hot.plain.is_none()) else { return };
        let physical = PhysAddr(page * PAGE_BYTES);
        let Route::Frame(next) = self.cx.memory.routes(physical.page()).read else { return };
        self.mark(next, FetchPage { linear, physical: page, user: self.cx.cpu.cpl == 3 }, physical);
        self.cx.fill_fetch(LinAddr(linear * PAGE_BYTES), FetchPlace { frame: next, physical: page });
        let cx = &mut self.cx;
        let models = Models { model: cx.cpu.model, features: cx.cpu.features, timing: cx.hot.timing };
        let place = CodePlace { frame, offset: cx.cpu.linear_rip() % PAGE_BYTES, mode: cx.hot.fast.mode() };
        if let Some(id) = self.traces.keep_crossing(place, fetched, next, models, cx.memory, &cx.hot.watches) {
            self.count_slots(id);
        }
        self.drop_ways_to_write(frame);
    }

    /// Marks where breakpoints may stand in a frame that a page leads to.
    pub(super) fn mark(&mut self, frame: Frame, page: FetchPage, physical: PhysAddr) {
        if self.cx.hot.watches.mark(frame, page, physical) {
            self.traces.drop_frame(frame);
        }
    }
}
