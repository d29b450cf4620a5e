; The option ROM that starts a kernel given with --kernel: it carries out a list of steps that
; the machine made (bios/src/kernel/) and put behind this ROM in one item of fw_cfg.
;
;   nasm -f bin -I roms/kernelboot/ -o roms/kernelboot.bin roms/kernelboot/kernelboot.asm
;
; A firmware has done POST by then; what it tells of memory (INT 12h, INT 15h AX=E820h, the
; ACPI pointer) goes into the kernel's structures. "Plug and Play BIOS Specification" 1.0A
; (1994), 3.2 "Expansion header for Plug and Play"; QEMU, docs/specs/fw_cfg, "Guest-side DMA
; Interface". The machine makes both checksums.

        cpu     386
        bits    16
        org     0

ROM_BYTES       equ 1000h
IMAGE_KEY       equ 8010h               ; fw_cfg: this ROM, then the steps, then what they load
NO_KEY          equ 0FFFFh              ; no item: reads as zeros
DMA_PORT        equ 514h                ; dwords, high byte first: upper and lower address

; Control word of a transfer; the key lies above them.
DMA_READ        equ 2
DMA_SKIP        equ 4
DMA_SELECT      equ 8

; A step: eight dwords, the first says what to do. The loader keeps its pieces above all this.
STACK           equ 7C00h
STEP            equ 7C00h
STEP_BYTES      equ 32
A               equ STEP + 4
B               equ STEP + 8
C               equ STEP + 12
D               equ STEP + 16
E               equ STEP + 20
F               equ STEP + 24
TRANSFER        equ 7C20h               ; control, length, address of 64 bits
GDTR            equ 7C30h
RANGE           equ 7C40h               ; what INT 15h AX=E820h answers
NEXT            equ 7C60h               ; where the next step lies in the item
VALUES          equ 7C70h               ; what POST found, dwords:
MAP_BYTES       equ VALUES              ; of the copy of the memory map
MAP_COUNT       equ VALUES + 4
LOWER_KIB       equ VALUES + 8
UPPER_KIB       equ VALUES + 12         ; from 1 MiB to the first hole
RSDP            equ VALUES + 16         ; ACPI's pointer, or 0
VALUE_COUNT     equ 5

CODE            equ 10h                 ; selectors in the kernel's own first GDT
DATA            equ 18h
GDT_BYTES       equ 28h

        db      55h, 0AAh, ROM_BYTES / 512
        retf                            ; nothing to initialize
        times   18h - ($ - $$) db 0
        dw      0, pnp                  ; no PCI data structure; Plug and Play header
        align   16, db 0
pnp:
        db      '$PnP', 1, 2
        dw      0                       ; no further header
        db      0, 0                    ; checksum at 9
        dd      0
        dw      0, product
        db      0, 0, 0, 0              ; no device
        dw      0, 0, boot, 0, 0        ; bootstrap entry vector
product:
        db      'kernel of --kernel', 0

; --- bootstrap entry ---------------------------------------------------------------------------

boot:
        cli
        cld
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     esp, STACK
        sti
        mov     dword [NEXT], ROM_BYTES
.next:
        mov     eax, [NEXT]
        add     dword [NEXT], STEP_BYTES
        mov     ecx, STEP_BYTES
        mov     edi, STEP
        call    read_image
        mov     bx, [STEP]
        cmp     bx, STEP_KINDS
        jae     fail
        add     bx, bx
        call    [cs:kinds + bx]
        jmp     .next

kinds:
        dw      fail, load, clear, map, value, enter_real, enter_protected
STEP_KINDS      equ ($ - kinds) / 2

; The item is not what the machine makes: the next device's turn.
fail:
        mov     si, .text
.print:
        mov     al, [cs:si]
        inc     si
        test    al, al
        jz      .give_up
        mov     ah, 0Eh
        mov     bx, 7
        int     10h
        jmp     .print
.give_up:
        int     18h
.text:
        db      'The kernel cannot be loaded.', 13, 10, 0

; --- fw_cfg ------------------------------------------------------------------------------------

; read_image: ECX bytes of the item from offset EAX on to physical address EDI.
read_image:
        push    ecx
        mov     ecx, eax
        mov     eax, IMAGE_KEY << 16 | DMA_SELECT | DMA_SKIP
        call    transfer
        pop     ecx
        mov     eax, DMA_READ
; transfer: EAX = control, ECX = length, EDI = address. Changes EAX, DX.
transfer:
        call    swap
        mov     [TRANSFER], eax
        mov     eax, ecx
        call    swap
        mov     [TRANSFER + 4], eax
        mov     eax, edi
        call    swap
        mov     dword [TRANSFER + 8], 0
        mov     [TRANSFER + 12], eax
        xor     eax, eax
        mov     dx, DMA_PORT
        out     dx, eax
        mov     eax, TRANSFER
        call    swap
        add     dx, 4
        out     dx, eax                 ; it is done when this is
        cmp     dword [TRANSFER], 0
        jne     fail
        ret

; swap: the bytes of EAX, last one first.
swap:
        xchg    al, ah
        rol     eax, 16
        xchg    al, ah
        ret

; --- steps -------------------------------------------------------------------------------------

; load: to address A, B bytes from offset C of the item.
load:
        mov     edi, [A]
        mov     ecx, [B]
        mov     eax, [C]
        jmp     read_image

; clear: B bytes of zero to address A.
clear:
        mov     edi, [A]
        mov     ecx, [B]
        mov     eax, NO_KEY << 16 | DMA_SELECT | DMA_READ
        jmp     transfer

; place: ES:DI = linear address EAX below 1 MiB. Changes EAX.
place:
        mov     di, ax
        and     di, 0Fh
        shr     eax, 4
        mov     es, ax
        ret

; map: the memory map to A, a range each B bytes, at most D of them. With C = 4 each begins
; with the dword E, else it ends with a dword of zero. With F an end tag of Multiboot 2 follows.
; The values follow from it, too.
map:
        mov     dword [MAP_COUNT], 0
        mov     dword [UPPER_KIB], 0
        xor     ebx, ebx
.range:
        mov     eax, 0E820h
        mov     edx, 'PAMS'             ; "SMAP" as a number
        mov     ecx, 20
        push    ds
        pop     es
        mov     di, RANGE
        int     15h
        push    word 0
        pop     ds
        cld
        jc      .end
        cmp     eax, 'PAMS'
        jne     .end
        call    map_range
        test    ebx, ebx
        jnz     .range
.end:
        mov     eax, [MAP_COUNT]
        mul     dword [B]
        mov     [MAP_BYTES], eax
        cmp     dword [F], 0
        je      .values
        add     eax, [A]
        call    place
        mov     dword [es:di], 0
        mov     dword [es:di + 4], 8
.values:
        int     12h
        movzx   eax, ax
        mov     [LOWER_KIB], eax
        jmp     find_rsdp

; map_range: one range of the map. Keeps EBX.
map_range:
        cmp     dword [RANGE + 16], 1   ; memory, and from 1 MiB on?
        jne     .copy
        cmp     dword [RANGE], 100000h
        jne     .copy
        cmp     dword [RANGE + 4], 0
        jne     .copy
        mov     eax, [RANGE + 8]
        shr     eax, 10
        mov     [UPPER_KIB], eax
.copy:
        mov     eax, [MAP_COUNT]
        cmp     eax, [D]
        jae     .end
        inc     dword [MAP_COUNT]
        mul     dword [B]
        add     eax, [A]
        call    place
        cmp     dword [C], 0
        je      .body
        mov     eax, [E]
        stosd
.body:
        mov     si, RANGE
        mov     cx, 5
        rep     movsd
        cmp     dword [C], 0
        jne     .end
        xor     eax, eax
        stosd
.end:
        ret

; find_rsdp: ACPI 1.0b 5.2.4.1 "Finding the RSDP on IA-PC Systems": the first KiB of the extended
; data area, then E0000h-FFFFFh, every 16 bytes.
find_rsdp:
        mov     dword [RSDP], 0
        mov     ax, [40Eh]
        mov     cx, 400h / 16
        call    .search
        mov     ax, 0E000h
        mov     cx, 2000h
.search:
        cmp     dword [RSDP], 0
        jne     .end
.place:
        mov     es, ax
        cmp     dword [es:0], 'RSD '
        jne     .next
        cmp     dword [es:4], 'PTR '
        je      .found
.next:
        inc     ax
        loop    .place
.end:
        ret
.found:
        movzx   eax, ax
        shl     eax, 4
        mov     [RSDP], eax
        ret

; value: number B of what POST found, plus C, as a dword to A.
value:
        mov     bx, [B]
        cmp     bx, VALUE_COUNT
        jae     fail
        shl     bx, 2
        mov     ecx, [VALUES + bx]
        add     ecx, [C]
        mov     eax, [A]
        call    place
        mov     [es:di], ecx
        ret

; --- entries -----------------------------------------------------------------------------------

; enter_real: at C:D with the segment registers A and SP = B. Interrupts are off.
enter_real:
        cli
        mov     ax, [A]
        mov     cx, [C]
        mov     dx, [D]
        mov     ebp, [B]
        mov     ss, ax
        mov     esp, ebp
        push    cx
        push    dx
        mov     ds, ax
        mov     es, ax
        mov     fs, ax
        mov     gs, ax
        xor     eax, eax
        xor     ebx, ebx
        xor     ecx, ecx
        xor     edx, edx
        xor     esi, esi
        xor     edi, edi
        xor     ebp, ebp
        retf

; enter_protected: at A in 32-bit flat segments, paging off, interrupts off, A20 open; EAX = B,
; EBX = C. D = address of a GDT of five descriptors; E = selector of a TSS in it, or 0.
enter_protected:
        mov     ax, 2401h               ; open the A20 gate
        int     15h
        cli
        cld
        xor     ax, ax
        mov     ds, ax
        mov     word [GDTR], GDT_BYTES - 1
        mov     eax, [D]
        mov     [GDTR + 2], eax
        o32 lgdt [GDTR]
        xor     eax, eax
        mov     ax, cs
        shl     eax, 4
        add     eax, .flat
        mov     ebx, cr0
        or      bl, 1
        mov     cr0, ebx
        push    dword CODE
        push    eax
        o32 retf

        bits    32
.flat:
        mov     eax, DATA
        mov     ds, eax
        mov     es, eax
        mov     fs, eax
        mov     gs, eax
        mov     ss, eax
        mov     eax, [E]
        test    eax, eax
        jz      .registers
        ltr     ax
.registers:
        push    dword 2                 ; every flag clear
        popfd
        mov     eax, [B]
        mov     ebx, [C]
        xor     ecx, ecx
        xor     edx, edx
        xor     esi, esi
        xor     edi, edi
        xor     ebp, ebp
        jmp     dword [A]

        times   ROM_BYTES - ($ - $$) db 0
