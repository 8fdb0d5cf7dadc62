-- Customer × day: the customer's orders of that day that are neither canceled nor unavailable, and the prices of their items. Not stored:
-- as long as orders. Orders of unknown customers, or without a day, tell nothing of who comes back and are left out.
SELECT customer_unique_id, day, month, COUNT(*) AS orders, SUM(price_centavos) AS price_centavos
FROM orders_sold
WHERE valid = 1 AND customer_unique_id IS NOT NULL AND day IS NOT NULL
GROUP BY customer_unique_id, day, month
ORDER BY customer_unique_id, day, month
