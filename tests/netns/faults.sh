#!/bin/bash
# The table of faults: each injected in each phase of a call, for both protocols.  Afterwards the
# machine is either connected again, with addresses, routes and DNS as they should be, or exactly as
# before, with no process left.
#
# usage: tests/netns/faults.sh      (VPDIAL=program, ONLY=pattern of cases, LANES=6, TIMES=1)
set -u
LANES=${LANES:-6} # they wait more than they work
# shellcheck source=tests/netns/stay.bash
. "$(dirname "$(readlink -f "$0")")/stay.bash"

PHASES='dialing authenticating connected redialing hanging-up'
FAULTS='session-killed supervisor-killed both-killed server-killed link-down-and-up address-changed
	gateway-changed name-gone tun-deleted routes-deleted disk-full'
cases() {
	local type phase fault
	for type in pptp l2tp; do
		for fault in $FAULTS; do
			for phase in $PHASES; do echo "$fault-while-$phase-$type"; done
		done
	done
}

# --- phases: the call is brought to each and held there by what the router drops.

drop() { # drop RULE...: from the client, on both uplinks
	local rule
	ip netns exec far nft add table inet hold
	ip netns exec far nft add chain inet hold in '{ type filter hook prerouting priority -300; }'
	for rule; do ip netns exec far nft add rule inet hold in ip daddr $SERVER "$rule" drop; done
}
let_go() { ip netns exec far nft delete table inet hold 2>/dev/null; }
drop_all() { drop 'meta l4proto { tcp, udp, gre }'; }
# A response of CHAP: behind 6 octets of L2TP, 12 or 16 of GRE, and FF 03.
drop_chap() { drop 'meta l4proto udp @th,128,16 0xc223' 'meta l4proto gre @th,112,16 0xc223' 'meta l4proto gre @th,144,16 0xc223'; }

dials() { [ "$(field .status)" = dialing ] && [ "$(field .server_address)" = $SERVER ]; }
reach() {
	local pid
	case $1 in
	dialing)
		drop_all
		call_begin
		within 8 dials || fail "not dialing: $(field .state)"
		;;
	authenticating)
		drop_chap
		call_begin
		within 8 state_is authenticating || fail "not authenticating: $(field .state)"
		;;
	connected) up_in_foreground ;;
	redialing)
		up_in_foreground
		pid=$(session_pid) # looking for it takes longer than keep-alives wait, on a busy machine
		drop_all
		kill -KILL "$pid"
		within 8 state_is waiting-to-redial || within 8 dials || fail "not redialing: $(field .state)"
		;;
	hanging-up)
		up_in_foreground
		pid=$(supervisor_pid)
		drop_all
		kill -TERM "$pid"
		within 2 state_is hanging-up || fail "not hanging up: $(field .state)"
		;;
	esac
	sleep 0.2
}

# --- faults

supervisor_pid() {
	local p
	for p in $(client_pids); do [ "$(<"/proc/$p/comm")" != vpdial ] || echo "$p"; done
}
# shellcheck disable=SC2046  # words indeed
inject() {
	case $1 in
	session-killed) kill -KILL $(session_pid) 2>/dev/null ;;
	supervisor-killed) kill -KILL "$(supervisor_pid)" 2>/dev/null ;;
	both-killed) kill -KILL $(session_pid) $(supervisor_pid) 2>/dev/null ;;
	server-killed)
		server_end KILL
		sleep 0.5
		server_again
		;;
	link-down-and-up)
		ip link set eth0 down
		sleep 0.5
		ip link set eth0 up
		ip route replace default via 10.88.1.1 dev eth0 metric 100
		;;
	address-changed)
		ip addr add 10.88.1.77/24 dev eth0
		ip addr del 10.88.1.2/24 dev eth0
		ip addr replace 10.88.1.77/24 dev eth0
		ip route replace default via 10.88.1.1 dev eth0 metric 100
		;;
	gateway-changed) ip route replace default via 10.88.1.9 dev eth0 metric 100 ;;
	name-gone) sed -i '/vpn.test/d' /etc/hosts ;;
	tun-deleted) ip link del "$(tun_name)" 2>/dev/null ;;
	routes-deleted)
		ip route flush proto 118
		ip addr flush dev "$(tun_name)" 2>/dev/null
		;;
	disk-full) cat /dev/zero >"$R/full" 2>/dev/null ;;
	esac
}
tun_name() { ip -o link show type tun | sed -n 's/^[0-9]*: \([^:@]*\).*/\1/p'; }
# heal FAULT PHASE: the uplink as the test began with it, so that the snapshots compare.
heal() {
	case $1 in
	address-changed)
		ip addr del 10.88.1.77/24 dev eth0
		ip addr replace 10.88.1.2/24 dev eth0
		ip route replace default via 10.88.1.1 dev eth0 metric 100
		;;
	gateway-changed) ip route replace default via 10.88.1.1 dev eth0 metric 100 ;;
	disk-full) rm -f "$R/full" ;;
	esac
}

# --- what must follow

ends_whatever() { # the call is over: as before, nothing left
	within 25 has_ended || { fail "has not ended: $(field .state)"; lane_kill; }
	wait "$CALL" 2>/dev/null
	within 5 client_gone || fail "processes are left: $(client_pids)"
	heal "$1"
	case $1 in supervisor-killed | both-killed)
		within 8 is_as_before || fail "the guardian left: $(snapshot 2>&1 | diff "$T/before" - | tr '\n' '|')"
		vpdial disconnect lab >/dev/null 2>&1 # what it cannot undo: files of the run directory
		;;
	esac
	all_gone 5
}
again_connected() {
	within 40 is_connected && within 10 inner_ping || { fail "not connected again: $(field .status), $(field .state): $(field .message)"; lane_kill; return; }
	still_whole
	grep -q '^nameserver 10.99.0.53' /etc/resolv.conf || fail "DNS is not the call's: $(tr '\n' '|' </etc/resolv.conf)"
	ip route get 198.51.100.1 | grep -q "$(field .interface)" || fail 'the default route is not the call'\''s'
	ip route get $SERVER | grep -q 'dev eth0' || fail "the server is not reached by the uplink: $(ip route get $SERVER)"
	heal "$1"
	kill -TERM "$(supervisor_pid)"
	ends_whatever "$1"
}

run_case() {
	local type=${1##*-} rest=${1%-*}
	local fault=${rest%-while-*} phase=${rest#*-while-}
	mkdir -p "$R"
	[ "$fault" != disk-full ] || mount -t tmpfs -o size=64k tmpfs "$R"
	network
	server_begin
	sed -i '/vpn.test/d' /etc/hosts
	echo "$SERVER vpn.test" >>/etc/hosts
	profile "$type" 'add-default-route = yes' 'use-peer-dns = yes' 'dns-server = 10.99.0.53' 'connect-to = vpn.test' 'redial-max = 2'
	reach "$phase"
	inject "$fault"
	sleep 0.3
	let_go
	# A name that is gone before a call was ever up comes back in the end; later the last address serves.
	[ "$fault" != name-gone ] || [ "$phase" != dialing ] && [ "$phase" != authenticating ] || echo "$SERVER vpn.test" >>/etc/hosts
	# Without a journal the server's path cannot be kept: nothing is changed before there is room.
	case $fault,$phase in disk-full,dialing | disk-full,authenticating | disk-full,redialing)
		within 15 says_no_space || is_connected || fail "says: $(field .message)"
		rm -f "$R/full"
		;;
	esac
	case $fault,$phase in
	supervisor-killed,* | both-killed,* | *,hanging-up) ends_whatever "$fault" ;;
	*) again_connected "$fault" ;;
	esac
	lane_kill
	server_end KILL
	let_go
	[ "$fault" != disk-full ] || umount -l "$R"
}
says_no_space() { field .last_end.text | grep -q 'No space left'; }
lanes_main
