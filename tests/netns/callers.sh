#!/bin/bash
# Tests of the server mode against hostile callers, one case for each thing they do (callers.py
# says what and what the server must do).  Beside each a good caller has a call: it must carry data
# afterwards, and the server must have the processes, descriptors, devices and memory it had before.
#
# usage: tests/netns/callers.sh [NAME]      (VPDIAL=program, ONLY=pattern of cases, LANES=8, TIMES=1)
set -u
: "${LANES:=8}" # most of the time is waiting
# shellcheck source=tests/netns/lane.bash
. "$(dirname "$(readlink -f "$0")")/lane.bash"
# Of the server, over all cases of a lane: 64 calls at once are the most, and what they had is kept at hand.
GROWTH_KB=2048
SERVER_KIND='' SERVE_PID='' SOURCE=0

LIST=$(python3 "$netns_dir/callers.py" --list)
cases() { cut -d ' ' -f 2 <<<"$LIST"; }

# The server's end.  Kinds: "plain", and "secret" with a tunnel secret.
server_start() { # server_start KIND
	local type
	server_end
	mkdir -p "$T/q" "$T/s"
	{
		for type in pptp l2tp; do
			printf '[%s-server]\nenabled = yes\nlisten = %s\nauthentication = mschap2\ndefault-profile = strict\n' $type $SERVER
			[ $type$1 != l2tpsecret ] || printf 'tunnel-secret = "callers-tunnel-secret"\n'
		done
		printf '[secret good]\nname = good\npassword = "Good-Pass1"\nlocal-address = 10.0.103.1\nremote-address = 10.0.103.2\n'
		printf '[secret mallory]\nname = mallory\npassword = "Mallory-Pass1"\nlocal-address = 10.0.103.1\nremote-address = 10.0.103.3\n'
	} >"$T/q/server.conf"
	printf '[strict]\nuse-encryption = require\nmppe-strength = 128\nmppe-mode = stateless\n' >"$T/q/ppp-profiles.conf"
	chmod 600 "$T/q"/*.conf
	: >"$T/serve"
	ip netns exec far "$VPDIAL" --config "$T/q" --run-dir "$T/s" serve --debug >"$T/serve" 2>&1 </dev/null &
	SERVE_PID=$!
	SERVER_KIND=$1
	within 10 grep -q 'l2tp-server enabled' "$T/serve" || fail "the server does not start: $(tail -n 1 "$T/serve")"
	good_call
	# What is touched for the first time by a call that fails is not growth.
	python3 "$netns_dir/callers.py" --server $SERVER --source 10.88.1.254 --pid "$SERVE_PID" pptp-wrong-password >/dev/null 2>&1
	python3 "$netns_dir/callers.py" --server $SERVER --source 10.88.1.254 --pid "$SERVE_PID" pptp-hostile-names >/dev/null 2>&1
	sleep 1
	BEFORE=$(server_state 2>&1)
	MEMORY=$(resident "$SERVE_PID")
}
server_end() {
	[ -n "$SERVE_PID" ] || return 0
	vpdial disconnect --all >/dev/null 2>&1
	kill -TERM "$SERVE_PID" 2>/dev/null
	within 12 gone "$SERVE_PID" || { fail "the server does not end"; kill -KILL "$SERVE_PID"; }
	wait "$SERVE_PID" 2>/dev/null
	SERVE_PID='' SERVER_KIND=''
}
gone() { ! kill -0 "$1" 2>/dev/null; }
server_state() {
	ip -n far -o link show | sed 's/^[0-9]*: //; s/qlen.*//'
	ip -n far -4 -o addr show | sed 's/^[0-9]*: //'
	ip -n far -4 route show table all
	ls -A "$T/s"
	cat "/proc/$SERVE_PID/task/$SERVE_PID/children"
	ls "/proc/$SERVE_PID/fd" | wc -l
}
server_as_before() { [ "$(server_state 2>&1)" = "$BEFORE" ]; }
good_call() {
	{
		printf '[connection]\ntype = pptp\nconnect-to = %s\nuser = good\npassword = "Good-Pass1"\n' $SERVER
		printf 'src-address = 10.88.1.2\nuse-encryption = require\nredial = no\n'
	} >"$P/good.conf"
	chmod 600 "$P/good.conf"
	vpdial connect good >"$T/out" 2>&1 </dev/null || fail "the good caller: $(tail -n 1 "$T/out")"
}
good_is_there() { ping -q -c 1 -W 1 10.0.103.1 >"$T/ping" 2>&1; }

# Addresses that no case had before in this lane, as many as it wants: a source that did wrong waits.
sources() { # sources COUNT
	[ $((SOURCE + $1)) -le 236 ] || SOURCE=0
	if [ $SOURCE = 0 ]; then
		local n
		for ((n = 10; n < 255; n++)); do echo "addr replace 10.88.1.$n/32 dev eth0"; done | ip -batch -
	fi
	FROM=10.88.1.$((SOURCE + 10))
	SOURCE=$((SOURCE + $1))
}

run_case() {
	local kind addresses log_at text limit=45
	read -r kind _ addresses text <<<"$(awk -v n="$1" '$2 == n' <<<"$LIST")"
	[ -n "$kind" ] || { fail "no such case"; return; }
	sources "$addresses"
	if [ "$kind" != "$SERVER_KIND" ]; then
		server_start "$kind"
	elif ! within 3 good_is_there; then
		fail "the good caller's call died after the case before"
		return
	fi
	log_at=$(wc -c <"$T/serve")
	timeout 150 python3 "$netns_dir/callers.py" --server $SERVER --source "$FROM" --pid "$SERVE_PID" "$1" >"$T/out" 2>&1 || fail "$(tail -n 1 "$T/out")"
	# A caller that vanished is kept for as long as a slow one may take, one that breaks off is not.
	[[ $1 != *-fin-after-* && $1 != *-rst-after-* ]] || limit=8
	within $limit server_as_before || fail "the server is not as before: $(diff <(echo "$BEFORE") <(server_state 2>&1) | tr '\n' '|')"
	tail -c +$((log_at + 1)) "$T/serve" >"$T/log"
	[ -z "$text" ] || grep -aqE -- "$text" "$T/log" || fail "the log does not say '$text': $(grep -a 'call from .* ended' "$T/log" | tail -n 1)"
	! grep -aqE 'forbidden|killed by|unexpectedly|not permitted|ended at once' "$T/log" || fail "a session broke: $(grep -aE -m1 'forbidden|killed|unexp|permitted|at once' "$T/log")"
	clean "$T/log"
	! grep -aqE 'Good-Pass1|Mallory-Pass1' "$T/log" || fail "a password is in the log"
	[ $(($(resident "$SERVE_PID") - MEMORY)) -le $GROWTH_KB ] || fail "the server grew from $MEMORY to $(resident "$SERVE_PID") kB"
	within 3 good_is_there || fail "the good caller's call is dead"
}

# The good caller and the server stay from case to case.
tidy() { [ -z "$why" ] || server_end; }
lane_cleanup_usual=$(declare -f lane_cleanup)
eval "usual_${lane_cleanup_usual}"
lane_cleanup() {
	server_end
	usual_lane_cleanup
}
lanes_main "$@"
