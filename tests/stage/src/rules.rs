//! The deployed rules, and what they take.

use serde_json::{Value, json};

use crate::{EVENT_SOURCE, Error, STACK, Stage, list, text};

/// A rule of the deployed stack.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its logical id in the transformed template: function and event.
    pub logical_id: String,
    /// Its name on the event bus.
    pub name: String,
    /// Its event pattern, as JSON.
    pub pattern: String,
    /// What it invokes, with retry policy and dead-letter queue.
    pub targets: Vec<Value>,
}

impl Stage {
    /// The rules of the deployed stack.
    ///
    /// # Errors
    /// The local AWS has ended.
    pub fn rules(&self) -> Result<Vec<Rule>, Error> {
        let stack = json!({ "StackName": STACK });
        let answer = self.call("cloudformation", "describe_stack_resources", stack)?;
        let resources = list(&answer["StackResources"]).iter();
        let rules = resources.filter(|resource| resource["ResourceType"] == "AWS::Events::Rule");
        rules.map(|resource| self.rule(resource)).collect()
    }

    fn rule(&self, resource: &Value) -> Result<Rule, Error> {
        let name = text(&resource["PhysicalResourceId"]);
        let rule = self.call("events", "describe_rule", json!({ "Name": name }))?;
        let targets = self.call("events", "list_targets_by_rule", json!({ "Rule": name }))?;
        Ok(Rule {
            logical_id: text(&resource["LogicalResourceId"]),
            name,
            pattern: text(&rule["EventPattern"]),
            targets: list(&targets["Targets"]).to_vec(),
        })
    }

    /// Whether a rule takes an event, which is told to come from [`EVENT_SOURCE`].
    ///
    /// # Errors
    /// The pattern or the event is refused, or the local AWS has ended.
    pub fn takes(&self, rule: &Rule, event: &Value) -> Result<bool, Error> {
        let mut event = event.clone();
        event["source"] = json!(EVENT_SOURCE);
        let with = json!({ "EventPattern": rule.pattern, "Event": event.to_string() });
        Ok(self.call("events", "test_event_pattern", with)?["Result"] == true)
    }
}
