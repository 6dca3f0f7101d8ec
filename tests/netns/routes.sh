#!/bin/bash
# Tests of what the path and the server tell in a call: routes by DHCP from a real server (dnsmasq),
# the class route, a path MTU that shrinks in mid-call, keep-alives and their end.  Our own client
# and server, each in a network namespace of its own, a router between them.
#
# usage: tests/netns/routes.sh      (VPDIAL=program, ONLY=pattern of cases)
set -u
# shellcheck source=tests/netns/alone.bash
. "$(dirname "$(readlink -f "$0")")/alone.bash"
failures=0 current=''

alone routes "ip jq ping dnsmasq python3"

want() { [ "$2" = "$3" ] || fail "$1 is '$2' instead of '$3'"; }
case_is() { # case_is NAME: begins it if ONLY wants it
	# shellcheck disable=SC2053  # a pattern indeed
	[[ $1 == ${ONLY:-*} ]] || return 1
	current=$1 why=''
	network
	rm -rf "${P:?}"/* "${Q:?}"/* "${R:?}"/* "${S:?}"/*
	rm -f "$T/serve" "$T/out" "$T/log" "$T/dhcp"
}
report() {
	local p
	for p in ${PIDS-}; do kill "$p" 2>/dev/null; done
	PIDS=''
	for p in $(ip netns pids far 2>/dev/null); do kill -KILL "$p" 2>/dev/null; done
	if [ -z "$why" ]; then
		echo "ok $current"
	else
		echo "FAIL $current: $why"
		tail -n 12 "$T/log" "$T/out" "$T/serve" "$T/dhcp" 2>/dev/null | sed 's/^/  | /'
		failures=$((failures + 1))
	fi
	ip link del wan 2>/dev/null
	ip netns del far
	ip netns del isp
}

# Client 192.168.81.1 - router - server 192.168.80.1.
network() {
	ip netns add far
	ip netns add isp
	ip link set lo up
	ip -n far link set lo up
	ip link add wan type veth peer name r0 netns isp
	ip -n far link add wan type veth peer name r1 netns isp
	ip -n isp addr add 192.168.81.254/24 dev r0
	ip -n isp addr add 192.168.80.254/24 dev r1
	ip -n isp link set r0 up
	ip -n isp link set r1 up
	ip netns exec isp sysctl -qw net.ipv4.ip_forward=1
	ip addr add 192.168.81.1/24 dev wan
	ip -n far addr add 192.168.80.1/24 dev wan
	ip link set wan up
	ip -n far link set wan up
	ip route add 192.168.80.0/24 via 192.168.81.254
	ip -n far route add 192.168.81.0/24 via 192.168.80.254
}

# serve LINE...: both protocols with these lines; the user's interface there is Office.
serve() {
	local type line
	{
		for type in pptp l2tp; do
			printf '[%s-server]\nenabled = yes\nlisten = 192.168.80.1\n' $type
			for line; do printf '%s\n' "$line"; done
		done
		printf '[secret ex]\nname = ex\npassword = "lkjrht"\n'
		printf 'local-address = 10.7.0.1\nremote-address = 10.7.0.2\n'
		printf '[interface Office]\nuser = ex\n'
	} >"$Q/server.conf"
	chmod 600 "$Q/server.conf"
	ip netns exec far "$VPDIAL" --config "$Q" --run-dir "$S" serve >"$T/serve" 2>&1 </dev/null &
	PIDS="${PIDS-} $!"
	disown
	within 5 test -S "$S/server.sock" || fail "the server does not start"
}
profile() { # profile TYPE LINE...
	{
		printf '[connection]\ntype = %s\nconnect-to = 192.168.80.1\nuser = ex\npassword = "lkjrht"\n' "$1"
		shift
		for line; do printf '%s\n' "$line"; done
	} >"$P/c.conf"
	chmod 600 "$P/c.conf"
}
vpdial() { "$VPDIAL" --config "$P" --run-dir "$R" "$@"; }
dial() {
	vpdial connect --debug --foreground c >"$T/log" 2>&1 </dev/null &
	DIALED=$!
	PIDS="${PIDS-} $DIALED"
	within 10 is_up || fail "not connected: $(tail -n 1 "$T/log")"
}
field() { vpdial status c --json 2>/dev/null | jq -r ".connections[0].$1"; }
is_up() { [ "$(field status)" = connected ]; }
hang_up() {
	vpdial disconnect c >"$T/out" 2>&1 || fail "disconnect: $(tail -n 1 "$T/out")"
	wait "$DIALED"
}
# dhcpd OPTION...: dnsmasq behind the tunnel, which tells these.
dhcpd() {
	local args=()
	for option; do args+=("--dhcp-option-force=$option"); done
	ip netns exec far dnsmasq --conf-file=/dev/null --no-daemon --port=0 --bind-dynamic --user=root \
		--interface=Office --no-ping --log-dhcp --dhcp-leasefile="$T/leases" --pid-file= \
		--dhcp-authoritative --dhcp-range=10.7.0.0,static,255.255.255.0 "${args[@]}" \
		>"$T/dhcp" 2>&1 </dev/null &
	DHCPD=$!
	PIDS="${PIDS-} $DHCPD"
	disown
}
dhcp_port_is_open() { ip netns exec far ss -uln | grep -q ":67 "; }
has_route() { ip route show dev "$(field interface)" | grep -q "^$1 "; }
logged() { grep -q -- "$1" "$T/log"; }

dhcp() {
	local type
	for type in pptp l2tp; do
		if case_is "dhcp-$type-routes-and-domain-arrive"; then
			serve
			dhcpd 121,10.20.0.0/16,10.7.0.1,172.30.1.0/24,0.0.0.0 249,10.99.0.0/16,10.7.0.1 \
				15,corp.example
			profile $type 'use-peer-dns = yes' 'dns-server = 10.7.0.1' 'routes = 10.50.0.0/16'
			dial
			within 8 has_route 10.20.0.0/16 || fail "no route to 10.20.0.0/16"
			has_route 172.30.1.0/24 || fail "no route to 172.30.1.0/24"
			has_route 10.50.0.0/16 || fail "the profile's route is gone"
			! has_route 10.99.0.0/16 || fail "option 249 was taken beside 121"
			want routes "$(field 'routes | map(.to + " " + .from) | join(",")')" \
				'10.50.0.0/16 profile,10.20.0.0/16 dhcp,172.30.1.0/24 dhcp'
			want domain "$(field domain)" corp.example
			vpdial status c >"$T/out"
			grep -q '^ *route: 10.20.0.0/16 (dhcp)$' "$T/out" || fail "status does not show the route"
			grep -q 'DHCPACK(Office) 10.7.0.2' "$T/dhcp" || fail "dnsmasq did not answer"
			ping -q -c 1 -W 2 10.7.0.1 >/dev/null || fail "no ping through the tunnel"
			hang_up
			! ip route show | grep -q '^10.20' || fail "the route is left"
			report
		fi
	done
	if case_is dhcp-249-alone-is-taken; then
		serve
		dhcpd 249,10.99.0.0/16,10.7.0.1
		profile pptp
		dial
		within 8 has_route 10.99.0.0/16 || fail "no route to 10.99.0.0/16"
		hang_up
		report
	fi
	if case_is dhcp-is-asked-again-after-a-redial; then
		serve
		dhcpd 121,10.20.0.0/16,10.7.0.1
		profile pptp
		dial
		within 8 has_route 10.20.0.0/16 || fail "no route to 10.20.0.0/16"
		kill "$DHCPD"
		dhcpd 121,10.21.0.0/16,10.7.0.1
		vpdial redial c >"$T/out" 2>&1 || fail "redial: $(tail -n 1 "$T/out")"
		within 12 has_route 10.21.0.0/16 || fail "no route to 10.21.0.0/16"
		! has_route 10.20.0.0/16 || fail "the route of the call before is left"
		want routes "$(field 'routes | map(.to) | join(",")')" 10.21.0.0/16
		hang_up
		report
	fi
	if case_is dhcp-routes-that-would-harm-are-left-out; then
		serve
		dhcpd 121,0.0.0.0/0,10.7.0.1,0.0.0.0/1,10.7.0.1,128.0.0.0/1,10.7.0.1,192.168.80.0/24,10.7.0.1,192.168.81.0/24,10.7.0.1,127.1.0.0/16,10.7.0.1,224.0.0.0/8,10.7.0.1,10.30.0.0/16,10.7.0.1
		profile pptp
		dial
		within 8 has_route 10.30.0.0/16 || fail "no route to 10.30.0.0/16"
		want routes "$(field 'routes | map(.to) | join(",")')" 10.30.0.0/16
		for line in 'route 0.0.0.0/0 (dhcp) left out: it is a default route' \
			'route 128.0.0.0/1 (dhcp) left out: it is wider' \
			"route 192.168.80.0/24 (dhcp) left out: it holds the server's own address" \
			'route 192.168.81.0/24 (dhcp) left out: it holds the gateway' \
			'route 127.1.0.0/16 (dhcp) left out' 'route 224.0.0.0/8 (dhcp) left out'; do
			logged "$line" || fail "not logged: $line"
		done
		is_up || fail "the call is over"
		hang_up
		report
	fi
	if case_is dhcp-asks-four-times-and-goes-on-without-an-answer; then
		serve
		ip netns exec far python3 -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 67))
while True:
    d = s.recv(2000)
    print("question", d[4:8].hex(), flush=True)' >"$T/dhcp" 2>&1 &
		PIDS="${PIDS-} $!"
		disown
		within 5 dhcp_port_is_open || fail "the listener does not start"
		profile pptp
		dial
		within 24 logged 'no answer to 4 DHCP questions' || fail "it does not give up"
		want questions "$(grep -c question "$T/dhcp")" 4
		want transactions "$(sort -u "$T/dhcp" | wc -l)" 1
		is_up || fail "the call is over"
		hang_up
		report
	fi
	if case_is dhcp-is-not-asked-where-the-profile-says-so; then
		serve
		dhcpd 121,10.20.0.0/16,10.7.0.1
		for line in 'dhcp-inform = no' 'use-peer-routes = no' 'add-default-route = yes'; do
			profile pptp "$line"
			dial
			sleep 3
			want "routes with $line" "$(field 'routes | map(.from) | join(",")')" \
				"$([ "$line" = 'add-default-route = yes' ] && echo default)"
			hang_up
		done
		! grep -q DHCPINFORM "$T/dhcp" || fail "a question came"
		report
	fi
	if case_is class-route-is-that-of-the-assigned-address; then
		serve
		profile pptp 'class-route = yes' 'dhcp-inform = no'
		dial
		has_route 10.0.0.0/8 || fail "no route to 10.0.0.0/8"
		want routes "$(field 'routes | map(.to + " " + .from) | join(",")')" '10.0.0.0/8 class'
		hang_up
		profile pptp 'class-route = yes' 'add-default-route = yes'
		dial
		want 'routes with a default route' "$(field 'routes | map(.from) | join(",")')" default
		hang_up
		report
	fi
}

# Echoes through the tunnel for so many seconds: a line of octets that came back in each half second.
echoes() {
	cat >"$T/echo.py" <<-'EOF'
		import socket, sys, threading, time
		if sys.argv[1] == "serve":
		    l = socket.create_server(("10.7.0.1", 7007))
		    while True:
		        c, _ = l.accept()
		        threading.Thread(target=lambda c=c: [c.sendall(d) for d in iter(lambda: c.recv(65536), b"")], daemon=True).start()
		s = socket.create_connection(("10.7.0.1", 7007), timeout=20)
		s.settimeout(20)
		back = 0
		def read():
		    global back
		    while True:
		        back += len(s.recv(65536))
		threading.Thread(target=read, daemon=True).start()
		def write():
		    while True:
		        s.sendall(bytes(20000))
		        time.sleep(0.005)
		threading.Thread(target=write, daemon=True).start()
		for _ in range(2 * int(sys.argv[2])):
		    before = back
		    time.sleep(0.5)
		    print(back - before, flush=True)
	EOF
	ip netns exec far python3 "$T/echo.py" serve >"$T/echo.out" 2>&1 </dev/null &
	PIDS="${PIDS-} $!"
	disown
	within 5 echo_port_is_open || fail "no echo server"
	python3 "$T/echo.py" dial "$1" >"$T/echoes" 2>&1 </dev/null &
	ECHOES=$!
	PIDS="${PIDS-} $ECHOES"
}
echo_port_is_open() { ip netns exec far ss -tln | grep -q ':7007 '; }
shrink() { # shrink MTU: of the cable between router and server
	ip -n isp link set r1 mtu "$1"
	ip -n far link set wan mtu "$1"
}
mtu_is() { [ "$(field mtu)" = "$1" ]; }
user_mtu_is() { [ "$("$VPDIAL" --run-dir "$S" users --json | jq -r '.users[0].mtu')" = "$1" ]; }
# router COLUMN: of the kernel's IP counters there (18 FragOKs, 19 FragFails).
# shellcheck disable=SC2016  # awk's own variable
router() { ip netns exec isp awk -v column="$1" '/^Ip: [0-9]/ {print $column}' /proc/net/snmp; }
path_mtu() {
	local way type key around from
	for way in pptp l2tp fast-gre; do
		type=$way key=''
		[ $way != fast-gre ] || { type=pptp key='fast-gre = yes'; }
		# IP 20, GRE 16 or UDP and L2TP 14, PPP 4, MPPE 4
		[ $type = pptp ] && around=44 || around=42
		case_is "mtu-$way-follows-a-path-that-shrinks-in-mid-call" || continue
		serve
		profile $type 'dhcp-inform = no' "$key"
		dial
		want 'mtu at first' "$(field mtu)" 1456 # max-mru, less MPPE
		echoes 8
		sleep 1.5
		shrink 1300
		within 5 mtu_is $((1300 - around)) || fail "the client's mtu is $(field mtu)"
		within 5 user_mtu_is $((1300 - around)) || fail "the server's mtu does not follow"
		ping -q -M want -s 1400 -c 3 -i 0.2 -W 2 10.7.0.1 >"$T/out" || fail "large pings get lost"
		ip netns exec far ping -q -s 1400 -c 3 -i 0.2 -W 2 10.7.0.2 >"$T/out" || fail "large pings of the server get lost"
		shrink 1200
		within 5 mtu_is $((1200 - around)) || fail "the client's mtu is $(field mtu) at last"
		wait "$ECHOES" || fail "the transfer fails: $(tail -n 1 "$T/echoes")"
		for from in $(tail -n 4 "$T/echoes"); do
			[ "$from" -gt 100000 ] || fail "the transfer stands still: $(tr '\n' ' ' <"$T/echoes")"
		done
		want 'warnings of the server' "$(grep -c 'octets pass to the client now' "$T/serve")" 1
		want 'packets that the router cut' "$(router 18)" 0
		[ "$(router 19)" -gt 0 ] || fail "the router refused nothing: the test tests nothing"
		[ -z "$key" ] || [ "$(field counters.wire_tx_fast)" -gt 1000 ] || fail "$(field counters.wire_tx_fast) packets by the packet socket"
		is_up || fail "the call is over"
		hang_up
		report
	done
	if case_is mtu-that-max-mru-exceeds-is-warned-of; then
		ip link set wan mtu 1400
		ip -n isp link set r0 mtu 1400
		serve
		profile pptp 'dhcp-inform = no'
		dial
		logged 'max-mru 1460 is larger than what passes (path MTU 1400).*write max-mru = 1356' ||
			fail "no warning"
		hang_up
		profile pptp 'dhcp-inform = no' 'max-mru = 1356'
		dial
		! logged 'max-mru' || fail "a warning without need"
		hang_up
		report
	fi
}

keep_alive() {
	local type cut
	for type in pptp l2tp; do
		case_is "keepalive-$type-finds-a-dead-server-within-twice-the-timeout" || continue
		serve
		profile $type 'dhcp-inform = no' 'keepalive-timeout = 3' 'redial = no'
		dial
		sleep 7 # quiet: echoes are asked and answered
		[ "$(field echo_count)" -ge 1 ] || fail "no echo is counted"
		vpdial status c | grep -q '^ *echo-time: [0-9]* ms (min [0-9]*, avg [0-9]*, jitter [0-9]*; [0-9]* answered)$' ||
			fail "status shows no round trips"
		[ "$(field 'echo_min_ms <= .connections[0].echo_avg_ms')" = true ] || fail "min is above the mean"
		is_up || fail "the call is over although the server lives"
		ip -n isp link set r1 down
		cut=$(date +%s%3N)
		within 9 logged 'has not answered' || fail "a dead server is not found"
		cut=$(($(date +%s%3N) - cut))
		[ $cut -ge 2500 ] || fail "found after $cut ms already"
		[ $cut -le 6700 ] || fail "found after $cut ms only"
		wait "$DIALED"
		want 'exit status' $? 15
		report
	done
}

T=$(mktemp -d)
mount -t tmpfs tmpfs "$T"
chmod 755 "$T"
P=$T/client Q=$T/server R=$T/run S=$T/srun
mkdir "$P" "$Q" "$R" "$S" "$T/etc"
cp -a /etc/. "$T/etc/"
mount --bind "$T/etc" /etc
mount -t tmpfs tmpfs /run
rm -f /etc/resolv.conf
echo 'nameserver 192.0.2.1' >/etc/resolv.conf
trap 'umount -l /etc "$T" 2>/dev/null; rmdir "$T" 2>/dev/null' EXIT
dhcp
path_mtu
keep_alive
[ $failures = 0 ]
