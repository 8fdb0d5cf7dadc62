-- One row: what comes out where the data are read wrongly, beside what is right. `multiplied_centavos` takes an item's
-- position in its order for a quantity; `joined_centavos` joins items with payments before it sums. By category:
-- misread_by_category.
SELECT SUM(i.order_item_id * i.revenue_centavos) AS multiplied_centavos, SUM(i.revenue_centavos) AS revenue_centavos,
       SUM(i.revenue_centavos * COALESCE(p.payments, 0)) AS joined_centavos,
       SUM(CASE WHEN i.order_item_id > 1 THEN 1 ELSE 0 END) AS later_items, COUNT(*) AS items
FROM items_sold AS i
LEFT JOIN (SELECT order_id, COUNT(*) AS payments FROM order_payments GROUP BY order_id) AS p ON i.order_id = p.order_id
