-- Whether a side has what longer lives need.
SELECT to_regclass('greenlight_tokens.lifetime') IS NOT NULL
