; INT 19h: loads the operating system; INT 18h: the next device's turn; what is said when
; none is left. The menu is in bootmenu.asm, CDs are in eltorito.asm.
;
; Phoenix/Compaq/Intel "BIOS Boot Specification" 1.01 (1996), 6.5 "INT 19h", 6.6 "INT 18h";
; IBM PC/AT Technical Reference (6183310), section 5, "Bootstrap". CMOS bytes 3Dh and 38h
; hold the boot order as Bochs and QEMU write it: low nibble of 3Dh, its high nibble, high
; nibble of 38h; 1 diskette, 2 disk, 3 CD, 4 network, 0 none.

BOOT_NONE       equ 0
BOOT_DISKETTE   equ 1
BOOT_DISK       equ 2
BOOT_CD         equ 3
BOOT_OTHER      equ 4                   ; the network: an option ROM that can boot
CMOS_BOOT_ORDER equ 3Dh
CMOS_BOOT_THIRD equ 38h

; Why a device did not boot; EBDA_BOOT_WHY holds device (7:4) and reason (3:0) of each.
WHY_ABSENT      equ 1
WHY_NO_MEDIUM   equ 2
WHY_READ        equ 3
WHY_SIGNATURE   equ 4
WHY_RETURNED    equ 5
WHY_NO_RECORD   equ 6                   ; from here on: CDs
WHY_CATALOG     equ 7
WHY_VALIDATION  equ 8
WHY_KEY         equ 9
WHY_CHECKSUM    equ 10
WHY_NO_ENTRY    equ 11
WHY_MEDIA       equ 12
WHY_LENGTH      equ 13
WHY_IMAGE       equ 14
WHY_PARTITION   equ 15

WHY_PLACES      equ 5                   ; the order of CMOS, the menu's choice, the network

int19:
        call    boot_stack
        xor     eax, eax
        mov     [es:EBDA_BOOT_WHY], eax
        mov     [es:EBDA_BOOT_WHY + 4], al
        mov     al, CMOS_BOOT_THIRD
        call    cmos_read
        movzx   bx, al
        and     bl, 0F0h
        shl     bx, 4
        mov     al, CMOS_BOOT_ORDER
        call    cmos_read
        mov     bl, al                  ; BX = three nibbles, the first in bits 3:0
        test    bx, bx
        jnz     .order
        mov     bx, BOOT_DISK
.order:
        mov     al, 0                   ; the menu's choice serves once
        xchg    al, [es:EBDA_BOOT_FIRST]
        test    al, al
        jz      boot_next
        shl     bx, 4
        or      bl, al

; boot_next: BX = devices still to try, one a nibble. ES = EBDA.
boot_next:
        mov     [es:EBDA_BOOT_ORDER], bx
        test    bx, bx
        jz      boot_none
        mov     al, bl
        and     al, 0Fh
        jz      .skip
        call    boot_try                ; returns only with a reason in AH
        call    boot_note
.skip:
        mov     bx, [es:EBDA_BOOT_ORDER]
        shr     bx, 4
        jmp     boot_next

; INT 18h: a boot program gives up, or there never was one; the next device's turn.
int18:
        call    boot_stack
        mov     ah, WHY_RETURNED
        mov     bx, [es:EBDA_BOOT_ORDER]
        test    bl, 0Fh
        jz      boot_none
        call    boot_note
        push    ds
        push    es
        pop     ds
        call    emu_end                 ; a CD that was a drive is none for the next
        pop     ds
        shr     bx, 4
        jmp     boot_next

; boot_stack: the stack of POST, DS = 0040h, ES = EBDA, interrupts on.
boot_stack:
        cli
        cld
        pop     ax
        xor     cx, cx
        mov     ss, cx
        mov     sp, POST_STACK
        push    ax
        sti
        push    word BDA_SEG
        pop     ds
        mov     es, [BDA_EBDA]
        ret

; boot_note: AH = why the device in bits 3:0 of EBDA_BOOT_ORDER did not boot. What the user
; could mend is said at once: another device may boot, and nobody would ever see it. DS =
; 0040h and ES = EBDA on return. Changes AX, DI.
boot_note:
        push    word BDA_SEG
        pop     ds
        mov     es, [BDA_EBDA]
        mov     al, [es:EBDA_BOOT_ORDER]
        shl     al, 4
        or      al, ah
        mov     di, EBDA_BOOT_WHY
.place:
        cmp     byte [es:di], 0
        je      .free
        inc     di
        cmp     di, EBDA_BOOT_WHY + WHY_PLACES - 1
        jb      .place
.free:
        mov     [es:di], al
        cmp     ah, WHY_NO_MEDIUM
        jbe     .end
        cmp     ah, WHY_RETURNED
        je      .end
        PRINT   13, 10, 'Not bootable:', 13, 10
        call    boot_why
        call    log_line
        db      'a device does not boot', 0
.end:
        ret

; boot_try: AL = kind of device. Starts it, or returns AH = why not. DS = 0040h.
boot_try:
        cmp     al, BOOT_DISK
        je      boot_disk
        cmp     al, BOOT_DISKETTE
        je      boot_diskette
        cmp     al, BOOT_CD
        je      boot_cd
        cmp     al, BOOT_OTHER
        je      boot_network
        mov     ah, WHY_ABSENT
        ret

boot_cd:
        mov     ds, [BDA_EBDA]
        mov     ah, WHY_ABSENT
        mov     al, 0
.drive:
        cmp     al, [EBDA_CDROMS]
        jae     .end
        push    ax
        call    eltorito_try
        pop     cx
        mov     al, cl
        inc     al
        jmp     .drive
.end:
        ret

; boot_network: the bootstrap entry vector that an option ROM has told.
boot_network:
        mov     es, [BDA_EBDA]
        mov     ah, WHY_ABSENT
        cmp     dword [es:EBDA_BEV], 0
        je      .end
        call    log_line
        db      'boot from an option ROM', 0
        push    cs                      ; it may return, or come back by INT 18h
        push    word .back
        push    dword [es:EBDA_BEV]
        push    cs                      ; ES:DI = "$PnP" structure
        pop     es
        mov     di, pnp_structure
        retf
.back:
        cld
        sti
        mov     ah, WHY_RETURNED
.end:
        ret

; boot_diskette: the first sector of drive A. Old diskettes have no signature: what looks
; like no program at all is told as the AT did it: a first byte below 6, or eight equal
; words at the start.
boot_diskette:
        test    byte [BDA_EQUIPMENT], 01h
        mov     ah, WHY_ABSENT
        jz      boot_end
        mov     dl, 0
        mov     di, 4                   ; a change of the disk is told first
        call    boot_read
        jc      boot_end
        mov     ah, WHY_SIGNATURE
        cmp     byte [es:BOOT_ADDRESS], 06h
        jb      boot_end
        mov     di, BOOT_ADDRESS
        mov     cx, 8
        mov     ax, [es:di]
        repe scasw
        mov     ah, WHY_SIGNATURE
        je      boot_end
        mov     ax, BOOT_ADDRESS >> 4
        jmp     boot_jump

boot_disk:
        cmp     byte [BDA_HD_COUNT], 0
        mov     ah, WHY_ABSENT
        je      boot_end
        mov     dl, 80h
        mov     di, 2
        call    boot_read
        jc      boot_end
        mov     ah, WHY_SIGNATURE
        cmp     word [es:BOOT_ADDRESS + 510], 0AA55h
        jne     boot_end
        mov     ax, BOOT_ADDRESS >> 4
        jmp     boot_jump
boot_end:
        ret

; boot_read: the first sector of drive DL to 0000:7C00, in DI tries with a reset before
; each further one. CF = 1, AH = why not; ES = 0. Changes AX, BX, CX, DH.
boot_read:
        xor     ax, ax
        mov     es, ax
.try:
        mov     ax, 0201h
        mov     bx, BOOT_ADDRESS
        mov     cx, 0001h
        mov     dh, 0
        push    di
        int     13h
        pop     di
        jnc     .end
        cmp     ah, DISK_TIMEOUT
        je      .timeout
        push    ax
        mov     ah, 0
        int     13h
        pop     ax
        dec     di
        jnz     .try
        mov     ah, WHY_READ
        stc
        ret
.timeout:
        test    dl, 80h
        mov     ah, WHY_READ
        stc
        jnz     .end
        mov     ah, WHY_NO_MEDIUM
.end:
        ret

; boot_jump: to AX:0000, what was loaded there. DL = drive; everything else is clear. The
; usual place is entered as 0000:7C00.
boot_jump:
        call    log_line
        db      'boot sector loaded', 0
        cli
        movzx   edx, dl
        movzx   eax, ax
        xor     bx, bx
        mov     ds, bx
        mov     es, bx
        mov     fs, bx
        mov     gs, bx
        mov     ss, bx
        mov     esp, BOOT_ADDRESS
        cmp     ax, BOOT_ADDRESS >> 4
        jne     .segment
        xor     ax, ax
        mov     bx, BOOT_ADDRESS
.segment:
        push    word 0202h              ; interrupts on with the jump
        push    ax
        push    bx
        xor     eax, eax
        xor     ebx, ebx
        xor     ecx, ecx
        xor     esi, esi
        xor     edi, edi
        xor     ebp, ebp
        iret

; --- nothing to boot ----------------------------------------------------------------------

; boot_none: what was tried and why it failed, and what to do. ES = EBDA.
boot_none:
        cmp     dword [es:EBDA_BEV], 0  ; an option ROM that can boot comes last, unasked
        je      .none
        mov     di, EBDA_BOOT_WHY
.tried:
        mov     al, [es:di]
        shr     al, 4
        cmp     al, BOOT_OTHER
        je      .none
        inc     di
        cmp     di, EBDA_BOOT_WHY + WHY_PLACES
        jb      .tried
        mov     bx, BOOT_OTHER
        jmp     boot_next
.none:
        PRINT   13, 10, 'Nothing to boot from.', 13, 10
        mov     di, EBDA_BOOT_WHY
.device:
        mov     al, [es:di]
        test    al, al
        jz      .advice
        call    boot_why
        inc     di
        cmp     di, EBDA_BOOT_WHY + WHY_PLACES
        jb      .device
.advice:
        PRINT   'Give the machine a bootable image and start it again.', 13, 10
        call    log_line
        db      'nothing to boot from', 0
.halt:
        cli
        hlt
        jmp     .halt

; boot_why: AL = device and reason, as a line on the screen. Changes AX, SI.
boot_why:
        mov     ah, al
        and     ah, 0Fh
        mov     si, .names
        shr     al, 4
        cmp     al, BOOT_OTHER
        jbe     .named
        mov     al, BOOT_OTHER + 1
.named:
        call    .print
        mov     al, ah
        mov     si, .reasons
        call    .print
        jmp     print_line_end
; Prints the AL-th string (from 1) of a list at CS:SI.
.print:
        push    ax
        mov     ah, al
.find:
        dec     ah
        jz      .show
.over:
        cs lodsb
        test    al, al
        jnz     .over
        jmp     .find
.show:
        pop     ax
        jmp     print_string
.names:
        db      '  diskette: ', 0
        db      '  disk 80h: ', 0
        db      '  CD-ROM:   ', 0
        db      '  network:  ', 0
        db      '  unknown:  ', 0
.reasons:
        db      'there is none', 0
        db      'the drive is empty', 0
        db      'the first sector cannot be read', 0
        db      'no boot program in the first sector', 0
        db      'its boot program gave up (INT 18h)', 0
        db      'the disc has no boot record (El Torito)', 0
        db      'the boot catalog cannot be read', 0
        db      'the boot catalog does not begin with a validation entry', 0
        db      'the boot catalog lacks its key bytes 55 AA', 0
        db      'the checksum of the boot catalog is wrong', 0
        db      'the boot catalog has nothing for a PC to boot', 0
        db      'the boot catalog names an unknown kind of image', 0
        db      'the boot image does not fit where the catalog wants it', 0
        db      'the boot image cannot be read or lies outside the disc', 0
        db      'the hard disk image has no partition', 0
