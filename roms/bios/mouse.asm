; The pointing device: finding it at power-on, INT 15h AH=C2h, and the interrupt that calls
; a program's handler with each packet.
;
; IBM PS/2 and PC BIOS Interface Technical Reference (1991), "Interrupt 15h, (AH)=C2h -
; Pointing Device Interface"; RBIL INTERRUP.LST, INT 15h AX=C200h-C207h, and MEMORY.LST,
; "Extended BIOS Data Area" (22h-2Fh).

EBDA_MOUSE_CALL equ 22h                 ; far pointer: the handler
EBDA_MOUSE_INDEX equ 26h                ; byte: bytes of the packet that have come
EBDA_MOUSE_FLAGS equ 27h                ; byte: 7 a handler is there, 3:0 bytes of a packet
EBDA_MOUSE_DATA equ 28h                 ; 8 bytes: the packet
MOUSE_HANDLER   equ 80h
EQUIPMENT_MOUSE equ 04h

MOUSE_RESET     equ 0FFh
MOUSE_DEFAULTS  equ 0F6h
MOUSE_DISABLE   equ 0F5h
MOUSE_ENABLE    equ 0F4h
MOUSE_RATE      equ 0F3h
MOUSE_ID        equ 0F2h
MOUSE_STATUS    equ 0E9h
MOUSE_RESOLUTION equ 0E8h
MOUSE_SCALE_2   equ 0E7h
MOUSE_SCALE_1   equ 0E6h

; Codes in AH
MOUSE_OK        equ 0
MOUSE_FUNCTION  equ 1                   ; invalid function
MOUSE_INPUT     equ 2                   ; invalid input
MOUSE_INTERFACE equ 3                   ; no proper answer
MOUSE_NO_HANDLER equ 5

MOUSE_TRIES     equ 16                  ; bytes passed over until an answer comes

; --- access: interrupts off ------------------------------------------------------------------

; mouse_send: AL to the device, which must acknowledge it; movements that were on their way
; are passed over. CF = 1 when it does not. Changes AX.
mouse_send:
        push    cx
        mov     ah, al
        mov     al, 0D4h
        call    kbc_command
        jc      .end
        mov     al, ah
        call    kbc_write
        jc      .end
        mov     cx, MOUSE_TRIES
.answer:
        call    mouse_read
        jc      .end
        cmp     al, 0FAh
        je      .end
        loop    .answer
        stc
.end:
        pop     cx
        ret

; mouse_read: AL = the next byte. CF = 1 after MOUSE_WAIT_MS.
MOUSE_WAIT_MS   equ 25
mouse_read:
        push    ebx
        push    ecx
        WAIT_FOR MOUSE_WAIT_MS
.poll:
        in      al, KBC_STATUS
        test    al, KBC_OUT_FULL
        jnz     .full
        call    wait_step
        jnc     .poll
        jmp     .end
.full:
        in      al, KBC_DATA
        clc
.end:
        pop     ecx
        pop     ebx
        ret

; mouse_mode: bits of the controller's command byte: AH set, AL cleared. CF = 1 when it does
; not answer. Changes AX.
mouse_mode:
        push    ax
        mov     al, 20h
        call    kbc_command
        call    mouse_read
        pop     cx
        jc      .end
        or      al, ch
        not     cl
        and     al, cl
        mov     ah, al
        mov     al, 60h
        call    kbc_command
        mov     al, ah
        call    kbc_write
.end:
        ret

; mouse_init: POST, between the controller's test and its interrupts; DS = 0040h.
mouse_init:
        mov     al, 0A8h                ; its port on
        call    kbc_command
        jc      .end
        mov     al, MOUSE_RESET
        call    mouse_send
        jc      .off
        call    kbc_read                ; its self-test takes half a second
        jc      .off
        cmp     al, 0AAh
        jne     .off
        call    mouse_read              ; its identifier
        or      word [BDA_EQUIPMENT], EQUIPMENT_MOUSE
.off:
        mov     al, 0A7h
        call    kbc_command
.end:
        ret

; --- INT 15h AH=C2h ------------------------------------------------------------------------------

; From int15: DS = 0040h, frame at BP; AL = function, BH = value.
int15_mouse:
        test    word [BDA_EQUIPMENT], EQUIPMENT_MOUSE
        jz      int15_unsupported
        mov     ds, [BDA_EBDA]
        mov     bx, [bp + F_BX]
        cmp     al, 7
        mov     ah, MOUSE_FUNCTION
        ja      .fail
        je      .handler
        cmp     al, 05h
        jne     .talk
        mov     ah, MOUSE_INPUT         ; AL=05h "Initialize": BH = bytes of a packet
        dec     bh
        cmp     bh, 8
        jae     .fail
        inc     bh
        mov     [EBDA_MOUSE_FLAGS], bh
        mov     byte [EBDA_MOUSE_INDEX], 0
.talk:
        cli
        push    ax
        mov     al, 0ADh                ; no keys meanwhile
        call    kbc_command
        mov     al, 0A8h
        call    kbc_command
        pop     ax
        movzx   si, al
        shl     si, 1
        call    [cs:si + .functions]
        push    ax
        mov     al, 0AEh
        call    kbc_command
        pop     ax
        sti
        test    ah, ah
        jz      int15_ok
.fail:
        mov     [bp + F_AH], ah
        jmp     int15_fail
; AL=07h "Set handler": ES:BX, 0000:0000 for none.
.handler:
        mov     ax, [bp + F_ES]
        cli
        mov     [EBDA_MOUSE_CALL], bx
        mov     [EBDA_MOUSE_CALL + 2], ax
        and     byte [EBDA_MOUSE_FLAGS], ~MOUSE_HANDLER & 0FFh
        or      ax, bx
        jz      int15_ok
        or      byte [EBDA_MOUSE_FLAGS], MOUSE_HANDLER
        jmp     int15_ok
.functions:
        dw      .able, .reset, .rate, .resolution, .type, .reset, .extended

; AL=00h "Enable/disable": BH = 1, 0.
.able:
        mov     ah, MOUSE_INPUT
        cmp     bh, 1
        ja      .done
        jb      .disable
        mov     ah, MOUSE_NO_HANDLER
        test    byte [EBDA_MOUSE_FLAGS], MOUSE_HANDLER
        jz      .done
        mov     byte [EBDA_MOUSE_INDEX], 0
        mov     ax, 0220h               ; IRQ12 on, the port on
        call    mouse_mode
        in      al, PIC2 + 1
        and     al, 0EFh
        out     PIC2 + 1, al
        mov     al, MOUSE_ENABLE
        jmp     .one
.disable:
        mov     ax, 0002h
        call    mouse_mode
        mov     al, MOUSE_DISABLE
.one:
        call    mouse_send
.answered:
        mov     ah, MOUSE_INTERFACE
        jc      .done
        mov     ah, MOUSE_OK
.done:
        ret
; AL=01h "Reset", 05h "Initialize": BH = identifier, BL = AAh.
.reset:
        mov     ax, 0002h               ; no interrupts meanwhile
        call    mouse_mode
        mov     al, MOUSE_RESET
        call    mouse_send
        jc      .answered
        call    kbc_read
        jc      .answered
        mov     bl, al
        call    mouse_read
        mov     bh, al
        jc      .answered
        cmp     byte [bp + F_AL], 05h
        je      .answered
        mov     [bp + F_BX], bx
        clc
        jmp     .answered
; AL=02h "Set sample rate": BH = 0 to 6.
.rate:
        mov     ah, MOUSE_INPUT
        cmp     bh, 7
        jae     .done
        mov     al, MOUSE_RATE
        call    mouse_send
        jc      .answered
        movzx   bx, bh
        mov     al, [cs:bx + .rates]
        jmp     .one
.rates:
        db      10, 20, 40, 60, 80, 100, 200
; AL=03h "Set resolution": BH = 0 to 3.
.resolution:
        mov     ah, MOUSE_INPUT
        cmp     bh, 4
        jae     .done
        mov     al, MOUSE_RESOLUTION
        call    mouse_send
        jc      .answered
        mov     al, bh
        jmp     .one
; AL=04h "Read device type": BH.
.type:
        mov     al, MOUSE_ID
        call    mouse_send
        jc      .answered
        call    mouse_read
        mov     [bp + F_BH], al
        jmp     .answered
; AL=06h "Extended commands": BH = 0 status (BL, CL, DL), 1 scaling 1:1, 2 scaling 2:1.
.extended:
        mov     ah, MOUSE_INPUT
        cmp     bh, 2
        ja      .done
        mov     al, MOUSE_SCALE_2
        je      .one
        mov     al, MOUSE_SCALE_1
        cmp     bh, 1
        je      .one
        mov     al, MOUSE_STATUS
        call    mouse_send
        jc      .answered
        call    mouse_read
        jc      .answered
        mov     [bp + F_BL], al
        call    mouse_read
        jc      .answered
        mov     [bp + F_CL], al
        call    mouse_read
        mov     [bp + F_DL], al
        jmp     .answered

; --- IRQ12 -----------------------------------------------------------------------------------------

; A byte of a packet; with the last one the handler is called: status, X, Y and a zero, a
; word each, on the stack.
irq12:
        INT_ENTER
        in      al, KBC_STATUS
        and     al, KBC_OUT_FULL | KBC_AUX
        cmp     al, KBC_OUT_FULL | KBC_AUX
        jne     .end
        in      al, KBC_DATA
        mov     ds, [BDA_EBDA]
        movzx   bx, byte [EBDA_MOUSE_INDEX]
        and     bx, 7
        mov     [bx + EBDA_MOUSE_DATA], al
        inc     bx
        mov     [EBDA_MOUSE_INDEX], bl
        mov     al, [EBDA_MOUSE_FLAGS]
        and     al, 0Fh
        cmp     bl, al
        jb      .end
        mov     byte [EBDA_MOUSE_INDEX], 0
        test    byte [EBDA_MOUSE_FLAGS], MOUSE_HANDLER
        jz      .end
        xor     ax, ax
        mov     al, [EBDA_MOUSE_DATA]
        push    ax
        mov     al, [EBDA_MOUSE_DATA + 1]
        push    ax
        mov     al, [EBDA_MOUSE_DATA + 2]
        push    ax
        push    word 0
        call    far [EBDA_MOUSE_CALL]
        add     sp, 8
.end:
        cli
        mov     al, EOI
        out     PIC2, al
        out     PIC1, al
        INT_LEAVE
