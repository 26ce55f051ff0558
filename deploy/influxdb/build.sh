#!/usr/bin/env bash
# Builds InfluxDB from source, for tests and for `make demo INFLUX=1`: no container, nothing prebuilt.
#
#   deploy/influxdb/build.sh 1.8|2.7 DEST        # prints DEST/influxd-1.8 or DEST/influxd-2.7; one that is there is kept
#
# 1.8 is pure Go. 2.7 links Flux, a library in Rust. Go modules and Rust crates are all it fetches.
set -euo pipefail

GO_NEEDED=1.24
RUST_NEEDED=1.72

say() { printf 'influxdb: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# need PROGRAM ADVICE
need() { command -v "$1" >/dev/null || fail "'$1' is missing: $2"; }

# at_least NEEDED FOUND
at_least() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# run WHAT COMMAND...: its output goes to the log; a sign of life every 15 s; the end of the log if it fails
run() {
  local what=$1 began=$SECONDS
  shift
  say "$what"
  "$@" >>"$log" 2>&1 9>&- &
  local child=$!
  while kill -0 "$child" 2>/dev/null; do
    sleep 1
    (((SECONDS - began) % 15)) || say "  ... $((SECONDS - began)) s: $(grep . "$log" | tail -n 1 | cut -c 1-70)"
  done
  wait "$child" || { tail -n 30 "$log" >&2; fail "failed: $what (the end of its output is above)"; }
}

[ $# = 2 ] || fail "usage: ${0##*/} 1.8|2.7 DEST"
case $1 in
  1.8) version=1.8.10 ;;
  2.7) version=2.7.12 ;; # as go.mod pins it
  *) fail "there is a recipe for 1.8 and for 2.7, none for '$1'" ;;
esac
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
mkdir -p "$2"
dest=$(cd "$2" && pwd)
binary=$dest/influxd-$1

exec 9>"$dest/.lock-$1"
flock -n 9 || { say "another build of $1 runs, waiting for it"; flock 9; }
if [ -x "$binary" ] && "$binary" version 2>/dev/null | grep -qF "v$version "; then
  say "$version is there"
  echo "$binary"
  exit
fi

need go "install Go $GO_NEEDED or newer"
export GOWORK=off GOFLAGS=-mod=readonly
go_version=$(go env GOVERSION)
at_least "$GO_NEEDED" "${go_version#go}" || fail "Go $GO_NEEDED or newer is needed, this is $go_version"
rm -rf "$dest/.build-$1".*
work=$(mktemp -d "$dest/.build-$1.XXXXXX")
log=$work/log
trap 'rm -rf "$work"' EXIT
cd "$here"

build_1.8() {
  run "compiling $version with $go_version: a minute on 2 cores" \
    env GOBIN="$work" CGO_ENABLED=0 go install -trimpath -ldflags "-s -w -X main.version=$version" "github.com/influxdata/influxdb/cmd/influxd@v$version"
}

build_2.7() {
  need cargo "install Rust $RUST_NEEDED or newer"
  need cc "install a C compiler (apt-get install gcc)"
  need pkg-config "install it (apt-get install pkg-config)"
  # Rust runs outside Flux's folder, whose rust-toolchain.toml would insist on one old version.
  local rust flux target what=(-tags "sqlite_foreign_keys,sqlite_json,noasm" github.com/influxdata/influxdb/v2/cmd/influxd)
  rust=$(cd "$work" && cargo --version | cut -d ' ' -f 2) || fail "'cargo' is there but does not run: rustup without a default toolchain?"
  at_least "$RUST_NEEDED" "$rust" || fail "Rust $RUST_NEEDED or newer is needed, this is $rust"
  target=$(cd "$work" && rustc -vV | sed -n 's/^host: //p')

  run "1/3 fetching Go modules" go list -deps "${what[@]}"
  flux=$(go list -m -f '{{.Dir}}' github.com/influxdata/flux)
  # Its default feature `strict` makes errors of what newer compilers warn about.
  run "2/3 compiling Flux with Rust $rust: a minute and a half on 2 cores" \
    env -C "$work" RUSTFLAGS="-A warnings" cargo rustc --release --locked --package flux --lib --crate-type staticlib \
    --no-default-features --features cffi --manifest-path "$flux/libflux/Cargo.toml" --target "$target" --target-dir "$work/target"
  {
    echo "Name: flux"
    echo "Description: the query engine of InfluxDB 2"
    echo "Version: ${flux##*@v}"
    echo "Cflags: -I$flux/libflux/include"
    echo "Libs: -lflux -ldl -lm"
  } >"$work/flux.pc"
  # LIBRARY_PATH, not -L in flux.pc: Go would keep that flag in its cache, and the folder is gone tomorrow.
  run "3/3 compiling $version with $go_version: three minutes on 2 cores" \
    env PKG_CONFIG_PATH="$work" LIBRARY_PATH="$work/target/$target/release" CGO_ENABLED=1 \
    go build -o "$work/influxd" -trimpath -ldflags "-s -w -X main.version=v$version" "${what[@]}"
}

"build_$1"
mv "$work/influxd" "$binary"
say "built in $SECONDS s: $("$binary" version | head -n 1)"
echo "$binary"
