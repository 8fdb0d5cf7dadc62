"""One run, one set of words and numbers: the page, the PDF, the Word document, the Markdown, the dashboard, the tables and `--json` say the same.

Numbers are looked up by name: those of the text in the page's hovers and in the PDF's table of numbers, those of the dashboard in
its data, those of the tables and of the JSON by key and column. What is printed must be what is stored, rounded as it is printed.

Usage: same_numbers.py OUT RUN.json    OUT is the folder of `pfe run --json --out OUT`, RUN.json what it printed.
"""

import csv
import html
import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

out = Path(sys.argv[1])
answers = json.loads(Path(sys.argv[2]).read_text())
french = json.loads((out / "run.json").read_text())["core"]["parameters"]["lang"] == "fr"


def table(name):
    with (out / "tables" / f"{name}.csv").open() as file:
        return list(csv.DictReader(file))


def flat(text):
    """Without spaces: narrow ones do not outlive the extraction from a PDF."""
    return re.sub(r"[\s\u200b]+", "", text)


# The page: what stands in the text under each name, each way once.
page = (out / "report.html").read_text().split("</head>", 1)[1]
in_page = defaultdict(list)
for hover, text in re.findall(r'<span title="([^"]*)">([^<]*)</span>', page):
    name, text = html.unescape(hover).rsplit(": ", 1)[1], flat(html.unescape(text))
    if text not in in_page[name]:
        in_page[name].append(text)
assert len(in_page) > 60, f"only {len(in_page)} numbers have a name in the page"

# The PDF: number, text, origin and name of each line of its table, the name last. `-layout` keeps the columns apart.
layout = subprocess.run(["pdftotext", "-layout", out / "report.pdf", "-"], capture_output=True, text=True, check=True).stdout
in_pdf = {}
for line in layout.replace("\u200b", "").splitlines():
    if row := re.fullmatch(r"\s*(\d+)\s+(\S.*?)\s{2,}(\S.*?)\s+([a-z_]+(?:\[\d+\])?(?:\.[a-z_0-9]+(?:\[\d+\])?)*)\s*", line):
        if row[4] in in_page:
            assert row[4] not in in_pdf, f"{row[4]} is listed twice in the PDF"
            in_pdf[row[4]] = flat(row[2])
for name, texts in in_page.items():
    # A name of several values may need several lines: the last of them has the name.
    text = "·".join(texts)
    assert name in in_pdf, f"{name} ({text}) is not in the PDF's table of numbers"
    assert in_pdf[name] == text or (len(texts) > 1 and in_pdf[name] in text), f"{name}: {text} in the page, {in_pdf[name]} in the PDF"

# The Word document and the Markdown: the words of the page, one after the other, those of its table of numbers too.
def words(text):
    return re.findall(r"\w+", html.unescape(text))


def same_words(name, told, expected):
    for at, (a, b) in enumerate(zip(told, expected)):
        assert a == b, f"{name} has «{' '.join(told[at - 5:at + 6])}», the page «{' '.join(expected[at - 5:at + 6])}»"
    assert len(told) == len(expected), f"{name} has {len(told)} words, the page {len(expected)}"


def of_page(page):
    """Without drawings, marks of notes, and the numbers of headings, which Word counts itself."""
    page = re.sub(r"<svg.*?</svg>|<sup>.*?</sup>", "", page[page.index('<section class="chapter">') : page.index('<nav class="lists"')], flags=re.S)
    page = re.sub(r'(<h\d[^>]*>)<span class="number">[^<]*</span>', r"\1", page)
    return re.sub(r"<[^>]*>", " ", re.sub(r"</?(span|em|strong|code|a)\b[^>]*>", "", page))


notes = re.compile(r'<section class="notes".*?</section>', re.S)
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
paragraphs = list(ElementTree.fromstring(ZipFile(out / "report.docx").read("word/document.xml")).iter(f"{W}p"))
style = [paragraph.find(f"{W}pPr/{W}pStyle").get(f"{W}val") for paragraph in paragraphs]
breaks = (f"{W}br", f"{W}tab")
texts = ["".join(" " if t.tag in breaks else t.text or "" for t in p.iter() if t.tag in (*breaks, f"{W}t")) for p in paragraphs]
in_word = [word for text in texts[style.index("Heading1") :] for word in words(text)]
same_words("the Word document", in_word, words(of_page(notes.sub("", page))))
markdown = (out / "report.md").read_text()
prose = markdown[markdown.index("\n## ") :]
prose = re.sub(r"!\[.*?\]\([^)]*\)|<a [^>]*>|</a>|(?m:^\[\^\d+\]: )|\[\^\d+\]|(?m:^[> ]*\d+\. )|\]\([^)]*\)|</?(em|strong)>|[*`]", "", prose)
prose = re.sub(r"(?m)^(#+) [\d.]+ ", r"\1 ", prose).replace("\\", "").replace("<br>", " ")
same_words("the Markdown", words(prose), words(of_page(re.sub(r'(<section class="notes"[^>]*>)<h3>.*?</h3>', r"\1", page))))

# The dashboard: the block of data that it draws from.
block = re.search(r'<script type="application/json" id="data">(.*?)</script>', (out / "dashboard.html").read_text(), re.S)
board = json.loads(block[1])


def number(text):
    """A printed number and the size of its last digit, both as a share where it is a percentage."""
    digits = re.sub(r"[^\d,.]", "", text.replace("R$", ""))
    whole, _, fraction = digits.replace(".", "").partition(",") if french else digits.replace(",", "").partition(".")
    scale = 0.01 if "%" in text else 1.0
    sign = -1 if text.startswith(("−", "-")) else 1
    return sign * float(f"{whole}.{fraction or 0}") * scale, scale * 10.0 ** -len(fraction)


compared = 0


def same(name, value, where):
    """What the text says under `name` is `value`, rounded as it is printed."""
    global compared
    assert name in in_page, f"{name} is not in the page: {where} has {value}"
    for text in in_page[name]:
        printed, unit = number(text)
        assert abs(printed - value) <= 0.5000001 * unit + 1e-9, f"{name}: {text} is printed, {where} has {value}"
    compared += 1


def equal(a, b, what):
    global compared
    assert abs(a - b) <= 1e-9 * max(1.0, abs(a), abs(b)), f"{what}: {a} and {b}"
    compared += 1


def total(rows, column):
    return sum(float(row[column]) for row in rows)


# What the orders add up to: text, tables, dashboard.
states, payments = table("by_state"), table("payments_by_state")
for name, rows, column, of in [
    ("total.orders", states, "orders", "totals"),
    ("total.revenue", states, "revenue", "totals"),
    ("payments.value", payments, "value", "payments"),
]:
    scale = 100 if column in ("revenue", "value") else 1
    same(name, total(rows, column), f"tables, {column}")
    equal(total(rows, column), sum(board[of][column]) / scale, f"{column} of the tables and of the dashboard")
read = [row for row in table("audit") if row["step"] == "read"]
same("audit.rows_in", total(read, "rows_in"), "tables/audit.csv")
# How orders are paid, and which states grow: text, --json, tables, dashboard.
named = [row for row in table("payment_habits") if row["named"] == "1"]
told = {(habit["state"], habit["payment_type"]): habit for habit in answers["payment_habits"]}
assert set(told) == {(row["state"], row["payment_type"]) for row in named}, "different habits in the tables and in --json"
for row in named:
    for column in ("share", "share_rest", "shrunk_share", "q"):
        equal(float(row[column]), told[row["state"], row["payment_type"]][column], f"{column} of a habit in the tables and in --json")
if named:
    same("habits.named", len(named), "tables/payment_habits.csv")
for row, step in zip(table("payment_coverage"), answers["payment_coverage"], strict=True):
    assert row["payment_type"] == step["payment_type"], "different coverage in the tables and in --json"
    equal(float(row["covered"]), step["covered"], f"coverage of {row['payment_type']}")
same("payments.coverage[0].covered", answers["payment_coverage"][0]["covered"], "--json")
for row, method in zip(table("payment_methods"), answers["payment_methods"], strict=True):
    equal(float(row["orders"]), method["orders"], f"orders paid by {row['payment_type']}")
    assert row["delay_median_hours"] == ("" if method["delay_median_hours"] is None else str(method["delay_median_hours"])), "delays differ"
on_board = {board["states"]["keys"][row["state"]]: row for row in board["growth"]}
for row, state in zip(table("state_growth"), answers["state_growth"], strict=True):
    equal(float(row["orders_after"]), on_board[row["state"]]["orders_after"], f"orders of {row['state']} in the dashboard")
    for column in ("growth", "low", "high", "q"):
        values = [None if row[column] == "" else float(row[column]), on_board[row["state"]][column], (state["change"] or {}).get(column)]
        assert values[0] == values[1] == values[2], f"{column} of {row['state']}: {values}"
        compared += 1

# Who comes back: text, --json, tables.
[row], told = table("customers_repeat"), answers["customers"]
for column in ("customers", "several_orders", "returned", "orders", "later_orders"):
    assert int(row[column]) == told[column], f"{column}: {row[column]} and {told[column]}"
same("customers.customers", told["customers"], "--json")
same("customers.returned", told["returned"] / told["customers"], "--json")
if repeat := told["repeat"]:
    assert row["verdict"] == repeat["verdict"], row["verdict"]
    for column, value in [("rate", "rate"), ("low", "low"), ("high", "high"), ("needed_rise", "needed"), ("detectable_rise", "detectable")]:
        assert row[column] == "" if repeat[value] is None else float(row[column]) == repeat[value], column
        compared += 1
    if repeat["needed"] is not None:
        same("customers.repeat.needed", float(row["needed_rise"]), "tables/customers_repeat.csv")
    if repeat["detectable"] is not None:
        same("customers.repeat.gain_orders", float(row["gain_orders"]), "tables/customers_repeat.csv")
for row, cohort in zip(table("customer_cohorts"), told["cohorts"], strict=True):
    assert int(row["customers"]) == cohort["customers"], row
    for months, returned in zip((1, 2, 3, 6, 12), cohort["returned"], strict=True):
        share = row[f"within_{months}"]
        assert share == "" if returned is None else abs(float(share) * cohort["customers"] - returned) < 1e-6, row
        compared += 1

# What to sell: what a newcomer earns and keeps; text, --json, tables, dashboard.
sell, profit = answers["what_to_sell"], answers["profit"]
chances, drawn = table("entrants_by_category"), (board["entrants"] or {"candidates": []})["candidates"]
assert [row["category"] for row in chances] == [one["key"] for one in drawn], "other categories in the dashboard"
if sell:
    same("entry.entrants", sell["entrants"]["summary"]["entrants"], "--json")
    same("entry.median", sell["entrants"]["summary"]["revenue_quartiles"][1], "--json")
    for name, told, row in zip(("one", "few", "some", "many"), sell["entrants"]["milestones"], table("milestones")):
        if told["rest"]:
            equal(told["rest"]["nothing"], float(row["share_nothing_more"]), f"milestone {name} in --json and tables")
            same(f"entry.{name}.median", float(row["rest_median"]), "tables/milestones.csv")
listed = (sell or {}).get("short_list") or []
on_list = [(row, point) for row, point in zip(chances, drawn) if float(row["p_top3"]) >= 0.1]
for one, (row, point) in zip(listed, on_list, strict=True):
    assert one["category"] == row["category"], "another short list"
    for key, column in (("typical", "typical"), ("first", "p_first"), ("top3", "p_top3")):
        equal(point[key], one[key], f"{key} of {one['category']} in the dashboard and in --json")
        assert abs(one[key] - float(row[column])) <= 0.0050001, f"{key} of {one['category']}"
if listed:
    same("choice.leader.typical", listed[0]["typical"], "--json")
    same("choice.leader.low", float(chances[0]["low80"]), "tables/entrants_by_category.csv")
for row, told in zip(table("profit_by_category"), profit["categories"], strict=True):
    assert row["category"] == told["category"] and row["contribution"] == f"{told['contribution']:.2f}", row
    [point] = [one for one in drawn if one["key"] == row["category"]]
    left = point["typical"] * (point["margin"] - board["entrants"]["commission"]) - board["entrants"]["per_order"] * point["orders"]
    equal(left, told["contribution"], f"contribution of {row['category']} in the dashboard")
if profit["categories"]:
    same("profit.leader.contribution", profit["categories"][0]["contribution"], "--json")
for row, told in zip([r for r in table("break_even") if r["by"] == "state"], profit["states"], strict=True):
    assert row["name"] == told["name"] and row["break_even"] == f"{told['break_even']:.2f}", row
if profit["states"]:
    same("profit.first_state.break_even", profit["states"][0]["break_even"], "--json")

# The market, where it sells, how it is paid: text, --json, tables, dashboard.
market, where, paid = (answers[key] for key in ("market", "where_to_advertise", "how_to_get_paid"))
assert market and where and paid, f"no decision to compare: {answers['lacking']}"
first, winner, ranked = market["short_list"][0], table("winner")[0], board["rankings"]["category"]["candidates"]
assert first["category"] == winner["category"] == ranked[0]["key"], "another first category"
assert len(ranked) == market["candidates"], "different numbers of candidates"
same("decisions.candidates", market["candidates"], "--json")
for name in ("forecast", "before", "first"):
    same(f"decisions.winner.{name}", first[name], "--json")
    same(f"decisions.winner.{name}", float(winner[name]), "tables/winner.csv")
    if name in ranked[0]:
        equal(ranked[0][name], first[name], f"{name} of the first category in the dashboard and in --json")
target, region, tile = where["states"][0], table("regions")[0], board["rankings"]["state"]["candidates"][0]
assert target["state"] == region["state"] == tile["key"], "different target states"
same("decisions.region.target.forecast", target["forecast"], "--json")
same("decisions.region.target.forecast", float(region["forecast"]), "tables/regions.csv")
equal(tile["forecast"], target["forecast"], "forecast of the target state in the dashboard and in --json")
same("decisions.payments.methods[0].share", paid["methods"][0]["share_orders"], "--json")
same("decisions.payments.methods[0].share", float(table("winner_payments")[0]["share_orders"]), "tables/winner_payments.csv")

# Forecasts by month: dashboard and table.
forecasts = [row for row in table("forecasts") if row["period"] == "month"]
for kind, keys in (("category", board["categories"]["keys"]), ("state", board["states"]["keys"])):
    for row in (r for r in forecasts if r["by"] == kind and r["series"] in keys):
        drawn = board["forecasts"][kind][keys.index(row["series"])][board["forecasts"]["months"].index(row["from"][:7])]
        expected = [float(row[column]) for column in ("forecast", "lo80", "hi80", "lo95", "hi95")]
        assert all(abs(a - b) <= 0.51 for a, b in zip(drawn, expected)), f"{row['series']}, {row['from']}: {drawn}, {expected}"
        compared += 1

# The band of the whole market: its forecast is the sum over the categories, its ends lie around it.
if (market := board["forecasts"]["market"]["category"]) is not None:
    assert len(market) == len(board["forecasts"]["months"]) and all(0 < ends[0] < ends[2] < 1 and 0 < ends[1] < ends[3] for ends in market), market
    compared += 1

# Would it have worked: text, --json, tables.
past = answers["would_it_have_worked"]
for row, told in zip(table("entrants_backtest"), (past or {"results": []})["results"], strict=True):
    assert (row["rule"], int(row["top"])) == (told["rule"], told["top"]), row
    equal(float(row["ratio"]), told["ratio"], f"ratio of {row['rule']}")
    if (told["check"], told["rule"], told["top"]) == ("past", "entrants", 3):
        same("choice_past.ours.three.ratio", told["ratio"], "--json")
if tested := [r for r in table("backtest") if (r["by"], r["cutoffs"]) == ("category", "monthly")]:
    same("past.categories.ours.wape", float(tested[0]["wape"]), "tables/backtest.csv")
    same("past.categories.ours.coverage80", float(tested[0]["coverage80"]), "tables/backtest.csv")
    for row in table("forecast_totals"):
        for column in ("coverage80", "score80"):
            # The text quotes some of them.
            if (name := f"past.totals.{row['method']}.{row['series']}.{column}") in in_page:
                same(name, float(row[column]), "tables/forecast_totals.csv")

print(f"{len(in_page)} names in the page, {len(in_pdf)} in the PDF; {len(in_word)} words in Word and as Markdown; {compared} numbers agree with tables, dashboard and --json")
