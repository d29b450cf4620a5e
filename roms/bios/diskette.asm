; INT 13h for diskettes: 3.5 and 5.25 inch drives, 160 KB to 2.88 MB.
;
; IBM PC/AT Technical Reference (6183310), section 5, "Diskette"; IBM PS/2 and PC BIOS
; Interface Technical Reference (1991), "Interrupt 13h - Diskette"; RBIL INTERRUP.LST,
; INT 13h.
;
; DS = 0040h, SI = drive, frame at BP.

DISK_PROTECTED  equ 03h
DISK_CHANGED    equ 06h
DISK_OVERRUN    equ 08h
DISK_BOUNDARY   equ 09h                 ; DMA would cross 64 KiB
DISK_NO_MEDIA_TYPE equ 0Ch
DISK_SEEK       equ 40h

FDC_READ        equ 0E6h                ; multi-track, MFM, skip
FDC_WRITE       equ 0C5h
FDC_FORMAT      equ 4Dh

; What a drive of each type is: highest cylinder, sectors a track, parameters for INT 1Eh,
; media states to try, the likeliest first (rates as CCR has them; 2:0 as 40:90 has it).
struc DRIVE
.cylinder       resb 1
.sectors        resb 1
.params         resw 1
.media          resb 3                  ; 0 ends
.kilobytes      resw 1
endstruc

drive_kinds:
        db      39, 9
        dw      params_360
        db      93h, 0, 0
        dw      360
        db      79, 15
        dw      params_1200
        db      15h, 74h, 0             ; 1.2 MB, or 360 KB by double steps
        dw      1200
        db      79, 9
        dw      params_720
        db      97h, 0, 0
        dw      720
        db      79, 18
        dw      diskette_params
        db      17h, 97h, 0
        dw      1440
        db      79, 36
        dw      params_2880
        db      0D7h, 17h, 97h
        dw      2880
DRIVE_KINDS     equ 5

; Step rate, head times, motor delay, sector size, sectors, gaps, fill byte, settle time,
; motor start; see diskette_params for the names.
params_360:
        db      0DFh, 02h, 25h, 02h, 9, 2Ah, 0FFh, 50h, 0F6h, 0Fh, 08h
params_1200:
        db      0DFh, 02h, 25h, 02h, 15, 1Bh, 0FFh, 54h, 0F6h, 0Fh, 08h
params_720:
        db      0DFh, 02h, 25h, 02h, 9, 2Ah, 0FFh, 50h, 0F6h, 0Fh, 08h
params_2880:
        db      0AFh, 02h, 25h, 02h, 36, 1Bh, 0FFh, 53h, 0F6h, 0Fh, 08h

; --- power-on ------------------------------------------------------------------------------

; diskette_init: what CMOS says of the drives, and the controller out of reset. ES = EBDA.
diskette_init:
        xor     si, si
        xor     bx, bx                  ; drives
.drive:
        call    drive_type
        jz      .next
        inc     bx
        mov     ah, 04h                 ; 40:8F: known; multiple rates; 80 cylinders
        cmp     al, 1
        je      .info
        mov     ah, 07h
.info:
        test    si, si
        jz      .first
        shl     ah, 4
.first:
        or      [BDA_FD_INFO], ah
        PRINT   '  '
        mov     ax, si
        add     al, 'A'
        call    print_char
        PRINT   ': '
        call    drive_kind
        jc      .unknown
        movzx   eax, word [cs:di + DRIVE.kilobytes]
        call    print_decimal
        PRINT   ' KB'
        jmp     .next
.unknown:
        PRINT   'of no known type'
.next:
        inc     si
        cmp     si, 2
        jb      .drive
        test    bx, bx
        jz      .end
        dec     bx
        shl     bx, 6                   ; equipment: 0 some, 7:6 one less than how many
        or      bl, 01h
        or      [BDA_EQUIPMENT], bx
        xor     si, si
        call    fdc_reset
.end:
        ret

; drive_kind: DI = the entry of drive SI in drive_kinds. CF = 1 for none. Changes AX.
drive_kind:
        call    drive_type
        movzx   ax, al
        dec     ax
        cmp     ax, DRIVE_KINDS
        cmc
        jc      .end
        imul    ax, DRIVE_size
        add     ax, drive_kinds
        mov     di, ax
        clc
.end:
        ret

; --- the functions ---------------------------------------------------------------------------

; int13_diskette: DS = 0040h.
int13_diskette:
        movzx   si, byte [bp + F_DL]
        jmp     int13_diskette_si
; int13_second: while a CD image is drive A, the first drive is B.
int13_second:
        xor     si, si
int13_diskette_si:
        mov     al, [bp + F_AH]
        mov     bx, .table
.search:
        cmp     al, [cs:bx]
        je      .found
        add     bx, 3
        cmp     bx, .table_end
        jb      .search
        mov     ah, DISK_BAD
        jmp     diskette_end
.found:
        jmp     [cs:bx + 1]
.table:
        db      02h
        dw      diskette_read
        db      03h
        dw      diskette_write
        db      04h
        dw      diskette_verify
        db      05h
        dw      diskette_format
        db      00h
        dw      diskette_reset
        db      01h
        dw      diskette_status
        db      08h
        dw      diskette_parameters
        db      15h
        dw      diskette_type
        db      16h
        dw      diskette_change
        db      17h
        dw      diskette_set_type
        db      18h
        dw      diskette_set_media
.table_end:

; diskette_end: AH = status code, to the caller, to 40:41 and to CF.
diskette_ok:
        mov     ah, DISK_OK
diskette_end:
        mov     [BDA_FD_STATUS], ah
        mov     [bp + F_AH], ah
        jmp     int13_carry

; diskette_present: DI = the entry in drive_kinds of drive SI. CF = 1, AH = status code when
; there is none; it times out, as its controller would.
diskette_present:
        cmp     si, 2
        jae     .none
        call    drive_kind
        jnc     .end
.none:
        mov     ah, DISK_TIMEOUT
        stc
.end:
        ret

; AH=00h "Reset diskette system".
diskette_reset:
        call    diskette_present
        jc      diskette_end
        call    fdc_reset
        jc      diskette_end
        jmp     diskette_ok

; AH=01h "Read status of last operation".
diskette_status:
        mov     ah, [BDA_FD_STATUS]
        mov     [bp + F_AH], ah
        jmp     int13_carry

; AH=02h "Read", 03h "Write", 04h "Verify": AL sectors, CH cylinder, CL sector, DH head,
; ES:BX. AL = sectors done.
DMA_READ        equ 46h                 ; channel 2, single: device to memory
DMA_WRITE       equ 4Ah
DMA_VERIFY      equ 42h
diskette_read:
        mov     bx, FDC_READ << 8 | DMA_READ
        jmp     diskette_transfer
diskette_write:
        mov     bx, FDC_WRITE << 8 | DMA_WRITE
        jmp     diskette_transfer
diskette_verify:
        mov     bx, FDC_READ << 8 | DMA_VERIFY
diskette_transfer:
        push    bx
        call    diskette_present
        jc      .not_begun
        mov     ah, DISK_BAD
        cmp     byte [bp + F_AL], 1
        jb      .not_begun
        call    diskette_ready
        jc      .not_begun
        call    diskette_establish
        jc      .not_begun
        movzx   ecx, byte [bp + F_AL]
        shl     ecx, 9
        pop     bx
        push    bx
        mov     al, bl
        call    dma_setup
        jc      .not_begun
        mov     al, [bp + F_CH]
        call    fdc_seek
        jc      .not_begun
        pop     bx
        call    .command
        jc      .timeout
        call    fdc_wait
        jc      .timeout
        call    fdc_result
        jc      .timeout
        call    fdc_status
        jnc     .end
        call    .done
        mov     [bp + F_AL], al
        jmp     .end
.timeout:
        call    fdc_reset
        mov     byte [bp + F_AL], 0
        mov     ah, DISK_TIMEOUT
        jmp     .end
.not_begun:
        pop     bx
        mov     byte [bp + F_AL], 0
.end:
        push    ax
        call    fdc_idle
        pop     ax
        jmp     diskette_end

; The nine bytes; BH = command. CF = 1 when the controller does not take them.
.command:
        mov     al, bh
        call    fdc_out
        jc      .sent
        call    diskette_head
        jc      .sent
        mov     al, [bp + F_CH]
        call    fdc_out
        jc      .sent
        mov     al, [bp + F_DH]
        call    fdc_out
        jc      .sent
        mov     al, [bp + F_CL]
        call    fdc_out
        jc      .sent
        mov     bx, DPT_SIZE
        call    dpt_byte
        call    fdc_out
        jc      .sent
        call    media_sectors
        call    fdc_out
        jc      .sent
        mov     bx, DPT_GAP
        call    dpt_byte
        call    fdc_out
        jc      .sent
        mov     bx, DPT_LENGTH
        call    dpt_byte
        call    fdc_out
.sent:
        ret

; AL = sectors done before the one that failed: the result names it. Keeps AH.
.done:
        mov     al, [BDA_FD_CONTROL + 5]        ; R
        sub     al, [bp + F_CL]
        mov     bl, [BDA_FD_CONTROL + 4]        ; H
        cmp     bl, [bp + F_DH]
        je      .same_head
        mov     bl, al
        call    media_sectors
        add     al, bl
.same_head:
        cmp     al, [bp + F_AL]
        jb      .some
        mov     al, 0
.some:
        ret

; diskette_head: head and drive, the second byte of commands. CF as fdc_out. Changes AL.
diskette_head:
        mov     al, [bp + F_DH]
        and     al, 01h
        shl     al, 2
        push    si
        or      ax, si
        pop     si
        jmp     fdc_out

; media_sectors: AL = sectors a track: what INT 1Eh says, or, while nobody has set that
; vector to a table of his own, what the medium has. Keeps the rest.
media_sectors:
        push    bx
        push    es
        xor     bx, bx
        mov     es, bx
        cmp     word [es:1Eh * 4 + 2], BIOS_SEG
        pop     es
        jne     .table
        call    drive_type
        mov     bl, al
        mov     al, 36
        mov     bh, [si + BDA_FD_MEDIA]
        shr     bh, 6
        cmp     bh, 3
        je      .end
        mov     al, 9
        test    bh, bh
        jnz     .end
        mov     al, 18
        cmp     bl, 2
        jne     .end
        mov     al, 15
.end:
        pop     bx
        ret
.table:
        mov     bx, DPT_LAST
        call    dpt_byte
        pop     bx
        ret

; AH=05h "Format track": AL sectors, CH cylinder, DH head, ES:BX = four bytes for each.
diskette_format:
        call    diskette_present
        jc      diskette_end
        call    diskette_ready
        jc      .end
        test    byte [si + BDA_FD_MEDIA], MEDIA_KNOWN
        jnz     .media
        mov     al, [cs:di + DRIVE.media]       ; the most the drive can
        mov     [si + BDA_FD_MEDIA], al
.media:
        call    fdc_rate
        call    media_sectors
        movzx   ecx, al
        shl     ecx, 2
        mov     al, DMA_WRITE
        call    dma_setup
        jc      .end
        mov     al, [bp + F_CH]
        call    fdc_seek
        jc      .end
        call    .command
        jc      .timeout
        call    fdc_wait
        jc      .timeout
        call    fdc_result
        jc      .timeout
        call    fdc_status
        jmp     .end
.timeout:
        call    fdc_reset
        mov     ah, DISK_TIMEOUT
.end:
        push    ax
        call    fdc_idle
        pop     ax
        jmp     diskette_end
.command:
        mov     al, FDC_FORMAT
        call    fdc_out
        jc      .sent
        call    diskette_head
        jc      .sent
        mov     bx, DPT_SIZE
        call    dpt_byte
        call    fdc_out
        jc      .sent
        call    media_sectors
        call    fdc_out
        jc      .sent
        mov     bx, DPT_FORMAT_GAP
        call    dpt_byte
        call    fdc_out
        jc      .sent
        mov     bx, DPT_FILL
        call    dpt_byte
        call    fdc_out
.sent:
        ret

; AH=08h "Read drive parameters": BL type, CH CL DH highest cylinder, sector, head, DL
; number of drives, ES:DI parameters. All 0 but DL for a drive that is not there.
diskette_parameters:
        xor     eax, eax
        mov     [bp + F_AX], ax
        mov     [bp + F_BX], ax
        mov     [bp + F_CX], ax
        mov     [bp + F_ES], ax
        mov     [bp + F_DI], ax
        mov     [bp + F_DX], ax
        mov     al, [BDA_EQUIPMENT]
        test    al, 01h
        jz      diskette_ok
        shr     al, 6
        inc     ax
        mov     [bp + F_DL], al
        call    diskette_present
        jc      diskette_ok
        call    drive_type
        mov     [bp + F_BL], al
        mov     ax, [cs:di + DRIVE.cylinder]
        xchg    al, ah
        mov     [bp + F_CX], ax
        mov     byte [bp + F_DH], 1
        mov     ax, [cs:di + DRIVE.params]
        mov     [bp + F_DI], ax
        mov     word [bp + F_ES], BIOS_SEG
        jmp     diskette_ok

; AH=15h "Read DASD type": AH = 0 no drive, 1 without, 2 with a disk change line.
diskette_type:
        call    diskette_present
        mov     ah, 0
        jc      .end
        call    drive_type
        mov     ah, 1
        cmp     al, 1
        je      .end
        inc     ah
.end:
        mov     [bp + F_AH], ah
        mov     byte [BDA_FD_STATUS], DISK_OK
        CLEAR_CARRY
        INT_LEAVE

; AH=16h "Disk change line status": 00h, or 06h if it is active or there is none.
diskette_change:
        call    diskette_present
        jc      diskette_end
        call    drive_type
        cmp     al, 1
        mov     ah, DISK_CHANGED
        je      diskette_end
        call    fdc_motor
        call    fdc_idle
        call    fdc_changed
        mov     ah, DISK_CHANGED
        jnz     diskette_end
        jmp     diskette_ok

; AH=17h "Set DASD type for format": AL = 1 360 KB in its drive, 2 360 KB in a 1.2 MB drive,
; 3 1.2 MB, 4 720 KB.
diskette_set_type:
        call    diskette_present
        jc      diskette_end
        movzx   bx, byte [bp + F_AL]
        dec     bx
        mov     ah, DISK_BAD
        cmp     bx, 4
        jae     diskette_end
        mov     al, [cs:bx + .states]
        call    media_fits
        jc      diskette_end
        mov     [si + BDA_FD_MEDIA], al
        jmp     diskette_ok
.states:
        db      93h, 74h, 15h, 97h

; media_fits: CF = 1 unless AL is one of the states that the drive at DI can have.
media_fits:
        cmp     al, [cs:di + DRIVE.media]
        je      .end
        cmp     al, [cs:di + DRIVE.media + 1]
        je      .end
        cmp     al, [cs:di + DRIVE.media + 2]
        je      .end
        stc
.end:
        ret

; AH=18h "Set media type for format": CH CL = highest cylinder and sector; ES:DI = the
; parameters for it. AH = 0Ch for what the drive cannot do.
diskette_set_media:
        call    diskette_present
        jc      diskette_end
        mov     cx, [bp + F_CX]
        xchg    cl, ch                  ; CL cylinder, CH sectors
        mov     bx, .states
        cmp     cl, 79
        jbe     .search
        mov     ah, DISK_NO_MEDIA_TYPE
        jmp     diskette_end
.search:
        mov     al, [cs:bx + 2]
        cmp     cx, [cs:bx]
        jne     .next
        call    media_fits
        jnc     .found
.next:
        add     bx, 5
        cmp     bx, .states_end
        jb      .search
        mov     ah, DISK_NO_MEDIA_TYPE
        jmp     diskette_end
.found:
        mov     [si + BDA_FD_MEDIA], al
        mov     ax, [cs:bx + 3]
        mov     [bp + F_DI], ax
        mov     word [bp + F_ES], BIOS_SEG
        jmp     diskette_ok
.states:
        db      39, 9, 93h
        dw      params_360
        db      39, 9, 74h
        dw      params_360
        db      79, 15, 15h
        dw      params_1200
        db      79, 9, 97h
        dw      params_720
        db      79, 18, 17h
        dw      diskette_params
        db      79, 36, 0D7h
        dw      params_2880
.states_end:

; --- what comes before a transfer ---------------------------------------------------------------

; diskette_ready: motor on, drive SI selected, no change of the disk since the last call.
; CF = 1, AH = 06h after a change, 80h without a disk. Changes AX, BX, CX, DX.
diskette_ready:
        mov     byte [BDA_FD_STATUS], 0
        call    fdc_motor
        call    drive_type
        cmp     al, 1                   ; no such line
        je      .ready
        call    fdc_changed
        jz      .ready
        mov     byte [si + BDA_FD_MEDIA], 0
        call    fdc_reset
        jc      .end
        mov     al, 1                   ; a step takes the line back, if there is a disk
        call    fdc_seek
        jc      .end
        mov     al, 0
        call    fdc_seek
        jc      .end
        call    fdc_changed
        mov     ah, DISK_TIMEOUT
        jnz     .bad
        mov     ah, DISK_CHANGED
.bad:
        stc
.end:
        ret
.ready:
        clc
        ret

; diskette_establish: which medium is in drive SI (entry DI): the first of its media states
; at whose rate an ID can be read. CF = 1, AH = status code. Changes AX, BX, CX.
diskette_establish:
        test    byte [si + BDA_FD_MEDIA], MEDIA_KNOWN
        jnz     .known
        push    di
        mov     bx, 3                   ; states left
.state:
        mov     al, [cs:di + DRIVE.media]
        mov     ah, DISK_NO_MARK
        test    al, al
        jz      .none
        mov     [si + BDA_FD_MEDIA], al
        push    bx
        call    .try
        pop     bx
        jnc     .end
        inc     di
        dec     bx
        jnz     .state
.none:
        mov     byte [si + BDA_FD_MEDIA], 0
        stc
.end:
        pop     di
        ret
.known:
        jmp     fdc_rate_ok
.try:
        call    fdc_rate
        mov     al, [bp + F_CH]         ; unformatted cylinders need not hide the others
        call    fdc_seek
        jc      .tried
        mov     al, FDC_READ_ID
        call    fdc_out
        jc      .timeout
        mov     ax, si
        call    fdc_out
        jc      .timeout
        call    fdc_wait
        jc      .timeout
        call    fdc_result
        jc      .timeout
        jmp     fdc_status
.timeout:
        call    fdc_reset
        mov     ah, DISK_TIMEOUT
        stc
.tried:
        ret

; fdc_rate_ok: the rate again: another drive may have had its own. CF = 0.
fdc_rate_ok:
        call    fdc_rate
        clc
        ret

; dma_setup: channel 2 for ECX bytes at the caller's ES:BX; AL = mode. CF = 1, AH = status
; code when they cross 64 KiB. Changes EAX, EBX, DX.
dma_setup:
        push    ax
        movzx   eax, word [bp + F_ES]
        shl     eax, 4
        movzx   ebx, word [bp + F_BX]
        add     ebx, eax
        pop     ax
        cmp     al, DMA_VERIFY          ; moves nothing
        jne     .address
        xor     ebx, ebx
.address:
        movzx   edx, bx
        add     edx, ecx
        cmp     edx, 10000h
        ja      .boundary
        cli
        out     0Ch, al                 ; first byte comes first
        IO_DELAY
        out     0Bh, al
        IO_DELAY
        mov     al, bl
        out     04h, al
        IO_DELAY
        mov     al, bh
        out     04h, al
        IO_DELAY
        mov     edx, ebx
        shr     edx, 16
        mov     al, dl
        out     81h, al
        IO_DELAY
        lea     edx, [ecx - 1]
        mov     al, dl
        out     05h, al
        IO_DELAY
        mov     al, dh
        out     05h, al
        IO_DELAY
        mov     al, 02h                 ; channel 2 open
        out     0Ah, al
        sti
        clc
        ret
.boundary:
        mov     ah, DISK_BOUNDARY
        stc
        ret
