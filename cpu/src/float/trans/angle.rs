//! Sine, cosine and tangent of an angle, reduced by a pi of 66 bits as processors do.
//! SDM Vol.1 8.3.8 "Approximation of Pi".

use super::Parts;
use super::wide::{BELOW_ONE, Wide, alternating, inverse_factorials, multiply_high};

/// Half of pi to 66 bits, the last of them 2^-65.
const HALF_PI: u128 = 0x3_243F_6A88_85A3_08D3;

/// 1/3!, 1/5!, ... and 1/2!, 1/4!, ...: arguments are at most pi/4, what is left out below 2^-118.
const SINE_TERMS: [u128; 14] = inverse_factorials(3, 2);
const COSINE_TERMS: [u128; 14] = inverse_factorials(2, 2);

/// Below 2^this the tangent is the argument: it exceeds it by less than 2^-68 of itself, which processors do not see
/// (measured: rounding up gives the argument).
const LEAST_BENT: i32 = -34;

/// The sine and cosine of an angle between -pi/4 and pi/4.
#[derive(Clone, Copy, Debug)]
pub(super) struct Angle {
    /// How many right angles were taken off, modulo 4.
    quadrant: u8,
    argument: Wide,
    sine: Wide,
    cosine: Wide,
}

impl Angle {
    /// An angle that is not zero and below 2^63.
    pub(super) fn of(x: &Parts) -> Angle {
        let (quadrant, rest) = match x.exponent < -1 {
            true => (0, Wide::of(x)),
            false => reduce(x.sign, u128::from(x.significand) << (x.exponent + 2)),
        };
        let fraction = rest.to_fraction();
        let z = multiply_high(fraction, fraction);
        let sine = rest.scaled(BELOW_ONE - multiply_high(alternating(&SINE_TERMS, z), z));
        let cosine = Wide::of_fraction(BELOW_ONE - multiply_high(alternating(&COSINE_TERMS, z), z));
        Angle { quadrant, argument: rest, sine, cosine }
    }

    pub(super) fn sine(&self) -> Wide {
        match self.quadrant {
            0 => self.sine,
            1 => self.cosine,
            2 => self.sine.negated_if(true),
            _ => self.cosine.negated_if(true),
        }
    }

    pub(super) fn cosine(&self) -> Wide {
        match self.quadrant {
            0 => self.cosine,
            1 => self.sine.negated_if(true),
            2 => self.cosine.negated_if(true),
            _ => self.sine,
        }
    }

    pub(super) fn tangent(&self) -> Wide {
        match self.quadrant & 1 {
            0 if self.sine.exponent < LEAST_BENT => self.argument,
            0 => self.sine.over(self.cosine),
            _ => self.cosine.over(self.sine).negated_if(true),
        }
    }
}

/// Takes off the nearest multiple of half pi from `angle` x 2^-65: an exact difference of whole multiples of 2^-65. It is
/// never zero: half pi here is an odd number of 66 bits, an angle has 64.
fn reduce(negative: bool, angle: u128) -> (u8, Wide) {
    let (mut turns, mut rest) = (angle / HALF_PI, angle % HALF_PI);
    let over = rest > HALF_PI / 2;
    if over {
        (turns, rest) = (turns + 1, HALF_PI - rest);
    }
    let quadrant = (turns & 3) as u8;
    let quadrant = if negative { quadrant.wrapping_neg() & 3 } else { quadrant };
    (quadrant, Wide::normal(negative != over, 127 - 65, rest))
}
