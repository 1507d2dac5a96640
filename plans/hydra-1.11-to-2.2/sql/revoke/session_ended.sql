-- A login session ended: logout, or by an administrator. In 1.11 its logins go by a cascade while consents and tokens stay;
-- in 2.2 a flow is both, and its tokens would go with it. So flows stay and forget the session, as 2.2's own logout does it.
-- :'id' of the session
UPDATE hydra_oauth2_flow SET login_session_id = NULL WHERE login_session_id = :'id' AND nid = :'nid';
DELETE FROM hydra_oauth2_authentication_session WHERE id = :'id' AND nid = :'nid';
