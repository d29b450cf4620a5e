; Expansion ROMs: the video BIOS out of its PCI device, then all that lies between
; C0000h and EFFFFh.
;
; Compaq/Phoenix/Intel "Plug and Play BIOS Specification" 1.0A (1994), 3 "Option ROMs";
; PCI Local Bus Specification 2.1, 6.2.5.2 "Expansion ROM Base Address Register", 6.3
; "PCI Expansion ROMs"; IBM PC/AT Technical Reference (6183310), section 5, "Adapter
; ROM modules". Intel 82441FX PMC (290549-001) "PAM".

VGA_ROM_SEG     equ 0C000h
VGA_ROM_MAX     equ 10000h              ; C0000h-CFFFFh
SCAN_START      equ 0C800h              ; where adapter ROMs begin, unless the video
SCAN_END        equ 0F000h              ; BIOS reaches further

; vga_rom_init: maps the ROM of the display adapter, copies it into RAM at C0000h,
; unmaps it, starts it. Without a PCI ROM, one that is there already is started.
vga_rom_init:
        mov     bx, [es:EBDA_VGA]
        cmp     bx, 0FFFFh
        je      .run
        cmp     word [es:EBDA_BRIDGE], 0FFFFh
        je      .run
        call    vga_rom_copy
.run:
        mov     dx, VGA_ROM_SEG
        call    option_rom_run
        cmp     dx, SCAN_START
        jae     .next
        mov     dx, SCAN_START
.next:
        mov     [es:EBDA_ROM_NEXT], dx
        mov     ax, 0003h               ; 80x25 colour text; not every ROM sets it
        int     10h
        ret

; vga_rom_copy: BX = adapter.
vga_rom_copy:
        mov     di, PCI_ROM
        mov     ecx, 0FFFFF800h         ; size it with bit 0, the enable bit, off
        call    pci_write_dword
        call    pci_read_dword
        and     ecx, 0FFFFF800h
        jz      .end                    ; it has no ROM
        neg     ecx
        call    pci_take_memory
        jecxz   .end
        or      cl, 01h
        call    pci_write_dword
        and     cl, 0FEh
        mov     esi, ecx

        ; The first 512 bytes tell the length of the rest.
        mov     edi, SCRATCH
        mov     ecx, 512
        call    copy_physical
        push    ds
        xor     ax, ax
        mov     ds, ax
        cmp     word [SCRATCH], 0AA55h
        movzx   ecx, byte [SCRATCH + 2]
        pop     ds
        jne     .unmap
        shl     ecx, 9
        jz      .unmap
        cmp     ecx, VGA_ROM_MAX
        ja      .unmap
        mov     al, 33h                 ; read and write RAM
        call    vga_rom_attributes
        mov     edi, VGA_ROM_SEG << 4
        call    copy_physical
.unmap:
        mov     di, PCI_ROM
        xor     ecx, ecx
        call    pci_write_dword
.end:
        ret

; vga_rom_attributes: AL = PAM value for C0000h-CFFFFh. Keeps all registers.
vga_rom_attributes:
        push    bx
        push    cx
        push    di
        mov     bx, [es:EBDA_BRIDGE]
        mov     cl, al
        mov     di, PAM1                ; C0000h-C7FFFh
        call    pci_write_byte
        inc     di                      ; C8000h-CFFFFh
        call    pci_write_byte
        pop     di
        pop     cx
        pop     bx
        ret

; option_roms_lock: the video BIOS in RAM becomes read-only, as a ROM is.
option_roms_lock:
        mov     bx, [es:EBDA_BRIDGE]
        cmp     bx, 0FFFFh
        je      .end
        mov     di, PAM1
        call    pci_read_byte
        test    cl, 10h
        jz      .end                    ; nothing was copied
        mov     al, 11h
        call    vga_rom_attributes
.end:
        ret

; option_roms_init: each 2 KiB above the video BIOS.
option_roms_init:
        mov     dx, [es:EBDA_ROM_NEXT]
        call    kernel_rom_copy
.next:
        call    option_rom_run
        cmp     dx, SCAN_END
        jb      .next
        ret

; kernel_rom_copy: the ROM that starts a kernel without a disk, out of fw_cfg to DX:0000, where
; the scan finds it. Without fw_cfg, and without such a kernel, its first bytes are others.
FW_CFG          equ 510h                ; selector; the data port follows
FW_CFG_KERNEL   equ 8010h
kernel_rom_copy:
        push    dx
        push    es
        mov     es, dx
        mov     bx, dx
        mov     ax, FW_CFG_KERNEL
        mov     dx, FW_CFG
        out     dx, ax
        inc     dx
        in      al, dx
        cmp     al, 55h
        jne     .end
        in      al, dx
        cmp     al, 0AAh
        jne     .end
        in      al, dx                  ; 512-byte units
        movzx   cx, al
        shl     cx, 5
        add     cx, bx
        jc      .end
        cmp     cx, (VGA_ROM_SEG << 4) + VGA_ROM_MAX >> 4
        ja      .end                    ; RAM ends there
        movzx   cx, al
        shl     cx, 9
        mov     ax, FW_CFG_KERNEL       ; from its first byte again
        dec     dx
        out     dx, ax
        inc     dx
        xor     di, di
        cld
        rep insb
.end:
        pop     es
        pop     dx
        ret

; option_rom_run: DX = segment. Calls the ROM there if its signature and checksum are
; right, then what its Plug and Play headers name; DX = the next place to look. Keeps DS;
; ES = extended BIOS data area.
option_rom_run:
        push    ds
        mov     ds, dx
        cmp     word [0], 0AA55h
        jne     .none
        movzx   cx, byte [2]            ; 512-byte units
        test    cx, cx
        jz      .none
        mov     bx, cx                  ; the next one starts at a 2 KiB boundary
        shl     bx, 5
        add     bx, 7Fh
        and     bl, 80h
        add     bx, dx
        jc      .none                   ; longer than the space there is
        cmp     bx, SCAN_END
        ja      .none
        push    dx
        xor     ax, ax
.block:
        xor     si, si
.byte:
        add     al, [si]
        inc     si
        cmp     si, 512
        jb      .byte
        mov     si, ds
        add     si, 512 / 16
        mov     ds, si
        loop    .block
        pop     dx
        test    al, al
        jnz     .none
        pop     ds
        push    ds
        push    bx
        push    dx
        ; A ROM made for newer firmware may reach its device's memory with 32-bit offsets
        ; and expects limits of 4 GiB ("big real mode", PCI Firmware Specification 3.0).
        mov     ax, FLAT_DATA
        call    segment_limits
        call    .call
        mov     ax, REAL_DATA
        call    segment_limits
        cld
        push    word BDA_SEG
        pop     ds
        mov     es, [BDA_EBDA]          ; a ROM may have moved it
        pop     ds                      ; the ROM
        call    option_rom_pnp
        pop     dx
        pop     ds
        cld
        mov     es, [BDA_EBDA]          ; a ROM may have moved it
        ret
.none:
        pop     ds
        add     dx, 80h
        ret
.call:
        mov     ax, [es:EBDA_VGA]       ; bus, device and function; only its own ROM asks
        cmp     dx, VGA_ROM_SEG
        je      .enter
        xor     ax, ax
.enter:
        push    cs                      ; far return to .back
        push    word .back
        push    dx
        push    word 3
        push    cs                      ; ES:DI = "$PnP" structure
        pop     es
        mov     di, pnp_structure
        retf
.back:
        ret

; --- Plug and Play ----------------------------------------------------------------------------

; option_rom_pnp: DS = segment of a ROM whose initialization has run. Of its expansion
; headers the boot connection vector is called, and the first bootstrap entry vector of
; all ROMs kept. "Plug and Play BIOS Specification" 1.0A (1994), 3.2 "Expansion header for
; Plug and Play". ES = EBDA. Changes all general registers.
PNP_NEXT        equ 6                   ; word: the next header
PNP_BCV         equ 16h                 ; word
PNP_BEV         equ 1Ah                 ; word
PNP_HEADERS_MAX equ 8
option_rom_pnp:
        mov     dx, PNP_HEADERS_MAX
        mov     bx, [1Ah]
.header:
        test    bx, bx
        jz      .end
        cmp     bx, 0FFC0h
        ja      .end
        cmp     dword [bx], '$PnP'
        jne     .next                   ; or some other kind of header
        movzx   cx, byte [bx + 5]       ; 16-byte units
        shl     cx, 4
        jz      .end
        mov     si, bx
        mov     al, 0
.sum:
        add     al, [si]
        inc     si
        loop    .sum
        test    al, al
        jnz     .end
        mov     ax, [bx + PNP_BEV]
        test    ax, ax
        jz      .connect
        cmp     dword [es:EBDA_BEV], 0
        jne     .connect
        mov     [es:EBDA_BEV], ax
        mov     [es:EBDA_BEV + 2], ds
.connect:
        mov     ax, [bx + PNP_BCV]
        test    ax, ax
        jz      .next
        push    ds
        push    bx
        push    dx
        call    .call
        pop     dx
        pop     bx
        pop     ds
        cld
        push    word BDA_SEG
        pop     es
        mov     es, [es:BDA_EBDA]
.next:
        mov     bx, [bx + PNP_NEXT]
        dec     dx
        jnz     .header
.end:
        ret
.call:
        push    cs
        push    word .back
        push    ds
        push    ax
        xor     ax, ax                  ; no card select number: an ISA or PCI card
        push    cs
        pop     es
        mov     di, pnp_structure
        retf
.back:
        ret

; What ROMs are shown to tell them that we know of Plug and Play, 4.4 "Installation check".
; It has no services, so it does not lie where systems would look for it: on 16 bytes.
pnp_entry:
        mov     ax, 82h                 ; FUNCTION_NOT_SUPPORTED
        retf
        align   16, db 0
        db      0
%define PNP_OFFSET (pnp_entry - $$)
%define PNP_BYTES  ('$' + 'P' + 'n' + 'P' + 10h + 21h + 2 * ((PNP_OFFSET & 0FFh) + (PNP_OFFSET >> 8)) + 0F0h + 0Fh + 0F0h)
pnp_structure:
        db      '$PnP', 10h, 21h
        dw      0                       ; no events
        db      (-PNP_BYTES) & 0FFh
        dd      0
        dw      pnp_entry, BIOS_SEG
        dw      pnp_entry
        dd      BIOS_SEG << 4
        dd      0
        dw      BIOS_SEG
        dd      0
