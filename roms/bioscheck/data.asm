; The data areas, memory services and both clocks.

data:
        int     12h
        EXPECT  ax, 639
        EXPECT  word [40Eh], 9FC0h
        push    es
        mov     es, [40Eh]
        EXPECT  byte [es:0], 1
        pop     es
        int     11h
        EXPECT  ax, [410h]
        test    al, 30h
        CHECK   nz
        EXPECT  word [472h], 0
        EXPECT  byte [41Ah], 1Eh
        EXPECT  word [480h], 1Eh
        EXPECT  word [482h], 3Eh
        mov     ax, 0F000h              ; vectors that programs compare
        EXPECT  [16h * 4 + 2], ax
        EXPECT  word [13h * 4], 0E3FEh
        EXPECT  word [16h * 4], 0E82Eh
        EXPECT  word [15h * 4], 0F859h
        EXPECT  word [08h * 4], 0FEA5h
        EXPECT  word [1Ch * 4], 0FF53h
        mov     es, ax
        EXPECT  byte [es:0FFFEh], 0FCh
        EXPECT  byte [es:0FFF0h], 0EAh
        EXPECT  word [es:0FFF1h], 0E05Bh
        EXPECT  byte [es:0FFF7h], '/'
        mov     byte [es:0FFFEh], 0     ; ROM, or shadow made read-only
        EXPECT  byte [es:0FFFEh], 0FCh
        mov     ah, 0C0h
        int     15h
        CHECK   nc
        EXPECT  ah, 0
        EXPECT  byte [es:bx + 2], 0FCh
        mov     ah, 0C1h
        int     15h
        CHECK   nc
        mov     ax, es
        EXPECT  ax, 9FC0h
        mov     ax, 0AA00h              ; no such function
        int     15h
        CHECK   c
        EXPECT  ah, 86h
        ret

; The map of AX=E820h must agree with the other two services; blocks move up and back.
memory:
        xor     ebx, ebx
        mov     dword [.top], 0
        mov     dword [.low], 0
        mov     dword [.acpi], 0
        mov     dword [.nvs], 0
        xor     bp, bp
.map:
        mov     eax, 0E820h
        mov     edx, 534D4150h
        mov     ecx, 20
        mov     di, .entry
        int     15h
        CHECK   nc
        EXPECT  eax, 534D4150h
        EXPECT  ecx, 20
        inc     bp
        cmp     dword [.entry + 16], 1
        jne     .not_ram
        cmp     dword [.entry + 4], 0
        jne     .not_ram
        mov     eax, [.entry]
        add     eax, [.entry + 8]
        cmp     dword [.entry], 0
        jne     .not_low
        mov     [.low], eax
.not_low:
        cmp     dword [.entry], 100000h
        jne     .not_ram
        mov     [.top], eax
.not_ram:
        cmp     dword [.entry + 16], 3
        jne     .not_acpi
        mov     eax, [.entry]
        mov     [.acpi], eax
.not_acpi:
        cmp     dword [.entry + 16], 4
        jne     .not_nvs
        mov     eax, [.entry]
        add     eax, [.entry + 8]
        mov     [.nvs], eax
.not_nvs:
        cmp     bp, 20
        CHECK   b
        test    ebx, ebx
        jnz     .map
        EXPECT  dword [.low], 9FC00h
        cmp     dword [.top], 100000h
        CHECK   a
        ; With a PIIX4's power management, ACPI has 64 KiB behind what is RAM.
        mov     ax, 0B102h
        mov     cx, 7113h
        mov     dx, 8086h
        xor     si, si
        int     1Ah
        mov     eax, 0
        jc      .no_acpi
        mov     eax, [.top]
        add     eax, 10000h
        EXPECT  eax, [.nvs]
        mov     eax, [.top]
.no_acpi:
        EXPECT  eax, [.acpi]
        mov     eax, 0E820h             ; wrong signature, small buffer
        xor     edx, edx
        xor     ebx, ebx
        mov     ecx, 20
        int     15h
        CHECK   c
        mov     eax, 0E820h
        mov     edx, 534D4150h
        mov     ecx, 19
        int     15h
        CHECK   c

        mov     ax, 0E801h
        int     15h
        CHECK   nc
        EXPECT  ax, cx
        EXPECT  bx, dx
        movzx   eax, ax
        shl     eax, 10
        movzx   ebx, bx
        shl     ebx, 16
        add     eax, ebx
        add     eax, 100000h
        EXPECT  eax, [.top]
        mov     ah, 88h
        int     15h
        CHECK   nc
        movzx   ecx, ax
        shl     ecx, 10
        add     ecx, 100000h
        cmp     ecx, [.top]
        CHECK   be

        ; Block move: 4 KiB of a pattern up to 1 MiB + 64 KiB and back, A20 closed before.
        mov     ax, 2400h
        int     15h
        CHECK   nc
        mov     ax, 2402h
        int     15h
        EXPECT  al, 0
        mov     ax, BUFFER_SEG
        mov     es, ax
        xor     di, di
        mov     cx, 1024
        mov     eax, 12345678h
.fill:
        stosd
        imul    eax, eax, 69069
        inc     eax
        loop    .fill
        push    word 0
        pop     es
        mov     si, .gdt_up
        mov     cx, 2048
        mov     eax, 11223344h
        mov     ah, 87h
        int     15h
        CHECK   nc
        EXPECT  ah, 0
        mov     si, .gdt_down
        mov     cx, 2048
        mov     ah, 87h
        int     15h
        CHECK   nc
        push    ds
        mov     ax, BUFFER_SEG
        mov     ds, ax
        add     ax, 1000h
        mov     es, ax
        xor     si, si
        xor     di, di
        mov     cx, 1024
        repe cmpsd
        pop     ds
        CHECK   e
        mov     ax, 2402h               ; the gate is as we left it
        int     15h
        EXPECT  al, 0
        mov     ax, 2401h
        int     15h
        CHECK   nc
        mov     ax, 2402h
        int     15h
        EXPECT  al, 1
        mov     ax, 2403h
        int     15h
        CHECK   nc
        ; Open it is: 0:500 and FFFF:510 differ.
        mov     ax, 0FFFFh
        mov     es, ax
        mov     ax, [500h]
        not     ax
        mov     [es:510h], ax
        cmp     ax, [500h]
        CHECK   ne
        ret
.entry:
        times 20 db 0
.top:
        dd      0
.low:
        dd      0
.acpi:
        dd      0
.nvs:
        dd      0
.gdt_up:
        times 16 db 0
        dw      0FFFFh, 0000h, 9302h, 0000h     ; 20000h
        dw      0FFFFh, 0000h, 9311h, 0000h     ; 110000h
        times 16 db 0
.gdt_down:
        times 16 db 0
        dw      0FFFFh, 0000h, 9311h, 0000h
        dw      0FFFFh, 0000h, 9303h, 0000h     ; 30000h
        times 16 db 0

; Ticks, waits, the user hook.
timer:
        mov     ah, 00h
        int     1Ah
        mov     bx, dx
        mov     eax, [1Ch * 4]
        mov     [.old], eax
        mov     dword [1Ch * 4], .hook
        mov     word [.count], 0
        mov     cx, 0001h               ; 100 ms = 186A0h us
        mov     dx, 86A0h
        mov     ah, 86h
        int     15h
        CHECK   nc
        mov     eax, [.old]
        mov     [1Ch * 4], eax
        mov     ah, 00h
        int     1Ah
        sub     dx, bx
        cmp     dx, 1
        CHECK   ae
        cmp     dx, 3
        CHECK   be
        cmp     word [.count], 1
        CHECK   ae
        ; An event wait sets bit 7 of our byte; a second one is refused meanwhile.
        mov     byte [.flag], 0
        mov     bx, .flag
        mov     cx, 0
        mov     dx, 50000
        mov     ax, 8300h
        int     15h
        CHECK   nc
        mov     ax, 8300h
        int     15h
        CHECK   c
        mov     ah, 00h
        int     1Ah
        mov     bp, dx
.event:
        hlt
        mov     ah, 00h
        int     1Ah
        sub     dx, bp
        cmp     dx, 10
        ja      .event_over
        test    byte [.flag], 80h
        jz      .event
.event_over:
        EXPECT  byte [.flag], 80h
        cmp     dx, 2
        CHECK   be
        ; Midnight: the last tick of the day, then the flag once.
        mov     ah, 00h
        int     1Ah
        push    cx
        push    dx
        mov     cx, 0018h
        mov     dx, 00AFh
        mov     ah, 01h
        int     1Ah
.midnight:
        hlt
        cmp     word [46Eh], 0018h
        je      .midnight
        mov     ah, 00h
        int     1Ah
        EXPECT  al, 1
        EXPECT  cx, 0
        mov     ah, 00h
        int     1Ah
        EXPECT  al, 0
        pop     dx
        pop     cx
        mov     ah, 01h
        int     1Ah
        ret
.hook:
        inc     word [cs:.count]
        iret
.count:
        dw      0
.old:
        dd      0
.flag:
        db      0

; The real-time clock: set, read back, alarm. Sets 11:58:57 on 29 February 2028.
clock:
        mov     ah, 02h
        int     1Ah
        CHECK   nc
        mov     [.time], cx
        mov     [.time + 2], dx
        mov     ah, 04h
        int     1Ah
        CHECK   nc
        mov     [.date], cx
        mov     [.date + 2], dx
        EXPECT  ch, 20h
        mov     cx, 1158h
        mov     dx, 5700h
        mov     ah, 03h
        int     1Ah
        CHECK   nc
        mov     cx, 2028h
        mov     dx, 0229h
        mov     ah, 05h
        int     1Ah
        CHECK   nc
        mov     ah, 02h
        int     1Ah
        CHECK   nc
        EXPECT  cx, 1158h
        cmp     dh, 58h
        CHECK   be
        mov     ah, 04h
        int     1Ah
        EXPECT  cx, 2028h
        EXPECT  dx, 0229h
        ; The alarm two seconds later.
        mov     byte [.alarms], 0
        mov     dword [4Ah * 4], .alarm
        mov     cx, 1158h
        mov     dx, 5900h
        mov     ah, 06h
        int     1Ah
        CHECK   nc
        mov     ah, 06h
        int     1Ah
        CHECK   c
        mov     ah, 00h
        int     1Ah
        mov     bp, dx
.wait:
        hlt
        mov     ah, 00h
        int     1Ah
        sub     dx, bp
        cmp     dx, 60
        ja      .late
        cmp     byte [.alarms], 0
        je      .wait
.late:
        EXPECT  byte [.alarms], 1
        mov     ah, 07h
        int     1Ah
        CHECK   nc
        mov     dword [4Ah * 4], 0F000FF53h
        mov     cx, [.time]
        mov     dx, [.time + 2]
        mov     ah, 03h
        int     1Ah
        mov     cx, [.date]
        mov     dx, [.date + 2]
        mov     ah, 05h
        int     1Ah
        mov     ah, 08h                 ; no such function
        int     1Ah
        CHECK   c
        ret
.alarm:
        inc     byte [cs:.alarms]
        iret
.alarms:
        db      0
.time:
        dd      0
.date:
        dd      0
