; The chips every PC has: two 8259A interrupt controllers, the 8254 timer, the A20
; gate, and waiting with a bound.
;
; Intel 8259A (231468-003) "Initialization Command Words"; Intel 8254 (231164-005)
; "Programming the 8254"; Intel 82371SB PIIX3 (290550-002) "Port 92 Register",
; "NMI Status and Control Register" (port 61h, refresh toggle in bit 4).

; pic_init: IRQ0-7 at vectors 08h-0Fh, IRQ8-15 at 70h-77h. Open are the timer,
; keyboard, cascade and diskette; clock, coprocessor and both IDE channels.
pic_init:
        mov     bx, 0870h
        call    pic_set
        mov     al, 0B8h                ; OCW1
        out     PIC1 + 1, al
        mov     al, 1Eh
        out     PIC2 + 1, al
        ret

; pic_set: the first vectors of the two controllers: BH, BL. Changes AL.
pic_set:
        mov     al, 11h                 ; ICW1: edge, cascade, ICW4 follows
        out     PIC1, al
        IO_DELAY
        out     PIC2, al
        IO_DELAY
        mov     al, bh                  ; ICW2: vector base
        out     PIC1 + 1, al
        IO_DELAY
        mov     al, bl
        out     PIC2 + 1, al
        IO_DELAY
        mov     al, 04h                 ; ICW3: the slave is on IRQ2
        out     PIC1 + 1, al
        IO_DELAY
        mov     al, 02h
        out     PIC2 + 1, al
        IO_DELAY
        mov     al, 01h                 ; ICW4: 8086 mode, normal EOI
        out     PIC1 + 1, al
        IO_DELAY
        out     PIC2 + 1, al
        ret

; pit_init: channel 0 at 18.2 Hz, channel 1 for refresh, channel 2 quiet.
pit_init:
        mov     al, 36h                 ; channel 0, both bytes, mode 3
        out     PIT_MODE, al
        IO_DELAY
        xor     al, al                  ; 65536
        out     PIT_CH0, al
        IO_DELAY
        out     PIT_CH0, al
        IO_DELAY
        mov     al, 54h                 ; channel 1, low byte, mode 2
        out     PIT_MODE, al
        IO_DELAY
        mov     al, 12h                 ; a refresh every 15.1 us
        out     PIT_CH0 + 1, al
        IO_DELAY
        mov     al, 0B6h                ; channel 2, both bytes, mode 3
        out     PIT_MODE, al
        IO_DELAY
        mov     al, 33h                 ; 1331 = 896 Hz, the beep of the PC
        out     PIT_CH2, al
        IO_DELAY
        mov     al, 05h
        out     PIT_CH2, al
        ret

; --- A20 ----------------------------------------------------------------------------

; a20_on, a20_off: the fast gate of port 92h. Bit 0 would reset the CPU, so it is
; written as 0. Change AL.
a20_on:
        in      al, PORT_92
        or      al, 02h
        jmp     a20_write
a20_off:
        in      al, PORT_92
        and     al, 0FDh
a20_write:
        and     al, 0FEh
        out     PORT_92, al
        ret

; a20_get: AL = 1 when the gate is open.
a20_get:
        in      al, PORT_92
        shr     al, 1
        and     al, 1
        ret

; --- waiting with a bound -------------------------------------------------------------
; A wait ends in time or by count, whatever the machine lacks: the refresh bit counts
; time where it toggles, the step count bounds the loop where it does not, and where
; it toggles at every read (as some machines have it) the steps keep the wait from
; being too short.
;
; State: EBX = toggles left (bits 0-29), a toggle was seen (30), last bit (31);
; ECX = steps left of this round.
WAIT_TOGGLE_US  equ 15
WAIT_SEEN       equ 40000000h
WAIT_LAST       equ 80000000h
WAIT_COUNT      equ 3FFFFFFFh
WAIT_ROUND      equ 20000h

; WAIT_FOR milliseconds: loads EBX and ECX.
%macro WAIT_FOR 1
        mov     ebx, (%1) * 1000 / WAIT_TOGGLE_US
        mov     ecx, WAIT_ROUND
%endmacro

; wait_step: CF = 1 once the time is over. Keeps all but EBX, ECX and flags.
wait_step:
        push    eax
        in      al, PORT_61
        and     eax, 10h
        shl     eax, 27
        xor     eax, ebx
        jns     .count                  ; the bit is as it was
        xor     ebx, WAIT_LAST
        or      ebx, WAIT_SEEN
        test    ebx, WAIT_COUNT
        jz      .count
        dec     ebx
.count:
        dec     ecx
        jnz     .more
        mov     ecx, WAIT_ROUND
        test    ebx, WAIT_COUNT
        jz      .over
        test    ebx, WAIT_SEEN
        jz      .over
        and     ebx, ~WAIT_SEEN
.more:
        pop     eax
        clc
        ret
.over:
        pop     eax
        stc
        ret

; wait_refresh: CX refresh periods of about 15 us. Keeps all registers.
wait_refresh:
        push    ax
        push    cx
        push    dx
        jcxz    .end
        in      al, PORT_61
        and     al, 10h
        mov     ah, al
.period:
        xor     dx, dx                  ; bound, where the bit does not toggle
.poll:
        dec     dx
        jz      .elapsed
        in      al, PORT_61
        and     al, 10h
        cmp     al, ah
        je      .poll
        mov     ah, al
.elapsed:
        loop    .period
.end:
        pop     dx
        pop     cx
        pop     ax
        ret
