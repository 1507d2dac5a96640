//! The table of all codes, in the order of their names. One list, however long: it makes one enum, and a number that is free is seen here.

use super::{CodeText, Retry};

codes! {
    PlanUnreadable = "GL0101", exit 2, AfterFix, "the plan file cannot be read",
        "The plan file, or a folder on the way to it, does not exist or may not be read.",
        "Nothing was done.",
        "Check the path and its permissions.";
    PlanSyntax = "GL0102", exit 2, AfterFix, "the plan is not valid TOML",
        "The plan file breaks TOML's grammar, or a value has the wrong type.",
        "Nothing was done.",
        "Mend the marked place; an editor that knows `#:schema` lines shows such mistakes as you type.";
    PlanUnknownKey = "GL0103", exit 2, AfterFix, "the plan has a key that greenlight does not know",
        "A key of the plan is unknown, most often mistyped.",
        "Nothing was done: a key that is passed over silently would be a setting that you believe in and do not have.",
        "Correct the key; `docs/plan.md` lists all of them.";
    PlanMissingFile = "GL0104", exit 2, AfterFix, "the plan names a file that is not there",
        "A file that the plan names cannot be read. Paths are relative to the plan file.",
        "Nothing was done.",
        "Make the file, or correct its path.";
    PlanMissingVariable = "GL0105", exit 2, AfterFix, "a variable is used and not defined",
        "An SQL text uses `:'name'`, `:\"name\"` or `:name`, and `[vars]` has no such name.",
        "Nothing was done.",
        "Define it under `[vars]`, as a constant or as a query on green.";
    PlanTwoClasses = "GL0106", exit 2, AfterFix, "a table is in two classes",
        "A 1.X table must be in exactly one class: carry, patch, transform or drop.",
        "Nothing was done: two classes would write the same rows twice.",
        "Remove the table from one of the two marked places.";
    PlanNoClass = "GL0107", exit 2, AfterFix, "a table has no class",
        "A table of blue is not in the 2.X schema, and the plan does not say what becomes of its rows.",
        "Nothing was done: its rows would be lost without anybody having said so.",
        "Read it in a transform, or name it under `[drop]` with the reason.";
    PlanNoBatch = "GL0108", exit 2, AfterFix, "a transform has no `:batch`",
        "The SELECT of a transform must have `:batch` in its WHERE clause: greenlight puts the range of pages there.",
        "Nothing was done: every batch would read the whole table.",
        "Add `WHERE :batch` (or `… AND :batch`) to the outermost SELECT.";
    PlanSelectStar = "GL0109", exit 2, AfterFix, "`SELECT *` in the SQL of a plan",
        "A star takes whatever columns there are on the day.",
        "Nothing was done: a column added on blue would change the result silently.",
        "List the columns.";
    PlanVolatile = "GL0110", exit 2, AfterFix, "an expression is not a pure function of the rows",
        "The SQL calls a function that gives another result each time (volatile), or one that depends on the time or the session.",
        "Nothing was done: a batch that runs again, and verify, would see other values.",
        "Derive the value from the row's key, for example `md5('name:' || key)::uuid` for a uuid.";
    PlanNoReach = "GL0111", exit 2, AfterFix, "a joined table has no `reach`",
        "The transform reads a table besides its driving one, and the plan does not say which driving rows a changed row of it touches.",
        "Nothing was done: a change of that table would leave stale rows in the target.",
        "Add `reach = { joined_table = \"joined_column = driving_column\" }` to the transform.";
    PlanPartialGroups = "GL0112", exit 2, AfterFix, "a transform groups rows across batches",
        "GROUP BY, DISTINCT, window functions, set operations, LIMIT or aggregates in the outermost SELECT see only the rows of one batch.",
        "Nothing was done: groups that lie in two page ranges would be split.",
        "Use a correlated subselect over the whole joined table, which sees every row.";
    PlanColumns = "GL0113", exit 2, AfterFix, "the columns of a transform do not fit its target",
        "The SELECT makes a column that the target lacks, or lacks one that the target needs (NOT NULL, without a default).",
        "Nothing was done.",
        "Name each column of the SELECT after a column of the target.";
    PlanPassword = "GL0114", exit 2, AfterFix, "a password in the plan",
        "A connection string in the plan carries a password.",
        "Nothing was done: plans are kept in version control and printed in logs.",
        "Use `service` or `url_env` and a password file (`PGPASSFILE`).";
    PlanNoDrivingTable = "GL0115", exit 2, AfterFix, "a transform does not read its driving table",
        "`from` names a table that the outermost FROM of the SELECT does not read, or reads twice.",
        "Nothing was done: `:batch` would have nothing to cut.",
        "Read the table named by `from` exactly once in the outermost FROM.";
    PlanUnknownTable = "GL0116", exit 2, AfterFix, "the plan names a table that does not exist",
        "A table of the plan is neither on blue nor in the 2.X schema, or not on the side where it is needed.",
        "Nothing was done.",
        "Correct the name; names with capitals are written as they are, without quotes.";
    PlanNoValue = "GL0117", exit 2, AfterFix, "a carried table lacks a value for a new column",
        "2.X adds a column that is NOT NULL and has no default, and the plan gives no value for it.",
        "Nothing was done: not one row could be carried.",
        "Add the column to `[carry] add`, patch it, or make the table a transform.";
    PlanNotYet = "GL0118", exit 2, Never, "the plan asks for something that this version cannot do",
        "The plan uses a key whose meaning is reserved.",
        "Nothing was done.",
        "See \"What it does not do\" in the README.";
    PlanExpect = "GL0119", exit 2, AfterFix, "the snapshot of the 2.X schema is missing or unreadable",
        "`expect` names a file that is not there or was not written by `greenlight schema`.",
        "Nothing was done: without it a dry run cannot know what 2.X looks like.",
        "Run `greenlight schema PLAN --write`, look at it, and commit it beside the plan.";
    PlanSql = "GL0120", exit 2, AfterFix, "the SQL of the plan cannot be read",
        "A transform must be one SELECT, a patch or a value one expression.",
        "Nothing was done.",
        "Mend the marked place; each file runs in psql after `\\set batch true`.";
    PlanTighter = "GL0121", exit 2, AfterFix, "a carried table is tighter in 2.X than on blue",
        "2.X narrows a type, forbids NULL, or drops a column of a table that is carried as it is.",
        "Nothing was done: rows that blue accepts would be refused by green.",
        "Make the table a transform, or patch the column.";
    PlanWrites = "GL0122", exit 2, AfterFix, "the SQL of the plan writes",
        "A transform, patch or check may only read.",
        "Nothing was done.",
        "Use SELECT only.";
    PlanLive = "GL0123", exit 2, AfterFix, "the plan cannot follow a blue that is written to",
        "With `sync.mode = \"logical\"` every changed row must reach green, and be found there again.",
        "Nothing was done: a write on blue could stop the replication, or leave a stale row on green.",
        "Do what the fix under the message says, or set `sync.mode = \"none\"` and stop the writers.";
    PlanTraffic = "GL0124", exit 2, AfterFix, "the plan cannot move traffic safely",
        "A traffic target or a hook of the plan lacks something, or says two things at once.",
        "Nothing was done: a target whose state cannot be read back would be moved blindly.",
        "Mend the marked place; `docs/plan.md` lists the keys of `[[traffic]]`.";
    PlanRevocations = "GL0126", exit 2, AfterFix, "the plan could lose revocations",
        "What the plan says about revocations lacks something, or cannot be done as it stands.",
        "Nothing was done: a token that was revoked might come back to life on green.",
        "Mend the marked place; `docs/plan.md` lists the keys of `[revocations]`.";
    PlanTokens = "GL0129", exit 2, AfterFix, "the plan cannot move the lives of tokens safely",
        "Something under `[tokens]` lacks a read-back, is not an expression over one row, or is not there on both sides.",
        "Nothing was done: a life that cannot be read back cannot be put back.",
        "Mend the marked place; `docs/plan.md` lists the keys of `[tokens]`.";
    PlanBack = "GL0130", exit 2, AfterFix, "the plan's way back could lose rows",
        "Something under `[back]` is missing, or makes rows that blue cannot take or find again.",
        "Nothing was done: a rollback would leave rows behind without anybody having said so.",
        "Mend the marked place; `docs/plan.md` lists the keys of `[back]`.";
    PlanDeletes = "GL0131", exit 2, AfterFix, "the plan's guarded deletes cannot be kept",
        "Something under `[deletes]` names what is not there, or follows an alarm that nothing raises.",
        "Nothing was done: rows would be taken away on green with nothing to put them back.",
        "Mend the marked place; `docs/plan.md` lists the keys of `[deletes]`.";
    SideNotNamed = "GL0201", exit 2, AfterFix, "a side has no address",
        "Neither the plan nor the command line says where this side is, or the environment variable that the plan names is not set.",
        "Nothing was done.",
        "Set the variable, use a service name, or pass `--blue URL` / `--green URL`.";
    Unreachable = "GL0202", exit 1, Now, "a side cannot be reached",
        "No connection could be made.",
        "Nothing was done.",
        "Check address, port, firewall and `pg_hba.conf`; `psql` with the same settings shows the same.";
    LoginRefused = "GL0203", exit 1, AfterFix, "a side refused the login",
        "The server answered, and did not let us in.",
        "Nothing was done.",
        "Check user, database and password file (`PGPASSFILE`, mode 0600).";
    TlsFailed = "GL0204", exit 1, AfterFix, "TLS failed",
        "The certificate could not be verified, or the server has no TLS and `sslmode` demands it.",
        "Nothing was done: greenlight does not fall back to an unverified connection.",
        "Check `sslrootcert` and the host name in the certificate.";
    ServerTooOld = "GL0205", exit 2, Never, "a server is too old",
        "greenlight works with PostgreSQL 14 to 18.",
        "Nothing was done.",
        "Upgrade that server first.";
    SameDatabase = "GL0206", exit 2, AfterFix, "blue and green are one database",
        "An advisory lock taken on blue is seen on green: both addresses lead to the same database.",
        "Nothing was done: green's preparation would have moved blue's tables aside.",
        "Correct one of the two addresses.";
    Privilege = "GL0207", exit 2, AfterFix, "a privilege is missing",
        "The role of this connection may not do what the plan needs.",
        "Nothing was done.",
        "Grant what is listed; `docs/privileges.md` has the statements.";
    ConnectionLost = "GL0208", exit 1, Now, "a connection was lost",
        "The server closed a connection, restarted, or the network failed.",
        "Finished batches are kept; the one that was under way was rolled back, or is found to be done when you run again.",
        "Run the same command again.";
    BadAddress = "GL0209", exit 2, AfterFix, "an address cannot be read",
        "A connection string, service file or password file has a mistake.",
        "Nothing was done.",
        "Mend it; the forms are those of libpq.";
    NotLogical = "GL0210", exit 2, AfterFix, "a server is not set up for logical replication",
        "A live sync needs `wal_level = logical` and a free replication slot and WAL sender on blue, and workers on green.",
        "Nothing was done.",
        "Change the setting and restart that server.";
    GreenNotEmpty = "GL0301", exit 3, AfterFix, "green is not empty",
        "With `seed = \"copy\"`, green's schema must be empty before the first run.",
        "Nothing was done: greenlight never removes what it did not make.",
        "Use an empty database, or `seed = \"restored\"` if this is a copy of blue.";
    NotRestored = "GL0302", exit 3, AfterFix, "green is not a copy of blue",
        "With `seed = \"restored\"`, green must hold blue's tables; some are missing or differ in shape.",
        "Nothing was done.",
        "Restore blue's backup into green, or use `seed = \"copy\"`.";
    NoRoom = "GL0303", exit 3, AfterFix, "not enough room on green",
        "The forecast of green's size is above `limits.green_bytes`.",
        "Nothing was done: a full disk stops the server.",
        "Make room and raise the limit.";
    MigratorFailed = "GL0304", exit 1, AfterFix, "the 2.X schema could not be made",
        "The service's migrator, or an SQL file of the plan, failed.",
        "Green holds a half-made 2.X schema, which the next run removes and makes again.",
        "Read the output above, mend the cause, run again.";
    SchemaDiffers = "GL0305", exit 3, AfterFix, "the 2.X schema is not the expected one",
        "What the migrator made differs from the snapshot that the plan names as `expect`.",
        "Nothing was moved: everything that `plan` said was about the snapshot.",
        "Look at the differences; if they are right, run `greenlight schema PLAN --write` and `greenlight cleanup PLAN --all`, look at the plan again, and begin anew.";
    MigratorRows = "GL0306", exit 3, AfterFix, "the migrator put rows into a carried table",
        "A table that takes blue's rows already has rows of its own in the 2.X schema.",
        "Nothing was moved: greenlight does not guess whose rows win.",
        "Name the table under `[drop]` (2.X's rows win), or empty it in the 2.X schema's SQL (blue's rows win).";
    ExtensionInTheWay = "GL0307", exit 3, AfterFix, "an extension lives in the schema that must be swapped",
        "Objects of an extension are in the schema that is renamed at cutover.",
        "Nothing was done: its functions would change their schema under the service.",
        "Install the extension in a schema of its own: `ALTER EXTENSION … SET SCHEMA extensions`.";
    DataCheck = "GL0308", exit 3, AfterFix, "data on blue would break or be changed silently",
        "A data check of the plan found rows, and says that they must stop the run.",
        "Nothing was done.",
        "Mend those rows on blue (the query lists their keys), or set `on_found = \"warn\"` if you accept the effect.";
    Differs = "GL0309", exit 3, AfterFix, "the sides differ",
        "Verify found rows that are not what they should be.",
        "Green must not take over as it is.",
        "The rows are named above. If blue was written meanwhile, that is why; else report it.";
    CannotTell = "GL0310", exit 4, Now, "verify cannot tell",
        "A part could not be compared, so neither \"same\" nor \"differs\" is known.",
        "The gate stays closed.",
        "Mend what is named and run `greenlight verify` again.";
    Paused = "GL0311", exit 3, Now, "the run is paused",
        "An operator paused it with `greenlight pause`: a run that is under way waits, and none is begun.",
        "Nothing was done; finished batches are kept.",
        "Run `greenlight resume PLAN`, then `greenlight run PLAN`.";
    PlanChanged = "GL0401", exit 2, AfterFix, "the plan has changed since the run began",
        "The plan file, or a file that it names, is not the one with which this green was begun.",
        "Nothing was done: half of the rows would be made by one plan and half by another.",
        "Put the old files back, or begin anew: `greenlight cleanup PLAN --all`, then `run`.";
    LeaseHeld = "GL0402", exit 3, Now, "another greenlight is at work",
        "A living process holds the lease on this side.",
        "Nothing was done.",
        "Wait for it. If it is known to be stuck, run again with `--takeover`: its next transaction then does nothing.";
    LeaseLost = "GL0403", exit 1, AfterFix, "the lease was taken over",
        "Another greenlight has raised the epoch, so this one may not write any more.",
        "The transaction under way was rolled back; nothing of it stands.",
        "Look at `greenlight status`: the other one goes on.";
    NoRun = "GL0404", exit 3, AfterFix, "nothing has been run on this green",
        "Green has no record of a run.",
        "Nothing was done.",
        "Begin with `greenlight run PLAN`.";
    OtherPlan = "GL0406", exit 3, AfterFix, "this green belongs to another plan",
        "The record on green was made by a plan of another name.",
        "Nothing was done.",
        "Use that plan, or another green.";
    NotReady = "GL0407", exit 3, AfterFix, "green is not ready for the cutover",
        "A step before the cutover is not done.",
        "Nothing was done.",
        "Run `greenlight run PLAN` to its end.";
    Unconfirmed = "GL0408", exit 2, AfterFix, "not confirmed",
        "The command changes who owns the data, or removes something, and was not confirmed.",
        "Nothing was done.",
        "Give the plan's name: `--execute --confirm NAME`.";
    AlreadyOwned = "GL0409", exit 3, Never, "green already owns the data",
        "The cutover has been done.",
        "Nothing was done: green's rows are the truth now.",
        "See `greenlight status`.";
    WrongServer = "GL0411", exit 2, AfterFix, "a side is not the one of the run",
        "The address leads to another database than when the run began.",
        "Nothing was done.",
        "Correct the address.";
    StoreVersion = "GL0412", exit 2, AfterFix, "the record on green was made by another version",
        "The schema `greenlight` on green has a form that this version does not know.",
        "Nothing was done.",
        "Finish with the version that began, or clean up with it.";
    BlueChanged = "GL0413", exit 3, AfterFix, "blue's schema has changed",
        "Tables or columns of blue are not those with which the run began.",
        "Nothing more was done: what was copied may lack a column.",
        "Look at the difference; begin anew if it concerns the plan.";
    FollowedByOther = "GL0414", exit 3, AfterFix, "blue is followed by another green under this plan's name",
        "Publication, slot and markers on blue are named after the plan, and another green uses them.",
        "Nothing was done: the two would take each other's changes.",
        "Give this plan another name, or clean up the other green first.";
    CleanupBegun = "GL0415", exit 3, AfterFix, "a cleanup was begun",
        "A cleanup of this green was begun; what a run, a cutover or an observation would need is gone, or about to go.",
        "Nothing was done.",
        "Run `greenlight cleanup PLAN` to its end. To begin anew while a quarantine stands: `greenlight cleanup PLAN --execute --confirm NAME --purge NAME`.";
    NotOurs = "GL0416", exit 3, AfterFix, "objects of others are in the way",
        "Something that greenlight has not made is in a schema that would be dropped, or needs something in it.",
        "It was not touched, and what it needs stands. What was removed before is listed by `greenlight cleanup PLAN`.",
        "Move what is named above to another schema, or drop it, and run the cleanup again.";
    BadRow = "GL0501", exit 3, AfterFix, "a row cannot be converted",
        "The SELECT of a transform, or a constraint of its target, refuses a row.",
        "The batch was rolled back; all finished batches stand.",
        "Mend the row on blue and seed it again, mend the SELECT, or set `on_bad_row = \"reject\"` to keep such rows in a table of rejects.";
    NotUnique = "GL0502", exit 3, AfterFix, "rows are not unique where 2.X demands it",
        "Two rows of the target have the same value under a unique index or primary key.",
        "The index was not made; all rows stand.",
        "Find them with the query given, mend them on blue or in the SELECT, and begin anew.";
    ForeignKey = "GL0503", exit 5, AfterFix, "a foreign key does not hold",
        "A row of green points at a row that is not there.",
        "The foreign key stands, is enforced for new rows, and is not validated for old ones.",
        "Find the rows with the query given, mend them, and run the same command again.";
    Sql = "GL0504", exit 1, AfterFix, "PostgreSQL refused a statement",
        "The server answered with an error that has no code of its own here.",
        "The transaction was rolled back.",
        "Read the server's message; run again when its cause is mended.";
    LockTimeout = "GL0505", exit 1, Now, "a lock could not be had in time",
        "Another session holds a lock on the table for longer than `limits.lock_timeout`.",
        "Nothing of this step was done; nobody was kept waiting longer than that.",
        "See who holds it (`pg_locks`), then run again.";
    StatementTimeout = "GL0506", exit 1, Now, "a statement took longer than its limit",
        "`limits.statement_timeout` has passed.",
        "The batch was rolled back and is tried again smaller; at the smallest size the run stops.",
        "Raise the limit, or look at the plan of the statement with `greenlight plan`.";
    CheckViolated = "GL0507", exit 3, AfterFix, "a constraint of 2.X does not hold",
        "A row of the target breaks a check, or is NULL where it may not be.",
        "The constraint was not made; all rows stand.",
        "Find the rows with the query given, mend them on blue or in the SELECT, and begin anew.";
    DiskFull = "GL0508", exit 1, AfterFix, "a server has no room left",
        "PostgreSQL could not extend a file.",
        "The batch was rolled back; all finished batches stand.",
        "Make room, then run the same command again.";
    WouldBreak = "GL0509", exit 3, AfterFix, "a foreign key of 2.X would not hold",
        "A row of green points at a row that is not there, and 2.X demands it.",
        "Green must not take over as it is; all rows stand.",
        "Find the rows with the query given, mend them on blue or in the SELECT, and begin anew.";
    ApplyFailed = "GL0510", exit 3, AfterFix, "green cannot apply a change of blue",
        "The replication from blue to green meets a change that it cannot write, and tries again every few seconds.",
        "Nothing is lost: blue keeps the WAL until green has caught up, which fills its disk in the end.",
        "The detail names the table and what the server said; mend the row on green or on blue, and run it again.";
    SlotLost = "GL0511", exit 3, Never, "blue no longer keeps what green has not read yet",
        "The replication slot on blue is gone or was invalidated: changes between then and now cannot be had any more.",
        "Green cannot be brought in step again; blue serves on and is not touched.",
        "`greenlight cleanup PLAN --all`, then run it again from the start; raise `max_slot_wal_keep_size` on blue before.";
    Truncated = "GL0512", exit 3, AfterFix, "a table was truncated on blue",
        "A TRUNCATE on blue emptied a table that transforms read; which rows of 2.X were made of it is not known row by row.",
        "Green may have rows too many; the cutover is closed.",
        "`greenlight cleanup PLAN --all`, then run it again from the start.";
    WalKept = "GL0513", exit 3, AfterFix, "blue keeps too much WAL for green",
        "Blue holds back more WAL for green than `limits.blue_wal_kept`.",
        "The run stops before blue's disk fills; a subscription that is enabled goes on reading for as long as it can.",
        "Find out why green is slow; raise the limit if blue has room, or `greenlight cleanup PLAN --all` to let the WAL go.";
    SnapshotOld = "GL0514", exit 3, AfterFix, "the copy keeps a snapshot on blue open for too long",
        "Blue's oldest snapshot is older than `limits.blue_snapshot`: vacuum cleans up nothing younger, and blue's tables grow.",
        "The copy's snapshot was let go. Tables that PostgreSQL has copied stay, the others start over; greenlight's own copy starts over.",
        "Raise the limit, or let greenlight copy a large table by several sessions (`seed = \"copy\"`), and run it again.";
    Rewritten = "GL0515", exit 1, Now, "a table was rewritten while it was copied",
        "VACUUM FULL, CLUSTER, TRUNCATE or an ALTER TABLE on blue gave a table a new file, with its rows on other pages.",
        "The copy may lack rows: it is worth nothing. Blue's rows were only read; a slot that was made keeps its WAL until the next run.",
        "Run it again: the copy starts over.";
    Output = "GL0601", exit 1, AfterFix, "a file could not be written",
        "The output file, or standard output, could not be written.",
        "What was to be printed is lost; nothing else was changed.",
        "Check path, permissions and room.";
    UnknownCode = "GL0602", exit 2, AfterFix, "no such error code",
        "`greenlight explain` knows the codes from GL0101 on.",
        "Nothing was done.",
        "Run `greenlight explain` without a code for the list.";
    UnknownStep = "GL0603", exit 2, AfterFix, "no such step",
        "`--until` names a step that this plan does not have.",
        "Nothing was done.",
        "`greenlight plan PLAN` lists the steps.";
    TrafficUnreadable = "GL0604", exit 1, Now, "a traffic target cannot be read",
        "What a traffic target does at the moment could not be asked: it cannot be reached, or its answer makes no sense.",
        "Nothing was changed. A gate that cannot be read is closed.",
        "Look at what is named above; every target is read with what the plan names for it.";
    TrafficNotHeld = "GL0605", exit 1, Now, "traffic could not be held",
        "A traffic target did not make its requests wait in time.",
        "The attempt was undone: requests are served as before.",
        "Look for long transactions and sessions that stay open in front of it, then run again.";
    TrafficNotPointed = "GL0606", exit 1, Now, "a traffic target does not point where it should",
        "What was done to point it did not lead there, as its read-back says.",
        "Traffic may still go to the other side, which refuses writes once green owns them.",
        "Mend what is named above and run again: pointing may be repeated at any time.";
    TrafficNotReleased = "GL0607", exit 1, Now, "held traffic was not released",
        "A traffic target still makes its requests wait, as its read-back says.",
        "Clients wait, and fail once their own time is over.",
        "Mend what is named above and run again: releasing may be repeated at any time.";
    HookFailed = "GL0608", exit 3, AfterFix, "a hook before the cutover failed",
        "A program of `cutover.before` failed or did not end in time, or 2.X did not answer as the plan says.",
        "Nothing was held and nothing was fenced.",
        "Read the output above; 2.X must be ready on green before traffic is held.";
    CanaryFailed = "GL0609", exit 5, Now, "the canary failed",
        "The canary's program failed or did not end in time, or what it wrote is not on green.",
        "Green owns the data and traffic points to it; the way of the application to it is in doubt.",
        "Read the output above, mend the way to green, and run the canary again by running the cutover again.";
    FenceBusy = "GL0701", exit 1, Now, "the fence could not be put up in time",
        "Transactions on blue held its tables for longer than the cutover waits for them; the details name who.",
        "The cutover was given up before it stopped any write for long. Blue serves as before.",
        "Wait for those transactions, or end them with `SELECT pg_terminate_backend(pid)` on blue; then run it again.";
    FenceGone = "GL0702", exit 1, Now, "the fence has not held until the seal",
        "Blue's fence expired, or let a write pass, before green had everything: it opens by itself at its deadline.",
        "The cutover was given up. Blue serves as before; no write is lost.",
        "Run it again; if it comes again, raise `limits.write_pause`, or cut over at an hour with less load.";
    FenceTaken = "GL0703", exit 3, AfterFix, "blue is fenced by another plan",
        "A cutover of another plan stands on this blue, or was never finished.",
        "Nothing was done.",
        "Finish or abort that one first: `greenlight status` with its plan says where it is.";
    DrainLate = "GL0704", exit 1, Now, "green did not come into step before the fence expires",
        "Blue's last writes had not all reached green, in their 2.X form, within `limits.write_pause`.",
        "The cutover was given up and the fence lifted. Blue serves as before; no write is lost.",
        "See `greenlight status` for lag and queue, and run it again when they are small; or raise `limits.write_pause`.";
    RecentDiffers = "GL0705", exit 3, AfterFix, "rows that changed of late are not what they should be",
        "Making the rows again that changed of late would have changed them: green is not what the transforms say.",
        "The cutover was given up and the fence lifted. Blue serves as before.",
        "Run `greenlight verify` for the rows, and see who else writes to green.";
    StandbyLate = "GL0706", exit 1, Now, "a standby of blue has not replayed the seal",
        "A standby that is promoted without the seal would take writes that green never sees.",
        "The cutover was given up and blue opened again.",
        "Let the standby catch up, or take it out of what may be promoted, and run it again.";
    StillFenced = "GL0707", exit 6, Now, "the fence could not be lifted",
        "The cutover failed, and blue could not be told to take writes again.",
        "Blue refuses writes until the fence expires by itself; a seal does not expire.",
        "Run `greenlight abort` as soon as blue can be reached: it lifts the fence and releases the traffic.";
    TablesMoved = "GL0708", exit 1, Now, "blue's tables changed while the fence was put up",
        "A table or a partition was made or dropped on blue in this moment.",
        "Nothing was stopped. Blue serves as before.",
        "Run it again.";
    WorkerStays = "GL0709", exit 1, Now, "a replication worker could not be stopped",
        "The subscription was disabled, and its worker on green is still there: it could write while the schemas are swapped.",
        "The cutover was given up. Blue serves as before.",
        "See what the worker waits for in `pg_stat_activity` on green, and run it again.";
    NothingToAbort = "GL0710", exit 3, Never, "there is no cutover to abort",
        "Green owns the data: the point of no return is passed.",
        "Nothing was done.",
        "Finish it with `greenlight cutover PLAN --execute`.";
    TurningBack = "GL0711", exit 3, AfterFix, "a rollback was begun and not finished",
        "Green owns the data, and a rollback to blue was begun: until it is finished or given up nothing else is done.",
        "Nothing was done.",
        "Finish it with `greenlight rollback PLAN --execute`, or give it up with `greenlight abort PLAN`.";
    Returned = "GL0712", exit 3, AfterFix, "blue owns the data again",
        "A rollback has given the data back to blue; what was built on green is behind it by now.",
        "Nothing was done. Blue serves.",
        "Remove it with `greenlight cleanup PLAN --all` and begin anew with `greenlight run PLAN`.";
    WouldLose = "GL0713", exit 3, AfterFix, "1.X cannot hold rows of green",
        "Green has rows that the plan lists under `back.loses`: blue would serve without them.",
        "Nothing was changed: green serves as before.",
        "See them with the plan's queries. `greenlight rollback PLAN --execute --accept-loss` keeps them in tables of green and leaves them behind.";
    NotCaptured = "GL0811", exit 3, AfterFix, "blue's revocations are not captured",
        "The plan counts on triggers that note blue's revocations, and they are not there, or not as the plan says.",
        "Nothing was done: a token that is revoked after the copy of blue would be alive on green.",
        "`greenlight revocations capture PLAN`, before the copy of blue is made.";
    NoMarker = "GL0812", exit 3, AfterFix, "green was copied from blue before revocations were captured",
        "The capture's marker on blue is not the one that came with green's rows: they are older than the capture, or it was made anew.",
        "Green must not take over: tokens that were revoked in between would come back to life.",
        "Make another copy of blue now, with the schema `greenlight_revocations` in it, and begin anew.";
    SourceUnreadable = "GL0813", exit 1, Now, "a source of revocations cannot be read",
        "Blue's capture, the file or the stream of events could not be read to its end.",
        "What was read is kept; nothing was acknowledged that is not in green's record. The cutover is closed.",
        "Mend what is named above and run it again.";
    SourceGap = "GL0814", exit 3, AfterFix, "revocations are gone before they were read",
        "The file was replaced or cut off, or the stream has dropped messages, before all of it had been read.",
        "Some revocations are not known here; the cutover is closed.",
        "Put the missing events back where they are read from (one that is read twice does no harm), then `greenlight revocations replay PLAN --accept-gap`.";
    DeadLetters = "GL0815", exit 3, AfterFix, "events could not be replayed",
        "Some events make no sense, or what they do on a side has failed; each is kept as a dead letter with its reason.",
        "The tokens that they name may be alive. The cutover is closed.",
        "`greenlight revocations status PLAN` lists them. Mend the cause, then `greenlight revocations replay PLAN --retry`, or give one up with `--discard NUMBER`.";
    LivesStand = "GL0821", exit 3, AfterFix, "longer lives of tokens stand",
        "Tokens of blue, or of green that has them from blue, live longer than they were issued for, and what they had is kept on blue.",
        "Nothing was done.",
        "Put them back first: `greenlight tokens restore PLAN --execute`.";
    LivesTooLate = "GL0822", exit 3, AfterFix, "no life of a token can be made longer now",
        "A cutover is under way, green owns the data, or lives are being put back.",
        "Nothing was done.",
        "`greenlight status PLAN` says where the migration is; `greenlight tokens status PLAN` says which lives stand.";
    LivesHeld = "GL0823", exit 1, Now, "rows of tokens are held by other transactions",
        "Some rows whose life is to be put back stayed locked by others, try after try.",
        "All others were put back; what those had is kept.",
        "End the transactions that hold them, and run it again.";
    LifeNotWritten = "GL0824", exit 3, AfterFix, "an expiry that was written does not read as it should",
        "What `set` wrote is not what `expires` then read, for at least one row; the batch was rolled back.",
        "Rows of earlier batches have their longer life, with the old one kept.",
        "Mend `set`, `expires` or `format` of the named table, or put everything back: `greenlight tokens restore PLAN --execute`.";
    SettingUnreadable = "GL0825", exit 3, AfterFix, "a setting of the issuer cannot be read",
        "The program or request of a setting failed, did not end in time, or gave something that is no plain value. What it printed is not shown: it may be a secret.",
        "The setting is as it was, or as the message says.",
        "Run the hook by hand; `read` must give the value and nothing else: one word of at most 64 letters, digits and `.:_+-`.";
    SettingNotSet = "GL0826", exit 1, Now, "a setting of the issuer was not set",
        "The setting reads otherwise than it was set, or its program failed.",
        "What it was before is kept; nothing after it was done.",
        "Run the hook by hand, then the command again.";
    NoWayBack = "GL0831", exit 3, AfterFix, "there is no way back",
        "The plan names none, its window is over, changes on green were not noted, or blue is not sealed by this plan any more.",
        "Nothing was written on blue. Green serves as before.",
        "`greenlight status PLAN` says why and since when. What was missed is never made up for: go forward.";
    BackStuck = "GL0832", exit 3, AfterFix, "a row cannot go back",
        "Blue does not take a row that an inverse makes, or the inverse fails on a row of green.",
        "What waits to go back is kept. There is no way back until this is mended.",
        "Mend the row on green, or blue's constraint; then `greenlight observe PLAN` goes on.";
    WayBackOpen = "GL0833", exit 3, AfterFix, "the way back is open",
        "The window of the way back is not over: what cleanup removes is what a rollback needs.",
        "Nothing was done: green's writes go on to flow back to blue.",
        "Wait for the end of the window, or give the way back up for good: `greenlight cleanup PLAN --execute --confirm NAME --give-up-way-back NAME`.";
    NothingKept = "GL0841", exit 3, AfterFix, "no deleted rows are kept on this green",
        "The plan had no `[deletes]` when green became the owner, or green does not own the data.",
        "Nothing was done.",
        "`greenlight status PLAN` says who owns the data. What was not kept cannot be put back by greenlight.";
    ManyOrigins = "GL0842", exit 3, AfterFix, "rows of several origins would come back",
        "What was chosen was taken away by more than one role or application: a logout or a revocation may be among them.",
        "Nothing was done.",
        "Choose one with `--role`, `--application` or `--transaction`, as listed; `--every-origin` puts all of them back.";
    RestoreContested = "GL0843", exit 1, Now, "rows could not be put back",
        "Others wrote the same rows at the same time, try after try, or another restore is at work.",
        "What was put back before stays so; nothing that is newer was overwritten.",
        "Run the same command again: rows that are back are passed over.";
    BadTime = "GL0844", exit 2, AfterFix, "a time cannot be read",
        "What was given is neither a length of time, which is counted back from now, nor a time that PostgreSQL reads.",
        "Nothing was done.",
        "Give one such as `15min`, `2026-03-01 03:10` (in UTC) or `2026-03-01 03:10+02`.";
    Bug = "GL0901", exit 1, AfterFix, "a mistake in greenlight",
        "Something that cannot happen has happened.",
        "Finished batches are kept.",
        "Please report it with the log (`-vv`).";
    Interrupted = "GL0902", exit 130, Now, "interrupted",
        "Ctrl-C or SIGTERM.",
        "Finished batches are kept; the ones under way were rolled back.",
        "Run the same command again to go on.";
}
