-- The last old value that was brought to green.
SELECT life, digest
FROM greenlight_tokens.lifetime_row
ORDER BY life DESC, digest DESC
LIMIT 1
