//! `sam build` and `sam deploy`, as a user runs them.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::local_aws::{LocalAws, REGION, tail};
use crate::{Error, place};

/// The stack's name, and so the beginning of every name in it.
pub const STACK: &str = "opsbot";

/// Builds every function for this machine's processor; answers with the built template.
pub(crate) fn build(aws: &LocalAws) -> Result<PathBuf, Error> {
    // A folder of its own for the outcome; the work before it is shared, by one stage at a time.
    let folder = aws.folder().join("build");
    let _alone = alone()?;
    let mut command = place::sam(aws.folder())?;
    command.arg("build").arg("--build-dir").arg(&folder);
    command.args([
        "--parameter-overrides",
        &format!("Architecture={}", architecture()),
    ]);
    // Quick to build rather than quick to run: the figures come from `make bench`, and what a user
    // deploys from a plain `sam build`.
    command
        .env("SAM_BUILD_MODE", "debug")
        .env("CARGO_PROFILE_DEV_DEBUG", "false")
        .env("CARGO_PROFILE_DEV_STRIP", "symbols")
        .env("CARGO_LAMBDA_COMPILER", "cargo") // this machine's linker: it runs on this machine
        .env("CARGO_TARGET_DIR", place::target().join("stage"));
    run(command, "sam build")?;
    Ok(folder.join("template.yaml"))
}

/// Held by whoever builds: cargo-lambda moves the binaries within the target folder, so that another
/// one would find them gone. Other processes wait too.
fn alone() -> Result<File, Error> {
    let folder = place::target().join("stage");
    let doing = || format!("locking {}", folder.display());
    fs::create_dir_all(&folder).map_err(Error::io(doing()))?;
    let lock = File::create(folder.join("lock")).map_err(Error::io(doing()))?;
    lock.lock().map_err(Error::io(doing()))?;
    Ok(lock)
}

/// Deploys the built template into the local AWS.
pub(crate) fn deploy(
    aws: &LocalAws,
    template: PathBuf,
    parameters: &[(&str, &str)],
) -> Result<(), Error> {
    let mut command = place::sam(aws.folder())?;
    command.arg("deploy").arg("--template-file").arg(template);
    command
        .arg("--config-file")
        .arg(place::repository().join("samconfig.toml"));
    command.args([
        "--stack-name",
        STACK,
        "--no-confirm-changeset",
        "--no-fail-on-empty-changeset",
    ]);
    command
        .arg("--parameter-overrides")
        .arg(format!("Architecture={}", architecture()));
    command.args(
        parameters
            .iter()
            .map(|(key, value)| format!("{key}={value}")),
    );
    command
        .env("AWS_ENDPOINT_URL", aws.endpoint())
        .env("AWS_CA_BUNDLE", aws.ca())
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .envs(["AWS_REGION", "AWS_DEFAULT_REGION"].map(|key| (key, REGION)))
        .envs(["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"].map(|key| (key, "/dev/null")))
        .envs(["NO_PROXY", "no_proxy"].map(|key| (key, "127.0.0.1,localhost")))
        .env_remove("AWS_PROFILE")
        .env_remove("AWS_DEFAULT_PROFILE")
        .env_remove("AWS_SESSION_TOKEN")
        .env("SAM_CLI_POLL_DELAY", "0.2");
    run(command, "sam deploy")
}

/// As the template names it.
fn architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "x86_64"
    }
}

fn run(mut command: Command, name: &str) -> Result<(), Error> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(Error::io(format!("running {name}")))?;
    if output.status.success() {
        return Ok(());
    }
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed);
    Err(Error::Command {
        command: name.to_owned(),
        output: tail(&printed, 60),
    })
}
