; A disk that runs one kernel of vector code, or all of them, on any PC with 64-bit mode, and
; says what came out: the image of `cargo bench --bench simd`, and of tests/it/simd_kernels.rs.
;
;   nasm -f bin -I roms/simdbench/ -o roms/simdbench.img roms/simdbench/simdbench.asm
;
; Whoever runs it writes two dwords behind "BNCH" at byte 1B0h of the image: the kernel's
; number, in the order of the table in run.inc, or FFFFFFFFh for all, and the count of units.
; On ports E9h and 3F8h come "B" from the boot sector, and for each kernel "START name" and
; "END ticks result" (RDTSC's difference, and 64 bits made of all that the kernel wrote; both
; hexadecimal), or "LACKS name" if CPUID does not tell of the instructions. Then the machine
; is asked to end: "Shutdown" to port 8900h, 0 to port F4h.
;
; Sector 0 is the boot sector, at 0000:7C00; the rest follows at 0000:7E00. In 64-bit mode the
; first 16 MiB are mapped as they are, in pages of 2 MiB, with SSE and AVX state enabled.

        org     7C00h

PML4            equ 1000h               ; and two more tables behind it
; The buffers: a kernel finds A and B filled with pseudo-random dwords, C too.
A               equ 200000h
BYTES           equ 2000h               ; of each of them
B               equ A + BYTES
C               equ B + BYTES

        bits    16
start:
        cli
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, 7C00h
        cld
        jmp     0:.here
.here:
        mov     si, text_hello
        call    say_16
        sti
        mov     ah, 42h                 ; the rest of the image; DL is the drive
        mov     si, packet
        int     13h
        jc      unreadable
        cli
        in      al, 92h                 ; A20
        or      al, 2
        and     al, 0FEh
        out     92h, al
        ; PML4, PDPT, and a directory of eight pages of 2 MiB: SDM Vol.3A 4.5 "4-Level Paging".
        mov     di, PML4
        xor     ax, ax
        mov     cx, 3 * 800h
        rep stosw
        mov     word [PML4], PML4 + 1000h + 3
        mov     word [PML4 + 1000h], PML4 + 2000h + 3
        mov     di, PML4 + 2000h
        mov     eax, 83h
.page:
        mov     [di], eax
        add     di, 8
        add     eax, 200000h
        cmp     di, PML4 + 2000h + 8 * 8
        jne     .page
        ; SDM Vol.3A 10.8.5 "Initializing IA-32e Mode".
        mov     eax, cr4
        or      eax, 1 << 5 | 1 << 9 | 1 << 10   ; PAE, OSFXSR, OSXMMEXCPT
        mov     cr4, eax
        mov     eax, PML4
        mov     cr3, eax
        mov     ecx, 0C0000080h
        rdmsr
        or      eax, 1 << 8             ; LME
        wrmsr
        lgdt    [gdtr]
        mov     eax, cr0
        and     eax, ~(1 << 2 | 1 << 3) ; EM, TS
        or      eax, 1 << 31 | 1 << 1 | 1   ; PG, MP, PE
        mov     cr0, eax
        jmp     8:long_mode

unreadable:
        mov     si, text_unreadable
        call    say_16
.stop:
        hlt
        jmp     .stop

; The text at SI, up to a 0.
say_16:
        push    dx
        mov     dx, 3F8h
.next:
        lodsb
        test    al, al
        jz      .done
        out     0E9h, al
        out     dx, al
        jmp     .next
.done:
        pop     dx
        ret

text_hello:
        db      "B", 10, 0
text_unreadable:
        db      "the disk cannot be read", 10, 0

        align   4
packet:                                 ; "BIOS Enhanced Disk Drive Specification" 3.0, 3.2
        db      16, 0
        dw      (image_end - kernels) / 512
        dw      7E00h, 0
        dq      1

        align   8
gdt:
        dq      0, 00209B0000000000h, 0000930000000000h
gdtr:
        dw      $ - gdt - 1
        dd      gdt

        times   1B0h - ($ - start) db 0
        db      "BNCH"
wanted_kernel:
        dd      0
wanted_count:
        dd      1
        times   510 - ($ - start) db 0
        dw      0AA55h

%include "run.inc"
%include "integer.inc"
%include "float.inc"
%include "crypto.inc"
%include "sums.inc"
%include "avx.inc"

        times   (512 - ($ - start) % 512) % 512 db 0
image_end:
