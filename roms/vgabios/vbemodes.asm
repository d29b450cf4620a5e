; The modes of the VESA BIOS extension and what is told about each. VBE Core Functions Standard 3.0, "VBE Mode Numbers",
; "Function 01h - Return VBE Mode Information". Numbers from 11Ch on are our own.

struc vbe_mode
.number:        resw 1
.width:         resw 1                  ; pixels; in text modes characters
.height:        resw 1                  ; lines; in text modes rows
.depth:         resb 1                  ; bits of a pixel; 0 in text modes
endstruc

%macro mode 4                           ; number, width, height, depth
        dw %1, %2, %3
        db %4
%endmacro
; One size at 8, 15, 16, 24 and 32 bits, with consecutive numbers
%macro modes_of 3                       ; first number, width, height
        mode %1, %2, %3, 8
        mode %1 + 1, %2, %3, 15
        mode %1 + 2, %2, %3, 16
        mode %1 + 3, %2, %3, 24
        mode %1 + 4, %2, %3, 32
%endmacro

vbe_modes:
        mode 100h, 640, 400, 8
        mode 101h, 640, 480, 8
        mode 102h, 800, 600, 4
        mode 103h, 800, 600, 8
        mode 104h, 1024, 768, 4
        mode 105h, 1024, 768, 8
        mode 106h, 1280, 1024, 4
        mode 107h, 1280, 1024, 8
        mode 108h, 80, 60, 0
        mode 109h, 132, 25, 0
        mode 10Ah, 132, 43, 0
        mode 10Bh, 132, 50, 0
        mode 10Ch, 132, 60, 0
        mode 10Dh, 320, 200, 15
        mode 10Eh, 320, 200, 16
        mode 10Fh, 320, 200, 24
        mode 110h, 640, 480, 15
        mode 111h, 640, 480, 16
        mode 112h, 640, 480, 24
        mode 113h, 800, 600, 15
        mode 114h, 800, 600, 16
        mode 115h, 800, 600, 24
        mode 116h, 1024, 768, 15
        mode 117h, 1024, 768, 16
        mode 118h, 1024, 768, 24
        mode 119h, 1280, 1024, 15
        mode 11Ah, 1280, 1024, 16
        mode 11Bh, 1280, 1024, 24
        modes_of 11Ch, 1600, 1200
        mode 121h, 320, 200, 8
        mode 122h, 320, 200, 32
        mode 123h, 640, 400, 32
        mode 124h, 640, 480, 32
        mode 125h, 800, 600, 32
        mode 126h, 1024, 768, 32
        mode 127h, 1280, 1024, 32
        modes_of 128h, 320, 240
        modes_of 12Dh, 512, 384
        modes_of 132h, 1152, 864
        modes_of 137h, 1280, 720
        modes_of 13Ch, 1280, 800
        modes_of 141h, 1440, 900
        modes_of 146h, 1680, 1050
        modes_of 14Bh, 1920, 1080
        modes_of 150h, 1920, 1200
        modes_of 155h, 2560, 1440
        modes_of 15Ah, 2560, 1600
.end:
        dw -1
%if (vbe_modes.end - vbe_modes) / vbe_mode_size > (256 - 22h) / 2 - 1
        %error "the mode list must fit the 256 bytes of an old controller information block"
%endif

; CX = mode number -> CS:SI = its row, CF clear; CF set if there is none that fits video memory. Changes EAX, EDX.
find_vbe_mode:
        mov si, vbe_modes
.next:
        mov ax, [cs:si + vbe_mode.number]
        cmp ax, cx
        je vbe_mode_fits
        add si, vbe_mode_size
        cmp ax, -1
        jne .next
        stc
        ret

; CS:SI = row -> CF clear if a picture of the mode fits video memory. Keeps all registers.
vbe_mode_fits:
        push eax
        push edx
        call vbe_picture_bytes
        mov edx, eax
        push dx
        call video_memory
        pop dx
        cmp eax, edx                    ; CF set if memory is smaller
        pop edx
        pop eax
        ret

; CS:SI = row -> AX = bytes in a line; of one plane at 4 bits. Keeps all other registers.
vbe_line_bytes:
        push dx
        mov ax, [cs:si + vbe_mode.width]
        mov dl, [cs:si + vbe_mode.depth]
        cmp dl, 0
        jne .graphics
        mov dl, 16                      ; text: a word a character
.graphics:
        call pixel_bytes
        pop dx
        ret

; CS:SI = row -> EAX = bytes of a picture, all planes. Changes EDX.
vbe_picture_bytes:
        call vbe_line_bytes
        movzx eax, ax
        movzx edx, word [cs:si + vbe_mode.height]
        imul eax, edx
        cmp byte [cs:si + vbe_mode.depth], 4
        jne .done
        shl eax, 2
.done:
        ret

; --- AL=01h: CX = mode, ES:DI = 256 bytes for its information ---

vbe_mode_info:
        and ch, 3Fh                     ; not the bits that go with setting a mode
        call find_vbe_mode
        jc vbe_failed
        mov di, [bp + frame.di]
        push di
        mov cx, 256 / 2
        xor ax, ax
        rep stosw
        pop di
        mov byte [es:di + 02h], 07h     ; window A: can be moved, read, written; there is no window B
        mov word [es:di + 04h], 64      ; granularity, KiB
        mov word [es:di + 06h], 64      ; size, KiB
        mov word [es:di + 08h], SEGMENT_PLANES
        mov word [es:di + 0Ch], vbe_window_far
        mov [es:di + 0Eh], cs
        call vbe_line_bytes
        mov [es:di + 10h], ax
        mov [es:di + 32h], ax           ; in linear modes
        mov ax, [cs:si + vbe_mode.width]
        mov [es:di + 12h], ax
        mov ax, [cs:si + vbe_mode.height]
        mov [es:di + 14h], ax
        mov word [es:di + 16h], 1008h   ; character cell: 8 wide, 16 high
        mov word [es:di + 1Ah], 0401h   ; one bank; packed pixels
        mov byte [es:di + 1Eh], 1       ; reserved, 1
        mov byte [es:di + 18h], 1       ; planes
        mov al, [cs:si + vbe_mode.depth]
        mov [es:di + 19h], al
        call vbe_image_pages
        mov [es:di + 1Dh], al
        mov [es:di + 34h], al           ; of banked modes
        mov dword [es:di + 3Eh], 230000000      ; fastest pixel clock, hertz
        mov al, [cs:si + vbe_mode.depth]
        cmp al, 8
        ja .direct
        je .linear
        cmp al, 4
        jb .text
        mov word [es:di], 3Bh           ; there, colour, graphics, not a VGA's
        mov byte [es:di + 18h], 4
        mov byte [es:di + 1Bh], 3       ; planes
        mov ax, VBE_OK
        ret
.text:
        mov word [es:di], 0Fh           ; there, teletype output, colour, text
        mov dword [es:di + 04h], 00200020h      ; granularity and size: 32 KiB
        mov word [es:di + 08h], SEGMENT_COLOUR
        mov byte [es:di + 02h], 06h     ; the window does not move
        mov dword [es:di + 0Ch], 0
        mov byte [es:di + 19h], 4
        mov byte [es:di + 1Bh], 0
        mov word [es:di + 32h], 0
        call vbe_text_height
        mov [es:di + 17h], al
        mov ax, VBE_OK
        ret
.direct:
        mov byte [es:di + 1Bh], 6       ; direct colour
        push si
        push di
        mov si, .masks
.mask:
        cmp al, [cs:si]
        je .found
        add si, 10
        jmp .mask
.found:
        add di, 1Fh                     ; red, green, blue, reserved: size and position of each; then what may be done
        mov cx, 9
.copy:
        mov al, [cs:si + 1]
        mov [es:di], al
        cmp cx, 1
        je .copied
        mov [es:di + 17h], al           ; the same in linear modes, from 36h on
.copied:
        inc si
        inc di
        loop .copy
        pop di
        pop si
.linear:
        mov word [es:di], 3Bh           ; there, colour, graphics, not a VGA's
        push di
        push es
        call framebuffer_address
        pop es
        pop di
        test eax, eax
        jz .done
        or byte [es:di], 80h            ; linear framebuffer
        mov [es:di + 28h], eax
        mov al, [es:di + 1Dh]
        mov [es:di + 35h], al           ; pages of linear modes
.done:
        mov ax, VBE_OK
        ret

; Depth; red, green, blue, reserved: size and position of each; bit 1: the reserved bits are free to use
.masks:
        db 15, 5, 10, 5, 5, 5, 0, 1, 15, 02h
        db 16, 5, 11, 6, 5, 5, 0, 0, 0, 00h
        db 24, 8, 16, 8, 8, 8, 0, 0, 0, 00h
        db 32, 8, 16, 8, 8, 8, 0, 8, 24, 02h

; CS:SI = row -> AL = pictures that fit beside the first one, at most 255. Changes EAX, ECX, EDX.
vbe_image_pages:
        call vbe_picture_bytes
        mov ecx, eax
        call video_memory
        cmp byte [cs:si + vbe_mode.depth], 0
        jne .graphics
        mov eax, 8000h                  ; text: 32 KiB
.graphics:
        xor edx, edx
        div ecx
        dec eax
        cmp eax, 255
        jbe .done
        mov al, 255
.done:
        ret

; -> EAX = physical address of the framebuffer, 0 if it cannot be told. PCI BIOS Specification 2.1, "Find PCI Device",
; "Read Configuration Dword". Keeps SI, BP, DS.
framebuffer_address:
        push si
        push bp
        push ds
        mov ax, 0B102h
        mov cx, 1111h                   ; device
        mov dx, 1234h                   ; vendor
        xor si, si
        int 1Ah
        jc .none
        test ah, ah
        jnz .none
        mov ax, 0B10Ah
        mov di, 10h                     ; the first base address register
        int 1Ah
        jc .none
        mov eax, ecx
        and al, 0F0h
        jmp .done
.none:
        xor eax, eax
.done:
        pop ds
        pop bp
        pop si
        ret
