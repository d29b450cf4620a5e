//! What a row of the clock tables says: a number, or the rule by which the manual lets the number depend on mode,
//! operands or outcome.

/// Clocks of one form of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clocks {
    /// Always the same.
    Fixed(u16),
    /// In real and virtual-8086 mode; in protected mode.
    Mode(u16, u16),
    /// A load of a segment register: in real and virtual-8086 mode; in protected mode; in protected mode into SS.
    Segment(u16, u16, u16),
    /// If the condition holds (a jump is taken, CMPXCHG finds its operands equal); if not.
    Condition(u16, u16),
    /// LEA: without an index register; with one.
    Index(u16, u16),
    /// By the number of the control or debug register.
    Register(&'static [u16; 8]),
    /// The early-out multiplication of the 486: `{10 + max(log2(|m|), n)}`, where m is the multiplier and n the least
    /// number of steps: 3, or 5 for a negative m.
    Multiply,
    /// By the masked count: for a count of at most 1; for one of 31. The manual gives the ends only; between them the
    /// clocks grow evenly.
    Count(u16, u16),
    /// BSF: for a source of zero; for another one, `base + 4(b + 1) + 3(i + 1) + 3(n + 1)` with the number b of zero
    /// bytes below the lowest set bit, i of zero nibbles in that byte, n of zero bits in that nibble.
    ScanForward(u16, u16),
    /// BSR.
    ScanBackward(ScanBackward),
    /// ENTER by its level: 0; 1; more, before and for each level.
    Level(u16, u16, u16, u16),
    /// A port, by the check that allows the access.
    Port(Ports),
    /// A string instruction.
    String(Strings),
    /// A string instruction on a port: alone; before and for each iteration under REP.
    PortString(Ports, Ports, u16),
    /// CALL and JMP between segments.
    Far(&'static Far),
    /// RET between segments: in real and virtual-8086 mode; to the same level; to an outer level.
    Return(u16, u16, u16),
    /// IRET: in real and virtual-8086 mode; to the same level; to an outer level; to another task, before TS.
    InterruptReturn(u16, u16, u16, u16),
    /// INT n, INT3: what the table of interrupt clocks says and this, in real mode; in the others.
    Interrupt(u16, u16),
    /// INTO: if it does nothing; otherwise what the table of interrupt clocks says and this.
    Overflow(u16, u16),
}

/// BSR: for a source of zero; for another one, `base` and `each` for the highest set bit and each zero bit above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanBackward {
    /// The source is zero.
    pub zero: u16,
    /// It is not.
    pub base: u16,
    /// For each bit looked at.
    pub each: u16,
    /// Bits above a 16-bit source are looked at too.
    pub always_32: bool,
}

/// Clocks of an access to a port: in real mode; in protected mode with CPL at most IOPL; otherwise; in virtual-8086
/// mode.
pub type Ports = [u16; 4];

/// Clocks of a string instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strings {
    /// Without REP.
    pub alone: u16,
    /// With REP: no iteration.
    pub none: u16,
    /// One iteration, where the manual lists it for itself.
    pub one: u16,
    /// Before the iterations.
    pub base: u16,
    /// For each iteration.
    pub each: u16,
}

/// Clocks of a far transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Far {
    /// Real and virtual-8086 mode.
    pub real: u16,
    /// To a code segment.
    pub direct: u16,
    /// Through a call gate at the same level.
    pub gate: u16,
    /// To an inner level without parameters.
    pub inner: u16,
    /// To an inner level with parameters, and for each of them.
    pub parameters: (u16, u16),
    /// To a task-state segment, before TS.
    pub task: u16,
    /// Through a task gate, before TS.
    pub task_gate: u16,
}

impl Clocks {
    /// The least number: what every execution of the form costs at least.
    pub fn least(&self) -> u16 {
        match *self {
            Clocks::Fixed(clocks) => clocks,
            Clocks::Mode(a, b) | Clocks::Condition(a, b) | Clocks::Index(a, b) | Clocks::Count(a, b) => a.min(b),
            Clocks::Segment(a, b, c) | Clocks::Return(a, b, c) => a.min(b).min(c),
            Clocks::Register(by_number) => *by_number.iter().min().unwrap_or(&1),
            Clocks::Multiply => 13,
            Clocks::ScanForward(zero, base) => zero.min(base + 10),
            Clocks::ScanBackward(scan) => scan.zero.min(scan.base + scan.each),
            Clocks::Level(a, b, c, each) => a.min(b).min(c + 2 * each),
            Clocks::Port(ports) => least_of(ports),
            // An iteration is the least part of a repetition that can stand alone.
            Clocks::String(string) => string.alone.min(string.none).min(string.one).min(string.each),
            Clocks::PortString(alone, _, each) => least_of(alone).min(each),
            Clocks::Far(far) => far.real.min(far.direct),
            Clocks::InterruptReturn(real, same, ..) => real.min(same),
            Clocks::Overflow(nothing, _) => nothing,
            // The table of interrupt clocks adds more.
            Clocks::Interrupt(..) => 1,
        }
    }
}

fn least_of(ports: Ports) -> u16 {
    ports.into_iter().min().unwrap_or(1)
}

/// `{10 + max(log2(|m|), n)}`.
pub(super) fn multiply(magnitude: u64, negative: bool) -> u64 {
    let steps = u64::from(magnitude.next_power_of_two().trailing_zeros());
    10 + steps.max(if negative { 5 } else { 3 })
}

/// BSF of a source that is not zero.
pub(super) fn scan_forward(base: u16, source: u32) -> u64 {
    let bit = u64::from(source.trailing_zeros());
    let (byte, nibble, rest) = (bit / 8, bit / 4 % 2, bit % 4);
    u64::from(base) + 4 * (byte + 1) + 3 * (nibble + 1) + 3 * (rest + 1)
}

/// A rotation through carry by a count.
pub(super) fn count(first: u16, last: u16, count: u8) -> u64 {
    let (first, last) = (u64::from(first), u64::from(last));
    first + (last - first) * u64::from(count.clamp(1, 31) - 1) / 30
}
