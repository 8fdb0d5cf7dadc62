-- State: all orders of its customers, how they were served and what they said.
SELECT s.state AS state, COUNT(*) AS orders, SUM(COALESCE(i.items, 0)) AS items,
       SUM(COALESCE(i.revenue_centavos, 0)) AS revenue_centavos, SUM(COALESCE(i.price_centavos, 0)) AS price_centavos,
       SUM(COALESCE(i.freight_centavos, 0)) AS freight_centavos,
       SUM(s.reviews) AS reviews, SUM(s.review_score_sum) AS review_score_sum,
       SUM(s.delivered) AS delivered, SUM(s.late) AS late, SUM(s.late_by_date) AS late_by_date,
       SUM(s.delivery_seconds) AS delivery_seconds, SUM(s.canceled) AS canceled
FROM orders_served AS s
LEFT JOIN (
    SELECT order_id, COUNT(*) AS items, SUM(revenue_centavos) AS revenue_centavos,
           SUM(price_centavos) AS price_centavos, SUM(freight_centavos) AS freight_centavos
    FROM items_sold GROUP BY order_id
) AS i ON s.order_id = i.order_id
GROUP BY s.state
ORDER BY state
