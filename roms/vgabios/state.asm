; INT 10h AH=1Ah to 1Ch: display combination, state information, save and restore.

; --- AH=1Ah ---

; Pairs of display codes by index: 0 none, 1 MDA, 2 CGA, 4 EGA colour, 5 EGA monochrome, 6 PGC, 7 VGA monochrome,
; 8 VGA colour. BIOS Interface Technical Reference, "Secondary Save Pointer Table": Display Combination Code Table.
display_combinations:
        db 16                   ; pairs
        db 1                    ; version
        db 8                    ; highest code
        db 0
.pairs:
        db 0, 0,  0, 1,  0, 2,  2, 1,  0, 4,  4, 1,  0, 5,  2, 5,  0, 6,  6, 1,  6, 5,  0, 8,  1, 8,  0, 7,  2, 7,  6, 7
DCC_PAIRS       equ ($ - .pairs) / 2
DCC_VGA_COLOUR  equ 11          ; the pair 0, 8

; AL=00h: BL = code of the display in use, BH = of the other one. AL=01h: sets them.
display_combination:
        cmp al, 1
        ja .done
        mov byte [bp + frame.ax], 1Ah
        je .set
        call display_codes
        mov [bp + frame.bx], bx
.done:
        ret
.set:
        mov si, 0
.next:
        mov ax, [cs:display_combinations.pairs + si]
        cmp ax, bx
        je .found
        xchg al, ah
        cmp ax, bx
        je .found
        add si, 2
        cmp si, DCC_PAIRS * 2
        jb .next
        ret
.found:
        shr si, 1
        mov ax, si
        mov [BDA_DCC], al
        ret

; -> BL = code of the display in use, BH = of the other one. Changes DI.
display_codes:
        movzx di, [BDA_DCC]
        mov bx, 0
        cmp di, DCC_PAIRS
        jae .done
        add di, di
        mov bx, [cs:display_combinations.pairs + di]
        xchg bl, bh                     ; the table has the display in use last where there is one only
        test bl, bl
        jnz .done
        xchg bl, bh
.done:
        ret

; --- AH=1Bh ---

; What this BIOS can do. BIOS Interface Technical Reference, "Interrupt 10H", AH=1BH: Video Static Functionality Table.
static_functionality:
        db 0FFh, 0E0h, 0Fh      ; modes 0-7, 0Dh-0Fh, 10h-13h
        db 0, 0, 0, 0
        db 07h                  ; text with 200, 350, 400 lines
        db 8, 2                 ; font blocks, and how many at a time
        db 0FFh                 ; all modes on all displays, grey summing, fonts, palette loading, cursor emulation,
                                ; EGA palette, colour palette, colour paging
        db 0Eh                  ; save/restore, intensity/blinking, display combinations
        db 0, 0
        db 0                    ; no overrides through the save pointers
        db 0

; BX = 0: fills the 64 bytes at ES:DI; AL = 1Bh
get_state:
        test bx, bx
        jz .fill
        ret
.fill:
        mov byte [bp + frame.ax], 1Bh
        mov di, [bp + frame.di]
        mov ax, static_functionality
        stosw
        mov ax, cs
        stosw                           ; 00h: static functionality table
        mov si, BDA_MODE
        mov cx, BDA_CGA_PALETTE + 1 - BDA_MODE
        rep movsb                       ; 04h: mode ... CGA palette
        mov al, [BDA_LAST_ROW]
        inc al
        stosb                           ; 22h: rows
        mov ax, [BDA_CELL_HEIGHT]
        stosw                           ; 23h
        push di
        call display_codes
        pop di
        mov ax, bx
        stosw                           ; 25h: display in use, other display
        movzx bx, [BDA_MODE]
        cmp bl, LAST_MODE
        jbe .known
        mov bl, 3
.known:
        mov al, [cs:colours_of_mode + bx]
        mov ah, 0
        cmp bl, 13h
        jne .colours
        inc ah                          ; 256
.colours:
        stosw                           ; 27h: colours
        mov al, [cs:pages_of_mode + bx]
        stosb                           ; 29h: pages
        push di
        call scan_line_code
        pop di
        stosb                           ; 2Ah: scan lines
        call font_blocks
        stosw                           ; 2Bh: font blocks for attribute bit 3 clear, set
        call state_flags
        stosb                           ; 2Dh
        mov al, 0
        stosb
        stosb
        stosb
        mov al, 3
        stosb                           ; 31h: 256 KiB
        mov al, 0
        stosb                           ; 32h: no save pointer overrides
        mov cx, 40h - 33h
        rep stosb
        ret

colours_of_mode:
        db 16, 16, 16, 16, 4, 4, 2, 0, 0, 0, 0, 0, 0, 16, 16, 2, 16, 2, 16, 0
pages_of_mode:
        db 8, 8, 8, 8, 1, 1, 1, 8, 0, 0, 0, 0, 0, 8, 4, 2, 2, 1, 1, 1

; -> AL = 0, 1, 2, 3 for 200, 350, 400, 480 scan lines, as the monitor sees them. Changes AH, CX, DX.
scan_line_code:
        call scan_lines
        mov cl, 0
        cmp ax, 200
        jbe .done
        inc cl
        cmp ax, 350
        jbe .done
        inc cl
        cmp ax, 400
        jbe .done
        inc cl
.done:
        mov al, cl
        ret

; -> AL = font block for attribute bit 3 clear (map B), AH = set (map A), from the character map register. Changes BL, DX.
font_blocks:
        mov dx, SEQUENCER
        mov al, SEQ_CHARACTER_MAP
        out dx, al
        inc dx
        in al, dx
        mov bl, al
        mov al, bl                      ; map B: bits 4, 1-0
        and al, 03h
        test bl, 10h
        jz .map_a
        or al, 04h
.map_a:
        mov ah, bl                      ; map A: bits 5, 3-2
        shr ah, 2
        and ah, 03h
        test bl, 20h
        jz .done
        or ah, 04h
.done:
        ret

; -> AL = miscellaneous state: bit 0 all modes on all displays, 1 grey summing, 2 monochrome, 3 palette loading off,
; 4 cursor emulation on, 5 blinking. Changes AH, BL, DX.
state_flags:
        mov bl, 01h
        mov al, [BDA_FLAGS]
        mov ah, al
        and al, FLAGS_GREY | FLAGS_NO_PALETTE           ; bits 1 and 3 in both
        or bl, al
        cmp word [BDA_CRTC], CRTC_COLOUR
        je .colour
        or bl, 04h
.colour:
        test byte [BDA_INFO], INFO_NO_EMULATE
        jnz .taken
        or bl, 10h
.taken:
        mov al, ATTR_MODE
        call read_attribute
        test ah, ATTR_MODE_BLINK
        jz .steady
        or bl, 20h
.steady:
        mov al, bl
        ret
