; Printers: INT 17h, and INT 05h, which prints the screen.
;
; IBM PC/AT Technical Reference (6183310), section 5, "Printer" and "Print screen"; section
; 1, "Serial/Parallel Adapter", parallel part.

; parallel_init: printer ports where the data latch keeps what is written.
parallel_init:
        xor     di, di
        mov     si, .bases
.probe:
        mov     dx, [cs:si]
        mov     al, 0AAh
        out     dx, al
        IO_DELAY
        in      al, dx
        cmp     al, 0AAh
        jne     .next
        mov     al, 55h
        out     dx, al
        IO_DELAY
        in      al, dx
        cmp     al, 55h
        jne     .next
        mov     [di + BDA_LPT], dx
        add     di, 2
.next:
        add     si, 2
        cmp     si, .bases_end
        jb      .probe
        mov     ax, di                  ; equipment bits 15:14
        shl     ax, 13
        or      [BDA_EQUIPMENT], ax
        ret
.bases:
        dw      3BCh, 378h, 278h
.bases_end:

; --- INT 17h: DX = printer ---------------------------------------------------------------------
LPT_STATUS      equ 1                   ; 7 not busy, 6 not acknowledging, 5 no paper, 4 selected
LPT_CONTROL     equ 2                   ; 0 strobe, 2 not reset, 3 select
LPT_IDLE        equ 0Ch

int17:
        INT_ENTER
        sti
        mov     si, [bp + F_DX]
        cmp     si, 3
        jae     .leave
        mov     cl, [si + BDA_LPT_TIMEOUT]      ; seconds
        shl     si, 1
        mov     di, [si + BDA_LPT]
        test    di, di
        jz      .absent
        mov     al, [bp + F_AH]
        cmp     al, 1
        jb      .print
        je      .init
        cmp     al, 2
        je      .status
.leave:
        INT_LEAVE
.absent:
        mov     byte [bp + F_AH], 01h   ; time-out, not selected
        INT_LEAVE

; AH=00h "Print character": AL, once the printer is not busy.
.print:
        mov     al, [bp + F_AL]
        mov     dx, di
        out     dx, al
        inc     dx
        mov     ch, cl
.second:
        push    cx
        WAIT_FOR 1000
.poll:
        in      al, dx
        test    al, 80h                 ; CF = 0
        jnz     .waited
        call    wait_step
        jnc     .poll
.waited:
        pop     cx
        jnc     .strobe
        dec     ch
        jnz     .second
        mov     ah, 01h
        jmp     .answer
.strobe:
        inc     dx
        mov     al, LPT_IDLE | 01h
        call    .pulse
        mov     al, LPT_IDLE
        call    .pulse
        jmp     .status

; AH=01h "Initialize": its reset line for a while.
.init:
        lea     dx, [di + LPT_CONTROL]
        mov     al, LPT_IDLE & ~04h
        out     dx, al
        mov     cx, 40
        call    wait_refresh
        mov     al, LPT_IDLE
        out     dx, al
; AH=02h "Status": AH as the port has it, but acknowledging and error as 1.
.status:
        mov     ah, 0
.answer:
        lea     dx, [di + LPT_STATUS]
        in      al, dx
        and     al, 0F8h
        xor     al, 48h
        or      ah, al
        mov     [bp + F_AH], ah
        INT_LEAVE
; A strobe is longer than half a microsecond.
.pulse:
        out     dx, al
        IO_DELAY
        IO_DELAY
        ret

; --- INT 05h "Print screen" ---------------------------------------------------------------------
; 0050:0000 tells how it goes: 1 under way, 0 done, FFh a printer's error.
PRINT_STATUS_SEG equ 0050h

int05:
        INT_ENTER
        sti
        push    word PRINT_STATUS_SEG
        pop     es
        cmp     byte [es:0], 1
        je      .leave
        mov     byte [es:0], 1
        mov     ah, 0Fh                 ; AH = columns, BH = page
        int     10h
        mov     bl, ah
        mov     ah, 03h                 ; DX = cursor
        int     10h
        push    dx
        call    .line_end
        jc      .failed
        xor     dx, dx
.character:
        mov     ah, 02h
        int     10h
        mov     ah, 08h
        push    bx
        int     10h
        pop     bx
        test    al, al
        jnz     .seen
        mov     al, ' '
.seen:
        call    .print
        jc      .failed
        inc     dx
        cmp     dl, bl
        jb      .character
        call    .line_end
        jc      .failed
        mov     dl, 0
        inc     dh
        cmp     dh, [84h]               ; 40:84: the last row, as the video BIOS has it
        jbe     .character
        mov     al, 0
        jmp     .end
.failed:
        mov     al, 0FFh
.end:
        pop     dx
        mov     [es:0], al
        mov     ah, 02h
        int     10h
.leave:
        INT_LEAVE
.line_end:
        mov     al, 13
        call    .print
        jc      .printed
        mov     al, 10
; AL to the first printer. CF = 1 on an error or a time-out.
.print:
        push    dx
        xor     dx, dx
        mov     ah, 00h
        int     17h
        pop     dx
        test    ah, 29h                 ; no paper, error, time-out; CF = 0
        jz      .printed
        stc
.printed:
        ret
