//! One stage for all tests here: it ends with the process.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use stage::Stage;

pub(crate) fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| {
        let parameters = [
            ("ClusterPattern", "prod-*"),
            ("AlertEmail", "oncall@example.com"),
        ];
        match Stage::start(&parameters, |step| eprintln!("stage: {step}")) {
            Ok(stage) => stage,
            Err(error) => panic!("{error}\n{error:?}"),
        }
    })
}

/// Held by each test that has a function invoked: they change what functions find around them.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}
