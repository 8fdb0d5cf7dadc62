-- Category × set of methods that the orders which hold an item of it were paid with. An order of two categories counts for
-- both.
SELECT h.category AS category, p.boleto AS boleto, p.credit_card AS credit_card, p.debit_card AS debit_card, p.voucher AS voucher, p.not_defined AS not_defined,
       COUNT(*) AS orders
FROM orders_paid AS p
JOIN categories_sold AS h ON p.order_id = h.order_id
GROUP BY h.category, p.boleto, p.credit_card, p.debit_card, p.voucher, p.not_defined
ORDER BY category, boleto, credit_card, debit_card, voucher, not_defined
