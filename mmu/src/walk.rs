//! Paging: 32-bit with PSE and PSE-36, PAE, and with four or five levels. SDM Vol.3A 4.3 "32-Bit Paging", 4.4 "PAE
//! Paging", 4.5 "4-Level Paging and 5-Level Paging", 4.6 "Access Rights", 4.7 "Page-Fault Exceptions", 4.8 "Accessed and Dirty Flags".

use crate::tlb::{Lost, TlbEntry, TlbPolicy};
use crate::{Class, LinAddr, Memory, PhysAddr, Tlb};

mod known;

pub(crate) use known::KnownTables;

const P: u64 = 1;
const RW: u64 = 1 << 1;
const US: u64 = 1 << 2;
const A: u64 = 1 << 5;
const D: u64 = 1 << 6;
const PS: u64 = 1 << 7;
const G: u64 = 1 << 8;
const XD: u64 = 1 << 63;

/// What an access wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Data read.
    Read,
    /// Data write.
    Write,
    /// Instruction fetch.
    Fetch,
}

/// The control-register bits that decide translation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paging {
    /// CR0.PG.
    pub enabled: bool,
    /// CR0.WP.
    pub write_protect: bool,
    /// CR4.PSE.
    pub pse: bool,
    /// CR4.PAE.
    pub pae: bool,
    /// IA32_EFER.LMA: four levels, five with [`Paging::la57`].
    pub long: bool,
    /// CR4.LA57.
    pub la57: bool,
    /// IA32_EFER.NXE.
    pub nxe: bool,
    /// CR4.SMEP.
    pub smep: bool,
    /// CR4.SMAP.
    pub smap: bool,
    /// CR4.PKE.
    pub pke: bool,
    /// PKRU.
    pub pkru: u32,
    /// The process context: CR3[11:0] with CR4.PCIDE set, 0 without.
    pub pcid: u16,
    /// CR4.PGE.
    pub pge: bool,
    /// CR3.
    pub cr3: u64,
    /// The four PDPTE registers of PAE paging.
    pub pdptes: [u64; 4],
    /// MAXPHYADDR: 32 to 52.
    pub physical_bits: u8,
    /// The model has PSE-36.
    pub pse36: bool,
    /// The model has pages of 1 GiB.
    pub gib_pages: bool,
}

impl Paging {
    /// log2 of the sizes that large pages may have. A change of any bit that decides this empties the TLB.
    #[inline]
    fn large_sizes(&self) -> &'static [u8] {
        match (self.long, self.pae) {
            (true, _) => &[21, 30],
            (false, true) => &[21],
            (false, false) => &[22],
        }
    }
}

/// Why translation failed: the error code of #PF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageFault {
    /// P, W/R, U/S, RSVD, I/D, PK bits as pushed.
    pub code: u16,
    /// Translations that the TLB gave up.
    pub lost: Lost,
}

/// Error-code bits, SDM Vol.3A 4.7.
const PF_PRESENT: u16 = 1;
const PF_WRITE: u16 = 2;
const PF_USER: u16 = 4;
const PF_RESERVED: u16 = 8;
const PF_FETCH: u16 = 16;
const PF_KEY: u16 = 32;

/// A successful translation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Translation {
    /// The byte's physical address, before the A20 gate.
    pub physical: PhysAddr,
    /// It survives a load of CR3.
    pub global: bool,
    /// Translations that the TLB gave up for this one.
    pub lost: Lost,
}

impl Translation {
    /// By an entry that the TLB holds.
    #[inline]
    fn held(entry: &TlbEntry, addr: LinAddr) -> Translation {
        Translation { physical: within(entry, addr), global: entry.global, lost: Lost::default() }
    }

    /// Without paging.
    #[inline]
    fn identity(addr: LinAddr) -> Translation {
        Translation { physical: PhysAddr(addr.0), global: false, lost: Lost::default() }
    }
}

/// One level of a walk, for the debugger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Name of the structure: PML5E, PML4E, PDPTE, PDE or PTE.
    pub name: &'static str,
    /// Where the entry stands; zero for a PDPTE register.
    pub address: PhysAddr,
    /// Its value.
    pub entry: u64,
}

/// What a walk would find, without touching anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WalkView {
    /// The entries in order, as far as the walk gets.
    pub steps: Vec<Step>,
    /// The translation it would fill, if the walk reaches a page.
    pub leaf: Option<TlbEntry>,
    /// True if it stopped at an entry with a reserved bit set.
    pub reserved: bool,
}

/// A leaf found by a walk, and where its A and D flags live.
struct Leaf {
    entry: TlbEntry,
    address: PhysAddr,
    value: u64,
    bytes: usize,
}

enum Outcome {
    Leaf(Leaf),
    NotPresent,
    Reserved,
}

/// What the TLB holds for an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// The physical address, before the A20 gate: no walk is needed, and nothing changes.
    Enough(PhysAddr),
    /// A translation that does not suffice.
    TooLittle,
    /// No translation.
    Nothing,
}

/// What the TLB holds for an access: without paging, all that it needs.
#[inline]
pub fn look_up(paging: &Paging, tlb: &Tlb, addr: LinAddr, access: Access, class: Class) -> Held {
    if !paging.enabled {
        return Held::Enough(PhysAddr(addr.0));
    }
    let Some(entry) = tlb.find_of(addr, paging.pcid, paging.large_sizes()) else { return Held::Nothing };
    if suffices(paging, entry, access, class) { Held::Enough(within(entry, addr)) } else { Held::TooLittle }
}

/// Translates for an access of at most the rest of the page, with the rights of a class. Implicit accesses are those of
/// [`Class::Supervisor`]. Sets A and D as silicon does and fills the TLB.
pub fn translate(
    paging: &Paging,
    tlb: &mut Tlb,
    memory: &mut Memory,
    addr: LinAddr,
    access: Access,
    class: Class,
) -> Result<Translation, PageFault> {
    if !paging.enabled {
        return Ok(Translation::identity(addr));
    }
    let sizes = paging.large_sizes();
    let found = tlb.find_of(addr, paging.pcid, sizes);
    let held = found.is_some();
    if let Some(entry) = found {
        let refusal = refusal(paging, entry, access, class);
        if refusal.is_none() && (access != Access::Write || entry.dirty) {
            return Ok(Translation::held(entry, addr));
        }
        if let Some(cause) = refusal.filter(|_| tlb.policy() == TlbPolicy::Sticky) {
            let lost = tlb.drop_of(addr, paging.pcid, sizes);
            return Err(PageFault { code: code(paging, access, class, cause), lost });
        }
    }
    walk(paging, tlb, memory, (addr, held), access, class)
}

/// As [`translate`] with paging on, for an address that the TLB holds nothing for: [`look_up`] says so.
pub fn translate_missing(
    paging: &Paging,
    tlb: &mut Tlb,
    memory: &mut Memory,
    addr: LinAddr,
    access: Access,
    class: Class,
) -> Result<Translation, PageFault> {
    walk(paging, tlb, memory, (addr, false), access, class)
}

/// As [`translate`], where that needs neither a fault nor a second look at what the TLB holds; otherwise nothing has
/// happened.
pub fn reach(
    paging: &Paging,
    tlb: &mut Tlb,
    memory: &mut Memory,
    addr: LinAddr,
    access: Access,
    class: Class,
) -> Option<Translation> {
    if !paging.enabled {
        return Some(Translation::identity(addr));
    }
    match tlb.find_of(addr, paging.pcid, paging.large_sizes()) {
        Some(entry) => suffices(paging, entry, access, class).then(|| Translation::held(entry, addr)),
        // A walk that faults for an address without a translation changes nothing.
        None => walk(paging, tlb, memory, (addr, false), access, class).ok(),
    }
}

/// What is held permits the access, and no flag must be set for it.
#[inline]
fn suffices(paging: &Paging, entry: &TlbEntry, access: Access, class: Class) -> bool {
    (access != Access::Write || entry.dirty) && refusal(paging, entry, access, class).is_none()
}

/// Walks for an address that the TLB holds something for, or not.
#[inline(always)]
fn walk(
    paging: &Paging,
    tlb: &mut Tlb,
    memory: &mut Memory,
    (addr, held): (LinAddr, bool),
    access: Access,
    class: Class,
) -> Result<Translation, PageFault> {
    let sizes = paging.large_sizes();
    let mut unmarked = Unmarked::default();
    let outcome = match known::last(paging, memory, addr) {
        Some(last) => last.outcome(paging, addr),
        None => {
            let mut trail = known::Trail::default();
            let outcome = find_leaf(paging, memory, addr, &mut |step| {
                unmarked.note(paging, &step);
                trail.note(&step);
            });
            known::keep(paging, memory, addr, &trail);
            outcome
        }
    };
    let cause = match &outcome {
        Outcome::NotPresent => Some(0),
        Outcome::Reserved => Some(PF_PRESENT | PF_RESERVED),
        Outcome::Leaf(leaf) => refusal(paging, &leaf.entry, access, class),
    };
    match (outcome, cause) {
        (Outcome::Leaf(leaf), None) => {
            unmarked.mark(paging, memory, leaf.address);
            let entry = mark_leaf(memory, leaf, access);
            let lost = if held { tlb.renew(addr, paging.pcid, sizes, entry) } else { tlb.fill_new(entry) };
            Ok(Translation { lost, ..Translation::held(&entry, addr) })
        }
        (_, cause) => {
            // What was held is not enough: it goes, whatever the walk found.
            let lost = if held { tlb.drop_of(addr, paging.pcid, sizes) } else { Lost::default() };
            Err(PageFault { code: code(paging, access, class, cause.unwrap_or(0)), lost })
        }
    }
}

/// Entries above the leaf whose accessed flag is clear. It is set when the translation is done: one that faults sets no
/// flag, as the 386 has it and later processors may.
#[derive(Default)]
struct Unmarked {
    entries: [(PhysAddr, u64); MOST_LEVELS],
    count: usize,
}

impl Unmarked {
    /// PDPTE registers have no such flag.
    #[inline(always)]
    fn note(&mut self, paging: &Paging, step: &Step) {
        if step.entry & A == 0 && (paging.long || step.name != PDPTE) {
            self.entries[self.count] = (step.address, step.entry);
            self.count += 1;
        }
    }

    /// The leaf's is set with its dirty flag.
    #[inline(always)]
    fn mark(&self, paging: &Paging, memory: &mut Memory, leaf: PhysAddr) {
        for (address, entry) in self.entries.iter().take(self.count).filter(|(address, _)| *address != leaf) {
            memory.write_entry(*address, entry | A, entry_bytes(paging));
        }
    }
}

/// Sets the leaf's A and D flags; gives the translation to keep.
fn mark_leaf(memory: &mut Memory, leaf: Leaf, access: Access) -> TlbEntry {
    let wanted = leaf.value | A | if access == Access::Write { D } else { 0 };
    if wanted != leaf.value {
        memory.write_entry(leaf.address, wanted, leaf.bytes);
    }
    TlbEntry { dirty: wanted & D != 0, ..leaf.entry }
}

fn within(entry: &TlbEntry, addr: LinAddr) -> PhysAddr {
    PhysAddr(entry.physical.0 | (addr.0 & ((1 << entry.size_bits) - 1)))
}

/// Why an access is not permitted, as bits of the error code. SDM Vol.3A 4.6.1 "Determination of Access Rights", 4.6.2
/// "Protection Keys".
fn refusal(paging: &Paging, entry: &TlbEntry, access: Access, class: Class) -> Option<u16> {
    let user = class == Class::User;
    let obeys_writable = user || paging.write_protect;
    let refused = match access {
        _ if user && !entry.user => true,
        Access::Fetch => entry.no_execute || (paging.smep && !user && entry.user),
        _ if paging.smap && class == Class::Supervisor && entry.user => true,
        Access::Read => false,
        Access::Write => !entry.writable && obeys_writable,
    };
    let key_refuses = access != Access::Fetch && paging.long && paging.pke && entry.user && {
        let rights = paging.pkru >> (2 * entry.protection_key);
        rights & 1 != 0 || (access == Access::Write && obeys_writable && rights & 2 != 0)
    };
    match (refused, key_refuses) {
        (_, true) => Some(PF_PRESENT | PF_KEY),
        (true, false) => Some(PF_PRESENT),
        (false, false) => None,
    }
}

/// The error code of #PF. That it was a fetch is told only where it can matter.
fn code(paging: &Paging, access: Access, class: Class, cause: u16) -> u16 {
    let how = match access {
        Access::Read => 0,
        Access::Write => PF_WRITE,
        Access::Fetch if paging.smep || (paging.pae && paging.nxe) => PF_FETCH,
        Access::Fetch => 0,
    };
    let user = if class == Class::User { PF_USER } else { 0 };
    cause | how | user
}

/// A walk for the debugger: reads the structures, changes nothing.
pub fn view_walk(paging: &Paging, memory: &Memory, addr: LinAddr) -> WalkView {
    let mut view = WalkView::default();
    let outcome = find_leaf(paging, memory, addr, &mut |step| view.steps.push(step));
    match outcome {
        Outcome::Leaf(leaf) => view.leaf = Some(leaf.entry),
        Outcome::Reserved => view.reserved = true,
        Outcome::NotPresent => (),
    }
    view
}

/// Levels of the longest walk.
const MOST_LEVELS: usize = 5;
const PDPTE: &str = "PDPTE";
/// Names of entries, from the level of page tables up.
const NAMES: [&str; MOST_LEVELS] = ["PTE", "PDE", PDPTE, "PML4E", "PML5E"];

const fn entry_bytes(paging: &Paging) -> usize {
    if paging.pae { 8 } else { 4 }
}

#[inline(always)]
fn find_leaf(paging: &Paging, memory: &Memory, addr: LinAddr, seen: &mut impl FnMut(Step)) -> Outcome {
    if paging.long {
        return find_leaf_long(paging, memory, addr, seen);
    }
    if paging.pae { find_leaf_pae(paging, memory, addr, seen) } else { find_leaf_32(paging, memory, addr, seen) }
}

/// SDM Vol.3A 4.3 "32-Bit Paging".
#[inline(always)]
fn find_leaf_32(paging: &Paging, memory: &Memory, addr: LinAddr, seen: &mut impl FnMut(Step)) -> Outcome {
    let pde_address = PhysAddr((paging.cr3 & 0xFFFF_F000) | (addr.0 >> 22 & 0x3FF) << 2);
    let pde = memory.read_entry(pde_address, 4);
    seen(Step { name: "PDE", address: pde_address, entry: pde });
    if pde & P == 0 {
        return Outcome::NotPresent;
    }
    if pde & PS != 0 && paging.pse {
        if pde_is_reserved(paging, pde) {
            return Outcome::Reserved;
        }
        let high = if paging.pse36 { (pde >> 13 & 0xFF) << 32 } else { 0 };
        let physical = PhysAddr((pde & 0xFFC0_0000) | high);
        let entry = leaf_entry(paging, addr, physical, 22, pde, pde);
        return Outcome::Leaf(Leaf { entry, address: pde_address, value: pde, bytes: 4 });
    }
    let pte_address = PhysAddr((pde & 0xFFFF_F000) | (addr.0 >> 12 & 0x3FF) << 2);
    let pte = memory.read_entry(pte_address, 4);
    seen(Step { name: "PTE", address: pte_address, entry: pte });
    if pte & P == 0 {
        return Outcome::NotPresent;
    }
    let entry = leaf_entry(paging, addr, PhysAddr(pte & 0xFFFF_F000), 12, pde & pte, pte);
    Outcome::Leaf(Leaf { entry, address: pte_address, value: pte, bytes: 4 })
}

/// Reserved bits of a page-directory entry that is present, SDM Vol.3A Table 4-4 and Table 4-9.
fn pde_is_reserved(paging: &Paging, pde: u64) -> bool {
    if paging.pae {
        let low = if pde & PS != 0 { 0x1F_E000 } else { 0 };
        return pde & (low | pae_reserved(paging)) != 0;
    }
    if pde & PS == 0 || !paging.pse {
        return false;
    }
    // PSE-36: bits 20:13 are address bits 39:32, as far as MAXPHYADDR goes; bit 21 is always reserved.
    let usable = if paging.pse36 { u32::from(paging.physical_bits.clamp(32, 40)) - 32 } else { 0 };
    let reserved = 0x3F_E000 & !(((1u64 << usable) - 1) << 13);
    pde & reserved != 0
}

/// Bits 62:MAXPHYADDR of a PAE entry; without execute-disable bit 63 is reserved too.
fn pae_reserved(paging: &Paging) -> u64 {
    u64::MAX << paging.physical_bits & if paging.nxe { !XD } else { u64::MAX }
}

/// Bits 51:MAXPHYADDR of an entry of four or five levels, and bit 63 without execute-disable. SDM Vol.3A Table 4-15 to 4-20.
fn long_reserved(paging: &Paging) -> u64 {
    let beyond = (1 << 52) - (1 << paging.physical_bits.min(52));
    beyond | if paging.nxe { 0 } else { XD }
}

/// What pages of 2 MiB and 1 GiB leave out of the address; PS where there are no such pages.
fn large_reserved(paging: &Paging, level: usize) -> u64 {
    match level {
        1 => 0x1F_E000,
        2 if paging.gib_pages => 0x3FFF_E000,
        _ => PS,
    }
}

/// SDM Vol.3A 4.5.4 "Linear-Address Translation with 4-Level Paging and 5-Level Paging".
#[inline(always)]
fn find_leaf_long(paging: &Paging, memory: &Memory, addr: LinAddr, seen: &mut impl FnMut(Step)) -> Outcome {
    let frame_mask = ((1 << paging.physical_bits) - 1) & !0xFFF;
    let reserved = long_reserved(paging);
    let mut table = paging.cr3 & frame_mask;
    let (mut rights, mut no_execute) = (US | RW, 0);
    for level in (0..if paging.la57 { 5 } else { 4 }).rev() {
        let size_bits = 12 + 9 * level as u8;
        let address = PhysAddr(table | (addr.0 >> size_bits & 0x1FF) << 3);
        let value = memory.read_entry(address, 8);
        seen(Step { name: NAMES[level], address, entry: value });
        if value & P == 0 {
            return Outcome::NotPresent;
        }
        let large = level > 0 && value & PS != 0;
        if value & reserved != 0 || large && value & large_reserved(paging, level) != 0 {
            return Outcome::Reserved;
        }
        rights &= value;
        no_execute |= value & XD;
        table = value & frame_mask;
        if level == 0 || large {
            let physical = PhysAddr(table >> size_bits << size_bits);
            let entry = leaf_entry(paging, addr, physical, size_bits, rights | no_execute, value);
            let protection_key = (value >> 59 & 15) as u8;
            return Outcome::Leaf(Leaf { entry: TlbEntry { protection_key, ..entry }, address, value, bytes: 8 });
        }
    }
    Outcome::NotPresent
}

/// SDM Vol.3A 4.4.2 "Linear-Address Translation with PAE Paging".
fn find_leaf_pae(paging: &Paging, memory: &Memory, addr: LinAddr, seen: &mut impl FnMut(Step)) -> Outcome {
    let pdpte = paging.pdptes[(addr.0 >> 30 & 3) as usize];
    seen(Step { name: "PDPTE", address: PhysAddr(0), entry: pdpte });
    if pdpte & P == 0 {
        return Outcome::NotPresent;
    }
    let frame = |entry: u64| entry & ((1 << paging.physical_bits) - 1) & !0xFFF;
    let pde_address = PhysAddr(frame(pdpte) | (addr.0 >> 21 & 0x1FF) << 3);
    let pde = memory.read_entry(pde_address, 8);
    seen(Step { name: "PDE", address: pde_address, entry: pde });
    if pde & P == 0 {
        return Outcome::NotPresent;
    }
    if pde_is_reserved(paging, pde) {
        return Outcome::Reserved;
    }
    if pde & PS != 0 {
        let entry = leaf_entry(paging, addr, PhysAddr(frame(pde) & !0x1F_FFFF), 21, pde, pde);
        return Outcome::Leaf(Leaf { entry, address: pde_address, value: pde, bytes: 8 });
    }
    let pte_address = PhysAddr(frame(pde) | (addr.0 >> 12 & 0x1FF) << 3);
    let pte = memory.read_entry(pte_address, 8);
    seen(Step { name: "PTE", address: pte_address, entry: pte });
    if pte & P == 0 {
        return Outcome::NotPresent;
    }
    if pte & pae_reserved(paging) != 0 {
        return Outcome::Reserved;
    }
    let entry = leaf_entry(paging, addr, PhysAddr(frame(pte)), 12, pde & pte & !XD | (pde | pte) & XD, pte);
    Outcome::Leaf(Leaf { entry, address: pte_address, value: pte, bytes: 8 })
}

/// A translation with the rights of its whole walk (US, RW, XD) and the rest of its last entry.
fn leaf_entry(paging: &Paging, addr: LinAddr, physical: PhysAddr, size_bits: u8, rights: u64, leaf: u64) -> TlbEntry {
    TlbEntry {
        linear: LinAddr(addr.0 >> size_bits << size_bits),
        physical,
        size_bits,
        user: rights & US != 0,
        writable: rights & RW != 0,
        dirty: leaf & D != 0,
        global: paging.pge && leaf & G != 0,
        // Where there is no such bit it is reserved, and 32-bit entries have none.
        no_execute: rights & XD != 0,
        protection_key: 0,
        pcid: paging.pcid,
    }
}
