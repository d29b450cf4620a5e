; Memory types, where the CPU has memory type range registers: RAM is write-back, ROM
; write-protected, the display window and the PCI window below 4 GiB uncached. Systems
; that find the registers off give up their own use of them.
;
; Intel SDM Vol.3A 12.11.2 "Setting Memory Ranges with MTRRs", Table 12-9 "Address Mapping
; for Fixed-Range MTRRs"; AMD64 APM Vol.2 7.7 "Memory-Type Range Registers".

MTRR_CAP        equ 0FEh                ; 7:0 variable pairs, 8 fixed ranges
MTRR_BASE0      equ 200h
MTRR_MASK0      equ 201h
MTRR_DEF_TYPE   equ 2FFh                ; 7:0 type, 10 fixed ranges on, 11 all on

TYPE_UC         equ 00h
TYPE_WP         equ 05h
TYPE_WB         equ 06h

; mtrr_init: changes all general registers.
mtrr_init:
        call    cpuid_features
        test    dh, 10h                 ; EDX bit 12
        jz      .end
        cpu     686
        mov     ecx, MTRR_CAP
        rdmsr
        test    ah, 01h
        jz      .end
        mov     bl, al
        mov     ecx, MTRR_DEF_TYPE      ; off while they change
        xor     eax, eax
        xor     edx, edx
        wrmsr
        mov     si, .fixed
.range:
        movzx   ecx, word [cs:si]
        mov     al, [cs:si + 2]
        mov     ah, al                  ; one type for all eight parts of the range
        mov     dx, ax
        shl     eax, 16
        mov     ax, dx
        mov     edx, eax
        wrmsr
        add     si, 3
        cmp     si, .fixed_end
        jb      .range
        test    bl, bl
        jz      .on
        mov     ecx, MTRR_BASE0
        mov     eax, PCI_MEM_START | TYPE_UC
        xor     edx, edx
        wrmsr
        call    .upper_mask
        mov     ecx, MTRR_MASK0
        mov     eax, PCI_MEM_START | 800h       ; 512 MiB; bit 11: valid
        wrmsr
.on:
        mov     ecx, MTRR_DEF_TYPE
        mov     eax, 0C00h | TYPE_WB
        xor     edx, edx
        wrmsr
.end:
        ret

; EDX = physical address bits above 31, all ones: 36 bits unless CPUID tells.
.upper_mask:
        mov     eax, 80000000h
        cpuid
        mov     edx, 0Fh
        cmp     eax, 80000008h
        jb      .mask_known
        mov     eax, 80000008h
        cpuid
        mov     cl, al
        sub     cl, 32
        mov     edx, 1
        shl     edx, cl
        dec     edx
.mask_known:
        ret
        cpu     386
.fixed:
        dw      250h                    ; 00000h-7FFFFh
        db      TYPE_WB
        dw      258h                    ; 80000h-9FFFFh
        db      TYPE_WB
        dw      259h                    ; A0000h-BFFFFh
        db      TYPE_UC
%assign range 268h                      ; C0000h-FFFFFh, 32 KiB each
%rep 8
        dw      range
        db      TYPE_WP
%assign range range + 1
%endrep
.fixed_end:
