-- Category × state × day × seller × product. Leaves out canceled and unavailable orders. From it follows, for any day,
-- how concentrated the sellers are and which products no longer sell. Items of orders that are not known have no day
-- and are left out. As long as order_items at worst.
SELECT category, state, day, seller_id, product_id, SUM(revenue_centavos) AS revenue_centavos
FROM items_sold
WHERE sold = 1 AND day IS NOT NULL
GROUP BY category, state, day, seller_id, product_id
ORDER BY category, state, day, seller_id, product_id
