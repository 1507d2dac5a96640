-- The tables of a publication, sorted; no row if there is none of this name. $1 its name.
SELECT coalesce(array_agg(t.schemaname || '.' || t.tablename ORDER BY 1) FILTER (WHERE t.tablename IS NOT NULL), '{}')::text[] AS tables
FROM pg_publication p LEFT JOIN pg_publication_tables t ON t.pubname = p.pubname
WHERE p.pubname = $1::text
GROUP BY p.pubname
