-- State × month: all orders of the state's customers, with or without items. `sold_orders` have items and are neither canceled nor
-- unavailable.
SELECT s.state AS state, s.month AS month, COUNT(*) AS orders, SUM(s.items) AS items, SUM(s.revenue_centavos) AS revenue_centavos,
       SUM(s.sold) AS sold_orders
FROM orders_sold AS s
GROUP BY s.state, s.month
ORDER BY state, month
