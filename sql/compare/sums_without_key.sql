-- As sums.sql for rows whose key is all of their columns. OFFSET keeps the hash from being computed twice.
SELECT (x.hash & :mask)::integer, count(*), sum(x.hash)::text
FROM (SELECT :hash AS hash FROM :rows OFFSET 0) x
GROUP BY 1
