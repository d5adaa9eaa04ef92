//! It fits a screen and reads from the top.

use crate::repo::{File, none, rust_below};

/// Lines of a file, its own tests left out.
const FILE: usize = 300;
/// Lines of a function, signature and closing brace included.
const FUNCTION: usize = 70;

const SHIPS: [&str; 3] = ["functions/", "shared/", "cli/"];

#[test]
fn a_source_file_has_fewer_than_300_lines_and_its_tests() {
    let files = rust_below(&SHIPS);
    let sources = files.iter().filter(|file| file.path.contains("/src/"));
    let long = sources.filter_map(|file| {
        let lines = file.without_tests().lines().count();
        (lines >= FILE).then(|| format!("{}: {lines} lines", file.path))
    });
    none(
        &long.collect::<Vec<_>>(),
        "split the file by subject, not by size",
    );
}

#[test]
fn a_function_has_at_most_70_lines() {
    // In a folder of tests an expected text may stand inside a function, however long it is.
    let files = rust_below(&["functions/", "shared/", "cli/", "tests/"]);
    let sources = files.iter().filter(|file| file.path.contains("/src/"));
    let functions: Vec<_> = sources.flat_map(functions).collect();
    assert!(functions.len() > 300, "{} functions", functions.len());
    let long = functions.into_iter().filter(|it| it.lines > FUNCTION);
    let long = long.map(|it| format!("{}: {} has {} lines", it.path, it.name, it.lines));
    none(
        &long.collect::<Vec<_>>(),
        "name a part of the function and give it its own",
    );
}

struct Function {
    path: String,
    name: String,
    lines: usize,
}

/// The functions with a body, as rustfmt lays them out: the closing brace stands under the start.
fn functions(file: &File) -> Vec<Function> {
    let lines: Vec<&str> = file.text.lines().collect();
    let starts = (0..lines.len()).filter_map(|at| Some((at, name(lines[at])?)));
    let functions = starts.filter_map(|(at, name)| {
        let indent = lines[at].len() - lines[at].trim_start().len();
        let close = format!("{}}}", " ".repeat(indent));
        let rest = &lines[at..];
        let signature = rest.iter().position(|line| ends_signature(line))?;
        if rest[signature].ends_with(';') {
            return None; // a declaration in a trait
        }
        let lines = match rest[signature].ends_with('}') {
            true => signature + 1,
            false => rest.iter().position(|line| *line == close)? + 1,
        };
        let path = file.path.clone();
        Some(Function { path, name, lines })
    });
    functions.collect()
}

fn ends_signature(line: &str) -> bool {
    line.ends_with('{') || line.ends_with('}') || line.ends_with(';')
}

/// The name, where a function begins in this line.
fn name(line: &str) -> Option<String> {
    let (before, after) = line.split_once("fn ")?;
    let modifiers = before
        .split_whitespace()
        .all(|word| word.starts_with("pub") || ["async", "const", "unsafe"].contains(&word));
    let name: String = after
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    (modifiers && !name.is_empty()).then_some(name)
}

#[test]
fn the_measure_knows_where_a_function_ends() {
    let text = "\
impl A {
    pub(crate) async fn one(
        a: u8,
    ) -> u8 {
        if a > 1 {
            2
        }
    }

    fn two() {}
}
trait B {
    fn three();
}
";
    let file = File {
        path: "a.rs".to_owned(),
        text: text.to_owned(),
    };
    let found: Vec<_> = functions(&file)
        .into_iter()
        .map(|it| (it.name, it.lines))
        .collect();
    assert_eq!(found, [("one".to_owned(), 7), ("two".to_owned(), 1)]);
}
