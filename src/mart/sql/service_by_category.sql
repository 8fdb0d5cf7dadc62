-- Category: the orders that hold an item of it, how they were served and what their customers said.
SELECT h.category AS category, COUNT(*) AS orders, SUM(h.items) AS items, SUM(h.revenue_centavos) AS revenue_centavos,
       SUM(h.price_centavos) AS price_centavos, SUM(h.freight_centavos) AS freight_centavos,
       SUM(s.reviews) AS reviews, SUM(s.review_score_sum) AS review_score_sum,
       SUM(s.delivered) AS delivered, SUM(s.late) AS late, SUM(s.late_by_date) AS late_by_date,
       SUM(s.delivery_seconds) AS delivery_seconds, SUM(s.canceled) AS canceled
FROM (
    SELECT order_id, category, COUNT(*) AS items, SUM(revenue_centavos) AS revenue_centavos,
           SUM(price_centavos) AS price_centavos, SUM(freight_centavos) AS freight_centavos
    FROM items_sold GROUP BY order_id, category
) AS h
JOIN orders_served AS s ON h.order_id = s.order_id
GROUP BY h.category
ORDER BY category
