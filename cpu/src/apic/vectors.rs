//! A bit for each interrupt vector: the form of IRR, ISR and TMR. SDM Vol.3A 11.8.4 "Interrupt Acceptance for Fixed
//! Interrupts".

use ringwalk_mmu::Vector;
use serde::{Deserialize, Serialize};

/// A set of vectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VectorSet([u64; 4]);

impl VectorSet {
    /// True if the vector is in it.
    pub fn has(&self, vector: Vector) -> bool {
        self.0[usize::from(vector.0 / 64)] >> (vector.0 % 64) & 1 != 0
    }

    /// Puts a vector in, or takes it out.
    pub fn set(&mut self, vector: Vector, present: bool) {
        let (word, bit) = (&mut self.0[usize::from(vector.0 / 64)], 1 << (vector.0 % 64));
        *word = if present { *word | bit } else { *word & !bit };
    }

    /// The vector of highest priority.
    #[inline]
    pub fn highest(&self) -> Option<Vector> {
        if self.0 == [0; 4] {
            return None;
        }
        let word = self.0.iter().rposition(|word| *word != 0)?;
        // Four words of 64 bits.
        Some(Vector((64 * word) as u8 + 63 - self.0[word].leading_zeros() as u8))
    }

    /// The 32 vectors of one register, 0 to 7.
    pub fn register(&self, number: u32) -> u32 {
        let word = self.0[((number / 2) & 3) as usize];
        // One half of it.
        (word >> (32 * (number & 1))) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_of_all_pairs() {
        for low in 0..=255 {
            for high in low..=255 {
                let mut set = VectorSet::default();
                set.set(Vector(low), true);
                set.set(Vector(high), true);
                assert_eq!(set.highest(), Some(Vector(high)));
                let bits: u32 = (0..8).map(|register| set.register(register).count_ones()).sum();
                assert_eq!(bits, if low == high { 1 } else { 2 });
                assert_ne!(set.register(u32::from(high) / 32) & 1 << (high % 32), 0);
                set.set(Vector(high), false);
                assert_eq!(set.highest(), (low != high).then_some(Vector(low)));
            }
        }
    }
}
