; INT 10h AH=1Ch: saves and restores what the video adapter and its BIOS know.

; CX tells what: bit 0 registers, bit 1 data area, bit 2 DAC. They lie one behind the other in the caller's buffer, in
; that order, each in blocks of 64 bytes. What is in a block is private to this BIOS.
SAVE_REGISTERS  equ 01h
SAVE_DATA       equ 02h
SAVE_DAC        equ 04h
SAVE_BLOCK      equ 64
REGISTER_BLOCKS equ 1
DATA_BLOCKS     equ 1
DAC_BLOCKS      equ 13

; AL=00h: BX = blocks needed. AL=01h: saves to ES:BX. AL=02h: restores from ES:BX. All answer AL = 1Ch.
save_restore:
        cmp al, 2
        ja .done
        mov byte [bp + frame.ax], 1Ch
        je restore_state
        cmp al, 1
        je save_state
        xor bx, bx
        test cl, SAVE_REGISTERS
        jz .no_registers
        add bx, REGISTER_BLOCKS
.no_registers:
        test cl, SAVE_DATA
        jz .no_data
        add bx, DATA_BLOCKS
.no_data:
        test cl, SAVE_DAC
        jz .no_dac
        add bx, DAC_BLOCKS
.no_dac:
        mov [bp + frame.bx], bx
.done:
        ret

save_state:
        mov di, bx
        test cl, SAVE_REGISTERS
        jz .no_registers
        call save_registers
.no_registers:
        test byte [bp + frame.cx], SAVE_DATA
        jz .no_data
        push di
        call copy_data
        pop di
        add di, DATA_BLOCKS * SAVE_BLOCK
.no_data:
        test byte [bp + frame.cx], SAVE_DAC
        jz .no_dac
        call save_dac
.no_dac:
        ret

restore_state:
        mov si, bx
        test cl, SAVE_REGISTERS
        jz .no_registers
        call restore_registers
.no_registers:
        test byte [bp + frame.cx], SAVE_DATA
        jz .no_data
        call restore_data
        add si, DATA_BLOCKS * SAVE_BLOCK
.no_data:
        test byte [bp + frame.cx], SAVE_DAC
        jz .no_dac
        call restore_dac
.no_dac:
        ret

; --- registers: indexed groups, then single ports, in the order that restores them ---

save_registers:
        push di
        mov dx, MISC_READ
        in al, dx
        stosb
        mov dx, SEQUENCER
        mov cx, 5
        call save_group
        mov dx, [BDA_CRTC]
        mov cx, 25
        call save_group
        mov dx, GRAPHICS
        mov cx, 9
        call save_group
        mov bl, 0
.attribute:
        mov al, bl
        call read_attribute
        mov al, ah
        stosb
        inc bl
        cmp bl, ATTR_SELECT
        jbe .attribute
        pop di
        add di, REGISTER_BLOCKS * SAVE_BLOCK
        ret

; The index at port DX, then CX registers from 0 on, to ES:DI; the index is left as it was. Changes AX, CX.
save_group:
        in al, dx
        stosb
        push ax
        mov ah, 0
.next:
        mov al, ah
        out dx, al
        inc dx
        in al, dx
        dec dx
        stosb
        inc ah
        loop .next
        pop ax
        out dx, al
        ret

restore_registers:
        push si
        mov dx, SEQUENCER
        mov ax, 0100h | SEQ_RESET
        out dx, ax
        mov dx, MISC_WRITE
        mov al, [es:si]
        inc si
        out dx, al
        mov dx, CRTC_MONO
        test al, MISC_COLOUR
        jz .mono
        mov dx, CRTC_COLOUR
.mono:
        mov bx, dx                      ; BX = the CRT controller, wherever the data area says
        mov ax, CRTC_SYNC_END           ; unprotect registers 0-7
        out dx, ax
        mov dx, SEQUENCER
        mov cx, 5
        call restore_group
        mov dx, bx
        mov cx, 25
        call restore_group
        mov dx, GRAPHICS
        mov cx, 9
        call restore_group
        lea dx, [bx + CRTC_TO_STATUS_1]
        cli                             ; until the IRET, as in reset_attribute_index
        in al, dx
        mov dx, ATTRIBUTE_WRITE
        mov ah, 0
.attribute:
        mov al, ah
        out dx, al
        mov al, [es:si]
        out dx, al
        inc si
        inc ah
        cmp ah, ATTR_SELECT
        jbe .attribute
        mov al, ATTRIBUTE_SHOW
        out dx, al
        pop si
        add si, REGISTER_BLOCKS * SAVE_BLOCK
        ret

; CX registers of index port DX, from 0 on, and then the index, as save_group left them at ES:SI. Register 0 comes last:
; for the sequencer it ends the reset, and the others do not care. Changes AX, CX.
restore_group:
        push word [es:si]               ; index, register 0
        add si, 2
        mov al, 1
        dec cx
.next:
        mov ah, [es:si]
        out dx, ax
        inc si
        inc al
        loop .next
        pop cx
        mov al, 0
        mov ah, ch
        out dx, ax
        mov al, cl
        out dx, al
        ret

; --- data area: pieces of segments 0 and 40h, as (segment, offset, bytes) ---

saved_data:
        dw BDA_SEGMENT, BDA_EQUIPMENT, 1
        dw BDA_SEGMENT, BDA_MODE, BDA_CGA_PALETTE + 1 - BDA_MODE
        dw BDA_SEGMENT, BDA_LAST_ROW, BDA_DCC + 1 - BDA_LAST_ROW
        dw BDA_SEGMENT, BDA_SAVE_TABLE, 4
        dw BDA_SEGMENT, BDA_VBE_MODE, 2
        dw 0, VECTOR_1F, 4
        dw 0, VECTOR_43, 4
.end:

; Copies the pieces to ES:DI. Changes BX, CX, SI, DI.
copy_data:
        push ds
        mov bx, saved_data
.piece:
        mov ds, [cs:bx]
        mov si, [cs:bx + 2]
        mov cx, [cs:bx + 4]
        rep movsb
        add bx, 6
        cmp bx, saved_data.end
        jb .piece
        pop ds
        ret

; Copies the pieces from ES:SI. Of the equipment byte only the video bits come back. Changes AX, BX, CX, DI.
restore_data:
        push ds
        push es
        push si
        mov al, [BDA_EQUIPMENT]
        and al, ~EQUIPMENT_VIDEO & 0FFh
        push ax
        push es
        pop ds
        mov bx, saved_data
.piece:
        mov es, [cs:bx]
        mov di, [cs:bx + 2]
        mov cx, [cs:bx + 4]
        rep movsb
        add bx, 6
        cmp bx, saved_data.end
        jb .piece
        pop ax
        pop si
        pop es
        pop ds
        and byte [BDA_EQUIPMENT], EQUIPMENT_VIDEO
        or [BDA_EQUIPMENT], al
        ret

; --- DAC: write index, mask, then 256 times red, green, blue ---

save_dac:
        mov dx, DAC_WRITE_INDEX
        in al, dx
        push ax
        stosb
        mov dx, DAC_MASK
        in al, dx
        stosb
        mov dx, DAC_READ_INDEX
        mov al, 0
        out dx, al
        mov dx, DAC_DATA
        mov cx, 256 * 3
.next:
        in al, dx
        stosb
        loop .next
        pop ax
        mov dx, DAC_WRITE_INDEX
        out dx, al
        ret

restore_dac:
        mov bl, [es:si]
        inc si
        mov dx, DAC_MASK
        mov al, [es:si]
        inc si
        out dx, al
        mov dx, DAC_WRITE_INDEX
        mov al, 0
        out dx, al
        inc dx
        mov cx, 256 * 3
.next:
        mov al, [es:si]
        inc si
        out dx, al
        loop .next
        mov dx, DAC_WRITE_INDEX
        mov al, bl
        out dx, al
        ret
