//! Drawing operations of plotters → one accessible `<svg>`. Used by `canvas`.
//!
//! plotters counts in whole pixels. This backend is therefore ten times as large as the figure and writes tenths. Colours
//! of the palette are written twice: as a presentation attribute, which every renderer reads, and as a class, which a style
//! sheet can override. There are no ids, because many figures share one HTML page.
use std::convert::Infallible;
use std::fmt::Write;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontStyle,
    FontTransform,
};

use super::fonts::FAMILY;
use super::path::{circle, outline, pair, rectangle, tenths};
use super::style::FONT_SIZE;
use super::{style, text};
use crate::text::seen;

/// Pixels of the backend per user unit of the SVG.
pub const PIXELS_PER_UNIT: u32 = 10;

/// Margin at the left and right, user units: a renderer's text may be a little wider than measured.
const MARGIN: u32 = 4;

/// Appends `text` as XML character data that is also safe in attributes. Line ends become spaces and control characters
/// become U+FFFD. Invisible characters are dropped: XML forbids some, and the others would reorder the label.
pub fn escape(out: &mut String, text: &str) {
    let spaced = |c: char| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c };
    for c in text.chars().map(spaced).filter_map(seen) {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

/// A path that is not written yet, because the next shape may join it.
struct Shape {
    d: String,
    fill: Option<BackendColor>,
    stroke: Option<(BackendColor, u32)>,
}

/// A plotters backend that writes into a string. [`SvgBackend::close`] ends the element.
pub struct SvgBackend<'a> {
    out: &'a mut String,
    size: (u32, u32),
    pending: Option<Shape>,
}

impl<'a> SvgBackend<'a> {
    /// Starts an `<svg>` of `size` user units, with a title and an alternative text.
    pub fn open(out: &'a mut String, size: (u32, u32), title: &str, desc: &str) -> Self {
        let (w, h) = size;
        let _ = write!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"-{MARGIN} 0 {} {h}\" role=\"img\" \
             font-family=\"'{FAMILY}',sans-serif\" font-size=\"{FONT_SIZE}\" stroke-linejoin=\"round\"><title>",
            w + 2 * MARGIN
        );
        escape(out, title);
        out.push_str("</title><desc>");
        escape(out, desc);
        out.push_str("</desc>");
        SvgBackend { out, size: (w * PIXELS_PER_UNIT, h * PIXELS_PER_UNIT), pending: None }
    }

    /// Ends the element.
    pub fn close(out: &mut String) {
        out.push_str("</svg>");
    }

    /// Adds a shape. Shapes with the same look share an element; an outline of the previous fill becomes its stroke.
    fn shape(&mut self, shape: Shape) {
        if let Some(last) = &mut self.pending {
            if last.d == shape.d && last.stroke.is_none() && shape.fill.is_none() {
                last.stroke = shape.stroke;
                return;
            }
            // Transparent shapes stay separate, because they darken where they overlap.
            let opaque = shape.fill.is_none_or(|c| c.alpha >= 1.0);
            if opaque && same_fill(last.fill, shape.fill) && same_stroke(last.stroke, shape.stroke) {
                last.d.push_str(&shape.d);
                return;
            }
        }
        self.flush();
        self.pending = Some(shape);
    }

    fn fill(&mut self, d: String, color: BackendColor) {
        if color.alpha > 0.0 && !d.is_empty() {
            self.shape(Shape { d, fill: Some(color), stroke: None });
        }
    }

    fn stroke<S: BackendStyle>(&mut self, d: String, style: &S) {
        let color = style.color();
        if color.alpha > 0.0 && style.stroke_width() > 0 && !d.is_empty() {
            self.shape(Shape { d, fill: None, stroke: Some((color, style.stroke_width())) });
        }
    }

    fn flush(&mut self) {
        let Some(Shape { d, fill, stroke }) = self.pending.take() else {
            return;
        };
        self.out.push_str("<path class=\"");
        let fill_class = fill.and_then(|c| style::class(c.rgb));
        self.out.push_str(fill_class.unwrap_or_default());
        if let Some(class) = stroke.and_then(|(c, _)| style::class(c.rgb)) {
            let gap = if fill_class.is_some() { " " } else { "" };
            let _ = write!(self.out, "{gap}l-{class}");
        }
        self.out.push('"');
        match fill {
            Some(c) => self.color("fill", c),
            None => self.out.push_str(" fill=\"none\""),
        }
        if let Some((c, width)) = stroke {
            self.color("stroke", c);
            self.out.push_str(" stroke-width=\"");
            tenths(self.out, width as i32);
            self.out.push('"');
        }
        let _ = write!(self.out, " d=\"{d}\"/>");
    }

    fn color(&mut self, attribute: &str, color: BackendColor) {
        let (r, g, b) = color.rgb;
        let _ = write!(self.out, " {attribute}=\"#{r:02x}{g:02x}{b:02x}\"");
        if color.alpha < 1.0 {
            let _ = write!(self.out, " {attribute}-opacity=\"{}\"", (color.alpha * 100.0).round() / 100.0);
        }
    }
}

fn same_fill(a: Option<BackendColor>, b: Option<BackendColor>) -> bool {
    a.map(|c| (c.rgb, c.alpha.to_bits())) == b.map(|c| (c.rgb, c.alpha.to_bits()))
}

fn same_stroke(a: Option<(BackendColor, u32)>, b: Option<(BackendColor, u32)>) -> bool {
    same_fill(a.map(|s| s.0), b.map(|s| s.0)) && a.map(|s| s.1) == b.map(|s| s.1)
}

impl DrawingBackend for SvgBackend<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        self.flush();
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        self.fill(rectangle((x, y), (x + 1, y + 1)), color);
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.stroke(outline([from, to], false), style);
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(&mut self, a: BackendCoord, b: BackendCoord, style: &S, fill: bool) -> Drawn {
        if fill {
            self.fill(rectangle(a, b), style.color());
        } else {
            self.stroke(rectangle(a, b), style);
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        self.stroke(outline(path, false), style);
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, center: BackendCoord, radius: u32, style: &S, fill: bool) -> Drawn {
        if fill {
            self.fill(circle(center, radius as i32), style.color());
        } else {
            self.stroke(circle(center, radius as i32), style);
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, vert: I, style: &S) -> Drawn {
        self.fill(outline(vert, true), style.color());
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, pos: BackendCoord) -> Drawn {
        let color = style.color();
        if color.alpha == 0.0 || text.is_empty() {
            return Ok(());
        }
        self.flush();
        // Not every renderer supports `dominant-baseline`, so the baseline is computed here. Capitals are 0.66 em high.
        let size = style.size();
        let drop = match style.anchor().v_pos {
            VPos::Top => 0.75 * size,
            VPos::Center => 0.33 * size,
            VPos::Bottom => -0.2 * size,
        } as i32;
        let turned = matches!(style.transform(), FontTransform::Rotate270);
        let (x, y) = if turned { (pos.0 + drop, pos.1) } else { (pos.0, pos.1 + drop) };
        self.out.push_str("<text x=\"");
        tenths(self.out, x);
        self.out.push_str("\" y=\"");
        tenths(self.out, y);
        self.out.push('"');
        if turned {
            self.out.push_str(" transform=\"rotate(-90 ");
            pair(self.out, (x, y));
            self.out.push_str(")\"");
        }
        if let Some(class) = style::class(color.rgb) {
            let _ = write!(self.out, " class=\"{class}\"");
        }
        self.color("fill", color);
        let size = size.round() as i32;
        if size != (FONT_SIZE * f64::from(PIXELS_PER_UNIT)) as i32 {
            self.out.push_str(" font-size=\"");
            tenths(self.out, size);
            self.out.push('"');
        }
        self.out.push_str(match style.anchor().h_pos {
            HPos::Left => "",
            HPos::Center => " text-anchor=\"middle\"",
            HPos::Right => " text-anchor=\"end\"",
        });
        if matches!(style.style(), FontStyle::Bold) {
            self.out.push_str(" font-weight=\"bold\"");
        }
        self.out.push('>');
        escape(self.out, text);
        self.out.push_str("</text>");
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        // plotters measures a font by its line height; SVG measures it by the em.
        let bold = matches!(style.style(), FontStyle::Bold);
        Ok((text::width(text, style.size(), bold) as u32, style.size() as u32))
    }
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::canvas::svg::Svg;
    use plotters::element::{PathElement, Polygon, Rectangle};
    use plotters::prelude::{Color, IntoDrawingArea, RGBColor};

    const RED: RGBColor = RGBColor(250, 1, 2);

    fn drawn(draw: impl FnOnce(&plotters::drawing::DrawingArea<SvgBackend<'_>, plotters::coord::Shift>)) -> String {
        let mut out = String::new();
        {
            let area = SvgBackend::open(&mut out, (10, 10), "t", "d").into_drawing_area();
            draw(&area);
            area.present().unwrap();
        }
        out.split_once("</desc>").unwrap().1.to_string()
    }

    #[test]
    fn room_widens_the_view_on_both_sides() {
        let mut out = String::new();
        SvgBackend::open(&mut out, (192, 50), "t", "d");
        SvgBackend::close(&mut out);
        let wide = Svg::new(out.clone()).with_room(0.1);
        assert_eq!(wide.as_str(), out.replace("-4 0 200 50", "-24 0 240 50"));
        assert_ne!(wide.as_str(), out);
    }

    #[test]
    fn coordinates_are_tenths() {
        let mut out = String::new();
        for v in [0, 5, -5, 10, 123, -1234] {
            tenths(&mut out, v);
            out.push(' ');
        }
        assert_eq!(out, "0 .5 -.5 1 12.3 -123.4 ");
    }

    #[test]
    fn text_is_escaped() {
        let mut out = String::new();
        escape(&mut out, "<script>alert(1)</script> & \"'\u{0}\u{b}\n\u{202e}\u{200b}\u{9b}");
        assert_eq!(out, "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;&#39;\u{fffd}\u{fffd} \u{fffd}");
    }

    #[test]
    fn shapes_of_one_look_share_a_path() {
        let svg = drawn(|area| {
            for x in [0, 30] {
                area.draw(&Rectangle::new([(x, 0), (x + 20, 15)], RED.filled())).unwrap();
            }
        });
        assert_eq!(svg, "<path class=\"\" fill=\"#fa0102\" d=\"M0 0h2v1.5h-2ZM3 0h2v1.5h-2Z\"/>");
    }

    #[test]
    fn an_outline_joins_its_fill() {
        let ring = vec![(0, 0), (10, 0), (0, 10)];
        let svg = drawn(|area| {
            area.draw(&Polygon::new(ring.clone(), RED.filled())).unwrap();
            let closed: Vec<_> = ring.iter().chain(&ring[..1]).copied().collect();
            area.draw(&PathElement::new(closed, Color::stroke_width(&RED, 7))).unwrap();
        });
        let path = "d=\"M0 0l1 0-1 1Z\"/>";
        assert_eq!(svg, format!("<path class=\"\" fill=\"#fa0102\" stroke=\"#fa0102\" stroke-width=\".7\" {path}"));
    }
}
