//! Comparison. SDM Vol.1 8.3.6 "Compare and Classify Instructions"; Vol.2A "COMISD", "UCOMISD", "CMPPD".

use std::cmp::Ordering;

use super::special::denormal;
use super::{Class, Env, Flags, Format, Outcome, Parts};

/// How two numbers stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The first is less.
    Less,
    /// They are equal; zeros of both signs are.
    Equal,
    /// The first is greater.
    Greater,
    /// One is no number.
    Unordered,
}

/// What a quiet NaN does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Every NaN is invalid: FCOM, COMISD.
    Ordered,
    /// Only signaling NaNs are: FUCOM, UCOMISD.
    Unordered,
}

/// Compares two numbers of a format.
#[inline]
pub fn compare<F: Format>(a: F, b: F, kind: Comparison, env: &Env) -> Outcome<Relation> {
    compare_parts(&a.operand(env), &b.operand(env), kind)
}

/// Compares numbers taken apart. A NaN hides a denormal operand.
#[inline]
pub fn compare_parts(a: &Parts, b: &Parts, kind: Comparison) -> Outcome<Relation> {
    let any = |class| a.class == class || b.class == class;
    if any(Class::Unsupported) || any(Class::SignalingNan) || any(Class::QuietNan) {
        let invalid = kind == Comparison::Ordered || any(Class::Unsupported) || any(Class::SignalingNan);
        return Outcome { value: Relation::Unordered, flags: Flags::when(invalid, Flags::INVALID) };
    }
    let ordering = match (a.class == Class::Zero, b.class == Class::Zero) {
        (true, true) => Ordering::Equal,
        (true, false) => by_sign(!b.sign),
        (false, true) => by_sign(a.sign),
        (false, false) if a.sign != b.sign => by_sign(a.sign),
        (false, false) => {
            let magnitude = (rank(a), a.significand).cmp(&(rank(b), b.significand));
            if a.sign { magnitude.reverse() } else { magnitude }
        }
    };
    let value = match ordering {
        Ordering::Less => Relation::Less,
        Ordering::Equal => Relation::Equal,
        Ordering::Greater => Relation::Greater,
    };
    Outcome { value, flags: denormal(a, b) }
}

/// The exponent; that of infinity is above all, whatever format it came from.
fn rank(a: &Parts) -> i32 {
    if a.class == Class::Infinity { i32::MAX } else { a.exponent }
}

fn by_sign(negative: bool) -> Ordering {
    if negative { Ordering::Less } else { Ordering::Greater }
}
