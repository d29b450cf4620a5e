; Lines of text, written by ourselves to video memory and COM1. Assembled twice, for real mode and for protected mode:
; the same 32-bit registers serve both, only the value of ES differs (VIDEO_REGISTER).

; In: DS:ESI = text, EDX and EBX = values that it may show. Keeps all registers.
named(say):
        pushad
        push es
        push VIDEO_REGISTER
        pop es
        movzx edi, byte [row]
        inc byte [row]
        imul edi, edi, 160
.next:
        mov al, [esi]
        inc esi
        cmp al, EBX_8
        ja .character
        je .ebx
        cmp al, DX_4
        jb .end
        je .dx
        mov eax, edx
        mov ecx, 8
        jmp .value
.ebx:
        mov eax, ebx
        mov ecx, 8
        jmp .value
.dx:
        mov eax, edx
        shl eax, 16
        mov ecx, 4
.value:
        call named(hexadecimal)
        jmp .next
.character:
        call named(put)
        jmp .next
.end:
        mov al, 13
        call named(send)
        mov al, 10
        call named(send)
        pop es
        popad
        ret

; The highest ECX digits of EAX. Moves EDI. Changes EAX, ECX.
named(hexadecimal):
        rol eax, 4
        push eax
        and al, 0Fh
        cmp al, 10
        jb .decimal
        add al, "A" - "0" - 10
.decimal:
        add al, "0"
        call named(put)
        pop eax
        dec ecx
        jnz named(hexadecimal)
        ret

; AL to the screen at ES:EDI, which moves on, and to COM1. Changes AH.
named(put):
        mov ah, GREY_ON_BLACK
        mov [es:edi], ax
        add edi, 2
        ; falls through

; AL to COM1, when its transmitter is empty. Keeps all registers.
named(send):
        push eax
        push edx
        mov ah, al
        mov dx, 3FDh
.wait:
        in al, dx
        test al, 20h
        jz .wait
        mov dx, 3F8h
        mov al, ah
        out dx, al
        pop edx
        pop eax
        ret
