-- How many events are dead letters, and how many failed on blue and are not done there yet, while blue owns the data.
SELECT count(*) FILTER (WHERE dead IS NOT NULL) AS dead,
       count(*) FILTER (WHERE owed AND blue_at IS NULL AND coalesce((SELECT owner <> 'green' FROM greenlight.ownership), true)) AS owed
FROM greenlight.revocation;
