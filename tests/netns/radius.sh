#!/bin/bash
# The server mode with RADIUS: our own client calls our own server, which asks FreeRADIUS, or a server in
# Python that follows a script, each in a network namespace of its own.
#
# usage: tests/netns/radius.sh      (VPDIAL=program, ONLY=pattern of cases)
set -u
# shellcheck source=tests/netns/alone.bash
. "$(dirname "$(readlink -f "$0")")/alone.bash"
# shellcheck source=tests/netns/freeradius.bash
. "$(dirname "$(readlink -f "$0")")/freeradius.bash"
failures=0 current=''

alone radius "ip jq python3 ping freeradius"

T=$(mktemp -d)
mount -t tmpfs tmpfs "$T"
chmod 755 "$T"
trap 'no_network; umount -l "$T"; rmdir "$T"' EXIT
trap 'exit 143' TERM INT
P=$T/profiles Q=$T/conf R=$T/run S=$T/server
SERVER=10.88.1.1 CLIENT=10.88.1.2 AAA=10.88.2.2 SECRET=radius-secret
LINES=('Framed-IP-Address = 10.0.103.77')

case_is() { # case_is NAME: begins it if ONLY wants it
	# shellcheck disable=SC2053  # a pattern indeed
	[[ $1 == ${ONLY:-*} ]] || return 1
	current=$1 why=''
	rm -rf "${T:?}"/*
	mkdir "$P" "$Q" "$R" "$S"
	two_ends
	ip netns add aaa
	ip -n aaa link set lo up
	ip -n far link add aaa type veth peer name wan netns aaa
	ip -n far addr add 10.88.2.1/24 dev aaa
	ip -n aaa addr add $AAA/24 dev wan
	ip -n far link set aaa up
	ip -n aaa link set wan up
}
report() {
	[ -z "${SERVING-}" ] || server_stop
	if [ -z "$why" ]; then
		echo "ok $current"
	else
		echo "FAIL $current: $why"
		sed 's/^/  | /' "$T/serve" "$T/out" 2>/dev/null | tail -n 12
		failures=$((failures + 1))
	fi
	no_network
}
no_network() {
	local p own
	own=$(readlink /proc/self/ns/net)
	for p in $(ip netns pids far 2>/dev/null) $(ip netns pids aaa 2>/dev/null); do kill -KILL "$p" 2>/dev/null; done
	for p in /proc/[0-9]*; do
		case $(cat "$p/comm" 2>/dev/null) in vpdial*) [ "$(readlink "$p/ns/net")" != "$own" ] || kill -KILL "${p#/proc/}" ;; esac
	done
	ip link del wan 2>/dev/null
	for p in far aaa; do ip netns del $p 2>/dev/null; done
}
gone() { ! kill -0 "$1" 2>/dev/null; }
want() { [ "$2" = "$3" ] || fail "$1 is '$2' instead of '$3'"; }

# freeradius [REPLY...]: begins it.
freeradius_begin() {
	freeradius_conf "$T/raddb" "$AAA" "$SECRET" "$@"
	ip netns exec aaa freeradius -fxx -l "$T/raddb/log/radius.log" -d "$T/raddb" -D /usr/share/freeradius &
	disown
	within 10 grep -qs 'Ready to process requests' "$T/raddb/log/radius.log" || fail "FreeRADIUS does not start: $(tail -n 2 "$T/raddb/log/radius.log")"
}
# serve LINE...: with both listeners, these lines in them, and what $T/more says.
serve() {
	local type line
	{
		for type in pptp l2tp; do
			printf '[%s-server]\nenabled = yes\nlisten = %s\ndefault-profile = test\n' $type $SERVER
			for line; do printf '%s\n' "$line"; done
		done
		printf '[aaa]\nuse-radius = %s\n' "${USE-yes}"
		cat "$T/more" 2>/dev/null
	} >"$Q/server.conf"
	chmod 600 "$Q/server.conf"
	[ -e "$Q/ppp-profiles.conf" ] || printf '[test]\nuse-encryption = yes\n%s\n' "$POOL" >"$Q/ppp-profiles.conf"
	serve_again
}
serve_again() {
	STATE_DIRECTORY=$T/state LOGS_DIRECTORY=$T/logs ip netns exec far "$VPDIAL" --config "$Q" --run-dir "$S" serve >"$T/serve" 2>&1 </dev/null &
	SERVING=$!
	within 5 grep -qs enabled "$T/serve" || fail "the server does not start"
}
POOL='local-address = 10.0.103.1
remote-address = 10.0.103.10-10.0.103.20'
server_stop() {
	kill -TERM "$SERVING" 2>/dev/null
	within 12 gone "$SERVING" || { fail "the server does not end"; kill -KILL "$SERVING"; }
	wait "$SERVING" || fail "the server ended with status $?"
	SERVING=''
	[ -z "$(ip netns pids far)" ] || fail "processes of the server are left"
}
radius_section() { # radius_section [LINE...]
	printf '[radius one]\naddress = %s\nsecret = "%s"\n' "$AAA" "$SECRET"
	[ $# = 0 ] || printf '%s\n' "$@"
}
profile() { # profile TYPE LINE...
	local type=$1 line
	{
		printf '[connection]\ntype = %s\nconnect-to = %s\nredial = no\n' "$type" $SERVER
		shift
		for line in "user = ${USER_NAME-rad}" "password = \"${PASSWORD-Rad-Pass1}\"" "$@"; do printf '%s\n' "$line"; done
	} >"$P/c.conf"
	chmod 600 "$P/c.conf"
}
vpdial() { "$VPDIAL" --config "$P" --run-dir "$R" "$@"; }
users() { "$VPDIAL" --run-dir "$S" users "$@"; }
dial() { vpdial connect c >"$T/out" 2>&1 </dev/null || fail "connect: status $?: $(tail -n 1 "$T/out")"; }
refused() { # refused STATUS
	vpdial connect c >"$T/out" 2>&1 </dev/null
	local rc=$?
	[ $rc = "$1" ] || fail "connect: status $rc instead of $1: $(tail -n 1 "$T/out")"
}
hang_up() { vpdial disconnect c >"$T/out" 2>&1 || fail "disconnect: $(tail -n 1 "$T/out")"; }
pings() { ping -q -c 3 -i 0.1 -W 2 10.0.103.1 >"$T/ping" 2>&1 || fail "no answer through the tunnel"; }
user_field() { users --json | jq -r "[.users[] | select(.running)][0].$1"; }
encoding() { vpdial status c --json | jq -r '.connections[0].encoding'; }

matrix() {
	local type auth crypt wanted
	for type in pptp l2tp; do
		while read -r auth crypt wanted; do
			case_is "$type-$auth-$crypt" || continue
			ENCRYPT=no
			[ "$crypt" = none ] || [ "$crypt" = 40 ] || ENCRYPT=yes
			ENCRYPT=$ENCRYPT freeradius_begin "${LINES[@]}"
			radius_section >"$T/more"
			case $crypt in
			none) printf '[test]\nuse-encryption = no\n%s\n' "$POOL" >"$Q/ppp-profiles.conf" ;;
			40) printf '[test]\nuse-encryption = require\nmppe-strength = 40\n%s\n' "$POOL" >"$Q/ppp-profiles.conf" ;;
			*) printf '[test]\nuse-encryption = yes\n%s\n' "$POOL" >"$Q/ppp-profiles.conf" ;;
			esac
			serve "authentication = $auth"
			if [ "$crypt" = none ]; then
				profile "$type" "allow = $auth" 'use-encryption = yes'
			else
				profile "$type" "allow = $auth" 'use-encryption = require' "mppe-strength = $crypt"
			fi
			dial
			pings
			want encoding "$(encoding)" "${wanted//_/ }"
			want 'authentication at the server' "$(user_field auth)" "$auth"
			want user "$(user_field user)" rad
			want address "$(user_field remote_address)" 10.0.103.77
			hang_up
			report
		done <<-E
			pap none none
			chap none none
			mschap1 none none
			mschap2 none none
			mschap1 128 MPPE128_stateless
			mschap2 128 MPPE128_stateless
			mschap2 40 MPPE40_stateless
		E
	done
}

refusals() {
	local auth
	for auth in pap chap mschap1 mschap2; do
		case_is "wrong-password-$auth" || continue
		freeradius_begin
		radius_section >"$T/more"
		serve "authentication = $auth"
		PASSWORD=wrong profile pptp "allow = $auth" 'use-encryption = no'
		refused 19
		grep -q 'Ask the help desk' "$T/out" || fail "the caller does not read the Reply-Message: $(tail -n 1 "$T/out")"
		report
	done
}

freeradius_end() {
	local p
	for p in $(ip netns pids aaa); do kill -KILL "$p"; done
}
# acct STATUS ATTRIBUTE: of the last record of that status, as FreeRADIUS wrote it down.
acct() { awk -v s="$1" -v a="$2" 'BEGIN { RS = "" } $0 ~ "Acct-Status-Type = " s "\n" { r = $0 } END { n = split(r, l, "\n"); for (i = 1; i <= n; i++) { sub(/^[ \t]+/, "", l[i]); if (index(l[i], a " = ") == 1) { v = substr(l[i], length(a) + 4); gsub(/"/, "", v); print v } } }' "$T/raddb/acct/detail" 2>/dev/null; }
acct_count() { grep -c "Acct-Status-Type = $1\$" "$T/raddb/acct/detail" 2>/dev/null; }
has_acct() { [ "$(acct_count "$1")" = "$2" ]; }
queued() { find "$T/state/accounting" -type f 2>/dev/null | wc -l; }
is_queued() { [ "$(queued)" = "$1" ]; }
device() { users --json | jq -r '[.users[] | select(.running)][0].name'; }
kernel_octets() { ip -n far -s -j link show dev "$(device)" | jq ".[0].stats64.$1.bytes"; }
session_of_server() {
	local p
	for p in $(cat "/proc/$SERVING/task/$SERVING/children"); do
		! tr '\0' '\n' <"/proc/$p/cmdline" | grep -qx reader && [ "$(cat "/proc/$p/comm")" = vpdial-session ] && echo "$p"
	done
}
radius_process() {
	local p
	for p in $(cat "/proc/$SERVING/task/$SERVING/children"); do
		[ "$(cat "/proc/$p/comm")" != vpdial-radius ] || echo "$p"
	done
}
traffic() { ping -q -c 20 -i 0.01 -s 1000 10.0.103.1 >"$T/ping" 2>&1; }

accounting() {
	local rx tx kernel session
	if case_is accounting-agrees-at-three-places; then
		freeradius_begin 'Class = 0x6c6162' "${LINES[@]}"
		{ printf 'interim-update = 1s\naccounting-log = yes\n'; radius_section; } >"$T/more"
		serve
		within 5 has_acct Accounting-On 1 || fail "no Accounting-On"
		profile pptp 'dhcp-inform = no' # no packet but those counted
		dial
		within 5 has_acct Start 1 || fail "no Start"
		want Class "$(acct Start Class)" 0x6c6162
		want Framed-IP-Address "$(acct Start Framed-IP-Address)" 10.0.103.77
		want Calling-Station-Id "$(acct Start Calling-Station-Id)" $CLIENT
		traffic
		sleep 1.3
		users --json >/dev/null
		sleep 0.3
		rx=$(user_field rx_bytes) tx=$(user_field tx_bytes)
		kernel=$(kernel_octets rx)/$(kernel_octets tx)
		session=$(acct Start Acct-Session-Id)
		within 3 has_acct Interim-Update 2 || [ "$(acct_count Interim-Update)" -ge 2 ] || fail "no Interim-Update"
		hang_up
		within 5 has_acct Stop 1 || fail "no Stop"
		want 'octets of users and kernel' "$rx/$tx" "$kernel"
		want 'octets in' "$(acct Stop Acct-Input-Octets)" "$rx"
		want 'octets out' "$(acct Stop Acct-Output-Octets)" "$tx"
		want session "$(acct Stop Acct-Session-Id)" "$session"
		want cause "$(acct Stop Acct-Terminate-Cause)" User-Request
		want 'Class again' "$(acct Stop Class)" 0x6c6162
		within 3 is_queued 0 || fail "files are left in the queue"
		want 'lines of the log' "$(jq -s 'length' "$T/logs/accounting")" 2
		want 'octets in the log' "$(jq -s '.[1].rx_bytes' "$T/logs/accounting")" "$rx"
		want 'cause in the log' "$(jq -rs '.[1].cause' "$T/logs/accounting")" user-request
		LOGS_DIRECTORY=$T/logs vpdial users --history --json >"$T/history" || fail "no history: $(tail -n 1 "$T/history")"
		want 'records of the history' "$(jq -r '[.records[].event] | join(",")' "$T/history")" start,stop
		LOGS_DIRECTORY=$T/logs vpdial users --history | grep -q ' stop   rad .* user-request$' || fail "the history has no row of the end"
		want 'mode of the log' "$(stat -c %a "$T/logs/accounting")" 640
		server_stop
		has_acct Accounting-Off 1 || fail "no Accounting-Off"
		report
	fi
	if case_is accounting-of-a-killed-session; then
		freeradius_begin "${LINES[@]}"
		radius_section >"$T/more"
		serve
		profile l2tp
		dial
		traffic
		rx=$(kernel_octets rx)
		kill -KILL "$(session_of_server)"
		within 5 has_acct Stop 1 || fail "no Stop"
		want 'octets in' "$(acct Stop Acct-Input-Octets)" "$rx"
		[ "$rx" -gt 20000 ] || fail "no traffic: $rx"
		want cause "$(acct Stop Acct-Terminate-Cause)" NAS-Error
		report
	fi
	if case_is accounting-while-radius-is-away; then
		freeradius_begin "${LINES[@]}"
		radius_section 'timeout = 1s' 'tries = 1' >"$T/more"
		serve
		profile pptp
		dial
		within 5 has_acct Start 1 || fail "no Start"
		freeradius_end
		hang_up
		within 3 is_queued 1 || fail "the Stop is not in the queue: $(queued)"
		server_stop
		is_queued 1 || fail "the Stop is not in the queue any more: $(queued)"
		rm "$T/raddb/log/radius.log"
		sleep 2
		freeradius_begin "${LINES[@]}"
		serve_again
		within 10 has_acct Stop 1 || fail "the Stop does not come later"
		[ "$(acct Stop Acct-Delay-Time)" -ge 2 ] || fail "without its delay: $(acct Stop Acct-Delay-Time)"
		within 3 is_queued 0 || fail "files are left in the queue"
		grep -q '1 records of earlier calls' "$T/serve" || fail "the log does not say so"
		report
	fi
	if case_is accounting-survives-the-death-of-its-process; then
		freeradius_begin "${LINES[@]}"
		radius_section >"$T/more"
		serve
		profile pptp
		dial
		within 5 has_acct Start 1 || fail "no Start"
		kill -KILL "$(radius_process)"
		hang_up
		within 5 has_acct Stop 1 || fail "no Stop"
		within 3 is_queued 0 || fail "files are left in the queue"
		dial
		pings
		hang_up
		report
	fi
	if case_is accounting-log-on-a-full-disk-costs-no-call; then
		freeradius_begin "${LINES[@]}"
		{ printf 'accounting-log = yes\n'; radius_section; } >"$T/more"
		mkdir "$T/logs"
		mount -t tmpfs -o size=4k tmpfs "$T/logs"
		head -c 4096 /dev/zero >"$T/logs/filler"
		serve
		profile pptp
		dial
		pings
		hang_up
		within 3 grep -q 'accounting-log: a record is lost (1 so far): No space left' "$T/serve" || fail "the log does not say so"
		umount "$T/logs"
		report
	fi
}

# scripted MODE...: the server in Python.
scripted() {
	ip netns exec aaa python3 "$netns_dir/radius_server.py" $AAA "$SECRET" "$@" >"$T/scripted" 2>&1 &
	disown
	within 5 grep -qs ready "$T/scripted" || fail "the scripted server does not start"
}
says() { within 3 grep -q -- "$1" "$T/serve" || fail "the server does not say '$1'"; }
pap_call() { # pap_call LINE...: of [radius one]
	{ printf 'accounting = no\n'; radius_section "$@"; } >"$T/more"
	serve 'authentication = pap'
	profile pptp 'allow = pap' 'use-encryption = no'
}

faults() {
	local began
	if case_is silent-server; then
		scripted silent
		pap_call 'timeout = 1s' 'tries = 2'
		refused 10
		says 'RADIUS server one does not answer (2 s waited)'
		report
	fi
	if case_is nobody-listens; then
		pap_call 'timeout = 1s' 'tries = 2'
		refused 10
		says 'RADIUS server one: nobody listens at its port'
		report
	fi
	if case_is slow-server; then
		scripted slow 5
		pap_call
		dial
		pings
		hang_up
		report
	fi
	if case_is unsigned-answers; then
		scripted unsigned
		pap_call 'timeout = 1s' 'tries = 1'
		refused 10
		says 'does not sign its answers.*require-message-auth = no'
		report
	fi
	if case_is unsigned-answers-that-are-permitted; then
		scripted unsigned
		pap_call 'require-message-auth = no'
		dial
		hang_up
		report
	fi
	if case_is wrong-secret; then
		SECRET=other scripted slow 0
		pap_call 'timeout = 1s' 'tries = 1'
		refused 10
		says 'its answers do not match the secret'
		report
	fi
	if case_is forged-answers; then
		scripted forged
		pap_call
		refused 19
		report
	fi
	if case_is replayed-answers; then
		scripted replay
		pap_call 'timeout = 1s' 'tries = 1'
		dial
		hang_up
		refused 10
		says 'its answers do not match the secret'
		report
	fi
	if case_is hostile-answers; then
		scripted hostile
		pap_call
		dial
		pings
		want address "$(user_field remote_address)" 10.0.103.10
		want mtu "$(user_field mtu)" 1460
		! ip -n far route | grep -qE 'default|127.0.0.0|224.0.0.0' || fail "a route that cannot be: $(ip -n far route | tr '\n' '|')"
		! LC_ALL=C grep -aP '[\x00-\x08\x0b-\x1f\x7f]|^forged:' "$T/serve" "$T/out" || fail "raw octets in the log"
		says 'Framed-IP-Address that no client can have'
		hang_up
		report
	fi
	if case_is login-service; then
		scripted login
		pap_call
		refused 19
		says 'another service than Framed'
		report
	fi
	if case_is dead-server-first; then
		freeradius_begin "${LINES[@]}"
		{
			printf '[radius dead]\naddress = 10.88.2.99\nsecret = "x"\ntimeout = 1s\ntries = 2\n'
			radius_section
		} >"$T/more"
		serve
		profile pptp
		began=$SECONDS
		dial
		[ $((SECONDS - began)) -ge 2 ] || fail "the dead server was not asked"
		hang_up
		began=$SECONDS
		dial
		[ $((SECONDS - began)) -le 1 ] || fail "the dead server is asked first again"
		hang_up
		report
	fi
	if case_is process-killed-while-it-asks; then
		scripted slow 3
		pap_call
		vpdial connect c >"$T/out" 2>&1 </dev/null &
		within 5 grep -q request "$T/scripted" || fail "nothing is asked"
		kill -KILL "$(radius_process)"
		wait $!
		want status $? 10
		sleep 1.5
		dial
		hang_up
		report
	fi
	if case_is process-has-no-right-left; then
		scripted silent
		pap_call
		sleep 0.5
		local pid name
		pid=$(radius_process)
		for name in CapInh CapPrm CapEff CapBnd CapAmb; do
			want $name "$(awk -v n=$name: '$1 == n { print $2 }' "/proc/$pid/status")" 0000000000000000
		done
		want Seccomp "$(awk '/^Seccomp:/ { print $2 }' "/proc/$pid/status")" 2
		want NoNewPrivs "$(awk '/^NoNewPrivs:/ { print $2 }' "/proc/$pid/status")" 1
		want Uid "$(awk '/^Uid:/ { print $2 }' "/proc/$pid/status")" 65534
		want 'the root' "$(ls -A "/proc/$pid/root")" ''
		# Streams, the server's socket, its loop, two sockets.
		want descriptors "$(find "/proc/$pid/fd" -mindepth 1 | wc -l)" 7
		report
	fi
}

limits() {
	local what
	for what in only-one max-sessions; do
		case_is "$what-of-a-user" || continue
		printf '[secret loc]\npassword = "loc"\n%s\n[radius x]\naddress = %s\nsecret = "x"\ndisabled = yes\n' "$([ $what = only-one ] || echo 'max-sessions = 1')" "$AAA" >"$T/more"
		printf '[test]\nuse-encryption = yes\n%s\n%s\n' "$POOL" "$([ $what = max-sessions ] || echo 'only-one = yes')" >"$Q/ppp-profiles.conf"
		USE=no serve
		USER_NAME=loc PASSWORD=loc profile pptp
		cp "$P/c.conf" "$P/d.conf"
		vpdial connect d >"$T/out" 2>&1 </dev/null || fail "the first call: $(tail -n 1 "$T/out")"
		refused 10
		says "loc: the user .*$what"
		grep -q "the user .*$what" "$T/out" || fail "the caller does not read why: $(tail -n 1 "$T/out")"
		vpdial disconnect d >"$T/out" 2>&1
		dial
		hang_up
		report
	done
}

ipv6() {
	local type
	for type in pptp l2tp; do
		case_is "ipv6-of-the-server-$type" || continue
		printf '[secret loc]\npassword = "loc"\n' >"$T/more"
		printf '[test]\nuse-encryption = require\nuse-ipv6 = yes\n%s\n' "$POOL" >"$Q/ppp-profiles.conf"
		USE=no serve
		USER_NAME=loc PASSWORD=loc profile "$type" 'ipv6 = yes'
		dial
		pings
		local dev there
		dev=$(vpdial status c --json | jq -r '.connections[0].interface')
		there=$(ip -n far -6 -o addr show dev "$(device)" scope link | awk '{ sub("/.*", "", $4); print $4 }')
		[ -n "$there" ] || fail "the server has no address: $(ip -n far -6 addr show | tr '\n' '|')"
		ping -6 -q -c 3 -i 0.1 -W 2 "$there%$dev" >"$T/ping" 2>&1 || fail "no answer by IPv6: $(tail -n 2 "$T/ping" | tr '\n' '|')"
		hang_up
		report
	done
}

# FreeRADIUS keeps no LM hash, of which 40 bit keys after MS-CHAPv1 are made.
if case_is mschap1-without-lm-key; then
	ENCRYPT=no freeradius_begin
	radius_section >"$T/more"
	printf '[test]\nuse-encryption = require\nmppe-strength = 40\n%s\n' "$POOL" >"$Q/ppp-profiles.conf"
	serve 'authentication = mschap1'
	profile pptp 'allow = mschap1' 'use-encryption = require' 'mppe-strength = 40'
	refused 10
	within 3 grep -q 'keys for 128 bits only' "$T/serve" || fail "the server does not say why"
	report
fi

matrix
refusals
accounting
faults
limits
ipv6
exit $((failures > 0))
