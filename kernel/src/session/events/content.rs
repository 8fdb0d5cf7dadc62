//! Printed text → text and [`Event::Display`]: `EVCXR_BEGIN_CONTENT image/svg+xml`, lines, `EVCXR_END_CONTENT`, as values print
//! themselves for evcxr.

use super::{Event, Watcher};
use serde_json::{Map, Value};

const BEGIN: &str = "EVCXR_BEGIN_CONTENT ";
const END: &str = "EVCXR_END_CONTENT";

/// Takes the content out of what a cell prints, and passes all other events on.
pub struct ContentWatcher<'a> {
    inner: &'a mut dyn Watcher,
    stdout: Splitter,
    stderr: Splitter,
}

impl<'a> ContentWatcher<'a> {
    /// Watches a cell for `inner`.
    pub fn new(inner: &'a mut dyn Watcher) -> Self {
        ContentWatcher { inner, stdout: Splitter::default(), stderr: Splitter::default() }
    }

    /// Passes on what was held back: the cell has ended.
    pub fn finish(self) {
        let ContentWatcher { inner, mut stdout, mut stderr } = self;
        for (splitter, is_stderr) in [(&mut stdout, false), (&mut stderr, true)] {
            splitter.finish().into_iter().for_each(|piece| inner.event(piece.event(is_stderr)));
        }
    }
}

impl Watcher for ContentWatcher<'_> {
    fn event(&mut self, event: Event) {
        match event {
            Event::Stream { stderr, text } => {
                let splitter = if stderr { &mut self.stderr } else { &mut self.stdout };
                for piece in splitter.push(&text) {
                    self.inner.event(piece.event(stderr));
                }
            }
            event => self.inner.event(event),
        }
    }

    // Pieces of several cells may come mixed: content among them stays text.
    fn late(&mut self, run: usize, event: Event) {
        self.inner.late(run, event);
    }

    fn input(&mut self, prompt: &str, password: bool) -> Option<String> {
        self.inner.input(prompt, password)
    }
}

/// A piece of what a cell prints.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// Content by MIME type; consecutive blocks are one value in several types.
    Content(Vec<(String, String)>),
}

impl Piece {
    fn event(self, stderr: bool) -> Event {
        match self {
            Piece::Text(text) => Event::Stream { stderr, text },
            Piece::Content(blocks) => {
                let kind = blocks.first().map(|(mime, _)| mime.clone()).unwrap_or_default();
                let json = |mime: &str, body: String| match mime.ends_with("json") {
                    true => serde_json::from_str(&body).unwrap_or(Value::String(body)),
                    false => Value::String(body),
                };
                let mut data: Map<String, Value> =
                    blocks.into_iter().map(|(mime, body)| (mime.clone(), json(&mime, body))).collect();
                data.entry("text/plain").or_insert_with(|| Value::String(kind));
                Event::Display { data: data.into(), id: String::new() }
            }
        }
    }
}

/// Splits printed text. Holds back the beginning of a block until its end arrives.
#[derive(Default)]
struct Splitter {
    held: String,
}

impl Splitter {
    /// Returns the last pieces: no more text comes.
    fn finish(&mut self) -> Vec<Piece> {
        let ends = self.held.ends_with(&format!("\n{END}"));
        let mut pieces = if ends { self.push("\n") } else { Vec::new() };
        push_text(&mut pieces, std::mem::take(&mut self.held));
        pieces
    }

    /// Returns the pieces of what was held back and of `text`.
    fn push(&mut self, text: &str) -> Vec<Piece> {
        self.held.push_str(text);
        let mut pieces: Vec<Piece> = Vec::new();
        while let Some(begin) = line_start(&self.held, BEGIN) {
            let rest = &self.held[begin + BEGIN.len()..];
            let Some((mime, body)) = rest.split_once('\n') else {
                push_text(&mut pieces, self.held.drain(..begin).collect());
                return pieces;
            };
            let Some(end) = line_start(body, &format!("{END}\n")) else {
                push_text(&mut pieces, self.held.drain(..begin).collect());
                return pieces;
            };
            let block = (mime.trim().to_owned(), body[..end].trim_end_matches('\n').to_owned());
            let after = body[end + END.len() + 1..].to_owned();
            push_text(&mut pieces, self.held[..begin].to_owned());
            match pieces.last_mut() {
                Some(Piece::Content(blocks)) if blocks.iter().all(|(mime, _)| *mime != block.0) => blocks.push(block),
                _ => pieces.push(Piece::Content(vec![block])),
            }
            self.held = after;
        }
        // The last line may be the beginning of a block.
        let last = last_line(&self.held);
        let keep = if !last.is_empty() && BEGIN.starts_with(last) { last.len() } else { 0 };
        let text = self.held.drain(..self.held.len() - keep).collect();
        push_text(&mut pieces, text);
        pieces
    }
}

fn push_text(pieces: &mut Vec<Piece>, text: String) {
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
}

fn last_line(text: &str) -> &str {
    text.rsplit_once('\n').map_or(text, |(_, last)| last)
}

/// Returns where a line starts with `word`.
fn line_start(text: &str, word: &str) -> Option<usize> {
    text.match_indices(word).map(|(at, _)| at).find(|at| *at == 0 || text[..*at].ends_with('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    fn content(blocks: &[(&str, &str)]) -> Piece {
        Piece::Content(blocks.iter().map(|(mime, body)| ((*mime).to_owned(), (*body).to_owned())).collect())
    }

    #[test]
    fn blocks_become_content_however_they_arrive() {
        let printed = "a\nEVCXR_BEGIN_CONTENT text/html\n<b>\nx</b>\nEVCXR_END_CONTENT\nEVCXR_BEGIN_CONTENT text/plain\nx\nEVCXR_END_CONTENT\nb";
        let whole = [text("a\n"), content(&[("text/html", "<b>\nx</b>"), ("text/plain", "x")]), text("b")];
        assert_eq!(Splitter::default().push(printed), whole);
        let mut splitter = Splitter::default();
        let mut seen = String::new();
        let mut contents = 0;
        for piece in printed.chars().flat_map(|c| splitter.push(&c.to_string())) {
            match piece {
                Piece::Text(text) => seen += &text,
                Piece::Content(_) => contents += 1,
            }
        }
        assert_eq!((seen.as_str(), contents), ("a\nb", 2));
    }

    #[test]
    fn plain_text_is_not_held_back() {
        let mut splitter = Splitter::default();
        for printed in ["half ", "E", "x EVCXR_BEGIN_CONTENT no\n", "whole\n"] {
            let seen = splitter.push(printed);
            let held = printed == "E";
            assert_eq!(seen.is_empty(), held, "{printed} {seen:?}");
        }
        let open = "EVCXR_BEGIN_CONTENT text/html\nopen";
        assert!(splitter.push(open).is_empty());
        assert_eq!(splitter.finish(), [text(open)]);
        assert!(splitter.push(&format!("{open}\nEVCXR_END_CONTENT")).is_empty());
        assert_eq!(splitter.finish(), [content(&[("text/html", "open")])]);
    }
}
