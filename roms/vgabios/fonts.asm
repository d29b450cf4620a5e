; The three fonts, code page 437, all glyphs drawn for this project. A glyph is one "glyph" line and as many "row" lines
; as it has scan lines; X is a lit dot:
;
;       glyph 041h, 0, 7        ; A
;       row ..XXX...
;
; The numbers behind the character of a 16-line glyph are the two lines, from 0, that the 14-line font leaves out: one
; at the top and one above the base line that looks like its neighbour. Thus both come from one drawing.

; Names for the 256 rows: PIXELS.XXXXXXXX = 0FFh ... PIXELS......... = 0. "row .X......" becomes "db PIXELS..X......".
%assign bits 0
%rep 256
  %define picture PIXELS.
  %assign bit 80h
  %rep 8
    %if bits & bit
      %xdefine picture picture %+ X
    %else
      %xdefine picture picture %+ .
    %endif
    %assign bit bit / 2
  %endrep
  %define %[picture] %[bits]
  %assign bits bits + 1
%endrep

%macro glyph 1-3 -1, -1         ; character, lines to leave out
  %if ($ - font) != (%1) * LINES
    %error "a glyph is missing, or has too many or too few rows, before this character:" %1
  %endif
  %assign left_out_1 %2
  %assign left_out_2 %3
  %assign line 0
%endmacro

font8:
%macro row 1
        db PIXELS.%1
%endmacro
%define font font8
%define LINES 8
%include "font8.asm"
.end:
.upper          equ font8 + 80h * 8     ; the half that INT 1Fh points to

font16:
%define font font16
%define LINES 16
%include "font16.asm"
.end:

font14:
%unmacro row 1
%macro row 1
  %if line != left_out_1 && line != left_out_2
        db PIXELS.%1
  %endif
  %assign line line + 1
%endmacro
%define font font14
%define LINES 14
%include "font16.asm"
.end:

%if font8.end - font8 != 256 * 8 || font16.end - font16 != 256 * 16 || font14.end - font14 != 256 * 14
  %error "a font does not have 256 glyphs"
%endif
