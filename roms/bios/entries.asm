; The fixed addresses of the IBM BIOS. Old software jumps to them, or compares
; interrupt vectors with them, so each keeps its place and leads to our code.
;
; Sources: IBM PC/AT Technical Reference (6183310), section 5, "System BIOS":
; "Interrupt vectors" and the published entry points; Ralf Brown's Interrupt List,
; release 61, MEMORY.LST, segment F000h.

        AT      0E05Bh
entry_post:
        jmp     reset

        AT      0E2C3h
entry_nmi:
        jmp     nmi

        AT      0E3FEh
entry_int13:
        jmp     int13

        AT      0E6F2h
entry_int19:
        jmp     int19

        AT      0E6F5h
; INT 15h AH=C0h "Return system configuration parameters".
config_table:
        dw      8                       ; bytes that follow
        db      0FCh, 01h, 00h          ; model, submodel, revision: PC/AT
        db      74h                     ; second 8259, RTC, keyboard intercept, EBDA
        db      00h, 00h, 00h, 00h

        AT      0E739h
entry_int14:
        jmp     int14

        AT      0E82Eh
entry_int16:
        jmp     int16

        AT      0E987h
entry_irq1:
        jmp     irq1

        AT      0EC59h
entry_int40:
        jmp     int40

        AT      0EF57h
entry_irq6:
        jmp     irq6

        AT      0EFC7h
; INT 1Eh: diskette parameters for a 1.44 MB drive (step rate, head times, motor
; delay in ticks, 512-byte sectors, 18 a track, gaps, data length, fill byte,
; head settle in ms, motor start in 1/8 s).
diskette_params:
        db      0AFh, 02h, 25h, 02h, 18, 1Bh, 0FFh, 6Ch, 0F6h, 0Fh, 08h

        AT      0EFD2h
entry_int17:
        jmp     int17

        AT      0F045h
; Where the IBM BIOS kept the INT 10h function table.
entry_int10_table:
        iret

        AT      0F065h
; INT 10h before a video BIOS has taken the vector.
entry_int10:
        iret

        AT      0F0A4h
; INT 1Dh: 6845 register values for 40x25, 80x25, graphics and monochrome modes,
; then page lengths, columns and mode register values.
video_params:
        db      38h, 28h, 2Dh, 0Ah, 1Fh, 06h, 19h, 1Ch, 02h, 07h, 06h, 07h, 0, 0, 0, 0
        db      71h, 50h, 5Ah, 0Ah, 1Fh, 06h, 19h, 1Ch, 02h, 07h, 06h, 07h, 0, 0, 0, 0
        db      38h, 28h, 2Dh, 0Ah, 7Fh, 06h, 64h, 70h, 02h, 01h, 06h, 07h, 0, 0, 0, 0
        db      61h, 50h, 52h, 0Fh, 19h, 06h, 19h, 19h, 02h, 0Dh, 0Bh, 0Ch, 0, 0, 0, 0
        dw      2048, 4096, 16384, 16384
        db      40, 40, 80, 80, 40, 40, 80, 80
        db      2Ch, 28h, 2Dh, 29h, 2Ah, 2Eh, 1Eh, 29h

        AT      0F841h
entry_int12:
        jmp     int12

        AT      0F84Dh
entry_int11:
        jmp     int11

        AT      0F859h
entry_int15:
        jmp     int15

        AT      0FE6Eh
entry_int1a:
        jmp     int1a

        AT      0FEA5h
entry_irq0:
        jmp     irq0

        AT      0FEF3h
; The vectors POST sets from INT 08h up (see vectors in interrupts.asm).
vectors_08:
        dw      entry_irq0, entry_irq1, irq_unused, irq_unused
        dw      irq_unused, irq_unused, entry_irq6, irq_unused
        dw      entry_int10, entry_int11, entry_int12, entry_int13
        dw      entry_int14, entry_int15, entry_int16, entry_int17
        dw      int18, entry_int19, entry_int1a, entry_iret
        dw      entry_iret, video_params, diskette_params

        AT      0FF53h
entry_iret:
        iret

        AT      0FF54h
entry_int05:
        jmp     int05

        AT      0FFF0h
; Reset vector. The far jump loads CS with F000h and so leaves the top of 4 GiB.
        jmp     BIOS_SEG:entry_post
        db      '01/15/26'              ; FFF5h
        db      0FFh
        db      0FCh                    ; FFFEh: model byte, PC/AT
        db      0FFh
