; The MC146818A real-time clock, its CMOS RAM, and INT 1Ah.
;
; Motorola MC146818A (ADI-1012R1) "Time, calendar, and alarm", "Update cycle",
; registers A-D; IBM PC/AT Technical Reference (6183310), section 5, "Time of day".

RTC_SECONDS     equ 00h
RTC_SEC_ALARM   equ 01h
RTC_MINUTES     equ 02h
RTC_MIN_ALARM   equ 03h
RTC_HOURS       equ 04h
RTC_HOUR_ALARM  equ 05h
RTC_DAY         equ 07h
RTC_MONTH       equ 08h
RTC_YEAR        equ 09h
RTC_A           equ 0Ah                 ; bit 7: update in progress
RTC_B           equ 0Bh                 ; 7 set, 6 periodic, 5 alarm, 2 binary, 1 24 h
RTC_C           equ 0Ch                 ; interrupt causes, cleared by the read
RTC_D           equ 0Dh                 ; bit 7: RAM and time are valid
RTC_CENTURY     equ 32h                 ; by convention, BCD

RTC_B_SET       equ 80h
RTC_B_PERIODIC  equ 40h
RTC_B_ALARM     equ 20h
RTC_B_BINARY    equ 04h

; --- CMOS access ------------------------------------------------------------------------

; cmos_read: AL = index -> AL = value. Bit 7 of the index leaves NMI off; without it
; NMI is on afterwards. Keeps all else.
cmos_read:
        pushf
        cli
        push    dx
        mov     dl, al
        or      al, NMI_OFF
        out     CMOS_INDEX, al
        IO_DELAY
        in      al, CMOS_DATA
        jmp     cmos_end

; cmos_write: AL = index as above, AH = value. Keeps all else.
cmos_write:
        pushf
        cli
        push    dx
        mov     dl, al
        or      al, NMI_OFF
        out     CMOS_INDEX, al
        IO_DELAY
        mov     al, ah
        out     CMOS_DATA, al
cmos_end:
        mov     dh, al
        mov     al, dl                  ; rest on register D, NMI as the caller wants it
        and     al, NMI_OFF
        or      al, RTC_D
        out     CMOS_INDEX, al
        mov     al, dh
        pop     dx
        popf
        ret

; cmos_read_word: AL = index of the high byte, AH = index of the low one -> BX.
; Changes AX.
cmos_read_word:
        call    cmos_read
        mov     bh, al
        mov     al, ah
        call    cmos_read
        mov     bl, al
        ret

; --- clock ------------------------------------------------------------------------------

; rtc_init: rate and mode registers, then the tick count from the time of day.
rtc_init:
        mov     ax, (26h << 8) | RTC_A | NMI_OFF        ; 32.768 kHz, 1024 Hz periodic
        call    cmos_write
        mov     al, RTC_B | NMI_OFF
        call    cmos_read
        and     al, RTC_B_BINARY                        ; no interrupts; keep the format
        or      al, 02h                                 ; 24 hours
        mov     ah, al
        mov     al, RTC_B | NMI_OFF
        call    cmos_write
        mov     al, RTC_C | NMI_OFF
        call    cmos_read
        mov     al, RTC_D | NMI_OFF
        call    cmos_read
        test    al, 80h
        jnz     .valid
        call    log_line
        db      'the clock has lost its battery', 0
.valid:
        call    rtc_wait
        jc      .end
        mov     al, RTC_HOURS
        call    rtc_read_bcd
        call    .from_bcd
        imul    ecx, eax, 3600
        mov     al, RTC_MINUTES
        call    rtc_read_bcd
        call    .from_bcd
        imul    eax, eax, 60
        add     ecx, eax
        mov     al, RTC_SECONDS
        call    rtc_read_bcd
        call    .from_bcd
        add     eax, ecx
        mov     ecx, 1193182            ; ticks = seconds * 1193182 / 65536
        mul     ecx
        shrd    eax, edx, 16
        mov     [BDA_TICKS], eax
.end:
        ret
.from_bcd:                              ; AL BCD -> EAX binary
        mov     ah, al
        shr     ah, 4
        and     al, 0Fh
        aad
        movzx   eax, al
        ret

; rtc_wait: until no update is in progress; then 244 us are left for reading.
; CF = 1 when that never comes. Keeps all registers.
rtc_wait:
        push    ax
        push    ebx
        push    ecx
        WAIT_FOR 20
.poll:
        mov     al, RTC_A
        call    cmos_read
        test    al, 80h
        jz      .end                    ; CF = 0
        call    wait_step
        jnc     .poll
.end:
        pop     ecx
        pop     ebx
        pop     ax
        ret

; rtc_read_bcd: AL = register -> AL as BCD, also when the chip counts in binary.
rtc_read_bcd:
        push    cx
        call    cmos_read
        mov     cl, al
        mov     al, RTC_B
        call    cmos_read
        test    al, RTC_B_BINARY
        mov     al, cl
        jz      .end
        aam                             ; AH = tens, AL = units
        shl     ah, 4
        or      al, ah
.end:
        pop     cx
        ret

; rtc_write_bcd: AL = register, AH = BCD value. Changes AX.
rtc_write_bcd:
        push    cx
        mov     cl, al
        mov     al, RTC_B
        call    cmos_read
        test    al, RTC_B_BINARY
        mov     al, cl
        jz      .write
        mov     cl, ah                  ; BCD to binary
        shr     cl, 4
        and     ah, 0Fh
        xchg    al, ch
        mov     al, cl
        mov     cl, ah
        mov     ah, 10
        mul     ah
        add     al, cl
        mov     ah, al
        mov     al, ch
.write:
        call    cmos_write
        pop     cx
        ret

; rtc_stop, rtc_run: hold the clock while it is set. Change AX.
rtc_stop:
        mov     al, RTC_B
        call    cmos_read
        or      al, RTC_B_SET
        jmp     rtc_write_b
rtc_run:
        mov     al, RTC_B
        call    cmos_read
        and     al, ~RTC_B_SET & 0FFh
rtc_write_b:
        mov     ah, al
        mov     al, RTC_B
        jmp     cmos_write

; --- INT 1Ah ----------------------------------------------------------------------------
; AH=00h-07h here, AH=B1h in pcibios.asm. CF = 1 for a failure or an unknown function.
int1a:
        INT_ENTER
        sti
        mov     ah, [bp + F_AH]
        cmp     ah, 0B1h
        je      int1a_pci
        cmp     ah, 07h
        ja      int1a_fail
        movzx   bx, ah
        shl     bx, 1
        call    [cs:bx + .table]
        jc      int1a_fail
        jmp     int1a_ok
.table:
        dw      int1a_get_ticks, int1a_set_ticks
        dw      int1a_get_time, int1a_set_time
        dw      int1a_get_date, int1a_set_date
        dw      int1a_set_alarm, int1a_reset_alarm

int1a_ok:
        CLEAR_CARRY
        INT_LEAVE
int1a_fail:
        SET_CARRY
        INT_LEAVE

; AH=00h "Read system timer": CX:DX = ticks, AL = midnight passed since the last call.
int1a_get_ticks:
        cli
        mov     ax, [BDA_TICKS]
        mov     [bp + F_DX], ax
        mov     ax, [BDA_TICKS + 2]
        mov     [bp + F_CX], ax
        xor     al, al
        xchg    al, [BDA_MIDNIGHT]
        sti
        mov     [bp + F_AL], al
        clc
        ret

; AH=01h "Set system timer".
int1a_set_ticks:
        cli
        mov     ax, [bp + F_DX]
        mov     [BDA_TICKS], ax
        mov     ax, [bp + F_CX]
        mov     [BDA_TICKS + 2], ax
        mov     byte [BDA_MIDNIGHT], 0
        sti
        clc
        ret

; AH=02h "Read real-time clock time": CH:CL:DH in BCD, DL = daylight saving.
int1a_get_time:
        cli                             ; the three reads belong to one second
        call    rtc_wait
        jc      .end
        mov     al, RTC_SECONDS
        call    rtc_read_bcd
        mov     [bp + F_DH], al
        mov     al, RTC_MINUTES
        call    rtc_read_bcd
        mov     [bp + F_CL], al
        mov     al, RTC_HOURS
        call    rtc_read_bcd
        mov     [bp + F_CH], al
        mov     al, RTC_B
        call    cmos_read
        and     al, 01h
        mov     [bp + F_DL], al
        mov     byte [bp + F_AH], 0
.end:
        sti
        ret

; AH=03h "Set real-time clock time".
int1a_set_time:
        call    rtc_stop
        mov     ah, [bp + F_DH]
        mov     al, RTC_SECONDS
        call    rtc_write_bcd
        mov     ah, [bp + F_CL]
        mov     al, RTC_MINUTES
        call    rtc_write_bcd
        mov     ah, [bp + F_CH]
        mov     al, RTC_HOURS
        call    rtc_write_bcd
        mov     al, RTC_B
        call    cmos_read
        and     al, 0FEh
        mov     ah, [bp + F_DL]
        and     ah, 01h
        or      al, ah
        call    rtc_write_b
        call    rtc_run
        clc
        ret

; AH=04h "Read real-time clock date": CH = century, CL = year, DH = month, DL = day.
int1a_get_date:
        cli
        call    rtc_wait
        jc      .end
        mov     al, RTC_DAY
        call    rtc_read_bcd
        mov     [bp + F_DL], al
        mov     al, RTC_MONTH
        call    rtc_read_bcd
        mov     [bp + F_DH], al
        mov     al, RTC_YEAR
        call    rtc_read_bcd
        mov     [bp + F_CL], al
        mov     al, RTC_CENTURY
        call    cmos_read               ; BCD in either mode
        mov     [bp + F_CH], al
        mov     byte [bp + F_AH], 0
        clc
.end:
        sti
        ret

; AH=05h "Set real-time clock date".
int1a_set_date:
        call    rtc_stop
        mov     ah, [bp + F_DL]
        mov     al, RTC_DAY
        call    rtc_write_bcd
        mov     ah, [bp + F_DH]
        mov     al, RTC_MONTH
        call    rtc_write_bcd
        mov     ah, [bp + F_CL]
        mov     al, RTC_YEAR
        call    rtc_write_bcd
        mov     ah, [bp + F_CH]
        mov     al, RTC_CENTURY
        call    cmos_write
        call    rtc_run
        clc
        ret

; AH=06h "Set alarm": INT 4Ah at CH:CL:DH. CF = 1 when one is set already.
int1a_set_alarm:
        mov     al, RTC_B
        call    cmos_read
        test    al, RTC_B_ALARM
        stc
        jnz     .end
        mov     ah, [bp + F_DH]
        mov     al, RTC_SEC_ALARM
        call    rtc_write_bcd
        mov     ah, [bp + F_CL]
        mov     al, RTC_MIN_ALARM
        call    rtc_write_bcd
        mov     ah, [bp + F_CH]
        mov     al, RTC_HOUR_ALARM
        call    rtc_write_bcd
        call    irq8_unmask
        mov     al, RTC_B
        call    cmos_read
        or      al, RTC_B_ALARM
        call    rtc_write_b
        clc
.end:
        ret

; AH=07h "Reset alarm".
int1a_reset_alarm:
        mov     al, RTC_B
        call    cmos_read
        and     al, ~RTC_B_ALARM & 0FFh
        call    rtc_write_b
        clc
        ret

; irq8_unmask: the clock's line and the cascade. Changes AL.
irq8_unmask:
        in      al, PIC2 + 1
        and     al, 0FEh
        out     PIC2 + 1, al
        in      al, PIC1 + 1
        and     al, 0FBh
        out     PIC1 + 1, al
        ret
