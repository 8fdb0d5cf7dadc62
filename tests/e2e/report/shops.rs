//! Reports and dashboards of shops that are not Olist: their currency, their regions, no word of another's data, no empty part.

use std::fmt::Write;

use crate::workdir::Workdir;

/// Words on Olist's data or on the project that pfe rebuilds, lower case.
const OF_OLIST: [&str; 17] = [
    "olist",
    "brazil",
    "brésil",
    "centavo",
    "reais",
    "réaux",
    "réais",
    "r$",
    "são paulo",
    "sao paulo",
    "original project",
    "projet d'origine",
    "projet d’origine",
    "kaggle",
    "ibge",
    "marketplace",
    "place de marché",
];

/// Orders in Shopify's layout: a year of them, `place` gives province and country of each.
pub(super) fn shopify(
    orders: usize,
    currency: &str,
    price: impl Fn(usize) -> String,
    place: impl Fn(usize) -> [&'static str; 2],
) -> String {
    let mut text = String::from(
        "Name,Email,Financial Status,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Currency,Shipping,Total,\
         Shipping Province,Shipping Country,Payment Method,Cancelled at,Fulfillment Status,Paid at,Fulfilled at,Vendor\n",
    );
    for n in 0..orders {
        let (month, day, product) = (1 + n * 12 / orders, 1 + n % 27, (n * n + n / 3) % 6);
        let [province, country] = place(n);
        let method = if n % 3 == 0 { "PayPal" } else { "Card" };
        writeln!(
            text,
            "#{n},p{n}@example.com,paid,2023-{month:02}-{day:02} 10:00:00 +0000,{},Thing {product},{},T-{product},{currency},0,,\
             {province},{country},{method},,,,,Maker",
            1 + n % 2,
            price(product)
        )
        .unwrap();
    }
    text
}

/// What a reader of a page sees, lower case: the texts of the page and the words of the dashboard, without styles and code.
fn seen(page: &str) -> String {
    let mut text = page.to_string();
    for (open, close) in [("<style", "</style>"), ("<script>", "</script>")] {
        let mut parts = text.split(open);
        let first = parts.next().unwrap_or_default().to_string();
        text = parts.fold(first, |kept, part| kept + part.split_once(close).map_or("", |(_, after)| after));
    }
    // Columns of the clean tables keep their names.
    text.to_lowercase().replace("_centavos", "_")
}

/// Runs a shop in one language; returns what is seen of its report and dashboard.
fn pages(work: &Workdir, data: &str, lang: &str) -> [String; 2] {
    let out = format!("out-{lang}");
    work.ok(&["run", "--data", data, "--out", &out, "--lang", lang, "--quiet"]);
    let pages = ["report", "dashboard"].map(|name| seen(&work.read(&format!("{out}/{name}.html"))));
    for (name, page) in ["report", "dashboard"].iter().zip(&pages) {
        for word in OF_OLIST {
            let at = page.find(word);
            let around =
                |at: usize| page[..at].chars().rev().take(60).collect::<Vec<_>>().into_iter().rev().collect::<String>();
            assert_eq!(at, None, "{lang}: `{word}` is in the {name}, after “{}”", at.map(around).unwrap_or_default());
        }
    }
    pages
}

#[test]
fn a_shop_in_dollars_with_states() {
    let work = Workdir::new();
    let places = [["CA", "US"], ["TX", "US"], ["NY", "US"], ["OR", "US"], ["CA", "US"]];
    let price = |product| format!("{}.50", 10 + 7 * product);
    work.write("data/orders.csv", shopify(600, "USD", price, |n| places[n % 5]));
    let [report, dashboard] = pages(&work, "data", "en");
    assert!(
        report.split('$').any(|amount| amount.chars().take(7).any(|c| c == ','))
            && report.contains("california")
            && report.contains("by state")
    );
    // The map is that of the United States, and says who made it.
    assert!(report.contains("u.s. census bureau") && dashboard.contains("u.s. census bureau"));
    assert!(dashboard.contains("\"us-ca\":\"m") && dashboard.contains("\"short\":{\"us-ca\":\"ca\""));
    // A shop has one seller: what a newcomer earns is not in its orders, and the report says so before it says what sells.
    assert!(report.contains("this export has one seller") && report.contains("what sold most in it"));
    // No column tells of reviews and deliveries: the chapter on them is left out, and what would answer is named.
    assert!(!report.contains("satisfaction and delivery") && report.contains("“review_score”: how satisfied"));
    let [report, _] = pages(&work, "data", "fr");
    assert!(report.contains("\u{202f}$") && report.contains("par état"));
}

#[test]
fn a_shop_in_euros_with_countries() {
    let work = Workdir::new();
    let places = [["", "FR"], ["", "FR"], ["", "DE"], ["", "BE"], ["", "ES"]];
    let price = |product| format!("{}.90", 20 + 5 * product);
    work.write("data/orders.csv", shopify(600, "EUR", price, |n| places[n % 5]));
    let [report, dashboard] = pages(&work, "data", "fr");
    assert!(report.contains("\u{202f}€") && report.contains("allemagne") && report.contains("par pays"));
    assert!(!report.contains("germany") && !report.contains("état"), "countries have French names and are no states");
    assert!(
        report.contains("natural earth")
            && dashboard.contains("\"france\":\"m")
            && !dashboard.contains("\"japan\":\"m")
    );
    let [report, dashboard] = pages(&work, "data", "en");
    assert!(report.contains("€") && report.contains("by country") && !report.contains(" states "));
    assert!(dashboard.contains("\"germany\":\"de\""));
}

/// A marketplace in euros: a vendor begins every three days, with one of three products. Its newcomers are told in euros, and no fee per
/// order is assumed in them.
#[test]
fn newcomers_of_another_marketplace() {
    let work = Workdir::new();
    let orders =
        shopify(1_200, "EUR", |product| format!("{}.00", 30 + 10 * product), |n| [["", "FR"], ["", "DE"]][n % 2]);
    let rows = orders.lines().enumerate().map(|(n, line)| {
        let vendor = n / 8;
        let line = line.replace(",Maker", &format!(",V{vendor}"));
        let product = line.split(',').nth(5).unwrap_or_default().to_string();
        let sold = format!("Thing {}", vendor % 3);
        if n == 0 {
            line + "\n"
        } else {
            line.replace(&product, &sold).replace(",T-", &format!(",{}-", vendor % 3)) + "\n"
        }
    });
    work.write("data/orders.csv", rows.collect::<String>());
    let [report, dashboard] = pages(&work, "data", "en");
    assert!(work.table("out-en/tables/entrants_by_category.csv").len() > 1, "nobody entered");
    for words in ["€", "no fee per order (assumed)", "all this is given a first sale", "(assumed)"] {
        assert!(report.contains(words), "{words}");
    }
    assert!(dashboard.contains("\"per_order\":0.0"));
    let done = work.ok(&["run", "--data", "data", "--out", "out-console", "--lang", "en"]);
    assert!(done.stdout.contains("newcomer") && !done.stdout.contains("BRL"), "{done}");
}

#[test]
fn a_shop_in_yen() {
    let work = Workdir::new();
    work.write(
        "data/orders.csv",
        shopify(400, "JPY", |product| format!("{}", 1200 + 300 * product), |_| ["JP-13", "JP"]),
    );
    let [report, dashboard] = pages(&work, "data", "en");
    let amounts: Vec<&str> = report.split('¥').skip(1).collect();
    assert!(amounts.len() > 10);
    for amount in amounts {
        let number: String = amount.chars().take_while(|c| c.is_ascii_digit() || [',', '.'].contains(c)).collect();
        assert!(!number.trim_end_matches(['.', ',']).contains('.'), "¥{number}: yen have no decimals");
    }
    assert!(dashboard.contains("\"digits\":0"));
    // All orders went to one country: nothing to compare.
    assert!(report.contains("went to one region") && !report.contains("where to promote it:"));
}

#[test]
fn a_shop_with_one_region_and_no_payment_method() {
    let work = Workdir::new();
    let mut text = String::from("Order ID,Order Date,Customer ID,Product ID,Category,Amount CHF\n");
    for n in 0..400 {
        let (month, day) = (1 + n * 12 / 400, 1 + n % 27);
        writeln!(text, "O-{n},2023-{month:02}-{day:02},C-{n},P-{},Kind {},{}.50", n % 8, n % 4, 10 + n % 4).unwrap();
    }
    work.write("data/sales.csv", text);
    work.write(
        "shop.toml",
        "name = \"mine\"\ntitle = \"My shop\"\ncurrency = \"CHF\"\nregions = \"single\"\nlines = \"lines\"\n\
         [files.lines]\nheaders = [\"Order ID\", \"Amount CHF\"]\n\
         [fields]\norder_id = \"Order ID\"\npurchased_at = \"Order Date\"\ncustomer = \"Customer ID\"\nproduct_id = \"Product ID\"\n\
         category = \"Category\"\nline_total = \"Amount CHF\"\n",
    );
    for (lang, amount, region, payment) in [
        ("en", "chf\u{a0}", "a column read", "no column of this export says how an order was paid"),
        ("fr", "\u{202f}chf", "une colonne lue", "aucune colonne de cet export ne dit comment"),
        ("pt", "chf\u{a0}", "uma coluna lida", "nenhuma coluna desta exportação diz como"),
    ] {
        let out = format!("out-{lang}");
        work.ok(&["run", "--data", "data", "--market", "shop.toml", "--out", &out, "--lang", lang, "--quiet"]);
        let report = seen(&work.read(&format!("{out}/report.html")));
        for words in [amount, region, payment] {
            assert!(report.contains(words), "{lang}: {words}");
        }
        for word in OF_OLIST {
            assert!(!report.contains(word), "{lang}: {word}");
        }
    }
}

#[test]
fn shapes_of_ones_own_are_drawn_or_refused_with_file_and_place() {
    let work = Workdir::new();
    work.write("data/orders.csv", shopify(300, "USD", |_| "12.00".into(), |n| [["CA", "US"], ["OR", "US"]][n % 2]));
    let square = |code: &str, south: f64| {
        format!(
            r#"{{"type":"Feature","properties":{{"code":"{code}"}},"geometry":{{"type":"Polygon","coordinates":[[[-120,{south}],[-118,{south}],[-118,{0}],[-120,{0}],[-120,{south}]]]}}}}"#,
            south + 2.0
        )
    };
    let collection =
        |features: &[String]| format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","));
    let shown = work.ok(&["market", "show", "shopify"]).stdout;
    work.write("shop.toml", shown.replacen("name = ", "shapes = \"mine.geojson\"\nname = ", 1));
    let run = ["run", "--data", "data", "--market", "shop.toml", "--out", "out", "--lang", "en", "--quiet"];
    work.fails(&run, 1, &["mine.geojson"]);
    for (text, message) in [
        (collection(&[]), "`mine.geojson`: it has no polygon"),
        (collection(&[square("CA", 91.0)]), "out of range"),
        (format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)), "recursion limit"),
    ] {
        work.write("mine.geojson", text);
        work.fails(&run, 2, &["`mine.geojson`", message, "FeatureCollection"]);
    }
    work.write("mine.geojson", collection(&[square("CA", 36.0), square("US-OR", 42.0)]));
    work.ok(&run);
    let dashboard = work.read("out/dashboard.html");
    assert!(dashboard.contains("\"US-OR\":\"M0,"), "the shape is on the page");
    assert!(!dashboard.contains("\"US-TX\":\"M"), "no other shape is");
    // The record of the run keeps the hash of the shapes, not the shapes.
    assert!(work.read("out/run.json").contains("\"blake3\"") && !work.read("out/run.json").contains("-120"));
}

/// Two thousand orders of eighteen months, one product in eight each; `customer` tells who orders the n-th.
fn orders_of_customers(work: &Workdir, customer: Option<fn(usize) -> usize>) {
    let first = chrono::NaiveDate::from_ymd_opt(2022, 7, 1).unwrap();
    let named = customer.is_some();
    let mut text = format!("Order ID,Order Date,Product ID,Amount CHF{}\n", if named { ",Customer ID" } else { "" });
    for n in 0..2_000 {
        let day = first + chrono::Days::new(n as u64 * 549 / 2_000);
        let customer = customer.map_or(String::new(), |of| format!(",C-{}", of(n)));
        writeln!(text, "O-{n},{day},P-{},{}.50{customer}", n % 8, 10 + n % 4).unwrap();
    }
    work.write("data/sales.csv", text);
    let field = if named { "customer = \"Customer ID\"\n" } else { "" };
    work.write(
        "shop.toml",
        format!(
            "name = \"mine\"\ntitle = \"My shop\"\ncurrency = \"CHF\"\nregions = \"single\"\nlines = \"lines\"\n\
             [files.lines]\nheaders = [\"Order ID\", \"Amount CHF\"]\n\
             [fields]\norder_id = \"Order ID\"\npurchased_at = \"Order Date\"\nproduct_id = \"Product ID\"\n\
             line_total = \"Amount CHF\"\n{field}"
        ),
    );
}

/// One customer in three comes back after three weeks: such a shop can learn how to bring back more of them.
#[test]
fn a_shop_whose_customers_come_back_and_exports_that_do_not_tell_customers() {
    let come_back: fn(usize) -> usize = |n| if n % 4 == 3 && n > 75 { n - 75 } else { n };
    for (customer, words) in [
        (Some(come_back), ["bringing customers back is worth a trial", "faire revenir les clients mérite un essai"]),
        (None, ["does not tell who ordered", "ne dit pas qui a commandé"]),
    ] {
        let work = Workdir::new();
        orders_of_customers(&work, customer);
        for (lang, words) in ["en", "fr"].into_iter().zip(words) {
            let out = format!("out-{lang}");
            work.ok(&["run", "--data", "data", "--market", "shop.toml", "--out", &out, "--lang", lang, "--quiet"]);
            let report = seen(&work.read(&format!("{out}/report.html")));
            let repeat = work.read(&format!("{out}/tables/customers_repeat.csv"));
            assert!(report.contains(words), "{lang}: {repeat}");
            let verdict = if customer.is_some() { "worth_a_trial" } else { "too_few_orders" };
            assert!(repeat.trim_end().ends_with(verdict), "{repeat}");
            assert!(work.table(&format!("{out}/tables/customer_cohorts.csv")).len() > 15);
        }
    }
}
