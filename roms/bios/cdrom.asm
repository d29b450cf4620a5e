; INT 13h for CD-ROM drives (E0h and up), for the disk that is emulated from an image on a
; CD, and the functions about that emulation.
;
; Phoenix/IBM "El Torito" Bootable CD-ROM Format Specification 1.0 (1995), 4 "INT 13
; functions"; T13 1572D "BIOS Enhanced Disk Drive Services - 3".
;
; DS = EBDA, SI = a DISK entry, frame at BP.

CD_DRIVE        equ 0E0h                ; the number of the first
CD_EDD_VERSION  equ 30h
CD_EDD_SUPPORT  equ 07h                 ; 42h-44h, 47h, 48h; 45h, 46h, 49h; EDD

; Specification packet of AH=4Ah, 4Bh, 4Ch
SPEC_SIZE       equ 0                   ; byte, 13h
SPEC_MEDIA      equ 1                   ; byte, as in the catalog
SPEC_DRIVE      equ 2                   ; byte
SPEC_CONTROLLER equ 3                   ; byte
SPEC_LBA        equ 4                   ; dword
SPEC_DEVICE     equ 8                   ; word: bit 0 slave
SPEC_BUFFER     equ 10                  ; word: segment of a cache; not used
SPEC_SEGMENT    equ 12                  ; word
SPEC_COUNT      equ 14                  ; word
SPEC_CHS        equ 16                  ; 3 bytes as AH=08h gives CH, CL, DH
SPEC_BYTES      equ 13h

int13_cd:
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
        db      42h
        dw      cd_ext_read
        db      44h
        dw      cd_ext_verify
        db      41h
        dw      cd_ext_check
        db      48h
        dw      cd_ext_parameters
        db      4Bh
        dw      emu_terminate
        db      4Dh
        dw      emu_catalog
        db      4Ah
        dw      emu_start
        db      4Ch
        dw      emu_boot
        db      00h
        dw      cd_reset
        db      01h
        dw      int13_status
        db      03h
        dw      cd_protected
        db      05h
        dw      cd_protected
        db      43h
        dw      cd_protected
        db      0Dh
        dw      cd_reset
        db      10h
        dw      cd_test
        db      45h
        dw      cd_lock
        db      46h
        dw      cd_eject
        db      47h
        dw      cd_ext_seek
        db      49h
        dw      cd_changed
        db      4Eh
        dw      int13_ext_hardware
.table_end:

cd_protected:
        mov     ah, DISK_PROTECTED_MEDIUM
        jmp     int13_end

cd_reset:
        call    ata_reset
        jmp     int13_end

cd_test:
        call    cd_ready
        jc      int13_end
        jmp     int13_ok

; AH=41h "Check extensions present": BX = 55AAh.
cd_ext_check:
        mov     ah, DISK_BAD
        cmp     word [bp + F_BX], 55AAh
        jne     int13_end
        mov     word [bp + F_BX], 0AA55h
        mov     word [bp + F_CX], CD_EDD_SUPPORT
        push    word BDA_SEG
        pop     ds
        mov     byte [BDA_HD_STATUS], DISK_OK
        mov     byte [bp + F_AH], CD_EDD_VERSION
        CLEAR_CARRY
        INT_LEAVE

; AH=42h "Extended read", 44h "Verify": blocks of 2048 bytes.
cd_ext_read:
        mov     al, X_READ
        jmp     cd_ext
cd_ext_verify:
        mov     al, X_VERIFY
cd_ext:
        mov     [EBDA_X_OP], al
        call    cd_ready
        jc      .none
        call    edd_packet
        jc      .none
        mov     cx, [EBDA_X_LEFT]
        les     di, [es:di + PACKET_BUFFER]
        push    cx
        call    cd_transfer
        pop     cx
        jnc     int13_end
        sub     cx, [EBDA_X_LEFT]
        jmp     .count
.none:
        xor     cx, cx
.count:
        mov     es, [bp + F_DS]
        mov     di, [bp + F_SI]
        mov     [es:di + PACKET_COUNT], cx
        jmp     int13_end

; AH=47h "Extended seek".
cd_ext_seek:
        call    cd_ready
        jc      int13_end
        call    edd_packet
        jc      int13_end
        jmp     int13_ok

; AH=45h "Lock or unlock drive": AL = 0 lock, 1 unlock, 2 status; AL = 1 while locked.
cd_lock:
        mov     al, [bp + F_AL]
        cmp     al, 1
        ja      .status
        mov     ah, [si + DISK.flags]
        and     ah, ~DISK_LOCKED & 0FFh
        test    al, al
        jnz     .set
        or      ah, DISK_LOCKED
.set:
        push    ax
        mov     al, CD_PREVENT
        call    cd_clear
        pop     ax
        mov     [si + DISK.flags], ah
        mov     al, ah
        and     al, DISK_LOCKED
        shr     al, DISK_LOCKED_BIT
        mov     [EBDA_PACKET + 4], al
        call    cd_packet
        jc      int13_end
.status:
        cmp     byte [bp + F_AL], 2
        mov     ah, DISK_BAD
        ja      int13_end
        mov     al, [si + DISK.flags]
        and     al, DISK_LOCKED
        shr     al, DISK_LOCKED_BIT
        mov     [bp + F_AL], al
        jmp     int13_ok

; AH=46h "Eject media": AL = 0. AH = B1h while it is locked.
cd_eject:
        mov     ah, DISK_BAD
        cmp     byte [bp + F_AL], 0
        jne     int13_end
        mov     ah, 0B1h
        test    byte [si + DISK.flags], DISK_LOCKED
        jnz     int13_end
        mov     al, CD_START_STOP
        call    cd_clear
        mov     byte [EBDA_PACKET + 4], 02h
        call    cd_packet
        jc      int13_end
        jmp     int13_ok

; AH=49h "Media change": AH = 06h if the disc has been changed.
cd_changed:
        mov     al, CD_TEST_READY
        call    cd_clear
        call    cd_packet
        jc      int13_end               ; a unit attention is 06h
        jmp     int13_ok

; AH=48h "Get drive parameters": as for disks, without a geometry.
cd_ext_parameters:
        mov     es, [bp + F_DS]
        mov     di, [bp + F_SI]
        mov     ah, DISK_BAD
        mov     cx, [es:di]
        cmp     cx, EDD_SIZE_1
        jb      int13_end
        push    es
        push    di
        push    cx
        call    cd_ready
        pop     cx
        pop     di
        pop     es
        mov     ax, 0074h               ; removable, change line, lockable, no medium
        jc      .flags
        and     al, 34h
        mov     edx, [si + DISK.total]
.flags:
        jnc     .size_known
        mov     edx, 0FFFFFFFFh
.size_known:
        mov     [es:di + 2], ax
        mov     [es:di + 16], edx
        sar     edx, 31
        test    al, 40h
        jnz     .upper
        xor     edx, edx
.upper:
        mov     [es:di + 20], edx
        xor     eax, eax
        dec     eax
        mov     [es:di + 4], eax
        mov     [es:di + 8], eax
        mov     [es:di + 12], eax
        mov     word [es:di + 24], CD_BLOCK
        mov     bx, EDD_SIZE_1
        jmp     edd_parameters_end

; --- an emulated disk ------------------------------------------------------------------------

; int13_emulated: DL = the drive that is emulated, or the CD that was booted without.
int13_emulated:
        cmp     byte [EBDA_EMU_MEDIA], 0
        je      .cd
        mov     al, [bp + F_AH]
        cmp     al, 4Ah
        jb      .disk
        cmp     al, 4Eh
        jb      .cd
.disk:
        mov     si, EBDA_EMU_DISK
        test    byte [bp + F_DL], 80h
        jnz     int13_disk
        cmp     al, 05h
        jb      int13_disk              ; 00h-04h
        je      cd_protected
        cmp     al, 08h
        je      emu_diskette_parameters
        cmp     al, 15h
        je      emu_diskette_type
        cmp     al, 16h
        je      int13_ok                ; never changed
        mov     ah, DISK_BAD
        jmp     int13_end
.cd:
        movzx   si, byte [EBDA_EMU_CD]
        imul    si, CD_STRIDE
        add     si, EBDA_CD_TABLE
        jmp     int13_cd

; AH=08h: as a diskette drive of the size of the image.
emu_diskette_parameters:
        mov     al, [si + DISK.log_cylinders]
        dec     al
        mov     [bp + F_CH], al
        mov     cl, [si + DISK.log_spt]
        mov     [bp + F_CL], cl
        mov     byte [bp + F_DH], 1
        mov     ax, 2 << 8 | 15         ; type 2 is 1.2 MB
        mov     bx, params_1200
        cmp     cl, al
        je      .known
        mov     ah, 4
        mov     bx, diskette_params
        cmp     cl, 18
        je      .known
        mov     ah, 5
        mov     bx, params_2880
.known:
        mov     [bp + F_BL], ah
        mov     byte [bp + F_BH], 0
        mov     [bp + F_DI], bx
        mov     word [bp + F_ES], BIOS_SEG
        push    es
        push    word BDA_SEG
        pop     es
        mov     al, [es:BDA_EQUIPMENT]
        pop     es
        shr     al, 6
        inc     ax
        mov     [bp + F_DL], al
        mov     byte [bp + F_AL], 0
        jmp     int13_ok

; AH=15h: a diskette drive without change line.
emu_diskette_type:
        push    word BDA_SEG
        pop     ds
        mov     byte [BDA_FD_STATUS], DISK_OK
        mov     byte [bp + F_AH], 1
        CLEAR_CARRY
        INT_LEAVE

; --- AH=4Ah-4Dh --------------------------------------------------------------------------------

; AH=4Bh "Terminate disk emulation": AL = 0 ends it, 1 only tells. The specification goes to
; the caller's DS:SI.
emu_terminate:
        mov     ah, DISK_BAD
        cmp     byte [bp + F_AL], 1
        ja      int13_end
        cmp     byte [EBDA_EMU_ACTIVE], 0
        je      int13_end               ; nothing is emulated
        mov     es, [bp + F_DS]
        mov     di, [bp + F_SI]
        mov     byte [es:di + SPEC_SIZE], SPEC_BYTES
        mov     al, [EBDA_EMU_MEDIA]
        mov     [es:di + SPEC_MEDIA], al
        mov     al, [EBDA_EMU_DRIVE]
        mov     [es:di + SPEC_DRIVE], al
        mov     al, [EBDA_EMU_CD]
        movzx   bx, al
        imul    bx, CD_STRIDE
        mov     al, [bx + EBDA_CD_TABLE + DISK.channel]
        mov     [es:di + SPEC_CONTROLLER], al
        mov     eax, [EBDA_EMU_LBA]
        mov     [es:di + SPEC_LBA], eax
        mov     al, [bx + EBDA_CD_TABLE + DISK.select]
        shr     al, 4
        and     ax, 1
        mov     [es:di + SPEC_DEVICE], ax
        mov     word [es:di + SPEC_BUFFER], 0
        mov     ax, [EBDA_EMU_SEGMENT]
        mov     [es:di + SPEC_SEGMENT], ax
        mov     ax, [EBDA_EMU_COUNT]
        mov     [es:di + SPEC_COUNT], ax
        call    emu_chs
        mov     [es:di + SPEC_CHS], ax
        mov     [es:di + SPEC_CHS + 2], dl
        cmp     byte [bp + F_AL], 0
        jne     int13_ok
        call    emu_end
        jmp     int13_ok

; emu_chs: AL, AH, DL = CH, CL, DH of the emulated disk's last sector; 0 without one.
emu_chs:
        xor     ax, ax
        xor     dx, dx
        cmp     byte [EBDA_EMU_MEDIA], 0
        je      .end
        mov     dx, [EBDA_EMU_DISK + DISK.log_cylinders]
        dec     dx
        mov     al, dl
        mov     ah, dh
        shl     ah, 6
        or      ah, [EBDA_EMU_DISK + DISK.log_spt]
        mov     dl, [EBDA_EMU_DISK + DISK.log_heads]
        dec     dl
.end:
        ret

; AH=4Dh "Return boot catalog": the packet at the caller's DS:SI has its size, a byte with
; the number of blocks, a far pointer and a word with the first block.
emu_catalog:
        mov     es, [bp + F_DS]
        mov     di, [bp + F_SI]
        mov     ah, DISK_BAD
        cmp     byte [es:di], 8
        jb      int13_end
        cmp     dword [EBDA_EMU_CATALOG], 0
        je      int13_end
        movzx   cx, byte [es:di + 1]
        mov     [EBDA_X_LEFT], cx
        movzx   eax, word [es:di + 6]
        add     eax, [EBDA_EMU_CATALOG]
        mov     [EBDA_X_LBA], eax
        mov     dword [EBDA_X_LBA + 4], 0
        mov     byte [EBDA_X_OP], X_READ
        push    es
        push    di
        call    cd_ready
        pop     di
        pop     es
        jc      int13_end
        call    disk_check_range
        jc      int13_end
        les     di, [es:di + 2]
        call    cd_transfer
        jmp     int13_end

; AH=4Ah "Initiate disk emulation", 4Ch "and boot": the specification at the caller's DS:SI.
emu_start:
        call    emu_from_packet
        jc      int13_end
        jmp     int13_ok
emu_boot:
        call    emu_from_packet
        jc      int13_end
        mov     ax, [EBDA_EMU_SEGMENT]
        mov     cx, [EBDA_EMU_COUNT]
        call    emu_load
        jc      int13_end
        mov     dl, [EBDA_EMU_DRIVE]
        mov     ax, [EBDA_EMU_SEGMENT]
        jmp     boot_jump

; emu_from_packet: CF = 1, AH = status code.
emu_from_packet:
        mov     es, [bp + F_DS]
        mov     di, [bp + F_SI]
        mov     ah, DISK_BAD
        cmp     byte [es:di + SPEC_SIZE], SPEC_BYTES
        jb      .bad
        push    es
        push    di
        call    cd_ready
        pop     di
        pop     es
        jc      .end
        call    emu_end
        mov     ax, EBDA_CD_TABLE
        sub     ax, si
        mov     cl, DISK_SIZE
        div     cl
        mov     [EBDA_EMU_CD], al
        mov     al, [es:di + SPEC_MEDIA]
        mov     [EBDA_EMU_MEDIA], al
        mov     eax, [es:di + SPEC_LBA]
        mov     [EBDA_EMU_LBA], eax
        mov     ax, [es:di + SPEC_SEGMENT]
        test    ax, ax
        jnz     .segment
        mov     ax, BOOT_ADDRESS >> 4
.segment:
        mov     [EBDA_EMU_SEGMENT], ax
        mov     ax, [es:di + SPEC_COUNT]
        mov     [EBDA_EMU_COUNT], ax
        call    emu_begin
        jnc     .end
        mov     ah, DISK_BAD
.bad:
        stc
.end:
        ret
