-- How far a source was read. $1 text: its name
SELECT state::text FROM greenlight.revocation_source WHERE name = $1;
