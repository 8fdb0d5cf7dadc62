-- Seller × day × minute of the day × category, canceled and unavailable orders left out. A seller's part of an order counts once, whole, in
-- the category of its dearest item, the first by name among equals: orders add up over days, minutes and categories. From it follows when
-- a seller entered, with what, and what it earned since. About as long as orders.
SELECT s.seller_id AS seller_id, s.day AS day, s.minute AS minute, COALESCE(d.category, s.category) AS category,
       COUNT(*) AS orders, SUM(s.items) AS items, SUM(s.price_centavos) AS price_centavos, SUM(s.freight_centavos) AS freight_centavos
FROM sellers_sold AS s
LEFT JOIN (
    SELECT i.order_id AS order_id, i.seller_id AS seller_id, MIN(i.category) AS category
    FROM items_sold AS i
    JOIN (SELECT order_id, seller_id, dearest_centavos FROM sellers_sold WHERE mixed = 1) AS m
        ON i.order_id = m.order_id AND i.seller_id = m.seller_id AND i.price_centavos = m.dearest_centavos
    GROUP BY i.order_id, i.seller_id
) AS d ON s.order_id = d.order_id AND s.seller_id = d.seller_id
GROUP BY s.seller_id, s.day, s.minute, COALESCE(d.category, s.category)
ORDER BY seller_id, day, minute, category
