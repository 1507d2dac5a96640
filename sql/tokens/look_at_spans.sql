-- How many rows have a length of life that would be raised. :table, :value the column, :wanted its new value, :unset whether NULL
-- is raised too.
SELECT count(*)::bigint FROM :table AS token WHERE :value < :wanted OR (:unset AND :value IS NULL)
