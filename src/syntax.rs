//! Text → trees with spans. Parsing never fails: it returns what it understood and what it could not read.

pub mod comments;
pub mod dotenv;
pub mod interpolation;
pub mod systemd_env;
pub mod unit;
pub mod words;
pub mod yaml;
