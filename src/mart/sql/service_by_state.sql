-- State: all orders of its customers, how they were served and what they said.
SELECT s.state AS state, COUNT(*) AS orders, SUM(s.items) AS items, SUM(s.revenue_centavos) AS revenue_centavos,
       SUM(s.price_centavos) AS price_centavos, SUM(s.freight_centavos) AS freight_centavos,
       SUM(s.reviews) AS reviews, SUM(s.review_score_sum) AS review_score_sum,
       SUM(s.delivered) AS delivered, SUM(s.late) AS late, SUM(s.late_by_date) AS late_by_date,
       SUM(s.delivery_seconds) AS delivery_seconds, SUM(s.canceled) AS canceled
FROM orders_sold AS s
GROUP BY s.state
ORDER BY state
