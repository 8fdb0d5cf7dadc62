-- State × month × set of payment methods (see orders_paid): all orders, each of them once.
SELECT s.state AS state, s.month AS month, s.methods AS methods,
       COUNT(*) AS orders, SUM(s.items) AS items, SUM(s.revenue_centavos) AS revenue_centavos,
       SUM(s.freight_centavos) AS freight_centavos, SUM(s.reviews) AS reviews, SUM(s.review_score_sum) AS review_score_sum,
       SUM(s.delivered) AS delivered, SUM(s.late_by_date) AS late_by_date, SUM(s.delivery_seconds) AS delivery_seconds
FROM orders_sold AS s
GROUP BY s.state, s.month, s.methods
ORDER BY state, month, methods
