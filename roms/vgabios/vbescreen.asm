; VBE: window, line length, display start, DAC width, palette. VBE Core Functions Standard 3.0, "Function 05h - Display
; Window Control" to "Function 09h - Set/Get Palette Data".

; --- AL=05h: BH = 0: window BL begins at 64 KiB times DX; BH = 1: DX = where it begins ---

vbe_window:
        test bl, bl                     ; window A only
        jnz vbe_failed
        cmp bh, 1
        ja vbe_failed
        call dispi_is_on
        jz vbe_not_now
        test byte [BDA_VBE_MODE + 1], VBE_LINEAR
        jnz vbe_not_now
        cmp bh, 1
        je .get
        mov cx, dx
        mov al, DISPI_BANK
        call dispi_write
        mov al, DISPI_BANK
        call dispi_read
        cmp ax, cx
        jne vbe_failed                  ; there is no such bank
        mov ax, VBE_OK
        ret
.get:
        mov al, DISPI_BANK
        call dispi_read
        mov [bp + frame.dx], ax
        mov ax, VBE_OK
        ret

; The same, called far: what the mode information points to. Changes AX, and DX when asked for it.
vbe_window_far:
        push cx
        cmp bh, 1
        je .get
        push dx
        mov cx, dx
        mov al, DISPI_BANK
        call dispi_write
        pop dx
        jmp .done
.get:
        mov al, DISPI_BANK
        call dispi_read
        mov dx, ax
.done:
        pop cx
        mov ax, VBE_OK
        retf

; --- AL=06h: line length: BL = 0: CX pixels, 1: asks, 2: CX bytes, 3: asks for the most. Answers BX = bytes, CX =
; pixels, DX = lines that fit ---

vbe_line_length:
        cmp bl, 3
        ja vbe_failed
        call dispi_is_on
        jz vbe_not_now
        mov al, DISPI_VIRT_WIDTH
        call dispi_read
        cmp bl, 1
        je .answer
        cmp bl, 3
        je .most
        test bl, bl
        jz .pixels
        call .pixels_of_bytes
.pixels:
        call try_line_length
        cmp ax, cx
        jae .answer
        call restore_line_length        ; memory does not have it
        mov ax, VBE_CANNOT
        ret
.most:
        mov cx, 0FFFFh
        call try_line_length
        push ax
        call restore_line_length
        pop ax
.answer:                                ; AX = pixels
        mov [bp + frame.cx], ax
        push ax
        call dispi_depth
        mov bl, al
        pop ax
        mov dl, bl
        call pixel_bytes
        mov [bp + frame.bx], ax
        movzx ecx, ax
        call video_memory
        cmp bl, 4
        jne .divide
        shr eax, 2                      ; lines of one plane
.divide:
        xor edx, edx
        div ecx
        cmp eax, 0FFFFh
        jbe .fits
        mov ax, 0FFFFh
.fits:
        mov [bp + frame.dx], ax
        mov ax, VBE_OK
        ret

; CX = bytes -> CX = pixels in them, the last one rounded up; at most 0FFFFh. Changes AX, BX, DX.
.pixels_of_bytes:
        call dispi_depth
        cmp al, 4
        je .planes
        add ax, 7
        shr ax, 3
        mov bx, ax                      ; bytes of a pixel
        xor dx, dx
        mov ax, cx
        dec bx
        add ax, bx
        adc dx, 0
        inc bx
        div bx
        mov cx, ax
        ret
.planes:
        cmp cx, 0FFFFh / 8
        jbe .small
        mov cx, 0FFFFh / 8
.small:
        shl cx, 3
        ret

; CX = pixels of a line, as far as memory has them. -> AX = what came of it, DI = what it was, BX and SI = what the
; offsets were. Changes DX.
try_line_length:
        mov al, DISPI_X_OFFSET
        call dispi_read
        mov bx, ax
        mov al, DISPI_Y_OFFSET
        call dispi_read
        mov si, ax
        mov al, DISPI_VIRT_WIDTH
        call dispi_read
        mov di, ax
        mov al, DISPI_VIRT_WIDTH
        call dispi_write
        mov al, DISPI_VIRT_WIDTH
        jmp dispi_read

; Back to what DI, BX and SI hold: a longer line may have moved the first pixel shown. Changes AX, CX, DX.
restore_line_length:
        mov cx, di
        mov al, DISPI_VIRT_WIDTH
        call dispi_write
        mov cx, bx
        mov al, DISPI_X_OFFSET
        call dispi_write
        mov cx, si
        mov al, DISPI_Y_OFFSET
        jmp dispi_write

; --- AL=07h: the first pixel shown: BL = 0: CX, DX = column and line; 1: asks; 2: ECX = byte; 4: was a change seen?
; With bit 7 the change waits for a vertical retrace ---

vbe_display_start:
        call dispi_is_on
        jz vbe_not_now
        cmp bl, 1
        je .get
        cmp bl, 4
        je .seen
        mov bh, bl
        and bh, 7Fh
        jz .place
        cmp bh, 2
        jne vbe_failed
        call .place_of_byte
.place:
        test bl, 80h
        jz .now
        call wait_for_retrace
.now:
        mov si, dx
        mov al, DISPI_X_OFFSET
        call .change
        jne .bad_column
        mov di, bx                      ; the column before
        mov cx, si
        mov al, DISPI_Y_OFFSET
        call .change
        jne .bad_line
        mov ax, VBE_OK
        ret
.get:
        mov byte [bp + frame.bx + 1], 0
        mov al, DISPI_X_OFFSET
        call dispi_read
        mov [bp + frame.cx], ax
        mov al, DISPI_Y_OFFSET
        call dispi_read
        mov [bp + frame.dx], ax
        mov ax, VBE_OK
        ret
.seen:
        mov word [bp + frame.cx], 1     ; changes are at once
        mov ax, VBE_OK
        ret
.bad_line:
        mov cx, bx
        mov al, DISPI_Y_OFFSET
        call dispi_write
        mov bx, di
.bad_column:
        mov cx, bx
        mov al, DISPI_X_OFFSET
        call dispi_write
        jmp vbe_failed

; Offset register AL = CX. -> ZF clear if it does not take it, BX = what it was. Changes AX, DX.
.change:
        push ax
        call dispi_read
        mov bx, ax
        pop ax
        push ax
        call dispi_write
        pop ax
        call dispi_read
        cmp ax, cx
        ret

; ECX = byte -> CX, DX = the pixel there. Changes EAX, ECX, EDX, ESI.
.place_of_byte:
        call dispi_depth
        mov si, ax
        mov al, DISPI_VIRT_WIDTH
        call dispi_read
        mov dx, si
        push si
        call pixel_bytes
        movzx esi, ax                   ; bytes of a line
        mov eax, ecx
        xor edx, edx
        div esi
        pop si
        push ax                         ; line
        mov ax, dx                      ; bytes in it: fewer than 64 Ki
        cmp si, 4
        je .eight
        mov cx, si
        add cx, 7
        shr cx, 3
        xor dx, dx
        div cx
        mov cx, ax
        pop dx
        ret
.eight:
        mov cx, ax
        shl cx, 3
        pop dx
        ret

; Waits until vertical retrace begins; a machine without it does not hang. Keeps all registers.
RETRACE_PATIENCE equ 1000000            ; reads, for each half
wait_for_retrace:
        push ax
        push dx
        push ecx
        mov dx, [BDA_CRTC]
        add dx, CRTC_TO_STATUS_1
        mov ecx, RETRACE_PATIENCE
.retrace:
        in al, dx
        test al, 08h
        jz .shown
        dec ecx
        jnz .retrace
.shown:
        mov ecx, RETRACE_PATIENCE
.wait:
        in al, dx
        test al, 08h
        jnz .done
        dec ecx
        jnz .wait
.done:
        pop ecx
        pop dx
        pop ax
        ret

; --- AL=08h: BL = 0: the DAC gets BH bits, 1: asks. Answers BH = bits ---

vbe_dac_width:
        call no_palette
        ja vbe_not_now
        cmp bl, 1
        ja vbe_failed
        je .answer
        cmp bh, 6
        jb vbe_failed
        mov al, DISPI_ENABLE
        call dispi_read
        mov cx, ax
        and cl, ~DISPI_WIDE_DAC & 0FFh
        cmp bh, 8
        jb .set
        or cl, DISPI_WIDE_DAC
.set:
        mov al, DISPI_ENABLE
        call dispi_write
.answer:
        mov al, DISPI_ENABLE
        call dispi_read
        mov ah, 6
        test al, DISPI_WIDE_DAC
        jz .six
        mov ah, 8
.six:
        mov [bp + frame.bx + 1], ah
        mov ax, VBE_OK
        ret

; Flags "above" if colours do not come from the palette: a mode of more than 8 bits is on. Changes AX.
no_palette:
        call dispi_is_on
        jz .palette                     ; ZF set: not above
        push dx
        call dispi_depth
        pop dx
        cmp ax, 8
.palette:
        ret

; --- AL=09h: BL = 0: CX colours from DX on from ES:DI, 1: to ES:DI, 80h: the first, in a retrace. Four bytes each:
; blue, green, red, none ---

vbe_palette:
        call no_palette
        ja vbe_not_now
        mov ax, dx
        add ax, cx
        jc vbe_failed
        cmp ax, 256
        ja vbe_failed
        jcxz .done
        mov di, [bp + frame.di]
        cmp bl, 1
        je .get
        test bl, 7Fh
        jnz vbe_failed                  ; there is one palette
        test bl, bl
        jz .set
        call wait_for_retrace
.set:
        mov al, dl
        mov dx, DAC_WRITE_INDEX
        out dx, al
        inc dx                          ; DAC_DATA
.write:
        mov al, [es:di + 2]
        out dx, al
        mov al, [es:di + 1]
        out dx, al
        mov al, [es:di]
        out dx, al
        add di, 4
        loop .write
.done:
        mov ax, VBE_OK
        ret
.get:
        mov al, dl
        mov dx, DAC_READ_INDEX
        out dx, al
        mov dx, DAC_DATA
.read:
        in al, dx
        mov [es:di + 2], al
        in al, dx
        mov [es:di + 1], al
        in al, dx
        mov ah, 0
        mov [es:di], al
        mov [es:di + 3], ah
        add di, 4
        loop .read
        mov ax, VBE_OK
        ret
