//! One HTTP and one TLS stack in what ships, as cargo resolves it for this machine.

use std::collections::{BTreeMap, BTreeSet};

use crate::repo::{cargo, none, packages};

/// Of each of these there is exactly one version. `http` is not among them: the SDK's own crates
/// name the types of `http` 0.2 beside those of `http` 1, without a client behind them.
const ONE: [&str; 7] = [
    "h2",
    "hyper",
    "hyper-rustls",
    "hyper-util",
    "ring",
    "rustls",
    "tokio-rustls",
];

/// None of these is there: a second TLS stack, or clients that a Lambda function does not need.
const NONE: [&str; 9] = [
    "aws-config",
    "aws-lc-rs",
    "aws-lc-sys",
    "aws-sdk-sso",
    "aws-sdk-ssooidc",
    "aws-sdk-sts",
    "native-tls",
    "openssl",
    "openssl-sys",
];

/// The normal dependencies of a package with their versions.
fn tree(package: &str) -> BTreeMap<String, BTreeSet<String>> {
    let tree = cargo(&[
        "tree", "--locked", "-p", package, "-e", "normal", "--prefix", "none", "--format", "{p}",
    ]);
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in tree.lines() {
        let mut words = line.split(' ');
        if let (Some(name), Some(version)) = (words.next(), words.next()) {
            versions
                .entry(name.to_owned())
                .or_default()
                .insert(version.to_owned());
        }
    }
    versions
}

fn functions() -> Vec<String> {
    let packages = packages();
    let functions = packages.iter().filter(|package| {
        let manifest = package["manifest_path"].as_str().unwrap();
        manifest.replace('\\', "/").contains("/functions/")
    });
    let names = functions.map(|package| package["name"].as_str().unwrap().to_owned());
    let names: Vec<_> = names.collect();
    assert!(!names.is_empty(), "no functions");
    names
}

#[test]
fn a_function_has_one_http_and_one_tls_stack() {
    for function in functions() {
        let tree = tree(&function);
        let found = ONE.iter().filter_map(|name| match tree.get(*name) {
            Some(versions) if versions.len() == 1 => None,
            Some(versions) => Some(format!("{name}: {versions:?}")),
            None => Some(format!("{name} is not there; mend this test")),
        });
        none(
            &found.collect::<Vec<_>>(),
            &format!(
                "see `cargo tree -p {function} -d -e normal` and switch off the default features \
                 that bring the second one"
            ),
        );
    }
}

#[test]
fn a_function_has_no_second_tls_stack_and_no_sts() {
    for function in functions() {
        let tree = tree(&function);
        let found = NONE.iter().filter(|name| tree.contains_key(**name));
        none(
            &found.map(|name| (*name).to_owned()).collect::<Vec<_>>(),
            &format!(
                "see `cargo tree -p {function} -e normal -i <crate>` and switch off the default \
                 features that bring it"
            ),
        );
    }
}
