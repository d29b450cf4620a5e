; IRQ1 and INT 16h. Scan codes come in by command D2h of the 8042, "write keyboard output
; buffer", which raises IRQ1 as a key would.

; key: AL = scan code, waits until IRQ1 has taken it.
key:
        push    ax
        push    cx
        push    ax
        call    .ready
        mov     al, 0D2h
        out     64h, al
        call    .ready
        pop     ax
        out     60h, al
        xor     cx, cx
.taken:
        in      al, 64h
        test    al, 01h
        loopnz  .taken
        mov     cx, 1000
.settle:
        in      al, 64h
        loop    .settle
        pop     cx
        pop     ax
        ret
.ready:
        in      al, 64h
        test    al, 02h
        jnz     .ready
        ret

keyboard:
        cli                             ; lamps and locks off, whatever was there
        mov     byte [417h], 0
        sti
        call    .drain
        mov     si, .rows
.row:
        cmp     byte [si], 0FFh
        je      .rows_done
.code:
        lodsb
        test    al, al
        jz      .codes_done
        call    key
        jmp     .code
.codes_done:
        lodsw                           ; by AH=10h, 0 = nothing
        mov     bx, ax
        lodsw                           ; by AH=00h
        mov     dx, ax
        mov     ah, 11h
        int     16h
        jz      .none
        mov     ah, 10h
        int     16h
        EXPECT  ax, bx
        ; The same key for the old function: put back what came.
        mov     cx, ax
        mov     ah, 05h
        int     16h
        jmp     .row_end
.none:
        EXPECT  bx, 0
.row_end:
        call    .drain
        jmp     .row
.rows_done:
        EXPECT  byte [417h], 0          ; all shift keys are up again

        ; What AH=00h and 01h make of the words that only the new keyboard has.
        mov     si, .words
.word:
        lodsw
        mov     cx, ax
        lodsw
        mov     dx, ax
        mov     ah, 05h
        int     16h
        EXPECT  al, 0
        mov     ah, 01h
        int     16h
        jz      .dropped
        EXPECT  ax, dx
        mov     ah, 00h
        int     16h
        EXPECT  ax, dx
        jmp     .word_next
.dropped:
        EXPECT  dx, 0
        mov     ah, 11h                 ; and gone
        int     16h
        CHECK   z
.word_next:
        cmp     si, .words_end
        jb      .word

        ; Fifteen fit, in order.
        mov     cx, 1
.fill:
        mov     ah, 05h
        int     16h
        test    al, al
        jnz     .full
        inc     cx
        cmp     cx, 40
        jb      .fill
.full:
        EXPECT  cx, 16
        mov     bx, 1
.order:
        mov     ah, 10h
        int     16h
        EXPECT  ax, bx
        inc     bx
        cmp     bx, 16
        jb      .order
        mov     ah, 11h
        int     16h
        CHECK   z
        mov     ah, 01h
        int     16h
        CHECK   z

        ; Locks and their lamps; Caps Lock is for letters, Num Lock for the keypad.
        mov     al, 3Ah
        call    key
        mov     al, 0BAh
        call    key
        EXPECT  byte [417h], 40h
        mov     ah, 12h
        int     16h
        EXPECT  ax, 0040h
        mov     al, 1Eh
        call    key
        mov     ah, 10h
        int     16h
        EXPECT  ax, 1E41h
        mov     al, 02h
        call    key
        mov     ah, 10h
        int     16h
        EXPECT  ax, 0231h
        mov     al, 3Ah
        call    key
        mov     al, 0BAh
        call    key
        mov     al, 45h
        call    key
        mov     al, 0C5h
        call    key
        EXPECT  byte [417h], 20h
        mov     al, 47h
        call    key
        mov     ah, 10h
        int     16h
        EXPECT  ax, 4737h
        mov     al, 0E0h
        call    key
        mov     al, 47h
        call    key
        mov     ah, 10h
        int     16h
        EXPECT  ax, 47E0h
        mov     al, 45h
        call    key
        mov     al, 0C5h
        call    key
        EXPECT  byte [417h], 0

        ; Ctrl-Break: INT 1Bh, the flag, a word 0.
        mov     eax, [1Bh * 4]
        mov     [.old], eax
        mov     dword [1Bh * 4], .break
        mov     byte [471h], 0
        mov     si, .break_codes
.break_code:
        lodsb
        test    al, al
        jz      .break_sent
        call    key
        jmp     .break_code
.break_sent:
        EXPECT  byte [471h], 80h
        EXPECT  byte [.breaks], 1
        mov     ah, 11h
        int     16h
        CHECK   nz
        EXPECT  ax, 0
        call    .drain
        mov     eax, [.old]
        mov     [1Bh * 4], eax

        ; INT 15h AH=4Fh sees each code, may change it (here a to b) or drop it.
        mov     eax, [15h * 4]
        mov     [.old], eax
        mov     dword [15h * 4], .intercept
        mov     al, 1Eh
        call    key
        mov     al, 20h
        call    key
        mov     eax, [.old]
        mov     [15h * 4], eax
        mov     ah, 10h
        int     16h
        EXPECT  ax, 3062h
        mov     ah, 11h
        int     16h
        CHECK   z
        ret
.drain:
        push    ax
.drain_next:
        mov     ah, 11h
        int     16h
        jz      .drained
        mov     ah, 10h
        int     16h
        jmp     .drain_next
.drained:
        pop     ax
        ret
.break:
        inc     byte [cs:.breaks]
        iret
.breaks:
        db      0
.intercept:
        cmp     ah, 4Fh
        jne     .chain
        cmp     al, 20h
        je      .drop
        cmp     al, 1Eh
        jne     .keep
        mov     al, 30h
.keep:
        stc
        retf    2
.drop:
        clc
        retf    2
.chain:
        jmp     far [cs:.old]
        align   4, db 0
.old:
        dd      0
.break_codes:
        db      1Dh, 0E0h, 46h, 0E0h, 0C6h, 9Dh, 0

; Codes, 0, the word of AH=10h, a spare word.
%macro ROW 2-*
%rep %0 - 1
        db      %1
%rotate 1
%endrep
        db      0
        dw      %1, 0
%endmacro
.rows:
        ROW     1Eh, 9Eh, 1E61h                         ; a
        ROW     2Ah, 1Eh, 9Eh, 0AAh, 1E41h              ; shift
        ROW     36h, 03h, 83h, 0B6h, 0340h              ; right shift 2
        ROW     1Dh, 2Eh, 0AEh, 9Dh, 2E03h              ; Ctrl-C
        ROW     0E0h, 1Dh, 2Eh, 0AEh, 0E0h, 9Dh, 2E03h  ; right Ctrl
        ROW     38h, 10h, 90h, 0B8h, 1000h              ; Alt-Q
        ROW     0E0h, 38h, 3Bh, 0BBh, 0E0h, 0B8h, 6800h ; right Alt F1
        ROW     1Ch, 9Ch, 1C0Dh
        ROW     1Dh, 1Ch, 9Ch, 9Dh, 1C0Ah
        ROW     0E0h, 1Ch, 0E0h, 9Ch, 0E00Dh
        ROW     0E0h, 35h, 0E0h, 0B5h, 0E02Fh
        ROW     0E0h, 48h, 0E0h, 0C8h, 48E0h
        ROW     0E0h, 2Ah, 0E0h, 48h, 0E0h, 0C8h, 0E0h, 0AAh, 48E0h
        ROW     1Dh, 0E0h, 4Dh, 0E0h, 0CDh, 9Dh, 74E0h
        ROW     48h, 0C8h, 4800h                        ; keypad 8 without Num Lock
        ROW     2Ah, 48h, 0C8h, 0AAh, 4838h
        ROW     4Ah, 0CAh, 4A2Dh
        ROW     57h, 0D7h, 8500h                        ; F11
        ROW     2Ah, 58h, 0D8h, 0AAh, 8800h             ; shift F12
        ROW     0Fh, 8Fh, 0F09h
        ROW     2Ah, 0Fh, 8Fh, 0AAh, 0F00h
        ROW     39h, 0B9h, 3920h
        ROW     01h, 81h, 011Bh
        ROW     38h, 4Dh, 0CDh, 48h, 0C8h, 0B8h, 0044h  ; Alt + 6, 8: 'D'
        ROW     2Ah, 0AAh, 0000h                        ; shift alone
        ROW     1Dh, 03h, 83h, 9Dh, 0300h
        ROW     1Dh, 02h, 82h, 9Dh, 0000h               ; Ctrl-1 is nothing
        ROW     0E0h, 53h, 0E0h, 0D3h, 53E0h
        ROW     2Bh, 0ABh, 2B5Ch
        ROW     56h, 0D6h, 565Ch
        db      0FFh
        align   2, db 0
; Word in the buffer; what AH=00h returns, 0 = dropped.
.words:
        dw      48E0h, 4800h
        dw      0E00Dh, 1C0Dh
        dw      0E02Fh, 352Fh
        dw      8500h, 0000h
        dw      9700h, 0000h
        dw      01F0h, 0000h
        dw      00F0h, 00F0h
        dw      00E0h, 00E0h
        dw      1E61h, 1E61h
.words_end:
