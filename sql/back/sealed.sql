-- How blue stands for a transaction that is about to write there: the epoch that may, and whether it is sealed by this plan. $1 plan.
SELECT epoch, plan = $1::text AND state = 'sealed' AS sealed FROM greenlight.fence
