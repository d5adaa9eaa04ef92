//! Who may import whom: `function -> domain, aws`; `aws -> domain, SDKs`; `domain -> nothing of ours`.

use serde_json::Value;

use crate::repo::{none, packages, rust_below};

/// What the head may rest on: no IO, no clock, no async.
const DOMAIN_MAY: [&str; 4] = ["chrono", "serde", "serde_json", "thiserror"];
/// Test doubles and tools; nothing that ships depends on them.
const FOR_TESTS: [&str; 3] = ["simulator", "stage", "tests"];

struct Package {
    name: String,
    /// Its folder from the root: `functions/deployment-changed`.
    folder: String,
    dependencies: Vec<Dependency>,
}

struct Dependency {
    name: String,
    for_tests_only: bool,
}

impl Package {
    fn of(package: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let manifest = text(&package["manifest_path"]).replace('\\', "/");
        let parts: Vec<&str> = manifest.rsplit('/').skip(1).take(2).collect();
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        let dependencies = dependencies.map(|dependency| Dependency {
            name: text(&dependency["name"]),
            for_tests_only: dependency["kind"] == "dev",
        });
        Self {
            name: text(&package["name"]),
            folder: format!("{}/{}", parts[1], parts[0]),
            dependencies: dependencies.collect(),
        }
    }

    fn is_function(&self) -> bool {
        self.folder.starts_with("functions/")
    }

    fn ships(&self) -> bool {
        ["functions/", "shared/", "cli"]
            .iter()
            .any(|folder| self.folder.starts_with(folder))
    }
}

fn is_sdk(name: &str) -> bool {
    ["aws-sdk-", "aws-smithy-", "aws-credential-", "aws-config"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

/// Every dependency that `wrong` objects to, as `package -> dependency`.
fn arrows(wrong: impl Fn(&Package, &Dependency) -> bool) -> Vec<String> {
    let packages: Vec<_> = packages().iter().map(Package::of).collect();
    assert!(packages.iter().any(Package::is_function), "no functions");
    let all = packages
        .iter()
        .flat_map(|package| package.dependencies.iter().map(move |it| (package, it)));
    all.filter(|(package, dependency)| wrong(package, dependency))
        .map(|(package, dependency)| format!("{} -> {}", package.name, dependency.name))
        .collect()
}

#[test]
fn the_head_depends_on_words_and_time_only() {
    let found = arrows(|package, dependency| {
        package.name == "domain"
            && !dependency.for_tests_only
            && !DOMAIN_MAY.contains(&dependency.name.as_str())
    });
    none(
        &found,
        "domain is pure: move what needs this to shared/aws, or pass its result in",
    );
}

#[test]
fn only_the_hands_depend_on_an_sdk() {
    let found = arrows(|package, dependency| {
        let test_double = package.name == "simulator" && dependency.for_tests_only;
        is_sdk(&dependency.name) && package.name != "aws" && !test_double
    });
    none(
        &found,
        "make the call in shared/aws and give the function a method for it",
    );
}

#[test]
fn no_source_outside_the_hands_names_an_sdk() {
    let files = rust_below(&["functions/", "cli/", "shared/domain/", "tests/scenarios/"]);
    let names = ["aws_sdk_", "aws_smithy_", "aws_config"];
    let found = files
        .iter()
        .filter(|file| names.iter().any(|name| file.text.contains(name)));
    let found: Vec<_> = found.map(|file| file.path.clone()).collect();
    none(&found, "only shared/aws speaks to AWS; put the call there");
}

#[test]
fn functions_do_not_know_each_other() {
    let functions: Vec<_> = packages()
        .iter()
        .map(Package::of)
        .filter(Package::is_function)
        .map(|package| package.name)
        .collect();
    let found =
        arrows(|package, dependency| package.is_function() && functions.contains(&dependency.name));
    none(&found, "move what both need to shared/");
}

#[test]
fn the_hands_know_the_head_and_no_function() {
    let ours: Vec<_> = packages().iter().map(Package::of).collect();
    let ours: Vec<_> = ours.into_iter().map(|package| package.name).collect();
    let found = arrows(|package, dependency| {
        package.name == "aws" && ours.contains(&dependency.name) && dependency.name != "domain"
    });
    none(&found, "what shared/aws needs to know comes in as a value");
}

#[test]
fn nothing_that_ships_depends_on_test_code() {
    let found = arrows(|package, dependency| {
        package.ships()
            && !dependency.for_tests_only
            && FOR_TESTS.contains(&dependency.name.as_str())
    });
    none(
        &found,
        "make it a dev-dependency, or move the code out of tests/",
    );
}
