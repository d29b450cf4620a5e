; The 8042 keyboard controller: its commands, and keyboard and controller at power-on.
;
; IBM PC/AT Technical Reference (6183310), section 1, "Keyboard controller" (commands,
; status); IBM PS/2 Keyboard Technical Reference (1988), "Commands from the system".

KBC_OUT_FULL    equ 01h                 ; status bits
KBC_IN_FULL     equ 02h
KBC_AUX         equ 20h

; --- access ---------------------------------------------------------------------------------

; kbc_ready: waits until the controller takes a byte. CF = 1 when it does not.
kbc_ready:
        push    ax
        push    cx
        xor     cx, cx
.poll:
        in      al, KBC_STATUS
        test    al, KBC_IN_FULL         ; CF = 0
        jz      .end
        loop    .poll
        stc
.end:
        pop     cx
        pop     ax
        ret

; kbc_command, kbc_write: AL to the controller, or to the keyboard or as the argument of
; a command. CF = 1 when not taken.
kbc_command:
        call    kbc_ready
        jc      kbc_end
        out     KBC_COMMAND, al
        ret
kbc_write:
        call    kbc_ready
        jc      kbc_end
        out     KBC_DATA, al
kbc_end:
        ret

; kbc_read: AL = the next byte, which may take a second; CF = 1 when none came.
kbc_read:
        push    ebx
        push    ecx
        WAIT_FOR 1000
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

; kbd_send: AL to the keyboard, CF = 1 unless it acknowledges with FAh.
kbd_send:
        call    kbc_write
        jc      .end
        call    kbc_read
        jc      .end
        cmp     al, 0FAh
        je      .end
        stc
.end:
        ret

; keyboard_init: controller and keyboard tests, scan set 2 translated to set 1, IRQ1.
keyboard_init:
        in      al, KBC_STATUS
        cmp     al, 0FFh                ; an empty bus
        je      .no_controller
        mov     al, 0ADh                ; both ports off while we talk
        call    kbc_command
        jc      .no_controller
        mov     al, 0A7h
        call    kbc_command
        mov     cx, 32
.flush:
        in      al, KBC_STATUS
        test    al, KBC_OUT_FULL
        jz      .empty
        in      al, KBC_DATA
        loop    .flush
.empty:
        mov     al, 0AAh                ; controller self-test
        call    kbc_command
        call    kbc_read
        jc      .no_controller
        cmp     al, 55h
        jne     .no_controller
        mov     al, 0ABh                ; keyboard lines
        call    kbc_command
        call    kbc_read
        mov     ah, 64h                 ; translate, mouse off, tested, no interrupts yet
        call    .command_byte
        call    mouse_init
        mov     al, 0AEh
        call    kbc_command

        mov     al, 0FFh                ; keyboard reset: ACK, then its self-test
        call    kbd_send
        jc      .no_keyboard
        call    kbc_read
        jc      .no_keyboard
        cmp     al, 0AAh
        jne     .no_keyboard
        mov     al, 0F0h                ; scan code set 2
        call    kbd_send
        mov     al, 02h
        call    kbd_send
        mov     al, 0F4h                ; start scanning
        call    kbd_send
        jmp     .interrupts
.no_keyboard:
        call    log_line
        db      'no keyboard answers', 0
.interrupts:
        mov     ah, 65h                 ; the same with IRQ1
.command_byte:
        mov     al, 60h
        call    kbc_command
        mov     al, ah
        jmp     kbc_write
.no_controller:
        call    log_line
        db      'no keyboard controller', 0
        ret
