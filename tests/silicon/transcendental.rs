//! The transcendental instructions against the host's own x87 unit: value within one unit in the last place, flags
//! equal, for operands of every kind, in all rounding modes, masked and unmasked.
//!
//! `cargo test --release --test silicon_transcendental -- --nocapture` prints how the differences are distributed;
//! `SILICON_CASES` is the number of operands for each function.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]
#![expect(unsafe_code, reason = "the oracle executes the host's own instructions")]

use std::arch::asm;

use ringwalk_cpu::float::{Env, Extended, Outcome, trans};

/// What the unit held after an instruction: ST0, ST1 and the status word.
struct Answer {
    st0: Extended,
    st1: Extended,
    status: u16,
}

type Image = [u8; 16];

fn image(number: Extended) -> Image {
    (u128::from(number.significand) | u128::from(number.sign_exponent) << 64).to_le_bytes()
}

fn number(image: &Image) -> Extended {
    let bits = u128::from_le_bytes(*image);
    Extended { sign_exponent: (bits >> 64) as u16, significand: bits as u64 }
}

/// A function that executes one instruction on ST0 and ST1 with a control word.
macro_rules! on_silicon {
    ($name:ident, $instruction:literal) => {
        fn $name(st0: Extended, st1: Extended, control: u16) -> Answer {
            let (a, b, mut r0, mut r1, masked, status) = (image(st0), image(st1), [0; 16], [0; 16], 0x037F_u16, 0_u16);
            let mut status = status;
            // SAFETY: reads and writes only the six locals behind the pointers, each as large as its operand; the x87
            // stack is empty before and after, and the control word is that of the ABI again.
            unsafe {
                asm!("fninit", "fldcw [{c}]", "fld tbyte ptr [{b}]", "fld tbyte ptr [{a}]", $instruction, "fnstsw [{s}]",
                    "fnclex", "fldcw [{m}]", "fstp tbyte ptr [{r0}]", "fstp tbyte ptr [{r1}]", "fninit",
                    a = in(reg) &a, b = in(reg) &b, c = in(reg) &control, m = in(reg) &masked, s = in(reg) &mut status,
                    r0 = in(reg) &mut r0, r1 = in(reg) &mut r1,
                    out("st(0)") _, out("st(1)") _, out("st(2)") _, out("st(3)") _,
                    out("st(4)") _, out("st(5)") _, out("st(6)") _, out("st(7)") _);
            }
            Answer { st0: number(&r0), st1: number(&r1), status }
        }
    };
}

on_silicon!(f2xm1, "f2xm1");
on_silicon!(fsin, "fsin");
on_silicon!(fcos, "fcos");
on_silicon!(fsincos, "fsincos");
on_silicon!(fptan, "fptan");
on_silicon!(fyl2x, "fyl2x");
on_silicon!(fyl2xp1, "fyl2xp1");
on_silicon!(fpatan, "fpatan");

/// A repeatable sequence: xorshift64*.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 16) % bound
    }

    fn normal(&mut self, least: i64, greatest: i64) -> Extended {
        let exponent = 16383 + least + self.below((greatest - least + 1) as u64) as i64;
        let sign = if self.below(2) == 0 { 0 } else { 0x8000 };
        Extended { sign_exponent: sign | exponent as u16, significand: self.significand() | 1 << 63 }
    }

    /// All bits, or few bits, or long runs of equal ones.
    fn significand(&mut self) -> u64 {
        match self.below(8) {
            0 => 1 << self.below(64) | 1 << self.below(64),
            1 => (u64::MAX << self.below(64)) ^ (1 << self.below(64)),
            2 => self.next() & (u64::MAX << self.below(64)),
            _ => self.next(),
        }
    }

    /// Any bits: zeros, denormals, NaNs, infinities, unsupported forms.
    fn special(&mut self) -> Extended {
        let sign = if self.below(2) == 0 { 0 } else { 0x8000 };
        let exponent = match self.below(4) {
            0 => 0,
            1 => 0x7FFF,
            2 => 0x3FFF,
            _ => self.below(0x8000) as u16,
        };
        let significand = match self.below(6) {
            0 => 0,
            1 => 1 << 63,
            2 => self.next() >> self.below(64),
            3 => 3 << 62,
            _ => self.next(),
        };
        Extended { sign_exponent: sign | exponent, significand }
    }
}

/// The multiple `n` of half pi, plus a few units in the last place.
fn near_multiple_of_half_pi(random: &mut Random) -> Extended {
    let shift = random.below(62);
    let multiple = (random.next() >> (63 - shift)).max(1);
    let product = u128::from(multiple) * 0xC90F_DAA2_2168_C234;
    let zeros = product.leading_zeros();
    let significand = ((product << zeros >> 64) as u64).wrapping_add(random.below(8)).wrapping_sub(4) | 1 << 63;
    Extended { sign_exponent: (0x3FFF + 64 - zeros as i32) as u16, significand }
}

/// Operands for which one function is worth asking: ST0 and ST1.
type Operands = fn(&mut Random) -> (Extended, Extended);
type Silicon = fn(Extended, Extended, u16) -> Answer;

/// How the answers compare.
#[derive(Default)]
struct Tally {
    cases: u64,
    equal: u64,
    one_apart: u64,
    further: u64,
    flags: u64,
    c1: u64,
    shown: u32,
}

/// Steps between two numbers, counted along the order of encodings.
fn apart(a: Extended, b: Extended) -> u64 {
    let place = |number: Extended| {
        let exponent = u128::from(number.sign_exponent & 0x7FFF).max(u128::from(number.significand >> 63));
        let size = ((exponent << 63) + u128::from(number.significand & (u64::MAX >> 1))) as i128;
        if number.sign_exponent >> 15 != 0 { -size } else { size }
    };
    if a.sign_exponent >> 15 != b.sign_exponent >> 15 {
        return u64::MAX;
    }
    place(a).abs_diff(place(b)).try_into().unwrap_or(u64::MAX)
}

/// What one of our functions gives.
enum Ours {
    /// One value in place of ST0.
    Value(fn(Extended, &Env) -> Option<Outcome<Extended>>),
    /// One value in place of ST0, and one pushed.
    Pushed(fn(Extended, &Env) -> Option<Outcome<(Extended, Extended)>>),
    /// One value in place of ST1, and ST0 popped.
    Popped(fn(Extended, Extended, &Env) -> Outcome<Extended>),
}

impl Ours {
    /// ST0, ST1 and the bits of the status word behind the instruction; and whether ST1 means anything.
    fn answer(&self, st0: Extended, st1: Extended, env: &Env) -> (Answer, bool) {
        let (outcome, pops) = match self {
            Ours::Value(function) => (function(st0, env).map(|Outcome { value, flags }| ((value, st1), flags)), false),
            Ours::Pushed(function) => {
                (function(st0, env).map(|Outcome { value: (value, pushed), flags }| ((pushed, value), flags)), false)
            }
            Ours::Popped(function) => {
                let Outcome { value, flags } = function(st1, st0, env);
                (Some(((value, st1), flags)), true)
            }
        };
        match outcome {
            None => (Answer { st0, st1, status: 0x0400 }, true),
            Some((_, flags)) if env.refuses(flags) => (Answer { st0, st1, status: flags.0 }, true),
            Some(((st0, st1), flags)) => (Answer { st0, st1, status: flags.0 }, !pops),
        }
    }
}

impl Tally {
    fn compare(&mut self, name: &str, operands: (Extended, Extended), control: u16, silicon: Silicon, ours: &Ours) {
        let (st0, st1) = operands;
        let real = silicon(st0, st1, control);
        let (own, both) = ours.answer(st0, st1, &Env::from_control_word(control));
        let distance = apart(own.st0, real.st0).max(if both { apart(own.st1, real.st1) } else { 0 });
        let flags_differ = (own.status ^ real.status) & 0x043F != 0;
        self.cases += 1;
        match distance {
            0 => self.equal += 1,
            1 => self.one_apart += 1,
            _ => self.further += 1,
        }
        self.flags += u64::from(flags_differ);
        self.c1 += u64::from(distance == 0 && (own.status ^ real.status) & 0x0200 != 0);
        if (distance > 1 || flags_differ) && self.shown < 12 {
            self.shown += 1;
            println!(
                "{name} {:04X} {:016X}, {:04X} {:016X} control {control:04X}: ours {:04X} {:016X}, {:04X} {:016X} {:04X}, \
                 silicon {:04X} {:016X}, {:04X} {:016X} {:04X}",
                st0.sign_exponent,
                st0.significand,
                st1.sign_exponent,
                st1.significand,
                own.st0.sign_exponent,
                own.st0.significand,
                own.st1.sign_exponent,
                own.st1.significand,
                own.status,
                real.st0.sign_exponent,
                real.st0.significand,
                real.st1.sign_exponent,
                real.st1.significand,
                real.status & 0x063F
            );
        }
    }
}

fn judge(name: &str, operands: Operands, silicon: Silicon, ours: &Ours) {
    let cases = std::env::var("SILICON_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(200_000_u64);
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut tally = Tally::default();
    for _ in 0..cases {
        let control = (random.next() as u16 & 0x0C00) | 0x0340;
        let masks = if random.below(8) == 0 { random.next() as u16 & 0x3F } else { 0x3F };
        let operands = match random.below(8) {
            0 => (random.special(), random.special()),
            1 => (random.special(), random.normal(-20, 20)),
            _ => operands(&mut random),
        };
        tally.compare(name, operands, control | masks, silicon, ours);
    }
    let Tally { cases, equal, one_apart, further, flags, c1, .. } = tally;
    let percent = equal as f64 * 100.0 / cases as f64;
    println!(
        "{name}: {cases} operands: {equal} bit-equal ({percent:.3} %), {one_apart} one unit apart, {further} further, \
         {flags} with other flags, {c1} equal ones with another C1"
    );
    assert_eq!((further, flags), (0, 0), "{name}: values within one unit in the last place, flags equal");
}

fn angle(random: &mut Random) -> (Extended, Extended) {
    let x = match random.below(6) {
        0 => near_multiple_of_half_pi(random),
        1 => random.normal(-16382, 62),
        2 => random.normal(-70, -20),
        3 => random.normal(5, 62),
        _ => random.normal(-20, 4),
    };
    (x, x)
}

#[test]
fn f2xm1_is_silicons() {
    let operands: Operands = |random| match random.below(4) {
        0 => (random.normal(-16382, -1), random.normal(0, 0)),
        1 => (random.normal(-70, -1), random.normal(0, 0)),
        _ => (random.normal(-8, -1), random.normal(0, 0)),
    };
    judge("f2xm1", operands, f2xm1, &Ours::Value(|x, env| Some(trans::f2xm1(x, env))));
}

#[test]
fn fsin_is_silicons() {
    judge("fsin", angle, fsin, &Ours::Value(trans::fsin));
}

#[test]
fn fcos_is_silicons() {
    judge("fcos", angle, fcos, &Ours::Value(trans::fcos));
}

#[test]
fn fsincos_is_silicons() {
    judge("fsincos", angle, fsincos, &Ours::Pushed(trans::fsincos));
}

#[test]
fn fptan_is_silicons() {
    judge("fptan", angle, fptan, &Ours::Pushed(trans::fptan));
}

#[test]
fn fyl2x_is_silicons() {
    let operands: Operands = |random| {
        let positive = |number: Extended| Extended { sign_exponent: number.sign_exponent & 0x7FFF, ..number };
        let x = match random.below(4) {
            0 => random.normal(-16382, 16383),
            1 => Extended { sign_exponent: 0x3FFF, significand: 1 << 63 | random.next() >> (1 + random.below(63)) },
            2 => Extended { sign_exponent: 0x3FFE, significand: !(random.next() >> (1 + random.below(63))) },
            _ => random.normal(-4, 4),
        };
        let y = if random.below(3) == 0 { random.normal(-16382, 16383) } else { random.normal(-20, 20) };
        (positive(x), y)
    };
    judge("fyl2x", operands, fyl2x, &Ours::Popped(trans::fyl2x));
}

/// The range of the manual: from -(1 - sqrt(2)/2) to sqrt(2) - 1.
#[test]
fn fyl2xp1_is_silicons() {
    let operands: Operands = |random| {
        let mut x = if random.below(3) == 0 { random.normal(-16382, -2) } else { random.normal(-40, -2) };
        let greatest = if x.sign_exponent >> 15 != 0 { 0x95F6_1998_0C43_36F7 } else { 0xD413_CCCF_E779_9211 };
        if x.sign_exponent & 0x7FFF == 0x3FFD && x.significand > greatest {
            x.sign_exponent -= 1;
        }
        let y = if random.below(3) == 0 { random.normal(-16382, 16383) } else { random.normal(-20, 20) };
        (x, y)
    };
    judge("fyl2xp1", operands, fyl2xp1, &Ours::Popped(trans::fyl2xp1));
}

#[test]
fn fpatan_is_silicons() {
    let operands: Operands = |random| match random.below(4) {
        0 => (random.normal(-16382, 16383), random.normal(-16382, 16383)),
        1 => (random.normal(-70, 70), random.normal(-70, 70)),
        _ => (random.normal(-4, 4), random.normal(-4, 4)),
    };
    judge("fpatan", operands, fpatan, &Ours::Popped(trans::fpatan));
}
