//! What profiles are about, and where they stand. Used by `profiles`, `provenance` and the command line.

/// What the profiles are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Per {
    /// One per state, or what the regions of the data are.
    State,
    /// One per category.
    Category,
}

impl Per {
    /// Its word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Per::State => "state",
            Per::Category => "category",
        }
    }

    /// Id of the step that writes its profiles.
    pub fn step(self) -> &'static str {
        match self {
            Per::State => "profiles-state",
            Per::Category => "profiles-category",
        }
    }

    /// What the step with this id writes profiles of.
    pub fn of_step(step: &str) -> Option<Per> {
        [Per::State, Per::Category].into_iter().find(|per| per.step() == step)
    }

    /// Folder of its files.
    pub fn folder(self) -> &'static str {
        match self {
            Per::State => "by_state",
            Per::Category => "by_category",
        }
    }

    /// The chapter of its profiles.
    pub(crate) fn chapter(self) -> &'static str {
        match self {
            Per::State => "state.md",
            Per::Category => "category.md",
        }
    }
}
