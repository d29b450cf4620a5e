; Protected mode, ring 0: segments, the IDT, two faults that are repaired, paging, a page fault, and the way to ring 3.

        stop 8200h
; The first 32-bit instructions. Each load of a segment register fetches a descriptor from the GDT.
protected_mode:
        mov ax, DATA_0
        mov ds, ax
        mov es, ax
        mov fs, ax
        mov gs, ax
        mov ss, ax
        mov esp, STACK_0
        mov dx, cs
        mov ebx, cr0
        mov esi, text_protected
        call say_32
        jmp build_idt

        stop 8300h
; The interrupt descriptor table (SDM Vol.3A 6.10 "Interrupt Descriptor Table (IDT)"): a gate for each vector up to the
; system call. Exceptions that the tour does not expect lead to one handler that stops.
build_idt:
        mov ebx, 0
.unexpected:
        mov eax, unexpected
        mov edx, INTERRUPT_GATE_0
        call set_gate
        inc ebx
        cmp ebx, SERVICE
        jb .unexpected
        mov esi, gates
.expected:
        mov ebx, [esi]
        mov eax, [esi + 4]
        mov edx, [esi + 8]
        call set_gate
        add esi, 12
        cmp esi, gates.end
        jb .expected
        lidt [idt_pointer]
        mov edx, (SERVICE + 1) * 8
        mov ebx, IDT
        mov esi, text_idt
        call say_32
        mov ax, EXECUTE_ONLY
        jmp bad_selector

; Gate of vector EBX: handler EAX in ring 0, type and DPL in EDX. Keeps EBX and ESI. SDM Vol.3A 6.11 "IDT Descriptors".
set_gate:
        mov [IDT + ebx * 8], ax
        mov word [IDT + ebx * 8 + 2], CODE_0
        mov [IDT + ebx * 8 + 4], dx
        shr eax, 16
        mov [IDT + ebx * 8 + 6], ax
        ret

        stop 8400h
; DS may hold data or readable code, and this selector names code that may only be executed: #GP with the selector as
; error code (SDM Vol.2B "MOV"). A fault leaves the instruction undone and EIP at it. The handler puts a good selector
; into the saved EAX and returns: the instruction runs again and succeeds.
bad_selector:
        mov ds, ax
        mov eax, 100
        xor edx, edx
        xor ecx, ecx
        jmp divide

        stop 8500h
; ECX is 0: #DE. The handler puts 7 into the saved ECX.
divide:
        div ecx
        mov ebx, eax
        mov esi, text_divided
        call say_32
        jmp build_page_tables

        stop 8600h
; 32-bit paging with 4 KiB pages (SDM Vol.3A 4.3 "32-Bit Paging"): the first 4 MiB stay where they are, one page above
; them lies elsewhere. Only two pages are for ring 3 too: its code and its stack.
build_page_tables:
        mov edi, PAGE_DIRECTORY
        xor eax, eax
        mov ecx, 1024
        rep stosd                       ; EDI goes on to PAGE_TABLE_0
        mov eax, PAGE_PRESENT | PAGE_WRITE
        mov ecx, 1024
.identity:
        stosd
        add eax, 1000h
        loop .identity                  ; EDI goes on to PAGE_TABLE_1
        xor eax, eax
        mov ecx, 1024
        rep stosd
        or dword [PAGE_TABLE_0 + RING_3_PAGE / 1000h * 4], PAGE_USER
        or dword [PAGE_TABLE_0 + STACK_3_PAGE / 1000h * 4], PAGE_USER
        mov dword [PAGE_TABLE_1], FRAME_ELSEWHERE | PAGE_PRESENT | PAGE_WRITE
        mov dword [PAGE_DIRECTORY], PAGE_TABLE_0 | PAGE_PRESENT | PAGE_WRITE | PAGE_USER
        mov dword [PAGE_DIRECTORY + 4], PAGE_TABLE_1 | PAGE_PRESENT | PAGE_WRITE
        mov dword [FRAME_ELSEWHERE], "RING"
        mov eax, PAGE_DIRECTORY
        mov cr3, eax
        mov eax, cr0
        or eax, CR0_PG
        mov cr0, eax
        jmp .paging                     ; the manual asks for a jump after the change of CR0.PG
.paging:
        mov ebx, cr3
        mov esi, text_paging
        call say_32
        jmp read_elsewhere

        stop 8700h
; The same four bytes, now by their other address.
read_elsewhere:
        mov edx, [LINEAR_ELSEWHERE]
        mov ebx, FRAME_ELSEWHERE
        mov esi, text_elsewhere
        call say_32
        mov eax, "WALK"
        jmp page_not_there

        stop 8800h
; The page table entry of this address is 0: #PF with error code 2 (not present, write, ring 0) and the address in CR2
; (SDM Vol.3A 4.7 "Page-Fault Exceptions"). The handler maps a page and returns.
page_not_there:
        mov [LINEAR_LATER], eax
        mov edx, [FRAME_LATER]
        mov ebx, FRAME_LATER
        mov esi, text_mapped
        call say_32
        jmp prepare_ring_3

; The task-state segment tells the processor which stack to take when ring 3 comes back to ring 0 (SDM Vol.3A 7.2.1
; "Task-State Segment (TSS)").
prepare_ring_3:
        mov edi, TSS
        xor eax, eax
        mov ecx, TSS_BYTES / 4
        rep stosd
        mov dword [TSS + 4], STACK_0
        mov dword [TSS + 8], DATA_0
        mov word [TSS + 66h], TSS_BYTES ; no I/O permission bitmap: ring 3 reaches no port
        mov ax, TASK
        ltr ax
        mov ax, DATA_3
        mov ds, ax
        mov es, ax
        mov fs, ax
        mov gs, ax
        push dword DATA_3               ; SS
        push dword STACK_3              ; ESP
        push dword EFLAGS_ONE           ; EFLAGS: IF = 0, IOPL = 0
        push dword CODE_3               ; CS
        push dword ring_3               ; EIP
        jmp enter_ring_3

        stop 8900h
; There is no instruction to go outward; one returns there. IRET takes CS with RPL 3 and, because the ring changes, SS and
; ESP too (SDM Vol.3A 6.12.1 "Exception- or Interrupt-Handler Procedures").
enter_ring_3:
        iretd
