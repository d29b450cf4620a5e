; INT 10h AH=4Fh: VESA BIOS extension over the display interface of the 1234:1111 device.
; VESA BIOS EXTENSION (VBE) Core Functions Standard, Version 3.0. The interface: Bochs project, "VBE Display API".
;
; These functions use 32-bit registers and save them. A function starts with the caller's AX, BX, CX (with the upper half
; of ECX) and DX, BP = frame, DS = BDA, ES as the caller gave it; it may change every register but BP, DS and SS, and
; answers with its status in AX. Results are stored in the frame.

VBE_OK          equ 004Fh
VBE_FAILED      equ 014Fh
VBE_CANNOT      equ 024Fh               ; not possible on this hardware
VBE_NOT_NOW     equ 034Fh               ; not in this mode
VBE_UNKNOWN     equ 0100h               ; AL other than 4Fh: there is no such function

VBE_LINEAR      equ 40h                 ; bit 14 of a mode number: linear framebuffer
VBE_KEEP        equ 80h                 ; bit 15: memory is not cleared

vbe:
        call dispi_present
        jne .unknown
        cmp al, VBE_FUNCTIONS
        jae .unknown
        pushad
        movzx di, al
        add di, di
        call [cs:vbe_functions + di]
        mov [bp + frame.ax], ax
        popad
        ret
.unknown:
        mov word [bp + frame.ax], VBE_UNKNOWN
        ret

vbe_functions:
        dw vbe_controller_info          ; 00h
        dw vbe_mode_info                ; 01h
        dw vbe_set_mode                 ; 02h
        dw vbe_get_mode                 ; 03h
        dw vbe_save_restore             ; 04h
        dw vbe_window                   ; 05h
        dw vbe_line_length              ; 06h
        dw vbe_display_start            ; 07h
        dw vbe_dac_width                ; 08h
        dw vbe_palette                  ; 09h
        dw vbe_protected_interface      ; 0Ah
VBE_FUNCTIONS   equ ($ - vbe_functions) / 2

; The ends of functions that do not succeed.
vbe_failed:
        mov ax, VBE_FAILED
        ret
vbe_not_now:
        mov ax, VBE_NOT_NOW
        ret

; --- the display interface ---

; ZF set if the display interface is there. Keeps all registers.
dispi_present:
        push ax
        push dx
        mov al, DISPI_ID
        call dispi_read
        and al, 0F0h
        cmp ax, 0B0C0h
        pop dx
        pop ax
        ret

; Register AL -> AX. Changes DX.
dispi_read:
        mov dx, DISPI_INDEX
        mov ah, 0
        out dx, ax
        inc dx                          ; DISPI_DATA
        in ax, dx
        ret

; Register AL = CX. Changes AX, DX.
dispi_write:
        mov dx, DISPI_INDEX
        mov ah, 0
        out dx, ax
        inc dx
        mov ax, cx
        out dx, ax
        ret

; ZF clear if a mode of the display interface is on. Keeps all registers.
dispi_is_on:
        push ax
        push dx
        mov al, DISPI_ENABLE
        call dispi_read
        test al, DISPI_ENABLED
        pop dx
        pop ax
        ret

; Bits of a pixel -> AX. Changes DX.
dispi_depth:
        mov al, DISPI_BPP
        jmp dispi_read

; Bytes of video memory -> EAX. Changes DX.
video_memory:
        mov al, DISPI_MEMORY
        call dispi_read
        shl eax, 16
        ret

; AX = pixels of DL bits -> AX = bytes; of one plane at 4 bits. Keeps all other registers.
pixel_bytes:
        cmp dl, 4
        je .planes
        push dx
        mov dh, 0
        add dx, 7                       ; 15 bits take two bytes
        shr dx, 3
        mul dx
        pop dx
        ret
.planes:
        add ax, 7
        shr ax, 3
        ret

; --- AL=00h: ES:DI = 256 bytes for the controller's information, 512 if they begin with "VBE2" ---

vbe_controller_info:
        mov di, [bp + frame.di]
        mov cx, 512 / 2
        cmp dword [es:di], 'VBE2'
        sete bl
        je .clear
        mov cx, 256 / 2
.clear:
        push di
        xor ax, ax
        rep stosw
        pop di
        mov dword [es:di], 'VESA'
        mov word [es:di + 04h], 0300h   ; version
        mov word [es:di + 06h], .name
        mov [es:di + 08h], cs
        mov byte [es:di + 0Ah], 01h     ; capabilities: the DAC can have 8 bits
        lea ax, [di + 22h]
        mov [es:di + 0Eh], ax           ; the mode list stands in this block
        mov [es:di + 10h], es
        mov al, DISPI_MEMORY
        call dispi_read
        mov [es:di + 12h], ax           ; units of 64 KiB
        test bl, bl
        jz .modes
        mov word [es:di + 14h], 0100h   ; revision of this software
        mov word [es:di + 16h], .vendor
        mov [es:di + 18h], cs
        mov word [es:di + 1Ah], .product
        mov [es:di + 1Ch], cs
        mov word [es:di + 1Eh], .revision
        mov [es:di + 20h], cs
.modes:
        add di, 22h
        mov si, vbe_modes
.next:
        mov ax, [cs:si + vbe_mode.number]
        cmp ax, -1
        je .end
        call vbe_mode_fits
        jc .skip
        stosw
.skip:
        add si, vbe_mode_size
        jmp .next
.end:
        stosw
        mov ax, VBE_OK
        ret
.name:
        db "ringwalk VBE", 0
.vendor:
        db "ringwalk", 0
.product:
        db "ringwalk VGA 1234:1111", 0
.revision:
        db "1.0", 0
