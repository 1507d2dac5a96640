-- The marker of the capture: its id, whose it is, what it captures, and since when. No row before `revocations capture`.
SELECT id::text AS id, plan, captured, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS at
FROM greenlight_revocations.marker;
