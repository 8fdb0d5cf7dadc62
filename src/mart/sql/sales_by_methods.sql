-- Category × state × month × set of payment methods (see orders_paid; 0 for orders without a payment): the orders that hold
-- an item of the category. Orders add up over states, months and sets, not over categories.
SELECT h.category AS category, h.state AS state, h.month AS month, COALESCE(p.methods, 0) AS methods,
       COUNT(*) AS orders, SUM(h.items) AS items, SUM(h.revenue_centavos) AS revenue_centavos,
       SUM(h.freight_centavos) AS freight_centavos, SUM(h.reviews) AS reviews, SUM(h.review_score_sum) AS review_score_sum,
       SUM(h.delivered) AS delivered, SUM(h.late_by_date) AS late_by_date, SUM(h.delivery_seconds) AS delivery_seconds
FROM categories_sold AS h
LEFT JOIN orders_paid AS p ON h.order_id = p.order_id
GROUP BY h.category, h.state, h.month, COALESCE(p.methods, 0)
ORDER BY category, state, month, methods
