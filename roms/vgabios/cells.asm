; Character cells, whatever the mode: one set of routines for text memory and one for each kind of graphics memory.
; The functions above them (scroll, write, teletype) know rows and columns only.
;
; copy_row      AL = from row, AH = to row
; fill_row      AH = row, BL = fill: attribute in text modes, colour in graphics modes
;               both: CL, CH... see below; they keep all registers
; put_cell      AL = character, BL = attribute or colour, CH = 0: text keeps the attribute that is there
; get_cell      -> AL = character, AH = attribute (text) or colour found (0)
;
; Common: BH = page; rows: CL = first column, DL = last column; cells: DH = row, DL = column. DS = BDA.
; All registers but the results are kept.

%macro by_kind 1
        pusha
        push ds
        push es
        call mode_kind
        call [cs:%1 + di]
        pop es
        pop ds
        popa
        ret
%endmacro

copy_row:
        by_kind .routines
.routines:
        dw copy_row_text, copy_row_cga, copy_row_planes, copy_row_linear, no_function

fill_row:
        by_kind .routines
.routines:
        dw fill_row_text, fill_row_cga, fill_row_planes, fill_row_linear, no_function

put_cell:
        by_kind .routines
.routines:
        dw put_cell_text, put_cell_cga, put_cell_planes, put_cell_linear, no_function

get_cell:
        push bx
        push cx
        push dx
        push si
        push di
        push ds
        push es
        call mode_kind
        call [cs:.routines + di]
        pop es
        pop ds
        pop di
        pop si
        pop dx
        pop cx
        pop bx
        ret
.routines:
        dw get_cell_text, get_cell_cga, get_cell_planes, get_cell_linear, no_function

; --- text memory: a word a cell, character in the low byte, attribute in the high byte ---

; Offset of the cell at row AL, column CL of page BH -> DI. Changes AX, DX.
text_offset:
        mul byte [BDA_COLUMNS]
        movzx di, cl
        add di, ax
        add di, di
        movzx ax, bh
        mul word [BDA_PAGE_SIZE]
        add di, ax
        ret

copy_row_text:
        mov ch, 0
        push dx
        push ax
        call text_offset
        mov si, di
        pop ax
        mov al, ah
        call text_offset
        pop dx
        call row_cells
        call text_segment
        push es
        pop ds
        rep movsw
        ret

fill_row_text:
        push dx
        mov al, ah
        call text_offset
        pop dx
        call row_cells
        call text_segment
        mov ah, bl
        mov al, ' '
        rep stosw
        ret

; CL = first column, DL = last column -> CX = cells
row_cells:
        sub dl, cl
        movzx cx, dl
        inc cx
        ret

put_cell_text:
        mov si, ax                      ; SI = character
        mov al, dh
        mov cl, dl
        call text_offset
        call text_segment
        mov ax, si
        stosb
        test ch, ch
        jz .done
        mov al, bl
        stosb
.done:
        ret

get_cell_text:
        mov al, dh
        mov cl, dl
        call text_offset
        call text_segment
        mov ax, [es:di]
        ret
