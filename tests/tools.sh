# Sourced by tests/run and tests/kernel/run: installs what the tests need beside Rust, Python 3 and Node, pinned, and says so.
#
# Sets `target` (the build folder), `tools` (Python's and npm's packages, under it), NODE_PATH, PFE_TEST_VENV and JAVA_HOME for
# the tests of engines, and PFE_DATA where the real data are: in $PFE_DATA, in data/, or in ../shared/olist.

say() { printf '\n== %d s: %s\n' "$SECONDS" "$*"; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

say "tools: toolchain of rust-toolchain.toml, Debian packages, pinned Python and npm packages"
if command -v rustup >/dev/null; then
    rustup toolchain install --no-self-update
fi
cargo --version
missing=()
command -v cc >/dev/null || missing+=(build-essential)
command -v chromium >/dev/null || missing+=(chromium)
command -v pdftotext >/dev/null || missing+=(poppler-utils)
[ -x /usr/sbin/mariadbd ] || missing+=(mariadb-server)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
command -v openssl >/dev/null || missing+=(openssl)
[ -x /usr/sbin/debootstrap ] || missing+=(debootstrap)
if ! command -v protoc >/dev/null || [ ! -e /usr/include/google/protobuf/any.proto ]; then missing+=(protobuf-compiler libprotobuf-dev); fi
compgen -G '/usr/lib/jvm/java-17-openjdk-*/bin/java' >/dev/null || missing+=(openjdk-17-jre-headless)
python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
echo "Debian packages to install: ${missing[*]:-none}"
if [ "${#missing[@]}" -gt 0 ]; then
    wait_for_lock=(-o DPkg::Lock::Timeout=600)
    as_root apt-get update -qq "${wait_for_lock[@]}"
    # The tests start servers of their own: those of the packages stay off.
    policy=/usr/sbin/policy-rc.d
    [ -e "$policy" ] || printf '#!/bin/sh\nexit 101\n' | as_root install -m 755 /dev/stdin "$policy"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${wait_for_lock[@]}" "${missing[@]}"
    # Nor do they start with the machine.
    for server in mariadb postgresql; do
        case " ${missing[*]} " in *" $server"*) as_root systemctl disable --quiet "$server" 2>/dev/null || true ;; esac
    done
    if grep -qx 'exit 101' "$policy"; then as_root rm "$policy"; fi
fi

mkdir -p "${CARGO_TARGET_DIR:-target}/test-tools"
target="$(cd "${CARGO_TARGET_DIR:-target}" && pwd)"
tools="$target/test-tools"
# The list of what was installed lies beside it, so that the next run need not ask for it again.
if [ ! -x "$tools/venv/bin/python" ] || ! cmp -s tests/requirements.txt "$tools/venv/requirements.txt"; then
    echo "Python packages to install into $tools: those of tests/requirements.txt"
    [ -x "$tools/venv/bin/python" ] || python3 -m venv "$tools/venv"
    "$tools/venv/bin/pip" install -q --disable-pip-version-check -r tests/requirements.txt
    cp tests/requirements.txt "$tools/venv/"
fi
if ! cmp -s tests/browser/package-lock.json "$tools/node_modules/installed.json"; then
    echo "npm packages to install into $tools: those of tests/browser/package.json"
    cp tests/browser/package.json tests/browser/package-lock.json "$tools/"
    npm ci --silent --no-audit --no-fund --prefix "$tools"
    cp tests/browser/package-lock.json "$tools/node_modules/installed.json"
fi
export NODE_PATH="$tools/node_modules"
# Spark takes the Java that this names, whichever else is on the path.
JAVA_HOME="$(dirname "$(dirname "$(compgen -G '/usr/lib/jvm/java-17-openjdk-*/bin/java' | head -n 1)")")"
export JAVA_HOME PFE_TEST_VENV="$tools/venv"

for folder in "${PFE_DATA:-}" data ../shared/olist; do
    if [ -f "$folder/olist_orders_dataset.csv" ]; then
        PFE_DATA="$(cd "$folder" && pwd)"
        export PFE_DATA
        break
    fi
done
