//! Signals to processes, without the programs `kill` and `ps`: a bare Debian has neither.

use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};

/// Sends a signal, by its short name such as `INT`. The standard library sends none but KILL, and only to children.
pub(crate) fn send(pid: u32, name: &str) -> Result<(), rustix::io::Errno> {
    let signal = match name {
        "CONT" => Signal::CONT,
        "INT" => Signal::INT,
        "KILL" => Signal::KILL,
        "QUIT" => Signal::QUIT,
        "STOP" => Signal::STOP,
        "TERM" => Signal::TERM,
        other => panic!("no test sends {other}"),
    };
    let pid = Pid::from_raw(i32::try_from(pid).expect("a process number")).expect("not zero");
    kill_process(pid, signal)
}

/// How a process was called; empty if there is none.
pub(crate) fn command_line(pid: u32) -> String {
    // Elsewhere than on Linux there is no /proc, but there `ps` is part of the system.
    let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).or_else(|_| {
        Command::new("ps")
            .args(["-o", "args=", "-p", &pid.to_string()])
            .output()
            .map(|output| output.stdout)
    });
    String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
}
