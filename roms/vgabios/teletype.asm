; INT 10h AH=0Eh and 13h: text as a terminal writes it.

BELL            equ 07h
BACKSPACE       equ 08h
LINE_FEED       equ 0Ah
CARRIAGE_RETURN equ 0Dh

; AH=0Eh: writes AL at the cursor of the page shown and moves it on. BL = colour in graphics modes. The page in BH is
; not used: boot code often leaves it undefined, and later IBM BIOSes take the page shown too.
teletype:
        mov bh, [BDA_PAGE]
        call cursor_of_page
        mov ch, 0                       ; text keeps the attribute that is there
        call write_terminal
        jmp place_cursor

; AH=13h: writes CX characters from ES:BP at DH, DL of page BH. AL bit 0: the cursor follows; bit 1: each character is
; followed by its attribute, otherwise all have attribute BL.
write_string:
        jcxz .done
        and bh, 07h
        mov es, [bp + frame.es]
        mov si, [bp + frame.bp]
        mov di, cx                      ; DI = characters left
        mov ch, 1                       ; attributes are written
        mov ah, al                      ; AH = options
.next:
        mov al, [es:si]
        inc si
        test ah, 02h
        jz .same_attribute
        mov bl, [es:si]
        inc si
.same_attribute:
        call write_terminal
        dec di
        jnz .next
        test ah, 01h
        jz .done
        jmp place_cursor
.done:
        ret

; Writes AL with attribute BL (in text only if CH is not 0) to page BH at DX and moves DX on. Keeps all other
; registers.
write_terminal:
        cmp al, CARRIAGE_RETURN
        ja .glyph
        je .return
        cmp al, LINE_FEED
        je .line_feed
        cmp al, BACKSPACE
        je .backspace
        cmp al, BELL
        je beep
.glyph:
        call put_cell
        inc dl
        cmp dl, [BDA_COLUMNS]
        jb .done
        mov dl, 0
.line_feed:
        inc dh
        cmp dh, [BDA_LAST_ROW]
        jbe .done
        mov dh, [BDA_LAST_ROW]
        jmp scroll_page
.return:
        mov dl, 0
.done:
        ret
.backspace:
        test dl, dl
        jz .done
        dec dl
        ret

; Scrolls all of page BH up by one row. The new row gets the attribute at DX, colour 0 in graphics modes.
scroll_page:
        push ax
        push bx
        push cx
        push dx
        call get_cell
        mov bl, ah
        mov al, 1
        xor cx, cx
        mov dh, [BDA_LAST_ROW]
        mov dl, [BDA_COLUMNS]
        dec dl
        call scroll_window_up
        pop dx
        pop cx
        pop bx
        pop ax
        ret

PIT_CHANNEL_2   equ 42h
PIT_CONTROL     equ 43h
PORT_B          equ 61h         ; bits 1-0: speaker data and timer 2 gate, bit 4: turns over with each memory refresh
BEEP_DIVISOR    equ 1331        ; 1193182 Hz / 1331 = 896 Hz
BEEP_REFRESHES  equ 6000        ; of about 15 microseconds: a tenth of a second
PATIENCE        equ 200         ; reads of PORT_B without a refresh; a machine without that bit must not hang

; A short tone from the speaker. Keeps all registers.
beep:
        push ax
        push bx
        push cx
        in al, PORT_B
        mov bl, al                      ; BL = the port as we found it
        mov al, 0B6h                    ; channel 2, low and high byte, square wave
        out PIT_CONTROL, al
        mov al, BEEP_DIVISOR & 0FFh
        out PIT_CHANNEL_2, al
        mov al, BEEP_DIVISOR >> 8
        out PIT_CHANNEL_2, al
        mov al, bl
        or al, 03h
        out PORT_B, al
        mov cx, BEEP_REFRESHES
.refresh:
        in al, PORT_B
        mov bh, al
        mov ah, PATIENCE
.wait:
        in al, PORT_B
        xor al, bh
        test al, 10h
        jnz .next
        dec ah
        jnz .wait
.next:
        loop .refresh
        mov al, bl
        out PORT_B, al
        pop cx
        pop bx
        pop ax
        ret
