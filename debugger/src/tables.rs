//! Descriptor and vector tables, decoded. SDM Vol.3A 3.5 "System Descriptor Types", 6.11 "IDT Descriptors".

use ringwalk_cpu::segment::{Descriptor, Selector, SystemType};
use ringwalk_cpu::state::Mode;
use serde::Serialize;

use crate::error::Error;
use crate::io_map::{IoMap, PortRange};
use crate::page::{Page, Show, Tone};
use crate::segments::kind;
use crate::space::{Address, logical};
use crate::target::Target;
use crate::vectors;

/// A table of descriptors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableView {
    /// `gdt`, `ldt`, `idt` or `ivt`.
    pub table: &'static str,
    /// Linear address of the table.
    pub base: u64,
    /// Last valid byte.
    pub limit: u32,
    /// Its entries; those that are all zero are left out.
    pub entries: Vec<Entry>,
    /// What else is worth knowing.
    pub note: Option<String>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its index, or its vector.
    pub index: u32,
    /// Further entries with the same content behind it.
    pub repeated: u32,
    /// Its bytes as a number; `null` if they cannot be read.
    pub raw: Option<String>,
    /// The entry in words.
    pub text: String,
    /// What the vector is for.
    pub purpose: Option<&'static str>,
}

impl Show for TableView {
    fn show(&self, page: &mut Page) {
        page.line(page.tone(Tone::Title, format!("{}  base {:08x}  limit {:04x}", self.table, self.base, self.limit)));
        let is_vector = matches!(self.table, "idt" | "ivt");
        let rows: Vec<Vec<String>> = self
            .entries
            .iter()
            .map(|entry| {
                let last = entry.index + entry.repeated;
                let index = match (is_vector, entry.repeated) {
                    (true, 0) => format!("{:02x}", entry.index),
                    (true, _) => format!("{:02x}-{last:02x}", entry.index),
                    (false, _) => format!("[{}] {:04x}", entry.index, entry.index * 8),
                };
                let purpose = entry.purpose.filter(|_| entry.repeated == 0).unwrap_or_default();
                vec![index, entry.text.clone(), page.tone(Tone::Faint, purpose)]
            })
            .collect();
        page.table(&rows);
        if let Some(note) = &self.note {
            page.line(note);
        }
    }
}

fn read(target: &dyn Target, base: u64, offset: u32, bytes: u32) -> Option<u64> {
    let at = Address::Linear(base.wrapping_add(u64::from(offset)) & 0xFFFF_FFFF);
    at.peek_number(target.cpu(), target.memory(), bytes)
}

/// The global descriptor table.
pub fn gdt(target: &dyn Target) -> TableView {
    let gdtr = target.cpu().gdtr;
    let mut view = descriptors(target, "gdt", gdtr.base, u32::from(gdtr.limit));
    if !target.cpu().protected() {
        view.note = Some("the processor is in real mode: nothing looks here until CR0.PE is set".to_string());
    }
    view
}

/// The local descriptor table; an error if there is none.
pub fn ldt(target: &dyn Target) -> Result<TableView, Error> {
    let ldtr = target.cpu().ldtr;
    if ldtr.is_unusable() || ldtr.selector.is_null() {
        return Err(Error::Value("there is no LDT: LDTR holds a null selector".to_string()));
    }
    Ok(descriptors(target, "ldt", ldtr.base, ldtr.limit.min(0xFFFF)))
}

fn descriptors(target: &dyn Target, table: &'static str, base: u64, limit: u32) -> TableView {
    let count = (limit + 1) / 8;
    let entry = |index: u32| {
        let raw = read(target, base, index * 8, 8);
        let text = match raw.map(Descriptor) {
            Some(Descriptor(0)) => return None,
            Some(descriptor) => describe(descriptor),
            None => "??".to_string(),
        };
        Some(Entry { index, repeated: 0, raw: raw.map(|raw| format!("{raw:#018x}")), text, purpose: None })
    };
    // Entries that cannot be read are told once.
    let mut entries: Vec<Entry> = (0..count).filter_map(entry).collect();
    entries.dedup_by(|later, first| later.raw.is_none() && first.raw.is_none());
    TableView { table, base, limit, entries, note: None }
}

/// A descriptor or gate in words.
pub fn describe(descriptor: Descriptor) -> String {
    use SystemType::*;
    let words = kind(descriptor.rights());
    let selector = descriptor.gate_selector().0;
    match descriptor.system_type() {
        Some(CallGate16 | InterruptGate16 | TrapGate16) => {
            format!("{words} -> {}", logical(selector, descriptor.gate_offset_16().into()))
        }
        Some(CallGate32 | InterruptGate32 | TrapGate32) => {
            format!("{words} -> {}", logical(selector, descriptor.gate_offset_32().into()))
        }
        Some(TaskGate) => format!("{words} -> TSS {selector:04x}"),
        _ => format!("base {:08x} limit {:08x} {words}", descriptor.base(), descriptor.limit()),
    }
}

/// The interrupt descriptor table, or in real mode the vector table.
pub fn idt(target: &dyn Target) -> TableView {
    if target.cpu().mode() == Mode::Real {
        return ivt(target);
    }
    let idtr = target.cpu().idtr;
    let entry = |vector: u32| {
        let raw = read(target, idtr.base, vector * 8, 8);
        let text = match raw.map(Descriptor) {
            Some(Descriptor(0)) => return None,
            Some(gate) => describe(gate),
            None => "??".to_string(),
        };
        let purpose = vectors::exception(vector as u8);
        Some(Entry { index: vector, repeated: 0, raw: raw.map(|raw| format!("{raw:#018x}")), text, purpose })
    };
    let count = (u32::from(idtr.limit) + 1).min(256 * 8) / 8;
    let entries = (0..count).filter_map(entry).collect();
    TableView { table: "idt", base: idtr.base, limit: u32::from(idtr.limit), entries: merged(entries), note: None }
}

/// The interrupt vector table of real mode. SDM Vol.3B 20.1.4 "Interrupt and Exception Handling".
pub fn ivt(target: &dyn Target) -> TableView {
    let idtr = target.cpu().idtr;
    // Outside real mode IDTR belongs to the IDT; the vector table that BIOS and V86 monitors use lies at 0.
    let (base, limit, note) = match target.cpu().mode() {
        Mode::Real => (idtr.base, u32::from(idtr.limit).min(0x3FF), None),
        _ => (0, 0x3FF, Some("the processor uses the IDT in this mode; this is what real mode would use")),
    };
    let entry = |vector: u32| {
        let raw = read(target, base, vector * 4, 4);
        let text = match raw {
            Some(0) => return None,
            Some(pointer) => logical((pointer >> 16) as u16, pointer & 0xFFFF),
            None => "??".to_string(),
        };
        let purpose = vectors::on_a_pc(vector as u8);
        Some(Entry { index: vector, repeated: 0, raw: raw.map(|raw| format!("{raw:#010x}")), text, purpose })
    };
    let entries = (0..(limit + 1) / 4).filter_map(entry).collect();
    TableView { table: "ivt", base, limit, entries: merged(entries), note: note.map(str::to_string) }
}

/// Joins neighbours with the same content and no purpose of their own.
fn merged(entries: Vec<Entry>) -> Vec<Entry> {
    let mut joined: Vec<Entry> = Vec::new();
    for entry in entries {
        match joined.last_mut() {
            Some(last)
                if last.raw == entry.raw
                    && last.index + last.repeated + 1 == entry.index
                    && last.purpose.is_none()
                    && entry.purpose.is_none() =>
            {
                last.repeated += 1;
            }
            _ => joined.push(entry),
        }
    }
    joined
}

/// Where a vector leads now: `selector:offset`; `None` if its entry cannot be read or is no gate.
pub fn gate_target(target: &dyn Target, vector: u8) -> Option<String> {
    let cpu = target.cpu();
    if cpu.mode() == Mode::Real {
        let pointer = read(target, cpu.idtr.base, u32::from(vector) * 4, 4)?;
        return Some(logical((pointer >> 16) as u16, pointer & 0xFFFF));
    }
    let gate = Descriptor(read(target, cpu.idtr.base, u32::from(vector) * 8, 8)?);
    let selector = gate.gate_selector().0;
    match gate.system_type()? {
        SystemType::InterruptGate16 | SystemType::TrapGate16 => Some(logical(selector, gate.gate_offset_16().into())),
        SystemType::InterruptGate32 | SystemType::TrapGate32 => Some(logical(selector, gate.gate_offset_32().into())),
        SystemType::TaskGate => Some(format!("TSS {selector:04x}")),
        _ => None,
    }
}

/// A task-state segment. SDM Vol.3A 7.2.1 "Task-State Segment (TSS)".
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TssView {
    /// TR's selector.
    pub selector: u16,
    /// Linear address.
    pub base: u64,
    /// Last valid byte.
    pub limit: u32,
    /// What it is.
    pub kind: String,
    /// Its fields by the manual's names.
    pub fields: Vec<TssField>,
    /// The ports that its I/O permission bit map allows.
    pub ports: Vec<PortRange>,
}

/// A field of a task-state segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TssField {
    /// The manual's name.
    pub name: &'static str,
    /// Its value; `null` if it cannot be read or lies beyond the limit.
    pub value: Option<u64>,
    /// Its bytes.
    pub bytes: u32,
}

const TSS_32: [(&str, u32, u32); 26] = [
    ("link", 0, 2),
    ("esp0", 4, 4),
    ("ss0", 8, 2),
    ("esp1", 12, 4),
    ("ss1", 16, 2),
    ("esp2", 20, 4),
    ("ss2", 24, 2),
    ("cr3", 28, 4),
    ("eip", 32, 4),
    ("eflags", 36, 4),
    ("eax", 40, 4),
    ("ecx", 44, 4),
    ("edx", 48, 4),
    ("ebx", 52, 4),
    ("esp", 56, 4),
    ("ebp", 60, 4),
    ("esi", 64, 4),
    ("edi", 68, 4),
    ("es", 72, 2),
    ("cs", 76, 2),
    ("ss", 80, 2),
    ("ds", 84, 2),
    ("fs", 88, 2),
    ("gs", 92, 2),
    ("ldt", 96, 2),
    ("iomap", 102, 2),
];

const TSS_16: [(&str, u32, u32); 22] = [
    ("link", 0, 2),
    ("sp0", 2, 2),
    ("ss0", 4, 2),
    ("sp1", 6, 2),
    ("ss1", 8, 2),
    ("sp2", 10, 2),
    ("ss2", 12, 2),
    ("ip", 14, 2),
    ("flags", 16, 2),
    ("ax", 18, 2),
    ("cx", 20, 2),
    ("dx", 22, 2),
    ("bx", 24, 2),
    ("sp", 26, 2),
    ("bp", 28, 2),
    ("si", 30, 2),
    ("di", 32, 2),
    ("es", 34, 2),
    ("cs", 36, 2),
    ("ss", 38, 2),
    ("ds", 40, 2),
    ("ldt", 42, 2),
];

/// The task-state segment that TR holds; an error if it holds none.
pub fn tss(target: &dyn Target) -> Result<TssView, Error> {
    let tr = target.cpu().tr;
    if tr.selector.is_null() {
        return Err(Error::Value("there is no task: TR holds a null selector".to_string()));
    }
    let is_32 = tr.rights & 8 != 0;
    let layout: &[(&str, u32, u32)] = if is_32 { &TSS_32 } else { &TSS_16 };
    let field = |(name, offset, bytes): &(&'static str, u32, u32)| {
        let inside = offset + bytes - 1 <= tr.limit;
        let value = if inside { read(target, tr.base, *offset, *bytes) } else { None };
        TssField { name, value, bytes: *bytes }
    };
    Ok(TssView {
        selector: tr.selector.0,
        base: tr.base,
        limit: tr.limit,
        kind: kind(tr.rights),
        fields: layout.iter().map(field).collect(),
        ports: IoMap::read(target).allowed(),
    })
}

impl Show for TssView {
    fn show(&self, page: &mut Page) {
        let title =
            format!("tr {:04x}  base {:08x}  limit {:08x}  {}", self.selector, self.base, self.limit, self.kind);
        page.line(page.tone(Tone::Title, title));
        let cell = |field: &TssField| {
            let digits = 2 * field.bytes as usize;
            format!("{} {}", field.name, crate::stack::number_or_marks(field.value, digits))
        };
        let rows: Vec<Vec<String>> = self.fields.chunks(5).map(|five| five.iter().map(cell).collect()).collect();
        page.table(&rows);
        let ports: Vec<String> =
            self.ports.iter().map(|range| format!("{:04x}-{:04x}", range.first, range.last)).collect();
        let ports = if ports.is_empty() { "none".to_string() } else { ports.join(" ") };
        page.paragraph("", &format!("ports allowed whatever IOPL says: {ports}"));
    }
}

/// Keeps the entries that a selector or vector names; an error if there are none.
pub fn only(mut view: TableView, wanted: Option<u64>) -> Result<TableView, Error> {
    let Some(wanted) = wanted else {
        return Ok(view);
    };
    let is_vector = matches!(view.table, "idt" | "ivt");
    // Descriptors are named by selector, as registers hold them.
    let index = if is_vector { wanted } else { u64::from(Selector(wanted as u16).offset() / 8) };
    view.entries.retain(|entry| (u64::from(entry.index)..=u64::from(entry.index + entry.repeated)).contains(&index));
    if view.entries.is_empty() {
        let table = view.table;
        return Err(Error::Value(format!("{table} entry {index:#x} is empty or beyond the limit")));
    }
    Ok(view)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::Fake;
    use ringwalk_cpu::segment::Segment;
    use ringwalk_cpu::state::CR0_PE;

    fn shown(view: &impl Show) -> String {
        let mut page = Page::new(false);
        view.show(&mut page);
        page.finish()
    }

    fn protected() -> Fake {
        let mut fake = Fake::new();
        fake.cpu.cr0 |= CR0_PE;
        fake.cpu.gdtr.base = 0x1000;
        fake.cpu.gdtr.limit = 0x37;
        for (index, raw) in [
            0,
            0x00CF_9B00_0000_FFFF,
            0x00CF_F200_0000_FFFF,
            0x0000_8900_2000_0067,
            0x0000_EC00_0008_1234_u64,
            0x0000_0000_0000_0001,
            0x0040_1612_3456_0FFF,
        ]
        .into_iter()
        .enumerate()
        {
            fake.poke(0x1000 + 8 * index as u64, &raw.to_le_bytes());
        }
        fake.cpu.idtr.base = 0x3000;
        fake.cpu.idtr.limit = 0x18F;
        for vector in 0..50_u64 {
            let gate = if vector == 14 { 0x0010_8E00_0008_5678_u64 } else { 0x0010_EF00_0008_0000 };
            fake.poke(0x3000 + 8 * vector, &gate.to_le_bytes());
        }
        fake
    }

    #[test]
    fn the_gdt_in_words() {
        insta::assert_snapshot!(shown(&gdt(&protected())), @r"
        gdt  base 00001000  limit 0037
        [1] 0008  base 00000000 limit ffffffff code32 rx DPL 0 accessed 4K units
        [2] 0010  base 00000000 limit ffffffff data32 rw DPL 3 4K units
        [3] 0018  base 00002000 limit 00000067 TSS32 DPL 0
        [4] 0020  call gate32 DPL 3 -> 0008:1234
        [5] 0028  base 00000000 limit 00000001 reserved type DPL 0 not present
        [6] 0030  base 00123456 limit 00000fff data32 rw expand-down DPL 0 not present
        ");
        assert!(only(gdt(&protected()), Some(0x23)).is_ok_and(|view| view.entries.len() == 1));
        assert!(only(gdt(&protected()), Some(0x40)).is_err());
    }

    #[test]
    fn the_idt_joins_what_repeats() {
        insta::assert_snapshot!(shown(&only(idt(&protected()), Some(14)).unwrap()), @r"
        idt  base 00003000  limit 018f
        0e  interrupt gate32 DPL 0 -> 0008:00105678  #PF page fault
        ");
        insta::assert_snapshot!(shown(&only(idt(&protected()), Some(0x20)).unwrap()), @r"
        idt  base 00003000  limit 018f
        15-31  trap gate32 DPL 3 -> 0008:00100000
        ");
        assert_eq!(gate_target(&protected(), 14).as_deref(), Some("0008:00105678"));
    }

    #[test]
    fn the_ivt_tells_what_vectors_are_for() {
        let mut fake = Fake::new();
        for vector in 0..0x78_u64 {
            fake.poke(4 * vector, &[0x53, 0xFF, 0x00, 0xF0]);
        }
        insta::assert_snapshot!(shown(&ivt(&fake)), @r"
        ivt  base 00000000  limit 03ff
        00     f000:ff53  divide error
        01     f000:ff53  debug
        02     f000:ff53  NMI
        03     f000:ff53  breakpoint
        04     f000:ff53  overflow
        05     f000:ff53  print screen, bound range
        06     f000:ff53  invalid opcode
        07     f000:ff53  no coprocessor
        08     f000:ff53  IRQ 0 timer
        09     f000:ff53  IRQ 1 keyboard
        0a     f000:ff53  IRQ 2
        0b     f000:ff53  IRQ 3 COM2
        0c     f000:ff53  IRQ 4 COM1
        0d     f000:ff53  IRQ 5
        0e     f000:ff53  IRQ 6 floppy
        0f     f000:ff53  IRQ 7
        10     f000:ff53  video
        11     f000:ff53  equipment
        12     f000:ff53  memory size
        13     f000:ff53  disk
        14     f000:ff53  serial
        15     f000:ff53  system
        16     f000:ff53  keyboard
        17     f000:ff53  printer
        18     f000:ff53  nothing to boot
        19     f000:ff53  boot
        1a     f000:ff53  clock
        1b     f000:ff53  Ctrl-Break
        1c     f000:ff53  timer tick
        1d     f000:ff53  video parameters
        1e     f000:ff53  floppy parameters
        1f     f000:ff53  graphics font
        20-3f  f000:ff53
        40     f000:ff53  floppy
        41     f000:ff53  disk 0 parameters
        42     f000:ff53
        43     f000:ff53  font
        44-45  f000:ff53
        46     f000:ff53  disk 1 parameters
        47-6f  f000:ff53
        70     f000:ff53  IRQ 8 clock
        71-73  f000:ff53
        74     f000:ff53  IRQ 12 mouse
        75     f000:ff53  IRQ 13 FPU
        76     f000:ff53  IRQ 14 disk
        77     f000:ff53  IRQ 15 disk
        ");
    }

    #[test]
    fn the_tss_in_both_widths() {
        let mut fake = protected();
        assert!(tss(&fake).is_err());
        fake.cpu.tr = Segment { selector: Selector(0x18), base: 0x2000, limit: 0x67, rights: 0x8B };
        fake.poke(0x2004, &[0x00, 0x90, 0x00, 0x00, 0x10]);
        fake.poke(0x2066, &[0x68, 0x00]);
        insta::assert_snapshot!(shown(&tss(&fake).unwrap()), @r"
        tr 0018  base 00002000  limit 00000067  TSS32 busy DPL 0
        link 0000      esp0 00009000  ss0 0010      esp1 00000000  ss1 0000
        esp2 00000000  ss2 0000       cr3 00000000  eip 00000000   eflags 00000000
        eax 00000000   ecx 00000000   edx 00000000  ebx 00000000   esp 00000000
        ebp 00000000   esi 00000000   edi 00000000  es 0000        cs 0000
        ss 0000        ds 0000        fs 0000       gs 0000        ldt 0000
        iomap 0068
        ports allowed whatever IOPL says: none
        ");
        fake.cpu.tr.rights = 0x83;
        fake.cpu.tr.limit = 0x20;
        assert_eq!(tss(&fake).unwrap().fields.last().unwrap().value, None, "beyond the limit");
    }
}
