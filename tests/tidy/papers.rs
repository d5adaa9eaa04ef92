//! The tables in the README are what the code and the template say.

use std::collections::BTreeSet;

use domain::causes::{Cause, Fault};
use domain::settings::{self, Setting};
use domain::verdict;

use crate::repo::{exists, none, read};

/// What stands between `<!-- name:begin -->` and `<!-- name:end -->`.
#[track_caller]
pub(crate) fn block<'a>(readme: &'a str, name: &str) -> &'a str {
    let (begin, end) = (
        format!("<!-- {name}:begin -->"),
        format!("<!-- {name}:end -->"),
    );
    let found = readme
        .split_once(&begin)
        .and_then(|(_, rest)| rest.split_once(&end));
    let (block, _) = found.unwrap_or_else(|| panic!("README.md lacks {begin} … {end}"));
    block.trim_matches('\n')
}

/// The cells of a table, without its head.
pub(crate) fn rows(table: &str) -> Vec<Vec<String>> {
    let lines = table.lines().filter(|line| line.starts_with('|')).skip(2);
    lines
        .map(|line| {
            let cells = line.trim_matches('|').split(" | ");
            cells.map(|cell| cell.trim().to_owned()).collect()
        })
        .collect()
}

#[track_caller]
fn check(name: &str, want: &str) {
    let readme = read("README.md");
    assert!(
        block(&readme, name) == want,
        "README.md is behind the code. Put this between <!-- {name}:begin --> and \
         <!-- {name}:end -->:\n\n{want}\n"
    );
}

/// The settings of every function, and those of one.
fn all_settings() -> impl Iterator<Item = &'static Setting> {
    let of_one = settings::OF_TASK_STOPPED
        .iter()
        .chain(&settings::OF_ROLLBACKS);
    settings::ALL.iter().chain(of_one)
}

#[test]
fn the_readme_has_every_setting() {
    let mut table = "| Variable | Default | Meaning |\n|---|---|---|".to_owned();
    for setting in all_settings() {
        let default = match setting.default {
            None => "must be set".to_owned(),
            Some("") => "empty".to_owned(),
            Some(text) => format!("`{text}`"),
        };
        table += &format!("\n| `{}` | {default} | {} |", setting.key, setting.meaning);
    }
    check("settings", &table);
}

#[test]
fn the_readme_has_every_cause() {
    let mut table = "| Code | In an alert's headline | Whose fault |\n|---|---|---|".to_owned();
    for cause in Cause::ALL {
        let fault = match cause.fault() {
            Fault::Deployment => "the release",
            Fault::Environment => "the environment",
            Fault::Intended => "nobody's: intended",
            Fault::Unclear => "unclear",
        };
        table += &format!("\n| `{}` | {} | {fault} |", cause.code(), cause.phrase());
    }
    check("causes", &table);
}

#[test]
fn the_readme_has_every_verdict_in_the_order_they_are_asked() {
    let mut table = "| Verdict | When |\n|---|---|".to_owned();
    for (code, when) in verdict::ROWS {
        table += &format!("\n| `{code}` | {when} |");
    }
    check("verdicts", &table);
}

#[test]
fn the_readme_has_everything_that_may_become_of_a_rollback() {
    let mut table = "| Outcome | What it says |\n|---|---|".to_owned();
    for (code, says) in verdict::Outcome::CODES {
        table += &format!("\n| `{code}` | {says} |");
    }
    check("outcomes", &table);
}

#[test]
fn the_readme_has_every_scenario_of_the_demo() {
    let mut table = "| Scenario | What happens |\n|---|---|".to_owned();
    for story in stories::all() {
        table += &format!("\n| `{}` | {} |", story.name, story.about);
    }
    check("scenarios", &table);
}

#[test]
fn the_demo_plays_the_first_story_which_the_readme_shows() {
    let first = stories::all().next().expect("a story").name;
    let makefile = read("Makefile");
    assert!(
        makefile.contains(&format!("\nSCENARIO ?= {first}\n")),
        "the Makefile is to play {first}"
    );
    let readme = read("README.md");
    let (screen, _) = readme.split_once("\nmake demo ").expect("make demo");
    assert!(
        screen.contains(&format!("`{first}`")),
        "README.md is to show an alert of {first}"
    );
}

/// The parameters of template.yaml with their defaults.
fn parameters() -> Vec<(String, String)> {
    let template = read("template.yaml");
    let (_, parameters) = template.split_once("\nParameters:\n").unwrap();
    let mut found: Vec<(String, String)> = Vec::new();
    for line in parameters
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with(' '))
    {
        if let Some(default) = line.strip_prefix("    Default: ") {
            found.last_mut().unwrap().1 = default.trim_matches('"').to_owned();
        } else if let Some(name) = line
            .strip_prefix("  ")
            .filter(|it| !it.starts_with([' ', '#']))
        {
            found.push((name.trim_end_matches(':').to_owned(), String::new()));
        }
    }
    assert!(found.len() > 5, "found {found:?}");
    found
}

#[test]
fn the_readme_has_every_parameter_with_its_default() {
    let readme = read("README.md");
    let listed = rows(block(&readme, "parameters"));
    let listed = listed.iter().map(|row| (row[0].clone(), row[1].clone()));
    let quoted = |(name, default): (String, String)| match default.as_str() {
        "" => (format!("`{name}`"), "empty".to_owned()),
        default => (format!("`{name}`"), format!("`{default}`")),
    };
    let want: Vec<_> = parameters().into_iter().map(quoted).collect();
    assert_eq!(
        listed.collect::<Vec<_>>(),
        want,
        "README.md's parameters (left) are not template.yaml's (right), in the same order"
    );
}

#[test]
fn the_template_sets_every_setting_that_lambda_does_not() {
    let template = read("template.yaml");
    let lacking = all_settings()
        .filter(|setting| setting.key.starts_with("OPSBOT_"))
        .filter(|setting| !template.contains(&format!("        {}: ", setting.key)))
        .map(|setting| setting.key.to_owned());
    none(
        &lacking.collect::<Vec<_>>(),
        "set it in template.yaml: under Globals, or where the function is",
    );
}

#[test]
fn the_commands_in_the_readme_use_outputs_of_the_stack() {
    let template = read("template.yaml");
    let (_, outputs) = template.split_once("\nOutputs:\n").unwrap();
    let readme = read("README.md");
    let used = readme.split("$(output ").skip(1);
    let used: Vec<_> = used.filter_map(|rest| rest.split(')').next()).collect();
    assert!(used.contains(&"AlertTopicArn"), "found {used:?}");
    let lost = used
        .iter()
        .filter(|name| !outputs.contains(&format!("\n  {name}:\n")));
    let lost = lost.filter(|name| !outputs.starts_with(&format!("  {name}:\n")));
    none(
        &lost.map(|name| (*name).to_owned()).collect::<Vec<_>>(),
        "template.yaml has no such output",
    );
}

#[test]
fn the_readme_has_every_kind_of_alert() {
    let schema: serde_json::Value =
        serde_json::from_str(&read("shared/domain/alert.schema.json")).expect("the schema");
    let kinds = schema["properties"]["kind"]["enum"].as_array();
    let kinds = kinds.expect("kinds").iter().filter_map(|it| it.as_str());
    let mut kinds: Vec<String> = kinds.map(|kind| format!("`{kind}`")).collect();
    let readme = read("README.md");
    let row = format!("| `kind` | {} |", kinds.join(", "));
    assert!(readme.contains(&row), "README.md lacks the row\n{row}");
    let (_, speaks) = readme.split_once("\n## When it speaks\n").expect("it");
    let (speaks, _) = speaks.split_once("\n## ").expect("what follows");
    kinds.retain(|kind| !speaks.contains(kind));
    none(&kinds, "README.md does not say when it is told:");
}

#[test]
fn the_schema_of_machine_alerts_is_named() {
    let readme = read("README.md");
    assert!(readme.contains("(shared/domain/alert.schema.json)"));
    assert!(
        readme.contains(domain::alert::SCHEMA),
        "name {}",
        domain::alert::SCHEMA
    );
}

/// Paths in backticks and in links.
fn paths(text: &str) -> BTreeSet<String> {
    let ours = [
        "functions/",
        "shared/",
        "tests/",
        "events/",
        "cli/",
        "docs/",
    ];
    let words = text.split(|c: char| c.is_whitespace() || "`()[]\"'".contains(c));
    let words = words.map(|word| word.trim_end_matches(['.', ',', ':', ';']));
    let paths = words.filter(|word| ours.iter().any(|folder| word.starts_with(folder)));
    let plain = paths.filter(|word| !word.contains(['*', '<', '…', '{', '$']));
    plain.map(str::to_owned).collect()
}

#[test]
fn the_papers_name_files_that_exist() {
    let papers = [
        "README.md",
        "ARCHITECTURE.md",
        "SECURITY.md",
        "CHANGELOG.md",
    ];
    let found = papers.iter().flat_map(|paper| {
        let paths = paths(&read(paper)).into_iter();
        let lost = paths.filter(|path| {
            let module = format!("{path}.rs");
            !exists(path) && !exists(&module)
        });
        lost.map(|path| format!("{paper}: {path}"))
            .collect::<Vec<_>>()
    });
    none(
        &found.collect::<Vec<_>>(),
        "the file was moved or renamed; say where it is now",
    );
}
