; Interrupt vectors, the handlers of the interrupt controllers' lines, and the few
; software interrupts that only report a word.
;
; IBM PC/AT Technical Reference (6183310), section 5, "Interrupt vectors"; Intel 8259A
; (231468-003) "End of interrupt", "Operation command words" (OCW3), spurious IRQ7.

; vectors_init: 00h-77h; 60h-67h belong to programs and are 0, as are 78h-FFh.
vectors_init:
        push    es
        xor     ax, ax
        mov     es, ax
        xor     di, di
        mov     eax, BIOS_SEG << 16
        mov     ax, entry_iret
        mov     cx, 78h
        rep     stosd
        xor     eax, eax
        mov     cx, 100h - 78h
        rep     stosd
        mov     di, 60h * 4
        mov     cx, 8
        rep     stosd
        mov     dword [es:1Fh * 4], eax         ; graphics font: none yet

        mov     word [es:02h * 4], entry_nmi
        mov     word [es:05h * 4], entry_int05
        mov     si, vectors_08
        mov     di, 08h * 4
        mov     cx, 1Eh - 08h + 1
        call    .set
        mov     si, vectors_70
        mov     di, 70h * 4
        mov     cx, 8
        call    .set
        mov     word [es:40h * 4], entry_int40
        mov     ax, [BDA_EBDA]
        mov     word [es:41h * 4], EBDA_FDPT0
        mov     [es:41h * 4 + 2], ax
        mov     word [es:46h * 4], EBDA_FDPT1
        mov     [es:46h * 4 + 2], ax
        pop     es
        ret
.set:
        mov     ax, [cs:si]
        mov     [es:di], ax
        add     si, 2
        add     di, 4
        loop    .set
        ret

vectors_70:
        dw      irq8, irq9, irq_unused, irq_unused
        dw      irq12, irq13, irq14, irq15

; --- timer ---------------------------------------------------------------------------------
TICKS_A_DAY     equ 1800B0h

; IRQ0: counts ticks since midnight, stops idle diskette motors, calls INT 1Ch.
irq0:
        push    ds
        push    eax
        push    dx
        push    word BDA_SEG
        pop     ds
        mov     eax, [BDA_TICKS]
        inc     eax
        cmp     eax, TICKS_A_DAY
        jb      .same_day
        xor     eax, eax
        mov     byte [BDA_MIDNIGHT], 1
.same_day:
        mov     [BDA_TICKS], eax
        cmp     byte [BDA_FD_TIMEOUT], 0
        je      .motors_done
        dec     byte [BDA_FD_TIMEOUT]
        jnz     .motors_done
        and     byte [BDA_FD_MOTOR], 0F0h
        mov     dx, 3F2h                ; motors off, controller and its DMA on
        mov     al, 0Ch
        out     dx, al
.motors_done:
        int     1Ch
        cli
        mov     al, EOI
        out     PIC1, al
        pop     dx
        pop     eax
        pop     ds
        iret

; --- clock -----------------------------------------------------------------------------------
; IRQ8: an alarm calls INT 4Ah, the periodic tick (976 us) ends the waits of INT 15h.
irq8:
        push    ds
        push    eax
        push    word BDA_SEG
        pop     ds
        mov     al, RTC_B
        call    cmos_read
        mov     ah, al
        mov     al, RTC_C               ; the read lets the line go
        call    cmos_read
        and     al, ah                  ; causes that are enabled
        test    al, RTC_B_PERIODIC
        jz      .no_tick
        push    ax
        call    wait_tick
        pop     ax
.no_tick:
        test    al, RTC_B_ALARM
        jz      .end
        sti
        int     4Ah
        cli
.end:
        mov     al, EOI
        out     PIC2, al
        out     PIC1, al
        pop     eax
        pop     ds
        iret

; --- other lines -------------------------------------------------------------------------------

; IRQ6: the diskette controller has finished.
irq6:
        push    ds
        push    ax
        push    word BDA_SEG
        pop     ds
        or      byte [BDA_FD_RECAL], 80h
        mov     al, EOI
        out     PIC1, al
        pop     ax
        pop     ds
        iret

; IRQ9 was IRQ2 on the PC: passed on to its vector, whose handler ends the master.
irq9:
        push    ax
        mov     al, EOI
        out     PIC2, al
        pop     ax
        int     0Ah
        iret

; IRQ13: the coprocessor's error line, passed on as the NMI it was on the PC.
irq13:
        push    ax
        xor     al, al
        out     0F0h, al                ; releases the line
        mov     al, EOI
        out     PIC2, al
        out     PIC1, al
        pop     ax
        int     02h
        iret

; IRQ14: a fixed disk has finished.
irq14:
        push    ds
        push    ax
        push    word BDA_SEG
        pop     ds
        mov     byte [BDA_HD_DONE], 0FFh
        mov     al, EOI
        out     PIC2, al
        out     PIC1, al
        pop     ax
        pop     ds
        iret

; IRQ15: the second IDE channel, or the slave's spurious interrupt: nothing in service
; there, so that only the master gets its EOI.
irq15:
        push    ax
        mov     al, 0Bh                 ; OCW3: read the in-service register
        out     PIC2, al
        IO_DELAY
        in      al, PIC2
        test    al, 80h
        mov     al, EOI
        jz      .master
        out     PIC2, al
.master:
        out     PIC1, al
        pop     ax
        iret

; irq_unused: a line nobody serves. Masks it, for a level-triggered one would come back
; at once, and ends it; nothing in service means a spurious IRQ7.
irq_unused:
        push    ax
        push    bx
        mov     al, 0Bh
        out     PIC1, al
        IO_DELAY
        in      al, PIC1
        test    al, al
        jz      .end
        mov     bl, al
        test    al, 04h                 ; the cascade: look behind it
        jz      .master
        mov     al, 0Bh
        out     PIC2, al
        IO_DELAY
        in      al, PIC2
        test    al, al
        jnz     .slave
        mov     al, 02h                 ; IRQ9 came here by INT 0Ah, its EOI is done
.slave:
        mov     bh, al
        in      al, PIC2 + 1
        or      al, bh
        out     PIC2 + 1, al
        cmp     bh, 02h
        je      .cascade
        mov     al, EOI
        out     PIC2, al
        jmp     .cascade
.master:
        in      al, PIC1 + 1
        or      al, bl
        out     PIC1 + 1, al
.cascade:
        mov     al, EOI
        out     PIC1, al
.end:
        pop     bx
        pop     ax
        iret

; NMI: a parity or channel check. Nothing in this machine raises one by itself, so the
; handler only returns.
nmi:
        iret

; --- reports ---------------------------------------------------------------------------------

; INT 11h "Equipment determination": AX.
int11:
        push    ds
        push    word BDA_SEG
        pop     ds
        mov     ax, [BDA_EQUIPMENT]
        pop     ds
        iret

; INT 12h "Memory size determination": AX = KiB of base memory.
int12:
        push    ds
        push    word BDA_SEG
        pop     ds
        mov     ax, [BDA_BASE_KIB]
        pop     ds
        iret
