//! Value → MIME bundle. Next: `channel`.

use pfe::charts::Svg;
use serde_json::{Map, Value};
use std::fmt::Debug;

/// MIME bundle: one value in several representations, by MIME type. A front end picks the richest it can render.
#[derive(Clone, Debug, Default)]
pub struct Bundle(Map<String, Value>);

impl Bundle {
    /// Creates a bundle with a plain text representation only.
    pub fn text(text: impl Into<String>) -> Self {
        Bundle::default().with("text/plain", Into::<String>::into(text))
    }

    /// Adds a representation: text, or JSON if the MIME type ends in `+json`.
    #[must_use]
    pub fn with(mut self, mime: &str, content: impl Into<Value>) -> Self {
        self.0.insert(mime.to_owned(), content.into());
        self
    }

    /// Adds an HTML representation.
    #[must_use]
    pub fn html(self, html: impl Into<String>) -> Self {
        self.with("text/html", Into::<String>::into(html))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn plain(&self) -> &str {
        self.0.get("text/plain").and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn into_data(self) -> Map<String, Value> {
        self.0
    }
}

/// Values with a rich representation in notebooks.
pub trait Show {
    /// Returns the MIME bundle of the value.
    fn show(&self) -> Bundle;
}

/// Markdown, which the front end renders.
pub struct Markdown<T: AsRef<str> = String>(pub T);
/// HTML, passed to the front end unchanged.
pub struct Html<T: AsRef<str> = String>(pub T);

impl<T: AsRef<str>> Show for Markdown<T> {
    fn show(&self) -> Bundle {
        Bundle::text(self.0.as_ref()).with("text/markdown", self.0.as_ref())
    }
}

impl<T: AsRef<str>> Show for Html<T> {
    fn show(&self) -> Bundle {
        Bundle::text(self.0.as_ref()).html(self.0.as_ref())
    }
}

/// Margin added on either side of a figure, as a share of its width: a front end may lack the font that the labels were
/// measured in, and draw them wider.
const ROOM: f64 = 0.05;

impl Show for Svg {
    fn show(&self) -> Bundle {
        let title = self.title().unwrap_or_else(|| "figure".to_owned());
        Bundle::text(title).with("image/svg+xml", self.with_room(ROOM).as_str())
    }
}

impl Show for Bundle {
    fn show(&self) -> Bundle {
        self.clone()
    }
}

impl Show for () {
    fn show(&self) -> Bundle {
        Bundle::default()
    }
}

impl<T: Show + ?Sized> Show for &T {
    fn show(&self) -> Bundle {
        (**self).show()
    }
}

impl<T: Show + ?Sized> Show for Box<T> {
    fn show(&self) -> Bundle {
        (**self).show()
    }
}

impl<T: Show> Show for Option<T> {
    fn show(&self) -> Bundle {
        self.as_ref().map_or_else(|| Bundle::text("None"), Show::show)
    }
}

impl<T: Show, E: Debug> Show for Result<T, E> {
    fn show(&self) -> Bundle {
        match self {
            Ok(value) => value.show(),
            Err(error) => Bundle::text(format!("Err({error:?})")),
        }
    }
}

macro_rules! show_by_debug {
    ($($type:ty),*) => { $(impl Show for $type {
        fn show(&self) -> Bundle {
            debug(self)
        }
    })* };
}
show_by_debug!(bool, char, f32, f64, i8, i16, i32, i64, i128, isize, str, String, u8, u16, u32, u64, u128, usize);

/// Largest text of a value in bytes. Longer text is cut, to keep notebooks small.
const MAX_TEXT: usize = 1 << 20;

fn debug(value: &(impl Debug + ?Sized)) -> Bundle {
    let line = format!("{value:?}");
    let mut text = if line.len() > 120 { format!("{value:#?}") } else { line };
    if text.len() > MAX_TEXT {
        text.truncate(text.floor_char_boundary(MAX_TEXT));
        text.push_str(&format!("\n… more than {} MB: the rest is not shown", MAX_TEXT >> 20));
    }
    Bundle::text(text)
}

/// Wraps the last expression of a cell. `(&&&Tag(&value)).bundle()` resolves to the first of [`ViaShow`], [`ViaDebug`]
/// and [`ViaName`] that the type implements, so the kernel need not know the type before it compiles the cell.
pub struct Tag<'a, T: ?Sized>(pub &'a T);

/// Shows types that implement [`Show`].
pub trait ViaShow {
    /// Returns the MIME bundle of the value.
    fn bundle(&self) -> Bundle;
}

/// Shows types that implement only `Debug`.
pub trait ViaDebug {
    /// Returns the `Debug` text of the value.
    fn bundle(&self) -> Bundle;
}

/// Shows all other types.
pub trait ViaName {
    /// Returns the name of the type.
    fn bundle(&self) -> Bundle;
}

impl<T: Show + ?Sized> ViaShow for &&Tag<'_, T> {
    fn bundle(&self) -> Bundle {
        self.0.show()
    }
}

impl<T: Debug + ?Sized> ViaDebug for &Tag<'_, T> {
    fn bundle(&self) -> Bundle {
        debug(self.0)
    }
}

impl<T: ?Sized> ViaName for Tag<'_, T> {
    fn bundle(&self) -> Bundle {
        Bundle::text(without_modules(std::any::type_name::<T>()))
    }
}

/// Returns a type's name without the modules `pfe_1` of the crate `cell`, which the kernel has generated.
fn without_modules(name: &str) -> String {
    let mut parts = name.split("cell::pfe_");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once("::").map_or(part, |(_, rest)| rest))
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
