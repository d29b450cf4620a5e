//! Vectors captured from a real 80286 in real mode, run on this machine: registers, flags and every byte of memory.
//!
//! The vectors are SingleStepTests' (github: SingleStepTests/80286, MIT), in MOO format, one gzip file for each opcode
//! form. They are not part of the repository: the environment variable `RINGWALK_VECTORS` names their folder; without
//! it this test says so and passes. `tests/known_failures.txt` lists what may fail, a line for each case.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use ringwalk_cpu::flags::Eflags;
use ringwalk_cpu::model::Model;
use ringwalk_cpu::run::{Engine, Exit, Limits};
use ringwalk_cpu::segment::{SegReg, Segment};
use ringwalk_cpu::state::CpuState;
use ringwalk_mmu::{Frame, Memory, OpenBus, PAGE_BYTES, PhysAddr, Reach, RouteSpan, TlbPolicy};

use crate::moo::{Case, FLAGS, IP, REGISTER_NAMES, parse};

/// Threads of this test.
const THREADS: usize = 2;
/// Real mode reaches FFFF:FFFF.
const PAGES: u64 = 0x110;
/// More cycles than any of the vectors needs.
const MOST_CYCLES: u64 = 100_000;
/// Bits 12 to 15 of FLAGS are clear in a 286's real mode and mean IOPL and NT later.
const COMPARED_FLAGS: u16 = 0x0FFF;

/// Why a vector says nothing about the processors from the 386 on.
struct Exclusion {
    reason: &'static str,
    holds: fn(&Form, &Case) -> bool,
}

const EXCLUSIONS: &[Exclusion] = &[
    Exclusion {
        reason: "the 286 refuses instructions longer than 10 bytes, later ones than 15",
        holds: |_, case| case.bytes.len() - 1 > 10,
    },
    Exclusion {
        reason: "the 286 allows LOCK before any instruction, later ones before few and with a memory destination",
        holds: |form, case| {
            let lockable = form.is_lockable() && case.modrm() >> 6 != 3;
            case.prefixes().contains(&0xF0) && !lockable
        },
    },
    Exclusion {
        reason: "the 286 has moved the registers of a string instruction on when its access faults",
        holds: |form, case| form.is_string() && case.exception == Some(13),
    },
    Exclusion {
        reason: "the 286 has moved SP on when the destination of POP faults",
        holds: |form, case| form.is("8F") && case.exception == Some(13),
    },
    Exclusion {
        reason: "FS and GS exist since the 386",
        holds: |form, case| (form.is("8C") || form.is("8E")) && matches!(case.modrm() >> 3 & 7, 4 | 5),
    },
    Exclusion {
        reason: "the 286 misses that a quotient of IDIV does not fit: no divisor brings this dividend to its -128",
        holds: |form, case| form.name == "F6.7" && case.exception.is_none() && quotient_is_impossible(case),
    },
];

/// IDIV r/m8 left the quotient -128 of a dividend beyond -128 times any divisor and its largest remainder.
/// SDM Vol.2A "IDIV": a quotient that does not fit is #DE.
fn quotient_is_impossible(case: &Case) -> bool {
    const FARTHEST: u16 = 128 * 128 + 127;
    let ax = register("ax");
    let (dividend, quotient) = (case.registers[ax].cast_signed(), case.final_registers[ax] as u8);
    quotient == 0x80 && dividend.unsigned_abs() > FARTHEST
}

/// One file: an opcode, perhaps with the reg field of ModRM.
struct Form {
    name: String,
    /// Flags that the manual defines for it.
    defined_flags: u16,
}

impl Form {
    fn is(&self, opcode: &str) -> bool {
        self.name.split('.').next() == Some(opcode)
    }

    /// SDM Vol.2A "LOCK".
    fn is_lockable(&self) -> bool {
        let (opcode, reg) = self.name.split_once('.').unwrap_or((&self.name, ""));
        match opcode {
            "00" | "01" | "08" | "09" | "10" | "11" | "18" | "19" => true,
            "20" | "21" | "28" | "29" | "30" | "31" | "86" | "87" => true,
            "80" | "81" | "82" | "83" => reg != "7",
            "F6" | "F7" => reg == "2" || reg == "3",
            "FE" | "FF" => reg == "0" || reg == "1",
            _ => false,
        }
    }

    fn is_string(&self) -> bool {
        ["A4", "A5", "A6", "A7", "AA", "AB", "AC", "AD", "AE", "AF"]
            .iter()
            .chain(&["6C", "6D", "6E", "6F"])
            .any(|opcode| self.is(opcode))
    }

    /// Bits of FLAGS that are compared, in the register and where an exception pushed them.
    fn compared_flags(&self, case: &Case) -> u16 {
        // DIV, IDIV and AAM compute some flags before they fault; all are undefined then.
        let undefined = if case.exception == Some(0) { 0x08D5 } else { 0 };
        self.defined_flags & COMPARED_FLAGS & !undefined
    }
}

#[derive(Default)]
struct Tally {
    passed: usize,
    excluded: BTreeMap<&'static str, usize>,
    /// Case identifiers with what differs.
    failed: BTreeMap<String, String>,
}

#[test]
fn vectors_80286() {
    let Some(folder) = std::env::var_os("RINGWALK_VECTORS").map(PathBuf::from) else {
        println!("vectors_80286: RINGWALK_VECTORS is not set: nothing was run");
        return;
    };
    let forms = forms(&folder);
    let next = AtomicUsize::new(0);
    let total = Mutex::new(Tally::default());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let mut bench = Bench::new();
                while let Some(form) = forms.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let tally = run_form(&mut bench, &folder, form);
                    total.lock().expect("no thread panicked").add(tally);
                }
            });
        }
    });
    report(total.into_inner().expect("no thread panicked"));
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.passed += other.passed;
        for (reason, count) in other.excluded {
            *self.excluded.entry(reason).or_default() += count;
        }
        self.failed.extend(other.failed);
    }
}

fn report(total: Tally) {
    println!("vectors_80286: {} passed, {} failed", total.passed, total.failed.len());
    for (reason, count) in &total.excluded {
        println!("  {count} left out: {reason}");
    }
    let known = known_failures();
    let mut met = BTreeSet::new();
    let mut unexpected = 0;
    for (case, difference) in &total.failed {
        match known.iter().find(|known| covers(known, case)) {
            Some(known) => drop(met.insert(known)),
            None => {
                unexpected += 1;
                println!("  {case}: {difference:.300}");
            }
        }
    }
    let fixed: Vec<_> = known.iter().filter(|case| !met.contains(case)).collect();
    assert!(unexpected == 0, "{unexpected} cases fail");
    assert!(fixed.is_empty(), "known failures that pass: {fixed:?}");
}

/// `FORM *` covers every case of the form that fails.
fn covers(known: &str, case: &str) -> bool {
    match known.strip_suffix(" *") {
        Some(form) => case.split(' ').next() == Some(form),
        None => known == case,
    }
}

/// What stands behind `vectors_80286` in the list: a form and an index or `*`.
fn known_failures() -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/known_failures.txt");
    let text = std::fs::read_to_string(&path).expect("the list of known failures can be read");
    text.lines()
        .filter_map(|line| line.strip_prefix("vectors_80286 "))
        .map(|line| {
            let (case, reason) = line.split_once(" : ").unwrap_or((line, ""));
            assert!(!reason.trim().is_empty(), "{case} has no reason");
            case.to_string()
        })
        .collect()
}

/// The forms in the folder, in order of name.
fn forms(folder: &Path) -> Vec<Form> {
    let text = std::fs::read_to_string(folder.join("metadata.json")).expect("metadata.json can be read");
    let metadata: serde_json::Value = serde_json::from_str(&text).expect("metadata.json is JSON");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("the folder can be read")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".MOO.gz").map(str::to_string))
        .collect();
    names.sort();
    let form = |name: String| {
        // For C0 upstream's masks lack OF, undefined as in C1 for a count that is not 1.
        let row = name.replace("C0", "C1");
        let row = match row.split_once('.') {
            Some((opcode, reg)) => &metadata["opcodes"][opcode]["reg"][reg],
            None => &metadata["opcodes"][&row],
        };
        let defined_flags = row["flags-mask"].as_u64().unwrap_or(0xFFFF) as u16;
        Form { name, defined_flags }
    };
    names.into_iter().map(form).collect()
}

fn run_form(bench: &mut Bench, folder: &Path, form: &Form) -> Tally {
    let mut tally = Tally::default();
    for mut case in parse(&folder.join(format!("{}.MOO.gz", form.name))) {
        share_stack_fault_handler(&mut case);
        if let Some(rule) = EXCLUSIONS.iter().find(|rule| (rule.holds)(form, &case)) {
            *tally.excluded.entry(rule.reason).or_default() += 1;
            continue;
        }
        match bench.run(form, &case) {
            Ok(()) => tally.passed += 1,
            Err(difference) => {
                let code: Vec<String> = case.bytes.iter().map(|b| format!("{b:02x}")).collect();
                tally
                    .failed
                    .insert(format!("{} {}", form.name, case.index), format!("{}: {difference}", code.join(" ")));
            }
        }
    }
    tally
}

/// Beyond the stack segment's limit the 286 raises vector 13, later ones 12: both get the captured handler.
fn share_stack_fault_handler(case: &mut Case) {
    if case.exception == Some(13) {
        let entry = 13 * 4..14 * 4;
        let copies: Vec<_> = case.ram.iter().filter(|(addr, _)| entry.contains(addr)).copied().collect();
        case.ram.extend(copies.iter().map(|(addr, value)| (addr - 4, *value)));
    }
}

/// Processor and memory, used again for every case.
struct Bench {
    engine: Engine,
    memory: Memory,
}

impl Bench {
    fn new() -> Bench {
        let mut memory = Memory::new(PAGES, 0, &[], &[]);
        let ram = Reach::Frames(memory.ram.first);
        memory.set_routes(vec![RouteSpan { first_page: 0, pages: PAGES, read: ram, write: ram }]);
        Bench { engine: Engine::default(), memory }
    }

    /// Runs to the HLT behind the code or in the exception's handler; tells what differs.
    fn run(&mut self, form: &Form, case: &Case) -> Result<(), String> {
        let mut cpu = state_of(case);
        for &(addr, value) in &case.ram {
            self.memory.poke(PhysAddr(addr.into()), value);
        }
        self.engine.forget(&mut self.memory);
        let limits = Limits { position: MOST_CYCLES, ..Limits::NONE };
        let exit = self.engine.run(&mut cpu, &mut self.memory, &mut OpenBus, limits);
        let differences = [self.compare_memory(form, case), compare_registers(form, case, &cpu)].concat();
        if exit != Exit::DeadHalt {
            return Err(format!("ended with {exit:?}; {}", differences.join(", ")));
        }
        if differences.is_empty() { Ok(()) } else { Err(differences.join(", ")) }
    }

    /// Compares every page that was written, whole, and clears it.
    fn compare_memory(&mut self, form: &Form, case: &Case) -> Vec<String> {
        let mut differences = Vec::new();
        for frame in self.memory.frames.take_dirty(self.memory.ram) {
            let first = u64::from(frame.0 - self.memory.ram.first.0) * PAGE_BYTES;
            let expected = expected_page(case, first);
            let found = *self.memory.frames.page(frame);
            for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
                let addr = first + at as u64;
                let mask = memory_mask(form, case, addr);
                if found & mask != expected & mask {
                    differences.push(format!("[{addr:06x}] {found:02x} not {expected:02x}"));
                }
            }
            self.clear(frame);
        }
        differences
    }

    fn clear(&mut self, frame: Frame) {
        self.memory.frames.store(frame, 0, &[0; PAGE_BYTES as usize]);
        self.memory.frames.take_dirty(self.memory.ram);
    }
}

fn expected_page(case: &Case, first: u64) -> [u8; PAGE_BYTES as usize] {
    let mut page = [0; PAGE_BYTES as usize];
    for &(addr, value) in case.ram.iter().chain(&case.final_ram) {
        if let Some(byte) = u64::from(addr).checked_sub(first).and_then(|at| page.get_mut(at as usize)) {
            *byte = value;
        }
    }
    page
}

/// Flags that an exception pushed are compared like FLAGS itself.
fn memory_mask(form: &Form, case: &Case, addr: u64) -> u8 {
    let [low, high] = form.compared_flags(case).to_le_bytes();
    match case.pushed_flags().map(|at| addr.wrapping_sub(at)) {
        Some(0) => low,
        Some(1) => high,
        _ => 0xFF,
    }
}

fn state_of(case: &Case) -> CpuState {
    let mut cpu = CpuState::new(Model::Max, TlbPolicy::Real);
    let value = |name: &str| case.registers[register(name)];
    for (number, name) in ["ax", "cx", "dx", "bx", "sp", "bp", "si", "di"].iter().enumerate() {
        cpu.gpr[number] = value(name).into();
    }
    for (segment, name) in [(SegReg::Es, "es"), (SegReg::Cs, "cs"), (SegReg::Ss, "ss"), (SegReg::Ds, "ds")] {
        cpu.segments[segment as usize] = Segment::real(value(name));
    }
    cpu.rip = value("ip").into();
    cpu.flags = Eflags::from_bits((value("flags") & COMPARED_FLAGS).into());
    cpu
}

fn register(name: &str) -> usize {
    REGISTER_NAMES.iter().position(|found| *found == name).expect("the register is one of the fourteen")
}

fn compare_registers(form: &Form, case: &Case, cpu: &CpuState) -> Vec<String> {
    let gpr = |number: usize| cpu.gpr[number] as u32;
    let selector = |segment: SegReg| u32::from(cpu.seg(segment).selector.0);
    let found = [
        gpr(0),
        gpr(3),
        gpr(1),
        gpr(2),
        selector(SegReg::Cs),
        selector(SegReg::Ss),
        selector(SegReg::Ds),
        selector(SegReg::Es),
        gpr(4),
        gpr(5),
        gpr(6),
        gpr(7),
        cpu.rip as u32,
        cpu.flags.bits(),
    ];
    let mut differences = Vec::new();
    for (number, name) in REGISTER_NAMES.iter().enumerate() {
        let expected = u32::from(case.final_registers[number]);
        let mask = match number {
            FLAGS => form.compared_flags(case).into(),
            // A HLT at FFFFh leaves EIP at 10000h; the 286 has 16 bits.
            IP => 0xFFFF,
            _ => u32::MAX,
        };
        if (found[number] ^ expected) & mask != 0 {
            differences.push(format!("{name} {:x} not {expected:x}", found[number]));
        }
    }
    differences
}
