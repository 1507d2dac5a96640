-- Keys: 1.11's number is still there beside the uuid, and 2.2 counts it on.
SELECT
    k.pk_deprecated AS pk,
    k.sid AS sid,
    k.kid AS kid,
    k.version AS version,
    k.keydata AS keydata,
    k.created_at AS created_at
FROM hydra_jwk AS k
WHERE :batch
