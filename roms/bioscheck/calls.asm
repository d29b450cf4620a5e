; A boot program that makes the calls of a script and prints what came back. The tests
; (tests/it/bios_*.rs) write the script behind it, put it on diskettes, disks and CDs, and
; hold the answers against the manuals.
;
;   nasm -f bin -I roms/bioscheck/ -o roms/calls.img roms/bioscheck/calls.asm
;
; Sector 0 and 1 are this program, at 0000:7C00 (the first up to the partition table); bytes
; 4-9 are words: sectors of program and script, and the geometry to load them by, or 0. From
; sector 2, at 0000:8000, rows of 32
; bytes:
;
;   0  operation: an interrupt's number, or one of the OP_ below; 0 ends the script
;   1  spare
;   2  AX BX CX DX SI DI ES, a word each. SI = FFFFh stands for the address of the data
;   16 data, 16 bytes
;
; An interrupt gives "13 AX BX CX DX SI DI ES CF", all in hexadecimal. At the end 0 goes to
; port F4h.

        cpu     386
        bits    16
        org     7C00h

SCRIPT          equ 8000h
ROW             equ 32
OP_POKE         equ 0F0h                ; the first CX bytes of the data to ES:DI
OP_PEEK         equ 0F1h                ; prints CX bytes at ES:DI
OP_SUM          equ 0F2h                ; prints the sum of CX dwords at ES:DI
OP_FILL         equ 0F3h                ; CX words at ES:DI become AX
OP_TEXT         equ 0F4h                ; prints the data up to a 0

start:
        jmp     short begin
        times   4 - ($ - start) db 0
sectors:
        dw      2                       ; of this program and its script
track:
        dw      0                       ; sectors a track and heads; 0: as AH=08h tells
heads:
        dw      0
begin:
        cli
        xor     ax, ax
        mov     ss, ax
        mov     sp, 7C00h
        call    .where
.where:
        pop     si
        sub     si, .where - start
        ; To 0000:7C00, if it was loaded elsewhere; then all of it was.
        mov     es, ax
        mov     di, start
        mov     ax, cs
        mov     ds, ax
        mov     bx, ds
        shl     bx, 4
        add     bx, si
        cmp     bx, start
        jne     .move
        cmp     ax, 07C0h + 1
        jb      .there
.move:
        mov     cx, [si + sectors - start]
        shl     cx, 8
        cld
        rep     movsw
.there:
        jmp     0000h:.main
.main:
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        sti
        mov     [drive], dl
        cmp     dl, 0E0h                ; a CD without emulation: all of it has been loaded
        jae     run
; The rest, sector by sector, by the geometry that AH=08h tells.
.load:
        cmp     word [track], 0
        jne     .known
        mov     ah, 08h
        xor     di, di
        int     13h
        jc      .error
        and     cx, 3Fh
        mov     [track], cx
        inc     dh
        mov     [heads], dh
        xor     ax, ax
        mov     es, ax
.known:
        mov     si, 1
        mov     bx, start + 512
.sector:
        mov     ax, si
        xor     dx, dx
        div     word [track]
        mov     cl, dl
        inc     cl
        div     byte [heads]
        mov     ch, al
        mov     dh, ah
        mov     dl, [drive]
        mov     ax, 0201h
        int     13h
        jc      .error
        add     bx, 512
        inc     si
        cmp     si, [sectors]
        jb      .sector
        jmp     run
.error:
        mov     al, ah
        call    hex_byte
        mov     al, '!'
        call    put
        jmp     end
drive:
        db      0

; --- printing: COM1 ----------------------------------------------------------------------
put:
        push    dx
        push    ax
        mov     dx, 3FDh
.wait:
        in      al, dx
        test    al, 20h
        jz      .wait
        pop     ax
        mov     dx, 3F8h
        out     dx, al
        pop     dx
        ret
hex_word:
        xchg    al, ah
        call    hex_byte
        xchg    al, ah
hex_byte:
        push    ax
        shr     al, 4
        call    .digit
        pop     ax
        push    ax
        and     al, 0Fh
        call    .digit
        pop     ax
        ret
.digit:
        cmp     al, 10
        sbb     al, 69h
        das
        jmp     put
spaced_word:
        push    ax
        mov     al, ' '
        call    put
        pop     ax
        jmp     hex_word
line_end:
        mov     al, 10
        jmp     put
end:
        call    line_end
        mov     al, 0
        mov     dx, 0F4h
        out     dx, al
        cli
        hlt
        times   446 - ($ - $$) db 0     ; a partition table may follow
        times   510 - ($ - $$) db 0
        dw      0AA55h

; --- the script ----------------------------------------------------------------------------
run:
        mov     si, .uart
        mov     cx, (.uart_end - .uart) / 3
.setting:
        lodsw
        mov     dx, ax
        lodsb
        out     dx, al
        loop    .setting
        mov     si, SCRIPT
.row:
        xor     ax, ax
        mov     ds, ax
        mov     [row], si
        mov     al, [si]
        test    al, al
        jz      end
        mov     cx, [si + 6]
        mov     di, [si + 12]
        mov     es, [si + 14]
        cld
        cmp     al, OP_POKE
        jb      .interrupt
        je      .poke
        cmp     al, OP_SUM
        jb      .peek
        je      .sum
        cmp     al, OP_FILL
        je      .fill
        add     si, 16                  ; OP_TEXT
.text:
        lodsb
        test    al, al
        jz      .line
        call    put
        jmp     .text
.poke:
        add     si, 16
        rep     movsb
        jmp     .next
.fill:
        mov     ax, [si + 2]
        rep     stosw
        jmp     .next
.peek:
        mov     al, [es:di]
        inc     di
        call    hex_byte
        loop    .peek
        jmp     .line
.sum:
        xor     ebx, ebx
.dword:
        add     ebx, [es:di]
        add     di, 4
        loop    .dword
        mov     eax, ebx
        shr     eax, 16
        call    hex_word
        mov     ax, bx
        call    hex_word
        jmp     .line
.interrupt:
        mov     [.number], al
        mov     bx, [si + 4]
        mov     dx, [si + 8]
        mov     bp, [si + 10]
        mov     ax, [si + 2]
        cmp     bp, 0FFFFh
        jne     .call
        lea     bp, [si + 16]
.call:
        mov     si, bp
        jmp     short $ + 2             ; the number was written
        db      0CDh
.number:
        db      0
        push    es
        push    di
        push    si
        push    dx
        push    cx
        push    bx
        push    ax
        mov     al, 0
        rcl     al, 1
        push    ax
        xor     ax, ax
        mov     ds, ax
        cld
        sti
        mov     al, [.number]
        call    hex_byte
        mov     bp, sp
        mov     cx, 7
.register:
        add     bp, 2
        mov     ax, [bp]
        call    spaced_word
        loop    .register
        mov     al, ' '
        call    put
        pop     ax
        add     al, '0'
        call    put
        add     sp, 14
.line:
        call    line_end
.next:
        mov     si, [row]
        add     si, ROW
        jmp     .row
row:
        dw      0
run.uart:                               ; 115200 baud, 8 bits: ports and values
        dw      3FBh
        db      80h
        dw      3F8h
        db      1
        dw      3F9h
        db      0
        dw      3FBh
        db      3
run.uart_end:
        times   1024 - ($ - $$) db 0
