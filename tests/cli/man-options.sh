#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# vpdial.conf(5) names each option of the table with the same default, and no other; vpdial(8) names
# each command and option; mandoc has no complaint.
source "$(dirname "$0")/lib.bash"

page=$top/man/vpdial.conf.5

# The default that the page gives for a key: the word after "Default:", "-" for "none.".
page_default() {
	awk -v key="$1" '
		/^\.It Cm / { inside = ($3 == key) }
		/^\.(El|Sh|Ss)/ { inside = 0 }
		inside && wanted { print ($1 == ".Cm" ? $2 : $1 == "none." ? "-" : "?"); exit }
		inside && /^Default:$/ { wanted = 1 }' "$page"
}

count=0
while read -r keys default _; do
	key=${keys%%|*}
	test_equal "default-of-$key" "$default" "$(page_default "$key")"
	if [[ $keys == *"|"* ]] && ! grep -q "^\.It Cm $key , ${keys#*|}\$" "$page"; then
		fail "alias-of-$key" "the page does not name ${keys#*|}"
	fi
	count=$((count + 1))
done < <("$VPDIAL" help options)
if ((count < 30)); then fail table "help options lists $count keys"; else ok table; fi

table=$("$VPDIAL" help options | sed 's/[| ].*//')
while read -r key; do
	grep -qx -- "$key" <<<"$table" || fail "page-key-$key" "not in the table of options"
done < <(awk '/^\.Sh (CONNECTION|SHARED) KEYS/ { on = 1 } /^\.Sh (PASSWORD|FILES)/ { on = 0 }
	on && /^\.It Cm / { print $3 }' "$page")

while read -r command; do
	if grep -q "^\.It Cm $command\b" "$top/man/vpdial.8" ||
		grep -q "Cm $command Ar NAME" "$top/man/vpdial.8"; then
		ok "page-has-$command"
	else
		fail "page-has-$command" "vpdial(8) does not explain it"
	fi
	while read -r option; do
		grep -q -- "^\.It Fl -${option#--}\b" "$top/man/vpdial.8" ||
			fail "page-has-$option" "vpdial(8) does not explain it"
	done < <("$VPDIAL" help "$command" | sed -n 's/^  \(--[a-z-]*\).*/\1/p')
done < <("$VPDIAL" complete-words '')

while read -r field; do
	grep -q "^\.It Va .*\b$field\b\|^\.Va .*\b$field\b" "$top/man/vpdial.8" ||
		fail "json-$field" "vpdial(8) does not explain the field"
done < <(mkdir -p "$work/c" "$work/r" &&
	printf '[connection]\nconnect-to = a\nuser = b\n' >"$work/c/x.conf" &&
	"$VPDIAL" --config "$work/c" --run-dir "$work/r" status --json |
	sed -n '/"state_ms": {/,/}/!s/^ *"\([a-z0-9_]*\)":.*/\1/p')

while read -r state; do
	sed -n '/^\.It Va state$/,/^\.It Va uptime_s/p' "$top/man/vpdial.8" | grep -qw -- "$state" ||
		fail "json-state-$state" "vpdial(8) does not name it as a value of state"
done < <("$VPDIAL" --config "$work/c" --run-dir "$work/r" status --json |
	sed -n '/"state_ms": {/,/}/s/^ *"\([a-z-]*\)": [0-9].*/\1/p')

# The ways of name servers, as the program writes them.
while read -r way; do
	for file in vpdial.8 vpdial-dispatcher.8; do
		awk '/^\.It (Va dns_way|Ev VPDIAL_DNS_WAY)$/ { on = 1; next } /^\.It/ { on = 0 } on' "$top/man/$file" |
			grep -qwF -- "$way" || fail "dns-way-$way" "$file does not name it"
	done
done < <(sed -n '/^const char \*host_dns_way_name/,/^}/s/.*return "\(.*\)";/\1/p' "$top/src/host/dns.c" | sort -u)

# A request in the middle of a line is text, and mandoc does not complain of it.
stray=$(grep -nE '\.\.(Pp|It|Sh|Ss|Bl|El|Bd|Ed)( |$)' "$top"/man/*.[58])
test_equal requests-begin-lines "" "$stray"

if command -v mandoc >/dev/null; then
	lint=$(mandoc -Tlint -W warning "$top"/man/*.[58] 2>&1)
	test_equal mandoc-lint "" "$lint"
else
	echo "skip mandoc-lint: mandoc is not installed"
fi
finish
