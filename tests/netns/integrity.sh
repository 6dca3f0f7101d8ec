#!/bin/bash
# A short run of tests/bench/integrity: numbered packets through whole programs, both ways at once; and
# that it would notice a wrong octet.
#
# usage: tests/netns/integrity.sh      (VPDIAL, INTEGRITY: programs; ONLY: pattern of cases)
here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
failed=0
"$here/../bench/integrity" -n 40000 pptp-stateless l2tp-stateless pptp-stateful l2tp-stateful pptp-clear l2tp-clear || failed=1
# shellcheck disable=SC2053  # a pattern indeed
if [[ a-spoiled-octet-is-noticed == ${ONLY:-*} ]]; then
	said=$(ONLY='' "$here/../bench/integrity" -s -n 40000 l2tp-clear)
	if grep -qE '^FAIL l2tp-clear: .*(was lost|octets came)' <<<"$said"; then
		echo "ok a-spoiled-octet-is-noticed"
	elif grep -q '^skip' <<<"$said"; then
		grep '^skip' <<<"$said"
	else
		echo "FAIL a-spoiled-octet-is-noticed: $(head -n 1 <<<"$said")"
		failed=1
	fi
fi
exit $failed
