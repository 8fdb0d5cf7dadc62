"""Totals of exports of shops, computed with pandas from what their layouts mean, compared with those of `pfe run`.

Usage: markets.py PFE SAMPLES    SAMPLES holds shopify/, woocommerce/, amazon/ and mercado_livre/ with an export each.
"""

import csv
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import openpyxl
import pandas as pd

pfe, samples = Path(sys.argv[1]).resolve(), Path(sys.argv[2])


def cents(values):
    return (values.fillna(0).astype(float) * 100).round().astype("int64")


def comma(values):
    text = values.fillna("").astype(str).str.strip().str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
    return pd.to_numeric(text, errors="coerce")


def shopify(path):
    rows = pd.read_csv(path, dtype={"Name": str})
    units = rows["Lineitem quantity"]
    price = cents(rows["Lineitem price"]) * units - cents(rows["Lineitem discount"])
    # The values of an order stand on its first line.
    freight = cents(rows.groupby("Name", sort=False)["Shipping"].first())
    return rows.Name.nunique(), units.sum(), price.sum() + freight.sum()


def woocommerce_lines(path):
    rows = pd.read_csv(path)
    freight = cents(rows.groupby("Order Number")["Order Shipping Amount"].first())
    return rows["Order Number"].nunique(), rows.Quantity.sum(), (cents(rows["Item Cost"]) * rows.Quantity).sum() + freight.sum()


def woocommerce_packed(path):
    rows = pd.read_csv(path)
    items = rows.filter(regex="^order_item_").stack().str.split("|")
    totals = cents(items.str[2].astype(float))
    return len(rows), items.str[1].astype(int).sum(), totals.sum() + cents(rows.order_shipping).sum() - cents(rows.order_discount).sum()


def amazon(path):
    rows = pd.read_csv(path, sep="\t")
    # A canceled line has no quantity: it counts as one unit that was not sold.
    units = rows.quantity.where(rows.quantity > 0, 1)
    price = cents(rows["item-price"]) - cents(rows["item-promotion-discount"]) + cents(rows["shipping-price"])
    return rows["amazon-order-id"].nunique(), units.sum(), price.sum()


def amazon_sale_report(path):
    rows = pd.read_csv(path)
    rows["gone"] = rows.Status.str.startswith(("Cancelled", "Shipped - Returned", "Shipped - Rejected", "Shipped - Returning"))
    all_gone = rows.groupby("Order ID").gone.transform("all")
    kept = rows[~rows.gone | all_gone]
    units = kept.Qty.where(kept.Qty > 0, 1)
    return rows["Order ID"].nunique(), units.sum(), cents(kept.Amount).sum()


def mercado_livre(path):
    rows = pd.read_csv(path, sep=";", skiprows=5, dtype=str, encoding="utf-8-sig")
    package = rows.Estado.str.extract(r"^Pacote de (\d+)")[0].astype(float).fillna(0).astype(int)
    # The lines of a package have numbers of their own and are one order.
    lines = rows[package == 0]
    orders = len(lines) - package.sum() + (package > 0).sum()
    money = cents(comma(rows["Receita por produtos (BRL)"])).sum() + cents(comma(rows["Receita por envio (BRL)"])).sum()
    return orders, comma(lines.Unidades).fillna(1).astype(int).sum(), money


EXPECTED = {
    "shopify/orders_export_1.csv": shopify,
    "woocommerce/advanced_order_export_layout.csv": woocommerce_lines,
    "woocommerce/customer_order_csv_export_layout.csv": woocommerce_packed,
    "amazon/all_orders_flat_file_layout.txt": amazon,
    "amazon/amazon_sale_report_kaggle_sample.csv": amazon_sale_report,
    "mercado_livre/vendas_br_layout.csv": mercado_livre,
}



def check(name, path, of):
    """Runs pfe on the export at `path`, and compares with the totals `of` it."""
    with tempfile.TemporaryDirectory() as work:
        out = Path(work) / "out"
        subprocess.run([pfe, "run", "--data", path, "--out", out, "--quiet"], check=True)
        found = pd.read_csv(out / "tables/by_category.csv", dtype={"revenue": str})
        inventory = pd.read_csv(out / "tables/by_state.csv")
        assert (out / "report.pdf").stat().st_size > 0 and (out / "dashboard.html").stat().st_size > 0
        items, revenue = found["items"].sum(), sum(round(float(amount) * 100) for amount in found.revenue)
        orders, units, money = of
        assert inventory["orders"].sum() == orders, f"{name}: {inventory['orders'].sum()} orders, not {orders}"
        assert items == units, f"{name}: {items} units, not {units}"
        assert revenue == money, f"{name}: {revenue / 100} of revenue, not {money / 100}"
        print(f"{name}: {orders} orders, {units} units, {money / 100:,.2f}")


def as_workbook(path, to):
    """The export as a workbook, in which amounts are numbers and not text; lines above the header stay."""
    delimiter = ";" if "mercado" in str(path) else "\t" if path.suffix == ".txt" else ","
    rows = [line for line in csv.reader(path.open(encoding="utf-8-sig", newline=""), delimiter=delimiter)]
    book = openpyxl.Workbook()

    def cell(text):
        plain = text.replace(".", "").replace(",", ".") if delimiter == ";" else text
        is_amount = re.fullmatch(r"-?(0|[1-9]\d*)([.]\d+)?", plain) and len(plain) < 12
        return float(plain) if is_amount else text or None

    for row in rows:
        book.active.append([cell(text) for text in row])
    book.save(to)


for name, of in EXPECTED.items():
    totals = of(samples / name)
    check(name, samples / name, totals)
    with tempfile.TemporaryDirectory() as work:
        book = Path(work) / "export.xlsx"
        as_workbook(samples / name, book)
        check(f"{name} as a workbook", book, totals)
print(f"{len(EXPECTED)} exports have the totals that pandas computes, as text and as workbooks")
