-- Blue owns the data again: told here once blue has committed it. $1 blue's turn, $2 our epoch.
UPDATE greenlight.ownership SET owner = 'blue', turn = $1::bigint, returned_at = clock_timestamp()
WHERE epoch = $2::bigint AND owner = 'green' AND turn < $1::bigint
