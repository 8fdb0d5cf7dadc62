-- One row: customers, and the bytes of all of them as DynamoDB counts an item: attribute names, texts, and for the zip code,
-- a number, a byte per two digits and one more. A scan answers with one page of a mebibyte.
SELECT COUNT(*) AS customers,
       SUM(73 + LENGTH(customer_id) + LENGTH(customer_unique_id) + COALESCE(LENGTH(customer_city), 0) + COALESCE(LENGTH(customer_state), 0)
           + CASE WHEN customer_zip_code_prefix < '10000' THEN 3 ELSE 4 END) AS bytes
FROM customers
