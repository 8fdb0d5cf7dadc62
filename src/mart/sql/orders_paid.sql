-- Every paid order: 1 for each method that it was paid with, 0 for the others, and their set as a sum: boleto 1, credit_card 2,
-- debit_card 4, not_defined 8, voucher 16, or the methods of another market in their place (see methods.rs); whether one of its payments
-- is in instalments; its payments and what they came to. Not stored: as long as orders. An order has one set, so that a join with items counts nothing twice.
SELECT order_id, boleto, credit_card, debit_card, not_defined, voucher, in_instalments, payments, paid_centavos,
       CAST(1 * boleto + 2 * credit_card + 4 * debit_card + 8 * not_defined + 16 * voucher AS BIGINT) AS methods
FROM (
    SELECT order_id,
           MAX(CASE WHEN payment_type = 'boleto' THEN 1 ELSE 0 END) AS boleto,
           MAX(CASE WHEN payment_type = 'credit_card' THEN 1 ELSE 0 END) AS credit_card,
           MAX(CASE WHEN payment_type = 'debit_card' THEN 1 ELSE 0 END) AS debit_card,
           MAX(CASE WHEN payment_type = 'not_defined' THEN 1 ELSE 0 END) AS not_defined,
           MAX(CASE WHEN payment_type = 'voucher' THEN 1 ELSE 0 END) AS voucher,
           MAX(CASE WHEN payment_installments > 1 THEN 1 ELSE 0 END) AS in_instalments,
           COUNT(*) AS payments, SUM(payment_centavos) AS paid_centavos
    FROM order_payments GROUP BY order_id
) AS paid
