; PCI at power-on: finds the functions of bus 0, gives each base address register its
; room, routes the interrupt pins, enables the devices.
;
; PCI Local Bus Specification 2.1, 6.2.5.1 "Address Maps", 6.2.4 "Miscellaneous
; Registers"; Intel 82371SB PIIX3 (290550-002) "PIRQRC[A:D]", "IDETIM", "ELCR".

%define PCI_FN(name) pci_ %+ name
%include "pci_access.inc"

PCI_VENDOR      equ 00h
PCI_COMMAND     equ 04h                 ; 0 I/O space, 1 memory space, 2 bus master
PCI_CLASS       equ 0Ah                 ; word: base class in the high byte
PCI_HEADER      equ 0Eh
PCI_BAR0        equ 10h
PCI_ROM         equ 30h
PCI_INT_LINE    equ 3Ch
PCI_INT_PIN     equ 3Dh

PCI_IO_START    equ 0C000h
PCI_IO_END      equ 10000h
PCI_MEM_START   equ 0E0000000h
PCI_MEM_END     equ 0FEC00000h          ; the I/O APIC

CLASS_IDE       equ 0101h
CLASS_VGA       equ 0300h
CLASS_BRIDGES   equ 06h                 ; base class
PIIX3_ISA       equ 70008086h
PIIX3_IDE       equ 70108086h
PIIX4_PM        equ 71138086h
PMC_440FX       equ 12378086h
PMC_440BX       equ 71908086h           ; the same PAM registers

PIRQ_A          equ 60h                 ; PIIX3: 60h-63h
IDETIM          equ 40h                 ; PIIX3 IDE: bit 15 decodes the channel's ports

; bridge_find: the host bridge whose PAM registers we know, to EBDA_BRIDGE.
bridge_find:
        mov     bx, 0FFFFh
.next:
        call    pci_next
        jc      .end
        mov     di, PCI_VENDOR
        call    pci_read_dword
        cmp     ecx, PMC_440FX
        je      .found
        cmp     ecx, PMC_440BX
        jne     .next
.found:
        mov     [es:EBDA_BRIDGE], bx
.end:
        ret

; pci_init: every function of bus 0 once.
pci_init:
        mov     dword [es:EBDA_IO_NEXT], PCI_IO_START
        mov     eax, [es:EBDA_RAM_TOP]          ; RAM may reach beyond the usual start
        add     eax, 00FFFFFFh
        and     eax, 0FF000000h
        cmp     eax, PCI_MEM_START
        jae     .window
        mov     eax, PCI_MEM_START
.window:
        mov     [es:EBDA_MEM_NEXT], eax
        mov     bx, 0FFFFh
.next:
        call    pci_next
        jc      .end
        call    pci_function_init
        jmp     .next
.end:
        ret

; pci_function_init: BX. Keeps BX.
pci_function_init:
        mov     di, PCI_VENDOR
        call    pci_read_dword
        cmp     ecx, PIIX3_ISA
        je      pirq_init
        cmp     ecx, PIIX4_PM
        jne     .not_power
        call    pci_irq_init
        jmp     pm_init                 ; its ports are not in base address registers
.not_power:
        cmp     ecx, PIIX3_IDE
        jne     .not_piix_ide
        mov     di, IDETIM
        mov     ecx, 80008000h          ; both channels, compatible timing
        call    pci_write_dword
.not_piix_ide:
        mov     di, PCI_HEADER
        call    pci_read_byte
        and     cl, 7Fh
        jnz     .end                    ; bridges and the like: nothing of ours
        call    pci_irq_init
        mov     di, PCI_CLASS
        call    pci_read_word
        cmp     ch, CLASS_BRIDGES
        je      .end
        cmp     cx, CLASS_VGA
        jne     .not_vga
        cmp     word [es:EBDA_VGA], 0FFFFh      ; the first one is the console
        jne     .not_vga
        mov     [es:EBDA_VGA], bx
.not_vga:
        push    cx
        call    pci_bars_init
        pop     ax
        mov     di, PCI_COMMAND
        call    pci_read_word
        or      cl, 03h
        cmp     ax, CLASS_IDE
        jne     .enable
        mov     [es:EBDA_IDE], bx
        or      cl, 04h                 ; its drivers expect bus mastering
.enable:
        call    pci_write_word
.end:
        ret

; pci_bars_init: BX. Sizes the six registers with decoding off and places each.
pci_bars_init:
        mov     di, PCI_COMMAND
        call    pci_read_word
        and     cl, 0FCh
        call    pci_write_word
        mov     di, PCI_BAR0
.bar:
        mov     ecx, 0FFFFFFFFh
        call    pci_write_dword
        call    pci_read_dword
        test    ecx, ecx
        jz      .none
        test    cl, 01h
        jnz     .io
        mov     dl, cl                  ; bits 2:1 = 10b: 64 bits wide
        and     ecx, 0FFFFFFF0h
        jz      .wide                   ; 4 GiB or more: leave it at 0
        neg     ecx                     ; size
        call    pci_take_memory
        call    pci_write_dword
.wide:
        and     dl, 06h
        cmp     dl, 04h
        jne     .next
        add     di, 4
        xor     ecx, ecx
        call    pci_write_dword
        jmp     .next
.io:
        or      ecx, 0FFFF0000h         ; a 16-bit decoder reads 0 there
        and     cl, 0FCh
        neg     ecx
        mov     eax, [es:EBDA_IO_NEXT]
        call    align_up
        mov     edx, eax
        add     edx, ecx
        cmp     edx, PCI_IO_END
        ja      .none
        mov     [es:EBDA_IO_NEXT], edx
        mov     ecx, eax
        call    pci_write_dword
        jmp     .next
.none:
        xor     ecx, ecx
        call    pci_write_dword
.next:
        add     di, 4
        cmp     di, PCI_BAR0 + 6 * 4
        jb      .bar
        ret

; pci_take_memory: ECX = size -> ECX = address, or 0 when the window is full.
; Changes EAX, ESI.
pci_take_memory:
        mov     eax, [es:EBDA_MEM_NEXT]
        call    align_up
        jc      .full
        mov     esi, eax
        add     esi, ecx
        jc      .full
        cmp     esi, PCI_MEM_END
        ja      .full
        mov     [es:EBDA_MEM_NEXT], esi
        mov     ecx, eax
        ret
.full:
        xor     ecx, ecx
        ret

; align_up: EAX up to a multiple of ECX, a power of two. CF = 1 beyond 4 GiB.
align_up:
        push    ecx
        dec     ecx
        add     eax, ecx
        not     ecx
        jc      .end
        and     eax, ecx                ; leaves CF = 0
.end:
        pop     ecx
        ret

; --- interrupts ----------------------------------------------------------------------------
; The pins of device d come to the four inputs of the PIIX3 in turn: pin p (A = 1) to
; PIRQ ((p - 1) + (d - 1)) mod 4.

; pirq_init: BX = the ISA bridge. Routes PIRQA-D and makes their IRQs level triggered.
pirq_init:
        mov     di, PIRQ_A
        mov     si, pirq_irqs
.route:
        mov     cl, [cs:si]
        call    pci_write_byte
        inc     si
        inc     di
        cmp     di, PIRQ_A + 4
        jb      .route
        mov     dx, ELCR2
        in      al, dx
        or      al, PIRQ_LEVELS >> 8
        out     dx, al
        ret
pirq_irqs:
        db      10, 11, 10, 11
PIRQ_LEVELS     equ (1 << 10) | (1 << 11)

; pci_irq_init: BX. The interrupt line register is where drivers look the IRQ up.
pci_irq_init:
        mov     di, PCI_INT_PIN
        call    pci_read_byte
        test    cl, cl
        jz      .end
        mov     al, bl
        shr     al, 3                   ; device
        add     al, cl
        sub     al, 2
        and     ax, 3
        mov     si, ax
        mov     al, [cs:si + pirq_irqs]
        mov     di, PCI_VENDOR
        call    pci_read_dword
        cmp     ecx, PIIX4_PM
        jne     .write
        mov     al, 9                   ; its SCI is wired to IRQ9
.write:
        mov     cl, al
        mov     di, PCI_INT_LINE
        call    pci_write_byte
.end:
        ret
