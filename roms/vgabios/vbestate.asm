; VBE AL=04h: saves and restores the state. VBE Core Functions Standard 3.0, "Function 04h - Save/Restore State". CX bits
; 0 to 2 mean what they mean to INT 10h AH=1Ch; bit 3 is the display interface, in a block behind the others.

SAVE_DISPI      equ 08h
DISPI_BLOCKS    equ 1

; DL = 0: BX = blocks of 64 bytes needed; 1: saves to ES:BX; 2: restores from ES:BX
vbe_save_restore:
        test cx, ~(SAVE_REGISTERS | SAVE_DATA | SAVE_DAC | SAVE_DISPI) & 0FFFFh
        jnz vbe_failed
        cmp dl, 1
        je .save
        ja .restore
        mov al, 0
        call save_restore               ; the first three, as AH=1Ch counts them
        test byte [bp + frame.cx], SAVE_DISPI
        jz .done
        add word [bp + frame.bx], DISPI_BLOCKS
.done:
        mov ax, VBE_OK
        ret
.save:
        call save_state
        call .dispi_block
        jz .done
        mov bl, DISPI_XRES
.next:
        mov al, bl
        call dispi_read
        stosw
        inc bl
        cmp bl, DISPI_Y_OFFSET
        jbe .next
        jmp .done
.restore:
        cmp dl, 2
        ja vbe_failed
        call .dispi_block
        jz .vga
        xor cx, cx
        mov al, DISPI_ENABLE            ; sizes are taken only while no mode is on
        call dispi_write
        mov bl, DISPI_XRES
.again:
        mov cx, [es:di]
        add di, 2
        cmp bl, DISPI_ENABLE
        jne .write
        or cl, DISPI_NO_CLEAR
.write:
        mov al, bl
        call dispi_write
        inc bl
        cmp bl, DISPI_Y_OFFSET
        jbe .again
.vga:                                   ; the DAC has its width now
        mov bx, [bp + frame.bx]
        mov cx, [bp + frame.cx]
        call restore_state
        jmp .done

; ZF set if the display interface is not asked for, else ES:DI = its block. Changes AX.
.dispi_block:
        mov al, [bp + frame.cx]
        mov di, [bp + frame.bx]
        test al, SAVE_REGISTERS
        jz .no_registers
        add di, REGISTER_BLOCKS * SAVE_BLOCK
.no_registers:
        test al, SAVE_DATA
        jz .no_data
        add di, DATA_BLOCKS * SAVE_BLOCK
.no_data:
        test al, SAVE_DAC
        jz .no_dac
        add di, DAC_BLOCKS * SAVE_BLOCK
.no_dac:
        test al, SAVE_DISPI
        ret
