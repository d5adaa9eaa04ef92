//! One stage for the tests here, but for those that need other parameters. It ends with the process.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use stage::Stage;

pub(crate) fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| {
        start(&[
            ("ClusterPattern", "prod-*"),
            ("AlertEmail", "oncall@example.com"),
            ("EnableRollback", "yes"),
            (
                "RollbackPassRoleArns",
                "arn:aws:iam::111122223333:role/order-api-*,arn:aws:iam::111122223333:role/shop/nightly",
            ),
        ])
    })
}

/// A stage of its own, with these parameters.
pub(crate) fn start(parameters: &[(&str, &str)]) -> Stage {
    match Stage::start(parameters, |step| eprintln!("stage: {step}")) {
        Ok(stage) => stage,
        Err(error) => panic!("{error}\n{error:?}"),
    }
}

pub(crate) fn function() -> String {
    stage().output("DeploymentChangedFunctionName").unwrap()
}

/// What the functions logged, task-stopped last.
pub(crate) fn logs() -> Vec<String> {
    let outputs = [
        "DeploymentChangedFunctionName",
        "RollBackFunctionName",
        "TaskStoppedFunctionName",
    ];
    let functions = outputs.map(|output| stage().output(output).unwrap());
    let logs = functions.map(|function| stage().logs(&function).unwrap());
    logs.concat()
}

/// Held by whoever has a function invoked or asks what its role may do: tests change what functions
/// find around them, and their roles.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}
