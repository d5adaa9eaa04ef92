//! Names blanked, so that they are not read as words: an image may be called `nginx-proxy`, a
//! secret `efs-key`, a log group `/ecs/out-of-memory`.
//!
//! What says which service, registry or step is meant stays: hosts, the services and types of ARNs,
//! the steps of a registry's API, system paths.

/// What stands for a name.
const BLANK: &str = "*";

/// After these comes nothing but a name, whatever it looks like; after the second ones if that is
/// all there is in the brackets.
const ALWAYS: &[&str] = &["denied for", "find user", "find group"];
const ALONE: &[&str] = &["(service", "(elb", "(target-group"];

/// What follows the name of the service that a sentence begins with.
const OF_A_SERVICE: &[&str] = &[" has ", " was ", " is ", " failed ", " operations "];

/// Parts of ECS that a sentence may begin with, too.
const OF_ECS: &[&str] = &["connect", "discovery", "quota", "role", "scheduler"];

/// What a name comes after. Only what looks like a name is taken for one.
const LEADS: &[&str] = &[
    "alarm",
    "alarms",
    "artifact",
    "bucket",
    "capacity provider",
    "cluster",
    "container",
    "create",
    "definition",
    "dependency",
    "endpoint",
    "exec",
    "family",
    "group",
    "image",
    "json key",
    "manifest for",
    "matching",
    "name",
    "network",
    "parameter",
    "parameters",
    "ref",
    "reference",
    "repository",
    "role",
    "secret",
    "service",
    "stream",
    "tag",
    "task",
    "volume",
];

/// What the host runs and what the sentences turn on: not names that people give.
const KNOWN: &[&str] = &[
    "fs",
    "i/o",
    "docker-",
    "containerd-",
    "nvidia-",
    "amazon-",
    "io.containerd.",
    "mount.",
    "runc",
];

/// Path segments that say what was asked for.
const STEPS: &[&str] = &["", "v1", "v2", "manifests", "blobs", "repositories"];

/// Where paths begin that only the system names.
const KERNEL: &[&str] = &["/sys/", "/proc/", "/dev/"];

/// Where paths begin of which the system names these segments, and people the others.
const SYSTEM: &[&str] = &[
    "/run/", "/var/", "/usr/", "/etc/", "/lib/", "/bin/", "/sbin/",
];
const SEGMENTS: &[&str] = &[
    "",
    "bash",
    "bin",
    "containerd",
    "containerd.sock",
    "deps",
    "devicemapper",
    "docker",
    "docker.sock",
    "ecs",
    "etc",
    "execute-command",
    "group",
    "lib",
    "local",
    "log",
    "passwd",
    "plugins",
    "run",
    "sbin",
    "sh",
    "tmp",
    "usr",
    "var",
    "volumes",
];

/// `words` (normalised) without names, in one pass.
pub(super) fn names(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    let mut rest = words;
    while !rest.is_empty() {
        let end = rest.bytes().position(ends).unwrap_or(rest.len());
        let (token, after) = rest.split_at(end);
        let core = token.trim_end_matches([':', '.']);
        blank(&mut out, core, after);
        // What ends it is one byte.
        let next = rest.len().min(end + 1);
        out.push_str(&rest[core.len()..next]);
        rest = &rest[next..];
    }
    out
}

/// What ends a name.
fn ends(byte: u8) -> bool {
    matches!(
        byte,
        b' ' | b'"' | b'\'' | b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'<' | b'>' | b',' | b';'
    )
}

/// Writes `token`, or what may be read of it.
fn blank(out: &mut String, token: &str, after: &str) {
    // Most tokens are words.
    let word = token.bytes().all(|byte| byte.is_ascii_lowercase());
    let quoted = matches!(after.as_bytes(), [b'"' | b'\'', ..]);
    if word && !quoted && !is_always_led(token, out, after) {
        return out.push_str(token);
    }
    if let Some(at) = token.find("arn:") {
        out.push_str(&token[..at]);
        return arn(out, &token[at..]);
    }
    if let Some(at) = token.find("://") {
        let host = at + 3 + token[at + 3..].find('/').unwrap_or(token.len() - at - 3);
        out.push_str(&token[..host]);
        return path(out, &token[host..]);
    }
    let slash = token.find('/');
    match slash {
        Some(0) if KERNEL.iter().any(|prefix| token.starts_with(prefix)) => out.push_str(token),
        Some(0) if SYSTEM.iter().any(|prefix| token.starts_with(prefix)) => system(out, token),
        Some(0) => path(out, token),
        Some(1) if token.starts_with('.') => path(out, token),
        Some(at) if is_host(&token[..at]) => {
            out.push_str(&token[..at]);
            path(out, &token[at..]);
        }
        Some(at) if is_tagged(&token[at..]) => path(out, token),
        _ if is_always_led(token, out, after) => path(out, token),
        // It says which service is meant.
        _ if token.contains(".amazonaws.com") => out.push_str(token),
        _ if is_name(token, out, after) && is_led(out) => path(out, token),
        _ => out.push_str(token),
    }
}

/// An ARN's service and the type of its resource.
fn arn(out: &mut String, arn: &str) {
    let Some((at, _)) = arn.match_indices(':').nth(4) else {
        return out.push_str(arn);
    };
    let (head, resource) = arn.split_at(at + 1);
    out.push_str(head);
    let kind = resource.find([':', '/']).map_or(0, |end| end + 1);
    // An object's ARN begins with the name of its bucket.
    if !head.contains(":s3:") {
        out.push_str(&resource[..kind]);
    }
    out.push_str(BLANK);
}

/// The steps of a path, its names blanked.
fn path(out: &mut String, path: &str) {
    segments(out, path, |segment| match segment.find("sha256:") {
        _ if STEPS.contains(&segment) => segment,
        Some(0) => "sha256:*",
        Some(_) => "*@sha256:*",
        None if segment.ends_with(".env") => "*.env",
        None => BLANK,
    });
}

/// What the system named of a path.
fn system(out: &mut String, path: &str) {
    segments(out, path, |segment| {
        let known = SEGMENTS.contains(&segment) || is_known(segment);
        if known { segment } else { BLANK }
    });
}

/// A path, of each segment what `read` leaves of it.
fn segments(out: &mut String, path: &str, read: fn(&str) -> &str) {
    for (index, segment) in path.split('/').enumerate() {
        if index > 0 {
            out.push('/');
        }
        out.push_str(read(segment));
    }
}

/// `registry.example.com`, `localhost:5000`; not `.` or `./`.
fn is_host(text: &str) -> bool {
    !text.starts_with('.') && text.contains(['.', ':'])
}

/// `/api:v1`, `/api@sha256:…`
fn is_tagged(text: &str) -> bool {
    let last = text.rsplit('/').next().unwrap_or_default();
    last.contains([':', '@'])
}

/// Whether it looks like a name: quoted, or with a sign or digit that plain words do not have.
fn is_name(token: &str, before: &str, after: &str) -> bool {
    let quote = |char: &char| matches!(char, '"' | '\'');
    let opened = before.chars().next_back().filter(quote);
    let quoted = opened.is_some() && opened == after.chars().next();
    let sign = |char: char| "-_./@:".contains(char) || char.is_ascii_digit();
    // `hcs::system::createprocess` is a call.
    let known = is_known(token) || token.contains("::");
    !token.is_empty() && !known && (quoted || token.contains(sign))
}

fn is_known(token: &str) -> bool {
    KNOWN.iter().any(|prefix| token.starts_with(prefix))
}

/// Whether what stands `before` and `after` makes a name of any `token`.
fn is_always_led(token: &str, before: &str, after: &str) -> bool {
    // Most words end in another letter than any that leads.
    let lead = match before.as_bytes() {
        [.., b'b' | b'e' | b'p' | b'r', b' '] => &before[..before.len() - 1],
        _ => return false,
    };
    let is_service = || {
        let named = !OF_ECS.contains(&token) || after.starts_with(" has ");
        named && OF_A_SERVICE.iter().any(|it| after.starts_with(it))
    };
    let first = lead == "service" && is_service();
    let ends = |leads: &[&str]| leads.iter().any(|it| lead.ends_with(it));
    let alone = || matches!(after.as_bytes(), [b')' | b',', ..]);
    first || ends(ALWAYS) || (alone() && ends(ALONE))
}

/// Whether what stands `before` introduces a name.
fn is_led(before: &str) -> bool {
    let before = before.trim_end_matches([' ', '"', '\'', '(', '[', ':', '=']);
    LEADS.iter().any(|lead| {
        let rest = before.strip_suffix(lead);
        rest.is_some_and(|rest| !rest.ends_with(|char: char| char.is_alphanumeric() || char == '/'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(words: &str, read: &str) {
        assert_eq!(names(words), read);
    }

    #[test]
    fn what_always_leads_ends_in_one_of_a_few_letters() {
        for lead in [ALWAYS, ALONE, &["service"]].concat() {
            assert!(lead.ends_with(['b', 'e', 'p', 'r']), "{lead}");
        }
    }

    #[test]
    fn the_resource_of_an_arn_is_blanked_and_its_service_and_type_stay() {
        check(
            "secret arn:aws:secretsmanager:eu-west-1:111122223333:secret:efs/key from",
            "secret arn:aws:secretsmanager:eu-west-1:111122223333:secret:* from",
        );
        check(
            "'arn:aws:iam::111122223333:role/oom'",
            "'arn:aws:iam::111122223333:role/*'",
        );
        check("arn:aws:s3:::splunk/a.env:", "arn:aws:s3:::*:");
        check("arn:aws:logs", "arn:aws:logs");
    }

    #[test]
    fn images_and_addresses_keep_the_host_and_the_step() {
        check(
            "ref 1.dkr.ecr.eu-west-1.amazonaws.com/denied-list:v1: not found",
            "ref 1.dkr.ecr.eu-west-1.amazonaws.com/*: not found",
        );
        check(
            "head \"https://r.example.com/v2/eof/manifests/sha256:01\": eof",
            "head \"https://r.example.com/v2/*/manifests/sha256:*\": eof",
        );
        check("shop/oom@sha256:01 is", "*/*@sha256:* is");
        check("denied for nginx-proxy, x", "denied for *, x");
        check(
            "image \"windows\" on linux/arm64",
            "image \"*\" on linux/arm64",
        );
    }

    #[test]
    fn names_of_services_parameters_and_groups_are_blanked() {
        check("(service oom-app) was unable", "(service *) was unable");
        check("parameters: /prod/efs-key", "parameters: /*/*");
        check("log group /ecs/nfs does", "log group /*/* does");
        check("dependency [log-router] for", "dependency [*] for");
        check("stat ./oom-killed: no such", "stat */*: no such");
        check("exec: \"efs-sync\": executable", "exec: \"*\": executable");
        check(
            "volumes '/var/lib/docker/volumes/nfs/_data'",
            "volumes '/var/lib/docker/volumes/*/*'",
        );
        check("(service splunk) was", "(service *) was");
        check("service ghost has begun", "service * has begun");
        check("on endpoint ecs-efs-1 (0a)", "on endpoint * (0a)");
        check("find user syslog: no", "find user *: no");
        check(
            "exec: \"/usr/bin/efs-sync\": stat",
            "exec: \"/usr/bin/*\": stat",
        );
    }

    #[test]
    fn what_the_system_names_and_plain_words_stay() {
        for words in [
            "exec: \"docker-init\": executable file not found in $path",
            "open /sys/fs/cgroup/memory: no space",
            "image operating system \"windows\"",
            "service i/o timeout; container init was oom-killed",
            "volume fs-1 in fs-1.efs.eu-west-1.amazonaws.com",
            "fork/exec stopped/terminated. net/http: a",
            "task stopped. secret is",
            "service unavailable",
            "service is unavailable",
            "container: hcs::system::createprocess",
            "open /etc/passwd; /var/run/docker.sock: /usr/bin/docker-proxy",
        ] {
            check(words, words);
        }
    }
}
