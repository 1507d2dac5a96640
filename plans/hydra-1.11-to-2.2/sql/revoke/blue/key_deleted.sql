-- A key is removed as 1.11 does it: a cascade takes the issuers who were trusted by it. :'sid' and :'kid' of the key
DELETE FROM hydra_jwk WHERE sid = :'sid' AND kid = :'kid';
