-- The row of a client is removed as 1.11 does it: cascades take everything of it. One of the same id that is younger stays.
-- :'id' of the client, and its :'created_at'
DELETE FROM hydra_client WHERE id = :'id' AND created_at <= :'created_at';
