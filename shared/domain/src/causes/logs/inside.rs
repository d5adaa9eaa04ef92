//! The reasons that programs give in all runtimes and that lie in the image or its settings.

use super::names::{command, missing, privileged};
use super::signature::{Signature, signatures};

/// Reasons inside the image and its settings, the most telling first.
pub(super) const INSIDE: &[Signature] = signatures! {
    Architecture "image for another architecture": "exec format error";
    Entrypoint "command cannot be run":
        "exec /|exec user process caused" & "no such file or directory|permission denied";

    MissingVariable "missing environment variable":
        "environment variable|env var|envvar"
        & "not set|missing|required|not found|undefined|unset|must be set|not defined|empty|\
           not present|mandatory|invalid environment|: set the|not configured"
        unless "default to|using default|defaulting|falling back|fallback|optional|ignor|skipping|\
            disabled|disabling|assuming|instead|required if|in-memory";
    MissingVariable "missing environment variable":
        "varerror|notpresent|could not resolve placeholder|could not resolve substitution|env is not set|unbound variable|\
         parameter not set|parameter null or not set|missing required env|declare it as envvar|\
         password is not specified|password option is not specified|missing 'secret_key_base|\
         settings are not configured|no application encryption key|key to decrypt file with|\
         missing value for field"
        unless "assuming|default|disabled|fallback|instead|optional";
    MissingVariable "missing environment variable":
        unless "referenceerror|nameerror|using default|defaulting|falling back|optional|ignor|\
            disabled|disabling|assuming|instead|required if|in-memory|column|header"
        naming missing;
    MissingVariable "missing environment variable": "keyerror: '" after "environ|os.py";
    MissingVariable "missing environment variable": "config property" & "is required";
    MissingVariable "pydantic: setting missing": "field required"
        after "settings|for config|appconfig|serviceconfig|envconfig";
    Region "AWS Region not set":
        "noregionerror|must specify a region|missing region|unable to find a region|\
         unable to load region";

    Lock "Liquibase waits for its lock": "change log lock|changelog lock";
    Migration "Flyway migration failed":
        "flyway|schema history|migration checksum"
        & "fail|exception|error|mismatch|non-empty schema"
        unless "connection|connect to|authentication|access denied|resolve host";
    Migration "Liquibase migration failed": "liquibase" & "fail|exception|error"
        unless "connection|connect to|authentication|access denied|resolve host";
    Migration "Alembic migration failed":
        "can't locate revision|multiple head|target database is not up to date";
    Migration "Alembic migration failed": "alembic" & "error|fail"
        unless "connection|connect to|authentication|access denied|resolve host";
    Migration "Rails migration failed":
        "activerecord::|db:migrate|later migrations canceled" & "migrat"
        & "error|irreversible|canceled|aborted|to resolve|are pending";
    Migration "Prisma migration failed":
        "prisma|p3005|p3009|p3018" & "migrat|error: p30" & "fail|error|p30";
    Migration "Django migration failed":
        "django.db.migrations|inconsistentmigrationhistory|unapplied migration|\
         nodenotfounderror|conflicting migrations";
    Migration "migration failed":
        "migration|migrate"
        & "failed|failure|error:|error applying|could not|corrupt|was previously applied"
        unless "connection|connect to|authentication|access denied|resolve host";
    Migration "migration failed": "dirty database|there is already an object named";
    Migration "migration failed":
        "relation \"|table \"|table '|column \"|column name" & "already exists|duplicate column"
        unless "skipping";
    Schema "table or column missing in the database":
        "relation |column |table |no such table"
        & "does not exist|doesn't exist|no such table|unknown column"
        unless "creating|skipping";

    PrivilegedPort "port needs root":
        "bind()|bind:|could not bind|cannot bind|bind to|bind listening|listen eacces"
        & "permission denied|eacces"
        unless "unix:" naming privileged;
    PortInUse "address already in use":
        "address already in use|eaddrinuse|address in use|addrinuse|port already in use|\
         only one usage of each socket address|connection in use: |seems to be in use";
    PortInUse "address already in use":
        "port" & "was already in use|is already in use" unless "listening on";
    DataInUse "another process has the data": "postmaster.pid|unable to lock ./ib" & "exists|lock";
    StalePid "pid file left behind":
        "server is already running|.pid" & "already running|already exists";

    GpuMemory "GPU out of memory": "cuda|gpu|hip out" & "out of memory|outofmemory";
    NativeMemory "out of memory outside the heap":
        "native memory allocation|insufficient memory for the java runtime|\
         unable to create native thread|cannot allocate memory|perhaps out of memory|out of memory: kill|exited prematurely: signal 9";
    OffHeapMemory "out of memory beside the heap":
        "outofmemoryerror" & "metaspace|direct buffer memory|compressed class space";
    RuntimeMemory "out of memory in the runtime":
        "heap out of memory|java.lang.outofmemoryerror|java heap space|gc overhead limit exceeded|\
         allowed memory size of|system.outofmemoryexception|memoryerror|out of memory|\
         std::bad_alloc|memory allocation of|failed to allocate memory|reached heap limit"
        unless "onoutofmemoryerror|warning: memory";
    Kernel "kernel setting too low": "vm.max_map_count" & "too low|at least";

    Version "Java: class file of a newer version":
        "unsupportedclassversionerror|class file version";
    Version "Ruby: another version wanted": "your ruby version is";
    Version "system library too old": "version 'glibc|glibcxx" & "not found";
    MissingModule "Node.js: module not found":
        "cannot find module|err_module_not_found|cannot find package|module not found: error|\
         module not found \""
        unless "optional";
    MissingModule "Python: module not found":
        "modulenotfounderror|importerror: |no module named|could not import module|\
         unable to load celery application" unless "cannot import name";
    MissingModule "Ruby: file or gem not found":
        "(loaderror)|cannot load such file|gem::missingspecerror|could not find gem|\
         bundler::gemnotfound|bundler could not find|in locally installed gems|\
         in any of the sources";
    MissingModule "Java: class not found":
        "classnotfoundexception|noclassdeffounderror|could not find or load main class|\
         unable to access jarfile|no main manifest attribute";
    MissingModule ".NET: assembly not found":
        ".dll does not exist|.dll' does not exist|could not load file or assembly|the application to execute does not exist|\
         you must install or update .net|hostfxr|libhostpolicy|dllnotfoundexception|\
         valid icu package";
    MissingModule "PHP: class or file not found":
        "failed opening required|class \"|autoload.php"
        & "not found|include_path|failed opening|failed to open";
    MissingModule "shared library not found":
        "error while loading shared libraries|cannot open shared object file|\
         error loading shared library|dll was not found|unable to load shared library";
    MissingProgram "shell: command not found": "not found" naming command;
    MissingProgram "program not found": "env: '|env: \"" & "no such file";
    MissingProgram "program not found": "executable file not found";
    Script "npm: script missing": "missing script:";
};
