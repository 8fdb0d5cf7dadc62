//! Numbering of headings and lists. Part of `docx`.

use std::fmt::Write;

use super::xml::NAMESPACES;

/// Levels of headings that Word numbers: those of a report.
pub(super) const NUMBERED: usize = 3;
/// Deepest level of lists that Word knows, from 0.
pub(super) const DEEPEST: usize = 8;
/// Numbering of headings, and of lists without numbers; each numbered list has one of its own after these.
pub(super) const OF_HEADINGS: usize = 1;
pub(super) const OF_BULLETS: usize = 2;

/// The numbering of headings, and of lists with level and first number of each numbered one.
pub(super) fn numbering(lists: &[(usize, u64)]) -> String {
    let mut out = format!("<w:numbering {NAMESPACES}>");
    let levels = |level: &dyn Fn(usize) -> String| (0..=DEEPEST).map(level).collect::<String>();
    let of_headings = levels(&|level| {
        let text: Vec<String> = (1..=level + 1).map(|part| format!("%{part}")).collect();
        let style =
            if level < NUMBERED { format!("<w:pStyle w:val=\"Heading{}\"/>", level + 1) } else { String::new() };
        format!(
            "<w:lvl w:ilvl=\"{level}\"><w:start w:val=\"1\"/><w:numFmt w:val=\"decimal\"/>{style}<w:suff w:val=\"space\"/>\
             <w:lvlText w:val=\"{}\"/><w:lvlJc w:val=\"left\"/><w:pPr><w:ind w:left=\"0\" w:firstLine=\"0\"/></w:pPr>\
             <w:rPr><w:b w:val=\"0\"/><w:bCs w:val=\"0\"/><w:color w:val=\"0B5A6E\"/></w:rPr></w:lvl>",
            text.join(".")
        )
    });
    let of_list = |format: &'static str, text: &'static dyn Fn(usize) -> String| {
        levels(&|level| {
            format!(
                "<w:lvl w:ilvl=\"{level}\"><w:start w:val=\"1\"/><w:numFmt w:val=\"{format}\"/><w:lvlText w:val=\"{}\"/><w:lvlJc w:val=\"left\"/>\
                 <w:pPr><w:ind w:left=\"{}\" w:hanging=\"300\"/></w:pPr></w:lvl>",
                text(level),
                360 * (level + 1)
            )
        })
    };
    let kinds =
        [of_headings, of_list("bullet", &|_| "•".into()), of_list("decimal", &|level| format!("%{}.", level + 1))];
    for (kind, levels) in kinds.iter().enumerate() {
        let _ = writeln!(
            out,
            "<w:abstractNum w:abstractNumId=\"{kind}\"><w:multiLevelType w:val=\"multilevel\"/>{levels}</w:abstractNum>"
        );
    }
    for (number, kind) in [(OF_HEADINGS, 0), (OF_BULLETS, 1)] {
        let _ = write!(out, "<w:num w:numId=\"{number}\"><w:abstractNumId w:val=\"{kind}\"/></w:num>");
    }
    for (place, (level, first)) in lists.iter().enumerate() {
        let _ = write!(
            out,
            "<w:num w:numId=\"{}\"><w:abstractNumId w:val=\"2\"/><w:lvlOverride w:ilvl=\"{level}\"><w:startOverride w:val=\"{first}\"/></w:lvlOverride></w:num>",
            OF_BULLETS + place + 1
        );
    }
    out + "</w:numbering>"
}
