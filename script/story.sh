# shellcheck shell=bash
# What script/demo --story does: a service that hands out tokens moves to 2.X while it goes on, first without a sync, then with
# one, and what each way has lost is counted. Sourced, never run.

STORY_ROOM='' TRAFFIC=''

# Tokens that live for an hour are issued and others revoked on blue, some twenty a second, until the file `stop` is there. What blue refuses is refused.
traffic() {
    local n=0
    while [[ ! -e $STORY_ROOM/stop ]]; do
        n=$((n + 1))
        cat <<SQL
INSERT INTO hydra_oauth2_access (signature, request_id, client_id, scope, granted_scope, form_data, session_data, subject)
SELECT 'story-$1-$n', 'story-$1-$n', id, '', '', '', format('{"id_token": {"expires_at": {"access_token": "%s"}}}',
    to_char((now() + interval '1 hour') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')), '' FROM hydra_client ORDER BY pk LIMIT 1;
WITH g AS (SELECT request_id FROM hydra_oauth2_refresh WHERE active ORDER BY md5(signature || '$n') LIMIT 1),
     d AS (DELETE FROM hydra_oauth2_access a USING g WHERE a.request_id = g.request_id)
UPDATE hydra_oauth2_refresh r SET active = false FROM g WHERE r.request_id = g.request_id;
SQL
        sleep 0.05
    done | "$PG_CLIENT/psql" -X -q -h "$CLUSTER_SOCKETS" -p "${CLUSTER_PORT[blue]}" -U postgres -d "$DATABASE" -o /dev/null 2>/dev/null
}

traffic_start() {
    rm -f "$STORY_ROOM/stop"
    spawn traffic "$1" </dev/null
    TRAFFIC=$SPAWNED
}

traffic_stop() {
    touch "$STORY_ROOM/stop"
    wait "$TRAFFIC" || true
}

# live_tokens SIDE DATABASE FILE: those that the service would take, sorted.
live_tokens() {
    cluster_psql "$1" "$2" -qAt -c "SELECT 'access ' || signature FROM hydra_oauth2_access
        UNION ALL SELECT 'refresh ' || signature FROM hydra_oauth2_refresh WHERE active" | LC_ALL=C sort >"$3"
}

# judge WAY DATABASE: compares green with blue, which has everything that was acknowledged.
judge() {
    local lost resurrected extra
    live_tokens blue "$DATABASE" "$STORY_ROOM/blue"
    live_tokens green "$2" "$STORY_ROOM/green"
    # Issued since the traffic began, and not on green.
    lost=$(LC_ALL=C comm -23 "$STORY_ROOM/blue" "$STORY_ROOM/green" | grep -c ' story-' || true)
    resurrected=$(LC_ALL=C comm -13 "$STORY_ROOM/blue" "$STORY_ROOM/green" | wc -l)
    extra=$(LC_ALL=C comm -23 "$STORY_ROOM/blue" "$STORY_ROOM/green" | grep -cv ' story-' || true)
    printf '%s\t%s\t%s\t%s\n' "$1" "$lost" "$resurrected" "$extra" >>"$STORY_ROOM/judged"
    ((resurrected == 0 && extra == 0))
}

# story_plan NAME SED_EXPRESSION…: a copy of the plan's folder; prints the plan's file.
story_plan() {
    cp -R "$ROOT/$PLAN_DIR" "$STORY_ROOM/$1"
    local file=$STORY_ROOM/$1/$2
    sed -i -E "${@:3}" "$file"
    printf '%s' "$file"
}

story() {
    local plan name way lost resurrected extra
    STORY_ROOM=$(mktemp -d "${TMPDIR:-/tmp}/greenlight-story.XXXXXX")
    on_exit "rm -rf '$STORY_ROOM'"
    on_exit stop_jobs

    header 'Without a sync: blue writes on, and green is a snapshot of it'
    plan=$(story_plan none snapshot.toml 's/^for = .*/for = "3s"/') || die "no plan"
    name=$(toml_value plan "$plan")
    cat "$ROOT/$PLAN_DIR/tokens.toml.part" >>"$plan"
    traffic_start none
    show 'capture' revocations capture "$plan"
    show 'extend' tokens extend "$plan" --execute
    part 'restore to green' restore
    show 'plan' plan "$plan"
    show 'run' run "$plan"
    show 'revocations' revocations status "$plan"
    show 'replay' revocations replay "$plan"
    show 'gates' cutover "$plan"
    # The switch: 1.X is stopped as traffic moves, and what it has revoked until then is replayed.
    spawn "$GREENLIGHT" cutover "$plan" --execute --confirm "$name" </dev/null
    local cutover=$SPAWNED
    traffic_stop
    part 'cutover' wait "$cutover"
    show 'status' status "$plan"
    show 'lives' tokens status "$plan"
    [[ $(cluster_psql green "$DATABASE" -qAtc "SELECT to_regnamespace('greenlight_tokens') IS NULL") == t ]] || die 'longer lives stand on green'
    judge 'sync.mode = "none"' "$DATABASE" || warn 'tokens are not what they should be'
    show 'cleanup' cleanup "$plan" --execute --confirm "$name"
    show 'purge' cleanup "$plan" --execute --confirm "$name" --purge "$name"

    header 'With a live sync: green follows blue'
    cluster_psql green postgres -q -c 'CREATE DATABASE live'
    export GREENLIGHT_GREEN_URL=${CLUSTER_URL[green]/"/$DATABASE?"/"/live?"}
    local seen="host=$CLUSTER_SOCKETS port=${CLUSTER_PORT[blue]} user=postgres dbname=$DATABASE"
    plan=$(story_plan live plan.toml "s/^mode = .*/mode = \"logical\"/; /^seed = /d; s|^\[blue\]|[blue]\nseen_from_green = \"$seen\"|") || die "no plan"
    name=$(toml_value plan "$plan")
    traffic_start live
    show 'run' run "$plan" --until compare
    show 'cutover' cutover "$plan" --execute --confirm "$name"
    traffic_stop
    judge 'sync.mode = "logical"' live || warn 'tokens are not what they should be'

    header 'What each way has lost'
    {
        printf 'way\ttokens lost\tresurrected\textra\n'
        while IFS=$'\t' read -r way lost resurrected extra; do
            printf '%s\t%s\t%s\t%s\n' "$way" "$lost" "$resurrected" "$extra"
        done <"$STORY_ROOM/judged"
    } | column -t -s $'\t' 2>/dev/null || cat "$STORY_ROOM/judged"
    closing
    # Following blue, none may be lost either.
    ! awk -F '\t' '$3 + $4 > 0 || $1 ~ /logical/ && $2 > 0 { wrong = 1 } END { exit !wrong }' "$STORY_ROOM/judged" ||
        die 'a token is not what it should be'
}
