-- Steps that were undone are to be done again: of a cutover that was given up. $1 their ids, $2 our epoch.
DELETE FROM greenlight.step WHERE id = ANY ($1::text[]) AND $2::bigint = (SELECT epoch FROM greenlight.ownership)
