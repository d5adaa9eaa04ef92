//! Where things are: the repository, its virtual environments, the build folder.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Error;

/// The repository's root.
pub(crate) fn repository() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here)
}

/// A program of one of the virtual environments that `make venv` makes.
pub(crate) fn program(venv: &str, name: &str) -> Result<PathBuf, Error> {
    let path = repository().join(".venv").join(venv).join("bin").join(name);
    if path.exists() {
        Ok(path)
    } else {
        Err(Error::NoVenv(path))
    }
}

/// Where cargo builds.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), PathBuf::from)
}

/// The SAM CLI, in the repository, with its virtual environment's programs first on the path.
/// What it would keep in the home folder it keeps in `keep`.
pub(crate) fn sam(keep: &Path) -> Result<Command, Error> {
    let sam = program("sam", "sam")?;
    let mut path = OsString::from(sam.parent().unwrap_or(&sam));
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let mut command = Command::new(sam);
    command
        .current_dir(repository())
        .env("PATH", path)
        .env("SAM_CLI_TELEMETRY", "0")
        .env("__SAM_CLI_APP_DIR", keep);
    Ok(command)
}
