; The A20 gate of a PC: the keyboard controller's output port bit 1, or port 92h bit 1. Either may hold the line open, so
; both are set. Keep all registers but AX.

a20_off:
        in al, 92h
        and al, ~03h & 0FFh             ; bit 0 would reset the machine
        out 92h, al
        mov ah, 0DDh
        jmp keyboard_output_port

a20_on:
        in al, 92h
        or al, 02h
        and al, ~01h & 0FFh
        out 92h, al
        mov ah, 0DFh
        ; falls through

; Writes AH to the output port of the keyboard controller.
keyboard_output_port:
        call .wait
        mov al, 0D1h
        out 64h, al
        call .wait
        mov al, ah
        out 60h, al
        call .wait
        mov al, 0FFh                    ; no command; some controllers act on the one before only then
        out 64h, al
.wait:
        push cx
        mov cx, 0FFFFh
.busy:
        in al, 64h
        test al, 02h                    ; input buffer full
        loopnz .busy
        pop cx
        ret
