//! convert

use crate::exception::Step;
use crate::exec::Exec;
use crate::insn::Insn;
use crate::site::Site;
use crate::width::Width;

/// cbw
pub fn cbw<W: Width>(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// cwd
pub fn cwd<W: Width>(cx: &mut Exec<'_>, _i: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}
