//! What differs between the last good revision and the failing one. Names, never values: of an
//! environment variable only that it changed is known.

mod words;

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::{ContainerDefinition, ServiceRevision, TaskDefinition};
use crate::short;

/// One difference. Prints as a sentence fragment; names and images in it are untrusted text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A container is new.
    ContainerAdded(String),
    /// A container is gone.
    ContainerRemoved(String),
    /// A field of the task or of a container has another value.
    Field {
        /// `None` for the task itself.
        container: Option<String>,
        /// `image`, `memory`, `health check`, …
        field: &'static str,
        /// What it was, where it was set.
        from: Option<String>,
        /// What it is, where it is set.
        to: Option<String>,
    },
    /// Names were added to, removed from, or changed in a set of named things.
    Names {
        /// The container.
        container: String,
        /// `environment variable` or `secret`.
        kind: &'static str,
        /// What happened to them.
        how: How,
        /// The names.
        names: Vec<String>,
    },
    /// The same image reference now means another image.
    Digest {
        /// The container.
        container: String,
        /// The reference.
        image: String,
        /// What it was, `sha256:…`.
        from: String,
        /// What it is.
        to: String,
    },
}

/// What happened to names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// They are new.
    Added,
    /// They are gone.
    Removed,
    /// They are still there with another value.
    Changed,
}

/// Everything that differs, images first: they are what a release is about.
pub fn between(good: &TaskDefinition, failing: &TaskDefinition) -> Vec<Change> {
    let mut changes = Vec::new();
    for container in &failing.containers {
        match good.container(&container.name) {
            Some(before) => compare(before, container, &mut changes),
            None => changes.push(Change::ContainerAdded(container.name.clone())),
        }
    }
    let gone = good
        .containers
        .iter()
        .filter(|it| failing.container(&it.name).is_none());
    changes.extend(gone.map(|it| Change::ContainerRemoved(it.name.clone())));
    task_fields(good, failing, &mut changes);
    short::sort_by_key(&mut changes, |change| !is_image(change));
    changes
}

/// Where the same references stand in both revisions: those that now mean another image.
pub fn digests(good: &ServiceRevision, failing: &ServiceRevision) -> Vec<Change> {
    let both = failing.images.iter().filter_map(|(container, after)| {
        let before = good.images.get(container)?;
        Some((
            container,
            before,
            after,
            before.digest.as_ref()?,
            after.digest.as_ref()?,
        ))
    });
    both.filter(|(_, before, after, from, to)| before.image == after.image && from != to)
        .map(|(container, _, after, from, to)| Change::Digest {
            container: container.clone(),
            image: after.image.clone(),
            from: from.clone(),
            to: to.clone(),
        })
        .collect()
}

/// [`digests`] where moved tags are all that changed of the images.
///
/// To go back to `good` by its name would then bring what fails. Beside an image that the release
/// itself brought, the floating tag of a sidecar says nothing about the failure.
pub fn replaced(good: &ServiceRevision, failing: &ServiceRevision) -> Vec<Change> {
    let mut images = failing.images.iter();
    let stands = images.all(|(container, after)| {
        let before = good.images.get(container);
        before.is_some_and(|before| before.image == after.image)
    });
    match stands {
        true => digests(good, failing),
        false => Vec::new(),
    }
}

fn is_image(change: &Change) -> bool {
    matches!(
        change,
        Change::Field { field: "image", .. } | Change::Digest { .. }
    )
}

fn task_fields(good: &TaskDefinition, failing: &TaskDefinition, changes: &mut Vec<Change>) {
    let fields = [
        ("CPU units", &good.cpu, &failing.cpu),
        ("memory (MiB)", &good.memory, &failing.memory),
        ("task role", &good.task_role_arn, &failing.task_role_arn),
        (
            "execution role",
            &good.execution_role_arn,
            &failing.execution_role_arn,
        ),
        ("network mode", &good.network_mode, &failing.network_mode),
        (
            "CPU architecture",
            &good.cpu_architecture,
            &failing.cpu_architecture,
        ),
    ];
    for (field, from, to) in fields {
        push(changes, None, field, from.clone(), to.clone());
    }
}

fn compare(good: &ContainerDefinition, failing: &ContainerDefinition, changes: &mut Vec<Change>) {
    let number = |number: Option<i32>| number.map(|number| number.to_string());
    let words = |words: &[String]| (!words.is_empty()).then(|| words.join(" "));
    let ports = |ports: &[i32]| words(&ports.iter().map(ToString::to_string).collect::<Vec<_>>());
    let depends = |it: &ContainerDefinition| {
        let on = it
            .depends_on
            .iter()
            .map(|on| format!("{} {}", on.container, on.condition));
        words(&on.collect::<Vec<_>>())
    };
    let log = |it: &ContainerDefinition| {
        it.log.as_ref().map(|log| match &log.group {
            Some(group) => format!("{} {group}", log.driver),
            None => log.driver.clone(),
        })
    };
    let essential =
        |it: &ContainerDefinition| Some(if it.essential { "yes" } else { "no" }.to_owned());
    let (a, b) = (good, failing);
    let fields = [
        ("image", Some(a.image.clone()), Some(b.image.clone())),
        ("command", words(&a.command), words(&b.command)),
        ("entry point", words(&a.entry_point), words(&b.entry_point)),
        ("CPU units", number(a.cpu), number(b.cpu)),
        ("memory limit (MiB)", number(a.memory), number(b.memory)),
        (
            "memory reservation (MiB)",
            number(a.memory_reservation),
            number(b.memory_reservation),
        ),
        ("ports", ports(&a.ports), ports(&b.ports)),
        (
            "health check",
            a.health_check.clone(),
            b.health_check.clone(),
        ),
        ("essential", essential(a), essential(b)),
        ("dependencies", depends(a), depends(b)),
        (
            "environment files",
            words(&a.environment_files),
            words(&b.environment_files),
        ),
        ("log configuration", log(a), log(b)),
        (
            "stop timeout (s)",
            number(a.stop_timeout),
            number(b.stop_timeout),
        ),
        (
            "start timeout (s)",
            number(a.start_timeout),
            number(b.start_timeout),
        ),
    ];
    for (field, from, to) in fields {
        push(changes, Some(&b.name), field, from, to);
    }
    names(
        changes,
        &b.name,
        "environment variable",
        &a.environment,
        &b.environment,
    );
    names(changes, &b.name, "secret", &a.secrets, &b.secrets);
}

fn push(
    changes: &mut Vec<Change>,
    container: Option<&str>,
    field: &'static str,
    from: Option<String>,
    to: Option<String>,
) {
    if from != to {
        let container = container.map(str::to_owned);
        changes.push(Change::Field {
            container,
            field,
            from,
            to,
        });
    }
}

fn names<V: PartialEq>(
    changes: &mut Vec<Change>,
    container: &str,
    kind: &'static str,
    good: &BTreeMap<String, V>,
    failing: &BTreeMap<String, V>,
) {
    let mut all = BTreeSet::new();
    all.extend(good.keys().chain(failing.keys()));
    for how in [How::Added, How::Removed, How::Changed] {
        let is = |name: &&String| match (good.get(*name), failing.get(*name)) {
            (None, Some(_)) => how == How::Added,
            (Some(_), None) => how == How::Removed,
            (Some(before), Some(after)) => how == How::Changed && before != after,
            (None, None) => false,
        };
        let names: Vec<String> = all.iter().copied().filter(is).cloned().collect();
        if !names.is_empty() {
            changes.push(Change::Names {
                container: container.to_owned(),
                kind,
                how,
                names,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Fingerprint, RevisionImage};

    fn definition(revision: u32) -> TaskDefinition {
        let app = ContainerDefinition {
            name: "app".to_owned(),
            image: "registry/order-api:1.8.0".to_owned(),
            essential: true,
            environment: BTreeMap::from([("MODE".to_owned(), Fingerprint::of("a"))]),
            ..ContainerDefinition::default()
        };
        TaskDefinition {
            arn: format!("arn:aws:ecs:eu-west-1:111122223333:task-definition/order-api:{revision}"),
            memory: Some("512".to_owned()),
            containers: vec![app],
            ..TaskDefinition::default()
        }
    }

    #[track_caller]
    fn check(alter: impl Fn(&mut TaskDefinition), want: &[&str]) {
        let (good, mut failing) = (definition(41), definition(42));
        alter(&mut failing);
        let got: Vec<String> = between(&good, &failing)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(got, want);
    }

    #[test]
    fn equal_definitions_differ_in_nothing() {
        check(|_| (), &[]);
    }

    #[test]
    fn a_new_image_comes_first() {
        check(
            |it| {
                it.memory = Some("256".to_owned());
                it.containers[0].image = "registry/order-api:1.9.0".to_owned();
            },
            &[
                "app: image registry/order-api:1.8.0 -> registry/order-api:1.9.0",
                "task: memory (MiB) 512 -> 256",
            ],
        );
    }

    #[test]
    fn variables_and_secrets_are_named_without_their_values() {
        check(
            |it| {
                let app = &mut it.containers[0];
                app.environment
                    .insert("MODE".to_owned(), Fingerprint::of("b"));
                app.environment
                    .insert("LEVEL".to_owned(), Fingerprint::of("x"));
                app.secrets
                    .insert("DB_PASSWORD".to_owned(), "arn:secret".to_owned());
            },
            &[
                "app: environment variable added: LEVEL",
                "app: environment variable changed: MODE",
                "app: secret added: DB_PASSWORD",
            ],
        );
    }

    #[test]
    fn containers_come_and_go() {
        check(
            |it| it.containers[0].name = "web".to_owned(),
            &["container web is new", "container app is gone"],
        );
    }

    #[test]
    fn roles_are_told_by_name() {
        let role = Some("arn:aws:iam::111122223333:role/order-api-task".to_owned());
        check(
            |it| it.task_role_arn = role.clone(),
            &["task: task role (not set) -> order-api-task"],
        );
    }

    #[test]
    fn one_reference_can_mean_two_images() {
        let revision = |digest: char| ServiceRevision {
            images: BTreeMap::from([(
                "app".to_owned(),
                RevisionImage {
                    image: "registry/order-api:latest".to_owned(),
                    digest: Some(format!("sha256:{}", digest.to_string().repeat(64))),
                },
            )]),
            ..ServiceRevision::default()
        };
        let changes = digests(&revision('a'), &revision('b'));
        assert_eq!(
            changes[0].to_string(),
            "app: registry/order-api:latest is another image now, \
             sha256:aaaaaaaaaaaa -> sha256:bbbbbbbbbbbb"
        );
        assert!(digests(&revision('a'), &revision('a')).is_empty());
        assert_eq!(replaced(&revision('a'), &revision('b')), changes);
        // Beside a new image of the release it is a sidecar's, and says nothing of what fails.
        let with = |digest: char, image: &str| {
            let mut revision = revision(digest);
            let image = RevisionImage {
                image: image.to_owned(),
                digest: None,
            };
            revision.images.insert("own".to_owned(), image);
            revision
        };
        let (good, failing) = (with('a', "shop:41"), with('b', "shop:42"));
        assert_eq!(digests(&good, &failing).len(), 1);
        assert!(replaced(&good, &failing).is_empty());
    }
}
