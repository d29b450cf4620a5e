; IRQ1: scan codes to characters in the buffer of INT 16h.
;
; IBM PC/AT Technical Reference (6183310), section 5, "Keyboard"; IBM PS/2 Keyboard
; Technical Reference (1988), scan code set 1; RBIL MEMORY.LST, 40:17, 40:18, 40:96,
; 40:97 (flag bits).

; 40:17
KEY_RSHIFT      equ 01h
KEY_LSHIFT      equ 02h
KEY_CTRL        equ 04h
KEY_ALT         equ 08h
KEY_SCROLL      equ 10h
KEY_NUM         equ 20h
KEY_CAPS        equ 40h
KEY_INSERT      equ 80h
; 40:18: the keys that are down now, by the same names
KEY2_LCTRL      equ 01h
KEY2_LALT       equ 02h
KEY2_SYSREQ     equ 04h
KEY2_PAUSE      equ 08h
; 40:96
MODE_E1         equ 01h                 ; the last code was E1h
MODE_E0         equ 02h
MODE_RCTRL      equ 04h
MODE_RALT       equ 08h
; 40:97: bits 0-2 as the lamps show them
LED_ACK         equ 10h
LED_RESEND      equ 20h
LED_UPDATE      equ 40h                 ; EDh is sent, its argument is due after the ACK

; leds_update: starts the lamp protocol when they differ from the locks. The keyboard's
; ACK brings the second half: see irq1. Changes AX.
leds_update:
        mov     ah, [BDA_KEY_FLAGS]
        shr     ah, 4                   ; scroll, num, caps
        and     ah, 07h
        mov     al, [BDA_KEY_LEDS]
        xor     al, ah
        test    al, 07h | LED_UPDATE
        jz      .end
        test    byte [BDA_KEY_LEDS], LED_UPDATE
        jnz     .end
        and     byte [BDA_KEY_LEDS], ~(07h | LED_ACK | LED_RESEND) & 0FFh
        or      ah, LED_UPDATE
        or      [BDA_KEY_LEDS], ah
        mov     al, 0EDh
        call    kbc_write
.end:
        ret

; --- IRQ1 -------------------------------------------------------------------------------------
irq1:
        INT_ENTER
        xor     bx, bx
        in      al, KBC_STATUS
        and     al, KBC_OUT_FULL | KBC_AUX
        cmp     al, KBC_OUT_FULL
        jne     .eoi
        in      al, KBC_DATA
        mov     ah, 4Fh                 ; INT 15h AH=4Fh: programs may change or drop it
        stc
        int     15h
        jnc     .eoi
        call    key_code
.eoi:
        mov     al, EOI
        out     PIC1, al
        ; Keys with an interrupt of their own call it after the EOI: BX = handler or 0.
        test    bx, bx
        jz      .end
        sti
        call    bx
.end:
        INT_LEAVE

; key_code: AL = scan code. DS = 0040h. BX = what to call after the EOI, or 0.
key_code:
        cmp     al, 0FAh
        je      .ack
        cmp     al, 0FEh
        je      .resend
        cmp     al, 0E0h
        je      .e0
        cmp     al, 0E1h
        je      .e1
        call    .key
        and     byte [BDA_KEY_MODE], ~MODE_E0 & 0FFh
        ret
.e0:
        or      byte [BDA_KEY_MODE], MODE_E0
        jmp     .nothing
.e1:
        or      byte [BDA_KEY_MODE], MODE_E1
.nothing:
        xor     bx, bx
        ret
.ack:
        xor     bx, bx
        or      byte [BDA_KEY_LEDS], LED_ACK
        test    byte [BDA_KEY_LEDS], LED_UPDATE
        jz      .end
        and     byte [BDA_KEY_LEDS], ~LED_UPDATE & 0FFh
        mov     al, [BDA_KEY_LEDS]
        and     al, 07h
        jmp     kbc_write
.resend:
        or      byte [BDA_KEY_LEDS], LED_RESEND
        and     byte [BDA_KEY_LEDS], ~LED_UPDATE & 0FFh
        jmp     .nothing
.end:
        ret

.key:
        xor     bx, bx
        mov     ah, [BDA_KEY_FLAGS]
        test    byte [BDA_KEY_MODE], MODE_E1
        jnz     .pause_sequence
        ; A key that is pressed ends a pause and is lost.
        test    byte [BDA_KEY_FLAGS2], KEY2_PAUSE
        jz      .not_paused
        test    al, 80h
        jnz     .not_paused
        cmp     al, 1Dh
        je      .not_paused
        and     byte [BDA_KEY_FLAGS2], ~KEY2_PAUSE & 0FFh
        ret
.not_paused:
        mov     dl, al
        and     dl, 7Fh
        mov     si, shift_keys
.shift:
        cmp     dl, [cs:si]
        je      shift_key
        add     si, SHIFT_KEY_SIZE
        cmp     si, shift_keys_end
        jb      .shift
        mov     si, lock_keys
.lock:
        cmp     dl, [cs:si]
        je      lock_key
        add     si, LOCK_KEY_SIZE
        cmp     si, lock_keys_end
        jb      .lock
        test    al, 80h
        jnz     key_release
        jmp     key_press

; Pause sends E1 1D 45 E1 9D C5; the 1D and 9D keep the mark.
.pause_sequence:
        mov     dl, al
        and     dl, 7Fh
        cmp     dl, 1Dh
        je      .end
        and     byte [BDA_KEY_MODE], ~MODE_E1 & 0FFh
        cmp     al, 45h
        je      key_pause
        ret

; --- shift and lock keys ------------------------------------------------------------------------

; Scan code; bit in 40:17; bits down, left key: 40:18, right key (E0): 40:96.
shift_keys:
        db      2Ah, KEY_LSHIFT, 0, 0
SHIFT_KEY_SIZE  equ $ - shift_keys
        db      36h, KEY_RSHIFT, 0, 0
        db      1Dh, KEY_CTRL, KEY2_LCTRL, MODE_RCTRL
        db      38h, KEY_ALT, KEY2_LALT, MODE_RALT
shift_keys_end:

; shift_key: AL = code, SI = entry.
shift_key:
        mov     cx, [cs:si + 2]         ; CL = 40:18, CH = 40:96
        test    byte [BDA_KEY_MODE], MODE_E0
        jz      .left
        test    cx, cx
        jz      .end                    ; E0 2A, E0 36: shifts the keyboard makes up
        xor     cl, cl
        jmp     .side
.left:
        xor     ch, ch
.side:
        test    al, 80h
        jnz     .release
        or      [BDA_KEY_FLAGS2], cl
        or      [BDA_KEY_MODE], ch
        mov     al, [cs:si + 1]
        or      [BDA_KEY_FLAGS], al
.end:
        ret
.release:
        not     cx
        and     [BDA_KEY_FLAGS2], cl
        and     [BDA_KEY_MODE], ch
        mov     al, [cs:si + 1]
        mov     cx, [cs:si + 2]         ; the other key of the pair may still be down
        test    [BDA_KEY_FLAGS2], cl
        jnz     .end
        test    [BDA_KEY_MODE], ch
        jnz     .end
        not     al
        and     [BDA_KEY_FLAGS], al
        cmp     byte [cs:si], 38h
        jne     .end
        ; Alt goes up: the number typed on the keypad becomes a character.
        xor     ax, ax
        xchg    al, [BDA_ALT_NUMBER]
        test    al, al
        jz      .end
        jmp     key_store

; Scan code; bit in 40:17.
lock_keys:
        db      3Ah, KEY_CAPS
LOCK_KEY_SIZE   equ $ - lock_keys
        db      45h, KEY_NUM
        db      46h, KEY_SCROLL
        db      52h, KEY_INSERT
lock_keys_end:

; lock_key: AL = code, AH = 40:17, SI = entry. Each turns its bit over once until it is
; released; 40:18 remembers that it is down.
lock_key:
        mov     dl, [cs:si + 1]
        test    al, 80h
        jnz     .release
        cmp     al, 45h
        je      .num
        cmp     al, 46h
        je      .scroll
        cmp     al, 52h
        je      .insert
.toggle:
        test    [BDA_KEY_FLAGS2], dl
        jnz     .end
        or      [BDA_KEY_FLAGS2], dl
        xor     [BDA_KEY_FLAGS], dl
        jmp     leds_update
.num:
        test    ah, KEY_CTRL            ; Ctrl-NumLock was the Pause of the 83-key board
        jz      .toggle
        jmp     key_pause
.scroll:
        test    ah, KEY_CTRL
        jnz     key_break
        test    byte [BDA_KEY_MODE], MODE_E0    ; E0 46 is Break alone
        jnz     key_break
        jmp     .toggle
.insert:
        ; As a keypad 0, with Alt or with digits on, it is no lock.
        test    ah, KEY_ALT
        jnz     key_press
        test    byte [BDA_KEY_MODE], MODE_E0
        jnz     .insert_key
        mov     dl, ah
        test    ah, KEY_LSHIFT | KEY_RSHIFT
        jz      .digits
        xor     dl, KEY_NUM
.digits:
        test    dl, KEY_NUM
        jnz     key_press
.insert_key:
        test    ah, KEY_CTRL
        jnz     key_press
        test    byte [BDA_KEY_FLAGS2], KEY_INSERT
        jnz     key_press               ; repeats give the key, not the lock
        or      byte [BDA_KEY_FLAGS2], KEY_INSERT
        xor     byte [BDA_KEY_FLAGS], KEY_INSERT
        jmp     key_press
.release:
        not     dl
        and     [BDA_KEY_FLAGS2], dl
.end:
        ret

; --- keys with a meaning of their own -------------------------------------------------------------

; Ctrl-Break: the buffer is emptied, a word 0000h put in, INT 1Bh called.
key_break:
        mov     ax, [BDA_KEY_START]
        mov     [BDA_KEY_HEAD], ax
        mov     [BDA_KEY_TAIL], ax
        or      byte [BDA_BREAK], 80h
        xor     ax, ax
        call    key_store
        mov     bx, .call
        ret
.call:
        int     1Bh
        ret

; Pause: waits, with interrupts on, for another key to clear the bit.
key_pause:
        test    byte [BDA_KEY_FLAGS2], KEY2_PAUSE
        jnz     .end
        or      byte [BDA_KEY_FLAGS2], KEY2_PAUSE
        mov     bx, .wait
.end:
        ret
.wait:
        hlt
        test    byte [BDA_KEY_FLAGS2], KEY2_PAUSE
        jnz     .wait
        ret

; Ctrl-Alt-Del.
key_reset:
        mov     word [BDA_RESET_FLAG], WARM_START
reset_machine:
        mov     al, 0FEh                ; the 8042 pulses the CPU's reset line
        call    kbc_command
        mov     cx, 1000h
        call    wait_refresh
        mov     dx, RESET_CONTROL       ; PIIX3: hard reset
        mov     al, 02h
        out     dx, al
        mov     al, 06h
        out     dx, al
.halt:
        cli
        hlt
        jmp     .halt

; key_release: AL = code. Only SysReq (Alt-PrintScreen) cares.
key_release:
        cmp     al, 0D4h
        jne     .end
        and     byte [BDA_KEY_FLAGS2], ~KEY2_SYSREQ & 0FFh
        mov     bx, .call
.end:
        ret
.call:
        mov     ax, 8501h
        int     15h
        ret

; --- the other keys -------------------------------------------------------------------------------

; key_press: AL = code, AH = 40:17.
key_press:
        cmp     al, 54h
        je      .sysreq
        cmp     al, 53h
        jne     .not_delete
        mov     dl, ah
        and     dl, KEY_CTRL | KEY_ALT
        cmp     dl, KEY_CTRL | KEY_ALT
        je      key_reset
.not_delete:
        test    byte [BDA_KEY_MODE], MODE_E0
        jnz     .e0_key
        cmp     al, KEY_TABLE_LAST
        ja      .end
        test    ah, KEY_ALT
        jz      .not_keypad_alt
        call    key_alt_number
        jc      .end
.not_keypad_alt:
        movzx   si, al
        shl     si, 3
        add     si, key_table
        jmp     .column

        ; Keys behind E0h have a short table of their own.
.e0_key:
        cmp     al, 37h                 ; PrintScreen; with Ctrl it is a key
        jne     .e0_search
        test    ah, KEY_CTRL
        jz      .print_screen
.e0_search:
        mov     si, key_table_e0
.e0_next:
        cmp     al, [cs:si]
        je      .e0_found
        add     si, 9
        cmp     si, key_table_e0_end
        jb      .e0_next
        ret
.e0_found:
        inc     si
        and     ah, ~(KEY_NUM | KEY_CAPS) & 0FFh

        ; The column: plain, shift, Ctrl, Alt, as Alt wins over Ctrl over shift. Caps
        ; Lock turns shift over for letters, Num Lock for the keypad.
.column:
        add     si, 6
        test    ah, KEY_ALT
        jnz     .take
        sub     si, 2
        test    ah, KEY_CTRL
        jnz     .take
        sub     si, 4
        mov     dl, 0
        test    ah, KEY_LSHIFT | KEY_RSHIFT
        setnz   dl
        cmp     al, 47h
        jb      .caps
        cmp     al, 53h
        ja      .shifted
        cmp     al, 4Ah                 ; keypad minus and plus are not digits
        je      .shifted
        cmp     al, 4Eh
        je      .shifted
        test    ah, KEY_NUM
        jmp     .locked
.caps:
        push    ax
        mov     al, [cs:si]             ; its plain character
        sub     al, 'a'
        cmp     al, 26
        pop     ax
        jae     .shifted
        test    ah, KEY_CAPS
.locked:
        jz      .shifted
        xor     dl, 1
.shifted:
        test    dl, dl
        jz      .take
        add     si, 2
.take:
        mov     ax, [cs:si]
        test    ax, ax
        jnz     key_store
.end:
        ret
.print_screen:
        mov     bx, .print_call
        ret
.print_call:
        int     05h
        ret
.sysreq:
        test    byte [BDA_KEY_FLAGS2], KEY2_SYSREQ
        jnz     .end
        or      byte [BDA_KEY_FLAGS2], KEY2_SYSREQ
        mov     bx, .sysreq_call
        ret
.sysreq_call:
        mov     ax, 8500h
        int     15h
        ret

; key_alt_number: AL = code with Alt down. A keypad digit goes into 40:19: CF = 1.
key_alt_number:
        push    ax
        sub     al, 47h
        cmp     al, 53h - 47h
        jae     .other                  ; CF = 0
        push    bx
        movzx   bx, al
        mov     ah, [cs:bx + .digits]
        pop     bx
        cmp     ah, 10
        jae     .not_digit
        mov     al, [BDA_ALT_NUMBER]
        push    cx
        mov     ch, ah
        mov     ah, 10
        mul     ah
        add     al, ch
        pop     cx
        mov     [BDA_ALT_NUMBER], al
        stc
        pop     ax
        ret
.not_digit:
        clc
.other:
        pop     ax
        ret
.digits:
        db      7, 8, 9, 0FFh, 4, 5, 6, 0FFh, 1, 2, 3, 0

; key_store: AX into the ring at 40:80..40:82; a full ring drops it. CF = 1 when full.
; Keeps all registers but flags.
key_store:
        push    bx
        push    dx
        pushf
        cli
        mov     bx, [BDA_KEY_TAIL]
        mov     dx, bx
        add     dx, 2
        cmp     dx, [BDA_KEY_END]
        jb      .inside
        mov     dx, [BDA_KEY_START]
.inside:
        cmp     dx, [BDA_KEY_HEAD]
        je      .full
        mov     [bx], ax
        mov     [BDA_KEY_TAIL], dx
        popf
        clc
        jmp     .end
.full:
        popf
        stc
.end:
        pop     dx
        pop     bx
        ret

%include "keytable.inc"
