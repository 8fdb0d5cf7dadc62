-- Whole days between purchase and delivery, over delivered orders with a delivery date.
SELECT seconds / 86400 AS days, COUNT(*) AS orders
FROM orders_served
WHERE delivered = 1
GROUP BY seconds / 86400
ORDER BY days
