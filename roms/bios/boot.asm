; INT 19h: loads the operating system; INT 18h: says why there is none.
;
; Phoenix/Compaq/Intel "BIOS Boot Specification" 1.01 (1996), 6.5 "INT 19h"; CMOS bytes
; 3Dh and 38h hold the boot order as Bochs and QEMU write it: low nibble of 3Dh, its high
; nibble, high nibble of 38h; 1 diskette, 2 disk, 3 CD, 0 none.

BOOT_NONE       equ 0
BOOT_DISKETTE   equ 1
BOOT_DISK       equ 2
BOOT_CD         equ 3
BOOT_OTHER      equ 4                   ; the network, and whatever may follow
CMOS_BOOT_ORDER equ 3Dh
CMOS_BOOT_THIRD equ 38h

; Why a device did not boot; EBDA_BOOT_WHY holds device (7:4) and reason (3:0) of each.
WHY_ABSENT      equ 1
WHY_READ        equ 2
WHY_SIGNATURE   equ 3
WHY_LATER       equ 4
WHY_RETURNED    equ 5

int19:
        call    boot_stack
        mov     dword [es:EBDA_BOOT_WHY], 0
        mov     al, CMOS_BOOT_THIRD
        call    cmos_read
        movzx   bx, al
        and     bl, 0F0h
        shl     bx, 4
        mov     al, CMOS_BOOT_ORDER
        call    cmos_read
        mov     bl, al                  ; BX = three nibbles, the first in bits 3:0
        test    bx, bx
        jnz     boot_next
        mov     bx, BOOT_DISK

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

; boot_note: AH = why the device in bits 3:0 of EBDA_BOOT_ORDER did not boot. ES = EBDA
; on return. Changes AX, DI.
boot_note:
        mov     es, [BDA_EBDA]
        mov     al, [es:EBDA_BOOT_ORDER]
        shl     al, 4
        or      al, ah
        mov     di, EBDA_BOOT_WHY
.place:
        cmp     byte [es:di], 0
        je      .free
        inc     di
        cmp     di, EBDA_BOOT_WHY + 3
        jb      .place
.free:
        mov     [es:di], al
        ret

; boot_try: AL = kind of device. Starts it, or returns AH = why not. DS = 0040h.
boot_try:
        mov     dl, 80h
        cmp     al, BOOT_DISK
        je      .disk
        mov     ah, WHY_ABSENT
        cmp     al, BOOT_CD
        jne     .end
        mov     es, [BDA_EBDA]
        cmp     byte [es:EBDA_CDROMS], 0
        je      .end
        mov     ah, WHY_LATER
.end:
        ret
.disk:
        mov     ah, WHY_ABSENT
        cmp     byte [BDA_HD_COUNT], 0
        je      .end
        ; The first sector to 0000:7C00; once more after a reset should it fail.
        mov     di, 2
.read:
        xor     ax, ax
        mov     es, ax
        mov     ax, 0201h
        mov     bx, BOOT_ADDRESS
        mov     cx, 0001h
        mov     dh, 0
        int     13h
        jnc     .loaded
        mov     ah, 0
        int     13h
        dec     di
        jnz     .read
        mov     ah, WHY_READ
        ret
.loaded:
        mov     ah, WHY_SIGNATURE
        cmp     word [es:BOOT_ADDRESS + 510], 0AA55h
        jne     .end

; boot_jump: to the sector at 0000:7C00. DL = drive; everything else is clear.
boot_jump:
        call    log_line
        db      'boot sector loaded', 0
        cli
        xor     eax, eax
        mov     ds, ax
        mov     es, ax
        mov     fs, ax
        mov     gs, ax
        mov     ss, ax
        mov     esp, BOOT_ADDRESS
        movzx   edx, dl
        xor     ebx, ebx
        xor     ecx, ecx
        xor     esi, esi
        xor     edi, edi
        xor     ebp, ebp
        sti
        jmp     0000h:BOOT_ADDRESS

; --- nothing to boot ----------------------------------------------------------------------

; boot_none: what was tried and why it failed, and what to do. ES = EBDA.
boot_none:
        PRINT   13, 10, 'Nothing to boot from.', 13, 10
        mov     di, EBDA_BOOT_WHY
.device:
        mov     al, [es:di]
        test    al, al
        jz      .advice
        mov     ah, al
        and     ah, 0Fh
        mov     si, .names
        shr     al, 4
        cmp     al, BOOT_OTHER
        jbe     .named
        mov     al, BOOT_OTHER
.named:
        call    .print
        mov     al, ah
        mov     si, .reasons
        call    .print
        inc     di
        cmp     di, EBDA_BOOT_WHY + 3
        jb      .device
.advice:
        PRINT   'Give the machine a bootable image and start it again.', 13, 10
        call    log_line
        db      'nothing to boot from', 0
.halt:
        cli
        hlt
        jmp     .halt
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
.reasons:
        db      'there is none', 13, 10, 0
        db      'the first sector cannot be read', 13, 10, 0
        db      'no boot signature (55 AA) at the end of the first sector', 13, 10, 0
        db      'this BIOS cannot boot from it yet', 13, 10, 0
        db      'its boot program gave up (INT 18h)', 13, 10, 0
