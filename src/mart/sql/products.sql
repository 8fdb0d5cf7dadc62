-- Product: what it earned, who sells it, what the customers of its orders said.
SELECT h.product_id AS product_id, h.category AS category, COUNT(*) AS orders, SUM(h.items) AS items,
       SUM(h.revenue_centavos) AS revenue_centavos, SUM(h.price_centavos) AS price_centavos,
       MAX(n.sellers) AS sellers, SUM(s.reviews) AS reviews, SUM(s.review_score_sum) AS review_score_sum
FROM (
    SELECT order_id, product_id, category, COUNT(*) AS items, SUM(revenue_centavos) AS revenue_centavos,
           SUM(price_centavos) AS price_centavos
    FROM items_sold GROUP BY order_id, product_id, category
) AS h
JOIN orders_served AS s ON h.order_id = s.order_id
JOIN (SELECT product_id, COUNT(DISTINCT seller_id) AS sellers FROM items_sold GROUP BY product_id) AS n
  ON h.product_id = n.product_id
GROUP BY h.product_id, h.category
ORDER BY product_id, category
