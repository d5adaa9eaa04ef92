//! The reasons that programs give in all runtimes and that lie in the image or its settings.

use super::kind::Kind;

/// One way of writing one reason.
pub(super) struct Signature {
    pub(super) kind: Kind,
    /// In a few words.
    pub(super) what: &'static str,
    /// Of every group one fragment must be in the line.
    pub(super) all: &'static [&'static [&'static str]],
}

/// A signature.
pub(super) const fn sign(
    kind: Kind,
    what: &'static str,
    all: &'static [&'static [&'static str]],
) -> Signature {
    Signature { kind, what, all }
}

/// Reasons inside the image and its settings, the most telling first.
pub(super) const INSIDE: &[Signature] = &[
    sign(
        Kind::Architecture,
        "image for another architecture",
        &[&["exec format error"]],
    ),
    sign(
        Kind::MissingVariable,
        "missing environment variable",
        &[
            &[
                "environment variable",
                "env var",
                "envvar",
                "environment variables",
            ],
            &[
                "not set",
                "missing",
                "required",
                "not found",
                "undefined",
                "unset",
                "must be set",
                "not defined",
                "is empty",
                "not present",
                "mandatory",
            ],
        ],
    ),
    sign(
        Kind::MissingVariable,
        "missing environment variable",
        &[&[
            "keyerror: '",
            "environment variable not found",
            "varerror",
            "notpresent",
            "could not resolve placeholder",
            "env is not set",
            "unbound variable",
            "parameter not set",
            "missing required env",
            "improperlyconfigured: set the",
            "key not found: \"",
        ]],
    ),
    sign(
        Kind::Migration,
        "Flyway migration failed",
        &[
            &["flyway"],
            &["fail", "exception", "error", "checksum mismatch"],
        ],
    ),
    sign(
        Kind::Migration,
        "Liquibase migration failed",
        &[&["liquibase"], &["fail", "exception", "error"]],
    ),
    sign(
        Kind::Migration,
        "Alembic migration failed",
        &[
            &["alembic"],
            &["error", "fail", "can't locate revision", "multiple head"],
        ],
    ),
    sign(
        Kind::Migration,
        "Rails migration failed",
        &[&[
            "activerecord::pendingmigrationerror",
            "migrations are pending",
            "activerecord::migration",
            "an error has occurred, this and all later migrations canceled",
            "db:migrate",
        ]],
    ),
    sign(
        Kind::Migration,
        "Prisma migration failed",
        &[
            &["prisma", "error: p3", "p3009", "p3018"],
            &["migrat"],
            &["fail", "error", "p30"],
        ],
    ),
    sign(
        Kind::Migration,
        "Django migration failed",
        &[&[
            "django.db.migrations",
            "inconsistentmigrationhistory",
            "unapplied migration",
            "nodenotfounderror",
        ]],
    ),
    sign(
        Kind::Migration,
        "migration failed",
        &[
            &["migration", "migrate"],
            &[
                "failed",
                "failure",
                "error:",
                "error applying",
                "could not",
                "dirty database",
            ],
        ],
    ),
    sign(
        Kind::PortInUse,
        "address already in use",
        &[&[
            "address already in use",
            "eaddrinuse",
            "address in use",
            "failed to bind to address",
            "port already in use",
            "only one usage of each socket address",
            "addrinuse",
        ]],
    ),
    sign(
        Kind::PortInUse,
        "address already in use",
        &[&["port"], &["was already in use", "is already in use"]],
    ),
    sign(
        Kind::RuntimeMemory,
        "out of memory in the runtime",
        &[&[
            "javascript heap out of memory",
            "java.lang.outofmemoryerror",
            "java heap space",
            "metaspace",
            "gc overhead limit",
            "allowed memory size of",
            "system.outofmemoryexception",
            "memoryerror",
            "runtime: out of memory",
            "cannot allocate memory",
            "std::bad_alloc",
            "memory allocation of",
            "failed to allocate memory",
            "nomemoryerror",
            "reached heap limit",
            "insufficient memory for the java runtime",
            "out of memory",
        ]],
    ),
    sign(
        Kind::Version,
        "Java: class file of a newer version",
        &[&["unsupportedclassversionerror", "class file version"]],
    ),
    sign(
        Kind::Version,
        "system library too old",
        &[
            &["version `glibc", "version 'glibc", "glibcxx"],
            &["not found"],
        ],
    ),
    sign(
        Kind::MissingModule,
        "Node.js: module not found",
        &[&[
            "cannot find module",
            "err_module_not_found",
            "cannot find package",
            "module not found: error",
        ]],
    ),
    sign(
        Kind::MissingModule,
        "Python: module not found",
        &[&["modulenotfounderror", "importerror", "no module named"]],
    ),
    sign(
        Kind::MissingModule,
        "Ruby: file or gem not found",
        &[&[
            "loaderror",
            "cannot load such file",
            "gem::missingspecerror",
            "could not find gem",
            "bundler::gemnotfound",
            "bundler could not find",
        ]],
    ),
    sign(
        Kind::MissingModule,
        "Java: class not found",
        &[&[
            "classnotfoundexception",
            "noclassdeffounderror",
            "could not find or load main class",
            "unable to access jarfile",
            "no main manifest attribute",
        ]],
    ),
    sign(
        Kind::MissingModule,
        ".NET: assembly not found",
        &[&[
            "could not load file or assembly",
            "the application to execute does not exist",
            "you must install or update .net",
            "hostfxr",
            "libhostpolicy",
        ]],
    ),
    sign(
        Kind::MissingModule,
        "PHP: class or file not found",
        &[
            &["failed opening required", "class \""],
            &["not found", "include_path", "failed opening"],
        ],
    ),
    sign(
        Kind::MissingModule,
        "shared library not found",
        &[&[
            "error while loading shared libraries",
            "cannot open shared object file",
            "error loading shared library",
            "dll was not found",
        ]],
    ),
];
