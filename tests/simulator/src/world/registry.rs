//! Registered task definitions, their fates, and the images behind their tags.

use super::{Fate, Registered, TaskDefinition, World, last_part};

impl World {
    /// Registers a task definition and gives its ARN.
    ///
    /// # Panics
    /// If its fate speaks of a container that it has not.
    #[track_caller]
    pub fn register(&mut self, definition: TaskDefinition) -> String {
        let same_family = self
            .definitions
            .iter()
            .filter(|d| d.family == definition.family);
        let newest = same_family.map(|d| d.revision).max().unwrap_or(0);
        let revision = definition.revision.unwrap_or(newest + 1);
        let registered = Registered::new(definition, revision, &self.names, self.now);
        registered.check_fate(&registered.fate);
        let arn = registered.arn.clone();
        self.definitions.push(registered);
        arn
    }

    /// Makes a task definition INACTIVE. Returns whether it exists.
    pub fn deregister(&mut self, reference: &str) -> bool {
        let Some(arn) = self.definition(reference).map(|d| d.arn.clone()) else {
            return false;
        };
        for definition in self.definitions.iter_mut().filter(|d| d.arn == arn) {
            definition.active = false;
        }
        true
    }

    /// Finds `family` (its newest ACTIVE revision), `family:revision` or an ARN.
    #[must_use]
    pub fn definition(&self, reference: &str) -> Option<&Registered> {
        let short = last_part(reference);
        let exact = self.definitions.iter().find(|d| d.short_name() == short);
        exact.or_else(|| {
            let family = self
                .definitions
                .iter()
                .filter(|d| d.family == short && d.active);
            family.max_by_key(|d| d.revision)
        })
    }

    /// Gives later tasks of a task definition another fate.
    ///
    /// # Panics
    /// If the task definition is unknown or has not the containers that the fate speaks of.
    #[track_caller]
    pub fn set_fate(&mut self, reference: &str, fate: Fate) {
        let definition = self.definition(reference).expect("a known task definition");
        definition.check_fate(&fate);
        let arn = definition.arn.clone();
        let definitions = self.definitions.iter_mut().filter(|d| d.arn == arn);
        definitions.for_each(|d| d.fate = fate.clone());
    }

    /// Points a mutable tag at another image: what starts or deploys later sees a new digest.
    pub fn image_moved(&mut self, image: &str) {
        *self.times_moved.entry(image.into()).or_default() += 1;
    }

    pub(crate) fn digest_of(&self, image: &str) -> String {
        crate::ids::image_digest(image, self.times_moved.get(image).copied().unwrap_or(0))
    }
}
