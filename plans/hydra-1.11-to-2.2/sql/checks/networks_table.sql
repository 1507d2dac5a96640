-- networks_table: a networks table beside Hydra's, as Kratos and Keto make it: 2.2 makes one too, and would take its oldest row.
-- For plan.toml and stock.toml; stop.
SELECT table_schema || '.' || table_name AS table_name, table_name AS key, 'the name is taken by 2.2' AS reason
FROM information_schema.tables
WHERE table_schema = current_schema() AND table_name = 'networks'
