-- Drops what longer lives needed.
DROP TABLE IF EXISTS greenlight_tokens.lifetime_row, greenlight_tokens.lifetime_walk,
    greenlight_tokens.lifetime_setting, greenlight_tokens.lifetime
