; Video parameter table: the register values of every mode, in the order that programs expect to find through the save
; pointer table. Values: IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem", default mode settings.

; One row of the table, 64 bytes
struc parameter
.columns:       resb 1
.last_row:      resb 1
.cell_height:   resb 1
.page_size:     resw 1
.sequencer:     resb 4          ; registers 1-4
.misc:          resb 1
.crtc:          resb 25         ; registers 0-18h
.attribute:     resb 20         ; registers 0-13h
.graphics:      resb 9          ; registers 0-8
endstruc

; Horizontal timing, CRT controller registers 0-5, and the two total/overflow bytes 6-7 that 400-line frames share
%define WIDE            5Fh, 4Fh, 50h, 82h, 55h, 81h, 0BFh, 1Fh         ; 80 characters of text
%define NARROW          2Dh, 27h, 28h, 90h, 2Bh, 0A0h, 0BFh, 1Fh        ; 40 characters of text
%define WIDE_DOTS       5Fh, 4Fh, 50h, 82h, 54h, 80h, 0BFh, 1Fh         ; 640 or 2 x 320 pixels
%define NARROW_DOTS     2Dh, 27h, 28h, 90h, 2Bh, 80h, 0BFh, 1Fh         ; 320 pixels at half the dot clock
%define TALL_DOTS       5Fh, 4Fh, 50h, 82h, 54h, 80h, 0Bh, 3Eh          ; 640 pixels in 480 lines
; Start address and cursor position, registers 0Ch-0Fh
%define AT_ZERO         0, 0, 0, 0
; Attribute palettes
%define CGA_COLOURS     0, 1, 2, 3, 4, 5, 6, 7, 10h, 11h, 12h, 13h, 14h, 15h, 16h, 17h
%define EGA_COLOURS     0, 1, 2, 3, 4, 5, 14h, 7, 38h, 39h, 3Ah, 3Bh, 3Ch, 3Dh, 3Eh, 3Fh
%define MONO_TEXT       0, 8, 8, 8, 8, 8, 8, 8, 10h, 18h, 18h, 18h, 18h, 18h, 18h, 18h
%define CGA_4           0, 13h, 15h, 17h, 2, 4, 6, 7, 10h, 11h, 12h, 13h, 14h, 15h, 16h, 17h
%define CGA_2           0, 17h, 17h, 17h, 17h, 17h, 17h, 17h, 17h, 17h, 17h, 17h, 17h, 17h, 17h, 17h
%define MONO_DOTS       0, 8, 0, 0, 18h, 18h, 0, 0, 0, 8, 0, 0, 0, 18h, 0, 0
%define BLACK_WHITE     0, 3Fh, 0, 3Fh, 0, 3Fh, 0, 3Fh, 0, 3Fh, 0, 3Fh, 0, 3Fh, 0, 3Fh
%define STRAIGHT        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0Ah, 0Bh, 0Ch, 0Dh, 0Eh, 0Fh
; Graphics controllers: text, planar graphics
%define TEXT_GC         0, 0, 0, 0, 0, 10h, 0Eh, 0, 0FFh
%define MONO_GC         0, 0, 0, 0, 0, 10h, 0Ah, 0, 0FFh
%define PLANES_GC       0, 0, 0, 0, 0, 0, 5, 0Fh, 0FFh

; A row: columns, last row, cell height, page size
%macro row_of 4
        db %1, %2, %3
        dw %4
%endmacro

parameters:
; 00h, 01h: modes 0 and 1, 200 lines
%rep 2
        row_of 40, 24, 8, 0800h
        db 09h, 03h, 00h, 02h
        db 63h
        db NARROW, 00h, 0C7h, 06h, 07h, AT_ZERO, 9Ch, 8Eh, 8Fh, 14h, 1Fh, 96h, 0B9h, 0A3h, 0FFh
        db CGA_COLOURS, 08h, 00h, 0Fh, 00h
        db TEXT_GC
%endrep
; 02h, 03h: modes 2 and 3, 200 lines
%rep 2
        row_of 80, 24, 8, 1000h
        db 01h, 03h, 00h, 02h
        db 63h
        db WIDE, 00h, 0C7h, 06h, 07h, AT_ZERO, 9Ch, 8Eh, 8Fh, 28h, 1Fh, 96h, 0B9h, 0A3h, 0FFh
        db CGA_COLOURS, 08h, 00h, 0Fh, 00h
        db TEXT_GC
%endrep
; 04h, 05h: modes 4 and 5, 320x200, 4 colours
%rep 2
        row_of 40, 24, 8, 4000h
        db 09h, 03h, 00h, 02h
        db 63h
        db NARROW_DOTS, 00h, 0C1h, 00h, 00h, AT_ZERO, 9Ch, 8Eh, 8Fh, 14h, 00h, 96h, 0B9h, 0A2h, 0FFh
        db CGA_4, 01h, 00h, 03h, 00h
        db 0, 0, 0, 0, 0, 30h, 0Fh, 0, 0FFh
%endrep
; 06h: mode 6, 640x200, 2 colours
        row_of 80, 24, 8, 4000h
        db 01h, 01h, 00h, 06h
        db 63h
        db WIDE_DOTS, 00h, 0C1h, 00h, 00h, AT_ZERO, 9Ch, 8Eh, 8Fh, 28h, 00h, 96h, 0B9h, 0C2h, 0FFh
        db CGA_2, 01h, 00h, 01h, 00h
        db 0, 0, 0, 0, 0, 0, 0Dh, 0, 0FFh
; 07h: mode 7, 350 lines
        row_of 80, 24, 14, 1000h
        db 00h, 03h, 00h, 02h
        db 0A6h
        db WIDE, 00h, 4Dh, 0Bh, 0Ch, AT_ZERO, 83h, 85h, 5Dh, 28h, 0Dh, 63h, 0BAh, 0A3h, 0FFh
        db MONO_TEXT, 0Eh, 00h, 0Fh, 08h
        db MONO_GC
; 08h-0Ch: no modes
        times 5 * 64 db 0
; 0Dh: mode 0Dh, 320x200, 16 colours
        row_of 40, 24, 8, 2000h
        db 09h, 0Fh, 00h, 06h
        db 63h
        db NARROW_DOTS, 00h, 0C0h, 00h, 00h, AT_ZERO, 9Ch, 8Eh, 8Fh, 14h, 00h, 96h, 0B9h, 0E3h, 0FFh
        db CGA_COLOURS, 01h, 00h, 0Fh, 00h
        db PLANES_GC
; 0Eh: mode 0Eh, 640x200, 16 colours
        row_of 80, 24, 8, 4000h
        db 01h, 0Fh, 00h, 06h
        db 63h
        db WIDE_DOTS, 00h, 0C0h, 00h, 00h, AT_ZERO, 9Ch, 8Eh, 8Fh, 28h, 00h, 96h, 0B9h, 0E3h, 0FFh
        db CGA_COLOURS, 01h, 00h, 0Fh, 00h
        db PLANES_GC
; 0Fh, 10h: the EGA's modes 0Fh and 10h with 64 KiB. A VGA has 256 KiB and never uses them.
        times 2 * 64 db 0
; 11h: mode 0Fh, 640x350, monochrome
        row_of 80, 24, 14, 8000h
        db 01h, 0Fh, 00h, 06h
        db 0A2h
        db WIDE_DOTS, 00h, 40h, 00h, 00h, AT_ZERO, 83h, 85h, 5Dh, 28h, 0Fh, 63h, 0BAh, 0E3h, 0FFh
        db MONO_DOTS, 0Bh, 00h, 05h, 00h
        db 0, 0, 0, 0, 0, 0, 5, 5, 0FFh
; 12h: mode 10h, 640x350, 16 colours
        row_of 80, 24, 14, 8000h
        db 01h, 0Fh, 00h, 06h
        db 0A3h
        db WIDE_DOTS, 00h, 40h, 00h, 00h, AT_ZERO, 83h, 85h, 5Dh, 28h, 0Fh, 63h, 0BAh, 0E3h, 0FFh
        db EGA_COLOURS, 01h, 00h, 0Fh, 00h
        db PLANES_GC
; 13h, 14h: modes 0 and 1, 350 lines
%rep 2
        row_of 40, 24, 14, 0800h
        db 09h, 03h, 00h, 02h
        db 0A3h
        db NARROW, 00h, 4Dh, 0Bh, 0Ch, AT_ZERO, 83h, 85h, 5Dh, 14h, 1Fh, 63h, 0BAh, 0A3h, 0FFh
        db EGA_COLOURS, 08h, 00h, 0Fh, 00h
        db TEXT_GC
%endrep
; 15h, 16h: modes 2 and 3, 350 lines
%rep 2
        row_of 80, 24, 14, 1000h
        db 01h, 03h, 00h, 02h
        db 0A3h
        db WIDE, 00h, 4Dh, 0Bh, 0Ch, AT_ZERO, 83h, 85h, 5Dh, 28h, 1Fh, 63h, 0BAh, 0A3h, 0FFh
        db EGA_COLOURS, 08h, 00h, 0Fh, 00h
        db TEXT_GC
%endrep
; 17h: modes 0 and 1, 400 lines, characters 9 dots wide
        row_of 40, 24, 16, 0800h
        db 08h, 03h, 00h, 02h
        db 67h
        db NARROW, 00h, 4Fh, 0Dh, 0Eh, AT_ZERO, 9Ch, 8Eh, 8Fh, 14h, 1Fh, 96h, 0B9h, 0A3h, 0FFh
        db EGA_COLOURS, 0Ch, 00h, 0Fh, 08h
        db TEXT_GC
; 18h: modes 2 and 3, 400 lines, characters 9 dots wide
        row_of 80, 24, 16, 1000h
        db 00h, 03h, 00h, 02h
        db 67h
        db WIDE, 00h, 4Fh, 0Dh, 0Eh, AT_ZERO, 9Ch, 8Eh, 8Fh, 28h, 1Fh, 96h, 0B9h, 0A3h, 0FFh
        db EGA_COLOURS, 0Ch, 00h, 0Fh, 08h
        db TEXT_GC
; 19h: mode 7, 400 lines, characters 9 dots wide
        row_of 80, 24, 16, 1000h
        db 00h, 03h, 00h, 02h
        db 66h
        db WIDE, 00h, 4Fh, 0Dh, 0Eh, AT_ZERO, 9Ch, 8Eh, 8Fh, 28h, 0Fh, 96h, 0B9h, 0A3h, 0FFh
        db MONO_TEXT, 0Eh, 00h, 0Fh, 08h
        db MONO_GC
; 1Ah: mode 11h, 640x480, 2 colours
        row_of 80, 29, 16, 0A000h
        db 01h, 0Fh, 00h, 06h
        db 0E3h
        db TALL_DOTS, 00h, 40h, 00h, 00h, AT_ZERO, 0EAh, 8Ch, 0DFh, 28h, 00h, 0E7h, 04h, 0C3h, 0FFh
        db BLACK_WHITE, 01h, 00h, 0Fh, 00h
        db 0, 0, 0, 0, 0, 0, 5, 1, 0FFh
; 1Bh: mode 12h, 640x480, 16 colours
        row_of 80, 29, 16, 0A000h
        db 01h, 0Fh, 00h, 06h
        db 0E3h
        db TALL_DOTS, 00h, 40h, 00h, 00h, AT_ZERO, 0EAh, 8Ch, 0DFh, 28h, 00h, 0E7h, 04h, 0E3h, 0FFh
        db EGA_COLOURS, 01h, 00h, 0Fh, 00h
        db PLANES_GC
; 1Ch: mode 13h, 320x200, 256 colours
        row_of 40, 24, 8, 2000h
        db 01h, 0Fh, 00h, 0Eh
        db 63h
        db WIDE_DOTS, 00h, 41h, 00h, 00h, AT_ZERO, 9Ch, 8Eh, 8Fh, 28h, 40h, 96h, 0B9h, 0A3h, 0FFh
        db STRAIGHT, 41h, 00h, 0Fh, 00h
        db 0, 0, 0, 0, 0, 40h, 5, 0Fh, 0FFh
%if ($ - parameters) != 1Dh * parameter_size
        %error "the video parameter table must have 29 rows of 64 bytes"
%endif
