-- State × city: canceled and unavailable orders left out.
SELECT s.state AS state, s.city AS city, COUNT(*) AS orders, SUM(s.revenue_centavos) AS revenue_centavos
FROM orders_sold AS s
WHERE s.sold = 1
GROUP BY s.state, s.city
ORDER BY state, city
