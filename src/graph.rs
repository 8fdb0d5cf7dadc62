//! The graph of steps, declared once: what each step needs, what it makes, and what its key consists of. Next: `pipeline::run::plan`.
//!
//! `pipeline` runs the graph; `pfe plan` and `pfe why` show it; the report draws its [`overview`]. The steps `read-…`,
//! `clean` and `reference` mirror the original: ten loads in parallel, preprocessing, regression. The others are new.

mod formats;

pub use formats::{FORMATS, Format, Formats, ProfileFiles};

use crate::files;
use crate::schema::contract::{TABLES, Table};

/// A step: the unit that runs or is reused.
#[derive(Debug)]
pub struct Step {
    /// Its name, as `--only`, `--from` and `pfe why` take it.
    pub id: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// Ids of the steps whose output it takes.
    pub needs: &'static [&'static str],
    /// The files of those steps that it reads; a folder ends with `/`.
    pub reads: &'static [&'static str],
    /// Files that it leaves in the output folder; a folder ends with `/`. A step without files passes its rows on in memory
    /// and runs whenever a step that needs them runs.
    pub makes: &'static [&'static str],
    /// Parameters on which it depends, by their names in `run.json`.
    pub params: &'static [&'static str],
    /// The modules that do its work; what they import counts as well (`pipeline::run::key`). `*` means the whole program.
    pub code: &'static [&'static str],
}

/// Default time limit of a step, seconds.
pub const TIMEOUT_SECONDS: u64 = 3_600;

/// A step that reads one of the ten raw tables.
const fn read(id: &'static str, about: &'static str) -> Step {
    Step {
        id,
        about,
        needs: &["generate"],
        reads: &[],
        makes: &[],
        params: &["reading", "market", "rates"],
        code: &["graph", "pipeline", "input"],
    }
}

/// All steps in topological order: each comes after the steps that it needs.
pub static STEPS: [Step; 28] = [
    Step {
        id: "generate",
        about: "make up data, where the user names none",
        needs: &[],
        reads: &[],
        makes: &["data/"],
        params: &["generated"],
        code: &["synth"],
    },
    read("read-customers", "read customers (documents in the original's DynamoDB)"),
    read("read-sellers", "read sellers (documents in the original's DynamoDB)"),
    read("read-geolocation", "read points of the zip prefixes"),
    read("read-order_items", "read items of the orders"),
    read("read-order_payments", "read payments of the orders"),
    read("read-order_reviews", "read reviews of the orders"),
    read("read-orders", "read orders"),
    read("read-products", "read products"),
    read("read-product_category_name_translation", "read English names of the categories"),
    read("read-states_name", "read names of the states"),
    Step {
        id: "clean",
        about: "remove duplicates, set aside what breaks the contract, derive columns, check (the original's preprocessing)",
        needs: &[
            "read-customers",
            "read-sellers",
            "read-geolocation",
            "read-order_items",
            "read-order_payments",
            "read-order_reviews",
            "read-orders",
            "read-products",
            "read-product_category_name_translation",
            "read-states_name",
        ],
        reads: &[],
        makes: &["clean/", "references/", "quarantine/", "audit.json", "tables/audit.csv", "tables/quality.csv"],
        params: &[],
        code: &["graph", "pipeline", "clean"],
    },
    Step {
        id: "mart",
        about: "aggregate by portable SQL, in whole centavos",
        needs: &["clean"],
        reads: &["clean/"],
        makes: &["mart/"],
        params: &[],
        code: &["graph", "pipeline", "mart", "engine"],
    },
    Step {
        id: "supply",
        about: "measure who sells and what no longer sells, by category and state, as of each day",
        needs: &["mart"],
        reads: &["mart/supply_by_day.parquet", "mart/supply_by_day/"],
        makes: &["models/supply.parquet"],
        params: &[],
        code: &["graph", "pipeline", "models"],
    },
    Step {
        id: "reference",
        about: "predict sales with a straight line per category (the original's regression)",
        needs: &["mart"],
        reads: &["mart/"],
        makes: &["tables/price_predictions.csv", "tables/price_predictions_top_category.csv"],
        params: &[],
        code: &["graph", "pipeline", "models"],
    },
    Step {
        id: "findings",
        about: "collect the facts about categories, states, payments and customers who come back",
        needs: &["mart"],
        reads: &["mart/"],
        makes: &[
            "tables/payments_by_state.csv",
            "tables/payment_methods.csv",
            "tables/payment_coverage.csv",
            "tables/payment_habits.csv",
            "tables/state_growth.csv",
            "tables/customers_repeat.csv",
            "tables/customer_cohorts.csv",
            "tables/by_state.csv",
            "tables/by_category.csv",
            "tables/monthly_revenue.csv",
            "tables/monthly_revenue_by_state.csv",
            "tables/top_products.csv",
        ],
        params: &[],
        code: &["graph", "pipeline", "decisions"],
    },
    Step {
        id: "decisions",
        about: "forecast, take the three decisions and test them on the past",
        needs: &["mart", "supply"],
        reads: &["mart/", "models/"],
        makes: &[
            "tables/winner.csv",
            "tables/winner_indicators.csv",
            "tables/winner_products.csv",
            "tables/winner_payments.csv",
            "tables/regions.csv",
            "tables/region_indicators.csv",
            "tables/allocation.csv",
            "tables/cities.csv",
            "tables/forecasts.csv",
            "tables/coefficients.csv",
            "tables/backtest.csv",
            "tables/forecast_totals.csv",
            "tables/forecast_protocol.csv",
        ],
        params: &["weights", "budget_centavos"],
        code: &["graph", "pipeline", "decisions"],
    },
    Step {
        id: "entrants",
        about: "tell what new sellers earned and kept by category, and test the choice of one on the past",
        needs: &["clean", "mart"],
        reads: &["audit.json", "mart/"],
        makes: &[
            "tables/entrants_by_category.csv",
            "tables/entrants_backtest.csv",
            "tables/milestones.csv",
            "tables/profit_by_category.csv",
            "tables/break_even.csv",
        ],
        params: &["costs"],
        code: &["graph", "pipeline", "decisions"],
    },
    Step {
        id: "trials",
        about: "tell what trials of advertising can see, by region and in a small shop",
        needs: &["mart"],
        reads: &["mart/"],
        makes: &["tables/trial_designs.csv"],
        params: &[],
        code: &["graph", "pipeline", "trial"],
    },
    page("compose", "compose chapters, figures and tables into one document", &RESULTS, &[]),
    page("report-html", "write the report as one HTML file", &["compose"], &["report.html"]),
    page("report-pdf", "write the report as tagged PDF", &["compose"], &["report.pdf"]),
    page("report-docx", "write the report as a Word document", &["compose"], &["report.docx"]),
    page("report-markdown", "write the report as Markdown", &["compose"], &["report.md", "report_files/"]),
    page("report-slides", "write summary and figures as slides", &["compose"], &["slides.html", "slides.pdf"]),
    page("profiles-state", "write a short report per state", &RESULTS, &["by_state/"]),
    page("profiles-category", "write a short report per category", &RESULTS, &["by_category/"]),
    page("dashboard", "write the dashboard as one HTML file", &RESULTS, &["dashboard.html"]),
];

/// The steps that make up the results.
const RESULTS: [&str; 7] = ["clean", "mart", "reference", "findings", "decisions", "entrants", "trials"];

/// A step that renders the results. Its pages carry the run's fingerprint, so that it depends on everything.
const fn page(
    id: &'static str,
    about: &'static str,
    needs: &'static [&'static str],
    makes: &'static [&'static str],
) -> Step {
    Step {
        id,
        about,
        needs,
        reads: &["audit.json", "mart/", "tables/"],
        makes,
        params: &["lang", "generated", "weights", "budget_centavos", "costs", "cover", "templates"],
        code: &["*"],
    }
}

/// A node of the graph as figures show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Id of the step; `read` for all that read a raw table.
    pub id: &'static str,
    /// Ids of the nodes whose output it takes, without those that another of them takes already.
    pub inputs: Vec<&'static str>,
}

/// The graph for figures: what a run does unasked.
pub fn overview() -> Vec<Node> {
    let id = |step: &Step| if step.table().is_some() { "read" } else { step.id };
    let mut nodes: Vec<Node> = Vec::new();
    for step in STEPS.iter().filter(|step| step.runs_unasked()) {
        let mut inputs: Vec<&str> = step.needs.iter().filter_map(|need| Step::named(need)).map(id).collect();
        inputs.dedup();
        nodes.push(Node { id: id(step), inputs });
    }
    nodes.dedup();
    let all = nodes.clone();
    for node in &mut nodes {
        let others = node.inputs.clone();
        node.inputs.retain(|input| !others.iter().any(|other| other != input && takes(&all, other, input)));
    }
    nodes
}

/// Whether a node takes the output of another, directly or not.
fn takes(nodes: &[Node], node: &str, other: &str) -> bool {
    let inputs = nodes.iter().find(|n| n.id == node).map_or(&[][..], |n| &n.inputs);
    inputs.contains(&other) || inputs.iter().any(|input| takes(nodes, input, other))
}

impl Step {
    /// The step with this id.
    pub fn named(id: &str) -> Option<&'static Step> {
        STEPS.iter().find(|step| step.id == id)
    }

    /// The raw table that it reads, if it reads one.
    pub fn table(&self) -> Option<&'static Table> {
        let name = self.id.strip_prefix("read-")?;
        TABLES.iter().find(|table| table.name == name)
    }

    /// Whether it writes files.
    pub fn has_outputs(&self) -> bool {
        !self.makes.is_empty()
    }

    /// Whether it writes a page for readers.
    pub fn shows(&self) -> bool {
        self.has_outputs() && self.params.contains(&"lang")
    }

    /// Whether a run needs it unless it asks for other formats.
    pub fn runs_unasked(&self) -> bool {
        Format::of_step(self.id).is_none_or(|format| format.by_default)
    }

    /// Whether it makes the file at `path` of the output folder.
    pub fn makes_file(&self, path: &str) -> bool {
        covers(self.makes, path)
    }

    /// Whether it reads the file at `path`, made by a step that it needs.
    pub fn looks_at(&self, path: &str) -> bool {
        covers(self.reads, path)
    }

    /// This step and all steps that depend on it, directly or not.
    pub fn downstream(&self) -> Vec<&'static Step> {
        let mut found: Vec<&'static Step> = Vec::new();
        for step in &STEPS {
            if step.id == self.id || step.needs.iter().any(|need| found.iter().any(|f| f.id == *need)) {
                found.push(step);
            }
        }
        found
    }
}

/// Whether one of `places` covers `path`. A path that leads out of a folder is not in it.
fn covers(places: &[&str], path: &str) -> bool {
    files::is_below(path)
        && places.iter().any(|place| *place == path || (place.ends_with('/') && path.starts_with(place)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_stand_after_those_they_need() {
        for (i, step) in STEPS.iter().enumerate() {
            for need in step.needs {
                assert!(STEPS[..i].iter().any(|s| s.id == *need), "`{}` needs `{need}`", step.id);
            }
        }
    }

    #[test]
    fn every_table_is_read_and_cleaned() {
        let clean = Step::named("clean").map_or(&[][..], |s| s.needs);
        for table in &TABLES {
            assert!(clean.contains(&format!("read-{}", table.name).as_str()), "{}", table.name);
        }
        assert_eq!(clean.len(), TABLES.len());
    }

    #[test]
    fn what_is_read_was_made() {
        for step in &STEPS {
            for place in step.reads {
                let made = |need: &&str| {
                    Step::named(need).is_some_and(|s| {
                        s.makes.iter().any(|m| m == place || covers(&[place], m) || s.makes_file(place))
                    })
                };
                assert!(step.needs == ["compose"] || step.needs.iter().any(made), "`{place}` for `{}`", step.id);
            }
        }
    }

    #[test]
    fn no_file_is_made_twice() {
        let all: Vec<&str> = STEPS.iter().flat_map(|s| s.makes).copied().collect();
        for place in &all {
            assert_eq!(all.iter().filter(|other| covers(&[place], other)).count(), 1, "{place}");
        }
    }

    #[test]
    fn figures_show_each_step_once_and_no_arrow_that_another_path_implies() {
        let nodes = overview();
        let inputs = |id: &str| nodes.iter().find(|node| node.id == id).map(|node| node.inputs.clone());
        let asked_for = FORMATS.iter().filter(|format| !format.by_default).count();
        assert_eq!(nodes.len(), STEPS.len() - asked_for - TABLES.len() + 1);
        assert_eq!(inputs("read"), Some(vec!["generate"]));
        assert_eq!(inputs("clean"), Some(vec!["read"]));
        assert_eq!(inputs("decisions"), Some(vec!["supply"]));
        assert_eq!(inputs("compose"), Some(vec!["reference", "findings", "decisions", "entrants", "trials"]));
    }

    #[test]
    fn every_page_is_a_format() {
        let pages: Vec<&str> = STEPS.iter().filter(|step| step.shows()).map(|step| step.id).collect();
        assert!(FORMATS.iter().all(|format| pages.contains(&format.step)));
        assert_eq!(FORMATS.len(), pages.len());
    }

    #[test]
    fn downstream_follows_the_needs() {
        let ids = |id: &str| -> Vec<&str> {
            Step::named(id).map_or(Vec::new(), |s| s.downstream().into_iter().map(|s| s.id).collect())
        };
        assert_eq!(ids("dashboard"), ["dashboard"]);
        let pages = ["report-html", "report-pdf", "report-docx", "report-markdown", "report-slides"];
        let profiles = ["profiles-state", "profiles-category", "dashboard"];
        assert_eq!(ids("decisions"), [&["decisions", "compose"][..], &pages, &profiles].concat());
    }
}
