//! A guest that calls INT 10h, or a routine in 32-bit protected mode, with registers that the test gives, and hands the
//! results back: what the video BIOS answers and does can be written down as a table.

use std::borrow::Cow;

use ringwalk::machine::{Machine, Tuning};
use ringwalk_mmu::{PAGE_BYTES, PhysAddr};

use crate::guest::{Image, config_for, machine_of, run_to};

/// Where the guest looks: 0 idle, 1 an interrupt, 2 a routine in protected mode. It writes 0 when it is done.
const REQUEST: u64 = 0x7000;
/// EAX, EBX, ECX, EDX, ESI, EDI, EBP, ES.
const REGISTERS: u64 = 0x7010;
/// Linear address of the routine.
const ROUTINE: u64 = 0x7030;
/// Free memory for buffers: segment, and the same as an address.
pub(crate) const BUFFER_SEGMENT: u16 = 0x2000;
pub(crate) const BUFFER: u64 = 0x2_0000;
/// Cycles that a call may take at most: five seconds.
const PATIENCE: u64 = 500_000_000;

/// The boot sector, for 7C00h. It waits for a request with interrupts on.
const BOOT_SECTOR: &str = "\
31 C0 ; xor ax, ax
8E D8 ; mov ds, ax
8E D0 ; mov ss, ax
BC 00 7C ; mov sp, 7C00h
FB ; sti
C6 06 00 70 00 ; mov byte [7000h], 0
A0 00 70 ; mov al, [7000h]
3C 01 ; cmp al, 1
72 F9 ; jb again
77 2D ; ja protected
66 A1 10 70 ; mov eax, [7010h]
66 8B 1E 14 70 ; mov ebx, [7014h]
66 8B 0E 18 70 ; mov ecx, [7018h]
66 8B 16 1C 70 ; mov edx, [701Ch]
66 8B 36 20 70 ; mov esi, [7020h]
66 8B 3E 24 70 ; mov edi, [7024h]
66 8B 2E 28 70 ; mov ebp, [7028h]
8E 06 2C 70 ; mov es, [702Ch]
CD 10 ; int 10h
E8 75 00 ; call store
EB CA ; jmp again
FA ; cli
0F 01 16 E8 7C ; lgdt [gdt]
0F 20 C0 ; mov eax, cr0
0C 01 ; or al, 1
0F 22 C0 ; mov cr0, eax
EA 58 7C 08 00 ; jmp 8:flat
66 B8 10 00 ; mov ax, 10h
8E D8 ; mov ds, ax
8E C0 ; mov es, ax
8E D0 ; mov ss, ax
0F B7 E4 ; movzx esp, sp
8B 1D 14 70 00 00 ; mov ebx, [7014h]
8B 0D 18 70 00 00 ; mov ecx, [7018h]
8B 15 1C 70 00 00 ; mov edx, [701Ch]
8B 3D 24 70 00 00 ; mov edi, [7024h]
A1 10 70 00 00 ; mov eax, [7010h]
FF 15 30 70 00 00 ; call [7030h]
EA 8F 7C 00 00 18 00 ; jmp 18h:back
66 50 ; push eax
B8 20 00 ; mov ax, 20h
8E D8 ; mov ds, ax
8E C0 ; mov es, ax
8E D0 ; mov ss, ax
0F 20 C0 ; mov eax, cr0
24 FE ; and al, 0FEh
0F 22 C0 ; mov cr0, eax
EA A7 7C 00 00 ; jmp 0:real
31 C0 ; xor ax, ax
8E D8 ; mov ds, ax
8E D0 ; mov ss, ax
8E C0 ; mov es, ax
66 58 ; pop eax
FB ; sti
E8 03 00 ; call store
E9 57 FF ; jmp again
66 A3 10 70 ; mov [7010h], eax
66 89 1E 14 70 ; mov [7014h], ebx
66 89 0E 18 70 ; mov [7018h], ecx
66 89 16 1C 70 ; mov [701Ch], edx
66 89 36 20 70 ; mov [7020h], esi
66 89 3E 24 70 ; mov [7024h], edi
66 89 2E 28 70 ; mov [7028h], ebp
8C 06 2C 70 ; mov [702Ch], es
C6 06 00 70 00 ; mov byte [7000h], 0
C3 ; ret
90 90 90 90 ; align 8
27 00 ; gdt: dw 27h
E8 7C 00 00 ; dd gdt
00 00 ; dw 0
FF FF 00 00 00 9B CF 00 ; dq 00CF9B000000FFFFh
FF FF 00 00 00 93 CF 00 ; dq 00CF93000000FFFFh
FF FF 00 00 00 9B 00 00 ; dq 00009B000000FFFFh
FF FF 00 00 00 93 00 00 ; dq 000093000000FFFFh
";

/// The caller's registers. ES is the buffer's segment unless it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Regs {
    pub(crate) eax: u32,
    pub(crate) ebx: u32,
    pub(crate) ecx: u32,
    pub(crate) edx: u32,
    pub(crate) esi: u32,
    pub(crate) edi: u32,
    pub(crate) ebp: u32,
    pub(crate) es: u16,
}

impl Regs {
    /// AX and nothing else, ES the buffer.
    pub(crate) fn ax(ax: u16) -> Regs {
        Regs { eax: ax.into(), ebx: 0, ecx: 0, edx: 0, esi: 0, edi: 0, ebp: 0, es: BUFFER_SEGMENT }
    }

    pub(crate) fn bx(self, value: u16) -> Regs {
        Regs { ebx: value.into(), ..self }
    }

    pub(crate) fn cx(self, value: u16) -> Regs {
        Regs { ecx: value.into(), ..self }
    }

    pub(crate) fn dx(self, value: u16) -> Regs {
        Regs { edx: value.into(), ..self }
    }

    /// The lower halves of EAX, EBX, ECX and EDX.
    pub(crate) fn words(&self) -> [u16; 4] {
        [self.eax, self.ebx, self.ecx, self.edx].map(|register| register as u16)
    }
}

/// The machine with the guest.
pub(crate) struct Caller {
    pub(crate) machine: Machine,
}

impl Caller {
    /// Boots, with so many MiB of video memory, or 256 KiB for 0.
    pub(crate) fn with_vram(mebibytes: u64) -> Caller {
        let mut sector: Vec<u8> = BOOT_SECTOR.lines().flat_map(bytes_of).collect();
        sector.resize(510, 0);
        sector.extend([0x55, 0xAA]);
        sector.resize(64 << 10, 0);
        let image = Image(Cow::Owned(sector));
        let mut config = config_for(&image);
        if mebibytes > 0 {
            config.board.vram_pages = (mebibytes << 20) / PAGE_BYTES;
        }
        let mut caller = Caller { machine: machine_of(config, &image, Tuning::default()) };
        caller.boot();
        caller
    }

    pub(crate) fn new() -> Caller {
        Caller::with_vram(16)
    }

    /// Runs until the boot sector waits for a request.
    fn boot(&mut self) {
        let waits = 0x7C0F..0x7C18;
        while !waits.contains(&self.machine.cpu.linear_rip()) {
            assert!(self.machine.position() < 2 * PATIENCE, "the boot does not end");
            self.run(20_011);
        }
    }

    fn run(&mut self, cycles: u64) {
        let end = self.machine.position() + cycles;
        run_to(&mut self.machine, end);
    }

    fn wait(&mut self, what: &str) {
        let end = self.machine.position() + PATIENCE;
        while self.peek(REQUEST) != 0 {
            assert!(self.machine.position() < end, "{what} does not end");
            self.run(20_000);
        }
    }

    /// INT 10h.
    pub(crate) fn int10(&mut self, regs: Regs) -> Regs {
        self.request(1, regs)
    }

    /// A routine at a linear address, called near in flat 32-bit ring 0 with EAX, EBX, ECX, EDX, EDI and flat ES.
    pub(crate) fn call_32(&mut self, address: u32, regs: Regs) -> Regs {
        self.poke(ROUTINE, &address.to_le_bytes());
        self.request(2, regs)
    }

    fn request(&mut self, kind: u8, regs: Regs) -> Regs {
        let all = [regs.eax, regs.ebx, regs.ecx, regs.edx, regs.esi, regs.edi, regs.ebp, regs.es.into()];
        for (at, value) in (REGISTERS..).step_by(4).zip(all) {
            self.poke(at, &value.to_le_bytes());
        }
        self.poke(REQUEST, &[kind]);
        self.wait("the call");
        let get = |index: u64| self.dword(REGISTERS + 4 * index);
        Regs {
            eax: get(0),
            ebx: get(1),
            ecx: get(2),
            edx: get(3),
            esi: get(4),
            edi: get(5),
            ebp: get(6),
            es: get(7) as u16,
        }
    }

    pub(crate) fn poke(&mut self, at: u64, bytes: &[u8]) {
        assert_eq!(self.machine.write_memory(PhysAddr(at), bytes), bytes.len(), "there is memory at {at:X}h");
    }

    pub(crate) fn peek(&self, at: u64) -> u8 {
        self.machine.memory.peek(PhysAddr(at)).expect("there is memory")
    }

    pub(crate) fn bytes(&self, at: u64, count: u64) -> Vec<u8> {
        (at..at + count).map(|at| self.peek(at)).collect()
    }

    pub(crate) fn word(&self, at: u64) -> u16 {
        u16::from_le_bytes([self.peek(at), self.peek(at + 1)])
    }

    pub(crate) fn dword(&self, at: u64) -> u32 {
        u32::from(self.word(at)) | u32::from(self.word(at + 2)) << 16
    }

    /// A text that ends with 0 at a far pointer.
    pub(crate) fn text_at(&self, pointer: u32) -> String {
        let first = u64::from(pointer >> 16) * 16 + u64::from(pointer & 0xFFFF);
        (first..first + 64).map(|at| self.peek(at)).take_while(|byte| *byte != 0).map(char::from).collect()
    }

    /// A word of the BIOS data area.
    pub(crate) fn bda(&self, offset: u64) -> u16 {
        self.word(0x400 + offset)
    }

    /// A row of the text screen.
    pub(crate) fn row(&self, row: u16) -> String {
        self.machine.board.screen(&self.machine.memory).expect("text").row_text(row)
    }

    /// What is shown in graphics, in words; the empty text for text.
    pub(crate) fn graphics(&self) -> String {
        self.machine.board.graphics_mode().map(|mode| mode.to_string()).unwrap_or_default()
    }

    /// Width and height of the picture.
    pub(crate) fn size(&self) -> (u32, u32) {
        let image = self.machine.board.render(&self.machine.memory);
        (image.width, image.height)
    }

    /// Red, green and blue of a pixel of the picture.
    pub(crate) fn rgb(&self, x: u32, y: u32) -> [u8; 3] {
        let image = self.machine.board.render(&self.machine.memory);
        let at = 3 * (y * image.width + x) as usize;
        [image.rgb[at], image.rgb[at + 1], image.rgb[at + 2]]
    }
}

/// The bytes of a line of a listing.
fn bytes_of(line: &str) -> Vec<u8> {
    let hex = line.split(';').next().unwrap_or("");
    hex.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).expect("a listing has bytes")).collect()
}
