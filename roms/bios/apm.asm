; INT 15h AH=53h: advanced power management as far as systems need it to power the machine
; off and to idle. There is no battery and there are no events.
;
; Intel/Microsoft "Advanced Power Management BIOS Interface Specification" 1.2 (1996), 4
; "APM BIOS functions", Appendix A "Firmware error codes". Answers only where the PIIX4's
; power management is.

%define APM_FN(name) apm_ %+ name
%include "apm.inc"
        bits    32
%define APM_FN(name) apm32_ %+ name
%include "apm.inc"

; The 32-bit entry; the selector of the data follows those of both codes.
apm32_entry:
        push    ds
        push    eax
        mov     ax, cs
        add     ax, 10h
        mov     ds, ax
        pop     eax
        call    apm32_function
        pop     ds
        retf
        bits    16

; The 16-bit entry of protected mode; the data's selector is the next.
apm16_entry:
        push    ds
        push    ax
        mov     ax, cs
        add     ax, 8
        mov     ds, ax
        pop     ax
        call    apm_function
        pop     ds
        retf

APM_DATA_SIZE   equ 400h                ; the extended data area

; From int15: DS = 0040h, frame at BP. Connections are made here, the rest is in apm.inc.
int15_apm:
        mov     ds, [BDA_EBDA]
        cmp     word [EBDA_PM_BASE], 0
        je      int15_unsupported
        mov     bx, [bp + F_BX]
        mov     cx, [bp + F_CX]
        cmp     al, 00h
        je      .check
        cmp     al, 04h
        jb      .connect
        call    apm_function
        mov     [bp + F_AX], ax
        mov     [bp + F_BX], bx
        mov     [bp + F_CX], cx
        mov     [bp + F_DX], dx
        jc      int15_fail
        jmp     int15_ok_keep
; AL=00h "Installation check": version 1.2, 'PM', 16 and 32-bit interfaces.
.check:
        mov     ah, APM_NO_DEVICE
        test    bx, bx
        jnz     .fail
        mov     word [bp + F_AX], 0102h
        mov     word [bp + F_BX], 'MP'
        mov     word [bp + F_CX], 0003h
        jmp     int15_ok_keep
; AL=01h-03h "Interface connect": real mode, 16 bits, 32 bits.
.connect:
        mov     ah, APM_NO_DEVICE
        test    bx, bx
        jnz     .fail
        movzx   bx, byte [EBDA_APM]     ; AH = 02h, 05h, 07h: connected already
        mov     ah, [cs:bx + .connected]
        test    bx, bx
        jnz     .fail
        mov     [EBDA_APM], al
        mov     word [EBDA_APM_VERSION], 0100h
        cmp     al, 02h
        jb      int15_ok
        je      .entry_16
        mov     word [bp + F_AX], BIOS_SEG
        mov     dword [bp + F_EBX], apm32_entry
        mov     word [bp + F_CX], BIOS_SEG
        mov     [bp + F_DX], ds
        mov     dword [bp + F_ESI], 0FFFFFFFFh  ; both codes: 64 KiB
        mov     word [bp + F_DI], APM_DATA_SIZE
        jmp     int15_ok_keep
.entry_16:
        mov     word [bp + F_AX], BIOS_SEG
        mov     word [bp + F_BX], apm16_entry
        mov     [bp + F_CX], ds
        mov     word [bp + F_SI], 0FFFFh
        mov     word [bp + F_DI], APM_DATA_SIZE
        jmp     int15_ok_keep
.fail:
        mov     [bp + F_AH], ah
        jmp     int15_fail
.connected:
        db      0, 02h, 05h, 07h
