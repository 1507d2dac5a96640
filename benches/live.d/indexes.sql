-- Prints the statements by which landing.sql's bare tables get their indexes, one item a line, the largest tables first.
-- Variable: carried, whether those that apply writes (CONCURRENTLY, and one after another on a table), or the targets.
\set ON_ERROR_STOP on
SELECT CASE WHEN :carried THEN string_agg(one, ' ' ORDER BY index) ELSE string_agg(one, E'\n' ORDER BY index) END
FROM (
    SELECT "table", index,
           replace(CASE WHEN :carried THEN replace(replace(definition, ' INDEX ', ' INDEX CONCURRENTLY '), ' ON next.', ' ON public.') ELSE definition END, E'\n', ' ') || ';' ||
           CASE type WHEN 'p' THEN format(' ALTER TABLE %I.%I ADD CONSTRAINT %I PRIMARY KEY USING INDEX %I;', place, "table", "constraint", index)
                     WHEN 'u' THEN format(' ALTER TABLE %I.%I ADD CONSTRAINT %I UNIQUE USING INDEX %I;', place, "table", "constraint", index)
                     ELSE '' END AS one
    FROM bench.index, (SELECT CASE WHEN :carried THEN 'public' ELSE 'next' END AS place) AS p
    WHERE NOT kept AND "table" IN (TABLE bench.carried) = :carried
) AS x
GROUP BY "table"
ORDER BY pg_relation_size(format('%I.%I', CASE WHEN :carried THEN 'public' ELSE 'next' END, "table")::regclass) DESC;
