; CD-ROM drives on the IDE channels: command packets, their data, what the drive says of
; errors, and blocks of the disc.
;
; ANSI INCITS 361-2002 (ATA/ATAPI-6): 9.8 "PACKET command protocol", 8.16 "IDENTIFY PACKET
; DEVICE"; SFF-8020i 2.6 "ATA Packet Interface for CD-ROMs", 10.8 "CD-ROM packet commands",
; "Sense key and additional sense codes".
;
; DS = extended BIOS data area, SI = a DISK entry in it. No wait is without a bound.

CMD_PACKET      equ 0A0h
CMD_IDENTIFY_PACKET equ 0A1h

CD_TEST_READY   equ 00h
CD_REQUEST_SENSE equ 03h
CD_START_STOP   equ 1Bh
CD_PREVENT      equ 1Eh
CD_CAPACITY     equ 25h
CD_READ         equ 28h

CD_BLOCK        equ 2048
CD_PIECE        equ 32                  ; blocks of one command
CD_READY_TRIES  equ 60                  ; with 100 ms between them

DISK_PROTECTED_MEDIUM equ 03h
DISK_NO_MEDIUM  equ 31h                 ; "no media in drive"

; --- finding ---------------------------------------------------------------------------------

; cd_probe: SI = entry of an ATAPI device with its ports. CF = 1 unless it is a CD-ROM.
; Changes AX, CX, DX, DI; the IDENTIFY data go to 0000:SCRATCH.
cd_probe:
        mov     al, 0
        call    ata_select
        jc      .end
        mov     dx, [si + DISK.command]
        add     dx, ATA_COMMAND
        mov     al, CMD_IDENTIFY_PACKET
        out     dx, al
        call    ata_delay
        call    ata_wait
        jc      .release
        and     al, ST_DRQ | ST_ERR
        cmp     al, ST_DRQ
        stc
        jne     .release
        push    es
        xor     ax, ax
        mov     es, ax
        mov     di, SCRATCH
        mov     cx, 256
        mov     dx, [si + DISK.command]
        rep     insw
        mov     al, [es:SCRATCH + 1]
        pop     es
        and     al, 1Fh                 ; word 0, 12:8: the kind of device
        cmp     al, 05h
        je      .release
        stc
.release:
        pushf
        call    ata_release
        popf
.end:
        ret

; --- packets ---------------------------------------------------------------------------------

; cd_clear: a packet of zeros but for its first byte, AL; nothing to skip or to take.
cd_clear:
        mov     dword [EBDA_PACKET], 0
        mov     [EBDA_PACKET], al
        mov     dword [EBDA_PACKET + 4], 0
        mov     dword [EBDA_PACKET + 8], 0
        mov     dword [EBDA_CD_SKIP], 0
        mov     dword [EBDA_CD_TAKE], 0
        ret

; cd_packet: carries out EBDA_PACKET. Of the drive's data EBDA_CD_SKIP bytes are dropped, the
; next EBDA_CD_TAKE go to ES:DI, which moves on, the rest is dropped. CF = 1, AH = status
; code, and EBDA_CD_SENSE (key, code) on failure. Changes EAX, CX, DX, DI, ES.
cd_packet:
        call    cd_packet_once
        jnc     .end
        test    al, al                  ; not the drive that ended it
        jz      .fail
        call    cd_sense
.fail:
        stc
.end:
        ret

; CF = 1: AH = status code, AL = 1 when the drive itself says so (CHECK CONDITION).
cd_packet_once:
        mov     word [EBDA_CD_SENSE], 0
        mov     al, 0
        call    ata_select
        jc      .fail
        mov     dx, [si + DISK.command]
        inc     dx                      ; features: no DMA, no overlap
        mov     al, 0
        out     dx, al
        add     dx, ATA_LBA_MID - 1     ; a block at a time
        out     dx, al
        inc     dx
        mov     al, CD_BLOCK >> 8
        out     dx, al
        add     dx, ATA_COMMAND - ATA_LBA_HIGH
        mov     al, CMD_PACKET
        out     dx, al
        call    ata_delay
        call    ata_wait
        jc      .timeout
        and     al, ST_DRQ | ST_ERR
        cmp     al, ST_DRQ
        jne     .controller
        push    si
        mov     dx, [si + DISK.command]
        mov     si, EBDA_PACKET
        mov     cx, 6
        rep     outsw
        pop     si
        mov     word [EBDA_CD_PHASES], 0FFFFh
.phase:
        call    ata_delay
        call    ata_wait
        jc      .timeout
        test    al, ST_ERR | ST_DF
        jnz     .check
        test    al, ST_DRQ
        jz      .done
        dec     word [EBDA_CD_PHASES]   ; no command has as many
        jz      .controller
        mov     dx, [si + DISK.command]
        add     dx, ATA_LBA_HIGH
        in      al, dx
        mov     ah, al
        dec     dx
        in      al, dx
        mov     cx, ax
        jcxz    .controller
        call    cd_data
        jmp     .phase
.done:
        call    ata_release
        clc
        ret
.timeout:
        mov     ax, DISK_TIMEOUT << 8
        jmp     .release
.check:
        mov     ax, DISK_CONTROLLER << 8 | 1
        jmp     .release
.controller:
        mov     ax, DISK_CONTROLLER << 8
.release:
        call    ata_release
        stc
        ret
.fail:
        mov     al, 0
        stc
        ret

; cd_data: CX bytes wait in the data register. Changes EAX, CX, DX.
cd_data:
        push    bx
        mov     dx, [si + DISK.command]
        inc     cx
        shr     cx, 1                   ; words
        mov     eax, [EBDA_CD_SKIP]
        shr     eax, 1
        call    .least
        sub     cx, bx
        movzx   eax, bx
        shl     eax, 1
        sub     [EBDA_CD_SKIP], eax
        call    .drop
        mov     eax, [EBDA_CD_TAKE]
        inc     eax
        shr     eax, 1
        call    .least
        sub     cx, bx
        call    .normal
        movzx   eax, bx
        shl     eax, 1
        sub     [EBDA_CD_TAKE], eax
        jnc     .taken
        mov     dword [EBDA_CD_TAKE], 0 ; an odd reply
.taken:
        xchg    bx, cx
        rep     insw
        call    .drop
        pop     bx
        ret
; BX = the lesser of EAX and CX.
.least:
        movzx   ebx, cx
        cmp     eax, ebx
        jae     .have
        mov     bx, ax
.have:
        ret
; BX words read and dropped. Changes AX, BX.
.drop:
        test    bx, bx
        jz      .have
        in      ax, dx
        dec     bx
        jmp     .drop
; ES:DI with an offset below 16.
.normal:
        mov     ax, di
        shr     ax, 4
        push    bx
        mov     bx, es
        add     bx, ax
        mov     es, bx
        pop     bx
        and     di, 0Fh
        ret

; cd_sense: REQUEST SENSE: key and code to EBDA_CD_SENSE, AH = status code. Changes EAX, BX,
; CX, DX; keeps DI, ES.
cd_sense:
        push    es
        push    di
        mov     al, CD_REQUEST_SENSE
        call    cd_clear
        mov     byte [EBDA_PACKET + 4], 18
        mov     dword [EBDA_CD_TAKE], 14
        push    ds
        pop     es
        mov     di, EBDA_CD_REPLY
        call    cd_packet_once
        pop     di
        pop     es
        jc      .end                    ; AH tells
        mov     al, [EBDA_CD_REPLY + 2]
        and     al, 0Fh
        mov     ah, [EBDA_CD_REPLY + 12]
        mov     [EBDA_CD_SENSE], ax
        cmp     ax, 3A02h               ; medium not present
        mov     ah, DISK_NO_MEDIUM
        je      .end
        mov     bx, .table
.search:
        mov     ah, [cs:bx + 1]
        cmp     al, [cs:bx]
        je      .end
        add     bx, 2
        cmp     bx, .table_end
        jb      .search
        mov     ah, DISK_CONTROLLER
.end:
        ret
.table:
        db      02h, DISK_NOT_READY
        db      03h, DISK_ECC           ; medium error
        db      05h, DISK_BAD           ; illegal request
        db      06h, DISK_CHANGED       ; unit attention
        db      07h, DISK_PROTECTED_MEDIUM
.table_end:

; cd_ready: until the drive is ready or says why not; the number of blocks then in
; DISK.total. CF = 1, AH = status code. Changes EAX, BX, CX, DX.
cd_ready:
        push    es
        push    di
        mov     bx, CD_READY_TRIES
.again:
        push    bx
        mov     al, CD_TEST_READY
        call    cd_clear
        call    cd_packet
        pop     bx
        jnc     .ready
        mov     cx, [EBDA_CD_SENSE]
        cmp     cl, 06h                 ; told once: a reset, another disc
        je      .next
        cmp     cx, 0402h               ; becoming ready
        jne     .fail
        push    cx
        mov     eax, 100000
        call    cd_pause
        pop     cx
.next:
        dec     bx
        jnz     .again
.fail:
        stc
        jmp     .end
.ready:
        mov     al, CD_CAPACITY
        call    cd_clear
        mov     dword [EBDA_CD_TAKE], 8
        push    ds
        pop     es
        mov     di, EBDA_CD_REPLY
        call    cd_packet
        jc      .end
        mov     eax, [EBDA_CD_REPLY]    ; the last block, high byte first
        xchg    al, ah
        rol     eax, 16
        xchg    al, ah
        inc     eax
        mov     [si + DISK.total], eax
        mov     dword [si + DISK.total + 4], 0
        clc
.end:
        pop     di
        pop     es
        ret

; cd_pause: EAX us. Keeps all registers.
cd_pause:
        push    ds
        push    word BDA_SEG
        pop     ds
        call    fdc_pause
        pop     ds
        ret

; --- blocks ----------------------------------------------------------------------------------

; cd_blocks: CX blocks from EAX on, to ES:DI by EBDA_CD_SKIP and EBDA_CD_TAKE, which the
; caller sets behind cd_clear. CF, AH as cd_packet.
cd_blocks:
        mov     byte [EBDA_PACKET], CD_READ
        xchg    al, ah                  ; high byte first
        rol     eax, 16
        xchg    al, ah
        mov     [EBDA_PACKET + 2], eax
        xchg    cl, ch
        mov     [EBDA_PACKET + 7], cx
        jmp     cd_packet

; cd_transfer: EBDA_X_LEFT blocks from EBDA_X_LBA on to ES:DI, or nowhere when EBDA_X_OP is
; X_VERIFY. CF = 1, AH = status code; EBDA_X_LEFT then counts what is missing.
cd_transfer:
        mov     ah, DISK_PROTECTED_MEDIUM
        cmp     byte [EBDA_X_OP], X_WRITE
        je      .fail
.piece:
        movzx   ecx, word [EBDA_X_LEFT]
        jcxz    .done
        cmp     cx, CD_PIECE
        jbe     .size
        mov     cx, CD_PIECE
.size:
        call    cd_clear
        cmp     byte [EBDA_X_OP], X_VERIFY
        je      .read
        mov     eax, ecx
        shl     eax, 11
        mov     [EBDA_CD_TAKE], eax
.read:
        mov     eax, [EBDA_X_LBA]
        push    cx
        call    cd_blocks
        pop     cx
        jc      .end
        sub     [EBDA_X_LEFT], cx
        movzx   ecx, cx
        add     [EBDA_X_LBA], ecx
        jmp     .piece
.done:
        mov     ah, DISK_OK
        clc
        ret
.fail:
        stc
.end:
        ret

; cd_image_transfer: the same in sectors of 512 bytes of the image that is being emulated.
cd_image_transfer:
        mov     ah, DISK_PROTECTED_MEDIUM
        cmp     byte [EBDA_X_OP], X_WRITE
        stc
        je      .end
        push    si
        movzx   si, byte [EBDA_EMU_CD]
        imul    si, CD_STRIDE
        add     si, EBDA_CD_TABLE
        mov     al, 0
        call    cd_clear
        mov     eax, [EBDA_X_LBA]
        and     eax, 3
        shl     eax, 9
        mov     [EBDA_CD_SKIP], eax
        movzx   ecx, word [EBDA_X_LEFT]
        shl     ecx, 9
        cmp     byte [EBDA_X_OP], X_VERIFY
        je      .count
        mov     [EBDA_CD_TAKE], ecx
.count:
        lea     ecx, [ecx + eax + CD_BLOCK - 1]
        shr     ecx, 11
        mov     eax, [EBDA_X_LBA]
        shr     eax, 2
        add     eax, [EBDA_EMU_LBA]
        call    cd_blocks
        pop     si
        jc      .end
        mov     word [EBDA_X_LEFT], 0
        mov     ah, DISK_OK
.end:
        ret
