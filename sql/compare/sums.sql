-- Rows of a range, summed into the buckets of their key's hash.
-- :rows a FROM clause with its condition; :key and :hash expressions of bigint over its rows; :mask buckets less one.
SELECT x.bucket, count(*), sum(x.hash)::text
FROM (SELECT (:key & :mask)::integer AS bucket, :hash AS hash FROM :rows) x
GROUP BY x.bucket
