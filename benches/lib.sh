# shellcheck shell=bash
# What the benchmarks and script/prove-kill share. Sourced, never run.

# shellcheck source=script/cluster
source "$(dirname "${BASH_SOURCE[0]}")/../script/cluster"

GREENLIGHT=${GREENLIGHT:-${CARGO_TARGET_DIR:-$ROOT/target}/release/greenlight}
HYDRA=$ROOT/plans/hydra-1.11-to-2.2
readonly HYDRA
ROWS='' ROUNDS=3
ROOM='' # a folder for files of this process

# --- arguments and servers --------------------------------------------------------------------------------------------

wrong_usage() {
    EXIT_CODE=2 die "$1" "see \`${0#"$ROOT"/} --help\`"
}

# bench_parse DEFAULT_ROWS [ARGUMENTS…]: sets ROWS and ROUNDS.
bench_parse() {
    ROWS=$1
    shift
    while (($#)); do
        case $1 in
            --rows) ROWS=${2:-} && shift ;;
            --rounds) ROUNDS=${2:-} && shift ;;
            -h | --help) help_of "$0" && exit 0 ;;
            *) wrong_usage "unknown argument \`$1\`" ;;
        esac
        shift || wrong_usage "\`--rows\` and \`--rounds\` take a value"
    done
    ROWS=$(rows_from "$ROWS")
    [[ $ROUNDS =~ ^[1-9][0-9]{0,2}$ ]] || wrong_usage "--rounds: \`$ROUNDS\` is no number of rounds"
}

# rows_from TEXT → a multiple of 100, which the generators want.
rows_from() {
    local rows=${1//[,_]/}
    [[ $rows =~ ^[1-9][0-9]{0,8}$ ]] || wrong_usage "--rows: \`$1\` is no number of rows"
    printf '%s' "$(((rows + 99) / 100 * 100))"
}

# Builds greenlight and finds PostgreSQL; GREENLIGHT=… takes a program that is there.
bench_prepare() {
    need_postgres
    on_exit stop_jobs
    if [[ $GREENLIGHT == "${CARGO_TARGET_DIR:-$ROOT/target}/release/greenlight" ]]; then
        need_build_tools
        cd "$ROOT"
        attend cargo build --release --locked
    fi
    [[ -x $GREENLIGHT ]] || die "$GREENLIGHT is not there"
    ROOM=$(mktemp -d "${TMPDIR:-/tmp}/greenlight-bench.XXXXXX")
    on_exit "rm -rf '$ROOM'"
}

# bench_servers DATABASE: blue and green with the settings of all benchmarks; everything else is PostgreSQL's default, apart
# from wal_level = logical. Exports the two addresses.
bench_servers() {
    local side
    for side in blue green; do
        cluster_start "$side" --durable "$1"
        cluster_psql "$side" postgres -q -c "ALTER SYSTEM SET shared_buffers = '1GB'" -c "ALTER SYSTEM SET max_wal_size = '8GB'" \
            -c "ALTER SYSTEM SET checkpoint_timeout = '5min'"
        as_pg "$GREENLIGHT_PG_BIN/pg_ctl" -D "$CLUSTER_RUN/$side" -l "$CLUSTER_RUN/$side/server.log" -m fast -w -t 60 restart \
            >/dev/null 2>&1 </dev/null || die "$side did not restart"
    done
    # What uses the servers ends before they do: the last one registered runs first.
    on_exit stop_jobs
    export GREENLIGHT_BLUE_URL=${CLUSTER_URL[blue]} GREENLIGHT_GREEN_URL=${CLUSTER_URL[green]}
    note "PostgreSQL $(pg_version "$GREENLIGHT_PG_BIN"), $(nproc 2>/dev/null || echo '?') processors; shared_buffers 1GB, max_wal_size 8GB, fsync on"
}

# fresh_green DATABASE [TEMPLATE]: makes that database on green anew. Files are copied as they are where the server can.
fresh_green() {
    local how=''
    if [[ -n ${2:-} ]]; then
        how="TEMPLATE \"$2\""
        # Before 15 there is one way only, this one.
        (($(server_major) < 15)) || how+=' STRATEGY file_copy'
    fi
    cluster_psql green postgres -q -c "SET client_min_messages = warning" -c "DROP DATABASE IF EXISTS \"$1\" WITH (FORCE)" -c "CREATE DATABASE \"$1\" $how"
}

server_major() {
    local version
    version=$(pg_version "$GREENLIGHT_PG_BIN")
    printf '%s' "${version%%[!0-9]*}"
}

# all_of PID…: waits for all; the first failure ends the script.
all_of() {
    local pid
    for pid in "$@"; do wait "$pid" || die "a part of it failed"; done
}

# by_slices SIDE DATABASE STEP FILE [psql arguments…]: runs FILE for slices of STEP rows (from, to), two at a time.
by_slices() {
    local side=$1 database=$2 step=$3 file=$4 from=1 to
    local pids=()
    while ((from <= ROWS)); do
        to=$((from + step - 1 < ROWS ? from + step - 1 : ROWS))
        spawn cluster_psql "$side" "$database" -q -o /dev/null -v rows="$ROWS" -v seed=1 -v from="$from" -v to="$to" -f "$file" \
            "${@:5}" </dev/null
        pids+=("$SPAWNED")
        from=$((to + 1))
        if ((${#pids[@]} == 2)); then
            all_of "${pids[@]}"
            pids=()
        fi
    done
    all_of "${pids[@]}"
}

# fill_hydra SIDE DATABASE: a Hydra 1.11 database of ROWS login flows.
fill_hydra() {
    say "filling $1: a Hydra 1.11 database of $(commas "$ROWS") login flows"
    cluster_psql "$1" "$2" -q -o /dev/null --single-transaction -f "$HYDRA/schema/1.11.sql"
    cluster_psql "$1" "$2" -q -o /dev/null -v rows="$ROWS" -v seed=1 -f "$HYDRA/fixture/generate_1_base.sql"
    by_slices "$1" "$2" "$((ROWS < 20000 ? (ROWS / 200 + 1) * 100 : 10000))" "$HYDRA/fixture/generate_2_slice.sql"
    cluster_psql "$1" "$2" -q -o /dev/null -f "$HYDRA/fixture/generate_3_finish.sql"
}

# fill_tokens SIDE DATABASE: one table of ROWS access tokens.
fill_tokens() {
    say "filling $1: $(commas "$ROWS") tokens"
    cluster_psql "$1" "$2" -q -f "$ROOT/benches/tokens/table.sql"
    by_slices "$1" "$2" "$(((ROWS + 1) / 2))" "$ROOT/benches/tokens/rows.sql"
    cluster_psql "$1" "$2" -q -c "SET maintenance_work_mem = '512MB'" -f "$ROOT/benches/tokens/indexes.sql" -c 'VACUUM ANALYZE'
}

# restore_pristine DATABASE: a restored copy of blue on green, as `pristine`, which nothing changes afterwards.
restore_pristine() {
    say 'restoring a dump of blue to green (pg_dump | pg_restore)'
    fresh_green pristine
    spawn dump_and_restore "$1" </dev/null
    all_of "$SPAWNED"
    # Hint bits and visibility are those of a database that has been read: every candidate starts with the same.
    cluster_psql green pristine -q -c 'VACUUM ANALYZE'
}

dump_and_restore() {
    local at=(-h "$CLUSTER_SOCKETS" -U postgres)
    "$PG_CLIENT/pg_dump" "${at[@]}" -p "${CLUSTER_PORT[blue]}" -Fc -Z 0 "$1" |
        "$PG_CLIENT/pg_restore" "${at[@]}" -p "${CLUSTER_PORT[green]}" --exit-on-error -d pristine
}

# seeded_plan KIND: a copy of the Hydra plan with seed = KIND; prints its file.
seeded_plan() {
    mkdir -p "$ROOM/plan-$1"
    cp -R "$HYDRA/." "$ROOM/plan-$1/"
    grep -qE '^[[:space:]]*seed[[:space:]]*=' "$HYDRA/plan.toml" || die "$HYDRA/plan.toml has no line \`seed = …\` to change"
    sed -E "s/^([[:space:]]*seed[[:space:]]*=[[:space:]]*)\"[^\"]*\"/\1\"$1\"/" "$HYDRA/plan.toml" >"$ROOM/plan-$1/plan.toml"
    printf '%s' "$ROOM/plan-$1/plan.toml"
}

# --- two sessions -----------------------------------------------------------------------------------------------------

# by_two DATABASE FILE…: runs psql with each file, at the same time, on green.
by_two() {
    local file
    local pids=()
    for file in "${@:2}"; do
        spawn cluster_psql green "$1" -q -o /dev/null -f "$file" </dev/null
        pids+=("$SPAWNED")
    done
    all_of "${pids[@]}"
}

# queue_begin DATABASE: a table in which sessions claim statements.
queue_begin() {
    cluster_psql green "$1" -q -c 'CREATE UNLOGGED TABLE public.bench_claim (item text PRIMARY KEY)'
}
queue_end() {
    cluster_psql green "$1" -q -c 'DROP TABLE public.bench_claim'
}

# queue_items NAME <STATEMENTS: turns statements, one a line, into psql input that does each one that no other session has
# claimed. Every session gets the same input, and an idle one takes what is next.
queue_items() {
    local statement item=0
    while IFS= read -r statement; do
        [[ -n $statement ]] || continue
        item=$((item + 1))
        printf '%s\n' "WITH claimed AS (INSERT INTO public.bench_claim VALUES ('$1 $item') ON CONFLICT DO NOTHING RETURNING 1)" \
            "SELECT count(*) > 0 AS mine FROM claimed \\gset" '\if :mine' "$statement" '\endif'
    done
}

# What greenlight's sessions have by default, for those by hand too: two sessions are the parallelism of builds.
readonly RAISED="SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'; SET max_parallel_maintenance_workers = 0;"

# two_sessions DATABASE <STATEMENTS: does statements, one a line, in two sessions.
two_sessions() {
    {
        echo "$RAISED"
        queue_items item
    } >"$ROOM/queue.sql"
    queue_begin "$1"
    by_two "$1" "$ROOM/queue.sql" "$ROOM/queue.sql"
    queue_end "$1"
}

# --- greenlight -------------------------------------------------------------------------------------------------------

STATUS=0
PEAK=0 # resident set in kB

# The largest resident set of a process, for as long as it lives, into a file. Nothing where there is no /proc.
watch_peak() {
    local key value most=0 nothing
    exec {nothing}<> <(:)
    while [[ -r /proc/$1/status ]]; do
        while read -r key value _; do
            if [[ $key == VmHWM: ]] && ((value > most)); then
                most=$value
                echo "$most" >"$2"
            fi
        done 2>/dev/null <"/proc/$1/status" || true
        read -r -t 0.1 -u "$nothing" || true
    done
}

# greenlight_try ARGUMENTS…: sets STATUS, PEAK, and OUT and ERR to files with what it said.
OUT='' ERR=''
greenlight_try() {
    local pid watcher
    OUT=$ROOM/out ERR=$ROOM/err STATUS=0
    : >"$ROOM/peak"
    spawn "$GREENLIGHT" "$@" </dev/null >"$OUT" 2>"$ERR"
    pid=$SPAWNED
    watch_peak "$pid" "$ROOM/peak" &
    watcher=$!
    wait "$pid" || STATUS=$?
    kill "$watcher" 2>/dev/null || true
    wait "$watcher" 2>/dev/null || true
    PEAK=$(cat "$ROOM/peak")
    PEAK=${PEAK:-0}
}

# greenlight_must ARGUMENTS…: any exit code but 0 ends the script.
greenlight_must() {
    greenlight_try "$@"
    ((STATUS)) || return 0
    tail -n 30 "$ERR" "$OUT" >&2
    die "\`greenlight $*\` ended with exit code $STATUS"
}

# json FILE EXPRESSION: what SQL says of the JSON document `doc`.
json() {
    cluster_psql blue postgres -qAt -F ' ' <<SQL
\set doc \`cat "$1"\`
SELECT $2 FROM (SELECT :'doc'::jsonb AS doc) AS d;
SQL
}

# report_of PLAN: greenlight's report as JSON; prints its file.
report_of() {
    greenlight_must report "$1" --format json
    cp "$OUT" "$ROOM/report.json"
}

# steps_ms PATTERN: milliseconds of the steps in the last report whose id matches; steps_temp: bytes of temporary storage.
steps_ms() {
    json "$ROOM/report.json" "(SELECT coalesce(sum((s->>'took_ms')::bigint), 0) FROM jsonb_array_elements(doc->'steps') s WHERE s->>'id' ~ '$1')"
}
steps_stat() {
    json "$ROOM/report.json" "(SELECT coalesce(sum((s->'stats'->>'$2')::bigint), 0) FROM jsonb_array_elements(doc->'steps') s WHERE s->>'id' ~ '$1')"
}

# --- measuring --------------------------------------------------------------------------------------------------------

CANDIDATES=()                # in the order of the table
declare -A LIMIT=() NOTE=()  # by candidate
declare -A MS=() WAL=() TEMP=() RSS=() # by candidate and round: "candidate/round"
ROUND=1

# candidate NAME [LIMIT [NOTE]]: a row of the table; LIMIT is the candidate that it is measured against.
candidate() {
    CANDIDATES+=("$1")
    LIMIT[$1]=${2:-}
    NOTE[$1]=${3:-}
}

# The WAL position of green's server and temporary bytes of one of its databases.
used() {
    cluster_psql green "$1" -qAt -F ' ' -c "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0'), temp_bytes FROM pg_stat_database WHERE datname = current_database()"
}

# calm: what was written before is on disk, so that no checkpoint of earlier work falls into a measurement.
calm() {
    cluster_psql blue postgres -q -c CHECKPOINT
    cluster_psql green postgres -q -c CHECKPOINT
}

# measure CANDIDATE DATABASE COMMAND…: adds what the command takes to the candidate's figures of this round. COUNTED, if the
# command sets it, is the milliseconds that count. Never behind `||` or `if`: that would switch off `set -e` in it.
COUNTED='' COUNTED_TEMP=''
measure() {
    local key=$1/$ROUND database=$2 began took before after
    local -a a b
    PEAK=0 COUNTED='' COUNTED_TEMP=''
    before=$(used "$database")
    began=$(now_ms)
    "${@:3}"
    took=$(($(now_ms) - began))
    # Sessions hand their counters in when they end.
    sleep 0.5
    after=$(used "$database")
    read -ra b <<<"$before"
    read -ra a <<<"$after"
    MS[$key]=$((${MS[$key]:-0} + ${COUNTED:-$took}))
    WAL[$key]=$((${WAL[$key]:-0} + a[0] - b[0]))
    TEMP[$key]=$((${TEMP[$key]:-0} + ${COUNTED_TEMP:-$((a[1] - b[1]))}))
    if ((PEAK > ${RSS[$key]:-0})); then RSS[$key]=$PEAK; fi
    note "round $ROUND: $1: ${COUNTED:-$took} ms"
}

# rounds COMMAND…: calls each command in each round, every other round in the opposite order.
rounds() {
    local commands=("$@") i
    for ((ROUND = 1; ROUND <= ROUNDS; ROUND++)); do
        for ((i = 0; i < ${#commands[@]}; i++)); do
            if ((ROUND % 2)); then "${commands[i]}"; else "${commands[${#commands[@]} - 1 - i]}"; fi
        done
    done
}

# values_of ARRAY CANDIDATE: its values of all rounds, sorted, one a line.
values_of() {
    local -n values=$1
    local round
    for ((round = 1; round <= ROUNDS; round++)); do
        [[ -z ${values[$2/$round]:-} ]] || echo "${values[$2/$round]}"
    done | sort -n
}
least() { values_of "$@" | head -n 1; }
median() {
    local sorted
    mapfile -t sorted < <(values_of "$@")
    ((${#sorted[@]})) || return 0
    echo $(((sorted[(${#sorted[@]} - 1) / 2] + sorted[${#sorted[@]} / 2]) / 2))
}

two_digits() { printf '%d.%02d' "$(($1 / 1000))" "$(($1 % 1000 / 10))"; }
ratio() { [[ -n $1 && -n $2 ]] && (($2 > 0)) && two_digits "$(($1 * 1000 / $2))" || printf -- '-'; }
megabytes() { [[ -n $1 ]] && printf '%s MB' "$(commas "$((($1 + 524288) / 1048576))")" || printf -- '-'; }

# table TITLE: the figures as Markdown on stdout.
table() {
    local name limit least median ratios peak
    printf '\n### %s\n\n' "$1"
    printf 'PostgreSQL %s, %s processors, %s rounds. Seconds; a ratio is time by the time of the limit, of minima and of medians.\n\n' \
        "$(pg_version "$GREENLIGHT_PG_BIN")" "$(nproc 2>/dev/null || echo '?')" "$ROUNDS"
    printf '| candidate | min | median | ratio | WAL | temporary | peak RSS | |\n|---|--:|--:|--:|--:|--:|--:|---|\n'
    for name in "${CANDIDATES[@]}"; do
        limit=${LIMIT[$name]}
        least=$(least MS "$name")
        if [[ -z $least ]]; then
            printf '| %s | - | - | - | - | - | - | %s |\n' "$name" "${NOTE[$name]}"
            continue
        fi
        median=$(median MS "$name")
        ratios='-'
        [[ $limit != "$name" ]] || ratios='limit'
        if [[ -n $limit && $limit != "$name" ]]; then
            ratios="$(ratio "$least" "$(least MS "$limit")") / $(ratio "$median" "$(median MS "$limit")")"
        fi
        peak=$(median RSS "$name")
        printf '| %s | %s | %s | %s | %s | %s | %s | %s |\n' "$name" "$(two_digits "$least")" "$(two_digits "$median")" "$ratios" \
            "$(megabytes "$(median WAL "$name")")" "$(megabytes "$(median TEMP "$name")")" \
            "$([[ -n $peak ]] && megabytes "$((peak * 1024))" || printf -- '-')" "${NOTE[$name]}"
    done
}

# hashes SIDE DATABASE: "table rows hash" of every table in public. The hash does not depend on the order of rows or columns;
# the network, which every green makes for itself, and when versions were applied are left out.
hashes() {
    cluster_psql "$1" "$2" -qAt -F ' ' <<'SQL'
SET timezone = 'UTC'; SET extra_float_digits = 1; SET intervalstyle = 'postgres'; SET datestyle = 'ISO'; SET bytea_output = 'hex';
SELECT format('SELECT %L, count(*), coalesce(sum(hashtextextended(ROW(%s)::text, 0)::numeric), 0) FROM public.%I',
              c.relname, coalesce(string_agg(quote_ident(a.attname), ', ' ORDER BY a.attname), '1'), c.relname)
FROM pg_class AS c
LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> 'nid'
    AND NOT (c.relname = 'networks' AND a.attname IN ('id', 'created_at', 'updated_at'))
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
GROUP BY c.relname ORDER BY c.relname COLLATE "C" \gexec
SQL
}

# both_sides DATABASE TEMPLATE: for each table of each side as it stands before the cutover, TEMPLATE with %s its name; a
# session on each side, both at once.
both_sides() {
    local one
    spawn through blue "$1" "$2" </dev/null
    one=$SPAWNED
    spawn through green "$1" "$2" </dev/null
    all_of "$one" "$SPAWNED"
}
through() {
    cluster_psql "$1" "$2" -qAt -o /dev/null <<SQL
SET work_mem = '256MB';
SELECT format('$3', c.oid::regclass) FROM pg_class AS c
WHERE c.relkind = 'r' AND c.relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'greenlight_next'))
ORDER BY c.relpages DESC \gexec
SQL
}
