//! Instructions that no comparison with the host can reach: what belongs to the operating system, what tells processors
//! apart, approximations. A vector each from the manual.

use super::programs::Place::{Memory, Reg};
use super::programs::{Vector, halts, long, protected};
use crate::program::{DATA, End};

pub(super) const VECTORS: [Vector; 29] = [
    halts(
        "SDM Vol.2B MOV, POP, PUSH: a selector that goes in comes out",
        protected,
        "
        66 B8 10 00               ; mov ax, 0x10
        8E C0                     ; mov es, ax
        8E D8                     ; mov ds, ax
        06                        ; push es
        07                        ; pop es
        1E                        ; push ds
        1F                        ; pop ds
        16                        ; push ss
        17                        ; pop ss
        0F A0                     ; push fs
        0F A1                     ; pop fs
        0F A8                     ; push gs
        0F A9                     ; pop gs
        8C C1                     ; mov ecx, es
        F4                        ; hlt
        ",
        &[(Reg(1), 0x10), (Reg(4), 0x8000)],
    ),
    halts(
        "SDM Vol.2A LDS/LES/LFS/LGS/LSS: the offset goes to the register, the selector behind it to the segment register",
        protected,
        "
        C7 05 00 00 02 00 78 56 34 12    ; mov dword [0x20000], 0x12345678
        66 C7 05 04 00 02 00 10 00       ; mov word [0x20004], 0x10
        C4 05 00 00 02 00         ; les eax, [0x20000]
        C5 0D 00 00 02 00         ; lds ecx, [0x20000]
        0F B2 15 00 00 02 00      ; lss edx, [0x20000]
        0F B4 1D 00 00 02 00      ; lfs ebx, [0x20000]
        0F B5 35 00 00 02 00      ; lgs esi, [0x20000]
        8C E7                     ; mov edi, fs
        F4                        ; hlt
        ",
        &[
            (Reg(0), 0x1234_5678),
            (Reg(1), 0x1234_5678),
            (Reg(2), 0x1234_5678),
            (Reg(3), 0x1234_5678),
            (Reg(6), 0x1234_5678),
            (Reg(7), 0x10),
        ],
    ),
    halts(
        "SDM Vol.2A LAR, LSL, Vol.2C VERR/VERW: flat data that can be written, limit in pages",
        protected,
        "
        66 B9 10 00               ; mov cx, 0x10
        0F 02 D1                  ; lar edx, ecx
        81 E2 00 FF F0 00         ; and edx, 0xf0ff00
        0F 03 D9                  ; lsl ebx, ecx
        0F 00 E1                  ; verr cx
        0F 94 C0                  ; sete al
        0F 00 E9                  ; verw cx
        0F 94 C4                  ; sete ah
        0F B7 F0                  ; movzx esi, ax
        F4                        ; hlt
        ",
        &[(Reg(2), 0x00C0_9300), (Reg(3), 0xFFFF_FFFF), (Reg(6), 0x0101)],
    ),
    halts(
        "SDM Vol.2B SGDT, SIDT, SLDT, STR, SMSW: the registers as they were loaded",
        protected,
        "
        0F 01 05 00 00 02 00      ; sgdt [0x20000]
        0F 01 0D 10 00 02 00      ; sidt [0x20010]
        0F 00 C0                  ; sldt eax
        0F 00 C9                  ; str ecx
        0F 01 E2                  ; smsw edx
        83 E2 01                  ; and edx, 1
        F4                        ; hlt
        ",
        &[(Memory(DATA), 0x1000_00FF), (Memory(DATA + 0x10), 0x2000_07FF), (Reg(0), 0x50), (Reg(1), 0x48), (Reg(2), 1)],
    ),
    Vector {
        from: "SDM Vol.2A CALL, JMP, Vol.2B RET, IRET: far transfers at one privilege level",
        world: protected,
        listing: "
        C7 05 00 00 02 00 00 01 01 00    ; mov dword [0x20000], 0x10100
        66 C7 05 04 00 02 00 08 00       ; mov word [0x20004], 8
        6A 05                     ; push 5
        FF 1D 00 00 02 00         ; call [0x20000]
        9A 10 01 01 00 08 00      ; call 8:0x10110
        C7 05 00 00 02 00 00 02 01 00    ; mov dword [0x20000], 0x10200
        FF 2D 00 00 02 00         ; jmp [0x20000]
        ",
        elsewhere: &[
            (0x1_0100, "CA 04 00 ; retf 4"),
            (0x1_0110, "CB ; retf"),
            (0x1_0200, "EA 10 02 01 00 08 00 ; jmp 8:0x10210"),
            (
                0x1_0210,
                "
                9C               ; pushf
                0E               ; push cs
                68 30 02 01 00   ; push 0x10230
                CF               ; iret
                ",
            ),
            (
                0x1_0230,
                "
                B8 2A 00 00 00   ; mov eax, 0x2a
                F4               ; hlt
                ",
            ),
        ],
        end: End::Halted,
        leaves: &[(Reg(0), 0x2A), (Reg(4), 0x8000)],
    },
    Vector {
        from: "SDM Vol.2A CALL, JMP, Vol.2B RET: near, by a register; RET takes parameters away",
        world: protected,
        listing: "
        B8 00 01 01 00            ; mov eax, 0x10100
        FF D0                     ; call eax
        6A 05                     ; push 5
        B8 10 01 01 00            ; mov eax, 0x10110
        FF D0                     ; call eax
        B8 20 01 01 00            ; mov eax, 0x10120
        FF E0                     ; jmp eax
        ",
        elsewhere: &[
            (0x1_0100, "C3 ; ret"),
            (0x1_0110, "C2 04 00 ; ret 4"),
            (
                0x1_0120,
                "
                B9 2A 00 00 00   ; mov ecx, 0x2a
                F4               ; hlt
                ",
            ),
        ],
        end: End::Halted,
        leaves: &[(Reg(1), 0x2A), (Reg(4), 0x8000)],
    },
    Vector {
        from: "SDM Vol.2A INT1",
        world: protected,
        listing: "F1 ; int1",
        elsewhere: &[],
        end: End::Vector(1),
        leaves: &[],
    },
    Vector {
        from: "SDM Vol.2B RSM: undefined outside system-management mode",
        world: protected,
        listing: "0F AA ; rsm",
        elsewhere: &[],
        end: End::Vector(6),
        leaves: &[],
    },
    Vector {
        from: "SDM Vol.2A INT n",
        world: protected,
        listing: "CD 80 ; int 0x80",
        elsewhere: &[],
        end: End::Vector(0x80),
        leaves: &[],
    },
    halts(
        "SDM Vol.2B RDFSBASE/RDGSBASE, WRFSBASE/WRGSBASE, SWAPGS",
        long,
        "
        B8 34 12 00 00            ; mov eax, 0x1234
        BA 78 56 00 00            ; mov edx, 0x5678
        F3 48 0F AE D0            ; wrfsbase rax
        F3 48 0F AE DA            ; wrgsbase rdx
        F3 48 0F AE C1            ; rdfsbase rcx
        F3 48 0F AE CB            ; rdgsbase rbx
        0F 01 F8                  ; swapgs
        F3 48 0F AE CE            ; rdgsbase rsi
        F4                        ; hlt
        ",
        &[(Reg(1), 0x1234), (Reg(3), 0x5678), (Reg(6), 0)],
    ),
    halts(
        "SDM Vol.2B RDPKRU, Vol.2D WRPKRU",
        long,
        "
        B8 54 55 55 55            ; mov eax, 0x55555554
        31 C9                     ; xor ecx, ecx
        31 D2                     ; xor edx, edx
        0F 01 EF                  ; wrpkru
        31 C0                     ; xor eax, eax
        F7 D2                     ; not edx
        0F 01 EE                  ; rdpkru
        F4                        ; hlt
        ",
        &[(Reg(0), 0x5555_5554), (Reg(2), 0)],
    ),
    halts(
        "SDM Vol.2B RDRAND, RDSEED: CF says that there is a number",
        protected,
        "
        F8                        ; clc
        0F C7 F0                  ; rdrand eax
        0F 92 C2                  ; setb dl
        F8                        ; clc
        0F C7 F8                  ; rdseed eax
        0F 92 C6                  ; setb dh
        0F B7 F2                  ; movzx esi, dx
        F4                        ; hlt
        ",
        &[(Reg(6), 0x0101)],
    ),
    halts(
        "SDM Vol.2B RDTSC, RDTSCP, RDPID: time goes on; TSC_AUX is 0 after reset",
        protected,
        "
        0F 31                     ; rdtsc
        89 C3                     ; mov ebx, eax
        83 C9 FF                  ; or ecx, -1
        0F 01 F9                  ; rdtscp
        29 D8                     ; sub eax, ebx
        0F 97 C3                  ; seta bl
        0F B6 F3                  ; movzx esi, bl
        F3 0F C7 FF               ; rdpid edi
        F4                        ; hlt
        ",
        &[(Reg(1), 0), (Reg(6), 1), (Reg(7), 0)],
    ),
    halts(
        "SDM Vol.2A CPUID leaf 0: GenuineIntel",
        protected,
        "
        31 C0                     ; xor eax, eax
        0F A2                     ; cpuid
        F4                        ; hlt
        ",
        &[(Reg(3), 0x756E_6547), (Reg(2), 0x4965_6E69), (Reg(1), 0x6C65_746E)],
    ),
    halts(
        "SDM Vol.2D XSETBV, XGETBV",
        protected,
        "
        31 C9                     ; xor ecx, ecx
        31 D2                     ; xor edx, edx
        B8 03 00 00 00            ; mov eax, 3
        0F 01 D1                  ; xsetbv
        31 C0                     ; xor eax, eax
        0F 01 D0                  ; xgetbv
        F4                        ; hlt
        ",
        &[(Reg(0), 3)],
    ),
    halts(
        "SDM Vol.2D XSAVE, XRSTOR, XSAVEOPT: a register comes back; XSTATE_BV has the bit of SSE",
        protected,
        "
        66 0F 76 C0               ; pcmpeqd xmm0, xmm0
        B8 02 00 00 00            ; mov eax, 2
        31 D2                     ; xor edx, edx
        0F AE 25 00 00 02 00      ; xsave [0x20000]
        0F AE 35 00 10 02 00      ; xsaveopt [0x21000]
        0F 57 C0                  ; xorps xmm0, xmm0
        0F AE 2D 00 00 02 00      ; xrstor [0x20000]
        66 0F 7E C1               ; movd ecx, xmm0
        F4                        ; hlt
        ",
        &[
            (Reg(1), 0xFFFF_FFFF),
            (Memory(DATA + 0xA0), 0xFFFF_FFFF),
            (Memory(DATA + 0x200), 2),
            (Memory(DATA + 0x208), 0),
            (Memory(DATA + 0x1000 + 0xA0), 0xFFFF_FFFF),
        ],
    ),
    halts(
        "SDM Vol.2D XSAVEC, XSAVES, XRSTORS: XCOMP_BV has bit 63 and the components",
        protected,
        "
        66 0F 76 C0               ; pcmpeqd xmm0, xmm0
        B8 02 00 00 00            ; mov eax, 2
        31 D2                     ; xor edx, edx
        0F C7 25 00 00 02 00      ; xsavec [0x20000]
        0F C7 2D 00 10 02 00      ; xsaves [0x21000]
        0F 57 C0                  ; xorps xmm0, xmm0
        0F C7 1D 00 10 02 00      ; xrstors [0x21000]
        66 0F 7E C1               ; movd ecx, xmm0
        F4                        ; hlt
        ",
        &[
            (Reg(1), 0xFFFF_FFFF),
            (Memory(DATA + 0xA0), 0xFFFF_FFFF),
            (Memory(DATA + 0x200), 2),
            (Memory(DATA + 0x208), 2),
            (Memory(DATA + 0x20C), 0x8000_0000),
            (Memory(DATA + 0x1000 + 0x20C), 0x8000_0000),
        ],
    ),
    halts(
        "SDM Vol.2A FXSAVE, FXRSTOR",
        protected,
        "
        66 0F 76 C0               ; pcmpeqd xmm0, xmm0
        DB E3                     ; fninit
        0F AE 05 00 00 02 00      ; fxsave [0x20000]
        0F 57 C0                  ; xorps xmm0, xmm0
        0F AE 0D 00 00 02 00      ; fxrstor [0x20000]
        66 0F 7E C1               ; movd ecx, xmm0
        F4                        ; hlt
        ",
        &[(Reg(1), 0xFFFF_FFFF), (Memory(DATA), 0x37F), (Memory(DATA + 0x18), 0x1F80)],
    ),
    halts(
        "SDM Vol.2A FSTENV/FNSTENV, FSAVE/FNSAVE: control word, TOP, tags",
        protected,
        "
        DB E3                     ; fninit
        D9 E8                     ; fld1
        D9 35 00 00 02 00         ; fnstenv [0x20000]
        DD 35 00 01 02 00         ; fnsave [0x20100]
        F4                        ; hlt
        ",
        &[
            (Memory(DATA), 0xFFFF_037F),
            (Memory(DATA + 4), 0xFFFF_3800),
            (Memory(DATA + 8), 0xFFFF_3FFF),
            (Memory(DATA + 0x100), 0xFFFF_037F),
            (Memory(DATA + 0x104), 0xFFFF_3800),
        ],
    ),
    halts(
        "SDM Vol.2B RCPPS, RCPSS, RSQRTPS, RSQRTSS: of 0.0 infinity",
        protected,
        "
        0F 57 C9                  ; xorps xmm1, xmm1
        0F 53 C1                  ; rcpps xmm0, xmm1
        66 0F 7E C0               ; movd eax, xmm0
        F3 0F 53 C1               ; rcpss xmm0, xmm1
        66 0F 7E C1               ; movd ecx, xmm0
        0F 52 C1                  ; rsqrtps xmm0, xmm1
        66 0F 7E C2               ; movd edx, xmm0
        F3 0F 52 C1               ; rsqrtss xmm0, xmm1
        66 0F 7E C3               ; movd ebx, xmm0
        F4                        ; hlt
        ",
        &[(Reg(0), 0x7F80_0000), (Reg(1), 0x7F80_0000), (Reg(2), 0x7F80_0000), (Reg(3), 0x7F80_0000)],
    ),
    halts(
        "SDM Vol.2B VRCPPS, VRCPSS, VRSQRTPS, VRSQRTSS: of 0.0 infinity",
        protected,
        "
        C5 F0 57 C9               ; vxorps xmm1, xmm1, xmm1
        C5 F8 53 C1               ; vrcpps xmm0, xmm1
        66 0F 7E C0               ; movd eax, xmm0
        C5 F2 53 C1               ; vrcpss xmm0, xmm1, xmm1
        66 0F 7E C1               ; movd ecx, xmm0
        C5 F8 52 C1               ; vrsqrtps xmm0, xmm1
        66 0F 7E C2               ; movd edx, xmm0
        C5 F2 52 C1               ; vrsqrtss xmm0, xmm1, xmm1
        66 0F 7E C3               ; movd ebx, xmm0
        F4                        ; hlt
        ",
        &[(Reg(0), 0x7F80_0000), (Reg(1), 0x7F80_0000), (Reg(2), 0x7F80_0000), (Reg(3), 0x7F80_0000)],
    ),
    halts(
        "SDM Vol.2A F2XM1, FSIN, FCOS, FSINCOS: of +0",
        protected,
        "
        DB E3                     ; fninit
        D9 EE                     ; fldz
        D9 F0                     ; f2xm1
        DB 1D 00 00 02 00         ; fistp dword [0x20000]
        D9 EE                     ; fldz
        D9 FE                     ; fsin
        DB 1D 04 00 02 00         ; fistp dword [0x20004]
        D9 EE                     ; fldz
        D9 FF                     ; fcos
        DB 1D 08 00 02 00         ; fistp dword [0x20008]
        D9 EE                     ; fldz
        D9 FB                     ; fsincos
        DB 1D 0C 00 02 00         ; fistp dword [0x2000c]
        DB 1D 10 00 02 00         ; fistp dword [0x20010]
        F4                        ; hlt
        ",
        &[
            (Memory(DATA), 0),
            (Memory(DATA + 4), 0),
            (Memory(DATA + 8), 1),
            (Memory(DATA + 12), 1),
            (Memory(DATA + 16), 0),
        ],
    ),
    halts(
        "SDM Vol.2A FPTAN, FPATAN, FYL2X, FYL2XP1: tan 0, arctan 0/1, 1 log2 1, 1 log2 (0 + 1)",
        protected,
        "
        DB E3                     ; fninit
        D9 EE                     ; fldz
        D9 F2                     ; fptan
        DB 1D 00 00 02 00         ; fistp dword [0x20000]
        DB 1D 04 00 02 00         ; fistp dword [0x20004]
        D9 EE                     ; fldz
        D9 E8                     ; fld1
        D9 F3                     ; fpatan
        DB 1D 08 00 02 00         ; fistp dword [0x20008]
        D9 E8                     ; fld1
        D9 E8                     ; fld1
        D9 F1                     ; fyl2x
        DB 1D 0C 00 02 00         ; fistp dword [0x2000c]
        D9 E8                     ; fld1
        D9 EE                     ; fldz
        D9 F9                     ; fyl2xp1
        DB 1D 10 00 02 00         ; fistp dword [0x20010]
        F4                        ; hlt
        ",
        &[
            (Memory(DATA), 1),
            (Memory(DATA + 4), 0),
            (Memory(DATA + 8), 0),
            (Memory(DATA + 12), 0),
            (Memory(DATA + 16), 0),
        ],
    ),
    Vector {
        from: "SDM Vol.2B RDPMC: no counter has number FFFFh",
        world: protected,
        listing: "
        B9 FF FF 00 00            ; mov ecx, 0xffff
        0F 33                     ; rdpmc
        ",
        elsewhere: &[],
        end: End::Vector(13),
        leaves: &[],
    },
    Vector {
        from: "SDM Vol.2B SYSENTER: IA32_SYSENTER_CS is 0 after reset",
        world: protected,
        listing: "0F 34 ; sysenter",
        elsewhere: &[],
        end: End::Vector(13),
        leaves: &[],
    },
    halts(
        "Silicon: the address of XADD is made before its register changes",
        protected,
        "
        B8 04 00 02 00            ; mov eax, 0x20004
        C7 00 05 00 00 00         ; mov dword [eax], 5
        66 0F C1 00               ; xadd [eax], ax
        F4                        ; hlt
        ",
        &[(Reg(0), 0x2_0005), (Memory(DATA + 4), 9)],
    ),
    halts(
        "Silicon: CMPXCHG of unequal registers leaves the upper half of the first alone",
        long,
        "
        49 83 CA FF               ; or r10, -1
        31 C0                     ; xor eax, eax
        45 0F B1 CA               ; cmpxchg r10d, r9d
        49 C1 EA 20               ; shr r10, 32
        44 89 D3                  ; mov ebx, r10d
        F4                        ; hlt
        ",
        &[(Reg(3), 0xFFFF_FFFF), (Reg(0), 0xFFFF_FFFF)],
    ),
    Vector {
        from: "Silicon: R12 is no stack pointer: #GP",
        world: long,
        listing: "
        49 BC 00 00 00 00 00 00 00 80    ; mov r12, 0x8000000000000000
        41 8A 04 24               ; mov al, [r12]
        ",
        elsewhere: &[],
        end: End::Vector(13),
        leaves: &[],
    },
    Vector {
        from: "SDM Vol.3A Table 6-2: a page fault goes before an exception of the floating-point unit",
        world: long,
        listing: "
        DB E3                     ; fninit
        C7 04 25 00 00 02 00 7E 03 00 00 ; mov dword [0x20000], 0x37e
        D9 2C 25 00 00 02 00      ; fldcw [0x20000]
        D9 1C 25 00 00 00 7F      ; fstp dword [0x7f000000]
        ",
        elsewhere: &[],
        end: End::Vector(14),
        leaves: &[],
    },
];
