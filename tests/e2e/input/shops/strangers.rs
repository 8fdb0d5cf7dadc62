//! Layouts that no description covers: `pfe market init` finds most of their columns without help, and what it writes can be read.

use std::fmt::Write;

use crate::workdir::Workdir;

/// A layout: file name, header, delimiter, the row of an order's line, and the field of each column (empty: none).
struct Layout {
    name: &'static str,
    delimiter: char,
    columns: &'static [(&'static str, &'static str)],
    /// Order, line of it → cells.
    row: fn(usize, usize) -> Vec<String>,
}

fn cents(amount: usize) -> String {
    format!("{}.{:02}", amount / 100, amount % 100)
}

fn comma(amount: usize) -> String {
    format!("{},{:02}", amount / 100, amount % 100)
}

/// Month and day of an order.
fn day(n: usize) -> (usize, usize) {
    (1 + n % 6, 1 + (n * 7) % 28)
}

fn one_of(words: &[&str], n: usize) -> String {
    words[n % words.len()].into()
}

const LAYOUTS: [Layout; 5] = [
    Layout {
        name: "french",
        delimiter: ';',
        columns: &[
            ("Réf. commande", "order_id"),
            ("Date de commande", "purchased_at"),
            ("N° client", "customer"),
            ("Ville", ""),
            ("Pays de livraison", "country"),
            ("Désignation", "product_id"),
            ("Famille", "category"),
            ("Qté", "quantity"),
            ("PU TTC", "unit_price"),
            ("Montant TTC", "line_total"),
            ("Frais de port", "order_freight"),
            ("Mode de règlement", "payment_method"),
            ("État", "status"),
            ("Date d'expédition", "shipped_at"),
        ],
        row: |n, line| {
            let ((month, day), quantity, price) = (day(n), 1 + (n + line) % 3, 1_250 + 100 * (n % 5) + 310 * line);
            vec![
                format!("F{n:05}"),
                format!("{day:02}/{month:02}/2023 10:{:02}", n % 60),
                format!("C{:04}", n % 70),
                one_of(&["Lyon", "Nantes", "Lille"], n),
                one_of(&["France", "Belgique", "France", "Suisse"], n),
                one_of(&["Bol bleu", "Assiette", "Théière", "Nappe"], n + line),
                one_of(&["Vaisselle", "Vaisselle", "Vaisselle", "Textile"], n + line),
                quantity.to_string(),
                comma(price),
                comma(price * quantity),
                comma(490 + n % 3 * 100),
                one_of(&["CB", "PayPal", "Virement"], n),
                one_of(&["Livrée", "Expédiée", "Annulée", "Livrée"], n),
                format!("{:02}/{month:02}/2023", day.min(27) + 1),
            ]
        },
    },
    Layout {
        name: "german",
        delimiter: ';',
        columns: &[
            ("Bestellnummer", "order_id"),
            ("Bestelldatum", "purchased_at"),
            ("Kundennr.", "customer"),
            ("PLZ", ""),
            ("Bundesland", "region"),
            ("Artikelbezeichnung", "product_id"),
            ("Warengruppe", "category"),
            ("Menge", "quantity"),
            ("Einzelpreis (€)", "unit_price"),
            ("Rabatt", "line_discount"),
            ("Versandkosten", "order_freight"),
            ("Gesamtbetrag", "order_total"),
            ("Zahlungsart", "payment_method"),
            ("Bestellstatus", "status"),
            ("Lieferdatum", "delivered_at"),
        ],
        row: |n, line| {
            let ((month, day), quantity) = (day(n), 1 + (n + line) % 2);
            vec![
                format!("2023-{n:05}"),
                format!("{day:02}.{month:02}.2023"),
                format!("{}", 10_000 + n % 80),
                format!("{:05}", 10_115 + n * 31),
                one_of(&["Bayern", "Berlin", "Hessen", "Sachsen"], n),
                one_of(&["Lampe Nord", "Stuhl Eiche", "Tisch Buche"], n + line),
                one_of(&["Licht", "Möbel", "Möbel"], n + line),
                quantity.to_string(),
                comma(3_990 + 1_000 * ((n + line) % 3)),
                comma(if n % 4 == 0 { 250 } else { 0 }),
                comma(595),
                comma(20_000 + 1_357 * (n % 11)),
                one_of(&["Rechnung", "PayPal", "Lastschrift", "Kreditkarte"], n),
                one_of(&["versendet", "zugestellt", "storniert", "zugestellt"], n),
                format!("{:02}.{month:02}.2023", day.min(26) + 2),
            ]
        },
    },
    Layout {
        name: "spanish",
        delimiter: ';',
        columns: &[
            ("Folio", "order_id"),
            ("Fecha del pedido", "purchased_at"),
            ("Correo electrónico", "customer"),
            ("Estado", "region"),
            ("Artículo", "product_id"),
            ("Categoría", "category"),
            ("Piezas", "quantity"),
            ("Precio unitario", "unit_price"),
            ("Gastos de envío", "order_freight"),
            ("Forma de pago", "payment_method"),
            ("Estatus", "status"),
            ("Fecha de entrega", "delivered_at"),
        ],
        row: |n, line| {
            let (month, day) = day(n);
            vec![
                format!("{}", 700_100 + n),
                format!("{day}/{month}/2023"),
                format!("persona{}@example.mx", n % 60),
                one_of(&["Jalisco", "Puebla", "Oaxaca", "Nuevo León"], n),
                one_of(&["Taza", "Plato hondo", "Jarra"], n + line),
                one_of(&["Cocina", "Cocina", "Mesa"], n + line),
                (1 + (n + line) % 3).to_string(),
                format!("${}", cents(9_900 + 500 * ((n + line) % 4))),
                format!("${}", cents(8_000)),
                one_of(&["Tarjeta", "OXXO", "Transferencia"], n),
                one_of(&["Entregado", "Enviado", "Cancelado", "Entregado"], n),
                format!("{}/{month}/2023", day.min(25) + 3),
            ]
        },
    },
    Layout {
        name: "portuguese",
        delimiter: ',',
        columns: &[
            ("Nº do pedido", "order_id"),
            ("Data da compra", "purchased_at"),
            ("Cliente", "customer"),
            ("UF", "region"),
            ("Produto", "product_id"),
            ("Categoria do produto", "category"),
            ("Vendedor", "seller"),
            ("Quantidade", "quantity"),
            ("Valor total", "line_total"),
            ("Valor do frete", "order_freight"),
            ("Forma de pagamento", "payment_method"),
            ("Parcelas", "instalments"),
            ("Situação", "status"),
            ("Avaliação", "review_score"),
        ],
        row: |n, line| {
            let (month, day) = day(n);
            vec![
                format!("P-{n:06}"),
                format!("2023-{month:02}-{day:02} 14:05"),
                format!("cliente {}", n % 90),
                one_of(&["SP", "RJ", "MG", "BA"], n),
                one_of(&["Caneca", "Panela", "Copo"], n + line),
                one_of(&["Cozinha", "Cozinha", "Mesa"], n + line),
                one_of(&["Loja Azul", "Loja Verde"], n + line),
                (1 + (n + line) % 2).to_string(),
                cents(2_590 + 410 * ((n + line) % 6)),
                cents(1_200 + n % 7 * 10),
                one_of(&["Pix", "Boleto", "Cartão de crédito"], n),
                (1 + n % 6).to_string(),
                one_of(&["Entregue", "Enviado", "Cancelado"], n),
                (1 + n % 5).to_string(),
            ]
        },
    },
    Layout {
        name: "cryptic",
        delimiter: '|',
        columns: &[
            ("ORD_NO", "order_id"),
            ("ORD_DT", "purchased_at"),
            ("CUST_CD", "customer"),
            ("SHIP_ST", "region"),
            ("ITM_CD", "product_id"),
            ("ITM_GRP", "category"),
            ("UOM", ""),
            ("QTY_ORD", "quantity"),
            ("UNT_PRC", "unit_price"),
            ("DISC_AMT", "line_discount"),
            ("FRT_AMT", "order_freight"),
            ("TAX_AMT", ""),
            ("CCY", "currency"),
            ("PMT_MTHD", "payment_method"),
            ("ORD_STAT", "status"),
        ],
        row: |n, line| {
            let (month, day) = day(n);
            vec![
                format!("{}", 4_500_000 + n),
                format!("{month}/{day}/2023"),
                format!("K{:03}", n % 50),
                one_of(&["CA", "TX", "NY", "WA"], n),
                format!("MAT-{}", 100 + (n + line) % 9),
                one_of(&["G1", "G2", "G3"], n + line),
                "EA".into(),
                (1 + (n + line) % 4).to_string(),
                cents(1_999 + 100 * ((n + line) % 9)),
                cents(if n % 3 == 0 { 150 } else { 0 }),
                cents(999),
                cents(160),
                "USD".into(),
                one_of(&["VISA", "NET30", "ACH"], n),
                one_of(&["SHIPPED", "CANCELLED", "DELIVERED", "OPEN"], n),
            ]
        },
    },
];

#[test]
fn most_columns_of_a_strangers_file_are_found_without_help() {
    let work = Workdir::new();
    for layout in &LAYOUTS {
        let between = layout.delimiter.to_string();
        let header: Vec<&str> = layout.columns.iter().map(|(header, _)| *header).collect();
        let mut csv = format!("{}\n", header.join(&between));
        for n in 0..240 {
            for line in 0..1 + usize::from(n % 4 == 0) {
                let row = (layout.row)(n, line);
                assert_eq!(row.len(), layout.columns.len(), "{}", layout.name);
                writeln!(csv, "{}", row.join(&between)).unwrap();
            }
        }
        let data = format!("{}/export.csv", layout.name);
        work.write(&data, csv);
        let proposed = work.ok(&["market", "init", "--data", &data, "--name", layout.name]).stdout;
        let table: toml::Table = toml::from_str(&proposed).unwrap_or_else(|error| panic!("{error}\n{proposed}"));
        let fields = table["fields"].as_table().unwrap();
        let column = |value: &toml::Value| {
            let steps = value.as_table().and_then(|steps| steps.get("column"));
            value.as_str().or(steps.and_then(|column| column.as_str())).map(String::from)
        };
        let found = |header: &str| {
            let of_header = |(_, value): &(&String, &toml::Value)| column(value).as_deref() == Some(header);
            fields.iter().find(of_header).map_or("", |(field, _)| field.as_str())
        };
        let wrong: Vec<String> = layout
            .columns
            .iter()
            .filter(|(header, field)| found(header) != *field)
            .map(|(header, field)| format!("{header}: `{}`, not `{field}`", found(header)))
            .collect();
        assert!(wrong.len() * 5 <= layout.columns.len(), "{}: {wrong:#?}\n{proposed}", layout.name);
        // What is proposed reads as it stands, but for dates that no value settles.
        let toml = format!("{}.toml", layout.name);
        work.write(&toml, &proposed);
        let checked = work.ok(&["market", "check", &toml, "--data", &data]).stdout;
        assert!(checked.contains("240 orders, 300 lines"), "{checked}");
    }
}
