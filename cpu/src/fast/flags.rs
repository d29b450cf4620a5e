//! Lazy arithmetic flags: the last result and first operand. Zero and carry are read from them alike at every width; for
//! sign and overflow, which are asked for less often, they are shifted to the top of 64 bits. EFLAGS itself is brought up
//! to date by [`Lazy::settle`].

use crate::flags::{AF, ARITHMETIC, CF, Eflags, OF, PF, SF, ZF};
use crate::width::Width;

/// What the last instruction that set flags was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum Kind {
    /// EFLAGS holds all flags; `result` agrees with its ZF and SF.
    Full,
    /// EFLAGS holds CF, OF and AF. Up to here OF stands there.
    Explicit,
    /// INC: EFLAGS holds CF.
    Inc,
    /// DEC: EFLAGS holds CF.
    Dec,
    /// As [`Kind::Logic`], but EFLAGS holds CF: it was changed since, and no other flag was.
    LogicBut,
    /// As [`Kind::Add`], likewise.
    AddBut,
    /// As [`Kind::Sub`], likewise.
    SubBut,
    /// As [`Kind::AddCarry`], likewise.
    AddCarryBut,
    /// As [`Kind::SubBorrow`], likewise.
    SubBorrowBut,
    /// As [`Kind::Shl`], likewise.
    ShlBut,
    /// As [`Kind::Shr`], likewise.
    ShrBut,
    /// As [`Kind::Sar`], likewise. Up to here CF stands in EFLAGS.
    SarBut,
    /// CF, OF and AF are clear.
    Logic,
    /// An addition.
    Add,
    /// A subtraction or comparison.
    Sub,
    /// An addition with a carry, which was set: one of which it was clear is [`Kind::Add`].
    AddCarry,
    /// A subtraction with a borrow, which was set.
    SubBorrow,
    /// SHL of 32 or 64 bits by `count`, which is not zero.
    Shl,
    /// SHR, likewise.
    Shr,
    /// SAR, likewise.
    Sar,
}

impl Kind {
    /// EFLAGS holds CF.
    #[inline(always)]
    fn has_carry(self) -> bool {
        self as u16 <= Kind::SarBut as u16
    }

    /// What remains of it once EFLAGS holds CF.
    #[inline(always)]
    fn but_carry(self) -> Kind {
        match self {
            Kind::Logic => Kind::LogicBut,
            Kind::Add => Kind::AddBut,
            Kind::Sub => Kind::SubBut,
            Kind::AddCarry => Kind::AddCarryBut,
            Kind::SubBorrow => Kind::SubBorrowBut,
            Kind::Shl => Kind::ShlBut,
            Kind::Shr => Kind::ShrBut,
            Kind::Sar => Kind::SarBut,
            kept => kept,
        }
    }

    /// How all but CF follow.
    #[inline(always)]
    fn of_others(self) -> Kind {
        match self {
            Kind::LogicBut => Kind::Logic,
            Kind::AddBut => Kind::Add,
            Kind::SubBut => Kind::Sub,
            Kind::AddCarryBut => Kind::AddCarry,
            Kind::SubBorrowBut => Kind::SubBorrow,
            Kind::ShlBut => Kind::Shl,
            Kind::ShrBut => Kind::Shr,
            Kind::SarBut => Kind::Sar,
            whole => whole,
        }
    }
}

/// The flags as far as they are not in EFLAGS.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(super) struct Lazy {
    /// The result, with zeros above it. ZF and SF can be read from it whatever the kind.
    pub(super) result: u64,
    /// The first operand, likewise.
    pub(super) first: u64,
    /// How the others follow. With the width it is stored at once, by an instruction with 32 bits of immediate: one of 16
    /// bits takes some hosts long to decode.
    pub(super) kind: Kind,
    /// 64 minus the width in bits.
    pub(super) shift: u16,
    /// By how many bits a shift moved its operand.
    pub(super) count: u8,
}

impl Default for Lazy {
    fn default() -> Lazy {
        Lazy { result: 1, first: 0, kind: Kind::Full, shift: 0, count: 0 }
    }
}

/// The kind, where it is not the one just asked for: a compiler that knew it for the same would ask for all kinds at once,
/// by a table of jumps.
#[inline(always)]
fn another(kind: Kind) -> Kind {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: no instruction at all, so the number is that of the kind.
    unsafe {
        let mut number = kind as u16;
        std::arch::asm!("/* {0:x} */", inout(reg) number, options(pure, nomem, nostack, preserves_flags));
        std::mem::transmute::<u16, Kind>(number)
    }
    #[cfg(not(target_arch = "x86_64"))]
    kind
}

impl Lazy {
    /// After an instruction that set all six.
    #[inline(always)]
    pub(super) fn set<W: Width>(&mut self, kind: Kind, first: W, result: W) {
        self.result = result.as_();
        self.first = first.as_();
        self.note::<W>(kind);
    }

    #[inline(always)]
    fn note<W: Width>(&mut self, kind: Kind) {
        self.kind = kind;
        self.shift = 64 - W::BITS as u16;
    }

    /// After AND, OR, XOR, TEST.
    #[inline(always)]
    pub(super) fn set_logic<W: Width>(&mut self, result: W) {
        self.result = result.as_();
        self.note::<W>(Kind::Logic);
    }

    /// After a shift of 32 or 64 bits by a masked count that is not zero: CF is the last bit that was moved out.
    #[inline(always)]
    pub(super) fn set_shift<W: Width>(&mut self, kind: Kind, first: W, result: W, count: u8) {
        debug_assert!(W::BITS >= 32 && count > 0 && u32::from(count) < W::BITS, "no bit but one of the operand is CF");
        self.set(kind, first, result);
        self.count = count;
    }

    /// After an instruction whose CF, OF and AF were computed; they go to EFLAGS.
    #[inline(always)]
    pub(super) fn set_explicit<W: Width>(&mut self, eflags: &mut Eflags, result: W, computed: u32) {
        eflags.replace(CF | OF | AF, computed);
        self.set(Kind::Explicit, W::zero(), result);
    }

    /// After a multiplication: ZF is clear whatever the low half of the product.
    #[inline(always)]
    pub(super) fn set_product<W: Width>(&mut self, eflags: &mut Eflags, low: W, computed: u32) {
        self.set_explicit(eflags, low, computed);
        // A bit that PF and SF do not look at, at any width.
        self.result |= 1 << 8;
    }

    /// After INC or DEC: CF, which stays, goes to EFLAGS. It must follow in few steps: see [`Lazy::common_carry`].
    #[inline(always)]
    pub(super) fn set_step<W: Width>(&mut self, eflags: &mut Eflags, kind: Kind, result: W) {
        let carry = self.common_carry(*eflags);
        debug_assert!(carry.is_some(), "whoever steps has made sure of the carry");
        if !self.kind.has_carry() {
            eflags.set(CF, carry.unwrap_or_default());
        }
        self.result = result.as_();
        self.note::<W>(kind);
    }

    /// After an instruction that changed CF alone.
    #[inline(always)]
    pub(super) fn set_carry(&mut self, eflags: &mut Eflags, carry: bool) {
        eflags.set(CF, carry);
        self.kind = self.kind.but_carry();
    }

    /// Takes over what EFLAGS says. False if ZF and SF are both set, which no result gives: then only the canonical
    /// tier may run.
    #[inline]
    pub(super) fn load(&mut self, eflags: Eflags) -> bool {
        self.set_full(eflags.has(ZF), eflags.has(SF));
        !(eflags.has(ZF) && eflags.has(SF))
    }

    /// EFLAGS holds all flags, with these two among them.
    #[inline(always)]
    pub(super) fn set_full(&mut self, zero: bool, sign: bool) {
        self.result = if zero { 0 } else { 1 | u64::from(sign) << 63 };
        self.note::<u64>(Kind::Full);
    }

    /// ZF.
    #[inline(always)]
    pub(super) fn zero(&self) -> bool {
        self.result == 0
    }

    /// SF.
    #[inline(always)]
    pub(super) fn sign(&self) -> bool {
        self.top(self.result)
    }

    /// The highest bit of a value of the width.
    #[inline(always)]
    fn top(&self, value: u64) -> bool {
        ((value << (self.shift & 63)) as i64) < 0
    }

    /// CF.
    #[inline(always)]
    pub(super) fn carry(&self, eflags: Eflags) -> bool {
        match self.kind {
            Kind::Sub => self.result > self.first,
            Kind::Add => self.result < self.first,
            Kind::AddCarry => self.result <= self.first,
            Kind::SubBorrow => self.result >= self.first,
            Kind::Logic => false,
            Kind::Shl => self.top(self.first << (self.count - 1)),
            Kind::Shr | Kind::Sar => self.first >> (self.count - 1) & 1 != 0,
            _ => eflags.cf(),
        }
    }

    /// OF.
    #[inline(always)]
    pub(super) fn overflow(&self, eflags: Eflags) -> bool {
        let (result, first) = (self.result, self.first);
        let kind = self.kind.of_others();
        match kind {
            Kind::Sub | Kind::SubBorrow => self.top((first ^ self.second(kind)) & (first ^ result)),
            Kind::Add | Kind::AddCarry => self.top((result ^ first) & (result ^ self.second(kind))),
            Kind::Logic => false,
            Kind::Inc => result == (1 << 63) >> self.shift,
            Kind::Dec => result == (u64::MAX >> 1) >> self.shift,
            Kind::Shl => self.top(first ^ first << 1),
            Kind::Shr => self.top(first),
            Kind::Sar => false,
            _ => eflags.has(OF),
        }
    }

    /// The second operand of an addition or subtraction, with anything above it.
    #[inline(always)]
    fn second(&self, kind: Kind) -> u64 {
        let (result, first) = (self.result, self.first);
        match kind {
            Kind::Add => result.wrapping_sub(first),
            Kind::AddCarry => result.wrapping_sub(first).wrapping_sub(1),
            Kind::SubBorrow => first.wrapping_sub(result).wrapping_sub(1),
            _ => first.wrapping_sub(result),
        }
    }

    /// PF.
    #[inline]
    pub(super) fn parity(&self, eflags: Eflags) -> bool {
        if self.kind == Kind::Full {
            return eflags.has(PF);
        }
        (self.result as u8).count_ones().is_multiple_of(2)
    }

    /// AF.
    fn adjust(&self, eflags: Eflags) -> bool {
        let (result, first) = (self.result, self.first);
        let kind = self.kind.of_others();
        match kind {
            Kind::Add | Kind::Sub | Kind::AddCarry | Kind::SubBorrow => (first ^ result ^ self.second(kind)) & 16 != 0,
            Kind::Logic | Kind::Shl | Kind::Shr | Kind::Sar => false,
            Kind::Inc => result & 15 == 0,
            Kind::Dec => result & 15 == 15,
            _ => eflags.has(AF),
        }
    }

    /// A condition by its number in Jcc. SDM Vol.1 Appendix B "EFLAGS Condition Codes".
    #[inline(always)]
    pub(super) fn condition(&self, eflags: Eflags, number: u8) -> bool {
        let holds = match number >> 1 & 7 {
            0 => self.overflow(eflags),
            1 => self.carry(eflags),
            2 => self.zero(),
            3 => self.zero() || self.carry(eflags),
            4 => self.sign(),
            5 => self.parity(eflags),
            6 => self.sign() != self.overflow(eflags),
            _ => self.zero() || self.sign() != self.overflow(eflags),
        };
        holds != (number & 1 != 0)
    }

    /// As [`Lazy::condition`], if it follows in few steps, as it does behind most of what conditions stand behind.
    #[inline(always)]
    pub(super) fn common_condition(&self, eflags: Eflags, number: u8) -> Option<bool> {
        let holds = match number >> 1 & 7 {
            1 => self.common_carry(eflags)?,
            2 => self.zero(),
            3 => self.zero() | self.common_carry(eflags)?,
            4 => self.sign(),
            5 => self.parity(eflags),
            6 => self.common_less(eflags, false)?,
            7 => self.common_less(eflags, true)?,
            _ => return None,
        };
        Some(holds != (number & 1 != 0))
    }

    /// CF, if it follows in few steps.
    #[inline(always)]
    pub(super) fn common_carry(&self, eflags: Eflags) -> Option<bool> {
        let mut kind = self.kind;
        if kind == Kind::Sub {
            return Some(self.result > self.first);
        }
        kind = another(kind);
        if kind == Kind::Add {
            return Some(self.result < self.first);
        }
        kind = another(kind);
        if kind == Kind::Logic {
            return Some(false);
        }
        kind = another(kind);
        kind.has_carry().then(|| eflags.cf())
    }

    /// SF other than OF, or ZF too, likewise.
    #[inline(always)]
    fn common_less(&self, eflags: Eflags, or_equal: bool) -> Option<bool> {
        let mut kind = self.kind;
        if kind == Kind::Sub {
            let signed = |value: u64| (value << (self.shift & 63)) as i64;
            let (first, second) = (signed(self.first), signed(self.first.wrapping_sub(self.result)));
            return Some(if or_equal { first <= second } else { first < second });
        }
        kind = another(kind);
        let equal = or_equal && self.zero();
        if kind == Kind::Logic {
            return Some(self.sign() | equal);
        }
        kind = another(kind);
        (kind as u16 <= Kind::Explicit as u16).then(|| (self.sign() != eflags.has(OF)) | equal)
    }

    /// Brings EFLAGS up to date.
    #[inline]
    pub(super) fn settle(&mut self, eflags: &mut Eflags) {
        if self.kind != Kind::Full {
            self.settle_some(eflags);
        }
    }

    #[inline(never)]
    fn settle_some(&mut self, eflags: &mut Eflags) {
        let pick = |on: bool, flag: u32| if on { flag } else { 0 };
        let bits = pick(self.carry(*eflags), CF)
            | pick(self.parity(*eflags), PF)
            | pick(self.adjust(*eflags), AF)
            | pick(self.zero(), ZF)
            | pick(self.sign(), SF)
            | pick(self.overflow(*eflags), OF);
        eflags.replace(ARITHMETIC, bits);
        self.kind = Kind::Full;
    }

    /// Moves CF, OF and AF to EFLAGS, for an instruction that changes some of them and keeps the rest.
    pub(super) fn make_explicit(&mut self, eflags: &mut Eflags) {
        let (carry, overflow, adjust) = (self.carry(*eflags), self.overflow(*eflags), self.adjust(*eflags));
        eflags.set(CF, carry);
        eflags.set(OF, overflow);
        eflags.set(AF, adjust);
        self.kind = Kind::Explicit;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value;

    /// Every pair of bytes under every kind, against the pure functions of `value`.
    #[test]
    fn every_kind_settles_to_what_the_value_functions_say() {
        for a in 0..=u8::MAX {
            for b in 0..=u8::MAX {
                check(Kind::Add, a, value::add(a, b, false));
                check(Kind::Sub, a, value::sub(a, b, false));
                check(Kind::AddCarry, a, value::add(a, b, true));
                check(Kind::SubBorrow, a, value::sub(a, b, true));
                check(Kind::Logic, a, value::xor(a, b));
            }
            for start in [0, CF] {
                check_step(Kind::Inc, value::inc(a, start), start);
                check_step(Kind::Dec, value::dec(a, start), start);
            }
        }
    }

    #[test]
    fn shifts_settle_to_what_the_value_functions_say() {
        for count in 1..64 {
            for bit in 0..64 {
                for a in [1 << bit, !(1 << bit), u64::MAX << bit, 0x8000_0000_C000_0003u64.rotate_left(bit)] {
                    shifted(a, count);
                    if count < 32 {
                        shifted(a as u32, count);
                    }
                }
            }
        }
    }

    fn shifted<W: Width>(a: W, count: u8) {
        let results = [
            (Kind::Shl, value::shl(a, count, 0)),
            (Kind::Shr, value::shr(a, count, 0)),
            (Kind::Sar, value::sar(a, count, 0)),
        ];
        for (kind, (result, flags)) in results {
            let mut lazy = Lazy::default();
            lazy.set_shift(kind, a, result, count);
            agree(lazy, Eflags::from_bits(ARITHMETIC), flags & !AF);
        }
    }

    fn check(kind: Kind, a: u8, (result, flags): (u8, u32)) {
        let mut lazy = Lazy::default();
        lazy.set(kind, a, result);
        agree(lazy, Eflags::default(), flags);
        // The same at 32 bits, in the high byte: only PF and AF follow the low byte, which is zero.
        let mut lazy = Lazy::default();
        let (wide_a, wide) = (u32::from(a) << 24, u32::from(result) << 24);
        lazy.set(kind, wide_a, wide);
        let high = CF | OF | ZF | SF;
        let mut eflags = Eflags::default();
        lazy.settle(&mut eflags);
        assert_eq!(eflags.bits() & high, flags & high, "{kind:?} {a:02x} -> {result:02x} at 32 bits");
    }

    fn check_step(kind: Kind, (result, flags): (u8, u32), start: u32) {
        let mut lazy = Lazy::default();
        let mut eflags = Eflags::from_bits(start);
        lazy.set_step(&mut eflags, kind, result);
        agree(lazy, eflags, flags);
    }

    fn conditions_agree(lazy: Lazy, eflags: Eflags, flags: u32) {
        let expected = Eflags::from_bits(flags);
        for number in 0..16 {
            let holds = expected.condition(number);
            assert_eq!(lazy.condition(eflags, number), holds, "condition {number} of {lazy:?}");
            let common = lazy.common_condition(eflags, number);
            assert!(common.is_none_or(|common| common == holds), "common condition {number} of {lazy:?}");
        }
    }

    fn agree(mut lazy: Lazy, mut eflags: Eflags, flags: u32) {
        conditions_agree(lazy, eflags, flags);
        for carry in [false, true] {
            changed(lazy, eflags, flags, carry);
        }
        let mut explicit = (lazy, eflags);
        explicit.0.make_explicit(&mut explicit.1);
        explicit.0.settle(&mut explicit.1);
        assert_eq!(explicit.1.bits() & ARITHMETIC, flags & ARITHMETIC, "explicit {lazy:?}");
        lazy.settle(&mut eflags);
        assert_eq!(eflags.bits() & ARITHMETIC, flags & ARITHMETIC, "{lazy:?}");
    }

    /// CF alone is changed: what is asked and what is settled is as before else.
    fn changed(mut lazy: Lazy, mut eflags: Eflags, flags: u32, carry: bool) {
        lazy.set_carry(&mut eflags, carry);
        let flags = flags & !CF | if carry { CF } else { 0 };
        conditions_agree(lazy, eflags, flags);
        lazy.settle(&mut eflags);
        assert_eq!(eflags.bits() & ARITHMETIC, flags & ARITHMETIC, "{lazy:?}");
    }
}
