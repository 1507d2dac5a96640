//! HAProxy's runtime socket: one command a connection, an answer in text.

use std::collections::BTreeMap;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};

use crate::error::{Code, Error, Result};
use crate::model::traffic::Socket;

/// A row of a table by the names of its columns; their number changes from version to version.
pub(super) type Row = BTreeMap<String, String>;

/// Sends a command and gives the whole answer.
pub(super) async fn ask(socket: &Socket, command: &str) -> Result<String> {
    let answer = match socket {
        Socket::Unix(path) => match UnixStream::connect(path).await {
            Ok(stream) => talk(stream, command).await,
            Err(cause) => Err(cause),
        },
        Socket::Tcp(place) => match TcpStream::connect(place).await {
            Ok(stream) => talk(stream, command).await,
            Err(cause) => Err(cause),
        },
    };
    answer.map_err(|cause| {
        let shown = match socket {
            Socket::Unix(path) => path.display().to_string(),
            Socket::Tcp(place) => place.clone(),
        };
        let what = format!("HAProxy's runtime socket `{shown}` does not answer");
        Error::new(Code::TrafficUnreadable, what).caused_by(cause)
    })
}

async fn talk(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    command: &str,
) -> std::io::Result<String> {
    stream.write_all(format!("{command}\n").as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Sends a command that changes something: such a command answers with nothing unless it was refused.
pub(super) async fn change(socket: &Socket, command: &str) -> Result<()> {
    let answer = ask(socket, command).await?;
    match answer.trim() {
        "" => Ok(()),
        said => {
            let line = said.lines().next().unwrap_or_default();
            let what = format!("HAProxy refused `{command}`: {line}");
            Err(Error::new(Code::TrafficUnreadable, what))
        }
    }
}

/// The rows of `show stat`, which is CSV.
pub(super) async fn stat(socket: &Socket) -> Result<Vec<Row>> {
    let answer = ask(socket, "show stat").await?;
    let mut lines = answer.lines();
    let head = lines
        .next()
        .and_then(|line| line.strip_prefix("# "))
        .ok_or_else(|| {
            Error::new(
                Code::TrafficUnreadable,
                "HAProxy's answer to `show stat` is no table",
            )
        })?;
    let names = cells(head);
    Ok(lines
        .filter(|line| !line.trim().is_empty())
        .map(|line| names.iter().cloned().zip(cells(line)).collect())
        .collect())
}

/// The servers of a backend, from `show servers state`, whose columns stand between spaces.
pub(super) async fn servers(socket: &Socket, backend: &str) -> Result<Vec<Row>> {
    let answer = ask(socket, &format!("show servers state {backend}")).await?;
    let mut lines = answer.lines().filter(|line| !line.trim().is_empty());
    // The first line is the version of the format.
    let head = lines.nth(1).and_then(|line| line.strip_prefix("# "));
    let Some(head) = head else {
        let what = format!("HAProxy has no backend `{backend}`");
        return Err(Error::new(Code::TrafficUnreadable, what));
    };
    let names: Vec<&str> = head.split(' ').collect();
    let row = |line: &str| {
        let cells = line.split(' ').map(str::to_owned);
        names
            .iter()
            .map(|&name| name.to_owned())
            .zip(cells)
            .collect()
    };
    Ok(lines.map(row).collect())
}

/// A line of `show info`, by its name.
pub(super) async fn info(socket: &Socket, name: &str) -> Result<Option<String>> {
    let answer = ask(socket, "show info").await?;
    let found = answer
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(key, _value)| *key == name);
    Ok(found.map(|(_key, value)| value.trim().to_owned()))
}

/// The cells of a line of CSV.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for letter in line.chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            letter => {
                if let Some(cell) = cells.last_mut() {
                    cell.push(letter);
                }
            }
        }
    }
    cells
}
