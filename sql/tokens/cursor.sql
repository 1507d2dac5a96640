-- Where the walk over a leaf is, from its beginning if there was none. $1 life, $2 leaf, $3 its pages.
WITH made AS (
    INSERT INTO greenlight_tokens.lifetime_walk (life, relation, hi)
    VALUES ($1::integer, $2::text, $3::bigint)
    ON CONFLICT (life, relation) DO NOTHING
    RETURNING at, hi
)
SELECT at, hi FROM made
UNION ALL
SELECT at, hi FROM greenlight_tokens.lifetime_walk WHERE life = $1::integer AND relation = $2::text
