#!/usr/bin/env bash
# Builds Telegraf, the peer that `make bench` measures against, with only the plugins the benchmarks use; about half a minute.
#
#   benchmarks/telegraf/build.sh [DEST]      # prints the path of the binary; DEST is the user's cache folder unless given
#
# Without the `custom` tag it compiles every plugin there is, which takes many minutes and gigabytes.
set -euo pipefail

VERSION=1.37.2
TAGS=custom,inputs.mqtt_consumer,outputs.influxdb_v2,outputs.discard,parsers.json,parsers.json_v2,parsers.influx,serializers.influx

say() { printf 'telegraf: %s\n' "$*" >&2; }

dest=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/footfall}
binary=$dest/telegraf
if [ -x "$binary" ] && "$binary" --version 2>/dev/null | grep -qF "$VERSION"; then
  echo "$binary"
  exit
fi
command -v go >/dev/null || { say "'go' is missing: install Go 1.24 or newer"; exit 1; }
mkdir -p "$dest"
work=$(mktemp -d "$dest/.telegraf.XXXXXX")
trap 'rm -rf "$work"' EXIT
say "compiling $VERSION with $(go env GOVERSION), about half a minute on 2 cores"
if ! env GOBIN="$work" GOWORK=off CGO_ENABLED=0 go install -trimpath -tags "$TAGS" \
  -ldflags "-s -w -X github.com/influxdata/telegraf/internal.Version=$VERSION" \
  "github.com/influxdata/telegraf/cmd/telegraf@v$VERSION" >"$work/log" 2>&1; then
  tail -n 20 "$work/log" >&2
  say "the build failed, the last lines are above"
  exit 1
fi
mv "$work/telegraf" "$binary"
say "$("$binary" --version)"
echo "$binary"
