; Character cells, whatever the mode. What scrolls, writes and reads characters goes through these four routines, which
; know rows and columns only; behind them is one set of routines for each kind of video memory.
;
; copy_row      AL = from row, AH = to row      columns CL to DL
; fill_row      AH = row, BL = fill: attribute in text modes, colour in graphics modes; columns CL to DL
; put_cell      AL = character, BL = attribute or colour; row DH, column DL; CH = 0: text keeps the attribute there
; get_cell      row DH, column DL -> AL = character, AH = attribute in text modes, 0 in graphics modes
;
; All take BH = page, DS = BDA and keep every register but the result. The routines of a kind may change what they like.

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
        push es
        call mode_kind
        call [cs:.routines + di]
        pop es
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
