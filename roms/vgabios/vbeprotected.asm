; VBE AL=0Ah: code for 32-bit protected mode, to be copied anywhere. VBE Core Functions Standard 3.0, "Function 0Ah -
; Return VBE Protected Mode Interface". The routines are called near, with I/O allowed; they answer AX = 004Fh.

; BL = 0: ES:DI = table, CX = its length with the code
vbe_protected_interface:
        test bl, bl
        jnz vbe_failed
        mov [bp + frame.es], cs
        mov word [bp + frame.di], vbe_protected
        mov word [bp + frame.cx], vbe_protected.end - vbe_protected
        mov ax, VBE_OK
        ret

        align 4, db 0
vbe_protected:
        dw .window - vbe_protected
        dw .start - vbe_protected
        dw .palette - vbe_protected
        dw .resources - vbe_protected
; Ports, then memory: there is none
.resources:
        dw DISPI_INDEX, DISPI_DATA, DAC_WRITE_INDEX, DAC_DATA, CRTC_COLOUR + CRTC_TO_STATUS_1, -1
        dw -1

        bits 32
; Function 05h: BH = 0: the window begins at 64 KiB times DX; BH = 1: DX = where it begins
.window:
        push ecx
        mov al, DISPI_BANK
        cmp bh, 1
        je .get
        push edx
        mov ecx, edx
        call .write
        pop edx
        jmp .window_done
.get:
        call .read
        mov dx, ax
.window_done:
        pop ecx
        mov ax, VBE_OK
        ret

; Function 07h: DX:CX = first byte shown, in units of four; with planes, of one byte of each. BL = 80h: in a retrace
.start:
        pushad
        test bl, 80h
        jz .now
        call .wait
.now:
        movzx ecx, cx
        shl edx, 16
        or ecx, edx                     ; ECX = address
        mov al, DISPI_BPP
        call .read
        mov esi, eax                    ; ESI = bits of a pixel
        mov al, DISPI_VIRT_WIDTH
        call .read
        cmp esi, 4
        je .planes
        add esi, 7
        shr esi, 3                      ; bytes of a pixel
        imul eax, esi
        mov edi, eax                    ; EDI = bytes of a line
        lea eax, [ecx * 4]
        xor edx, edx
        div edi
        mov edi, eax                    ; EDI = line
        mov eax, edx
        xor edx, edx
        div esi
        jmp .place
.planes:
        add eax, 7
        shr eax, 3
        mov edi, eax
        mov eax, ecx
        xor edx, edx
        div edi
        mov edi, eax
        lea eax, [edx * 8]
.place:
        mov ecx, eax
        mov al, DISPI_X_OFFSET
        call .write
        mov ecx, edi
        mov al, DISPI_Y_OFFSET
        call .write
        popad
        mov ax, VBE_OK
        ret

; Function 09h: CX colours from DX on from ES:EDI, as in real mode. BL = 80h: in a retrace
.palette:
        pushad
        test bl, 80h
        jz .set
        call .wait
.set:
        movzx ecx, cx
        jecxz .palette_done
        mov eax, edx
        mov edx, DAC_WRITE_INDEX
        out dx, al
        inc edx
.colour:
        mov al, [es:edi + 2]
        out dx, al
        mov al, [es:edi + 1]
        out dx, al
        mov al, [es:edi]
        out dx, al
        add edi, 4
        loop .colour
.palette_done:
        popad
        mov ax, VBE_OK
        ret

; Register AL of the display interface -> EAX. Changes EDX.
.read:
        movzx eax, al
        mov edx, DISPI_INDEX
        out dx, ax
        inc edx
        in ax, dx
        ret

; Register AL of the display interface = CX. Changes EAX, EDX.
.write:
        movzx eax, al
        mov edx, DISPI_INDEX
        out dx, ax
        inc edx
        mov eax, ecx
        out dx, ax
        ret

; Waits until vertical retrace begins, but not for ever. Keeps all registers.
.wait:
        pushad
        mov edx, CRTC_COLOUR + CRTC_TO_STATUS_1
        mov ecx, RETRACE_PATIENCE
.in_retrace:
        in al, dx
        test al, 08h
        loopnz .in_retrace
        mov ecx, RETRACE_PATIENCE
.shown:
        in al, dx
        test al, 08h
        loopz .shown
        popad
        ret
.end:
        bits 16
