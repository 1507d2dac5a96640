-- An access token was removed: revoked, rotated away, or with what it hangs on. :'signature' as it stands in the table
DELETE FROM hydra_oauth2_access WHERE signature = :'signature' AND nid = :'nid';
