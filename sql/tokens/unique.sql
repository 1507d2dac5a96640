-- Whether rows of a table are told apart by these columns: a unique index has no others. $1 schema, $2 table, $3 columns.
SELECT EXISTS (
    SELECT FROM pg_index i
    JOIN pg_class c ON c.oid = i.indrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1::text AND c.relname = $2::text AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
      AND i.indexprs IS NULL
      AND (
          SELECT array_agg(a.attname::text)
          FROM pg_attribute a
          WHERE a.attrelid = c.oid AND a.attnum = ANY ((i.indkey::smallint[])[0:i.indnkeyatts - 1])
      ) <@ $3::text[]
)
