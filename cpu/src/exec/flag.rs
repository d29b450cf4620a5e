//! flag

use crate::exception::Step;
use crate::exec::Exec;
use crate::insn::Insn;
use crate::site::Site;

/// sahf
pub fn sahf(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// lahf
pub fn lahf(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// salc
pub fn salc(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// cmc
pub fn cmc(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// clc
pub fn clc(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// stc
pub fn stc(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// cld
pub fn cld(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// std
pub fn std(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}
