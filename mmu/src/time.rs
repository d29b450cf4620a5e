//! Virtual time. One clock, counted in machine cycles; a device turns it into its own ticks by a rational rate.

use serde::{Deserialize, Serialize};

/// A moment, in machine cycles since power-on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Instant(pub u64);

/// A span of machine cycles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Duration(pub u64);

impl Instant {
    /// The span since an earlier moment; zero if `earlier` is later.
    pub const fn since(self, earlier: Instant) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }

    /// The moment so many cycles later.
    pub const fn after(self, span: Duration) -> Instant {
        Instant(self.0.saturating_add(span.0))
    }
}

/// How a device's own clock runs against machine cycles: `num` ticks in `den` cycles, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// The device's frequency in hertz.
    pub num: u64,
    /// The machine clock in hertz; never zero.
    pub den: u64,
}

impl Rate {
    /// A clock of `device_hz` in a machine of `machine_hz` (both at least 1).
    #[inline]
    pub const fn new(device_hz: u64, machine_hz: u64) -> Rate {
        assert!(device_hz > 0 && machine_hz > 0, "clocks run at 1 Hz or more");
        Rate { num: device_hz, den: machine_hz }
    }

    /// Ticks of the device that are over at `now`: floor(now * num / den).
    #[inline]
    pub const fn ticks_at(self, now: Instant) -> u64 {
        match now.0.checked_mul(self.num) {
            // A host divides 64 bits much faster.
            Some(product) => product / self.den,
            // The quotient fits: a run of 2^64 cycles is centuries, and devices tick slower than 2^32 a cycle.
            None => (now.0 as u128 * self.num as u128 / self.den as u128) as u64,
        }
    }

    /// The first moment at which so many ticks are over: ceil(ticks * den / num).
    #[inline]
    pub const fn instant_of(self, ticks: u64) -> Instant {
        if let Some(product) = ticks.checked_mul(self.den) {
            return Instant(product.div_ceil(self.num));
        }
        let cycles = (ticks as u128 * self.den as u128).div_ceil(self.num as u128);
        Instant(if cycles > u64::MAX as u128 { u64::MAX } else { cycles as u64 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_more_than_64_bits_divide_as_others_do() {
        let rate = Rate::new(14_318_180, 100_000_000);
        let edge = u64::MAX / rate.num;
        for now in [0, 1, edge - 1, edge, edge + 1, edge + 2, 1 << 62, u64::MAX] {
            let exact = u128::from(now) * u128::from(rate.num) / u128::from(rate.den);
            assert_eq!(u128::from(rate.ticks_at(Instant(now))), exact);
        }
        let edge = u64::MAX / rate.den;
        for ticks in [0, 1, edge - 1, edge, edge + 1, edge + 2, 1 << 60] {
            let exact = (u128::from(ticks) * u128::from(rate.den)).div_ceil(rate.num.into());
            assert_eq!(u128::from(rate.instant_of(ticks).0), exact);
        }
        assert_eq!(rate.instant_of(u64::MAX), Instant(u64::MAX), "beyond all time");
    }

    #[test]
    fn a_tick_is_over_exactly_at_its_instant() {
        let pit = Rate::new(1_193_182, 100_000_000);
        for ticks in [0, 1, 2, 3, 1193, 65_536, 1 << 40] {
            let at = pit.instant_of(ticks);
            assert_eq!(pit.ticks_at(at), ticks);
            if at.0 > 0 {
                assert!(pit.ticks_at(Instant(at.0 - 1)) < ticks, "one cycle earlier the tick is not over");
            }
        }
    }
}
