//! Documents → Markdown that says the same when it is read.

use pulldown_cmark::{Event, Options, Parser, Tag};
use serde_json::json;

use super::Markdown;
use crate::report::tests::{HOSTILE, composed, materials};

fn markdown(text: &str, values: serde_json::Value) -> Markdown {
    composed(text, &materials(values)).unwrap().to_markdown("report_files")
}

fn events(text: &str) -> Vec<Event<'_>> {
    Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_STRIKETHROUGH).collect()
}

/// What a reader sees of it.
fn shown(text: &str) -> String {
    let part = |event: &Event<'_>| match event {
        Event::Text(text) | Event::Code(text) => text.to_string(),
        Event::SoftBreak | Event::HardBreak | Event::End(_) => "\n".into(),
        _ => String::new(),
    };
    events(text).iter().map(part).collect()
}

#[test]
fn every_construct_reaches_markdown() {
    let text = "# Ventes {#ventes}\n\n## Par mois\n\nUn *mot* **fort**, d’*«a»*, `co|de`, un [lien](https://a.b/?c&d).\\\nSuite[^n], \
        [](figure:f), [voir](table:t), [](#ventes), [](cite:a).\n\n[^n]: Une *note*.\n\n    - a\n\n![Sans 2016.](figure:f)\n\n![](table:t)\n\n- a\n  1. b\n- c\n\n> cité\n\n\
        > [!WARNING]\n> attention\n\n```sql\nSELECT 1 < 2 -- ``` x\n```\n\n---\n\n| a | b |\n|---|--:|\n| *x* `p|q` | 1 |\n\n# Annexe {.unnumbered}\n\n![](bibliography:works)\n";
    let text = text.replace("```sql", "````sql").replace("x\n```\n", "x\n````\n").replace("`p|q`", "`p\\|q`");
    let Markdown { text, figures } = markdown(&text, json!({}));
    for part in [
        "<!-- written by pfe -->\n\n# Que vendre ?\n",
        "- [1 Ventes](#ventes)\n  - [1.1 Par mois](#par-mois)\n",
        "<a id=\"ventes\"></a>\n\n## 1 Ventes\n",
        "### 1.1 Par mois\n",
        "Un *mot* **fort**, d’<em>«\u{a0}a\u{a0}»</em>, `co|de`, un [lien](https://a.b/?c&d).\\\nSuite[^1], [figure\u{a0}1](#figure-f), [voir](#table-t), [section\u{a0}1](#ventes), [Wilson, 1927](#cite-a).",
        "[^1]: Une *note*.\n\n    - a\n",
        "**Figure\u{a0}1** Le revenu croît\n\n![Un rectangle](report_files/f.svg)\n\nSans 2016. Source\u{a0}: mart\n",
        "| État | Revenu |\n| :--- | ---: |\n| SP | 1,5 |\n",
        "- a\n\n  1. b\n\n- c\n",
        "> cité\n",
        "> **Limite**\n>\n> attention\n",
        "````\nSELECT 1 < 2 -- ``` x\n````\n",
        "\n---\n",
        "| *x* `p\\|q` | 1 |\n",
        "- <a id=\"cite-a\"></a>Wilson, E. (1927). *&lt;On&gt; shares*. [https\\://x.org/](https://x.org/)\n",
    ] {
        assert!(text.contains(part), "{part}\n\n{text}");
    }
    assert_eq!(figures.len(), 1);
    assert!(
        figures[0].0 == "f.svg"
            && figures[0].1.contains("<rect x=\"-4\" y=\"0\" width=\"108\" height=\"40\" fill=\"#fff\"/>")
    );
    // Every link inside leads somewhere.
    for event in events(&text) {
        if let Event::Start(Tag::Link { dest_url, .. }) = event
            && let Some(target) = dest_url.strip_prefix('#')
        {
            assert!(text.contains(&format!("<a id=\"{target}\"></a>")), "{target}");
        }
    }
}

#[test]
fn hostile_text_is_text() {
    let more = [
        "a | b `c|d` ``",
        "# x",
        "1. x",
        "- [ ] x",
        "www.x.org http://x.org a@x.org :x: $a$ ~~b~~",
        "\u{202e}\u{1b}x",
        "&lt; \\| \\",
    ];
    for value in HOSTILE.into_iter().chain(more) {
        let source = "# T {{ v }}\n\n{{ v }}\n\nA {{ v }} *b {{ v }}* `{{ v }}` c[^n]\n\n[^n]: {{ v }}\n\n| h |\n|---|\n| {{ v }} |\n";
        let text = markdown(source, json!({ "v": value })).text;
        let expected: String = value.replace('\n', " ").chars().filter_map(crate::text::seen).collect();
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let seen = flat(&shown(&text));
        // In the contents, the heading, two paragraphs, the note and the table.
        assert_eq!(seen.matches(&flat(&expected)).count(), 8, "{value}:\n{text}\n{seen}");
        for event in events(&text) {
            match event {
                Event::Start(Tag::Link { dest_url, .. }) => assert!(dest_url.starts_with('#'), "{value}: {dest_url}"),
                Event::Start(Tag::Image { .. } | Tag::CodeBlock(_) | Tag::Strikethrough) => panic!("{value}:\n{text}"),
                Event::Html(html) | Event::InlineHtml(html) => {
                    let ours = ["<a id=", "</a>", "<!-- written", "<em>", "</em>"];
                    assert!(ours.iter().any(|start| html.starts_with(start)), "{value}: {html}");
                }
                _ => {}
            }
        }
        assert_eq!(text.lines().filter(|line| line.starts_with("| ")).count(), 3, "{value}:\n{text}");
    }
}
