-- Every item with what the marts group by. Not stored: as long as order_items.
SELECT i.order_id AS order_id, i.order_item_id AS order_item_id, i.product_id AS product_id, i.seller_id AS seller_id,
       p.category AS category, c.customer_state AS state, o.purchase_day AS day, o.purchase_month AS month,
       CASE WHEN o.order_status = 'canceled' OR o.order_status = 'unavailable' THEN 0 ELSE 1 END AS sold,
       i.price_centavos AS price_centavos, i.freight_centavos AS freight_centavos,
       i.price_centavos + i.freight_centavos AS revenue_centavos
FROM order_items AS i
JOIN orders AS o ON i.order_id = o.order_id
JOIN customers AS c ON o.customer_id = c.customer_id
JOIN products AS p ON i.product_id = p.product_id
