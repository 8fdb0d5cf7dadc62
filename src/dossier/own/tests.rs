//! Tests: where own chapters stand, and what their front matter and queries may be.

use super::*;

fn inserted(files: &[(&str, &str)]) -> Result<Vec<Chapter>> {
    let chapter = |name: &str| Chapter { name: name.into(), text: "# X".into() };
    let mut chapters = vec![chapter("en/00-summary.md"), chapter("en/09-region.md"), chapter("en/10-trial.md")];
    insert_chapters(&mut chapters, files.iter().copied(), &Queries::default())?;
    Ok(chapters)
}

#[test]
fn chapters_stand_where_their_order_or_name_says() {
    let chapters = inserted(&[
        ("en/09-mine.md", "# Mine\n"),
        ("en/last.md", "# Last\n"),
        ("en/x.md", "+++\norder = 0.5\ntitle = \"First\"\n+++\nText\n"),
    ])
    .unwrap();
    let names: Vec<&str> = chapters.iter().map(|chapter| chapter.name.as_str()).collect();
    let expected = ["en/00-summary.md", "en/x.md", "en/09-region.md", "en/09-mine.md", "en/10-trial.md", "en/last.md"];
    assert_eq!(names, expected);
    // The heading stands on the last line of the front matter: lines keep their numbers.
    assert_eq!(chapters[1].text, "\n\n\n# First\nText\n");
}

#[test]
fn wrong_front_matter_is_told_with_file_and_line() {
    let error = |text: &str| inserted(&[("en/x.md", text)]).unwrap_err().to_string();
    assert_eq!(error("+++\ntitle = \"x\"\n# Y\n"), "`en/x.md`, line 1: the front matter has no end");
    let unknown = error("+++\norder = 1\nheading = \"x\"\n+++\n");
    assert!(unknown.contains("`en/x.md`") && unknown.contains("line 3") && unknown.contains("heading"), "{unknown}");
    assert!(error("+++\nneeds = [\"sales\"]\n+++\n# X\n").contains("needs the query `sales`"));
    assert!(error("+++\norder = nan\n+++\n# X\n").contains("no number"));
}
