-- A client is removed as 1.11 does it: cascades take everything of it. :'id' of the client
DELETE FROM hydra_client WHERE id = :'id';
