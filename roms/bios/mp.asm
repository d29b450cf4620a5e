; The MultiProcessor tables: for systems that know no ACPI. Built in POST in the shadowed ROM.
; The routing is what acpi.asm tells: ISA IRQ 0 at input 2 of the I/O APIC, PIRQA-D at 16-19.
;
; MultiProcessor Specification 1.4 (242016-006), 4 "MP Configuration Table".

MP_PCI          equ 0                   ; buses
MP_ISA          equ 1
MP_ALL          equ 0FFh                ; all local APICs

; mp_init: POST; DS = 0040h, ES = EBDA. Nothing without a local APIC. Changes all general
; registers.
mp_init:
        cmp     word [es:EBDA_BRIDGE], 0FFFFh
        je      .end
        call    cpuid_features
        test    dh, 02h
        jz      .end
        call    shadow_unlock
        push    ds
        push    cs
        pop     ds
        mov     [mp_features], edx
        mov     eax, 1
        cpu     586
        cpuid
        cpu     386
        and     eax, 0FFFh
        mov     [mp_signature], eax
        mov     bx, mp_table
        mov     cx, mp_end - mp_table
        mov     di, 7
        call    sum_to_zero
        mov     word [mp_pointer], '_M'         ; in halves, so that the code has no anchor
        mov     word [mp_pointer + 2], 'P_'
        mov     bx, mp_pointer
        mov     cx, 16
        mov     di, 10
        call    sum_to_zero
        pop     ds
        call    shadow_lock
        STAGE_NOTE 'MP tables'
.end:
        ret

; "MP Floating Pointer Structure": its signature and sum are written in POST. No IMCR: the
; 8259A reaches the processor through LINT0.
        align   16, db 0
mp_pointer:
        dd      0
        dd      (BIOS_SEG << 4) + mp_table
        db      1, 4, 0                 ; paragraphs, revision, sum
        times   5 db 0

; "MP Configuration Table Header", then the entries.
mp_table:
        db      'PCMP'
        dw      mp_end - mp_table
        db      4, 0                    ; revision, sum
        db      'RNGWALK '
        db      'RINGWALK    '
        dd      0
        dw      0
        dw      MP_ENTRIES
        dd      APIC_DEFAULT
        dd      0

; MP_LINE type, bus, its interrupt, input; conforming to the bus.
%assign MP_COUNT 0
%macro MP_LINE 4
        db      3, %1
        dw      0
        db      %2, %3, IOAPIC_ID, %4
  %assign MP_COUNT MP_COUNT + 1
%endmacro

        db      0, 0, 14h, 3            ; processor 0: version, enabled and bootstrap
mp_signature:
        dd      0
mp_features:
        dd      0, 0, 0
        db      1, MP_PCI, 'PCI   '
        db      1, MP_ISA, 'ISA   '
        db      2, IOAPIC_ID, 11h, 1
        dd      IOAPIC
        MP_LINE 3, MP_ISA, 0, 0         ; ExtINT
        MP_LINE 0, MP_ISA, 0, 2
        MP_LINE 0, MP_ISA, 1, 1
%assign mp_irq 3
%rep 13
  %if mp_irq != 10 && mp_irq != 11      ; PCI's
        MP_LINE 0, MP_ISA, mp_irq, mp_irq
  %endif
  %assign mp_irq mp_irq + 1
%endrep
%assign mp_device 0
%rep 32
  %assign mp_pin 0
  %rep 4
        MP_LINE 0, MP_PCI, mp_device << 2 | mp_pin, 16 + ((mp_device + mp_pin + 3) & 3)
    %assign mp_pin mp_pin + 1
  %endrep
  %assign mp_device mp_device + 1
%endrep
        db      4, 3                    ; ExtINT and NMI to LINT0 and LINT1
        dw      0
        db      MP_ISA, 0, MP_ALL, 0
        db      4, 1
        dw      0
        db      MP_ISA, 0, MP_ALL, 1
mp_end:
MP_ENTRIES      equ MP_COUNT + 6        ; with those not made by MP_LINE
