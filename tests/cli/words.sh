#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What people meet who type for the first time: one sentence says what is wrong and what to do next.
source "$(dirname "$0")/lib.bash"

mkdir "$work/config" "$work/run"
printf '[connection]\nconnect-to = a\nuser = b\n' >"$work/config/office.conf"

vpdial() {
	"$VPDIAL" --config "$work/config" --run-dir "$work/run" "$@" </dev/null 2>&1
}

# says NAME STATUS TEXT ARGUMENT...: the command ends with STATUS and one line that holds TEXT.
says() {
	local name=$1 status=$2 text=$3 output rc
	shift 3
	output=$(vpdial "$@")
	rc=$?
	if [[ $rc == "$status" && $output == *"$text"* && $output != *$'\n'* ]]; then
		ok "$name"
	else
		fail "$name" "status $rc: $output"
	fi
}

says serve-without-its-file 2 "there is no $work/config/server.conf: write it as vpdial.conf(5) says" serve
says unknown-option-names-the-help 2 "vpdial: unknown option -V, see vpdial --help" -V
says unknown-option-of-a-command-names-its-help 2 "unknown option -V, see vpdial list --help" list -V
# Words of other programs: what they are here, and never a guess that does more, or the opposite.
says foreign-dial 2 "unknown command dial: vpdial connect NAME dials" dial office
says foreign-stop 2 "unknown command stop: vpdial disconnect NAME hangs up" stop office
says foreign-help 2 "no help for up: vpdial connect NAME dials" help up
says foreign-wait 2 "unknown option --wait: connect waits for the call by itself" connect --wait office
says foreign-no-redial 2 "unknown option --no-redial: write redial = no into the profile" connect office --no-redial
says foreign-password 2 "a password is never on the command line" connect office --password x
says no-guess-of-another-command 2 "unknown command undial, see vpdial --help" undial office
says no-guess-of-the-opposite 2 "unknown option --nodebug, see vpdial connect --help" connect --nodebug office
says no-guess-below-five-letters 2 "unknown option --jsn, see vpdial status --help" status --jsn
printf '[connection]\nconnect-to = a\nuser = b\ntype = l2tp\nipsec-psk = "x"\nnosequencing = yes\n' >"$work/ipsec.conf"
test_equal foreign-key "5: ipsec-psk: unknown key: IPsec is use-ipsec = yes and ipsec-secret" "$(vpdial check "$work/ipsec.conf" | grep -o "5: ipsec.*")"
test_equal no-guess-of-the-opposite-key "6: nosequencing: unknown key, see vpdial help options" "$(vpdial check "$work/ipsec.conf" | grep -o '6: .*')"
says file-name-as-profile 2 "no profile office.conf in $work/config, did you mean office" connect office.conf
says path-as-profile 2 "./office.conf is no profile's name: write the name alone" connect ./office.conf
says nothing-to-dial 0 "nothing to dial in $work/config: each profile is disabled or runs already" connect --all
for command in list check "connect --all"; do
	# shellcheck disable=SC2086  # words indeed
	says "no-directory-${command%% *}" 2 "there is no $work/none: write a profile there" --config "$work/none" $command
done
says redial-of-what-does-not-run 16 "office is not running; run: vpdial connect office" redial office
says log-of-what-does-not-run 16 "office is not running" log office
echo change >"$work/run/office.journal"
test_equal changes-left-are-in-status "message: an unclean end left changes, undo them by: vpdial disconnect office" \
	"$(vpdial status office | grep -o 'message: .*')"
rm "$work/run/office.journal"
: >"$work/run/office.lockdown"
test_equal nothing-left-is-not-told "" "$(vpdial status office | grep message)"
# A user's name is shown as it is typed again, but what acts on the terminal is not.
printf '[connection]\nconnect-to = a\nuser = "CORP\\john"\n' >"$work/config/domain.conf"
test_equal backslash-in-list 'CORP\john' "$(vpdial list | sed -n 's/.*domain .* //p')"
test_equal backslash-in-status 'user: CORP\john' "$(vpdial status domain | grep -o 'user: .*')"
printf '[connection]\nconnect-to = a\nuser = "j\033[31m\377n"\n' >"$work/config/domain.conf"
test_equal escape-in-list 'j?[31m?n' "$(vpdial list | sed -n 's/.*domain .* //p')"
test_equal escape-in-status 'user: j?[31m?n' "$(vpdial status domain | grep -a -o 'user: .*')"
rm "$work/config/domain.conf"
# A supervisor that hangs, and whose place for others to wait is full of those who have given up.
if command -v python3 >/dev/null; then
	coproc HANGS { exec python3 -c 'import os, socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.bind(sys.argv[1])
s.listen(0)
c = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
c.connect(sys.argv[1])
print("full", flush=True)
sys.stdin.read()' "$work/run/office.sock"; }
	hangs=$HANGS_PID
	read -r -t 10 line <&"${HANGS[0]}"
	test_equal supervisor-that-takes-nobody "1 vpdial: office: control socket: Connection timed out" \
		"$(output=$(timeout 8 "$VPDIAL" --config "$work/config" --run-dir "$work/run" status office 2>&1); echo "$? $output")"
	test_equal disconnect-of-what-takes-nobody "1 vpdial: office did not hang up: nothing was heard of it for 10 seconds" \
		"$(output=$(timeout 15 "$VPDIAL" --config "$work/config" --run-dir "$work/run" disconnect office 2>&1); echo "$? $output")"
	kill "$hangs"
	wait "$hangs"
	rm "$work/run/office.sock"
fi
deep=$work/$(printf 'd%.0s' {1..110})
mkdir "$deep"
says run-directory-too-long-for-a-socket 2 "the path is too long for a socket; use a shorter --run-dir" --run-dir "$deep" connect office
test_equal usage-without-blank "vpdial: usage: vpdial list" "$(vpdial list x)"
test_equal help-says-what-it-is "Dials PPTP and L2TP servers." "$(vpdial help | sed -n 3p)"
output=$("$VPDIAL" --config "$work/config" --run-dir "$work/run" status --json 2>&1 >/dev/full)
test_equal json-to-a-full-disk "1 vpdial: standard output: No space left on device" "$? $output"
finish
