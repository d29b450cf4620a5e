; The APICs: the local one, where the CPU has it, opened for the interrupts of the 8259A, the
; I/O APIC and the HPET quiet.
;
; Intel SDM Vol.3A 11.4.7.2 "Local APIC State After It Has Been Software Disabled" (as
; after a reset: every LVT entry is masked), 11.5.1 "Local Vector Table"; MultiProcessor
; Specification 1.4 (242016-006), 3.6.2.2 "Virtual Wire Mode"; Intel 82093AA (290566-001),
; 3.2 "IOAPIC Registers"; IA-PC HPET Specification 1.0a, 2.3 "HPET Registers".

; apic_init: virtual wire mode: LINT0 = ExtINT, LINT1 = NMI; no interrupts from the I/O APIC,
; which an INIT leaves as it is. Changes all general registers.
apic_init:
        call    cpuid_features
        mov     edi, APIC_DEFAULT
        test    dh, 02h                 ; EDX bit 9: a local APIC that is enabled
        jz      .end
        mov     eax, edx
        and     eax, 60h                ; bit 5 MSRs, bit 6 PAE: a P6 or later, where the
        cmp     al, 60h                 ; MSR tells the base; the Pentium's is fixed
        jne     .base_known
        mov     ecx, APIC_BASE_MSR
        cpu     586
        rdmsr
        test    ah, APIC_ENABLED >> 8
        jz      .end
        test    ah, APIC_EXTENDED >> 8
        jz      .xapic
        and     ah, ~((APIC_ENABLED | APIC_EXTENDED) >> 8) & 0FFh
        wrmsr                           ; the way back from x2APIC mode leads over this
        or      ah, APIC_ENABLED >> 8
        wrmsr
.xapic:
        cpu     386
        and     eax, 0FFFFF000h
        mov     edi, eax
.base_known:
        mov     eax, 01FFh              ; software enable, spurious vector FFh
        lea     esi, [edi + APIC_SVR]
        call    .write
        mov     eax, 0700h
        lea     esi, [edi + APIC_LINT0]
        call    .write
        mov     eax, 0400h
        lea     esi, [edi + APIC_LINT1]
        call    .write

        mov     ebx, 0                  ; the register with the ID
        mov     eax, IOAPIC_ID << 24
        call    .write_io
        mov     bx, 10h + 2 * (IOAPIC_PINS - 1)
.pin:
        mov     eax, 10000h             ; masked
        call    .write_io
        sub     bx, 2
        cmp     bx, 10h
        jae     .pin
        xor     eax, eax                ; halted, no legacy replacement
        mov     esi, HPET + 10h
        jmp     .write
.write_io:                              ; EAX to the I/O APIC's register EBX
        push    eax
        mov     eax, ebx
        mov     esi, IOAPIC
        call    .write
        pop     eax
        mov     esi, IOAPIC + 10h
.write:                                 ; EAX to ESI
        push    ds
        push    edi
        xor     di, di
        mov     ds, di
        mov     [SCRATCH], eax
        mov     edi, esi
        mov     esi, SCRATCH
        mov     ecx, 4
        call    copy_physical
        pop     edi
        pop     ds
.end:
        ret

; cpuid_features: EDX = CPUID leaf 1, 0 where there is no CPUID: it exists where EFLAGS.ID
; can be changed. Changes EAX, EBX, ECX.
cpuid_features:
        pushfd
        pop     eax
        mov     ecx, eax
        xor     eax, 200000h
        push    eax
        popfd
        pushfd
        pop     eax
        push    ecx
        popfd
        xor     edx, edx
        xor     eax, ecx
        test    eax, 200000h
        jz      .end
        mov     eax, 1
        cpu     586
        cpuid
        cpu     386
.end:
        ret
