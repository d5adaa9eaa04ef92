//! One `Publish` with every format in it (`MessageStructure=json`).

use serde::Serialize;

use super::limits::{MEASURES, PUBLICATION, SUBJECT, TEXT, fit};
use super::{Alert, attributes, card, json as machine, sms, text};
use crate::sanitize::line;

/// What SNS is given: send it with `MessageStructure` set to `json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The subject of e-mails: fewer than 100 characters, none of them a control character.
    pub subject: String,
    /// A JSON object with a text for each protocol: `sms` the short one, `sqs` and `lambda` the
    /// JSON for machines, `http` and `https` the card of Amazon Q Developer in chat applications.
    /// `default` is the text for people: every protocol without a text of its own gets it, as
    /// e-mail does (SNS API reference, `Publish`).
    pub message: String,
    /// Name and value of each message attribute; all are of type `String`.
    pub attributes: Vec<(&'static str, String)>,
}

/// The member of the message for each protocol.
#[derive(Serialize)]
struct Message<'a> {
    default: &'a str,
    sms: &'a str,
    sqs: &'a str,
    lambda: &'a str,
    http: &'a str,
    https: &'a str,
}

/// The alert in every format, as much of it as fits.
pub fn render(alert: &Alert) -> Publication {
    let [widest, narrower @ .., narrowest] = &MEASURES;
    let alert = fit(alert, widest);
    let mut smaller = narrower.iter().map(|measure| fit(&alert, measure));
    fitting(&alert)
        .or_else(|| smaller.find_map(|alert| fitting(&alert)))
        .unwrap_or_else(|| {
            let alert = fit(&alert, narrowest);
            publication(&text::render(&alert), &alert)
        })
}

/// The alert in every format, if it is short enough as it is.
fn fitting(alert: &Alert) -> Option<Publication> {
    let text = Some(text::render(alert)).filter(|text| text.len() <= TEXT)?;
    Some(publication(&text, alert)).filter(|it| it.size() <= PUBLICATION)
}

fn publication(text: &str, alert: &Alert) -> Publication {
    let (machine, card) = (machine::render(alert), card::render(alert));
    let message = Message {
        default: text,
        sms: &sms::render(alert),
        sqs: &machine,
        lambda: &machine,
        http: &card,
        https: &card,
    };
    Publication {
        subject: subject(alert),
        // Texts under fixed names: nothing in it can fail.
        message: serde_json::to_string(&message).unwrap_or_default(),
        attributes: attributes::render(alert),
    }
}

/// The headline; without the cluster, which the first lines name, where that makes it fit.
fn subject(alert: &Alert) -> String {
    let subject = format!("[{}] {}", text::word(alert), alert.headline);
    if subject.chars().count() <= SUBJECT {
        return line(&subject, SUBJECT);
    }
    let cluster = format!(" in {}:", alert.service.cluster);
    line(&subject.replacen(&cluster, ":", 1), SUBJECT)
}

impl Publication {
    /// Bytes that SNS counts: the message, and each attribute's name, type and value.
    fn size(&self) -> usize {
        let attribute = |(name, value): &(&str, String)| name.len() + "String".len() + value.len();
        self.message.len() + self.attributes.iter().map(attribute).sum::<usize>()
    }
}
