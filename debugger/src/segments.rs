//! Segment registers with their hidden parts, and whether those still agree with the tables.
//! SDM Vol.3A 3.4.3 "Segment Registers".

use ringwalk_cpu::segment::{
    ACCESSED, CODE, DEFAULT_BIG, Descriptor, EXPAND_DOWN, GRANULARITY, PRESENT, S, SegReg, Segment, SystemType,
    WRITABLE,
};
use ringwalk_cpu::state::{CpuState, Mode};
use serde::Serialize;

use crate::page::{Page, Show, Tone};
use crate::register::descriptor_of;
use crate::target::Target;

/// A segment register with its descriptor cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SegmentView {
    /// The register.
    pub name: &'static str,
    /// The visible part.
    pub selector: u16,
    /// Linear address of offset 0.
    pub base: u64,
    /// Last valid offset; for expand-down segments the last invalid one.
    pub limit: u32,
    /// Access byte in bits 7:0, AVL L D/B G in 15:12, unusable in 16.
    pub rights: u32,
    /// The rights in words.
    pub kind: String,
    /// How the cache differs from what loading the selector would give now.
    pub differs: Option<String>,
    /// It changed since the last stop.
    pub changed: bool,
}

/// All segment registers, LDTR and TR.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SegmentsView {
    /// CS SS DS ES FS GS LDTR TR.
    pub segments: Vec<SegmentView>,
}

/// The order in which people read segment registers.
pub const ORDER: [SegReg; 6] = [SegReg::Cs, SegReg::Ss, SegReg::Ds, SegReg::Es, SegReg::Fs, SegReg::Gs];

/// All segment registers; `before` is the processor at the last stop.
pub fn segments(target: &dyn Target, before: Option<&CpuState>) -> SegmentsView {
    let cpu = target.cpu();
    let mut segments: Vec<SegmentView> = ORDER
        .iter()
        .map(|reg| {
            let changed = before.is_some_and(|old| old.seg(*reg) != cpu.seg(*reg));
            view(reg.name(), cpu.seg(*reg), difference(target, *reg), changed)
        })
        .collect();
    let system = |reg: &Segment, name| -> Option<String> {
        (cpu.protected() && !reg.selector.is_null()).then(|| table_difference(target, reg, name)).flatten()
    };
    for (name, now, old) in [("ldtr", cpu.ldtr, before.map(|old| old.ldtr)), ("tr", cpu.tr, before.map(|old| old.tr))] {
        segments.push(view(name, &now, system(&now, "GDT"), old.is_some_and(|old| old != now)));
    }
    SegmentsView { segments }
}

fn view(name: &'static str, segment: &Segment, differs: Option<String>, changed: bool) -> SegmentView {
    SegmentView {
        name,
        selector: segment.selector.0,
        base: segment.base,
        limit: segment.limit,
        rights: segment.rights,
        kind: if segment.is_unusable() { "null: unusable".to_string() } else { kind(segment.rights) },
        differs,
        changed,
    }
}

impl Show for SegmentsView {
    fn show(&self, page: &mut Page) {
        let mut rows = Vec::new();
        for view in &self.segments {
            let text = format!("{:4} {:04x}", view.name, view.selector);
            rows.push(vec![
                page.mark(text, view.changed),
                format!("base {:08x}", view.base),
                format!("limit {:08x}", view.limit),
                view.kind.clone(),
            ]);
        }
        page.table(&rows);
        let differing = self.segments.iter().filter_map(|view| Some((view.name, view.differs.clone()?)));
        for line in grouped(differing) {
            page.line(page.tone(Tone::Warning, line));
        }
    }
}

/// One line for each text, with the names it belongs to in front.
pub fn grouped(differing: impl Iterator<Item = (&'static str, String)>) -> Vec<String> {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for (name, text) in differing {
        match groups.iter_mut().find(|(known, _)| *known == text) {
            Some((_, names)) => names.push(name),
            None => groups.push((text, vec![name])),
        }
    }
    groups.into_iter().map(|(text, names)| format!("{}: {text}", names.join(" "))).collect()
}

/// How a register's cache differs from what a load of its selector would give in this mode; `None` if it does not.
pub fn difference(target: &dyn Target, reg: SegReg) -> Option<String> {
    let (cpu, segment) = (target.cpu(), target.cpu().seg(reg));
    match cpu.mode() {
        Mode::Real | Mode::Virtual8086 => {
            let mut parts = Vec::new();
            if segment.base != u64::from(segment.selector.0) << 4 {
                parts.push(format!("base {:08x} instead of selector * 16", segment.base));
            }
            if segment.limit != 0xFFFF {
                parts.push(format!("limit {:08x} instead of ffff", segment.limit));
            }
            if segment.is_big() {
                parts.push("32-bit".to_string());
            }
            (!parts.is_empty()).then(|| format!("{}: not loaded in this mode", parts.join(", ")))
        }
        Mode::Protected if segment.selector.is_null() => {
            (!segment.is_unusable()).then(|| "null, but still usable: not loaded since real mode".to_string())
        }
        Mode::Protected => {
            let table = if segment.selector.is_local() { "LDT" } else { "GDT" };
            table_difference(target, segment, table)
        }
    }
}

fn table_difference(target: &dyn Target, segment: &Segment, table: &str) -> Option<String> {
    let index = segment.selector.0 >> 3;
    let Some(descriptor) = descriptor_of(target.cpu(), target.memory(), segment.selector) else {
        return Some(format!("{table}[{index}] cannot be read: the cache is all there is"));
    };
    let now = descriptor.segment(segment.selector);
    // A load sets the accessed or busy bit; whether the table shows it says nothing about the cache.
    let kept = if now.rights & S != 0 { !ACCESSED } else { !2 };
    let same = now.base == segment.base
        && now.limit == segment.limit
        && now.rights & kept & 0xFFFF == segment.rights & kept & 0xFFFF;
    (!same).then(|| {
        let (base, limit) = (now.base, now.limit);
        format!("{table}[{index}] now says base {base:08x} limit {limit:08x} {}", kind(now.rights))
    })
}

/// The rights of a descriptor or cache in words.
pub fn kind(rights: u32) -> String {
    let mut words = Vec::new();
    if rights & S == 0 {
        words.push(system_name(rights).to_string());
    } else if rights & CODE != 0 {
        words.push(if rights & DEFAULT_BIG != 0 { "code32" } else { "code16" }.to_string());
        words.push(if rights & WRITABLE != 0 { "rx" } else { "x" }.to_string());
        if rights & EXPAND_DOWN != 0 {
            words.push("conforming".to_string());
        }
    } else {
        words.push(if rights & DEFAULT_BIG != 0 { "data32" } else { "data16" }.to_string());
        words.push(if rights & WRITABLE != 0 { "rw" } else { "r" }.to_string());
        if rights & EXPAND_DOWN != 0 {
            words.push("expand-down".to_string());
        }
    }
    words.push(format!("DPL {}", rights >> 5 & 3));
    if rights & PRESENT == 0 {
        words.push("not present".to_string());
    }
    if rights & S != 0 && rights & ACCESSED != 0 {
        words.push("accessed".to_string());
    }
    if rights & GRANULARITY != 0 {
        words.push("4K units".to_string());
    }
    words.join(" ")
}

/// System descriptors by the names of SDM Vol.3A Table 3-2.
fn system_name(rights: u32) -> &'static str {
    use SystemType::*;
    match Descriptor(u64::from(rights) << 40).system_type() {
        Some(Tss16Available) => "TSS16",
        Some(Tss16Busy) => "TSS16 busy",
        Some(Ldt) => "LDT",
        Some(CallGate16) => "call gate16",
        Some(TaskGate) => "task gate",
        Some(InterruptGate16) => "interrupt gate16",
        Some(TrapGate16) => "trap gate16",
        Some(Tss32Available) => "TSS32",
        Some(Tss32Busy) => "TSS32 busy",
        Some(CallGate32) => "call gate32",
        Some(InterruptGate32) => "interrupt gate32",
        Some(TrapGate32) => "trap gate32",
        None => "reserved type",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::Fake;
    use ringwalk_cpu::segment::{Selector, UNUSABLE};
    use ringwalk_cpu::state::CR0_PE;

    fn shown(fake: &Fake) -> String {
        let mut page = Page::new(false);
        segments(fake, None).show(&mut page);
        page.finish()
    }

    #[test]
    fn unreal_mode_is_seen() {
        let mut fake = Fake::new();
        assert_eq!(difference(&fake, SegReg::Ds), None);
        fake.cpu.segments[SegReg::Ds as usize].limit = u32::MAX;
        insta::assert_snapshot!(shown(&fake), @r"
        cs   0000   base 00000000  limit 0000ffff  code16 rx DPL 0 accessed
        ss   0000   base 00000000  limit 0000ffff  data16 rw DPL 0 accessed
        ds   0000   base 00000000  limit ffffffff  data16 rw DPL 0 accessed
        es   0000   base 00000000  limit 0000ffff  data16 rw DPL 0 accessed
        fs   0000   base 00000000  limit 0000ffff  data16 rw DPL 0 accessed
        gs   0000   base 00000000  limit 0000ffff  data16 rw DPL 0 accessed
        ldtr 0000   base 00000000  limit 0000ffff  LDT DPL 0
        tr   0000   base 00000000  limit 0000ffff  TSS32 busy DPL 0
        ds: limit ffffffff instead of ffff: not loaded in this mode
        ");
    }

    #[test]
    fn a_cache_that_left_its_table_is_seen() {
        let mut fake = Fake::new();
        fake.cpu.cr0 |= CR0_PE;
        fake.cpu.gdtr.base = 0x1000;
        fake.cpu.gdtr.limit = 0x17;
        fake.poke(0x1008, &0x00CF_9A00_0000_FFFF_u64.to_le_bytes());
        fake.poke(0x1010, &0x00CF_9200_0000_FFFF_u64.to_le_bytes());
        for reg in ORDER {
            let index = if reg == SegReg::Cs { 8 } else { 16 };
            let descriptor = descriptor_of(&fake.cpu, &fake.memory, Selector(index)).unwrap();
            let mut segment = descriptor.segment(Selector(index));
            segment.rights |= ACCESSED;
            fake.cpu.segments[reg as usize] = segment;
            assert_eq!(difference(&fake, reg), None, "the accessed bit does not count");
        }
        fake.poke(0x1012, &[0x00, 0x80]);
        fake.cpu.segments[SegReg::Gs as usize] = Segment { selector: Selector(0), base: 0, limit: 0, rights: UNUSABLE };
        fake.cpu.segments[SegReg::Fs as usize].selector = Selector(0x33);
        insta::assert_snapshot!(shown(&fake), @r"
        cs   0008   base 00000000  limit ffffffff  code32 rx DPL 0 accessed 4K units
        ss   0010   base 00000000  limit ffffffff  data32 rw DPL 0 accessed 4K units
        ds   0010   base 00000000  limit ffffffff  data32 rw DPL 0 accessed 4K units
        es   0010   base 00000000  limit ffffffff  data32 rw DPL 0 accessed 4K units
        fs   0033   base 00000000  limit ffffffff  data32 rw DPL 0 accessed 4K units
        gs   0000   base 00000000  limit 00000000  null: unusable
        ldtr 0000   base 00000000  limit 0000ffff  LDT DPL 0
        tr   0000   base 00000000  limit 0000ffff  TSS32 busy DPL 0
        ss ds es: GDT[2] now says base 00008000 limit ffffffff data32 rw DPL 0 4K units
        fs: GDT[6] cannot be read: the cache is all there is
        ");
    }
}
