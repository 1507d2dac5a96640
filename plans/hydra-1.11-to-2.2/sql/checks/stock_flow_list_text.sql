-- stock_flow_list_text: a quote, a backslash or a control character in a list of a login or consent: as in stock_client_list_text.
-- For stock.toml; stop.
SELECT 'hydra_oauth2_authentication_request' AS table_name, challenge AS key, 'requested_scope' AS reason FROM hydra_oauth2_authentication_request WHERE requested_scope ~ '["\\[:cntrl:]]'
UNION ALL
SELECT 'hydra_oauth2_authentication_request' AS table_name, challenge AS key, 'requested_at_audience' AS reason FROM hydra_oauth2_authentication_request WHERE requested_at_audience ~ '["\\[:cntrl:]]'
UNION ALL
SELECT 'hydra_oauth2_authentication_request_handled' AS table_name, challenge AS key, 'amr' AS reason FROM hydra_oauth2_authentication_request_handled WHERE amr ~ '["\\[:cntrl:]]'
UNION ALL
SELECT 'hydra_oauth2_consent_request_handled' AS table_name, challenge AS key, 'granted_scope' AS reason FROM hydra_oauth2_consent_request_handled WHERE granted_scope ~ '["\\[:cntrl:]]'
UNION ALL
SELECT 'hydra_oauth2_consent_request_handled' AS table_name, challenge AS key, 'granted_at_audience' AS reason FROM hydra_oauth2_consent_request_handled WHERE granted_at_audience ~ '["\\[:cntrl:]]'
