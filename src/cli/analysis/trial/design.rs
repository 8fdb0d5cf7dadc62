//! `pfe trial design`: what a trial of a budget can see, for a small shop or on the regions of a marketplace, and its plan.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use clap::ValueEnum;
use pfe::Error;
use pfe::clean;
use pfe::mart::{self, Methods};
use pfe::pipeline;
use pfe::trial::designs::{MARGIN, TYPICAL_WEEKS};
use pfe::trial::sales::currency;
use pfe::trial::shop::{CONTRIBUTION, COST_PER_ORDER, LOG_SD, MOST_ORDERS};
use pfe::trial::{BudgetedDesign, MarketplaceDesign, MarketplaceParams, Plan, ShopDesign, ShopParams, sales_by_region};
use serde_json::{Value, json};

use super::{log_sd, money, percent, share};
use crate::cli::data::reading::ReadingArgs;
use crate::cli::data::warn;
use crate::cli::terminal::{Outcome, print, print_json, reais};

/// Weeks of a small shop's trial, unless the reader says so.
const SHOP_WEEKS: u32 = 26;

#[derive(Debug, clap::Args)]
#[command(
    group(clap::ArgGroup::new("whose").required(true)),
    after_help = "Examples:\n  \
        pfe trial design --budget 1000 --orders-per-month 50\n  \
        pfe trial design --budget 2600 --orders-per-month 50 --arms SP,RJ,MG --start 2026-03-02 --plan trial.toml\n  \
        pfe trial design --budget 500 --orders-per-month 200 --by region --arms SP --share 0.42 --start 2026-03-02 --plan trial.toml\n  \
        pfe trial design --budget 20000 --data olist.zip --weeks 8 --plan trial.toml"
)]
pub struct Args {
    /// Money for advertising, in the currency of the orders
    #[arg(long, value_name = "AMOUNT", value_parser = money, allow_negative_numbers = true)]
    budget: f64,
    /// A small shop: orders a month without advertising
    #[arg(long, value_name = "N", group = "whose", value_parser = orders, allow_negative_numbers = true)]
    orders_per_month: Option<f64>,
    /// A marketplace: data whose regions are compared; as for `pfe run`, may be repeated
    #[arg(long, value_name = "PATH|URL", group = "whose")]
    data: Vec<PathBuf>,
    /// A marketplace: folder of a finished run on its data
    #[arg(long, value_name = "DIR", group = "whose")]
    out: Option<PathBuf>,
    /// Places or campaigns of a small shop; regions of a marketplace that take part (one alone is advertised against the others)
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    arms: Vec<String>,
    /// Weeks of the trial [default: 8 for a marketplace, 26 for a small shop]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=104))]
    weeks: Option<u32>,
    /// A small shop: what tells the arms apart. With `region`, the arms are advertised and all other regions compared
    #[arg(long, value_enum, default_value = "code", conflicts_with_all = ["data", "out"])]
    by: ByArg,
    /// A small shop: share of its orders that the advertised part has, if it is known
    #[arg(long, value_name = "SHARE", value_parser = share, conflicts_with_all = ["data", "out"])]
    share: Option<f64>,
    /// A small shop: what an order leaves before advertising is paid [assumed: 40]
    #[arg(long, value_name = "AMOUNT", value_parser = money, conflicts_with_all = ["data", "out"])]
    contribution: Option<f64>,
    /// A small shop: what an order by advertising costs, median of places [assumed: 60]
    #[arg(long, value_name = "AMOUNT", value_parser = money, conflicts_with_all = ["data", "out"])]
    cost_per_order: Option<f64>,
    /// A small shop: standard deviation of the logarithm of that cost between places [assumed: 0.5]
    #[arg(long, value_name = "SD", value_parser = log_sd, conflicts_with_all = ["data", "out"])]
    log_sd: Option<f64>,
    /// A small shop: ISO 4217 code of its amounts
    #[arg(long, value_name = "CODE", default_value = "BRL", value_parser = currency_code, conflicts_with_all = ["data", "out"])]
    currency: String,
    /// A marketplace: part of the revenue that is left before advertising is paid [assumed: 0.2]
    #[arg(long, value_name = "SHARE", value_parser = share, conflicts_with = "orders_per_month")]
    margin: Option<f64>,
    #[command(flatten)]
    reading: ReadingArgs,
    /// Write the plan of the trial: arms with their codes or regions, money, days
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// First day of the trial; needed for the plan of a small shop [default: the Monday after the data]
    #[arg(long, value_name = "DATE")]
    start: Option<NaiveDate>,
    /// Seed of the assignment and of the codes
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum ByArg {
    /// A coupon code for each arm
    Code,
    /// The region to which an order goes
    Region,
}

fn orders(text: &str) -> Result<f64, String> {
    let orders: f64 = text.parse().map_err(|_| format!("`{text}` is not a number of orders"))?;
    match orders > 0.0 && orders <= MOST_ORDERS {
        true => Ok(orders),
        false if orders > MOST_ORDERS => {
            Err("a shop with more than 10000 orders a month is planned on its data: `--data`".into())
        }
        false => Err("a number above 0 is expected".into()),
    }
}

fn currency_code(text: &str) -> Result<String, String> {
    match text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase()) {
        true => Ok(text.into()),
        false => Err("an ISO 4217 code such as `BRL` is expected".into()),
    }
}

pub fn run(args: &Args) -> Outcome {
    if let Some(path) = args.plan.as_deref().filter(|path| path.symlink_metadata().is_ok()) {
        return Err(in_the_way(path).into());
    }
    let (mut answer, text, plan) = match args.orders_per_month {
        Some(orders) => of_shop(args, orders)?,
        None => of_marketplace(args)?,
    };
    if let (Some(path), Some(plan)) = (&args.plan, plan) {
        write_new(path, &plan.to_toml()?)?;
        answer["plan"] = json!(path);
        if !args.json {
            print(&format!("{text}\nplan, from {} to {}: {}\n", plan.start, plan.last_day(), path.display()))?;
        }
    } else if !args.json {
        print(&text)?;
    }
    if args.json { print_json(&answer) } else { Ok(()) }
}

/// The answer for machines, that in words, and the plan if it is asked for.
type Answer = (Value, String, Option<Plan>);

fn of_shop(args: &Args, orders_per_month: f64) -> pfe::Result<Answer> {
    let params = ShopParams {
        currency: args.currency.clone(),
        budget: args.budget,
        orders_per_month,
        weeks: args.weeks.unwrap_or(SHOP_WEEKS),
        arms: args.arms.iter().map(|arm| arm.trim().to_string()).filter(|arm| !arm.is_empty()).collect(),
        share: args.share,
        contribution: args.contribution.unwrap_or(CONTRIBUTION),
        cost_per_order: args.cost_per_order.unwrap_or(COST_PER_ORDER),
        log_sd: args.log_sd.unwrap_or(LOG_SD),
        seed: args.seed,
    };
    let design = ShopDesign::of(&params)?;
    let assumed: Vec<String> = [
        (
            args.contribution,
            format!("an order leaves {CONTRIBUTION} {} before advertising (`--contribution`)", args.currency),
        ),
        (
            args.cost_per_order,
            format!("an order by advertising costs {COST_PER_ORDER} {} (`--cost-per-order`)", args.currency),
        ),
        (args.log_sd, format!("costs differ between places by a log standard deviation of {LOG_SD} (`--log-sd`)")),
    ]
    .into_iter()
    .filter_map(|(given, words)| given.is_none().then_some(words))
    .collect();
    let plan = match &args.plan {
        None => None,
        Some(_) => {
            let start = args.start.ok_or_else(|| {
                Error::input("the plan of a small shop needs its first day")
                    .with_hint("give it with `--start 2026-03-02`")
            })?;
            Some(match args.by {
                ByArg::Code => design.plan_by_codes(&params, start)?,
                ByArg::Region => design.plan_by_parts(&params, start)?,
            })
        }
    };
    let text = shop_in_words(&design, args.share.is_some(), &assumed).unwrap_or_default();
    Ok((json!({"shop": design, "advice": design.advice(), "assumed": assumed}), text, plan))
}

fn shop_in_words(design: &ShopDesign, known: bool, assumed: &[String]) -> Result<String, std::fmt::Error> {
    let mut text = format!("{}\n\n", design.advice());
    writeln!(
        text,
        "by parts of the country, {:.0} % of the orders advertised: orders of both parts that show an effect (false alarms 10 %, power 80 %)",
        100.0 * design.share
    )?;
    writeln!(
        text,
        "{:<10}{:>8}{:>8}{:>8}{:>14}{:>36}",
        "effect", "orders", "weeks", "power", "false alarms", "orders if the split is not known"
    )?;
    for lift in &design.lifts {
        writeln!(
            text,
            "{:<10}{:>8}{:>8.1}{:>7.1}%{:>13.1}%{:>36}",
            percent(lift.lift),
            lift.orders,
            lift.weeks,
            100.0 * lift.power,
            100.0 * lift.false_alarms,
            format!("{}, and as many before", lift.orders_unknown_split)
        )?;
    }
    writeln!(text, "if the split is not known, the power is 75 to 80 %")?;
    let split = if known { "" } else { " and as many before" };
    let least = design.detectable.map_or_else(|| "nothing".into(), percent);
    writeln!(text, "in {} weeks{split}: {least} is the least that is seen", design.weeks)?;
    match &design.codes {
        None => writeln!(text, "\nby coupon codes: name two or more places with `--arms` to plan them")?,
        Some(codes) => {
            writeln!(
                text,
                "\nby coupon codes: {:.0} {} for each arm ({:.1} orders at the assumed cost), {:.1} weeks for all; then all on the best, or nothing",
                codes.test_per_arm, design.currency, codes.orders_per_arm, codes.test_weeks
            )?;
            for (arm, code) in &codes.arms {
                writeln!(text, "  {arm:<20}{code}")?;
            }
        }
    }
    for words in assumed {
        writeln!(text, "assumed: {words}")?;
    }
    Ok(text)
}

fn of_marketplace(args: &Args) -> pfe::Result<Answer> {
    let (mart, audit) = match &args.out {
        Some(out) => pipeline::mart(out)?,
        None => {
            let (tables, audit) = clean::load(&args.reading.open(&args.data)?)?;
            warn(&audit.warnings);
            (mart::mart_with(&tables, &Methods::of(audit.market.as_ref()))?, audit)
        }
    };
    let params = MarketplaceParams {
        currency: currency(&audit).into(),
        budget: args.budget,
        weeks: args.weeks.unwrap_or(TYPICAL_WEEKS),
        arms: args.arms.iter().map(|arm| arm.trim().to_string()).filter(|arm| !arm.is_empty()).collect(),
        margin: args.margin.unwrap_or(MARGIN),
        seed: args.seed,
    };
    let design = MarketplaceDesign::of(&sales_by_region(&mart)?, &params)?;
    let assumed: Vec<String> = match args.margin {
        Some(_) => Vec::new(),
        None => vec![format!("{:.0} % of the revenue are left before advertising (`--margin`)", 100.0 * MARGIN)],
    };
    let plan = args.plan.is_some().then(|| design.plan(&params, args.start));
    let text = marketplace_in_words(&design, &assumed).unwrap_or_default();
    Ok((json!({"marketplace": design, "advice": design.advice(), "assumed": assumed}), text, plan))
}

fn marketplace_in_words(design: &MarketplaceDesign, assumed: &[String]) -> Result<String, std::fmt::Error> {
    let mut text = format!("{}\n\n", design.advice());
    writeln!(
        text,
        "the least effects that are seen (false alarms 10 %, power 80 %), {} weeks of data",
        design.weeks_of_data
    )?;
    writeln!(
        text,
        "{:<26}{:>8}{:>7}{:>8}{:>9}{:>10}{:>20}{:>14}{:>18}",
        "design",
        "regions",
        "weeks",
        "starts",
        "orders",
        "revenue",
        "advertised revenue",
        "breaks even",
        "return needed"
    )?;
    let row = |text: &mut String, BudgetedDesign { regions: d, required_return }: &BudgetedDesign| {
        writeln!(
            text,
            "{:<26}{:>8}{:>7}{:>8}{:>9}{:>10}{:>20}{:>14}{:>18.1}",
            d.design,
            d.regions,
            d.weeks,
            d.starts,
            percent(d.detectable_orders),
            percent(d.detectable_revenue),
            reais(d.advertised_revenue),
            reais(d.break_even_budget),
            required_return
        )
    };
    design.designs.iter().try_for_each(|d| row(&mut text, d))?;
    writeln!(
        text,
        "\nadvertised revenue and money to break even in {}; return needed: revenue for each unit of the budget",
        design.currency
    )?;
    for words in assumed {
        writeln!(text, "assumed: {words}")?;
    }
    Ok(text)
}

fn in_the_way(path: &Path) -> Error {
    Error::input(format!("`{}` exists: a trial may be running on it", path.display()))
        .with_hint("name another file with `--plan`, or move it away")
}

/// Writes a file where nothing is.
fn write_new(path: &Path, text: &str) -> pfe::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = file.map_err(|e| match e.kind() {
        ErrorKind::AlreadyExists => in_the_way(path),
        _ => Error::io("write", path)(e),
    })?;
    file.write_all(text.as_bytes()).map_err(Error::io("write", path))
}
