-- Category: what comes out where items are joined with payments and the payments are summed. An order with two items counts all that
-- was paid for it twice, so that categories bought by the piece win. Beside it what is right; `delivered_…` are of delivered orders
-- alone, as most who publish the wrong number take them.
SELECT h.category AS category, COUNT(*) AS orders, COUNT(p.order_id) AS paid_orders, SUM(h.revenue_centavos) AS revenue_centavos,
       SUM(h.items * COALESCE(p.paid_centavos, 0)) AS joined_centavos,
       SUM(CASE WHEN h.status = 'delivered' THEN h.revenue_centavos ELSE 0 END) AS delivered_revenue_centavos,
       SUM(CASE WHEN h.status = 'delivered' THEN h.items * COALESCE(p.paid_centavos, 0) ELSE 0 END) AS delivered_joined_centavos
FROM categories_sold AS h
LEFT JOIN orders_paid AS p ON h.order_id = p.order_id
GROUP BY h.category
ORDER BY category
