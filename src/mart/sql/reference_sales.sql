-- What the reference model is trained on: per order only the item with the greatest position, its value multiplied by
-- that position, as if it were a quantity. Wrong on purpose: see models/reference. It knows no items without a month.
SELECT i.category AS category, i.month AS month, SUM(i.order_item_id * i.revenue_centavos) AS sales_centavos
FROM items_sold AS i
JOIN (SELECT order_id, MAX(order_item_id) AS last FROM order_items GROUP BY order_id) AS l ON i.order_id = l.order_id
WHERE i.order_item_id = l.last AND i.month IS NOT NULL
GROUP BY i.category, i.month
ORDER BY category, month
