-- Rows of a range that fall into some buckets: key, where it is if it has no key, hash.
-- :buckets an array of integer; :name the key as text; :place text or NULL; the others as in sums.sql.
SELECT x.name, x.place, x.hash
FROM (SELECT (:key & :mask)::integer AS bucket, :name AS name, :place AS place, :hash AS hash FROM :rows) x
WHERE x.bucket = ANY (:buckets)
