; Default colours of the digital-to-analog converter (DAC), 6 bits each of red, green and blue. The tables of the
; technical reference follow simple rules, so we compute them. IBM PS/2 Hardware Interface Technical Reference, "Video
; Subsystem", "Video Digital-to-Analog Converter".

; Loads all 256 colours for the mode set last, unless INT 10h AH=12h BL=31h has forbidden it. CS:SI = its parameters.
; Changes AX, BX, CX, DX, DI.
load_mode_palette:
        test byte [BDA_FLAGS], FLAGS_NO_PALETTE
        jnz .done
        mov dx, DAC_MASK
        mov al, 0FFh
        out dx, al
        mov dx, DAC_WRITE_INDEX
        mov al, 0
        out dx, al
        inc dx                          ; DX = DAC_DATA from here on
        cmp byte [BDA_MODE], 13h
        je .mode_13
        mov di, write_mono_colour
        cmp word [BDA_CRTC], CRTC_MONO
        je .sixty_four
        mov di, write_ega_colour
        test byte [cs:si + parameter.crtc + CRTC_MAX_LINE], 80h
        jz .sixty_four
        mov di, write_cga_colour        ; 200 lines, each shown twice: 4-bit colours as on a CGA
.sixty_four:
        mov cl, 0
.next:
        mov al, cl
        call di
        inc cl
        cmp cl, 64
        jb .next
        mov cx, (256 - 64) * 3          ; no mode reaches these
        call write_black
        jmp .loaded
.mode_13:
        call write_mode_13_colours
.loaded:
        test byte [BDA_FLAGS], FLAGS_GREY
        jz .done
        mov bx, 0
        mov cx, 256
        call sum_to_grey
.done:
        ret

; CX zero bytes. Changes AL, CX.
write_black:
        mov al, 0
        out dx, al
        loop write_black
        ret

; AL = 6-bit colour of an EGA: bits 2-0 are red, green and blue at two thirds, bits 5-3 the same at one third.
; Changes AX, BL.
write_ega_colour:
        mov bl, al
        call .level                     ; red: bits 2 and 5
        shl bl, 1
        call .level                     ; green: bits 1 and 4
        shl bl, 1
.level:                                 ; blue: bits 0 and 3
        mov al, 0
        test bl, 04h
        jz .low
        mov al, 2Ah
.low:
        test bl, 20h
        jz .out
        add al, 15h
.out:
        out dx, al
        ret

; AL = colour as the 200-line modes give it: bits 2-0 red, green, blue, bit 4 intensity. Changes AX, BL.
write_cga_colour:
        test al, 10h
        jnz .bright
        and al, 07h
        cmp al, 06h
        jne write_ega_colour
        mov al, 14h                     ; dark yellow has half its green taken away: brown
        jmp write_ega_colour
.bright:
        or al, 38h
        jmp write_ega_colour

; AL = attribute colour of a monochrome mode: bit 3 video, with bit 4 bright. Changes AX.
write_mono_colour:
        mov ah, 0
        test al, 08h
        jz .out
        mov ah, 2Ah
        test al, 10h
        jz .out
        mov ah, 3Fh
.out:
        mov al, ah
        out dx, al
        out dx, al
        out dx, al
        ret

; Mode 13h: the 16 CGA colours, 16 greys, 9 wheels of 24 hues, 8 times black. Changes AX, BX, CX, SI, DI.
write_mode_13_colours:
        push si
        mov cl, 0
.colours:
        mov al, cl
        test al, 08h                    ; here intensity is bit 3
        jz .dark
        or al, 10h
.dark:
        call write_cga_colour
        inc cl
        cmp cl, 16
        jb .colours
        mov si, greys
        mov cx, 16
.grey:
        mov al, [cs:si]
        inc si
        out dx, al
        out dx, al
        out dx, al
        loop .grey
        mov di, wheels
.wheel:
        mov si, 0                       ; hue
.hue:
        mov bx, si
        call .component                 ; red
        lea bx, [si + 16]
        call .component                 ; green: the same curve a third of the wheel later
        lea bx, [si + 8]
        call .component                 ; blue: a third earlier
        inc si
        cmp si, 24
        jb .hue
        add di, 5
        cmp di, wheels.end
        jb .wheel
        mov cx, 8 * 3
        call write_black
        pop si
        ret
.component:                             ; BX = hue, up to 39; DI = the five levels of this wheel
        cmp bx, 24
        jb .in_wheel
        sub bx, 24
.in_wheel:
        movzx bx, [cs:red_of_hue + bx]
        mov al, [cs:di + bx]
        out dx, al
        ret

greys:
        db 00h, 05h, 08h, 0Bh, 0Eh, 11h, 14h, 18h, 1Ch, 20h, 24h, 28h, 2Dh, 32h, 38h, 3Fh
; Amount of red, in steps of a quarter, around the wheel from blue over magenta, red, yellow, green and cyan
red_of_hue:
        db 0, 1, 2, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0
; What the five steps are worth: three intensities, each at three saturations
wheels:
        db 00h, 10h, 1Fh, 2Fh, 3Fh
        db 1Fh, 27h, 2Fh, 37h, 3Fh
        db 2Dh, 31h, 36h, 3Ah, 3Fh
        db 00h, 07h, 0Eh, 15h, 1Ch
        db 0Eh, 11h, 15h, 18h, 1Ch
        db 14h, 16h, 18h, 1Ah, 1Ch
        db 00h, 04h, 08h, 0Ch, 10h
        db 08h, 0Ah, 0Ch, 0Eh, 10h
        db 0Bh, 0Ch, 0Dh, 0Fh, 10h
.end:

; Replaces CX colours from number BX on by greys of the same brightness: 30 % red, 59 % green, 11 % blue.
; Changes AX, BX, CX, DX, DI.
sum_to_grey:
        jcxz .done
.next:
        mov dx, DAC_READ_INDEX
        mov al, bl
        out dx, al
        mov dx, DAC_DATA
        in al, dx
        mov ah, 77                      ; of 256
        mul ah
        mov di, ax
        in al, dx
        mov ah, 151
        mul ah
        add di, ax
        in al, dx
        mov ah, 28
        mul ah
        add ax, di
        add ax, 80h                     ; round
        mov al, ah
        cmp al, 3Fh
        jbe .in_range
        mov al, 3Fh
.in_range:
        mov ah, al
        mov dx, DAC_WRITE_INDEX
        mov al, bl
        out dx, al
        inc dx
        mov al, ah
        out dx, al
        out dx, al
        out dx, al
        inc bl
        loop .next
.done:
        ret
