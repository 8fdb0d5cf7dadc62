-- Category × seller: what shows how concentrated a category is.
SELECT category, seller_id, COUNT(DISTINCT order_id) AS orders, COUNT(*) AS items, SUM(revenue_centavos) AS revenue_centavos
FROM items_sold
GROUP BY category, seller_id
ORDER BY category, seller_id
