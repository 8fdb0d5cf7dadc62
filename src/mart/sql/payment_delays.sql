-- Set of payment methods (see orders_paid) × in instalments or not × time until the payment was approved: all paid orders, each of them
-- once. The time is in seconds, down to whole minutes within an hour, to ten minutes within a day, to whole hours beyond; null where there
-- is none, or one before the purchase. From orders of one method follows how long it takes, and how many are canceled.
SELECT methods, in_instalments, approval_seconds, COUNT(*) AS orders, SUM(canceled) AS canceled, SUM(paid_centavos) AS value_centavos
FROM (
    SELECT p.methods AS methods, p.in_instalments AS in_instalments, p.paid_centavos AS paid_centavos,
           CASE WHEN o.order_status = 'canceled' THEN 1 ELSE 0 END AS canceled,
           CAST(CASE WHEN o.approval_seconds >= 0 AND o.approval_seconds < 3600 THEN 60 * FLOOR(o.approval_seconds / 60)
                     WHEN o.approval_seconds >= 3600 AND o.approval_seconds < 86400 THEN 600 * FLOOR(o.approval_seconds / 600)
                     WHEN o.approval_seconds >= 86400 THEN 3600 * FLOOR(o.approval_seconds / 3600) END AS BIGINT) AS approval_seconds
    FROM orders_paid AS p
    LEFT JOIN orders AS o ON p.order_id = o.order_id
) AS paid
GROUP BY methods, in_instalments, approval_seconds
ORDER BY methods, in_instalments, approval_seconds
