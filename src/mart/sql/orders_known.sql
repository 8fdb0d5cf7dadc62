-- Every order, and every order that only its items, payments or reviews name, because its own row is missing or was set aside: of
-- such an order neither customer, status nor day is known. `n` has no rows, as no order lacks its id, and gives nulls of the right
-- types. `known` tells one kind from the other. Not stored: as long as orders.
SELECT order_id, customer_id, order_status, purchase_day, purchase_month, delivery_seconds, late_by_timestamp, late_by_date,
       1 AS known
FROM orders
UNION ALL
SELECT m.order_id AS order_id, n.customer_id AS customer_id, n.order_status AS order_status, n.purchase_day AS purchase_day,
       n.purchase_month AS purchase_month, n.delivery_seconds AS delivery_seconds, n.late_by_timestamp AS late_by_timestamp,
       n.late_by_date AS late_by_date, 0 AS known
FROM (
    SELECT DISTINCT f.order_id AS order_id
    FROM (
        SELECT order_id FROM order_items
        UNION ALL
        SELECT order_id FROM order_payments
        UNION ALL
        SELECT order_id FROM order_reviews
    ) AS f
    ANTI JOIN orders AS o ON f.order_id = o.order_id
) AS m
LEFT JOIN (SELECT * FROM orders WHERE order_id IS NULL) AS n ON m.order_id = n.order_id
