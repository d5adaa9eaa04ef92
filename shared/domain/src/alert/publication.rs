//! One `Publish` with every format in it (`MessageStructure=json`).

use serde_json::json;

use super::limits::{MEASURES, PUBLICATION, SUBJECT, TEXT, fit};
use super::{Alert, attributes, card, json as machine, sms, text};
use crate::sanitize::line;

/// What SNS is given: send it with `MessageStructure` set to `json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The subject of e-mails: fewer than 100 characters, none of them a control character.
    pub subject: String,
    /// A JSON object with a text for each protocol: `default` and `email` the text for people,
    /// `sms` the short one, `sqs` and `lambda` the JSON for machines, `http` and `https` the card
    /// of Amazon Q Developer in chat applications.
    pub message: String,
    /// Name and value of each message attribute; all are of type `String`.
    pub attributes: Vec<(&'static str, String)>,
}

/// The alert in every format, as much of it as fits.
pub fn render(alert: &Alert) -> Publication {
    let [widest, narrower @ .., narrowest] = &MEASURES;
    let alert = fit(alert, widest);
    let full = std::iter::once(alert.clone());
    let smaller = full.chain(narrower.iter().map(|measure| fit(&alert, measure)));
    let mut fitting = smaller.filter_map(|alert| {
        let text = Some(text::render(&alert)).filter(|text| text.len() <= TEXT)?;
        Some(publication(&text, &alert)).filter(|it| it.size() <= PUBLICATION)
    });
    fitting.next().unwrap_or_else(|| {
        let alert = fit(&alert, narrowest);
        publication(&text::render(&alert), &alert)
    })
}

fn publication(text: &str, alert: &Alert) -> Publication {
    let (machine, card) = (machine::render(alert), card::render(alert));
    let message = json!({
        "default": text, "email": text,
        "sms": sms::render(alert),
        "sqs": machine, "lambda": machine,
        "http": card, "https": card,
    });
    let subject = line(
        &format!("[{}] {}", text::word(alert), alert.headline),
        SUBJECT,
    );
    Publication {
        subject,
        message: message.to_string(),
        attributes: attributes::render(alert),
    }
}

impl Publication {
    /// Bytes that SNS counts: the message, and each attribute's name, type and value.
    fn size(&self) -> usize {
        let attribute = |(name, value): &(&str, String)| name.len() + "String".len() + value.len();
        self.message.len() + self.attributes.iter().map(attribute).sum::<usize>()
    }
}
