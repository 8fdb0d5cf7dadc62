//! The report engine, from chapters to both outputs.

use serde_json::{Value, json};

use super::*;

/// Values that would act as code, markup or placeholder if anything interpreted them.
pub(super) const HOSTILE: [&str; 8] = [
    "<script>alert(1)</script>",
    "#set page(fill: red)",
    "*bold* _it_ `c` **",
    "[x](https://y.z)",
    "{{ 7*7 }}",
    "\") #panic(\"\\",
    "| a | b |\n\n# title\n\n- item",
    "&amp; <!-- --> ![](figure:f) [^1]",
];

pub(super) fn figure(title: &str) -> Figure {
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 100 40\" role=\"img\"><text x=\"5\" y=\"20\" \
               font-family=\"Source Sans 3\" font-size=\"8\">São Paulo ≥ 40 %</text><rect x=\"50\" y=\"5\" width=\"40\" height=\"30\"/></svg>";
    Figure { svg: Svg::new(svg.into()), title: title.into(), alt: "Un rectangle".into(), source: "mart".into() }
}

fn table(cells: &[&str]) -> Table {
    let column = |header: &str, numeric| TableColumn { header: header.into(), numeric };
    Table {
        columns: vec![column("État", false), column("Revenu", true)],
        rows: cells.iter().map(|cell| vec![(*cell).to_owned(), "1,5".into()]).collect(),
        title: "Revenu par état".into(),
        source: "tables/by_state.csv".into(),
    }
}

const WORKS: &str = "@book{a, author = {Wilson, E.}, title = {<On> shares}, year = {1927}, url = {https://x.org/}}
@book{b, author = {B, C and D, E}, title = {Other}, year = {1999}}";

pub(super) fn materials(values: Value) -> Materials {
    Materials {
        values,
        figures: [("f".to_owned(), figure("Le revenu croît")), ("g".to_owned(), figure("Le reste suit"))].into(),
        tables: [("t".to_owned(), table(&["SP", "RJ"]))].into(),
        works: super::bibliography::parse(WORKS).unwrap(),
        sources: [("total".to_owned(), Origin { file: "tables/<x>.csv".into(), rows: "n > 1".into() })].into(),
    }
}

fn meta() -> Meta {
    Meta {
        currency: lang::Currency::default(),
        title: "Que vendre ?".into(),
        authors: vec!["A. Auteur".into()],
        notice: Some("Données générées".into()),
        date: Some("2018-10-17".into()),
        fingerprint: "abc123".into(),
        ..Meta::default()
    }
}

pub(super) fn composed(text: &str, materials: &Materials) -> Result<Document> {
    compose(meta(), &[Chapter { name: "essai.md".into(), text: text.into() }], materials)
}

fn html(text: &str, values: Value) -> String {
    composed(text, &materials(values)).unwrap().to_html().unwrap()
}

fn error(text: &str) -> String {
    composed(text, &materials(json!({}))).err().unwrap().to_string()
}

#[test]
fn every_construct_reaches_html() {
    let text = "<!-- interne -->\n\n# Ventes {#ventes}\n\n## Par mois\n\nUn *mot* **fort**, `code`, un [lien](https://a.b/?c&d).\\\nSuite[^n], \
        [](figure:f), [voir](table:t), [](#ventes), [](figure:g).\n\n[^n]: Une *note*.\n\n![Sans 2016.](figure:f)\n\n![](figure:g)\n\n\
        ![](table:t)\n\n- a\n  1. b\n- c\n\n> cité\n\n> [!WARNING]\n> attention\n\n```sql\nSELECT 1 < 2\n```\n\n---\n\n\
        | a | b |\n|---|--:|\n| *x* | 1 |\n\n# Annexe {.unnumbered}\n";
    let page = html(text, json!({}));
    for part in [
        "<html lang=\"fr\">",
        "<title>Que vendre ?</title>",
        "<aside class=\"notice\" aria-label=\"Remarque\">Données générées</aside>",
        "17\u{a0}octobre\u{a0}2018",
        "<h2 id=\"ventes\"><span class=\"number\">1</span> Ventes</h2>",
        "<h3 id=\"par-mois\"><span class=\"number\">1.1</span> Par mois</h3>",
        "<em>mot</em> <strong>fort</strong>, <code>code</code>",
        "<a href=\"https://a.b/?c&amp;d\" rel=\"noreferrer\">lien</a>.<br>",
        "<sup><a href=\"#note-1\" id=\"note-ref-1\" role=\"doc-noteref\">1</a></sup>",
        "<li id=\"note-1\"><p>Une <em>note</em>.</p>",
        "<a href=\"#figure:f\">figure\u{a0}1</a>, <a href=\"#table:t\">voir</a>, <a href=\"#ventes\">section\u{a0}1</a>, <a href=\"#figure:g\">figure\u{a0}2</a>",
        "<figure class=\"plate\" id=\"figure:f\"><figcaption><span class=\"number\">Figure\u{a0}1</span> Le revenu croît</figcaption>",
        "<svg aria-label=\"Un rectangle\" xmlns=",
        "<p class=\"source\">Sans 2016. Source\u{a0}: mart</p>",
        "<span class=\"number\">Tableau\u{a0}1</span> Revenu par état",
        "<tr><th scope=\"row\">SP</th><td class=\"n\">1,5</td></tr>",
        "<pre tabindex=\"0\"><code>SELECT 1 &lt; 2</code></pre>",
        "<div class=\"remark warning\" role=\"note\"><p class=\"label\">Limite</p>",
        "<td><em>x</em></td><td class=\"n\">1</td>",
        "<h2 id=\"annexe\">Annexe</h2>",
        "<li><a href=\"#table:t\">",
    ] {
        assert!(page.contains(part), "{part}\n\n{}", page.split("</header>").last().unwrap());
    }
    for outside in ["interne", "<script", "src=\"http", "url(http", "<link", "@import"] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn values_are_text_in_html() {
    for value in HOSTILE {
        let page = html(
            "# Titre {{ v }}\n\nA {{ v }} *b {{ v }}* `{{ v }}`\n\n| h |\n|---|\n| {{ v }} |\n",
            json!({ "v": value }),
        );
        let body = page.split("</nav></main>").next().unwrap().split("<section class=\"chapter\">").last().unwrap();
        let shown = value
            .replace('\n', " ")
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;");
        assert_eq!(body.matches(&shown).count(), 5, "{value}: {body}");
        assert!(!body.contains("<script") && !body.contains("<a ") && !body.contains("49"), "{body}");
    }
}

#[test]
fn materials_and_meta_are_text_in_html() {
    let mut materials = materials(json!({}));
    materials.tables.insert("t".into(), table(&HOSTILE));
    materials.figures.insert("f".into(), figure(HOSTILE[0]));
    let chapter = Chapter { name: "a.md".into(), text: "# A\n\n![](table:t)\n\n![](figure:f)\n".into() };
    let meta = Meta { title: HOSTILE[0].into(), notice: Some(HOSTILE[0].into()), ..meta() };
    let page = compose(meta, &[chapter], &materials).unwrap().to_html().unwrap();
    assert!(!page.contains("<script") && page.contains("&lt;script&gt;"));
}

#[test]
fn errors_name_the_chapter_and_the_line() {
    for (text, message) in [
        ("# A\n\n{{ nothing }}\n", "`essai.md`, line 3: Variable `nothing`"),
        ("# A\n\n![](figure:h)\n", "`essai.md`, line 3: there is no figure `h`; known: `f`, `g`"),
        ("# A\n\n![](table:h)\n", "`essai.md`, line 3: there is no table `h`; known: `t`"),
        ("# A\n\n\nVoir [](figure:f).\n", "`essai.md`, line 4: `figure:f` is referred to, but no chapter has it"),
        ("# A\n\nVoir ![](figure:f).\n", "line 3: a figure is placed by"),
        ("# A\n\n![](figure:f) ici\n", "line 3: `figure:f` must stand alone"),
        ("# A\n\n![](figure:f)\n\n![](figure:f)\n", "line 5: `figure:f` is placed twice"),
        ("# A\n\n![](a.png)\n", "line 3: a figure is placed by"),
        ("# A\n\nun <b>mot</b>\n", "line 3: raw HTML is not allowed"),
        ("# A\n\n<!-- ok --> <b>non</b>\n", "line 3: raw HTML is not allowed"),
        ("# A\n\n\n<div>\n</div>\n", "line 4: raw HTML is not allowed"),
        ("# A\n\n### C\n", "line 3: the heading jumps from level 1 to 3"),
        ("# A\n\n## B {#x}\n\n## C {#x}\n", "line 5: two headings have the identifier `x`"),
        ("Texte\n", "line 1: a chapter starts with a level-1 heading"),
        ("", "line 1: a chapter starts with a level-1 heading"),
        ("# A\n\n[x](javascript:alert)\n", "line 3: link to `javascript:alert`"),
        ("# A\n\nmot[^n]\n", "line 3: this footnote is not defined"),
        ("# A\n\n[^n]: jamais\n", "line 3: footnote `n` is never referred to"),
        ("# A\n\n- b\n\n  ![](figure:f)\n", "line 5: a heading, figure or table cannot stand inside"),
        ("# A\n\n> # b\n", "line 3: a heading, figure or table cannot stand inside"),
        ("# A\n\nx[^n]\n\n[^n]: y[^m]\n\n[^m]: z\n", "line 5: a footnote refers to another footnote"),
        ("# A[^n]\n\n[^n]: non\n", "line 1: a heading cannot hold a footnote"),
    ] {
        assert!(error(text).contains(message), "{text:?}\n{}", error(text));
    }
}

#[test]
fn a_drawing_must_be_svg() {
    let mut materials = materials(json!({}));
    let svg = Svg::new("\u{89}PNG".into());
    let figure = Figure { svg, ..figure("F") };
    materials.figures.insert("f".into(), figure);
    let error = composed("# A\n\n![](figure:f)\n", &materials).unwrap_err();
    let message = "cannot render `essai.md`, line 3: the drawing of `figure:f` is not SVG";
    assert_eq!(error.to_string(), message);
}

#[test]
fn notes_are_numbered_through_the_chapters() {
    let text = "# A\n\nx[^b] y[^a] z[^b]\n\n[^a]: second\n[^b]: premier\n\n# B\n\nw[^c]\n\n[^c]: troisième\n";
    let page = html(text, json!({}));
    assert!(page.contains("<li id=\"note-1\"><p>premier</p>") && page.contains("<ol start=\"3\">"), "{page}");
    assert_eq!((page.matches("id=\"note-ref-1\"").count(), page.matches("href=\"#note-1\"").count()), (1, 2));
}

#[test]
fn english_and_french_differ() {
    let chapter = Chapter { name: "a.md".into(), text: "# A\n\n\"It's\" : {{ n | count }}\n".into() };
    let page = |lang| {
        compose(Meta { lang, ..meta() }, std::slice::from_ref(&chapter), &materials(json!({ "n": 1234 })))
            .unwrap()
            .to_html()
            .unwrap()
    };
    assert!(page(Lang::En).contains("“It’s” : 1,234"));
    assert!(page(Lang::Fr).contains("«\u{a0}It’s\u{a0}»\u{a0}: 1\u{202f}234"));
}

#[test]
fn html_is_the_same_twice() {
    assert_eq!(html("# A\n\n![](figure:f)\n", json!({})), html("# A\n\n![](figure:f)\n", json!({})));
}

#[cfg(not(feature = "pdf"))]
#[test]
fn pdf_says_that_it_is_not_built_in() {
    let error = composed("# A\n", &materials(json!({}))).unwrap().to_pdf(&[]).unwrap_err();
    assert_eq!(error.to_string(), "PDF support is not built in");
}

#[cfg(feature = "pdf")]
mod pdf {
    use super::*;

    const TEXT: &str = "# A {#a}\n\n## Sous-titre\n\nMot *a* **b** `c`[^n] [](figure:f) [](#a) [l](https://a.b).\\\nx[^n]\n\n[^n]: note *n*\n\n\
        ![N](figure:f)\n\n![](table:t)\n\n1. a\n   - b\n\n   c\n2. d\n\n> q\n\n> [!NOTE]\n> r\n\n```\ncode \"x\" \\\n```\n\n---\n\n\
        | a | b |\n|:-:|--:|\n| *x* | 1 |\n\n## Vide {.unnumbered}\n\n{{ v }}\n";

    #[test]
    fn every_construct_reaches_pdf_the_same_twice() {
        let document = composed(TEXT, &materials(json!({ "v": "é" }))).unwrap();
        let attachment = Attachment {
            name: "a.csv".into(),
            mime: "text/csv".into(),
            description: "Un".into(),
            bytes: b"x\n1\n".to_vec(),
        };
        let attachments = [attachment.clone(), Attachment { name: "b.csv".into(), ..attachment }];
        let first = document.to_pdf(&attachments).unwrap();
        assert!(first.starts_with(b"%PDF-1.7"));
        assert_eq!(first, document.to_pdf(&attachments).unwrap());
        let holds = |text: &str| first.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(holds("pdfuaid:part") && holds("pdfaid:conformance") && holds("a.csv") && holds("/Lang"));
    }

    #[test]
    fn values_are_string_literals_in_the_source() {
        for value in HOSTILE {
            let text = "# T {{ v }}\n\nA {{ v }} *b {{ v }}* `{{ v }}`\n\n| h |\n|---|\n| {{ v }} |\n";
            let document = composed(text, &materials(json!({ "v": value }))).unwrap();
            let source = super::super::writers::typst::write(&document, &[]);
            let literal = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " ");
            // The heading appears in the table of contents too.
            assert_eq!(source.matches(&literal).count(), 6, "{source}");
            assert_eq!(outside_strings(&source).matches("panic").count(), 0);
            assert_eq!(outside_strings(&source).matches("set page").count(), 0);
            document.to_pdf(&[]).unwrap();
        }
    }

    /// The source without its string literals.
    fn outside_strings(source: &str) -> String {
        let (mut out, mut inside, mut escaped) = (String::new(), false, false);
        for c in source.chars() {
            match c {
                _ if escaped => escaped = false,
                '\\' if inside => escaped = true,
                '"' => inside = !inside,
                c if !inside => out.push(c),
                _ => {}
            }
        }
        assert!(!inside);
        out
    }

    #[test]
    fn characters_without_a_glyph_do_not_stop_the_report() {
        let mut materials = materials(json!({ "v": format!("😀 العربية 中文 \u{301} \u{fe0f} {}", "x".repeat(300)) }));
        materials.figures.insert(
            "f".into(),
            Figure {
                svg: Svg::new(
                    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 9 9\"><text y=\"5\">中😀</text></svg>"
                        .into(),
                ),
                ..figure("日本")
            },
        );
        composed("# A\n\n{{ v }}\n\n`{{ v }}` *{{ v }}*\n\n![](figure:f)\n", &materials).unwrap().to_pdf(&[]).unwrap();
    }

    #[test]
    fn a_drawing_or_template_that_is_not_one_is_named() {
        let mut materials = materials(json!({}));
        materials.figures.insert("f".into(), Figure { svg: Svg::new("<svg".into()), ..figure("F") });
        let mut document = composed("# A\n\n![](figure:f)\n", &materials).unwrap();
        let message = document.to_pdf(&[]).unwrap_err().to_string();
        assert!(message.contains("cannot render `figure:f` in the PDF: failed to parse SVG"), "{message}");
        document.style.typst = "#let report = 1 +".into();
        let message = document.to_pdf(&[]).unwrap_err().to_string();
        assert!(message.contains("`report.typ` line 1"), "{message}");
    }
}

/// A citation links to its work, which is listed once however often it is cited. Uncited works are not listed.
#[test]
fn works_are_cited_and_listed() {
    let text = "# A\n\nSee [](cite:a), [](cite:a).\n\n![](bibliography:works)\n";
    let page = html(text, json!({}));
    assert_eq!(page.matches("<a href=\"#cite:a\">Wilson, 1927</a>").count(), 2, "{page}");
    assert_eq!(page.matches("id=\"cite:a\"").count(), 1);
    assert!(page.contains("<em>&lt;On&gt; shares</em>") && !page.contains("cite:b"));
    assert!(error("# A\n\n[](cite:none)\n").contains("no work `none`"));
    assert!(error("# A\n\n[](cite:b)\n").contains("no chapter has it"));
    #[cfg(feature = "pdf")]
    composed(text, &materials(json!({}))).unwrap().to_pdf(&[]).unwrap();
}

/// A number shows its provenance on hover, wherever it stands; words do not.
#[test]
fn numbers_tell_their_source() {
    let text = "# A {{ total.n | count }}\n\n**{{ total.n | count }}** : `{{ total.n | count }}`, {{ total.name }}.\n\n| a |\n|---|\n| {{ total.n | count }} |\n";
    let page = html(text, json!({ "total": { "n": 1234, "name": "B" } }));
    let expected_html = "<span title=\"tables/&lt;x&gt;.csv, n &gt; 1: total.n\">1\u{202f}234</span>";
    assert!(page.contains(&format!("<strong>{expected_html}</strong>\u{a0}: <code>1\u{202f}234</code>, B.")), "{page}");
    assert_eq!(page.matches(expected_html).count(), 3, "{page}");
}

/// The table of numbers holds each number once, and marks in the PDF link to it; without the table there are no marks.
#[test]
fn numbers_are_listed_with_their_source() {
    let values = json!({ "total": { "n": 1234 }, "a": [{ "n": 1 }, { "n": 2 }] });
    let text = "# A {{ total.n | count }}\n\n{{ total.n | count }} [{{ total.n | count }}](#n){% for x in a %} {{ x.n | count }}{% endfor %}\n\n## N {#n}\n\n![](provenance:numbers)\n";
    let mut materials = materials(values);
    materials.sources.insert("a".into(), Origin { file: "a.csv".into(), rows: String::new() });
    let document = composed(text, &materials).unwrap();
    let page = document.to_html().unwrap();
    let row = |number: u8, text: &str, from: &str, name: &str| {
        format!(
            "<tr><td class=\"n\">{number}</td><td class=\"n\">{text}</td><td>{from}</td><td><code>{name}</code></td></tr>"
        )
    };
    let from = "<code>tables/&lt;x&gt;.csv</code>, <code>n &gt; 1</code>";
    assert!(page.contains(&row(1, "1\u{202f}234", from, "total.n")), "{page}");
    assert!(page.contains(&row(2, "1 · 2", "<code>a.csv</code>", "a.n")), "{page}");
    #[cfg(feature = "pdf")]
    {
        let marks =
            |document: &Document| super::writers::typst::write(document, &[]).matches("number(\"number:").count();
        // Not in the heading, nor inside a link.
        assert_eq!(marks(&document), 3);
        document.to_pdf(&[]).unwrap();
        assert_eq!(marks(&composed(&text.replace("![](provenance:numbers)", ""), &materials).unwrap()), 0);
    }
}
