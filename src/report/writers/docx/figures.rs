//! Figures → SVG and, for readers that show none, PNG. Used by `docx`.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{ImageHrefResolver, Options, Tree, WriteOptions, fontdb};

use crate::charts::canvas::fonts;
use crate::report::document::{Block, Document};
use crate::{Error, Result, parallel};

/// Width of a figure in pixels: 150 to the inch.
const PIXELS: f32 = 862.0;
/// A figure is no higher than this share of its width, or it is made smaller: a page holds no more.
const TALLEST: f32 = 1.45;

/// A figure as files.
pub(super) struct Drawing {
    pub(super) number: usize,
    /// Width and height, relative to the width of the text.
    pub(super) size: (f32, f32),
    pub(super) svg: Vec<u8>,
    pub(super) png: Vec<u8>,
}

/// The fonts of the report under every name that a drawing may ask for.
static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    for face in [fonts::REGULAR, fonts::BOLD, fonts::ITALIC, fonts::CODE] {
        fonts.load_font_data(face.to_vec());
    }
    fonts.set_serif_family(fonts::FAMILY);
    fonts.set_sans_serif_family(fonts::FAMILY);
    fonts.set_cursive_family(fonts::FAMILY);
    fonts.set_fantasy_family(fonts::FAMILY);
    fonts.set_monospace_family(fonts::CODE_FAMILY);
    Arc::new(fonts)
});

/// The figures of a document, in its order.
///
/// # Errors
/// A drawing cannot be read; the message names the figure.
pub(super) fn drawings(document: &Document) -> Result<Vec<Drawing>> {
    let figures = document.blocks().filter_map(|block| match block {
        Block::Figure { place, figure } => Some((place, figure.svg.as_str())),
        _ => None,
    });
    parallel::map(figures, |(place, svg)| {
        drawing(place.number, svg).map_err(|e| Error::report(format!("`{}` in the Word document", place.id), e))
    })
}

/// Letters become outlines: Word would show those of a font that is not installed in another one.
fn drawing(number: usize, svg: &str) -> Result<Drawing, String> {
    // No drawing reads a file.
    let image_href_resolver = ImageHrefResolver { resolve_string: Box::new(|_, _| None), ..Default::default() };
    let options = Options {
        font_family: fonts::FAMILY.into(),
        fontdb: Arc::clone(&FONTS),
        image_href_resolver,
        ..Options::default()
    };
    let tree = Tree::from_str(svg, &options).map_err(|e| e.to_string())?;
    let (width, height) = (tree.size().width(), tree.size().height());
    let share = (TALLEST * width / height).min(1.0);
    let scale = PIXELS * share / width;
    let pixels = |length: f32| (length * scale).ceil().max(1.0) as u32;
    let mut pixmap = Pixmap::new(pixels(width), pixels(height)).ok_or("it has no size")?;
    pixmap.fill(Color::WHITE);
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    let outlines = WriteOptions { coordinates_precision: 2, transforms_precision: 5, ..WriteOptions::default() };
    Ok(Drawing {
        number,
        size: (share, share * height / width),
        svg: tree.to_string(&outlines).into_bytes(),
        png: png(&pixmap).map_err(|e| e.to_string())?,
    })
}

/// An opaque picture as PNG: fast, since there are many, and flat colours compress well anyway.
fn png(pixmap: &Pixmap) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, pixmap.width(), pixmap.height());
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    encoder.write_header()?.write_image_data(pixmap.data())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_is_both_outlines_and_pixels() {
        let svg =
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 100 40\"><text x=\"5\" y=\"20\">São</text></svg>";
        let drawn = drawing(1, svg).unwrap();
        let text = String::from_utf8(drawn.svg).unwrap();
        assert!(text.contains("<path") && !text.contains("<text"), "{text}");
        assert!(drawn.png.starts_with(b"\x89PNG") && (drawn.size.1 - 0.4).abs() < 1e-6);
        let tall = drawing(1, &svg.replace("100 40", "10 100")).unwrap();
        assert!((tall.size.1 - TALLEST).abs() < 1e-6 && tall.size.0 < 0.2);
        assert!(
            drawing(1, "<svg").is_err()
                && drawing(1, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"0\"/>").is_err()
        );
    }
}
