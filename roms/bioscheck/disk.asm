; INT 13h: both ways to address, odd buffers, errors, registers.

; INT13: calls with everything else loaded with a pattern; what must not change is
; checked by int13_checked.
int13_checked:
        pushad                          ; AX, BX, CX, DX, SI, DI as the caller set them
        mov     ebp, 0B0B0B0B0h
        push    word 5555h
        pop     fs
        push    word 6666h
        pop     gs
        mov     [.esi], esi
        mov     [.edi], edi
        mov     [.sp], sp
        mov     [.es], es
        int     13h
        mov     [.eax], eax
        mov     [.ebx], ebx
        mov     [.ecx], ecx
        mov     [.edx], edx
        pushf
        pop     word [.flags]
        EXPECT  sp, [.sp]
        EXPECT  ebp, 0B0B0B0B0h
        EXPECT  esi, [.esi]
        mov     ax, fs
        EXPECT  ax, 5555h
        mov     ax, gs
        EXPECT  ax, 6666h
        mov     ax, ds
        EXPECT  ax, 0
        test    word [.flags], 0400h    ; direction as before
        CHECK   z
        test    word [.flags], 0200h    ; interrupts as before
        CHECK   nz
        popad
        mov     eax, [.eax]
        mov     ebx, [.ebx]
        mov     ecx, [.ecx]
        mov     edx, [.edx]
        push    word [.flags]
        popf
        ret
        align   4, db 0
.eax:   dd      0
.ebx:   dd      0
.ecx:   dd      0
.edx:   dd      0
.esi:   dd      0
.edi:   dd      0
.sp:    dw      0
.es:    dw      0
.flags: dw      0

; lba_to_chs: AX -> CX, DH by the geometry that AH=08h gave. Changes AX.
lba_to_chs:
        push    bx
        xor     dx, dx
        div     word [disk_spt]
        mov     bl, dl
        inc     bl
        xor     dx, dx
        div     word [disk_heads]
        mov     dh, dl
        mov     ch, al
        mov     cl, ah
        shl     cl, 6
        or      cl, bl
        mov     dl, [drive]
        pop     bx
        ret
disk_spt:
        dw      0
disk_heads:
        dw      0
disk_cylinders:
        dw      0
disk_total:
        dd      0

; extended: AH = 42h.., AL; packet: count CX, buffer ES:BX, sector EDI.
extended:
        mov     word [.packet], 10h
        mov     [.packet + 2], cx
        mov     [.packet + 4], bx
        mov     [.packet + 6], es
        mov     [.packet + 8], edi
        mov     dword [.packet + 12], 0
        mov     si, .packet
        mov     dl, [drive]
        jmp     int13_checked
        align   4, db 0
.packet:
        times 16 db 0

; fill: 64 KiB at ES: every dword tells its place and the seed in AL.
fill:
        pushad
        movzx   eax, al
        shl     eax, 24
        xor     di, di
        mov     cx, 4000h
.next:
        stosd
        inc     eax
        loop    .next
        popad
        ret

; compare: CX bytes at DS:SI (segment FS) and ES:DI. ZF.
compare:
        push    ds
        push    fs
        pop     ds
        repe cmpsb
        pop     ds
        ret

disk:
        EXPECT  byte [475h], 1          ; a machine with this disk only
        mov     ah, 08h
        mov     dl, [drive]
        call    int13_checked
        CHECK   nc
        EXPECT  ah, 0
        EXPECT  dl, 1
        movzx   ax, dh
        inc     ax
        mov     [disk_heads], ax
        mov     al, cl
        and     ax, 3Fh
        mov     [disk_spt], ax
        mov     al, ch
        mov     ah, cl
        shr     ah, 6
        inc     ax
        mov     [disk_cylinders], ax
        mov     ah, 15h
        mov     dl, [drive]
        call    int13_checked
        CHECK   nc
        EXPECT  ah, 3
        shl     ecx, 16
        mov     cx, dx
        movzx   eax, word [disk_cylinders]
        movzx   ebx, word [disk_heads]
        imul    eax, ebx
        movzx   ebx, word [disk_spt]
        imul    eax, ebx
        EXPECT  eax, ecx
        mov     [disk_total], eax
        cmp     eax, CHECK_FIRST + 300
        CHECK   a

        ; The boot sector by CHS is what was loaded.
        mov     ax, BUFFER_SEG
        mov     es, ax
        mov     ax, 0201h
        mov     bx, 0
        mov     cx, 1
        mov     dh, 0
        mov     dl, [drive]
        call    int13_checked
        CHECK   nc
        EXPECT  ax, 0001h
        EXPECT  word [es:510], 0AA55h
        EXPECT  byte [es:0], 0EAh

        ; 127 sectors written by LBA from an odd place, read by CHS into another.
        mov     al, 0A1h
        call    fill
        mov     cx, 127
        mov     bx, 0003h
        mov     edi, CHECK_FIRST
        mov     ax, 4300h
        call    extended
        CHECK   nc
        EXPECT  ah, 0
        mov     ax, BUFFER_SEG + 2000h
        mov     es, ax
        mov     al, 0
        call    fill
        mov     ax, CHECK_FIRST
        call    lba_to_chs
        mov     ax, 027Fh
        mov     bx, 01FFh               ; crosses no segment end yet: 1FFh + FE00h = FFFFh
        call    int13_checked
        CHECK   nc
        EXPECT  ax, 007Fh
        push    word BUFFER_SEG
        pop     fs
        mov     si, 0003h
        mov     di, 01FFh
        mov     cx, 127 * 512
        call    compare
        CHECK   e

        ; A buffer that runs over the end of its segment.
        mov     al, 0
        call    fill
        mov     cx, 64
        mov     bx, 0F00Bh
        mov     edi, CHECK_FIRST + 60
        mov     ax, 4200h
        call    extended
        CHECK   nc
        mov     ax, BUFFER_SEG + 2000h + 0F00h  ; the same place, another segment
        mov     es, ax
        push    word BUFFER_SEG
        pop     fs
        mov     si, 0003h + 60 * 512
        mov     di, 000Bh
        mov     cx, 64 * 512
        call    compare
        CHECK   e

        ; Write by CHS, read by LBA; 300 sectors in one extended call.
        mov     ax, BUFFER_SEG
        mov     es, ax
        mov     al, 0C3h
        call    fill
        mov     ax, CHECK_FIRST + 200
        call    lba_to_chs
        mov     ax, 0303h
        mov     bx, 0200h
        call    int13_checked
        CHECK   nc
        EXPECT  ax, 0003h
        mov     ax, BUFFER_SEG + 2000h
        mov     es, ax
        mov     cx, 300
        mov     bx, 0
        mov     edi, CHECK_FIRST
        mov     ax, 4200h
        call    extended
        CHECK   nc
        push    word BUFFER_SEG
        pop     fs
        mov     ax, BUFFER_SEG + 2000h + 200 * 512 / 16
        mov     es, ax
        mov     si, 0200h
        xor     di, di
        mov     cx, 3 * 512
        call    compare
        CHECK   e

        ; Verify, seek, ready, recalibrate, reset; the status of the last one.
        mov     ax, CHECK_FIRST
        call    lba_to_chs
        mov     ax, 0410h
        call    int13_checked
        CHECK   nc
        EXPECT  ax, 0010h
        mov     cx, 1
        mov     dh, 0
        mov     si, .quiet
.each:
        mov     ah, [si]
        mov     al, 0
        mov     dl, [drive]
        push    si
        call    int13_checked
        pop     si
        CHECK   nc
        EXPECT  ah, 0
        inc     si
        cmp     byte [si], 0FFh
        jne     .each
        call    disk_errors
        ret
.quiet:
        db      0Ch, 10h, 11h, 09h, 14h, 0Dh, 00h, 01h, 0FFh

disk_errors:
        mov     si, .rows
.row:
        mov     ax, [si]                ; AX, CX, DX, expected AH
        mov     cx, [si + 2]
        mov     dx, [si + 4]
        push    si
        mov     bx, 0
        call    int13_checked
        pop     si
        CHECK   c
        EXPECT  ah, [si + 6]
        test    byte [si + 5], 80h
        jnz     .next
        cmp     byte [si + 4], 80h
        jb      .diskette
        EXPECT  ah, [474h]
        mov     ah, 01h
        mov     dl, [drive]
        call    int13_checked
        CHECK   c
        EXPECT  ah, [si + 6]
        jmp     .next
.diskette:
        EXPECT  ah, [441h]
.next:
        add     si, 8
        cmp     si, .rows_end
        jb      .row
        ; Heads and cylinders past the end.
        mov     ax, 0201h
        mov     cx, 1
        mov     dh, [disk_heads]
        mov     dl, [drive]
        call    int13_checked
        CHECK   c
        EXPECT  ax, 0100h
        mov     ax, [disk_cylinders]
        mov     ch, al
        mov     cl, ah
        shl     cl, 6
        or      cl, 1
        mov     ax, 0201h
        mov     dh, 0
        mov     dl, [drive]
        call    int13_checked
        CHECK   c
        ; No disk 81h; its type is 0 without an error.
        mov     ah, 15h
        mov     dl, 81h
        call    int13_checked
        CHECK   nc
        EXPECT  ah, 0
        mov     ah, 08h
        mov     dl, 0
        call    int13_checked
        CHECK   nc
        EXPECT  dl, 0
        ret
        align   2, db 0
.rows:
        dw      0201h, 0000h, 0080h, 01h        ; sector 0
        dw      0200h, 0001h, 0080h, 01h        ; no sectors
        dw      7700h, 0001h, 0080h, 01h        ; no such function
        dw      0201h, 0001h, 0081h, 01h        ; no such disk
        dw      0800h, 0001h, 0081h, 07h
        dw      0000h, 0001h, 00FFh, 01h
        dw      0201h, 0001h, 0000h, 80h        ; no diskette drive
        dw      0000h, 0001h, 0001h, 80h
.rows_end:

edd:
        mov     ah, 41h
        mov     bx, 55AAh
        mov     dl, [drive]
        call    int13_checked
        CHECK   nc
        EXPECT  bx, 0AA55h
        EXPECT  ah, 30h
        test    cl, 01h
        CHECK   nz
        mov     ah, 41h
        mov     bx, 1234h
        mov     dl, [drive]
        call    int13_checked
        CHECK   c

        ; Results of each version: size, and nothing written behind it.
        mov     si, .sizes
.size:
        push    word 0
        pop     es
        mov     di, .result
        mov     cx, 40
        mov     ax, 0EEEEh
        rep     stosw
        mov     ax, [si]
        mov     [.result], ax
        push    si
        mov     ah, 48h
        mov     dl, [drive]
        mov     si, .result
        call    int13_checked
        pop     si
        CHECK   nc
        mov     bx, [si + 2]
        EXPECT  [.result], bx
        EXPECT  word [bx + .result], 0EEEEh
        cmp     word [bx + .result - 2], 0EEEEh
        CHECK   ne
        add     si, 4
        cmp     si, .sizes_end
        jb      .size
        EXPECT  word [.result + 24], 512
        EXPECT  dword [.result + 20], 0
        mov     eax, [.result + 16]
        cmp     eax, [disk_total]
        CHECK   ae
        ; The device path adds up to 0, as does the table the pointer leads to.
        EXPECT  word [.result + 30], 0BEDDh
        EXPECT  byte [.result + 32], 44
        mov     si, .result + 30
        mov     cx, 44
        call    .sum
        EXPECT  al, 0
        EXPECT  dword [.result + 36], 'PCI '
        EXPECT  dword [.result + 40], 'ATA '
        push    ds
        lds     si, [.result + 26]
        mov     cx, 16
        call    .sum
        mov     dx, [si - 16]
        pop     ds
        EXPECT  al, 0
        EXPECT  dx, 1F0h
        ; Too small, past the end of the disk, a bad packet.
        mov     word [.result], 25
        mov     ah, 48h
        mov     dl, [drive]
        mov     si, .result
        call    int13_checked
        CHECK   c
        EXPECT  ah, 1
        mov     word [.result], 1Ah
        mov     ah, 48h
        mov     dl, [drive]
        mov     si, .result
        call    int13_checked
        mov     edi, [.result + 16]
        mov     ax, BUFFER_SEG
        mov     es, ax
        push    edi
        mov     cx, 1
        mov     bx, 0
        dec     edi
        mov     ax, 4200h               ; the last sector
        call    extended
        CHECK   nc
        pop     edi
        mov     cx, 2
        dec     edi
        mov     ax, 4200h
        call    extended
        CHECK   c
        mov     edi, 0FFFFFFFFh
        mov     ax, 4200h
        call    extended
        CHECK   c
        mov     word [extended.packet], 0Fh
        mov     ah, 42h
        mov     dl, [drive]
        mov     si, extended.packet
        call    int13_checked
        CHECK   c
        EXPECT  ah, 1
        ; Verify, seek, write with verify, configuration.
        mov     cx, 5
        mov     edi, CHECK_FIRST
        mov     ax, 4400h
        call    extended
        CHECK   nc
        mov     edi, CHECK_FIRST
        mov     ax, 4700h
        call    extended
        CHECK   nc
        mov     cx, 5
        mov     edi, CHECK_FIRST
        mov     ax, 4302h
        call    extended
        CHECK   nc
        mov     ax, 4E01h
        mov     dl, [drive]
        call    int13_checked
        CHECK   nc
        ret
.sum:                                   ; AL = sum of CX bytes at DS:SI
        xor     al, al
.byte:
        add     al, [si]
        inc     si
        loop    .byte
        ret
.sizes:
        dw      1Ah, 1Ah, 1Dh, 1Ah, 1Eh, 1Eh, 41h, 1Eh, 42h, 42h, 49h, 42h, 4Ah, 4Ah, 50h, 4Ah
.sizes_end:
        align   4, db 0
.result:
        times 80 db 0
