//! The local AWS as a child process, and calls to it. See `python/local_aws.py`.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use simulator::{AuthRequest, Authorizer, Certificate, Decision};
use tokio::sync::oneshot;

use crate::{Error, place};

/// The account that everything runs in; the simulator's default too.
pub const ACCOUNT: &str = "111122223333";
/// The Region that everything runs in; the simulator's default too.
pub const REGION: &str = "us-east-1";

/// A running local AWS. It ends with its last clone, or with this process, however that ends.
#[derive(Clone)]
pub struct LocalAws(Arc<Running>);

struct Running {
    folder: PathBuf,
    endpoint: String,
    child: Mutex<Child>,
    /// None once it is to end.
    input: Mutex<Option<ChildStdin>>,
    waiting: Arc<Waiting>,
    next_id: AtomicU64,
}

type Answer = oneshot::Sender<Value>;
type Waiting = Mutex<HashMap<u64, Answer>>;

impl LocalAws {
    /// Starts it, on a free port, with nothing in it.
    ///
    /// # Errors
    /// The virtual environment is missing, or the process does not start.
    pub fn start() -> Result<Self, Error> {
        let folder = own_folder()?;
        let pem =
            Certificate::make("opsbot stage CA").map_err(Error::io("making a certificate"))?;
        for (name, text) in [
            ("ca", &pem.authority),
            ("certificate", &pem.certificate),
            ("key", &pem.key),
        ] {
            fs::write(folder.join(name).with_extension("pem"), text)
                .map_err(Error::io(format!("writing {name}.pem")))?;
        }
        let mut child = spawn(&folder)?;
        let input = child.stdin.take();
        let output = child.stdout.take().map(BufReader::new);
        let waiting = Arc::<Waiting>::default();
        let mut running = Running {
            folder,
            endpoint: String::new(),
            child: Mutex::new(child),
            input: Mutex::new(input),
            waiting: waiting.clone(),
            next_id: AtomicU64::new(1),
        };
        let mut output = output.ok_or_else(|| running.ended())?;
        running.endpoint = first_line(&mut output).ok_or_else(|| running.ended())?;
        std::thread::spawn(move || hand_out(output, &waiting));
        Ok(Self(Arc::new(running)))
    }

    /// Makes a call, by the names that boto3 has: `call("sqs", "receive_message", json!({..}))`.
    /// Blocks; not for async code.
    ///
    /// # Errors
    /// The call is refused, or the local AWS has ended.
    pub fn call(&self, service: &str, method: &str, with: Value) -> Result<Value, Error> {
        let call = format!("{service}.{method}");
        let answer = self.0.ask(&call, with).blocking_recv();
        let mut answer = answer.map_err(|_| self.0.ended())?;
        if let Some(error) = answer.get("error") {
            let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
            return Err(Error::Refused {
                call,
                code: text("code"),
                message: text("message"),
            });
        }
        Ok(answer["ok"].take())
    }

    /// Whether the deployed roles let the owner of an access key make a call to another endpoint:
    /// for the simulator, which then refuses what `template.yaml` does not grant.
    pub fn authorizer(&self) -> Authorizer {
        let aws = self.clone();
        Authorizer::new(move |request: AuthRequest| {
            let asked = aws.0.ask(
                "stage.allows",
                json!({
                    "access_key_id": request.access_key_id,
                    "action": request.action,
                    "resource": request.resource_arn,
                    "context": request.context,
                }),
            );
            async move {
                match asked.await {
                    Ok(answer) if answer["ok"]["allowed"] == true => Decision::Allow,
                    Ok(_) | Err(_) => Decision::Deny(String::new()),
                }
            }
        })
    }

    /// The address of every AWS service here.
    pub fn endpoint(&self) -> &str {
        &self.0.endpoint
    }

    /// A folder that lasts as long as the local AWS.
    pub fn folder(&self) -> &Path {
        &self.0.folder
    }

    /// The certificate that clients must trust, as a PEM file.
    pub fn ca(&self) -> PathBuf {
        self.0.folder.join("ca.pem")
    }
}

impl Running {
    fn ask(&self, call: &str, with: Value) -> oneshot::Receiver<Value> {
        let (sender, receiver) = oneshot::channel();
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        lock(&self.waiting).insert(id, sender);
        let line = json!({ "id": id, "call": call, "with": with });
        let sent = lock(&self.input)
            .as_mut()
            .map(|input| writeln!(input, "{line}"));
        if !matches!(sent, Some(Ok(()))) {
            lock(&self.waiting).remove(&id); // The receiver is told at once.
        }
        receiver
    }

    fn ended(&self) -> Error {
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        Error::Ended {
            log: tail(&log, 20),
        }
    }
}

impl Drop for Running {
    /// Closing its input ends it and all that it started, and removes its folder.
    fn drop(&mut self) {
        drop(lock(&self.input).take());
        let _ = lock(&self.child).wait();
    }
}

impl std::fmt::Debug for LocalAws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("LocalAws").field(&self.0.endpoint).finish()
    }
}

/// A fresh folder for one run, for this user only.
fn own_folder() -> Result<PathBuf, Error> {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    let run = RUNS.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("opsbot-stage-{}-{run}", std::process::id()));
    let made = DirBuilder::new().mode(0o700).create(&folder);
    made.map_err(Error::io(format!("making {}", folder.display())))?;
    Ok(folder)
}

fn spawn(folder: &Path) -> Result<Child, Error> {
    let python = place::program("ministack", "python")?;
    let script = place::repository().join("tests/stage/python/local_aws.py");
    let log = File::create(folder.join("log")).map_err(Error::io("making the log"))?;
    Command::new(python)
        .arg(script)
        .arg(folder)
        .env_clear() // No credentials, profiles or proxies of the person who runs this.
        .env("PATH", "/usr/bin:/bin")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("MINISTACK_ACCOUNT_ID", ACCOUNT)
        .envs(["MINISTACK_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"].map(|key| (key, REGION)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log)
        .process_group(0)
        .spawn()
        .map_err(Error::io("starting the local AWS"))
}

fn first_line(output: &mut BufReader<ChildStdout>) -> Option<String> {
    let mut line = String::new();
    output.read_line(&mut line).ok()?;
    let first: Value = serde_json::from_str(&line).ok()?;
    Some(first["endpoint"].as_str()?.to_owned())
}

/// Gives each answer to who waits for it. When no more can come, everyone who waits is told.
fn hand_out(output: BufReader<ChildStdout>, waiting: &Waiting) {
    for line in output.lines().map_while(Result::ok) {
        let Ok(answer) = serde_json::from_str::<Value>(&line) else {
            continue;
        };
        let asked = answer["id"]
            .as_u64()
            .and_then(|id| lock(waiting).remove(&id));
        if let Some(asked) = asked {
            let _ = asked.send(answer);
        }
    }
    lock(waiting).clear();
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The last lines of a text.
pub(crate) fn tail(text: &str, lines: usize) -> String {
    let all: Vec<_> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
