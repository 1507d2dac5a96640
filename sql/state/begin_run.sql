-- Records what is begun. $1 form, $2 plan, $3 compiled plan, $4 digests, $5 blue's address, $6 version of greenlight.
INSERT INTO greenlight.run (form, plan, migration, digests, blue, made_by)
VALUES ($1::int, $2::text, $3::text::jsonb, $4::text::jsonb, $5::text, $6::text)
