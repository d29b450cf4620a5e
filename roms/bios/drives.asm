; Fixed disks at power-on: the table of drives, the geometry INT 13h shows, the parameter
; tables of INT 41h and 46h.
;
; ATA/ATAPI-6, 8.15 "IDENTIFY DEVICE" (word numbers); Phoenix "Enhanced Disk Drive
; Specification" 3.0 (1998), 3 "Geometry translation"; RBIL INTERRUP.LST, INT 41h.

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
        test    al, al
        jz      .next
        call    cd_announce
.next:
        pop     bx
        add     bx, 7
        cmp     bx, .places_end
        jb      .place
        call    fdpt_init
        mov     al, [EBDA_DISKS]
        pop     es
        pop     ds
        mov     [BDA_HD_COUNT], al
        test    al, al
        jnz     .line_end
        PRINT   '  no disk'
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

; cd_announce: the packet device whose place is at SI; if it is a CD-ROM drive, it gets an
; entry in the table of those, and "  CD-ROM" on the banner line.
cd_announce:
        mov     byte [si + DISK.flags], DISK_ATAPI
        call    cd_probe
        jc      .end
        push    si
        push    es
        push    ds
        pop     es
        movzx   di, byte [EBDA_CDROMS]
        imul    di, CD_STRIDE
        add     di, EBDA_CD_TABLE
        mov     cx, DISK_SIZE
        rep     movsb
        pop     es
        pop     si
        inc     byte [EBDA_CDROMS]
        PRINT   '  CD-ROM'
.end:
        ret

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
