-- State × city: canceled and unavailable orders left out.
SELECT c.customer_state AS state, c.customer_city AS city, COUNT(DISTINCT i.order_id) AS orders,
       SUM(i.revenue_centavos) AS revenue_centavos
FROM items_sold AS i
JOIN orders AS o ON i.order_id = o.order_id
JOIN customers AS c ON o.customer_id = c.customer_id
WHERE i.sold = 1
GROUP BY c.customer_state, c.customer_city
ORDER BY state, city
