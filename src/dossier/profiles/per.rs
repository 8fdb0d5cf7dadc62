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
