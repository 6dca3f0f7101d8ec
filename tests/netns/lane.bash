# shellcheck shell=bash
# What hostile.sh and machine.sh share: lanes, each with a network and mount namespace of its own
# (client: this one; server: "far", joined by veth), that take cases from one list.
#
# A test script defines "cases" (prints the names) and "run_case NAME", then calls "lanes_main".
# Results are lines "ok NAME", "FAIL NAME: why", "skip NAME: what is missing".

# shellcheck source=tests/netns/alone.bash
. "$(dirname "${BASH_SOURCE[0]}")/alone.bash"
LANES=${LANES:-4} # they wait more than they work
SERVER=10.88.1.1 USER_NAME=alice PASSWORD=Netns-Pass1

failures=0 current=''

# The namespaces, this machine's /etc and /run in copies, a server's end with two addresses.
lane_setup() {
	T=$(mktemp -d)
	mount -t tmpfs tmpfs "$T"
	chmod 755 "$T"
	mkdir "$T/etc" "$T/run" "$T/conf"
	cp -a /etc/. "$T/etc/"
	mount --bind "$T/etc" /etc
	mount -t tmpfs tmpfs /run
	trap lane_cleanup EXIT
	trap 'exit 143' TERM INT
	P=$T/conf R=$T/run
	rm -f /etc/resolv.conf
	printf 'nameserver 192.0.2.1\nsearch home.example\n' >/etc/resolv.conf
	ip netns add far
	ip link set lo up
	ip link add eth0 type veth peer name peer netns far
	ip link add lan0 type veth peer name lanp netns far
	ip link set eth0 up
	ip link set lan0 up
	ip -n far link set peer up
	ip -n far link set lanp up
	ip -n far link set lo up
	ip addr add 10.88.1.2/24 dev eth0
	ip addr add 192.168.77.1/24 dev lan0
	ip -n far addr add $SERVER/24 dev peer
	ip -n far addr add 10.88.1.9/24 dev peer
	ip route add default via $SERVER dev eth0
	# Link-local addresses settle by and by; the snapshots must not catch that.
	within 5 settled
	ping -q -c 1 -W 2 $SERVER >/dev/null
	snapshot >"$T/before"
}
settled() { [ -z "$(ip -6 addr show tentative)" ] && ip -6 addr show dev eth0 | grep -q fe80 && ip -6 addr show dev lan0 | grep -q fe80; }
lane_cleanup() {
	trap '' TERM INT
	lane_kill
	ip netns del far 2>/dev/null
	umount -l /etc /run
	umount -l "$T"
	rmdir "$T"
}

# Processes of the program in this lane: by the run directory and user they were given, or as
# children of those; a lane has a network namespace of its own, so that is what tells.
client_pids() {
	local p here comm
	here=$(readlink /proc/self/ns/net)
	for p in /proc/[0-9]*; do
		{ read -r comm <"$p/comm"; } 2>/dev/null || continue
		case $comm in
		vpdial*) [ "$(readlink "$p/ns/net" 2>/dev/null)" != "$here" ] || grep -q '^State:.*Z' "$p/status" 2>/dev/null || echo "${p#/proc/}" ;;
		esac
	done
}
session_pid() {
	local p
	for p in $(client_pids); do [ "$(cat "/proc/$p/comm")" != vpdial-session ] || echo "$p"; done
}
lane_kill() {
	local pid
	for pid in $(client_pids) ${BUSY-} ${SCRIPTED-}; do kill -KILL "$pid" 2>/dev/null; done
	SCRIPTED='' BUSY=''
}

snapshot() {
	ip -o link show
	ip -o addr show
	ip -4 route show table all
	ip -6 route show table all | sort
	ip rule show
	cat /etc/resolv.conf
	stat -c '%F %a %N' /etc/resolv.conf
}
resident() { sed -n 's/^VmRSS:[ \t]*\([0-9]*\) kB/\1/p' "/proc/$1/status"; }
descriptors() { find "/proc/$1/fd" -mindepth 1 2>/dev/null | wc -l; }
is_as_before() { snapshot 2>&1 | cmp -s - "$T/before"; }
is_quiet() { [ -z "$(client_pids)" ] && ! compgen -G "$R/*.sock" >/dev/null && ! compgen -G "$R/*.journal" >/dev/null; }
all_gone() { # all_gone SECONDS
	within "$1" is_quiet || fail "left behind: $(client_pids | while read -r p; do tr '\0' ' ' <"/proc/$p/cmdline"; done) $(ls "$R")"
	within 2 is_as_before || fail "not as before: $(snapshot 2>&1 | diff "$T/before" - | tr '\n' '|')"
}

# serve SCENARIO...: the scripted server; its log is $T/server.
serve() {
	rm -f "$T/server"
	ip netns exec far python3 "$netns_dir/pptp_server.py" --log "$T/server" "$@" 2>"$T/server.err" &
	SCRIPTED=$!
	within 5 grep -qs '^listening' "$T/server" || fail "the scripted server does not start: $(tail -n 2 "$T/server.err")"
}
# server_done: ends it; what it saw is then in $T/server.
server_done() {
	[ -n "${SCRIPTED-}" ] || return 0
	kill -TERM "$SCRIPTED" 2>/dev/null
	wait "$SCRIPTED" 2>/dev/null
	SCRIPTED=''
	grep -q '^seen' "$T/server" || fail "the scripted server broke: $(tail -n 1 "$T/server.err")"
}
seen() { sed -n "s/^seen.* $1=\([0-9]*\).*/\1/p" "$T/server" | grep . || echo 0; }
want_seen() { # want_seen KEY TEST...: e.g. "wire-clear -eq 0"
	local n
	n=$(seen "$1")
	test "$n" "$2" "$3" || fail "on the wire: $1 is $n, not $2 $3"
}
step() { grep -qx "step $1" "$T/server"; }

# profile NAME "KEY = VALUE"...: the usual account and server, then these lines.
profile() {
	local name=$1 line key
	shift
	{
		printf '[connection]\ntype = pptp\n'
		for key in "connect-to = $SERVER" "user = $USER_NAME" "password = \"$PASSWORD\"" \
			'use-encryption = require' 'allow = mschap2' 'use-peer-dns = yes' 'redial = no'; do
			printf '%s\n' "$@" | grep -q "^${key%% *} " || printf '%s\n' "$key"
		done
		for line; do [ -z "$line" ] || printf '%s\n' "$line"; done
	} >"$P/$name.conf"
	chmod 600 "$P/$name.conf"
}

vpdial() { "$VPDIAL" --config "$P" --run-dir "$R" "$@"; }
# field JQ-PATH: of lab's status.
field() { vpdial status lab --json 2>/dev/null | jq -r ".connections[0]$1"; }
is_connected() { [ "$(field .status)" = connected ]; }
counter() { field ".counters.$1"; }

# clean FILE...: no octet that a terminal or a reader of lines would act on.
clean() {
	local bad
	bad=$(LC_ALL=C grep -aPn '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8b-\x8f\xa8-\xae]|(^|[^\xc2-\xf4\x80-\xbf])[\x80-\xbf]|^forged:' "$@" | head -n 1 | cat -v)
	[ -z "$bad" ] || fail "raw octets of the peer in the output: $bad"
	! grep -aq -- "$PASSWORD" "$@" || fail "the password is in the output"
}

# refused STATUS REGEX SECONDS [OPTION...]: "connect lab" fails with it, in that time, with one sentence.
refused() {
	local rc start lines took
	local status=$1 text=$2 limit=$3
	shift 3
	start=$(date +%s%N)
	vpdial connect lab "$@" >"$T/out" 2>"$T/err" </dev/null
	rc=$?
	took=$(($(date +%s%N) - start))
	[[ "|$status|" == *"|$rc|"* ]] || fail "status $rc instead of $status: $(tail -n 2 "$T/err" | tr '\n' '|')"
	grep -qiE -- "$text" "$T/err" || fail "does not say '$text': $(tr '\n' '|' <"$T/err")"
	lines=$(wc -l <"$T/err")
	[ "$lines" = 1 ] || fail "$lines lines on stderr instead of one: $(tr '\n' '|' <"$T/err")"
	[ $((took / 100000000)) -le $((limit * 10)) ] || fail "took $((took / 1000000)) ms, more than $limit s"
	clean "$T/out" "$T/err"
	all_gone 3
}

# call_begin [OPTION...]: the call as a service manager has it; up_in_foreground: until connected.
call_begin() {
	vpdial connect lab --foreground "$@" >"$T/out" 2>"$T/err" </dev/null &
	CALL=$!
}
up_in_foreground() {
	call_begin "$@"
	within 15 is_connected || fail "not connected: $(tail -n 2 "$T/err" | tr '\n' '|')"
}
has_ended() { ! kill -0 "$CALL" 2>/dev/null; }
# ends_with STATUS REGEX SECONDS: the foreground call ends so.
ends_with() {
	local rc start
	start=$(date +%s%N)
	within "$3" has_ended || { fail "has not ended after $3 s"; lane_kill; }
	wait "$CALL"
	rc=$?
	[ $((($(date +%s%N) - start) / 100000000)) -le $(($3 * 10)) ] || fail "took $((($(date +%s%N) - start) / 1000000)) ms to end"
	[[ "|$1|" == *"|$rc|"* ]] || fail "status $rc instead of $1: $(tail -n 2 "$T/err" | tr '\n' '|')"
	grep -qiE -- "$2" "$T/err" || fail "does not say '$2': $(tail -n 2 "$T/err" | tr '\n' '|')"
	clean "$T/out" "$T/err"
	all_gone 3
}
pings() { ping -q -c 2 -i 0.2 -W 3 10.99.0.1 >"$T/ping" 2>&1; }
hang_up() {
	vpdial disconnect lab >"$T/out" 2>&1 || fail "disconnect: $(tr '\n' '|' <"$T/out")"
	all_gone 3
}

# For the next case, whatever this one did.
tidy() {
	lane_kill
	vpdial disconnect --all >/dev/null 2>&1
	ip route flush proto 118
	rm -rf "${R:?}"/* "${P:?}"/*
}

lane_run() {
	local names name n
	mapfile -t names < <(cases)
	lane_setup
	while n=$(flock "$LANE_QUEUE" sh -c 'n=$(cat "$1"); echo $((n + 1)) >"$1"; echo "$n"' next "$LANE_QUEUE"); do
		[ "$n" -lt ${#names[@]} ] || break
		name=${names[n]}
		# shellcheck disable=SC2053  # a pattern indeed
		[[ $name == ${ONLY:-*} ]] || continue
		current=$name why='' SECONDS=0
		rm -f "$T/out" "$T/err"
		run_case "$name"
		server_done
		if [ "$why" = skip ]; then
			:
		elif [ -z "$why" ]; then
			echo "ok $name${TIMES:+ # $SECONDS s}"
		else
			echo "FAIL $name: $why"
			failures=$((failures + 1))
		fi
		tidy
	done
	exit $((failures > 0))
}
skip() { echo "skip $current: $1"; why=skip; }

lanes_main() {
	local pids=() pid rc=0 missing=''
	if [ -n "${LANE_QUEUE-}" ]; then
		lane_run
	fi
	[ "$(id -u)" = 0 ] || { echo "skip $(basename "$0" .sh): needs root"; exit 0; }
	for pid in jq python3 ip unshare setpriv ping; do command -v $pid >/dev/null || missing="$missing $pid"; done
	[ -z "$missing" ] || { echo "skip $(basename "$0" .sh): not installed:$missing"; exit 0; }
	LANE_QUEUE=$(mktemp)
	export LANE_QUEUE VPDIAL
	echo 0 >"$LANE_QUEUE"
	trap 'rm -f "$LANE_QUEUE"; kill "${pids[@]}" 2>/dev/null' EXIT
	for ((pid = 0; pid < LANES; pid++)); do
		unshare -n -m --propagation private "$BASH" "$0" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid" || rc=1; done
	exit $rc
}
