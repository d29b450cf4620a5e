; INT 13h: the dispatcher, and the functions that address by cylinder, head and sector.
; The extended functions are in edd.asm.
;
; IBM PC/AT Technical Reference (6183310), section 5, "Fixed disk"; RBIL INTERRUP.LST,
; INT 13h.

; --- INT 13h ------------------------------------------------------------------------------------

; INT 40h is where the diskette part of INT 13h lives when a fixed disk BIOS exists.
int40:
        INT_ENTER
        sti
        jmp     int13_diskette

int13:
        INT_ENTER
        sti
        mov     al, [bp + F_DL]
        mov     [bp + F_DRIVE], al
        mov     ds, [BDA_EBDA]
        cmp     byte [EBDA_EMU_ACTIVE], 0
        jne     .emulation
        test    al, 80h
        jz      .diskette
.drive:
        mov     ah, al
        sub     ah, CD_DRIVE
        cmp     ah, [EBDA_CDROMS]
        jb      .cd
        and     ax, 7Fh
.disk:
        cmp     al, [EBDA_DISKS]
        jae     int13_no_drive
        imul    si, ax, DISK_SIZE
        add     si, EBDA_DISK_TABLE
int13_disk:
        mov     al, [bp + F_AH]
        mov     bx, .table
.search:
        cmp     al, [cs:bx]
        je      .found
        add     bx, 3
        cmp     bx, .table_end
        jb      .search
        mov     ah, DISK_BAD
        jmp     int13_end
.found:
        jmp     [cs:bx + 1]
.table:
        db      02h
        dw      int13_read
        db      42h
        dw      int13_ext_read
        db      03h
        dw      int13_write
        db      43h
        dw      int13_ext_write
        db      04h
        dw      int13_verify
        db      44h
        dw      int13_ext_verify
        db      08h
        dw      int13_parameters
        db      48h
        dw      int13_ext_parameters
        db      41h
        dw      int13_ext_check
        db      00h
        dw      int13_reset
        db      01h
        dw      int13_status
        db      09h                     ; set parameters: the drive has them
        dw      int13_ok
        db      0Ch
        dw      int13_seek
        db      0Dh
        dw      int13_reset
        db      10h
        dw      int13_ready
        db      11h                     ; recalibrate
        dw      int13_ready
        db      14h                     ; controller diagnostic
        dw      int13_ready
        db      15h
        dw      int13_type
        db      47h
        dw      int13_ext_seek
        db      4Eh
        dw      int13_ext_hardware
.table_end:

; What a CD that was booted from hides or moves: a diskette image is drive 0, so that the
; first drive becomes 1; a hard disk image is 80h, so that the disks begin at 81h.
int13.emulation:
        cmp     al, [EBDA_EMU_DRIVE]
        je      int13_emulated
        cmp     al, 7Fh                 ; all that is emulated
        je      int13.terminate
        test    al, 80h
        jz      int13.behind
        cmp     al, CD_DRIVE
        jae     int13.drive
        and     ax, 7Fh
        cmp     byte [EBDA_EMU_DRIVE], 80h
        jne     int13.disk
        dec     ax
        jmp     int13.disk
int13.terminate:
        cmp     byte [bp + F_AH], 4Bh
        je      int13_emulated.cd
int13.behind:
        cmp     byte [EBDA_EMU_DRIVE], 0
        jne     int13.diskette
        push    word BDA_SEG
        pop     ds
        cmp     al, 1
        je      int13_second
        movzx   si, al
        jmp     int13_diskette_si
int13.diskette:
        push    word BDA_SEG
        pop     ds
        jmp     int13_diskette
int13.cd:
        movzx   si, ah
        imul    si, CD_STRIDE
        add     si, EBDA_CD_TABLE
        jmp     int13_cd

; int13_end: AH = status code, to the caller, to 40:74, or 40:41 for a diskette that is an
; image on a CD, and to CF.
int13_ok:
        mov     ah, DISK_OK
int13_end:
        push    word BDA_SEG
        pop     ds
        test    byte [bp + F_DRIVE], 80h
        jnz     .disk
        mov     [BDA_FD_STATUS], ah
        jmp     .status
.disk:
        mov     [BDA_HD_STATUS], ah
.status:
        mov     [bp + F_AH], ah
int13_carry:
        cmp     ah, 1
        jb      .ok
        SET_CARRY
        INT_LEAVE
.ok:
        CLEAR_CARRY
        INT_LEAVE

; No such disk. AH=15h says so as its answer, AH=08h has a code of its own.
int13_no_drive:
        mov     ah, [bp + F_AH]
        cmp     ah, 15h
        je      .type
        cmp     ah, 08h
        mov     ah, DISK_BAD
        jne     int13_end
        mov     word [bp + F_CX], 0
        mov     word [bp + F_DX], 0
        mov     ah, DISK_PARAMS
        jmp     int13_end
.type:
        mov     word [bp + F_CX], 0
        mov     word [bp + F_DX], 0
        jmp     int13_ok

; --- functions: DS = EBDA, SI = drive, frame at BP -----------------------------------------------

; AH=00h "Reset disk system", AH=0Dh "Alternate disk reset".
int13_reset:
        test    byte [si + DISK.flags], DISK_EMULATED
        jnz     int13_ok
        call    ata_reset
        jmp     int13_end

; AH=01h "Read status of last operation": in AH, and CF.
int13_status:
        push    word BDA_SEG
        pop     ds
        mov     ah, [BDA_HD_STATUS]
        test    byte [bp + F_DRIVE], 80h
        jnz     .disk
        mov     ah, [BDA_FD_STATUS]
.disk:
        mov     [bp + F_AH], ah
        jmp     int13_carry

; AH=02h "Read", 03h "Write", 04h "Verify": AL sectors, ES:BX. AL = sectors done.
int13_read:
        mov     al, X_READ
        jmp     int13_chs
int13_write:
        mov     al, X_WRITE
        jmp     int13_chs
int13_verify:
        mov     al, X_VERIFY
int13_chs:
        mov     [EBDA_X_OP], al
        movzx   cx, byte [bp + F_AL]
        mov     byte [bp + F_AL], 0
        mov     ah, DISK_BAD
        test    cx, cx
        jz      int13_end
        mov     [EBDA_X_LEFT], cx
        push    cx
        call    disk_chs_to_lba
        pop     cx
        jc      int13_end
        call    disk_check_range
        jc      int13_end
        mov     es, [bp + F_ES]
        mov     di, [bp + F_BX]
        push    cx
        call    ata_transfer
        pop     cx
        sub     cx, [EBDA_X_LEFT]
        mov     [bp + F_AL], cl
        jmp     int13_end

; AH=08h "Read drive parameters": CX, DH = the highest cylinder, head and sector, DL =
; number of disks.
int13_parameters:
        mov     ax, [si + DISK.log_cylinders]
        dec     ax
        mov     ch, al
        mov     cl, ah
        shl     cl, 6
        or      cl, [si + DISK.log_spt]
        mov     [bp + F_CX], cx
        mov     dh, [si + DISK.log_heads]
        dec     dh
        push    word BDA_SEG
        pop     es
        mov     dl, [es:BDA_HD_COUNT]
        mov     [bp + F_DX], dx
        mov     byte [bp + F_AL], 0
        jmp     int13_ok

; AH=0Ch "Seek": drives seek by themselves; only the address is checked.
int13_seek:
        or      byte [bp + F_CL], 1     ; the sector has no meaning here
        mov     dl, [bp + F_CL]
        call    disk_chs_to_lba
        jmp     int13_end

; AH=10h "Test drive ready" and others that need no more than that.
int13_ready:
        test    byte [si + DISK.flags], DISK_EMULATED
        jnz     int13_ok
        mov     al, 0
        call    ata_select
        jc      .release
        mov     ah, DISK_OK
        test    al, ST_DRDY
        jnz     .release
        mov     ah, DISK_NOT_READY
.release:
        call    ata_release
        jmp     int13_end

; AH=15h "Read DASD type": AH = 3, CX:DX = sectors that CHS can name.
int13_type:
        movzx   eax, word [si + DISK.log_cylinders]
        movzx   ecx, word [si + DISK.log_heads]
        mul     ecx
        movzx   ecx, word [si + DISK.log_spt]
        mul     ecx
        mov     [bp + F_DX], ax
        shr     eax, 16
        mov     [bp + F_CX], ax
        push    word BDA_SEG
        pop     ds
        mov     byte [BDA_HD_STATUS], DISK_OK
        mov     byte [bp + F_AH], 3
        CLEAR_CARRY
        INT_LEAVE

; disk_chs_to_lba: the caller's CX, DH -> EBDA_X_LBA. CF = 1, AH = status code for an
; address outside the geometry. Changes EAX, ECX, EDX.
disk_chs_to_lba:
        mov     cx, [bp + F_CX]
        movzx   eax, cl
        shl     ax, 2                   ; bits 7:6 of CL are bits 9:8 of the cylinder
        mov     al, ch
        and     ah, 03h
        cmp     ax, [si + DISK.log_cylinders]
        jae     .outside
        movzx   ebx, byte [bp + F_DH]
        cmp     bx, [si + DISK.log_heads]
        jae     .outside
        and     cx, 3Fh
        jz      .outside
        cmp     cx, [si + DISK.log_spt]
        ja      .outside
        movzx   ecx, cx
        movzx   edx, word [si + DISK.log_heads]
        imul    eax, edx
        add     eax, ebx
        movzx   edx, word [si + DISK.log_spt]
        imul    eax, edx
        lea     eax, [eax + ecx - 1]
        mov     [EBDA_X_LBA], eax
        mov     dword [EBDA_X_LBA + 4], 0
        mov     ah, DISK_OK
        clc
        ret
.outside:
        mov     ah, DISK_BAD
        stc
        ret

; disk_check_range: EBDA_X_LEFT sectors from EBDA_X_LBA must lie on the disk. CF = 1,
; AH = status code if not. Changes EAX, EDX.
disk_check_range:
        movzx   eax, word [EBDA_X_LEFT]
        xor     edx, edx
        add     eax, [EBDA_X_LBA]
        adc     edx, [EBDA_X_LBA + 4]
        jc      .outside
        cmp     [si + DISK.total + 4], edx
        ja      .inside
        jb      .outside
        cmp     [si + DISK.total], eax
        jb      .outside
.inside:
        clc
        ret
.outside:
        mov     ah, DISK_NOT_FOUND
        stc
        ret
