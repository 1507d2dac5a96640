-- The row of a key is removed as 1.11 does it: a cascade takes the issuers who were trusted by it. Another one stays.
-- :'sid' and :'kid' of the key, and the :'pk' of its row
DELETE FROM hydra_jwk WHERE sid = :'sid' AND kid = :'kid' AND pk = :'pk';
