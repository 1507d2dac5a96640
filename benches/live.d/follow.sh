# shellcheck shell=bash
# Green that follows blue, for benches/live. Sourced after benches/lib.sh, never run.

# live_plan: a copy of the Hydra plan in which green follows blue; prints its file.
live_plan() {
    local plan=$ROOM/plan-live
    mkdir -p "$plan"
    cp -R "$HYDRA/." "$plan/"
    awk -v seed="$SEED" -v seen="host=$CLUSTER_SOCKETS port=${CLUSTER_PORT[blue]} user=postgres dbname=$1" '
        /^mode = "none"$/ { print "mode = \"logical\""; changed++; next }
        /^seed = "copy"$/ { print "seed = \"" seed "\""; changed++; next }
        { print }
        /^\[blue\]$/ { print "seen_from_green = \"" seen "\""; changed++ }
        END { exit changed != 3 }
    ' "$HYDRA/plan.toml" >"$plan/plan.toml" || die "$HYDRA/plan.toml has changed: mode, seed or [blue] is not where it was"
    printf '%s' "$plan/plan.toml"
}

FOLLOWER='' # greenlight, which follows
FOLLOW_READER=''

# follow_start PLAN: `greenlight run`, which must have its steps behind it; its events get the time, in milliseconds, in a file.
follow_start() {
    rm -f "$ROOM/events.fifo"
    mkfifo "$ROOM/events.fifo"
    : >"$ROOM/events"
    spawn stamp_lines </dev/null
    FOLLOW_READER=$SPAWNED
    spawn "$GREENLIGHT" run "$1" --json </dev/null >/dev/null 2>"$ROOM/events.fifo"
    FOLLOWER=$SPAWNED
}
stamp_lines() {
    local line now
    while IFS= read -r line; do
        now=${EPOCHREALTIME//[.,]/}
        printf '%s %s\n' "$((now / 1000))" "$line"
    done <"$ROOM/events.fifo" >>"$ROOM/events"
}

follow_stop() {
    kill -INT "$FOLLOWER" 2>/dev/null || true
    wait "$FOLLOWER" || true
    wait "$FOLLOW_READER" || true
    FOLLOWER=''
}

# follow_until PATTERN SECONDS: until an event since the start has it; prints that event.
follow_until() {
    local tries=$(($2 * 10))
    until grep -m 1 -E "$1" "$ROOM/events"; do
        kill -0 "$FOLLOWER" 2>/dev/null || { tail -n 20 "$ROOM/events" >&2; die '`greenlight run` has ended'; }
        ((tries-- > 0)) || { tail -n 5 "$ROOM/events" >&2; die "no event has $1 within $2 seconds"; }
        sleep 0.1
    done
}

# followed FROM TO EXPRESSION: what SQL says of the `following` events between two times, columns t (seconds), lag, queue,
# arriving, draining. A marker that did not come within ten seconds is a lag of 10,000.
followed() {
    {
        printf '['
        awk '/"event":"(following|waiting)"/ && /"step":"follow"/ { t = $1; sub(/^[^ ]* /, ""); printf "%s{\"t\":%s,\"e\":%s}", (n++ ? "," : ""), t, $0 }' "$ROOM/events"
        printf ']'
    } >"$ROOM/events.json"
    cluster_psql blue postgres -qAt -F ' ' <<SQL
\set doc \`cat "$ROOM/events.json"\`
SELECT $3 FROM (
    SELECT (x->>'t')::numeric / 1000 AS t, coalesce((x->'e'->>'lag_ms')::bigint, 10000) AS lag, (x->'e'->>'queue')::bigint AS queue,
           (x->'e'->>'arriving')::numeric AS arriving, (x->'e'->>'draining')::numeric AS draining
    FROM jsonb_array_elements(:'doc'::jsonb) AS x
    WHERE (x->>'t')::numeric BETWEEN $1 AND $2 AND (x->'e'->>'event' = 'following' OR x->'e'->>'reason' IS NOT NULL)
) AS f;
SQL
}

# ticks_of PID…: clock ticks of CPU that these processes have used; empty where there is no /proc.
ticks_of() {
    local pid line sum='' fields
    for pid in "$@"; do
        read -r line 2>/dev/null <"/proc/$pid/stat" || continue
        read -ra fields <<<"${line##*) }"
        sum=$((${sum:-0} + fields[11] + fields[12]))
    done
    printf '%s' "$sum"
}
