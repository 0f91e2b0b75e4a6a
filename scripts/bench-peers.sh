#!/bin/sh
# Installs the load generators that bench/ compares hwctl with, and the programs that tests hand charts and manifests to, at
# pinned versions, into one folder outside the repository. What is there already is left alone.
# `scripts/bench-peers.sh [hey|oha|vegeta|locust|helm|kube-score...]`; without a name, the load generators.
# wrk, ab and nginx come from the system (apt-get install wrk apache2-utils nginx), autocannon from npm ci.
set -eu

hey=v0.1.5
oha=1.16.0
vegeta=v12.13.0
locust=2.47.0
helm=v3.22.0
kube_score=v1.20.0

folder="${HWCTL_BENCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hwctl-bench}"
mkdir -p "$folder/bin"

has() { # FILE VERSION: the file is there and was installed at this version
  [ -x "$folder/bin/$1" ] && [ "$(cat "$folder/$1.version" 2>/dev/null)" = "$2" ]
}

need() { # PROGRAM PEER
  command -v "$1" >/dev/null 2>&1 && return 0
  echo "$2: skipped, $1 is not installed" >&2
  return 1
}

from_go() { # NAME MODULE VERSION
  has "$1" "$3" && return 0
  need go "$1" || return 0
  GOBIN="$folder/bin" go install "$2@$3"
  echo "$3" >"$folder/$1.version"
}

install_oha() {
  has oha "$oha" && return 0
  need cargo oha || return 0
  CARGO_TARGET_DIR="$folder/oha-target" cargo install oha --version "$oha" --locked --root "$folder" --quiet --force
  rm -rf "$folder/oha-target"
  echo "$oha" >"$folder/oha.version"
}

install_locust() {
  has locust "$locust" && return 0
  need python3 locust || return 0
  python3 -m venv "$folder/locust-venv"
  "$folder/locust-venv/bin/pip" install --quiet "locust==$locust"
  ln -sf ../locust-venv/bin/locust "$folder/bin/locust"
  echo "$locust" >"$folder/locust.version"
}

[ $# -gt 0 ] || set -- hey oha vegeta locust
for peer in "$@"; do
  case "$peer" in
    hey) from_go hey github.com/rakyll/hey "$hey" ;;
    oha) install_oha ;;
    vegeta) from_go vegeta github.com/tsenart/vegeta/v12 "$vegeta" ;;
    locust) install_locust ;;
    helm) from_go helm helm.sh/helm/v3/cmd/helm "$helm" ;;
    kube-score) from_go kube-score github.com/zegl/kube-score/cmd/kube-score "$kube_score" ;;
    *) echo "no such peer: $peer. There are hey, oha, vegeta, locust, helm, kube-score" >&2; exit 2 ;;
  esac
  if [ -x "$folder/bin/$peer" ]; then echo "$peer: $folder/bin/$peer $(cat "$folder/$peer.version")"; fi
done
