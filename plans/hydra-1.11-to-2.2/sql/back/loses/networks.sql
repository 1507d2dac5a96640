-- Networks other than the one that 1.11's rows have: 1.11 has one, and cannot tell their rows apart.
SELECT n.id
FROM networks AS n
WHERE n.id <> :'nid'::uuid
