; SMBIOS: what the machine says of itself to management software, built in POST in the
; shadowed ROM.
;
; DMTF "System Management BIOS Reference Specification" 2.3.1 (DSP0119), 2.1 "Table
; specification", 3 "SMBIOS structures". Without shadow RAM there is none.

; A structure's header: SMB label, type; its length is up to label_strings.
%macro SMB 2
%1:
        db      %2, %1_strings - %1
        dw      %1 - smbios_table       ; handle: any number that is its own
%endmacro
%macro SMB_STRINGS 1
%1_strings:
%endmacro

; smbios_init: POST; DS = 0040h, ES = EBDA.
smbios_init:
        cmp     word [es:EBDA_BRIDGE], 0FFFFh
        je      .end
        call    shadow_unlock
        push    ds
        push    cs
        pop     ds

        mov     eax, [es:EBDA_RAM_TOP]          ; KiB below 4 GiB, with what ACPI took
        add     eax, ACPI_SIZE - 1
        and     eax, ~(ACPI_SIZE - 1) & 0FFFFFFFFh
        cmp     dword [es:EBDA_ACPI_BASE], 0
        je      .below
        add     eax, ACPI_SIZE
.below:
        shr     eax, 10
        lea     ecx, [eax - 1]
        mov     [smb_mapped + 8], ecx
        mov     ecx, [es:EBDA_RAM_HIGH]
        shl     ecx, 6                          ; KiB above 4 GiB
        jz      .one_range
        lea     edx, [ecx + (4 << 20) - 1]
        mov     [smb_mapped_high + 8], edx
.one_range:
        add     eax, ecx
        mov     [smb_array + 7], eax
        shr     eax, 10                         ; MiB
        cmp     eax, 7FFFh
        jb      .size
        mov     ax, 7FFFh
.size:
        mov     [smb_memory + 12], ax

        push    ecx
        call    smbios_processor
        pop     ecx
        mov     word [smbios_entry + 22], smb_end_end - smbios_table
        mov     word [smbios_entry + 28], SMB_COUNT
        test    ecx, ecx
        jnz     .anchor
        ; No memory above 4 GiB: the end comes one structure earlier.
        mov     dword [smb_mapped_high], 127 | 4 << 8 | (smb_mapped_high - smbios_table) << 16
        mov     word [smb_mapped_high + 4], 0
        mov     word [smbios_entry + 22], smb_mapped_high - smbios_table + 6
        mov     word [smbios_entry + 28], SMB_COUNT - 1
.anchor:
        mov     word [smbios_entry], '_S'       ; in halves, so that the code has no anchor
        mov     word [smbios_entry + 2], 'M_'
        mov     dword [smbios_entry + 16], '_DMI'
        mov     bx, smbios_entry + 16
        mov     cx, 15
        mov     di, 5
        call    sum_to_zero
        mov     bx, smbios_entry
        mov     cx, 31
        mov     di, 4
        call    sum_to_zero
        pop     ds
        call    shadow_lock
.end:
        ret

; smbios_processor: CPUID's name and signature, where there is CPUID. Changes EAX to EDX.
smbios_processor:
        call    cpuid_features
        test    edx, edx
        jz      .end
        cpu     586
        xor     eax, eax
        cpuid
        mov     [smb_vendor], ebx
        mov     [smb_vendor + 4], edx
        mov     [smb_vendor + 8], ecx
        mov     eax, 1
        cpuid
        cpu     386
        mov     [smb_processor + 8], eax
        mov     [smb_processor + 12], edx
.end:
        ret

; The entry point; its anchors and sums are written in POST.
        align   16, db 0
smbios_entry:
        db      0, 0, 0, 0, 0, 1Fh      ; anchor, checksum, length
        db      2, 3                    ; version
        dw      SMB_LARGEST
        db      0, 0, 0, 0, 0, 0
        db      0, 0, 0, 0, '_', 0      ; the second anchor, checksum
        dw      0                       ; length of all structures
        dd      (BIOS_SEG << 4) + (smbios_table - $$)
        dw      0                       ; how many
        db      23h
SMB_COUNT       equ 11
SMB_LARGEST     equ 128

smbios_table:
        SMB     smb_bios, 0             ; "BIOS information"
        db      1, 2                    ; vendor, version
        dw      BIOS_SEG
        db      3                       ; date
        db      0                       ; 64 KiB
        dd      1 << 7 | 1 << 12 | 1 << 15 | 1 << 16 | 1 << 19, 0 ; PCI, shadowing, CD boot, choice of
        db      01h                     ; device, EDD; ACPI
        SMB_STRINGS smb_bios
        db      'ringwalk', 0, '1', 0, '01/15/2026', 0, 0

        SMB     smb_system, 1           ; "System information"
        db      1, 2, 3, 0
        times   16 db 0                 ; no UUID
        db      06h                     ; power switch
        SMB_STRINGS smb_system
        db      'ringwalk', 0, 'PC (i440FX, PIIX)', 0, '1', 0, 0

        SMB     smb_chassis, 3          ; "System enclosure"
        db      1, 01h, 0, 0, 0         ; other
        db      3, 3, 3, 2              ; safe; no lock
        SMB_STRINGS smb_chassis
        db      'ringwalk', 0, 0

        SMB     smb_processor, 4        ; "Processor information"
        db      1, 03h, 02h, 2          ; socket; central processor; unknown family; vendor
        dd      0, 0                    ; CPUID leaf 1: EAX, EDX
        db      0, 0                    ; version, voltage
        dw      0, 0, 0                 ; clocks, unknown
        db      41h, 02h                ; populated and enabled; unknown upgrade
        dw      0FFFFh, 0FFFFh, 0FFFFh  ; caches
        db      0, 0, 0
        SMB_STRINGS smb_processor
        db      'CPU 0', 0
smb_vendor:
        db      'unknown     ', 0, 0

        SMB     smb_array, 16           ; "Physical memory array"
        db      01h, 03h, 03h           ; other place; system memory; no error correction
        dd      0                       ; KiB
        dw      0FFFEh, 1               ; no error information; devices
        SMB_STRINGS smb_array
        dw      0

        SMB     smb_memory, 17          ; "Memory device"
        dw      smb_array - smbios_table, 0FFFEh
        dw      64, 64                  ; widths
        dw      0                       ; MiB
        db      09h, 0, 1, 0, 07h       ; DIMM; set; place; bank; RAM
        dw      0, 0
        db      0, 0, 0, 0
        SMB_STRINGS smb_memory
        db      'DIMM 0', 0, 0

        SMB     smb_boot, 32            ; "System boot information"
        times   6 db 0
        db      0                       ; no errors detected
        SMB_STRINGS smb_boot
        dw      0

        SMB     smb_slots, 9            ; "System slots": one of the PCI bus
        db      1, 06h, 05h, 03h, 03h
        dw      0
        db      04h, 00h
        SMB_STRINGS smb_slots
        db      'PCI', 0, 0

        SMB     smb_mapped, 19          ; "Memory array mapped address": below 4 GiB
        dd      0, 0                    ; KiB, first and last
        dw      smb_array - smbios_table
        db      1
        SMB_STRINGS smb_mapped
        dw      0

        SMB     smb_mapped_high, 19     ; and above
        dd      4 << 20, 0
        dw      smb_array - smbios_table
        db      1
        SMB_STRINGS smb_mapped_high
        dw      0

        SMB     smb_end, 127
        SMB_STRINGS smb_end
        dw      0
smb_end_end:
