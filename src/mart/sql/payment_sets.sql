-- State × set of methods that an order was paid with: what tells which methods a shop can do without.
SELECT s.state AS state, p.boleto AS boleto, p.credit_card AS credit_card, p.debit_card AS debit_card, p.voucher AS voucher, p.not_defined AS not_defined,
       COUNT(*) AS orders
FROM orders_paid AS p
JOIN orders_served AS s ON p.order_id = s.order_id
GROUP BY s.state, p.boleto, p.credit_card, p.debit_card, p.voucher, p.not_defined
ORDER BY state, boleto, credit_card, debit_card, voucher, not_defined
