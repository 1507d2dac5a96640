-- The row of a client was removed with everything of it: as client_deleted.sql, but only if no other row has the id by now. It
-- may have been given again before green's rows were copied: then nothing here is the old one's, whose rows went with it, and the
-- new one's must stay. 1.11's number tells them apart, where a time of creation is rounded to the second.
-- :'id' of the client, and the :'pk' of its row on 1.11
DELETE FROM hydra_oauth2_access WHERE client_id = :'id' AND nid = :'nid' AND NOT EXISTS (
    SELECT FROM hydra_client AS c WHERE c.id = :'id' AND c.nid = :'nid' AND c.pk_deprecated <> :'pk');
DELETE FROM hydra_oauth2_refresh WHERE client_id = :'id' AND nid = :'nid' AND NOT EXISTS (
    SELECT FROM hydra_client AS c WHERE c.id = :'id' AND c.nid = :'nid' AND c.pk_deprecated <> :'pk');
DELETE FROM hydra_oauth2_code WHERE client_id = :'id' AND nid = :'nid' AND NOT EXISTS (
    SELECT FROM hydra_client AS c WHERE c.id = :'id' AND c.nid = :'nid' AND c.pk_deprecated <> :'pk');
DELETE FROM hydra_oauth2_oidc WHERE client_id = :'id' AND nid = :'nid' AND NOT EXISTS (
    SELECT FROM hydra_client AS c WHERE c.id = :'id' AND c.nid = :'nid' AND c.pk_deprecated <> :'pk');
DELETE FROM hydra_oauth2_pkce WHERE client_id = :'id' AND nid = :'nid' AND NOT EXISTS (
    SELECT FROM hydra_client AS c WHERE c.id = :'id' AND c.nid = :'nid' AND c.pk_deprecated <> :'pk');
DELETE FROM hydra_oauth2_logout_request WHERE client_id = :'id' AND nid = :'nid' AND NOT EXISTS (
    SELECT FROM hydra_client AS c WHERE c.id = :'id' AND c.nid = :'nid' AND c.pk_deprecated <> :'pk');
DELETE FROM hydra_oauth2_obfuscated_authentication_session WHERE client_id = :'id' AND nid = :'nid' AND NOT EXISTS (
    SELECT FROM hydra_client AS c WHERE c.id = :'id' AND c.nid = :'nid' AND c.pk_deprecated <> :'pk');
DELETE FROM hydra_oauth2_flow WHERE client_id = :'id' AND nid = :'nid' AND NOT EXISTS (
    SELECT FROM hydra_client AS c WHERE c.id = :'id' AND c.nid = :'nid' AND c.pk_deprecated <> :'pk');
DELETE FROM hydra_client WHERE id = :'id' AND nid = :'nid' AND pk_deprecated = :'pk';
