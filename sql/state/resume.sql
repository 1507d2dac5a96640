-- Lets a paused run go on.
UPDATE greenlight.run SET paused_at = NULL, paused_by = NULL
