-- Keys: the integer key steps back for a uuid, random in a stock migration, here made from it.
SELECT
    k.sid AS sid,
    k.kid AS kid,
    k.version AS version,
    k.keydata AS keydata,
    k.created_at AS created_at,
    k.pk AS pk_deprecated,
    md5('hydra_jwk:' || k.pk)::uuid AS pk,
    :'nid'::uuid AS nid
FROM hydra_jwk AS k
WHERE :batch
