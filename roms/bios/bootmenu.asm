; The boot menu: F12 while POST offers it. The choice comes before the boot order of CMOS.

MENU_TICKS      equ 2                   ; how long POST waits for the key
KEY_F12         equ 86h                 ; scan code of INT 16h AH=10h
KEY_ESC         equ 01h

; boot_menu: DS = 0040h, ES = EBDA.
boot_menu:
        PRINT   'F12: boot menu', 13, 10
        mov     edx, [BDA_TICKS]
.wait:
        mov     ah, 11h
        int     16h
        jnz     .key
        mov     eax, [BDA_TICKS]
        sub     eax, edx
        cmp     eax, MENU_TICKS         ; also past midnight, when it is huge
        jae     .end
        hlt
        jmp     .wait
.key:
        cmp     ah, KEY_F12
        jne     .end                    ; for whoever boots
        mov     ah, 10h
        int     16h
        call    .show
.choose:
        mov     ah, 10h
        int     16h
        cmp     ah, KEY_ESC
        je      .end
        sub     al, '0'
        cmp     al, BOOT_DISKETTE
        jb      .choose
        cmp     al, BOOT_OTHER
        ja      .choose
        mov     [es:EBDA_BOOT_FIRST], al
.end:
        ret
.show:
        PRINT   13, 10, 'Boot from:', 13, 10, '  1  diskette   '
        call    .diskettes
        PRINT   13, 10, '  2  disk       '
        call    .disks
        PRINT   13, 10, '  3  CD-ROM     '
        mov     al, [es:EBDA_CDROMS]
        call    .count
        PRINT   13, 10, '  4  network    '
        cmp     dword [es:EBDA_BEV], 1
        cmc
        setc    al
        call    .count
        PRINT   13, 10, '  Esc          as always', 13, 10
        ret
.count:
        movzx   eax, al
        test    al, al
        jz      .none
        call    print_decimal
        PRINT   ' there'
        ret
.none:
        PRINT   'none'
        ret
.diskettes:
        xor     si, si
        call    drive_kind
        jc      .none
        movzx   eax, word [cs:di + DRIVE.kilobytes]
        call    print_decimal
        PRINT   ' KB drive'
        ret
.disks:
        mov     cl, [es:EBDA_DISKS]
        mov     ch, 80h
        mov     si, EBDA_DISK_TABLE
        test    cl, cl
        jz      .none
.disk:
        mov     al, ch
        call    print_hex_byte
        PRINT   'h: '
        mov     eax, [es:si + DISK.total]
        mov     edx, [es:si + DISK.total + 4]
        call    print_size
        PRINT   '  '
        inc     ch
        add     si, DISK_SIZE
        dec     cl
        jnz     .disk
        ret
