-- Product: what it earned, who sells it, what the customers of its orders said.
SELECT p.product_id AS product_id, p.category AS category, p.orders AS orders, p.items AS items,
       p.revenue_centavos AS revenue_centavos, p.price_centavos AS price_centavos, s.sellers AS sellers,
       p.reviews AS reviews, p.review_score_sum AS review_score_sum
FROM products_sold AS p
JOIN (SELECT product_id, COUNT(*) AS sellers FROM products_sellers GROUP BY product_id) AS s ON p.product_id = s.product_id
ORDER BY product_id, category
