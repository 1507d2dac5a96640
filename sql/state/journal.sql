-- The timeline.
SELECT to_char(at, 'YYYY-MM-DD HH24:MI:SS.MSOF') AS at, epoch, step, what FROM greenlight.journal ORDER BY id
