#!/usr/bin/env bash
# generate.sh DIR: writes the Python messages and stubs of the platform's API into DIR, with Debian's protoc and
# grpc_python_plugin. What they import stands below DIR/hedui, so DIR goes on PYTHONPATH.
set -euo pipefail
proto=$(cd "$(dirname "$(readlink -f "$0")")/../../proto" && pwd)
out=$1
mkdir -p "$out"
protoc -I "$proto" --python_out="$out" "$proto"/hedui/{v1,report/v1}/*.proto
protoc -I "$proto" --plugin=protoc-gen-grpc_python="$(command -v grpc_python_plugin)" --grpc_python_out="$out" \
  "$proto"/hedui/v1/{authorization,finding,policy,reports,verification}.proto
