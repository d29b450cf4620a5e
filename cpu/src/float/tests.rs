//! Rules of the manual's tables on hand-made numbers.

use super::*;

fn single(value: f32) -> F32 {
    F32(value.to_bits())
}

#[test]
fn sums_products_and_quotients_of_small_numbers() {
    let env = Env::default();
    assert_eq!(add(single(1.5), single(2.25), &env), Outcome::exact(single(3.75)));
    assert_eq!(subtract(single(1.5), single(2.25), &env), Outcome::exact(single(-0.75)));
    assert_eq!(multiply(single(-1.5), single(2.5), &env), Outcome::exact(single(-3.75)));
    assert_eq!(divide(single(7.0), single(-2.0), &env), Outcome::exact(single(-3.5)));
    assert_eq!(square_root(single(6.25), &env), Outcome::exact(single(2.5)));
    assert_eq!(divide(single(1.0), single(0.0), &env).flags, Flags::ZERO_DIVIDE);
}
