; Serial ports (INT 14h) and printers (INT 17h).
;
; IBM PC/AT Technical Reference (6183310), section 5, "RS-232" and "Printer"; National
; Semiconductor PC16550D (June 1995), "Registers".

UART_DATA       equ 0
UART_IER        equ 1
UART_IIR        equ 2
UART_LCR        equ 3                   ; bit 7: DLAB
UART_MCR        equ 4                   ; 0 DTR, 1 RTS
UART_LSR        equ 5                   ; 0 data ready, 5 transmitter holding empty
UART_MSR        equ 6

; serial_init: COM1 to COM4 where a UART keeps what is written to its interrupt
; enable register.
serial_init:
        xor     di, di                  ; ports found, as offset in the table
        mov     si, .bases
.probe:
        mov     dx, [cs:si]
        add     dx, UART_IER
        mov     al, 0Fh
        out     dx, al
        IO_DELAY
        in      al, dx
        cmp     al, 0Fh
        jne     .next
        xor     al, al
        out     dx, al
        IO_DELAY
        in      al, dx
        test    al, al
        jnz     .next
        sub     dx, UART_IER
        mov     [di + BDA_COM], dx
        add     di, 2
.next:
        add     si, 2
        cmp     si, .bases_end
        jb      .probe
        mov     ax, di                  ; equipment bits 11:9
        shl     ax, 8
        or      [BDA_EQUIPMENT], ax
        ret
.bases:
        dw      3F8h, 2F8h, 3E8h, 2E8h
.bases_end:

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

; --- INT 14h: DX = port -------------------------------------------------------------------
int14:
        INT_ENTER
        sti
        mov     si, [bp + F_DX]
        cmp     si, 4
        jae     .leave
        mov     al, [si + BDA_COM_TIMEOUT]
        mov     ah, al                  ; seconds, kept in AH
        shl     si, 1
        mov     di, [si + BDA_COM]
        test    di, di
        jz      .absent
        mov     al, [bp + F_AH]
        cmp     al, 1
        jb      .init
        je      .send
        cmp     al, 3
        jb      .receive
        je      .status
.leave:
        INT_LEAVE
.absent:
        or      byte [bp + F_AH], 80h
        INT_LEAVE

; AH=00h "Initialize": AL = baud (7:5), parity (4:3), stop (2), length (1:0).
.init:
        mov     al, [bp + F_AL]
        shr     al, 5
        movzx   bx, al
        shl     bx, 1
        lea     dx, [di + UART_LCR]
        mov     al, 80h
        out     dx, al
        mov     dx, di
        mov     al, [cs:bx + .divisors]
        out     dx, al
        inc     dx
        mov     al, [cs:bx + .divisors + 1]
        out     dx, al
        lea     dx, [di + UART_LCR]
        mov     al, [bp + F_AL]
        and     al, 1Fh
        out     dx, al
        lea     dx, [di + UART_IER]
        xor     al, al
        out     dx, al
; AH=03h "Status": AH = line status, AL = modem status.
.status:
        lea     dx, [di + UART_LSR]
        in      al, dx
        mov     [bp + F_AH], al
        lea     dx, [di + UART_MSR]
        in      al, dx
        mov     [bp + F_AL], al
        INT_LEAVE

; AH=01h "Send character": AL. The modem lines are raised, not waited for: nothing here
; is a modem.
.send:
        lea     dx, [di + UART_MCR]
        mov     al, 03h
        out     dx, al
        mov     al, 20h
        call    .wait
        jc      .timeout
        mov     dx, di
        mov     ah, al
        mov     al, [bp + F_AL]
        out     dx, al
        mov     [bp + F_AH], ah
        INT_LEAVE

; AH=02h "Receive character": AL.
.receive:
        lea     dx, [di + UART_MCR]
        mov     al, 03h
        out     dx, al
        mov     al, 01h
        call    .wait
        jc      .timeout
        and     al, 1Eh                 ; the error bits only
        mov     [bp + F_AH], al
        mov     dx, di
        in      al, dx
        mov     [bp + F_AL], al
        INT_LEAVE
.timeout:
        or      al, 80h
        mov     [bp + F_AH], al
        INT_LEAVE

; Until a bit of AL is set in the line status, AH seconds at most. AL = line status.
.wait:
        mov     dl, al
        mov     dh, ah
.second:
        WAIT_FOR 1000
.poll:
        push    dx
        lea     dx, [di + UART_LSR]
        in      al, dx
        pop     dx
        test    al, dl                  ; CF = 0
        jnz     .waited
        call    wait_step
        jnc     .poll
        dec     dh
        jnz     .second
        stc
.waited:
        ret
.divisors:
        dw      1047, 768, 384, 192, 96, 48, 24, 12     ; 110 to 9600 baud

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
