; INT 16h, keyboard, and the pause it makes while there is no key.
;
; IBM PS/2 and PC BIOS Interface Technical Reference (1991), "Interrupt 16h - Keyboard".
; AH=00h, 01h, 02h are the functions of the 83-key keyboard, 10h-12h see every key.

int16:
        INT_ENTER
        sti
        mov     ah, [bp + F_AH]
        cmp     ah, 00h
        je      .read
        cmp     ah, 10h
        je      .read
        cmp     ah, 01h
        je      .peek
        cmp     ah, 11h
        je      .peek
        cmp     ah, 02h
        je      .flags
        cmp     ah, 12h
        je      .flags_enhanced
        cmp     ah, 05h
        je      .store
        cmp     ah, 03h
        je      .typematic
        cmp     ah, 09h
        je      .capabilities
.leave:
        INT_LEAVE

; AH=00h, 10h "Keyboard read": waits; AX = the key.
.read:
        cli
        mov     bx, [BDA_KEY_HEAD]
        cmp     bx, [BDA_KEY_TAIL]
        jne     .take
        sti                             ; takes effect behind HLT: no key slips between
        hlt
        jmp     .read
.take:
        mov     ax, [bx]
        call    .advance
        sti
        call    key_for_caller
        jc      .read
        mov     [bp + F_AX], ax
        INT_LEAVE

; AH=01h, 11h "Keystroke status": ZF = 1 when there is none, else AX = the key, which
; stays. A key the old function does not know is dropped, or it would block the rest.
.peek:
        cli
        mov     bx, [BDA_KEY_HEAD]
        cmp     bx, [BDA_KEY_TAIL]
        je      .none
        mov     ax, [bx]
        call    key_for_caller
        jnc     .seen
        call    .advance
        sti
        jmp     .peek
.seen:
        mov     [bp + F_AX], ax
        and     byte [bp + F_FLAGS], ~ZERO & 0FFh
        INT_LEAVE
.none:
        or      byte [bp + F_FLAGS], ZERO
        INT_LEAVE

.advance:
        add     bx, 2
        cmp     bx, [BDA_KEY_END]
        jb      .inside
        mov     bx, [BDA_KEY_START]
.inside:
        mov     [BDA_KEY_HEAD], bx
        ret

; AH=02h "Shift status": AL = 40:17.
.flags:
        mov     al, [BDA_KEY_FLAGS]
        mov     [bp + F_AL], al
        INT_LEAVE

; AH=12h "Extended shift status": AL = 40:17; AH = left and right Ctrl and Alt, locks
; that are down, SysReq in bit 7.
.flags_enhanced:
        mov     al, [BDA_KEY_FLAGS]
        mov     ah, [BDA_KEY_FLAGS2]
        mov     dl, ah
        and     ah, 73h
        and     dl, KEY2_SYSREQ
        shl     dl, 5
        or      ah, dl
        mov     dl, [BDA_KEY_MODE]
        and     dl, MODE_RCTRL | MODE_RALT
        or      ah, dl
        mov     [bp + F_AX], ax
        INT_LEAVE

; AH=05h "Keyboard write": CX into the buffer; AL = 0, or 1 when full.
.store:
        mov     ax, [bp + F_CX]
        call    key_store
        setc    al
        mov     [bp + F_AL], al
        INT_LEAVE

; AH=03h AL=05h "Set typematic rate": BH = delay, BL = rate.
.typematic:
        cmp     byte [bp + F_AL], 05h
        jne     .leave
        mov     al, 0F3h
        call    kbc_write
        mov     cx, 100                 ; IRQ1 takes the ACK meanwhile
        call    wait_refresh
        mov     al, [bp + F_BH]
        and     al, 03h
        shl     al, 5
        mov     ah, [bp + F_BL]
        and     ah, 1Fh
        or      al, ah
        call    kbc_write
        INT_LEAVE

; AH=09h "Keyboard functionality": AL bit 2 = AH=03h AL=05h, bit 5 = AH=10h-12h.
.capabilities:
        mov     byte [bp + F_AL], 24h
        INT_LEAVE

; key_for_caller: AX = word from the buffer -> AX as the caller's function returns it,
; CF = 1 when that function does not know the key.
key_for_caller:
        test    byte [bp + F_AH], 10h
        jnz     .enhanced
        cmp     ah, 0E0h                ; keypad Enter and / look like the main keys
        je      .grey
        cmp     ah, 84h
        ja      .unknown
        cmp     al, 0F0h
        je      .mark
        cmp     al, 0E0h
        jne     .known
        test    ah, ah
        jz      .known                  ; Alt + 224
        xor     al, al
.known:
        clc
        ret
.mark:
        test    ah, ah
        jz      .known                  ; Alt + 240
.unknown:
        stc
        ret
.grey:
        mov     ah, 35h
        cmp     al, '/'
        je      .known
        mov     ah, 1Ch
        clc
        ret
.enhanced:
        cmp     al, 0F0h
        jne     .known
        test    ah, ah
        jz      .known
        xor     al, al
        clc
        ret
