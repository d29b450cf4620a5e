//! Descriptors in their tables, and loads of data and stack segment registers.
//! SDM Vol.3A 3.5.1 "Segment Descriptor Tables", 5.6 "Privilege Level Checking when Accessing Data Segments".

use ringwalk_mmu::{Class, LinAddr};

use super::Exec;
use crate::exception::{Exception, Step};
use crate::model::Feature;
use crate::segment::{ACCESSED, Descriptor, SegReg, Segment, Selector, SystemType};
use crate::site::Site;
use crate::state::{Mode, Shadow};

impl Exec<'_> {
    /// The descriptor that a selector (not null) names, or `site` with the selector if it lies outside its table.
    pub fn read_descriptor(&mut self, selector: Selector, site: Site) -> Result<Descriptor, Exception> {
        match self.descriptor_address(selector) {
            Some(address) => Ok(Descriptor(self.load_linear::<u64>(address, Class::Supervisor)?)),
            None => Err(self.fault(site, selector.error_code())),
        }
    }

    /// The upper 8 bytes of a system descriptor or gate of 16, in long mode. SDM Vol.3A 3.5.2 "Segment Descriptor Tables
    /// in IA-32e Mode".
    pub(crate) fn read_upper_half(&mut self, selector: Selector, site: Site) -> Result<u64, Exception> {
        let (_, limit) = self.descriptor_table(selector);
        let address = self.descriptor_address(selector).filter(|_| selector.offset() + 15 <= limit);
        let Some(address) = address else { return Err(self.fault(site, selector.error_code())) };
        self.load_linear::<u64>(self.system_address(address.0, 8), Class::Supervisor)
    }

    /// What a system descriptor or gate is in the present mode: long mode knows no 16-bit types and no task gates, and
    /// those that are left have 64 bits. SDM Vol.3A Table 3-2 "System-Segment and Gate-Descriptor Types".
    pub(crate) fn system_type(&self, descriptor: Descriptor) -> Option<SystemType> {
        use SystemType::*;
        let known = [Ldt, Tss32Available, Tss32Busy, CallGate32, InterruptGate32, TrapGate32];
        descriptor.system_type().filter(|kind| !self.cpu.long_mode() || known.contains(kind))
    }

    fn descriptor_table(&self, selector: Selector) -> (u64, u32) {
        if selector.is_local() {
            (self.cpu.ldtr.base, self.cpu.ldtr.limit)
        } else {
            (self.cpu.gdtr.base, u32::from(self.cpu.gdtr.limit))
        }
    }

    /// Linear address of a descriptor; `None` outside the table, or in an LDT that is not there.
    pub fn descriptor_address(&self, selector: Selector) -> Option<LinAddr> {
        let (base, limit) = self.descriptor_table(selector);
        let missing = selector.is_local() && (self.cpu.ldtr.is_unusable() || self.cpu.ldtr.selector.is_null());
        if missing || selector.offset() + 7 > limit {
            return None;
        }
        Some(self.system_address(base, selector.offset().into()))
    }

    /// Sets the accessed flag in the table if it is clear, and returns the segment with it set: the last thing before a
    /// segment register is loaded.
    pub fn set_accessed(&mut self, segment: Segment) -> Result<Segment, Exception> {
        if segment.rights & ACCESSED != 0 {
            return Ok(segment);
        }
        let marked = Segment { rights: segment.rights | ACCESSED, ..segment };
        self.write_access_byte(marked)?;
        Ok(marked)
    }

    /// Writes a descriptor's access byte back to its table.
    pub fn write_access_byte(&mut self, segment: Segment) -> Step {
        let address = self.descriptor_address(segment.selector).expect("the descriptor was read from its table before");
        let byte = self.system_address(address.0, 5);
        self.store_linear(byte, segment.rights as u8, Class::Supervisor)
    }

    /// Loads a segment register other than CS. SDM Vol.2B "MOV-Move".
    pub fn load_segment(&mut self, reg: SegReg, selector: Selector) -> Step {
        let loaded = match self.cpu.mode() {
            Mode::Real => self.real_segment(reg, selector),
            Mode::Virtual8086 => Segment::virtual_8086(selector),
            Mode::Protected if reg == SegReg::Ss => self.check_stack_segment(selector)?,
            Mode::Protected if selector.is_null() => self.null_segment(reg, selector),
            Mode::Protected => self.check_data_segment(selector)?,
        };
        self.set_segment(reg, loaded);
        Ok(())
    }

    /// A null selector clears base and limit, or leaves them alone: the vendors differ. AMD APM Vol.2 4.5.1 "Segment
    /// Registers".
    fn null_segment(&self, reg: SegReg, selector: Selector) -> Segment {
        let null = Segment::null(selector);
        if !self.cpu.features.has(Feature::AmdNullBase) {
            return null;
        }
        let Segment { base, limit, .. } = *self.cpu.seg(reg);
        Segment { base, limit, ..null }
    }

    /// Real mode changes selector and base; limit and rights stay, which is what unreal mode lives on.
    pub fn real_segment(&self, reg: SegReg, selector: Selector) -> Segment {
        let old = self.cpu.seg(reg);
        // A null selector left by protected mode becomes an ordinary segment again.
        let old = if old.is_unusable() { &Segment::real(0) } else { old };
        Segment { selector, base: u64::from(selector.0) << 4, limit: old.limit, rights: old.rights }
    }

    fn check_data_segment(&mut self, selector: Selector) -> Result<Segment, Exception> {
        let code = selector.error_code();
        let descriptor = self.read_descriptor(selector, Site::SelectorLimit)?;
        let segment = descriptor.segment(selector);
        self.require(descriptor.is_segment() && segment.is_readable(), Site::DataType, code)?;
        if !segment.is_conforming() {
            let privilege = self.cpu.cpl.max(selector.rpl());
            self.require(descriptor.dpl() >= privilege, Site::DataPrivilege, code)?;
        }
        self.require(descriptor.is_present(), Site::DataNotPresent, code)?;
        self.set_accessed(segment)
    }

    fn check_stack_segment(&mut self, selector: Selector) -> Result<Segment, Exception> {
        let cpl = self.cpu.cpl;
        if selector.is_null() && self.cpu.code_is_64() && cpl != 3 && selector.rpl() == cpl {
            return Ok(Segment::null(selector));
        }
        self.require(!selector.is_null(), Site::SelectorNull, 0)?;
        let sites = [Site::SelectorLimit, Site::StackType, Site::StackNotPresent];
        let segment = self.stack_segment_for(selector, cpl, sites)?;
        self.set_accessed(segment)
    }

    /// A stack segment for a privilege level, not yet marked as accessed; `sites` are for the limit of the table, the
    /// type or privilege, and presence.
    pub fn stack_segment_for(&mut self, selector: Selector, cpl: u8, sites: [Site; 3]) -> Result<Segment, Exception> {
        let code = selector.error_code();
        let descriptor = self.read_descriptor(selector, sites[0])?;
        let segment = descriptor.segment(selector);
        let fits = selector.rpl() == cpl && segment.is_writable() && segment.dpl() == cpl;
        self.require(fits, sites[1], code)?;
        self.require(descriptor.is_present(), sites[2], code)?;
        Ok(segment)
    }

    /// After a return to an outer level: data segments that the new level may not use become null.
    /// SDM Vol.2B "RET", "RETURN-TO-OUTER-PRIVILEGE-LEVEL".
    pub fn drop_inner_data_segments(&mut self) {
        for reg in [SegReg::Es, SegReg::Ds, SegReg::Fs, SegReg::Gs] {
            let segment = self.cpu.seg(reg);
            let hidden = segment.dpl() < self.cpu.cpl && !segment.is_conforming();
            if !segment.is_unusable() && hidden {
                // Only the selector is said to become null. FS and GS keep their bases, which 64-bit code goes by.
                let base = segment.base;
                self.set_segment(reg, Segment { base, ..Segment::null(Selector(0)) });
            }
        }
    }

    /// The instruction that loaded SS shadows the next one, unless it stood in such a shadow itself.
    pub fn shadow_after_stack_load(&mut self) {
        if self.shadow_before != Shadow::MovSs {
            self.cpu.shadow = Shadow::MovSs;
            self.leave();
        }
    }

    /// Replaces the privilege level; translations latched for the old one are looked up again.
    pub fn set_cpl(&mut self, cpl: u8) {
        self.cpu.cpl = cpl;
        self.refresh_guard();
        self.leave_if_events_wait();
    }
}
