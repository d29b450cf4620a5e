; INT 10h: saves the caller's registers and goes to the function that AH names.

; The caller's registers on the stack while a function runs; BP points here.
struc frame
.di:    resw 1
.si:    resw 1
.bp:    resw 1
.sp:    resw 1
.bx:    resw 1
.dx:    resw 1
.cx:    resw 1
.ax:    resw 1
.es:    resw 1
.ds:    resw 1
endstruc

; A function starts with AX, BX, CX and DX as the caller gave them, BP = frame, DS = BDA and the direction flag clear.
; It may change every register but BP, DS and SS: they are restored. Results are stored in the frame.
; Unknown functions change nothing.
int10:
        sti                             ; like IBM's BIOS; a long scroll does not hold back the timer
        cld
        push ds
        push es
        pusha
        mov bp, sp
        push BDA_SEGMENT
        pop ds
        cmp ah, FUNCTIONS
        jae .high
        movzx di, ah
        add di, di
        call [cs:int10_functions + di]
.done:
        popa
        pop es
        pop ds
        iret
.high:
        cmp ah, 4Fh
        jne .done
        call vbe
        jmp .done

int10_functions:
        dw set_mode             ; 00h
        dw set_cursor_shape     ; 01h
        dw set_cursor           ; 02h
        dw get_cursor           ; 03h
        dw get_light_pen        ; 04h
        dw select_page          ; 05h
        dw scroll_up            ; 06h
        dw scroll_down          ; 07h
        dw read_cell            ; 08h
        dw write_cells          ; 09h
        dw write_characters     ; 0Ah
        dw set_cga_palette      ; 0Bh
        dw write_pixel          ; 0Ch
        dw read_pixel           ; 0Dh
        dw teletype             ; 0Eh
        dw get_mode             ; 0Fh
        dw palette_functions    ; 10h
        dw font_functions       ; 11h
        dw select_functions     ; 12h
        dw write_string         ; 13h
        dw no_function          ; 14h
        dw no_function          ; 15h
        dw no_function          ; 16h
        dw no_function          ; 17h
        dw no_function          ; 18h
        dw no_function          ; 19h
        dw display_combination  ; 1Ah
        dw get_state            ; 1Bh
        dw save_restore         ; 1Ch
FUNCTIONS       equ ($ - int10_functions) / 2

no_function:
        ret

; Calls one of a table of subfunctions. In: SI = table, AH = number. A number that is not in the table does nothing.
; The subfunction gets the caller's AL, BX, CX and DX.
call_subfunction:
        cmp word [cs:si + 1], 0
        je .none
        cmp ah, [cs:si]
        je .found
        add si, 3
        jmp call_subfunction
.found:
        jmp [cs:si + 1]
.none:
        ret

%macro subfunction 2            ; number, routine
        db %1
        dw %2
%endmacro
%macro end_of_subfunctions 0
        db 0
        dw 0
%endmacro
