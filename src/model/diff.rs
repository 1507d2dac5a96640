//! Differences between two catalogs.
