-- Every order with how it was served, what its items came to (0 without any), what was paid for it and with which set of methods
-- (0 without a payment, see orders_paid). Not stored: as long as orders.
SELECT s.order_id AS order_id, s.customer_unique_id AS customer_unique_id, s.state AS state, s.city AS city, s.postcode AS postcode, s.day AS day, s.month AS month,
       s.known AS known, s.valid AS valid,
       COALESCE(i.sold, 0) AS sold,
       COALESCE(p.methods, 0) AS methods, COALESCE(p.payments, 0) AS payments,
       COALESCE(p.paid_centavos, 0) AS paid_centavos, COALESCE(i.items, 0) AS items, COALESCE(i.revenue_centavos, 0) AS revenue_centavos,
       COALESCE(i.price_centavos, 0) AS price_centavos, COALESCE(i.freight_centavos, 0) AS freight_centavos,
       s.reviews AS reviews, s.review_score_sum AS review_score_sum, s.delivered AS delivered, s.late AS late,
       s.late_by_date AS late_by_date, s.delivery_seconds AS delivery_seconds, s.canceled AS canceled
FROM orders_served AS s
LEFT JOIN (
    SELECT order_id, MAX(sold) AS sold, COUNT(*) AS items, SUM(revenue_centavos) AS revenue_centavos,
           SUM(price_centavos) AS price_centavos, SUM(freight_centavos) AS freight_centavos
    FROM items_sold GROUP BY order_id
) AS i ON s.order_id = i.order_id
LEFT JOIN orders_paid AS p ON s.order_id = p.order_id
