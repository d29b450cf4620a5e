//! Recorded answers of a processor: values within one unit in the last place, flags equal, most values bit-equal.

use super::*;

struct Vector<'a> {
    instruction: &'a str,
    env: Env,
    before: [Extended; 2],
    behind: [Extended; 2],
    status: u16,
}

fn number(text: &str) -> Extended {
    let (sign_exponent, significand) = text.split_once(':').expect("a number is two fields");
    Extended { sign_exponent: word(sign_exponent), significand: u64::from_str_radix(significand, 16).expect("digits") }
}

fn word(text: &str) -> u16 {
    u16::from_str_radix(text, 16).expect("hexadecimal digits")
}

fn vectors() -> impl Iterator<Item = Vector<'static>> {
    include_str!("vectors.txt").lines().filter(|line| !line.starts_with('#')).map(|line| {
        let fields: Vec<_> = line.split(' ').collect();
        let [instruction, control, a, b, c, d, status] = fields[..] else { panic!("seven fields: {line}") };
        Vector {
            instruction,
            env: Env::from_control_word(word(control)),
            before: [number(a), number(b)],
            behind: [number(c), number(d)],
            status: word(status),
        }
    })
}

/// Our ST0 and, where it means something, ST1; and the status word.
fn answer(vector: &Vector<'_>) -> (Extended, Option<Extended>, u16) {
    let (env, [st0, st1]) = (&vector.env, vector.before);
    let one = |outcome: Outcome<Extended>| Some((outcome.value, Some(st1), outcome.flags));
    let popped = |outcome: Outcome<Extended>| Some((outcome.value, None, outcome.flags));
    let pushed = |outcome: Outcome<(Extended, Extended)>| (outcome.value.1, Some(outcome.value.0), outcome.flags);
    let given = match vector.instruction {
        "f2xm1" => one(f2xm1(st0, env)),
        "fsin" => fsin(st0, env).and_then(one),
        "fcos" => fcos(st0, env).and_then(one),
        "fsincos" => fsincos(st0, env).map(pushed),
        "fptan" => fptan(st0, env).map(pushed),
        "fyl2x" => popped(fyl2x(st1, st0, env)),
        "fyl2xp1" => popped(fyl2xp1(st1, st0, env)),
        "fpatan" => popped(fpatan(st1, st0, env)),
        other => panic!("{other} is no instruction here"),
    };
    match given {
        None => (st0, Some(st1), 0x0400),
        Some((_, _, flags)) if env.refuses(flags) => (st0, Some(st1), flags.0),
        Some((st0, st1, flags)) => (st0, st1, flags.0),
    }
}

/// Steps from one number to another of the same sign.
fn apart(a: Extended, b: Extended) -> u128 {
    let place = |number: Extended| {
        let exponent = u128::from(number.field()).max(u128::from(number.significand >> 63));
        (exponent << 63) + u128::from(number.significand & u64::MAX >> 1)
    };
    if a.sign() == b.sign() { place(a).abs_diff(place(b)) } else { u128::MAX }
}

#[test]
fn recorded_answers_are_met_within_one_unit() {
    let (mut all, mut equal, mut c1) = (0, 0, 0);
    for vector in vectors() {
        let (st0, st1, status) = answer(&vector);
        let distance = apart(st0, vector.behind[0]).max(st1.map_or(0, |st1| apart(st1, vector.behind[1])));
        let told = format!("{} {:X?} gives {st0:X?} {st1:X?}", vector.instruction, vector.before);
        assert!(distance <= 1, "{told}, recorded {:X?}", vector.behind);
        assert_eq!((status ^ vector.status) & 0x043F, 0, "{told} {status:04X}, recorded {:04X}", vector.status);
        all += 1;
        equal += u32::from(distance == 0);
        c1 += u32::from(distance == 0 && (status ^ vector.status) & 0x0200 == 0);
    }
    assert!(all > 1500, "{all} vectors");
    assert!(equal * 100 >= all * 93, "{equal} of {all} are bit-equal");
    assert!(c1 * 100 >= equal * 93, "{c1} of {equal} agree in C1");
}

#[test]
fn the_pi_of_argument_reduction_has_66_bits() {
    // The nearest number to pi/2 is 2^-65 above the processors' pi/2: SDM Vol.1 8.3.8 gives C90FDAA2 2168C234 C.
    let half_pi = Extended { sign_exponent: 0x3FFF, significand: 0xC90F_DAA2_2168_C235 };
    let cosine = fcos(half_pi, &Env::default()).expect("in range");
    assert_eq!(cosine.value, Extended { sign_exponent: 0xBFBE, significand: 1 << 63 });
}
