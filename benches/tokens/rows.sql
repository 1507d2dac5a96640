-- Rows :from to :to of :rows, about 900 bytes each, mostly hex digits: psql -v rows=… -v seed=1 -v from=1 -v to=1000.
INSERT INTO hydra_oauth2_access
SELECT
    translate(encode(sha256(convert_to(:'seed' || ':access:' || i, 'UTF8')), 'base64'), '+/=', '-_'),
    h, '2026-01-01'::timestamp + i * interval '30 days' / :rows, 'client-' || left(md5((i % 300)::text), 28),
    scope, scope,
    'client_id=' || left(h, 24) || '&grant_type=authorization_code&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback',
    '{"id_token":{"iss":"https://id.example.com/","sub":"' || left(h, 20) || '"},"extra":{"trace":"'
        || h || md5(h) || md5(h || 1) || md5(h || 2) || repeat(md5(h || 3), 6) || '"},"client_id":"' || left(h, 24) || '"}',
    'user-' || left(md5((i % greatest(50, :rows / 3))::text), 31),
    i % 20 > 0, 'https://api.example.com', CASE WHEN i % 3 = 0 THEN 'https://api.example.com|https://files.example.com' ELSE '' END,
    CASE WHEN i % 10 > 0 THEN md5(:'seed' || ':consent:' || i) END
FROM generate_series(:from, :to) AS i,
    LATERAL (SELECT md5(:'seed' || ':' || i) AS h,
                    (ARRAY['openid|offline|profile', 'openid|offline', 'openid|profile|email|offline_access', 'openid', ''])[1 + i % 5] AS scope) AS made;
