//! The escape opcodes D8h to DFh. SDM Vol.2D A.5 "Escape Opcode Instructions", Tables.
//!
//! Register forms that Intel's tables leave empty but that every processor since the 287 executes as their neighbours
//! do (FCOM2, FCOMP3, FCOMP5, FXCH4, FXCH7, FSTP1, FSTP8, FSTP9, FFREEP) are there: AMD APM Vol.3 Table A-15.

use super::Operand::{Acc, M, Md, Mq, Mt, Mw, St};
use super::groups::GroupRows;
use super::{Entry, row};
use crate::exec::x87::arithmetic::{self, Add, Div, DivReverse, Mul, Sub, SubReverse};
use crate::exec::x87::memory::{Dword, Qword, Word};
use crate::exec::x87::{
    bcd, compare, control, environment, non_waiting, partial, reserved, stack, transcendental, transfer, waiting, words,
};
use crate::float::{F32, F64};
use crate::insn::Handler;
use crate::model::Feature::{Cmov, Sse3};

use Entry::{ByMode, ByRm};

/// Memory and register form of a reg field: `modes!(A, B)` is `ByMode(&[A, B])`.
macro_rules! modes {
    ($memory:expr, $register:expr) => {
        ByMode(const { &[$memory, $register] })
    };
}

/// Register forms by the rm field.
macro_rules! by_rm {
    ($($entry:expr),*) => {
        ByRm(const { &[$($entry),*] })
    };
}

/// An instruction with its handler behind what it must wait for: `x!("fadd", [M], waiting, add)` is the row of
/// `|cx, i| waiting(cx, i, add)`.
macro_rules! x {
    ($name:literal, [$($operand:ident)?], $how:ident, $handler:expr) => {{
        const HANDLER: Handler = |cx, i| $how(cx, i, $handler);
        row($name, [$($operand)?], [HANDLER; 3])
    }};
}

/// A waiting instruction on memory.
macro_rules! m {
    ($name:literal, $size:ident, $handler:expr) => {
        x!($name, [$size], waiting, $handler).at()
    };
}

/// A waiting instruction on ST(i).
macro_rules! s {
    ($name:literal, $handler:expr) => {
        x!($name, [St], waiting, $handler).at()
    };
}

/// A waiting instruction that names no operand.
macro_rules! t {
    ($name:literal, $handler:expr) => {
        x!($name, [], waiting, $handler).at()
    };
}

/// Nothing stands here: #NM by CR0, #UD otherwise.
macro_rules! nothing {
    () => {
        row("x87", [], [reserved; 3]).at()
    };
}

/// D8: single precision, ST(0) with ST(i).
pub(super) static D8: GroupRows = [
    /* /0 */ modes!(m!("fadd", Md, arithmetic::memory::<Add, F32>), s!("fadd", arithmetic::to_top::<Add>)),
    /* /1 */ modes!(m!("fmul", Md, arithmetic::memory::<Mul, F32>), s!("fmul", arithmetic::to_top::<Mul>)),
    /* /2 */ modes!(m!("fcom", Md, compare::fcom_memory::<F32>), s!("fcom", compare::fcom)),
    /* /3 */ modes!(m!("fcomp", Md, compare::fcomp_memory::<F32>), s!("fcomp", compare::fcomp)),
    /* /4 */ modes!(m!("fsub", Md, arithmetic::memory::<Sub, F32>), s!("fsub", arithmetic::to_top::<Sub>)),
    /* /5 */
    modes!(m!("fsubr", Md, arithmetic::memory::<SubReverse, F32>), s!("fsubr", arithmetic::to_top::<SubReverse>)),
    /* /6 */ modes!(m!("fdiv", Md, arithmetic::memory::<Div, F32>), s!("fdiv", arithmetic::to_top::<Div>)),
    /* /7 */
    modes!(m!("fdivr", Md, arithmetic::memory::<DivReverse, F32>), s!("fdivr", arithmetic::to_top::<DivReverse>)),
];

/// D9: loads and stores of single precision, control, and everything on ST(0) and ST(1).
pub(super) static D9: GroupRows = [
    /* /0 */ modes!(m!("fld", Md, transfer::fld::<F32>), s!("fld", transfer::fld_register)),
    /* /1 */ modes!(nothing!(), s!("fxch", stack::fxch)),
    /* /2 */
    modes!(
        m!("fst", Md, transfer::fst_single),
        by_rm!(
            t!("fnop", stack::fnop),
            nothing!(),
            nothing!(),
            nothing!(),
            nothing!(),
            nothing!(),
            nothing!(),
            nothing!()
        )
    ),
    /* /3 */ modes!(m!("fstp", Md, transfer::fstp_single), s!("fstp1", transfer::fstp1)),
    /* /4 */
    modes!(
        x!("fldenv", [M], control, environment::fldenv).at(),
        by_rm!(
            t!("fchs", arithmetic::fchs),
            t!("fabs", arithmetic::fabs),
            nothing!(),
            nothing!(),
            t!("ftst", compare::ftst),
            t!("fxam", compare::fxam),
            nothing!(),
            nothing!()
        )
    ),
    /* /5 */
    modes!(
        x!("fldcw", [Mw], control, words::fldcw).at(),
        by_rm!(
            t!("fld1", stack::fld1),
            t!("fldl2t", stack::fldl2t),
            t!("fldl2e", stack::fldl2e),
            t!("fldpi", stack::fldpi),
            t!("fldlg2", stack::fldlg2),
            t!("fldln2", stack::fldln2),
            t!("fldz", stack::fldz),
            nothing!()
        )
    ),
    /* /6 */
    modes!(
        x!("fnstenv", [M], non_waiting, environment::fnstenv).at(),
        by_rm!(
            t!("f2xm1", transcendental::f2xm1),
            t!("fyl2x", transcendental::fyl2x),
            t!("fptan", transcendental::fptan),
            t!("fpatan", transcendental::fpatan),
            t!("fxtract", partial::fxtract),
            t!("fprem1", partial::fprem1),
            t!("fdecstp", stack::fdecstp),
            t!("fincstp", stack::fincstp)
        )
    ),
    /* /7 */
    modes!(
        x!("fnstcw", [Mw], non_waiting, words::fnstcw).at(),
        by_rm!(
            t!("fprem", partial::fprem),
            t!("fyl2xp1", transcendental::fyl2xp1),
            t!("fsqrt", arithmetic::fsqrt),
            t!("fsincos", transcendental::fsincos),
            t!("frndint", arithmetic::frndint),
            t!("fscale", partial::fscale),
            t!("fsin", transcendental::fsin),
            t!("fcos", transcendental::fcos)
        )
    ),
];

/// DA: doubleword integers, FCMOVcc.
pub(super) static DA: GroupRows = [
    /* /0 */
    modes!(
        m!("fiadd", Md, arithmetic::memory::<Add, Dword>),
        x!("fcmovb", [St], waiting, stack::fcmovb).needs(Cmov).at()
    ),
    /* /1 */
    modes!(
        m!("fimul", Md, arithmetic::memory::<Mul, Dword>),
        x!("fcmove", [St], waiting, stack::fcmove).needs(Cmov).at()
    ),
    /* /2 */
    modes!(
        m!("ficom", Md, compare::fcom_memory::<Dword>),
        x!("fcmovbe", [St], waiting, stack::fcmovbe).needs(Cmov).at()
    ),
    /* /3 */
    modes!(
        m!("ficomp", Md, compare::fcomp_memory::<Dword>),
        x!("fcmovu", [St], waiting, stack::fcmovu).needs(Cmov).at()
    ),
    /* /4 */ modes!(m!("fisub", Md, arithmetic::memory::<Sub, Dword>), nothing!()),
    /* /5 */
    modes!(
        m!("fisubr", Md, arithmetic::memory::<SubReverse, Dword>),
        by_rm!(
            nothing!(),
            t!("fucompp", compare::fucompp),
            nothing!(),
            nothing!(),
            nothing!(),
            nothing!(),
            nothing!(),
            nothing!()
        )
    ),
    /* /6 */ modes!(m!("fidiv", Md, arithmetic::memory::<Div, Dword>), nothing!()),
    /* /7 */ modes!(m!("fidivr", Md, arithmetic::memory::<DivReverse, Dword>), nothing!()),
];

/// DB: doubleword integers, extended precision, FCMOVNcc, FCOMI, control.
pub(super) static DB: GroupRows = [
    /* /0 */
    modes!(m!("fild", Md, transfer::fild::<Dword>), x!("fcmovnb", [St], waiting, stack::fcmovnb).needs(Cmov).at()),
    /* /1 */
    modes!(
        x!("fisttp", [Md], waiting, transfer::fisttp_dword).needs(Sse3).at(),
        x!("fcmovne", [St], waiting, stack::fcmovne).needs(Cmov).at()
    ),
    /* /2 */
    modes!(m!("fist", Md, transfer::fist_dword), x!("fcmovnbe", [St], waiting, stack::fcmovnbe).needs(Cmov).at()),
    /* /3 */
    modes!(m!("fistp", Md, transfer::fistp_dword), x!("fcmovnu", [St], waiting, stack::fcmovnu).needs(Cmov).at()),
    /* /4 */
    modes!(
        nothing!(),
        by_rm!(
            x!("fneni", [], non_waiting, words::ignored).at(),
            x!("fndisi", [], non_waiting, words::ignored).at(),
            x!("fnclex", [], non_waiting, words::fnclex).at(),
            x!("fninit", [], non_waiting, words::fninit).at(),
            x!("fnsetpm", [], non_waiting, words::ignored).at(),
            nothing!(),
            nothing!(),
            nothing!()
        )
    ),
    /* /5 */
    modes!(m!("fld", Mt, transfer::fld_extended), x!("fucomi", [St], waiting, compare::fucomi).needs(Cmov).at()),
    /* /6 */ modes!(nothing!(), x!("fcomi", [St], waiting, compare::fcomi).needs(Cmov).at()),
    /* /7 */ modes!(m!("fstp", Mt, transfer::fstp_extended), nothing!()),
];

/// DC: double precision, ST(i) with ST(0).
pub(super) static DC: GroupRows = [
    /* /0 */ modes!(m!("fadd", Mq, arithmetic::memory::<Add, F64>), s!("fadd", arithmetic::from_top::<Add>)),
    /* /1 */ modes!(m!("fmul", Mq, arithmetic::memory::<Mul, F64>), s!("fmul", arithmetic::from_top::<Mul>)),
    /* /2 */ modes!(m!("fcom", Mq, compare::fcom_memory::<F64>), s!("fcom2", compare::fcom)),
    /* /3 */ modes!(m!("fcomp", Mq, compare::fcomp_memory::<F64>), s!("fcomp3", compare::fcomp)),
    /* /4 */
    modes!(m!("fsub", Mq, arithmetic::memory::<Sub, F64>), s!("fsubr", arithmetic::from_top::<SubReverse>)),
    /* /5 */
    modes!(m!("fsubr", Mq, arithmetic::memory::<SubReverse, F64>), s!("fsub", arithmetic::from_top::<Sub>)),
    /* /6 */
    modes!(m!("fdiv", Mq, arithmetic::memory::<Div, F64>), s!("fdivr", arithmetic::from_top::<DivReverse>)),
    /* /7 */
    modes!(m!("fdivr", Mq, arithmetic::memory::<DivReverse, F64>), s!("fdiv", arithmetic::from_top::<Div>)),
];

/// DD: loads and stores of double precision, the whole state.
pub(super) static DD: GroupRows = [
    /* /0 */ modes!(m!("fld", Mq, transfer::fld::<F64>), s!("ffree", stack::ffree)),
    /* /1 */
    modes!(x!("fisttp", [Mq], waiting, transfer::fisttp_qword).needs(Sse3).at(), s!("fxch4", stack::fxch)),
    /* /2 */ modes!(m!("fst", Mq, transfer::fst_double), s!("fst", transfer::fst_register)),
    /* /3 */ modes!(m!("fstp", Mq, transfer::fstp_double), s!("fstp", transfer::fstp_register)),
    /* /4 */ modes!(x!("frstor", [M], control, environment::frstor).at(), s!("fucom", compare::fucom)),
    /* /5 */ modes!(nothing!(), s!("fucomp", compare::fucomp)),
    /* /6 */ modes!(x!("fnsave", [M], non_waiting, environment::fnsave).at(), nothing!()),
    /* /7 */ modes!(x!("fnstsw", [Mw], non_waiting, words::fnstsw).at(), nothing!()),
];

/// DE: word integers, ST(i) with ST(0) and pop.
pub(super) static DE: GroupRows = [
    /* /0 */
    modes!(m!("fiadd", Mw, arithmetic::memory::<Add, Word>), s!("faddp", arithmetic::from_top_and_pop::<Add>)),
    /* /1 */
    modes!(m!("fimul", Mw, arithmetic::memory::<Mul, Word>), s!("fmulp", arithmetic::from_top_and_pop::<Mul>)),
    /* /2 */ modes!(m!("ficom", Mw, compare::fcom_memory::<Word>), s!("fcomp5", compare::fcomp)),
    /* /3 */
    modes!(
        m!("ficomp", Mw, compare::fcomp_memory::<Word>),
        by_rm!(
            nothing!(),
            t!("fcompp", compare::fcompp),
            nothing!(),
            nothing!(),
            nothing!(),
            nothing!(),
            nothing!(),
            nothing!()
        )
    ),
    /* /4 */
    modes!(m!("fisub", Mw, arithmetic::memory::<Sub, Word>), s!("fsubrp", arithmetic::from_top_and_pop::<SubReverse>)),
    /* /5 */
    modes!(m!("fisubr", Mw, arithmetic::memory::<SubReverse, Word>), s!("fsubp", arithmetic::from_top_and_pop::<Sub>)),
    /* /6 */
    modes!(m!("fidiv", Mw, arithmetic::memory::<Div, Word>), s!("fdivrp", arithmetic::from_top_and_pop::<DivReverse>)),
    /* /7 */
    modes!(m!("fidivr", Mw, arithmetic::memory::<DivReverse, Word>), s!("fdivp", arithmetic::from_top_and_pop::<Div>)),
];

/// DF: word and quadword integers, packed decimals, FCOMIP.
pub(super) static DF: GroupRows = [
    /* /0 */ modes!(m!("fild", Mw, transfer::fild::<Word>), s!("ffreep", stack::ffreep)),
    /* /1 */
    modes!(x!("fisttp", [Mw], waiting, transfer::fisttp_word).needs(Sse3).at(), s!("fxch7", stack::fxch)),
    /* /2 */ modes!(m!("fist", Mw, transfer::fist_word), s!("fstp8", transfer::fstp_register)),
    /* /3 */ modes!(m!("fistp", Mw, transfer::fistp_word), s!("fstp9", transfer::fstp_register)),
    /* /4 */
    modes!(
        m!("fbld", Mt, bcd::fbld),
        by_rm!(
            x!("fnstsw", [Acc], non_waiting, words::fnstsw_ax).at(),
            nothing!(),
            nothing!(),
            nothing!(),
            nothing!(),
            nothing!(),
            nothing!(),
            nothing!()
        )
    ),
    /* /5 */
    modes!(m!("fild", Mq, transfer::fild::<Qword>), x!("fucomip", [St], waiting, compare::fucomip).needs(Cmov).at()),
    /* /6 */ modes!(m!("fbstp", Mt, bcd::fbstp), x!("fcomip", [St], waiting, compare::fcomip).needs(Cmov).at()),
    /* /7 */ modes!(m!("fistp", Mq, transfer::fistp_qword), nothing!()),
];
