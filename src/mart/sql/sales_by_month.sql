-- Category × state × month. Orders add up over states and months, not over categories.
SELECT category, state, month,
       COUNT(DISTINCT order_id) AS orders, COUNT(*) AS items, SUM(revenue_centavos) AS revenue_centavos,
       SUM(price_centavos) AS price_centavos, SUM(freight_centavos) AS freight_centavos
FROM items_sold
GROUP BY category, state, month
ORDER BY category, state, month
