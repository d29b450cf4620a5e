; INT 13h AH=41h-48h: the extended functions, which address by sector number.
;
; Phoenix "Enhanced Disk Drive Specification" 3.0 (1998), 4 "Interrupt 13h extensions";
; T13 1572D "BIOS Enhanced Disk Drive Services - 3", "Device path".

; Address packet at the caller's DS:SI
PACKET_SIZE     equ 0                   ; byte, at least 10h
PACKET_COUNT    equ 2                   ; word; out: sectors done
PACKET_BUFFER   equ 4                   ; far pointer
PACKET_LBA      equ 8                   ; qword

EDD_VERSION     equ 30h
EDD_SUPPORT     equ 05h                 ; bit 0: 42h-44h, 47h, 48h; bit 2: EDD, 4Eh

; AH=41h "Check extensions present": BX = 55AAh.
int13_ext_check:
        mov     ah, DISK_BAD
        cmp     word [bp + F_BX], 55AAh
        jne     int13_end
        mov     word [bp + F_BX], 0AA55h
        mov     word [bp + F_CX], EDD_SUPPORT
        push    word BDA_SEG
        pop     ds
        mov     byte [BDA_HD_STATUS], DISK_OK
        mov     byte [bp + F_AH], EDD_VERSION
        CLEAR_CARRY
        INT_LEAVE

; AH=42h "Extended read", 43h "Extended write" (AL bit 0, 1: verify), 44h "Verify".
int13_ext_read:
        mov     al, X_READ
        jmp     int13_ext
int13_ext_write:
        mov     ah, DISK_BAD
        cmp     byte [bp + F_AL], 2
        ja      int13_end
        mov     al, X_WRITE
        jmp     int13_ext
int13_ext_verify:
        mov     al, X_VERIFY
int13_ext:
        mov     [EBDA_X_OP], al
        call    edd_packet
        jc      int13_end
        mov     cx, [EBDA_X_LEFT]
        les     di, [es:di + PACKET_BUFFER]
        push    cx
        call    ata_transfer
        pop     cx
        jc      .short
        cmp     byte [bp + F_AH], 43h   ; write with verify: once more, to look only
        jne     .end
        cmp     byte [bp + F_AL], 2
        jne     .end
        mov     byte [EBDA_X_OP], X_VERIFY
        push    cx
        call    edd_packet
        call    ata_transfer
        pop     cx
        jnc     .end
.short:
        sub     cx, [EBDA_X_LEFT]
        mov     es, [bp + F_DS]
        mov     di, [bp + F_SI]
        mov     [es:di + PACKET_COUNT], cx
.end:
        jmp     int13_end

; AH=47h "Extended seek": only the address is checked.
int13_ext_seek:
        call    edd_packet
        jc      int13_end
        jmp     int13_ok

; AH=4Eh "Set hardware configuration": DMA and PIO stay as they are, and nothing else
; changed by it.
int13_ext_hardware:
        mov     ah, DISK_BAD
        cmp     byte [bp + F_AL], 6
        ja      int13_end
        mov     byte [bp + F_AL], 0     ; no other drive was affected
        jmp     int13_ok

; edd_packet: checks the caller's packet and fills EBDA_X_LBA, EBDA_X_LEFT; ES:DI = the
; packet. CF = 1, AH = status code. Changes EAX, EDX.
edd_packet:
        mov     es, [bp + F_DS]
        mov     di, [bp + F_SI]
        mov     ah, DISK_BAD
        cmp     byte [es:di + PACKET_SIZE], 10h
        jb      .bad
        cmp     dword [es:di + PACKET_BUFFER], 0FFFFFFFFh
        je      .bad                    ; a flat 64-bit buffer, which we do not claim
        mov     ax, [es:di + PACKET_COUNT]
        mov     [EBDA_X_LEFT], ax
        mov     eax, [es:di + PACKET_LBA]
        mov     [EBDA_X_LBA], eax
        mov     eax, [es:di + PACKET_LBA + 4]
        mov     [EBDA_X_LBA + 4], eax
        jmp     disk_check_range
.bad:
        stc
        ret

; --- AH=48h "Get drive parameters" -------------------------------------------------------------
; Result at the caller's DS:SI; its first word is the room there and then what was used.
; 1Ah bytes are version 1, 1Eh version 2 (DPTE pointer), 42h and 4Ah version 3 (device
; path of 36 or, as T13 has it, 44 bytes).
EDD_SIZE_1      equ 1Ah
EDD_SIZE_2      equ 1Eh
EDD_SIZE_3      equ 42h
EDD_SIZE_T13    equ 4Ah
EDD_PATH        equ 1Eh                 ; offset of the device path information

int13_ext_parameters:
        mov     es, [bp + F_DS]
        mov     di, [bp + F_SI]
        mov     ah, DISK_BAD
        mov     cx, [es:di]
        cmp     cx, EDD_SIZE_1
        jb      int13_end
        mov     ax, 0002h               ; CHS below is valid; no 64 KiB limits
        mov     bx, EDD_SIZE_1
        mov     [es:di + 2], ax
        movzx   eax, word [si + DISK.cylinders]
        mov     [es:di + 4], eax
        movzx   eax, word [si + DISK.heads]
        mov     [es:di + 8], eax
        movzx   eax, word [si + DISK.spt]
        mov     [es:di + 12], eax
        mov     eax, [si + DISK.total]
        mov     [es:di + 16], eax
        mov     eax, [si + DISK.total + 4]
        mov     [es:di + 20], eax
        mov     word [es:di + 24], 512
edd_parameters_end:
        cmp     cx, EDD_SIZE_2
        jb      .size
        mov     bx, EDD_SIZE_2
        call    edd_dpte
        lea     ax, [si + DISK.dpte]
        mov     [es:di + 26], ax
        mov     [es:di + 28], ds
        cmp     cx, EDD_SIZE_3
        jb      .size
        mov     bx, EDD_SIZE_3
        cmp     cx, EDD_SIZE_T13
        jb      .path
        mov     bx, EDD_SIZE_T13
.path:
        call    edd_path
.size:
        mov     [es:di], bx
        jmp     int13_ok

; edd_dpte: fills the drive's "device parameter table extension". Changes AX, DX.
edd_dpte:
        push    bx
        lea     bx, [si + DISK.dpte]
        mov     ax, [si + DISK.command]
        mov     [bx], ax
        mov     ax, [si + DISK.control]
        mov     [bx + 2], ax
        mov     al, [si + DISK.select]
        test    byte [si + DISK.flags], DISK_LBA
        jz      .head
        or      al, DEV_LBA
.head:
        mov     [bx + 4], al
        mov     byte [bx + 5], 0
        mov     al, [si + DISK.irq]
        mov     [bx + 6], al
        mov     byte [bx + 7], 1        ; sectors of a multiple transfer
        mov     word [bx + 8], 0        ; no DMA, no PIO mode set
        ; Options: bit 3 CHS translation, 4 LBA translation, 10:9 kind (1 LBA assisted,
        ; 0 bit shift).
        xor     dx, dx
        mov     ax, [si + DISK.cylinders]
        cmp     ax, [si + DISK.log_cylinders]
        je      .lba
        or      dl, 08h
        test    byte [si + DISK.flags], DISK_LBA
        jz      .lba
        or      dh, 02h
.lba:
        test    byte [si + DISK.flags], DISK_LBA
        jz      .options
        or      dl, 10h
.options:
        mov     [bx + 10], dx
        mov     word [bx + 12], 0
        mov     byte [bx + 14], 11h     ; revision 1.1
        push    cx
        mov     cx, 15
        call    checksum_ds
        pop     cx
        pop     bx
        ret

; checksum_ds: the CX bytes at DS:BX and the one behind them add up to 0. Changes AX, BX,
; CX.
checksum_ds:
        xor     al, al
.sum:
        add     al, [bx]
        inc     bx
        loop    .sum
        neg     al
        mov     [bx], al
        ret

; edd_path: device path information at ES:DI + 1Eh; BX = EDD_SIZE_3 or EDD_SIZE_T13.
; Changes EAX, CX, DX.
edd_path:
        push    bx
        push    di
        add     di, EDD_PATH
        mov     cx, bx
        sub     cx, EDD_PATH            ; 36 or 44 bytes
        push    di
        push    cx
        push    di
        xor     al, al
        rep     stosb
        pop     di
        pop     cx
        mov     word [es:di], 0BEDDh
        mov     [es:di + 2], cl
        mov     dword [es:di + 10], 'ATA '
        mov     dword [es:di + 14], '    '
        test    byte [si + DISK.flags], DISK_ATAPI
        jz      .interface
        mov     dword [es:di + 10], 'ATAP'
        mov     dword [es:di + 14], 'I   '
.interface:
        mov     al, [si + DISK.select]
        shr     al, 4
        and     al, 01h
        mov     [es:di + 26], al        ; device path: 0 master, 1 slave
        ; Where the channel belongs to a PCI function the path is that, with the channel
        ; as its number; else the ISA base port.
        mov     dx, [si + DISK.command]
        mov     ah, [si + DISK.channel]
        mov     bx, [EBDA_IDE]
        cmp     bx, 0FFFFh
        je      .isa
        mov     dword [es:di + 6], 'PCI '
        mov     [es:di + 18], bh        ; bus
        mov     al, bl
        shr     al, 3
        mov     [es:di + 19], al        ; device
        and     bl, 07h
        mov     [es:di + 20], bl        ; function
        mov     [es:di + 21], ah        ; channel
        jmp     .sum
.isa:
        mov     dword [es:di + 6], 'ISA '
        mov     [es:di + 18], dx
.sum:
        pop     di
        dec     cx
        xor     al, al
.byte:
        add     al, [es:di]
        inc     di
        loop    .byte
        neg     al
        mov     [es:di], al
        pop     di
        pop     bx
        ret
