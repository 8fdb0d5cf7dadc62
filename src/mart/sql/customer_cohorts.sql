-- Month of a customer's first order × month: customers who first ordered then (0 in all later months), those of them who ever ordered
-- more than once, customers who came back then, which is to order on a later day, for the first time, and all orders, with those
-- of later days. Made of orders that are neither canceled nor unavailable, of known customers.
SELECT f.first_month AS first_month, d.month AS month,
       SUM(CASE WHEN d.day = f.first_day THEN 1 ELSE 0 END) AS customers,
       SUM(CASE WHEN d.day = f.first_day AND f.orders > 1 THEN 1 ELSE 0 END) AS several_orders,
       SUM(CASE WHEN d.day = s.second_day THEN 1 ELSE 0 END) AS returned,
       SUM(d.orders) AS orders, SUM(d.price_centavos) AS price_centavos,
       SUM(CASE WHEN d.day > f.first_day THEN d.orders ELSE 0 END) AS later_orders,
       SUM(CASE WHEN d.day > f.first_day THEN d.price_centavos ELSE 0 END) AS later_price_centavos
FROM customers_sold AS d
JOIN (
    SELECT customer_unique_id, MIN(day) AS first_day, MIN(month) AS first_month, SUM(orders) AS orders
    FROM customers_sold GROUP BY customer_unique_id
) AS f ON d.customer_unique_id = f.customer_unique_id
LEFT JOIN (
    SELECT l.customer_unique_id AS customer_unique_id, MIN(l.day) AS second_day
    FROM customers_sold AS l
    JOIN (
        SELECT customer_unique_id, MIN(day) AS first_day FROM customers_sold GROUP BY customer_unique_id HAVING COUNT(*) > 1
    ) AS e ON l.customer_unique_id = e.customer_unique_id
    WHERE l.day > e.first_day
    GROUP BY l.customer_unique_id
) AS s ON d.customer_unique_id = s.customer_unique_id
GROUP BY f.first_month, d.month
ORDER BY first_month, month
