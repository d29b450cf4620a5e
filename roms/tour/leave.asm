; The way back: from the call gate through 16-bit protected mode to real mode.

        stop 8A00h
; Ring 0 again. The stack holds what the call gate pushed: EIP, CS, ESP and SS of ring 3.
from_call_gate:
        mov ax, DATA_0
        mov ds, ax
        mov es, ax
        mov edx, [esp + 4]
        mov ebx, [esp + 8]
        mov esi, text_call_gate
        call say_32
        mov esp, STACK_0                ; ring 3 is not coming back
        jmp leave_protected_mode

        stop 8B00h
; SDM Vol.3A 9.9.2 "Switching Back to Real-Address Mode": paging off, then segments with a 64 KiB limit, the real-mode
; interrupt table, PE off, and a far jump that gives CS a real-mode base.
leave_protected_mode:
        mov eax, cr0
        and eax, ~CR0_PG
        mov cr0, eax
        xor eax, eax
        mov cr3, eax
        lidt [real_idt_pointer]
        jmp CODE_16:.sixteen_bits
        bits 16
.sixteen_bits:
        mov ax, DATA_16
        mov ds, ax
        mov es, ax
        mov fs, ax
        mov gs, ax
        mov ss, ax
        mov eax, cr0
        and al, ~CR0_PE & 0FFh
        mov cr0, eax
        jmp 0:real_mode_again

        stop 8C00h
; Real mode. The BIOS still works: its data and its interrupt table were not touched.
real_mode_again:
        xor ax, ax
        mov ds, ax
        mov es, ax
        mov fs, ax
        mov gs, ax
        mov ss, ax
        mov sp, STACK_0
        sti
        mov ah, 02h                     ; the cursor behind the lines we wrote ourselves
        mov bh, 0
        mov dh, [row]
        mov dl, 0
        int 10h
        mov esi, text_real
        call say_bios
        mov si, text_shutdown
        mov dx, 8900h
        mov cx, 8
.next:
        lodsb
        out dx, al
        loop .next
.halt:
        cli                             ; on a machine without that port
        hlt
        jmp .halt

text_shutdown:
        db "Shutdown"
        bits 32
