//! Where events come from: one surface over the capture on blue, a file and a stream.

use super::event::{Kinds, Taken};
use super::{file, nats, noted};
use crate::error::{Code, Error, Result};
use crate::model::revocations::{CAPTURE, FILE, NATS, Revocations};
use crate::pg::Session;
use crate::state::Run;

/// Events that are taken in at once.
pub(super) const AT_ONCE: usize = 5000;

/// What was read of a source and is not acknowledged yet.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// The events.
    pub(super) events: Vec<Taken>,
    /// Where the source is read on, as JSON; `None` if that is where it was.
    pub(super) state: Option<String>,
    /// Whether there may be more.
    pub(super) more: bool,
}

/// A source.
pub(super) enum Source {
    Capture(Box<noted::Reader>),
    File(file::Reader),
    Nats(Box<nats::Reader>),
}

impl Source {
    /// The sources of a plan; nothing is connected to.
    pub(super) fn all(revocations: &Revocations) -> Vec<Self> {
        let mut sources = Vec::new();
        if !revocations.captured.is_empty() {
            sources.push(Self::Capture(Box::default()));
        }
        if let Some(path) = &revocations.file {
            sources.push(Self::File(file::Reader::new(path)));
        }
        if let Some(stream) = &revocations.nats {
            sources.push(Self::Nats(Box::new(nats::Reader::new(stream))));
        }
        sources
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Capture(_) => CAPTURE,
            Self::File(_) => FILE,
            Self::Nats(_) => NATS,
        }
    }

    /// Reads on from where the record says that it was read to. `accept_gap`: what is missing is given up.
    pub(super) async fn take(
        &mut self,
        run: &Run,
        green: &Session,
        kinds: &Kinds,
        accept_gap: bool,
    ) -> Result<Batch> {
        let state = super::keep::state(green, self.name()).await?;
        match self {
            Self::Capture(reader) => Box::pin(reader.take(run, kinds, state)).await,
            Self::File(reader) => reader.take(kinds, state, accept_gap).await,
            Self::Nats(reader) => Box::pin(reader.take(run, kinds, state, accept_gap)).await,
        }
    }

    /// What was taken is in the record: the source need not keep it any more.
    pub(super) async fn acknowledge(&mut self) -> Result<()> {
        match self {
            Self::Capture(_) | Self::File(_) => Ok(()),
            Self::Nats(reader) => Box::pin(reader.acknowledge()).await,
        }
    }

    /// How many events, or pieces of them, were not read yet; only looks.
    pub(super) async fn unread(&mut self, run: &Run, green: &Session) -> Result<u64> {
        let state = super::keep::state(green, self.name()).await?;
        match self {
            Self::Capture(reader) => reader.unread(run, state).await,
            Self::File(reader) => reader.unread(state).await,
            Self::Nats(reader) => Box::pin(reader.unread(run, state)).await,
        }
    }
}

/// The error of a source that cannot be read.
pub(super) fn unreadable(name: &str, why: impl std::fmt::Display) -> Error {
    Error::new(
        Code::SourceUnreadable,
        format!("the revocations of `{name}` cannot be read: {why}"),
    )
}

/// The error of a source that has lost what was not read.
pub(super) fn gap(name: &str, why: impl std::fmt::Display) -> Error {
    Error::new(
        Code::SourceGap,
        format!("revocations of `{name}` are gone before they were read: {why}"),
    )
}
