#!/usr/bin/env bash
# pki.sh DIR ORIGIN: keys and certificates for the demo, as a centre would get them from its authority.
# One P-256 authority; mutual TLS for the platform, one agency and the departments; the log's Ed25519 and SM2 keys;
# the store's key-encryption key. Everything is valid for 30 days and good for nothing but the demo.
set -euo pipefail
dir=$1
origin=$2
umask 077
mkdir -p "$dir"
cd "$dir"

key() { openssl genpkey -quiet -algorithm EC -pkeyopt "ec_paramgen_curve:$1" -out "$2.key" 2>/dev/null; }

# issue NAME EXTENSION...: a certificate for NAME.key by the authority
issue() {
  local name=$1
  shift
  openssl pkey -in "$name.key" -pubout -out "$name.pub" 2>/dev/null
  printf '%s\n' "basicConstraints=critical,CA:FALSE" "$@" >"$name.ext"
  # By public key, not by request: an SM2 request would have to be verified under its own distinguishing id.
  openssl x509 -new -force_pubkey "$name.pub" -subj "/CN=$name" -days 30 -extfile "$name.ext" \
    -CA ca.pem -CAkey ca.key -out "$name.pem" 2>/dev/null
  rm "$name.pub" "$name.ext"
}

key P-256 ca
openssl req -x509 -new -key ca.key -subj "/CN=hedui demo authority" -days 30 \
  -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign" -out ca.pem 2>/dev/null

for name in platform agency departments; do key P-256 "$name"; done
tls="keyUsage=critical,digitalSignature"
issue platform "$tls" "extendedKeyUsage=serverAuth,clientAuth" "subjectAltName=DNS:localhost,URI:hedui://platform/640000"
issue departments "$tls" "extendedKeyUsage=serverAuth" "subjectAltName=DNS:localhost"
issue agency "$tls" "extendedKeyUsage=clientAuth" "subjectAltName=URI:hedui://agency/640104-civil-affairs"

openssl genpkey -quiet -algorithm ED25519 -out log-ed25519.key 2>/dev/null
key SM2 log-sm2
for name in log-ed25519 log-sm2; do
  issue "$name" "keyUsage=critical,digitalSignature" "subjectAltName=URI:hedui://log/$origin"
done

echo "1 $(openssl rand -hex 32)" >kek
