//! Chapter + values → Markdown: Tera fills the placeholders. Next: `markdown`.
//!
//! Values are data. They leave this module escaped (see `typography`), so that Markdown cannot interpret them. Number
//! formats of the report's language are available as filters: `brl` (centavos), `count`, `decimal`, `percent` (a share),
//! `month`, `date`.

use tera::{Context, Delimiters, ErrorKind, Kwargs, State, Tera, TeraResult};

use super::typography;
use crate::report::Chapter;
use crate::report::lang::{Currency, Lang};
use crate::text::shortened;
use crate::{Error, Result};

/// A chapter whose placeholders are filled.
pub(crate) struct Filled {
    /// Markdown with escaped values.
    pub text: String,
    /// First byte of each line of `text`, with its line number in the chapter, from 1.
    lines: Vec<(usize, usize)>,
}

impl Filled {
    /// Text without placeholders.
    pub fn verbatim(text: String) -> Self {
        let ends = text.match_indices('\n').map(|(end, _)| end + 1);
        let lines = std::iter::once(0).chain(ends).zip(1..).collect();
        Filled { text, lines }
    }

    /// The line of the chapter at which the text starts.
    pub fn first_line(&self) -> usize {
        self.line(self.text.find(|c: char| !c.is_whitespace()).unwrap_or(0))
    }

    /// The line of the chapter from which byte `offset` of the text comes.
    pub fn line(&self, offset: usize) -> usize {
        let after = self.lines.partition_point(|(start, _)| *start <= offset);
        self.lines[..after].last().map_or(1, |(_, line)| *line)
    }
}

/// Maximum length of a value that is not a number, characters.
const VALUE: usize = 2_000;
/// Maximum size of a filled chapter, bytes.
const CHAPTER: usize = 16 << 20;
/// Maximum size of a filled page, bytes.
pub(crate) const PAGE: usize = 64 << 20;

/// Fills a Tera template; stops after `max_bytes` bytes, because a loop in it may not end.
///
/// # Errors
/// The template cannot be filled, or gives more than `max_bytes` bytes.
pub(crate) fn rendered(tera: &Tera, name: &str, context: &Context, max_bytes: usize) -> Result<String> {
    let mut out = Bounded { text: Vec::new(), max_bytes, full: false };
    let result = tera.render_to(name, context, &mut out);
    if out.full {
        return Err(Error::input(format!("`{name}` gives more than {} MB of text", max_bytes >> 20))
            .with_hint("a loop of it repeats more than it should"));
    }
    result.map_err(|e| explain(name, &e))?;
    String::from_utf8(out.text).map_err(|e| Error::report(format!("`{name}`"), e))
}

/// A writer with a size limit.
struct Bounded {
    text: Vec<u8>,
    max_bytes: usize,
    full: bool,
}

impl std::io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if bytes.len() > self.max_bytes - self.text.len() {
            self.full = true;
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Fills the placeholders of all chapters.
///
/// # Errors
/// A placeholder cannot be filled; the message names the chapter and the line.
pub(crate) fn fill(
    chapters: &[Chapter],
    values: &serde_json::Value,
    lang: Lang,
    currency: Currency,
) -> Result<Vec<Filled>> {
    let mut tera = Tera::new();
    // Tera's default comment, `{# … #}`, would swallow Markdown's heading identifiers, `{#id}`.
    let comments = Delimiters { comment_start: "{!".into(), comment_end: "!}".into(), ..Delimiters::default() };
    tera.set_delimiters(comments).map_err(|e| Error::report("the chapters", e))?;
    tera.autoescape_on([""]);
    tera.set_escape_fn(|value, out| out.write_all(typography::escape_value(&shortened(value, VALUE)).as_bytes()));
    register(&mut tera, lang, currency);
    for chapter in chapters {
        tera.add_raw_template(&chapter.name, &with_line_marks(&chapter.text))
            .map_err(|e| explain(&chapter.name, &e))?;
    }
    let context = match values {
        serde_json::Value::Null => Context::new(),
        _ => Context::from_serialize(values).map_err(|e| Error::report("the values of the report", e))?,
    };
    let render = |chapter: &Chapter| Ok(without_line_marks(&rendered(&tera, &chapter.name, &context, CHAPTER)?));
    chapters.iter().map(render).collect()
}

fn register(tera: &mut Tera, lang: Lang, currency: Currency) {
    tera.register_filter("brl", move |centavos: i64, args: Kwargs, _: &State| {
        Ok::<_, tera::Error>(lang.amount(centavos, digits(&args, 2)?, currency))
    });
    tera.register_filter("count", move |value: i64, _: Kwargs, _: &State| lang.count(value));
    tera.register_filter("decimal", move |value: f64, args: Kwargs, _: &State| {
        Ok::<_, tera::Error>(lang.decimal(finite(value)?, digits(&args, 2)?))
    });
    tera.register_filter("percent", move |share: f64, args: Kwargs, _: &State| {
        Ok::<_, tera::Error>(lang.percent(finite(share)?, digits(&args, 1)?))
    });
    tera.register_filter("month", move |iso: &str, _: Kwargs, _: &State| {
        lang.month(iso).ok_or_else(|| tera::Error::message(format!("`{iso}` is not a month, expected `2018-08`")))
    });
    tera.register_filter("date", move |iso: &str, _: Kwargs, _: &State| {
        lang.date(iso).ok_or_else(|| tera::Error::message(format!("`{iso}` is not a day, expected `2018-08-21`")))
    });
    tera.register_filter("safe", |_: &tera::Value, _: Kwargs, _: &State| {
        Err::<tera::Value, _>(tera::Error::message("values are data: `safe` is not available in chapters"))
    });
}

fn digits(args: &Kwargs, default: usize) -> TeraResult<usize> {
    Ok(args.get::<u8>("digits")?.map_or(default, |digits| usize::from(digits.min(9))))
}

fn finite(value: f64) -> TeraResult<f64> {
    if value.is_finite() { Ok(value) } else { Err(tera::Error::message(format!("`{value}` is not a number to print"))) }
}

/// First mark of a line, in private plane 16. There is one mark per line of the chapter, so that messages name the right
/// line despite loops and conditions.
const MARK: u32 = 0x10_0000;

/// Marks the start of each line outside tags. A tag alone on its line (`{% for … %}`) leaves no line; otherwise, a loop
/// could not build a Markdown table.
fn with_line_marks(text: &str) -> String {
    let mut marked = String::with_capacity(text.len() * 2);
    let mut open = 0_isize;
    for (number, line) in text.lines().enumerate() {
        if number > 0 {
            marked.push('\n');
        }
        let trimmed = line.trim();
        let count = |tags: [&str; 3]| tags.map(|tag| line.matches(tag).count() as isize).iter().sum::<isize>();
        if open <= 0 && trimmed.starts_with("{%") && trimmed.ends_with("%}") && count(["{%", "{{", "{!"]) == 1 {
            marked.push_str("{%- ");
            marked.push_str(trimmed[2..].trim_start_matches('-'));
            continue;
        }
        if open <= 0 {
            marked.extend(char::from_u32(MARK + (number as u32 + 1).min(0xffff)));
        }
        marked.push_str(line);
        open += count(["{%", "{{", "{!"]) - count(["%}", "}}", "!}"]);
    }
    marked.push('\n');
    marked
}

fn without_line_marks(marked: &str) -> Filled {
    let (mut text, mut lines) = (String::with_capacity(marked.len()), Vec::new());
    for line in marked.lines() {
        let mark = |c: char| (c as u32).checked_sub(MARK).map(|number| number as usize);
        let number = line.chars().find_map(mark).or(lines.last().map(|(_, number)| *number)).unwrap_or(1);
        lines.push((text.len(), number));
        text.extend(line.chars().filter(|c| mark(*c).is_none()));
        text.push('\n');
    }
    Filled { text, lines }
}

/// The error in a template, with its line.
pub(crate) fn explain(chapter: &str, error: &tera::Error) -> Error {
    let (what, message) = match error.kind() {
        ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => {
            (place(chapter, report.span().start_line), report.message().to_owned())
        }
        other => {
            let text = other.to_string();
            match reported(&text) {
                Some((line, message)) => (place(chapter, line), message.into()),
                None => (format!("`{chapter}`"), text),
            }
        }
    };
    Error::report(what, message.chars().filter(|c| (*c as u32) < MARK).collect::<String>())
}

/// Line and message of the first of the reports that Tera makes of unknown functions, filters and templates.
fn reported(text: &str) -> Option<(usize, &str)> {
    let (message, rest) = text.strip_prefix("error: ")?.split_once('\n')?;
    let place = rest.trim_start().strip_prefix("--> ")?.lines().next()?;
    Some((place.rsplit(':').nth(1)?.parse().ok()?, message))
}

/// Name of a line of a chapter in messages.
pub(crate) fn place(chapter: &str, line: usize) -> String {
    format!("`{chapter}`, line {line}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn filled(text: &str, values: serde_json::Value) -> Result<Filled> {
        let chapter = Chapter { name: "ventes.md".into(), text: text.into() };
        fill(&[chapter], &values, Lang::Fr, Currency::default()).map(|mut filled| filled.remove(0))
    }

    fn text(text: &str, values: serde_json::Value) -> String {
        typography::unescape_value(&filled(text, values).unwrap().text)
    }

    fn message(text: &str, values: serde_json::Value) -> String {
        filled(text, values).err().unwrap().to_string()
    }

    #[test]
    fn formats() {
        let values = json!({ "total": { "revenue": 1_584_355_324_i64 }, "n": 99_441, "x": 0.0677, "m": "2018-08" });
        assert_eq!(text("{{ total.revenue | brl }}", values.clone()), "15\u{202f}843\u{202f}553,24\u{202f}R$\n");
        assert_eq!(
            text("{{ n | count }} {{ x | percent(digits=2) }}", values.clone()),
            "99\u{202f}441 6,77\u{202f}%\n"
        );
        assert_eq!(text("{{ m | month }} {{ x | decimal }}", values), "août\u{a0}2018 0,07\n");
    }

    #[test]
    fn values_leave_escaped() {
        let filled = filled("*{{ name }}*", json!({ "name": "{{ 7*7 }} <b>" })).unwrap();
        assert!(filled.text.chars().all(|c| c as u32 > 0xffff || matches!(c, '*' | '\n')), "{}", filled.text);
    }

    #[test]
    fn errors_name_the_chapter_and_the_line() {
        let message = |text: &str| message(text, json!({ "a": { "b": 1.5 } }));
        assert_eq!(message("one\n\n{{ nothing() }}"), "cannot render `ventes.md`, line 3: Unknown function `nothing`");
        assert!(message("one\n\n{{ nothing }}").starts_with("cannot render `ventes.md`, line 3: Variable `nothing`"));
        assert!(message("{% if true %}\n{{ a.c }}\n{% endif %}").contains("`ventes.md`, line 2: Field `c`"));
        assert!(message("\n{{ a.b | brl }}").contains("`ventes.md`, line 2"));
        assert!(message("{{ a.b | safe }}").contains("values are data"));
        assert!(message("\n\n{{ a.b | euro }}").contains("Unknown filter `euro`"), "{}", message("{{ a.b | euro }}"));
        assert!(message("\n{% if %}").contains("`ventes.md`, line 2"));
        assert!(message("{{ a").contains("`ventes.md`, line 1"));
    }

    #[test]
    fn a_template_that_never_ends_is_stopped_and_named() {
        let loops =
            "{% for a in range(end=90000) %}{% for b in range(end=90000) %}some more text{% endfor %}{% endfor %}";
        assert!(message(loops, json!({})).contains("`ventes.md` gives more than 16 MB"));
        assert_eq!(text("{{ a }}", json!({ "a": "x".repeat(1 << 20) })).chars().count(), VALUE + 1);
    }

    #[test]
    fn a_tag_alone_on_its_line_leaves_no_line() {
        let source =
            "| a |\n|---|\n{% for x in xs %}\n| {{ x }} |\n{% endfor %}\n\nend\n\n{% if xs %}\nyes\n{% endif %}";
        let filled = filled(source, json!({ "xs": [1, 2] })).unwrap();
        assert_eq!(typography::unescape_value(&filled.text), "| a |\n|---|\n| 1 |\n| 2 |\n\nend\n\nyes\n");
        let line_of = |needle: &str| filled.line(filled.text.find(needle).unwrap());
        assert_eq!((line_of("---"), line_of("end"), line_of("yes")), (2, 7, 10));
    }
}
