//! Paging: 32-bit with PSE and PSE-36, and PAE. SDM Vol.3A 4.3 "32-Bit Paging", 4.4 "PAE Paging",
//! 4.6 "Access Rights", 4.7 "Page-Fault Exceptions", 4.8 "Accessed and Dirty Flags".

use crate::tlb::{TlbEntry, TlbPolicy};
use crate::{LinAddr, Memory, PhysAddr, Tlb};

const P: u64 = 1;
const RW: u64 = 1 << 1;
const US: u64 = 1 << 2;
const A: u64 = 1 << 5;
const D: u64 = 1 << 6;
const PS: u64 = 1 << 7;
const G: u64 = 1 << 8;

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
}

/// Why translation failed: the error code of #PF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageFault {
    /// P, W/R, U/S, RSVD bits as pushed.
    pub code: u16,
    /// Translations that the TLB gave up.
    pub lost: Lost,
}

/// Translations that the TLB gave up, so that what was derived from them can go too: a small and a large one of the
/// address, and one that had to make room.
pub type Lost = [Option<TlbEntry>; 3];

/// Error-code bits, SDM Vol.3A 4.7.
const PF_PRESENT: u16 = 1;
const PF_WRITE: u16 = 2;
const PF_USER: u16 = 4;
const PF_RESERVED: u16 = 8;

/// A successful translation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Translation {
    /// The byte's physical address, before the A20 gate.
    pub physical: PhysAddr,
    /// Translations that the TLB gave up for this one.
    pub lost: Lost,
}

/// One level of a walk, for the debugger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Name of the structure: PDPTE, PDE or PTE.
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

/// The physical address, before the A20 gate, if no walk is needed for it and nothing changes.
#[inline]
pub fn look_up(paging: &Paging, tlb: &Tlb, addr: LinAddr, access: Access, user: bool) -> Option<PhysAddr> {
    if !paging.enabled {
        return Some(PhysAddr(addr.0));
    }
    let entry = tlb.find(addr)?;
    let enough = permits(paging, entry, access, user) && (access != Access::Write || entry.dirty);
    enough.then(|| within(entry, addr))
}

/// Translates for an access of at most the rest of the page. `user` is true for an access at CPL 3 that is not an
/// implicit supervisor access. Sets A and D as silicon does and fills the TLB.
pub fn translate(
    paging: &Paging,
    tlb: &mut Tlb,
    memory: &mut Memory,
    addr: LinAddr,
    access: Access,
    user: bool,
) -> Result<Translation, PageFault> {
    if !paging.enabled {
        return Ok(Translation { physical: PhysAddr(addr.0), lost: [None; 3] });
    }
    if let Some(entry) = tlb.find(addr).copied() {
        let permitted = permits(paging, &entry, access, user);
        if permitted && (access != Access::Write || entry.dirty) {
            return Ok(Translation { physical: within(&entry, addr), lost: [None; 3] });
        }
        if !permitted && tlb.policy() == TlbPolicy::Sticky {
            let lost = tlb.drop_address(addr);
            return Err(PageFault { code: code(access, user, PF_PRESENT), lost });
        }
    }
    let mut table = None;
    let outcome = find_leaf(paging, memory, addr, &mut |step| {
        if step.name == "PDE" {
            table = Some(step);
        }
    });
    // What was held is not enough: it goes, whatever the walk found.
    let lost = tlb.drop_address(addr);
    let refuse = |cause| Err(PageFault { code: code(access, user, cause), lost });
    match outcome {
        Outcome::NotPresent => refuse(0),
        Outcome::Reserved => refuse(PF_PRESENT | PF_RESERVED),
        Outcome::Leaf(leaf) if !permits(paging, &leaf.entry, access, user) => refuse(PF_PRESENT),
        Outcome::Leaf(leaf) => {
            // A translation that faults sets no flag: the 386 does so, and later processors may.
            mark_table_accessed(paging, memory, table.filter(|step| step.address != leaf.address));
            let entry = mark_leaf(memory, leaf, access);
            let mut lost = lost.map(|old| old.filter(|old| !old.maps_like(&entry)));
            lost[2] = tlb.fill(entry);
            Ok(Translation { physical: within(&entry, addr), lost })
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

/// SDM Vol.3A 4.6.1 "Determination of Access Rights".
fn permits(paging: &Paging, entry: &TlbEntry, access: Access, user: bool) -> bool {
    if user && !entry.user {
        return false;
    }
    access != Access::Write || entry.writable || (!user && !paging.write_protect)
}

/// The error code of #PF.
fn code(access: Access, user: bool, cause: u16) -> u16 {
    let write = if access == Access::Write { PF_WRITE } else { 0 };
    let user = if user { PF_USER } else { 0 };
    cause | write | user
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

/// Sets the accessed flag of the page-directory entry that a finished translation used.
fn mark_table_accessed(paging: &Paging, memory: &mut Memory, table: Option<Step>) {
    if let Some(step) = table.filter(|step| step.entry & A == 0) {
        memory.write_entry(step.address, step.entry | A, entry_bytes(paging));
    }
}

const fn entry_bytes(paging: &Paging) -> usize {
    if paging.pae { 8 } else { 4 }
}

fn find_leaf(paging: &Paging, memory: &Memory, addr: LinAddr, seen: &mut dyn FnMut(Step)) -> Outcome {
    if paging.pae { find_leaf_pae(paging, memory, addr, seen) } else { find_leaf_32(paging, memory, addr, seen) }
}

/// SDM Vol.3A 4.3 "32-Bit Paging".
fn find_leaf_32(paging: &Paging, memory: &Memory, addr: LinAddr, seen: &mut dyn FnMut(Step)) -> Outcome {
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
    let entry = leaf_entry(paging, addr, PhysAddr(pte & 0xFFFF_F000), 12, pde, pte);
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

/// Bits 63:MAXPHYADDR of a PAE entry; without execute-disable bit 63 is reserved too.
fn pae_reserved(paging: &Paging) -> u64 {
    u64::MAX << paging.physical_bits
}

/// SDM Vol.3A 4.4.2 "Linear-Address Translation with PAE Paging".
fn find_leaf_pae(paging: &Paging, memory: &Memory, addr: LinAddr, seen: &mut dyn FnMut(Step)) -> Outcome {
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
    let entry = leaf_entry(paging, addr, PhysAddr(frame(pte)), 12, pde, pte);
    Outcome::Leaf(Leaf { entry, address: pte_address, value: pte, bytes: 8 })
}

fn leaf_entry(paging: &Paging, addr: LinAddr, physical: PhysAddr, size_bits: u8, pde: u64, leaf: u64) -> TlbEntry {
    let rights = pde & leaf;
    TlbEntry {
        linear: LinAddr(addr.0 >> size_bits << size_bits),
        physical,
        size_bits,
        user: rights & US != 0,
        writable: rights & RW != 0,
        dirty: leaf & D != 0,
        global: paging.pge && leaf & G != 0,
    }
}
