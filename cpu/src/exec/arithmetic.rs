//! arithmetic

use crate::exception::Step;
use crate::exec::Exec;
use crate::insn::Insn;
use crate::site::Site;
use crate::width::Width;

/// cmpxchg
pub fn cmpxchg<W: Width>(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// xadd
pub fn xadd<W: Width>(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// add
pub fn add<W: Width>(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// adc
pub fn adc<W: Width>(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// sbb
pub fn sbb<W: Width>(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// sub
pub fn sub<W: Width>(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// cmp
pub fn cmp<W: Width>(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// neg
pub fn neg<W: Width>(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// inc
pub fn inc<W: Width>(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// dec
pub fn dec<W: Width>(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// cmpxchg8b
pub fn cmpxchg8b(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}
