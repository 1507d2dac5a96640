-- The row of a key was removed, and with it the issuers who were trusted by it: as key_deleted.sql, but only if no other row has
-- its names by now. 1.11 changes a key by removing it and adding it under the same names in one transaction: green may have the
-- new one already. 1.11's number tells them apart.
-- :'sid' and :'kid' of the key, and the :'pk' of its row on 1.11
DELETE FROM hydra_oauth2_trusted_jwt_bearer_issuer
WHERE key_set = :'sid' AND key_id = :'kid' AND nid = :'nid' AND NOT EXISTS (
    SELECT FROM hydra_jwk AS k
    WHERE k.sid = :'sid' AND k.kid = :'kid' AND k.nid = :'nid' AND k.pk_deprecated <> :'pk');
DELETE FROM hydra_jwk WHERE sid = :'sid' AND kid = :'kid' AND nid = :'nid' AND pk_deprecated = :'pk';
