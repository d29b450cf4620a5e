; The local APIC, where the CPU has one: opened for the interrupts of the 8259A.
;
; Intel SDM Vol.3A 11.4.7.2 "Local APIC State After It Has Been Software Disabled" (as
; after a reset: every LVT entry is masked), 11.5.1 "Local Vector Table"; MultiProcessor
; Specification 1.4 (242016-006), 3.6.2.2 "Virtual Wire Mode".

APIC_BASE_MSR   equ 1Bh
APIC_ENABLED    equ 0800h               ; bit 11 of that MSR
APIC_DEFAULT    equ 0FEE00000h
APIC_SVR        equ 0F0h
APIC_LINT0      equ 350h
APIC_LINT1      equ 360h

; apic_init: virtual wire mode: LINT0 = ExtINT, LINT1 = NMI. Changes all general
; registers.
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
        cpu     386
        test    ah, APIC_ENABLED >> 8
        jz      .end
        and     eax, 0FFFFF000h
        mov     edi, eax
.base_known:
        mov     eax, 01FFh              ; software enable, spurious vector FFh
        mov     bx, APIC_SVR
        call    .write
        mov     eax, 0700h
        mov     bx, APIC_LINT0
        call    .write
        mov     eax, 0400h
        mov     bx, APIC_LINT1
.write:                                 ; EAX to the register at EDI + BX
        push    ds
        push    edi
        xor     si, si
        mov     ds, si
        mov     [SCRATCH], eax
        mov     esi, SCRATCH
        movzx   ebx, bx
        add     edi, ebx
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
