; Text output: the screen through INT 10h, and the debug port E9h where it exists.
;
; INT 10h AH=0Eh "Write teletype": IBM PC/AT Technical Reference (6183310),
; section 5, "System BIOS". Until a video BIOS has come, INT 10h is an IRET.

; print_char: AL to the screen. Keeps all registers.
print_char:
        pushad
        mov     ah, 0Eh
        mov     bx, 0007h               ; page 0, grey
        int     10h
        popad
        ret

; print_string: the zero-ended string at CS:SI. Changes SI only.
print_string:
        push    ax
.next:
        cs lodsb
        test    al, al
        jz      .end
        call    print_char
        jmp     .next
.end:
        pop     ax
        ret

; print_inline: the zero-ended string behind the call (macro PRINT). Keeps all
; registers.
print_inline:
        push    bp
        mov     bp, sp
        push    si
        mov     si, [bp + 2]
        call    print_string
        mov     [bp + 2], si
        pop     si
        pop     bp
        ret

; print_decimal: EAX as an unsigned number. Keeps all registers.
print_decimal:
        pushad
        xor     cx, cx
        mov     ebx, 10
.divide:
        xor     edx, edx
        div     ebx
        push    dx
        inc     cx
        test    eax, eax
        jnz     .divide
.digit:
        pop     ax
        add     al, '0'
        call    print_char
        loop    .digit
        popad
        ret

; print_hex_byte: AL as two digits. Keeps all registers.
print_hex_byte:
        push    ax
        mov     ah, al
        shr     al, 4
        call    .digit
        mov     al, ah
        and     al, 0Fh
        call    .digit
        pop     ax
        ret
.digit:
        cmp     al, 10
        jb      .decimal
        add     al, 'A' - '0' - 10
.decimal:
        add     al, '0'
        jmp     print_char

; print_line_end: to the start of the next line. Keeps all registers.
print_line_end:
        PRINT   13, 10
        ret

; print_size: EDX:EAX sectors in KiB below 1 MiB, MiB below 10 GiB, GiB from there.
; Keeps all registers.
print_size:
        pushad
        shrd    eax, edx, 11            ; 2048 sectors a MiB
        shr     edx, 11
        jnz     .gib
        cmp     eax, 10 * 1024
        jae     .gib
        test    eax, eax
        jz      .kib
        call    print_decimal
        PRINT   ' MiB'
        popad
        ret
.gib:
        shrd    eax, edx, 10
        call    print_decimal
        PRINT   ' GiB'
        popad
        ret
.kib:
        popad
        push    eax
        shr     eax, 1
        call    print_decimal
        PRINT   ' KiB'
        pop     eax
        ret

; log_line: the zero-ended string behind the call, as one line to the debug port.
; Keeps all registers.
log_line:
        push    bp
        mov     bp, sp
        push    ax
        push    dx
        push    si
        mov     si, [bp + 2]
        mov     dx, DEBUG_PORT
        in      al, dx
        cmp     al, DEBUG_PORT & 0FFh
        sete    ah                      ; 1 where the port exists
        push    si
        mov     si, .prefix
        call    .put
        pop     si
        call    .put
        mov     [bp + 2], si
        mov     si, .newline
        call    .put
        pop     si
        pop     dx
        pop     ax
        pop     bp
        ret
.put:
        cs lodsb
        test    al, al
        jz      .done
        test    ah, ah
        jz      .put
        out     dx, al
        jmp     .put
.done:
        ret
.prefix:
        db      'bios: ', 0
.newline:
        db      10, 0
