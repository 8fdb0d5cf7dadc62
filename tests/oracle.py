"""Independent recomputation of the tables with pandas and scikit-learn, compared with what `pfe run` wrote.

Usage: oracle.py DATA OUT    DATA is a folder of Kaggle CSVs, OUT the output folder of `pfe run --data DATA`.
Data with defects are not for it: it does no cleaning beyond Olist's own quirks.
"""

import sys
from pathlib import Path

import pandas as pd
from sklearn.linear_model import LinearRegression

data, tables = Path(sys.argv[1]), Path(sys.argv[2]) / "tables"


def read(name, **options):
    return pd.read_csv(data / name, encoding="utf-8-sig", **options)


customers = read("olist_customers_dataset.csv", usecols=["customer_id", "customer_state"])
orders = read("olist_orders_dataset.csv", parse_dates=[3, 4, 5, 6, 7])
items = read("olist_order_items_dataset.csv")
payments = read("olist_order_payments_dataset.csv")
reviews = read("olist_order_reviews_dataset.csv", usecols=["order_id", "review_score"])
products = read("olist_products_dataset.csv", usecols=["product_id", "product_category_name"])
translation = read("product_category_name_translation.csv").set_index("product_category_name").iloc[:, 0]

names = products.product_category_name
products["category"] = names.map(translation).fillna(names).fillna("unknown")
orders = orders.merge(customers, on="customer_id").rename(columns={"customer_state": "state"})
orders["year"], orders["month"] = orders.order_purchase_timestamp.dt.year, orders.order_purchase_timestamp.dt.month
received = (orders.order_status == "delivered") & orders.order_delivered_customer_date.notna()
orders["late_share"] = (orders.order_delivered_customer_date > orders.order_estimated_delivery_date).where(received).astype(float)
taken = orders.order_delivered_customer_date - orders.order_purchase_timestamp
orders["delivery_days_mean"] = (taken.dt.total_seconds() / 86400).where(received)
orders["canceled_share"] = (orders.order_status == "canceled").astype(float)
items["revenue"] = ((items.price + items.freight_value) * 100).round().astype("int64")
sold = items.merge(products, on="product_id").merge(orders, on="order_id")

checked = 0


def compare(name, expected, keys, exact):
    """Row by row; `exact` columns to the last digit, the others to 1e-9."""
    global checked
    found = pd.read_csv(tables / f"{name}.csv", keep_default_na=False, na_values=[""])
    expected = expected.reset_index()
    assert list(found.columns) == keys + exact + [c for c in expected.columns if c not in keys + exact], list(found.columns)
    assert len(found) == len(expected), f"{name}: {len(found)} rows, {len(expected)} expected"
    both = found.merge(expected, on=keys, suffixes=("", "_expected"), validate="one_to_one")
    assert len(both) == len(expected), f"{name}: other keys"
    for column in [c for c in expected.columns if c not in keys]:
        a, b = both[column], both[f"{column}_expected"]
        tolerance = 0.0 if column in exact else 1e-9
        bad = ~((a - b).abs() <= tolerance * b.abs().clip(lower=1)) & ~(a.isna() & b.isna())
        assert not bad.any(), f"{name}.{column}:\n{both[bad].head()}"
        checked += len(both)


def service(frame, key):
    """Facts per `key` of `frame`, whose rows are the key's distinct orders."""
    scores = frame.merge(reviews, on="order_id").groupby(key).review_score.mean().rename("review_mean")
    means = frame.groupby(key)[["late_share", "delivery_days_mean", "canceled_share"]].mean()
    return pd.concat([scores, means], axis=1)


def money(centavos):
    return (centavos / 100).round(2)


def sums(key):
    grouped = sold.groupby(key)
    return pd.DataFrame(
        {"orders": grouped.order_id.nunique(), "items": grouped.size(), "revenue": money(grouped.revenue.sum())}
    )


by_category = sums("category").join(service(sold.drop_duplicates(["order_id", "category"]), "category"))
compare("by_category", by_category, ["category"], ["orders", "items", "revenue"])
by_state = sums("state").join(service(orders, "state"), how="right").fillna({"items": 0, "revenue": 0})
by_state["orders"] = orders.groupby("state").size()
compare("by_state", by_state, ["state"], ["orders", "items", "revenue"])
compare("monthly_revenue", sums(["category", "year", "month"]), ["category", "year", "month"], ["orders", "items", "revenue"])
monthly = orders.groupby(["state", "year", "month"]).size().rename("orders").to_frame()
monthly = monthly.join(sums(["state", "year", "month"])[["items", "revenue"]]).fillna(0)
compare("monthly_revenue_by_state", monthly, ["state", "year", "month"], ["orders", "items", "revenue"])

paid = payments.merge(orders[["order_id", "state"]], on="order_id")
paid["centavos"] = (paid.payment_value * 100).round().astype("int64")
methods = paid.groupby(["state", "payment_type"])
methods = pd.DataFrame({"payments": methods.size(), "orders": methods.order_id.nunique(), "centavos": methods.centavos.sum()})
of_state = methods.groupby("state").transform("sum")
methods["value"] = money(methods.centavos)
methods["share_payments"] = methods.payments / of_state.payments
methods["share_value"] = methods.centavos / of_state.centavos
compare("payments_by_state", methods.drop(columns="centavos"), ["state", "payment_type"], ["payments", "orders", "value"])

top = sums(["product_id", "category"]).sort_values("revenue", ascending=False).head(1000)
found = pd.read_csv(tables / "top_products.csv")
assert (found.revenue.to_numpy() == top.revenue.to_numpy()).all(), "top_products.revenue"

# The reference model as the original computes it.
last = sold.loc[sold.groupby("order_id").order_item_id.idxmax()].copy()
last["sales"] = last.order_item_id * last.revenue
training = money(last.groupby(["category", "year", "month"]).sales.sum()).reset_index()
future = pd.DataFrame([(2018 + (8 + i) // 12, (8 + i) % 12 + 1) for i in range(40)], columns=["year", "month"])
parts = []
for category, rows in training.groupby("category"):
    fitted = LinearRegression().fit(rows[["year", "month"]], rows.sales)
    parts += [rows, future.assign(category=category, sales=fitted.predict(future))]
expected = pd.concat(parts, ignore_index=True)
found = pd.read_csv(tables / "price_predictions.csv")
assert list(found.columns) == ["category", "sales", "year", "month", "date"]
assert (found[["category", "year", "month"]].to_numpy() == expected[["category", "year", "month"]].to_numpy()).all()
error = (found.sales - expected.sales).abs() / expected.sales.abs().clip(lower=1)
assert error.max() < 1e-6, f"price_predictions: {error.max()}"
assert (found.date == found.year.astype(str) + "-" + found.month.astype(str).str.zfill(2) + "-01 00:00:00").all()
end = expected[(expected.year == 2021) & (expected.month == 12)].nlargest(10, "sales")
found = pd.read_csv(tables / "price_predictions_top_category.csv")
assert list(found.category) == list(end.category), "price_predictions_top_category"

# What is left to a new seller, from what the run says that it earns, and what an order may cost in advertising.
found = pd.read_csv(tables / "profit_by_category.csv")
left = found.typical * (found.margin - 0.2) - 5 * found.orders
assert (found.contribution - left).abs().max() < 0.02, "profit_by_category.contribution"
assert found.contribution.is_monotonic_decreasing or len(found) < 2, "profit_by_category: the order"
if len(found):
    first, rest = found.iloc[0], found.iloc[1:]
    tipped = first.typical * (rest.tipping_margin - 0.2) - 5 * first.orders
    assert (tipped - rest.contribution).abs().max() < 0.03, "profit_by_category.tipping_margin"
valid = sold[~sold.order_status.isin(["canceled", "unavailable"])]
whole = pd.read_csv(tables / "break_even.csv")
months = sorted(set(zip(valid.year, valid.month)))
for last in range(len(months), 0, -1):
    kept = valid[[(y, m) in months[max(0, last - 12):last] for y, m in zip(valid.year, valid.month)]]
    by_state = kept.groupby("state").order_id.nunique()
    states_found = whole[whole.by == "state"].set_index("name").orders
    if by_state.reindex(states_found.index).fillna(0).astype(int).equals(states_found.astype(int)):
        break
else:
    raise AssertionError("break_even: no twelve months have these orders")
for by, key in (("state", "state"), ("category", "category")):
    rows = kept.assign(left=0.4 * kept.price - 0.04 * (kept.price + kept.freight_value) - kept.freight_value)
    grouped = rows.groupby(key)
    counts, sums_left = grouped.order_id.nunique(), grouped.left.sum()
    shrunk = (sums_left + 50 * sums_left.sum() / counts.sum()) / (counts + 50)
    mine = whole[whole.by == by].set_index("name")
    assert set(mine.index) == set(counts.index) - {"unknown"}, f"break_even: other {by} names"
    assert (mine.break_even - shrunk.reindex(mine.index)).abs().max() < 0.0051, f"break_even by {by}"
    checked += len(mine)

audit = pd.read_csv(tables / "audit.csv")
assert (audit.rows_in == audit.rows_out + audit.deduplicated + audit.quarantined).all(), "rows are lost"
print(f"{checked} values agree; the reference model agrees to {error.max():.1e}")
