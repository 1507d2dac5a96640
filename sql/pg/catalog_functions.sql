-- Functions, procedures and aggregates of a schema with a hash of what each is.
-- $1 text: the schema
SELECT p.proname || '(' || oidvectortypes(p.proargtypes) || ')' AS signature,
       CASE WHEN p.prosqlbody IS NOT NULL THEN 'parsed ' ELSE '' END || encode(sha256(convert_to(
           CASE p.prokind
               -- There is no definition text for an aggregate.
               WHEN 'a' THEN (SELECT concat_ws(' ', pg_get_function_result(p.oid), a.aggkind, a.aggtransfn::regproc,
                                               a.aggfinalfn::regproc, a.aggcombinefn::regproc,
                                               format_type(a.aggtranstype, NULL), a.agginitval)
                              FROM pg_aggregate a WHERE a.aggfnoid = p.oid)
               -- The first schema-qualified name is the function's own.
               ELSE overlay(def.text PLACING quote_ident(p.proname)
                            FROM strpos(def.text, def.name) FOR length(def.name))
           END, 'UTF8')), 'hex') AS hash
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
CROSS JOIN LATERAL (SELECT CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END AS text,
                           quote_ident(n.nspname) || '.' || quote_ident(p.proname) AS name) def
WHERE n.nspname = $1
  AND NOT EXISTS (SELECT FROM pg_depend e
                  -- An extension's, or the constructor of a range type.
                  WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype IN ('e', 'i'))
ORDER BY 1;
