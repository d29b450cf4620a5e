//! Local APIC, I/O APIC and HPET on the whole machine: a guest that lets all of them interrupt it, and the laws of
//! reproducibility over it. Expected counts follow from the rates that it programs.

use std::borrow::Cow;

use ringwalk::machine::{Machine, Stop, Tuning};
use ringwalk_chipset::Output;
use ringwalk_cpu::state::Activity;

use crate::guest::{Image, Random, machine, restored, run_to, saved};
use crate::program::bytes_of;
use crate::trail::{Trail, straight};

/// A boot sector. It masks the 8259As and takes, at vectors 30h to 35h: the timer's IRQ 0 at 1 kHz (input 2 of the I/O
/// APIC), the real-time clock's IRQ 8 at 1024 Hz, a level-triggered HPET timer at 1431.8 Hz (input 20, active low), the
/// local APIC's timer at 1 kHz (100000 cycles), and an interrupt that it sends itself from the last one's handler. It
/// halts in between. After 20 of the local APIC's it sends the counts to COM1. Then the HPET takes IRQ 0 over, at
/// 1 kHz, and the local APIC's timer waits for the time-stamp counter to go on by a million; the counts again; power off.
const REAL: &str = "\
    fa                            ; cli
    31 c0                         ; xor ax, ax
    8e d8                         ; mov ds, ax
    0f 01 16 d7 7d                ; lgdt [gdtr]
    0f 20 c0                      ; mov eax, cr0
    0c 01                         ; or al, 1
    0f 22 c0                      ; mov cr0, eax
    ea 17 7c 08 00                ; jmp 8:pm";
const PROTECTED: &str = "\
    66 b8 10 00                   ; mov ax, 10h   (pm)
    8e d8                         ; mov ds, ax
    8e c0                         ; mov es, ax
    8e d0                         ; mov ss, ax
    bc 00 7c 00 00                ; mov esp, 7C00h
    b0 ff                         ; mov al, 0FFh
    e6 21                         ; out 21h, al
    e6 a1                         ; out 0A1h, al
    be cb 7d 00 00                ; mov esi, handlers
    bf 80 81 00 00                ; mov edi, 8180h
    b9 06 00 00 00                ; mov ecx, 6
    66 ad                         ; lodsw   (gate)
    66 89 07                      ; mov [edi], ax
    c7 47 02 08 00 00 8e          ; mov dword [edi+2], 8E000008h
    83 c7 08                      ; add edi, 8
    e2 ef                         ; loop gate
    0f 01 1d dd 7d 00 00          ; lidt [idtr]
    bf 00 90 00 00                ; mov edi, 9000h
    31 c0                         ; xor eax, eax
    b1 06                         ; mov cl, 6
    f3 ab                         ; rep stosd
    bb 00 00 e0 fe                ; mov ebx, 0FEE00000h
    bd 00 00 c0 fe                ; mov ebp, 0FEC00000h
    bf 00 00 d0 fe                ; mov edi, 0FED00000h
    c7 45 00 14 00 00 00          ; mov dword [ebp], 14h
    c7 45 10 30 00 00 00          ; mov dword [ebp+10h], 30h
    c7 45 00 38 00 00 00          ; mov dword [ebp], 38h
    c7 45 10 32 a0 00 00          ; mov dword [ebp+10h], 0A032h
    b0 34                         ; mov al, 34h
    e6 43                         ; out 43h, al
    b0 a9                         ; mov al, 0A9h
    e6 40                         ; out 40h, al
    b0 04                         ; mov al, 4
    e6 40                         ; out 40h, al
    b0 0b                         ; mov al, 0Bh
    e6 70                         ; out 70h, al
    b0 42                         ; mov al, 42h
    e6 71                         ; out 71h, al
    b0 0c                         ; mov al, 0Ch
    e6 70                         ; out 70h, al
    e4 71                         ; in al, 71h
    c7 45 00 20 00 00 00          ; mov dword [ebp], 20h
    c7 45 10 31 00 00 00          ; mov dword [ebp+10h], 31h
    c7 87 40 01 00 00 4e 29 00 00 ; mov dword [edi+140h], 294Eh
    c7 87 48 01 00 00 10 27 00 00 ; mov dword [edi+148h], 10000
    ff 47 10                      ; inc dword [edi+10h]
    c7 83 e0 03 00 00 0b 00 00 00 ; mov dword [ebx+3E0h], 0Bh
    c7 83 20 03 00 00 33 00 02 00 ; mov dword [ebx+320h], 20033h
    c7 83 80 03 00 00 a0 86 01 00 ; mov dword [ebx+380h], 100000
    fb                            ; sti
    f4                            ; hlt   (first)
    83 3d 0c 90 00 00 14          ; cmp dword [900Ch], 20
    72 f6                         ; jb first
    fa                            ; cli
    e8 70 00 00 00                ; call tell
    83 a7 40 01 00 00 00          ; and dword [edi+140h], 0
    83 67 10 00                   ; and dword [edi+10h], 0
    83 a7 f0 00 00 00 00          ; and dword [edi+0F0h], 0
    c7 87 00 01 00 00 4c 01 00 00 ; mov dword [edi+100h], 14Ch
    c7 87 08 01 00 00 ee 37 00 00 ; mov dword [edi+108h], 14318
    c7 47 10 03 00 00 00          ; mov dword [edi+10h], 3
    83 25 00 90 00 00 00          ; and dword [9000h], 0
    c7 83 20 03 00 00 33 00 04 00 ; mov dword [ebx+320h], 40033h
    0f 31                         ; rdtsc
    05 40 42 0f 00                ; add eax, 1000000
    b9 e0 06 00 00                ; mov ecx, 6E0h
    0f 30                         ; wrmsr
    fb                            ; sti
    f4                            ; hlt   (second)
    83 3d 0c 90 00 00 16          ; cmp dword [900Ch], 22
    72 f6                         ; jb second
    fa                            ; cli
    e8 13 00 00 00                ; call tell
    be e3 7d 00 00                ; mov esi, ending
    ba 00 89 00 00                ; mov edx, 8900h
    b9 08 00 00 00                ; mov ecx, 8
    f3 6e                         ; rep outsb
    eb fe                         ; jmp $
    be 00 90 00 00                ; mov esi, 9000h   (tell)
    b9 06 00 00 00                ; mov ecx, 6
    ba fd 03 00 00                ; mov edx, 3FDh   (byte_)
    ec                            ; in al, dx   (busy)
    a8 20                         ; test al, 20h
    74 fb                         ; je busy
    ad                            ; lodsd
    ba f8 03 00 00                ; mov edx, 3F8h
    ee                            ; out dx, al
    e2 ed                         ; loop byte_
    c3                            ; ret
    ff 05 00 90 00 00             ; inc dword [9000h]   (pit)
    eb 2b                         ; jmp eoi
    ff 05 04 90 00 00             ; inc dword [9004h]   (rtc)
    50                            ; push eax
    e4 71                         ; in al, 71h
    58                            ; pop eax
    eb 1f                         ; jmp eoi
    ff 05 08 90 00 00             ; inc dword [9008h]   (hpet)
    c7 47 20 04 00 00 00          ; mov dword [edi+20h], 4
    eb 10                         ; jmp eoi
    ff 05 0c 90 00 00             ; inc dword [900Ch]   (timer)
    c7 83 00 03 00 00 35 00 04 00 ; mov dword [ebx+300h], 40035h
    c7 83 b0 00 00 00 00 00 00 00 ; mov dword [ebx+0B0h], 0   (eoi)
    cf                            ; iretd
    ff 05 14 90 00 00             ; inc dword [9014h]   (ipi)
    eb ed                         ; jmp eoi
    85 7d 8d 7d 99 7d a8 7d b8 7d c3 7d; db   (handlers)
    17 00                         ; db   (gdtr)
    e3 7d 00 00                   ; db
    ff 07                         ; db   (idtr)
    00 80 00 00                   ; db
    53 68 75 74 64 6f 77 6e       ; db   (ending)
    ff ff 00 00 00 9b cf 00 ff ff 00 00 00 93 cf 00; db";

fn disk() -> Image {
    let mut sector = bytes_of(16, REAL);
    sector.extend(bytes_of(32, PROTECTED));
    assert!(sector.len() <= 510);
    sector.resize(510, 0);
    sector.extend([0x55, 0xAA]);
    sector.resize(64 * 512, 0);
    Image(Cow::Owned(sector))
}

fn start(tuning: Tuning) -> Machine {
    machine(&disk(), tuning)
}

#[test]
fn every_source_of_the_fabric_interrupts_at_its_rate() {
    let mut run = start(Tuning::default());
    assert_eq!(run_to(&mut run, 200_000_000), Stop::PowerOff);
    let sent: Vec<u8> = run
        .take_output()
        .into_iter()
        .filter_map(|output| match output {
            Output::Serial(0, byte) => Some(byte),
            _ => None,
        })
        .collect();
    let counts = &sent[sent.len() - 12..];
    let near = |count: u8, wanted: u8| count.abs_diff(wanted) <= 1;
    // 20 ms.
    let [pit, rtc, hpet, timer, _, ipi] = counts[..6] else { panic!("six counts") };
    assert!(near(pit, 20) && near(rtc, 20) && near(hpet, 28), "{counts:?}");
    assert_eq!((timer, ipi), (20, 20), "each time it also sent itself an interrupt");
    // 10 ms; the 8254 is cut off, or there would be twice as many. Of each source one may have waited while the counts
    // were sent; of the local APIC's timer one did.
    let [legacy, rtc_later, hpet_later, timer, _, ipi] = counts[6..] else { panic!("six counts") };
    assert!(legacy.abs_diff(10) <= 2, "{counts:?}");
    assert!(rtc_later - rtc <= 1 && hpet_later - hpet <= 1, "IRQ 8 is the HPET's, its timer 2 is silent: {counts:?}");
    assert_eq!((timer, ipi), (22, 22));
}

#[test]
fn the_laws_hold_over_the_interrupt_fabric() {
    let mut trail = Trail::default();
    assert_eq!(trail.record(&mut start(Tuning::default()), 150_000, None), Stop::PowerOff);
    let late = trail.marks.len() - 8;
    let from = |position| trail.marks.iter().find(|mark| mark.position >= position).expect("a mark").snapshot.clone();
    let first = trail.marks[late - 20].position;
    let begin = |tuning| restored(from(first), &disk(), tuning);
    for slice in [641, 7] {
        let tuning = Tuning { slice, ..Tuning::default() };
        trail.follow(begin(tuning), &format!("R1: slices of {slice}"), straight);
    }
    trail.follow(begin(Tuning { trace_slots: 200, ..Tuning::default() }), "R1: 200 slots", straight);
    trail.follow(begin(Tuning::default()), "R1: steps", |run, position| {
        while run.position() < position {
            // A step lets a whole idle span pass; marks lie inside them.
            match run.cpu.activity {
                Activity::Halted => drop(run_to(run, position)),
                _ => drop(run.step()),
            }
        }
    });
    let mut random = Random(7);
    trail.follow(begin(Tuning::default()), "R1: flushes", |run, position| {
        while run.position() < position {
            let next = run.position() + random.below(3000);
            run_to(run, next.min(position));
            match random.below(3) {
                0 => run.engine.forget(&mut run.memory),
                1 => run.wire(),
                _ => run.engine.flush_host_tlb(),
            }
        }
    });
    let mut random = Random(8);
    trail.follow(begin(Tuning::default()), "R2, R3: restored", |run, position| {
        for stop in [position - random.below(140_000), position] {
            run_to(run, stop.max(run.position()));
            let bytes = saved(run);
            *run = restored(bytes.clone(), &disk(), Tuning::default());
            assert_eq!(saved(run), bytes, "R2");
        }
    });
}
