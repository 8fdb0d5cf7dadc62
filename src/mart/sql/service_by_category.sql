-- Category: the orders that hold an item of it, how they were served and what their customers said.
SELECT h.category AS category, COUNT(*) AS orders, SUM(h.items) AS items, SUM(h.revenue_centavos) AS revenue_centavos,
       SUM(h.price_centavos) AS price_centavos, SUM(h.freight_centavos) AS freight_centavos,
       SUM(h.reviews) AS reviews, SUM(h.review_score_sum) AS review_score_sum,
       SUM(h.delivered) AS delivered, SUM(h.late) AS late, SUM(h.late_by_date) AS late_by_date,
       SUM(h.delivery_seconds) AS delivery_seconds, SUM(h.canceled) AS canceled
FROM categories_sold AS h
GROUP BY h.category
ORDER BY category
