# shellcheck shell=bash
# A PgBouncer in front of blue, writers that go through it, and the orders plan with both in it. Sourced after script/cluster.

POOLER_DIR='' POOLER_PORT='' PGBENCH='' WRITERS='' RUNNER=''

find_pgbench() {
    local bin
    for bin in "$GREENLIGHT_PG_BIN" "$PG_CLIENT"; do
        if [[ -x $bin/pgbench ]]; then PGBENCH=$bin/pgbench; fi
    done
    [[ -n $PGBENCH ]] || PGBENCH=$(command -v pgbench) || die "pgbench is missing" "install PostgreSQL's client programs with pgbench (postgresql-contrib)"
}

# pooler_line SIDE DATABASE: where PgBouncer finds a side.
pooler_line() { printf 'host=%s port=%s dbname=%s' "$CLUSTER_SOCKETS" "${CLUSTER_PORT[$1]}" "$2"; }

# pooler_start DATABASE: PgBouncer as its own user where we are root, which it refuses; its database is `shop`, on blue.
pooler_start() {
    local tries
    POOLER_DIR=$CLUSTER_RUN/pooler
    mkdir "$POOLER_DIR"
    printf 'shop = %s\n' "$(pooler_line blue "$1")" >"$POOLER_DIR/shop.ini"
    printf '"admin" ""\n"postgres" ""\n' >"$POOLER_DIR/users"
    for ((tries = 1; ; tries++)); do
        POOLER_PORT=$((20000 + RANDOM % 10000))
        if (: <"/dev/tcp/127.0.0.1/$POOLER_PORT") 2>/dev/null; then continue; fi
        cat >"$POOLER_DIR/pgbouncer.ini" <<INI
[databases]
%include $POOLER_DIR/shop.ini

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $POOLER_PORT
unix_socket_dir =
auth_type = trust
auth_file = $POOLER_DIR/users
admin_users = admin
pool_mode = transaction
default_pool_size = 20
logfile = $POOLER_DIR/log
INI
        if ((EUID == 0)); then chown -R "$(pg_user):" "$POOLER_DIR"; fi
        spawn as_pg "$GREENLIGHT_PGBOUNCER" -q "$POOLER_DIR/pgbouncer.ini" </dev/null >/dev/null 2>&1
        pooler_listens "$SPAWNED" && return 0
        ((tries < 5)) || { tail -n 20 "$POOLER_DIR/log" >&2; die 'PgBouncer did not start'; }
    done
}
pooler_listens() {
    local i
    for ((i = 0; i < 100; i++)); do
        kill -0 "$1" 2>/dev/null || return 1
        if (: <"/dev/tcp/127.0.0.1/$POOLER_PORT") 2>/dev/null; then return 0; fi
        # It tells nobody when it listens.
        sleep 0.05
    done
    return 1
}

pooler_admin() { "$PG_CLIENT/psql" -Xq -v ON_ERROR_STOP=1 "postgresql://admin@127.0.0.1:$POOLER_PORT/pgbouncer" "$@"; }

# pooler_point DATABASE: leads to that database of blue, when nobody is connected.
pooler_point() {
    printf 'shop = %s\n' "$(pooler_line blue "$1")" >"$POOLER_DIR/shop.ini"
    pooler_admin -o /dev/null -c 'RELOAD' -c 'RECONNECT shop'
}

# pooled_plan FOLDER DATABASE: a copy of the orders plan that follows blue and moves the pooler; its file is FOLDER/plan.toml.
pooled_plan() {
    local source=$ROOT/plans/orders-1-to-2
    mkdir -p "$1"
    cp -R "$source/." "$1/"
    awk -v seen="$(pooler_line blue "$2") user=postgres" '
        /^mode = "none"$/ { print "mode = \"logical\""; changed++; next }
        /^seed = "copy"$/ { changed++; next }
        { print }
        /^\[blue\]$/ { print "seen_from_green = \"" seen "\""; changed++ }
        END { exit changed != 3 }
    ' "$source/plan.toml" >"$1/plan.toml" || die "$source/plan.toml has changed: mode, seed or [blue] is not where it was"
    cat >>"$1/plan.toml" <<TOML

[[traffic]]
pgbouncer = { admin = { url = "postgresql://admin@127.0.0.1:$POOLER_PORT/pgbouncer" }, database = "shop", file = "$POOLER_DIR/shop.ini", blue = "$(pooler_line blue "$2")", green = "$(pooler_line green "$2")" }

[canary]
command = ["$PG_CLIENT/psql", "-Xqc", "INSERT INTO audit_log (actor) VALUES ('canary')", "postgresql://postgres@127.0.0.1:$POOLER_PORT/shop"]
landed = "SELECT EXISTS (SELECT FROM audit_log WHERE actor = 'canary')"

[observe]
for = "2s"
TOML
    # What the service does, in words that both schemas understand.
    cat >"$1/writers.sql" <<'SQL'
\set customer random(1, 1000)
BEGIN;
INSERT INTO audit_log (actor, labels) VALUES ('writer ' || :client_id, '{through,the,pooler}');
UPDATE customers SET phone = '+49 30 ' || :customer WHERE id = :customer;
END;
SQL
}

# writers_start FOLDER SECONDS RATE: eight clients of the pooler, which log every transaction; their process is WRITERS.
writers_start() {
    rm -f "$1"/latency*
    spawn "$PGBENCH" -h 127.0.0.1 -p "$POOLER_PORT" -U postgres -n -M simple -c 8 -j 2 -R "$3" -T "$2" -l --log-prefix="$1/latency" \
        -f "$1/writers.sql" shop </dev/null >"$1/writers.out" 2>&1
    WRITERS=$SPAWNED
}
writers_stop() {
    kill -TERM -- "-$WRITERS" 2>/dev/null || true
    wait "$WRITERS" 2>/dev/null || true
}
# writers_end FOLDER: waits for them. Prints "transactions failed p50 longest", in milliseconds.
writers_end() {
    wait "$WRITERS" || { tail -n 20 "$1/writers.out" >&2; die 'a writer saw an error'; }
    local failed
    failed=$(sed -nE 's/^number of failed transactions: ([0-9]+).*/\1/p' "$1/writers.out")
    cat "$1"/latency.* | cut -d ' ' -f 3 | sort -n | awk -v failed="${failed:-0}" '
        { of[NR] = $1 } END { printf "%d %d %d %d\n", NR, failed, of[int((NR + 1) / 2)] / 1000, of[NR] / 1000 }'
}

# follow_start FOLDER: `greenlight run` in the background, until only the cutover is left; its process is RUNNER.
follow_start() {
    local tries=6000
    spawn "$GREENLIGHT" run "$1/plan.toml" </dev/null >"$1/run" 2>&1
    RUNNER=$SPAWNED
    until "$GREENLIGHT" status "$1/plan.toml" --json 2>/dev/null | grep -qE '"next": *"greenlight cutover'; do
        kill -0 "$RUNNER" 2>/dev/null || { tail -n 20 "$1/run" >&2; die '`greenlight run` has ended'; }
        ((tries-- > 0)) || die 'green does not get in step'
        # It is asked what an operator would ask.
        sleep 0.2
    done
}
# follow_stop: a run that was taken over ends by itself.
follow_stop() { wait "$RUNNER" 2>/dev/null || true; }
