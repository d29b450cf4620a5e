; Ring 3. This page and the stack page are all it can touch. Lines are printed by the system call, INT 30h: ESI = text,
; EDX and EBX = values.

        stop 9000h
; The low two bits of CS are the CPL. POPF in ring 3 with IOPL 0 leaves IF alone, and raises no exception: the program
; cannot tell that it was refused (SDM Vol.2B "POPF/POPFD/POPFQ").
ring_3:
        mov edx, cs
        pushfd
        or dword [esp], EFLAGS_IF
        popfd
        pushfd
        pop ebx
        mov esi, text_popf
        int SERVICE
        jmp leaks

        stop 9100h
; SGDT and SMSW are not privileged (unless CR4.UMIP is set): ring 3 learns where the kernel's table is, and CR0's low
; half. Such instructions are why this processor was hard to virtualize.
leaks:
        sub esp, 8
        sgdt [esp]
        mov ebx, [esp + 2]              ; after the 16-bit limit
        smsw dx
        add esp, 8
        mov esi, text_leaks
        int SERVICE
        jmp clear_interrupts

        stop 9200h
; CLI in ring 3 with IOPL 0: #GP(0). The handler in ring 0 steps over the instruction.
clear_interrupts:
        cli
        jmp system_call

        stop 9300h
; The gate of vector 30h has DPL 3: ring 3 may call it, and arrives in ring 0 at the address in the gate, on the stack
; from the TSS.
system_call:
        mov dx, cs
        mov esi, text_service
        int SERVICE
        jmp through_call_gate

        stop 9400h
; A call gate is the other door. The offset in the instruction does not count: the gate says where to go (SDM Vol.3A
; 5.8.4 "Accessing a Code Segment Through a Call Gate").
through_call_gate:
        call CALL_GATE:0

text_popf:
        db "Ring 3: CS ", DX_4, ", EFLAGS after POPF ", EBX_8, ": IF did not change, no fault", END
text_leaks:
        db "Ring 3: SGDT leaks the GDT's base ", EBX_8, ", SMSW leaks CR0 ", DX_4, END
text_service:
        db "INT 30h: ring 0 prints this for a caller with CS ", DX_4, END
