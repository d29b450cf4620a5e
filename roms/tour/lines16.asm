; Lines of text in real mode; and the serial port.

; A line through the BIOS and COM1. In: DS:ESI = text without values. Keeps all registers.
say_bios:
        pushad
.next:
        mov al, [esi]
        inc esi
        test al, al
        jz .end
        call .character
        jmp .next
.end:
        mov al, 13
        call .character
        mov al, 10
        call .character
        inc byte [row]
        popad
        ret
.character:
        call send_16
        mov ah, 0Eh
        mov bx, GREY_ON_BLACK
        int 10h
        ret

; COM1: 115200 baud, 8 data bits, no parity, 1 stop bit, no interrupts. Changes AX, DX.
start_serial:
        mov dx, 3F9h
        mov al, 0
        out dx, al                      ; interrupt enable: none
        mov dx, 3FBh
        mov al, 80h
        out dx, al                      ; line control: divisor latch
        mov dx, 3F8h
        mov ax, 1
        out dx, al
        inc dx
        mov al, ah
        out dx, al                      ; divisor 1
        mov dx, 3FBh
        mov al, 03h
        out dx, al                      ; 8 data bits, no parity, 1 stop bit
        ret

%define named(name) name %+ _16
%define VIDEO_REGISTER VIDEO_SEGMENT
%include "say.asm"
