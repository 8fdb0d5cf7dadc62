# Sourced by tests/run after tests/tools.sh: starts the servers that the store tests need, on free loopback ports, with
# their data in a temporary folder, and exports their URLs as PFE_TEST_MYSQL, PFE_TEST_POSTGRES, PFE_TEST_S3 and
# PFE_TEST_DYNAMODB. `stop_servers` ends them.

# Debian keeps mariadbd where only root looks.
PATH="$PATH:/usr/sbin"
servers="$(mktemp -d)"
chmod 755 "$servers"
server_pids=()

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# Databases do not run as root: root becomes the user that their package made, in the same process, which can be stopped.
as_user() { # user, command
    if [ "$(id -u)" = 0 ]; then exec setpriv --reuid="$1" --regid="$1" --init-groups "${@:2}"; else exec "${@:2}"; fi
}
own() { # user, folder
    mkdir -p "$2"
    if [ "$(id -u)" = 0 ]; then chown "$1" "$2"; fi
}

wait_for() { # port, name, log
    for _ in $(seq 300); do
        if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return; fi
        sleep 0.1
    done
    echo "$2 did not start:" >&2
    tail -n 20 "$3" >&2
    return 1
}

start_mariadb() {
    local data="$servers/mariadb" port
    port="$(free_port)"
    own mysql "$data"
    (as_user mysql mariadb-install-db --no-defaults --datadir="$data" --auth-root-authentication-method=normal \
        --skip-test-db) >"$data.log" 2>&1
    # Network users come from 127.0.0.1; TLS is offered with a certificate of its own, whose authority is a file.
    cat >"$data.sql" <<SQL
CREATE USER 'pfe'@'%' IDENTIFIED BY 'a b@:/%#''"é';
GRANT ALL ON *.* TO 'pfe'@'%';
CREATE USER 'reader'@'%';
SQL
    chmod 644 "$data.sql"
    as_user mysql mariadbd --no-defaults --datadir="$data" --socket="$data/s.sock" --port="$port" \
        --bind-address=127.0.0.1 --local-infile=1 --skip-name-resolve --init-file="$data.sql" \
        --ssl-ca="$servers/tls/ca.pem" --ssl-cert="$servers/tls/server.pem" --ssl-key="$servers/tls/server.key" \
        >>"$data.log" 2>&1 &
    server_pids+=($!)
    wait_for "$port" MariaDB "$data.log"
    export PFE_TEST_MYSQL="mysql://pfe:a%20b%40%3A%2F%25%23%27%22%C3%A9@127.0.0.1:$port"
}

start_postgres() {
    local data="$servers/postgres" port bin
    port="$(free_port)"
    bin="$(find /usr/lib/postgresql -maxdepth 2 -name bin | sort -V | tail -n 1)"
    own postgres "$data"
    own postgres "$servers/postgres-socket"
    printf 'a b@:/%%#'\''"é' >"$data.password"
    chmod 644 "$data.password"
    (as_user postgres "$bin/initdb" -D "$data" -A scram-sha-256 --pwfile="$data.password" -U pfe --locale=C -E UTF8) \
        >"$data.log" 2>&1
    as_user postgres "$bin/postgres" -D "$data" -p "$port" -c listen_addresses=127.0.0.1 \
        -c unix_socket_directories="$servers/postgres-socket" -c ssl=on -c ssl_ca_file="$servers/tls/ca.pem" \
        -c ssl_cert_file="$servers/tls/server.pem" -c ssl_key_file="$servers/tls/postgres.key" >>"$data.log" 2>&1 &
    server_pids+=($!)
    wait_for "$port" PostgreSQL "$data.log"
    export PFE_TEST_POSTGRES="postgres://pfe:a%20b%40%3A%2F%25%23%27%22%C3%A9@127.0.0.1:$port"
}

start_s3() {
    local port
    port="$(free_port)"
    "$tools/venv/bin/moto_server" -H 127.0.0.1 -p "$port" >"$servers/s3.log" 2>&1 &
    server_pids+=($!)
    wait_for "$port" moto "$servers/s3.log"
    export PFE_TEST_S3="http://127.0.0.1:$port"
    python3 -c 'import sys, urllib.request as r; r.urlopen(r.Request(sys.argv[1], method="PUT"))' "$PFE_TEST_S3/pfe-tests"
}

start_dynamodb() {
    local port
    port="$(free_port)"
    node "$tools/node_modules/.bin/dynalite" --host 127.0.0.1 --port "$port" --createTableMs 0 --deleteTableMs 0 \
        >"$servers/dynamodb.log" 2>&1 &
    server_pids+=($!)
    wait_for "$port" dynalite "$servers/dynamodb.log"
    export PFE_TEST_DYNAMODB="http://127.0.0.1:$port"
}

# An authority and a certificate for 127.0.0.1 that it signed, so that verification has something to verify.
make_certificates() {
    local tls="$servers/tls"
    mkdir -p "$tls"
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=pfe test authority" -keyout "$tls/ca.key" \
        -out "$tls/ca.pem" 2>/dev/null
    openssl req -newkey rsa:2048 -nodes -subj "/CN=localhost" -keyout "$tls/server.key" -out "$tls/server.csr" 2>/dev/null
    printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n' >"$tls/names"
    openssl x509 -req -in "$tls/server.csr" -CA "$tls/ca.pem" -CAkey "$tls/ca.key" -CAcreateserial -days 2 \
        -extfile "$tls/names" -out "$tls/server.pem" 2>/dev/null
    # Each server wants its key for itself.
    install -m 600 "$tls/server.key" "$tls/postgres.key"
    if [ "$(id -u)" = 0 ]; then
        chown postgres "$tls/postgres.key"
        chown mysql "$tls/server.key"
    fi
    export PFE_TEST_CA="$tls/ca.pem"
}

stop_servers() {
    # SIGINT ends PostgreSQL without waiting for its clients; MariaDB wants SIGTERM.
    for pid in "${server_pids[@]}"; do
        kill -INT "$pid" 2>/dev/null || true
        kill "$pid" 2>/dev/null || true
    done
    for _ in $(seq 100); do
        kill -0 "${server_pids[@]}" 2>/dev/null || break
        sleep 0.2
    done
    kill -KILL "${server_pids[@]}" 2>/dev/null || true
    rm -rf "$servers"
}

trap stop_servers EXIT
say "servers on loopback: MariaDB, PostgreSQL, S3 (moto), DynamoDB (dynalite)"
make_certificates
start_mariadb
start_postgres
start_s3
start_dynamodb
