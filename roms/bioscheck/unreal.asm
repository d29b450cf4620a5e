; "Unreal" mode: loaders give segments 4 GiB limits in protected mode and go back. The
; BIOS may load these registers but must leave the limits alone.

; The services below touch DS and ES; afterwards all four must still reach 1 MiB and up.
unreal:
        cli
        push    ds
        push    es
        o32 lgdt [gdtr32]
        mov     eax, cr0
        or      al, 1
        mov     cr0, eax
        jmp     short $ + 2
        mov     bx, 10h                 ; flat data
        mov     ds, bx
        mov     es, bx
        mov     fs, bx
        mov     gs, bx
        and     al, 0FEh
        mov     cr0, eax
        jmp     short $ + 2
        pop     es
        pop     ds
        xor     ax, ax
        mov     fs, ax
        mov     gs, ax
        mov     eax, [0Dh * 4]          ; a limit that is gone shows as exception 0Dh
        mov     [.old], eax
        mov     dword [0Dh * 4], .fault
        sti
        mov     byte [.faults], 0

        mov     ax, 0E07h
        mov     bx, 7
        int     10h
        mov     ax, BUFFER_SEG
        mov     es, ax
        mov     cx, 1
        mov     bx, 0
        mov     edi, 0
        mov     ax, 4200h
        call    extended
        CHECK   nc
        mov     ah, 01h
        int     16h
        mov     ah, 02h
        int     1Ah
        mov     ah, 88h
        int     15h
        mov     ax, 0B101h
        int     1Ah
        hlt                             ; and an IRQ0

        mov     edi, 110000h
        mov     [edi], dword 1
        mov     [es:edi], dword 2
        mov     [fs:edi], dword 3
        mov     [gs:edi], dword 4
        cli
        mov     eax, [.old]
        mov     [0Dh * 4], eax
        sti
        EXPECT  byte [.faults], 0
        ; For the topics after this one: limits as real mode has them.
        cli
        mov     eax, cr0
        or      al, 1
        mov     cr0, eax
        jmp     short $ + 2
        mov     bx, 30h
        mov     ds, bx
        mov     es, bx
        mov     fs, bx
        mov     gs, bx
        and     al, 0FEh
        mov     cr0, eax
        jmp     short $ + 2
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     fs, ax
        mov     gs, ax
        sti
        ret

; Counts, and steps over the faulting instruction: each of the four has a known length.
.fault:
        push    bp
        mov     bp, sp
        push    si
        inc     byte [cs:.faults]
        mov     si, [bp + 2]
.prefix:                                ; prefixes, then opcode C7, ModRM, dword
        cmp     byte [cs:si], 0C7h
        lea     si, [si + 1]
        jne     .prefix
        add     si, 5
        mov     [bp + 2], si
        pop     si
        pop     bp
        iret
.faults:
        db      0
        align   4, db 0
.old:
        dd      0
