-- Late or in time × score, over delivered orders with a delivery date: what lateness costs.
SELECT s.late AS late, r.review_score AS review_score, COUNT(*) AS reviews
FROM order_reviews AS r
JOIN orders_served AS s ON r.order_id = s.order_id
WHERE s.delivered = 1
GROUP BY s.late, r.review_score
ORDER BY late, review_score
