//! `ringwalk debug`, and the guided tour.

use std::path::PathBuf;

use clap::Args;

use super::options::{MachineArgs, OutArgs, StopArgs};

/// `ringwalk debug`.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct DebugArgs {
    #[command(flatten)]
    machine: MachineArgs,
    #[command(flatten)]
    stop: StopArgs,
    #[command(flatten)]
    out: OutArgs,
    /// Disk image; without any medium the built-in disk is used
    image: Option<PathBuf>,
}

/// Debugs a machine; answers with the program's status.
pub(crate) fn debug(_args: DebugArgs) -> Result<u8, String> {
    Err("the debugger is about to come".to_owned())
}

/// The guided tour.
pub(crate) fn tour() -> Result<u8, String> {
    debug(DebugArgs::default())
}
