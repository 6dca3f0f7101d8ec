#!/bin/bash
# Tests of a call that stays up: redial after every kind of loss, dial on demand, roaming between
# uplinks, gateways and addresses; after each, the machine's network is the connected one or the one
# before.  The server is our own server mode behind a router, reached by two uplinks.
#
# usage: tests/netns/stays.sh      (VPDIAL=program, ONLY=pattern of cases, LANES=4, TIMES=1)
set -u
# shellcheck source=tests/netns/stay.bash
. "$(dirname "$(readlink -f "$0")")/stay.bash"

# Cases for both protocols: functions b_NAME; for one: t_NAME.
cases() {
	declare -F | sed -n 's/^declare -f t_//p' | tr _ -
	declare -F | sed -n 's/^declare -f b_//p' | tr _ - | sed 's/\(.*\)/\1-pptp\n\1-l2tp/'
}
run_case() {
	local type=${1##*-} name=${1%-*}
	network
	server_begin
	case $type in
	pptp | l2tp) TYPE=$type "b_${name//-/_}" ;;
	*) "t_${1//-/_}" ;;
	esac
	lane_kill
	server_end KILL
}

# --- redial

b_server_restarts() {
	profile $TYPE
	connect
	local index
	index=$(ifindex "$(field .interface)")
	server_end
	within 5 state_is waiting-to-redial || fail "no wait after the server's end: $(field .state)"
	connected_state || fail "the routes left with the call"
	server_again
	redialed 2 15
	[ "$(ifindex "$(field .interface)")" = "$index" ] || fail "the TUN device is another one"
	still_whole
	end_call
}
b_server_is_killed() {
	profile $TYPE
	connect
	server_end KILL
	server_again
	redialed 2 25
	end_call
}
t_dead_tunnel_is_ended_at_the_server_by_the_next_dial() {
	profile l2tp 'keepalive-timeout = 60'
	sed -i 's/keepalive-timeout = 5/keepalive-timeout = 60/' "$T/server.d/server.conf"
	server_end
	server_again
	connect
	[ -s "$R/lab.call" ] || fail 'the ids of the call are not kept'
	client_pids | xargs -r kill -KILL
	within 5 client_gone
	grep -q 'john disconnected' "$T/serve" && fail 'the server knew by itself'
	connect
	within 3 grep -q 'john disconnected' "$T/serve" || fail "the server keeps the dead call: $(tail -n 3 "$T/serve" | tr '\n' '|')"
	end_call
	[ ! -e "$R/lab.call" ] || fail 'the ids stay behind'
	connect
	kill -KILL "$(session_pid)"
	redialed 2 10
	within 3 dead_calls_are_two || fail "the server keeps the call of a dead session"
	end_call
}
dead_calls_are_two() { [ "$(grep -c 'john disconnected' "$T/serve")" = 3 ]; }
b_session_is_killed() {
	profile $TYPE
	connect
	kill -KILL "$(session_pid)"
	redialed 2 20
	still_whole
	end_call
}
b_wrong_password_is_never_tried_again() {
	profile $TYPE
	connect
	sed -i "s/$PASSWORD/another/" "$T/server.d/server.conf"
	server_end
	server_again
	within 25 client_gone || fail "still running: $(field .state)"
	all_gone 3
	[ "$(grep -c 'gave a wrong user name or password' "$T/serve")" = 1 ] || fail "not tried once: $(tr '\n' '|' <"$T/serve")"
}
b_redial_limit() {
	profile $TYPE 'redial-limit = 2' 'redial-max = 1'
	connect --foreground &
	CALL=$!
	within 10 is_connected || fail 'not connected'
	server_end
	within 60 gone $CALL || fail "still running: $(field .state)"
	grep -q '2 failures in a row: redial-limit' "$T/err" || fail "does not say why it gave up: $(tail -n 1 "$T/err")"
	all_gone 3
}
b_redial_command_dials_at_once() {
	profile $TYPE
	connect
	vpdial redial lab >"$T/out" 2>&1 || fail "redial: $(cat "$T/out")"
	redialed 2 6
	kill -USR2 "$(field .pid)"
	redialed 3 6
	sed -i 's/^routes.*/routes = 10.99.7.0\/24, 10.99.8.0\/24/' "$P/lab.conf"
	kill -HUP "$(field .pid)"
	redialed 4 6
	ip route show 10.99.8.0/24 | grep -q . || fail 'the profile was not read anew'
	end_call
}
b_boot_without_server_waits_for_it() {
	server_end
	profile $TYPE
	call_begin
	within 20 state_is waiting-to-redial || fail "does not wait: $(field .state)"
	field .message | grep -q 'dialing again in' || fail "does not say when: $(field .message)"
	server_again
	redialed 1 20
	vpdial disconnect lab >/dev/null 2>&1
	within 5 gone "$CALL"
	all_gone 3
}
b_hang_up_while_waiting() {
	profile $TYPE 'redial-min = 60' 'redial-max = 60'
	connect
	server_end
	within 8 state_is waiting-to-redial || fail "does not wait: $(field .state)"
	[ "$(field .next_dial_s)" -gt 30 ] || fail "next dial in $(field .next_dial_s) s"
	end_call
}
b_tcp_through_the_tunnel_survives_a_redial() {
	profile $TYPE
	connect
	ip netns exec far python3 -c '
import socket
s = socket.create_server(("10.99.0.1", 7000)); c, _ = s.accept(); got = 0
while True:
    d = c.recv(65536)
    if not d: break
    got += len(d)
print(got)' >"$T/got" 2>&1 &
	local receiver=$!
	within 5 listens || fail 'the receiver does not start'
	python3 -c '
import socket, time
s = socket.create_connection(("10.99.0.1", 7000))
for i in range(80): s.sendall(b"x" * 10000); time.sleep(0.1)
s.close()' &
	local sender=$!
	sleep 1
	vpdial redial lab >/dev/null
	redialed 2 8
	wait $sender || fail 'the sender failed'
	within 10 gone $receiver || kill $receiver
	[ "$(cat "$T/got")" = 800000 ] || fail "received: $(tail -n 1 "$T/got")"
	end_call
}
listens() { ip netns exec far ss -Hltn | grep -q :7000; }

# --- roaming

b_gateway_changes_the_call_stays() {
	profile $TYPE 'add-default-route = yes'
	connect
	ip route replace default via 10.88.1.9 dev eth0 metric 100
	within 3 pinned_by 10.88.1.9 || fail "the pinned route did not move: $(ip route show | tr '\n' '|')"
	inner_ping || fail 'no traffic after the change'
	[ "$(calls)" = 1 ] || fail 'redialed although the path stayed'
	ip route replace default via 10.88.1.1 dev eth0 metric 100
	within 3 pinned_by 10.88.1.1 || fail 'the pinned route did not move back'
	end_call
}
pinned_by() { ip route show $SERVER | grep -q "via $1 "; }
b_uplink_changes_and_it_is_redialed() {
	profile $TYPE 'add-default-route = yes'
	connect
	ip addr add 10.88.2.2/24 dev eth1
	ip route add default via 10.88.2.1 dev eth1 metric 50
	redialed 2 10
	ip route get $SERVER | grep -q 'dev eth1' || fail "the server is not reached by the new uplink: $(ip route get $SERVER)"
	ip route show $SERVER | grep -q eth1 || fail 'the pin is not on the new uplink'
	ip route del default via 10.88.2.1 dev eth1
	redialed 3 10
	ip addr del 10.88.2.2/24 dev eth1
	end_call
}
b_link_down_and_up() {
	profile $TYPE 'add-default-route = yes'
	connect
	ip link set eth0 down
	sleep 1
	ip link set eth0 up
	ip route replace default via 10.88.1.1 dev eth0 metric 100
	within 20 inner_ping || fail "no traffic after the link came back: $(field .state) $(field .message)"
	end_call
}
# As ifupdown, dhclient and hands do it: no metric, and nobody else may have that place.
uplink_again() {
	ip addr flush dev eth0 scope global
	ip link set eth0 down
	ip link set eth0 up
	ip addr add 10.88.1.2/24 dev eth0
	ip route add default via 10.88.1.1 dev eth0 || fail 'the default route cannot come back'
	ip route add 10.150.0.0/16 via 10.88.1.9 dev eth0 || fail 'a static route cannot come back'
	ip route add $SERVER via 10.88.1.9 dev eth0 || fail 'the route to the server cannot come back'
	ip route del $SERVER via 10.88.1.9
}
without_metric() {
	ip route del default
	ip route add default via 10.88.1.1 dev eth0
	ip route replace 10.150.0.0/16 via 10.88.1.9 dev eth0
	snapshot >"$T/before"
	profile "$@"
	connect
	path_by 203.0.114.1 "$(field .interface)"
	path_by 10.150.1.1 "$(field .interface)"
}
without_metric_ends() {
	vpdial disconnect lab >"$T/out" 2>&1 || fail "disconnect: $(tr '\n' '|' <"$T/out")"
	within 5 eth0_settled # its link-local address takes a moment
	all_gone 3
	ip route show default | grep -q 'via 10.88.1.1 dev eth0' || fail 'no default route after the hang-up'
	ip route del 10.150.0.0/16
	ip route del default metric 0
}
eth0_settled() { [ -z "$(ip -6 addr show tentative)" ] && ip -6 addr show dev eth0 | grep -q fe80; }
path_by() { ip route get "$1" | grep -q "dev $2 " || fail "$1 does not leave by $2: $(ip route get "$1" 2>&1 | head -n 1)"; }
b_uplink_without_metric_goes_and_comes_back() {
	local i
	without_metric $TYPE 'add-default-route = yes' 'routes = 10.99.7.0/24, 10.150.0.0/16'
	for i in 1 2 3; do
		uplink_again
		[ $i = 1 ] || sleep 0.$i
	done
	within 15 inner_ping || fail "no traffic after the uplink came back: $(field .state) $(field .message)"
	within 3 path_to 203.0.114.1 "$(field .interface)" || fail "the default route is not ours any more"
	within 3 path_to 10.150.1.1 "$(field .interface)" || fail "the route is not ours any more"
	path_by $SERVER eth0
	without_metric_ends
}
path_to() { ip route get "$1" | grep -q "dev $2 "; }
b_uplink_without_metric_stays_away_for_long() {
	without_metric $TYPE 'add-default-route = yes' 'routes = 10.150.0.0/16' 'redial-max = 2'
	ip addr flush dev eth0 scope global
	ip link set eth0 down
	within 20 state_is waiting-to-redial || fail "the loss was not noticed: $(field .state)"
	uplink_again
	redialed 2 15
	path_by 203.0.114.1 "$(field .interface)"
	without_metric_ends
}
b_killed_beside_an_uplink_without_metric() {
	without_metric $TYPE 'add-default-route = yes' 'routes = 10.150.0.0/16'
	client_pids | xargs -r kill -KILL
	within 5 client_gone
	path_by 203.0.114.1 eth0
	path_by 10.150.1.1 eth0
	pings_router || fail 'the old network does not work'
	without_metric_ends
}
b_address_changes() {
	profile $TYPE
	connect
	ip addr add 10.88.1.77/24 dev eth0
	ip addr del 10.88.1.2/24 dev eth0
	ip addr del 10.88.1.77/24 dev eth0 2>/dev/null
	ip addr add 10.88.1.77/24 dev eth0
	ip route replace default via 10.88.1.1 dev eth0 metric 100
	redialed 2 15
	ip addr add 10.88.1.2/24 dev eth0
	vpdial disconnect lab >/dev/null 2>&1
	within 5 client_gone
	ip addr del 10.88.1.77/24 dev eth0
}
b_tun_device_deleted() {
	profile $TYPE
	connect
	ip link del "$(field .interface)"
	redialed 2 15
	still_whole
	end_call
}
b_routes_deleted_by_hand_come_back() {
	profile $TYPE
	connect
	ip route del 10.99.7.0/24
	still_whole
	[ "$(calls)" = 1 ] || fail 'redialed for a route'
	end_call
}

dials() { field .attempt; }
# The server is away: what changes on another interface leaves the wait alone, and a way that comes
# and goes is dialed no more often than redial-min says.
b_addresses_that_come_and_go_are_no_dials() {
	local i
	profile $TYPE 'redial-min = 4' 'redial-max = 60'
	[ $TYPE = pptp ] || echo 'source-port = 1701' >>"$P/lab.conf" # else each dial is two attempts
	server_end
	call_begin
	within 20 state_is waiting-to-redial || fail "does not wait: $(field .state)"
	for ((i = 0; i < 12; i++)); do
		ip addr add 192.0.2.$((i + 1))/24 dev eth1
		sleep 0.5
		ip addr del 192.0.2.$((i + 1))/24 dev eth1
		sleep 0.5
	done
	[ "$(dials)" -le 3 ] || fail "$(dials) dials in 12 s"
	vpdial disconnect lab >/dev/null 2>&1
	within 5 gone "$CALL"
}
t_a_way_that_comes_and_goes_is_dialed_as_often_as_redial_min_says() {
	local i
	profile pptp 'redial-min = 3' 'redial-max = 60'
	server_end
	call_begin
	within 20 state_is waiting-to-redial || fail "does not wait: $(field .state)"
	for ((i = 0; i < 12; i++)); do
		ip route del default
		sleep 0.3
		ip route add default via 10.88.1.1 dev eth0 metric 100
		sleep 0.7
	done
	{ [ "$(dials)" -ge 3 ] && [ "$(dials)" -le 6 ]; } || fail "$(dials) dials in 12 s"
	vpdial disconnect lab >/dev/null 2>&1
	within 5 gone "$CALL"
}
t_a_way_that_comes_back_cuts_the_wait_short() {
	profile pptp 'redial-min = 1' 'redial-max = 60'
	ip route del default
	call_begin
	within 10 dials_are 4 || fail "$(dials) dials: $(field .message)"
	ip route add default via 10.88.1.1 dev eth0 metric 100
	redialed 1 5
	vpdial disconnect lab >/dev/null 2>&1
	within 5 gone "$CALL"
}
dials_are() { [ "$(dials)" -ge "$1" ]; }
# --- what is set may be without effect, and then the status says so

effect() { field ".not_in_effect[] | select(.what == \"$1\") | .why"; }
effect_is() { [[ "$(effect "$1")" == *"$2"* ]]; } # effect_is WHAT TEXT
all_in_effect() { [ "$(field '.not_in_effect | length')" = 0 ]; }
lost() { # lost WHAT TEXT: in JSON, text and log
	within 3 effect_is "$1" "$2" || { fail "$1 is not reported: $(field .not_in_effect)"; return; }
	within 2 says_lost "$1" "$2" || fail "status: $(vpdial status lab 2>&1 | tr '\n' '|')"
	vpdial log lab | grep -q "$1.* is not in effect: $2" || fail "log: $(vpdial log lab | tail -n 2)"
}
says_lost() { vpdial status lab | grep -q "$1: .*not in effect: $2"; }
found() { within 3 all_in_effect || fail "still: $(field .not_in_effect)"; }
b_default_route_past_which_a_rule_leads() {
	ip route add default via 10.88.1.1 dev eth0 table 200
	ip rule add lookup 200 pref 1000
	profile $TYPE 'add-default-route = yes'
	connect
	lost default-route 'a routing rule (pref 1000) sends it to table 200, by eth0'
	[ "$(field .default_route)" = false ] || fail 'JSON says that there is a default route'
	field .message | grep -q 'the default route is not in effect' || fail "message: $(field .message)"
	lost remote-address 'a routing rule (pref 1000)'
	[ "$(field '.routes[0].in_effect')" = false ] || fail "routes: $(field .routes)"
	vpdial status lab | grep -q 'route: 10.99.7.0/24 (profile), not in effect: a routing rule' || fail "$(vpdial status lab)"
	# Nobody has to dial again, and rules of the other kind are seen too.
	ip rule del pref 1000
	found
	[ "$(field .default_route)" = true ] || fail 'no default route in JSON'
	vpdial status lab | grep -q 'default-route: yes' || fail "$(vpdial status lab | grep default-route)"
	ip rule add from 10.99.0.100 lookup 200 pref 900
	lost default-route 'a routing rule (pref 900) sends it to table 200, by eth0'
	ip rule del pref 900
	found
	ip rule add to 128.0.0.0/1 prohibit pref 800
	lost default-route 'the kernel has no way there: Permission denied'
	ip rule del pref 800
	found
	[ "$(calls)" = 1 ] || fail 'redialed'
	ip route flush table 200
	end_call
}
t_default_route_of_another_vpn_that_goes_before() {
	profile pptp 'add-default-route = yes'
	connect
	ip addr add 10.88.2.2/24 dev eth1
	ip route add 0.0.0.0/1 via 10.88.2.1
	ip route add 128.0.0.0/1 via 10.88.2.1
	lost default-route 'the route 0.0.0.0/1 by eth1 goes before'
	ip route del 0.0.0.0/1
	lost default-route 'the route 128.0.0.0/1 by eth1 goes before'
	ip route del 128.0.0.0/1
	found
	# A chosen metric that loses is a second choice, and said to be one.
	ip addr del 10.88.2.2/24 dev eth1
	end_call
	profile pptp 'add-default-route = yes' 'default-route-distance = 200'
	connect
	lost default-route 'the route default by eth0 goes before'
	ip route replace default via 10.88.1.1 dev eth0 metric 300
	ip route del default metric 100
	found
	ip route add default via 10.88.1.1 dev eth0 metric 100
	ip route del default metric 300
	end_call
}
t_route_lost_to_others_is_in_the_status() {
	profile pptp 'routes = 10.99.7.0/24, 10.99.8.8/32'
	connect
	all_in_effect || fail "from the start: $(field .not_in_effect)"
	ip route add 10.99.8.8 via 10.88.1.9
	within 3 effect_is route 'the route 10.99.8.8/32 by eth0 goes before' || fail "$(field .not_in_effect)"
	[ "$(field '.not_in_effect[0].name')" = 10.99.8.8/32 ] || fail "$(field .not_in_effect)"
	grep -q . <(vpdial log lab | grep 'route 10.99.8.8/32 is not in effect: the route') || fail "log: $(vpdial log lab | tail -n 2)"
	ip route del 10.99.8.8 via 10.88.1.9
	found
	# The same as ours: ours is in halves then.
	ip route add 10.99.7.0/24 via 10.88.1.9
	within 3 path_to 10.99.7.7 "$(field .interface)" || fail 'lost to a static route'
	all_in_effect || fail "$(field .not_in_effect)"
	# More specific ones are meant.
	ip route add 10.99.7.0/26 via 10.88.1.9
	sleep 0.3
	all_in_effect || fail "$(field .not_in_effect)"
	ip route del 10.99.7.0/26
	ip route del 10.99.7.0/24 via 10.88.1.9
	# What is put back is there again.
	ip route flush dev "$(field .interface)" proto 118
	found
	path_to 10.99.8.8 "$(field .interface)" || fail 'not put back'
	ip addr flush dev "$(field .interface)"
	found
	ip -o -4 addr show dev "$(field .interface)" | grep -q 10.99.0.100 || fail 'the address was not put back'
	path_to 10.99.8.8 "$(field .interface)" && path_to 10.99.7.200 "$(field .interface)" || fail 'nor the routes'
	end_call
}
t_interface_and_names_changed_by_others_are_in_the_status() {
	profile pptp 'routes = 10.99.0.0/16' 'dns-server = 10.99.0.53'
	connect
	all_in_effect || fail "from the start: $(field .not_in_effect)"
	ip link set "$(field .interface)" mtu 1300
	lost interface 'its MTU is 1300'
	ip link set "$(field .interface)" mtu "$(field .mtu)"
	found
	cp /etc/resolv.conf "$T/resolv"
	printf 'nameserver 192.0.2.77\n' >/etc/resolv.conf
	lost dns 'others have changed /etc/resolv.conf'
	cp "$T/resolv" /etc/resolv.conf
	found
	ip route add 10.99.0.53 via 10.88.1.9
	lost dns '10.99.0.53 is asked past the tunnel, add it to routes: the route 10.99.0.53/32 by eth0 goes before'
	ip route del 10.99.0.53
	found
	end_call
}

b_ipv6_beside_the_default_route() {
	ip -n far addr replace fd00:88::1/64 dev peer nodad
	ip addr add fd00:88::2/64 dev eth0 nodad
	ip -6 route add default via fd00:88::1 dev eth0
	snapshot >"$T/before"
	profile $TYPE
	connect
	all_in_effect || fail "without a default route: $(field .not_in_effect)"
	end_call
	profile $TYPE 'add-default-route = yes'
	connect
	grep -q 'IPv6 leaves by eth0, past the tunnel; block-ipv6 = yes closes that' "$T/err" || fail "no warning: $(cat "$T/err")"
	effect_is ipv6 'leaves by eth0, past the tunnel' || fail "JSON: $(field .not_in_effect)"
	vpdial status lab | grep -q 'ipv6: leaves by eth0, past the tunnel' || fail "$(vpdial status lab)"
	ip -6 route del default
	found
	ip -6 route add default via fd00:88::1 dev eth0
	within 3 effect_is ipv6 'leaves by eth0' || fail 'one that comes later is not seen'
	end_call
	profile $TYPE 'add-default-route = yes' 'block-ipv6 = yes'
	connect
	[ ! -s "$T/err" ] || fail "warned: $(cat "$T/err")"
	all_in_effect || fail "with block-ipv6: $(field .not_in_effect)"
	! ip -6 route get 2a00:1450::1 >/dev/null 2>&1 || fail "IPv6 leaves: $(ip -6 route get 2a00:1450::1)"
	ping -q -c 1 -W 2 fd00:88::1 >/dev/null || fail 'the own network is not reached'
	server_end
	within 8 state_is waiting-to-redial || fail "does not wait: $(field .state)"
	! ip -6 route get 2a00:1450::1 >/dev/null 2>&1 || fail "IPv6 leaves between calls: $(ip -6 route get 2a00:1450::1)"
	end_call
	ip -6 route get 2a00:1450::1 | grep -q eth0 || fail 'blocked after the end'
	ip -6 route del default
	ip addr del fd00:88::2/64 dev eth0
	ip -n far addr del fd00:88::1/64 dev peer
}

# --- lockdown

leaks() { ip netns exec far nft list counter inet watch leaks | sed -n 's/.*packets \([0-9]*\).*/\1/p'; }
watch_uplink() { # counts what reaches the router for others than itself
	ip netns exec far nft -f - <<-'END'
		table inet watch {
			counter leaks { }
			chain in { type filter hook prerouting priority -300; iifname "peer" ip daddr 198.51.100.0/24 counter name leaks; }
		}
	END
}
try_to_leak() { ping -q -c 1 -W 1 198.51.100.7 >/dev/null 2>&1; }
b_lockdown_lets_nothing_past_the_tunnel() {
	watch_uplink
	profile $TYPE 'add-default-route = yes' 'lockdown = yes' 'redial-min = 5' 'redial-max = 5'
	try_to_leak
	[ "$(leaks)" = 1 ] || fail "the watch does not see: $(leaks)"
	connect
	try_to_leak
	inner_ping || fail 'no traffic through the tunnel'
	server_end
	within 8 state_is waiting-to-redial || fail "does not wait: $(field .state)"
	try_to_leak
	client_pids | xargs -r kill -KILL
	within 3 client_gone
	sleep 0.5
	try_to_leak
	[ "$(leaks)" = 1 ] || fail "$(($(leaks) - 1)) packets got past the tunnel"
	pings_router || fail 'the server cannot be reached'
	server_again
	vpdial connect lab >"$T/out" 2>"$T/err" || fail "a new dial: $(tail -n 1 "$T/err")"
	try_to_leak
	server_end
	client_pids | xargs -r kill -KILL
	within 3 client_gone
	vpdial disconnect lab >"$T/out" 2>&1 || fail "disconnect: $(cat "$T/out")"
	all_gone 3
	try_to_leak
	[ "$(leaks)" = 2 ] || fail "after the end: $(leaks) packets"
}

t_lockdown_that_the_profile_has_no_more_ends_with_the_hang_up() {
	profile pptp 'add-default-route = yes' 'lockdown = yes'
	connect
	server_end
	within 8 state_is waiting-to-redial || fail "does not wait: $(field .state)"
	sed -i 's/^lockdown.*/lockdown = no/' "$P/lab.conf"
	kill -HUP "$(field .pid)"
	vpdial status lab >/dev/null
	end_call
	[ ! -e "$R/lab.lockdown" ] || fail 'the lockdown stays'
}
t_password_file_is_read_anew_with_the_profile() {
	sed -i "/secret jane/,\$s/$PASSWORD/Jane-Pass2/" "$T/server.d/server.conf"
	server_end
	server_again
	profile pptp 'password-file = lab.password'
	sed -i '/^password =/d' "$P/lab.conf"
	printf '%s\n' "$PASSWORD" >"$P/lab.password"
	chmod 600 "$P/lab.password"
	connect
	sed -i 's/^user.*/user = jane/' "$P/lab.conf"
	echo Jane-Pass2 >"$P/lab.password"
	kill -HUP "$(field .pid)"
	within 10 is_call 2 || fail "not dialed with the new password: $(vpdial status lab | tail -n 1)"
	# One that cannot be read leaves the old one.
	rm "$P/lab.password"
	kill -HUP "$(field .pid)"
	within 10 is_call 3 || fail "the old password is gone: $(vpdial status lab | tail -n 1)"
	end_call
}
t_src_address_read_anew_is_the_one_that_counts() {
	ip addr add 10.88.1.3/24 dev eth0
	snapshot >"$T/before.two"
	profile pptp 'src-address = 10.88.1.3'
	connect
	sed -i 's/^src-address.*/src-address = 10.88.1.2/' "$P/lab.conf"
	ip addr del 10.88.1.3/24 dev eth0
	kill -HUP "$(field .pid)"
	redialed 2 10
	end_call
}

# --- dial on demand

b_on_demand() {
	profile $TYPE 'dial-on-demand = yes' 'idle-timeout = 3' 'local-address = 10.99.0.100' 'remote-address = 10.99.0.1'
	connect
	grep -q 'waiting for traffic' "$T/out" || fail "says: $(cat "$T/out")"
	state_is waiting-for-traffic || fail "state $(field .state)"
	sleep 1
	[ "$(calls)" = 0 ] || fail 'dialed without traffic'
	ping -q -c 1 -W 8 $INNER >"$T/ping" 2>&1 || fail "the packet that dialed was not delivered: $(tail -n 2 "$T/ping" | tr '\n' '|')"
	[ "$(calls)" = 1 ] || fail 'no call'
	within 15 state_is waiting-for-traffic || fail "idle does not end the call: $(field .state)"
	ping -q -c 1 -W 8 $INNER >"$T/ping" 2>&1 || fail 'the second time: not delivered'
	[ "$(calls)" = 2 ] || fail 'no second call'
	end_call
}
b_on_demand_default_route() {
	profile $TYPE 'dial-on-demand = yes' 'add-default-route = yes' 'local-address = 10.99.0.100'
	connect
	ip route get 198.51.100.1 | grep -q "$(field .interface)" || fail 'the default route does not lead into the tunnel'
	ping -q -c 1 -W 8 $INNER >"$T/ping" 2>&1 || fail "not delivered: $(tail -n 2 "$T/ping" | tr '\n' '|')"
	end_call
}
b_on_demand_without_server_dials_again_for_new_traffic() {
	profile $TYPE 'dial-on-demand = yes' 'local-address = 10.99.0.100' 'remote-address = 10.99.0.1'
	connect
	server_end
	ping -q -c 1 -W 1 $INNER >/dev/null 2>&1 &
	within 25 failed_once || fail "no failed dial: $(field .state)"
	within 10 state_is waiting-for-traffic || fail "does not wait for traffic: $(field .state)"
	server_again
	ping -q -c 8 -i 1 -W 8 $INNER >/dev/null 2>&1
	[ "$(calls)" = 1 ] || fail "no call: $(field .message)"
	end_call
}
failed_once() { [ "$(field .last_end.code)" = 8 ]; }

# --- what is known of a call that is over

last_end_is() { # last_end_is CODE REGEX
	[ "$(field .ended.code),$(field .last_end.code)" = "$1,$1" ] || fail "ended $(field .ended.code), last_end $(field .last_end.code), not $1"
	[ $(($(date +%s) - $(field '.last_end.time_s // 0'))) -lt 60 ] || fail "the time is $(field .last_end.time_s)"
	vpdial status lab >"$T/out"
	grep -qE "last-end: 20.* .*($2).* \(exit code $1\)" "$T/out" || fail "status says: $(grep -a last-end "$T/out")"
	vpdial log lab >"$T/out" 2>"$T/err" || fail "log: status $?"
	grep -qE -- "$2" "$T/out" || fail "log does not say $2: $(tail -n 2 "$T/out" | tr '\n' '|')"
	grep -q 'journalctl -u vpdial@lab, or journalctl -t vpdial' "$T/err" || fail "log says: $(tr '\n' '|' <"$T/err")"
	vpdial disconnect lab >"$T/out"
	grep -qE "not connected since 20.*($2)" "$T/out" || fail "disconnect says: $(cat "$T/out")"
}
b_failed_dial_is_known_afterwards() {
	profile $TYPE 'redial = no'
	vpdial status lab | grep -q 'last-end: none' || fail "before the first dial: $(vpdial status lab | tail -n 1)"
	server_end
	vpdial connect lab >"$T/out" 2>"$T/err" && fail 'connected without a server'
	last_end_is 8 'answer|listens'
	server_again
	connect
	[ "$(field .last_end)" = null ] || fail "still told of while connected: $(field .last_end.text)"
	end_call
	[ "$(field .last_end.code)" = 0 ] || fail "after a hang-up: $(field .last_end.code)"
}
b_call_that_the_server_ended_is_known_afterwards() {
	profile $TYPE 'redial = no'
	connect
	server_end
	within 10 client_gone || fail "still running: $(field .state)"
	last_end_is 16 'server'
}
b_wrong_password_on_demand_is_known_afterwards() {
	profile $TYPE 'dial-on-demand = yes' 'password = "another"' 'local-address = 10.99.0.100' 'remote-address = 10.99.0.1'
	connect
	ping -q -c 1 -W 1 $INNER >/dev/null 2>&1
	within 10 client_gone || fail "still running: $(field .state)"
	last_end_is 19 'password'
}
t_run_that_was_killed_is_known_afterwards() {
	profile pptp
	connect
	client_pids | xargs -r kill -KILL
	within 5 client_gone
	vpdial disconnect lab >/dev/null 2>&1
	field .last_end.text | grep -q '^ended without a word, killed or crashed; it had begun at 20' || fail "says: $(field .last_end.text)"
	[ "$(stat -c %a "$R/lab.last")" = 600 ] || getent group vpdial >/dev/null || fail "mode $(stat -c %a "$R/lab.last")"
}
lanes_main
