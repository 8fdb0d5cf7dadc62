-- What the clean tables hold, in numbers and amounts: what the other tables add up to (see law.rs). Items, payments and reviews are
-- counted without a join. `…_without_…` is what refers to a row that is not there. `items_paid` is what joining items with payments
-- comes to: for each item all that was paid for its order. `delivered * delivery_seconds` is `delivery_seconds`, which Sail 0.7 does
-- not sum by itself here: it holds it for a column without nulls in one plan and not in the other. A subquery, as
-- polars orders each part of a UNION by itself, by way of a join.
SELECT name, counted, amount
FROM (
    SELECT 'items' AS name, COUNT(*) AS counted, COALESCE(SUM(price_centavos + freight_centavos), 0) AS amount FROM order_items
    UNION ALL
    SELECT 'items_dated' AS name, COALESCE(SUM(sold * (1 - without_order)), 0) AS counted,
           COALESCE(SUM(sold * (1 - without_order) * revenue_centavos), 0) AS amount
    FROM items_sold
    UNION ALL
    SELECT 'items_paid' AS name, COALESCE(SUM(items * payments), 0) AS counted, COALESCE(SUM(items * paid_centavos), 0) AS amount
    FROM orders_sold
    UNION ALL
    SELECT 'items_sold' AS name, COALESCE(SUM(sold), 0) AS counted, COALESCE(SUM(sold * revenue_centavos), 0) AS amount FROM items_sold
    UNION ALL
    SELECT 'items_without_order' AS name, COALESCE(SUM(without_order), 0) AS counted,
           COALESCE(SUM(without_order * revenue_centavos), 0) AS amount
    FROM items_sold
    UNION ALL
    SELECT 'items_without_product' AS name, COALESCE(SUM(without_product), 0) AS counted,
           COALESCE(SUM(without_product * revenue_centavos), 0) AS amount
    FROM items_sold
    UNION ALL
    SELECT 'items_without_seller' AS name, COUNT(*) AS counted,
           COALESCE(SUM(i.price_centavos + i.freight_centavos), 0) AS amount
    FROM order_items AS i ANTI JOIN sellers AS s ON i.seller_id = s.seller_id
    UNION ALL
    SELECT 'items_without_state' AS name, COALESCE(SUM(without_state), 0) AS counted,
           COALESCE(SUM(without_state * revenue_centavos), 0) AS amount
    FROM items_sold
    UNION ALL
    SELECT 'orders' AS name, COUNT(*) AS counted, COALESCE(SUM(delivered * delivery_seconds), 0) AS amount FROM orders_sold
    UNION ALL
    SELECT 'orders_delivered' AS name, COALESCE(SUM(delivered), 0) AS counted, COALESCE(SUM(late), 0) AS amount FROM orders_sold
    UNION ALL
    SELECT 'orders_of_customers' AS name, COUNT(*) AS counted, COALESCE(SUM(price_centavos), 0) AS amount
    FROM orders_sold WHERE valid = 1 AND customer_unique_id IS NOT NULL AND day IS NOT NULL
    UNION ALL
    SELECT 'orders_paid' AS name, COUNT(*) AS counted, COALESCE(SUM(paid_centavos), 0) AS amount FROM orders_paid
    UNION ALL
    SELECT 'orders_without_row' AS name, COALESCE(SUM(1 - known), 0) AS counted,
           COALESCE(SUM((1 - known) * revenue_centavos), 0) AS amount
    FROM orders_sold
    UNION ALL
    SELECT 'payments' AS name, COUNT(*) AS counted, COALESCE(SUM(payment_centavos), 0) AS amount FROM order_payments
    UNION ALL
    SELECT 'payments_without_order' AS name, COALESCE(SUM((1 - known) * payments), 0) AS counted,
           COALESCE(SUM((1 - known) * paid_centavos), 0) AS amount
    FROM orders_sold
    UNION ALL
    SELECT 'reviews' AS name, COUNT(*) AS counted, COALESCE(SUM(review_score), 0) AS amount FROM order_reviews
    UNION ALL
    SELECT 'reviews_delivered' AS name, COALESCE(SUM(delivered * reviews), 0) AS counted,
           COALESCE(SUM(delivered * review_score_sum), 0) AS amount
    FROM orders_sold
    UNION ALL
    SELECT 'reviews_without_order' AS name, COALESCE(SUM((1 - known) * reviews), 0) AS counted, 0 AS amount FROM orders_sold
) AS t
ORDER BY name
