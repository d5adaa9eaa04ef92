//! Where the record is.

use aws::Asking;
use aws::stacks::Stacks;
use domain::arn::{Arn, ServiceArn};
use domain::sanitize::line;

use super::refusal::Refusal;

/// A table, with the partition, the Region and the account that its ARN names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    partition: String,
    pub(super) region: String,
    account: String,
    /// The table's name.
    pub(super) table: String,
}

impl Place {
    /// Parses `arn:aws:dynamodb:<region>:<account>:table/<name>`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let arn = Arn::parse(text).filter(|arn| arn.namespace == "dynamodb");
        let name = arn.and_then(|arn| Some((arn, arn.resource.strip_prefix("table/")?)));
        let is_sound = |name: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
            (3..=255).contains(&name.len()) && name.chars().all(plain)
        };
        let (arn, name) = name.filter(|(_, name)| is_sound(name)).ok_or(
            "is no table's ARN, which names the account and the Region too: the stack's output \
             StateTableArn",
        )?;
        Ok(Self {
            partition: arn.partition.to_owned(),
            region: arn.region.to_owned(),
            account: arn.account.to_owned(),
            table: name.to_owned(),
        })
    }

    /// The table of opsbot's stack.
    pub(super) async fn of_stack(
        stacks: &Stacks,
        asking: &Asking<'_>,
        stack: &str,
        region: &str,
    ) -> Result<Self, Refusal> {
        const OUTPUT: &str = "StateTableArn";
        let name = line(stack, 128);
        let resource = format!("arn:aws:cloudformation:{region}:*:stack/{name}/*");
        let output = super::answer_or(stacks.output(asking, stack, OUTPUT).await, &resource)?;
        let output = output.ok_or_else(|| {
            Refusal::broken(format!(
                "there is no stack {name} with an output {OUTPUT} in {region}; name the stack \
                 (--stack) or the table (--table)"
            ))
        })?;
        Self::parse(&output)
            .map_err(|mistake| Refusal::broken(format!("the output {OUTPUT} of {name} {mistake}")))
    }

    /// A service of the same account and Region.
    pub(super) fn service(&self, cluster: &str, service: &str) -> ServiceArn {
        ServiceArn {
            partition: self.partition.clone(),
            region: self.region.clone(),
            account: self.account.clone(),
            cluster: cluster.to_owned(),
            service: service.to_owned(),
        }
    }

    /// The table's ARN.
    pub(super) fn arn(&self) -> String {
        let Self {
            partition,
            region,
            account,
            table,
        } = self;
        format!("arn:{partition}:dynamodb:{region}:{account}:table/{table}")
    }
}
