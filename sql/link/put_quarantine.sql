-- Notes since when data is in quarantine; what was noted first stays.
INSERT INTO greenlight.fact (name, body) VALUES ('quarantine', to_jsonb(clock_timestamp())) ON CONFLICT DO NOTHING
