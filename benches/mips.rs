//! Guest MIPS by kind of work: `cargo bench`, or `cargo bench -- --json`.
//!
//! Each kernel runs in flat 32-bit protected mode with paging on, straight on the engine, and leaves a result in EAX
//! that is computed natively too. Times are the best of five runs; compare ratios, not figures of two machines.

use std::time::Instant as Clock;

use ringwalk_cpu::model::Model;
use ringwalk_cpu::run::{Engine, Exit, Limits};
use ringwalk_cpu::segment::{SegReg, Segment, Selector};
use ringwalk_cpu::state::{CR0_ET, CR0_PE, CR0_PG, CpuState, TableRegister};
use ringwalk_mmu::{Frame, Memory, OpenBus, PhysAddr, Reach, RouteSpan, TlbPolicy};

/// Pages of guest memory.
const PAGES: u64 = 1024;
/// Where the code stands, and the dword with its count.
const CODE: u64 = 0x9000;
const COUNT: u64 = 0x8000;
/// Where page directory, page table, GDT and IDT stand.
const DIRECTORY: u64 = 0x1000;
const TABLE: u64 = 0x2000;
const GDT: u64 = 0x3000;
const IDT: u64 = 0x4000;
/// Runs of each kernel; the best counts.
const RUNS: u32 = 5;
/// Where INT 20h goes in the kernel that uses it.
const HANDLER: u64 = CODE + 0x10;

/// One kind of work.
struct Kernel {
    name: &'static str,
    what: &'static str,
    /// Rounds, as the guest finds them at [`COUNT`].
    count: u32,
    /// The assembled code above it, ending in HLT.
    code: &'static [u8],
    /// EAX at the end.
    expected: fn(u32) -> u32,
}

/// The code is NASM's, assembled for offset 9000h.
const KERNELS: [Kernel; 8] = [
    Kernel {
        name: "integer",
        what: "additions, rotations and a counted loop",
        count: 8_000_000,
        code: &[
            // mov ecx,[0x8000] | xor eax,eax | l: add eax,ecx | xor eax,0x5bd1e995 | rol eax,5 | dec ecx | jnz l
            0x8B, 0x0D, 0x00, 0x80, 0x00, 0x00, 0x31, 0xC0, 0x01, 0xC8, 0x35, 0x95, 0xE9, 0xD1, 0x5B, 0xC1, 0xC0, 0x05,
            0x49, 0x75, 0xF3, 0xF4,
        ],
        expected: |count| (1..=count).rev().fold(0u32, |x, n| (x.wrapping_add(n) ^ 0x5BD1_E995).rotate_left(5)),
    },
    Kernel {
        name: "memory",
        what: "loads and stores over 64 KiB",
        count: 3_000_000,
        code: &[
            // mov ecx,[0x8000] | xor ebx,ebx | mov esi,0x10000 | l: mov eax,[esi] | add eax,ecx | mov [esi],eax |
            // add ebx,eax | add esi,4 | and esi,0x1fffc | or esi,0x10000 | dec ecx | jnz l | mov eax,ebx
            0x8B, 0x0D, 0x00, 0x80, 0x00, 0x00, 0x31, 0xDB, 0xBE, 0x00, 0x00, 0x01, 0x00, 0x8B, 0x06, 0x01, 0xC8, 0x89,
            0x06, 0x01, 0xC3, 0x83, 0xC6, 0x04, 0x81, 0xE6, 0xFC, 0xFF, 0x01, 0x00, 0x81, 0xCE, 0x00, 0x00, 0x01, 0x00,
            0x49, 0x75, 0xE6, 0x89, 0xD8, 0xF4,
        ],
        expected: memory_sum,
    },
    Kernel {
        name: "strings",
        what: "REP MOVSD and REP STOSD of a page",
        count: 4_000,
        code: &[
            // mov edx,[0x8000] | cld | l: mov esi,0x10000 | mov edi,0x20000 | mov ecx,0x400 | rep movsd | mov
            // edi,0x10000 | mov ecx,0x400 | mov eax,edx | rep stosd | dec edx | jnz l | mov eax,[0x20ffc]
            0x8B, 0x15, 0x00, 0x80, 0x00, 0x00, 0xFC, 0xBE, 0x00, 0x00, 0x01, 0x00, 0xBF, 0x00, 0x00, 0x02, 0x00, 0xB9,
            0x00, 0x04, 0x00, 0x00, 0xF3, 0xA5, 0xBF, 0x00, 0x00, 0x01, 0x00, 0xB9, 0x00, 0x04, 0x00, 0x00, 0x89, 0xD0,
            0xF3, 0xAB, 0x4A, 0x75, 0xDE, 0xA1, 0xFC, 0x0F, 0x02, 0x00, 0xF4,
        ],
        expected: |_| 2,
    },
    Kernel {
        name: "calls",
        what: "calls with a stack frame",
        count: 2_000_000,
        code: &[
            // mov ecx,[0x8000] | xor eax,eax | l: push ecx | call f | pop ecx | dec ecx | jnz l | jmp done | f: push
            // ebp | mov ebp,esp | mov edx,[ebp+8] | lea eax,[eax+edx*2+1] | leave | ret | done:
            0x8B, 0x0D, 0x00, 0x80, 0x00, 0x00, 0x31, 0xC0, 0x51, 0xE8, 0x06, 0x00, 0x00, 0x00, 0x59, 0x49, 0x75, 0xF6,
            0xEB, 0x0C, 0x55, 0x89, 0xE5, 0x8B, 0x55, 0x08, 0x8D, 0x44, 0x50, 0x01, 0xC9, 0xC3, 0xF4,
        ],
        expected: |count| (1..=count).fold(0u32, |sum, n| sum.wrapping_add(2 * n + 1)),
    },
    Kernel {
        name: "branches",
        what: "branches on pseudo-random bits",
        count: 2_000_000,
        code: &[
            // mov ecx,[0x8000] | mov eax,1 | xor ebx,ebx | l: imul eax,eax,0x41c64e6d | add eax,12345 | test
            // eax,0x10000 | jz a | inc ebx | a: test eax,0x20000 | jnz b | add ebx,3 | b: cmp eax,ebx | jb c | xor
            // ebx,eax | c: dec ecx | jnz l | mov eax,ebx
            0x8B, 0x0D, 0x00, 0x80, 0x00, 0x00, 0xB8, 0x01, 0x00, 0x00, 0x00, 0x31, 0xDB, 0x69, 0xC0, 0x6D, 0x4E, 0xC6,
            0x41, 0x05, 0x39, 0x30, 0x00, 0x00, 0xA9, 0x00, 0x00, 0x01, 0x00, 0x74, 0x01, 0x43, 0xA9, 0x00, 0x00, 0x02,
            0x00, 0x75, 0x03, 0x83, 0xC3, 0x03, 0x39, 0xD8, 0x72, 0x02, 0x31, 0xC3, 0x49, 0x75, 0xDA, 0x89, 0xD8, 0xF4,
        ],
        expected: branch_mix,
    },
    Kernel {
        name: "ports",
        what: "IN and OUT of ports nobody owns",
        count: 1_000_000,
        code: &[
            // mov ecx,[0x8000] | xor ebx,ebx | l: in al,0x60 | add ebx,1 | out 0x80,al | dec ecx | jnz l | mov
            // eax,ebx
            0x8B, 0x0D, 0x00, 0x80, 0x00, 0x00, 0x31, 0xDB, 0xE4, 0x60, 0x83, 0xC3, 0x01, 0xE6, 0x80, 0x49, 0x75, 0xF6,
            0x89, 0xD8, 0xF4,
        ],
        expected: |count| count,
    },
    Kernel {
        name: "interrupts",
        what: "INT and IRET through an interrupt gate",
        count: 1_000_000,
        code: &[
            // mov ecx,[0x8000] | xor ebx,ebx | l: int 0x20 | dec ecx | jnz l | mov eax,ebx | hlt | handler: inc ebx |
            // iretd
            0x8B, 0x0D, 0x00, 0x80, 0x00, 0x00, 0x31, 0xDB, 0xCD, 0x20, 0x49, 0x75, 0xFB, 0x89, 0xD8, 0xF4, 0x43, 0xCF,
            0xF4,
        ],
        expected: |count| count,
    },
    Kernel {
        name: "pages",
        what: "CR3 loads, and four pages touched after each",
        count: 300_000,
        code: &[
            // mov ecx,[0x8000] | xor ebx,ebx | l: mov eax,cr3 | mov cr3,eax | add ebx,[0x40000] | add ebx,[0x51000] |
            // add ebx,[0x62000] | add ebx,[0x73000] | dec ecx | jnz l | mov eax,ebx
            0x8B, 0x0D, 0x00, 0x80, 0x00, 0x00, 0x31, 0xDB, 0x0F, 0x20, 0xD8, 0x0F, 0x22, 0xD8, 0x03, 0x1D, 0x00, 0x00,
            0x04, 0x00, 0x03, 0x1D, 0x00, 0x10, 0x05, 0x00, 0x03, 0x1D, 0x00, 0x20, 0x06, 0x00, 0x03, 0x1D, 0x00, 0x30,
            0x07, 0x00, 0x49, 0x75, 0xDF, 0x89, 0xD8, 0xF4,
        ],
        expected: |_| 0,
    },
];

fn memory_sum(count: u32) -> u32 {
    let mut words = vec![0u32; 0x4000];
    let mut sum = 0u32;
    for (index, n) in (1..=count).rev().enumerate() {
        let word = &mut words[index % 0x4000];
        *word = word.wrapping_add(n);
        sum = sum.wrapping_add(*word);
    }
    sum
}

fn branch_mix(count: u32) -> u32 {
    let (mut x, mut mix) = (1u32, 0u32);
    for _ in 0..count {
        x = x.wrapping_mul(0x41C6_4E6D).wrapping_add(12345);
        if x & 0x1_0000 != 0 {
            mix = mix.wrapping_add(1);
        }
        if x & 0x2_0000 == 0 {
            mix = mix.wrapping_add(3);
        }
        if x >= mix {
            mix ^= x;
        }
    }
    mix
}

fn write(memory: &mut Memory, address: u64, bytes: &[u8]) {
    for (offset, byte) in bytes.iter().enumerate() {
        assert!(memory.poke(PhysAddr(address + offset as u64), *byte), "the bench's memory is RAM");
    }
}

fn memory_for(kernel: &Kernel) -> Memory {
    let mut memory = Memory::new(PAGES, 0, &[], &[]);
    let ram = Reach::Frames(Frame(0));
    memory.set_routes(vec![RouteSpan { first_page: 0, pages: PAGES, read: ram, write: ram }]);
    write(&mut memory, DIRECTORY, &(TABLE as u32 | 7).to_le_bytes());
    for page in 0..PAGES {
        write(&mut memory, TABLE + 4 * page, &((page << 12) as u32 | 7).to_le_bytes());
    }
    write(&mut memory, GDT + 8, &0x00CF_9B00_0000_FFFFu64.to_le_bytes());
    write(&mut memory, IDT + 8 * 0x20, &(HANDLER | 8 << 16 | 0x8E00 << 32).to_le_bytes());
    write(&mut memory, COUNT, &kernel.count.to_le_bytes());
    write(&mut memory, CODE, kernel.code);
    memory
}

fn processor() -> CpuState {
    let mut cpu = CpuState::new(Model::Max, TlbPolicy::Real);
    let flat = |selector, rights| Segment { selector: Selector(selector), base: 0, limit: u32::MAX, rights };
    cpu.segments = [flat(16, 0xC093); 6];
    cpu.segments[SegReg::Cs as usize] = flat(8, 0xC09B);
    cpu.gdtr = TableRegister { base: GDT, limit: 23 };
    cpu.idtr = TableRegister { base: IDT, limit: 0x7FF };
    cpu.cr0 = CR0_PE | CR0_PG | CR0_ET;
    cpu.cr3 = DIRECTORY;
    cpu.rip = CODE;
    cpu.gpr[4] = 0x8000;
    cpu
}

/// One figure.
struct Figure {
    kernel: &'static Kernel,
    retired: u64,
    seconds: f64,
}

fn measure(kernel: &'static Kernel) -> Figure {
    let mut best = f64::INFINITY;
    let mut retired = 0;
    for _ in 0..RUNS {
        let (mut memory, mut cpu, mut engine) = (memory_for(kernel), processor(), Engine::default());
        let start = Clock::now();
        let exit = engine.run(&mut cpu, &mut memory, &mut OpenBus, Limits::NONE);
        best = best.min(start.elapsed().as_secs_f64());
        assert_eq!(exit, Exit::DeadHalt, "{}: the kernel ends in HLT, not at {:x}", kernel.name, cpu.rip);
        assert_eq!(cpu.gpr[0] as u32, (kernel.expected)(kernel.count), "{}: its result", kernel.name);
        retired = cpu.retired;
    }
    Figure { kernel, retired, seconds: best }
}

fn main() {
    let json = std::env::args().any(|argument| argument == "--json");
    if !json {
        println!("{:12} {:>12} {:>9} {:>8}  what", "kernel", "instructions", "seconds", "MIPS");
    }
    for figure in KERNELS.iter().map(measure) {
        let mips = figure.retired as f64 / figure.seconds / 1e6;
        let Kernel { name, what, .. } = figure.kernel;
        if json {
            let row = serde_json::json!({
                "kernel": name, "instructions": figure.retired, "seconds": figure.seconds, "mips": mips,
            });
            println!("{row}");
        } else {
            println!("{name:12} {:>12} {:>9.3} {mips:>8.1}  {what}", figure.retired, figure.seconds);
        }
    }
}
