-- Whether anybody in this database holds an advisory lock of this key.
-- $1 int8: the key
SELECT EXISTS (
    SELECT FROM pg_locks l
    JOIN pg_database d ON d.oid = l.database
    WHERE d.datname = current_database()
      AND l.locktype = 'advisory'
      AND l.objsubid = 1
      AND l.granted
      AND (l.classid::int8 << 32) | l.objid::int8 = $1
) AS seen;
