//! Opcodes extended by the reg field of ModRM. SDM Vol.2D Table A-6 "Opcode Extensions for One- and Two-byte Opcodes
//! by Group Number".

use super::Operand::{Cl, Eb, Ev, Ew, Gv, Ib, Is, Iz, M, One};
use super::{Entry, b, n, row, v};
use crate::exec::{
    arithmetic, bit, control, control_registers, data, far, logic, monitor, muldiv, shift, stack, system, tables, xsave,
};
use crate::insn::Handler;
use crate::model::Feature::{
    Cx8, I186, I286, I486, Invpcid, Lm, Monitor, Pku, Rdpid, Rdrand, Rdseed, Rdtscp, Smap, Xsave, Xsavec, Xsaves,
};

use Entry::{ByMode, ByPrefix, ByRep, ByRm, UndefinedModRm};

pub(super) type GroupRows = [Entry; 8];

/// Rows of group 1 for one operand form.
macro_rules! group_1 {
    ($dst:ident, $src:ident, $sized:ident) => {
        [
            row("add", [$dst, $src], $sized!(arithmetic::add)).lock().at(),
            row("or", [$dst, $src], $sized!(logic::or)).lock().at(),
            row("adc", [$dst, $src], $sized!(arithmetic::adc)).lock().at(),
            row("sbb", [$dst, $src], $sized!(arithmetic::sbb)).lock().at(),
            row("and", [$dst, $src], $sized!(logic::and)).lock().at(),
            row("sub", [$dst, $src], $sized!(arithmetic::sub)).lock().at(),
            row("xor", [$dst, $src], $sized!(logic::xor)).lock().at(),
            row("cmp", [$dst, $src], $sized!(arithmetic::cmp)).at(),
        ]
    };
}
pub(super) static GROUP_1_EB: GroupRows = group_1!(Eb, Ib, b);
pub(super) static GROUP_1_EV_IZ: GroupRows = group_1!(Ev, Iz, v);
pub(super) static GROUP_1_EV_IS: GroupRows = group_1!(Ev, Is, v);

pub(super) static GROUP_1A: GroupRows = [
    row("pop", [Ev], v!(stack::pop)).d64().at(),
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
];

/// Rows of group 2 for one operand form and its oldest processor. SAL stands at both /4 and /6.
macro_rules! group_2 {
    ($dst:ident, $src:ident, $sized:ident, $since:expr) => {
        [
            row("rol", [$dst, $src], $sized!(shift::rol)).needs($since).at(),
            row("ror", [$dst, $src], $sized!(shift::ror)).needs($since).at(),
            row("rcl", [$dst, $src], $sized!(shift::rcl)).needs($since).at(),
            row("rcr", [$dst, $src], $sized!(shift::rcr)).needs($since).at(),
            row("shl", [$dst, $src], $sized!(shift::shl)).needs($since).at(),
            row("shr", [$dst, $src], $sized!(shift::shr)).needs($since).at(),
            row("sal", [$dst, $src], $sized!(shift::shl)).needs($since).at(),
            row("sar", [$dst, $src], $sized!(shift::sar)).needs($since).at(),
        ]
    };
}
pub(super) static GROUP_2_EB_IB: GroupRows = group_2!(Eb, Ib, b, I186);
pub(super) static GROUP_2_EV_IB: GroupRows = group_2!(Ev, Ib, v, I186);
pub(super) static GROUP_2_EB_1: GroupRows = group_2!(Eb, One, b, crate::model::Feature::I8086);
pub(super) static GROUP_2_EV_1: GroupRows = group_2!(Ev, One, v, crate::model::Feature::I8086);
pub(super) static GROUP_2_EB_CL: GroupRows = group_2!(Eb, Cl, b, crate::model::Feature::I8086);
pub(super) static GROUP_2_EV_CL: GroupRows = group_2!(Ev, Cl, v, crate::model::Feature::I8086);

/// Rows of group 3. TEST stands at both /0 and /1.
macro_rules! group_3 {
    ($dst:ident, $imm:ident, $sized:ident) => {
        [
            row("test", [$dst, $imm], $sized!(logic::test)).at(),
            row("test", [$dst, $imm], $sized!(logic::test)).at(),
            row("not", [$dst], $sized!(logic::not)).lock().at(),
            row("neg", [$dst], $sized!(arithmetic::neg)).lock().at(),
            row("mul", [$dst], $sized!(muldiv::mul)).at(),
            row("imul", [$dst], $sized!(muldiv::imul)).at(),
            row("div", [$dst], $sized!(muldiv::div)).at(),
            row("idiv", [$dst], $sized!(muldiv::idiv)).at(),
        ]
    };
}
pub(super) static GROUP_3_EB: GroupRows = group_3!(Eb, Ib, b);
pub(super) static GROUP_3_EV: GroupRows = group_3!(Ev, Iz, v);

pub(super) static GROUP_4: GroupRows = [
    row("inc", [Eb], b!(arithmetic::inc)).lock().at(),
    row("dec", [Eb], b!(arithmetic::dec)).lock().at(),
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
];

pub(super) static GROUP_5: GroupRows = [
    row("inc", [Ev], v!(arithmetic::inc)).lock().at(),
    row("dec", [Ev], v!(arithmetic::dec)).lock().at(),
    row("call", [Ev], v!(control::call_indirect)).ends().f64().at(),
    row("call", [M], n!(far::call_memory)).ends().at(),
    row("jmp", [Ev], v!(control::jmp_indirect)).ends().f64().at(),
    row("jmp", [M], n!(far::jmp_memory)).ends().at(),
    row("push", [Ev], v!(stack::push)).d64().at(),
    UndefinedModRm,
];

pub(super) static GROUP_6: GroupRows = [
    row("sldt", [Ev], v!(tables::sldt)).needs(I286).at(),
    row("str", [Ev], v!(tables::str_register)).needs(I286).at(),
    row("lldt", [Ew], n!(tables::lldt)).ends().needs(I286).at(),
    row("ltr", [Ew], n!(tables::ltr)).ends().needs(I286).at(),
    row("verr", [Ew], n!(crate::exec::segments::verr)).needs(I286).at(),
    row("verw", [Ew], n!(crate::exec::segments::verw)).needs(I286).at(),
    UndefinedModRm,
    UndefinedModRm,
];

pub(super) static GROUP_7: GroupRows = [
    row("sgdt", [M], n!(tables::sgdt)).needs(I286).at(),
    ByMode(const { &[row("sidt", [M], n!(tables::sidt)).needs(I286).at(), ByRm(&GROUP_7_1)] }),
    ByMode(const { &[row("lgdt", [M], n!(tables::lgdt)).ends().needs(I286).at(), ByRm(&GROUP_7_2)] }),
    row("lidt", [M], n!(tables::lidt)).ends().needs(I286).at(),
    row("smsw", [Ev], v!(control_registers::smsw)).needs(I286).at(),
    ByMode(const { &[UndefinedModRm, ByRm(&GROUP_7_5)] }),
    row("lmsw", [Ew], n!(control_registers::lmsw)).ends().needs(I286).at(),
    ByMode(const { &[row("invlpg", [M], n!(system::invlpg)).ends().needs(I486).at(), ByRm(&GROUP_7_7)] }),
];

/// Group 7, /1 with a register: 0F 01 C8 to CF.
static GROUP_7_1: GroupRows = [
    row("monitor", [], n!(monitor::monitor)).needs(Monitor).no_prefix().at(),
    row("mwait", [], n!(monitor::mwait)).ends().needs(Monitor).no_prefix().at(),
    row("clac", [], n!(system::clac)).ends().needs(Smap).no_prefix().at(),
    row("stac", [], n!(system::stac)).ends().needs(Smap).no_prefix().at(),
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
];

/// Group 7, /2 with a register: 0F 01 D0 to D7.
static GROUP_7_2: GroupRows = [
    row("xgetbv", [], n!(xsave::xgetbv)).needs(Xsave).no_prefix().at(),
    row("xsetbv", [], n!(xsave::xsetbv)).ends().needs(Xsave).no_prefix().at(),
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
];

/// Group 7, /5 with a register: 0F 01 E8 to EF.
static GROUP_7_5: GroupRows = [
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    row("rdpkru", [], n!(system::rdpkru)).needs(Pku).no_prefix().at(),
    row("wrpkru", [], n!(system::wrpkru)).ends().needs(Pku).no_prefix().at(),
];

/// Group 7, /7 with a register: 0F 01 F8 to FF.
static GROUP_7_7: GroupRows = [
    row("swapgs", [], n!(system::swapgs)).o64().needs(Lm).at(),
    row("rdtscp", [], n!(system::rdtscp)).needs(Rdtscp).at(),
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
];

/// 66 0F 38 82.
pub(super) static INVPCID: Entry = ByPrefix(
    const {
        &[
            Entry::Undefined,
            row("invpcid", [Gv, M], n!(system::invpcid)).ends().needs(Invpcid).at(),
            Entry::Undefined,
            Entry::Undefined,
        ]
    },
);

pub(super) static GROUP_8: GroupRows = [
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    row("bt", [Ev, Ib], v!(bit::bt_immediate)).at(),
    row("bts", [Ev, Ib], v!(bit::bts_immediate)).lock().at(),
    row("btr", [Ev, Ib], v!(bit::btr_immediate)).lock().at(),
    row("btc", [Ev, Ib], v!(bit::btc_immediate)).lock().at(),
];

pub(super) static GROUP_9: GroupRows = [
    UndefinedModRm,
    row("cmpxchg8b", [M], CMPXCHG_BY_SIZE).lock().needs(Cx8).at(),
    UndefinedModRm,
    row("xrstors", [M], n!(xsave::xrstors)).needs(Xsaves).no_prefix().at(),
    row("xsavec", [M], n!(xsave::xsavec)).needs(Xsavec).no_prefix().at(),
    row("xsaves", [M], n!(xsave::xsaves)).needs(Xsaves).no_prefix().at(),
    ByMode(
        const {
            &[
                UndefinedModRm,
                ByRep(
                    const { &[row("rdrand", [Ev], v!(system::random)).needs(Rdrand).at(), UndefinedModRm, UndefinedModRm] },
                ),
            ]
        },
    ),
    ByMode(
        const {
            &[
                UndefinedModRm,
                ByRep(
                    const {
                        &[
                            row("rdseed", [Ev], v!(system::random)).needs(Rdseed).at(),
                            row("rdpid", [Ev], n!(system::rdpid)).needs(Rdpid).at(),
                            UndefinedModRm,
                        ]
                    },
                ),
            ]
        },
    ),
];

/// CMPXCHG8B, and CMPXCHG16B with REX.W.
const CMPXCHG_BY_SIZE: [Handler; 3] = [arithmetic::cmpxchg8b, arithmetic::cmpxchg8b, arithmetic::cmpxchg16b];

/// Rows of group 11: MOV at /0 only.
macro_rules! group_11 {
    ($dst:ident, $src:ident, $sized:ident) => {
        [
            row("mov", [$dst, $src], $sized!(data::mov)).at(),
            UndefinedModRm,
            UndefinedModRm,
            UndefinedModRm,
            UndefinedModRm,
            UndefinedModRm,
            UndefinedModRm,
            UndefinedModRm,
        ]
    };
}
pub(super) static GROUP_11_EB: GroupRows = group_11!(Eb, Ib, b);
pub(super) static GROUP_11_EV: GroupRows = group_11!(Ev, Iz, v);
