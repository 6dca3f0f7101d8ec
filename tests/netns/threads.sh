#!/bin/bash
# The second thread of the data path in whole programs: our own client and server in namespaces of
# their own, the tunnel flooded both ways.  That it comes when a core is full and goes afterwards, by
# itself; and that a call ends, dies and is dialed anew at full load.  (What it carries is compared
# octet by octet in offload.sh, whose rows "two" force it.)
#
# usage: tests/netns/threads.sh      (VPDIAL=program, ONLY=pattern of cases)
set -u
# shellcheck source=tests/netns/alone.bash
. "$(dirname "$(readlink -f "$0")")/alone.bash"
[ "$(nproc)" -gt 1 ] || { echo "skip threads: needs two cores"; exit 0; }
alone threads "ip jq python3 ping"
failures=0

T=$(mktemp -d)
mount -t tmpfs tmpfs "$T"
mount -t tmpfs tmpfs /run
mkdir "$T/p" "$T/q" "$T/r" "$T/s" /run/netns
SERVING='' CALL='' FLOODS=''
cleanup() {
	local p
	for p in $CALL $FLOODS $SERVING; do kill -KILL "$p" 2>/dev/null; done
	ip netns del far
	umount -l "$T"
	rmdir "$T"
}
trap cleanup EXIT
two_ends

# Datagrams as fast as they can be made, from OWN to PEER; those that come stay unread.
cat >"$T/flood.py" <<'END'
import socket, struct, sys, time
own, peer = sys.argv[1:3]
sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sink.bind(('0.0.0.0', 7009))
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
SOL_UDP, UDP_SEGMENT = 17, 103
s.setsockopt(SOL_UDP, UDP_SEGMENT, 1300)
data = bytes(1300 * 40)
while True:
    try:
        s.sendto(data, (peer, 7009))
    except OSError:
        time.sleep(0.05)  # no route: between two calls
END

write_configs() { # write_configs TYPE MODE
	printf '[%s-server]\nenabled = yes\nlisten = 10.88.1.1\ndefault-profile = default-encryption\n[secret ex]\npassword = "x1"\nlocal-address = 10.77.0.1\nremote-address = 10.77.0.2\n' "$1" >"$T/q/server.conf"
	printf '[connection]\ntype = %s\nconnect-to = 10.88.1.1\nuser = ex\npassword = "x1"\nuse-encryption = require\nredial = yes\nredial-min = 1\n' "$1" >"$T/p/lab.conf"
	# A flood may lose thousands of packets in a row: by MPPE's count of 12 bits alone none finds back.
	[ "$1" != l2tp ] || printf 'sequencing = yes\n' >>"$T/p/lab.conf"
	[ "$2" != stateful ] || printf 'mppe-mode = stateful\n' >>"$T/p/lab.conf"
	chmod 600 "$T/p/lab.conf" "$T/q/server.conf"
}
vpdial() { "$VPDIAL" --config "$T/p" --run-dir "$T/r" "$@"; }
status() { vpdial status lab --json 2>/dev/null | jq -r ".connections[0]$1"; }
is_connected() { [ "$(status .status)" = connected ]; }
gone() { ! kill -0 "$1" 2>/dev/null; }
session_pid() { pgrep -P "$CALL" -x vpdial-session; }
threads_of() { find "/proc/$1/task" -mindepth 1 -maxdepth 1 | wc -l; }
# CPU time of the second thread so far, in ticks.
second_ticks() {
	local task
	for task in "/proc/$1"/task/*; do
		[ "${task##*/}" = "$1" ] || awk '{ sub(/.*\) /, ""); print $12 + $13 }' "$task/stat"
	done
}
quiet() { # nothing came or went for half a second
	local before
	before=$(status '.counters | [.wire_rx, .wire_tx]')
	sleep 0.5
	[ "$before" = "$(status '.counters | [.wire_rx, .wire_tx]')" ]
}
second_works() { [ "$(second_ticks "$1")" -gt "$2" ]; }

dial() { # dial TYPE MODE THREADS
	write_configs "$1" "$2"
	: >"$T/serve"
	ip netns exec far "$VPDIAL" --config "$T/q" --run-dir "$T/s" serve >"$T/serve" 2>&1 </dev/null &
	SERVING=$!
	within 5 grep -q enabled "$T/serve" || fail "the server does not listen" || return
	: >"$T/out"
	(
		[ "$3" = auto ] || export VPDIAL_TEST_THREADS=$3
		# Without the kernel's help, so that this end is the one that has much to do.
		VPDIAL_TEST_OFFLOAD=none exec "$VPDIAL" --config "$T/p" --run-dir "$T/r" connect lab --foreground --debug
	) >"$T/out" 2>&1 </dev/null &
	CALL=$!
	within 15 is_connected || fail "not connected"
}
flood() {
	python3 "$T/flood.py" 10.77.0.2 10.77.0.1 >"$T/near" 2>&1 </dev/null &
	FLOODS=$!
	ip netns exec far python3 "$T/flood.py" 10.77.0.1 10.77.0.2 >"$T/far" 2>&1 </dev/null &
	FLOODS="$FLOODS $!"
}
flood_ends() {
	local p
	for p in $FLOODS; do kill "$p" 2>/dev/null; wait "$p" 2>/dev/null; done
	FLOODS=''
}
traffic_both_ways() { # since the counters were $1 and $2
	[ "$(status .counters.rx_packets)" -gt "$1" ] && [ "$(status .counters.tx_packets)" -gt "$2" ]
}

comes_and_goes() { # comes_and_goes TYPE
	local pid switches
	dial "$1" stateless auto || return
	pid=$(session_pid)
	[ "$(threads_of "$pid")" = 2 ] || fail "$(threads_of "$pid") threads instead of 2" || return
	[ "$(second_ticks "$pid")" = 0 ] || fail "the second thread works before the traffic" || return
	flood
	within 30 grep -q 'sending has a thread of its own now' "$T/out" || fail "it does not come" || return
	within 5 second_works "$pid" 5 || fail "it came and does not work" || return
	flood_ends
	within 10 grep -q 'one thread serves both directions again' "$T/out" || fail "it does not go" || return
	# What lies in queues of a busy machine has to arrive first.
	within 20 quiet || fail "it does not come to rest" || return
	# At rest nothing wakes either of them but what PPP sends.
	switches=$(cat "/proc/$pid"/task/*/status | awk '/^voluntary/ { n += $2 } END { print n }')
	sleep 3
	switches=$(($(cat "/proc/$pid"/task/*/status | awk '/^voluntary/ { n += $2 } END { print n }') - switches))
	[ $switches -le 6 ] || fail "$switches wake-ups in three seconds at rest" || return
	ping -q -c 2 -i 0.2 -W 2 10.77.0.1 >/dev/null || { status .counters >"$T/near"; fail "no ping afterwards: $(tr -d "\n " <"$T/near")"; }
}
hang_up_at_full_load() { # hang_up_at_full_load TYPE MODE
	local pid
	dial "$1" "$2" always || return
	pid=$(session_pid)
	flood
	within 5 second_works "$pid" 5 || fail "the second thread does not work" || return
	vpdial disconnect lab >"$T/bye" 2>&1 || fail "disconnect: $(tail -n 1 "$T/bye")" || return
	within 8 gone "$pid" || fail "the session does not end" || return
	grep -qE 'killed|unexpectedly|forbidden' "$T/out" && { fail "it did not end well"; return; }
	within 8 gone "$CALL" || fail "the client does not end"
}
redial_at_full_load() { # redial_at_full_load TYPE
	local pid other round
	dial "$1" stateless always || return
	flood
	for round in 1 2 3; do
		pid=$(session_pid)
		within 5 second_works "$pid" 5 || fail "round $round: the second thread does not work" || return
		vpdial redial lab >"$T/bye" 2>&1 || fail "redial: $(tail -n 1 "$T/bye")" || return
		within 10 gone "$pid" || fail "round $round: the session does not end" || return
		within 20 is_connected || fail "round $round: not connected again" || return
		other=$(session_pid)
		[ "$(threads_of "$other")" = 2 ] || fail "round $round: $(threads_of "$other") threads" || return
		within 5 traffic_both_ways 100 100 || fail "round $round: no traffic both ways" || return
	done
}
session_killed_at_full_load() { # session_killed_at_full_load TYPE
	local pid
	dial "$1" stateless always || return
	pid=$(session_pid)
	flood
	within 5 second_works "$pid" 5 || fail "the second thread does not work" || return
	kill -KILL "$pid"
	within 5 gone "$pid" || fail "it does not end" || return
	within 20 is_connected || fail "not connected again" || return
	within 5 second_works "$(session_pid)" 5 || fail "the second thread does not work again"
}
end_case() {
	flood_ends
	vpdial disconnect lab >/dev/null 2>&1
	[ -z "$CALL" ] || within 10 gone "$CALL" || fail "the client does not end"
	[ -z "$SERVING" ] || kill -TERM "$SERVING" 2>/dev/null
	[ -z "$SERVING" ] || within 12 gone "$SERVING" || fail "the server does not end"
	wait 2>/dev/null
	SERVING='' CALL=''
}

while read -r name case args; do
	[ -n "$name" ] || continue
	# shellcheck disable=SC2053  # a pattern indeed
	[[ $name == ${ONLY:-*} ]] || continue
	why=''
	# shellcheck disable=SC2086  # words
	$case $args
	end_case
	if [ -z "$why" ]; then
		echo "ok $name"
	else
		echo "FAIL $name: $why"
		sed 's/^/  | /' "$T/serve" "$T/out" 2>/dev/null | tail -n 12
		failures=$((failures + 1))
	fi
done <<-'END'
	l2tp-comes-when-a-core-is-full-and-goes comes_and_goes l2tp
	pptp-comes-when-a-core-is-full-and-goes comes_and_goes pptp
	l2tp-hang-up-at-full-load hang_up_at_full_load l2tp stateless
	pptp-hang-up-at-full-load hang_up_at_full_load pptp stateless
	pptp-stateful-hang-up-at-full-load hang_up_at_full_load pptp stateful
	l2tp-redial-at-full-load redial_at_full_load l2tp
	pptp-redial-at-full-load redial_at_full_load pptp
	l2tp-session-killed-at-full-load session_killed_at_full_load l2tp
END
exit $((failures > 0))
