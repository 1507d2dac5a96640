//! A small web service and a client that keeps its connection.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// What was asked: method, path, body, the value of `authorization`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: String,
    pub(crate) authorization: String,
}

/// A service that answers on a port of its own for as long as the tests run.
pub(crate) struct Web {
    pub(crate) port: u16,
}

impl Web {
    /// Answers each request with a status and a text.
    pub(crate) fn start(answer: impl Fn(Asked) -> (u16, String) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let answer = Arc::new(answer);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let answer = Arc::clone(&answer);
                // A client that goes away ends its thread.
                std::thread::spawn(move || serve(stream, &*answer).ok());
            }
        });
        Self { port }
    }

    /// One that says its name.
    pub(crate) fn named(name: &'static str) -> Self {
        Self::start(move |_asked| (200, name.to_owned()))
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

fn serve(
    stream: TcpStream,
    answer: &(impl Fn(Asked) -> (u16, String) + ?Sized),
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut words = line.split_whitespace();
        let mut asked = Asked {
            method: words.next().unwrap_or_default().to_owned(),
            path: words.next().unwrap_or_default().to_owned(),
            ..Asked::default()
        };
        let length = headers(&mut reader, |name, value| {
            if name == "authorization" {
                value.clone_into(&mut asked.authorization);
            }
        })?;
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        asked.body = String::from_utf8_lossy(&body).into_owned();
        let (status, text) = answer(asked);
        write!(
            writer,
            "HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n{text}",
            text.len()
        )?;
    }
}

/// Reads headers to their end; the length of the body.
fn headers(
    reader: &mut BufReader<TcpStream>,
    mut each: impl FnMut(&str, &str),
) -> std::io::Result<usize> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim().split_once(':') else {
            return Ok(length);
        };
        let (name, value) = (name.to_ascii_lowercase(), value.trim());
        if name == "content-length" {
            length = value.parse().unwrap_or_default();
        }
        each(&name, value);
    }
}

/// A client of one connection.
pub(crate) struct Browser {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
}

impl Browser {
    pub(crate) fn connect(port: u16) -> Self {
        let writer = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
        writer
            .set_read_timeout(Some(Duration::from_secs(20)))
            .expect("a limit");
        Self {
            reader: BufReader::new(writer.try_clone().expect("a connection")),
            writer,
        }
    }

    /// Asks; the status and the text, or why there is none.
    pub(crate) fn ask(&mut self) -> std::io::Result<(u16, String)> {
        write!(self.writer, "GET / HTTP/1.1\r\nhost: x\r\n\r\n")?;
        let mut line = String::new();
        if self.reader.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let status = line.split(' ').nth(1).and_then(|word| word.parse().ok());
        let length = headers(&mut self.reader, |_name, _value| {})?;
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body)?;
        Ok((
            status.unwrap_or_default(),
            String::from_utf8_lossy(&body).into_owned(),
        ))
    }
}
