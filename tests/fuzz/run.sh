#!/usr/bin/env bash
# Every fuzz target under libFuzzer, side by side on all processors, for a time in all.
#
#   tests/fuzz/run.sh BUILD_DIRECTORY SECONDS
#
# What a target fails on goes into its corpus, where the tests run it from then on. What reached new code stays in
# BUILD_DIRECTORY/found for the next time. Prints a line for each target; exit 1 when one failed.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
build=$1
total=$2
targets=$build/tests/fuzz/targets
jobs=$(nproc)
each=$((total * jobs / $(wc -l <"$targets")))
[ "$each" -gt 0 ] || each=1

# run_target NAME SECONDS OPTION…
run_target() {
  local name=$1 seconds=$2
  shift 2
  local found=$build/found/$name log=$build/found/$name.log corpus=tests/fuzz/corpus/$name
  mkdir -p "$found"
  local result=passed
  # An input that takes ten seconds, or half a gigabyte beside what the sanitizer keeps, is a finding too.
  "$build/tests/fuzz/${name}_fuzz" "$@" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -malloc_limit_mb=512 -artifact_prefix="$corpus/" -print_final_stats=1 "$found" "$corpus" >"$log" 2>&1 || result=FAILED
  local runs coverage
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  coverage=$(sed -n 's/.*cov: \([0-9]*\).*/\1/p' "$log" | tail -1)
  printf '%-14s %-6s %10s runs  %6s edges  %5s inputs found\n' "$name" "$result" "${runs:-?}" "${coverage:-?}" \
    "$(find "$found" -type f | wc -l)"
  if [ "$result" = FAILED ]; then
    grep -m 4 -E 'does not hold|ERROR: |runtime error:|Test unit written' "$log" | sed 's/^/    /' || tail -5 "$log"
    return 1
  fi
}
export -f run_target
export build

printf '%s seconds for each of %s targets, %s at a time\n' "$each" "$(wc -l <"$targets")" "$jobs"
# xargs ends with 123 when one of them failed.
while read -r name options; do
  printf 'run_target %s %s %s\0' "$name" "$each" "$options"
done <"$targets" | xargs -0 -P "$jobs" -I{} bash -c '{}' || exit 1
