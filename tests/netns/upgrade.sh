#!/bin/bash
# SPDX-License-Identifier: MIT
# Calls that a program of another version dialed: the first one with which today's must get along is built
# from the history, later ones are today's with another number.
#
# usage: tests/netns/upgrade.sh      (VPDIAL=program)
set -u
OLD_COMMIT=1ee802f # control version 4, which drops what it does not know
# shellcheck source=tests/netns/alone.bash
. "$(dirname "$(readlink -f "$0")")/alone.bash"
top=$(cd "$netns_dir/../.." && pwd)
old=$top/build/old-$OLD_COMMIT

# Before the namespaces: what is built stays.
build_old() {
	[ ! -x "$old/vpdial-session" ] || return 0
	rm -rf "$old.tree"
	mkdir -p "$old.tree" "$old" || return
	git -C "$top" archive $OLD_COMMIT | tar -x -C "$old.tree" || return
	# It was linked with one library more, which it never used.
	make -s -j"$(nproc)" -C "$old.tree" CFLAGS=-O0 PKGS="libcrypto libnl-3.0 jansson libseccomp libcap-ng" \
		VPDIAL_LIBS="-lnl-3 -liniparser -ljansson -lncursesw -ltinfo" >"$old/log" 2>&1 || return
	mv "$old.tree/build/vpdial" "$old.tree/build/vpdial-session" "$old/"
	rm -rf "$old.tree"
}
# build_next: today's sources with the next number.
build_next() {
	next=$top/build/next
	rm -rf "$next"
	mkdir -p "$next"
	cp -a "$top/src" "$top/Makefile" "$next/"
	sed -i 's/^#define CONTROL_VERSION \([0-9]*\)$/#define CONTROL_VERSION 1\1/' "$next/src/ipc/control.h"
	sed -i 's/^#define USERS_VERSION *\([0-9]*\)$/#define USERS_VERSION 1\1/' "$next/src/ipc/users.h"
	sed -i "s/^VERSION *:= .*/VERSION := 9.9/" "$next/Makefile"
	make -s -j"$(nproc)" -C "$next" CFLAGS=-O0 build/vpdial >"$next/log" 2>&1 &&
		cp "$(dirname "$VPDIAL")/vpdial-session" "$next/build/"
}
if [ -z "${NETNS_ALONE-}" ]; then
	git -C "$top" cat-file -e $OLD_COMMIT 2>/dev/null || { echo "skip upgrade: the history does not hold $OLD_COMMIT"; exit 0; }
	build_old || { echo "FAIL upgrade-build-old: $(tail -n 3 "$old/log" | tr '\n' '|')"; exit 1; }
	build_next || { echo "FAIL upgrade-build-next: $(tail -n 3 "$top/build/next/log" | tr '\n' '|')"; exit 1; }
fi
OLD=$old/vpdial NEXT=$top/build/next/build/vpdial
alone upgrade "ip jq" -p -f --mount-proc

failures=0
ok() { echo "ok $1"; }
bad() { echo "FAIL $1: $2"; failures=1; }
equal() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1" "wanted '$2', got '$3'"; fi; }
# says NAME STATUS PATTERN COMMAND...
says() {
	local name=$1 status=$2 pattern=$3 got
	shift 3
	"$@" >"$T/said" 2>&1
	got=$?
	if [ $got = "$status" ] && grep -Eq "$pattern" "$T/said"; then ok "$name"; else bad "$name" "$got: $(tr '\n' '|' <"$T/said")"; fi
}

T=$(mktemp -d)
mount -t tmpfs tmpfs "$T"
trap 'umount -l "$T"; rmdir "$T"' EXIT
two_ends
trap 'ip netns del far; umount -l "$T"; rmdir "$T"' EXIT
mkdir "$T/conf" "$T/server"
printf '[pptp-server]\nenabled = yes\nlisten = 10.88.1.1\ndefault-profile = default-encryption\n[l2tp-server]\nenabled = yes\nlisten = 10.88.1.1\ndefault-profile = default-encryption\n[secret john]\npassword = "john"\nlocal-address = 10.7.0.1\nremote-address = 10.7.0.10-10.7.0.20\n' >"$T/server/server.conf"
for name in office home; do
	printf '[connection]\ntype = l2tp\nconnect-to = 10.88.1.1\nuser = john\npassword = "john"\n' >"$T/conf/$name.conf"
done
chmod 600 "$T"/*/*.conf

run() { local program=$1; shift; "$program" --config "$T/conf" --run-dir "$T/run" "$@"; }
serve() { # serve PROGRAM
	nsenter --net=/run/netns/far "$1" --config "$T/server" --run-dir "$T/srun" serve 2>"$T/serve.log" &
	server=$!
	within 10 grep -qs 'l2tp-server enabled' "$T/serve.log"
}
serve "$VPDIAL"

# pair NAME THEIRS OURS "PROGRAM" : calls of THEIRS, met by OURS.
pair() {
	local name=$1 theirs=$2 ours=$3 program=$4 line
	line="^vpdial: office \(connected\) was started by $program, which is not this version; run: vpdial disconnect office, then connect it again\$"
	for call in office home; do run "$theirs" connect $call >"$T/said" 2>&1 || bad "$name-dial" "$(tr '\n' '|' <"$T/said")"; done
	says "$name-list-shows-it-running" 0 '^XR +office ' run "$ours" list
	says "$name-status-says-what-to-do" 1 "$line" run "$ours" status office
	says "$name-log-says-it-too" 1 "$line" run "$ours" log office
	says "$name-redial-says-it-too" 1 "$line" run "$ours" redial office
	says "$name-connect-says-it-too" 6 "$line" run "$ours" connect office
	says "$name-disconnect" 0 '^office disconnected$' run "$ours" disconnect office
	equal "$name-nothing-of-it-stays" "" "$(find "$T/run" -name office.sock -o -name office.journal)"
	says "$name-disconnect-all" 0 '^home disconnected$' run "$ours" disconnect --all
	says "$name-connect-again" 0 '^connected$' run "$ours" connect office
	says "$name-disconnect-again" 0 '^office disconnected$' run "$ours" disconnect office
}
[ ! -x "$OLD" ] || pair before "$OLD" "$VPDIAL" 'another vpdial'
pair after "$NEXT" "$VPDIAL" 'vpdial 9.9'

# The server's list.
kill "$server"
wait "$server" 2>/dev/null
serve "$NEXT"
says after-users 1 'was started by another version of vpdial; restart it' "$VPDIAL" --run-dir "$T/srun" users
kill "$server"
wait "$server" 2>/dev/null
exit $failures
