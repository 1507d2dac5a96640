-- The rows that patched.sql counts: key, and which columns. :name the key as text; :columns an array of text; $1 how many.
SELECT :name, :columns
FROM :rows AND (:differs)
LIMIT $1::bigint
