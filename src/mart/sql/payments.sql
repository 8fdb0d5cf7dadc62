-- State × method × instalments. Orders do not add up over methods or instalments: an order may be paid in several ways.
SELECT c.customer_state AS state, p.payment_type AS payment_type, p.payment_installments AS installments,
       COUNT(*) AS payments, COUNT(DISTINCT p.order_id) AS orders, SUM(p.payment_centavos) AS value_centavos
FROM order_payments AS p
JOIN orders AS o ON p.order_id = o.order_id
JOIN customers AS c ON o.customer_id = c.customer_id
GROUP BY c.customer_state, p.payment_type, p.payment_installments
ORDER BY state, payment_type, installments
