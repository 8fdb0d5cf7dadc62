//! Findings → report. `charts` draws the figures as SVG; HTML and PDF embed them.

pub mod charts;
pub mod fonts;
pub mod svg;
