#!/usr/bin/env bash
# run.sh BIN [--keep]: the demo. Starts simulated departments and a platform as real servers with keys of their own,
# registers the letters, verifies one household over mutual TLS, prints the report, holds its facts against what they
# must be, checks it offline, then changes one byte of a copy and sees it refused. Exit code 0 only if all of that came
# out as it must.
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

fail() {
  echo "demo: $1" >&2
  exit 1
}

# line_of KIND CODE: that line of the report, out of report.json, where each begins and ends at four blanks
line_of() {
  awk -v kind="\"kind\": \"$1\"" -v code="\"code\": \"$2\"" '
    /^    [{]$/ { line = "" }
    { line = line $0 "\n" }
    /^    [}],?$/ && index(line, "\n      " kind) && index(line, "\n      " code) { printf "%s", line }' report.json
}

# holds TEXT PATTERN WHAT: a line of the text fits the pattern
holds() { grep -q -- "$2" <<<"$1" || fail "the report does not say $3"; }

# blames_the_bank_alone PROGRAMME: undetermined, since the bank was late for every person, and for no other reason
blames_the_bank_alone() {
  local line kinds sources persons
  line=$(line_of INDICATION "$1")
  holds "$line" '"result": "UNDETERMINED"' "that $1 is undetermined"
  # What stands deeper than the line itself and its value are those to blame.
  kinds=$(sed -n 's/^ \{10,\}"kind": "\([A-Z_]*\)".*/\1/p' <<<"$line" | sort -u)
  sources=$(sed -n 's/^ \{10,\}"source_id": "\([^"]*\)".*/\1/p' <<<"$line" | sort -u)
  persons=$(sed -n 's/^ \{10,\}"person_id": "\([^"]*\)".*/\1/p' <<<"$line" | sort -u | xargs)
  [ "$kinds/$sources/$persons" = "SOURCE/nx-bank/m1 m2 m3" ] ||
    fail "$1 waits for [$kinds] of [$sources] about [$persons], not for the bank alone"
}

# What the README says of this report.
check_facts() {
  "$bin/hedui" report show report.hdr --format json >report.json
  "$bin/hedui" report show report.hdr >report.txt
  local text line programme
  text=$(cat report.txt)
  for programme in dibao marginal; do blames_the_bank_alone $programme; done
  line=$(line_of INDICATION dibao)
  holds "$line" '"low": "0"' "that the amount may be nothing"
  holds "$line" '"high": "135"' "that the amount is 135.00 at most"
  line=$(line_of TEST dibao_income_test)
  holds "$line" '"truth": "TRUE"' "that the income is known to be low enough"
  holds "$line" '"exact": true' "that the income test is certain"
  line=$(line_of DISCREPANCY UNDECLARED_VEHICLE)
  holds "$line" '"person_id": "m1"' "that a vehicle of the father's was not declared"
  line=$(line_of POLICY_ROW 'dibao_standard[scope=urban]')
  holds "$line" '"verified": false' "that the standard is assumed"
  holds "$text" '^[0-9]* *最低生活保障  *提示：无法确定，因：银行' "无法确定，因：银行…"
  holds "$text" '^[0-9]* *低保边缘家庭  *提示：无法确定，因：银行' "无法确定，因：银行…"
  holds "$text" '^[0-9]* *家庭  *人均收入低于保障标准  *成立' "that the income test holds"
  holds "$text" '^[0-9]* *马志远  *未申报机动车 ' "未申报机动车"
  holds "$text" '^[0-9]* *最低生活保障标准  *1100  *640104 .* 未核实$' "that the standard is 未核实"
  holds "$text" '未经核实的政策值$' "which policy values are assumed"
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
check_facts
echo "== 离线验证（checking the report offline）"
"$bin/hedui" report check report.hdr --trust pki/ca.pem

# One byte, in the middle of the lines.
size=$(stat -c %s report.hdr)
at=$((size / 3))
cp report.hdr altered.hdr
old=$(dd if=report.hdr bs=1 skip=$at count=1 2>/dev/null | od -An -tu1 | tr -d ' ')
printf "\\x$(printf %02x $((old ^ 1)))" | dd of=altered.hdr bs=1 seek=$at conv=notrunc 2>/dev/null
echo "== 篡改一个字节（one byte of a copy changed, at offset $at）"
code=0
"$bin/hedui" report check altered.hdr --trust pki/ca.pem >altered.txt || code=$?
cat altered.txt
# Unreadable would not do: that is no word about what the copy says.
[ $code = 1 ] || fail "the check of an altered copy ended with $code, not 1"
grep -q '^not valid: ' altered.txt || fail "the check of an altered copy does not say why it is not valid"
echo "demo: report valid; altered copy refused"
