"""Independent recomputation of the tables with pandas and scikit-learn, compared with what `pfe run` wrote.

Usage: oracle.py DATA OUT    DATA is a folder of Kaggle CSVs, OUT the output folder of `pfe run --data DATA`.
Data with defects are not for it: it does no cleaning beyond Olist's own quirks.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.stats import binom, fisher_exact, norm, poisson
from sklearn.linear_model import LinearRegression

data, tables = Path(sys.argv[1]), Path(sys.argv[2]) / "tables"


def read(name, **options):
    return pd.read_csv(data / name, encoding="utf-8-sig", **options)


customers = read("olist_customers_dataset.csv", usecols=["customer_id", "customer_unique_id", "customer_state"])
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

# The unit of what follows is the order: it uses a method if any of its payments does.
uses = paid.groupby(["order_id", "state", "payment_type"]).centavos.sum().reset_index()
uses["alone"] = uses.groupby("order_id").payment_type.transform("size") == 1
uses = uses.merge(orders[["order_id", "order_purchase_timestamp", "order_approved_at", "canceled_share", "year"]], on="order_id")
uses["hours"] = (uses.order_approved_at - uses.order_purchase_timestamp).dt.total_seconds() / 3600
by_method, alone = uses.groupby("payment_type"), uses[uses.alone].groupby("payment_type")
paid_orders = uses.order_id.nunique()
expected = pd.DataFrame({
    "orders": by_method.size(), "share": by_method.size() / paid_orders, "value_share": by_method.centavos.sum() / uses.centavos.sum(),
    "ticket": by_method.centavos.sum() / by_method.size() / 100, "instalments_mean": payments.groupby("payment_type").payment_installments.mean(),
    "delay_median_hours": alone.hours.median(), "delay_p90_hours": alone.hours.quantile(0.9), "canceled_share": alone.canceled_share.mean(),
})
found = pd.read_csv(tables / "payment_methods.csv").set_index("payment_type")
assert list(found.columns) == list(expected.columns) and set(found.index) == set(expected.index), "payment_methods"
# Delays are known up to ranges of a minute, ten minutes or an hour; the ticket to the centavo.
tolerances = {"ticket": 0.0051, "delay_median_hours": 1 / 60, "delay_p90_hours": 1 / 60}
for column in expected:
    error = (found[column] - expected[column]).abs()
    bound = (0.02 * expected[column]).clip(lower=1 / 60) if column.startswith("delay") else tolerances.get(column, 1e-9)
    assert ((error <= bound) | (found[column].isna() & expected[column].isna())).all(), f"payment_methods.{column}:\n{found[column]}\n{expected[column]}"
    checked += len(found)

offered = uses[uses.payment_type != "not_defined"]
sets = uses.groupby("order_id").payment_type.agg(frozenset).value_counts()
chosen, before, curve = frozenset(), 0, []
while left := sorted(set(offered.payment_type) - chosen):
    payable = {method: sum(n for methods, n in sets.items() if methods <= chosen | {method}) for method in left}
    best = max(left, key=lambda method: (payable[method], (uses.payment_type == method).sum(), [-ord(c) for c in method]))
    chosen, gained, before = chosen | {best}, payable[best] - before, payable[best]
    curve.append((len(curve) + 1, best, gained, gained / paid_orders, before / paid_orders, found.delay_median_hours[best]))
columns = ["place", "payment_type", "orders_gained", "share_gained", "covered", "delay_median_hours"]
compare("payment_coverage", pd.DataFrame(curve, columns=columns).set_index("place"), ["place", "payment_type"], ["orders_gained"])


def false_discovery(p):
    """q of each p: the smallest of p·m/rank over all that are as great."""
    ordered = p.sort_values()
    return (ordered * len(p) / np.arange(1, len(p) + 1))[::-1].cummin()[::-1].clip(upper=1)


def logit(with_it, without):
    """Logit and its variance, half an order on each side."""
    return np.log((with_it + 0.5) / (without + 0.5)), 1 / (with_it + 0.5) + 1 / (without + 0.5)


def differences(frame):
    """Use of each method in each state and in the others."""
    size, everyone = frame.groupby("state").order_id.nunique(), frame.order_id.nunique()
    cells = pd.MultiIndex.from_product([sorted(frame.state.unique()), sorted(offered.payment_type.unique())], names=["state", "payment_type"])
    used = frame.groupby(["state", "payment_type"]).size().reindex(cells, fill_value=0).rename("orders").to_frame()
    used["state_orders"] = size.reindex(cells.get_level_values("state")).to_numpy()
    used["rest"] = used.groupby("payment_type").orders.transform("sum") - used.orders
    used["share"], used["share_rest"] = used.orders / used.state_orders, used.rest / (everyone - used.state_orders)
    return used, everyone


habits, everyone = differences(uses)
for method, cells in habits.groupby("payment_type"):
    y, v = logit(cells.orders, cells.state_orders - cells.orders)
    w = 1 / v
    q = (w * (y - (w * y).sum() / w.sum()) ** 2).sum()
    between = max(0, (q - (len(y) - 1)) / (w.sum() - (w**2).sum() / w.sum()))
    mean = (y / (v + between)).sum() / (1 / (v + between)).sum()
    habits.loc[cells.index, "shrunk_share"] = 1 / (1 + np.exp(-(mean + between / (between + v) * (y - mean))))
table = lambda c: [[c.orders, c.state_orders - c.orders], [c.rest, everyone - c.state_orders - c.rest]]
habits["p"] = [fisher_exact(table(cell))[1] for cell in habits.itertuples()]
habits["q"] = false_discovery(habits.p)
habits["named"] = ((habits.q <= 0.1) & ((habits.share - habits.share_rest).abs() >= 0.02)).astype(int)
last = sorted(uses.year.unique())[-2:]
if len(last) == 2:
    one, other = [differences(uses[uses.year == year])[0].reindex(habits.index) for year in last]
    one, other = one.share - one.share_rest, other.share - other.share_rest
    habits["same_sign"] = (one * other > 0).astype(float).where(one.notna() & other.notna() & (one != 0) & (other != 0))
else:
    habits["same_sign"] = float("nan")
compare("payment_habits", habits.drop(columns="rest"), ["state", "payment_type"], ["orders", "state_orders"])

# Growth of the states' shares over the last twelve complete months, which are found in the daily orders as `period` describes them.
valid = orders[~orders.order_status.isin(["canceled", "unavailable"]) & orders.order_id.isin(items.order_id)]
months = valid.order_purchase_timestamp.dt.to_period("M")
found = pd.read_csv(tables / "state_growth.csv")
if len(found):
    # The last month is the one whose half-years hold the orders that the table counts.
    counts = valid.groupby(["state", months]).size().unstack(fill_value=0)
    ends = [end for end in counts.columns[11:] if counts.loc[:, end - 5 : end].sum().sum() == found.orders_after.sum()]
    assert len(ends) == 1 and (ends[0].to_timestamp("D", "end") <= orders.order_purchase_timestamp.max()), ends
    counts = counts.reindex(columns=pd.period_range(ends[0] - 11, ends[0], freq="M"), fill_value=0).astype(float)
    whole, time = counts.sum().to_numpy(), np.arange(12) - 5.5

    def overdispersion(n):
        """Pearson's chi-square around a straight line in the logit, fitted by maximum likelihood."""
        likelihood = lambda line: (whole * np.logaddexp(0, line[0] + line[1] * time) - n * (line[0] + line[1] * time)).sum() / whole.sum()
        start = [np.log(n.sum() / (whole.sum() - n.sum())), 0]
        level, slope = minimize(likelihood, start, method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-16, "maxiter": 10_000}).x
        share = 1 / (1 + np.exp(-(level + slope * time)))
        return ((n - whole * share) ** 2 / (whole * share * (1 - share))).sum() / 10

    dispersion = counts.apply(lambda row: overdispersion(row.to_numpy()), axis=1)
    before, after = counts.iloc[:, :6].sum(axis=1), counts.iloc[:, 6:].sum(axis=1)
    cells = pd.concat([after, after.sum() - after, before, before.sum() - before], axis=1)
    cells = cells.add(np.where((cells == 0).any(axis=1), 0.5, 0), axis=0)
    change = np.log(cells[0] / cells[1]) - np.log(cells[2] / cells[3])
    deviation = np.sqrt(dispersion.clip(lower=max(1, dispersion.mean())) * (1 / cells).sum(axis=1))
    z = norm.ppf(0.95)
    expected = pd.DataFrame({
        "orders_before": before, "orders_after": after, "growth": np.expm1(change), "low": np.expm1(change - z * deviation),
        "high": np.expm1(change + z * deviation), "q": false_discovery(pd.Series(2 * norm.sf((change / deviation).abs()), counts.index)),
    })
    found = found.set_index("state")
    assert list(found.columns) == list(expected.columns) and list(found.index) == list(expected.index), "state_growth"
    for column in expected:
        error = (found[column] - expected[column]).abs()
        assert (error <= 1e-5 * expected[column].abs().clip(lower=0.01)).all(), f"state_growth.{column}: {error.max()}"
        checked += len(found)

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

# Forecasts by the protocol: the last month again, and the mean of three, one to three months ahead, on the months of the table's parts.
protocol = pd.read_csv(tables / "forecast_protocol.csv")
period = valid.order_purchase_timestamp.dt.to_period("M")
monthly = valid.pivot_table(index=period, columns="category", values="revenue", aggfunc="sum", fill_value=0)
monthly = monthly.reindex(pd.period_range(monthly.index.min(), monthly.index.max(), freq="M"), fill_value=0)
methods = {"naive": lambda cutoff: monthly.loc[cutoff], "mean": lambda cutoff: monthly.loc[cutoff - 2:cutoff].mean()}
for row in protocol[(protocol.part != "development") & protocol.method.isin(list(methods))].itertuples():
    targets = pd.period_range(row[3], row.to, freq="M")
    earliest = targets[0] - (1 if row.part == "test" else 3)
    pairs = [(target - ahead, target) for target in targets for ahead in (1, 2, 3) if target - ahead >= earliest]
    missed = sum((monthly.loc[target] - methods[row.method](cutoff)).abs().sum() for cutoff, target in pairs)
    expected_wape = missed / sum(monthly.loc[target].sum() for _, target in pairs)
    assert row.n == len(pairs) * monthly.shape[1] and abs(row.wape - expected_wape) < 1e-9, row
    checked += 2
naive = protocol[protocol.method == "naive"].set_index("part").wape
others = protocol[protocol.method != "naive"]
assert (others.wape - others.part.map(naive) - others.difference_to_naive).abs().max() < 1e-12 or others.empty

# Trials of a small shop: the fewest orders of which the exact conditional test sees the lift four times in five.
trials = pd.read_csv(tables / "trial_designs.csv")


def power(orders, lift):
    mean = orders * (1 + lift / 2)
    totals = np.arange(int(poisson.ppf(1 - 1e-13, mean)) + 1)
    least = binom.isf(0.1, totals, 0.5)
    return (poisson.pmf(totals, mean) * binom.sf(least, totals, (1 + lift) / (2 + lift))).sum()


for row in trials[trials.whose == "shop"].itertuples():
    assert power(row.orders, row.effect_orders) >= 0.8 > power(row.orders - 1, row.effect_orders), row
    assert power(row.orders, 0.0) <= 0.1
    checked += 1

# Customers who come back: on a later day than that of their first order.
visits = orders[~orders.order_status.isin(["canceled", "unavailable"])].assign(day=orders.order_purchase_timestamp.dt.normalize())
visits["price"] = visits.order_id.map(items.groupby("order_id").price.sum()).fillna(0)
person = visits.groupby("customer_unique_id")
visits["first"] = person.day.transform("min")
later = visits[visits.day > visits["first"]]
second = later.groupby("customer_unique_id").day.min()
found = pd.read_csv(tables / "customers_repeat.csv").iloc[0]
facts = [person.ngroups, (person.size() > 1).sum(), len(second), len(visits), len(later), visits.price.sum(), later.price.sum()]
assert np.allclose(found[:7].astype(float), facts, rtol=0, atol=0.005), f"customers_repeat: {facts}"
cohorts = pd.read_csv(tables / "customer_cohorts.csv").set_index("month")
if len(cohorts):
    span = pd.period_range(cohorts.index.min(), cohorts.index.max(), freq="M")
    began = person.day.min().dt.to_period("M")
    n = began.value_counts().reindex(span, fill_value=0)
    age = lambda days, firsts: (days.dt.to_period("M") - firsts.dt.to_period("M")).map(lambda gap: gap.n)

    def by_age(months, ages):
        """Cohort × age, as far as the data reach."""
        seen = pd.crosstab(months, ages).reindex(index=span, columns=range(len(span)), fill_value=0).astype(float)
        return seen.where(np.add.outer(range(len(span)), range(len(span))) < len(span))

    first_of = began.reindex(second.index)
    returned = by_age(first_of, (second.dt.to_period("M") - first_of).map(lambda gap: gap.n)).cumsum(axis=1, skipna=False)
    expected = pd.DataFrame({"customers": n} | {f"within_{k}": returned[k] / n if k in returned else np.nan for k in (1, 2, 3, 6, 12)})
    expected.index = expected.index.astype(str)
    compare("customer_cohorts", expected[n.to_numpy() > 0].rename_axis("month"), ["month"], ["customers"])
    if not np.isnan(found.months):
        counts = by_age(later["first"].dt.to_period("M"), age(later.day, later["first"]))
        ages = list(range(min(12, len(span) - 1) + 1))
        assert found.months == ages[-1]
        exposed = counts.notna().mul(n, axis=0).sum()
        rates = counts.sum() / exposed
        off = (counts - rates.to_frame().T.to_numpy() * n.to_numpy()[:, None]) / exposed
        between = (off[ages].sum(axis=1) ** 2).sum() * len(span) / (len(span) - 1)
        rate, error_of = rates[ages].sum(), np.sqrt(max((rates[ages] / exposed[ages]).sum(), between))
        ends = rate * np.exp(norm.ppf([0.05, 0.95]) * error_of / rate) if rate else [0, np.log(20) / exposed[ages[-1]]]
        assert np.allclose(found[["rate", "low", "high"]].astype(float), [rate, *ends], rtol=1e-9), "customers_repeat.rate"
        whole = returned[3].notna()
        share = returned.loc[whole, 3].sum() / n[whole].sum()
        assert found.trial_customers == n[-12:].sum() and np.isclose(found.returned_share, share), "customers_repeat.returned_share"
        back = min(share * found.trial_customers, 10_000)
        if not np.isnan(found.detectable_rise):
            assert power(back, found.detectable_rise) >= 0.8 > power(back, found.detectable_rise - 0.002), "customers_repeat.detectable_rise"
        needed = 0.05 * (1 + ends[0]) / ends[0] if rate else np.inf
        detectable = np.inf if np.isnan(found.detectable_rise) else found.detectable_rise
        rise, most = max(needed, detectable), min(1, 1 / share - 1) if share else 1
        verdict = "too_few_orders" if needed > 1 else "worth_a_trial" if rise <= most else "too_few_customers"
        assert found.verdict == verdict and (not rate or np.isclose(found.needed_rise, needed)), f"customers_repeat: {verdict}"
        checked += 10

audit = pd.read_csv(tables / "audit.csv")
assert (audit.rows_in == audit.rows_out + audit.deduplicated + audit.quarantined).all(), "rows are lost"
print(f"{checked} values agree; the reference model agrees to {error.max():.1e}")
