-- stock_list_empty_element: lists such as 'a||b' or 'a|': 1.11 drops the empty element on reading, stock keeps it as an empty URI or audience.
-- For stock.toml; warn.
SELECT 'hydra_client' AS table_name, id AS key, 'redirect_uris' AS reason FROM hydra_client WHERE redirect_uris LIKE '%||%' OR redirect_uris LIKE '|%' OR redirect_uris LIKE '%|'
UNION ALL
SELECT 'hydra_client' AS table_name, id AS key, 'grant_types' AS reason FROM hydra_client WHERE grant_types LIKE '%||%' OR grant_types LIKE '|%' OR grant_types LIKE '%|'
UNION ALL
SELECT 'hydra_client' AS table_name, id AS key, 'response_types' AS reason FROM hydra_client WHERE response_types LIKE '%||%' OR response_types LIKE '|%' OR response_types LIKE '%|'
UNION ALL
SELECT 'hydra_client' AS table_name, id AS key, 'audience' AS reason FROM hydra_client WHERE audience LIKE '%||%' OR audience LIKE '|%' OR audience LIKE '%|'
UNION ALL
SELECT 'hydra_client' AS table_name, id AS key, 'allowed_cors_origins' AS reason FROM hydra_client WHERE allowed_cors_origins LIKE '%||%' OR allowed_cors_origins LIKE '|%' OR allowed_cors_origins LIKE '%|'
UNION ALL
SELECT 'hydra_client' AS table_name, id AS key, 'contacts' AS reason FROM hydra_client WHERE contacts LIKE '%||%' OR contacts LIKE '|%' OR contacts LIKE '%|'
UNION ALL
SELECT 'hydra_client' AS table_name, id AS key, 'request_uris' AS reason FROM hydra_client WHERE request_uris LIKE '%||%' OR request_uris LIKE '|%' OR request_uris LIKE '%|'
UNION ALL
SELECT 'hydra_client' AS table_name, id AS key, 'post_logout_redirect_uris' AS reason FROM hydra_client WHERE post_logout_redirect_uris LIKE '%||%' OR post_logout_redirect_uris LIKE '|%' OR post_logout_redirect_uris LIKE '%|'
UNION ALL
SELECT 'hydra_oauth2_authentication_request' AS table_name, challenge AS key, 'requested_scope' AS reason FROM hydra_oauth2_authentication_request WHERE requested_scope LIKE '%||%' OR requested_scope LIKE '|%' OR requested_scope LIKE '%|'
UNION ALL
SELECT 'hydra_oauth2_authentication_request' AS table_name, challenge AS key, 'requested_at_audience' AS reason FROM hydra_oauth2_authentication_request WHERE requested_at_audience LIKE '%||%' OR requested_at_audience LIKE '|%' OR requested_at_audience LIKE '%|'
UNION ALL
SELECT 'hydra_oauth2_authentication_request_handled' AS table_name, challenge AS key, 'amr' AS reason FROM hydra_oauth2_authentication_request_handled WHERE amr LIKE '%||%' OR amr LIKE '|%' OR amr LIKE '%|'
UNION ALL
SELECT 'hydra_oauth2_consent_request_handled' AS table_name, challenge AS key, 'granted_scope' AS reason FROM hydra_oauth2_consent_request_handled WHERE granted_scope LIKE '%||%' OR granted_scope LIKE '|%' OR granted_scope LIKE '%|'
UNION ALL
SELECT 'hydra_oauth2_consent_request_handled' AS table_name, challenge AS key, 'granted_at_audience' AS reason FROM hydra_oauth2_consent_request_handled WHERE granted_at_audience LIKE '%||%' OR granted_at_audience LIKE '|%' OR granted_at_audience LIKE '%|'
