-- State × set of methods that an order was paid with: what tells which methods a shop can do without.
SELECT state, boleto, credit_card, debit_card, voucher, not_defined, COUNT(*) AS orders
FROM (
    SELECT p.order_id AS order_id, s.state AS state,
           MAX(CASE WHEN p.payment_type = 'boleto' THEN 1 ELSE 0 END) AS boleto,
           MAX(CASE WHEN p.payment_type = 'credit_card' THEN 1 ELSE 0 END) AS credit_card,
           MAX(CASE WHEN p.payment_type = 'debit_card' THEN 1 ELSE 0 END) AS debit_card,
           MAX(CASE WHEN p.payment_type = 'voucher' THEN 1 ELSE 0 END) AS voucher,
           MAX(CASE WHEN p.payment_type = 'not_defined' THEN 1 ELSE 0 END) AS not_defined
    FROM order_payments AS p
    JOIN orders_served AS s ON p.order_id = s.order_id
    GROUP BY p.order_id, s.state
) AS paid
GROUP BY state, boleto, credit_card, debit_card, voucher, not_defined
ORDER BY state, boleto, credit_card, debit_card, voucher, not_defined
