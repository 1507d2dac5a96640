//! Where the bytes go.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

/// One of the two handles, or a buffer that stands in for it.
pub(super) enum Sink {
    Stdout,
    Stderr,
    Buffer(Mutex<Vec<u8>>),
}

impl Sink {
    pub(super) fn buffer() -> Self {
        Self::Buffer(Mutex::new(Vec::new()))
    }

    pub(super) fn write(&self, text: &str) -> io::Result<()> {
        match self {
            Self::Stdout => {
                let mut handle = io::stdout().lock();
                handle.write_all(text.as_bytes())?;
                handle.flush()
            }
            Self::Stderr => io::stderr().lock().write_all(text.as_bytes()),
            Self::Buffer(buffer) => buffer
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .write_all(text.as_bytes()),
        }
    }

    pub(super) fn taken(&self) -> String {
        match self {
            Self::Stdout | Self::Stderr => String::new(),
            Self::Buffer(buffer) => {
                let bytes =
                    std::mem::take(&mut *buffer.lock().unwrap_or_else(PoisonError::into_inner));
                String::from_utf8_lossy(&bytes).into_owned()
            }
        }
    }
}
