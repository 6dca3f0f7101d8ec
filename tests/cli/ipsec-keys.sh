#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# `vpdial connect --ipsec-keys FILE` refuses what others could read or have put there, and who may not.
source "$(dirname "$0")/lib.bash"

mkdir "$work/config" "$work/run"
printf '[connection]\ntype = l2tp\nconnect-to = 127.0.0.1\nuser = u\npassword = "p"\n' >"$work/config/plain.conf"
chmod 600 "$work/config/plain.conf"

# refused NAME STATUS TEXT FILE [COMMAND...]: the option with that FILE.
refused() {
	local name=$1 status=$2 text=$3 file=$4 output got
	shift 4
	output=$("$@" "$VPDIAL" --config "$work/config" --run-dir "$work/run" connect plain --ipsec-keys "$file" 2>&1 </dev/null)
	got=$?
	if [[ $got == "$status" && $output == *"$text"* ]]; then ok "$name"; else fail "$name" "status $got: $output"; fi
}

if [[ $EUID == 0 ]]; then
	(umask 022 && : >"$work/open")
	: >"$work/twice" && chmod 600 "$work/twice" && ln "$work/twice" "$work/second"
	ln -s "$work/elsewhere" "$work/link"
	mkfifo -m 600 "$work/fifo"
	refused keys-that-others-may-read 2 'mode 600' "$work/open"
	refused keys-with-two-names 2 'one name' "$work/twice"
	refused keys-behind-a-link 2 'symbolic links' "$work/link"
	refused keys-in-a-fifo 2 '--ipsec-keys' "$work/fifo"
	refused keys-in-a-directory 2 'directory' "$work"
	refused keys-without-ipsec 2 'use-ipsec = yes' "$work/keys"
	test_equal keys-are-roots "600" "$(stat -c %a "$work/keys")"
	chmod 755 "$work"
	refused keys-for-root-only 3 'for root' "$work/mine" setpriv --reuid 65534 --clear-groups
else
	refused keys-for-root-only 3 'for root' "$work/mine"
fi
test_equal nothing-was-made "" "$(ls "$work/elsewhere" "$work/mine" 2>/dev/null)"
finish
