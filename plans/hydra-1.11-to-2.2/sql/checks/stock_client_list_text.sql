-- stock_client_list_text: a quote, a backslash (1.11 writes '|' as '\|') or a control character in a client's list:
-- the text replacement makes invalid JSON (22P02), or another value without a word.
-- For stock.toml; stop.
SELECT 'hydra_client' AS table_name, c.id AS key, concat_ws(', ',
    CASE WHEN redirect_uris ~ '["\\[:cntrl:]]' THEN 'redirect_uris' END,
    CASE WHEN grant_types ~ '["\\[:cntrl:]]' THEN 'grant_types' END,
    CASE WHEN response_types ~ '["\\[:cntrl:]]' THEN 'response_types' END,
    CASE WHEN audience ~ '["\\[:cntrl:]]' THEN 'audience' END,
    CASE WHEN allowed_cors_origins ~ '["\\[:cntrl:]]' THEN 'allowed_cors_origins' END,
    CASE WHEN contacts ~ '["\\[:cntrl:]]' THEN 'contacts' END,
    CASE WHEN request_uris ~ '["\\[:cntrl:]]' THEN 'request_uris' END,
    CASE WHEN post_logout_redirect_uris ~ '["\\[:cntrl:]]' THEN 'post_logout_redirect_uris' END) AS reason
FROM hydra_client AS c
WHERE concat(redirect_uris, grant_types, response_types, audience, allowed_cors_origins, contacts, request_uris, post_logout_redirect_uris) ~ '["\\[:cntrl:]]'
