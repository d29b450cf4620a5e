//! The host's side: one stub of machine code for each instruction form. A stub loads a state with FXRSTOR, runs the
//! instruction, and saves the state with FXSAVE.

use std::arch::global_asm;

use super::image::{Image, Operand};

/// Bytes from one stub to the next.
const STUB: usize = 64;
/// Stubs of an escape: eight forms on memory at RDI, then sixty-four on registers.
const FORMS: usize = 72;

// RDI operand, RSI state before, RDX state after, RCX flags before; RAX comes back. FNINIT leaves no error pending.
global_asm!(
    ".p2align 6",
    "ringwalk_x87_stubs:",
    ".set escape, 0xD8",
    ".rept 8",
    ".set form, 0",
    ".rept 72",
    ".p2align 6",
    "push rcx",
    "mov eax, 0x12345678",
    "popfq",
    "fxrstor64 [rsi]",
    ".byte escape",
    ".if form < 8",
    ".byte form * 8 + 7",
    ".else",
    ".byte form - 8 + 0xC0",
    ".endif",
    "fxsave64 [rdx]",
    "pushfq",
    "pop rcx",
    "mov [rdx + 512], rcx",
    "fninit",
    "ret",
    ".set form, form + 1",
    ".endr",
    ".set escape, escape + 1",
    ".endr",
);

unsafe extern "sysv64" {
    #[link_name = "ringwalk_x87_stubs"]
    static STUBS: u8;
}

/// Runs an escape with a ModRM byte: mod 3, or mod 0 with rm 7. What is undefined on the host kills this process.
pub(crate) fn execute(escape: u8, modrm: u8, before: &Image, operand: &mut Operand, after: &mut Image) -> u64 {
    let form = if modrm >= 0xC0 { usize::from(modrm) - 0xC0 + 8 } else { usize::from(modrm >> 3) };
    let index = usize::from(escape - 0xD8) * FORMS + form;
    type Stub = unsafe extern "sysv64" fn(*mut u8, *const u8, *mut u8, u64) -> u64;
    // SAFETY: the assembler made a stub of 64 bytes for each of the 8 * 72 forms; it takes the arguments of this type,
    // touches only what they point to (an operand has at most 108 bytes), and changes only registers that the
    // convention gives to the callee and the x87, which Rust does not use on this target. MXCSR is in the image.
    unsafe {
        let stub: Stub = std::mem::transmute((&raw const STUBS).add(index * STUB));
        stub(operand.0.as_mut_ptr(), before.bytes.as_ptr(), (&raw mut *after).cast(), before.flags)
    }
}
