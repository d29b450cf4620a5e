; Serial ports: INT 14h.
;
; IBM PC/AT Technical Reference (6183310), section 5, "RS-232"; IBM PS/2 and PC BIOS
; Interface Technical Reference (1991), "Interrupt 14h"; National Semiconductor PC16550D (June 1995), "Registers".

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
        cmp     al, 5
        jb      .extended
        je      .modem
.leave:
        INT_LEAVE
.absent:
        or      byte [bp + F_AH], 80h
        INT_LEAVE

; AH=00h "Initialize": AL = baud (7:5), parity (4:3), stop (2), length (1:0).
.init:
        mov     bl, [bp + F_AL]
        mov     bh, bl
        and     bh, 1Fh
        shr     bl, 5
        call    .line
; AH=03h "Status": AH = line status, AL = modem status.
.status:
        lea     dx, [di + UART_LSR]
        in      al, dx
        mov     [bp + F_AH], al
        lea     dx, [di + UART_MSR]
        in      al, dx
        mov     [bp + F_AL], al
        INT_LEAVE

; AH=04h "Extended initialize" of the PS/2: AL break, BH parity, BL stop bits, CH length, CL
; baud; then as AH=03h. What is out of range changes nothing.
.extended:
        mov     bx, [bp + F_BX]
        mov     cx, [bp + F_CX]
        mov     al, [bp + F_AL]
        cmp     al, 1
        ja      .status
        cmp     bh, 4
        ja      .status
        cmp     bl, 1
        ja      .status
        cmp     ch, 3
        ja      .status
        cmp     cl, 8
        ja      .status
        shl     al, 6                   ; break
        shl     bl, 2                   ; stop bits
        or      al, bl
        or      al, ch                  ; length
        movzx   si, bh
        or      al, [cs:si + .parities]
        mov     bh, al
        mov     bl, cl
        call    .line
        jmp     .status

; AH=05h "Extended port control" of the PS/2: AL = 0 reads the modem control register to BL,
; 1 writes it from there; then as AH=03h.
.modem:
        lea     dx, [di + UART_MCR]
        cmp     byte [bp + F_AL], 1
        ja      .status
        jb      .read_modem
        mov     al, [bp + F_BL]
        and     al, 1Fh
        out     dx, al
.read_modem:
        in      al, dx
        mov     [bp + F_BL], al
        jmp     .status

; Baud rate BL, line control BH, no interrupts. Changes AL, BX, DX.
.line:
        push    bx
        movzx   bx, bl
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
        pop     bx
        lea     dx, [di + UART_LCR]
        mov     al, bh
        out     dx, al
        lea     dx, [di + UART_IER]
        xor     al, al
        out     dx, al
        ret

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
        dw      1047, 768, 384, 192, 96, 48, 24, 12, 6  ; 110 to 19200 baud
.parities:
        db      00h, 08h, 18h, 28h, 38h                 ; none, odd, even, mark, space
