//! Facts of a server, read without changing anything.
