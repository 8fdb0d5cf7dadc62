-- State × city × category × year: the orders that hold an item of the category. Orders do not add up over categories.
SELECT s.state AS state, s.city AS city, h.category AS category, CAST(EXTRACT(YEAR FROM s.month) AS BIGINT) AS year,
       COUNT(*) AS orders, SUM(h.items) AS items, SUM(h.revenue_centavos) AS revenue_centavos,
       SUM(h.freight_centavos) AS freight_centavos, SUM(s.reviews) AS reviews, SUM(s.review_score_sum) AS review_score_sum,
       SUM(s.delivered) AS delivered, SUM(s.late_by_date) AS late_by_date, SUM(s.delivery_seconds) AS delivery_seconds
FROM (
    SELECT order_id, category, COUNT(*) AS items, SUM(revenue_centavos) AS revenue_centavos,
           SUM(freight_centavos) AS freight_centavos
    FROM items_sold GROUP BY order_id, category
) AS h
JOIN orders_served AS s ON h.order_id = s.order_id
GROUP BY s.state, s.city, h.category, CAST(EXTRACT(YEAR FROM s.month) AS BIGINT)
ORDER BY state, city, category, year
