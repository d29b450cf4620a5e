//! The same results computed another way: wide integers and single bits. For tests only.

use crate::flags::{AF, CF, OF, PF, SF, ZF};
use crate::width::Width;

/// A fixed sequence of numbers without a visible pattern (xorshift).
pub(super) struct Random(u64);

impl Default for Random {
    fn default() -> Self {
        Random(0x9E37_79B9_7F4A_7C15)
    }
}

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Every pair of bytes; for wider operands pairs of corner values and a fixed sample.
pub(super) fn for_pairs<W: Width>(act: impl Fn(W, W)) {
    if W::BITS == 8 {
        for pair in 0..0x1_0000u64 {
            act(W::truncate(pair), W::truncate(pair >> 8));
        }
        return;
    }
    let sign = 1 << (W::BITS - 1);
    let corners = [0, 1, 2, 7, 8, 15, 16, 0x7F, 0x80, 0xFF, 0x100, sign - 1, sign, sign + 1, u64::MAX - 1, u64::MAX];
    for a in corners {
        for b in corners {
            act(W::truncate(a), W::truncate(b));
        }
    }
    let mut random = Random::default();
    for _ in 0..20_000 {
        act(W::truncate(random.next()), W::truncate(random.next()));
    }
}

/// Flags by counting and comparing.
pub(super) fn flags_of<W: Width>(result: W, carry: bool, adjust: bool, overflow: bool) -> u32 {
    let conditions = [
        (CF, carry),
        (PF, even_parity(result.as_())),
        (AF, adjust),
        (ZF, result.as_() == 0),
        (SF, signed(result) < 0),
        (OF, overflow),
    ];
    conditions.iter().filter(|(_, holds)| *holds).map(|(flag, _)| flag).sum()
}

pub(super) fn even_parity(value: u64) -> bool {
    (0..8).filter(|at| value >> at & 1 == 1).count() % 2 == 0
}

/// The value as a signed number: above the middle it counts down from zero.
pub(super) fn signed<W: Width>(value: W) -> i128 {
    let value = i128::from(value.as_());
    let middle = 1i128 << (W::BITS - 1);
    if value < middle { value } else { value - 2 * middle }
}

pub(super) fn unsigned_fits<W: Width>(exact: i128) -> bool {
    (0..1i128 << W::BITS).contains(&exact)
}

pub(super) fn signed_fits<W: Width>(exact: i128) -> bool {
    let middle = 1i128 << (W::BITS - 1);
    (-middle..middle).contains(&exact)
}

/// The bits, lowest first.
pub(super) fn bits<W: Width>(value: W) -> Vec<bool> {
    (0..W::BITS).map(|at| value.as_() >> at & 1 == 1).collect()
}

/// The value with these bits, lowest first.
pub(super) fn from_bits<W: Width>(bits: &[bool]) -> W {
    let sum = bits.iter().enumerate().map(|(at, one)| u64::from(*one) << at).sum();
    W::truncate(sum)
}
