-- State × city × category × year: the orders that hold an item of the category. Orders do not add up over categories.
SELECT h.state AS state, h.city AS city, h.category AS category, CAST(EXTRACT(YEAR FROM h.month) AS BIGINT) AS year,
       COUNT(*) AS orders, SUM(h.items) AS items, SUM(h.revenue_centavos) AS revenue_centavos,
       SUM(h.freight_centavos) AS freight_centavos, SUM(h.reviews) AS reviews, SUM(h.review_score_sum) AS review_score_sum,
       SUM(h.delivered) AS delivered, SUM(h.late_by_date) AS late_by_date, SUM(h.delivery_seconds) AS delivery_seconds
FROM categories_sold AS h
GROUP BY h.state, h.city, h.category, CAST(EXTRACT(YEAR FROM h.month) AS BIGINT)
ORDER BY state, city, category, year
