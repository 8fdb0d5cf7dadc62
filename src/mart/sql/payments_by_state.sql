-- State × method.
SELECT c.customer_state AS state, p.payment_type AS payment_type,
       COUNT(*) AS payments, COUNT(DISTINCT p.order_id) AS orders, SUM(p.payment_centavos) AS value_centavos
FROM order_payments AS p
JOIN orders AS o ON p.order_id = o.order_id
JOIN customers AS c ON o.customer_id = c.customer_id
GROUP BY c.customer_state, p.payment_type
ORDER BY state, payment_type
