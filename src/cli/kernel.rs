//! `--kernel`, `--initrd` and `--append`: files become the boot image that the firmware starts.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use ringwalk_bios::kernel::{Kernel, Module, boot_image};
use ringwalk_chipset::pages_below_hole;
use ringwalk_mmu::PAGE_BYTES;

use super::options::MachineArgs;
use crate::machine::MachineConfig;

/// The boot image for the kernel that the options name.
pub(crate) fn load(args: &MachineArgs, config: &MachineConfig) -> Result<Option<Vec<u8>>, String> {
    let Some(path) = &args.kernel else {
        let lone = [("--initrd", !args.initrd.is_empty()), ("--append", args.append.is_some())];
        return match lone.into_iter().find(|(_, given)| *given) {
            Some((option, _)) => Err(format!("{option} goes with a kernel: add --kernel FILE")),
            None => Ok(None),
        };
    };
    let ram_bytes = pages_below_hole(config.board.ram_pages) * PAGE_BYTES;
    let bytes = read(path, ram_bytes, "kernel")?;
    let modules = args.initrd.iter().map(|item| read_module(item, ram_bytes)).collect::<Result<Vec<_>, _>>()?;
    let modules: Vec<_> = modules.iter().map(|(bytes, text)| Module { bytes, text }).collect();
    let name = name_of(path);
    let command_line = args.append.as_deref().unwrap_or_default();
    let kernel = Kernel { bytes: &bytes, name: &name, modules: &modules, command_line, ram_bytes };
    boot_image(&kernel).map(Some).map_err(|error| format!("{}: {error}", path.display()))
}

/// The bytes of a module, and its name with its arguments: what is no file's name as a whole is one, a space, and those.
fn read_module(item: &Path, most: u64) -> Result<(Vec<u8>, String), String> {
    let text = item.to_string_lossy();
    match text.split_once(' ') {
        Some((path, arguments)) if !item.exists() => {
            let path = PathBuf::from(path);
            Ok((read(&path, most, "initial RAM disk")?, format!("{} {arguments}", name_of(&path))))
        }
        _ => Ok((read(item, most, "initial RAM disk")?, name_of(item))),
    }
}

/// The last part of a path: where a file lies is no business of the guest's.
fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Reads a file that must fit into memory.
fn read(path: &Path, most: u64, what: &str) -> Result<Vec<u8>, String> {
    let name = path.display();
    let failed = |error: std::io::Error| format!("{name}: the {what} cannot be read: {error}");
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > most {
        let mib = most >> 20;
        return Err(format!(
            "{name}: the {what} is larger than the machine's {mib} MiB of memory: give it more (--mem)"
        ));
    }
    Ok(bytes)
}
