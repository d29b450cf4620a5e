; The shutdown codes of CMOS 0Fh: the reset vector comes back here by the code's way of
; return. The vector is jumped to, as some machines reset CMOS 0Fh with the CPU.

resume:
        cli
        mov     al, 0Ah
        mov     dword [467h], .after_0a
        jmp     .reset
.after_0a:
        cli
        xor     ax, ax
        mov     ds, ax
        mov     al, 05h
        mov     dword [467h], .after_05
        jmp     .reset
.after_05:
        cli
        xor     ax, ax
        mov     ds, ax
        mov     al, 0Ch
        mov     dword [467h], .far_frame
        jmp     .reset
.after_0c:
        cli
        EXPECT  sp, .far_frame + 4
        xor     ax, ax
        mov     ds, ax
        mov     al, 0Bh
        mov     dword [467h], .int_frame
        jmp     .reset
.after_0b:
        cli
        EXPECT  sp, .int_frame + 6
        xor     ax, ax
        mov     ds, ax
        mov     al, 09h
        mov     dword [467h], .move_frame
        jmp     .reset
.after_09:
        cli
        mov     cx, ds
        xor     dx, dx
        mov     ds, dx
        EXPECT  cx, 1111h
        mov     cx, es
        EXPECT  cx, 2222h
        EXPECT  bx, 5555h
        EXPECT  ax, 8888h
        EXPECT  sp, .move_end
        ; A code serves once.
        mov     al, 8Fh
        out     70h, al
        in      al, 71h
        EXPECT  al, 0
        mov     al, 0Dh
        out     70h, al
        xor     ax, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, [.sp]
        ret
.reset:
        cmp     word [.sp], 0
        jne     .saved
        mov     [.sp], sp
.saved:
        mov     ah, al
        mov     al, 8Fh
        out     70h, al
        mov     al, ah
        out     71h, al
        jmp     0FFFFh:0000h
        align   4, db 0
        times 64 dw 0                   ; room below, for what CHECK pushes
.far_frame:
        dw      .after_0c, 0
        times 64 dw 0
.int_frame:
        dw      .after_0b, 0, 0002h
        times 64 dw 0
.move_frame:
        dw      1111h, 2222h            ; DS, ES
        dw      1, 2, 3, 0, 5555h, 6, 7, 8888h          ; DI SI BP SP BX DX CX AX
        dw      .after_09, 0, 0002h
.move_end:
.sp:
        dw      0
