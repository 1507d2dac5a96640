//! The source that a NATS JetStream stream is: a durable consumer of our own, whose messages are acknowledged when their
//! events are in green's record and not before.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy, Info, pull};
use async_nats::jetstream::context::ConsumerInfoErrorKind;
use async_nats::jetstream::stream::Stream;
use async_nats::jetstream::{self, Message};
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};

use super::event::Kinds;
use super::source::{AT_ONCE, Batch, gap, unreadable};
use crate::error::{Error, Result};
use crate::model::names;
use crate::model::revocations::{NATS, Nats};
use crate::state::{Run, Store, without};

/// How long the server may take for an answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// A message that was handed out and not acknowledged, because we were killed, comes again after this.
const ACK_WAIT: Duration = Duration::from_secs(4);
/// The fact that tells the readers of one green from those of another.
const READER: &str = "revocations_reader";

/// Which stream was read: one that was made anew has lost what the old one had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    made: String,
    /// Messages up to this one are given up, if they were not read; at first, those that were gone before the first look.
    #[serde(default)]
    given_up: u64,
    /// The last message that was taken; what came before it may have been handed out and not taken.
    #[serde(default)]
    last: u64,
    /// Every message of ours up to this one was taken. With a subject, others' messages lie between ours, and only this says that
    /// none of ours does.
    #[serde(default)]
    seen: u64,
}

/// Reads a stream.
pub(super) struct Reader {
    spec: Nats,
    open: Option<Open>,
    taken: Vec<Message>,
}

struct Open {
    client: async_nats::Client,
    context: jetstream::Context,
    consumer: Consumer<pull::Config>,
}

impl Reader {
    pub(super) fn new(spec: &Nats) -> Self {
        Self {
            spec: spec.clone(),
            open: None,
            taken: Vec::new(),
        }
    }

    pub(super) async fn take(
        &mut self,
        run: &Run,
        kinds: &Kinds,
        state: Option<String>,
        accept_gap: bool,
    ) -> Result<Batch> {
        let taken = self.try_take(run, kinds, state, accept_gap).await;
        if taken.is_err() {
            // A connection that was lost is made anew; what was handed out comes again.
            self.open = None;
            self.taken.clear();
        }
        taken
    }

    async fn try_take(
        &mut self,
        run: &Run,
        kinds: &Kinds,
        state: Option<String>,
        accept_gap: bool,
    ) -> Result<Batch> {
        let mut batch = Batch::default();
        let name = consumer_name(&run.migration.name, &run.store).await?;
        let before = read(state.as_deref())?;
        let mut now = before.clone();
        if self.open.is_none() {
            let (client, context) = connect(&self.spec).await?;
            now = Some(whole(&self.spec, &context, &name, now, accept_gap).await?);
            let stream = within(context.get_stream(&self.spec.stream)).await?;
            let config = pull::Config {
                durable_name: Some(name.clone()),
                description: Some("greenlight: revocations".to_owned()),
                deliver_policy: DeliverPolicy::All,
                ack_policy: AckPolicy::Explicit,
                ack_wait: ACK_WAIT,
                max_ack_pending: 4 * i64::try_from(AT_ONCE).unwrap_or(i64::MAX),
                filter_subject: self.spec.subject.clone().unwrap_or_default(),
                ..pull::Config::default()
            };
            let consumer = within(stream.get_or_create_consumer(&name, config)).await?;
            self.open = Some(Open {
                client,
                context,
                consumer,
            });
        }
        let (Some(open), Some(mut now)) = (&self.open, now) else {
            return Err(unreadable(NATS, "no connection"));
        };
        // Asked before anything is fetched: what comes later is not among it.
        let stream = within(open.context.get_stream(&self.spec.stream)).await?;
        let info = stream.cached_info();
        let end = info.state.last_sequence;
        if !accept_gap {
            let floor = now.given_up.max(now.seen).max(now.last);
            not_dropped(&self.spec, info.state.first_sequence, floor)?;
        }
        let mut messages = within(open.consumer.fetch().max_messages(AT_ONCE).messages()).await?;
        loop {
            let next = tokio::time::timeout(PATIENCE, messages.next()).await;
            let next =
                next.map_err(|_late| unreadable(NATS, "the server does not answer in time"))?;
            let Some(message) = next else {
                break;
            };
            let message = message.map_err(failed)?;
            let number = message.info().map(|info| info.stream_sequence).ok();
            now.last = now.last.max(number.unwrap_or_default());
            let place = number.map_or_else(
                || "a message without a number".to_owned(),
                |number| format!("message {number}"),
            );
            batch.events.push(kinds.read(&message.payload, place));
            self.taken.push(message);
        }
        batch.more = batch.events.len() >= AT_ONCE;
        if end > now.seen && !batch.more {
            let ours = known(&stream, &name).await?;
            // What was handed out to somebody who died is neither here nor taken.
            if ours.is_some_and(|info| {
                info.num_pending == 0 && info.num_ack_pending == self.taken.len()
            }) {
                now.seen = end;
            }
        }
        if before.as_ref() != Some(&now) {
            batch.state = serde_json::to_string(&now).ok();
        }
        if without("ack_after_commit") {
            self.acknowledge().await?;
        }
        Ok(batch)
    }

    pub(super) async fn acknowledge(&mut self) -> Result<()> {
        let Some(open) = &self.open else {
            return Ok(());
        };
        let taken = std::mem::take(&mut self.taken);
        let Some((last, others)) = taken.split_last() else {
            return Ok(());
        };
        for message in others {
            message.ack().await.map_err(failed)?;
        }
        // The server's answer to the last says that it has those before it, too.
        let answered = tokio::time::timeout(PATIENCE, last.double_ack()).await;
        answered
            .map_err(|_late| unreadable(NATS, "an acknowledgement was not answered in time"))?
            .map_err(failed)?;
        within(open.client.flush()).await
    }

    pub(super) async fn unread(&mut self, run: &Run, state: Option<String>) -> Result<u64> {
        let context = match &self.open {
            Some(open) => open.context.clone(),
            None => connect(&self.spec).await?.1,
        };
        if run.store.get::<String>(READER).await?.is_none() {
            let stream = within(context.get_stream(&self.spec.stream)).await?;
            return Ok(stream.cached_info().state.messages);
        }
        let name = consumer_name(&run.migration.name, &run.store).await?;
        whole(&self.spec, &context, &name, read(state.as_deref())?, false).await?;
        let stream = within(context.get_stream(&self.spec.stream)).await?;
        Ok(match known(&stream, &name).await? {
            Some(info) => {
                info.num_pending + u64::try_from(info.num_ack_pending).unwrap_or_default()
            }
            // Nobody has read from it yet.
            None => stream.cached_info().state.messages,
        })
    }
}

/// Removes the consumer of this green; the stream and its messages stay.
///
/// # Errors
/// When the server cannot be reached.
pub async fn forget(spec: &Nats, plan: &str, store: &Store) -> Result<()> {
    if store.get::<String>(READER).await?.is_none() {
        return Ok(());
    }
    let name = consumer_name(plan, store).await?;
    let (_client, context) = connect(spec).await?;
    let stream = within(context.get_stream(&spec.stream)).await?;
    if known(&stream, &name).await?.is_some() {
        within(stream.delete_consumer(&name)).await?;
    }
    Ok(())
}

fn read(state: Option<&str>) -> Result<Option<State>> {
    state
        .map(|text| serde_json::from_str(text).map_err(|error| unreadable(NATS, error)))
        .transpose()
}

/// Whether nothing is missing: the stream is the one that was read, and its oldest message no younger than the next of ours.
/// Gives what is known of it from now on.
async fn whole(
    spec: &Nats,
    context: &jetstream::Context,
    name: &str,
    before: Option<State>,
    accept_gap: bool,
) -> Result<State> {
    let stream = within(context.get_stream(&spec.stream)).await?;
    let info = stream.cached_info();
    let first = info.state.first_sequence;
    let made = info.created.to_string();
    let fresh = |given_up| State {
        made: made.clone(),
        given_up,
        last: 0,
        seen: 0,
    };
    // Of what was gone before the first look nobody knows anything.
    let Some(before) = before.filter(|_before| !accept_gap) else {
        return Ok(fresh(first.saturating_sub(1)));
    };
    if before.made != made {
        return Err(gap(NATS, "the stream was made anew"));
    }
    let taken = before.given_up.max(before.seen);
    match known(&stream, name).await? {
        Some(consumer) => {
            // A purge takes the consumer's own floor with it, over what nobody has read: it counts up to what was taken.
            let floor = consumer.ack_floor.stream_sequence.min(before.last);
            not_dropped(spec, first, taken.max(floor))?;
        }
        // It was there when the state was kept. Everything is read again, and must be there.
        None if first > taken + 1 => {
            return Err(gap(
                NATS,
                "our consumer is gone, and the stream has dropped messages that may not have been read",
            ));
        }
        None => {}
    }
    Ok(before)
}

/// Whether a stream whose first message is this one lacks none of ours behind a floor.
fn not_dropped(spec: &Nats, first: u64, floor: u64) -> Result<()> {
    if first <= floor + 1 {
        return Ok(());
    }
    let dropped = first - floor - 1;
    let condition = match &spec.subject {
        None => format!("the stream has dropped {dropped} messages that nobody has read"),
        // Others' messages come and go between ours.
        Some(_) => format!(
            "the stream has dropped {dropped} messages since it was read, and nobody can tell whether some were ours"
        ),
    };
    Err(gap(NATS, condition))
}

/// What the server knows of a consumer; `None` only if it says that there is none.
async fn known(stream: &Stream, name: &str) -> Result<Option<Info>> {
    match tokio::time::timeout(PATIENCE, stream.consumer_info(name)).await {
        Ok(Ok(info)) => Ok(Some(info)),
        Ok(Err(error)) if matches!(error.kind(), ConsumerInfoErrorKind::NotFound) => Ok(None),
        Ok(Err(error)) => Err(unreadable(NATS, error)),
        Err(_late) => Err(unreadable(NATS, "the server does not answer in time")),
    }
}

async fn connect(spec: &Nats) -> Result<(async_nats::Client, jetstream::Context)> {
    let mut options = async_nats::ConnectOptions::new()
        .name("greenlight")
        .connection_timeout(PATIENCE)
        .request_timeout(Some(PATIENCE))
        .require_tls(spec.url.contains("tls://"));
    if let Some(ca) = &spec.ca {
        options = options.add_root_certificates(ca.clone());
    }
    if let Some((certificate, key)) = &spec.certificate {
        options = options.add_client_certificate(certificate.clone(), key.clone());
    }
    if let Some(file) = &spec.credentials {
        options = options
            .credentials_file(file)
            .await
            .map_err(|error| unreadable(NATS, format!("{}: {error}", file.display())))?;
    }
    if let Some(name) = &spec.token_env {
        let token = std::env::var(name)
            .map_err(|_unset| unreadable(NATS, format!("the environment has no `{name}`")))?;
        options = options.token(token);
    }
    let servers: Vec<&str> = spec.url.split(',').map(str::trim).collect();
    let client = within(options.connect(servers)).await?;
    let mut context = jetstream::new(client.clone());
    context.set_timeout(PATIENCE);
    Ok((client, context))
}

async fn consumer_name(plan: &str, store: &Store) -> Result<String> {
    let token = match store.get::<String>(READER).await? {
        Some(token) => token,
        None => {
            let sql = "SELECT gen_random_uuid()::text";
            let made = store.session().text(sql, "name this green").await?;
            let made = made.unwrap_or_default();
            store.put(READER, &made).await?;
            made
        }
    };
    let short = token.split('-').next().unwrap_or_default();
    Ok(format!("{}{short}", names::replication_prefix(plan)))
}

/// Waits for an answer, and no longer than a server that lives takes for it.
async fn within<T, E: std::fmt::Display>(
    asked: impl IntoFuture<Output = std::result::Result<T, E>>,
) -> Result<T> {
    match tokio::time::timeout(PATIENCE, asked.into_future()).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(unreadable(NATS, error)),
        Err(_late) => Err(unreadable(NATS, "the server does not answer in time")),
    }
}

fn failed(error: async_nats::Error) -> Error {
    unreadable(NATS, error)
}
