//! A snapshot as an ELF core file, for gdb: memory by physical address, and the general registers. Of a processor in long
//! mode it is a 64-bit file, else a 32-bit one.
//!
//! System V ABI chapter 4 "Object Files" and its Intel386 and AMD64 supplements; the note is a `prstatus` as Linux writes
//! it.

use std::io::{self, Write};

use ringwalk_cpu::segment::SegReg;
use ringwalk_cpu::state::CpuState;

const PAGE: usize = 4096;
const ET_CORE: u16 = 4;
const PT_LOAD: u32 = 1;
const PT_NOTE: u32 = 4;
const NT_PRSTATUS: u32 = 1;
/// What differs between the two kinds of file.
struct Form {
    /// EI_CLASS: 1 for 32 bits, 2 for 64.
    class: u8,
    machine: u16,
    header: usize,
    program_header: usize,
    /// Bytes of signal and process in front of the note's registers.
    before_registers: usize,
    registers: fn(&CpuState) -> Vec<u8>,
}

/// An Intel 80386.
const I386: Form =
    Form { class: 1, machine: 3, header: 52, program_header: 32, before_registers: 72, registers: registers_32 };
/// An AMD x86-64.
const X86_64: Form =
    Form { class: 2, machine: 62, header: 64, program_header: 56, before_registers: 112, registers: registers_64 };

/// Consecutive pages of memory.
pub(crate) struct Run {
    /// Physical page number of the first.
    pub(crate) page: u64,
    /// Their bytes.
    pub(crate) bytes: Vec<u8>,
}

/// A program header.
struct Segment {
    kind: u32,
    offset: u64,
    address: u64,
    bytes: u64,
    align: u64,
}

/// Writes the core file. Memory above 4 GiB has a place only in one of 64 bits.
pub(crate) fn write_core(out: &mut dyn Write, cpu: &CpuState, runs: &[Run]) -> io::Result<()> {
    let form = if cpu.long_mode() { X86_64 } else { I386 };
    let count = u16::try_from(runs.len() + 1).map_err(|_| io::Error::other("memory is in too many pieces"))?;
    let headers = form.header + form.program_header * usize::from(count);
    let note = note(&form, cpu);
    let begin = (headers + note.len()).next_multiple_of(PAGE);
    let mut bytes = form.header(count);
    let (offset, len) = (headers as u64, note.len() as u64);
    bytes.extend(form.program(&Segment { kind: PT_NOTE, offset, address: 0, bytes: len, align: 4 })?);
    let mut offset = begin as u64;
    for run in runs {
        let (address, len) = (run.page * PAGE as u64, run.bytes.len() as u64);
        bytes.extend(form.program(&Segment { kind: PT_LOAD, offset, address, bytes: len, align: PAGE as u64 })?);
        offset += len;
    }
    bytes.extend(note);
    bytes.resize(begin, 0);
    out.write_all(&bytes)?;
    runs.iter().try_for_each(|run| out.write_all(&run.bytes))
}

impl Form {
    fn is_wide(&self) -> bool {
        self.class == 2
    }

    /// An address or offset of the file's width.
    fn put(&self, bytes: &mut Vec<u8>, value: u64) -> io::Result<()> {
        if self.is_wide() {
            bytes.extend(value.to_le_bytes());
        } else {
            let value = u32::try_from(value).map_err(|_| io::Error::other("more than 4 GiB of memory"))?;
            bytes.extend(value.to_le_bytes());
        }
        Ok(())
    }

    fn header(&self, programs: u16) -> Vec<u8> {
        let mut bytes = vec![0x7F, b'E', b'L', b'F', self.class, 1, 1];
        bytes.resize(16, 0);
        bytes.extend([ET_CORE, self.machine].map(u16::to_le_bytes).concat());
        bytes.extend(1_u32.to_le_bytes());
        // No entry, the program headers right behind, no sections.
        let width = if self.is_wide() { 8 } else { 4 };
        for value in [0, self.header as u64, 0] {
            bytes.extend(&value.to_le_bytes()[..width]);
        }
        bytes.extend(0_u32.to_le_bytes());
        let halves = [self.header as u16, self.program_header as u16, programs, 0, 0, 0];
        bytes.extend(halves.map(u16::to_le_bytes).concat());
        bytes
    }

    fn program(&self, segment: &Segment) -> io::Result<Vec<u8>> {
        /// Readable, writable, executable.
        const FLAGS: u32 = 7;
        let mut bytes = segment.kind.to_le_bytes().to_vec();
        if self.is_wide() {
            bytes.extend(FLAGS.to_le_bytes());
        }
        for value in [segment.offset, segment.address, segment.address, segment.bytes, segment.bytes] {
            self.put(&mut bytes, value)?;
        }
        if !self.is_wide() {
            bytes.extend(FLAGS.to_le_bytes());
        }
        self.put(&mut bytes, segment.align)?;
        Ok(bytes)
    }
}

fn note(form: &Form, cpu: &CpuState) -> Vec<u8> {
    let mut status = vec![0; form.before_registers];
    status.extend((form.registers)(cpu));
    // Whether floating-point registers are in the file: they are not.
    status.resize(status.len() + if form.is_wide() { 8 } else { 4 }, 0);
    let mut note = [5, status.len() as u32, NT_PRSTATUS].map(u32::to_le_bytes).concat();
    note.extend(b"CORE\0\0\0\0");
    note.extend(status);
    note
}

/// Segments have their bases in EIP and ESP: gdb knows of none, so both are linear.
fn registers_32(cpu: &CpuState) -> Vec<u8> {
    // EBX ECX EDX ESI EDI EBP EAX DS ES FS GS, EAX again, EIP CS EFLAGS ESP SS.
    let gpr = |number: usize| cpu.gpr[number] as u32; // the file is a 32-bit one
    let selector = |reg| u32::from(cpu.seg(reg).selector.0);
    let [eax, ecx, edx, ebx, esp, ebp, esi, edi] = [0, 1, 2, 3, 4, 5, 6, 7].map(gpr);
    let [ds, es, fs, gs] = [SegReg::Ds, SegReg::Es, SegReg::Fs, SegReg::Gs].map(selector);
    let (cs, ss) = (selector(SegReg::Cs), selector(SegReg::Ss));
    let eip = cpu.linear_rip() as u32;
    let esp = (cpu.seg(SegReg::Ss).base as u32).wrapping_add(esp);
    let flags = cpu.flags.bits();
    [ebx, ecx, edx, esi, edi, ebp, eax, ds, es, fs, gs, eax, eip, cs, flags, esp, ss].map(u32::to_le_bytes).concat()
}

fn registers_64(cpu: &CpuState) -> Vec<u8> {
    // R15 to R12, RBP, RBX, R11 to R8, RAX, RCX, RDX, RSI, RDI, RAX again, RIP, CS, RFLAGS, RSP, SS, bases of FS and GS, DS,
    // ES, FS, GS.
    let numbers = [15, 14, 13, 12, 5, 3, 11, 10, 9, 8, 0, 1, 2, 6, 7, 0];
    let selector = |reg| u64::from(cpu.seg(reg).selector.0);
    let mut all: Vec<u64> = numbers.map(|number: usize| cpu.gpr[number]).to_vec();
    all.extend([cpu.linear_rip(), selector(SegReg::Cs), u64::from(cpu.flags.bits()), cpu.gpr[4], selector(SegReg::Ss)]);
    all.extend([cpu.seg(SegReg::Fs).base, cpu.seg(SegReg::Gs).base]);
    all.extend([SegReg::Ds, SegReg::Es, SegReg::Fs, SegReg::Gs].map(selector));
    all.into_iter().flat_map(u64::to_le_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringwalk_cpu::model::Model;
    use ringwalk_mmu::TlbPolicy;

    /// The note's header and name.
    const NOTE_HEADER: usize = 20;

    #[test]
    fn a_core_file_has_its_parts_where_the_headers_say() {
        let mut cpu = CpuState::new(Model::Max, TlbPolicy::Real);
        cpu.gpr[3] = 0x1122_3344;
        cpu.rip = 0xFFF0;
        let runs = [Run { page: 0, bytes: vec![1; PAGE] }, Run { page: 7, bytes: vec![2; 2 * PAGE] }];
        let mut file = Vec::new();
        write_core(&mut file, &cpu, &runs).expect("a Vec takes every write");
        let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().expect("four bytes"));
        assert_eq!((&file[..4], file[16], file[18]), (&b"\x7fELF"[..], 4, 3));
        let program = |number: usize| [0, 4, 8, 16].map(|field| word(52 + number * 32 + field));
        let [kind, offset, _, len] = program(0);
        // Linux's prstatus of the i386 has 144 bytes.
        assert_eq!((kind, len as usize), (PT_NOTE, NOTE_HEADER + 144));
        let registers = offset as usize + NOTE_HEADER + 72;
        assert_eq!((word(registers), word(registers + 12 * 4)), (0x1122_3344, 0xFFFF_FFF0));
        let [kind, offset, address, len] = program(2);
        assert_eq!((kind, address, len as usize), (PT_LOAD, 0x7000, 2 * PAGE));
        assert_eq!((file[offset as usize], file.len()), (2, offset as usize + 2 * PAGE));
    }

    #[test]
    fn a_processor_in_long_mode_makes_a_64_bit_file() {
        let mut cpu = CpuState::new(Model::Max, TlbPolicy::Real);
        cpu.msrs.efer |= ringwalk_cpu::state::EFER_LMA;
        (cpu.gpr[15], cpu.gpr[4], cpu.rip) = (0x1122_3344_5566_7788, 0xFFFF_C900_0000_1000, 0xFFFF_FFFF_8100_0000);
        let runs = [Run { page: 1 << 20, bytes: vec![3; PAGE] }];
        let mut file = Vec::new();
        write_core(&mut file, &cpu, &runs).expect("a Vec takes every write");
        let word = |at: usize| u64::from_le_bytes(file[at..at + 8].try_into().expect("eight bytes"));
        assert_eq!((file[4], file[16], file[18]), (2, 4, 62));
        // Kind and flags, offset, address, bytes in the file.
        let program = |number: usize| [0, 8, 16, 32].map(|field| word(64 + number * 56 + field));
        let [kind, offset, _, len] = program(0);
        // Linux's prstatus of x86-64 has 336 bytes.
        assert_eq!((kind as u32, len as usize), (PT_NOTE, NOTE_HEADER + 336));
        let registers = offset as usize + NOTE_HEADER + 112;
        assert_eq!(
            (word(registers), word(registers + 16 * 8), word(registers + 19 * 8)),
            (cpu.gpr[15], cpu.linear_rip(), cpu.gpr[4])
        );
        let [kind, offset, address, len] = program(1);
        assert_eq!((kind, address, len as usize), (7 << 32 | u64::from(PT_LOAD), 4 << 30, PAGE));
        assert_eq!((file[offset as usize], file.len()), (3, offset as usize + PAGE));
    }
}
