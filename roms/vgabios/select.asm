; INT 10h AH=12h: what is there, and choices that hold from the next mode set on. BL = subfunction.

select_functions:
        mov ah, bl
        mov si, .table
        jmp call_subfunction
.table:
        subfunction 10h, get_ega_info
        subfunction 20h, select_done            ; print screen: INT 05h of the system BIOS serves every mode
        subfunction 30h, select_scan_lines
        subfunction 31h, select_palette_loading
        subfunction 32h, select_addressing
        subfunction 33h, select_grey
        subfunction 34h, select_emulation
        subfunction 36h, select_refresh
        end_of_subfunctions

; The answer to every subfunction that is there: AL = 12h
select_done:
        mov byte [bp + frame.ax], 12h
        ret

; BL=10h: BH = 0 colour, 1 monochrome; BL = 3: 256 KiB; CH = feature bits, CL = switches
get_ega_info:
        mov bx, 0003h
        cmp word [BDA_CRTC], CRTC_COLOUR
        je .colour
        mov bh, 1
.colour:
        mov [bp + frame.bx], bx
        mov cl, [BDA_SWITCHES]
        mov ch, cl
        shr ch, 4
        and cl, 0Fh
        mov [bp + frame.cx], cx
        ret

; BL=30h: scan lines of text modes: AL = 0, 1, 2 for 200, 350, 400
select_scan_lines:
        cmp al, 2
        ja .done
        mov ah, FLAGS_200
        jb .not_400
        mov ah, FLAGS_400
.not_400:
        cmp al, 1
        jne .set
        mov ah, 0
.set:
        and byte [BDA_FLAGS], ~(FLAGS_200 | FLAGS_400) & 0FFh
        or [BDA_FLAGS], ah
        and byte [BDA_SWITCHES], 0F0h
        mov ah, 08h                     ; switches 1000b: colour display with 200 lines
        test al, al
        jz .switches
        inc ah                          ; 1001b: enhanced
.switches:
        or [BDA_SWITCHES], ah
        jmp select_done
.done:
        ret

; BL=31h: AL = 0: a mode set loads the palette, 1: it does not
select_palette_loading:
        mov ah, FLAGS_NO_PALETTE
; Bit AH of BDA_FLAGS = AL bit 0
select_flag:
        cmp al, 1
        ja select_none
        je .set
        not ah
        and [BDA_FLAGS], ah
        jmp select_done
.set:
        or [BDA_FLAGS], ah
        jmp select_done
select_none:
        ret

; BL=32h: AL = 0: the CPU reaches video memory and ports, 1: it does not
select_addressing:
        cmp al, 1
        ja select_none
        mov ah, al
        mov dx, MISC_READ
        in al, dx
        or al, MISC_RAM
        test ah, ah
        jz .write
        and al, ~MISC_RAM & 0FFh
.write:
        mov dx, MISC_WRITE
        out dx, al
        jmp select_done

; BL=33h: AL = 0: colours are summed to grey, 1: they are not
select_grey:
        cmp al, 1
        ja select_none
        xor al, 1
        mov ah, FLAGS_GREY
        jmp select_flag

; BL=34h: AL = 0: cursor shapes are fitted to the cell, 1: taken as given
select_emulation:
        cmp al, 1
        ja select_none
        and byte [BDA_INFO], ~INFO_NO_EMULATE & 0FFh
        or [BDA_INFO], al
        jmp select_done

; BL=36h: AL = 0: screen on, 1: off
select_refresh:
        cmp al, 1
        ja select_none
        mov bl, al
        mov dx, SEQUENCER
        mov al, SEQ_CLOCKING
        out dx, al
        inc dx
        in al, dx
        and al, ~SEQ_CLOCKING_OFF & 0FFh
        shl bl, 5
        or al, bl
        out dx, al
        jmp select_done
