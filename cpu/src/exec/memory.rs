//! Memory operands: segment checks, the fast way through the HostTlb, and the careful way for everything else.
//! SDM Vol.3A 5.3 "Limit Checking", 5.4 "Type Checking".

use ringwalk_mmu::{
    Access, Class, FetchPlace, Frame, Held, HostTlb, LinAddr, Lost, Memory, PAGE_BYTES, PageFault, Paging, PhysAddr,
    Route, Scope, Size, Tlb, TlbPolicy, Translation, look_up, translate, translate_missing,
};

use super::{Exec, STALE};
use crate::event::Event;
use crate::exception::{Exception, Step};
use crate::flags;
use crate::segment::SegReg;
use crate::site::Site;
use crate::state::CR0_AM;
use crate::trace::FetchFrame;
use crate::width::Width;

mod refill;
mod wide;

pub(crate) use wide::Alignment;

/// The part of an access that lies in one page.
#[derive(Clone, Copy)]
struct Piece {
    linear: LinAddr,
    physical: PhysAddr,
    bytes: usize,
}

impl Exec<'_> {
    /// Reads memory through a segment.
    #[inline]
    pub fn load<W: Width>(&mut self, seg: SegReg, offset: u64) -> Result<W, Exception> {
        let addr = self.checked(seg, offset, W::BYTES, Access::Read)?;
        self.load_linear(addr, self.class())
    }

    /// Reads memory that will be written back: checked for writing, faults as a write.
    #[inline]
    pub fn load_for_update<W: Width>(&mut self, seg: SegReg, offset: u64) -> Result<W, Exception> {
        let addr = self.checked(seg, offset, W::BYTES, Access::Write)?;
        self.require_writable(addr, W::BYTES, self.class())?;
        self.load_linear(addr, self.class())
    }

    /// Writes memory through a segment.
    #[inline]
    pub fn store<W: Width>(&mut self, seg: SegReg, offset: u64, value: W) -> Step {
        let addr = self.checked(seg, offset, W::BYTES, Access::Write)?;
        self.store_linear(addr, value, self.class())
    }

    /// The linear address of an access that the segment allows; #GP(0) or #SS(0) otherwise.
    #[inline]
    pub fn checked(&self, seg: SegReg, offset: u64, bytes: u64, access: Access) -> Result<LinAddr, Exception> {
        if self.cpu.code_is_64() {
            return self.checked_64(seg, offset, bytes);
        }
        let segment = self.cpu.seg(seg);
        let typed = match access {
            Access::Write => segment.is_writable(),
            Access::Read | Access::Fetch => segment.is_readable(),
        };
        // Real and virtual-8086 mode check limits only: a CS cache left by protected mode can be written through.
        let typed = typed || (!self.cpu.protected() && !segment.is_unusable());
        if !typed || !segment.contains(offset as u32, bytes as u32) {
            return Err(self.segment_fault(seg, access, typed));
        }
        Ok(self.linear_of(seg, offset))
    }

    /// 64-bit code knows neither limits nor types: the first and the last byte must be canonical.
    /// SDM Vol.3A 5.3.1 "Limit Checking in 64-bit Mode", Vol.1 3.3.7.1 "Canonical Addressing".
    fn checked_64(&self, seg: SegReg, offset: u64, bytes: u64) -> Result<LinAddr, Exception> {
        let addr = self.linear_of(seg, offset);
        let good = self.cpu.is_canonical(addr.0) && self.cpu.is_canonical(addr.0.wrapping_add(bytes - 1));
        let site = if seg == SegReg::Ss { Site::StackCanonical } else { Site::DataCanonical };
        self.require(good, site, 0)?;
        Ok(addr)
    }

    #[cold]
    fn segment_fault(&self, seg: SegReg, access: Access, typed: bool) -> Exception {
        let stack = seg == SegReg::Ss;
        let site = match (typed, access) {
            (true, _) if stack => Site::StackLimit,
            (true, _) => Site::DataLimit,
            (false, _) if stack => Site::StackNotWritable,
            (false, _) if self.cpu.seg(seg).is_unusable() => Site::NullSegment,
            (false, Access::Write) => Site::NotWritable,
            (false, _) => Site::NotReadable,
        };
        self.fault(site, 0)
    }

    /// Reads at a linear address with the rights of a class.
    #[inline]
    pub fn load_linear<W: Width>(&mut self, addr: LinAddr, class: Class) -> Result<W, Exception> {
        if !self.hot.guarded
            && let Some(at) = self.hot.host_tlb.read(addr, W::BYTES, class)
        {
            let mut raw = [0; 8];
            let bytes = W::BYTES as usize;
            raw[..bytes].copy_from_slice(&self.memory.frames.bytes()[at..at + bytes]);
            return Ok(W::truncate(u64::from_le_bytes(raw)));
        }
        Ok(W::truncate(self.load_carefully(addr, W::BYTES as usize, class)?))
    }

    /// Writes at a linear address with the rights of a class.
    #[inline]
    pub fn store_linear<W: Width>(&mut self, addr: LinAddr, value: W, class: Class) -> Step {
        if !self.hot.guarded
            && let Some(at) = self.hot.host_tlb.write(addr, W::BYTES, class)
        {
            let bytes = W::BYTES as usize;
            let raw = value.as_().to_le_bytes();
            self.memory.frames.bytes_mut()[at..at + bytes].copy_from_slice(&raw[..bytes]);
            return Ok(());
        }
        let key = self.hot.host_tlb.key(class);
        if !self.hot.guarded && store_beside_code(&self.hot.host_tlb, self.memory, addr, value, key) {
            return Ok(());
        }
        self.store_carefully(addr, value.as_(), W::BYTES as usize, class)
    }

    /// Makes sure that a write of so many bytes with the rights of a class will not fault.
    #[inline]
    pub fn require_writable(&mut self, addr: LinAddr, bytes: u64, class: Class) -> Step {
        if !self.hot.guarded && self.hot.host_tlb.write(addr, bytes, class).is_some() {
            return Ok(());
        }
        self.check_alignment(addr, bytes as usize, class)?;
        self.pieces(addr, bytes as usize, Access::Write, class).map(|_| ())
    }

    #[inline(never)]
    fn load_carefully(&mut self, addr: LinAddr, bytes: usize, class: Class) -> Result<u64, Exception> {
        self.check_alignment(addr, bytes, class)?;
        let value = if stays_in_page(addr, bytes) {
            let physical = self.translate(addr, Access::Read, class)?;
            self.load_piece(Piece { linear: addr, physical, bytes }, class)
        } else {
            self.load_pieces(addr, bytes, class)?
        };
        if self.hot.guarded || self.hot.watches.any_data() {
            self.note_access(addr, bytes, Access::Read, value);
        }
        Ok(value)
    }

    #[cold]
    fn load_pieces(&mut self, addr: LinAddr, bytes: usize, class: Class) -> Result<u64, Exception> {
        let mut value = 0;
        let mut shift = 0;
        for piece in self.pieces(addr, bytes, Access::Read, class)?.into_iter().flatten() {
            value |= self.load_piece(piece, class) << shift;
            shift += 8 * piece.bytes as u32;
        }
        Ok(value)
    }

    #[inline(never)]
    fn store_carefully(&mut self, addr: LinAddr, value: u64, bytes: usize, class: Class) -> Step {
        self.check_alignment(addr, bytes, class)?;
        if !stays_in_page(addr, bytes) {
            return self.store_pieces(addr, value, bytes, class);
        }
        let physical = self.translate(addr, Access::Write, class)?;
        if self.hot.guarded || self.hot.watches.any_data() {
            self.note_access(addr, bytes, Access::Write, value);
        }
        self.store_piece(Piece { linear: addr, physical, bytes }, value, class);
        Ok(())
    }

    #[cold]
    fn store_pieces(&mut self, addr: LinAddr, value: u64, bytes: usize, class: Class) -> Step {
        let pieces = self.pieces(addr, bytes, Access::Write, class)?;
        if self.hot.guarded || self.hot.watches.any_data() {
            self.note_access(addr, bytes, Access::Write, value);
        }
        let mut rest = value;
        for piece in pieces.into_iter().flatten() {
            self.store_piece(piece, rest, class);
            rest = rest.checked_shr(8 * piece.bytes as u32).unwrap_or(0);
        }
        Ok(())
    }

    /// The one or two pages of an access, all translated before anything is touched.
    fn pieces(
        &mut self,
        addr: LinAddr,
        bytes: usize,
        access: Access,
        class: Class,
    ) -> Result<[Option<Piece>; 2], Exception> {
        let first_bytes = bytes.min((4096 - addr.offset_in_page()) as usize);
        let first = Piece { linear: addr, physical: self.translate(addr, access, class)?, bytes: first_bytes };
        if first_bytes == bytes {
            return Ok([Some(first), None]);
        }
        let next = self.behind(addr, first_bytes as u64);
        let second = Piece { linear: next, physical: self.translate(next, access, class)?, bytes: bytes - first_bytes };
        Ok([Some(first), Some(second)])
    }

    /// So many bytes further; what lies below 4 GiB wraps there outside 64-bit code.
    pub(crate) fn behind(&self, addr: LinAddr, bytes: u64) -> LinAddr {
        let next = addr.0.wrapping_add(bytes);
        let wraps = addr.0 <= 0xFFFF_FFFF && !self.cpu.code_is_64();
        LinAddr(if wraps { next & 0xFFFF_FFFF } else { next })
    }

    /// Linear to physical, behind the A20 gate; raises #PF.
    pub fn translate(&mut self, addr: LinAddr, access: Access, class: Class) -> Result<PhysAddr, Exception> {
        let physical = self.translate_ungated(addr, access, class)?;
        let physical = self.memory.behind_a20(physical);
        if self.memory.frames.absent() != 0 {
            self.bring(physical, access)?;
        }
        Ok(physical)
    }

    /// What a lazily restored machine touches must have come before. Fails if it does not come: the run ends here.
    #[cold]
    fn bring(&mut self, physical: PhysAddr, access: Access) -> Step {
        let routes = self.memory.routes(physical.page());
        let route = if access == Access::Write { routes.write } else { routes.read };
        if let Route::Frame(frame) = route {
            self.memory.frames.bring(frame);
        }
        self.require_whole_memory()
    }

    /// Fails if a page of memory is lost. What is raised is not delivered: see [`Exec::deliver_fault`].
    pub(crate) fn require_whole_memory(&self) -> Step {
        self.require(self.memory.frames.lost().is_none(), Site::PageFault, 0)
    }

    /// Linear to physical, before the A20 gate; raises #PF.
    pub fn translate_ungated(&mut self, addr: LinAddr, access: Access, class: Class) -> Result<PhysAddr, Exception> {
        let paging = self.cpu.paging();
        match look_up(&paging, &self.cpu.tlb, addr, access, class) {
            Held::Enough(physical) => Ok(physical),
            Held::TooLittle => self.walk(&paging, addr, access, class, translate),
            Held::Nothing => self.walk(&paging, addr, access, class, translate_missing),
        }
    }

    /// As [`Exec::translate_ungated`], where the TLB does not suffice.
    #[inline(never)]
    fn walk(
        &mut self,
        paging: &Paging,
        addr: LinAddr,
        access: Access,
        class: Class,
        translate: impl FnOnce(&Paging, &mut Tlb, &mut Memory, LinAddr, Access, Class) -> Result<Translation, PageFault>,
    ) -> Result<PhysAddr, Exception> {
        let lacked = self.lacks_translation(addr);
        match translate(paging, &mut self.cpu.tlb, self.memory, addr, access, class) {
            Ok(done) => {
                self.drop_derived_of(done.lost);
                if lacked && self.cpu.tlb.find(addr, self.cpu.pcid()).is_some() {
                    self.tell(Event::TlbFill(addr, done.physical));
                }
                Ok(done.physical)
            }
            Err(fault) => {
                self.drop_derived_of(fault.lost);
                self.hot.fault_address = addr.0;
                Err(self.fault(Site::PageFault, fault.code))
            }
        }
    }

    /// What the TLB lost at once is forgotten, and the page that code is fetched from is looked up anew.
    pub(crate) fn forget_translations(&mut self, lost: Lost) {
        if !self.cpu.paging().enabled {
            return self.flush_derived_translations();
        }
        self.drop_derived_of(lost);
        self.hot.stale |= STALE;
        self.hot.fetch_frame = FetchFrame::Unknown;
    }

    /// What the TLB lost, the HostTlb loses; and code that the walk's flags were written over is stale.
    fn drop_derived_of(&mut self, lost: Lost) {
        self.hot.drop_derived_of(lost);
        if self.memory.frames.has_stale_code() {
            self.hot.leave = true;
        }
    }

    fn load_piece(&mut self, piece: Piece, class: Class) -> u64 {
        if piece.physical.page() == self.hot.apic_page {
            return self.load_apic(piece.physical, piece.bytes);
        }
        match self.memory.routes(piece.physical.page()).read {
            Route::Frame(frame) => {
                let caches = self.may_cache(piece);
                if caches {
                    self.memory.frames.bring(frame);
                }
                let at = piece.physical.offset_in_page() as usize;
                let value = little_endian(&self.memory.frames.page(frame)[at..at + piece.bytes]);
                // Behind the load, so that the host waits for both at once.
                if caches {
                    let scope = self.scope_of(piece.linear);
                    self.hot.host_tlb.fill_read(piece.linear, class, frame);
                    self.hot.host_tlb.set_scope_of_read(piece.linear, scope);
                }
                value
            }
            Route::Mmio => {
                if self.hot.events.is_none() && self.may_cache(piece) {
                    self.hot.host_tlb.fill_device_read(piece.linear, class, piece.physical);
                }
                self.load_device(piece)
            }
            Route::Open => u64::MAX >> (64 - 8 * piece.bytes),
        }
    }

    fn store_piece(&mut self, piece: Piece, value: u64, class: Class) {
        if piece.physical.page() == self.hot.apic_page {
            return self.store_apic(piece.physical, piece.bytes, value);
        }
        match self.memory.routes(piece.physical.page()).write {
            Route::Frame(frame) => self.store_frame(piece, frame, value, class),
            Route::Mmio => {
                if self.hot.events.is_none() && self.may_cache(piece) {
                    self.hot.host_tlb.fill_device_write(piece.linear, class, piece.physical);
                }
                self.store_device(piece, value);
            }
            Route::Open => (),
        }
    }

    fn store_frame(&mut self, piece: Piece, frame: Frame, value: u64, class: Class) {
        let at = piece.physical.offset_in_page() as usize;
        let raw = value.to_le_bytes();
        match piece.bytes {
            1 => self.memory.frames.store(frame, at, &raw[..1]),
            2 => self.memory.frames.store(frame, at, &raw[..2]),
            4 => self.memory.frames.store(frame, at, &raw[..4]),
            8 => self.memory.frames.store(frame, at, &raw),
            bytes => self.memory.frames.store(frame, at, &raw[..bytes]),
        }
        if self.memory.frames.holds_code(frame) {
            if self.may_cache(piece) {
                self.hot.host_tlb.fill_write_beside_code(piece.linear, class, frame);
            }
            self.leave_if_code_is_stale();
            return;
        }
        // What can be written through an entry is read through it, too.
        let same = self.memory.routes(piece.physical.page()).read == Route::Frame(frame);
        if same && self.may_cache(piece) {
            self.memory.frames.note_write_cached(frame);
            let scope = self.scope_of(piece.linear);
            self.hot.host_tlb.fill_write(piece.linear, class, frame);
            self.hot.host_tlb.set_scope_of_write(piece.linear, scope);
        }
    }

    /// Whether the translation that the TLB holds for an address outlives a load of CR3.
    fn scope_of(&self, addr: LinAddr) -> Scope {
        let paging = self.cpu.paging();
        // Without PGE the TLB holds none, and need not be asked.
        let global = paging.enabled
            && paging.pge
            && self.cpu.tlb.find(addr, self.cpu.pcid()).is_some_and(|translation| translation.global);
        if global { Scope::Global } else { Scope::Context }
    }

    /// The HostTlb stays a subset of the TLB: under the policy that keeps nothing it stays empty while paging is on.
    fn may_cache(&self, piece: Piece) -> bool {
        // It was translated just now, and a TLB that keeps anything has kept that.
        let held = !self.cpu.paging().enabled || self.cpu.tlb.policy() != TlbPolicy::None;
        held && self.hot.plain.is_none() && !self.hot.watches.covers_page(piece.linear, piece.physical)
    }

    /// Remembers where a page of code lies, if the TLB says so, too: the latched page may be one that the TLB has lost, or
    /// holds otherwise by now.
    pub(crate) fn fill_fetch(&mut self, addr: LinAddr, place: FetchPlace) {
        let class = self.class();
        if self.hot.plain.is_some() {
            return;
        }
        let held = look_up(&self.cpu.paging(), &self.cpu.tlb, addr, Access::Fetch, class);
        if matches!(held, Held::Enough(physical) if physical.page() == place.physical) {
            let scope = self.scope_of(addr);
            self.hot.host_tlb.fill_fetch(addr, class, place, scope);
        }
    }

    fn load_device(&mut self, piece: Piece) -> u64 {
        let mut value = 0;
        for (at, size) in bus_cycles(piece.physical, piece.bytes) {
            let part = self.on_bus(|bus, cx| bus.mmio_read(PhysAddr(piece.physical.0 + at), size, cx));
            value |= (part & size.ones()) << (8 * at);
        }
        self.tell_device(Access::Read, piece.physical, piece.bytes, value);
        value
    }

    fn store_device(&mut self, piece: Piece, value: u64) {
        self.tell_device(Access::Write, piece.physical, piece.bytes, value);
        for (at, size) in bus_cycles(piece.physical, piece.bytes) {
            let part = value >> (8 * at) & size.ones();
            self.on_bus(|bus, cx| bus.mmio_write(PhysAddr(piece.physical.0 + at), size, part, cx));
        }
        self.leave_if_code_is_stale();
    }

    /// Decoded code was written over: it must go before anything more is executed.
    #[inline]
    pub(crate) fn leave_if_code_is_stale(&mut self) {
        self.hot.leave |= self.memory.frames.has_stale_code();
    }

    /// #AC: SDM Vol.3A 6.15 "Interrupt 17-Alignment Check Exception (#AC)".
    fn check_alignment(&self, addr: LinAddr, bytes: usize, class: Class) -> Step {
        let checked = class == Class::User && self.cpu.cr0 & CR0_AM != 0 && self.cpu.flags.has(flags::AC);
        let aligned = addr.0.is_multiple_of(bytes as u64);
        self.require(!checked || aligned, Site::Alignment, 0)
    }

    /// Accesses memory while nothing is checked for its alignment, whatever EFLAGS.AC is.
    pub(crate) fn without_alignment_checks(&mut self, access: impl FnOnce(&mut Self) -> Step) -> Step {
        let checked = self.cpu.flags.has(flags::AC);
        self.cpu.flags.set(flags::AC, false);
        let done = access(self);
        self.cpu.flags.set(flags::AC, checked);
        done
    }

    /// Data breakpoints of the guest and watchpoints of the debugger see every access on the guarded path.
    fn note_access(&mut self, addr: LinAddr, bytes: usize, access: Access, value: u64) {
        crate::debug::note_data_access(self.cpu, addr, bytes, access);
        if self.hot.watches.any_data()
            && let Some(hit) = self.hot.watches.data_hit(addr, bytes, access, value, self.cpu)
        {
            self.hot.watch_hit.get_or_insert(hit);
            self.hot.leave = true;
        }
        if self.cpu.pending_debug != 0 {
            self.hot.leave = true;
        }
    }
}

/// Writes to a page that code lies in too, if none of it is hit. False, and nothing is done, if that is not known.
#[inline]
pub(crate) fn store_beside_code<W: Width>(
    host_tlb: &HostTlb,
    memory: &mut Memory,
    addr: LinAddr,
    value: W,
    key: u64,
) -> bool {
    let Some(frame) = host_tlb.write_beside_code(addr, W::BYTES, key) else { return false };
    let (at, bytes) = (addr.offset_in_page() as usize, W::BYTES as usize);
    let frames = &mut memory.frames;
    // Without code the page has a quicker way.
    if !frames.holds_code(frame) || frames.holds_code_in(frame, at, bytes) {
        return false;
    }
    frames.bytes_mut()[frame.start() + at..][..bytes].copy_from_slice(&value.as_().to_le_bytes()[..bytes]);
    true
}

fn stays_in_page(addr: LinAddr, bytes: usize) -> bool {
    addr.offset_in_page() + bytes as u64 <= PAGE_BYTES
}

/// The value of up to eight bytes.
#[inline(always)]
fn little_endian(bytes: &[u8]) -> u64 {
    match *bytes {
        [a] => a.into(),
        [a, b] => u16::from_le_bytes([a, b]).into(),
        [a, b, c, d] => u32::from_le_bytes([a, b, c, d]).into(),
        _ => {
            let mut raw = [0; 8];
            raw[..bytes.len()].copy_from_slice(bytes);
            u64::from_le_bytes(raw)
        }
    }
}

/// The naturally aligned bus cycles of an access: offset and size of each.
fn bus_cycles(addr: PhysAddr, bytes: usize) -> impl Iterator<Item = (u64, Size)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let left = bytes as u64 - at;
        let size = [Size::Qword, Size::Dword, Size::Word, Size::Byte]
            .into_iter()
            .find(|size| size.bytes() <= left && (addr.0 + at).is_multiple_of(size.bytes()) || *size == Size::Byte)?;
        (left > 0).then(|| {
            let cycle = (at, size);
            at += size.bytes();
            cycle
        })
    })
}
