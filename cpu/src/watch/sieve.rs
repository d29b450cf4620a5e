//! A set that may say yes by mistake, in a few instructions: what stands before every search for a breakpoint or a
//! watchpoint, since nearly all of them find nothing.

/// Numbers by twelve bits of them.
#[derive(Clone, Debug)]
pub(super) struct Sieve([u64; 64]);

impl Default for Sieve {
    fn default() -> Sieve {
        Sieve([0; 64])
    }
}

/// Numbers that differ in nothing but high bits are told apart, too.
const fn place(number: u64) -> u64 {
    (number ^ number >> 12 ^ number >> 24) & 0xFFF
}

impl Sieve {
    pub(super) fn insert(&mut self, number: u64) {
        let place = place(number);
        self.0[(place / 64) as usize] |= 1 << (place % 64);
    }

    /// All numbers from the first to the last.
    pub(super) fn insert_span(&mut self, first: u64, last: u64) {
        if last - first >= 0x1000 {
            self.0 = [u64::MAX; 64];
        } else {
            (first..=last).for_each(|number| self.insert(number));
        }
    }

    /// False if the number was never inserted.
    #[inline]
    pub(super) fn may_hold(&self, number: u64) -> bool {
        let place = place(number);
        self.0[(place / 64) as usize] >> (place % 64) & 1 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_inserted_is_held_and_most_else_is_not() {
        let mut sieve = Sieve::default();
        let numbers = || (0..300u64).map(|n| n * n * 0x9_1234_5677);
        numbers().for_each(|number| sieve.insert(number));
        assert!(numbers().all(|number| sieve.may_hold(number)));
        let by_mistake = (0..10_000u64).filter(|n| sieve.may_hold(n << 20 | n)).count();
        assert!(by_mistake < 1500, "{by_mistake} of 10000");
    }

    #[test]
    fn long_spans_are_held_whole() {
        let mut sieve = Sieve::default();
        sieve.insert_span(u64::MAX - 2, u64::MAX);
        assert!(sieve.may_hold(u64::MAX) && sieve.may_hold(u64::MAX - 2) && !sieve.may_hold(7));
        sieve.insert_span(5, 1 << 40);
        assert!((0..10_000).all(|number| sieve.may_hold(number << 17)));
    }
}
