//! One instruction on the host's own processor: FXRSTOR, the instruction on a page of its own, FXSAVE. 64-bit code,
//! whose instructions without REX mean what they mean in 32-bit code, with pointers in RBX and RDI.
#![expect(unsafe_code, reason = "the oracle executes bytes on the host's processor")]

use std::arch::{global_asm, is_x86_feature_detected};

use ringwalk_cpu::model::Feature;

use super::features::detected;
use super::state::{FREE_REGISTERS, MEMORY_BYTES, State};

/// What the routine below reads and writes; offsets are in its text.
#[repr(C, align(64))]
struct Frame {
    image_in: [u8; 512],
    image_out: [u8; 512],
    /// RAX RCX RDX RBX RSP RBP RSI RDI, R8 to R15.
    gpr: [u64; 16],
    flags: u64,
    code: u64,
    has_avx: u64,
    padding: [u64; 13],
    /// Upper halves of YMM registers, before and after.
    upper: [[u8; 16]; 16],
    memory: [u8; MEMORY_BYTES],
}

global_asm!(
    ".globl ringwalk_silicon_run",
    "ringwalk_silicon_run:",
    "push rbx",
    "push rbp",
    "push r12",
    "push r13",
    "push r14",
    "push r15",
    "mov r15, rdi",
    "fxrstor64 [r15]",
    // Upper halves only where the host has them.
    "cmp qword ptr [r15 + 1024 + 144], 0",
    "je 2f",
    "vinsertf128 ymm0, ymm0, [r15 + 1280 + 0], 1",
    "vinsertf128 ymm1, ymm1, [r15 + 1280 + 16], 1",
    "vinsertf128 ymm2, ymm2, [r15 + 1280 + 32], 1",
    "vinsertf128 ymm3, ymm3, [r15 + 1280 + 48], 1",
    "vinsertf128 ymm4, ymm4, [r15 + 1280 + 64], 1",
    "vinsertf128 ymm5, ymm5, [r15 + 1280 + 80], 1",
    "vinsertf128 ymm6, ymm6, [r15 + 1280 + 96], 1",
    "vinsertf128 ymm7, ymm7, [r15 + 1280 + 112], 1",
    "vinsertf128 ymm8, ymm8, [r15 + 1280 + 128], 1",
    "vinsertf128 ymm9, ymm9, [r15 + 1280 + 144], 1",
    "vinsertf128 ymm10, ymm10, [r15 + 1280 + 160], 1",
    "vinsertf128 ymm11, ymm11, [r15 + 1280 + 176], 1",
    "vinsertf128 ymm12, ymm12, [r15 + 1280 + 192], 1",
    "vinsertf128 ymm13, ymm13, [r15 + 1280 + 208], 1",
    "vinsertf128 ymm14, ymm14, [r15 + 1280 + 224], 1",
    "vinsertf128 ymm15, ymm15, [r15 + 1280 + 240], 1",
    "2:",
    "push qword ptr [r15 + 1024 + 128]",
    "popfq",
    "mov rax, [r15 + 1024]",
    "mov rcx, [r15 + 1024 + 8]",
    "mov rdx, [r15 + 1024 + 16]",
    "mov rbx, [r15 + 1024 + 24]",
    "mov rbp, [r15 + 1024 + 40]",
    "mov rsi, [r15 + 1024 + 48]",
    "mov rdi, [r15 + 1024 + 56]",
    "mov r8, [r15 + 1024 + 64]",
    "mov r9, [r15 + 1024 + 72]",
    "mov r10, [r15 + 1024 + 80]",
    "mov r13, [r15 + 1024 + 104]",
    "mov r14, [r15 + 1024 + 112]",
    "call qword ptr [r15 + 1024 + 136]",
    "mov [r15 + 1024], rax",
    "mov [r15 + 1024 + 8], rcx",
    "mov [r15 + 1024 + 16], rdx",
    "mov [r15 + 1024 + 40], rbp",
    "mov [r15 + 1024 + 48], rsi",
    "mov [r15 + 1024 + 64], r8",
    "mov [r15 + 1024 + 72], r9",
    "mov [r15 + 1024 + 80], r10",
    "mov [r15 + 1024 + 104], r13",
    "mov [r15 + 1024 + 112], r14",
    "pushfq",
    "pop qword ptr [r15 + 1024 + 128]",
    "fxsave64 [r15 + 512]",
    "cmp qword ptr [r15 + 1024 + 144], 0",
    "je 3f",
    "vextractf128 [r15 + 1280 + 0], ymm0, 1",
    "vextractf128 [r15 + 1280 + 16], ymm1, 1",
    "vextractf128 [r15 + 1280 + 32], ymm2, 1",
    "vextractf128 [r15 + 1280 + 48], ymm3, 1",
    "vextractf128 [r15 + 1280 + 64], ymm4, 1",
    "vextractf128 [r15 + 1280 + 80], ymm5, 1",
    "vextractf128 [r15 + 1280 + 96], ymm6, 1",
    "vextractf128 [r15 + 1280 + 112], ymm7, 1",
    "vextractf128 [r15 + 1280 + 128], ymm8, 1",
    "vextractf128 [r15 + 1280 + 144], ymm9, 1",
    "vextractf128 [r15 + 1280 + 160], ymm10, 1",
    "vextractf128 [r15 + 1280 + 176], ymm11, 1",
    "vextractf128 [r15 + 1280 + 192], ymm12, 1",
    "vextractf128 [r15 + 1280 + 208], ymm13, 1",
    "vextractf128 [r15 + 1280 + 224], ymm14, 1",
    "vextractf128 [r15 + 1280 + 240], ymm15, 1",
    "vzeroupper",
    "3:",
    "push 0x1F80",
    "ldmxcsr [rsp]",
    "add rsp, 8",
    "fninit",
    "cld",
    "pop r15",
    "pop r14",
    "pop r13",
    "pop r12",
    "pop rbp",
    "pop rbx",
    "ret",
);

unsafe extern "C" {
    fn ringwalk_silicon_run(frame: *mut Frame);
    fn mmap(addr: *mut u8, bytes: usize, protection: i32, flags: i32, file: i32, offset: i64) -> *mut u8;
    fn munmap(addr: *mut u8, bytes: usize) -> i32;
}

const PAGE: usize = 4096;

/// A page of code, and the frame.
pub(super) struct Host {
    page: *mut u8,
    frame: Box<Frame>,
}

impl Host {
    pub(super) fn new() -> Host {
        const READ_WRITE_EXECUTE: i32 = 7;
        const PRIVATE_ANONYMOUS: i32 = 0x22;
        // SAFETY: a new mapping that nothing else knows.
        let page = unsafe { mmap(std::ptr::null_mut(), PAGE, READ_WRITE_EXECUTE, PRIVATE_ANONYMOUS, -1, 0) };
        assert!(page as isize != -1, "the host gives a page that can be executed");
        let frame = Frame {
            image_in: [0; 512],
            image_out: [0; 512],
            gpr: [0; 16],
            flags: 0,
            code: page as u64,
            has_avx: is_x86_feature_detected!("avx").into(),
            padding: [0; 13],
            memory: [0; MEMORY_BYTES],
            upper: [[0; 16]; 16],
        };
        Host { page, frame: Box::new(frame) }
    }

    /// Executes one instruction from a state. The caller knows that it does not fault.
    pub(super) fn run(&mut self, code: &[u8], state: &State) -> State {
        let frame = &mut *self.frame;
        frame.image_in = state.image;
        frame.memory = state.memory;
        frame.upper = state.upper;
        frame.flags = state.flags.into();
        for register in FREE_REGISTERS {
            frame.gpr[register] = state.gpr[register];
        }
        frame.gpr[3] = frame.memory.as_ptr() as u64;
        frame.gpr[7] = frame.gpr[3];
        assert!(code.len() <= 15, "an instruction");
        // SAFETY: the page is ours and larger than an instruction and RET. The processor keeps code and data coherent.
        // The instruction reaches registers that the routine saves or the calling convention gives up, and `memory`.
        unsafe {
            std::ptr::copy_nonoverlapping(code.as_ptr(), self.page, code.len());
            self.page.add(code.len()).write(0xC3);
            ringwalk_silicon_run(frame);
        }
        let mut after = state.clone();
        after.image = frame.image_out;
        after.memory = frame.memory;
        if frame.has_avx != 0 {
            after.upper = frame.upper;
        }
        after.flags = frame.flags as u32;
        for register in FREE_REGISTERS {
            after.gpr[register] = frame.gpr[register];
        }
        after
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and nothing points to it any more.
        unsafe { munmap(self.page, PAGE) };
    }
}

/// True if the host's processor has a feature.
pub(super) fn has(feature: Feature) -> bool {
    match feature {
        Feature::Mmx | Feature::Sse | Feature::Sse2 => true,
        _ => detected(feature).unwrap_or(false),
    }
}
