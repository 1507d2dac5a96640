-- Green's next turn is to be a higher one than any of blue, which may have one of an earlier migration. $1 blue's, $2 our epoch.
UPDATE greenlight.ownership SET turn = greatest(turn, $1::bigint) WHERE epoch = $2::bigint AND owner = 'blue'
