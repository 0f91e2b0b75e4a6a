#!/bin/bash
# prints what hwctl does; expected.txt is the right value
cd "$(dirname "$0")"; . ../_tools/lib.sh
for p in 21202 21205; do $HW load --url https://127.7.7.7:$p/ --cacert $CERTIFICATES/ca.pem --rps 10 --duration 300ms --target local 2>&1 | grep -c 'Give its authority'; done
