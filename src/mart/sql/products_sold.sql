-- Product: what it earned, what the customers of its orders said. Not stored: products adds who sells it.
SELECT h.product_id AS product_id, h.category AS category, COUNT(*) AS orders, SUM(h.items) AS items,
       SUM(h.revenue_centavos) AS revenue_centavos, SUM(h.price_centavos) AS price_centavos,
       SUM(s.reviews) AS reviews, SUM(s.review_score_sum) AS review_score_sum
FROM (
    SELECT order_id, product_id, category, COUNT(*) AS items, SUM(revenue_centavos) AS revenue_centavos,
           SUM(price_centavos) AS price_centavos
    FROM items_sold GROUP BY order_id, product_id, category
) AS h
JOIN orders_served AS s ON h.order_id = s.order_id
GROUP BY h.product_id, h.category
ORDER BY product_id, category
