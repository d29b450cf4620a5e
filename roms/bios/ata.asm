; ATA drives on the two legacy IDE channels: finding them, and moving sectors by PIO.
;
; ANSI INCITS 361-2002 (ATA/ATAPI-6): 9 "Protocol", 8.15 "IDENTIFY DEVICE", 8.34 "READ
; SECTOR(S)", 8.35 "READ SECTOR(S) EXT", 9.12 "Signature and persistence".
;
; No wait is without a bound (wait_step), and an empty bus is told from a drive before
; anything is waited for. DS = extended BIOS data area, SI = a DISK entry in it.

; Command block, offsets from DISK.command
ATA_DATA        equ 0
ATA_ERROR       equ 1
ATA_COUNT       equ 2
ATA_LBA_LOW     equ 3
ATA_LBA_MID     equ 4
ATA_LBA_HIGH    equ 5
ATA_DEVICE      equ 6
ATA_STATUS      equ 7
ATA_COMMAND     equ 7

ST_ERR          equ 01h
ST_DRQ          equ 08h
ST_DF           equ 20h
ST_DRDY         equ 40h
ST_BSY          equ 80h

CTL_NIEN        equ 0Ah                 ; no interrupt; bit 3 is written as 1 by custom
CTL_SRST        equ 0Eh
CTL_NORMAL      equ 08h

DEV_LBA         equ 40h
DEV_SLAVE       equ 10h

CMD_READ        equ 20h
CMD_READ_EXT    equ 24h
CMD_WRITE       equ 30h
CMD_WRITE_EXT   equ 34h
CMD_VERIFY      equ 40h
CMD_VERIFY_EXT  equ 42h
CMD_SET_GEOMETRY equ 91h
CMD_IDENTIFY    equ 0ECh

X_READ          equ 0                   ; EBDA_X_OP
X_WRITE         equ 1
X_VERIFY        equ 2

ATA_TIMEOUT_MS  equ 8000
ATA_BLOCK_MAX   equ 128                 ; sectors of one command

; INT 13h status codes
DISK_OK         equ 00h
DISK_BAD        equ 01h                 ; invalid function or parameter
DISK_NO_MARK    equ 02h
DISK_NOT_FOUND  equ 04h
DISK_RESET      equ 05h                 ; reset failed
DISK_PARAMS     equ 07h
DISK_BAD_SECTOR equ 0Ah
DISK_ECC        equ 10h
DISK_CONTROLLER equ 20h
DISK_TIMEOUT    equ 80h
DISK_NOT_READY  equ 0AAh
DISK_FAULT      equ 0CCh

; --- registers -------------------------------------------------------------------------------

; ata_delay: 400 ns after a device was selected or a command written, as four reads of
; the alternate status, which change nothing. Keeps all registers.
ata_delay:
        push    ax
        push    dx
        mov     dx, [si + DISK.control]
        in      al, dx
        in      al, dx
        in      al, dx
        in      al, dx
        pop     dx
        pop     ax
        ret

; ata_wait: until BSY is clear. AL = status; CF = 1 after ATA_TIMEOUT_MS. Keeps the rest.
ata_wait:
        push    dx
        mov     dx, [si + DISK.command]
        add     dx, ATA_STATUS
        in      al, dx
        test    al, ST_BSY              ; CF = 0
        jz      .end
        push    ebx
        push    ecx
        WAIT_FOR ATA_TIMEOUT_MS
.poll:
        in      al, dx
        test    al, ST_BSY
        jz      .ready
        call    wait_step
        jnc     .poll
.ready:
        pop     ecx
        pop     ebx
.end:
        pop     dx
        ret

; ata_select: interrupts off, the device chosen with AL = low bits of the device
; register, and idle. CF = 1, AH = status code when it stays busy.
ata_select:
        push    dx
        push    ax
        mov     dx, [si + DISK.control]
        mov     al, CTL_NIEN
        out     dx, al
        call    ata_wait                ; the device selected so far must be idle
        pop     ax
        jc      .timeout
        or      al, [si + DISK.select]
        mov     dx, [si + DISK.command]
        add     dx, ATA_DEVICE
        out     dx, al
        call    ata_delay
        call    ata_wait
        jnc     .end
.timeout:
        mov     ah, DISK_TIMEOUT
        stc
.end:
        pop     dx
        ret

; ata_release: the command is over; interrupts may come again. Keeps all registers.
ata_release:
        push    ax
        push    dx
        mov     dx, [si + DISK.command]
        add     dx, ATA_STATUS
        in      al, dx                  ; lets a pending interrupt go
        mov     dx, [si + DISK.control]
        mov     al, CTL_NORMAL
        out     dx, al
        pop     dx
        pop     ax
        ret

; --- sectors ----------------------------------------------------------------------------------

; ata_transfer: EBDA_X_LEFT sectors from EBDA_X_LBA on, as EBDA_X_OP says, at ES:DI.
; CF = 1, AH = status code on failure; EBDA_X_LEFT then counts what is missing.
; Changes EAX, BX, CX, DX, DI, ES.
ata_transfer:
        test    byte [si + DISK.flags], DISK_EMULATED
        jnz     cd_image_transfer
        cmp     word [EBDA_X_LEFT], 0
        je      .done
        mov     ax, [EBDA_X_LEFT]
        cmp     ax, ATA_BLOCK_MAX
        jbe     .block
        mov     ax, ATA_BLOCK_MAX
.block:
        mov     [EBDA_X_BLOCK], al
        call    ata_issue
        jc      .fail
        call    ata_delay
        cmp     byte [EBDA_X_OP], X_VERIFY
        je      .verified
.sector:
        call    ata_wait
        jc      .timeout
        test    al, ST_ERR | ST_DF
        jnz     .error
        test    al, ST_DRQ
        jz      .error
        call    ata_sector
        call    ata_delay
        dec     word [EBDA_X_LEFT]
        add     dword [EBDA_X_LBA], 1
        adc     dword [EBDA_X_LBA + 4], 0
        dec     byte [EBDA_X_BLOCK]
        jnz     .sector
.verified:
        call    ata_wait                ; a write ends when BSY is clear again
        jc      .timeout
        test    al, ST_ERR | ST_DF
        jnz     .error
        movzx   eax, byte [EBDA_X_BLOCK]        ; not 0 after a verify only
        sub     [EBDA_X_LEFT], ax
        add     [EBDA_X_LBA], eax
        adc     dword [EBDA_X_LBA + 4], 0
        jmp     ata_transfer
.done:
        call    ata_release
        mov     ah, DISK_OK
        clc
        ret
.timeout:
        mov     ah, DISK_TIMEOUT
        jmp     .fail
.error:
        call    ata_error
.fail:
        call    ata_release
        stc
        ret

; ata_sector: 512 bytes between the data port and ES:DI, which moves on. A sector that
; would reach the end of the segment gets a segment further up, if there is one.
ata_sector:
        cmp     di, 10000h - 512
        jb      .inside
        mov     ax, di
        shr     ax, 4
        mov     cx, es
        add     ax, cx
        jc      .inside
        mov     es, ax
        and     di, 0Fh
.inside:
        mov     dx, [si + DISK.command] ; ATA_DATA
        mov     cx, 256
        cmp     byte [EBDA_X_OP], X_WRITE
        je      .write
        rep     insw
        ret
.write:
        xchg    si, di
        es rep  outsw
        xchg    si, di
        ret

; ata_issue: selects the drive, writes address and command for AL sectors. CF, AH as
; ata_select.
ata_issue:
        mov     bl, al                  ; sectors
        test    byte [si + DISK.flags], DISK_LBA
        jz      .chs
        ; 48-bit commands are for what 28 bits cannot name.
        mov     eax, [EBDA_X_LBA]
        movzx   edx, bl
        add     eax, edx
        jc      .lba48
        cmp     dword [EBDA_X_LBA + 4], 0
        jne     .lba48
        cmp     eax, 10000000h
        ja      .lba48

        mov     al, [EBDA_X_LBA + 3]    ; bits 27:24
        or      al, DEV_LBA
        call    ata_select
        jc      .end
        mov     al, bl
        mov     ecx, [EBDA_X_LBA]
        call    .address
        mov     bx, .commands
        jmp     .command

.lba48:
        mov     al, DEV_LBA
        call    ata_select
        jc      .end
        mov     al, 0                   ; each register takes its high byte first
        mov     ecx, [EBDA_X_LBA + 3]   ; bits 31:24, 39:32, 47:40
        call    .address
        mov     al, bl
        mov     ecx, [EBDA_X_LBA]
        call    .address
        mov     bx, .commands_ext
        jmp     .command

.chs:
        mov     eax, [EBDA_X_LBA]
        xor     edx, edx
        movzx   ecx, word [si + DISK.spt]
        div     ecx
        inc     dx
        mov     bh, dl                  ; sector
        xor     edx, edx
        movzx   ecx, word [si + DISK.heads]
        div     ecx                     ; EAX = cylinder, DL = head
        mov     cx, ax
        shl     ecx, 8
        mov     cl, bh
        mov     al, dl
        call    ata_select
        jc      .end
        mov     al, bl
        call    .address
        mov     bx, .commands

.command:
        mov     al, [EBDA_X_OP]
        cs xlatb
        mov     dx, [si + DISK.command]
        add     dx, ATA_COMMAND
        out     dx, al
        clc
.end:
        ret

; AL to the count register, ECX bits 7:0, 15:8, 23:16 to the three behind it.
.address:
        mov     dx, [si + DISK.command]
        add     dx, ATA_COUNT
        out     dx, al
        inc     dx
        mov     al, cl
        out     dx, al
        inc     dx
        mov     al, ch
        out     dx, al
        inc     dx
        shr     ecx, 16
        mov     al, cl
        out     dx, al
        ret
.commands:
        db      CMD_READ, CMD_WRITE, CMD_VERIFY
.commands_ext:
        db      CMD_READ_EXT, CMD_WRITE_EXT, CMD_VERIFY_EXT

; ata_error: AL = status -> AH = status code of INT 13h. Changes AX, DX, BX.
ata_error:
        test    al, ST_DF
        jnz     .fault
        test    al, ST_ERR
        jz      .controller             ; neither data nor error: out of step
        mov     dx, [si + DISK.command]
        add     dx, ATA_ERROR
        in      al, dx
        mov     bx, .table
.search:
        test    al, [cs:bx]
        jnz     .found
        add     bx, 2
        cmp     bx, .table_end
        jb      .search
.controller:
        mov     ah, DISK_CONTROLLER
        ret
.found:
        mov     ah, [cs:bx + 1]
        ret
.fault:
        mov     ah, DISK_FAULT
        ret
.table:
        db      40h, DISK_ECC           ; UNC
        db      10h, DISK_NOT_FOUND     ; IDNF
        db      80h, DISK_BAD_SECTOR    ; ICRC, once BBK
        db      01h, DISK_NO_MARK       ; AMNF
        db      04h, DISK_BAD           ; ABRT
.table_end:

; --- reset --------------------------------------------------------------------------------------

; ata_reset: software reset of the drive's channel, then its geometry again. CF = 1, AH
; = status code when the drive does not come back.
ata_reset:
        push    dx
        mov     dx, [si + DISK.control]
        mov     al, CTL_SRST
        out     dx, al
        push    cx
        mov     cx, 2                   ; at least 5 us
        call    wait_refresh
        mov     al, CTL_NIEN
        out     dx, al
        mov     cx, 140                 ; 2 ms before the status means anything
        call    wait_refresh
        pop     cx
        pop     dx
        mov     al, 0
        call    ata_select
        jc      .fail
        call    ata_set_geometry
        call    ata_release
        mov     ah, DISK_OK
        clc
        ret
.fail:
        call    ata_release
        mov     ah, DISK_RESET
        stc
        ret

; ata_set_geometry: a drive without LBA must be told the geometry we address it by.
; Changes AX.
ata_set_geometry:
        test    byte [si + DISK.flags], DISK_LBA
        jnz     .end
        mov     al, [si + DISK.heads]
        dec     al
        call    ata_select
        jc      .end
        push    dx
        mov     dx, [si + DISK.command]
        add     dx, ATA_COUNT
        mov     al, [si + DISK.spt]
        out     dx, al
        add     dx, ATA_COMMAND - ATA_COUNT
        mov     al, CMD_SET_GEOMETRY
        out     dx, al
        call    ata_delay
        call    ata_wait
        pop     dx
.end:
        ret

; --- finding drives -------------------------------------------------------------------------------

; ata_probe: SI = entry with ports and select byte. CF = 0 when a disk is there, its
; IDENTIFY data then at 0000:SCRATCH; CF = 1 and AL = 1 for an ATAPI device, AL = 0 for
; nothing. Changes AX, CX, DX, DI.
ata_probe:
        mov     dx, [si + DISK.control]
        mov     al, CTL_NIEN
        out     dx, al
        mov     dx, [si + DISK.command]
        add     dx, ATA_DEVICE
        mov     al, [si + DISK.select]
        out     dx, al
        call    ata_delay
        inc     dx                      ; ATA_STATUS
        in      al, dx
        cmp     al, 0FFh                ; nobody drives the bus
        je      .none
        cmp     al, 7Fh                 ; the same with DD7 pulled down
        je      .none
        ; The registers of a channel without a drive do not keep what is written.
        mov     dx, [si + DISK.command]
        add     dx, ATA_COUNT
        mov     al, 55h
        out     dx, al
        inc     dx
        mov     al, 0AAh
        out     dx, al
        in      al, dx
        cmp     al, 0AAh
        jne     .none
        dec     dx
        in      al, dx
        cmp     al, 55h
        jne     .none
        call    ata_wait
        jc      .none
        ; An absent second drive is answered for by the first, with status 0, and no
        ; command makes it change.
        mov     dx, [si + DISK.command]
        add     dx, ATA_COMMAND
        mov     al, CMD_IDENTIFY
        out     dx, al
        call    ata_delay
        in      al, dx
        test    al, al
        jz      .none
        call    ata_wait
        jc      .none
        test    al, ST_ERR | ST_DF
        jnz     .refused
        test    al, ST_DRQ
        jz      .none
        push    es
        xor     ax, ax
        mov     es, ax
        mov     di, SCRATCH
        mov     cx, 256
        mov     dx, [si + DISK.command]
        rep     insw
        pop     es
        call    ata_release
        clc
        ret
.refused:
        mov     dx, [si + DISK.command] ; a packet device shows its signature
        add     dx, ATA_LBA_MID
        in      al, dx
        mov     ah, al
        inc     dx
        in      al, dx
        cmp     ax, 14EBh
        jne     .none
        call    ata_release
        mov     al, 1
        stc
        ret
.none:
        call    ata_release
        mov     al, 0
        stc
        ret
