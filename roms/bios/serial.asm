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

; serial_init: COM1 and COM2 where a UART keeps what is written to its interrupt
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
        dw      3F8h, 2F8h
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
        dw      378h, 278h
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

; --- INT 17h: printers, none: time-out, not selected ------------------------------------------
int17:
        INT_ENTER
        cmp     byte [bp + F_AH], 2
        ja      .leave
        mov     byte [bp + F_AH], 01h
.leave:
        INT_LEAVE
