//! Kernels of vector code, `roms/simdbench/`: in both tiers side by side, and their results against what the manuals and
//! standards define (`benches/simd/kernels.rs`).

use ringwalk::machine::{Machine, MachineConfig, Media, NoHost, RunLimits, Stop, Tuning};
use ringwalk_chipset::{DiskConfig, Output};
use ringwalk_mmu::{PAGE_BYTES, SECTOR_BYTES};

use crate::guest::Image;

#[path = "../../benches/simd/kernels.rs"]
mod kernels;

use kernels::{DISK_BYTES, KERNELS, disk};

/// Units of each kernel: more than one, so that what one leaves behind matters to the next.
const COUNT: u32 = 3;
/// A number that no kernel has.
const ALL: u32 = u32::MAX;

/// What port E9h got once the boot sector ran, line by line.
fn lines(tuning: Tuning) -> Vec<String> {
    let mut config = MachineConfig::default();
    config.board.ram_pages = (16 << 20) / PAGE_BYTES;
    config.board.exit_port = true;
    config.board.disks[0] = Some(DiskConfig::with_sectors((DISK_BYTES / SECTOR_BYTES) as u64));
    let media = Media::with_disk(Box::new(Image(disk(ALL, COUNT).into())));
    let mut machine = Machine::new(config, media, tuning).expect("a machine");
    let limits = RunLimits { position: Some(2_000_000_000), ..RunLimits::default() };
    let stop = machine.run(&limits, &mut NoHost);
    assert!(matches!(stop, Stop::PowerOff | Stop::Exit(0)), "{stop:?}");
    let bytes = machine.take_output().into_iter().filter_map(|output| match output {
        Output::Debug(byte) => Some(byte),
        _ => None,
    });
    let said = String::from_utf8_lossy(&bytes.collect::<Vec<u8>>()).into_owned();
    said.lines().skip_while(|line| *line != "B").skip(1).map(str::to_owned).collect()
}

#[test]
fn both_tiers_agree_and_every_kernel_gives_what_is_defined() {
    let lines = lines(Tuning { verify_fast: true, ..Tuning::default() });
    assert_eq!(lines.len(), 2 * KERNELS.len(), "{lines:?}");
    for (kernel, said) in KERNELS.iter().zip(lines.chunks_exact(2)) {
        assert_eq!(said[0], format!("START {}", kernel.name));
        let result = said[1].split(' ').nth(2).and_then(|result| u64::from_str_radix(result, 16).ok());
        assert_eq!(result, Some((kernel.expected)(COUNT)), "{}, {}: {}", kernel.name, kernel.what, said[1]);
    }
}
