//! A figure: the markup of one `<svg>`. Made by `backend`, or foreign and sanitised; HTML and PDF embed it unchanged.

use super::sanitize;

/// Free space beside a figure for text that another font makes wider, as a share of the width.
const ROOM: f64 = 0.04;

/// A figure: the markup of one `<svg>` element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Svg(String);

impl Svg {
    /// Wraps markup of our own, which must be an `<svg>` element.
    pub fn new(markup: String) -> Self {
        Svg(markup)
    }

    /// Sanitises foreign markup: keeps only what draws.
    pub fn foreign(markup: &str) -> Self {
        Svg(sanitize::drawing(markup))
    }

    /// The markup.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is any shape: a figure without data is a message alone.
    pub fn has_shapes(&self) -> bool {
        ["<path", "<rect", "<circle", "<ellipse", "<line", "<poly", "<image", "<use"]
            .iter()
            .any(|tag| self.0.contains(tag))
    }

    /// The title.
    pub fn title(&self) -> Option<String> {
        self.element("title")
    }

    /// The alternative text.
    pub fn description(&self) -> Option<String> {
        self.element("desc")
    }

    /// The same figure with free space on either side, `share` of its width: without the report's font, text is wider.
    pub fn with_room(&self, share: f64) -> Svg {
        let widened = || {
            let (before, rest) = self.0.split_once("viewBox=\"")?;
            let (view, after) = rest.split_once('"')?;
            let numbers: Vec<f64> = view.split(' ').map(str::parse).collect::<Result<_, _>>().ok()?;
            let [x, y, w, h] = numbers[..] else { return None };
            let room = (w * share).round();
            Some(Svg(format!("{before}viewBox=\"{} {y} {} {h}\"{after}", x - room, w + 2.0 * room)))
        };
        widened().unwrap_or_else(|| self.clone())
    }

    /// The figure as a file of its own: with room, since its readers may lack the font, and on a light ground, since its colours
    /// are those for one.
    pub fn standalone(&self) -> String {
        let figure = self.with_room(ROOM);
        let grounded = || {
            let (_, rest) = figure.0.split_once("viewBox=\"")?;
            let numbers: Vec<f64> =
                rest.split('"').next()?.split(' ').map(str::parse).collect::<Result<_, _>>().ok()?;
            let ([x, y, w, h], (tag, drawing)) = (numbers[..].try_into().ok()?, figure.0.split_once('>')?);
            let ground = format!("<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" fill=\"#fff\"/>");
            Some(format!("{tag} width=\"{w}\" height=\"{h}\">{ground}{drawing}\n"))
        };
        grounded().unwrap_or_else(|| format!("{}\n", figure.0))
    }

    /// Text of the first element called `name`.
    fn element(&self, name: &str) -> Option<String> {
        let (_, rest) = self.0.split_once(&format!("<{name}>"))?;
        let (text, _) = rest.split_once(&format!("</{name}>"))?;
        let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
        Some(entities.iter().fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character)))
    }
}
