//! CloudFormation stacks: whether one is being changed, and its outputs. Of the functions only
//! roll-back asks, before it writes: the client is no part of [`Clients`], so that no other carries
//! it.

use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use aws_sdk_cloudformation::operation::describe_stacks::DescribeStacksOutput;
use domain::facts::{Fact, Missing, StackState, Why};

use crate::Clients;
use crate::asking::Asking;
use crate::client::client;

const DESCRIBE: &str = "cloudformation:DescribeStacks";

/// The client of AWS CloudFormation.
#[derive(Clone, Debug)]
pub struct Stacks(aws_sdk_cloudformation::Client);

impl Stacks {
    /// Builds it over the connector of the others. Makes no call.
    pub fn connect(clients: &Clients) -> Self {
        let common = &clients.common;
        Self(client!(
            aws_sdk_cloudformation,
            Stacks,
            common,
            common.timeouts
        ))
    }

    /// `DescribeStacks` of one stack; `Known(None)` where there is none of that name.
    pub async fn state(&self, asking: &Asking<'_>, name: &str) -> Fact<Option<StackState>> {
        let what = "the state of the service's CloudFormation stack";
        let answer = match self.describe(asking, what, name).await {
            Fact::Known(Some(answer)) => answer,
            Fact::Known(None) => return Fact::Known(None),
            Fact::Missing(missing) => return Fact::Missing(missing),
        };
        let status = answer
            .stacks()
            .iter()
            .find_map(|stack| stack.stack_status());
        // An answer without a status must not be taken for a stack at rest.
        let Some(status) = status else {
            let detail = "an answer without a status".to_owned();
            let action = DESCRIBE.to_owned();
            return Fact::Missing(Missing::new(what, Why::Failed { action, detail }));
        };
        Fact::Known(Some(StackState {
            name: name.to_owned(),
            status: status.as_str().to_owned(),
        }))
    }

    /// One output of a stack; `Known(None)` where there is no such stack, or no such output.
    pub async fn output(&self, asking: &Asking<'_>, name: &str, key: &str) -> Fact<Option<String>> {
        let what = "the outputs of the CloudFormation stack";
        let answer = self.describe(asking, what, name).await;
        answer.map(|answer| {
            let answer = answer?;
            let mut outputs = answer.stacks().iter().flat_map(|stack| stack.outputs());
            let output = outputs.find(|output| output.output_key() == Some(key))?;
            output.output_value().map(str::to_owned)
        })
    }

    async fn describe(
        &self,
        asking: &Asking<'_>,
        what: &str,
        name: &str,
    ) -> Fact<Option<DescribeStacksOutput>> {
        let call = self.0.describe_stacks().stack_name(name);
        let call = async {
            match call.send().await {
                Ok(answer) => Ok(Some(answer)),
                // It has no code of its own (AWS CloudFormation API reference, `DescribeStacks`).
                Err(error)
                    if error
                        .message()
                        .is_some_and(|it| it.contains("does not exist")) =>
                {
                    Ok(None)
                }
                Err(error) => Err(error),
            }
        };
        asking.ask(what, DESCRIBE, call).await
    }
}
