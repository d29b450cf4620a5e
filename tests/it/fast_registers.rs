//! A register's value that the fast tier hands on from one instruction to another is what the register holds.

use ringwalk::machine::{NoHost, RunLimits, Stop, Tuning};
use ringwalk_mmu::PhysAddr;

use crate::guest::{Image, machine};

/// cli | xor ax,ax | mov ds,ax | mov ss,ax | mov si,4 | l: mov esp,7000h
const BEGIN: [u8; 16] =
    [0xFA, 0x31, 0xC0, 0x8E, 0xD8, 0x8E, 0xD0, 0xBE, 0x04, 0x00, 0x66, 0xBC, 0x00, 0x70, 0x00, 0x00];
/// Where the loop begins: its first round finds no page in the HostTlb, and so runs canonically in part.
const ROUND: usize = 10;
/// mov [600h],ebx | dec si | jnz l, without the distance
const END: [u8; 7] = [0x66, 0x89, 0x1E, 0x00, 0x06, 0x4E, 0x75];

/// What it is, 16-bit code, and EBX behind it.
type Row = (&'static str, &'static [u8], u32);

#[rustfmt::skip]
const ROWS: [Row; 8] = [
    ("sub esp,8 | push eax | mov ebx,esp", &[0x66, 0x83, 0xEC, 8, 0x66, 0x50, 0x66, 0x89, 0xE3], 0x6FF4),
    ("mov esp,6000h | pop eax | mov ebx,esp", &[0x66, 0xBC, 0, 0x60, 0, 0, 0x66, 0x58, 0x66, 0x89, 0xE3], 0x6004),
    ("mov eax,11223344h | mov ah,55h | mov ebx,eax",
        &[0x66, 0xB8, 0x44, 0x33, 0x22, 0x11, 0xB4, 0x55, 0x66, 0x89, 0xC3], 0x1122_5544),
    ("mov eax,11223344h | mov ax,6677h | mov ebx,eax",
        &[0x66, 0xB8, 0x44, 0x33, 0x22, 0x11, 0xB8, 0x77, 0x66, 0x66, 0x89, 0xC3], 0x1122_6677),
    ("mov ecx,11223344h | bswap ecx | mov ebx,ecx",
        &[0x66, 0xB9, 0x44, 0x33, 0x22, 0x11, 0x66, 0x0F, 0xC9, 0x66, 0x89, 0xCB], 0x4433_2211),
    ("mov eax,1 | mov edx,2 | xchg eax,edx | mov ebx,eax",
        &[0x66, 0xB8, 1, 0, 0, 0, 0x66, 0xBA, 2, 0, 0, 0, 0x66, 0x92, 0x66, 0x89, 0xC3], 2),
    ("mov ecx,7 | imul edx,ecx,6 | add edx,ecx | mov ebx,edx",
        &[0x66, 0xB9, 7, 0, 0, 0, 0x66, 0x6B, 0xD1, 6, 0x66, 0x01, 0xCA, 0x66, 0x89, 0xD3], 49),
    ("mov dword [6F00h],12345678h | mov ebp,6F00h | leave | mov ebx,ebp",
        &[0x66, 0xC7, 0x06, 0x00, 0x6F, 0x78, 0x56, 0x34, 0x12, 0x66, 0xBD, 0x00, 0x6F, 0, 0, 0x66, 0xC9,
          0x66, 0x89, 0xEB], 0x1234_5678),
];

#[test]
fn a_value_handed_on_is_the_registers() {
    for (what, code, ebx) in ROWS {
        let mut sector = vec![0; 64 << 10];
        let mut program = [&BEGIN, code, &END].concat();
        let back = ROUND as isize - (program.len() as isize + 1);
        program.extend([back as u8, 0xF4]);
        sector[..program.len()].copy_from_slice(&program);
        sector[510..512].copy_from_slice(&[0x55, 0xAA]);
        let mut machine = machine(&Image(sector.into()), Tuning::default());
        let limits = RunLimits { position: Some(100_000_000), ..RunLimits::default() };
        assert_eq!(machine.run(&limits, &mut NoHost), Stop::DeadHalt, "{what}");
        let byte = |at: u64| machine.memory.peek(PhysAddr(0x600 + at)).expect("memory");
        let found = u32::from_le_bytes([byte(0), byte(1), byte(2), byte(3)]);
        assert_eq!(found, ebx, "{what}: {found:x}");
    }
}
