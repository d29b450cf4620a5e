; Booting from a CD: the boot record, the catalog with its sections, and the three kinds of
; image: none, diskette, hard disk.
;
; Phoenix/IBM "El Torito" Bootable CD-ROM Format Specification 1.0 (1995), 2 "Booting
; catalog" (figures 2 to 6), 3 "Bootable image types"; ECMA-119 8.2 "Boot record".
;
; A disc is untrusted: whatever is wrong with it gives a reason, and the next device has its
; turn.

CD_BUFFER_SEG   equ 0800h               ; a block of 2048 bytes; only before a boot
CATALOG_MAX     equ 256                 ; entries looked at: four blocks of the catalog
ENTRY_SIZE      equ 32

BOOT_RECORD     equ 17                  ; block
RECORD_CATALOG  equ 47h                 ; dword: block of the catalog

VALIDATION_ID   equ 1
ENTRY_BOOTABLE  equ 88h
ENTRY_EXTENSION equ 44h
SECTION_MORE    equ 90h
SECTION_LAST    equ 91h
PLATFORM_PC     equ 0

; An entry that boots
ENTRY_MEDIA     equ 1                   ; 3:0: 0 none, 1-3 diskette, 4 hard disk
ENTRY_SEGMENT   equ 2                   ; word, 0 for 7C0h
ENTRY_COUNT     equ 6                   ; word: sectors of 512 bytes to load
ENTRY_LBA       equ 8                   ; dword: block of the image

MEDIA_HARD_DISK equ 4

; eltorito_try: AL = number of the CD drive; DS = EBDA. Boots from it, or returns AH = why
; not. Changes all general registers, ES.
eltorito_try:
        mov     [EBDA_EMU_CD], al
        movzx   si, al
        imul    si, CD_STRIDE
        add     si, EBDA_CD_TABLE
        call    emu_end
        mov     dword [EBDA_EMU_CATALOG], 0
        call    cd_ready
        mov     al, ah
        mov     ah, WHY_READ
        jnc     .ready
        cmp     al, DISK_NO_MEDIUM
        jne     .end
        mov     ah, WHY_NO_MEDIUM
        jmp     .end
.ready:
        mov     eax, BOOT_RECORD
        call    cd_buffer
        mov     ah, WHY_READ
        jc      .end
        push    si
        push    ds
        push    cs
        pop     ds
        mov     si, .record
        xor     di, di
        mov     cx, .record_end - .record
        repe cmpsb
        pop     ds
        pop     si
        mov     ah, WHY_NO_RECORD
        jne     .end
        mov     eax, [es:RECORD_CATALOG]
        mov     [EBDA_EMU_CATALOG], eax
        call    cd_buffer
        mov     ah, WHY_CATALOG
        jc      .end
        call    catalog_validate
        jc      .end
        call    catalog_find
        jc      .end
        call    catalog_take
        jc      .end
        mov     ax, [EBDA_EMU_SEGMENT]
        mov     dl, [EBDA_EMU_DRIVE]
        jmp     boot_jump
.end:
        ret
; Type 0, identifier, version 1, boot system identifier.
.record:
        db      0, 'CD001', 1, 'EL TORITO SPECIFICATION'
.record_end:

; cd_buffer: block EAX of drive SI to CD_BUFFER_SEG:0; ES = that segment. CF = 1 when it
; cannot be read or lies outside the disc. Changes EAX, CX, DX, DI.
cd_buffer:
        push    word CD_BUFFER_SEG
        pop     es
        cmp     eax, [si + DISK.total]
        cmc
        jc      .end
        push    eax
        mov     al, 0
        call    cd_clear
        pop     eax
        mov     dword [EBDA_CD_TAKE], CD_BLOCK
        xor     di, di
        mov     cx, 1
        call    cd_blocks
        push    word CD_BUFFER_SEG
        pop     es
.end:
        ret

; catalog_validate: the validation entry at ES:0. CF = 1, AH = what is wrong with it.
catalog_validate:
        mov     ah, WHY_VALIDATION
        cmp     byte [es:0], VALIDATION_ID
        jne     .bad
        mov     ah, WHY_KEY
        cmp     word [es:1Eh], 0AA55h
        jne     .bad
        xor     di, di
        xor     dx, dx
.word:
        add     dx, [es:di]
        add     di, 2
        cmp     di, ENTRY_SIZE
        jb      .word
        mov     ah, WHY_CHECKSUM
        test    dx, dx
        jnz     .bad
        ret                             ; CF = 0
.bad:
        stc
        ret

; catalog_find: ES:DI = the first entry that a PC can boot: the default entry, or one of the
; sections behind it. CF = 1, AH = why there is none.
; BX = entry, DL = platform, CX = entries left in the section, DH = 0 behind the last section.
catalog_find:
        mov     bx, 1
        mov     dl, [es:1]
        mov     dh, 1
        mov     cx, 1
.entry:
        mov     di, bx
        shl     di, 5
        and     di, CD_BLOCK - 1
        jnz     .there
        push    dx
        push    cx
        movzx   eax, bx
        shr     eax, 6
        add     eax, [EBDA_EMU_CATALOG]
        call    cd_buffer
        pop     cx
        pop     dx
        mov     ah, WHY_CATALOG
        jc      .end
        xor     di, di
.there:
        mov     al, [es:di]
        cmp     al, ENTRY_EXTENSION     ; selection criteria: we have none
        je      .next
        jcxz    .header
        dec     cx
        cmp     al, ENTRY_BOOTABLE
        jne     .next
        cmp     dl, PLATFORM_PC
        jne     .next
        ret                             ; CF = 0
.header:
        test    dh, dh
        jz      .none
        mov     dh, 0
        cmp     al, SECTION_LAST
        je      .section
        inc     dh
        cmp     al, SECTION_MORE
        jne     .none
.section:
        mov     dl, [es:di + 1]
        mov     cx, [es:di + 2]
.next:
        inc     bx
        cmp     bx, CATALOG_MAX
        jb      .entry
.none:
        mov     ah, WHY_NO_ENTRY
        stc
.end:
        ret

; catalog_take: the entry at ES:DI: sets up its emulation and loads it. CF = 1, AH = why not.
catalog_take:
        mov     al, [es:di + ENTRY_MEDIA]
        and     al, 0Fh
        mov     [EBDA_EMU_MEDIA], al
        mov     ah, WHY_MEDIA
        cmp     al, MEDIA_HARD_DISK
        ja      .bad
        mov     ax, [es:di + ENTRY_SEGMENT]
        test    ax, ax
        jnz     .segment
        mov     ax, BOOT_ADDRESS >> 4
.segment:
        mov     [EBDA_EMU_SEGMENT], ax
        mov     cx, [es:di + ENTRY_COUNT]
        mov     [EBDA_EMU_COUNT], cx
        call    emu_fits
        mov     ah, WHY_LENGTH
        jc      .bad
        mov     eax, [es:di + ENTRY_LBA]
        mov     [EBDA_EMU_LBA], eax
        movzx   ecx, cx
        add     ecx, 3
        shr     ecx, 2
        add     eax, ecx
        mov     ah, WHY_IMAGE
        jc      .bad
        mov     eax, [EBDA_EMU_LBA]
        add     eax, ecx
        cmp     [si + DISK.total], eax
        mov     ah, WHY_IMAGE
        jb      .bad
        call    emu_begin
        jc      .end
        mov     ax, [EBDA_EMU_SEGMENT]
        mov     cx, [EBDA_EMU_COUNT]
        call    emu_load
        jnc     .end
        call    emu_end
        mov     ah, WHY_IMAGE
.bad:
        stc
.end:
        ret

; emu_fits: CF = 1 unless CX sectors of 512 bytes from segment AX on lie between 0000:7C00
; and the end of base memory. Changes EDX.
emu_fits:
        push    es
        push    ecx
        movzx   edx, ax
        shl     edx, 4
        cmp     edx, BOOT_ADDRESS
        jb      .end
        cmp     cx, 1
        jb      .end
        movzx   ecx, cx
        shl     ecx, 9
        add     edx, ecx
        push    word BDA_SEG
        pop     es
        movzx   ecx, word [es:BDA_BASE_KIB]
        shl     ecx, 10
        cmp     ecx, edx
.end:
        pop     ecx
        pop     es
        ret

; emu_load: CX sectors of the image to AX:0000. CF = 1, AH = status code. Changes EAX, CX, DX,
; DI, ES.
emu_load:
        call    emu_fits
        jc      .bad
        mov     es, ax
        xor     di, di
        mov     [EBDA_X_LEFT], cx
        mov     dword [EBDA_X_LBA], 0
        mov     byte [EBDA_X_OP], X_READ
        jmp     cd_image_transfer
.bad:
        mov     ah, DISK_BAD
        ret

; emu_begin: the emulation that EBDA_EMU_CD, _MEDIA and _LBA describe. CF = 1, AH = why not.
; Changes EAX, BX, CX, DX, DI, ES.
emu_begin:
        push    si
        movzx   si, byte [EBDA_EMU_CD]
        imul    si, CD_STRIDE
        add     si, EBDA_CD_TABLE
        mov     cx, DISK_SIZE           ; ports and place are the CD's
        mov     di, EBDA_EMU_DISK
        push    ds
        pop     es
        rep     movsb
        sub     si, DISK_SIZE
        mov     di, EBDA_EMU_DISK
        mov     byte [di + DISK.flags], DISK_ATAPI | DISK_EMULATED
        push    word BDA_SEG
        pop     es
        movzx   bx, byte [EBDA_EMU_MEDIA]
        and     bl, 0Fh
        mov     ah, WHY_MEDIA
        cmp     bl, MEDIA_HARD_DISK
        je      .hard_disk
        ja      .bad
        test    bl, bl
        jz      .none

        ; A diskette: the CD becomes drive A.
        mov     ax, 80
        mov     cx, 2
        movzx   dx, [cs:bx + .sectors - 1]
        call    .geometry
        mov     byte [EBDA_EMU_DRIVE], 00h
        mov     al, [es:BDA_EQUIPMENT]
        test    al, 01h
        jz      .first
        cmp     al, 0C0h
        jae     .active
        add     al, 40h
.first:
        or      al, 01h
        mov     [es:BDA_EQUIPMENT], al
        jmp     .active

.none:
        mov     al, [EBDA_EMU_CD]
        add     al, CD_DRIVE
        mov     [EBDA_EMU_DRIVE], al
        jmp     .active

.hard_disk:
        push    di
        call    emu_partition
        pop     di
        jc      .end
        call    .geometry
        mov     [di + DISK.total], ebx
        mov     byte [EBDA_EMU_DRIVE], 80h
        push    word BDA_SEG
        pop     es
        inc     byte [es:BDA_HD_COUNT]
.active:
        mov     byte [EBDA_EMU_ACTIVE], 1
        clc
.end:
        pop     si
        ret
.bad:
        stc
        jmp     .end
.sectors:
        db      15, 18, 36
; AX cylinders, CX heads, DX sectors to the entry at DI.
.geometry:
        mov     [di + DISK.cylinders], ax
        mov     [di + DISK.log_cylinders], ax
        mov     [di + DISK.heads], cx
        mov     [di + DISK.log_heads], cx
        mov     [di + DISK.spt], dx
        mov     [di + DISK.log_spt], dx
        imul    ax, cx
        movzx   eax, ax
        movzx   edx, dx
        imul    eax, edx
        mov     [di + DISK.total], eax
        mov     dword [di + DISK.total + 4], 0
        ret

; emu_partition: the partition table of the image: AX, CX, DX = cylinders, heads, sectors by
; the end of the first partition, EBX = sectors of the disk. CF = 1, AH = why not. SI = CD
; drive.
emu_partition:
        mov     al, 0
        call    cd_clear
        mov     dword [EBDA_CD_SKIP], 1BEh
        mov     dword [EBDA_CD_TAKE], 42h
        push    ds
        pop     es
        mov     di, EBDA_CD_REPLY
        mov     eax, [EBDA_EMU_LBA]
        mov     cx, 1
        call    cd_blocks
        mov     ah, WHY_IMAGE
        jc      .end
        mov     ah, WHY_PARTITION
        cmp     word [EBDA_CD_REPLY + 40h], 0AA55h
        jne     .bad
        mov     di, EBDA_CD_REPLY
.entry:
        cmp     byte [di + 4], 0
        jne     .found
        add     di, 16
        cmp     di, EBDA_CD_REPLY + 40h
        jb      .entry
.bad:
        stc
.end:
        ret
.found:
        mov     ebx, [di + 8]
        add     ebx, [di + 12]
        jc      .end
        movzx   dx, byte [di + 6]
        mov     al, dl
        and     dx, 3Fh
        jz      .bad
        and     ax, 0C0h
        shl     ax, 2
        mov     al, [di + 7]
        inc     ax
        movzx   cx, byte [di + 5]
        inc     cx
        ret                             ; CF = 0: no INC made it

; emu_end: no emulation any more; the numbers of drives as before it. Keeps all registers.
emu_end:
        push    ax
        push    es
        cmp     byte [EBDA_EMU_ACTIVE], 0
        je      .end
        mov     byte [EBDA_EMU_ACTIVE], 0
        push    word BDA_SEG
        pop     es
        cmp     byte [EBDA_EMU_DRIVE], 80h
        ja      .end
        jb      .diskette
        dec     byte [es:BDA_HD_COUNT]
        jmp     .end
.diskette:
        mov     al, [es:BDA_EQUIPMENT]
        sub     al, 40h
        jnc     .drives
        mov     al, [es:BDA_EQUIPMENT]
        and     al, 0FEh                ; there was no other
.drives:
        mov     [es:BDA_EQUIPMENT], al
.end:
        pop     es
        pop     ax
        ret
