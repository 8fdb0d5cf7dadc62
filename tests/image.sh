#!/usr/bin/env bash
# The Dockerfile without an engine: linted, then its commands run: those of the build with nothing but the files that it
# copies, those of the image in a new Debian. Needs root and debootstrap. Run by tests/run; $tools and $target are its.
set -euo pipefail
cd "$(dirname "$0")/.."
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

"$tools/venv/bin/hadolint" Dockerfile
sed 's/debian:[^ ]*/debian:latest/' Dockerfile | if "$tools/venv/bin/hadolint" - >/dev/null; then
    echo "the linter finds nothing in an image without a version" >&2
    exit 1
fi

# The stage's instructions of one kind, a line each, continued lines joined.
instructions() { # stage (1, 2), instruction
    sed -e ':join' -e '/\\$/{N;s/\\\n//;b join' -e '}' Dockerfile |
        awk -v stage="$1" -v word="$2" '$1 == "FROM" { n++ } n == stage && $1 == word { sub(/^[A-Z]+ +/, ""); print }'
}

work="$(mktemp -d)"
trap 'as_root rm -rf "$work"' EXIT
# Always the same place: cargo builds a package anew wherever it has moved.
stage="$tools/image"
src="$stage/src"
rm -rf "$stage"
mkdir -p "$src"
instructions 1 COPY | while read -r line; do
    read -ra words <<<"$line"
    cp -rp "${words[@]:0:${#words[@]}-1}" "$src/${words[-1]}"
done
build="$(instructions 1 RUN)" install="$(instructions 2 RUN)" user="$(instructions 2 USER)"
health="$(instructions 2 HEALTHCHECK | sed -e 's/.*CMD //' | tr -d '[]",')"
ln -s "$target" "$src/target"
# What is tested here is that the commands work: pfe itself is not optimised, which builds sooner.
mkdir "$stage/.cargo"
printf '[profile.release.package.pfe]\nopt-level = 0\n' >"$stage/.cargo/config.toml"
# What it installs beside pfe stays in the build folder for the next run.
(cd "$src" && env -u CARGO_TARGET_DIR CARGO_INSTALL_ROOT="$tools/cargo" PATH="$tools/cargo/bin:$PATH" sh -euc "$build")

# The root that debootstrap makes is kept, since nothing changes in it: the image is a copy.
if [ ! -e "$tools/debian/.made" ]; then
    as_root rm -rf "$tools/debian"
    as_root debootstrap --variant=minbase bookworm "$tools/debian" >/dev/null
    as_root touch "$tools/debian/.made"
fi
image="$work/image"
as_root cp -a "$tools/debian" "$image"
as_root chroot "$image" sh -euc "$install" >"$work/log" 2>&1 || { cat "$work/log" && exit 1; }
while read -r from to; do
    as_root install -D --mode="$(stat -c %a "$stage$from")" "$stage$from" "$image$to"
done < <(instructions 2 COPY | sed 's/--from=build //')
# The root cannot be written to, as with `docker run --read-only --tmpfs /tmp`.
as_root unshare --mount sh -euc 'mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"
    mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"; mount -t tmpfs -o "uid=$2,gid=$2" tmpfs "$1/data"
    exec chroot --userspec="$2:$2" "$1" sh -euc "$3"' sh "$image" "$user" \
    "test \"\$(id -u)\" != 0; if touch /written 2>/dev/null; then exit 1; fi; cd /data; $health
     pfe run --out out --orders 1000 --quiet; test -s out/report.pdf
     pfe run --out other --orders 1000 --engine sc://host 2>said || true; grep -q 'features spark' said"
size="$(as_root du -smx --exclude=data --exclude=var/cache "$image" | cut -f1)"
# What is pulled is compressed.
pulled="$(as_root tar -C "$image" --exclude=./data --exclude=./var/cache -cf - . | gzip -1 | wc -c)"
echo "image: $size MB unpacked, of which pfe is $(($(stat -c %s "$src/pfe") >> 20)) MB; $((pulled >> 20)) MB to pull"
[ "$((pulled >> 20))" -le 150 ]

# The list of what the program is made of holds packages of Cargo.lock, and not all of them: the kernel's, those of tests are left out.
"$tools/venv/bin/python" - "$image/usr/local/share/doc/pfe/pfe.cdx.json" Cargo.lock <<'EOF'
import json
import re
import sys
from pathlib import Path

bom, lock = (Path(path).read_text() for path in sys.argv[1:])
bom = json.loads(bom)
assert (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.5"), bom["bomFormat"]
listed = {(package["name"], package["version"]) for package in bom["components"]}
locked = set(re.findall(r'name = "(.+)"\nversion = "(.+)"', lock))
assert listed < locked, listed - locked
names = {name for name, _ in listed}
assert {"polars", "typst", "linfa"} <= names and not {"proptest", "pfe-kernel"} & names, names
assert all(package["licenses"] and package["hashes"] for package in bom["components"])
print(f"image: its bill of materials lists {len(listed)} packages with versions, licences and hashes")
EOF
