//! Kernels of packed integers, of packed floating point, and of bits, lane by lane.

use super::{BYTES, buffers, dwords, mix};

/// Rows and columns of a matrix.
const SIDE: usize = 32;

/// `roms/simdbench/integer.inc`, kernel_blend.
pub(super) fn blend(count: u32) -> u64 {
    let [a, mut b, _] = buffers();
    let mut sums = [0u64; 2];
    for _ in 0..count {
        for (at, (under, over)) in b.iter_mut().zip(&a).enumerate() {
            let mixed = (96 * u16::from(*over) + 160 * u16::from(*under)) >> 8;
            let mixed = (mixed as u8).saturating_add(3).saturating_sub(1);
            *under = ((u16::from(mixed) + u16::from(*over) + 1) >> 1) as u8;
            sums[at / 8 % 2] += u64::from(under.abs_diff(*over));
        }
    }
    b.extend(sums.iter().flat_map(|sum| sum.to_le_bytes()));
    mix(&b)
}

const ORDER: [u8; 16] = [3, 14, 0, 5, 0x80, 9, 2, 11, 15, 1, 0xFF, 7, 6, 4, 13, 10];
const TAPS: [i8; 16] = [5, -3, 17, 127, -128, 64, 1, -1, 100, 99, -98, 2, 33, -44, 127, 127];
const SCALE: [u32; 4] = [3, -5i32 as u32, 0x1_0001, 0x9E37_79B1];

/// PSHUFB.
fn shuffled(bytes: &[u8], order: &[u8; 16]) -> [u8; 16] {
    order.map(|place| if place & 0x80 == 0 { bytes[usize::from(place & 15)] } else { 0 })
}

/// PMADDUBSW, PMADDWD with ones, PMULLD.
fn scaled_sums(bytes: [u8; 16]) -> [u32; 4] {
    std::array::from_fn(|lane| {
        let product = |at: usize| i32::from(bytes[at]) * i32::from(TAPS[at]);
        let pair = |at: usize| (product(at) + product(at + 1)).clamp(i16::MIN.into(), i16::MAX.into());
        ((pair(4 * lane) + pair(4 * lane + 2)) as u32).wrapping_mul(SCALE[lane])
    })
}

/// `roms/simdbench/integer.inc`, kernel_filter.
pub(super) fn filter(count: u32) -> u64 {
    let [mut a, b, _] = buffers();
    let mut sums = [0u32; 4];
    for _ in 0..count {
        let mut before = [0u8; 4];
        for (block, others) in a.chunks_exact_mut(16).zip(b.chunks_exact(16)) {
            let aligned = [&before, &block[..12]].concat();
            before.copy_from_slice(&block[12..]);
            let products = scaled_sums(shuffled(block, &ORDER));
            for lane in 0..4 {
                let dword = |bytes: &[u8]| u32::from_le_bytes(bytes[4 * lane..][..4].try_into().expect("four bytes"));
                let sum = products[lane].wrapping_add(dword(&aligned));
                block[4 * lane..][..4].copy_from_slice(&sum.to_le_bytes());
                let mask = (sum >> 7 & 0x0101_0101) * 0xFF;
                let blended = dword(&aligned) & mask | dword(others) & !mask;
                let most = (sum as i32).max(blended as i32) as u32;
                let half = |word: u32| u32::from((word as u16).cast_signed().unsigned_abs());
                let absolute = half(blended) | half(blended >> 16) << 16;
                let (absolute, most) = (absolute.to_le_bytes(), most.to_le_bytes());
                let least: [u8; 4] = std::array::from_fn(|byte| absolute[byte].min(most[byte]));
                sums[lane] = sums[lane].wrapping_add(u32::from_le_bytes(least));
            }
        }
    }
    a.extend(sums.iter().flat_map(|sum| sum.to_le_bytes()));
    mix(&a)
}

/// Doubles of -1 to 1.
fn doubles(bytes: &[u8]) -> Vec<f64> {
    dwords(bytes)[..SIDE * SIDE].iter().map(|dword| f64::from(*dword as i32) * 2f64.powi(-31)).collect()
}

/// `roms/simdbench/float.inc`, kernel_matrix.
pub(super) fn matrix(count: u32) -> u64 {
    let [a, b, _] = buffers();
    let (mut a, b) = (doubles(&a), doubles(&b));
    let mut sums = vec![0f64; SIDE * SIDE];
    for unit in (1..=count as usize).rev() {
        let changed = &mut a[unit % (SIDE * SIDE)];
        *changed = *changed * 0.75 + 0.3;
        for (sums, row) in sums.chunks_exact_mut(SIDE).zip(a.chunks_exact(SIDE)) {
            for (factor, others) in row.iter().zip(b.chunks_exact(SIDE)) {
                for (sum, other) in sums.iter_mut().zip(others) {
                    *sum += factor * other;
                }
            }
        }
    }
    mix(&sums.iter().flat_map(|sum| sum.to_le_bytes()).collect::<Vec<u8>>())
}

/// PDEP: SDM Vol.2B.
fn deposited(source: u64, mask: u64) -> u64 {
    let places = (0..64).filter(|bit| mask >> bit & 1 != 0);
    places.enumerate().fold(0, |result, (from, to)| result | (source >> from & 1) << to)
}

/// PEXT: SDM Vol.2B.
fn extracted(source: u64, mask: u64) -> u64 {
    let places = (0..64).filter(|bit| mask >> bit & 1 != 0);
    places.enumerate().fold(0, |result, (to, from)| result | (source >> from & 1) << to)
}

/// `roms/simdbench/integer.inc`, kernel_bmi.
pub(super) fn bmi(count: u32) -> u64 {
    let [a, b, _] = buffers();
    let first = |bytes: &[u8]| u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes"));
    let (mut x, mut y) = (first(&a), first(&b));
    for _ in 0..count {
        for round in (1..=1024u64).rev() {
            let spread = deposited(x, 0x0F0F_3333_5555_CCCC);
            let packed = extracted(y, 0x0123_4567_89AB_CDEF);
            let product = u128::from(x) * u128::from(y);
            let (low, high) = (product as u64, (product >> 64) as u64);
            x = (!spread & low).wrapping_add(packed);
            let left = low << (round & 63);
            y = high.rotate_right(17) ^ left;
            let right = high >> (x & 63);
            x = x.wrapping_add(u64::from((left as u32 as i32 >> (y & 31)) as u32));
            let right = right & right.wrapping_sub(1);
            let lowest = y & y.wrapping_neg();
            let up_to_lowest = x ^ x.wrapping_sub(1);
            let field = y as u32 >> 5 & 0x1FFF;
            x = x.wrapping_add(lowest);
            let zeros = u64::from(x.trailing_zeros());
            y = (y ^ right).wrapping_add(u64::from(field));
            let kept = round & 0xFF;
            let below = if kept < 64 { y & ((1 << kept) - 1) } else { y };
            x = x.wrapping_add(below).wrapping_add(up_to_lowest);
            y = y.wrapping_add(zeros);
        }
    }
    x ^ y.rotate_left(32)
}

/// `roms/simdbench/avx.inc`, kernel_avx2.
pub(super) fn avx2(count: u32) -> u64 {
    const ORDER: [usize; 8] = [3, 7, 0, 4, 6, 1, 5, 2];
    const SHIFTS: [u32; 8] = [0, 3, 5, 7, 11, 13, 17, 21];
    const PLACES: [u8; 16] = [1, 2, 3, 0, 6, 7, 4, 5, 11, 8, 9, 10, 12, 15, 14, 13];
    let [a, b, _] = buffers();
    let (mut a, b) = (dwords(&a), dwords(&b));
    let most = b.len() as u32 - 1;
    let mut carried = [0u32; 8];
    for _ in 0..count {
        for block in a.chunks_exact_mut(8) {
            let sums: [u32; 8] = std::array::from_fn(|lane| block[lane].wrapping_add(carried[lane]));
            let products = sums.map(|sum| sum.wrapping_mul(0x9E37_79B1));
            let gathered: [u32; 8] = std::array::from_fn(|lane| b[(products[lane] >> SHIFTS[lane] & most) as usize]);
            let permuted = ORDER.map(|lane| products[lane] ^ gathered[lane]);
            let bytes: Vec<u8> = permuted.iter().flat_map(|dword| dword.to_le_bytes()).collect();
            let halves = bytes.chunks_exact(16).flat_map(|half| shuffled(half, &PLACES));
            block.copy_from_slice(&dwords(&halves.collect::<Vec<u8>>()));
            for lane in 0..8 {
                block[lane] = block[lane].rotate_left(13);
                let greater = block[lane] as i32 > sums[lane] as i32;
                let chosen = if greater { gathered[lane].wrapping_add(1) } else { sums[lane] };
                carried[lane] = chosen.min(most);
            }
        }
    }
    mix(&a.iter().chain(&carried).flat_map(|dword| dword.to_le_bytes()).collect::<Vec<u8>>())
}

/// `roms/simdbench/avx.inc`, kernel_fma.
pub(super) fn fma(count: u32) -> u64 {
    let [a, b, _] = buffers();
    let singles = |bytes: &[u8]| -> Vec<f32> {
        dwords(bytes).iter().map(|dword| *dword as i32 as f32 * 2f32.powi(-31)).collect()
    };
    let (a, b) = (singles(&a), singles(&b));
    let mut sums = [0f32; 32];
    for _ in 0..count {
        for (a, b) in a.chunks_exact(32).zip(b.chunks_exact(32)) {
            for lane in 0..32 {
                sums[lane] = a[lane].mul_add(b[lane], sums[lane]);
            }
        }
        sums = sums.map(|sum| sum * 0.5);
    }
    mix(&sums.iter().flat_map(|sum| sum.to_le_bytes()).collect::<Vec<u8>>())
}

/// Steps of up to 64 that a point stays within 2.
fn steps(real: f64, imaginary: f64) -> u64 {
    let (mut x, mut y) = (real, imaginary);
    for step in 0..64 {
        let (xx, yy) = (x * x, y * y);
        if xx + yy > 4.0 {
            return step;
        }
        let xy = x * y;
        (x, y) = ((xx - yy) + real, (xy + xy) + imaginary);
    }
    64
}

/// `roms/simdbench/avx.inc`, kernel_mandel.
pub(super) fn mandel(count: u32) -> u64 {
    let line = |unit: u32| -> [u64; 4] {
        let imaginary = f64::from(unit) / 32.0 - 1.0;
        let point = |n: u32| steps(f64::from(n) / 32.0 - 1.5, imaginary);
        std::array::from_fn(|column| (0..16).map(|group| point(4 * group + column as u32)).sum())
    };
    let lines: Vec<[u64; 4]> = (0..64).map(line).collect();
    let mut sums = [0u64; 4];
    for unit in 1..=count as usize {
        for (sum, steps) in sums.iter_mut().zip(lines[unit % 64]) {
            *sum += steps;
        }
    }
    mix(&sums.iter().flat_map(|sum| sum.to_le_bytes()).collect::<Vec<u8>>())
}

/// A matrix of doubles fills a buffer.
const _: () = assert!(8 * SIDE * SIDE == BYTES);
