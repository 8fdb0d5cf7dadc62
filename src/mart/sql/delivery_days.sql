-- Whole days between purchase and delivery, over delivered orders with a delivery date.
SELECT days, COUNT(*) AS orders
FROM (SELECT CAST(FLOOR(seconds / 86400) AS BIGINT) AS days FROM orders_served WHERE delivered = 1) AS served
GROUP BY days
ORDER BY days
