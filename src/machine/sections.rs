//! The sections of a snapshot as values that people and scripts can read, without the machine that they are for.

use ringwalk_chipset::Board;
use ringwalk_cpu::state::CpuState;
use ringwalk_cpu::timing::Timing;
use ringwalk_snapshots::{Snapshot, codec};
use serde_json::Value;

use super::save::{BOARD, BOOT_IMAGE, CPU, DISKS, DiskSection, MACHINE, MachineSection, TIMING, is_sound};
use super::{DRIVES, Error};

/// A section as JSON. `Ok(None)` if the file has none of that name; an error if its version is not the present one or
/// it does not decode.
pub fn section_json(snapshot: &Snapshot, name: &str) -> Result<Option<Value>, Error> {
    let Some((version, bytes)) = snapshot.section(name) else { return Ok(None) };
    let known = [CPU, BOARD, MACHINE, DISKS, TIMING, BOOT_IMAGE].into_iter().find(|(known, _)| *known == name);
    if known.is_none_or(|(_, known)| known != version) {
        return Err(Error::Media(format!("section {name} version {version} cannot be shown by this version")));
    }
    let shown = |error: serde_json::Error| Error::Media(format!("section {name} cannot be shown: {error}"));
    let value = match name {
        _ if name == CPU.0 => serde_json::to_value(codec::decode::<CpuState>(bytes)?),
        _ if name == BOARD.0 => serde_json::to_value(codec::decode::<Board>(bytes)?),
        _ if name == MACHINE.0 => serde_json::to_value(codec::decode::<MachineSection>(bytes)?),
        _ if name == DISKS.0 => serde_json::to_value(codec::decode::<[Option<DiskSection>; DRIVES]>(bytes)?),
        _ if name == BOOT_IMAGE.0 => serde_json::to_value(codec::decode::<u64>(bytes)?),
        _ => serde_json::to_value(codec::decode::<Timing>(bytes)?),
    };
    value.map(Some).map_err(shown)
}

/// The processor of a snapshot.
pub fn processor(snapshot: &Snapshot) -> Result<CpuState, Error> {
    match snapshot.section(CPU.0) {
        Some((version, bytes)) if version == CPU.1 => Ok(codec::decode(bytes)?),
        _ => Err(Error::Media(format!("there is no processor of version {} in it", CPU.1))),
    }
}

/// The section of a snapshot's processor with what [`section_json`] tells, perhaps changed: its name, its version and its
/// bytes. Refuses what no processor of the snapshot's model comes to.
pub fn with_processor(snapshot: &Snapshot, value: Value) -> Result<(&'static str, u16, Vec<u8>), Error> {
    let refused = |why: &str| Error::Media(format!("this is not what `snapshot show FILE cpu0` prints: {why}"));
    let cpu: CpuState = serde_json::from_value(value).map_err(|error| refused(&error.to_string()))?;
    let old = processor(snapshot)?;
    if cpu.model != old.model || cpu.tlb.policy() != old.tlb.policy() || !is_sound(&cpu) {
        return Err(refused("no processor of the snapshot's machine comes to it"));
    }
    Ok((CPU.0, CPU.1, codec::encode(&cpu)?))
}
