; The boot sector: loads the rest of the tour behind itself.

        stop 7C00h
; The BIOS starts us in real mode with DL = our drive. Nothing else is certain, not even CS: 0000:7C00 and 07C0:0000 are
; the same place.
start:
        cli
        jmp 0:.here
.here:
        xor ax, ax
        mov ds, ax
        mov es, ax
        mov ss, ax
        mov sp, STACK_0
        sti
        cld
        mov bx, 55AAh                   ; does this drive take block addresses? (INT 13h extensions)
        mov ah, 41h
        int 13h
        jc .by_geometry
        cmp bx, 0AA55h
        jne .by_geometry
        mov si, packet
        mov ah, 42h
        int 13h
        jnc .loaded
.by_geometry:
        mov ax, 0200h | FOLLOWING_SECTORS    ; cylinder 0, head 0, from sector 2 on
        mov cx, 0002h
        mov dh, 0
        mov bx, FOLLOWING
        int 13h
        jc .failed
.loaded:
        mov ax, 0003h                   ; text, 80x25
        int 10h
        call start_serial
        mov esi, text_hello
        call say_bios
        jmp segments
.failed:
        mov si, text_failed
.character:
        lodsb
        test al, al
        jz .halt
        mov ah, 0Eh
        mov bx, 0007h
        int 10h
        jmp .character
.halt:
        cli
        hlt
        jmp .halt

text_failed:
        db "The tour disk cannot be read.", END

FOLLOWING       equ ORIGIN + SECTOR
FOLLOWING_SECTORS equ (LOADED_END - FOLLOWING) / SECTOR

        align 4, db 0
packet:                                 ; disk address packet of INT 13h AH=42h
        db 16, 0
        dw FOLLOWING_SECTORS
        dw FOLLOWING, 0                      ; offset, segment
        dq 1                            ; first block

; One partition that spans the disk, so that tools and BIOSes see a sane master boot record.
        times 1BEh - ($ - $$) db 0
        db 80h                          ; active
        db 0, 2, 0                      ; first sector: head 0, sector 2, cylinder 0
        db 7Fh                          ; type: for experiments
        db 2, 2, 0                      ; last sector, at 63 sectors a track
        dd 1, DISK_BYTES / SECTOR - 1
        times 3 * 16 db 0
        dw 0AA55h
