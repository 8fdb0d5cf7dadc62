-- Category × state × month × set of payment methods (see orders_paid; 0 for orders without a payment): the orders that hold
-- an item of the category. Orders add up over states, months and sets, not over categories.
SELECT h.category AS category, s.state AS state, s.month AS month, COALESCE(p.methods, 0) AS methods,
       COUNT(*) AS orders, SUM(h.items) AS items, SUM(h.revenue_centavos) AS revenue_centavos,
       SUM(h.freight_centavos) AS freight_centavos, SUM(s.reviews) AS reviews, SUM(s.review_score_sum) AS review_score_sum,
       SUM(s.delivered) AS delivered, SUM(s.late_by_date) AS late_by_date, SUM(s.delivery_seconds) AS delivery_seconds
FROM (
    SELECT order_id, category, COUNT(*) AS items, SUM(revenue_centavos) AS revenue_centavos,
           SUM(freight_centavos) AS freight_centavos
    FROM items_sold GROUP BY order_id, category
) AS h
JOIN orders_served AS s ON h.order_id = s.order_id
LEFT JOIN orders_paid AS p ON h.order_id = p.order_id
GROUP BY h.category, s.state, s.month, COALESCE(p.methods, 0)
ORDER BY category, state, month, methods
