; INT 10h AH=06h to 0Ah: scroll a window, read and write characters at the cursor.

; AH=06h: scrolls the window from CH, CL (row, column) to DH, DL of the page shown AL rows up, filling with BH.
; AL = 0, or more than the window's height, clears it. AH=07h: down.
scroll_up:
        mov bl, bh
        mov bh, [BDA_PAGE]
        jmp scroll_window_up
scroll_down:
        mov bl, bh
        mov bh, [BDA_PAGE]
        call clip_window
        jc .done
        mov ah, dh                      ; to
        neg al
        add al, dh                      ; from; may be -1
.copy:
        cmp al, ch
        jl .fill
        call copy_row
        dec al
        dec ah
        jmp .copy
.fill:
        cmp ah, ch
        jl .done
        call fill_row
        dec ah
        jmp .fill
.done:
        ret

; The same for page BH with fill BL. Changes AX, CX, DX.
scroll_window_up:
        call clip_window
        jc .done
        mov ah, ch                      ; to
        add al, ch                      ; from
.copy:
        cmp al, dh
        ja .fill
        call copy_row
        inc al
        inc ah
        jmp .copy
.fill:
        cmp ah, dh
        ja .done
        call fill_row
        inc ah
        jmp .fill
.done:
        ret

; Fits the window CX, DX to the screen and the rows in AL to the window. CF set if nothing is left of it.
clip_window:
        cmp dh, [BDA_LAST_ROW]
        jbe .row_fits
        mov dh, [BDA_LAST_ROW]
.row_fits:
        cmp dl, [BDA_COLUMNS]
        jb .column_fits
        mov dl, [BDA_COLUMNS]
        dec dl
.column_fits:
        cmp dl, cl
        jb .done                        ; CF set
        mov ah, dh
        sub ah, ch
        jb .done                        ; CF set
        inc ah                          ; AH = height
        cmp al, ah
        ja .all
        test al, al
        jnz .done                       ; CF clear
.all:
        mov al, ah
        clc
.done:
        ret

; AH=08h: page BH -> AL = character at the cursor, AH = its attribute (0 in graphics modes)
read_cell:
        and bh, 07h
        call cursor_of_page
        call get_cell
        mov [bp + frame.ax], ax
        ret

; AH=09h: writes character AL with attribute or colour BL CX times from the cursor of page BH on. AH=0Ah: in text modes
; keeps the attributes. The cursor stays where it is.
write_cells:
        mov si, 0100h                   ; CH for put_cell
        jmp write_at_cursor
write_characters:
        mov si, 0
write_at_cursor:
        jcxz .done
        xchg cx, si                     ; SI = count
        call cell_page
        call cursor_of_page
.next:
        call put_cell
        inc dl
        cmp dl, [BDA_COLUMNS]
        jb .same_row
        mov dl, 0
        inc dh
        cmp dh, [BDA_LAST_ROW]          ; what runs over the last row is not shown
        ja .done
.same_row:
        dec si
        jnz .next
.done:
        ret

; BH = page as a caller gave it -> a page that exists. Mode 13h has one page only, and some callers put a background
; colour there.
cell_page:
        and bh, 07h
        cmp byte [BDA_MODE], 13h
        jne .done
        mov bh, 0
.done:
        ret
