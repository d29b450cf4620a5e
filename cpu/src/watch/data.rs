//! Watchpoints on data. Their pages stay out of the HostTlb, so that whoever reaches one asks here.

use ringwalk_mmu::{Access, LinAddr, PhysAddr};

use super::sieve::Sieve;
use super::{DataWatch, WatchHit};
use crate::segment::SegReg;
use crate::state::{CR0_PG, CpuState};

/// Watchpoints in the debugger's order.
#[derive(Clone, Debug, Default)]
pub(super) struct DataWatches {
    watches: Vec<DataWatch>,
    /// Pages of those by linear and by physical address.
    linear_pages: Sieve,
    physical_pages: Sieve,
    any_physical: bool,
}

impl DataWatches {
    pub(super) fn new(watches: Vec<DataWatch>) -> DataWatches {
        let mut data = DataWatches { watches, ..DataWatches::default() };
        for watch in &data.watches {
            let pages = if watch.physical { &mut data.physical_pages } else { &mut data.linear_pages };
            pages.insert_span(watch.first / 4096, watch.last() / 4096);
            data.any_physical |= watch.physical;
        }
        data
    }

    #[inline]
    pub(super) fn any(&self) -> bool {
        !self.watches.is_empty()
    }

    pub(super) fn covers_page(&self, linear: LinAddr, physical: PhysAddr) -> bool {
        if !self.linear_pages.may_hold(linear.page()) && !self.physical_pages.may_hold(physical.page()) {
            return false;
        }
        self.watches.iter().any(|watch| {
            let page = if watch.physical { physical.page() } else { linear.page() };
            page >= watch.first / 4096 && page <= watch.last() / 4096
        })
    }

    pub(super) fn hit(
        &self,
        addr: LinAddr,
        bytes: usize,
        access: Access,
        value: u64,
        cpu: &CpuState,
    ) -> Option<WatchHit> {
        let physical = if self.any_physical { physical_of(cpu, addr) } else { None };
        let near = |pages: &Sieve, first: u64| {
            pages.may_hold(first / 4096) || pages.may_hold(first.wrapping_add(bytes as u64 - 1) / 4096)
        };
        if !near(&self.linear_pages, addr.0) && !physical.is_some_and(|first| near(&self.physical_pages, first)) {
            return None;
        }
        let write = access == Access::Write;
        let touches = |watch: &&DataWatch| {
            let wanted = if write { watch.write } else { watch.read };
            let Some(first) = (if watch.physical { physical } else { Some(addr.0) }) else {
                return false;
            };
            wanted && first <= watch.last() && watch.first < first.saturating_add(bytes as u64)
        };
        let watch = self.watches.iter().find(touches)?;
        let selector = cpu.seg(SegReg::Cs).selector.0;
        Some(WatchHit { id: watch.id, linear: addr, bytes, write, value, selector, rip: cpu.rip })
    }
}

/// Physical ones are compared through the TLB's present translation.
fn physical_of(cpu: &CpuState, addr: LinAddr) -> Option<u64> {
    if cpu.cr0 & CR0_PG == 0 {
        return Some(addr.0);
    }
    let entry = cpu.tlb.find(addr, cpu.pcid())?;
    Some(entry.physical.0 | (addr.0 & ((1 << entry.size_bits) - 1)))
}
