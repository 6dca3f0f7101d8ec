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
		printf '[aaa]\nuse-radius = yes\n'
		cat "$T/more" 2>/dev/null
	} >"$Q/server.conf"
	chmod 600 "$Q/server.conf"
	[ -e "$Q/ppp-profiles.conf" ] || printf '[test]\nuse-encryption = yes\n%s\n' "$POOL" >"$Q/ppp-profiles.conf"
	ip netns exec far "$VPDIAL" --config "$Q" --run-dir "$S" serve >"$T/serve" 2>&1 </dev/null &
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
exit $((failures > 0))
