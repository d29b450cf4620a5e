//! What comes in from the host, read by threads of its own so that nothing ever waits for it unasked.

use std::io::Read;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::thread;
use std::time::Duration;

/// Where bytes come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Origin {
    /// The far end of a serial port; 0 is COM1.
    Serial(u8),
    /// A terminal's keyboard.
    Keyboard,
}

/// Pieces that wait in the channel before a reader is held up.
const PIECES: usize = 4;
/// Bytes in a piece.
const PIECE: usize = 1024;

/// All sources together.
pub(super) struct Sources {
    /// `None` once nothing can come any more.
    receiver: Option<Receiver<(Origin, Vec<u8>)>>,
    sender: Option<SyncSender<(Origin, Vec<u8>)>>,
}

impl Sources {
    /// No source yet.
    pub(super) fn new() -> Sources {
        let (sender, receiver) = sync_channel(PIECES);
        Sources { receiver: Some(receiver), sender: Some(sender) }
    }

    /// Reads from `reader` until it ends.
    pub(super) fn add(&mut self, from: Origin, mut reader: impl Read + Send + 'static) {
        let Some(sender) = self.sender.clone() else { return };
        thread::spawn(move || {
            let mut piece = [0; PIECE];
            while let Ok(read @ 1..) = reader.read(&mut piece) {
                if sender.send((from, piece[..read].to_vec())).is_err() {
                    break;
                }
            }
        });
    }

    /// No more sources: from now on it can be told that all have ended.
    pub(super) fn seal(&mut self) {
        self.sender = None;
    }

    /// The next piece that has come, if any.
    pub(super) fn take(&mut self) -> Option<(Origin, Vec<u8>)> {
        match self.receiver.as_ref()?.try_recv() {
            Ok(piece) => Some(piece),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                self.receiver = None;
                None
            }
        }
    }

    /// Waits for a piece, but not for long. `Err` if nothing can come any more.
    pub(super) fn wait(&mut self, most: Duration) -> Result<Option<(Origin, Vec<u8>)>, Ended> {
        match self.receiver.as_ref().ok_or(Ended)?.recv_timeout(most) {
            Ok(piece) => Ok(Some(piece)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                self.receiver = None;
                Err(Ended)
            }
        }
    }
}

/// All sources have ended.
pub(super) struct Ended;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_in_order_and_the_end_is_seen() {
        let mut sources = Sources::new();
        sources.add(Origin::Serial(0), &b"hello"[..]);
        sources.seal();
        let first = sources.wait(Duration::from_secs(10));
        assert_eq!(first.ok().flatten(), Some((Origin::Serial(0), b"hello".to_vec())));
        while let Ok(piece) = sources.wait(Duration::from_secs(10)) {
            assert_eq!(piece, None);
        }
        assert_eq!(sources.take(), None);
    }
}
