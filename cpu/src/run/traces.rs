//! The trace that execution goes on with: found, brought back from its bytes, or decoded, behind the page that it lies in.

use ringwalk_mmu::{Access, FetchPlace, Frame, LinAddr, PAGE_BYTES, PhysAddr, Route};

use super::Run;
use crate::exception::Exception;
use crate::fast::{self, Loose};
use crate::fetch::require_fetchable;
use crate::segment::SegReg;
use crate::state::FetchPage;
use crate::timing::Timing;
use crate::trace::{CodePlace, FetchFrame, Key, Models, TraceId};

impl Run<'_, '_> {
    /// The trace at CS:EIP; `None` if the next instruction cannot come from one.
    pub(super) fn find_trace(&mut self) -> Result<Option<TraceId>, Exception> {
        if self.cx.hot.host_tlb.has_last_fetch_epoch() {
            self.begin_fetch_epochs();
        }
        let loose = std::mem::take(&mut self.loose);
        let generation = self.traces.generation();
        let page = self.cx.cpu.fetch_page;
        if self.cx.hot.stale != 0 && self.cx.hot.watches.is_strange(self.cx.cpu) {
            // Marks of pages that were latched before may be missing.
            self.cx.hot.watches.meet(self.cx.cpu);
            self.cx.flush_derived_translations();
        }
        let FetchFrame::Frame(frame) = self.fetch_frame()? else {
            return Ok(None);
        };
        if self.cx.hot.plain.is_some() {
            return Ok(None);
        }
        let offset = self.cx.cpu.linear_rip() % PAGE_BYTES;
        if self.cx.hot.stale != 0 {
            fast::refresh(&mut self.cx);
        }
        let place = CodePlace { frame, offset, mode: self.cx.hot.fast.mode() };
        let id = match self.traces.find(Key::new(place)) {
            Some(id) => id,
            None => match self.build(place, loose) {
                Some(id) => id,
                None => return Ok(None),
            },
        };
        if !place.mode.is_64 {
            let last = self.cx.cpu.rip + u64::from(self.traces.trace(id).bytes) - 1;
            if last > u64::from(self.cx.cpu.seg(SegReg::Cs).limit) {
                return Ok(None);
            }
        }
        if !self.traces.follows(id, self.cx.cpu, self.cx.hot, self.cx.memory) {
            return Ok(None);
        }
        if generation == self.traces.generation() {
            self.traces.tie(loose, id, page == self.cx.cpu.fetch_page);
        }
        Ok(Some(id))
    }

    /// Epochs can be counted no further: with the traces goes what was believed under one.
    #[cold]
    fn begin_fetch_epochs(&mut self) {
        self.traces.clear();
        self.cx.memory.frames.forget_code();
        self.loose = Loose::default();
        self.cx.hot.host_tlb.begin_fetch_epochs();
    }

    fn build(&mut self, place: CodePlace, loose: Loose) -> Option<TraceId> {
        let cx = &mut self.cx;
        let models = Models { model: cx.cpu.model, features: cx.cpu.features, timing: cx.hot.timing };
        if let Some(id) = self.traces.renew(place, models, cx.memory, &cx.hot.watches, loose.dead) {
            self.drop_ways_to_write(place.frame);
            return Some(id);
        }
        let id = self.traces.build(place, models, cx.memory, &cx.hot.watches, loose.dead)?;
        self.count_slots(id);
        self.drop_ways_to_write(place.frame);
        Some(id)
    }

    /// Lets the slots of a trace count, if a profile is asked for.
    pub(super) fn count_slots(&mut self, id: TraceId) {
        let hot = &mut *self.cx.hot;
        if let Some(profile) = &mut hot.profile
            && hot.timing == Timing::Flat
            && !self.traces.trace(id).candidate
        {
            let (first, slots) = self.traces.slots_mut(id);
            profile.wrap(first, slots, fast::COUNTED);
        }
    }

    /// What holds code is written the long way.
    pub(super) fn drop_ways_to_write(&mut self, frame: Frame) {
        let cx = &mut self.cx;
        if cx.memory.frames.take_write_cached(frame) {
            cx.hot.host_tlb.drop_writes_to(frame);
        }
    }

    /// The frame that code comes from, with the latched page renewed if execution left it.
    pub(super) fn fetch_frame(&mut self) -> Result<FetchFrame, Exception> {
        let cx = &mut self.cx;
        let linear = cx.cpu.linear_rip();
        let user = cx.cpu.cpl == 3;
        let latched = cx.cpu.fetch_page.filter(|page| page.linear == linear / PAGE_BYTES && page.user == user);
        let page = match latched {
            Some(page) => page,
            None => {
                // The limit is looked at before the page: an instruction that begins beyond it never gets there.
                require_fetchable(cx, cx.cpu.rip)?;
                let known = cx.hot.host_tlb.fetch(LinAddr(linear), cx.class()).map(|place| place.physical);
                let physical = match known {
                    Some(physical) => physical,
                    None => cx.translate_ungated(LinAddr(linear), Access::Fetch, cx.class())?.page(),
                };
                let page = FetchPage { linear: linear / PAGE_BYTES, physical, user };
                cx.cpu.fetch_page = Some(page);
                cx.hot.fetch_frame = FetchFrame::Unknown;
                page
            }
        };
        if cx.hot.fetch_frame == FetchFrame::Unknown {
            let physical = cx.memory.behind_a20(PhysAddr(page.physical * PAGE_BYTES));
            let route = cx.memory.routes(physical.page()).read;
            if let Route::Frame(frame) = route
                && cx.memory.frames.is_absent(frame)
            {
                cx.memory.frames.bring(frame);
                cx.require_whole_memory()?;
            }
            cx.hot.fetch_frame = match route {
                Route::Frame(frame) => FetchFrame::Frame(frame),
                Route::Mmio | Route::Open => FetchFrame::Bus,
            };
            if let FetchFrame::Frame(frame) = cx.hot.fetch_frame {
                self.mark(frame, page, physical);
            }
        }
        let cx = &mut self.cx;
        if let FetchFrame::Frame(frame) = cx.hot.fetch_frame
            && cx.hot.host_tlb.fetch(LinAddr(linear), cx.class()).is_none()
        {
            cx.fill_fetch(LinAddr(linear), FetchPlace { frame, physical: page.physical });
        }
        Ok(cx.hot.fetch_frame)
    }
}
