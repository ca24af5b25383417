//! `data/` as the program carries it: TOML is for people, who want comments, and JSON is read several times as fast at each
//! start.

use std::collections::HashSet;
use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=data");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("there is no OUT_DIR")?);
    let mut known = HashSet::new();
    for entry in fs::read_dir("data")? {
        let path = entry?.path();
        let (Some(stem), Some(ending)) = (path.file_stem(), path.extension()) else { continue };
        let text = fs::read_to_string(&path)?;
        let value: serde_json::Value = match ending.to_str() {
            Some("toml") => toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?,
            Some("json") => serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?,
            _ => continue,
        };
        if !known.insert(stem.to_owned()) {
            return Err(format!("two files of data/ are called {}", stem.display()).into());
        }
        fs::write(out.join(stem).with_extension("json"), value.to_string())?;
    }
    Ok(())
}
