-- The forms in which rows of tables were kept, the latest first: a table has several if it was altered meanwhile. Parameters as in
-- origins.sql.
SELECT relation, columns, max(id) AS latest FROM greenlight.removal
WHERE at >= $1::text::timestamptz AND ($2::text IS NULL OR at < $2::text::timestamptz)
  AND ($3::text[] IS NULL OR relation = ANY ($3::text[])) AND ($4::text IS NULL OR role = $4::text)
  AND ($5::text IS NULL OR application = $5::text) AND ($6::text IS NULL OR xid = $6::text::xid8)
GROUP BY relation, columns ORDER BY relation, max(id) DESC;
