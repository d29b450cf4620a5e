//! `walk` and `info tlb`: the page tables in memory, and beside them what the TLB believes.
//! SDM Vol.3A 4.3 "32-Bit Paging", 4.4 "PAE Paging", 4.10 "Caching Translation Information".

use ringwalk_cpu::state::CpuState;
use ringwalk_mmu::{LinAddr, PhysAddr, TlbEntry, view_walk};
use serde::Serialize;

use crate::page::{Page, Show, Tone};
use crate::space::{Address, Everywhere, owner};
use crate::target::Target;

/// What an address goes through on its way to memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WalkView {
    /// The address in every space.
    pub address: Everywhere,
    /// `off`, `32-bit`, `PAE`, `4-level` or `5-level`.
    pub paging: &'static str,
    /// CR3.
    pub cr3: u64,
    /// The entries used, from the top.
    pub levels: Vec<Level>,
    /// The page, if the walk reaches one.
    pub page: Option<PageView>,
    /// Why it does not.
    pub fails: Option<&'static str>,
    /// What the TLB holds for the address.
    pub tlb: Option<PageView>,
    /// What the TLB holds is not what the tables say now.
    pub stale: bool,
    /// The A20 gate lets address bit 20 through.
    pub a20: bool,
    /// Who answers there: `RAM`, `BIOS ROM`, `device`, `nobody` and the like.
    pub answers: Option<&'static str>,
    /// The byte there.
    pub byte: Option<u8>,
}

/// One entry of a paging structure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Level {
    /// PDPTE, PDE or PTE.
    pub name: &'static str,
    /// Its physical address; absent for the PDPTE registers.
    pub address: Option<u64>,
    /// Its value.
    pub entry: String,
    /// Its flags in words.
    pub flags: String,
}

/// A translation of a whole page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PageView {
    /// Linear address of its first byte.
    pub linear: u64,
    /// Physical address of its first byte.
    pub physical: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// CPL 3 may access it.
    pub user: bool,
    /// It may be written.
    pub writable: bool,
    /// The dirty flag is set.
    pub dirty: bool,
    /// It survives a load of CR3.
    pub global: bool,
}

impl PageView {
    fn new(entry: &TlbEntry) -> PageView {
        PageView {
            linear: entry.linear.0,
            physical: entry.physical.0,
            bytes: 1 << entry.size_bits,
            user: entry.user,
            writable: entry.writable,
            dirty: entry.dirty,
            global: entry.global,
        }
    }

    fn text(&self) -> String {
        let size = if self.bytes < 1 << 20 {
            "4K".to_string()
        } else if self.bytes < 1 << 30 {
            format!("{}M", self.bytes >> 20)
        } else {
            format!("{}G", self.bytes >> 30)
        };
        let rights = [
            if self.user { "user" } else { "supervisor" },
            if self.writable { "read/write" } else { "read-only" },
            if self.dirty { "dirty" } else { "clean" },
        ];
        let global = if self.global { " global" } else { "" };
        format!("lin {:08x} -> phys {:08x}  {size}  {}{global}", self.linear, self.physical, rights.join(" "))
    }
}

/// The walk of an address that has a linear one.
pub fn walk(target: &dyn Target, at: Address) -> Option<WalkView> {
    let (cpu, memory) = (target.cpu(), target.memory());
    let (linear, paging) = (at.linear()?, cpu.paging());
    let mut view = WalkView {
        address: at.everywhere(cpu, memory),
        paging: paging_name(cpu),
        cr3: paging.cr3,
        levels: Vec::new(),
        page: None,
        fails: None,
        tlb: None,
        stale: false,
        a20: memory.a20_open(),
        answers: None,
        byte: at.peek(cpu, memory),
    };
    view.answers = view.address.physical.map(|physical| owner(memory, PhysAddr(physical)));
    if !paging.enabled {
        return Some(view);
    }
    let found = view_walk(&paging, memory, linear);
    let last = found.steps.len().saturating_sub(1);
    for (index, step) in found.steps.iter().enumerate() {
        view.levels.push(Level {
            name: step.name,
            address: (paging.long || step.name != "PDPTE").then_some(step.address.0),
            entry: format!("{:#0width$x}", step.entry, width = if paging.pae { 18 } else { 10 }),
            flags: flags(step.name, step.entry, index == last && found.leaf.is_some()),
        });
    }
    view.fails = match (&found.leaf, found.reserved) {
        (Some(_), _) => None,
        (None, true) => Some("a reserved bit is set: any access gives #PF with RSVD"),
        (None, false) => Some("not present: any access gives #PF"),
    };
    let cached = cpu.tlb.find(linear, cpu.pcid());
    view.stale = cached.is_some_and(|cached| is_stale(cached, found.leaf.as_ref(), linear));
    view.page = found.leaf.as_ref().map(PageView::new);
    view.tlb = cached.map(PageView::new);
    Some(view)
}

/// How linear addresses are translated now.
pub fn paging_name(cpu: &CpuState) -> &'static str {
    let paging = cpu.paging();
    match (paging.enabled, paging.pae) {
        (false, _) => "off",
        (true, false) => "32-bit",
        (true, true) if paging.long && paging.la57 => "5-level",
        (true, true) if paging.long => "4-level",
        (true, true) => "PAE",
    }
}

/// True if a cached translation says something else than the tables. A dirty flag that memory has and the TLB lacks
/// is no difference that a guest could see: the next write walks again.
fn is_stale(cached: &TlbEntry, leaf: Option<&TlbEntry>, at: LinAddr) -> bool {
    let Some(leaf) = leaf else { return true };
    let physical = |entry: &TlbEntry| entry.physical.0 | (at.0 & ((1 << entry.size_bits) - 1));
    physical(cached) != physical(leaf)
        || (cached.user, cached.writable, cached.global) != (leaf.user, leaf.writable, leaf.global)
        || (cached.dirty && !leaf.dirty)
}

/// The flags of an entry. SDM Vol.3A Table 4-4 to 4-6 and 4-8 to 4-11.
fn flags(name: &str, entry: u64, is_leaf: bool) -> String {
    if entry & 1 == 0 {
        return "not present".to_string();
    }
    if name == "PDPTE" {
        return "present".to_string();
    }
    let choose = |bit: u32, set: &'static str, clear: &'static str| {
        if entry >> bit & 1 != 0 { set } else { clear }
    };
    let mut words = vec!["present", choose(1, "read/write", "read-only"), choose(2, "user", "supervisor")];
    words.push(choose(3, "write-through", ""));
    words.push(choose(4, "uncached", ""));
    words.push(choose(5, "accessed", "not accessed"));
    if is_leaf {
        words.push(choose(6, "dirty", "clean"));
        words.push(choose(8, "global", ""));
    }
    if name == "PDE" {
        words.push(choose(7, if is_leaf { "large page" } else { "PS" }, ""));
    }
    words.retain(|word| !word.is_empty());
    words.join(" ")
}

impl Show for WalkView {
    fn show(&self, page: &mut Page) {
        let mut title = self.address.text();
        if let Some(physical) = self.address.physical.filter(|at| self.address.linear == Some(*at)) {
            title.push_str(&format!(" = phys {physical:08x}"));
        }
        page.line(page.tone(Tone::Title, title));
        if self.paging == "off" {
            page.line("paging is off: linear is physical");
        } else {
            page.line(format!("{} paging, cr3 {:08x}", self.paging, self.cr3));
        }
        for level in &self.levels {
            let at = level.address.map_or_else(|| "register     ".to_string(), |at| format!("phys {at:08x}"));
            page.line(format!("  {:5} {at}  {}  {}", level.name, level.entry, level.flags));
        }
        if let Some(found) = &self.page {
            page.line(format!("  page  {}", found.text()));
        }
        if let Some(fails) = self.fails {
            page.line(page.tone(Tone::Warning, format!("  {fails}")));
        }
        match &self.tlb {
            Some(cached) if self.stale => {
                page.line(page.tone(Tone::Warning, format!("  TLB   {}  STALE", cached.text())));
            }
            Some(cached) => page.line(format!("  TLB   {}", cached.text())),
            None if self.paging != "off" => page.line("  TLB   holds nothing for it"),
            None => (),
        }
        if !self.a20 {
            page.line("the A20 gate is shut: physical address bit 20 is held at 0");
        }
        if let Some(answers) = self.answers {
            let byte = self.byte.map_or_else(String::new, |byte| format!(", byte {byte:02x}"));
            page.line(format!("{answers} answers{byte}"));
        }
    }
}

/// Everything that the TLB holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TlbView {
    /// `real`, `sticky` or `none`.
    pub policy: String,
    /// Its entries by linear address.
    pub entries: Vec<TlbLine>,
}

/// An entry of the TLB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TlbLine {
    /// The translation.
    #[serde(flatten)]
    pub page: PageView,
    /// The tables say something else now.
    pub stale: bool,
}

/// Everything that the TLB holds, by linear address.
pub fn tlb(target: &dyn Target) -> TlbView {
    let (cpu, paging) = (target.cpu(), target.cpu().paging());
    let line = |entry: &TlbEntry| {
        let leaf = view_walk(&paging, target.memory(), entry.linear).leaf;
        TlbLine { page: PageView::new(entry), stale: is_stale(entry, leaf.as_ref(), entry.linear) }
    };
    let mut entries: Vec<TlbLine> = cpu.tlb.entries().map(line).collect();
    entries.sort_by_key(|line| line.page.linear);
    TlbView { policy: format!("{:?}", cpu.tlb.policy()).to_lowercase(), entries }
}

impl Show for TlbView {
    fn show(&self, page: &mut Page) {
        let stale = self.entries.iter().filter(|line| line.stale).count();
        let stale = if stale > 0 { format!(", {stale} STALE") } else { String::new() };
        page.line(page.tone(Tone::Title, format!("TLB ({}), {} held{stale}", self.policy, self.entries.len())));
        for line in &self.entries {
            let text = line.page.text();
            page.line(if line.stale { page.tone(Tone::Warning, format!("{text}  STALE")) } else { text });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::Fake;
    use ringwalk_cpu::state::{CR0_PE, CR0_PG, CR0_WP, CR4_PAE};

    fn shown(view: &impl Show) -> String {
        let mut page = Page::new(false);
        view.show(&mut page);
        page.finish()
    }

    fn paged() -> Fake {
        let mut fake = Fake::new();
        fake.cpu.cr0 |= CR0_PE | CR0_PG | CR0_WP;
        fake.cpu.cr3 = 0x10_0000;
        fake.poke(0x10_0000, &0x0010_1027_u32.to_le_bytes());
        fake.poke(0x10_1000 + 4 * 7, &0x0000_7005_u32.to_le_bytes());
        fake
    }

    #[test]
    fn a_walk_shows_each_entry_and_changes_none() {
        let fake = paged();
        insta::assert_snapshot!(shown(&walk(&fake, Address::Linear(0x7C00)).unwrap()), @r"
        lin 00007c00 = phys 00007c00
        32-bit paging, cr3 00100000
          PDE   phys 00100000  0x00101027  present read/write user accessed
          PTE   phys 0010101c  0x00007005  present read-only user not accessed clean
          page  lin 00007000 -> phys 00007000  4K  user read-only clean
          TLB   holds nothing for it
        RAM answers, byte 00
        ");
        insta::assert_snapshot!(shown(&walk(&fake, Address::Linear(0x8000)).unwrap()), @r"
        lin 00008000 -> not mapped
        32-bit paging, cr3 00100000
          PDE   phys 00100000  0x00101027  present read/write user accessed
          PTE   phys 00101020  0x00000000  not present
          not present: any access gives #PF
          TLB   holds nothing for it
        ");
        assert_eq!(fake.memory.read_entry(PhysAddr(0x10_1000 + 4 * 7), 4), 0x7005);
    }

    #[test]
    fn a_stale_tlb_entry_is_marked() {
        let mut fake = paged();
        fake.cpu.tlb.fill(TlbEntry {
            linear: LinAddr(0x7000),
            physical: PhysAddr(0x9000),
            size_bits: 12,
            user: true,
            writable: true,
            dirty: true,
            global: false,
            no_execute: false,
            protection_key: 0,
            pcid: 0,
        });
        insta::assert_snapshot!(shown(&walk(&fake, Address::Linear(0x7C00)).unwrap()), @r"
        lin 00007c00 = phys 00007c00
        32-bit paging, cr3 00100000
          PDE   phys 00100000  0x00101027  present read/write user accessed
          PTE   phys 0010101c  0x00007005  present read-only user not accessed clean
          page  lin 00007000 -> phys 00007000  4K  user read-only clean
          TLB   lin 00007000 -> phys 00009000  4K  user read/write dirty  STALE
        RAM answers, byte 00
        ");
        insta::assert_snapshot!(shown(&tlb(&fake)), @r"
        TLB (real), 1 held, 1 STALE
        lin 00007000 -> phys 00009000  4K  user read/write dirty  STALE
        ");
    }

    #[test]
    fn pae_walks_start_at_the_registers() {
        let mut fake = Fake::new();
        fake.cpu.cr0 |= CR0_PE | CR0_PG;
        fake.cpu.cr4 |= CR4_PAE;
        fake.cpu.pdptes[0] = 0x10_0001;
        fake.poke(0x10_0000, &0x8000_0000_0000_00E3_u64.to_le_bytes());
        insta::assert_snapshot!(shown(&walk(&fake, Address::Linear(0x7C00)).unwrap()), @r"
        lin 00007c00 -> not mapped
        PAE paging, cr3 00000000
          PDPTE register       0x0000000000100001  present
          PDE   phys 00100000  0x80000000000000e3  present read/write supervisor accessed PS
          a reserved bit is set: any access gives #PF with RSVD
          TLB   holds nothing for it
        ");
    }

    #[test]
    fn without_paging_a_walk_tells_who_answers() {
        insta::assert_snapshot!(shown(&walk(&Fake::new(), Address::Linear(0xF_0000)).unwrap()), @r"
        lin 000f0000 = phys 000f0000
        paging is off: linear is physical
        BIOS ROM answers, byte ea
        ");
        let mut fake = Fake::new();
        fake.memory.set_a20(false);
        insta::assert_snapshot!(shown(&walk(&fake, Address::Linear(0x10_0500)).unwrap()), @r"
        lin 00100500 -> phys 00000500
        paging is off: linear is physical
        the A20 gate is shut: physical address bit 20 is held at 0
        RAM answers, byte 00
        ");
        insta::assert_snapshot!(shown(&walk(&Fake::new(), Address::Linear(0xA_0000)).unwrap()), @r"
        lin 000a0000 = phys 000a0000
        paging is off: linear is physical
        device answers
        ");
    }
}
