//! Where the bytes of a port go.

use std::fs::File;
use std::io::{self, BufWriter, Stdout, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

/// Where a port of the machine leads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// Standard input and output.
    Stdio,
    /// Nowhere.
    Null,
    /// A file, output only.
    File(PathBuf),
    /// A TCP connection that the run waits for at this address.
    Tcp(String),
}

/// The far end of a port.
pub enum Sink {
    /// Nobody listens.
    Null,
    /// Standard output.
    Stdout(BufWriter<Stdout>),
    /// A file.
    File(String, BufWriter<File>),
    /// A TCP connection.
    Tcp(String, BufWriter<TcpStream>),
}

impl Sink {
    /// Standard output.
    pub fn stdout() -> Sink {
        Sink::Stdout(BufWriter::new(io::stdout()))
    }

    /// A new file.
    pub fn file(path: &Path) -> Result<Sink, String> {
        let name = path.display().to_string();
        let file = File::create(path).map_err(|error| format!("{name}: cannot be written: {error}"))?;
        Ok(Sink::File(name, BufWriter::new(file)))
    }

    /// A connection with someone at `address`.
    pub fn tcp(address: String, stream: TcpStream) -> Sink {
        Sink::Tcp(address, BufWriter::new(stream))
    }

    /// Passes on a byte; it may wait for [`Sink::flush`].
    pub fn put(&mut self, byte: u8) -> Result<(), String> {
        self.with(|writer| writer.write_all(&[byte]))
    }

    /// Sends what waits on its way.
    pub fn flush(&mut self) -> Result<(), String> {
        self.with(|writer| writer.flush())
    }

    fn with(&mut self, act: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), String> {
        let (name, writer): (&str, &mut dyn Write) = match self {
            Sink::Null => return Ok(()),
            Sink::Stdout(writer) => ("standard output", writer),
            Sink::File(name, writer) => (name, writer),
            Sink::Tcp(address, writer) => (address, writer),
        };
        let done = act(writer);
        done.map_err(|error| format!("{name}: cannot be written: {error}"))
    }
}
