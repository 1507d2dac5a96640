-- Keeps what own goes by: from here on the way back is that of this migration, whatever becomes of the plan. $1 the migration.
UPDATE greenlight.run SET migration = $1::text::jsonb
