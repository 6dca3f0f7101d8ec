#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# `vpdial check` accepts every example profile and those of the manual page and the README, and
# `enable` and `disable` leave them acceptable.
source "$(dirname "$0")/lib.bash"

vpdial() {
	"$VPDIAL" --config "$work/config" --run-dir "$work/run" "$@"
}

mkdir "$work/config" "$work/run"
cp "$top"/profiles/*.conf "$work/config/"
chmod 600 "$work"/config/*.conf
for file in "$work"/config/*.conf; do
	name=$(basename "$file" .conf)
	if output=$(vpdial check "$file" 2>&1); then ok "check-$name"; else fail "check-$name" "$output"; fi
	[[ $name == ppp-profiles || $name == server ]] && continue
	if vpdial enable "$name" >/dev/null && ! vpdial list | grep -q "^X. *$name " &&
		vpdial disable "$name" >/dev/null && vpdial list | grep -q "^X. *$name " &&
		vpdial check "$name" >/dev/null; then
		ok "enable-$name"
	else
		fail "enable-$name" "the flag does not follow"
	fi
done

# Examples in text: every block that begins with [connection].
extract() {
	awk -v out="$2" '
		{ line = $0; sub(/^    /, "", line) }
		line == "[connection]" { n++; on = 1 }
		on && (line ~ /^\.Ed/ || line == "EOF" || line !~ /^(\[|[a-z-]+ = )/) { on = 0 }
		on { print line > (out n ".conf") }' "$1"
}
extract "$top/README.md" "$work/config/readme"
extract "$top/man/vpdial.conf.5" "$work/config/conf"
extract "$top/man/vpdial.8" "$work/config/manual"
chmod 600 "$work"/config/{readme,conf,manual}*.conf
seen=0
for file in "$work"/config/{readme,conf,manual}*.conf; do
	seen=$((seen + 1))
	name=$(basename "$file" .conf)
	if output=$(vpdial check "$file" 2>&1); then ok "text-$name"; else fail "text-$name" "$output"; fi
done
if ((seen < 4)); then fail text "only $seen examples found"; fi

printf '[connection]\nconnect-to = a\nuser = b\npassword = "sesame"\n' >"$work/config/open.conf"
chmod 644 "$work/config/open.conf"
output=$(vpdial connect open 2>&1)
test_equal open-file-status 2 $?
if [[ $output == *"chmod 600"* && $output != *sesame* ]]; then
	ok open-file-text
else
	fail open-file-text "$output"
fi

# What is probably not meant is said, and is no fault.
printf '[connection]\nconnect-to = a\nuser = b\nroutes = 10.0.0.0\n' >"$work/config/hint.conf"
chmod 600 "$work/config/hint.conf"
output=$(vpdial check hint)
test_equal warning-status 0 $?
if [[ $output == *"hint.conf:4: routes: warning: 10.0.0.0 without a prefix"*"hint: ok" ]]; then
	ok warning-text
else
	fail warning-text "$output"
fi
finish
