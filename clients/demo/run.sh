#!/usr/bin/env bash
# run.sh BIN [--keep]: the demo. Starts simulated departments and a platform as real servers with keys of their own,
# registers the letters, verifies one household over mutual TLS, prints the report, checks it offline, then changes
# one byte of a copy and sees it refused. Exit code 0 only if all of that came out as it must.
set -euo pipefail
here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
root=$(cd "$here/../.." && pwd)
bin=$(cd "$1" && pwd)
keep=${2:-}
work=$(mktemp -d "${TMPDIR:-/tmp}/hedui-demo.XXXXXX")
pids=()

finish() {
  code=$?
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  if [ "$keep" = --keep ] || [ $code != 0 ]; then
    echo "demo: files kept in $work" >&2
  else
    rm -rf "$work"
  fi
  exit $code
}
trap finish EXIT

# await FILE PATTERN PID: the server's line, once it is there
await() {
  for _ in $(seq 600); do
    if grep -q "$2" "$1" 2>/dev/null; then return 0; fi
    kill -0 "$3" 2>/dev/null || break
    read -rt 0.05 <> <(:) || true
  done
  echo "demo: a server did not start:" >&2
  cat "$1" >&2
  return 1
}

cd "$work"
"$here/pki.sh" pki hedui.example/640000/log
cp "$here"/{heduid,register,household,letters}.yaml .
# The registers' data are of today: older ones would be stale, whatever month they speak of.
sed "s/^data_day: .*/data_day: \"$(TZ=UTC-8 date +%F)\"/" "$root/adapters/simulated/demo/ningxia.yaml" >simulation.yaml
ln -s "$root/policies" policies

"$bin/hedui-sim" --config simulation.yaml >sim.log 2>&1 &
pids+=($!)
await sim.log '^ready' "${pids[0]}"
cp "$here/catalogue.yaml.in" catalogue.yaml
while read -r _ id port; do
  sed -i "s/@$id@/localhost:$port/" catalogue.yaml
done < <(grep '^source ' sim.log)

"$bin/heduid" --config heduid.yaml >heduid.log 2>&1 &
pids+=($!)
await heduid.log '^listening' "${pids[1]}"
export HEDUI_SERVER=localhost:$(awk '/^listening/ {print $2}' heduid.log)
export HEDUI_CA=pki/ca.pem HEDUI_CERT=pki/agency.pem HEDUI_KEY=pki/agency.key

echo "== 登记授权书（registering the letters）"
"$bin/hedui" authorization register letters.yaml
echo "== 核对（verifying the household）"
"$bin/hedui" verify household.yaml --out report.hdr
echo "== 离线验证（checking the report offline）"
"$bin/hedui" report check report.hdr --trust pki/ca.pem

# One byte, in the middle of the lines.
size=$(stat -c %s report.hdr)
at=$((size / 3))
cp report.hdr altered.hdr
old=$(dd if=report.hdr bs=1 skip=$at count=1 2>/dev/null | od -An -tu1 | tr -d ' ')
printf "\\x$(printf %02x $((old ^ 1)))" | dd of=altered.hdr bs=1 seek=$at conv=notrunc 2>/dev/null
echo "== 篡改一个字节（one byte of a copy changed, at offset $at）"
if "$bin/hedui" report check altered.hdr --trust pki/ca.pem; then
  echo "demo: an altered copy was taken for valid" >&2
  exit 1
fi
echo "demo: report valid; altered copy refused"
