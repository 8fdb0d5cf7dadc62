-- Category × state × month × method: how the orders that hold an item of the category were paid. An order of two categories
-- counts for both, with all it paid, so that payments and values do not add up over categories.
SELECT h.category AS category, h.state AS state, h.month AS month, p.payment_type AS payment_type,
       COUNT(*) AS payments, SUM(p.payment_centavos) AS value_centavos, SUM(p.payment_installments) AS installments
FROM categories_sold AS h
JOIN order_payments AS p ON h.order_id = p.order_id
GROUP BY h.category, h.state, h.month, p.payment_type
ORDER BY category, state, month, payment_type
