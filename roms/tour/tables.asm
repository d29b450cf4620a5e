; Descriptors, gates and texts.

; A segment descriptor (SDM Vol.3A 3.4.5 "Segment Descriptors"): base, limit, access byte, flags (bits 7-4: G, D, L, AVL)
%macro descriptor 4
        dw (%2) & 0FFFFh
        dw (%1) & 0FFFFh
        db ((%1) >> 16) & 0FFh
        db %3
        db (%4) | ((%2) >> 16)
        db ((%1) >> 24) & 0FFh
%endmacro

TSS_BYTES       equ 68h

; Access bytes: 80h present, 60h DPL 3, 10h code or data; then 0Ah code and readable, 08h code, 02h data and writable
        align 8, db 0
gdt_contents:
        dq 0                                            ; 00h: the null selector
        descriptor 0, 0FFFFFh, 9Ah, 0C0h                ; 08h: code, ring 0, 32 bits, 4 GiB
        descriptor 0, 0FFFFFh, 92h, 0C0h                ; 10h: data, ring 0
        descriptor 0, 0FFFFFh, 0FAh, 0C0h               ; 18h: code, ring 3
        descriptor 0, 0FFFFFh, 0F2h, 0C0h               ; 20h: data, ring 3
        descriptor TSS, TSS_BYTES - 1, 89h, 00h         ; 28h: task-state segment, available
        descriptor 0, 0FFFFh, 9Ah, 00h                  ; 30h: code, 16 bits, 64 KiB
        descriptor 0, 0FFFFh, 92h, 00h                  ; 38h: data, 64 KiB
        dw from_call_gate, CODE_0, 0EC00h, 0            ; 40h: call gate, DPL 3, no parameters
        descriptor 0, 0FFFFFh, 98h, 0C0h                ; 48h: code that may only be executed
        descriptor 0B8000h, 7FFFh, 92h, 40h             ; 50h: video memory
.end:
gdt_pointer:
        dw gdt_contents.end - gdt_contents - 1
        dd GDT
idt_pointer:
        dw (SERVICE + 1) * 8 - 1
        dd IDT
real_idt_pointer:
        dw 3FFh
        dd 0

INTERRUPT_GATE_0 equ 8E00h      ; present, DPL 0, 32-bit interrupt gate
INTERRUPT_GATE_3 equ 0EE00h     ; DPL 3: INT n in ring 3 may use it

; Vector, handler, type of the gates in use
gates:
        dd 0, divide_error, INTERRUPT_GATE_0
        dd 13, general_protection, INTERRUPT_GATE_0
        dd 14, page_fault, INTERRUPT_GATE_0
        dd SERVICE, service, INTERRUPT_GATE_3
.end:

row:
        db 0                    ; of the screen, for the next line

text_hello:
        db "The ringwalk tour: from real mode to ring 3 and back", END
text_segments:
        db "Real mode: wrote A5 at 0050:0100, 0060:0000 reads ", DX_4, ": both are linear 00600", END
text_a20_off:
        db "A20 off: wrote 22 at FFFF:0510, 0000:0500 reads ", DX_4, ": the address wrapped", END
text_a20_stuck:
        db "This machine cannot turn A20 off: 0000:0500 reads ", DX_4, END
text_a20_on:
        db "A20 on: wrote 44 at FFFF:0510, 0000:0500 reads ", DX_4, ": two different bytes", END
text_gdt:
        db "GDT at ", EBX_8, ", ", DX_4, " bytes long", END
text_protected:
        db "Protected mode: CS ", DX_4, ", CR0 ", EBX_8, END
text_idt:
        db "IDT at ", EBX_8, ", ", DX_4, " bytes long", END
text_gp_selector:
        db "#GP(", DX_4, ") at ", EBX_8, ": execute-only code in DS; EAX repaired", END
text_de:
        db "#DE at ", EBX_8, ": division by zero; ECX repaired", END
text_divided:
        db "100 / 7 = ", EBX_8, ", remainder ", DX_4, END
text_paging:
        db "Paging on: CR3 ", EBX_8, END
text_elsewhere:
        db "Linear 00400000 reads ", EDX_8, ", stored at physical ", EBX_8, END
text_pf:
        db "#PF(", DX_4, ") at ", EBX_8, ": page mapped, back to the instruction", END
text_mapped:
        db "Linear 00401000 wrote ", EDX_8, " to physical ", EBX_8, END
text_gp_cli:
        db "#GP(", DX_4, ") at ", EBX_8, ": CLI in ring 3; stepped over", END
text_call_gate:
        db "Call gate: ring 0 again, called from CS ", DX_4, ", ESP ", EBX_8, END
text_unexpected:
        db "Unexpected exception: the tour stops here", END
text_real:
        db "back in real mode", END
