-- The row of a key is removed as 1.11 does it: a cascade takes the issuers who were trusted by it. A younger one stays.
-- :'sid' and :'kid' of the key, and its :'created_at'
DELETE FROM hydra_jwk WHERE sid = :'sid' AND kid = :'kid' AND created_at <= :'created_at';
