; ACPI: power off, reset, interrupts: tables at the end of RAM, built in POST.
; The ROM builds them, because it sets what they tell: the ports of the power management and
; the routing of interrupts. Without a PIIX4 there are none.
;
; ACPI Specification 2.0c: 5.2 "ACPI System Description Tables", 4.7 "Fixed hardware";
; IA-PC HPET Specification 1.0a, 3.2.4 "The ACPI 2.0 HPET Description Table";
; Intel 82371AB PIIX4 (290562-001), 7.1 "Power Management PCI configuration", 7.2 "Power
; Management I/O space registers".

PM_PMBA         equ 40h                 ; configuration: base of the ports, bit 0 reads 1
PM_MISC         equ 80h                 ; PMREGMISC bit 0: the ports answer
PM_PORTS        equ 0B000h
PM_CONTROL      equ 4                   ; PMCNTRL: 0 SCI_EN, 12:10 SUS_TYP, 13 SUS_EN
PM_SOFT_OFF     equ 2000h               ; SUS_EN with SUS_TYP 0

ACPI_SIZE       equ 10000h              ; taken from the end of RAM, whole 64 KiB
ACPI_NVS        equ 0F000h              ; the last page of it: kept by the system
ACPI_LEAST_RAM  equ 200000h

; --- the power management function -----------------------------------------------------------

; pm_init: BX = PIIX4 function 3. Gives it its ports. Changes CX, DI.
pm_init:
        mov     di, PM_PMBA
        mov     ecx, PM_PORTS
        call    pci_write_dword
        mov     di, PCI_COMMAND
        call    pci_read_word
        or      cl, 01h
        call    pci_write_word
        mov     di, PM_MISC
        call    pci_read_byte
        or      cl, 01h
        call    pci_write_byte
        mov     word [es:EBDA_PM_BASE], PM_PORTS
        ret

; --- POST: DS = 0040h, ES = EBDA --------------------------------------------------------------

; acpi_init: the tables to the end of RAM, the pointer to them into the shadowed ROM.
acpi_init:
        cmp     word [es:EBDA_PM_BASE], 0
        je      .end
        cmp     word [es:EBDA_BRIDGE], 0FFFFh
        je      .end
        mov     ebx, [es:EBDA_RAM_TOP]
        cmp     ebx, ACPI_LEAST_RAM
        jb      .end
        sub     ebx, ACPI_SIZE
        mov     [es:EBDA_RAM_TOP], ebx
        mov     [es:EBDA_ACPI_BASE], ebx
        push    ds
        push    es

        ; A copy in low RAM, where it gets its addresses and sums.
        mov     ax, SHADOW_SEG
        mov     es, ax
        xor     di, di
        xor     eax, eax
        mov     cx, ACPI_SIZE / 4
        rep     stosd
        xor     di, di
        mov     si, acpi_tables
        mov     cx, ACPI_TABLES_SIZE
        cs rep  movsb
        mov     di, ACPI_NVS
        mov     si, facs
        mov     cx, FACS_SIZE
        cs rep  movsb
        push    es
        pop     ds
        mov     si, acpi_entries
        mov     di, 36
        mov     bp, XSDT_AT + 36
.entry:
        movzx   eax, word [cs:si]
        add     eax, ebx
        mov     [di], eax
        mov     [ds:bp], eax
        add     si, 2
        add     di, 4
        add     bp, 8
        cmp     si, acpi_entries_end
        jb      .entry
        push    ebx
        call    cpuid_features
        pop     ebx
        test    dh, 02h
        jnz     .apic
        sub     word [4], 4             ; no APICs to tell of: the last entry
        sub     word [XSDT_AT + 4], 8
.apic:
        lea     eax, [ebx + ACPI_NVS]
        mov     [FADT_AT + 36], eax
        mov     [FADT_AT + 132], eax
        lea     eax, [ebx + DSDT_AT]
        mov     [FADT_AT + 40], eax
        mov     [FADT_AT + 140], eax
        xor     bx, bx
        call    acpi_sum
        mov     bx, XSDT_AT
        call    acpi_sum
        mov     bp, acpi_entries
.sum:
        mov     bx, [cs:bp]
        call    acpi_sum
        add     bp, 2
        cmp     bp, acpi_entries_end
        jb      .sum
        mov     bx, DSDT_AT
        call    acpi_sum

        pop     es
        push    es
        mov     esi, SHADOW_SEG << 4
        mov     edi, [es:EBDA_ACPI_BASE]
        mov     ecx, ACPI_SIZE
        call    copy_physical

        mov     ebx, [es:EBDA_ACPI_BASE]
        call    shadow_unlock
        push    cs
        pop     ds
        mov     [rsdp + 16], ebx
        mov     dword [rsdp], 'RSD '
        mov     dword [rsdp + 4], 'PTR '
        add     ebx, XSDT_AT
        mov     [rsdp + 24], ebx
        mov     bx, rsdp
        mov     cx, 20
        mov     di, 8
        call    sum_to_zero
        mov     cx, 36
        mov     di, 32
        call    sum_to_zero
        call    shadow_lock
        pop     es
        pop     ds
        STAGE_NOTE 'ACPI tables'
.end:
        ret

; acpi_sum: the checksum of the table at DS:BX, at 9 in its header. Changes AX, CX, DI, SI.
acpi_sum:
        mov     cx, [bx + 4]
        mov     di, 9
; sum_to_zero: the byte at DS:BX+DI makes the CX bytes at DS:BX add up to 0. Changes AL, CX,
; SI.
sum_to_zero:
        mov     byte [bx + di], 0
        mov     si, bx
        mov     al, 0
.byte:
        sub     al, [si]
        inc     si
        loop    .byte
        mov     [bx + di], al
        ret

; --- the tables -----------------------------------------------------------------------------

; HEADER signature, revision, end: the 36 bytes that begin a table. Length and checksum
; follow from what is there.
%macro ACPI_HEADER 3
        db      %1
        dd      %3 - ($ - 4)
        db      %2, 0                   ; revision, checksum
        db      'RNGWLK', 'RINGWALK'    ; OEM, its table
        dd      1
        db      'RWLK'                  ; who made it
        dd      1
%endmacro

; GAS space, bits, address: a "Generic Address Structure"; space 0 is memory, 1 ports.
%macro GAS 3
        db      %1, %2, 0, 0
        dq      %3
%endmacro

; The tables that RSDT and XSDT point to, by their places; the MADT is the last.
acpi_entries:
        dw      FADT_AT, HPET_AT, MADT_AT
acpi_entries_end:
ACPI_ENTRIES    equ (acpi_entries_end - acpi_entries) / 2

        align   16, db 0
acpi_tables:
        ACPI_HEADER 'RSDT', 1, .rsdt_end
        times   ACPI_ENTRIES dd 0
.rsdt_end:
        align   16, db 0
XSDT_AT         equ $ - acpi_tables
        ACPI_HEADER 'XSDT', 1, xsdt_end
        times   ACPI_ENTRIES dq 0
xsdt_end:
        align   16, db 0
FADT_AT         equ $ - acpi_tables
fadt:
        ACPI_HEADER 'FACP', 3, fadt_end
        dd      0, 0                    ; 36: FACS, DSDT
        db      0, 1                    ; 44: a desktop
        dw      9                       ; SCI
        dd      0B2h                    ; 48: SMI_CMD, and what turns ACPI on and off there
        db      0F1h, 0F0h
        db      0, 0
        dd      PM_PORTS, 0             ; 56: PM1 events
        dd      PM_PORTS + 4, 0         ; PM1 control
        dd      0                       ; PM2 control
        dd      PM_PORTS + 8            ; timer
        dd      PM_PORTS + 0Ch, 0       ; general purpose events
        db      4, 2, 0, 4, 4, 0, 0, 0  ; 88: lengths of these blocks
        dw      0FFFh, 0FFFh            ; 96: no C2, no C3
        dw      0, 0                    ; cache flushing: WBINVD does it
        db      0, 0                    ; 104: duty cycle
        db      0, 0                    ; alarm of days and months
        db      32h                     ; century in CMOS
        dw      3                       ; 109: ISA devices, 8042
        db      0
        dd      425h                    ; 112: WBINVD, C1, no sleep button; 24-bit timer, and
                                        ; bit 4 = 0: the power button is fixed hardware;
                                        ; bit 10: the reset register
        GAS     1, 8, RESET_CONTROL     ; 116
        db      06h, 0, 0, 0
        dq      0, 0                    ; 132: FACS, DSDT
        GAS     1, 32, PM_PORTS         ; 148: the blocks from 56 on once more
        GAS     0, 0, 0
        GAS     1, 16, PM_PORTS + 4
        GAS     0, 0, 0
        GAS     0, 0, 0
        GAS     1, 32, PM_PORTS + 8
        GAS     1, 32, PM_PORTS + 0Ch
        GAS     0, 0, 0
fadt_end:
        align   16, db 0
HPET_AT         equ $ - acpi_tables
        ACPI_HEADER 'HPET', 1, hpet_end
        dd      8086A201h               ; the low half of its capabilities
        GAS     0, 64, HPET
        db      0                       ; its number
        dw      128                     ; ticks between interrupts that are not lost
        db      0                       ; nothing else in its page is told of
hpet_end:
        align   16, db 0
MADT_AT         equ $ - acpi_tables
        ACPI_HEADER 'APIC', 1, madt_end
        dd      APIC_DEFAULT
        dd      1                       ; two 8259s, too
        db      0, 8, 0, 0              ; processor 0: local APIC 0
        dd      1
        db      1, 12, IOAPIC_ID, 0     ; I/O APIC: inputs are interrupts 0 to 23
        dd      IOAPIC, 0
        db      2, 10, 0, 0             ; ISA IRQ 0 is at input 2
        dd      2
        dw      0
        db      2, 10, 0, 9             ; the SCI: level, active high
        dd      9
        dw      0Dh
        db      4, 6, 0FFh              ; NMI: LINT1 of all
        dw      0
        db      1
madt_end:
        align   16, db 0
DSDT_AT         equ $ - acpi_tables
%include "dsdt.inc"
ACPI_TABLES_SIZE equ $ - acpi_tables

; "Root System Description Pointer": its signature, the address and the sum are written in
; POST.
        align   16, db 0
rsdp:
        times   9 db 0
        db      'RNGWLK', 2
        dd      0
        dd      36                      ; from here on with ACPI 2.0: length, XSDT, sum
        dq      0
        dd      0

; "Firmware ACPI Control Structure"; it has no checksum.
facs:
        db      'FACS'
        dd      64, 0, 0, 0, 0
        times   64 - ($ - facs) db 0
FACS_SIZE       equ $ - facs
