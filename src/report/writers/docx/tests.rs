//! Documents → XML that Word reads: well-formed, whole, each reference with what it refers to.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};

use resvg::usvg::roxmltree::{Document as Xml, Node};
use serde_json::json;

use crate::charts::Svg;
use crate::report::tests::{HOSTILE, composed, figure, materials};
use crate::report::{Document, Figure};

const TEXT: &str = "# Ventes {#v}\n\n## Par mois\n\nUn *mot* **fort**, `code`, un [lien](https://a.b/?c&d e).\\\nSuite[^n], [](figure:f), \
    [voir](table:t), [](#v), [](#par-mois), [](figure:g), [](#annexe), [](cite:a), {{ total.n | count }}[^n].\n\n[^n]: Une *note* [ici](https://n.o).\n\n\
    ![Sans 2016.](figure:f)\n\n![](figure:g)\n\n![](table:t)\n\n- a\n  3. b\n     - c\n\n  suite\n- d\n\n1. e\n\n> cité\n\n> [!WARNING]\n> attention\n>\n> - point\n\n\
    ```sql\nSELECT 1 < 2\n\tx\n```\n\n---\n\n| a | b |\n|---|--:|\n| *x* | 1 |\n\n### Profond\n\n# Annexe {.unnumbered #annexe}\n\n## Nombres {.unnumbered}\n\n\
    ![](provenance:numbers)\n\n![](bibliography:works)\n";

/// The files of a docx by their paths.
fn parts(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let count = zip.len();
    let part = |index: usize| {
        let mut file = zip.by_index(index).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        (file.name().unwrap().into_owned(), bytes)
    };
    (0..count).map(part).collect()
}

fn docx(text: &str, values: serde_json::Value) -> BTreeMap<String, Vec<u8>> {
    parts(&composed(text, &materials(values)).unwrap().to_docx().unwrap())
}

fn texts(parts: &BTreeMap<String, Vec<u8>>) -> BTreeMap<&str, &str> {
    let is_xml = |path: &str| path.ends_with(".xml") || path.ends_with(".rels");
    parts
        .iter()
        .filter(|(path, _)| is_xml(path))
        .map(|(path, bytes)| (path.as_str(), std::str::from_utf8(bytes).unwrap()))
        .collect()
}

/// Values of an attribute, by local name, of all elements of that name.
fn attributes<'a>(xml: &'a Xml<'_>, element: &str, name: &str) -> Vec<&'a str> {
    let of = |node: Node<'a, '_>| node.attributes().find(|attribute| attribute.name() == name).map(|a| a.value());
    xml.descendants().filter(|node| node.tag_name().name() == element).filter_map(of).collect()
}

fn shown(xml: &Xml<'_>) -> String {
    xml.descendants().filter(|node| node.tag_name().name() == "t").filter_map(|node| node.text()).collect()
}

#[test]
fn every_construct_reaches_the_document_whole() {
    let parts = docx(TEXT, json!({ "total": { "n": 1234 } }));
    let files = texts(&parts);
    let xmls: BTreeMap<&str, Xml<'_>> = files.iter().map(|(path, text)| (*path, Xml::parse(text).unwrap())).collect();
    // Every relationship leads to a part, and every use of one to it.
    for (path, xml) in &xmls {
        let Some((folder, file)) = path.split_once("_rels/") else { continue };
        for node in xml.descendants().filter(|node| {
            node.has_tag_name(("http://schemas.openxmlformats.org/package/2006/relationships", "Relationship"))
        }) {
            let target = node.attribute("Target").unwrap();
            match node.attribute("TargetMode") {
                Some(_) => assert!(target.starts_with("https://") && !target.contains(' '), "{target}"),
                None => assert!(parts.contains_key(&format!("{folder}{target}")), "{path}: {target}"),
            }
        }
        let ids: BTreeSet<&str> = attributes(xml, "Relationship", "Id").into_iter().collect();
        let part = format!("{folder}{}", file.trim_end_matches(".rels"));
        let Some(part) = xmls.get(part.as_str()) else { continue };
        for (element, name) in [
            ("blip", "embed"),
            ("svgBlip", "embed"),
            ("hyperlink", "id"),
            ("headerReference", "id"),
            ("embedRegular", "id"),
        ] {
            assert!(attributes(part, element, name).iter().all(|id| ids.contains(id)), "{path}: {element}");
        }
    }
    let content = &xmls["[Content_Types].xml"];
    for path in attributes(content, "Override", "PartName") {
        assert!(parts.contains_key(&path[1..]), "{path}");
    }
    let main = &xmls["word/document.xml"];
    // Styles, numberings and bookmarks that are used exist; bookmarks once.
    let styles: BTreeSet<&str> = attributes(&xmls["word/styles.xml"], "style", "styleId").into_iter().collect();
    let lists: BTreeSet<&str> =
        attributes(&xmls["word/numbering.xml"], "num", "numId").into_iter().chain(["0"]).collect();
    for xml in [main, &xmls["word/footnotes.xml"], &xmls["word/header.xml"], &xmls["word/footer.xml"]] {
        for element in ["pStyle", "rStyle", "tblStyle"] {
            assert!(attributes(xml, element, "val").iter().all(|style| styles.contains(style)), "{element}");
        }
        assert!(attributes(xml, "numId", "val").iter().all(|list| lists.contains(list)));
    }
    let marks = attributes(main, "bookmarkStart", "name");
    let bookmarks: BTreeSet<&str> = marks.iter().copied().collect();
    assert_eq!(bookmarks.len(), marks.len());
    assert_eq!(attributes(main, "bookmarkStart", "id"), attributes(main, "bookmarkEnd", "id"));
    let codes: Vec<&str> =
        main.descendants().filter(|n| n.tag_name().name() == "instrText").filter_map(|n| n.text()).collect();
    let words: Vec<Vec<&str>> = codes.iter().map(|code| code.split_whitespace().collect()).collect();
    let referring = |kind: &str| words.iter().filter(|code| code[0] == kind).map(|code| code[1]).collect::<Vec<_>>();
    for kind in ["REF", "PAGEREF", "NOTEREF"] {
        assert!(
            !referring(kind).is_empty() && referring(kind).iter().all(|name| bookmarks.contains(name)),
            "{kind}: {codes:?}"
        );
    }
    assert!(attributes(main, "hyperlink", "anchor").iter().all(|name| bookmarks.contains(name)));
    assert_eq!((referring("SEQ"), referring("TOC").len()), (vec!["Figure", "Figure", "Tableau"], 3));
    let kinds = attributes(main, "fldChar", "fldCharType");
    let count = |kind: &str| kinds.iter().filter(|k| **k == kind).count();
    assert_eq!([count("begin"), count("separate"), count("end")], [codes.len(); 3]);
    // Figures have alternative text, SVG and PNG; tables a head that comes again.
    assert_eq!(attributes(main, "docPr", "descr"), ["Un rectangle"; 2]);
    assert_eq!((attributes(main, "blip", "embed").len(), attributes(main, "svgBlip", "embed").len()), (2, 2));
    assert_eq!(main.descendants().filter(|n| n.tag_name().name() == "tblHeader").count(), 3);
    assert_eq!(attributes(main, "footnoteReference", "id"), ["1"]);
    assert_eq!(attributes(&xmls["word/footnotes.xml"], "footnote", "id"), ["-1", "0", "1"]);
    let text = shown(main);
    for part in [
        "Que vendre ?",
        "Suite, figure\u{a0}1, voir, section\u{a0}1, section\u{a0}1.1, figure\u{a0}2, Annexe, Wilson, 1927, 1\u{202f}2341.",
        "Figure\u{a0}1\u{2002}Le revenu croît",
        "Tableau\u{a0}1\u{2002}Revenu par état",
        "Sans 2016. Source\u{a0}: mart",
        "SELECT 1 < 2",
        "17\u{a0}octobre\u{a0}2018",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert_eq!(attributes(main, "hyperlink", "tooltip"), ["tables/<x>.csv, n > 1: total.n"]);
    assert!(files["docProps/core.xml"].contains("2018-10-17T00:00:00Z"));
    assert!(files["word/styles.xml"].contains("w:val=\"fr-FR\""));
}

#[test]
fn hostile_text_is_text() {
    for value in HOSTILE.into_iter().chain(["\u{0}\u{8}\u{b}\u{1b}[31m\u{fffe}\u{202e}]]>"]) {
        let text =
            "# T {{ v }}\n\nA {{ v }} *b {{ v }}* `{{ v }}` c[^n]\n\n[^n]: {{ v }}\n\n| h |\n|---|\n| {{ v }} |\n";
        let parts = docx(text, json!({ "v": value }));
        let expected: String = value.replace('\n', " ").chars().filter_map(crate::text::seen).collect();
        let xmls = texts(&parts);
        let main = Xml::parse(xmls["word/document.xml"]).unwrap();
        // In the heading, thrice in the paragraph, in the table, and in the contents.
        assert_eq!(shown(&main).matches(&expected).count(), 6, "{value}: {}", shown(&main));
        assert_eq!(shown(&Xml::parse(xmls["word/footnotes.xml"]).unwrap()).trim(), expected, "{value}");
        assert!(attributes(&main, "hyperlink", "id").is_empty());
    }
    let mut materials = materials(json!({}));
    materials.figures.insert("f".into(), figure(HOSTILE[5]));
    let document = composed("# A\n\n![](figure:f)\n", &materials).unwrap();
    assert!(
        shown(&Xml::parse(texts(&parts(&document.to_docx().unwrap()))["word/document.xml"]).unwrap())
            .contains(HOSTILE[5])
    );
}

#[test]
fn a_document_is_the_same_twice_and_a_bad_drawing_is_named() {
    let document = |figure: Figure| -> Document {
        let mut materials = materials(json!({ "total": { "n": 1 } }));
        materials.figures.insert("f".into(), figure);
        composed(TEXT, &materials).unwrap()
    };
    let good = document(figure("F"));
    assert!(good.to_docx().unwrap() == good.to_docx().unwrap());
    let bad = document(Figure { svg: Svg::new("<svg".into()), ..figure("F") });
    let message = bad.to_docx().unwrap_err().to_string();
    assert!(message.contains("cannot render `figure:f` in the Word document"), "{message}");
}

/// A section before any chapter would be counted otherwise by Word, and an unnumbered chapter is not counted.
#[test]
fn word_counts_headings_as_the_report_does() {
    let heads = |text: &str| -> Vec<(bool, String)> {
        let parts = docx(text, json!({}));
        let xml = Xml::parse(texts(&parts)["word/document.xml"]).unwrap();
        let named = |node: Node<'_, '_>, name: &str| node.tag_name().name() == name;
        let heading = |p: Node<'_, '_>| {
            let style = p.descendants().find(|node| named(*node, "pStyle"))?.attributes().next()?.value().to_owned();
            let by_word = !p.descendants().any(|node| named(node, "numId"));
            let text: String =
                p.descendants().filter(|node| named(*node, "t")).filter_map(|node| node.text()).collect();
            style.starts_with("Heading").then_some((by_word, text))
        };
        xml.descendants().filter(|node| named(*node, "p")).filter_map(heading).collect()
    };
    let own = |by_word: bool, text: &str| (by_word, text.to_owned());
    assert_eq!(
        heads("# P {.unnumbered}\n\n## A\n\n# B\n\n## C\n\n## D {.unnumbered}\n"),
        [own(false, "P"), own(false, "0.1 A"), own(true, "B"), own(true, "C"), own(false, "D")]
    );
}
