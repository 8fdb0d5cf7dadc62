//! Slides of documents written here: what fits, what is chosen, what both files say.

use std::collections::BTreeMap;

use super::measure::{LINE, heights, room};
use super::{Body, Deck};
use crate::charts::Svg;
use crate::report::document::{Block, Document, Inline, words};
use crate::report::{Chapter, Figure, Materials, Meta, compose};

fn document(summary: &str) -> Document {
    let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 4"><path d="M0 0h8v4z"/></svg>"#;
    let figure = |title: &str| Figure {
        svg: Svg::new(svg.into()),
        title: title.into(),
        alt: format!("What {title} shows"),
        source: "tables/x.csv".into(),
    };
    let figures = [("months", "Sales & <months>"), ("other", "Others")];
    let figures: BTreeMap<String, Figure> =
        figures.into_iter().map(|(id, title)| (id.to_string(), figure(title))).collect();
    let materials = Materials { figures, values: serde_json::json!({}), ..Materials::default() };
    let chapter = |name: &str, text: &str| Chapter { name: name.into(), text: text.into() };
    let rest = "# Rest {#rest}\n\n![A note.](figure:months)\n\n![](figure:other)\n";
    let meta = Meta { title: "Title".into(), notice: Some("Generated data".into()), ..Meta::default() };
    compose(meta, &[chapter("00.md", summary), chapter("01.md", rest)], &materials).unwrap()
}

fn deck(summary: &str) -> Deck {
    document(summary).deck().unwrap()
}

fn texts(deck: &Deck) -> impl Iterator<Item = (String, &[Block])> {
    deck.slides.iter().filter_map(|slide| match &slide.body {
        Body::Text(blocks) => Some((slide.name(), blocks.as_slice())),
        Body::Figure(..) => None,
    })
}

/// All words of blocks, in order.
fn said(blocks: &[Block], out: &mut Vec<String>) {
    for block in blocks {
        match block {
            Block::Paragraph(text) | Block::Plain(text) => {
                out.extend(words(text).split_whitespace().map(str::to_owned));
            }
            Block::List { items, .. } => items.iter().for_each(|item| said(item, out)),
            Block::Quote(inner) | Block::Remark(_, inner) => said(inner, out),
            Block::Code(code) => out.extend(code.split_whitespace().map(str::to_owned)),
            Block::Grid { rows, .. } => {
                out.extend(
                    rows.iter()
                        .flatten()
                        .flat_map(|cell| words(cell).split_whitespace().map(str::to_owned).collect::<Vec<_>>()),
                );
            }
            _ => {}
        }
    }
}

#[test]
fn a_slide_per_heading_and_per_figure() {
    let deck = deck("# Summary\n\nIn short.\n\n## What\n\n- One.\n- Two.\n\n### Why\n\nBecause.\n");
    let names: Vec<String> = deck.slides.iter().map(|slide| slide.name()).collect();
    assert_eq!(names, ["Summary", "What", "Sales & <months>"]);
    let blocks: Vec<_> = texts(&deck).map(|(_, blocks)| blocks).collect();
    assert!(
        matches!(blocks[1], [Block::List { items, .. }, Block::Paragraph(_), Block::Paragraph(_)] if items.len() == 2)
    );
}

#[test]
fn a_long_summary_flows_on_and_loses_no_word() {
    let sentence =
        |i: usize| format!("Sentence {i} says **strongly** what `code{i}` and *others* say of it at some length. ");
    let long: String = (0..120).map(sentence).collect();
    let items: String = (0..40).map(|i| format!("- **Item {i}.** {}\n", sentence(i).repeat(1 + i % 5))).collect();
    let numbered: String = (1..30).map(|i| format!("{i}. {}\n", sentence(i))).collect();
    let code: String = (0..60).map(|i| format!("line {i}\n")).collect();
    let rows: String = (0..60).map(|i| format!("| row {i} | {} |\n", sentence(i))).collect();
    let summary = format!(
        "# Summary\n\n{long}\n\n## Items\n\n{items}\n## Steps\n\n{numbered}\n## Remark\n\n> [!NOTE]\n> {long}\n\n## Quote\n\n> {long}\n\n\
         ## Code\n\n```\n{code}```\n\n## Table\n\n| a | b |\n|---|---|\n{rows}\n## Word\n\n{}\n",
        "x".repeat(3_000)
    );
    let document = document(&summary);
    let deck = document.deck().unwrap();
    for (name, blocks) in texts(&deck) {
        let (tall, room) = (heights(blocks, LINE), room(&name));
        assert!(tall <= room, "`{name}`: {tall} of {room}");
        assert!(!blocks.is_empty());
    }
    let (mut expected, mut found) = (Vec::new(), Vec::new());
    let unheaded = document.chapters[0].iter().filter(|block| !matches!(block, Block::Heading(_))).cloned();
    said(&unheaded.collect::<Vec<_>>(), &mut expected);
    texts(&deck).for_each(|(_, blocks)| said(blocks, &mut found));
    assert_eq!(expected.concat(), found.concat());
    let parts = texts(&deck).filter(|(name, _)| name.starts_with("Items")).count();
    assert!((5..40).contains(&parts), "{parts}");
    assert!(texts(&deck).any(|(name, _)| name == format!("Items (1/{parts})")));
    // A numbered list goes on where it ended.
    let firsts = texts(&deck).filter(|(name, _)| name.starts_with("Steps")).map(|(_, blocks)| match &blocks[0] {
        Block::List { first: Some(first), items } => (*first, items.len() as u64),
        other => panic!("{other:?}"),
    });
    let firsts: Vec<(u64, u64)> = firsts.collect();
    assert!(firsts.len() > 1 && firsts.windows(2).all(|pair| pair[0].0 + pair[0].1 == pair[1].0), "{firsts:?}");
}

#[test]
fn a_title_of_any_length_leaves_room() {
    let deck = deck(&format!("# {}\n\nText.\n", "an endless title ".repeat(100)));
    let (name, _) = texts(&deck).next().unwrap();
    assert!(room(&name) > 200.0 && name.ends_with('…'), "{name}");
}

#[test]
fn only_links_to_slides_stay_links_and_notes_stand_in_brackets() {
    let deck = deck("# S {#s}\n\nSee [](figure:months), [](figure:other), [there](#rest)[^n].\n\n[^n]: A note.\n");
    let (_, blocks) = texts(&deck).next().unwrap();
    let Block::Paragraph(text) = &blocks[0] else { panic!("{blocks:?}") };
    let links: Vec<&str> = text
        .iter()
        .filter_map(|inline| if let Inline::Reference { target, .. } = inline { Some(target.as_str()) } else { None })
        .collect();
    assert_eq!(links, ["figure:months"]);
    assert_eq!(words(text), "See figure\u{a0}1, figure\u{a0}2, there (A note.).");
}

#[test]
fn figures_are_chosen_in_order_and_unknown_ones_are_refused() {
    let chosen = |ids: &[&str]| {
        let mut document = document("# Summary\n\nText.\n");
        document.slides_figures = ids.iter().map(|id| id.to_string()).collect();
        document.deck()
    };
    let names = |deck: Deck| deck.slides.iter().skip(1).map(|slide| slide.name()).collect::<Vec<_>>();
    assert_eq!(names(chosen(&[]).unwrap()), ["Sales & <months>"], "the default ones that there are");
    assert_eq!(names(chosen(&["other", "months", "other"]).unwrap()), ["Others", "Sales & <months>"]);
    let error = chosen(&["month"]).unwrap_err();
    assert_eq!(error.to_string(), "this report has no figure `month`");
    assert_eq!(error.hint(), Some("its figures are `months`, `other`"));
}

#[test]
fn the_page_holds_all_and_nothing_that_runs_but_its_script() {
    let page = document("# Summary\n\nA <&> of 5.\n").to_slides_html().unwrap();
    assert_eq!(page.matches("<section class=\"slide").count(), 3);
    assert_eq!(page.matches("Generated data").count(), 3);
    for part in [
        "A &lt;&amp;&gt; of 5.",
        "Sales &amp; &lt;months&gt;",
        "A note. Source",
        "tables/x.csv",
        "aria-label=\"What ",
        "3 / 3",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert_eq!(page.matches("<script>").count(), 1);
    let script = page.split("<script>").nth(1).unwrap().split("</script>").next().unwrap();
    let hash = base64::Engine::encode(
        &base64::prelude::BASE64_STANDARD,
        <sha2::Sha256 as sha2::Digest>::digest(script.as_bytes()),
    );
    assert!(page.contains(&format!("script-src 'sha256-{hash}'")));
    for foreign in ["http:", "https:", "onclick", "@import"] {
        assert!(!page.replace("http://www.w3.org/2000/svg", "").contains(foreign), "{foreign}");
    }
}

#[cfg(feature = "pdf")]
#[test]
fn the_pdf_is_the_same_twice() {
    let document =
        document("# Summary\n\nText, **strong**.\n\n> [!NOTE]\n> Noted.\n\n| a | b |\n|---|--:|\n| x | 1 |\n");
    let pdf = document.to_slides_pdf().unwrap();
    assert!(pdf.starts_with(b"%PDF-") && pdf == document.to_slides_pdf().unwrap());
}
