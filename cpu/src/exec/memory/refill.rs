//! What the HostTlb lacks for an access, filled in front of the access while the fast tier goes on: the same walk and the
//! same entries as on the careful way, which remains for everything that needs a closer look.
//!
//! An instruction may ask for this only at an access that is the first thing which its canonical handler would do, or
//! that comes behind nothing but accesses which succeed.

use ringwalk_mmu::{
    Access, FetchPlace, Gone, LinAddr, Lost, Memory, PhysAddr, Route, Scope, TlbPolicy, Translation, reach,
};

use super::stays_in_page;
use crate::exec::{Hot, STALE};
use crate::state::CpuState;

impl Hot {
    /// What the TLB lost, the HostTlb loses.
    pub(crate) fn drop_derived_of(&mut self, lost: Lost) {
        for (addr, size_bits) in lost.into_iter().filter_map(Gone::page) {
            self.drop_host_page(addr, size_bits);
        }
    }

    fn drop_host_page(&mut self, addr: LinAddr, size_bits: u8) {
        match size_bits {
            12 => self.host_tlb.drop_page(addr),
            21 | 22 => self.host_tlb.drop_large_page(addr, size_bits),
            _ => {
                self.host_tlb.flush();
                self.stale |= STALE;
            }
        }
    }

    /// Somebody looks at every access or translation.
    fn is_observed(&self) -> bool {
        self.guarded || self.plain.is_some() || self.events.is_some()
    }

    /// Fills the HostTlb for an access of so many bytes; false if the careful way must be taken.
    pub(crate) fn refill(
        &mut self,
        cpu: &mut CpuState,
        memory: &mut Memory,
        (addr, bytes): (LinAddr, u64),
        access: Access,
    ) -> bool {
        // Pages that are still absent must come by the careful way: that may fail.
        if !cpu.is_canonical(addr.0)
            || !stays_in_page(addr, bytes as usize)
            || self.is_observed()
            || memory.frames.absent() != 0
        {
            return false;
        }
        match self.reach(cpu, memory, addr, access) {
            Some(place) => self.note_place(cpu, memory, (addr, place), access),
            None => false,
        }
    }

    /// As [`Hot::refill`], for the page that code goes on in; a debugger that has breakpoints there must be shown it first.
    pub(crate) fn refill_fetch(&mut self, cpu: &mut CpuState, memory: &mut Memory, addr: LinAddr) -> bool {
        if self.is_observed() || memory.frames.absent() != 0 {
            return false;
        }
        let Some(found) = self.reach(cpu, memory, addr, Access::Fetch) else { return false };
        let physical = memory.behind_a20(found.physical);
        let Route::Frame(frame) = memory.routes(physical.page()).read else { return false };
        if self.watches.may_mark(addr.page(), physical) {
            return false;
        }
        let place = FetchPlace { frame, physical: found.physical.page() };
        self.host_tlb.fill_fetch(addr, cpu.class(), place, scope_of(&found));
        true
    }

    fn reach(&mut self, cpu: &mut CpuState, memory: &mut Memory, addr: LinAddr, access: Access) -> Option<Translation> {
        let class = cpu.class();
        let paging = self.fast.paging_of(cpu);
        if paging.enabled && cpu.tlb.policy() == TlbPolicy::None {
            return None;
        }
        let place = reach(paging, &mut cpu.tlb, memory, addr, access, class)?;
        self.drop_derived_of(place.lost);
        self.leave |= memory.frames.has_stale_code();
        // What the HostTlb is to be told now would be told under a key that holds no longer.
        (!self.leave && self.stale == 0).then_some(place)
    }

    fn note_place(
        &mut self,
        cpu: &CpuState,
        memory: &mut Memory,
        (addr, place): (LinAddr, Translation),
        access: Access,
    ) -> bool {
        let physical: PhysAddr = memory.behind_a20(place.physical);
        let routes = memory.routes(physical.page());
        let Route::Frame(frame) = routes.read else { return false };
        if physical.page() == self.apic_page || self.watches.covers_page(addr, physical) {
            return false;
        }
        let scope = scope_of(&place);
        if access == Access::Write {
            // What can be written through an entry is read through it, too; code has a way of its own.
            if routes.write != routes.read || memory.frames.holds_code(frame) {
                return false;
            }
            memory.frames.prepare_write(frame);
            memory.frames.note_write_cached(frame);
            self.host_tlb.fill_write(addr, cpu.class(), frame);
            self.host_tlb.set_scope_of_write(addr, scope);
        } else {
            self.host_tlb.fill_read(addr, cpu.class(), frame);
            self.host_tlb.set_scope_of_read(addr, scope);
        }
        true
    }
}

fn scope_of(found: &Translation) -> Scope {
    if found.global { Scope::Global } else { Scope::Context }
}
