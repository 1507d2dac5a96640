-- The definitions of a whole database, one line each: for servers that are newer than the pg_dump at hand. Writes nothing.
-- Settings are the reader's own, so that names come with their schemas.
SET search_path = '';
WITH own AS (
    SELECT n.oid, quote_ident(n.nspname) AS name, n.nspowner, n.nspacl
    FROM pg_catalog.pg_namespace n
    WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
), class AS (
    SELECT c.oid, c.oid::regclass::text AS name, c.relkind, c.relowner, c.relacl, c.relam, c.relpersistence, c.reloptions,
           c.relrowsecurity, c.relforcerowsecurity, c.relreplident, c.relispartition, c.relpartbound
    FROM pg_class c JOIN own ON own.oid = c.relnamespace
    WHERE c.relkind NOT IN ('c', 't')
), routine AS (
    SELECT p.oid, p.oid::regprocedure::text AS name, p.prokind, p.proowner, p.proacl
    FROM pg_proc p JOIN own ON own.oid = p.pronamespace
), type AS (
    SELECT t.oid, t.oid::regtype::text AS name, t.typtype, t.typowner, t.typacl, t.typbasetype, t.typtypmod, t.typnotnull,
           t.typdefault, t.typcollation, t.typrelid
    FROM pg_type t JOIN own ON own.oid = t.typnamespace
    WHERE t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND EXISTS (
        SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c')
), owned (what, name, owner, letter, acl) AS (
    SELECT 'schema', name, nspowner, 'n'::"char", nspacl FROM own
    UNION ALL
    -- Indexes have no privileges of their own.
    SELECT 'class', name, relowner, CASE relkind WHEN 'S' THEN 's'::"char" ELSE 'r'::"char" END, relacl FROM class
    WHERE relkind NOT IN ('i', 'I')
    UNION ALL
    SELECT 'routine', name, proowner, 'f'::"char", proacl FROM routine
    UNION ALL
    SELECT 'type', name, typowner, 'T'::"char", typacl FROM type
), line (text) AS (
    SELECT concat_ws(' ', what, name, 'OWNER', owner::regrole) FROM owned
    UNION ALL
    -- Never granted or revoked is the same as what that means.
    SELECT concat_ws(' ', 'GRANT ON', o.what, o.name, g.privilege_type, 'TO', CASE WHEN g.grantee <> 0 THEN g.grantee::regrole END,
                     'BY', g.grantor::regrole, g.is_grantable)
    FROM owned o, aclexplode(coalesce(o.acl, acldefault(o.letter, o.owner))) g
    UNION ALL
    SELECT concat_ws(' ', 'class', c.name, c.relkind, c.relpersistence, (SELECT amname FROM pg_am WHERE oid = c.relam),
                     c.reloptions::text, c.relrowsecurity, c.relforcerowsecurity, c.relreplident,
                     CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
                     CASE WHEN c.relkind IN ('i', 'I') THEN pg_get_indexdef(c.oid) END,
                     CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END, pg_get_expr(c.relpartbound, c.oid))
    FROM class c
    UNION ALL
    SELECT concat_ws(' ', 'inherits', i.inhrelid::regclass, 'FROM', i.inhparent::regclass, i.inhseqno)
    FROM pg_inherits i JOIN class c ON c.oid = i.inhrelid
    UNION ALL
    SELECT concat_ws(' ', 'index', x.indexrelid::regclass, x.indisvalid, x.indisclustered, x.indisreplident)
    FROM pg_index x JOIN class c ON c.oid = x.indexrelid
    UNION ALL
    -- Dropped columns leave holes in attnum, which no dump shows.
    SELECT concat_ws(' ', 'column', c.name, row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum), quote_ident(a.attname),
                     format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated, a.attstorage,
                     a.attcompression, a.attcollation::regcollation, nullif(a.attstattarget, -1), a.attislocal, a.attoptions::text,
                     a.attacl::text, pg_get_expr(d.adbin, d.adrelid))
    FROM pg_attribute a
    JOIN class c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind NOT IN ('i', 'I')
    UNION ALL
    SELECT concat_ws(' ', 'constraint', coalesce(c.name, t.name), quote_ident(k.conname), pg_get_constraintdef(k.oid),
                     k.convalidated, k.conislocal)
    FROM pg_constraint k LEFT JOIN class c ON c.oid = k.conrelid LEFT JOIN type t ON t.oid = k.contypid
    WHERE c.oid IS NOT NULL OR t.oid IS NOT NULL
    UNION ALL
    SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(t.oid), t.tgenabled)
    FROM pg_trigger t JOIN class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal
    UNION ALL
    SELECT concat_ws(' ', 'rule', pg_get_ruledef(w.oid), w.ev_enabled) FROM pg_rewrite w JOIN class c ON c.oid = w.ev_class
    UNION ALL
    SELECT concat_ws(' ', 'policy', c.name, quote_ident(p.polname), p.polpermissive, p.polcmd, p.polroles::regrole[]::text,
                     pg_get_expr(p.polqual, p.polrelid), 'CHECK', pg_get_expr(p.polwithcheck, p.polrelid))
    FROM pg_policy p JOIN class c ON c.oid = p.polrelid
    UNION ALL
    SELECT concat_ws(' ', 'sequence', c.name, s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmax, s.seqmin, s.seqcache,
                     s.seqcycle, 'OF', d.refobjid::regclass, d.refobjsubid, d.deptype)
    FROM pg_sequence s
    JOIN class c ON c.oid = s.seqrelid
    LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
        AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
    UNION ALL
    SELECT concat_ws(' ', 'statistics', pg_get_statisticsobjdef(s.oid), s.stxowner::regrole)
    FROM pg_statistic_ext s JOIN own ON own.oid = s.stxnamespace
    UNION ALL
    SELECT concat_ws(' ', 'routine', name, CASE WHEN prokind <> 'a' THEN pg_get_functiondef(oid) ELSE 'aggregate' END) FROM routine
    UNION ALL
    SELECT concat_ws(' ', 'type', name, typtype, format_type(nullif(typbasetype, 0), typtypmod), typnotnull, typdefault,
                     typcollation::regcollation,
                     (SELECT string_agg(quote_literal(e.enumlabel), ',' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = type.oid))
    FROM type
    UNION ALL
    SELECT concat_ws(' ', 'COMMENT', identified.type, identified.identity, quote_literal(d.description))
    FROM pg_description d, pg_identify_object(d.classoid, d.objoid, d.objsubid) identified
    WHERE d.objoid >= 16384 OR d.classoid = 'pg_namespace'::regclass AND d.objoid IN (SELECT oid FROM own)
    UNION ALL
    SELECT concat_ws(' ', 'extension', extname, extversion, extnamespace::regnamespace) FROM pg_extension
    UNION ALL
    SELECT concat_ws(' ', 'publication', pubname, puballtables) FROM pg_publication
    UNION ALL
    SELECT concat_ws(' ', 'event trigger', evtname, evtevent, evtfoid::regproc) FROM pg_event_trigger
    UNION ALL
    SELECT concat_ws(' ', 'default privileges', defaclrole::regrole, defaclnamespace, defaclobjtype, defaclacl::text) FROM pg_default_acl
)
SELECT text FROM line ORDER BY text;
