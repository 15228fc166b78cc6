#!/usr/bin/env bash
# prepare.sh DIR: the demo's files for fixed ports, once: keys and certificates, register, catalogue, simulation,
# platform, letters, household. All services share one network, since the demo's certificates name localhost.
set -euo pipefail
from=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
dir=$1
[ -e "$dir/heduid.yaml" ] && exit 0
cd "$dir"
"$from/pki.sh" pki hedui.example/640000/log
cp "$from"/{register,household,letters}.yaml .
cp "$from/catalogue.yaml.in" catalogue.yaml
# The registers' data are of today: older ones would be stale, whatever month they speak of.
sed "s/^data_day: .*/data_day: \"$(TZ=UTC-8 date +%F)\"/" "$from/ningxia.yaml" >simulation.yaml
port=7501
while read -r id; do
  sed -i "s/@$id@/localhost:$port/" catalogue.yaml
  sed -i "s/^  - id: $id\$/&\n    listen: \"127.0.0.1:$port\"/" simulation.yaml
  port=$((port + 1))
done < <(sed -n 's/^  - id: //p' catalogue.yaml)
# Last: it says that the rest is there.
sed -e 's/^listen: .*/listen: "127.0.0.1:7444"/' -e 's/^policies_dir: .*/policies_dir: \/usr\/share\/hedui\/policies/' \
  -e 's/directory: store/directory: \/var\/lib\/hedui/' "$from/heduid.yaml" >heduid.yaml.new
mv heduid.yaml.new heduid.yaml
