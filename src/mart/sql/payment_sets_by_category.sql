-- Category × set of methods that the orders which hold an item of it were paid with. An order of two categories counts for
-- both.
SELECT category, boleto, credit_card, debit_card, voucher, not_defined, COUNT(*) AS orders
FROM (
    SELECT p.order_id AS order_id, h.category AS category,
           MAX(CASE WHEN p.payment_type = 'boleto' THEN 1 ELSE 0 END) AS boleto,
           MAX(CASE WHEN p.payment_type = 'credit_card' THEN 1 ELSE 0 END) AS credit_card,
           MAX(CASE WHEN p.payment_type = 'debit_card' THEN 1 ELSE 0 END) AS debit_card,
           MAX(CASE WHEN p.payment_type = 'voucher' THEN 1 ELSE 0 END) AS voucher,
           MAX(CASE WHEN p.payment_type = 'not_defined' THEN 1 ELSE 0 END) AS not_defined
    FROM order_payments AS p
    JOIN (SELECT DISTINCT order_id, category FROM items_sold) AS h ON p.order_id = h.order_id
    GROUP BY p.order_id, h.category
) AS paid
GROUP BY category, boleto, credit_card, debit_card, voucher, not_defined
ORDER BY category, boleto, credit_card, debit_card, voucher, not_defined
