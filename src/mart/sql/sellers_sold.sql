-- Every order × seller that it holds items of, canceled and unavailable orders left out: its minute of the day, its items, what they came
-- to, the price of the dearest. `category` is the first by name; `mixed` is 1 where the items are of several categories. Items of orders
-- that are not known have no day and are left out. Not stored: about as long as orders.
SELECT s.order_id AS order_id, s.seller_id AS seller_id, s.day AS day,
       60 * CAST(EXTRACT(HOUR FROM o.order_purchase_timestamp) AS BIGINT)
           + CAST(EXTRACT(MINUTE FROM o.order_purchase_timestamp) AS BIGINT) AS minute,
       s.category AS category, s.mixed AS mixed, s.dearest_centavos AS dearest_centavos, s.items AS items,
       s.price_centavos AS price_centavos, s.freight_centavos AS freight_centavos
FROM (
    SELECT order_id, seller_id, MIN(day) AS day, MIN(category) AS category,
           CASE WHEN MIN(category) = MAX(category) THEN 0 ELSE 1 END AS mixed, MAX(price_centavos) AS dearest_centavos,
           COUNT(*) AS items, SUM(price_centavos) AS price_centavos, SUM(freight_centavos) AS freight_centavos
    FROM items_sold
    WHERE sold = 1 AND day IS NOT NULL
    GROUP BY order_id, seller_id
) AS s
JOIN orders AS o ON s.order_id = o.order_id
