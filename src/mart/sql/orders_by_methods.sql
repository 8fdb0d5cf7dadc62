-- State × month × set of payment methods (see orders_paid): all orders, each of them once.
SELECT s.state AS state, s.month AS month, COALESCE(p.methods, 0) AS methods,
       COUNT(*) AS orders, SUM(COALESCE(i.items, 0)) AS items, SUM(COALESCE(i.revenue_centavos, 0)) AS revenue_centavos,
       SUM(COALESCE(i.freight_centavos, 0)) AS freight_centavos, SUM(s.reviews) AS reviews,
       SUM(s.review_score_sum) AS review_score_sum, SUM(s.delivered) AS delivered, SUM(s.late_by_date) AS late_by_date,
       SUM(s.delivery_seconds) AS delivery_seconds
FROM orders_served AS s
LEFT JOIN (
    SELECT order_id, COUNT(*) AS items, SUM(revenue_centavos) AS revenue_centavos, SUM(freight_centavos) AS freight_centavos
    FROM items_sold GROUP BY order_id
) AS i ON s.order_id = i.order_id
LEFT JOIN orders_paid AS p ON s.order_id = p.order_id
GROUP BY s.state, s.month, COALESCE(p.methods, 0)
ORDER BY state, month, methods
