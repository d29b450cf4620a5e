; INT 13h for fixed disks: the table of drives, geometry, and the functions that address
; by cylinder, head and sector. The extended functions are in edd.asm.
;
; IBM PC/AT Technical Reference (6183310), section 5, "Fixed disk"; Phoenix "Enhanced
; Disk Drive Specification" 3.0 (1998), 3 "Geometry translation"; RBIL INTERRUP.LST,
; INT 13h.

; --- power-on: DS = 0040h, ES = extended BIOS data area ------------------------------------------

; disk_init: master and slave of both channels; the disks found become 80h, 81h, ...
; Ends the banner line with them.
disk_init:
        push    ds
        push    es
        push    es
        pop     ds
        mov     bx, .places
        mov     si, EBDA_DISK_TABLE
.place:
        mov     eax, [cs:bx]            ; ports
        mov     [si + DISK.command], eax
        mov     ax, [cs:bx + 4]
        mov     [si + DISK.select], al
        mov     [si + DISK.channel], ah
        mov     al, [cs:bx + 6]
        mov     [si + DISK.irq], al
        push    bx
        call    ata_probe
        jc      .no_disk
        call    disk_identify
        jc      .next
        call    disk_geometry
        call    ata_set_geometry
        call    ata_release
        call    disk_announce
        inc     byte [EBDA_DISKS]
        add     si, DISK_SIZE
        jmp     .next
.no_disk:
        add     [EBDA_CDROMS], al
.next:
        pop     bx
        add     bx, 7
        cmp     bx, .places_end
        jb      .place
        call    fdpt_init
        mov     al, [EBDA_DISKS]
        mov     ah, [EBDA_CDROMS]
        pop     es
        pop     ds
        mov     [BDA_HD_COUNT], al
        test    al, al
        jnz     .cdroms
        PRINT   '  no disk'
.cdroms:
        test    ah, ah
        jz      .line_end
        PRINT   '  CD-ROM'
.line_end:
        jmp     print_line_end
.places:
        dw      1F0h, 3F6h
        db      0A0h, 0, 14
        dw      1F0h, 3F6h
        db      0B0h, 0, 14
        dw      170h, 376h
        db      0A0h, 1, 15
        dw      170h, 376h
        db      0B0h, 1, 15
.places_end:

; IDENTIFY words, as offsets at 0000:SCRATCH
ID_CYLINDERS    equ SCRATCH + 1 * 2
ID_HEADS        equ SCRATCH + 3 * 2
ID_SPT          equ SCRATCH + 6 * 2
ID_CAPABILITIES equ SCRATCH + 49 * 2    ; bit 9: LBA
ID_LBA28        equ SCRATCH + 60 * 2    ; dword
ID_FEATURES     equ SCRATCH + 83 * 2    ; bit 10: 48-bit addresses
ID_LBA48        equ SCRATCH + 100 * 2   ; qword

; disk_identify: size and addressing of the drive at SI from its IDENTIFY data. CF = 1
; when it has no sectors.
disk_identify:
        push    fs
        xor     ax, ax
        mov     fs, ax
        mov     [si + DISK.flags], al
        mov     ax, [fs:ID_CYLINDERS]
        mov     [si + DISK.cylinders], ax
        movzx   ecx, word [fs:ID_HEADS]
        mov     [si + DISK.heads], cx
        movzx   edx, word [fs:ID_SPT]
        mov     [si + DISK.spt], dx
        movzx   eax, ax
        imul    ecx, edx
        mul     ecx
        test    byte [fs:ID_CAPABILITIES + 1], 02h
        jz      .total
        or      byte [si + DISK.flags], DISK_LBA
        mov     eax, [fs:ID_LBA28]
        xor     edx, edx
        test    byte [fs:ID_FEATURES + 1], 04h
        jz      .total
        mov     ecx, [fs:ID_LBA48]
        or      ecx, [fs:ID_LBA48 + 4]
        jz      .total
        or      byte [si + DISK.flags], DISK_LBA48
        mov     eax, [fs:ID_LBA48]
        mov     edx, [fs:ID_LBA48 + 4]
.total:
        mov     [si + DISK.total], eax
        mov     [si + DISK.total + 4], edx
        pop     fs
        or      eax, edx
        cmp     eax, 1                  ; CF = 1 for 0
        ret

; disk_geometry: what INT 13h shows for the drive at SI. Up to 1024 cylinders its own;
; beyond, 63 sectors and 16 to 255 heads by size with LBA ("LBA assisted"), or halved
; cylinders and doubled heads without ("bit shift").
disk_geometry:
        mov     ax, [si + DISK.cylinders]
        mov     cx, [si + DISK.heads]
        mov     dx, [si + DISK.spt]
        test    cx, cx                  ; a drive that only knows LBA
        jz      .assisted
        test    dx, dx
        jz      .assisted
        cmp     dx, 63
        ja      .assisted
        test    ax, ax
        jz      .assisted
        cmp     ax, 1024
        jbe     .set
        test    byte [si + DISK.flags], DISK_LBA
        jnz     .assisted
.shift:
        cmp     cx, 128
        jae     .limit
        shr     ax, 1
        shl     cx, 1
        cmp     ax, 1024
        ja      .shift
        jmp     .set
.assisted:
        mov     eax, 0FFFFFFFFh         ; larger disks look like the largest
        cmp     dword [si + DISK.total + 4], 0
        jne     .heads
        mov     eax, [si + DISK.total]
.heads:
        xor     edx, edx
        mov     ecx, 63
        div     ecx
        mov     cx, 16
.more_heads:
        movzx   edx, cx
        shl     edx, 10
        cmp     eax, edx
        jbe     .enough
        shl     cx, 1
        cmp     cx, 256
        jb      .more_heads
        mov     cx, 255
.enough:
        movzx   ecx, cx
        xor     edx, edx
        div     ecx
        mov     dx, 63
        cmp     eax, 1024
        jbe     .at_least_one
.limit:
        mov     ax, 1024
.at_least_one:
        test    ax, ax
        jnz     .set
        inc     ax
.set:
        mov     [si + DISK.log_cylinders], ax
        mov     [si + DISK.log_heads], cx
        mov     [si + DISK.log_spt], dx
        ret

; disk_announce: "  80h: 512 MiB" on the banner line.
disk_announce:
        PRINT   '  '
        mov     al, [EBDA_DISKS]
        add     al, 80h
        call    print_hex_byte
        PRINT   'h: '
        mov     eax, [si + DISK.total]
        mov     edx, [si + DISK.total + 4]
        jmp     print_size

; fdpt_init: the parameter tables of INT 41h and 46h for the first two disks; DS = EBDA.
fdpt_init:
        push    es
        push    ds
        pop     es
        mov     si, EBDA_DISK_TABLE
        mov     di, EBDA_FDPT0
        movzx   cx, byte [EBDA_DISKS]
        cmp     cx, 2
        jbe     .some
        mov     cx, 2
.some:
        jcxz    .end
.table:
        push    di
        mov     ax, [si + DISK.log_cylinders]
        stosw                           ; 0: cylinders
        mov     al, [si + DISK.log_heads]
        stosb                           ; 2: heads
        mov     dl, [si + DISK.heads]
        mov     bx, [si + DISK.cylinders]
        cmp     al, dl
        jne     .translated
        cmp     [si + DISK.log_cylinders], bx
        jne     .translated
        xor     ax, ax
        stosw                           ; 3: no reduced write current
        dec     ax
        stosw                           ; 5: no write precompensation
        xor     al, al
        stosb                           ; 7
        call    .control_byte
        stosb                           ; 8
        xor     ax, ax
        stosw                           ; 9: time-outs
        stosb
        mov     ax, bx
        jmp     .tail
.translated:
        mov     al, 0A0h                ; 3: signature of a translated table
        stosb
        mov     al, [si + DISK.spt]     ; 4: the drive's own sectors, cylinders, heads
        stosb
        mov     ax, 0FFFFh
        stosw
        xor     al, al
        stosb
        call    .control_byte
        stosb
        mov     ax, bx
        stosw
        mov     al, dl
        stosb
        mov     ax, bx
.tail:
        stosw                           ; 12: landing zone
        mov     al, [si + DISK.log_spt]
        stosb                           ; 14: sectors
        pop     di
        mov     dl, 15                  ; 15: all bytes add up to 0 (translated tables)
        xor     al, al
.sum:
        add     al, [di]
        inc     di
        dec     dl
        jnz     .sum
        neg     al
        stosb
        add     si, DISK_SIZE
        dec     cx
        jnz     .table
.end:
        pop     es
        ret
.control_byte:
        mov     al, 0C0h                ; no retries
        cmp     dl, 8
        jbe     .few_heads
        or      al, 08h
.few_heads:
        ret

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
        test    al, 80h
        jz      int13_diskette
        mov     ds, [BDA_EBDA]
        and     ax, 7Fh
        cmp     al, [EBDA_DISKS]
        jae     int13_no_drive
        imul    si, ax, DISK_SIZE
        add     si, EBDA_DISK_TABLE
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

; int13_end: AH = status code, to the caller, to 40:74 and to CF.
int13_ok:
        mov     ah, DISK_OK
int13_end:
        push    word BDA_SEG
        pop     ds
        mov     [BDA_HD_STATUS], ah
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

; Diskettes: there is no drive yet. AH=01h, 08h and 15h answer, the rest times out as a
; missing drive does.
int13_diskette:
        mov     ah, [bp + F_AH]
        cmp     ah, 01h
        je      .status
        cmp     ah, 08h
        je      .parameters
        cmp     ah, 15h
        je      .type
        mov     byte [bp + F_AL], 0
        mov     ah, DISK_TIMEOUT
.end:
        mov     [BDA_FD_STATUS], ah
        mov     [bp + F_AH], ah
        jmp     int13_carry
.status:
        mov     ah, [BDA_FD_STATUS]
        jmp     .end
.parameters:
        mov     word [bp + F_AX], 0
        mov     word [bp + F_BX], 0
        mov     word [bp + F_CX], 0
        mov     word [bp + F_DX], 0
        mov     word [bp + F_ES], 0
        mov     word [bp + F_DI], 0
.type:
        mov     ah, 0                   ; drive not present
        jmp     .end

; --- functions: DS = EBDA, SI = drive, frame at BP -----------------------------------------------

; AH=00h "Reset disk system", AH=0Dh "Alternate disk reset".
int13_reset:
        call    ata_reset
        jmp     int13_end

; AH=01h "Read status of last operation": in AH, and CF.
int13_status:
        push    word BDA_SEG
        pop     ds
        mov     ah, [BDA_HD_STATUS]
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
        mov     dl, [EBDA_DISKS]
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
