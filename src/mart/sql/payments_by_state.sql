-- State × method.
SELECT s.state AS state, p.payment_type AS payment_type,
       COUNT(*) AS payments, COUNT(DISTINCT p.order_id) AS orders, SUM(p.payment_centavos) AS value_centavos
FROM order_payments AS p
JOIN orders_served AS s ON p.order_id = s.order_id
GROUP BY s.state, p.payment_type
ORDER BY state, payment_type
