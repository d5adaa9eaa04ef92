//! The one table of causes.

use std::collections::BTreeSet;

use domain::causes::{Cause, Fault};

#[test]
fn every_code_is_one_of_a_kind_and_reads_back() {
    let codes: BTreeSet<_> = Cause::ALL.iter().map(|cause| cause.code()).collect();
    assert_eq!(codes.len(), Cause::ALL.len());
    assert_eq!(Cause::ALL.len(), 38);
    for cause in Cause::ALL {
        assert_eq!(Cause::from_code(cause.code()), Some(*cause));
        let json = serde_json::to_string(cause).unwrap();
        assert_eq!(json, format!("\"{}\"", cause.code()));
        assert_eq!(serde_json::from_str::<Cause>(&json).unwrap(), *cause);
    }
    assert_eq!(Cause::from_code("nonsense"), None);
    assert!(serde_json::from_str::<Cause>("\"nonsense\"").is_err());
}

#[test]
fn every_cause_says_what_it_means_in_few_words_and_in_one_sentence() {
    for cause in Cause::ALL {
        let (phrase, sentence) = (cause.phrase(), cause.sentence());
        assert!((5..=40).contains(&phrase.chars().count()), "{phrase}");
        assert!(!phrase.ends_with('.'), "{phrase}");
        assert!(sentence.ends_with('.') && sentence.len() > 30, "{sentence}");
        let page = cause.page();
        let book = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/";
        assert!(page.starts_with(book) && page.ends_with(".html"), "{page}");
    }
}

#[test]
fn only_stops_that_were_wanted_are_intended() {
    let wanted = |cause: &&Cause| cause.fault() == Fault::Intended;
    let intended: Vec<_> = Cause::ALL
        .iter()
        .filter(wanted)
        .map(|cause| cause.code())
        .collect();
    assert_eq!(intended, ["scheduler_stop", "user_stopped"]);
}

#[test]
fn what_an_older_revision_would_suffer_too_is_the_environments_fault() {
    let outside = |cause: &&Cause| cause.fault() == Fault::Environment;
    let codes: Vec<_> = Cause::ALL
        .iter()
        .filter(outside)
        .map(|cause| cause.code())
        .collect();
    assert_eq!(
        codes,
        [
            "image_pull_network",
            "image_pull_rate_limit",
            "image_pull_disk_full",
            "network_resource_init",
            "eni_provisioning",
            "container_stop_failure",
            "spot_interruption",
            "fargate_maintenance",
            "host_terminated",
            "capacity_unavailable",
            "quota_limit",
            "platform_internal_error",
        ]
    );
}
