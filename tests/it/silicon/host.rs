//! One instruction on the host's own processor: FXRSTOR, the instruction on a page of its own, FXSAVE. 64-bit code,
//! whose instructions without REX mean what they mean in 32-bit code, with pointers in RBX and RDI.
#![expect(unsafe_code, reason = "the oracle executes bytes on the host's processor")]

use std::arch::{global_asm, is_x86_feature_detected};

use ringwalk_cpu::model::Feature;

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
    padding: [u64; 6],
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
            padding: [0; 6],
            memory: [0; MEMORY_BYTES],
        };
        Host { page, frame: Box::new(frame) }
    }

    /// Executes one instruction from a state. The caller knows that it does not fault.
    pub(super) fn run(&mut self, code: &[u8], state: &State) -> State {
        let frame = &mut *self.frame;
        frame.image_in = state.image;
        frame.memory = state.memory;
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
        Feature::Sse3 => is_x86_feature_detected!("sse3"),
        Feature::Ssse3 => is_x86_feature_detected!("ssse3"),
        Feature::Sse41 => is_x86_feature_detected!("sse4.1"),
        Feature::Sse42 => is_x86_feature_detected!("sse4.2"),
        Feature::Popcnt => is_x86_feature_detected!("popcnt"),
        Feature::Aes => is_x86_feature_detected!("aes"),
        Feature::Pclmulqdq => is_x86_feature_detected!("pclmulqdq"),
        Feature::Sha => is_x86_feature_detected!("sha"),
        Feature::Movbe => is_x86_feature_detected!("movbe"),
        Feature::Adx => is_x86_feature_detected!("adx"),
        Feature::Abm => is_x86_feature_detected!("lzcnt"),
        Feature::Sse4a => is_x86_feature_detected!("sse4a"),
        Feature::Bmi1 => is_x86_feature_detected!("bmi1"),
        _ => false,
    }
}
