; INT 14h and INT 17h.

serial:
        EXPECT  word [400h], 3F8h
        mov     ax, 0E3h                ; 9600, 8 bits, no parity
        mov     dx, 0
        int     14h
        test    ah, 60h
        CHECK   nz
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
        mov     dx, 3FCh
        mov     al, 13h
        out     dx, al
        mov     dx, 3FAh                ; empty the receiver
        mov     al, 07h
        out     dx, al
        mov     dx, 3F8h
        mov     al, 5Ah
        out     dx, al
        mov     cx, 0FFFFh
        mov     dx, 3FDh
.arrived:
        in      al, dx
        test    al, 01h
        loopz   .arrived
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
