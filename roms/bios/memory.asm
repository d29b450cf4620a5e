; RAM: how much there is, shadowing through the host bridge, copying beyond 1 MiB,
; and the memory map of INT 15h.
;
; Intel 82441FX PMC (290549-001) "PAM - Programmable Attribute Map Registers";
; ACPI Specification 6.5, 15.1 "INT 15H, E820H - Query System Address Map";
; RBIL CMOS.LST, 15h-18h, 30h-31h; 34h-35h and 5Bh-5Dh as QEMU and Bochs fill them.

; memory_size: the end of RAM below 4 GiB and the RAM above it, from CMOS to the EBDA.
memory_size:
        mov     al, 35h | NMI_OFF       ; 64 KiB units above 16 MiB
        mov     ah, 34h | NMI_OFF
        call    cmos_read_word
        movzx   ebx, bx
        shl     ebx, 16
        add     ebx, 1000000h
        cmp     ebx, 1000000h
        jne     .below_4g
        mov     al, 31h | NMI_OFF       ; KiB above 1 MiB
        mov     ah, 30h | NMI_OFF
        call    cmos_read_word
        test    bx, bx
        jnz     .kib
        mov     al, 18h | NMI_OFF
        mov     ah, 17h | NMI_OFF
        call    cmos_read_word
.kib:
        movzx   ebx, bx
        shl     ebx, 10
        add     ebx, 100000h
.below_4g:
        mov     [es:EBDA_RAM_TOP], ebx

        mov     al, 5Dh | NMI_OFF       ; 64 KiB units above 4 GiB, 24 bits
        call    cmos_read
        movzx   ecx, al
        shl     ecx, 16
        mov     al, 5Ch | NMI_OFF
        mov     ah, 5Bh | NMI_OFF
        call    cmos_read_word
        mov     cx, bx
        mov     [es:EBDA_RAM_HIGH], ecx
        ret

; --- copying anywhere below 4 GiB --------------------------------------------------------

; copy_physical: ECX bytes (a multiple of 2) from physical ESI to EDI, upwards, in
; 16-bit protected mode with flat data segments. Interrupts stay off meanwhile. Keeps
; all registers; DS and ES come back with 64 KiB limits.
copy_physical:
        pushf
        pushad
        push    ds
        push    es
        cli
        cld
        o32 lgdt [cs:flat_gdtr]
        mov     eax, cr0
        or      al, 01h                 ; PE
        mov     cr0, eax
        jmp     FLAT_CODE:.protected
.protected:
        mov     ax, FLAT_DATA
        mov     ds, ax
        mov     es, ax
        mov     eax, ecx
        shr     ecx, 2
        a32 rep movsd
        mov     ecx, eax
        shr     ecx, 1
        and     ecx, 1
        a32 rep movsw
        mov     ax, REAL_DATA           ; real mode keeps the limit loaded last
        mov     ds, ax
        mov     es, ax
        mov     eax, cr0
        and     al, 0FEh
        mov     cr0, eax
        jmp     BIOS_SEG:.real
.real:
        pop     es
        pop     ds
        popad
        popf
        ret

; segment_limits: AX = FLAT_DATA or REAL_DATA: DS, ES, FS and GS get its limit and keep
; their bases. Keeps all other registers.
segment_limits:
        pushf
        push    ds
        push    es
        push    fs
        push    gs
        push    ebx
        cli
        o32 lgdt [cs:flat_gdtr]
        mov     ebx, cr0
        or      bl, 01h
        mov     cr0, ebx
        jmp     FLAT_CODE:.protected
.protected:
        mov     ds, ax
        mov     es, ax
        mov     fs, ax
        mov     gs, ax
        and     bl, 0FEh
        mov     cr0, ebx
        jmp     BIOS_SEG:.real
.real:
        pop     ebx
        pop     gs
        pop     fs
        pop     es
        pop     ds
        popf
        ret

FLAT_CODE       equ 08h
FLAT_DATA       equ 10h
REAL_DATA       equ 18h

        align   8, db 0
; Every descriptor has its accessed bit set: the CPU must not want to write to ROM.
flat_gdt:
        dq      0
        dw      0FFFFh, 0000h, 9B0Fh, 0000h     ; code, F0000h, 64 KiB, 16 bits
        dw      0FFFFh, 0000h, 9300h, 00CFh     ; data, 0, 4 GiB
        dw      0FFFFh, 0000h, 9300h, 0000h     ; data, 0, 64 KiB
flat_gdtr:
        dw      $ - flat_gdt - 1
        dd      (BIOS_SEG << 4) + flat_gdt

; --- shadow RAM --------------------------------------------------------------------------
PAM0            equ 59h                 ; bits 5:4 = F0000h-FFFFFh: 5 write, 4 read RAM
PAM1            equ 5Ah                 ; C0000h (bits 1:0), C4000h (5:4); to 5Fh, EC000h
PAM0_RW         equ 30h
PAM0_RO         equ 10h

; shadow_bios: puts this ROM into the RAM under it. The PAM setting that reads ROM and
; writes RAM is not the same everywhere, so the switch runs from a copy in low RAM.
SHADOW_SEG      equ 1000h
shadow_bios:
        cmp     word [es:EBDA_BRIDGE], 0FFFFh
        je      .end
        push    ds
        push    es
        mov     bx, [es:EBDA_BRIDGE]
        mov     ax, BIOS_SEG
        mov     ds, ax
        mov     ax, SHADOW_SEG
        mov     es, ax
        call    .copy
        jmp     SHADOW_SEG:.in_ram
.in_ram:
        mov     di, PAM0
        mov     cl, PAM0_RW
        call    pci_write_byte
        mov     ax, SHADOW_SEG
        mov     ds, ax
        mov     ax, BIOS_SEG
        mov     es, ax
        call    .copy
        xor     si, si
        xor     di, di
        mov     cx, 4000h
        repe cmpsd
        mov     cl, 0                   ; no RAM there: stay with the ROM
        jne     .set
        mov     cl, PAM0_RO
.set:
        mov     di, PAM0
        call    pci_write_byte
        jmp     BIOS_SEG:.done
.done:
        pop     es
        pop     ds
.end:
        ret
.copy:
        xor     si, si
        xor     di, di
        mov     cx, 4000h
        rep     movsd
        ret

; shadow_unlock, shadow_lock: the shadowed BIOS can be written, for tables in POST, and no
; more. Where it is no RAM nothing changes. ES = EBDA. Keep all registers.
shadow_unlock:
        push    cx
        mov     cl, PAM0_RW
        jmp     shadow_set
shadow_lock:
        push    cx
        mov     cl, PAM0_RO
shadow_set:
        push    bx
        push    di
        mov     bx, [es:EBDA_BRIDGE]
        mov     di, PAM0
        mov     ch, cl
        call    pci_read_byte
        test    cl, PAM0_RO             ; reads come from RAM
        mov     cl, ch
        jz      .end
        call    pci_write_byte
.end:
        pop     di
        pop     bx
        pop     cx
        ret

