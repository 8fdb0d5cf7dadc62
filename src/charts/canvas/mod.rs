//! Charts → plotters: a drawing area in user units, with the strokes and fonts that the charts share. Next: `backend`.

pub(super) mod axis;
pub mod backend;
pub mod fonts;
mod path;
mod sanitize;
pub mod scale;
pub mod style;
pub mod svg;
pub mod text;

use std::sync::Once;

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};
use plotters::element::{Circle, DashedPathElement, PathElement, Polygon, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, FontTransform, IntoFont, RGBColor, ShapeStyle, TextStyle, register_font};
use plotters_backend::DrawingBackend;

use self::fonts::FAMILY;
use self::style::{AXIS, FG, FONT_SIZE, GRID, Ink, MUTED, PAGE, SMALL};

/// Result of drawing on the backend `DB`.
pub type Drawn<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

/// A point in user units, y downwards.
pub type Point = (f64, f64);

/// Style of a line.
#[derive(Debug, Clone, Copy)]
pub struct Stroke {
    /// Colour.
    pub ink: Ink,
    /// Width in user units.
    pub width: f64,
    /// Dashed instead of solid.
    pub dashed: bool,
}

impl Stroke {
    /// A solid line.
    pub const fn new(ink: Ink, width: f64) -> Self {
        Stroke { ink, width, dashed: false }
    }
    /// The same line, dashed.
    pub const fn dashed(mut self) -> Self {
        self.dashed = true;
        self
    }
}

/// Grid lines.
pub const RULE: Stroke = Stroke::new(GRID, 1.0);
/// Axes.
pub const BASE: Stroke = Stroke::new(AXIS, 1.0);

/// Style of a text. Texts are always centred vertically on their y.
#[derive(Clone, Copy)]
pub struct Letter {
    /// Colour.
    pub ink: Ink,
    /// Font size in user units.
    pub size: f64,
    /// Bold face.
    pub bold: bool,
    anchor: HPos,
    upward: bool,
}

/// Style of labels.
pub const LABEL: Letter = Letter { ink: FG, size: FONT_SIZE, bold: false, anchor: HPos::Left, upward: false };
/// Style of ticks and notes.
pub const NOTE: Letter = Letter { ink: MUTED, size: SMALL, ..LABEL };

impl Letter {
    /// The same style in another colour.
    pub const fn ink(mut self, ink: Ink) -> Self {
        self.ink = ink;
        self
    }
    /// The same style in another size.
    pub const fn size(mut self, size: f64) -> Self {
        self.size = size;
        self
    }
    /// The same style, bold if `bold`.
    pub const fn bold(mut self, bold: bool) -> Self {
        self.bold = bold;
        self
    }
    /// The same style, right-aligned at its x.
    pub const fn end(mut self) -> Self {
        self.anchor = HPos::Right;
        self
    }
    /// The same style, centred on its x.
    pub const fn middle(mut self) -> Self {
        self.anchor = HPos::Center;
        self
    }
    /// The same style, read from bottom to top.
    pub const fn upward(mut self) -> Self {
        self.upward = true;
        self
    }
    /// Width of `text` in this style, user units.
    pub fn width(self, text: &str) -> f64 {
        text::width(text, self.size, self.bold)
    }
    /// `text`, shortened if it is wider than `room`.
    pub fn fit(self, text: &str, room: f64) -> std::borrow::Cow<'_, str> {
        text::fit(text, self.size, self.bold, room)
    }
}

/// A drawing area measured in user units.
pub struct Canvas<'a, DB: DrawingBackend> {
    area: &'a DrawingArea<DB, Shift>,
    pixels: f64,
}

impl<'a, DB: DrawingBackend> Canvas<'a, DB> {
    /// A canvas whose `width` user units span the width of `area`.
    pub fn new(area: &'a DrawingArea<DB, Shift>, width: f64) -> Self {
        static FONTS: Once = Once::new();
        FONTS.call_once(|| {
            // If a font cannot be registered, backends that rasterise text themselves report it.
            let _ = register_font(FAMILY, FontStyle::Normal, fonts::REGULAR);
            let _ = register_font(FAMILY, FontStyle::Bold, fonts::BOLD);
        });
        Canvas { area, pixels: f64::from(area.dim_in_pixel().0) / width }
    }

    /// Height in user units.
    pub fn height(&self) -> f64 {
        f64::from(self.area.dim_in_pixel().1) / self.pixels
    }

    // Charts drop values that are not finite. If one gets through, the cast makes it 0.
    fn px(&self, v: f64) -> i32 {
        (v * self.pixels).round().clamp(-1e6, 1e6) as i32
    }

    fn at(&self, (x, y): Point) -> (i32, i32) {
        (self.px(x), self.px(y))
    }

    fn shape(&self, stroke: Stroke) -> ShapeStyle {
        rgb(stroke.ink).stroke_width(self.px(stroke.width).max(1) as u32)
    }

    /// A line through `points`.
    pub fn line(&self, points: &[Point], stroke: Stroke) -> Drawn<DB> {
        let pixels: Vec<_> = points.iter().map(|&p| self.at(p)).collect();
        let style = self.shape(stroke);
        if stroke.dashed {
            self.area.draw(&DashedPathElement::new(pixels, self.px(4.0), self.px(3.0), style))
        } else {
            self.area.draw(&PathElement::new(pixels, style))
        }
    }

    /// Lines with an outline in the page's colour, to be visible on top of other marks.
    pub fn rimmed(&self, lines: &[[Point; 2]], stroke: Stroke) -> Drawn<DB> {
        let rim = Stroke::new(PAGE, stroke.width + 1.4);
        lines.iter().try_for_each(|line| self.line(line, rim))?;
        lines.iter().try_for_each(|line| self.line(line, stroke))
    }

    /// A filled rectangle.
    pub fn rect(&self, (x, y): Point, (w, h): Point, ink: Ink) -> Drawn<DB> {
        let corners = [self.at((x, y)), self.at((x + w, y + h))];
        self.area.draw(&Rectangle::new(corners, rgb(ink).filled()))
    }

    /// A filled rectangle with an outline.
    pub fn framed(&self, at: Point, size: Point, ink: Ink, frame: Stroke) -> Drawn<DB> {
        self.rect(at, size, ink)?;
        let corners = [self.at(at), self.at((at.0 + size.0, at.1 + size.1))];
        self.area.draw(&Rectangle::new(corners, self.shape(frame)))
    }

    /// A filled polygon; `alpha` below 1 makes it transparent.
    pub fn polygon(&self, points: &[Point], ink: Ink, alpha: f64) -> Drawn<DB> {
        let pixels: Vec<_> = points.iter().map(|&p| self.at(p)).collect();
        self.area.draw(&Polygon::new(pixels, rgb(ink).mix(alpha).filled()))
    }

    /// A disc.
    pub fn disc(&self, centre: Point, radius: f64, ink: Ink, alpha: f64) -> Drawn<DB> {
        self.area.draw(&Circle::new(self.at(centre), self.px(radius), rgb(ink).mix(alpha).filled()))
    }

    /// A circle outline.
    pub fn circle(&self, centre: Point, radius: f64, stroke: Stroke) -> Drawn<DB> {
        self.area.draw(&Circle::new(self.at(centre), self.px(radius), self.shape(stroke)))
    }

    /// The mark of series `i`. Shapes differ, so that colour is never the only distinction.
    pub fn mark(&self, (x, y): Point, i: usize, ink: Ink) -> Drawn<DB> {
        let r = 3.6;
        match i % 4 {
            0 => self.disc((x, y), r, ink, 1.0),
            1 => self.rect((x - 3.2, y - 3.2), (6.4, 6.4), ink),
            2 => self.polygon(&[(x, y - 4.4), (x + 4.4, y + 3.4), (x - 4.4, y + 3.4)], ink, 1.0),
            _ => self.polygon(&[(x, y - 4.8), (x + 4.8, y), (x, y + 4.8), (x - 4.8, y)], ink, 1.0),
        }
    }

    /// An arrow head with its point at `tip`, pointing in the direction `(dx, dy)`, a unit vector along an axis.
    pub fn arrow(&self, tip: Point, (dx, dy): Point, ink: Ink) -> Drawn<DB> {
        let base = (tip.0 - 7.0 * dx, tip.1 - 7.0 * dy);
        let wing = (-3.5 * dy, 3.5 * dx);
        self.polygon(&[tip, (base.0 + wing.0, base.1 + wing.1), (base.0 - wing.0, base.1 - wing.1)], ink, 1.0)
    }

    /// A text.
    pub fn text(&self, text: &str, at: Point, letter: Letter) -> Drawn<DB> {
        let style = if letter.bold { FontStyle::Bold } else { FontStyle::Normal };
        let turn = if letter.upward { FontTransform::Rotate270 } else { FontTransform::None };
        let font = (FAMILY, letter.size * self.pixels).into_font().style(style).transform(turn);
        let color = rgb(letter.ink);
        let style = TextStyle::from(font).color(&color).pos(Pos::new(letter.anchor, VPos::Center));
        self.area.draw_text(text, &style, self.at(at))
    }
}

fn rgb(ink: Ink) -> RGBColor {
    let [_, r, g, b] = ink.light.to_be_bytes();
    RGBColor(r, g, b)
}
