//! The repository's files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What is built, downloaded or kept by a tool.
const NOT_OURS: [&str; 6] = [
    "target",
    ".git",
    ".venv",
    ".aws-sam",
    "node_modules",
    "__pycache__",
];

/// A text file: its path from the repository's root, with `/`, and what it holds.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// The lines before the tests that stand in the same file.
    pub(crate) fn without_tests(&self) -> &str {
        self.text
            .split_once("\n#[cfg(test)]\n")
            .map_or(&self.text, |(code, _)| code)
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every text file of the repository, in order of its path.
pub(crate) fn files() -> Vec<File> {
    let mut files = Vec::new();
    walk(&root(), "", &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(files.len() > 50, "only {} files were found", files.len());
    files
}

fn walk(folder: &Path, prefix: &str, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let path = format!("{prefix}{name}");
        let kind = entry.file_type().unwrap();
        if NOT_OURS.contains(&name.as_str()) || name.ends_with(".pending-snap") {
            continue;
        }
        if kind.is_dir() {
            walk(&entry.path(), &format!("{path}/"), files);
        } else if let Ok(text) = fs::read_to_string(entry.path()) {
            files.push(File { path, text });
        }
    }
}

/// The Rust sources below any of these folders.
pub(crate) fn rust_below(folders: &[&str]) -> Vec<File> {
    let below = |file: &File| folders.iter().any(|folder| file.path.starts_with(folder));
    let mut files = files();
    files.retain(|file| file.is_rust() && below(file));
    files
}

/// One file that must be there.
#[track_caller]
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Whether there is a file or folder of that path.
pub(crate) fn exists(path: &str) -> bool {
    root().join(path).exists()
}

/// What `cargo` prints when it is run here. It must not ask the network: all that a test run
/// needs is on the machine when a test runs.
#[track_caller]
pub(crate) fn cargo(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(root()).args(arguments).arg("--offline");
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "cargo {}: {said}",
        arguments.join(" ")
    );
    String::from_utf8(output.stdout).unwrap()
}

/// The members of the workspace, as `cargo metadata` tells them.
pub(crate) fn packages() -> Vec<Value> {
    let metadata = cargo(&["metadata", "--no-deps", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// Fails with all of the violations and what to do about them.
#[track_caller]
pub(crate) fn none(violations: &[String], what_to_do: &str) {
    let list = violations.join("\n  ");
    assert!(violations.is_empty(), "{what_to_do}\n  {list}");
}
