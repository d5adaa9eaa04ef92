//! An alert as it arrived, with every form it was published in.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use crate::{Message, list, text};

/// One alert: what came out of the subscribed queue, and what the same publish gave to others.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// The subject line of the e-mail.
    pub subject: String,
    /// What the queue received: the form for programs.
    pub body: String,
    /// The SNS message attributes, which filter policies look at.
    pub attributes: BTreeMap<String, String>,
    /// The published forms by SNS protocol: `default`, `sms`, `https`, `sqs`, …
    pub forms: BTreeMap<String, String>,
}

impl Alert {
    pub(crate) fn read(message: &Message, published: &Published) -> Self {
        let envelope: Value = serde_json::from_str(&message.body).unwrap_or_default();
        let attributes = envelope["MessageAttributes"]
            .as_object()
            .into_iter()
            .flatten();
        Self {
            subject: text(&envelope["Subject"]),
            body: text(&envelope["Message"]),
            attributes: attributes
                .map(|(name, value)| (name.clone(), text(&value["Value"])))
                .collect(),
            forms: published.forms(&text(&envelope["MessageId"])),
        }
    }

    /// The form that an SNS protocol delivers.
    pub fn form(&self, protocol: &str) -> &str {
        let form = self
            .forms
            .get(protocol)
            .or_else(|| self.forms.get("default"));
        form.map_or("", String::as_str)
    }
}

/// What SNS accepted so far, by message id.
#[derive(Debug, Default)]
pub(crate) struct Published(Mutex<BTreeMap<String, BTreeMap<String, String>>>);

impl Published {
    pub(crate) fn keep(&self, published: Value) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for publish in list(&published) {
            let message = text(&publish["message"]);
            let forms = match publish["structure"].as_str() {
                Some("json") => serde_json::from_str(&message).unwrap_or_default(),
                _ => BTreeMap::from([("default".to_owned(), message)]),
            };
            kept.insert(text(&publish["message_id"]), forms);
        }
    }

    fn forms(&self, message_id: &str) -> BTreeMap<String, String> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(message_id).cloned().unwrap_or_default()
    }
}
