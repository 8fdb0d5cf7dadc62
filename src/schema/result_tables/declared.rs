//! The result tables: names, columns, types, meaning. The one place to add a table or a column.

use super::declaration::{ColumnType, ResultColumn, ResultTable};

macro_rules! tables {
    (@lack none) => { true };
    (@lack) => { false };
    ($($table:literal: $($name:literal $kind:ident $(($lack:ident))? $doc:literal),+;)+) => {
        /// All result tables.
        pub const RESULT_TABLES: &[ResultTable] = &[$(ResultTable {
            name: $table,
            columns: &[$(ResultColumn {
                name: $name,
                kind: ColumnType::$kind,
                may_lack: tables!(@lack $($lack)?),
                doc: $doc,
            }),+],
        }),+];
    };
}

tables! {
    "price_predictions":
        "category" Text "category in English",
        "sales" Number "revenue, BRL; exact where it was seen, all digits where it is predicted",
        "year" Integer "year of the month",
        "month" Integer "month, 1 to 12",
        "date" Timestamp "first day of the month";
    "price_predictions_top_category":
        "category" Text "category in English",
        "sales" Number "revenue, BRL; exact where it was seen, all digits where it is predicted",
        "year" Integer "year of the month",
        "month" Integer "month, 1 to 12",
        "date" Timestamp "first day of the month";
    "payments_by_state":
        "state" Text "state of the customer",
        "payment_type" Text "method",
        "payments" Integer "payments",
        "orders" Integer "orders with such a payment",
        "value" Reais "sum of the payments, BRL",
        "share_payments" Number "share of the payments of the state, 0 to 1",
        "share_value" Number "share of their value, 0 to 1";
    "payment_methods":
        "payment_type" Text "method",
        "orders" Integer "orders with such a payment",
        "share" Number "their share of all paid orders, 0 to 1; an order may use several methods",
        "value_share" Number "its share of the value of all payments, 0 to 1",
        "ticket" Reais "what it pays of such an order on average, BRL",
        "instalments_mean" Number (none) "mean number of instalments of its payments; none where no payment has several",
        "delay_median_hours" Number (none) "median hours from purchase to approval, of orders that use no other method",
        "delay_p90_hours" Number (none) "hours within which nine in ten of them are approved",
        "canceled_share" Number (none) "share of them that were canceled, 0 to 1";
    "payment_coverage":
        "place" Integer "place among the methods, in the order in which each makes the most further orders possible",
        "payment_type" Text "method; its fee is not in the data",
        "orders_gained" Integer "orders that can be paid as they were with it and those before it, and not without it",
        "share_gained" Number "their share of all paid orders, 0 to 1",
        "covered" Number "share of the orders that can be paid as they were with it and those before it",
        "delay_median_hours" Number (none) "median hours from purchase to approval, of orders that use no other method";
    "payment_habits":
        "state" Text "state of the customer; every state and every method that a shop can offer",
        "payment_type" Text "method",
        "orders" Integer "orders of the state with such a payment",
        "state_orders" Integer "paid orders of the state",
        "share" Number "share of these with such a payment, 0 to 1",
        "share_rest" Number "the same share of all other states",
        "shrunk_share" Number "the share, drawn towards that of all states as far as chance explains their differences",
        "p" Number "chance of such a difference if the state were like the others: Fisher's exact test, two-sided",
        "q" Number "smallest rate of false discoveries at which the cell is one (Benjamini and Hochberg)",
        "named" Integer "1 if q is at most 0.1 and the shares differ by at least 0.02, 0 otherwise",
        "same_sign" Integer (none) "1 if the difference has one sign in the last two calendar years; none where one does not tell";
    "state_growth":
        "state" Text "state of the customer; no rows without twelve complete months and two states",
        "orders_before" Integer "orders of the six complete months before the last six, neither canceled nor unavailable",
        "orders_after" Integer "the same of the last six complete months",
        "growth" Number (none) "growth of its orders beyond that of all other states: odds ratio less one; none without orders",
        "low" Number (none) "lower end of the 90 % interval of the growth",
        "high" Number (none) "upper end of it",
        "q" Number (none) "smallest rate of false discoveries at which it is one (Benjamini and Hochberg); a discovery up to 0.1";
    "by_state":
        "state" Text "state of the customer",
        "orders" Integer "orders",
        "items" Integer "items sold",
        "revenue" Reais "prices of the items, BRL",
        "review_mean" Number (none) "mean review score, 1 to 5",
        "late_share" Number (none) "share of delivered orders that came late, 0 to 1",
        "delivery_days_mean" Number (none) "mean days from purchase to delivery",
        "canceled_share" Number (none) "share of orders canceled, 0 to 1";
    "by_category":
        "category" Text "category in English",
        "orders" Integer "orders with such an item",
        "items" Integer "items sold",
        "revenue" Reais "prices of the items, BRL",
        "review_mean" Number (none) "mean review score, 1 to 5",
        "late_share" Number (none) "share of delivered orders that came late, 0 to 1",
        "delivery_days_mean" Number (none) "mean days from purchase to delivery",
        "canceled_share" Number (none) "share of orders canceled, 0 to 1";
    "monthly_revenue":
        "category" Text "category in English",
        "year" Integer (none) "year of purchase",
        "month" Integer (none) "month of purchase, 1 to 12",
        "orders" Integer "orders",
        "items" Integer "items sold",
        "revenue" Reais "prices of the items, BRL";
    "monthly_revenue_by_state":
        "state" Text "state of the customer",
        "year" Integer (none) "year of purchase",
        "month" Integer (none) "month of purchase, 1 to 12",
        "orders" Integer "orders",
        "items" Integer "items sold",
        "revenue" Reais "prices of the items, BRL";
    "top_products":
        "product_id" Text "product",
        "category" Text "category in English",
        "items" Integer "items sold",
        "orders" Integer "orders with the product",
        "revenue" Reais "prices of the items, BRL";
    "audit":
        "table" Text "table",
        "step" Text "read or clean",
        "rows_in" Integer "rows that came in",
        "rows_out" Integer "rows that were kept",
        "deduplicated" Integer "rows removed as duplicates",
        "quarantined" Integer "rows set aside";
    "quality":
        "table" Text "table",
        "check" Text "what is checked",
        "severity" Text "how much a failure matters",
        "failed" Integer "rows that fail",
        "total" Integer "rows looked at";
    "winner":
        "rank" Integer "place, 1 is the best",
        "category" Text "category in English",
        "score" Number "sum of the points of its indicators",
        "forecast" Reais "revenue expected in the 90 days after the cutoff, BRL",
        "lo80" Reais "lower end of the 80 % interval, BRL",
        "hi80" Reais "upper end of the 80 % interval, BRL",
        "before" Reais "revenue of the 90 days before the cutoff, BRL",
        "first" Number "share of the draws in which it is first",
        "top3" Number "share of the draws in which it is among the first three",
        "first_other_weights" Number "share of other weights under which it is first",
        "top3_other_weights" Number "share of other weights under which it is among the first three";
    "winner_indicators":
        "category" Text "category in English",
        "indicator" Text "indicator",
        "value" Number (none) "its value; none where the data do not tell",
        "deviation" Number "deviations from the median of the candidates",
        "weight" Number "its weight",
        "points" Number "deviation times weight",
        "rank_without" Integer "place without this indicator";
    "winner_products":
        "product_id" Text "product of the winning category",
        "recent_revenue" Reais "revenue of the last 90 days, BRL",
        "revenue" Reais "revenue, BRL",
        "orders" Integer "orders",
        "price_mean" Reais "mean price, BRL",
        "review_mean" Number (none) "mean review score, 1 to 5",
        "sellers" Integer "sellers that offer it";
    "winner_payments":
        "payment_type" Text "method",
        "payments" Integer "payments",
        "orders" Integer "orders with such a payment",
        "value" Reais "sum of the payments, BRL",
        "share_payments" Number "share of the payments, 0 to 1",
        "share_orders" Number "share of the paid orders that use it, 0 to 1",
        "share_orders_low" Number "lower end of its 95 % interval",
        "share_orders_high" Number "upper end of its 95 % interval",
        "share_value" Number "share of their value, 0 to 1",
        "installments_mean" Number "mean number of instalments";
    "regions":
        "rank" Integer "place, 1 is the best",
        "state" Text "state",
        "score" Number "sum of the points of its indicators",
        "forecast" Reais "revenue expected in the 90 days after the cutoff, BRL",
        "before" Reais "revenue of the 90 days before the cutoff, BRL",
        "gain" Reais "forecast less before, BRL",
        "orders_per_100000" Number (none) "orders per 100,000 inhabitants";
    "region_indicators":
        "state" Text "state",
        "indicator" Text "indicator",
        "value" Number (none) "its value; none where the data do not tell",
        "deviation" Number "deviations from the median of the candidates",
        "weight" Number "its weight",
        "points" Number "deviation times weight",
        "rank_without" Integer "place without this indicator";
    "allocation":
        "state" Text "state",
        "share" Number "share of the money of the first test, 0 to 1: the same for each state that is tested",
        "budget" Reais "money of its test, BRL; what is left of the budget is kept until the test is read";
    "cities":
        "state" Text "state that comes first",
        "city" Text "city",
        "orders" Integer "orders",
        "revenue" Reais "revenue, BRL";
    "forecasts":
        "by" Text "category or state",
        "series" Text "which one",
        "period" Text "month, or 30d for thirty days",
        "cutoff" Date "last day that the forecast knows",
        "from" Date "first day of the period",
        "to" Date "last day of the period",
        "forecast" Reais "revenue expected, BRL",
        "lo80" Reais "lower end of the 80 % interval, BRL",
        "hi80" Reais "upper end of the 80 % interval, BRL",
        "lo95" Reais "lower end of the 95 % interval, BRL",
        "hi95" Reais "upper end of the 95 % interval, BRL";
    "coefficients":
        "by" Text "category or state",
        "step" Integer "periods ahead",
        "feature" Text "feature of the model",
        "value" Number "coefficient",
        "standard_error" Number "its standard error",
        "lambda" Number "strength of the ridge";
    "backtest":
        "by" Text "category or state",
        "cutoffs" Text "monthly or weekly",
        "model" Text "model",
        "wape" Number "weighted absolute percentage error",
        "wape_complete" Number "the same where history is complete",
        "wape_given_total" Number "the same if the total were known",
        "bias" Number "mean error over revenue",
        "mase" Number "mean absolute scaled error",
        "coverage80" Number "share of values within the 80 % interval",
        "coverage95" Number "share of values within the 95 % interval",
        "width80" Number "mean width of the 80 % interval over revenue",
        "growth" Number "rank correlation of predicted and actual growth",
        "relative_growth" Number "the same of growth relative to the market",
        "ours_minus_this" Number "error of our model less that of this one",
        "ours_minus_this_low" Number "lower end of its 90 % interval",
        "ours_minus_this_high" Number "upper end of its 90 % interval";
    "forecast_totals":
        "method" Text "how the 80 % interval of the sum of three periods is made: two_parts, from the errors of the market and those of the series; summed, by adding up the ends of each period's interval",
        "series" Text "categories that are looked at: all; candidates, with enough orders before the cutoff; largest, the fifteen with the greatest forecasts at each cutoff",
        "n" Integer "number of forecasts, one per series and weekly cutoff",
        "coverage80" Number "share of what came within the interval",
        "width80" Number "sum of the widths over revenue",
        "score80" Number "interval score over revenue: width, and ten times the distance of what came outside; less is better";
    "forecast_protocol":
        "part" Text "part of the frozen protocol: development, test, or holdout, which is scored once",
        "method" Text "method: linear (the deployed model), naive (the last month again), ewma_share, ses, theta, mean (of three months), ensemble",
        "from" Text "first month that is forecast, one to three months ahead",
        "to" Text "last month that is forecast",
        "n" Integer "forecasts: categories, months and horizons",
        "wape" Number "weighted absolute percentage error: sum of absolute errors over revenue",
        "difference_to_naive" Number (none) "wape less that of naive",
        "low90" Number (none) "lower end of its 90 % interval, months and categories drawn with replacement",
        "high90" Number (none) "upper end of it";
    "entrants_by_category":
        "category" Text "category in English of the first sale; only categories with at least ten entrants",
        "n" Integer "entrants: sellers whose first sale and the 90 days from it lie in the data",
        "median" Reais "median of their revenue of 90 days, prices of the items alone, BRL",
        "mean" Reais "mean of it, BRL",
        "typical" Reais "revenue that a newcomer can expect: mean of its logarithm, drawn towards that of all categories, BRL",
        "low80" Reais "lower end of the 80 % interval of the typical revenue, BRL",
        "high80" Reais "upper end of it, BRL",
        "p_first" Number "probability that its typical revenue is the greatest, 0 to 1",
        "p_top3" Number "probability that it is among the three greatest",
        "p_500" Number "probability that one more entrant reaches 500 BRL in 90 days, given a first sale",
        "p_1000" Number "the same of 1,000 BRL",
        "p_3000" Number "the same of 3,000 BRL";
    "entrants_backtest":
        "check" Text "past, without leader (the category that leads today left out), or locked (the last entrants, over 30 days)",
        "rule" Text "how the categories are chosen",
        "top" Integer "how many are chosen",
        "cutoffs" Integer "past days on which they are chosen",
        "n" Integer "later entrants in the chosen categories; where the choice is random, in all candidates",
        "ratio" Number "geometric mean revenue of these over that of all candidates' entrants",
        "ratio_low" Number (none) "lower end of its 90 % interval over sellers; none where the choice is random",
        "ratio_high" Number (none) "upper end of it",
        "shuffled_mean" Number (none) "geometric mean of the ratios with categories shuffled among the entrants of a month",
        "shuffled_high95" Number (none) "95 % quantile of these",
        "p" Number (none) "share of these that reach the ratio",
        "rank_correlation" Number (none) "rank correlation of typical revenue and revenue of single entrants of the locked check",
        "rank_p" Number (none) "probability of one at least as far from 0 by chance";
    "trial_designs":
        "whose" Text "marketplace: one region of each pair is advertised; shop: orders of an advertised half of the country against the rest",
        "design" Text "which regions are paired; parts of the country for a shop",
        "regions" Integer (none) "regions that take part",
        "weeks" Number "weeks of the trial; for a shop, those in which it has the orders, at 50 a month",
        "starts" Integer (none) "trials without advertising in the past, from whose spread the effect follows",
        "effect_orders" Number "smallest relative effect on orders that is seen with a power of 80 %, false alarms 10 % one-sided; 1 is a doubling",
        "effect_revenue" Number (none) "the same on prices of the items",
        "advertised_revenue" Reais (none) "revenue of the advertised regions in as many weeks without advertising, BRL",
        "break_even_budget" Reais (none) "money that an effect on revenue of this size pays back where 20 % of revenue are left (assumed), BRL",
        "orders" Number (none) "orders of both parts without the effect that show it",
        "orders_unknown_split" Number (none) "the same where the parts' shares are not known beforehand; as many are needed before the trial",
        "power" Number (none) "chance to see the effect with so many orders, exact",
        "false_alarms" Number (none) "chance of an alarm without an effect, exact";
    "milestones":
        "orders_28" Text "orders of an entrant in its first 28 days",
        "n" Integer "entrants with as many",
        "share_nothing_more" Number (none) "share that sold nothing on days 29 to 90, 0 to 1",
        "rest_q25" Reais (none) "first quartile of the revenue on these days, BRL",
        "rest_median" Reais (none) "median of it, BRL",
        "rest_q75" Reais (none) "third quartile of it, BRL";
    "profit_by_category":
        "category" Text "category in English of the first sale; only categories with at least ten entrants",
        "margin" Number "price less purchase cost, as a share of the price",
        "assumed" Integer "1 if nobody knows the margin, 0 if the reader or the export gives it",
        "typical" Reais "revenue of 90 days that a newcomer can expect, BRL",
        "orders" Number "orders in these that it can expect",
        "contribution" Reais "what is left of the revenue after purchase, commission, fees and returns, BRL",
        "low80" Reais "lower end of the 80 % interval of the contribution, an unknown margin drawn from 0.15 to 0.6, BRL",
        "high80" Reais "upper end of it, BRL",
        "p_first" Number "probability that its contribution is the greatest, unknown margins drawn, 0 to 1",
        "p_top3" Number "probability that it is among the three greatest",
        "p_loss" Number "probability that it is below 0",
        "tipping_margin" Number (none) "margin of the first category at which this one brings as much; none for the first";
    "break_even":
        "by" Text "state or category",
        "name" Text "which one",
        "orders" Integer "orders of the last twelve complete months, neither canceled nor unavailable",
        "price" Reais "mean price of the items of an order, of a category those of the category alone, BRL",
        "freight" Reais "mean freight of an order, BRL",
        "break_even" Reais "what an order of a shop of its own may cost in advertising until nothing is left, drawn towards the mean, BRL",
        "assumed" Integer "1 if a margin behind it is assumed, 0 otherwise";
}
