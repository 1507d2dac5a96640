-- The hashes of single columns of rows of a range. $1 keys as in list.sql; :hashes expressions of bigint.
SELECT x.name, x.hashes
FROM (SELECT :name AS name, ARRAY[:hashes]::bigint[] AS hashes FROM :rows) x
WHERE x.name = ANY ($1::text[])
