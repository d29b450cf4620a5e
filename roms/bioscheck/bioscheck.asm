; A disk image that checks the system BIOS from inside: it calls the services as boot
; loaders and old systems do and compares what comes back.
;
;   nasm -f bin -I roms/bioscheck/ -o roms/bioscheck.img roms/bioscheck/bioscheck.asm
;
; Each topic writes one line, "ok disk" or "FAIL disk 8123" (the address behind the check,
; to be looked up in a list file, nasm -l), to the screen, COM1 and port E9h; the last line
; is "bioscheck passed" or "bioscheck failed". Then 0 or 1 goes to port F4h, which ends
; machines that have an exit device there.
;
; The disk must be longer than this file: sectors CHECK_FIRST on are written to. Pad the
; image to 512 KiB or more. PCI tests expect the i440FX and PIIX3.

        cpu     386
        bits    16
        org     7C00h

; --- boot sector: loads the rest behind itself -----------------------------------------
start:
        jmp     0000h:.here
.here:
        mov     [drive], dl
        mov     si, packet
        mov     ah, 42h
        int     13h
        jc      .error
        jmp     main
.error:
        mov     si, .message
.next:
        lodsb
        test    al, al
        jz      .halt
        mov     ah, 0Eh
        mov     bx, 0007h
        int     10h
        jmp     .next
.halt:
        cli
        hlt
        jmp     .halt
.message:
        db      'bioscheck: INT 13h AH=42h failed', 0

drive:
        db      0
        align   4, db 0
packet:
        dw      10h
.count:
        dw      PROGRAM_SECTORS
.buffer:
        dw      7E00h, 0000h
.lba:
        dq      1
        times 510 - ($ - $$) db 0
        dw      0AA55h

; --- framework -------------------------------------------------------------------------

; CHECK cc: the condition must hold, or the topic fails.
%macro CHECK 1
        j%1     %%ok
        call    fail
%%ok:
%endmacro
; EXPECT a, b: equal.
%macro EXPECT 2
        cmp     %1, %2
        je      %%ok
        call    fail
%%ok:
%endmacro
%macro TOPIC 1
        mov     word [topic], %%name
        mov     byte [topic_failed], 0
        call    %1
        call    topic_end
        jmp     %%over
%%name:
        db      %str(%1), 0
%%over:
%endmacro

BUFFER_SEG      equ 2000h               ; free memory from here to the EBDA
CHECK_FIRST     equ 64                  ; sectors from here on may be written

main:
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        TOPIC   data
        TOPIC   memory
        TOPIC   timer
        TOPIC   clock
        TOPIC   disk
        TOPIC   edd
        TOPIC   keyboard
        TOPIC   serial
        TOPIC   pci
        TOPIC   pci32
        TOPIC   unreal
        TOPIC   resume
        mov     si, .passed
        cmp     byte [failures], 0
        je      .end
        mov     si, .failed
.end:
        call    print
        mov     al, [failures]
        mov     dx, 0F4h
        out     dx, al
.halt:
        cli
        hlt
        jmp     .halt
.passed:
        db      'bioscheck passed', 13, 10, 0
.failed:
        db      'bioscheck failed', 13, 10, 0

; fail: reports the return address. Keeps registers.
fail:
        push    bp
        mov     bp, sp
        pushad
        push    ds
        push    es
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     si, .text
        call    print
        mov     si, [topic]
        call    print
        mov     al, ' '
        call    put
        mov     ax, [bp + 2]
        call    print_hex
        mov     si, line_end
        call    print
        mov     byte [topic_failed], 1
        mov     byte [failures], 1
        pop     es
        pop     ds
        popad
        pop     bp
        ret
.text:
        db      'FAIL ', 0

topic_end:
        cmp     byte [topic_failed], 0
        jne     .end
        mov     si, .ok
        call    print
        mov     si, [topic]
        call    print
        mov     si, line_end
        call    print
.end:
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        sti
        ret
.ok:
        db      'ok ', 0
line_end:
        db      13, 10, 0

topic:
        dw      0
topic_failed:
        db      0
failures:
        db      0

; print: the string at DS:SI. put: AL, to the screen, port E9h and COM1.
print:
        lodsb
        test    al, al
        jz      .end
        call    put
        jmp     print
.end:
        ret
put:
        pushad
        push    ax
        mov     ah, 0Eh
        mov     bx, 0007h
        int     10h
        pop     ax
        out     0E9h, al
        mov     dx, 3FDh
        mov     cx, 0FFFFh
        push    ax
.wait:
        in      al, dx
        test    al, 20h
        loopz   .wait
        pop     ax
        mov     dx, 3F8h
        out     dx, al
        popad
        ret

; print_hex: AX as four digits.
print_hex:
        pushad
        mov     cx, 4
.digit:
        rol     ax, 4
        push    ax
        and     al, 0Fh
        cmp     al, 10
        sbb     al, 69h
        das
        call    put
        pop     ax
        loop    .digit
        popad
        ret

%include "data.asm"
%include "disk.asm"
%include "keyboard.asm"
%include "ports.asm"
%include "pci.asm"
%include "unreal.asm"
%include "resume.asm"

        align   512, db 0
PROGRAM_SECTORS equ ($ - $$) / 512 - 1
