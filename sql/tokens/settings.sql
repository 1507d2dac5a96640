-- The settings that are not put back yet, the last one first.
SELECT place, setting, was, wrote
FROM greenlight_tokens.lifetime_setting
ORDER BY place DESC
