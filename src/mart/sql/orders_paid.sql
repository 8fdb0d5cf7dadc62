-- Every paid order with the set of methods it was paid with, as a sum: boleto 1, credit_card 2, debit_card 4,
-- not_defined 8, voucher 16. Not stored: as long as orders. An order has one set, so that a join with items counts nothing twice.
SELECT order_id,
       CAST(MAX(CASE WHEN payment_type = 'boleto' THEN 1 ELSE 0 END)
          + MAX(CASE WHEN payment_type = 'credit_card' THEN 2 ELSE 0 END)
          + MAX(CASE WHEN payment_type = 'debit_card' THEN 4 ELSE 0 END)
          + MAX(CASE WHEN payment_type = 'not_defined' THEN 8 ELSE 0 END)
          + MAX(CASE WHEN payment_type = 'voucher' THEN 16 ELSE 0 END) AS BIGINT) AS methods
FROM order_payments
GROUP BY order_id
