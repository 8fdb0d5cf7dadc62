//! Properties of every chart. `cargo test --release charts::tests -- --ignored` writes all charts to `target/gallery`, for
//! viewing, and measures the time.

mod gallery;
mod hostile;

use self::gallery::{CATEGORIES, about, realistic};
use self::hostile::{empty, hostile};
use super::canvas::{style, text};
use super::*;

/// Checks that every tag is closed by its own name, in order, and that no text contains a bare `<` or `&`.
fn assert_well_formed(name: &str, svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    for part in svg.split('<').skip(1) {
        let Some((tag, text)) = part.split_once('>') else { panic!("{name}: an open tag near {part}") };
        assert!(!text.contains('>'), "{name}: bare > in {text}");
        for entity in text.split('&').skip(1).chain(tag.split('&').skip(1)) {
            assert!(["amp;", "lt;", "gt;", "quot;", "#39;"].iter().any(|e| entity.starts_with(e)), "{name}: &{entity}");
        }
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed), "{name}");
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().unwrap_or_default());
        }
    }
    assert!(open.is_empty(), "{name}: {open:?}");
}

#[test]
fn figures_are_sound() {
    for (name, svg) in realistic().into_iter().chain(hostile()).chain(empty()) {
        let svg = svg.as_str();
        assert_well_formed(name, svg);
        assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"") && svg.contains("role=\"img\""), "{name}");
        assert!(svg.contains("<title>") && svg.contains("<desc>"), "{name}");
        assert!(!svg.contains(" id=") && !svg.contains("<script"), "{name}");
        let paths = svg.split(" d=\"").skip(1).filter_map(|d| d.split('"').next());
        for d in paths {
            assert!(!d.contains("NaN") && !d.contains("inf"), "{name}: {d}");
        }
    }
}

#[test]
fn texts_stay_on_the_page() {
    for (name, svg) in realistic().into_iter().chain(hostile()) {
        for text in svg.as_str().split("<text ").skip(1) {
            let attribute = |key: &str| text.split_once(&format!("{key}=\"")).and_then(|(_, v)| v.split('"').next());
            let number = |key| attribute(key).and_then(|v| v.parse::<f64>().ok());
            let content = text.split_once('>').and_then(|(_, t)| t.split('<').next()).unwrap_or_default();
            let content = content.replace("&lt;", "<").replace("&gt;", ">").replace("&#39;", "'").replace("&amp;", "&");
            let size = number("font-size").unwrap_or(style::FONT_SIZE);
            let width = text::width(&content, size, attribute("font-weight").is_some());
            let (Some(x), Some(y)) = (number("x"), number("y")) else { panic!("{name}: {text}") };
            let start = match attribute("text-anchor") {
                Some("middle") => x - width / 2.0,
                Some("end") => x - width,
                _ => x,
            };
            if attribute("transform").is_some() {
                assert!(y - width >= -0.5, "{name}: `{content}` is cut at the top");
            } else {
                assert!(
                    start >= -0.5 && start + width <= style::WIDTH + 0.5,
                    "{name}: `{content}` from {start} over {width}"
                );
            }
            assert!(size >= style::SMALL, "{name}: `{content}` is too small");
        }
    }
}

#[test]
fn the_same_data_give_the_same_bytes() {
    assert_eq!(realistic(), realistic());
    assert_eq!(hostile(), hostile());
}

#[test]
fn the_order_of_the_input_does_not_matter() {
    let mut bars_in: Vec<Bar> =
        CATEGORIES.iter().map(|c| Bar { label: c.0, value: c.1.round(), ..Default::default() }).collect();
    let once = bars(&about(""), &Bars { bars: &bars_in, ..Default::default() });
    bars_in.reverse();
    assert_eq!(once, bars(&about(""), &Bars { bars: &bars_in, ..Default::default() }));
}

#[test]
fn figures_are_small() {
    for (name, svg) in realistic() {
        let bytes = svg.as_str().len();
        assert!(bytes < 30 * 1024, "{name}: {bytes} bytes");
    }
}

#[test]
fn without_data_the_figure_says_so() {
    for (name, svg) in empty() {
        assert!(svg.as_str().contains(">Pas de données</text>"), "{name}");
        assert!(!svg.as_str().contains("<path"), "{name}");
    }
}

#[test]
fn colours_of_the_palette_carry_their_class() {
    for (name, svg) in realistic() {
        assert!(!svg.as_str().contains("class=\"\""), "{name}");
    }
}

#[test]
fn figures_draw_on_any_backend_of_plotters() {
    // With twice as many pixels, coordinates double and stay within the picture.
    let mut out = String::new();
    {
        let area = SvgBackend::open(&mut out, (1280, 200), "", "").into_drawing_area();
        let canvas = Canvas::new(&area, WIDTH);
        assert_eq!(canvas.height(), 100.0);
        assert!(canvas.rect((0.0, 0.0), (640.0, 100.0), style::SOFT).is_ok() && area.present().is_ok());
    }
    assert!(out.contains("M0 0h1280v200h-1280Z"), "{out}");
}

#[test]
#[ignore = "writes pictures to look at"]
fn write_the_gallery() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/gallery");
    std::fs::create_dir_all(&dir).unwrap();
    for (name, svg) in realistic().into_iter().chain(hostile()) {
        std::fs::write(dir.join(format!("{name}.svg")), svg.as_str()).unwrap();
    }
}

#[test]
#[ignore = "a measurement"]
fn charts_take_less_than_three_milliseconds_on_average() {
    realistic();
    let start = std::time::Instant::now();
    let rounds = 20;
    let charts: usize = (0..rounds).map(|_| realistic().len()).sum();
    let mean = start.elapsed().as_secs_f64() * 1e3 / charts as f64;
    assert!(mean < 3.0, "{mean:.2} ms");
}
