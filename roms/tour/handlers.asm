; Exception handlers, the system call, and lines of text in protected mode.

%define named(name) name %+ _32
%define VIDEO_REGISTER VIDEO
%include "say.asm"

; What a handler finds on its stack after "enter_handler", lowest first
struc saved
.es:            resd 1
.ds:            resd 1
.edi:           resd 1
.esi:           resd 1
.ebp:           resd 1
.esp:           resd 1
.ebx:           resd 1
.edx:           resd 1
.ecx:           resd 1
.eax:           resd 1
.error:         resd 1          ; pushed by the processor, or by us where it pushes none
.eip:           resd 1
.cs:            resd 1
.eflags:        resd 1
endstruc

; Saves the interrupted program's registers, EBP = frame, and takes ring 0's data segment.
%macro enter_handler 0
        pushad
        push ds
        push es
        mov ebp, esp
        mov eax, DATA_0
        mov ds, eax
        mov es, eax
%endmacro

; Restores them, as the handler may have changed them in the frame, and goes back to the program.
leave_handler:
        pop es
        pop ds
        popad
        add esp, 4                      ; the error code
        iretd

; #GP, vector 13. From ring 0 it is the bad selector of bad_selector, from ring 3 the CLI of clear_interrupts.
general_protection:
        enter_handler
        mov edx, [ebp + saved.error]
        mov ebx, [ebp + saved.eip]
        test byte [ebp + saved.cs], 3
        jnz .ring_3
        mov dword [ebp + saved.eax], DATA_0
        mov esi, text_gp_selector
        call say_32
        jmp leave_handler
.ring_3:
        cmp byte [ebx], 0FAh            ; CLI
        jne stop_here
        inc dword [ebp + saved.eip]
        mov esi, text_gp_cli
        call say_32
        jmp leave_handler

; #DE, vector 0: gives the program a divisor.
divide_error:
        push dword 0                    ; this exception has no error code
        enter_handler
        mov dword [ebp + saved.ecx], 7
        mov ebx, [ebp + saved.eip]
        mov esi, text_de
        call say_32
        jmp leave_handler

; #PF, vector 14: maps the one page that may be missing.
page_fault:
        enter_handler
        mov edx, [ebp + saved.error]
        mov ebx, cr2
        cmp ebx, LINEAR_LATER
        jne stop_here
        mov dword [PAGE_TABLE_1 + 4], FRAME_LATER | PAGE_PRESENT | PAGE_WRITE
        mov esi, text_pf
        call say_32
        jmp leave_handler

; Vector 30h, the system call: ring 0 prints the text at ESI for ring 3.
service:
        push dword 0
        enter_handler
        call say_32
        jmp leave_handler

; Any other exception: says so and stops.
unexpected:
        mov eax, DATA_0
        mov ds, eax
stop_here:
        mov esi, text_unexpected
        call say_32
.halt:
        hlt
        jmp .halt
