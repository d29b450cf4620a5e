//! Code on the host's own processor. Beside the arena lies a page with a routine that loads a whole state and jumps to
//! code of 64 or 32 bits, and where code jumps to when it is done, which keeps a whole state: no register is needed for
//! that, since all addresses are fixed. A fault or trap is a signal; its handler keeps the state that the kernel saved and
//! goes home by way of the same routine.
#![expect(unsafe_code, reason = "the oracle executes bytes on the host's processor")]

use std::arch::global_asm;
use std::sync::atomic::{AtomicU64, Ordering, compiler_fence};

use super::arena::{ARENA, CODE, DONE, GS_BASE, Image, PAGE, PAGES, Page, READ_ONLY, THERE, WRITABLE};
use super::state::{End, Outcome, State, XSTATE_BYTES, XState};

/// Where the routine keeps its data.
const FRAME: u64 = DONE + PAGE;

/// What the routine reads and writes; offsets are in its text.
#[repr(C, align(4096))]
struct Frame {
    x_in: [u8; 1024],
    x_out: [u8; 1024],
    /// 800h.
    gpr_in: [u64; 16],
    flags_in: u64,
    /// 888h: where to jump, and the selector of its code.
    target: u32,
    selector: u32,
    /// 890h.
    home: u64,
    done: u64,
    padding: [u64; 4],
    /// 8C0h.
    gpr_out: [u64; 16],
    /// 940h.
    flags_out: u64,
    rip_out: u64,
    vector: u64,
    code: u64,
    address: u64,
}

global_asm!(
    ".globl ringwalk_oracle_start",
    ".globl ringwalk_oracle_home",
    ".globl ringwalk_oracle_enter",
    ".globl ringwalk_oracle_end",
    ".globl ringwalk_oracle_signal",
    ".p2align 6",
    "ringwalk_oracle_start:",
    // Done: the first byte of the page.
    "mov [{frame} + 0x8C0], rax",
    "mov [{frame} + 0x8C8], rcx",
    "mov [{frame} + 0x8D0], rdx",
    "mov [{frame} + 0x8D8], rbx",
    "mov [{frame} + 0x8E0], rsp",
    "mov [{frame} + 0x8E8], rbp",
    "mov [{frame} + 0x8F0], rsi",
    "mov [{frame} + 0x8F8], rdi",
    "mov [{frame} + 0x900], r8",
    "mov [{frame} + 0x908], r9",
    "mov [{frame} + 0x910], r10",
    "mov [{frame} + 0x918], r11",
    "mov [{frame} + 0x920], r12",
    "mov [{frame} + 0x928], r13",
    "mov [{frame} + 0x930], r14",
    "mov [{frame} + 0x938], r15",
    "mov rsp, [{frame} + 0x890]",
    "pushfq",
    "pop qword ptr [{frame} + 0x940]",
    "mov eax, 7",
    "xor edx, edx",
    "xsave64 [{frame} + 0x400]",
    "mov qword ptr [{frame} + 0x898], 1",
    "ringwalk_oracle_home:",
    "mov rsp, [{frame} + 0x890]",
    "push 0x202",
    "popfq",
    "fninit",
    "push 0x1F80",
    "ldmxcsr [rsp]",
    "add rsp, 8",
    "vzeroupper",
    "pop r15",
    "pop r14",
    "pop r13",
    "pop r12",
    "pop rbp",
    "pop rbx",
    "ret",
    "ringwalk_oracle_enter:",
    "push rbx",
    "push rbp",
    "push r12",
    "push r13",
    "push r14",
    "push r15",
    "mov [{frame} + 0x890], rsp",
    "mov eax, 7",
    "xor edx, edx",
    "xrstor64 [{frame}]",
    "push qword ptr [{frame} + 0x880]",
    "popfq",
    "mov rax, [{frame} + 0x800]",
    "mov rcx, [{frame} + 0x808]",
    "mov rdx, [{frame} + 0x810]",
    "mov rbx, [{frame} + 0x818]",
    "mov rsp, [{frame} + 0x820]",
    "mov rbp, [{frame} + 0x828]",
    "mov rsi, [{frame} + 0x830]",
    "mov rdi, [{frame} + 0x838]",
    "mov r8, [{frame} + 0x840]",
    "mov r9, [{frame} + 0x848]",
    "mov r10, [{frame} + 0x850]",
    "mov r11, [{frame} + 0x858]",
    "mov r12, [{frame} + 0x860]",
    "mov r13, [{frame} + 0x868]",
    "mov r14, [{frame} + 0x870]",
    "mov r15, [{frame} + 0x878]",
    // A far jump through a pointer of 16:32 bits.
    ".byte 0xFF, 0x2C, 0x25",
    ".long {frame} + 0x888",
    "ringwalk_oracle_end:",
    // The handler's first steps: whatever AC was, the handler itself is not aligned.
    "ringwalk_oracle_signal:",
    "pushfq",
    "and qword ptr [rsp], -0x40001",
    "popfq",
    "jmp {handler}",
    frame = const FRAME,
    handler = sym handler,
);

unsafe extern "C" {
    #[link_name = "ringwalk_oracle_start"]
    static START: u8;
    #[link_name = "ringwalk_oracle_home"]
    static HOME: u8;
    #[link_name = "ringwalk_oracle_enter"]
    static ENTER: u8;
    #[link_name = "ringwalk_oracle_end"]
    static TEXT_END: u8;
    #[link_name = "ringwalk_oracle_signal"]
    fn signal_entry(signal: i32, info: *mut u8, context: *mut u64);

    fn sigaction(signal: i32, new: *const SigAction, old: *mut SigAction) -> i32;
    fn sigaltstack(new: *const SigStack, old: *mut SigStack) -> i32;
    fn mmap(addr: *mut u8, bytes: usize, protection: i32, flags: i32, file: i32, offset: i64) -> *mut u8;
    fn munmap(addr: *mut u8, bytes: usize) -> i32;
    fn mprotect(addr: *mut u8, bytes: usize, protection: i32) -> i32;
    fn setitimer(which: i32, new: *const [i64; 4], old: *mut [i64; 4]) -> i32;
    fn syscall(number: i64, first: i64, second: u64) -> i64;
}

/// The general registers of the kernel's signal context, `gregs` of `<sys/ucontext.h>`, and the pointer behind them.
type Context = [u64; 24];
/// Where `gregs` has registers by their numbers.
const GPR: [usize; 16] = [13, 14, 12, 11, 15, 10, 9, 8, 0, 1, 2, 3, 4, 5, 6, 7];
const RIP: usize = 16;
const FLAGS: usize = 17;
/// CS, GS, FS, SS of 16 bits each.
const SELECTORS: usize = 18;
const ERROR: usize = 19;
const VECTOR: usize = 20;
const CR2: usize = 22;
const FPSTATE: usize = 23;
/// `gregs` in `ucontext_t`, in quadwords.
const GREGS_AT: usize = 5;

/// Selectors of user code and data under Linux.
const CODE_64: u64 = 0x33;
const CODE_32: u64 = 0x23;
const DATA: u64 = 0x2B;

/// SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV; SIGALRM finds code that does not end.
const SIGNALS: [i32; 6] = [4, 5, 7, 8, 11, SIGALRM];
const SIGALRM: i32 = 14;
const SA_SIGINFO: i32 = 4;
const SA_ONSTACK: i32 = 0x0800_0000;
const SA_RESTART: i32 = 0x1000_0000;

const READ: i32 = 1;
const READ_WRITE: i32 = 3;
const ALL: i32 = 7;

#[repr(C)]
struct SigAction {
    handler: unsafe extern "C" fn(i32, *mut u8, *mut u64),
    mask: [u64; 16],
    flags: i32,
    restorer: usize,
}

#[repr(C)]
struct SigStack {
    start: *mut u8,
    flags: i32,
    bytes: usize,
}

/// Number of the run that is on its way, or 0.
static RUNNING: AtomicU64 = AtomicU64::new(0);
/// The run that the last SIGALRM met.
static LATE: AtomicU64 = AtomicU64::new(0);

/// In place of a vector: SIGALRM.
const ENDLESS: u64 = 0x100;

extern "C" fn handler(signal: i32, _: *mut u8, context: *mut u64) {
    let running = RUNNING.load(Ordering::Relaxed);
    if running == 0 && signal != SIGALRM {
        std::process::abort();
    }
    // SAFETY: the kernel gives a `ucontext_t` with an image of XSAVE behind its last pointer, and the frame is ours.
    unsafe {
        let gregs = &mut *context.add(GREGS_AT).cast::<Context>();
        let frame = &mut *(FRAME as *mut Frame);
        let in_arena = gregs[RIP].wrapping_sub(ARENA) < PAGES as u64 * PAGE;
        if signal == SIGALRM && !(in_arena && LATE.swap(running, Ordering::Relaxed) == running) {
            return;
        }
        frame.gpr_out = GPR.map(|place| gregs[place]);
        frame.rip_out = gregs[RIP];
        frame.flags_out = gregs[FLAGS];
        frame.vector = if signal == SIGALRM { ENDLESS } else { gregs[VECTOR] };
        frame.code = gregs[ERROR];
        frame.address = gregs[CR2];
        std::ptr::copy_nonoverlapping(gregs[FPSTATE] as *const u8, frame.x_out.as_mut_ptr(), XSTATE_BYTES);
        let home = (&raw const HOME).offset_from(&raw const START);
        gregs[RIP] = DONE.wrapping_add_signed(home as i64);
        gregs[FLAGS] = 0x202;
        gregs[SELECTORS] = CODE_64 | DATA << 48;
    }
}

/// The arena and the routine, mapped. There can be only one at a time.
pub(crate) struct Host {
    frame: *mut Frame,
    runs: u64,
}

static ONLY: std::sync::Mutex<()> = std::sync::Mutex::new(());

impl Host {
    /// Runs with the host's processor; nobody else has it meanwhile.
    pub(crate) fn with<R>(act: impl FnOnce(&mut Host) -> R) -> R {
        let _one = ONLY.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        act(&mut Host::new())
    }

    fn new() -> Host {
        // SAFETY: `map` refuses what is in use. The blob is position-independent but for the frame's address.
        let frame = unsafe {
            map(ARENA, THERE.len() as u64 + 1, READ_WRITE);
            for page in THERE {
                ((ARENA + page as u64 * PAGE) as *mut u8).write(0);
            }
            mprotect((READ_ONLY + PAGE) as *mut u8, PAGE as usize, 0);
            mprotect(CODE as *mut u8, PAGE as usize, ALL);
            map(DONE, 1 + size_of::<Frame>() as u64 / PAGE, ALL);
            let bytes = (&raw const TEXT_END).offset_from(&raw const START);
            std::ptr::copy_nonoverlapping(&raw const START, DONE as *mut u8, bytes as usize);
            FRAME as *mut Frame
        };
        install_handlers();
        // SAFETY: ARCH_SET_GS of arch_prctl: nobody uses GS on this system. 32-bit code needs selectors in DS and ES,
        // which 64-bit code does not look at.
        unsafe {
            assert_eq!(syscall(158, 0x1001, GS_BASE), 0);
            std::arch::asm!("mov ds, {0:e}", "mov es, {0:e}", in(reg) DATA as u32);
        }
        Host { frame, runs: 0 }
    }

    /// Makes the arena hold what an image says. Only pages that code can write are looked at; `whole` looks at all.
    pub(crate) fn restore(&mut self, image: &Image, whole: bool) {
        if whole {
            // SAFETY: the arena is ours.
            unsafe { mprotect(READ_ONLY as *mut u8, PAGE as usize, READ_WRITE) };
            *self.page_mut(2) = image.0[2];
            // SAFETY: as before.
            unsafe { mprotect(READ_ONLY as *mut u8, PAGE as usize, READ) };
        }
        for page in WRITABLE {
            *self.page_mut(page) = image.0[page];
        }
    }

    /// A page of the arena.
    pub(crate) fn page(&self, number: usize) -> &Page {
        // SAFETY: the page is mapped; only `page_mut` and code under comparison write it.
        unsafe { &*((ARENA + number as u64 * PAGE) as *const Page) }
    }

    fn page_mut(&mut self, number: usize) -> &mut Page {
        // SAFETY: as above.
        unsafe { &mut *((ARENA + number as u64 * PAGE) as *mut Page) }
    }

    /// Executes from a state to the end.
    pub(crate) fn run(&mut self, before: &State, is_64: bool) -> Outcome {
        self.runs += 1;
        let frame = self.frame;
        // SAFETY: the frame is ours. The routine keeps what the calling convention asks for. What the code can reach is the arena, and what
        // else of this process it would have to guess an address of.
        unsafe {
            std::ptr::copy_nonoverlapping(before.x.0.as_ptr(), (&raw mut (*frame).x_in).cast(), XSTATE_BYTES);
            (*frame).gpr_in = before.gpr;
            (*frame).flags_in = before.flags;
            (*frame).target = before.rip as u32;
            (*frame).selector = if is_64 { CODE_64 } else { CODE_32 } as u32;
            (*frame).done = 0;
            let enter = DONE.wrapping_add_signed((&raw const ENTER).offset_from(&raw const START) as i64);
            let enter: unsafe extern "C" fn() = std::mem::transmute(enter as *const ());
            RUNNING.store(self.runs, Ordering::Relaxed);
            compiler_fence(Ordering::SeqCst);
            enter();
            compiler_fence(Ordering::SeqCst);
            RUNNING.store(0, Ordering::Relaxed);
        }
        self.taken()
    }

    fn taken(&self) -> Outcome {
        // SAFETY: the frame is mapped, and nothing writes it now.
        let frame = unsafe { &*self.frame };
        let mut x = XState([0; XSTATE_BYTES]);
        x.0.copy_from_slice(&frame.x_out[..XSTATE_BYTES]);
        x.fill_initial();
        let done = frame.done != 0;
        let rip = if done { DONE } else { frame.rip_out };
        let state = State { gpr: frame.gpr_out, rip, flags: frame.flags_out, x };
        let end = match frame.vector {
            _ if done => End::Done,
            ENDLESS => End::Endless,
            14 => End::Vector(14, frame.code, frame.address),
            vector => End::Vector(vector as u8, frame.code, 0),
        };
        Outcome { state, end }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // SAFETY: the mappings are ours, and nothing points to them any more.
        unsafe {
            munmap(ARENA as *mut u8, PAGE as usize * (THERE.len() + 1));
            munmap(DONE as *mut u8, PAGE as usize + size_of::<Frame>());
        }
    }
}

/// New pages at an address.
///
/// # Safety
/// Nothing points there.
unsafe fn map(at: u64, pages: u64, protection: i32) {
    const FIXED_NO_REPLACE_PRIVATE_ANONYMOUS: i32 = 0x10_0022;
    // SAFETY: the kernel refuses the mapping if anything lies there.
    let start =
        unsafe { mmap(at as *mut u8, (pages * PAGE) as usize, protection, FIXED_NO_REPLACE_PRIVATE_ANONYMOUS, -1, 0) };
    assert!(start as u64 == at, "nothing else lies at {at:x}");
}

fn install_handlers() {
    static INSTALLED: std::sync::Once = std::sync::Once::new();
    INSTALLED.call_once(|| {
        let action = SigAction {
            handler: signal_entry,
            mask: [0; 16],
            flags: SA_SIGINFO | SA_ONSTACK | SA_RESTART,
            restorer: 0,
        };
        for signal in SIGNALS {
            // SAFETY: the structure is that of the C library on x86-64 Linux.
            unsafe { assert_eq!(sigaction(signal, &raw const action, std::ptr::null_mut()), 0) };
        }
    });
    let stack = Box::leak(vec![0u8; 1 << 16].into_boxed_slice());
    let stack = SigStack { start: stack.as_mut_ptr(), flags: 0, bytes: stack.len() };
    // SAFETY: the stack lives for ever; each thread has its own.
    unsafe { assert_eq!(sigaltstack(&raw const stack, std::ptr::null_mut()), 0) };
}

/// From now on code that does not end is found within two seconds.
pub(crate) fn watch_time() {
    // SAFETY: the structure is that of the C library: an interval of a second.
    unsafe { assert_eq!(setitimer(0, &[1, 0, 1, 0], std::ptr::null_mut()), 0) };
}
