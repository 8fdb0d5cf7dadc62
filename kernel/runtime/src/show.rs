//! Value → MIME bundle. Next: `channel`.

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

/// Most lines and bytes of a value's text. Longer text is cut, to keep notebooks small.
const MAX_LINES: usize = 40;
const MAX_BYTES: usize = 1 << 15;

/// Text that takes no more once it is full: formatting a long value then ends early.
#[derive(Default)]
struct Cut {
    text: String,
    lines: usize,
    full: bool,
}

impl std::fmt::Write for Cut {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let mut end = text.len().min(MAX_BYTES - self.text.len());
        for (at, _) in text.match_indices('\n') {
            self.lines += 1;
            if self.lines >= MAX_LINES {
                end = end.min(at);
                break;
            }
        }
        self.text.push_str(&text[..text.floor_char_boundary(end)]);
        self.full = end < text.len();
        if self.full { Err(std::fmt::Error) } else { Ok(()) }
    }
}

fn debug(value: &(impl Debug + ?Sized)) -> Bundle {
    use std::fmt::Write as _;
    let mut cut = Cut::default();
    let mut whole = write!(cut, "{value:?}");
    if cut.text.len() > 120 {
        let pretty = &mut Cut::default();
        let written = write!(pretty, "{value:#?}");
        // A long text in one line says more than a cut one: a string, or what has its own `Debug`.
        if pretty.lines > 0 {
            (cut, whole) = (std::mem::take(pretty), written);
        }
    }
    if cut.full {
        cut.text.push_str("\n… the rest is not shown: `println!(\"{:?}\", …)` prints all of it");
    } else if whole.is_err() {
        cut.text.push_str("\n… its `Debug` failed here");
    }
    Bundle::text(cut.text)
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

/// Gives every type a method `evcxr_display`. A method of this name that the type has itself comes first: it prints its
/// content, as it does for evcxr.
pub trait EvcxrDisplay {
    /// Says that the type has no such method.
    fn evcxr_display(&self) -> Absent {
        Absent
    }
}

impl<T: ?Sized> EvcxrDisplay for T {}

/// The answer of a type that has no method `evcxr_display` of its own.
pub struct Absent;

/// What a method `evcxr_display` returns.
pub trait Displayed {
    /// Whether it has printed the value.
    const PRINTED: bool;
}

impl Displayed for Absent {
    const PRINTED: bool = false;
}

impl Displayed for () {
    const PRINTED: bool = true;
}

impl<T, E> Displayed for Result<T, E> {
    const PRINTED: bool = true;
}

/// Returns what is left to show of a value after its `evcxr_display`.
pub fn shown<D: Displayed>(_: D, bundle: impl FnOnce() -> Bundle) -> Bundle {
    if D::PRINTED { Bundle::default() } else { bundle() }
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
