-- How much the capture has noted behind a transaction. $1 text: the transaction
SELECT count(*) FROM greenlight_revocations.noted WHERE xid >= $1::text::xid8;
