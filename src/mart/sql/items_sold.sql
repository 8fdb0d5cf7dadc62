-- Every item with what the marts group by. An item is never lost: where its product or the state of its customer is not known,
-- `unknown` stands for it; where its order is not known, it has no day. `without_…` counts these. Not stored: as long as
-- order_items.
SELECT i.order_id AS order_id, i.order_item_id AS order_item_id, i.product_id AS product_id, i.seller_id AS seller_id,
       COALESCE(p.category, 'unknown') AS category, COALESCE(c.customer_state, 'unknown') AS state,
       o.purchase_day AS day, o.purchase_month AS month,
       CASE WHEN o.order_status = 'canceled' OR o.order_status = 'unavailable' THEN 0 ELSE 1 END AS sold,
       i.price_centavos AS price_centavos, i.freight_centavos AS freight_centavos,
       i.price_centavos + i.freight_centavos AS revenue_centavos,
       1 - o.known AS without_order,
       CASE WHEN p.product_id IS NULL THEN 1 ELSE 0 END AS without_product,
       CASE WHEN o.known = 1 AND c.customer_state IS NULL THEN 1 ELSE 0 END AS without_state
FROM order_items AS i
JOIN orders_known AS o ON i.order_id = o.order_id
LEFT JOIN customers AS c ON o.customer_id = c.customer_id
LEFT JOIN products AS p ON i.product_id = p.product_id
