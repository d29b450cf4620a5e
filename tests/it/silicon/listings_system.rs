//! Instructions of the operating system that no comparison with the host can reach: a vector each from the manual.

use super::programs::Place::{Memory, Reg};
use super::programs::{Vector, halts, protected};
use crate::program::DATA;

pub(super) const VECTORS: [Vector; 7] = [
    halts(
        "SDM Vol.2B MOV to and from control and debug registers: what goes in comes out",
        protected,
        "
        0F 20 C0                  ; mov eax, cr0
        0F 22 C0                  ; mov cr0, eax
        B9 78 56 34 12            ; mov ecx, 0x12345678
        0F 22 D1                  ; mov cr2, ecx
        0F 20 D3                  ; mov ebx, cr2
        0F 23 C1                  ; mov dr0, ecx
        0F 21 C6                  ; mov esi, dr0
        F4                        ; hlt
        ",
        &[(Reg(3), 0x1234_5678), (Reg(6), 0x1234_5678)],
    ),
    halts(
        "SDM Vol.2A CLTS, LMSW: TS goes with the one and comes with the other",
        protected,
        "
        0F 01 E0                  ; smsw eax
        0C 08                     ; or al, 8
        0F 01 F0                  ; lmsw ax
        0F 20 C1                  ; mov ecx, cr0
        0F 06                     ; clts
        0F 20 C2                  ; mov edx, cr0
        83 E1 08                  ; and ecx, 8
        83 E2 08                  ; and edx, 8
        F4                        ; hlt
        ",
        &[(Reg(1), 8), (Reg(2), 0)],
    ),
    halts(
        "SDM Vol.2A LGDT/LIDT, LLDT, LTR: the registers as they were stored; LTR makes the TSS busy",
        protected,
        "
        0F 01 05 00 00 02 00      ; sgdt [0x20000]
        0F 01 15 00 00 02 00      ; lgdt [0x20000]
        0F 01 0D 00 00 02 00      ; sidt [0x20000]
        0F 01 1D 00 00 02 00      ; lidt [0x20000]
        B8 50 00 00 00            ; mov eax, 0x50
        0F 00 D0                  ; lldt ax
        0F 00 C1                  ; sldt ecx
        80 25 4D 10 00 00 FD      ; and byte [0x104d], 0xfd
        B8 48 00 00 00            ; mov eax, 0x48
        0F 00 D8                  ; ltr ax
        0F 00 CA                  ; str edx
        0F B6 1D 4D 10 00 00      ; movzx ebx, byte [0x104d]
        83 E3 0F                  ; and ebx, 0xf
        F4                        ; hlt
        ",
        &[(Reg(1), 0x50), (Reg(2), 0x48), (Reg(3), 0xB)],
    ),
    halts(
        "SDM Vol.2A INVD, INVLPG, INVPCID, Vol.2D WBINVD: nothing that a register would tell",
        protected,
        "
        B8 02 00 00 00            ; mov eax, 2
        0F 01 3D 00 00 02 00      ; invlpg [0x20000]
        66 0F 38 82 05 00 00 02 00    ; invpcid eax, [0x20000]
        0F 09                     ; wbinvd
        0F 08                     ; invd
        F4                        ; hlt
        ",
        &[(Reg(0), 2)],
    ),
    halts(
        "SDM Vol.2B RDMSR, Vol.2D WRMSR: IA32_SYSENTER_EIP",
        protected,
        "
        B9 76 01 00 00            ; mov ecx, 0x176
        B8 78 56 34 12            ; mov eax, 0x12345678
        31 D2                     ; xor edx, edx
        0F 30                     ; wrmsr
        31 C0                     ; xor eax, eax
        0F 32                     ; rdmsr
        F4                        ; hlt
        ",
        &[(Reg(0), 0x1234_5678), (Reg(2), 0)],
    ),
    halts(
        "SDM Vol.2A IN, INS, Vol.2B OUT, OUTS: ones from a port where nothing is",
        protected,
        "
        31 C0                     ; xor eax, eax
        E4 80                     ; in al, 0x80
        0F B6 C8                  ; movzx ecx, al
        E5 80                     ; in eax, 0x80
        BA 80 00 00 00            ; mov edx, 0x80
        EC                        ; in al, dx
        ED                        ; in eax, dx
        E6 80                     ; out 0x80, al
        E7 80                     ; out 0x80, eax
        EE                        ; out dx, al
        EF                        ; out dx, eax
        BF 00 00 02 00            ; mov edi, 0x20000
        6C                        ; insb
        6D                        ; insd
        BE 00 00 02 00            ; mov esi, 0x20000
        6E                        ; outsb
        6F                        ; outsd
        F4                        ; hlt
        ",
        &[
            (Reg(0), 0xFFFF_FFFF),
            (Reg(1), 0xFF),
            (Reg(6), DATA + 5),
            (Reg(7), DATA + 5),
            (Memory(DATA), 0xFFFF_FFFF),
            (Memory(DATA + 4), 0xFF),
        ],
    ),
    halts(
        "SDM Vol.2A CLI, CLAC, Vol.2B STI, STAC: IF and AC of EFLAGS",
        protected,
        "
        FB                        ; sti
        0F 01 CB                  ; stac
        9C                        ; pushf
        58                        ; pop eax
        FA                        ; cli
        0F 01 CA                  ; clac
        9C                        ; pushf
        59                        ; pop ecx
        25 00 02 04 00            ; and eax, 0x40200
        81 E1 00 02 04 00         ; and ecx, 0x40200
        F4                        ; hlt
        ",
        &[(Reg(0), 0x4_0200), (Reg(1), 0)],
    ),
];
