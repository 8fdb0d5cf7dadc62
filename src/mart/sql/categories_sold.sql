-- Every order × category that it holds items of: what they came to, and how the order was served. Not stored: about as
-- long as orders. An order has one state, city, day and month, so that, for one category and any of these, the number
-- of rows is the number of orders.
SELECT h.order_id AS order_id, h.category AS category, s.state AS state, s.city AS city, s.day AS day, s.month AS month,
       s.status AS status,
       h.sold AS sold, h.items AS items, h.revenue_centavos AS revenue_centavos, h.price_centavos AS price_centavos,
       h.freight_centavos AS freight_centavos, s.reviews AS reviews, s.review_score_sum AS review_score_sum,
       s.delivered AS delivered, s.late AS late, s.late_by_date AS late_by_date, s.delivery_seconds AS delivery_seconds,
       s.canceled AS canceled
FROM (
    SELECT order_id, category, MAX(sold) AS sold, COUNT(*) AS items, SUM(revenue_centavos) AS revenue_centavos,
           SUM(price_centavos) AS price_centavos, SUM(freight_centavos) AS freight_centavos
    FROM items_sold GROUP BY order_id, category
) AS h
JOIN orders_served AS s ON h.order_id = s.order_id
