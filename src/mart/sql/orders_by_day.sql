-- Day × status: what shows where the data begins and ends.
SELECT day, status, COUNT(*) AS orders
FROM orders_served
GROUP BY day, status
ORDER BY day, status
