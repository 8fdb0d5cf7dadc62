-- Category × state × day. Orders add up over states and days (an order has one of each), not over categories.
-- `sold_…` leaves out canceled and unavailable orders.
SELECT h.category AS category, h.state AS state, h.day AS day,
       COUNT(*) AS orders, SUM(h.items) AS items, SUM(h.revenue_centavos) AS revenue_centavos,
       SUM(h.price_centavos) AS price_centavos, SUM(h.sold) AS sold_orders,
       SUM(CASE WHEN h.sold = 1 THEN h.revenue_centavos ELSE 0 END) AS sold_revenue_centavos
FROM categories_sold AS h
GROUP BY h.category, h.state, h.day
ORDER BY category, state, day
