//! A function as a process of its own, and what the kernel says of it.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};

use crate::runtime_api::RuntimeApi;
use tests::bot::{FAILING_QUEUE, TABLE, TASK_QUEUE, TOPIC};

/// What is run.
#[derive(Clone, Debug)]
pub struct Program {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Settings beside those that every function is given.
    pub settings: Vec<(&'static str, &'static str)>,
}

impl Program {
    /// A binary that needs no arguments.
    pub fn of(binary: &Path) -> Self {
        Self {
            command: vec![binary.display().to_string()],
            settings: Vec::new(),
        }
    }

    /// The same with these settings.
    pub fn with(self, settings: &[(&'static str, &'static str)]) -> Self {
        Self {
            settings: settings.to_vec(),
            ..self
        }
    }
}

/// A running function.
#[derive(Debug)]
pub struct Function {
    /// Its Runtime API.
    pub api: RuntimeApi,
    /// From exec to the first request for an event.
    pub init: Duration,
    child: Child,
}

impl Function {
    /// Starts the function against an AWS endpoint and waits for its first request.
    ///
    /// # Errors
    ///
    /// It cannot be started, or asks for nothing within 30 s.
    pub async fn start(program: &Program, endpoint: &str, ca: Option<&Path>) -> io::Result<Self> {
        let mut api = RuntimeApi::start().await?;
        let mut command = Command::new(&program.command[0]);
        command
            .args(&program.command[1..])
            .env_clear()
            .kill_on_drop(true);
        command.stdout(Stdio::null()).stderr(Stdio::inherit());
        command.envs(environment(api.address.to_string(), endpoint));
        command.envs(program.settings.iter().copied());
        command.envs(ca.map(|ca| ("SSL_CERT_FILE", ca)));
        command.envs(ca.map(|ca| ("AWS_CA_BUNDLE", ca)));
        let began = Instant::now();
        let child = command.spawn()?;
        let ready = api
            .ready()
            .await
            .ok_or_else(|| io::Error::other("it never asked for an event"))?;
        Ok(Self {
            api,
            init: ready - began,
            child,
        })
    }

    /// Ends the function.
    pub async fn stop(mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill().await;
    }

    /// The most memory it ever held, in bytes (`VmHWM`, proc(5)).
    pub fn peak_memory(&self) -> io::Result<u64> {
        peak_memory(self.id()?)
    }

    /// CPU time used so far, user and system, of all its threads (`schedstat`, proc(5)).
    pub fn cpu(&self) -> io::Result<Duration> {
        let id = self.id()?;
        let mut total = 0;
        for thread in std::fs::read_dir(format!("/proc/{id}/task"))? {
            let stat = std::fs::read_to_string(thread?.path().join("schedstat"))?;
            let nanos = stat
                .split_whitespace()
                .next()
                .and_then(|text| text.parse::<u64>().ok());
            total += nanos.unwrap_or_default();
        }
        Ok(Duration::from_nanos(total))
    }

    /// The part of it that the kernel used: sockets, mostly (`stat`, proc(5), in ticks of 10 ms).
    pub fn kernel_cpu(&self) -> io::Result<Duration> {
        let stat = self.proc("stat")?;
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks = after_name
            .split_whitespace()
            .nth(12)
            .and_then(|text| text.parse::<u64>().ok());
        ticks
            .map(|ticks| Duration::from_millis(ticks * 10))
            .ok_or_else(|| io::Error::other("no stime"))
    }

    fn proc(&self, file: &str) -> io::Result<String> {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.id()?))
    }

    fn id(&self) -> io::Result<u32> {
        let id = self.child.id();
        id.ok_or_else(|| io::Error::other("it has ended"))
    }
}

/// The most memory that a process ever held, in bytes (`VmHWM`, proc(5)).
pub fn peak_memory(id: u32) -> io::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.map(|kib| kib * 1024)
        .ok_or_else(|| io::Error::other("no VmHWM"))
}

fn environment(api: String, endpoint: &str) -> Vec<(&'static str, String)> {
    let fixed = [
        ("AWS_LAMBDA_FUNCTION_NAME", "opsbot-deployment-changed"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        (
            "AWS_LAMBDA_LOG_GROUP_NAME",
            "/aws/lambda/opsbot-deployment-changed",
        ),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
        ("AWS_LAMBDA_LOG_LEVEL", "ERROR"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("OPSBOT_ALERT_TOPIC_ARN", TOPIC),
        ("OPSBOT_STATE_TABLE", TABLE),
        ("OPSBOT_TASK_QUEUE_URL", TASK_QUEUE),
        ("OPSBOT_FAILING_QUEUE_URL", FAILING_QUEUE),
    ];
    let mut all: Vec<_> = fixed.map(|(key, value)| (key, value.to_owned())).to_vec();
    all.push(("AWS_LAMBDA_RUNTIME_API", api));
    all.push(("AWS_ENDPOINT_URL", endpoint.to_owned()));
    all
}
