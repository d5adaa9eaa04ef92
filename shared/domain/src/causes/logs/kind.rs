//! The kinds of reasons that log lines give: how much each explains, and what to do about it.

use super::host::{host, host_name};
use super::names::{action, file, module, object, path, port, program, variable};
use crate::causes::Cause;

/// A way to find the name in a line, and the fix that says it.
type Named = (fn(&str) -> Option<&str>, &'static str);

/// A table of kinds. `Kind weight (name, "fix that names it",) "fix";` where `{c}` stands for the
/// container and `{n}` for the name.
macro_rules! kinds {
    ($($kind:ident $weight:literal $($name:ident $with:literal,)? $without:literal;)*) => {
        /// A kind of reason that a line can give.
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub(super) enum Kind {
            $($kind,)*
        }

        impl Kind {
            /// How much it explains, the fix that names something, and the one that names nothing.
            fn row(self) -> (u8, Option<Named>, &'static str) {
                match self {
                    $(Self::$kind => {
                        let named: &[Named] = &[$(($name, $with))?];
                        ($weight, named.first().copied(), $without)
                    })*
                }
            }
        }
    };
}

kinds! {
    Architecture 9 "Build the image of container {c} for the task's processor architecture.";
    Entrypoint 9 file
        "Correct the entryPoint or command of container {c}: {n} is missing in its image, not executable, or has Windows line ends.",
        "Correct the entryPoint or command of container {c}.";
    MissingVariable 8 variable
        "Set {n} in the environment or secrets of container {c}.",
        "Set the environment variable that container {c} misses.";
    Region 8 "Set AWS_REGION in the environment of container {c}.";

    Migration 7 "Correct the database migration that container {c} runs at its start.";
    Lock 7 "Release the migration lock that container {c} waits for, if nothing migrates.";
    PortInUse 7 port
        "Give port {n} to one container only: {c} finds it taken in the task.",
        "Change the port of container {c}: it is taken in the task.";
    PrivilegedPort 7 port
        "Let container {c} listen on a port from 1024 up: port {n} needs root.",
        "Let container {c} listen on a port from 1024 up.";
    StalePid 7 path
        "Delete {n} before container {c} starts its program.",
        "Delete the pid file before container {c} starts its program.";
    DataInUse 7 "Let only one task use the volume that container {c} keeps its data on.";
    RuntimeMemory 7 "Raise the runtime's memory limit (heap) of container {c}, and its task memory with it.";
    OffHeapMemory 7 "Raise the limit that the line names (MaxMetaspaceSize, MaxDirectMemorySize) of container {c}, and its task memory with it.";
    NativeMemory 7 "Raise the task memory of container {c}, or lower its runtime's heap or threads.";
    GpuMemory 7 "Lower what container {c} loads into the GPU, or use one with more memory.";
    Kernel 7 "Raise vm.max_map_count on the container instance; on Fargate set node.store.allow_mmap to false in container {c}.";
    Version 7 "Build container {c} for the runtime version that its image has.";

    MissingModule 6 module
        "Put `{n}` into the image of container {c}.",
        "Put the missing module into the image of container {c}.";
    MissingProgram 6 program
        "Put the program `{n}` into the image of container {c}, or correct the command.",
        "Put the missing program into the image of container {c}.";
    Script 6 object
        "Add the script `{n}` to package.json, or correct the command of container {c}.",
        "Correct the command of container {c}: its package.json has no such script.";
    Schema 6 object
        "Run the migrations before container {c} starts: its database lacks {n}.",
        "Run the migrations before container {c} starts.";
    Database 6 object
        "Create database {n}, or correct the name that container {c} asks for.",
        "Create the database that container {c} asks for, or correct its name.";
    Connections 6 "Lower the connection pool of container {c}, or raise the database's limit.";
    Name 6 host_name
        "Correct the host name {n} that container {c} looks up.",
        "Correct the host name that container {c} looks up.";
    Refused 6 host
        "Check that {n} is up and that its security group lets container {c} in.",
        "Check that the dependency container {c} connects to is up and lets it in.";
    Loopback 6 host
        "Start what listens on {n} in the same task, or set the host that container {c} means.",
        "Set the host that container {c} means: nothing listens in the same task.";
    Encryption 6 "Make container {c} and the server it connects to agree on TLS (sslmode).";
    Tls 6 "Correct the certificates that container {c} uses or trusts.";

    Disk 5 "Enlarge the ephemeral storage of container {c}, or write less.";
    Credentials 5 "Correct the credentials or role that container {c} signs in with.";
    AwsRole 5 "Give the task definition a task role, which container {c} signs in with.";
    AwsDenied 5 action
        "Allow {n} to the task role, which container {c} signs in with.",
        "Give the task role the permission that container {c} misses.";
    AwsMissing 5 "Create the AWS resource that container {c} asks for, or correct its name.";
    Denied 5 path
        "Let the user of container {c} use {n}, or mount a writable volume there.",
        "Give the user of container {c} the permission it misses.";
    Processor 5 "Build the image of container {c} for older processors of the same architecture.";

    Configuration 4 "Correct the configuration of container {c} that the line names.";
    MissingFile 4 file
        "Put {n} into the image of container {c}, or mount it there.",
        "Put the missing file into the image of container {c}, or mount it there.";
    Timeout 4 host
        "Check that {n} is up and that its security group lets container {c} in.",
        "Check that the dependency container {c} connects to is up and lets it in.";
    Unreachable 4 host
        "Check that {n} is up and that its security group lets container {c} in.",
        "Check that the dependency container {c} connects to is up and lets it in.";

    Stopped 3 "Find out who stopped container {c}: it was told to end.";

    Crash 3 "Correct the error that container {c} ended with.";
    RustPanic 3 "Correct the error that container {c} ended with.";
    NodeError 3 "Correct the error that container {c} ended with.";
    Traceback 3 "Correct the error that container {c} ended with.";
    Bare 2 "Correct the error that container {c} ended with.";
}

impl Kind {
    /// Whether its fix may name something.
    pub(super) fn can_name(self) -> bool {
        self.row().1.is_some()
    }

    /// Whether `line` names what its fix is about.
    pub(super) fn names(self, line: &str) -> bool {
        self.row().1.is_some_and(|(name, _)| name(line).is_some())
    }

    /// What it is about: the same trouble has several words.
    pub(super) fn topic(self) -> Self {
        match self {
            Self::Loopback | Self::Timeout | Self::Unreachable => Self::Refused,
            other => other,
        }
    }

    /// Whether it says that memory ran out, which explains every kind of end.
    pub(super) fn is_memory(self) -> bool {
        matches!(
            self,
            Self::RuntimeMemory | Self::OffHeapMemory | Self::NativeMemory | Self::GpuMemory
        )
    }

    /// How much it explains.
    pub(super) fn weight(self) -> u8 {
        self.row().0
    }

    /// One thing to do, naming what the line names.
    pub(super) fn fix(self, container: &str, line: &str) -> String {
        let (_, named, plain) = self.row();
        let named = named.and_then(|(name, fix)| Some((name(line)?, fix)));
        match named {
            Some((name, fix)) => fix.replace("{c}", container).replace("{n}", name),
            None => plain.replace("{c}", container),
        }
    }

    /// The cause it stands for.
    pub(super) fn cause(self) -> Cause {
        match self {
            Self::Architecture => Cause::ImageArchMismatch,
            Self::Entrypoint => Cause::BadEntrypoint,
            _ => Cause::AppError,
        }
    }
}
