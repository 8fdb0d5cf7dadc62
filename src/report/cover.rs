//! Parameter file → Cover: author and work, as printed on the cover. Next: `dossier`.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Texts of the cover. A missing or empty text is not printed, except title and subtitle, which have a default in each
/// language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cover {
    /// Title of the report.
    #[serde(default)]
    pub title: String,
    /// Subtitle.
    #[serde(default)]
    pub subtitle: String,
    /// Authors, in order.
    #[serde(default)]
    pub authors: Vec<String>,
    /// School or organisation.
    #[serde(default)]
    pub school: String,
    /// An ISO day, or free text.
    #[serde(default)]
    pub date: String,
    /// Identifiers of the figures that slides show; [`DEFAULT_FIGURES`](super::DEFAULT_FIGURES) if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slides_figures: Vec<String>,
}

impl Default for Cover {
    fn default() -> Self {
        // The file is embedded in the program; a test parses it.
        let none = Cover {
            title: String::new(),
            subtitle: String::new(),
            authors: Vec::new(),
            school: String::new(),
            date: String::new(),
            slides_figures: Vec::new(),
        };
        Cover::parse(include_str!("../../reports/parameters.toml")).unwrap_or(none)
    }
}

impl Cover {
    /// Parses a parameter file in the form of `reports/parameters.toml`.
    ///
    /// # Errors
    /// The text is not such a file.
    pub fn parse(text: &str) -> Result<Cover> {
        toml::from_str(text).map_err(|e| {
            Error::input(format!("cannot read the parameters of the cover: {e}"))
                .with_hint("the file may set `title`, `subtitle`, `authors`, `school`, `date` and `slides_figures`")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_file_is_read_and_a_wrong_one_refused() {
        assert_eq!(Cover::parse(include_str!("../../reports/parameters.toml")).unwrap(), Cover::default());
        let given = Cover::parse("authors = [\"A. B.\"]\nschool = \"C\"").unwrap();
        assert_eq!((given.authors.len(), given.school.as_str(), given.title.as_str()), (1, "C", ""));
        let error = Cover::parse("author = \"A. B.\"").unwrap_err();
        assert!(error.to_string().contains("author") && error.hint().is_some());
    }
}
