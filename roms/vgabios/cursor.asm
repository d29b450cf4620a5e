; INT 10h AH=01h to 05h: cursor shape and position, light pen, page shown.

; AH=01h: CH = first line of the cursor (bits 6-5 = 01b hide it), CL = last line
set_cursor_shape:
        mov [BDA_SHAPE], cx
        ; falls through

; Gives the shape in the data area to the CRT controller. Unless INT 10h AH=12h BL=34h has switched it off, a shape
; meant for a cell of 8 lines is fitted to a higher one: a line or two at the bottom stay that thin and keep one line
; below them as the parameter table does, anything higher grows with the cell. Changes AX, BX, CX, DX.
apply_cursor_shape:
        mov cx, [BDA_SHAPE]
        test byte [BDA_INFO], INFO_NO_EMULATE
        jnz .write
        mov bl, [BDA_CELL_HEIGHT]
        cmp bl, 8
        jbe .write
        cmp cl, 8                       ; lines beyond the 8th, or hidden (CH from 20h on): taken as given
        jae .write
        cmp ch, cl
        ja .write
        mov al, cl
        sub al, ch
        cmp al, 1
        ja .grow
        cmp ch, 5
        jb .grow
        sub bl, 9                       ; 6-7 becomes 11-12 of 14 lines, 13-14 of 16
        add ch, bl
        add cl, bl
        jmp .write
.grow:
        mov al, ch                      ; first = first * height / 8
        mul bl
        shr ax, 3
        mov ch, al
        mov al, cl                      ; last = (last + 1) * height / 8 - 1
        inc al
        mul bl
        shr ax, 3
        dec al
        mov cl, al
.write:
        mov dx, [BDA_CRTC]
        mov al, CRTC_CURSOR_START
        mov ah, ch
        and ah, 3Fh
        out dx, ax
        mov al, CRTC_CURSOR_END
        mov ah, cl
        out dx, ax
        ret

; AH=02h: BH = page, DH = row, DL = column
set_cursor:
        and bh, 07h
        ; falls through

; Puts the cursor of page BH at DH, DL; shows it if that page is shown. Changes AX, BX, CX, DX.
place_cursor:
        movzx di, bh
        add di, di
        mov [BDA_CURSORS + di], dx
        cmp bh, [BDA_PAGE]
        jne .done
        mov al, dh
        mul byte [BDA_COLUMNS]
        mov dh, 0
        add ax, dx
        mov cx, [BDA_START]
        shr cx, 1                       ; the CRT controller counts characters
        add cx, ax
        mov al, CRTC_CURSOR_HIGH
        jmp write_crtc_pair
.done:
        ret

; Writes CX to CRT controller registers AL (high byte) and AL + 1. Changes AX, DX.
write_crtc_pair:
        mov dx, [BDA_CRTC]
        mov ah, ch
        out dx, ax
        inc al
        mov ah, cl
        out dx, ax
        ret

; AH=03h: BH = page; answers DH, DL = position, CX = shape
get_cursor:
        call cursor_of_page
        mov [bp + frame.dx], dx
        mov ax, [BDA_SHAPE]
        mov [bp + frame.cx], ax
        ret

; Cursor position of page BH -> DX. Changes DI.
cursor_of_page:
        movzx di, bh
        and di, 7
        add di, di
        mov dx, [BDA_CURSORS + di]
        ret

; AH=04h: a VGA has no light pen: AH = 0
get_light_pen:
        mov byte [bp + frame.ax + 1], 0
        ret

; AH=05h: shows page AL
select_page:
        cmp al, 7
        ja .done
        mov [BDA_PAGE], al
        movzx ax, al
        mul word [BDA_PAGE_SIZE]
        mov [BDA_START], ax
        mov cx, ax
        call mode_kind
        cmp di, KIND_PLANES             ; planes are addressed by bytes, everything else by words
        jae .bytes
        shr cx, 1
.bytes:
        mov al, CRTC_START_HIGH
        call write_crtc_pair
        mov bh, [BDA_PAGE]
        call cursor_of_page
        call place_cursor
.done:
        ret
