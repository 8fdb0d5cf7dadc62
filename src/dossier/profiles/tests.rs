//! The texts of the profiles: every number has its origin, and both languages say the same.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Per;
use crate::dossier::provenance::{of_part, sources};
use crate::report::chapter::provenance::{mark, name};
use crate::report::{Chapter, Lang, Templates};

const ALL: [Per; 2] = [Per::State, Per::Category];

fn text(templates: &Templates, lang: &str, per: Per) -> String {
    let chapters: Vec<(&str, &str)> = templates.chapters(&format!("{lang}/profiles/")).collect();
    assert_eq!(chapters.len(), ALL.len());
    chapters.iter().find(|(path, _)| path.ends_with(per.chapter())).unwrap().1.to_string()
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split("{{").skip(1).map(|tag| tag.split("}}").next().unwrap().trim()).collect()
}

#[test]
fn every_number_of_the_profiles_has_a_source() {
    let templates = Templates::default();
    for (lang, per) in Lang::ALL.map(Lang::code).into_iter().flat_map(|lang| ALL.map(|per| (lang, per))) {
        let text = text(&templates, lang, per);
        let mut sources = sources(&Value::Null);
        sources.extend(of_part(per, &Value::Null));
        let numbers = text.split("{{").skip(1).filter_map(|tag| name(tag.split("}}").next()?)).count();
        let marked = mark(&Chapter { name: lang.into(), text }, &sources).1;
        assert_eq!(marked.len(), numbers, "{lang} {per:?}: {marked:#?}");
    }
}

#[test]
fn all_languages_say_the_same() {
    let templates = Templates::default();
    for per in ALL {
        let [french, english, portuguese] = Lang::ALL.map(|lang| text(&templates, lang.code(), per));
        assert_eq!(placeholders(&french), placeholders(&english), "{per:?}");
        assert_eq!(placeholders(&french), placeholders(&portuguese), "{per:?}");
        let placed = |text: &str| -> Vec<String> {
            text.split("](").skip(1).map(|target| target.split(')').next().unwrap().to_string()).collect()
        };
        assert_eq!(placed(&french), placed(&english), "{per:?}");
        assert_eq!(placed(&french), placed(&portuguese), "{per:?}");
        for text in [&french, &english, &portuguese] {
            let prose = text.split("{%").flat_map(|part| part.rsplit("%}").next()).flat_map(|part| part.split("{{"));
            let digits = prose
                .map(|part| part.rsplit("}}").next().unwrap())
                .filter(|part| part.contains(|c: char| c.is_numeric()));
            assert_eq!(digits.collect::<Vec<_>>(), Vec::<&str>::new(), "{per:?}: numbers enter through placeholders");
        }
    }
    let captions = Lang::ALL.map(|lang| templates.text(&format!("{}/profiles/captions.toml", lang.code())).to_string());
    assert_eq!(placeholders(&captions[0]), placeholders(&captions[1]));
    assert_eq!(placeholders(&captions[0]), placeholders(&captions[2]));
}

#[test]
fn profiles_are_no_chapters_of_the_report() {
    assert!(Templates::default().chapters("fr/").all(|(path, _)| !path.contains("profiles")));
}
