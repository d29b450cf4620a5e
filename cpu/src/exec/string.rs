//! string

use crate::exception::Step;
use crate::exec::Exec;
use crate::insn::Insn;
use crate::site::Site;
use crate::width::Width;

/// movs
pub fn movs<W: Width>(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// cmps
pub fn cmps<W: Width>(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// stos
pub fn stos<W: Width>(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// lods
pub fn lods<W: Width>(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// scas
pub fn scas<W: Width>(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}
