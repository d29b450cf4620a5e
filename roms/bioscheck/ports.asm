; INT 14h and INT 17h.

; line_status: until the bits of AL are set in COM1's line status, a few ticks at most: a
; character takes its time. ZF = 1 when they are not. Changes AX, BX, DX.
line_status:
        mov     bl, al
        mov     bh, [46Ch]
        mov     dx, 3FDh
.poll:
        in      al, dx
        test    al, bl
        jnz     .end
        mov     al, [46Ch]
        sub     al, bh
        cmp     al, 4
        jb      .poll
        xor     al, al
.end:
        ret

serial:
        EXPECT  word [400h], 3F8h
        mov     al, 40h                 ; what was printed is out
        call    line_status
        CHECK   nz
        mov     ax, 0E3h                ; 9600, 8 bits, no parity
        mov     dx, 0
        int     14h
        EXPECT  ah, 60h
        mov     ax, 0100h | '*'
        mov     dx, 0
        int     14h
        test    ah, 80h
        CHECK   z
        mov     ah, 03h
        mov     dx, 0
        int     14h
        test    ah, 80h
        CHECK   z
        ; Loop back: what is sent comes in.
        mov     al, 40h
        call    line_status
        CHECK   nz
        mov     dx, 3FCh
        mov     al, 13h
        out     dx, al
        mov     dx, 3FAh                ; empty the receiver
        mov     al, 07h
        out     dx, al
        mov     dx, 3F8h
        mov     al, 5Ah
        out     dx, al
        mov     al, 01h
        call    line_status
        CHECK   nz
        mov     dx, 3F8h
        in      al, dx
        EXPECT  al, 5Ah
        mov     dx, 3FCh
        mov     al, 03h
        out     dx, al
        ; Nothing comes in: time-out.
        mov     byte [47Ch], 1
        mov     ah, 02h
        mov     dx, 0
        int     14h
        test    ah, 80h
        CHECK   nz
        mov     ah, 03h                 ; no such port
        mov     dx, 3
        int     14h
        test    ah, 80h
        CHECK   nz
        ret
