//! The kernels of `roms/simdbench/` in their order, each with its result worked out here from what its instructions are
//! defined to do, or from the standard it follows: never from what a machine said.

use sha2::Digest;

#[path = "kernels/ciphers.rs"]
mod ciphers;
#[path = "kernels/vectors.rs"]
mod vectors;

/// One kernel of the image.
pub(crate) struct Kernel {
    /// As the image says it.
    pub(crate) name: &'static str,
    /// What it is made of.
    pub(crate) what: &'static str,
    /// Its result after so many units.
    pub(crate) expected: fn(u32) -> u64,
}

/// In the order of the table in `roms/simdbench/run.inc`.
pub(crate) const KERNELS: [Kernel; 12] = [
    Kernel { name: "null", what: "nothing", expected: |_| 0 },
    Kernel { name: "blend", what: "SSE2: pixels blended, saturating sums, PSADBW", expected: vectors::blend },
    Kernel { name: "filter", what: "SSSE3, SSE4.1: PSHUFB, PMADDUBSW, PMULLD, PBLENDVB", expected: vectors::filter },
    Kernel { name: "matrix", what: "SSE2: product of matrices of doubles", expected: vectors::matrix },
    Kernel { name: "sha256", what: "SHA: SHA-256", expected: sha256 },
    Kernel { name: "aes", what: "AES: AES-128 in counter mode", expected: ciphers::aes },
    Kernel { name: "clmul", what: "PCLMULQDQ: CRC-32", expected: |count| u64::from(crc(0xEDB8_8320, count)) },
    Kernel { name: "crc32c", what: "SSE4.2: CRC32", expected: |count| u64::from(crc(0x82F6_3B78, count)) },
    Kernel { name: "bmi", what: "BMI1, BMI2: PDEP, PEXT, MULX, shifts", expected: vectors::bmi },
    Kernel { name: "avx2", what: "AVX2: products, permutations, gathers of dwords", expected: vectors::avx2 },
    Kernel { name: "fma", what: "FMA: product of vectors of singles", expected: vectors::fma },
    Kernel { name: "mandel", what: "AVX: the Mandelbrot set in doubles", expected: vectors::mandel },
];

/// Where kernel number and count stand in the image, as two dwords.
pub(crate) const PARAMETERS: usize = 0x1B4;
/// Stands before them.
pub(crate) const MARK: &[u8] = b"BNCH";
/// Bytes of the image as a disk: one cylinder of 16 heads and 63 sectors, since some emulators want whole ones.
pub(crate) const DISK_BYTES: usize = 16 * 63 * 512;

/// The image as a disk that runs this kernel, or all of them if there is none with this number.
pub(crate) fn disk(number: u32, count: u32) -> Vec<u8> {
    let mut disk = include_bytes!("../../roms/simdbench.img").to_vec();
    assert_eq!(&disk[PARAMETERS - MARK.len()..PARAMETERS], MARK, "the image has its parameters there");
    disk[PARAMETERS..PARAMETERS + 4].copy_from_slice(&number.to_le_bytes());
    disk[PARAMETERS + 4..PARAMETERS + 8].copy_from_slice(&count.to_le_bytes());
    disk.resize(DISK_BYTES, 0);
    disk
}

/// Bytes of each of a kernel's three buffers.
const BYTES: usize = 0x2000;

/// The buffers A, B and C as a kernel finds them: upper dwords of a linear congruential sequence (D. E. Knuth's MMIX
/// constants) that begins with 1.
fn buffers() -> [Vec<u8>; 3] {
    let mut x = 1u64;
    let mut next = || {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((x >> 32) as u32).to_le_bytes()
    };
    [(); 3].map(|()| (0..BYTES / 4).flat_map(|_| next()).collect())
}

/// What a kernel makes of all that it wrote.
fn mix(bytes: &[u8]) -> u64 {
    bytes.chunks_exact(8).fold(0, |mixture: u64, quad| {
        let quad = u64::from_le_bytes(quad.try_into().expect("eight bytes"));
        (mixture ^ quad).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29)
    })
}

/// Numbers of four bytes.
fn dwords(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|dword| u32::from_le_bytes(dword.try_into().expect("four bytes"))).collect()
}

/// The digest of A once a unit; FIPS 180-4.
fn sha256(count: u32) -> u64 {
    let [a, ..] = buffers();
    let mut hash = sha2::Sha256::new();
    for _ in 0..count {
        hash.update(&a);
    }
    let words = hash.finalize();
    mix(&words.chunks_exact(4).flat_map(|word| word.iter().rev().copied()).collect::<Vec<u8>>())
}

/// A reflected CRC of A once a unit, begun with ones and inverted, by its definition a byte at a time.
fn crc(polynomial: u32, count: u32) -> u32 {
    let bit = |rest: u32| rest >> 1 ^ if rest & 1 == 0 { 0 } else { polynomial };
    let table: Vec<u32> = (0..256).map(|byte| (0..8).fold(byte, |rest, _| bit(rest))).collect();
    let [a, ..] = buffers();
    let units = (0..count).flat_map(|_| a.iter());
    !units.fold(!0, |rest: u32, byte| rest >> 8 ^ table[usize::from(rest as u8 ^ byte)])
}
