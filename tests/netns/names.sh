#!/bin/bash
# Tests of what the connection does while a program that sets name servers takes its time: a
# resolvconf that waits until it is told.  Order counts, not time.  Our own client and server.
#
# usage: tests/netns/names.sh      (VPDIAL=program, ONLY=pattern of cases)
set -u
# shellcheck source=tests/netns/alone.bash
. "$(dirname "$(readlink -f "$0")")/alone.bash"
failures=0

alone names "ip jq flock"

case_is() { # case_is NAME: begins it if ONLY wants it
	# shellcheck disable=SC2053  # a pattern indeed
	[[ $1 == ${ONLY:-*} ]] || return 1
	current=$1 why=''
	two_ends
	rm -rf "${P:?}"/* "${Q:?}"/* "${R:?}"/* "${S:?}"/*
	rm -f "$T"/{go,begun,ended,log,out,serve}-* "$T/calls"
	serve
	profile
}
report() {
	touch "$T/go-a" "$T/go-d"
	[ -z "$why" ] || kill $PIDS 2>/dev/null
	wait
	if [ -z "$why" ]; then
		echo "ok $current"
	else
		echo "FAIL $current: $why"
		tail -n 12 "$T"/{log,out,serve}-* "$T/calls" 2>/dev/null | sed 's/^/  | /'
		failures=$((failures + 1))
	fi
	for p in $(ip netns pids far 2>/dev/null); do kill -KILL "$p" 2>/dev/null; done
	ip link del wan 2>/dev/null
	ip netns del far
}

# What it was called for begins with "begun-a" or "begun-d" and, once told by "go-a" or "go-d", ends
# with "ended-a" or "ended-d".
helper() {
	cat >"$T/bin/resolvconf" <<-END
		#!/bin/sh
		echo "\$*" >>$T/calls
		echo \$\$ >$T/begun\$1
		until [ -e $T/go\$1 ]; do sleep 0.05; done
		: >$T/ended\$1
	END
	chmod +x "$T/bin/resolvconf"
}
begun() { [ -s "$T/begun-$1" ]; }
sleeps() { [ ! -e "$T/ended-$1" ] && kill -0 "$(cat "$T/begun-$1")"; }

serve() {
	{
		printf '[pptp-server]\nenabled = yes\nlisten = 10.88.1.1\n'
		printf '[secret ex]\nname = ex\npassword = "lkjrht"\n'
		printf 'local-address = 10.7.0.1\nremote-address = 10.7.0.2\n'
	} >"$Q/server.conf"
	chmod 600 "$Q/server.conf"
	ip netns exec far "$VPDIAL" --config "$Q" --run-dir "$S" serve >"$T/serve-log" 2>&1 </dev/null &
	disown
	within 5 test -S "$S/server.sock" || fail "the server does not start"
}
profile() {
	{
		printf '[connection]\ntype = pptp\nconnect-to = 10.88.1.1\nuser = ex\npassword = "lkjrht"\n'
		printf 'use-peer-dns = yes\ndns-server = 10.7.0.1\nredial = no\ndhcp-inform = no\n'
	} >"$P/c.conf"
	chmod 600 "$P/c.conf"
}
vpdial() { "$VPDIAL" --config "$P" --run-dir "$R" "$@"; }
field() { vpdial status c --json 2>/dev/null | jq -r ".connections[0].$1"; }
is_configuring() { [ "$(field state)" = configuring ]; }
is_up() { [ "$(field status)" = connected ]; }
dial() {
	vpdial connect --debug --foreground c >"$T/log-dial" 2>&1 </dev/null &
	PIDS=$!
}
# The helper that was called for $1 sleeps before and after a status was answered with $2.
status_is() {
	local state
	sleeps "$1" || fail "no test: resolvconf -$1 has ended"
	state=$(field state)
	sleeps "$1" || fail "resolvconf -$1 had ended before status was answered"
	[ "$state" = "$2" ] || fail "the state is '$state' instead of '$2'"
}
nothing_left() {
	[ ! -e "$R/c.journal" ] || fail "the journal is left: $(cat "$R/c.journal")"
	[ "$(tail -n 1 "$T/calls")" = "-d tun.$IFNAME.vpdial" ] || fail "the record was not taken back"
}

while_setting() {
	if case_is status-is-answered-while-name-servers-are-set; then
		dial
		within 10 begun a || fail "resolvconf is not called"
		IFNAME=$(field interface)
		status_is a configuring
		touch "$T/go-a" "$T/go-d"
		within 5 is_up || fail "not connected after resolvconf has ended"
		[ "$(field dns_way)" = resolvconf ] || fail "the way is '$(field dns_way)'"
		vpdial disconnect c >"$T/out-hangup" 2>&1 || fail "disconnect fails"
		nothing_left
		report
	fi
	if case_is disconnect-is-answered-while-name-servers-are-set; then
		dial
		within 10 begun a || fail "resolvconf is not called"
		IFNAME=$(field interface)
		sleeps a || fail "no test: resolvconf -a has ended"
		touch "$T/go-d"
		vpdial disconnect c >"$T/out-hangup" 2>&1 || fail "disconnect fails"
		[ ! -e "$T/ended-a" ] || fail "resolvconf -a had ended before"
		! kill -0 "$(cat "$T/begun-a")" 2>/dev/null || fail "resolvconf -a runs still"
		nothing_left
		report
	fi
}

while_undoing() {
	if case_is status-is-answered-while-name-servers-go-back; then
		touch "$T/go-a"
		dial
		within 10 is_up || fail "not connected"
		IFNAME=$(field interface)
		vpdial disconnect c >"$T/out-hangup" 2>&1 &
		PIDS="$PIDS $!"
		within 10 begun d || fail "resolvconf -d is not called"
		status_is d hanging-up
		[ -e "$R/c.journal" ] || fail "the journal has gone before the record"
		touch "$T/go-d"
		wait "${PIDS##* }" || fail "disconnect fails"
		nothing_left
		report
	fi
	if case_is one-that-hangs-is-killed-and-stays-in-the-journal; then
		touch "$T/go-a"
		dial
		within 10 is_up || fail "not connected"
		IFNAME=$(field interface)
		vpdial disconnect c >"$T/out-hangup" 2>&1 || fail "disconnect fails"
		! kill -0 "$(cat "$T/begun-d")" 2>/dev/null || fail "resolvconf -d runs still"
		grep -q 'resolvconf did not end within 5 s and was killed' "$T/log-dial" || fail "nothing is said of it"
		grep -q "^resolvconf tun.$IFNAME.vpdial" "$R/c.journal" || fail "the journal has forgotten the record"
		touch "$T/go-d"
		vpdial disconnect c >"$T/out-again" 2>&1 || fail "the second disconnect fails"
		nothing_left
		report
	fi
}

while_locked() {
	if case_is status-is-answered-while-somebody-else-edits-resolv.conf; then
		mv "$T/bin/resolvconf" "$T/"
		exec 9</etc
		flock 9
		dial
		within 10 is_configuring || fail "no status is answered while the lock is held"
		within 5 is_up || fail "not connected: a lock that is held for ever keeps it"
		[ "$(field dns_way)" = resolv.conf ] || fail "the way is '$(field dns_way)'"
		exec 9<&-
		vpdial disconnect c >"$T/out-hangup" 2>&1 || fail "disconnect fails"
		[ "$(cat /etc/resolv.conf)" = 'nameserver 192.0.2.1' ] || fail "resolv.conf is not as before"
		report
	fi
}

T=$(mktemp -d)
mount -t tmpfs tmpfs "$T"
chmod 755 "$T"
P=$T/client Q=$T/server R=$T/run S=$T/srun
mkdir "$P" "$Q" "$R" "$S" "$T/etc" "$T/bin"
cp -a /etc/. "$T/etc/"
mount --bind "$T/etc" /etc
mount -t tmpfs tmpfs /run
export PATH=$T/bin:/usr/bin:/bin # no real resolvconf
rm -f /etc/resolv.conf
echo 'nameserver 192.0.2.1' >/etc/resolv.conf
trap 'umount -l /etc "$T" 2>/dev/null; rmdir "$T" 2>/dev/null' EXIT
helper
while_setting
while_undoing
while_locked
[ $failures = 0 ]
