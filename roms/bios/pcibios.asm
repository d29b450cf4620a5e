; The PCI BIOS: INT 1Ah AH=B1h, the 32-bit entry found through the BIOS32 service
; directory, and the interrupt routing table.
;
; PCI BIOS Specification 2.1, 3.3 "BIOS32 service directory", 4 "BIOS function
; descriptions"; Microsoft "PCI IRQ Routing Table Specification" 1.0.

; INT 1Ah AH=B1h, from int1a: DS = 0040h, frame at BP.
int1a_pci:
        mov     dx, PCI_ADDRESS         ; no mechanism 1, no PCI BIOS: AH stays B1h
        mov     eax, 80000000h
        out     dx, eax
        in      eax, dx
        cmp     eax, 80000000h
        jne     int1a_fail
        mov     al, [bp + F_AL]
        and     al, 7Fh                 ; bit 7 marked 32-bit callers in an old version
        cmp     al, 0Eh
        je      .routing
        mov     ebx, [bp + F_EBX]
        mov     ecx, [bp + F_ECX]
        mov     edx, [bp + F_EDX]
        call    pci_service
        mov     [bp + F_AX], ax
        mov     [bp + F_EBX], ebx
        mov     [bp + F_ECX], ecx
        mov     [bp + F_EDX], edx
        jc      int1a_fail
        jmp     int1a_ok
; B10Eh "Get PCI interrupt routing options": ES:DI = size (word), far pointer.
.routing:
        mov     si, [bp + F_DI]
        mov     ds, [bp + F_ES]
        mov     cx, PIR_SLOTS_SIZE
        cmp     [si], cx
        mov     [si], cx
        jb      .too_small
        les     di, [si + 2]
        mov     si, pir_slots
        cs rep  movsb
        mov     word [bp + F_BX], PIRQ_LEVELS   ; IRQs that PCI has for itself
        mov     byte [bp + F_AH], PCI_OK
        jmp     int1a_ok
.too_small:
        mov     byte [bp + F_AH], 89h
        jmp     int1a_fail

; --- 32-bit entries: far calls in flat protected mode --------------------------------------
        bits    32
%define PCI_FN(name) pci32_ %+ name
%include "pci_access.inc"

; BIOS32 service directory: EAX = service, BL = 0 -> AL = 0, EBX = base, ECX = length,
; EDX = entry. AL = 80h for an unknown service, 81h for an unknown function.
bios32_entry:
        test    bl, bl
        jnz     .function
        cmp     eax, '$PCI'             ; $ in AL
        jne     .service
        mov     ebx, BIOS_SEG << 4
        mov     ecx, 10000h
        mov     edx, pci32_entry
        xor     al, al
        retf
.service:
        mov     al, 80h
        retf
.function:
        mov     al, 81h
        retf

; PCI BIOS, 32 bits: as INT 1Ah AH=B1h, in any code segment with base F0000h.
pci32_entry:
        pushfd
        cld
        and     al, 7Fh
        cmp     al, 0Eh
        je      .routing
        call    pci32_service
        jc      .fail
.ok:
        popfd
        clc
        retf
.fail:
        popfd
        stc
        retf
; ES:EDI = size (word), 48-bit far pointer.
.routing:
        mov     ah, 89h
        cmp     word [es:edi], PIR_SLOTS_SIZE
        mov     word [es:edi], PIR_SLOTS_SIZE
        jb      .fail
        push    ecx
        push    esi
        push    edi
        push    es
        les     edi, [es:edi + 2]
        mov     esi, pir_slots
        mov     ecx, PIR_SLOTS_SIZE
        cs rep  movsb
        pop     es
        pop     edi
        pop     esi
        pop     ecx
        mov     bx, PIRQ_LEVELS
        mov     ah, PCI_OK
        jmp     .ok
        bits    16

; --- tables that software searches for on 16-byte boundaries ---------------------------------
        align   16, db 0
bios32_directory:
        db      '_32_'
        dd      (BIOS_SEG << 4) + bios32_entry
        db      0                       ; revision
        db      1                       ; length in paragraphs
        db      BIOS32_SUM              ; all bytes add up to 0
        times 5 db 0
; '_' is 5Fh twice, '3' and '2' 33h and 32h; then the entry's bytes and the length.
BIOS32_SUM      equ -(5Fh + 33h + 32h + 5Fh + 1 + 0Fh + ((bios32_entry - $$) & 0FFh) \
                + ((bios32_entry - $$) >> 8)) & 0FFh

; One line of the routing table: device %1, first PIRQ %2 (0-3), slot number %3 (0 = on
; the board). Link values are the PIIX3 register numbers; IRQs 3-7, 9-12, 14, 15 can be
; routed.
%macro PIR_SLOT 3
        db      0, (%1) << 3
%assign %%pin 0
%rep 4
        db      60h + (((%2) + %%pin) & 3)
        dw      0DEF8h
%assign %%pin %%pin + 1
%endrep
        db      %3, 0
%endmacro

PIR_DEVICES     equ 8                   ; devices 1 (the PIIX3 itself) to 8
PIR_SLOTS_SIZE  equ PIR_DEVICES * 16
PIR_SIZE        equ 32 + PIR_SLOTS_SIZE

        align   16, db 0
pir_table:
        db      '$PIR'
        dw      0100h                   ; version
        dw      PIR_SIZE
        db      0, 1 << 3               ; the router: bus 0, device 1, function 0
        dw      PIRQ_LEVELS             ; IRQs that only PCI uses
        dd      70008086h               ; a compatible router: PIIX3
        dd      0
        times 11 db 0
        db      PIR_SUM
pir_slots:
%assign device 1
%rep PIR_DEVICES
%assign slot device - 1
        PIR_SLOT device, device - 1, slot
%assign device device + 1
%endrep

; Header: "$PIR" = 24h+50h+49h+52h, version 01h, size, device 08h, IRQs 0Ch, router
; 86h+80h+00h+70h. Each slot: its device byte, the links of all four pins
; (60h+61h+62h+63h = 186h), four times F8h+DEh, its slot number.
%assign sum 24h + 50h + 49h + 52h + 01h + PIR_SIZE + 08h + 0Ch + 86h + 80h + 70h
%assign device 1
%rep PIR_DEVICES
%assign sum sum + device * 8 + 186h + 4 * (0F8h + 0DEh) + device - 1
%assign device device + 1
%endrep
PIR_SUM         equ -sum & 0FFh
