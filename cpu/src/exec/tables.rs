//! tables

use crate::exception::Step;
use crate::exec::Exec;
use crate::insn::Insn;
use crate::site::Site;
use crate::width::Width;

/// sldt
pub fn sldt<W: Width>(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// str_register
pub fn str_register<W: Width>(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// lldt
pub fn lldt(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// ltr
pub fn ltr(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// sgdt
pub fn sgdt(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// sidt
pub fn sidt(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// lgdt
pub fn lgdt(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// lidt
pub fn lidt(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}
