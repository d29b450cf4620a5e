; INT 15h: the system services of the AT and after, and the waits the clock times.
;
; IBM PC/AT Technical Reference (6183310), section 5, "Cassette I/O" (system services);
; IBM PS/2 and PC BIOS Interface Technical Reference (1991), "Interrupt 15h"; ACPI
; Specification 6.5, 15 "System Address Map Interfaces"; RBIL INTERRUP.LST for AX=24xxh
; and AX=E801h.

int15:
        INT_ENTER
        mov     ax, [bp + F_AX]
        mov     si, .table
.search:
        cmp     ah, [cs:si]
        je      .found
        add     si, 3
        cmp     si, .table_end
        jb      .search
        jmp     int15_unsupported
.found:
        jmp     [cs:si + 1]
.table:
        db      24h
        dw      int15_a20
        db      4Fh
        dw      int15_key
        db      53h
        dw      int15_apm
        db      80h                     ; device open, close, program end: for a hook
        dw      int15_ok
        db      81h
        dw      int15_ok
        db      82h
        dw      int15_ok
        db      83h
        dw      int15_event_wait
        db      85h                     ; SysReq: for a hook
        dw      int15_ok
        db      86h
        dw      int15_wait
        db      87h
        dw      int15_move
        db      88h
        dw      int15_extended_size
        db      89h
        dw      int15_protected
        db      90h                     ; device wait and post: for a hook
        dw      int15_ok
        db      91h
        dw      int15_ok
        db      0C0h
        dw      int15_config
        db      0C1h
        dw      int15_ebda
        db      0C2h
        dw      int15_mouse
        db      0E8h
        dw      int15_memory
.table_end:

int15_unsupported:
        mov     byte [bp + F_AH], 86h
int15_fail:
        SET_CARRY
        INT_LEAVE
int15_ok:
        mov     byte [bp + F_AH], 0
int15_ok_keep:
        CLEAR_CARRY
        INT_LEAVE

; AH=4Fh "Keyboard intercept": without a hook the key is taken as it is, CF = 1.
int15_key:
        SET_CARRY
        INT_LEAVE

; AX=2400h-2403h "A20 gate": disable, enable, status in AL, ways to do it in BX.
int15_a20:
        cmp     al, 1
        jb      .off
        je      .on
        cmp     al, 3
        jb      .status
        je      .support
        jmp     int15_unsupported
.off:
        call    a20_off
        jmp     int15_ok
.on:
        call    a20_on
        jmp     int15_ok
.status:
        call    a20_get
        mov     [bp + F_AL], al
        jmp     int15_ok
.support:
        mov     word [bp + F_BX], 0003h         ; 8042 and port 92h
        jmp     int15_ok

; --- waits -------------------------------------------------------------------------------
TICK_US         equ 976                 ; one periodic interrupt at 1024 Hz

; AH=83h "Event wait": AL = 0 starts CX:DX us that end with bit 7 of ES:BX, 1 cancels.
int15_event_wait:
        cmp     al, 1
        je      .cancel
        ja      int15_unsupported
        test    byte [BDA_WAIT_ACTIVE], 01h
        jnz     .busy
        mov     ax, [bp + F_ES]
        mov     bx, [bp + F_BX]
        call    wait_start
        jmp     int15_ok
.cancel:
        call    wait_stop
        jmp     int15_ok
.busy:
        mov     byte [bp + F_AH], 80h
        jmp     int15_fail

; AH=86h "Wait": CX:DX us. Short ones by the refresh bit; longer ones sleep between the
; clock's interrupts, and end by the timer should those not come.
SHORT_WAIT_US   equ 4000
int15_wait:
        sti
        test    byte [BDA_WAIT_ACTIVE], 01h
        jnz     .busy
        mov     ax, [bp + F_CX]
        shl     eax, 16
        mov     ax, [bp + F_DX]
        cmp     eax, SHORT_WAIT_US
        ja      .sleep
        xor     dx, dx
        mov     cx, WAIT_TOGGLE_US
        div     cx
        mov     cx, ax
        call    wait_refresh
        jmp     int15_ok
.sleep:
        xor     edx, edx
        mov     ecx, 54925              ; us of a timer tick
        div     ecx
        mov     edi, eax
        add     edi, 2
        mov     esi, [BDA_TICKS]
        mov     ax, BDA_SEG
        mov     bx, BDA_WAIT_ACTIVE
        call    wait_start
.idle:
        cli
        test    byte [BDA_WAIT_ACTIVE], 80h
        jnz     .end
        mov     eax, [BDA_TICKS]
        sub     eax, esi
        cmp     eax, edi
        ja      .end                    ; also past midnight, when it is huge
        sti
        hlt
        jmp     .idle
.end:
        sti
        call    wait_stop
        jmp     int15_ok
.busy:
        mov     byte [bp + F_AH], 83h
        jmp     int15_fail

; wait_start: AX:BX = byte whose bit 7 is set in the end; the caller's CX:DX = us.
; Changes AX.
wait_start:
        mov     [BDA_WAIT_FLAG], bx
        mov     [BDA_WAIT_FLAG + 2], ax
        mov     ax, [bp + F_DX]
        mov     [BDA_WAIT_LEFT], ax
        mov     ax, [bp + F_CX]
        mov     [BDA_WAIT_LEFT + 2], ax
        mov     byte [BDA_WAIT_ACTIVE], 01h
        cli
        call    irq8_unmask
        mov     al, RTC_B
        call    cmos_read
        or      al, RTC_B_PERIODIC
        call    rtc_write_b
        sti
        ret

; wait_stop: no more periodic interrupts, no wait. Changes AX.
wait_stop:
        pushf
        cli
        mov     al, RTC_B
        call    cmos_read
        and     al, ~RTC_B_PERIODIC & 0FFh
        call    rtc_write_b
        mov     byte [BDA_WAIT_ACTIVE], 0
        popf
        ret

; wait_tick: a periodic interrupt came (from irq8; DS = 0040h). Changes AX.
wait_tick:
        test    byte [BDA_WAIT_ACTIVE], 01h
        jz      .end
        sub     dword [BDA_WAIT_LEFT], TICK_US
        ja      .end
        call    wait_stop
        push    ds
        push    bx
        lds     bx, [BDA_WAIT_FLAG]
        or      byte [bx], 80h
        pop     bx
        pop     ds
.end:
        ret

; --- memory --------------------------------------------------------------------------------

; AH=87h "Move block": CX words between the addresses that the descriptors at ES:SI+10h
; and ES:SI+18h hold. Their limits do not matter: the copy uses segments of its own.
int15_move:
        smsw    ax
        test    al, 01h                 ; virtual 8086 mode: its monitor should have come
        jnz     .protected
        mov     es, [bp + F_ES]
        mov     si, [bp + F_SI]
        mov     cx, [bp + F_CX]
        cmp     cx, 8000h
        ja      .protected
        movzx   ecx, cx
        shl     ecx, 1
        lea     bx, [si + 18h]
        call    .base
        mov     edi, eax
        lea     bx, [si + 10h]
        call    .base
        mov     esi, eax
        call    a20_get
        push    ax
        call    a20_on
        call    copy_physical
        pop     ax
        test    al, al                  ; the gate goes back to what it was
        jnz     int15_ok
        call    a20_off
        jmp     int15_ok
.protected:
        mov     byte [bp + F_AH], 03h
        jmp     int15_fail
.base:                                  ; EAX = base of the descriptor at ES:BX
        mov     eax, [es:bx + 2]
        and     eax, 0FFFFFFh
        movzx   edx, byte [es:bx + 7]
        shl     edx, 24
        or      eax, edx
        ret

; AH=89h "Switch to protected mode": ES:SI = a table of eight descriptors: none, GDT, IDT,
; and those of the caller's DS, ES, SS, CS and of the BIOS, which the BIOS fills; BH, BL =
; vectors of the two interrupt controllers, left masked. Returns in protected mode.
SWITCH_GDT      equ 08h
SWITCH_IDT      equ 10h
SWITCH_DS       equ 18h
SWITCH_ES       equ 20h
SWITCH_SS       equ 28h
SWITCH_CS       equ 30h
SWITCH_BIOS     equ 38h
int15_protected:
        smsw    ax
        test    al, 01h
        jnz     int15_unsupported
        cli
        call    a20_on
        mov     bx, [bp + F_BX]
        call    pic_set
        mov     al, 0FFh
        out     PIC1 + 1, al
        out     PIC2 + 1, al
        mov     es, [bp + F_ES]
        mov     si, [bp + F_SI]
        mov     dword [es:si + SWITCH_BIOS], 0FFFFh     ; F0000h, 64 KiB, code, accessed
        mov     dword [es:si + SWITCH_BIOS + 4], 9B0Fh
        lgdt    [es:si + SWITCH_GDT]
        lidt    [es:si + SWITCH_IDT]
        popad
        pop     es
        pop     ds
        mov     eax, cr0
        or      al, 01h
        mov     cr0, eax
        jmp     SWITCH_BIOS:.protected
.protected:
        mov     ax, SWITCH_DS
        mov     ds, ax
        mov     ax, SWITCH_ES
        mov     es, ax
        mov     ax, SWITCH_SS
        mov     ss, ax
        pop     bx                      ; IP; CS and flags go
        add     sp, 4
        push    word SWITCH_CS
        push    bx
        mov     ah, 0
        retf

; AH=88h "Extended memory size": AX = KiB from 1 MiB on, at most 63 MiB: some programs
; take more for a negative number.
int15_extended_size:
        mov     es, [BDA_EBDA]
        mov     eax, [es:EBDA_RAM_TOP]
        sub     eax, 100000h
        shr     eax, 10
        cmp     eax, 0FC00h
        jbe     .fits
        mov     ax, 0FC00h
.fits:
        mov     [bp + F_AX], ax
        jmp     int15_ok_keep

; AX=E801h: AX = CX = KiB between 1 and 16 MiB, BX = DX = 64 KiB units above.
; AX=E820h: the address map.
int15_memory:
        mov     es, [BDA_EBDA]
        cmp     al, 20h
        je      .map
        cmp     al, 01h
        jne     int15_unsupported
        mov     eax, [es:EBDA_RAM_TOP]
        xor     edx, edx
        cmp     eax, 1000000h
        jbe     .below_16m
        mov     edx, eax
        sub     edx, 1000000h
        shr     edx, 16
        mov     eax, 1000000h
.below_16m:
        sub     eax, 100000h
        shr     eax, 10
        mov     [bp + F_AX], ax
        mov     [bp + F_CX], ax
        mov     [bp + F_BX], dx
        mov     [bp + F_DX], dx
        jmp     int15_ok_keep

; EBX = index of the entry, EDX = "SMAP", ECX = size of the buffer at ES:DI. Returns
; EAX = "SMAP", ECX = 20, EBX = the next index or 0 after the last.
MAP_RAM         equ 1
MAP_RESERVED    equ 2
MAP_ACPI        equ 3                   ; tables: RAM once they have been read
MAP_NVS         equ 4                   ; stays the firmware's
.map:
        cmp     dword [bp + F_EDX], 'PAMS'
        jne     int15_unsupported
        cmp     dword [bp + F_ECX], 20
        jb      int15_unsupported
        mov     ebx, [bp + F_EBX]
        cmp     ebx, .ENTRIES
        jae     int15_unsupported
        call    .find
        jc      int15_unsupported
        push    es
        mov     es, [bp + F_ES]
        push    di
        mov     di, [bp + F_DI]
        mov     [es:di], eax
        mov     [es:di + 4], edx
        mov     [es:di + 8], ecx
        mov     [es:di + 12], esi
        pop     ax
        cwde
        mov     [es:di + 16], eax
        pop     es
        inc     bx
        call    .find                   ; is there another?
        jnc     .more
        xor     bx, bx
.more:
        movzx   ebx, bx
        mov     [bp + F_EBX], ebx
        mov     dword [bp + F_ECX], 20
        mov     dword [bp + F_EAX], 'PAMS'
        jmp     int15_ok_keep
; BX = the first entry from BX on that is not empty; EDX:EAX = start, ESI:ECX = length, DI =
; type. CF = 1 when there is none.
.find:
        cmp     bx, .ENTRIES
        cmc
        jc      .found
        push    bx
        shl     bx, 1
        xor     edx, edx
        xor     esi, esi
        call    [cs:bx + .entries]      ; EDX:EAX = start, ESI:ECX = end, DI = type
        pop     bx
        sub     ecx, eax
        sbb     esi, edx
        jnz     .there
        test    ecx, ecx
        jnz     .there
        inc     bx
        jmp     .find
.there:
        clc
.found:
        ret
.entries:
        dw      .base, .ebda, .bios, .extended, .acpi, .nvs, .flash, .above_4g
.ENTRIES        equ ($ - .entries) / 2
.base:
        xor     eax, eax
        movzx   ecx, word [es:EBDA_LOW_TOP]
        shl     ecx, 10
        mov     di, MAP_RAM
        ret
.ebda:
        movzx   eax, word [es:EBDA_LOW_TOP]
        shl     eax, 10
        mov     ecx, 0A0000h
        mov     di, MAP_RESERVED
        ret
.bios:
        mov     eax, 0F0000h
        mov     ecx, 100000h
        mov     di, MAP_RESERVED
        ret
.extended:
        mov     eax, 100000h
        mov     ecx, [es:EBDA_RAM_TOP]
        mov     di, MAP_RAM
        ret
.acpi:
        mov     eax, [es:EBDA_ACPI_BASE]        ; 0 for none
        mov     ecx, eax
        test    eax, eax
        jz      .no_tables
        add     ecx, ACPI_NVS
.no_tables:
        mov     di, MAP_ACPI
        ret
.nvs:
        call    .acpi
        jz      .no_nvs
        mov     eax, ecx
        add     ecx, ACPI_SIZE - ACPI_NVS
.no_nvs:
        mov     di, MAP_NVS
        ret
.flash:
        mov     eax, 0FFFC0000h
        xor     ecx, ecx
        mov     esi, 1
        mov     di, MAP_RESERVED
        ret
.above_4g:
        mov     edx, 1
        xor     eax, eax
        mov     ecx, [es:EBDA_RAM_HIGH]
        mov     esi, ecx
        shl     ecx, 16
        shr     esi, 16
        inc     esi
        mov     di, MAP_RAM
        ret

; --- where things are ---------------------------------------------------------------------

; AH=C0h "Return system configuration parameters": ES:BX.
int15_config:
        mov     word [bp + F_BX], config_table
        mov     word [bp + F_ES], BIOS_SEG
        jmp     int15_ok

; AH=C1h "Return extended BIOS data area segment": ES.
int15_ebda:
        mov     ax, [BDA_EBDA]
        mov     [bp + F_ES], ax
        jmp     int15_ok
