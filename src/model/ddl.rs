//! DDL texts made from catalog values.
