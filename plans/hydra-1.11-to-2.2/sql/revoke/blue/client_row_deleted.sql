-- The row of a client is removed as 1.11 does it: cascades take everything of it. Another one with the same id stays.
-- :'id' of the client, and the :'pk' of its row
DELETE FROM hydra_client WHERE id = :'id' AND pk = :'pk';
