//! A snapshot as an ELF core file, for gdb: memory by physical address, and the general registers.
//!
//! System V ABI chapter 4 "Object Files" and its Intel386 supplement; the note is a `prstatus` as i386 Linux writes it.

use std::io::{self, Write};

use ringwalk_cpu::segment::SegReg;
use ringwalk_cpu::state::CpuState;

const HEADER: usize = 52;
const PROGRAM_HEADER: usize = 32;
const PAGE: usize = 4096;
/// ELF types: a core file of an Intel 80386.
const ET_CORE: u16 = 4;
const EM_386: u16 = 3;
const PT_LOAD: u32 = 1;
const PT_NOTE: u32 = 4;
const NT_PRSTATUS: u32 = 1;
/// The note's descriptor: 72 bytes of signal and process, 17 registers, one word.
const STATUS: usize = 72 + 17 * 4 + 4;

/// Consecutive pages of memory.
pub(crate) struct Run {
    /// Physical page number of the first.
    pub(crate) page: u32,
    /// Their bytes.
    pub(crate) bytes: Vec<u8>,
}

/// Writes the core file.
pub(crate) fn write_core(out: &mut dyn Write, cpu: &CpuState, runs: &[Run]) -> io::Result<()> {
    let headers = HEADER + PROGRAM_HEADER * (runs.len() + 1);
    let note = note(cpu);
    let begin = (headers + note.len()).next_multiple_of(PAGE);
    let mut bytes = vec![0x7F, b'E', b'L', b'F', 1, 1, 1];
    bytes.resize(16, 0);
    for half in [ET_CORE, EM_386] {
        bytes.extend(half.to_le_bytes());
    }
    for word in [1, 0, HEADER as u32, 0, 0] {
        bytes.extend(word.to_le_bytes());
    }
    let count = u16::try_from(runs.len() + 1).map_err(|_| io::Error::other("memory is in too many pieces"))?;
    for half in [HEADER as u16, PROGRAM_HEADER as u16, count, 0, 0, 0] {
        bytes.extend(half.to_le_bytes());
    }
    // Type, offset, virtual and physical address, bytes in the file and in memory, flags, alignment.
    let mut program = |fields: [u32; 8]| fields.iter().for_each(|field| bytes.extend(field.to_le_bytes()));
    program([PT_NOTE, headers as u32, 0, 0, note.len() as u32, 0, 0, 4]);
    let mut offset = begin as u64;
    for run in runs {
        let place = u32::try_from(offset).map_err(|_| io::Error::other("more than 4 GiB of memory"))?;
        let (at, len) = (run.page << 12, run.bytes.len() as u32);
        program([PT_LOAD, place, at, at, len, len, 7, PAGE as u32]);
        offset += run.bytes.len() as u64;
    }
    bytes.extend(note);
    bytes.resize(begin, 0);
    out.write_all(&bytes)?;
    runs.iter().try_for_each(|run| out.write_all(&run.bytes))
}

fn note(cpu: &CpuState) -> Vec<u8> {
    let mut note = Vec::new();
    for word in [5, STATUS as u32, NT_PRSTATUS] {
        note.extend(word.to_le_bytes());
    }
    note.extend(b"CORE\0\0\0\0");
    note.resize(note.len() + 72, 0);
    // EBX ECX EDX ESI EDI EBP EAX DS ES FS GS, EAX again, EIP CS EFLAGS ESP SS.
    let gpr = |number: usize| cpu.gpr[number] as u32; // the file is a 32-bit one
    let selector = |reg| u32::from(cpu.seg(reg).selector.0);
    let [eax, ecx, edx, ebx, esp, ebp, esi, edi] = [0, 1, 2, 3, 4, 5, 6, 7].map(gpr);
    let [ds, es, fs, gs] = [SegReg::Ds, SegReg::Es, SegReg::Fs, SegReg::Gs].map(selector);
    let (cs, ss) = (selector(SegReg::Cs), selector(SegReg::Ss));
    // Segments have their bases here: gdb knows of none, so EIP and ESP are linear.
    let eip = cpu.linear_rip() as u32;
    let esp = (cpu.seg(SegReg::Ss).base as u32).wrapping_add(esp);
    let flags = cpu.flags.bits();
    for register in [ebx, ecx, edx, esi, edi, ebp, eax, ds, es, fs, gs, eax, eip, cs, flags, esp, ss, 0] {
        note.extend(register.to_le_bytes());
    }
    note
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringwalk_cpu::model::Model;
    use ringwalk_mmu::TlbPolicy;

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
        let program = |number: usize| [0, 4, 8, 16].map(|field| word(HEADER + number * PROGRAM_HEADER + field));
        let [kind, offset, _, len] = program(0);
        assert_eq!((kind, len as usize), (PT_NOTE, 20 + STATUS));
        let registers = offset as usize + 20 + 72;
        assert_eq!((word(registers), word(registers + 12 * 4)), (0x1122_3344, 0xFFFF_FFF0));
        let [kind, offset, address, len] = program(2);
        assert_eq!((kind, address, len as usize), (PT_LOAD, 0x7000, 2 * PAGE));
        assert_eq!((file[offset as usize], file.len()), (2, offset as usize + 2 * PAGE));
    }
}
