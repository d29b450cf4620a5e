//! What the manual says of each vector. SDM Vol.2B "POPF" Table 4-15 "Effect of POPF/POPFD on the EFLAGS Register",
//! "PUSHF/PUSHFD", "STI" Table 4-19, Vol.2A "CLI" Table 3-7, "IRET/IRETD" Operation, "INT n/INTO/INT3/INT1" Operation;
//! Vol.3B 20.3.3 "Class 3-Software Interrupt Handling in Virtual-8086 Mode" Table 20-2, 20.4 "Protected-Mode Virtual
//! Interrupts". A row that loads a flag from the image is a bit of a mask here; the others keep what they were.

pub(super) const TF: u32 = 1 << 8;
pub(super) const IF: u32 = 1 << 9;
pub(super) const IOPL: u32 = 3 << 12;
pub(super) const NT: u32 = 1 << 14;
pub(super) const RF: u32 = 1 << 16;
pub(super) const VM: u32 = 1 << 17;
pub(super) const AC: u32 = 1 << 18;
pub(super) const VIF: u32 = 1 << 19;
pub(super) const VIP: u32 = 1 << 20;
pub(super) const ID: u32 = 1 << 21;
pub(super) const OF: u32 = 1 << 11;
/// Bits 3, 5, 15 and 22 to 31 read as clear, bit 1 as set.
pub(super) const ALL: u32 = 0x003F_7FD5;
/// The flags that every row loads: OF SF ZF AF PF CF TF DF NT.
const A: u32 = OF | 1 << 7 | 1 << 6 | 1 << 4 | 1 << 2 | 1 | TF | 1 << 10 | NT;

/// Where an instruction executes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Real,
    /// Protected mode, with CR4.PVI.
    Ring {
        cpl: u8,
        pvi: bool,
    },
    /// Virtual-8086 mode, with CR4.VME.
    V86 {
        vme: bool,
    },
}

impl Place {
    /// Real mode, four rings with and without PVI, virtual-8086 mode with and without VME.
    pub(super) fn all() -> impl Iterator<Item = Place> {
        let rings = (0..4).flat_map(|cpl| [false, true].map(|pvi| Place::Ring { cpl, pvi }));
        let v86 = [false, true].map(|vme| Place::V86 { vme });
        [Place::Real].into_iter().chain(rings).chain(v86)
    }
}

/// The machine in front of an instruction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    pub(super) place: Place,
    pub(super) flags: u32,
}

impl Start {
    /// Every place with every IOPL and VIP, the other flags all clear and all set.
    pub(super) fn all() -> impl Iterator<Item = Start> {
        let settings = (0..4).flat_map(|iopl| [0, VIP].map(|vip| iopl << 12 | vip));
        let settings: Vec<u32> = settings.flat_map(|fixed| [fixed, fixed | ALL & !(IOPL | VIP | VM)]).collect();
        Place::all().flat_map(move |place| {
            let vm = if matches!(place, Place::V86 { .. }) { VM } else { 0 };
            settings.clone().into_iter().map(move |flags| Start { place, flags: flags | vm | 2 })
        })
    }

    /// [`Start::all`], and each with every flag flipped that is not part of the setting.
    pub(super) fn all_flipped() -> impl Iterator<Item = Start> {
        let free = (0..22).map(|bit| 1 << bit).filter(|bit| ALL & !(IOPL | VIP | VM) & bit != 0);
        let flips: Vec<u32> = free.chain([0]).collect();
        Start::all().flat_map(move |start| {
            flips.clone().into_iter().map(move |flip| Start { flags: start.flags ^ flip, ..start })
        })
    }

    pub(super) fn iopl(&self) -> u32 {
        self.flags >> 12 & 3
    }

    fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    /// CPL is at most IOPL: the instruction works on IF itself.
    fn owns_if(&self) -> bool {
        match self.place {
            Place::Real => true,
            Place::Ring { cpl, .. } => u32::from(cpl) <= self.iopl(),
            Place::V86 { .. } => self.iopl() == 3,
        }
    }

    /// VIF stands for IF.
    fn has_virtual_if(&self) -> bool {
        let extension = matches!(self.place, Place::Ring { cpl: 3, pvi: true } | Place::V86 { vme: true });
        extension && self.iopl() < 3
    }

    /// A virtual interrupt is pending and enabled: #GP(0) before the instruction.
    pub(super) fn is_interrupted(&self) -> bool {
        self.has_virtual_if() && self.has(VIF) && self.has(VIP)
    }

    fn in_v86(&self) -> bool {
        matches!(self.place, Place::V86 { .. })
    }

    /// Flags behind an instruction that changes none: RF lasts for one instruction.
    pub(super) fn untouched(&self) -> u32 {
        self.flags & !RF
    }

    /// Bits of the mask from the image, the others as they were.
    fn load(&self, image: u32, mask: u32) -> u32 {
        (self.untouched() & !mask) | (image & mask & ALL) | 2
    }
}

/// #GP(0), and nothing else has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused;

/// What IF becomes where VIF stands for it. `Refused`: a virtual interrupt waits for it.
fn virtual_if(start: &Start, image: u32) -> Result<u32, Refused> {
    match (image & IF != 0, start.has(VIP)) {
        (true, true) => Err(Refused),
        (true, false) => Ok(VIF),
        (false, _) => Ok(0),
    }
}

/// The image in virtual-8086 mode below IOPL 3 with VME and 16-bit operands: POPF and IRET alike.
fn load_virtual(start: &Start, image: u32) -> Result<u32, Refused> {
    if image & TF != 0 {
        return Err(Refused);
    }
    let vif = virtual_if(start, image)?;
    Ok(start.load(image, A) & !VIF | vif)
}

/// T-1 and the right half of T-2.
pub(super) fn popf(start: &Start, wide: bool, image: u32) -> Result<u32, Refused> {
    if start.is_interrupted() {
        return Err(Refused);
    }
    let mut mask = A;
    match start.place {
        Place::Real | Place::Ring { cpl: 0, .. } => mask |= IF | IOPL,
        Place::Ring { .. } if start.owns_if() => mask |= IF,
        Place::Ring { .. } => (),
        Place::V86 { .. } if start.iopl() == 3 => mask |= IF,
        Place::V86 { vme: true } if !wide => return load_virtual(start, image),
        Place::V86 { .. } => return Err(Refused),
    }
    if wide {
        mask |= AC | ID;
    }
    Ok(start.load(image, mask) & !RF)
}

/// The left half of T-2: the image that is pushed.
pub(super) fn pushf(start: &Start, wide: bool) -> Result<u32, Refused> {
    if start.is_interrupted() {
        return Err(Refused);
    }
    let plain = start.flags & !(VM | RF);
    if !start.in_v86() || start.iopl() == 3 {
        return Ok(plain);
    }
    if start.place == (Place::V86 { vme: true }) && !wide {
        return Ok(plain & !IF | IOPL | if start.has(VIF) { IF } else { 0 });
    }
    Err(Refused)
}

/// T-3, left.
pub(super) fn cli(start: &Start) -> Result<u32, Refused> {
    if start.is_interrupted() {
        return Err(Refused);
    }
    match (start.owns_if(), start.has_virtual_if()) {
        (true, _) => Ok(start.untouched() & !IF),
        (false, true) => Ok(start.untouched() & !VIF),
        (false, false) => Err(Refused),
    }
}

/// T-3, right: the flags, and whether the next instruction is shadowed.
pub(super) fn sti(start: &Start) -> Result<(u32, bool), Refused> {
    if start.owns_if() {
        return Ok((start.untouched() | IF, !start.has(IF)));
    }
    // VIP refuses it even where VIF is clear.
    if start.has_virtual_if() && !start.has(VIP) {
        return Ok((start.untouched() | VIF, false));
    }
    Err(Refused)
}

/// Where IRET goes, with the flags there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Return {
    /// The selector on the stack says: no change of mode.
    Plain(u32),
    /// To virtual-8086 mode.
    V86(u32),
    /// To the task of the link, whose segment holds the image.
    Task(u32),
}

/// T-4.
pub(super) fn iret(start: &Start, wide: bool, image: u32) -> Result<Return, Refused> {
    if start.is_interrupted() {
        return Err(Refused);
    }
    let whole = image & ALL | 2;
    let mut mask = A;
    match start.place {
        Place::Ring { .. } if start.has(NT) => return Ok(Return::Task(whole)),
        Place::Ring { cpl: 0, .. } if wide && image & VM != 0 => return Ok(Return::V86(whole)),
        Place::Ring { cpl: 0, .. } if wide => mask |= IF | IOPL | VIF | VIP,
        Place::Real | Place::Ring { cpl: 0, .. } => mask |= IF | IOPL,
        Place::Ring { .. } if start.owns_if() => mask |= IF,
        Place::Ring { .. } => (),
        Place::V86 { .. } if start.iopl() == 3 => mask |= IF,
        Place::V86 { vme: true } if !wide => return load_virtual(start, image).map(Return::Plain),
        Place::V86 { .. } => return Err(Refused),
    }
    if wide {
        mask |= RF | AC | ID;
    }
    Ok(Return::Plain(start.load(image, mask)))
}

/// What INT n does in virtual-8086 mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interrupt {
    /// Through the gate of the IDT.
    Gate,
    /// Through the program's own vector table: the image on the stack, and the flags behind it.
    VectorTable { image: u32, flags: u32 },
    /// #GP(0).
    Refused,
}

/// T-5. `redirected`: the bit of the vector in the redirection bitmap is clear.
pub(super) fn int_n(start: &Start, redirected: bool) -> Interrupt {
    let plain = start.untouched();
    match (start.place, start.iopl()) {
        _ if start.is_interrupted() => Interrupt::Refused,
        (Place::V86 { vme: true }, 3) if redirected => {
            Interrupt::VectorTable { image: plain, flags: plain & !(IF | TF) }
        }
        (Place::V86 { vme: true }, _) if redirected => {
            let shown = plain & !IF | IOPL | if start.has(VIF) { IF } else { 0 };
            Interrupt::VectorTable { image: shown, flags: plain & !(VIF | TF) }
        }
        (Place::V86 { .. }, 0..3) => Interrupt::Refused,
        _ => Interrupt::Gate,
    }
}

/// T-6: the flags that the handler of a gate begins with.
pub(super) fn behind_gate(flags: u32, is_trap_gate: bool) -> u32 {
    flags & !(TF | NT | VM | RF) & !if is_trap_gate { 0 } else { IF }
}

/// T-6: the same in real mode.
pub(super) fn behind_real_vector(flags: u32) -> u32 {
    flags & !(TF | RF | IF | AC)
}
