-- State × month: all orders of the state's customers, with or without items.
SELECT s.state AS state, s.month AS month, COUNT(*) AS orders, SUM(COALESCE(i.items, 0)) AS items,
       SUM(COALESCE(i.revenue_centavos, 0)) AS revenue_centavos
FROM orders_served AS s
LEFT JOIN (
    SELECT order_id, COUNT(*) AS items, SUM(revenue_centavos) AS revenue_centavos FROM items_sold GROUP BY order_id
) AS i ON s.order_id = i.order_id
GROUP BY s.state, s.month
ORDER BY state, month
