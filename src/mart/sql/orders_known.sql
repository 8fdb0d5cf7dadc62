-- Every order, and every order that only its items, payments or reviews name, because its own row is missing or was set aside: of
-- such an order neither customer, status nor day is known. Not stored: as long as orders. `known` tells one kind from the other.
SELECT order_id, customer_id, order_status, purchase_day, purchase_month, delivery_seconds, late_by_timestamp, late_by_date,
       1 AS known
FROM orders
UNION ALL
SELECT m.order_id AS order_id, o.customer_id AS customer_id, o.order_status AS order_status, o.purchase_day AS purchase_day,
       o.purchase_month AS purchase_month, o.delivery_seconds AS delivery_seconds, o.late_by_timestamp AS late_by_timestamp,
       o.late_by_date AS late_by_date, 0 AS known
FROM (
    SELECT i.order_id AS order_id FROM order_items AS i LEFT JOIN orders AS o ON i.order_id = o.order_id WHERE o.order_id IS NULL
    UNION
    SELECT p.order_id AS order_id FROM order_payments AS p LEFT JOIN orders AS o ON p.order_id = o.order_id WHERE o.order_id IS NULL
    UNION
    SELECT r.order_id AS order_id FROM order_reviews AS r LEFT JOIN orders AS o ON r.order_id = o.order_id WHERE o.order_id IS NULL
) AS m
LEFT JOIN orders AS o ON m.order_id = o.order_id
