//! Words that do not belong here.

use crate::repo::{File, files, none};

/// Where a machine that the code was written on would show. Paths inside containers may stand in
/// the corpus of real stopped tasks and in the wordings made from it.
const MACHINE: [&str; 4] = [
    concat!("/", "root/"),
    concat!("/", "home/"),
    concat!("/", "work/"),
    concat!("/tmp/", "brief"),
];

/// The account ids that AWS keeps for documentation.
const ACCOUNTS: [&str; 2] = ["111122223333", "123456789012"];

/// Where the text is not ours but what real tasks said.
fn is_quoted(file: &File) -> bool {
    file.path.starts_with("shared/domain/tests/corpus/")
}

fn find<'a>(
    files: &'a [File],
    wrong: impl Fn(&str) -> Option<String> + 'a,
) -> impl Iterator<Item = String> + 'a {
    files.iter().flat_map(move |file| {
        let lines = (1..).zip(file.text.lines());
        let found = lines
            .filter_map(|(number, line)| Some(format!("{}:{number}: {}", file.path, wrong(line)?)));
        found.collect::<Vec<_>>()
    })
}

#[test]
fn lints_are_expected_with_a_reason_and_never_allowed() {
    let allow = [concat!("#[", "allow("), concat!("#![", "allow(")];
    let mut files = files();
    files.retain(File::is_rust);
    let found = find(&files, |line| {
        let word = allow.iter().find(|word| line.contains(**word))?;
        Some((*word).to_owned())
    });
    none(
        &found.collect::<Vec<_>>(),
        "write #[expect(lint, reason = \"…\")], which fails once it is not needed",
    );
}

#[test]
fn nothing_is_left_to_do_and_no_test_is_ignored() {
    let unfinished = [
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("#[", "ignore"),
    ];
    let mut files = files();
    files.retain(File::is_rust);
    let found = find(&files, |line| {
        let word = unfinished.iter().find(|word| line.contains(**word))?;
        Some((*word).to_owned())
    });
    none(
        &found.collect::<Vec<_>>(),
        "finish it, or leave it out and say so in the README's limits",
    );
}

#[test]
fn no_file_names_a_path_of_somebodys_machine() {
    let mut files = files();
    files.retain(|file| !is_quoted(file));
    let found = find(&files, |line| {
        let word = MACHINE.iter().find(|path| line.contains(**path))?;
        Some((*word).to_owned())
    });
    none(
        &found.collect::<Vec<_>>(),
        "name the path from the repository's root",
    );
}

#[test]
fn account_ids_are_those_kept_for_documentation() {
    let files = files();
    let found = find(&files, |line| {
        account_ids(line).find(|id| !ACCOUNTS.contains(&id.as_str()))
    });
    none(
        &found.collect::<Vec<_>>(),
        "write 111122223333, or 123456789012 for another account",
    );
}

/// Twelve digits that are no part of a longer word, number or id.
fn account_ids(line: &str) -> impl Iterator<Item = String> {
    let words = line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
    words
        .filter(|word| word.len() == 12 && word.bytes().all(|byte| byte.is_ascii_digit()))
        .map(str::to_owned)
}

#[test]
fn the_measure_knows_an_account_id() {
    const ID: &str = concat!("0000", "1111", "2222");
    #[track_caller]
    fn check(line: &str, want: &[&str]) {
        assert_eq!(account_ids(line).collect::<Vec<_>>(), want, "{line}");
    }
    check(&format!("arn:aws:sns:eu-west-1:{ID}:topic"), &[ID]);
    check(&format!("{ID}.dkr.ecr.eu-west-1.amazonaws.com"), &[ID]);
    check(&format!("0f1e2d3c-0000-0000-0000-{ID}"), &[]);
    check("at 1732271471000", &[]);
}
