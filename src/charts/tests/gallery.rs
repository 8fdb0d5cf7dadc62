//! Every chart, drawn with data shaped like the real ones. Used by `tests`.

use crate::charts::canvas::svg::Svg;
use crate::charts::*;
use crate::schema::contract::{STATES, TableId};

/// A number in French format: decimal comma, grouped digits.
fn french(v: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", v.abs());
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::from(if v < 0.0 { "−" } else { "" });
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    if !rest.is_empty() {
        out.push(',');
        out.push_str(rest);
    }
    out
}

fn count(v: f64) -> String {
    french(v, 0)
}
fn percent(v: f64) -> String {
    format!("{}\u{202f}%", french(v * 100.0, 1))
}
fn whole_percent(v: f64) -> String {
    format!("{}\u{202f}%", french(v * 100.0, 0))
}
fn reais(v: f64) -> String {
    format!("{}\u{a0}R$", french(v, 0))
}
fn short(v: f64) -> String {
    if v.abs() >= 1e6 {
        format!("{}\u{202f}M", french(v / 1e6, if v.abs() < 1e7 && v % 1e6 != 0.0 { 1 } else { 0 }))
    } else if v.abs() >= 1e3 {
        format!("{}\u{202f}k", french(v / 1e3, 0))
    } else {
        french(v, 0)
    }
}
fn score(v: f64) -> String {
    french(v, 2)
}

pub const CATEGORIES: [(&str, f64, f64); 14] = [
    ("Santé et beauté", 1_440_000.0, 4.14),
    ("Montres et cadeaux", 1_305_000.0, 4.02),
    ("Linge de maison", 1_241_000.0, 3.9),
    ("Sport et loisirs", 1_157_000.0, 4.11),
    ("Accessoires informatiques", 1_059_000.0, 3.93),
    ("Meubles et décoration", 902_000.0, 3.9),
    ("Articles ménagers", 778_000.0, 4.06),
    ("Cadeaux originaux", 719_000.0, 4.13),
    ("Automobile", 685_000.0, 4.07),
    ("Outils de jardin", 584_000.0, 4.04),
    ("Jouets", 561_000.0, 4.16),
    ("Bébé", 480_000.0, 4.01),
    ("Parfumerie", 453_000.0, 4.16),
    ("Téléphonie", 394_000.0, 3.95),
];
const REVENUE: [f64; 27] = [
    19.7, 96.2, 27.7, 16.2, 611.2, 275.6, 353.2, 324.8, 347.7, 151.2, 1856.2, 136.1, 184.2, 217.6, 140.9, 322.2, 107.5,
    799.9, 2129.7, 101.9, 57.6, 10.2, 885.8, 610.2, 73.0, 5921.7, 61.4,
];
const MONTHS: [&str; 12] =
    ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."];
const YEARS: [&str; 3] = ["2017", "2018", "2019"];

pub fn ticks(n: usize) -> Vec<Tick<'static>> {
    (0..n).map(|i| Tick { label: MONTHS[i % 12], group: YEARS[(i / 12).min(2)] }).collect()
}

fn monthly(scale: f64, phase: usize, n: usize) -> Vec<f64> {
    let wave = [0.0, 0.05, -0.02, 0.03, 0.11, -0.04, 0.02, 0.06, -0.03, 0.04];
    (0..n)
        .map(|i| {
            let black_friday = if i == 10 { 1.4 } else { 1.0 };
            scale * (0.12 + (i as f64 / 12.0).min(1.1)) * (1.0 + wave[(i + phase) % 10]) * black_friday
        })
        .collect()
}

pub fn about(title: &str) -> About<'_> {
    About::new(title, "Texte de remplacement : l’État de São Paulo concentre 37 % du chiffre d’affaires.")
}

fn pipeline() -> Vec<FlowStep<'static>> {
    let step = |name, label, detail, inputs| FlowStep { name, label, detail, inputs };
    vec![
        step("raw", "Fichiers bruts", "10 tables, 1 550 925 lignes", &[]),
        step("contract", "Contrat", "colonnes, clés, valeurs permises", &[]),
        step("read", "Lecture", "CSV, ZIP, JSON ; quarantaine", &["raw", "contract"]),
        step("clean", "Nettoyage", "doublons, catégories, centavos, dates", &["read"]),
        step("quality", "Contrôles qualité", "clés, intervalles, dates", &["clean", "contract"]),
        step("mart", "Entrepôt de ventes", "SQL portable : ventes, paiements, service", &["clean"]),
        step("reference", "Modèle de référence", "moindres carrés sur année et mois", &["mart"]),
        step("forecast", "Prévisions", "modèles, test rétrospectif", &["mart"]),
        step("findings", "Constats", "produit, régions, paiements", &["mart", "reference", "forecast"]),
        step("html", "Rapport HTML", "un seul fichier", &["findings", "quality"]),
        step("pdf", "Rapport PDF", "PDF/UA-1", &["findings", "quality"]),
        step("tables", "Tables CSV", "", &["findings"]),
    ]
}

fn cardinalities() -> Vec<Cardinality<'static>> {
    let one = |table, column, at_child, at_parent| Cardinality { table, column, at_child, at_parent };
    vec![
        one(TableId::Customers, "customer_zip_code_prefix", "0..n", "0..n"),
        one(TableId::Customers, "customer_state", "1..n", "1"),
        one(TableId::Geolocation, "geolocation_state", "1..n", "1"),
        one(TableId::OrderItems, "order_id", "0..n", "1"),
        one(TableId::OrderItems, "product_id", "1..n", "1"),
        one(TableId::OrderItems, "seller_id", "1..n", "1"),
        one(TableId::OrderPayments, "order_id", "0..n", "1"),
        one(TableId::OrderReviews, "order_id", "0..n", "1"),
        one(TableId::Orders, "customer_id", "1", "1"),
        one(TableId::Products, "product_category_name", "1..n", "0..1"),
        one(TableId::Sellers, "seller_zip_code_prefix", "0..n", "0..n"),
        one(TableId::Sellers, "seller_state", "0..n", "1"),
    ]
}

pub fn realistic() -> Vec<(&'static str, Svg)> {
    let states: Vec<(&str, f64)> = STATES.iter().zip(REVENUE).map(|(s, v)| (s.0, v * 1e3)).collect();
    let bar =
        |(i, c): (usize, &(&'static str, f64, f64))| Bar { label: c.0, value: c.1, interval: None, highlight: i == 0 };
    let ranked: Vec<Bar> = CATEGORIES.iter().enumerate().map(bar).collect();
    let grown = |(i, c): (usize, &(&'static str, f64, f64))| {
        let value = 0.42 - 0.06 * i as f64;
        Bar { label: c.0, value, interval: Some((value - 0.05, value + 0.07)), highlight: false }
    };
    let growth: Vec<Bar> = CATEGORIES.iter().enumerate().map(grown).collect();
    let all_states: Vec<Bar> = states.iter().map(|s| Bar { label: s.0, value: s.1, ..Default::default() }).collect();
    let (total, long) = (monthly(960_000.0, 0, 20), ticks(32));
    let other: Vec<Vec<f64>> = (1..5).map(|k| monthly(110_000.0 - 9_000.0 * k as f64, k, 20)).collect();
    let names = ["Santé et beauté", "Montres et cadeaux", "Linge de maison", "Sport et loisirs"];
    let several: Vec<Series> =
        other.iter().zip(names).map(|(values, label)| Series { label, values, forecast: None }).collect();
    let ahead: Vec<f64> = (0..12).map(|k| 1.15e6 + 1.2e4 * f64::from(k) + if k == 3 { 3e5 } else { 0.0 }).collect();
    let around = |k: f64| -> (Vec<f64>, Vec<f64>) {
        let spread = |i: usize| k * 7e4 * (1.0 + i as f64).sqrt();
        let (low, high) = (ahead.iter().enumerate(), ahead.iter().enumerate());
        (low.map(|(i, v)| v - spread(i)).collect(), high.map(|(i, v)| v + spread(i)).collect())
    };
    let ((low95, high95), (low80, high80)) = (around(1.96), around(1.28));
    let bands = [
        Band { label: "95\u{202f}%", low: &low95, high: &high95 },
        Band { label: "80\u{202f}%", low: &low80, high: &high80 },
    ];
    let mix = STATES.iter().zip(REVENUE).enumerate().map(|(i, (s, revenue))| {
        let card = 0.80 - 0.0055 * ((i * 11) % 27) as f64;
        (s.0, [card, 0.93 - card, 0.05, 0.02], format!("n = {}", count(revenue * 7.0)))
    });
    let mix: Vec<(&str, [f64; 4], String)> = mix.collect();
    let mix_rows: Vec<Row> = mix.iter().map(|(label, values, note)| Row { label, values, note }).collect();
    let methods = ["Carte de crédit", "Boleto", "Bon d’achat", "Carte de débit"];
    let intervals = mix.iter().zip(REVENUE).map(|((label, values, _), n)| {
        let half = 1.96 * (values[1] * (1.0 - values[1]) / (n * 7.0)).sqrt();
        let interval = Some((values[1] - half, values[1] + half));
        Dot { label, value: values[1], interval, highlight: *label == "SP" }
    });
    let intervals: Vec<Dot> = intervals.collect();
    let cloud: Vec<Dotted> = (0..72)
        .map(|i| {
            let (label, x, y) = CATEGORIES.get(i).copied().unwrap_or((
                "Autre",
                400.0 * 1.12f64.powi(i as i32),
                3.62 + ((i * 37) % 100) as f64 / 140.0,
            ));
            Dotted { label, x, y, size: x, group: i % 2, named: i < 14 }
        })
        .collect();
    let small: Vec<Dotted> = cloud.iter().map(|p| Dotted { size: 0.0, group: 0, ..*p }).collect();
    let axes = (
        Axis { title: "Chiffre d’affaires (R$, échelle logarithmique)", format: &short, log: true, reference: None },
        Axis { title: "Note moyenne", format: &score, log: false, reference: Some((4.09, "moyenne 4,09")) },
    );
    let names: Vec<&str> = CATEGORIES.iter().map(|c| c.0).collect();
    let cells: Vec<f64> = (0..14 * 12)
        .map(|i| if i == 30 { f64::NAN } else { 4.9e3 * (1.0 + (i % 12) as f64) * (1.4 - (i / 12) as f64 / 12.0) })
        .collect();
    let codes: Vec<&str> = STATES.iter().map(|s| s.0).collect();
    let scores: Vec<f64> = (0..14 * 27).map(|i| 3.3 + ((i * 53) % 130) as f64 / 100.0).collect();
    let edges: Vec<f64> = (0..=30).map(|i| f64::from(i) * 2.0).collect();
    let counts: Vec<f64> =
        (0..30).map(|i| 14_000.0 * (f64::from(i) / 4.5) * (1.0 - f64::from(i) / 4.5).exp()).collect();
    let stage = |label, kept, removed| Stage { label, kept, removed };
    let stages = [
        stage("Lignes lues", 1_000_163.0, 0.0),
        stage("Doublons exacts", 738_332.0, 261_831.0),
        stage("Points hors du Brésil", 738_301.0, 31.0),
        stage("Un point par préfixe postal", 19_015.0, 719_286.0),
    ];
    let steps = pipeline();
    let known = cardinalities();
    let sales = StateMap {
        values: &states,
        format: &short,
        title: "Chiffre d’affaires (R$)",
        highlight: &["SP", "DF"],
        ..Default::default()
    };
    let span = [Span { from: 19, to: 19, label: "mois incomplet" }];
    let event = [Event { at: 10, label: "Black Friday" }];
    let single = [Series { label: "", values: &total, forecast: None }];
    let fan = [Series {
        label: "Total",
        values: &total,
        forecast: Some(Forecast { from: 20, values: &ahead, bands: &bands }),
    }];
    let single = Lines {
        ticks: &ticks(20),
        series: &single,
        spans: &span,
        events: &event,
        format: &short,
        unit: "Chiffre d’affaires mensuel (R$)",
        ..Default::default()
    };
    let marks = [Mark { at: 10.2, label: "médiane 10,2 j" }, Mark { at: 12.6, label: "moyenne 12,6 j" }];
    vec![
        ("bars", bars(&about("Chiffre d’affaires"), &Bars { bars: &ranked, format: &reais, keep_order: false })),
        ("bars_growth", bars(&about("Croissance"), &Bars { bars: &growth, format: &percent, keep_order: false })),
        ("bars_states", bars(&about("États"), &Bars { bars: &all_states, format: &short, keep_order: false })),
        ("lines", lines(&about("Ventes par mois"), &single)),
        ("lines_several", lines(&about("Catégories"), &Lines { series: &several, unit: "R$", spans: &[], ..single })),
        ("lines_fan", lines(&about("Prévision"), &Lines { ticks: &long, series: &fan, ..single })),
        (
            "stacked",
            stacked_bars(
                &about("Paiements"),
                &Stacked { segments: &methods, rows: &mix_rows, format: &whole_percent, keep_order: false },
            ),
        ),
        (
            "dots",
            dots(
                &about("Boleto"),
                &Dots {
                    dots: &intervals,
                    format: &percent,
                    reference: Some((0.19, "Brésil 19,0 %")),
                    axis: "Part des commandes payées par boleto, intervalle de Wilson à 95 %",
                },
            ),
        ),
        ("scatter", scatter(&about("Catégories"), &Scatter { points: &small, x: axes.0, y: axes.1, groups: &[] })),
        (
            "scatter_bubbles",
            scatter(
                &about("Catégories"),
                &Scatter { points: &cloud, x: axes.0, y: axes.1, groups: &["livraison rapide", "livraison lente"] },
            ),
        ),
        (
            "heatmap",
            heatmap(
                &about("Ventes"),
                &Heatmap {
                    rows: &names,
                    columns: &MONTHS,
                    values: &cells,
                    format: &short,
                    title: "Ventes (R$)",
                    ..Default::default()
                },
            ),
        ),
        (
            "heatmap_states",
            heatmap(
                &about("Notes"),
                &Heatmap {
                    rows: &names,
                    columns: &codes,
                    values: &scores,
                    format: &score,
                    title: "Note moyenne",
                    ..Default::default()
                },
            ),
        ),
        ("map", region_map(&about("États"), &sales)),
        ("map_alone", region_map(&about("États"), &StateMap { tiles: false, values: &states[..20], ..sales })),
        ("tiles", tile_grid(&about("États"), &sales)),
        (
            "histogram",
            histogram(
                &about("Délais"),
                &Histogram {
                    edges: &edges,
                    counts: &counts,
                    marks: &marks,
                    x_format: &count,
                    y_format: &count,
                    x_title: "Délai de livraison (jours)",
                    y_title: "Commandes",
                },
            ),
        ),
        ("funnel", funnel(&about("Géolocalisation"), &Funnel { stages: &stages, format: &count })),
        (
            "entities",
            entity_diagram(&about("Modèle conceptuel"), &Entities { cardinalities: &known, ..Default::default() }),
        ),
        ("flow", flow_diagram(&about("Architecture"), &Flow { steps: &steps })),
    ]
}
