-- The point of no return: green owns the data from the commit of this on. $1 the epoch that must still be ours.
UPDATE greenlight.ownership SET owner = 'green', epoch = epoch + 1, turn = turn + 1, owned_at = clock_timestamp()
WHERE epoch = $1::bigint AND owner = 'blue'
RETURNING epoch
