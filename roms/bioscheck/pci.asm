; The PCI BIOS in real mode and through the BIOS32 directory.

pci:
        mov     ax, 0B101h
        int     1Ah
        CHECK   nc
        EXPECT  ah, 0
        EXPECT  edx, 20494350h
        EXPECT  bx, 0210h
        EXPECT  cl, 0
        test    al, 01h
        CHECK   nz
        mov     ax, 0B102h              ; host bridge
        mov     cx, 1237h
        mov     dx, 8086h
        mov     si, 0
        int     1Ah
        CHECK   nc
        EXPECT  bx, 0000h
        mov     di, 0
        mov     ax, 0B10Ah
        int     1Ah
        CHECK   nc
        EXPECT  ecx, 12378086h
        mov     di, 2
        mov     ax, 0B109h
        int     1Ah
        CHECK   nc
        EXPECT  cx, 1237h
        mov     di, 3
        mov     ax, 0B108h
        int     1Ah
        CHECK   nc
        EXPECT  cl, 12h
        mov     di, 3                   ; not aligned, out of range
        mov     ax, 0B10Ah
        int     1Ah
        CHECK   c
        EXPECT  ah, 87h
        mov     di, 100h
        mov     ax, 0B108h
        int     1Ah
        CHECK   c
        mov     ax, 0B102h              ; the second one does not exist
        mov     cx, 1237h
        mov     dx, 8086h
        mov     si, 1
        int     1Ah
        CHECK   c
        EXPECT  ah, 86h
        mov     ax, 0B102h
        mov     cx, 1237h
        mov     dx, 0FFFFh
        mov     si, 0
        int     1Ah
        CHECK   c
        EXPECT  ah, 83h
        mov     ax, 0B103h              ; the IDE function, by class
        mov     ecx, 010180h
        mov     si, 0
        int     1Ah
        CHECK   nc
        mov     di, 0
        mov     ax, 0B10Ah
        int     1Ah
        EXPECT  ecx, 70108086h
        mov     di, 20h                 ; its bus master block got an address
        mov     ax, 0B10Ah
        int     1Ah
        and     ecx, 0FFF1h
        cmp     ecx, 0C001h
        CHECK   ae
        mov     ax, 0B102h              ; the ISA bridge: PIRQA, write and read back
        mov     cx, 7000h
        mov     dx, 8086h
        mov     si, 0
        int     1Ah
        CHECK   nc
        mov     di, 60h
        mov     ax, 0B108h
        int     1Ah
        EXPECT  cl, 10
        push    cx
        mov     cl, 5
        mov     ax, 0B10Bh
        int     1Ah
        CHECK   nc
        mov     ax, 0B108h
        int     1Ah
        EXPECT  cl, 5
        pop     cx
        mov     ax, 0B10Bh
        int     1Ah
        ; Routing table, first with too small a buffer.
        mov     word [.routing], 16
        mov     word [.routing + 2], .table
        mov     [.routing + 4], ds
        mov     di, .routing
        mov     ax, 0B10Eh
        int     1Ah
        CHECK   c
        EXPECT  ah, 89h
        cmp     word [.routing], 128
        CHECK   be
        mov     ax, 0B10Eh
        int     1Ah
        CHECK   nc
        EXPECT  byte [.table], 0
        EXPECT  byte [.table + 1], 08h
        EXPECT  byte [.table + 2], 60h
        mov     dx, 4D1h                ; IRQ 10 and 11 by level
        in      al, dx
        and     al, 0Ch
        EXPECT  al, 0Ch
        mov     ax, 0B1FFh
        int     1Ah
        CHECK   c
        EXPECT  ah, 81h
        ret
        align   4, db 0
.routing:
        times 8 db 0
.table:
        times 128 db 0

; Finds both tables by their signature, checks the sums, then calls the 32-bit entry.
pci32:
        mov     ax, 0F000h
        mov     es, ax
        xor     di, di
.pir:
        cmp     dword [es:di], '$PIR'
        je      .pir_found
        add     di, 16
        jnz     .pir
        CHECK   nz
        ret
.pir_found:
        mov     cx, [es:di + 6]
        call    .sum
        EXPECT  al, 0
        xor     di, di
.directory:
        cmp     dword [es:di], '_32_'
        je      .directory_found
        add     di, 16
        jnz     .directory
        CHECK   nz
        ret
.directory_found:
        mov     cx, 16
        call    .sum
        EXPECT  al, 0
        mov     eax, [es:di + 4]
        mov     [.entry], eax
        push    word 0
        pop     es
        call    pci32_calls
        EXPECT  byte [pci32_result], 0
        EXPECT  dword [pci32_result + 4], 0F0000h
        EXPECT  dword [pci32_result + 8], 12378086h
        EXPECT  byte [pci32_result + 1], 80h
        ret
.sum:
        push    di
        xor     al, al
.byte:
        add     al, [es:di]
        inc     di
        loop    .byte
        pop     di
        ret
        align   4, db 0
.entry:
        dd      0
        dw      08h

        align   8, db 0
gdt32:
        dq      0
        dw      0FFFFh, 0000h, 9B00h, 00CFh     ; 08h code, flat
        dw      0FFFFh, 0000h, 9300h, 00CFh     ; 10h data, flat
        dw      0FFFFh, 0000h, 9B0Fh, 0040h     ; 18h code, F0000h, as the directory says
        dw      0FFFFh, 0000h, 930Fh, 0040h     ; 20h data, the same
        dw      0FFFFh, 0000h, 9B00h, 0000h     ; 28h code, 16 bits
        dw      0FFFFh, 0000h, 9300h, 0000h     ; 30h data, 16 bits
gdtr32:
        dw      $ - gdt32 - 1
        dd      gdt32
pci32_result:
        dd      0, 0, 0
pci32_far:
        dd      0
        dw      18h

pci32_calls:
        pushad
        cli
        o32 lgdt [gdtr32]
        mov     eax, cr0
        or      al, 1
        mov     cr0, eax
        jmp     08h:.protected
        bits    32
.protected:
        mov     ax, 10h
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        movzx   esp, sp
        mov     eax, 49435024h          ; "$PCI"
        xor     ebx, ebx
        call    far [pci32.entry]
        mov     [pci32_result], al
        mov     [pci32_result + 4], ebx
        mov     [pci32_far], edx
        mov     eax, 'none'
        xor     ebx, ebx
        call    far [pci32.entry]
        mov     [pci32_result + 1], al
        mov     ax, 20h
        mov     es, ax
        mov     ax, 0B10Ah
        xor     ebx, ebx
        xor     edi, edi
        call    far [pci32_far]
        jc      .back
        mov     [pci32_result + 8], ecx
.back:
        jmp     28h:.sixteen
        bits    16
.sixteen:
        mov     ax, 30h
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     eax, cr0
        and     al, 0FEh
        mov     cr0, eax
        jmp     0000h:.real
.real:
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        sti
        popad
        ret
