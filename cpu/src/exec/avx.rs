//! What only AVX and AVX2 have: broadcasts, permutations across 128 bits, halves, shifts by lanes' own counts, blends by a
//! fourth register, masked moves, VZEROUPPER. SDM Vol.1 14.1 "Intel AVX Overview", 14.7 "Promoted Vector Integer Instructions
//! in AVX2 and Their Shared Features" and following.
//!
//! Flags: none. Faults of all: #UD, #NM, operand access; memory may lie anywhere.

use super::Exec;
use super::simd::{Registers, Vectors, Vex128, Vex256, combine, numbered};
use crate::exception::Step;
use crate::insn::Insn;
use crate::value::packed::{self, Packed};
use crate::width::Width;
use ringwalk_mmu::Access;

/// VZEROUPPER: of the registers that the code can name. SDM Vol.2D "VZEROUPPER".
pub fn vzeroupper(cx: &mut Exec<'_>, _: &Insn) -> Step {
    cx.require_vex()?;
    for number in 0..if cx.cpu.code_is_64() { 16 } else { 8 } {
        let value = cx.cpu.vector.xmm_part(number);
        cx.cpu.vector.set_vex_128(number, value);
    }
    Ok(())
}

/// VZEROALL. SDM Vol.2D "VZEROALL".
pub fn vzeroall(cx: &mut Exec<'_>, _: &Insn) -> Step {
    cx.require_vex()?;
    for number in 0..if cx.cpu.code_is_64() { 16 } else { 8 } {
        cx.cpu.vector.set_ymm(number, [0; 2]);
    }
    Ok(())
}

/// VBROADCASTSS, VBROADCASTSD, VPBROADCASTB and its kin. SDM Vol.2C "VBROADCAST", "VPBROADCAST".
pub fn broadcast<R: Vectors, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    let value: W = cx.xmm_source_low(i)?;
    let all = R::whole(0);
    let result = combine::<R>(all, all, |_, _, _| u128::from_lanes(|_| value));
    R::set(cx, i.dst, result);
    Ok(())
}

/// VBROADCASTF128, VBROADCASTI128 ymm, m128. SDM Vol.2C "VBROADCAST".
pub fn broadcast_128(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.require_vex()?;
    let [value] = Vex128::load(cx, i)?;
    cx.cpu.vector.set_ymm(i.dst, [value; 2]);
    Ok(())
}

/// VINSERTF128, VINSERTI128 ymm, ymm, xmm/m128, imm8. SDM Vol.2C "VINSERTF128".
pub fn insert_128(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.require_vex()?;
    let [value] = Vex128::source(cx, i)?;
    let mut result = Vex256::first(cx, i);
    result[i.imm as usize & 1] = value;
    cx.cpu.vector.set_ymm(i.dst, result);
    Ok(())
}

/// VEXTRACTF128, VEXTRACTI128 xmm/m128, ymm, imm8. SDM Vol.2C "VEXTRACTF128".
pub fn extract_128(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.require_vex()?;
    let value = cx.cpu.vector.ymm(i.src)[i.imm as usize & 1];
    if i.is_memory() {
        return Vex128::store_at(cx, i, super::memory::Alignment::Free, [value]);
    }
    cx.cpu.vector.set_vex_128(i.dst, [value]);
    Ok(())
}

/// VPERM2F128, VPERM2I128: each half is one of four, or zero. SDM Vol.2C "VPERM2F128".
pub fn permute_halves(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.require_vex()?;
    let [c, d] = Vex256::source(cx, i)?;
    let [a, b] = Vex256::first(cx, i);
    let half = |control: u8| if control & 8 != 0 { 0 } else { [a, b, c, d][usize::from(control & 3)] };
    let control = i.imm as u8;
    cx.cpu.vector.set_ymm(i.dst, [half(control), half(control >> 4)]);
    Ok(())
}

/// The lane of a YMM register.
fn lane_of<W: Width>(register: &[u128; 2], number: usize) -> W {
    let lanes = u128::lanes::<W>();
    register[(number / lanes) & 1].lane(number % lanes)
}

fn ymm_of<W: Width>(lane: impl Fn(usize) -> W) -> [u128; 2] {
    let lanes = u128::lanes::<W>();
    [u128::from_lanes(&lane), u128::from_lanes(|number| lane(lanes + number))]
}

/// VPERMQ, VPERMPD ymm, ymm/m256, imm8. SDM Vol.2C "VPERMQ", "VPERMPD".
pub fn permute_quads(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.require_vex()?;
    let source = Vex256::source(cx, i)?;
    let order = i.imm as u8;
    let result = ymm_of::<u64>(|number| lane_of(&source, usize::from(order >> (2 * number) & 3)));
    cx.cpu.vector.set_ymm(i.dst, result);
    Ok(())
}

/// VPERMD, VPERMPS ymm, ymm, ymm/m256: the first operand has the numbers. SDM Vol.2C "VPERMD/VPERMW", "VPERMPS".
pub fn permute_dwords(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.require_vex()?;
    let source = Vex256::source(cx, i)?;
    let numbers = Vex256::first(cx, i);
    let result = ymm_of::<u32>(|number| lane_of(&source, lane_of::<u32>(&numbers, number) as usize & 7));
    cx.cpu.vector.set_ymm(i.dst, result);
    Ok(())
}

/// VPERMILPS x, x, x/m: each lane of 128 bits by the low two bits of a number. SDM Vol.2C "VPERMILPS".
pub fn permute_singles<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    numbered::<R>(cx, i, |_, a, order| order.map(|number: u32| a.lane(number as usize & 3)))
}

/// VPERMILPD x, x, x/m: by bit 1 of a number. SDM Vol.2C "VPERMILPD".
pub fn permute_doubles<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    numbered::<R>(cx, i, |_, a, order| order.map(|number: u64| a.lane(number as usize >> 1 & 1)))
}

/// VPERMILPD x, x/m, imm8: a bit for each lane. SDM Vol.2C "VPERMILPD".
pub fn permute_doubles_immediate<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let order = i.imm as u8;
    numbered::<R>(cx, i, |value, _, source| {
        u128::from_lanes(|lane| source.lane::<u64>(usize::from(order >> (2 * value + lane) & 1)))
    })
}

/// VBLENDVPS, VBLENDVPD, VPBLENDVB: the mask is a fourth register. SDM Vol.2A "BLENDVPS", "BLENDVPD", Vol.2B "PBLENDVB".
pub fn blendv<R: Vectors, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let mask = R::get(cx, i.fourth());
    numbered::<R>(cx, i, |value, a, b| packed::blend_by_signs::<W>(a, b, mask.as_ref()[value]))
}

/// VPSLLVD, VPSLLVQ: each lane by its own count. SDM Vol.2C "VPSLLVW/VPSLLVD/VPSLLVQ".
pub fn shift_left<R: Vectors, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    numbered::<R>(cx, i, |_, a, counts| {
        a.zip(
            counts,
            |value: W, count| if count.as_() < W::BITS.into() { value << count.as_() as usize } else { W::zero() },
        )
    })
}

/// VPSRLVD, VPSRLVQ. SDM Vol.2C "VPSRLVW/VPSRLVD/VPSRLVQ".
pub fn shift_right<R: Vectors, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    numbered::<R>(cx, i, |_, a, counts| {
        a.zip(
            counts,
            |value: W, count| if count.as_() < W::BITS.into() { value >> count.as_() as usize } else { W::zero() },
        )
    })
}

/// VPSRAVD. SDM Vol.2C "VPSRAVW/VPSRAVD/VPSRAVQ".
pub fn shift_right_signed<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    numbered::<R>(cx, i, |_, a, counts| a.zip(counts, |value: u32, count| (value as i32 >> count.min(31)) as u32))
}

/// VMASKMOVPS, VMASKMOVPD, VPMASKMOVD, VPMASKMOVQ x, x, m: only what the mask's signs choose is read, wherever it lies.
/// SDM Vol.2C "VMASKMOV", "VPMASKMOV": "No AC# reported for any mask bit combinations".
pub fn masked_load<R: Vectors, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    cx.without_alignment_checks(|cx| load_chosen::<R, W>(cx, i))
}

fn load_chosen<R: Vectors, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let (mask, lanes) = (R::first(cx, i), u128::lanes::<W>());
    let base = cx.effective_address(i);
    let mut result = R::whole(0);
    for (number, value) in mask.as_ref().iter().enumerate() {
        for lane in (0..lanes).filter(|lane| value.lane::<W>(*lane).sign()) {
            let at = cx.wrap_address(i, base.wrapping_add((number * lanes + lane) as u64 * W::BYTES));
            let element: W = cx.load(i.segment(), at)?;
            let part = &mut result.as_mut()[number];
            *part = part.with_lane(lane, element);
        }
    }
    R::set(cx, i.dst, result);
    Ok(())
}

/// The same m, x, x: only what the mask's signs choose is written, and all of it is checked first.
pub fn masked_store<R: Vectors, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    cx.without_alignment_checks(|cx| store_chosen::<R, W>(cx, i))
}

fn store_chosen<R: Vectors, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let (mask, source, lanes) = (R::first(cx, i), R::get(cx, i.src), u128::lanes::<W>());
    let base = cx.effective_address(i);
    for checking in [true, false] {
        for (number, value) in mask.as_ref().iter().enumerate() {
            for lane in (0..lanes).filter(|lane| value.lane::<W>(*lane).sign()) {
                let at = cx.wrap_address(i, base.wrapping_add((number * lanes + lane) as u64 * W::BYTES));
                if checking {
                    let addr = cx.checked(i.segment(), at, W::BYTES, Access::Write)?;
                    cx.require_writable(addr, W::BYTES, cx.class())?;
                } else {
                    cx.store(i.segment(), at, source.as_ref()[number].lane::<W>(lane))?;
                }
            }
        }
    }
    Ok(())
}

/// VPGATHERDD, VGATHERDPS and their kin: elements of memory by numbers of I bits in a register. What was read before a
/// fault stays, and its mask is cleared: the instruction goes on from there. SDM Vol.2C "VPGATHERDD/VPGATHERQD",
/// "VGATHERDPS/VGATHERQPS".
pub fn gather<R: Vectors, W: Width, I: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    let count = (16 * R::whole(0).as_ref().len()) / W::BYTES.max(I::BYTES) as usize;
    let numbers = cx.cpu.vector.ymm(i.index);
    let mask = cx.cpu.vector.ymm(i.vvvv());
    let mut left: [bool; 8] = std::array::from_fn(|number| number < count && lane_of::<W>(&mask, number).sign());
    let mut result = cx.cpu.vector.ymm(i.dst);
    for number in 0..count {
        if !left[number] {
            continue;
        }
        let scaled = (lane_of::<I>(&numbers, number).sign_extend() as u64) << (i.scale_segment & 3);
        let sum = cx.cpu.gpr[usize::from(i.base)].wrapping_add(scaled).wrapping_add(i64::from(i.disp) as u64);
        match cx.load::<W>(i.segment(), cx.wrap_address(i, sum)) {
            Ok(element) => {
                left[number] = false;
                let part = &mut result[number / u128::lanes::<W>()];
                *part = part.with_lane(number % u128::lanes::<W>(), element);
            }
            Err(fault) => {
                let ones = W::truncate(u64::MAX);
                let mask = ymm_of::<W>(|at| if left.get(at) == Some(&true) { ones } else { W::zero() });
                cx.cpu.vector.set_ymm(i.dst, result);
                cx.cpu.vector.set_ymm(i.vvvv(), mask);
                return Err(fault);
            }
        }
    }
    let done = ymm_of::<W>(|at| if at < count { lane_of(&result, at) } else { W::zero() });
    cx.cpu.vector.set_ymm(i.dst, done);
    cx.cpu.vector.set_ymm(i.vvvv(), [0; 2]);
    Ok(())
}
