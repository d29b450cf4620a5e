; Reset and the power-on self test: from the reset vector to INT 19h.
;
; IBM PC/AT Technical Reference (6183310), section 5, "System BIOS", gives the
; order; RBIL CMOS.LST, "0Fh IBM - Reset code", the shutdown codes. RAM is sized,
; not tested: a test would cost an interpreter seconds and find nothing.
;
; In POST: DS = 0040h, ES = extended BIOS data area, SS:SP = 0000:7C00.

; --- the reset vector comes here: no stack yet, memory belongs to somebody ----------
reset:
        cli
        cld
        mov     al, 0Fh | NMI_OFF
        out     CMOS_INDEX, al
        IO_DELAY
        in      al, CMOS_DATA
        mov     ah, al
        mov     al, 0Fh | NMI_OFF
        out     CMOS_INDEX, al
        IO_DELAY
        mov     al, 0                   ; a code serves once
        out     CMOS_DATA, al
        mov     al, 0Dh                 ; leaves NMI on, as before the reset
        out     CMOS_INDEX, al

        ; Software of the 80286 comes back from protected mode by a reset, with
        ; the way on at 40:67.
        mov     si, ax                  ; its high half is the code
        cmp     ah, 05h
        je      .resume
        cmp     ah, 09h
        jb      .post
        cmp     ah, 0Ch
        ja      .post
.resume:
        WIRE_AGAIN
        mov     ax, si
        mov     bx, BDA_SEG
        mov     ds, bx
        cmp     ah, 05h
        je      resume_eoi
        cmp     ah, 09h
        je      resume_block_move
        cmp     ah, 0Ah
        je      resume_jump
        cmp     ah, 0Bh
        je      resume_iret
        jmp     resume_retf
.post:
        jmp     post

; 05h: clear the keyboard and the interrupt controllers, then jump.
resume_eoi:
        in      al, KBC_DATA
        mov     al, EOI
        out     PIC2, al
        out     PIC1, al
; 0Ah: jump.
resume_jump:
        jmp     far [BDA_RESUME]

; 09h: the end of an 80286 block move. 40:67 is SS:SP; there lie DS, ES, the general
; registers as PUSHA leaves them, and an interrupt frame.
resume_block_move:
        lss     sp, [BDA_RESUME]
        pop     ds
        pop     es
        popa
        iret

; 0Bh, 0Ch: the same place is a stack that holds an interrupt or far frame.
resume_iret:
        lss     sp, [BDA_RESUME]
        iret
resume_retf:
        lss     sp, [BDA_RESUME]
        retf

; --- power-on self test ---------------------------------------------------------------
post:
        xor     ax, ax
        mov     ss, ax
        mov     sp, POST_STACK
        call    chips_quiet
        STAGE   01h, 'reset'
        call    data_area_init
        STAGE   02h, 'data areas'
        call    vectors_init
        call    pic_init
        call    apic_init
        call    pit_init
        call    a20_on
        STAGE   03h, 'interrupt vectors, 8259, 8254, A20'
        call    memory_size
        STAGE   04h, 'memory sized'
        call    bridge_find
        call    shadow_bios
        call    mtrr_init
        STAGE   05h, 'BIOS shadowed'
        call    pci_init
        STAGE   06h, 'PCI devices assigned'
        call    vga_rom_init
        STAGE   07h, 'video BIOS'
        call    banner_memory
        call    rtc_init
        STAGE   08h, 'clock'
        call    keyboard_init           ; no IRQ1 may take its answers
        sti
        STAGE   09h, 'keyboard'
        call    serial_init
        call    parallel_init
        STAGE   0Ah, 'serial and parallel ports'
        call    diskette_init
        call    disk_init
        STAGE   0Bh, 'diskettes and disks'
        call    acpi_init
        call    mp_init
        call    smbios_init
        call    option_roms_init
        STAGE   0Ch, 'option ROMs'
        call    option_roms_lock
        call    nmi_on
        mov     word [BDA_RESET_FLAG], 0
        call    boot_menu
        STAGE   0Dh, 'boot'
        int     19h                     ; does not return

; chips_quiet: no NMI, no DMA, no refresh of parity errors, before RAM is used.
chips_quiet:
        mov     al, 0Dh | NMI_OFF
        out     CMOS_INDEX, al
        mov     al, 0Ch                 ; parity and channel check off, speaker off
        out     PORT_61, al
        xor     al, al
        out     0Dh, al                 ; 8237 master clear, both controllers
        out     0DAh, al
        mov     al, 0C0h                ; channel 4 cascades the first controller
        out     0D6h, al
        xor     al, al
        out     0D4h, al
        ret

; nmi_on: parity and channel check back on, then the NMI gate.
nmi_on:
        in      al, PORT_61
        and     al, 0F3h
        out     PORT_61, al
        mov     al, 0Dh
        out     CMOS_INDEX, al
        IO_DELAY
        in      al, CMOS_DATA
        ret

; data_area_init: clears the BIOS data area but the warm start flag, makes the
; extended area at the top of base memory, fills what needs no probing.
data_area_init:
        mov     ax, BDA_SEG
        mov     ds, ax
        mov     es, ax
        push    word [BDA_RESET_FLAG]
        xor     di, di
        mov     cx, 80h
        xor     ax, ax
        rep     stosw
        pop     word [BDA_RESET_FLAG]

        mov     al, 16h | NMI_OFF       ; base memory in KiB
        mov     ah, 15h | NMI_OFF
        call    cmos_read_word
        lea     dx, [bx - 1]
        cmp     dx, 640                 ; none said, or more than fits below A0000h
        jb      .base_known
        mov     bx, 640
.base_known:
        sub     bx, EBDA_SIZE_KIB
        mov     [BDA_BASE_KIB], bx
        shl     bx, 6                   ; KiB to paragraphs
        mov     [BDA_EBDA], bx
        mov     es, bx
        xor     di, di
        mov     cx, EBDA_SIZE_KIB * 512
        xor     ax, ax
        rep     stosw
        mov     byte [es:0], EBDA_SIZE_KIB
        mov     ax, [BDA_BASE_KIB]
        mov     [es:EBDA_LOW_TOP], ax
        mov     word [es:EBDA_VGA], 0FFFFh
        mov     word [es:EBDA_BRIDGE], 0FFFFh
        mov     word [es:EBDA_IDE], 0FFFFh

        mov     ax, BDA_KEY_BUFFER
        mov     [BDA_KEY_HEAD], ax
        mov     [BDA_KEY_TAIL], ax
        mov     [BDA_KEY_START], ax
        mov     word [BDA_KEY_END], BDA_KEY_BUFFER + 32
        mov     byte [BDA_KEY_MODE], 10h        ; 101/102-key keyboard
        mov     dword [BDA_LPT_TIMEOUT], 14141414h
        mov     dword [BDA_COM_TIMEOUT], 01010101h

        ; Equipment: the coprocessor as CMOS says it; video 80x25 colour until the
        ; video BIOS knows better.
        mov     al, 14h | NMI_OFF
        call    cmos_read
        and     al, 02h
        or      al, 20h
        xor     ah, ah
        mov     [BDA_EQUIPMENT], ax
        ret

; banner_memory: the first half of the line that POST shows; disk_init adds the
; drives and ends it.
banner_memory:
        PRINT   'ringwalk BIOS  '
        mov     eax, [es:EBDA_RAM_TOP]
        shr     eax, 20
        mov     edx, [es:EBDA_RAM_HIGH]
        shr     edx, 4
        add     eax, edx
        call    print_decimal
        PRINT   ' MiB RAM'
        ret
