-- Postcode region (the first two characters) × state × day: orders of its customers, canceled and unavailable ones left out, and what
-- their items came to. What trials of regions compare.
SELECT s.postcode AS postcode, s.state AS state, s.day AS day, COUNT(*) AS orders, SUM(s.price_centavos) AS price_centavos,
       SUM(s.freight_centavos) AS freight_centavos
FROM orders_sold AS s
WHERE s.known = 1 AND s.valid = 1
GROUP BY s.postcode, s.state, s.day
ORDER BY postcode, state, day
