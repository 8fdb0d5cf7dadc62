//! Pixels of the backend → path data of an SVG, in tenths. Used by `backend`.

use std::fmt::Write;

use plotters_backend::BackendCoord;

/// Writes `value / 10` with at most one decimal.
pub(super) fn tenths(out: &mut String, value: i32) {
    let (sign, value) = (if value < 0 { "-" } else { "" }, value.unsigned_abs());
    let _ = match value % 10 {
        0 => write!(out, "{sign}{}", value / 10),
        d if value < 10 => write!(out, "{sign}.{d}"),
        d => write!(out, "{sign}{}.{d}", value / 10),
    };
}

/// Path data with an absolute start and relative steps, the shortest form of a polyline.
pub(super) fn outline(points: impl IntoIterator<Item = BackendCoord>, closed: bool) -> String {
    let mut d = String::new();
    let mut points: Vec<_> = points.into_iter().collect();
    points.dedup();
    let round_trip = points.len() > 2 && points.first() == points.last();
    if round_trip {
        points.pop();
    }
    let Some(&start) = points.first() else {
        return d;
    };
    if points.len() < 2 {
        return d;
    }
    d.push('M');
    pair(&mut d, start);
    d.push('l');
    for (i, step) in points.windows(2).enumerate() {
        let (dx, dy) = (step[1].0.saturating_sub(step[0].0), step[1].1.saturating_sub(step[0].1));
        if i > 0 && dx >= 0 {
            d.push(' ');
        }
        pair(&mut d, (dx, dy));
    }
    if closed || round_trip {
        d.push('Z');
    }
    d
}

pub(super) fn pair(d: &mut String, (x, y): BackendCoord) {
    tenths(d, x);
    if y >= 0 {
        d.push(' ');
    }
    tenths(d, y);
}

pub(super) fn rectangle(a: BackendCoord, b: BackendCoord) -> String {
    let (w, h) = ((b.0 - a.0).abs(), (b.1 - a.1).abs());
    let mut d = String::from("M");
    pair(&mut d, (a.0.min(b.0), a.1.min(b.1)));
    for (step, length) in [('h', w), ('v', h), ('h', -w)] {
        d.push(step);
        tenths(&mut d, length);
    }
    d.push('Z');
    d
}

pub(super) fn circle((x, y): BackendCoord, r: i32) -> String {
    let mut d = String::from("M");
    pair(&mut d, (x - r, y));
    for across in [2 * r, -2 * r] {
        d.push('a');
        pair(&mut d, (r, r));
        d.push_str(" 0 1 0 ");
        pair(&mut d, (across, 0));
    }
    d.push('Z');
    d
}
