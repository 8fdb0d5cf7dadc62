-- Category × state × month. Orders add up over states and months, not over categories.
-- `sold_…` leaves out canceled and unavailable orders.
SELECT h.category AS category, h.state AS state, h.month AS month,
       COUNT(*) AS orders, SUM(h.items) AS items, SUM(h.revenue_centavos) AS revenue_centavos,
       SUM(h.price_centavos) AS price_centavos, SUM(h.freight_centavos) AS freight_centavos,
       SUM(h.sold) AS sold_orders, SUM(CASE WHEN h.sold = 1 THEN h.price_centavos ELSE 0 END) AS sold_price_centavos,
       SUM(CASE WHEN h.sold = 1 THEN h.freight_centavos ELSE 0 END) AS sold_freight_centavos
FROM categories_sold AS h
GROUP BY h.category, h.state, h.month
ORDER BY category, state, month
