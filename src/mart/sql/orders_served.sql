-- Every order with its customer, state, city and postcode region (two characters), its reviews and its delivery; `unknown` where that is not known. Not stored: as long as
-- orders.
-- Late and delivery time count for delivered orders with a delivery date only.
SELECT o.order_id AS order_id, c.customer_unique_id AS customer_unique_id, COALESCE(c.customer_state, 'unknown') AS state, COALESCE(c.customer_city, 'unknown') AS city,
       COALESCE(SUBSTR(c.customer_zip_code_prefix, 1, 2), 'unknown') AS postcode,
       CASE WHEN o.order_status = 'canceled' OR o.order_status = 'unavailable' THEN 0 ELSE 1 END AS valid,
       o.purchase_day AS day, o.purchase_month AS month, COALESCE(o.order_status, 'unknown') AS status, o.known AS known,
       o.delivery_seconds AS seconds,
       CAST(CASE WHEN o.order_status = 'canceled' THEN 1 ELSE 0 END AS BIGINT) AS canceled,
       CAST(CASE WHEN o.order_status = 'delivered' AND o.delivery_seconds IS NOT NULL THEN 1 ELSE 0 END AS BIGINT) AS delivered,
       CAST(CASE WHEN o.order_status = 'delivered' AND o.late_by_timestamp THEN 1 ELSE 0 END AS BIGINT) AS late,
       CAST(CASE WHEN o.order_status = 'delivered' AND o.late_by_date THEN 1 ELSE 0 END AS BIGINT) AS late_by_date,
       CASE WHEN o.order_status = 'delivered' AND o.delivery_seconds IS NOT NULL THEN o.delivery_seconds ELSE 0 END AS delivery_seconds,
       COALESCE(r.reviews, 0) AS reviews, COALESCE(r.review_score_sum, 0) AS review_score_sum
FROM orders_known AS o
LEFT JOIN customers AS c ON o.customer_id = c.customer_id
LEFT JOIN (
    SELECT order_id, COUNT(*) AS reviews, SUM(review_score) AS review_score_sum FROM order_reviews GROUP BY order_id
) AS r ON o.order_id = r.order_id
