-- State × month × method.
SELECT s.state AS state, s.month AS month, p.payment_type AS payment_type,
       COUNT(*) AS payments, SUM(p.payment_centavos) AS value_centavos, SUM(p.payment_installments) AS installments
FROM order_payments AS p
JOIN orders_served AS s ON p.order_id = s.order_id
GROUP BY s.state, s.month, p.payment_type
ORDER BY state, month, payment_type
