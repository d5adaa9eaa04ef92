//! Tokens of `DynamoDB` expressions, and the resolving of `#names` and `:values`.

use super::attribute::{Part, Path};
use crate::api::ApiError;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// One token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A bare word: keyword, function or attribute name.
    Word(String),
    /// `#name`.
    Name(String),
    /// `:value`.
    Value(String),
    Number(usize),
    Sign(&'static str),
}

const SIGNS: [&str; 14] = [
    "<>", "<=", ">=", "=", "<", ">", "(", ")", ",", ".", "[", "]", "+", "-",
];

/// Some of the reserved words that an attribute name in an expression must not be (page
/// `ReservedWords`): those an alert table is likely to use.
const RESERVED: [&str; 48] = [
    "ACTION",
    "CLUSTER",
    "COMMENT",
    "COUNT",
    "DATA",
    "DATE",
    "DEFAULT",
    "END",
    "ERROR",
    "EXISTS",
    "FIRST",
    "GROUP",
    "HASH",
    "INDEX",
    "ITEM",
    "ITEMS",
    "KEY",
    "KEYS",
    "LAST",
    "LEVEL",
    "LIMIT",
    "LIST",
    "LOCATION",
    "LOCK",
    "MAP",
    "NAME",
    "NUMBER",
    "OWNER",
    "PARTITION",
    "PATH",
    "PERMISSION",
    "REGION",
    "ROLE",
    "SECTION",
    "SESSION",
    "SET",
    "STATE",
    "STATUS",
    "TIME",
    "TIMESTAMP",
    "TOKEN",
    "TTL",
    "TYPE",
    "USER",
    "UUID",
    "VALUE",
    "VALUES",
    "VIEW",
];

pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationException", message)
}

fn tokens(text: &str) -> Result<Vec<Token>, ApiError> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let taken = if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            found.push(Token::Sign(sign));
            sign.len()
        } else {
            let body = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let end = rest[first.len_utf8()..]
                .find(|c| !body(c))
                .map(|i| i + first.len_utf8());
            let word = &rest[..end.unwrap_or(rest.len())];
            found.push(match first {
                '#' => Token::Name(word.into()),
                ':' => Token::Value(word.into()),
                '0'..='9' => Token::Number(word.parse().map_err(|_| invalid("bad number"))?),
                c if body(c) => Token::Word(word.into()),
                other => {
                    return Err(invalid(format!(
                        "Invalid expression: Syntax error; token: {other:?}"
                    )));
                }
            });
            word.len()
        };
        rest = rest[taken..].trim_start();
    }
    Ok(found)
}

/// The names and values of a request, and which of them were used.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    names: Option<&'a Map<String, Value>>,
    values: Option<&'a Map<String, Value>>,
    used: BTreeSet<String>,
}

impl<'a> Scope<'a> {
    pub(super) fn of(body: &'a Value) -> Self {
        let map = |member: &str| body.get(member).and_then(Value::as_object);
        let (names, values) = (
            map("ExpressionAttributeNames"),
            map("ExpressionAttributeValues"),
        );
        Self {
            names,
            values,
            used: BTreeSet::new(),
        }
    }

    /// `DynamoDB` refuses a request with names or values that no expression uses.
    pub(super) fn all_used(self) -> Result<(), ApiError> {
        let unused = |map: Option<&Map<String, Value>>| {
            let keys = map.into_iter().flat_map(Map::keys);
            keys.filter(|key| !self.used.contains(*key))
                .cloned()
                .collect::<Vec<_>>()
        };
        for (what, unused) in [
            ("Names", unused(self.names)),
            ("Values", unused(self.values)),
        ] {
            if !unused.is_empty() {
                return Err(invalid(format!(
                    "Value provided in ExpressionAttribute{what} unused in expressions: keys: {{{}}}",
                    unused.join(", ")
                )));
            }
        }
        Ok(())
    }
}

/// Reads tokens one after the other.
pub(super) struct Reader<'s, 'a> {
    tokens: Vec<Token>,
    at: usize,
    scope: &'s mut Scope<'a>,
}

impl<'s, 'a> Reader<'s, 'a> {
    pub(super) fn new(text: &str, scope: &'s mut Scope<'a>) -> Result<Self, ApiError> {
        Ok(Self {
            tokens: tokens(text)?,
            at: 0,
            scope,
        })
    }

    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    pub(super) fn peek_second(&self) -> Option<&Token> {
        self.tokens.get(self.at + 1)
    }

    pub(super) fn next(&mut self) -> Option<Token> {
        self.at += 1;
        self.tokens.get(self.at - 1).cloned()
    }

    pub(super) fn is_done(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// Takes this sign if it comes next.
    pub(super) fn sign(&mut self, sign: &str) -> bool {
        let here = matches!(self.peek(), Some(Token::Sign(s)) if *s == sign);
        self.at += usize::from(here);
        here
    }

    /// Takes this keyword, in any case, if it comes next.
    pub(super) fn keyword(&mut self, keyword: &str) -> bool {
        let here = matches!(self.peek(), Some(Token::Word(w)) if w.eq_ignore_ascii_case(keyword));
        self.at += usize::from(here);
        here
    }

    pub(super) fn expect(&mut self, sign: &str) -> Result<(), ApiError> {
        if self.sign(sign) {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    pub(super) fn unexpected(&self) -> ApiError {
        invalid(format!(
            "Invalid expression: Syntax error; token: {:?}",
            self.peek()
        ))
    }

    pub(super) fn value(&mut self, name: &str) -> Result<Value, ApiError> {
        let found = self
            .scope
            .values
            .and_then(|values| values.get(name))
            .cloned();
        self.scope.used.insert(name.into());
        found.ok_or_else(|| {
            let text = "An expression attribute value used in expression is not defined";
            invalid(format!("{text}; attribute value: {name}"))
        })
    }

    pub(super) fn path(&mut self) -> Result<Path, ApiError> {
        let mut path = vec![self.path_name()?];
        loop {
            if self.sign(".") {
                path.push(self.path_name()?);
            } else if self.sign("[") {
                let Some(Token::Number(index)) = self.next() else {
                    return Err(self.unexpected());
                };
                path.push(Part::Index(index));
                self.expect("]")?;
            } else {
                return Ok(path);
            }
        }
    }

    fn path_name(&mut self) -> Result<Part, ApiError> {
        match self.next() {
            Some(Token::Name(name)) => {
                let found = self.scope.names.and_then(|names| names.get(&name));
                let found = found.and_then(Value::as_str).map(str::to_owned);
                self.scope.used.insert(name.clone());
                found.map(Part::Name).ok_or_else(|| {
                    let text =
                        "An expression attribute name used in the document path is not defined";
                    invalid(format!("{text}; attribute name: {name}"))
                })
            }
            Some(Token::Word(word)) if RESERVED.contains(&word.to_ascii_uppercase().as_str()) => {
                let text = "Attribute name is a reserved keyword; reserved keyword";
                Err(invalid(format!("Invalid expression: {text}: {word}")))
            }
            Some(Token::Word(word)) => Ok(Part::Name(word)),
            _ => Err(self.unexpected()),
        }
    }
}
