//! Rows measured on silicon in ring 3 (Emerald Rapids, family 6 model CFh): results and all flags, also those that the
//! manual leaves undefined. Flags are written O S Z A P C, a dash for a clear one.

use super::*;
use crate::flags::ARITHMETIC;

/// The mask that a row's six characters mean.
fn flags(text: &str) -> u32 {
    [OF, SF, ZF, AF, PF, CF].iter().zip(text.chars()).filter(|(_, letter)| *letter != '-').map(|(flag, _)| flag).sum()
}

#[track_caller]
fn row<R: PartialEq + std::fmt::Debug>(got: (R, u32), result: R, text: &str) {
    assert_eq!(got, (result, flags(text)));
}

#[test]
fn decimal_adjustments() {
    row(aaa(0x000F, 0), 0x0105, "---APC");
    row(aaa(0x0079, 0), 0x0009, "----P-");
    row(aaa(0x00F5, AF), 0x010B, "---A-C");
    row(aaa(0x00FF, AF), 0x0205, "---APC");
    row(aaa(0, ARITHMETIC), 0x0106, "---APC");
    row(aas(0x000F, 0), 0xFF09, "---APC");
    row(aas(0, AF), 0xFE0A, "---APC");
    row(aas(0x0003, ARITHMETIC), 0xFE0D, "---A-C");
    row(aas(0x0080, 0), 0x0000, "--Z-P-");
    row(daa(0x9A, 0), 0x00, "--ZAPC");
    row(daa(0x79, AF), 0x7F, "---A--");
    row(daa(0x7A, OF), 0x80, "-S-A--");
    row(daa(0xFF, AF | CF), 0x65, "---APC");
    row(das(0x9A, 0), 0x34, "---A-C");
    row(das(0x05, AF), 0xFF, "-S-APC");
    row(das(0x80, OF | AF | CF), 0x1A, "---A-C");
    row(das(0, AF | CF), 0x9A, "-S-APC");
}

#[test]
fn decimal_products() {
    let divide = |al, base| aam(al, base).expect("the base is not zero");
    row(divide(0xFF, 10), 0x1905, "----P-");
    row(divide(9, 10), 0x0009, "----P-");
    row(divide(0xFF, 16), 0x0F0F, "----P-");
    row(divide(0, 10), 0x0000, "--Z-P-");
    row(aad(0x0909, 10), 0x63, "---AP-");
    row(aad(0xFFFF, 10), 0xF5, "-S-APC");
    row(aad(0x0F0F, 16), 0xFF, "-S--P-");
    row(aad(0x1980, 10), 0x7A, "O----C");
}

#[test]
fn products() {
    fn halves<W: Width>((low, high, flags): (W, W, u32)) -> ((W, W), u32) {
        ((high, low), flags)
    }
    row(halves(mul(0x10u8, 0x10)), (0x01, 0x00), "O---PC");
    row(halves(mul(0x80u8, 1)), (0, 0x80), "-S----");
    row(halves(mul(0x8000_0001u32, 3)), (1, 0x8000_0003), "OS--PC");
    row(halves(mul(0u32, 3)), (0, 0), "----P-");
    row(halves(imul(0x8000_0001u32, 3)), (u32::MAX - 1, 0x8000_0003), "OS--PC");
    row(halves(imul(u32::MAX, 3)), (u32::MAX, u32::MAX - 2), "-S----");
    row(halves(imul(0x8000_0000u32, 2)), (u32::MAX, 0), "O---PC");
    row(halves(imul(0u32, 2)), (0, 0), "----P-");
}

#[test]
fn bit_scans() {
    row(bsf(0u32), None, "--Z-P-");
    row(bsr(0u32), None, "--Z-P-");
    row(bsf(0x80u32), Some(7), "------");
    row(bsr(0x80u32), Some(7), "------");
    row(bsf(3u32), Some(0), "----P-");
    assert_eq!(bswap(0x5678u16), 0);
}

#[test]
fn shifts() {
    row(shl(0x1234_5678u32, 4, 0), 0x2345_6780, "-----C");
    row(shl(0x0800_0000u32, 4, 0), 0x8000_0000, "-S--P-");
    row(shl(0xFFu8, 8, 0), 0, "--Z-PC");
    row(shl(0xFFu8, 9, 0), 0, "--Z-P-");
    row(shl(0x1234_5678u32, 32, ARITHMETIC), 0x1234_5678, "OSZAPC");
    row(shr(0x8000_0000u32, 4, 0), 0x0800_0000, "O---P-");
    row(shr(0xFFu8, 8, 0), 0, "O-Z-PC");
    row(shr(0xFFu8, 9, 0), 0, "O-Z-P-");
    row(sar(0x8000_0018u32, 4, 0), 0xF800_0001, "-S---C");
}

#[test]
fn rotates() {
    row(rol(0x1234_5678u32, 4, 0), 0x2345_6781, "-----C");
    row(rol(0x9000_0008u32, 4, 0), 0x0000_0089, "O----C");
    row(ror(0x1234_5678u32, 4, 0), 0x8123_4567, "-----C");
    row(ror(0x1234_5674u32, 4, 0), 0x4123_4567, "------");
    row(rcl(0x80u8, 8, CF), 0xC0, "O-----");
    row(rcl(0x80u8, 9, ARITHMETIC), 0x80, "OSZAPC");
    row(rcl(0x1234_5678u32, 4, CF), 0x2345_6788, "-----C");
    row(rcr(0x1234_5678u32, 4, CF), 0x1123_4567, "O----C");
    row(rol(0xA5u8, 8, 0), 0xA5, "O----C");
}

#[test]
fn double_shifts() {
    row(shld(0x8765_4321u32, 0x1234_5678, 4, 0), 0x7654_3211, "O---P-");
    row(shrd(0x8765_4321u32, 0x1234_5678, 4, 0), 0x8876_5432, "OS----");
    assert_eq!(shld(0x8765u16, 0x1234, 17, 0).0, 0x2469);
    assert_eq!(shld(0x8765u16, 0x1234, 31, 0).0, 0x43B2);
    assert_eq!(shrd(0x8765u16, 0x1234, 17, 0).0, 0x891A);
}
