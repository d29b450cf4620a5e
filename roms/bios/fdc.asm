; The diskette controller: bytes to and from it, its interrupt, motors, heads, data rates.
; What INT 13h makes of it is in diskette.asm.
;
; Intel 82077AA datasheet (290166), "Register Set", "Command Set/Descriptions"; IBM PC/AT
; Technical Reference (6183310), section 5, "Diskette" (data areas 40:3E-48, 40:8B-95).
;
; In this file: DS = 0040h, SI = drive, 0 or 1. No wait is without a bound.

FDC_DOR         equ 3F2h                ; 1:0 drive, 2 not reset, 3 DMA gate, 7:4 motors
FDC_MSR         equ 3F4h                ; 7 RQM, 6 DIO, 4 busy
FDC_DATA        equ 3F5h
FDC_DIR         equ 3F7h                ; read: bit 7 disk change
FDC_CCR         equ 3F7h                ; write: 1:0 data rate

FDC_RUNS        equ 0Ch                 ; DOR: out of reset, DMA gate open

FDC_SPECIFY     equ 03h
FDC_SENSE       equ 08h                 ; "Sense Interrupt Status"
FDC_RECALIBRATE equ 07h
FDC_READ_ID     equ 4Ah
FDC_SEEK        equ 0Fh
FDC_PERPENDICULAR equ 12h

; Media state, 40:90 and 40:91: 7:6 data rate as CCR has it, 5 double step, 4 established.
MEDIA_DOUBLE    equ 20h
MEDIA_KNOWN     equ 10h

; Offsets in the diskette parameter table (INT 1Eh)
DPT_SPECIFY1    equ 0
DPT_SPECIFY2    equ 1
DPT_MOTOR_OFF   equ 2                   ; ticks
DPT_SIZE        equ 3
DPT_LAST        equ 4                   ; sectors a track
DPT_GAP         equ 5
DPT_LENGTH      equ 6
DPT_FORMAT_GAP  equ 7
DPT_FILL        equ 8
DPT_SETTLE      equ 9                   ; ms
DPT_MOTOR_ON    equ 10                  ; 1/8 s

FDC_BYTE_MS     equ 500                 ; for the controller to take or give a byte
FDC_WAIT_MS     equ 2000                ; for its interrupt
FDC_WAIT_TICKS  equ 37

; --- parameters --------------------------------------------------------------------------

; dpt_byte: BX = offset in the table of INT 1Eh -> AL. Keeps the rest.
dpt_byte:
        push    es
        push    di
        xor     di, di
        mov     es, di
        les     di, [es:1Eh * 4]
        mov     al, [es:di + bx]
        pop     di
        pop     es
        ret

; drive_type: AL = type of drive SI, as CMOS 10h has it; 0 and ZF = 1 for none.
drive_type:
        mov     al, 10h
        call    cmos_read
        test    si, si
        jnz     .second
        shr     al, 4
.second:
        and     al, 0Fh
        ret

; --- bytes -------------------------------------------------------------------------------

; fdc_out: AL to the controller. CF = 1 when it does not take it. Keeps all registers.
fdc_out:
        push    dx
        push    ebx
        push    ecx
        push    ax
        WAIT_FOR FDC_BYTE_MS
        mov     dx, FDC_MSR
.poll:
        in      al, dx
        and     al, 0C0h
        cmp     al, 80h                 ; a byte, from us
        je      .ready
        call    wait_step
        jnc     .poll
        pop     ax
        stc
        jmp     .end
.ready:
        pop     ax
        inc     dx
        out     dx, al
        clc
.end:
        pop     ecx
        pop     ebx
        pop     dx
        ret

; fdc_result: the bytes of a result to 40:42; CX = how many. CF = 1 when none or no end
; comes. Changes AX.
fdc_result:
        push    dx
        push    di
        push    ebx
        push    ecx
        xor     di, di
.byte:
        WAIT_FOR FDC_BYTE_MS
        mov     dx, FDC_MSR
.poll:
        in      al, dx
        and     al, 0D0h
        cmp     al, 0D0h                ; a byte, to us
        je      .ready
        cmp     al, 80h                 ; the next command
        je      .done
        call    wait_step
        jnc     .poll
        jmp     .end
.ready:
        inc     dx
        in      al, dx
        cmp     di, 7                   ; no command gives more
        cmc
        jc      .end
        mov     [di + BDA_FD_CONTROL], al
        inc     di
        mov     cx, 1                   ; MSR is right 12 us later
        call    wait_refresh
        jmp     .byte
.done:
        cmp     di, 1                   ; CF = 1 for none
.end:
        pop     ecx
        mov     cx, di
        pop     ebx
        pop     di
        pop     dx
        ret

; fdc_pause: EAX us, asleep where the clock can wake us. Keeps all registers.
fdc_pause:
        pushad
        mov     dx, ax
        shr     eax, 16
        mov     cx, ax
        push    cx
        push    dx
        mov     ah, 86h
        int     15h
        pop     dx
        pop     cx
        jnc     .end
        mov     ax, cx                  ; the clock is taken: count refresh periods
        shl     eax, 16
        mov     ax, dx
        xor     edx, edx
        mov     ecx, WAIT_TOGGLE_US
        div     ecx
.round:
        mov     cx, 0FFFFh
        cmp     eax, 0FFFFh
        ja      .wait
        mov     cx, ax
.wait:
        movzx   ecx, cx
        sub     eax, ecx
        call    wait_refresh
        test    eax, eax
        jnz     .round
.end:
        popad
        ret

; fdc_wait: until the interrupt has come. CF = 1 after FDC_WAIT_MS. First by polling; as
; soon as the timer is seen to tick, asleep between interrupts. Changes AX.
fdc_wait:
        push    ebx
        push    ecx
        push    edx
        sti
        mov     ax, 9001h               ; "Device wait", diskette: a hook may do other things
        int     15h
        jc      .look
        WAIT_FOR FDC_WAIT_MS
        mov     edx, [BDA_TICKS]
.poll:
        test    byte [BDA_FD_RECAL], 80h
        jnz     .came
        cmp     edx, [BDA_TICKS]
        jne     .sleep
        call    wait_step
        jnc     .poll
        jmp     .end
.sleep:
        cli
        test    byte [BDA_FD_RECAL], 80h
        jnz     .came
        mov     eax, [BDA_TICKS]
        sub     eax, edx
        cmp     eax, FDC_WAIT_TICKS     ; also past midnight, when it is huge
        ja      .timeout
        sti
        hlt
        jmp     .sleep
.look:
        test    byte [BDA_FD_RECAL], 80h
        jnz     .came
.timeout:
        stc
        jmp     .end
.came:
        clc
.end:
        sti
        pushf
        and     byte [BDA_FD_RECAL], 7Fh
        popf
        pop     edx
        pop     ecx
        pop     ebx
        ret

; --- reset and drives ----------------------------------------------------------------------

; fdc_select: writes DOR: AL = FDC_RUNS or less, motors as 40:3F has them, drive SI.
fdc_select:
        push    ax
        push    dx
        mov     dl, [BDA_FD_MOTOR]
        shl     dl, 4
        or      al, dl
        mov     dx, si
        or      al, dl
        mov     dx, FDC_DOR
        out     dx, al
        pop     dx
        pop     ax
        ret

; fdc_reset: the controller by DOR, its four interrupts after that, its timing. All heads
; must be recalibrated then. CF = 1, AH = status code. Changes AX, CX.
fdc_reset:
        mov     byte [BDA_FD_RECAL], 0
        mov     al, 08h
        call    fdc_select
        mov     cx, 4
        call    wait_refresh
        mov     al, FDC_RUNS
        call    fdc_select
        call    fdc_wait
        jc      fdc_specify.fail
        mov     ah, 4
.drive:
        push    ax
        call    fdc_sense
        pop     ax
        jc      fdc_specify.fail
        dec     ah
        jnz     .drive
; fdc_specify: step rate and head times by INT 1Eh.
fdc_specify:
        push    bx
        mov     al, FDC_SPECIFY
        call    fdc_out
        jc      .end
        mov     bx, DPT_SPECIFY1
        call    dpt_byte
        call    fdc_out
        jc      .end
        mov     bx, DPT_SPECIFY2
        call    dpt_byte
        and     al, 0FEh                ; always with DMA
        call    fdc_out
.end:
        pop     bx
        jnc     .done
.fail:
        mov     ah, DISK_CONTROLLER
        stc
.done:
        ret

; fdc_sense: AL = ST0, 40:43 the cylinder. CF = 1 when the controller does not answer.
; Changes AX, CX.
fdc_sense:
        mov     al, FDC_SENSE
        call    fdc_out
        jc      .end
        call    fdc_result
        mov     al, [BDA_FD_CONTROL]
.end:
        ret

; fdc_motor: starts the motor of drive SI and selects it; waits for its speed if it stood
; still. The motor then runs until fdc_idle. Changes AX, BX, CX.
fdc_motor:
        cli
        mov     byte [BDA_FD_TIMEOUT], 0FFh
        mov     cx, si
        mov     bl, 1
        shl     bl, cl
        mov     bh, [BDA_FD_MOTOR]
        mov     al, bh
        and     al, 0Fh
        or      al, bl
        shl     cl, 4                   ; 5:4: the drive that is selected
        or      al, cl
        mov     [BDA_FD_MOTOR], al
        mov     al, FDC_RUNS
        call    fdc_select
        sti
        test    bh, bl
        jnz     .end
        mov     ax, 90FDh               ; "Device wait", diskette motor
        int     15h
        jc      .end
        mov     bx, DPT_MOTOR_ON
        call    dpt_byte
        movzx   eax, al
        imul    eax, 125000
        call    fdc_pause
.end:
        ret

; fdc_idle: the motors stop after a while (irq0). Changes AX, BX.
fdc_idle:
        mov     bx, DPT_MOTOR_OFF
        call    dpt_byte
        test    al, al
        jnz     .set
        inc     al
.set:
        mov     [BDA_FD_TIMEOUT], al
        ret

; fdc_rate: the data rate of the medium in drive SI; for extra density the perpendicular
; mode, too. Changes AX, CX.
fdc_rate:
        mov     al, [si + BDA_FD_MEDIA]
        rol     al, 2
        and     al, 03h
        mov     ah, al
        push    dx
        mov     dx, FDC_CCR
        out     dx, al
        pop     dx
        call    drive_type
        cmp     al, 5
        jb      .end
        mov     al, FDC_PERPENDICULAR
        call    fdc_out
        jc      .end
        mov     al, 80h                 ; OW: the bits of the drives are written
        cmp     ah, 3
        jne     .mode
        mov     al, 04h
        mov     cx, si
        shl     al, cl
        or      al, 80h
.mode:
        call    fdc_out
.end:
        ret

; --- heads -----------------------------------------------------------------------------------

; fdc_seek: AL = cylinder, as the medium counts them. CF = 1, AH = status code. Changes AX,
; BX, CX.
fdc_seek:
        test    byte [si + BDA_FD_MEDIA], MEDIA_DOUBLE
        jz      .physical
        shl     al, 1
.physical:
        mov     ah, al
        mov     cx, si
        mov     bl, 1
        shl     bl, cl
        test    [BDA_FD_RECAL], bl
        jnz     .known
        push    ax
        call    fdc_recalibrate
        jnc     .at_zero
        call    fdc_recalibrate         ; 79 steps may not do for 80 cylinders and more
.at_zero:
        pop     ax
        jc      .failed
.known:
        cmp     ah, [si + BDA_FD_TRACK]
        clc
        je      .end
        mov     [si + BDA_FD_TRACK], ah
        mov     al, FDC_SEEK
        call    fdc_out
        jc      .failed
        push    ax
        mov     ax, si
        call    fdc_out
        pop     ax
        jc      .failed
        mov     al, ah
        call    fdc_out
        jc      .failed
        call    fdc_arrive
        jc      .failed
        mov     bx, DPT_SETTLE
        call    dpt_byte
        movzx   eax, al
        imul    eax, 1000
        call    fdc_pause
        clc
.end:
        ret
.failed:
        mov     byte [BDA_FD_RECAL], 0
        mov     ah, DISK_SEEK
        stc
        ret

; fdc_recalibrate: the head to cylinder 0. CF = 1 on failure. Changes AX, BX, CX.
fdc_recalibrate:
        mov     al, FDC_RECALIBRATE
        call    fdc_out
        jc      .end
        mov     ax, si
        call    fdc_out
        jc      .end
        call    fdc_arrive
        jc      .end
        mov     byte [si + BDA_FD_TRACK], 0
        mov     cx, si
        mov     bl, 1
        shl     bl, cl
        or      [BDA_FD_RECAL], bl
        clc
.end:
        ret

; fdc_arrive: the end of a seek. CF = 1 on failure. Changes AX, CX.
fdc_arrive:
        call    fdc_wait
        jc      .end
        call    fdc_sense
        jc      .end
        and     al, 0F0h
        cmp     al, 20h                 ; seek end, no equipment check
        je      .end
        stc
.end:
        ret

; fdc_changed: ZF = 0 when the disk change line of the selected drive is active. Changes
; AL, DX.
fdc_changed:
        mov     dx, FDC_DIR
        in      al, dx
        test    al, 80h
        ret

; fdc_status: the status code of INT 13h for the result at 40:42: AH, CF.
fdc_status:
        mov     ah, DISK_OK
        test    byte [BDA_FD_CONTROL], 0C0h
        jz      .end
        mov     ah, DISK_CONTROLLER
        test    byte [BDA_FD_CONTROL], 80h
        jnz     .bad                    ; invalid command, or the drive went away
        mov     al, [BDA_FD_CONTROL + 1]
        push    bx
        mov     bx, .table
.search:
        test    al, [cs:bx]
        jnz     .found
        add     bx, 2
        cmp     bx, .table_end
        jb      .search
        pop     bx
        jmp     .bad
.found:
        mov     ah, [cs:bx + 1]
        pop     bx
.bad:
        stc
        ret
.end:
        clc
        ret
.table:
        db      80h, DISK_NOT_FOUND     ; end of cylinder
        db      20h, DISK_ECC           ; data error
        db      10h, DISK_OVERRUN
        db      04h, DISK_NOT_FOUND     ; no data
        db      02h, DISK_PROTECTED     ; not writable
        db      01h, DISK_NO_MARK
.table_end:
