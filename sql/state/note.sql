-- Adds a line to the timeline. $1 step or null, $2 what happened.
INSERT INTO greenlight.journal (epoch, step, what) SELECT epoch, $1::text, $2::text FROM greenlight.ownership
