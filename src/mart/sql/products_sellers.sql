-- Product × seller. Not stored: sellers of a product do not add up over ranges of orders, these rows do.
SELECT product_id, seller_id, COUNT(*) AS items
FROM items_sold
GROUP BY product_id, seller_id
ORDER BY product_id, seller_id
