# shellcheck shell=bash
# What stays.sh and faults.sh share: the lane's two uplinks to a router, behind which our own server
# mode answers both protocols, and profiles that redial quickly.
shopt -s lastpipe
# shellcheck source=tests/netns/lane.bash
. "$(dirname "${BASH_SOURCE[0]}")/lane.bash"

SERVER=203.0.113.1 USER_NAME=john PASSWORD=Stays-Pass1
INNER=10.99.0.1

# Besides the lane's own: eth1, a second uplink to the same router; the server's address is behind it.
network() {
	ip link add eth1 type veth peer name peer1 netns far 2>/dev/null
	ip link set eth0 up
	ip link set eth1 up
	ip -n far link set peer up
	ip -n far link set peer1 up
	ip -n far addr replace 10.88.2.1/24 dev peer1
	ip -n far addr replace 10.88.1.1/24 dev peer
	ip -n far addr replace 10.88.1.9/24 dev peer
	ip -n far addr replace $SERVER/32 dev lo
	ip addr flush dev eth0 scope global
	ip addr flush dev eth1 scope global
	ip addr replace 10.88.1.2/24 dev eth0
	ip route replace default via 10.88.1.1 dev eth0 metric 100
	within 5 eth1_settled
	within 5 pings_router
	snapshot >"$T/before"
}
eth1_settled() { [ -z "$(ip -6 addr show tentative)" ] && ip -6 addr show dev eth1 | grep -q fe80; }
pings_router() { ping -q -c 1 -W 1 $SERVER >/dev/null 2>&1; }

# server_begin LINE...: the server mode, both protocols; the lines go to john's secret.
server_begin() {
	local type line
	mkdir -p "$T/server.d" "$T/server.run"
	{
		for type in pptp l2tp; do printf '[%s-server]\nenabled = yes\nlisten = %s\nkeepalive-timeout = 5\n' $type $SERVER; done
		printf '[secret john]\npassword = "%s"\nlocal-address = %s\nremote-address = 10.99.0.100\n' "$PASSWORD" $INNER
		for line; do printf '%s\n' "$line"; done
		printf '[secret jane]\npassword = "%s"\nlocal-address = %s\nremote-address = 10.99.0.101-10.99.0.120\n' "$PASSWORD" $INNER
	} >"$T/server.d/server.conf"
	chmod 600 "$T/server.d/server.conf"
	server_again
}
server_again() {
	: >"$T/serve"
	ip netns exec far "$VPDIAL" --config "$T/server.d" --run-dir "$T/server.run" serve >"$T/serve" 2>&1 </dev/null &
	SERVING=$!
	within 5 grep -q enabled "$T/serve" || fail "the server does not start: $(tail -n 1 "$T/serve")"
}
server_end() { # server_end [SIGNAL]
	local p
	[ -n "${SERVING-}" ] || return 0
	if [ "${1-TERM}" = KILL ]; then
		for p in $(ip netns pids far); do kill -KILL "$p" 2>/dev/null; done
	else
		kill -TERM "$SERVING"
	fi
	within 12 gone "$SERVING" || kill -KILL "$SERVING"
	{ wait "$SERVING"; } 2>/dev/null
	SERVING=''
	rm -f "$T"/server.run/.*.journal
}
gone() { ! kill -0 "$1" 2>/dev/null; }

# profile TYPE LINE...: lab.conf with redial, quick for a test.
profile() {
	local type=$1 key line
	shift
	{
		printf '[connection]\ntype = %s\n' "$type"
		for key in "connect-to = $SERVER" "user = $USER_NAME" "password = \"$PASSWORD\"" 'use-encryption = require' \
			'redial-min = 1' 'redial-max = 4' 'keepalive-timeout = 2' 'routes = 10.99.7.0/24'; do
			printf '%s\n' "$@" | grep -q "^${key%% *} " || printf '%s\n' "$key"
		done
		for line; do printf '%s\n' "$line"; done
	} >"$P/lab.conf"
	chmod 600 "$P/lab.conf"
}
connect() { vpdial connect lab "$@" >"$T/out" 2>"$T/err" </dev/null || fail "connect: status $?: $(tail -n 1 "$T/err")"; }
calls() { field .calls; }
is_call() { [ "$(calls)" = "$1" ] && is_connected; }
# redialed CALL SECONDS: the call with this number is up, and carries traffic.
redialed() {
	within "$2" is_call "$1" || { fail "not redialed: call $(calls), $(field .status), $(field .state): $(field .message)"; return 1; }
	within 5 inner_ping || fail "no traffic after the redial"
}
inner_ping() { ping -q -c 1 -W 1 $INNER >/dev/null 2>&1; }
state_is() { [ "$(field .state)" = "$1" ]; }
ifindex() { cat "/sys/class/net/$1/ifindex" 2>/dev/null; }
connected_state() { ip -o -4 addr show dev "$(field .interface)" | grep -q 10.99.0.100 && ip route show 10.99.7.0/24 | grep -q "$(field .interface)"; }
still_whole() { within 3 connected_state || fail "addresses or routes of the call are missing: $(ip -4 route show | tr '\n' '|')"; }
end_call() {
	vpdial disconnect lab >"$T/out" 2>&1 || fail "disconnect: $(tr '\n' '|' <"$T/out")"
	all_gone 3
}
client_gone() { [ -z "$(client_pids)" ]; }
