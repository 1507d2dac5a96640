-- A grant ends with all its tokens: POST /oauth2/revoke, or a code that was used twice. :'request_id' of the grant
DELETE FROM hydra_oauth2_access WHERE request_id = :'request_id';
UPDATE hydra_oauth2_refresh SET active = false WHERE request_id = :'request_id';
