-- Category × state × day. Orders add up over states and days (an order has one of each), not over categories.
-- `sold_…` leaves out canceled and unavailable orders.
SELECT category, state, day,
       COUNT(DISTINCT order_id) AS orders, COUNT(*) AS items, SUM(revenue_centavos) AS revenue_centavos,
       SUM(price_centavos) AS price_centavos,
       COUNT(DISTINCT CASE WHEN sold = 1 THEN order_id ELSE NULL END) AS sold_orders,
       SUM(CASE WHEN sold = 1 THEN revenue_centavos ELSE 0 END) AS sold_revenue_centavos
FROM items_sold
GROUP BY category, state, day
ORDER BY category, state, day
