//! Results → `dashboard.html`: one file with sums, libraries and fonts embedded, which makes no network request.
//!
//! `mart`, `models` and `decisions` compute; `cube` lays the sums out for the page. Its scripts, bundled from
//! `reports/dashboard/js/`, filter and draw them. The page's content security policy allows only the one script whose hash
//! it names. Everything from the data is text in a JSON block that no browser executes.

mod answers;
mod cube;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tera::{Context, Tera};

use crate::charts::canvas::fonts;
use crate::charts::canvas::style::css_variables;
use crate::charts::map::atlas::{Atlas, OF_BRAZIL, Tile, grid};
use crate::dossier::edition::{Edition, Words};
use crate::dossier::shop;
use crate::error::{Error, Result};
use crate::report::chapter::template::{PAGE, explain, rendered};
use crate::report::chapter::typography::{Typographer, plain};
use crate::report::{Lang, Templates};
use crate::results::Results;
use crate::text::escaped_json;

/// The modules of `reports/dashboard/js/` in one function. `tests/browser/scripts.js` makes the bundle and checks that it
/// is fresh.
const BUNDLE: &str = include_str!("../../reports/dashboard/dashboard.bundle.js");

/// Libraries, each with the licence that must accompany it, then our bundle, whose names are local.
static SCRIPT: LazyLock<String> = LazyLock::new(|| {
    let libraries = [
        (
            include_str!("../../reports/dashboard/vendor/LICENSE-d3"),
            include_str!("../../reports/dashboard/vendor/d3.min.js"),
        ),
        (
            include_str!("../../reports/dashboard/vendor/LICENSE-plot"),
            include_str!("../../reports/dashboard/vendor/plot.umd.min.js"),
        ),
    ];
    let libraries = libraries.iter().map(|(licence, code)| format!("/*\n{}*/\n{}\n", licence, code.trim_end()));
    libraries.chain([BUNDLE.to_owned()]).collect()
});

/// Hash by which the page's policy allows the script.
static SCRIPT_HASH: LazyLock<String> = LazyLock::new(|| BASE64_STANDARD.encode(Sha256::digest(SCRIPT.as_bytes())));

/// CSS of the upright font faces and the palette. Print uses the light palette, whatever the screen.
static BUILT_IN_CSS: LazyLock<String> = LazyLock::new(|| {
    let faces: String = fonts::WEB.iter().filter(|face| face.1 == "normal").map(fonts::css).collect();
    let (light, dark) = (css_variables(false), css_variables(true));
    format!("{faces}:root{{{light}}}@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}")
});

/// Words of the page in one language.
#[derive(Debug, Deserialize)]
struct Phrases {
    regions: BTreeMap<String, String>,
    #[serde(flatten)]
    words: BTreeMap<String, String>,
}

impl Phrases {
    /// With the words of a shop in place of those of Olist's marketplace, if it is one.
    fn of_market(mut self, is_market: bool, shop: &Words) -> Phrases {
        const OF_MARKET: &str = "_of_market";
        let keys: Vec<String> = self.words.keys().filter(|key| key.ends_with(OF_MARKET)).cloned().collect();
        for key in keys {
            let word = self.words.remove(&key);
            if let (true, Some(word), Some(of)) = (is_market, word, key.strip_suffix(OF_MARKET)) {
                self.words.insert(of.into(), word);
            }
        }
        self.words.values_mut().for_each(|text| *text = shop.of_regions(text));
        self
    }

    fn of(lang: Lang, templates: &Templates) -> Result<Phrases> {
        let text = templates.text(&format!("{}/dashboard.toml", lang.code()));
        let mut phrases: Phrases =
            toml::from_str(text).map_err(|e| Error::report(format!("`reports/{}/dashboard.toml`", lang.code()), e))?;
        phrases.words.values_mut().for_each(|text| *text = Typographer::new(lang).set(text));
        Ok(phrases)
    }

    /// A phrase with its `{name}` placeholders filled.
    fn fill(&self, key: &str, values: &[(&str, &str)]) -> String {
        let phrase = self.words.get(key).cloned().unwrap_or_else(|| key.into());
        values.iter().fold(phrase, |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
    }
}

/// What the parts of the page are made from.
struct Studio<'a> {
    results: &'a Results,
    words: &'a Words,
    phrases: &'a Phrases,
}

impl Studio<'_> {
    fn lang(&self) -> Lang {
        self.results.parameters.lang
    }

    /// Name of a category, safe for any output.
    fn category(&self, name: &str) -> String {
        plain(&self.words.category(name))
    }
}

/// Renders the dashboard of `results` in the language of its parameters.
///
/// # Errors
/// The mart is incomplete, or a file of words or the template is damaged.
pub fn dashboard(results: &Results) -> Result<String> {
    dashboard_with(results, &Templates::default())
}

/// Shapes and tiles of the page's map. An export's regions have short names there, and shapes only where they are known.
fn put_map(data: &mut Value, studio: &Studio<'_>) {
    let (regions, shown) = shop::regions(studio.results, studio.words);
    let market = studio.results.audit.market.as_ref();
    let atlas = Atlas::of(market, &regions, shown);
    let tiles = |grid: &[Tile]| grid.iter().map(|tile| json!([tile.code, tile.column, tile.row])).collect::<Value>();
    let paths = |atlas: &Atlas| {
        atlas.shapes.outlines.iter().map(|o| (o.code.clone(), json!(o.path()))).collect::<serde_json::Map<_, _>>()
    };
    data["map"] = json!(atlas.as_ref().map(paths).unwrap_or_default());
    let is_of_brazil = atlas.as_ref() == Some(&*OF_BRAZIL);
    data["tiles"] = if is_of_brazil { tiles(&OF_BRAZIL.grid) } else { tiles(&grid(&regions)) };
    if market.is_some() {
        let currency = studio.words.currency();
        data["currency"] = json!({ "symbol": currency.symbol(), "digits": currency.digits() });
        data["map_size"] = json!(atlas.map(|atlas| atlas.shapes.size));
        data["short"] = regions.into_iter().map(|(code, short)| (code, json!(short))).collect::<Value>();
    }
}

/// Renders the dashboard with an organisation's own words, page and style.
///
/// # Errors
/// As [`dashboard`].
pub fn dashboard_with(results: &Results, templates: &Templates) -> Result<String> {
    let lang = results.parameters.lang;
    let edition = Edition::of(lang, "", templates, results.audit.market.as_ref())?;
    let phrases = Phrases::of(lang, templates)?.of_market(results.audit.market.is_some(), &edition.words);
    let studio = Studio { results, words: &edition.words, phrases: &phrases };
    let mut data = cube::cube(&studio)?;
    let rankings = answers::rankings(&studio, &data.categories, &data.states);
    data.values["forecasts"] = answers::forecasts(results, &data.categories, &data.states);
    data.values["rankings"] = rankings;
    data.values["growth"] = answers::growth(results, &data.states);
    data.values["entrants"] = answers::entrants(&studio, &data.categories);
    data.values["lang"] = json!(lang.code());
    data.values["words"] = json!(phrases.words);
    put_map(&mut data.values, &studio);

    let undated = cube::undated(results.mart.table("orders_by_methods")?)?.map(|(orders, centavos)| {
        let (orders, revenue) = (lang.count(orders), edition.words.brl(centavos, 0));
        phrases.fill("undated", &[("orders", &orders), ("revenue", &revenue)])
    });

    let mut page = Context::new();
    page.insert("lang", lang.tag());
    page.insert("words", &phrases.words);
    page.insert("notice", &results.parameters.generated.is_some().then(|| edition.words.label("generated")));
    page.insert("undated", &undated);
    page.insert("decisions", &answers::answers(&studio, &data.categories));
    page.insert("credit", &shop::credit(results, &edition.words));
    page.insert("fingerprint", &results.fingerprint());
    page.insert("fonts", &*BUILT_IN_CSS);
    page.insert("css", templates.text("style/dashboard.css"));
    page.insert("script", &*SCRIPT);
    page.insert("script_hash", &*SCRIPT_HASH);
    page.insert("data", &in_script(&data.values));
    let error = |e: tera::Error| explain("templates/dashboard.html", &e);
    let mut tera = Tera::new();
    tera.autoescape_on(["html"]);
    tera.add_raw_template("templates/dashboard.html", templates.text("templates/dashboard.html")).map_err(error)?;
    rendered(&tera, "templates/dashboard.html", &page, PAGE)
}

/// JSON that is safe in a script element: `<` and invisible characters are escaped, so that no name can end the element.
fn in_script(value: &Value) -> String {
    escaped_json(&value.to_string()).replace('<', "\\u003c")
}
