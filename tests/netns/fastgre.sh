#!/bin/bash
# Tests of `fast-gre`: packets that leave by the packet socket, what it follows, when the raw socket takes
# over and when not any more.  Our own client and server; counters of nftables tell which way was taken:
# the client's output hook sees what the raw socket sends, the router's prerouting hook everything.
#
# usage: tests/netns/fastgre.sh      (VPDIAL=program, ONLY=pattern of cases, LANES=4)
set -u
LANES=${LANES:-2} # they count packets in a second
# shellcheck source=tests/netns/stay.bash
. "$(dirname "$(readlink -f "$0")")/stay.bash"

cases() { declare -F | sed -n 's/^declare -f t_//p' | tr _ -; }
run_case() {
	command -v nft >/dev/null || { skip "not installed: nft"; return; }
	network
	count_packets
	# The server is behind the router: nobody answers for it on the link.
	ip -n far addr del $SERVER/24 dev peer 2>/dev/null
	ip netns exec far sysctl -qw net.ipv4.conf.peer.arp_ignore=1
	PEER=$(ip -n far -j link show peer | jq -r '.[0].address')
	server_begin
	"t_${1//-/_}"
	lane_kill
	server_end KILL
	ip xfrm policy flush 2>/dev/null
	nft delete table inet here
	ip netns exec far nft delete table inet there
	ip -n far link set peer arp on
}

count_packets() {
	nft -f - <<-'END'
		table inet here {
			counter raw { }
			chain out { type filter hook output priority 0; ip protocol gre counter name raw; }
		}
	END
	ip netns exec far nft -f - <<-'END'
		table inet there {
			counter arrived { }
			counter odd { }
			chain in {
				type filter hook prerouting priority -450;
				ip saddr 10.88.1.2 ip protocol gre counter name arrived
				ip saddr 10.88.1.2 ip protocol gre ip frag-off & 0x4000 == 0 counter name odd
				ip saddr 10.88.1.2 ip protocol gre ip ttl != 64 counter name odd
			}
		}
	END
}
packets() { sed -n 's/.*packets \([0-9]*\).*/\1/p'; }
raw() { nft list counter inet here raw | packets; }
arrived() { ip netns exec far nft list counter inet there arrived | packets; }
odd() { ip netns exec far nft list counter inet there odd | packets; }
fast() { counter wire_tx_fast; }

profile_fast() { profile pptp 'fast-gre = yes' "$@"; }
burst() { ping -q -c 40 -i 0.005 -W 1 $INNER >/dev/null 2>&1; }

# goes_fast: of the packets sent now most leave past the output hook, and all arrive.
goes_fast() {
	local here there
	inner_ping
	burst || return 1
	here=$(raw) there=$(arrived)
	burst || return 1
	[ $(($(raw) - here)) -lt 25 ] && [ $(($(arrived) - there)) -ge 40 ]
}
# goes_raw: none does.
goes_raw() {
	local here there
	here=$(raw) there=$(arrived)
	burst
	[ $(($(raw) - here)) -ge 40 ] && [ $(($(raw) - here)) -ge $(($(arrived) - there)) ]
}
dial() {
	profile_fast "$@"
	connect
	within 5 goes_fast || fail "the packet socket is not used: $(said)"
}
said() { vpdial log lab 2>/dev/null | grep fast-gre | tail -n 2 | tr '\n' '|'; }
says() { vpdial log lab 2>/dev/null | grep fast-gre | tail -n 1 | grep -q -- "$1"; }
falls_back() { # falls_back TEXT
	within 5 says "by the raw socket: $1" || fail "does not say why: $(said)"
}
comes_back() {
	within 10 goes_fast || fail "does not return: $(said)"
	[ "$(calls)" = 1 ] || fail "redialed"
}

t_data_passes_by_the_packet_socket() {
	local before
	dial
	before=$(fast)
	burst
	within 3 counted "$before" || fail "wire_tx_fast is $(fast)"
	[ "$(odd)" = 0 ] || fail "$(odd) packets may be fragmented or have another TTL"
	end_call
}
counted() { [ "$(fast)" -ge $(($1 + 30)) ]; }
t_without_the_key_data_passes_by_the_raw_socket() {
	profile pptp
	connect
	goes_raw || fail "not all packets pass the output hook"
	[ "$(fast)" = 0 ] || fail "wire_tx_fast is $(fast)"
	end_call
}
t_tcp_passes_whole_both_ways() {
	dial
	ip netns exec far python3 -c '
import hashlib, socket
s = socket.create_server(("10.99.0.1", 7000)); c, _ = s.accept(); got = hashlib.sha256()
while True:
    d = c.recv(65536)
    if not d: break
    got.update(d)
    c.sendall(d[:1000])
c.sendall(b"hash" + got.digest())' >"$T/got" 2>&1 &
	within 5 listens || fail 'the receiver does not start'
	python3 -c '
import hashlib, random, socket, sys, threading
s = socket.create_connection(("10.99.0.1", 7000))
data = random.Random(1).randbytes(20 << 20)
def send():
    s.sendall(data)
    s.shutdown(socket.SHUT_WR)
threading.Thread(target=send).start()
back = bytearray()
while True:
    d = s.recv(65536)
    if not d: break
    back += d
sys.exit(back[-36:] != b"hash" + hashlib.sha256(data).digest())' || fail "other octets came than were sent"
	[ "$(odd)" = 0 ] || fail "$(odd) packets may be fragmented or have another TTL"
	within 3 many_fast || fail "only $(fast) packets by the packet socket"
	[ "$(counter tx_too_big)" = 0 ] || fail "packets were too large"
	end_call
}
many_fast() { [ "$(fast)" -gt 8000 ]; }
listens() { ip netns exec far ss -Hltn | grep -q :7000; }

t_link_address_of_the_gateway_changes() {
	dial
	sleep 1.1 # the kernel believes no second answer within a second
	ip -n far link set peer address 02:00:00:00:00:77
	ip -n far neigh flush dev peer
	# Its question for our address makes the new one known here.
	ip netns exec far ping -q -c 1 -W 2 -I 10.88.1.1 10.88.1.2 >/dev/null 2>&1
	within 5 says '(02:00:00:00:00:77)' || fail "not followed: $(said)"
	comes_back
	end_call
	ip -n far link set peer address "$PEER"
}
# Another gateway with another link address: the same router, which takes frames for that one too.
t_gateway_changes() {
	ip netns exec far nft -f - <<-'END'
		table netdev second {
			counter taken { }
			chain in {
				type filter hook ingress device "peer" priority 0
				ether daddr 02:00:00:00:00:99 meta pkttype set host counter name taken
			}
		}
	END
	ip neigh replace 10.88.1.9 lladdr 02:00:00:00:00:99 nud permanent dev eth0
	dial
	ip route replace default via 10.88.1.9 dev eth0 metric 100
	within 5 says 'to 10.88.1.9 (02:00:00:00:00:99)' || fail "not followed: $(said)"
	comes_back
	[ "$(ip netns exec far nft list counter netdev second taken | packets)" -gt 40 ] || fail 'frames do not go to the new gateway'
	ip route replace default via 10.88.1.1 dev eth0 metric 100
	within 5 says 'to 10.88.1.1 ' || fail "not followed back: $(said)"
	comes_back
	ip neigh del 10.88.1.9 dev eth0
	ip netns exec far nft delete table netdev second
	end_call
}
t_link_goes_down_and_up() {
	dial 'add-default-route = yes' 'keepalive-timeout = 20'
	ip link set eth0 down
	falls_back ''
	ip link set eth0 up
	ip route replace default via 10.88.1.1 dev eth0 metric 100
	comes_back
	end_call
}
t_carrier_is_lost_and_returns() {
	dial 'keepalive-timeout = 20'
	ip -n far link set peer down
	falls_back ''
	ip -n far link set peer up
	comes_back
	end_call
}
t_route_is_deleted_and_returns() {
	dial 'keepalive-timeout = 20'
	ip route del default
	falls_back "the next hop's link address is not known" # on the link, the kernel then says
	ip route replace default via 10.88.1.1 dev eth0 metric 100
	comes_back
	end_call
}
t_neighbour_entry_that_fails_ends_it_until_it_is_resolved() {
	dial 'keepalive-timeout = 20'
	ip -n far link set peer arp off
	ip neigh del 10.88.1.1 dev eth0
	falls_back "the next hop's link address is not known"
	ip -n far link set peer arp on
	comes_back
	end_call
}
t_neighbour_entry_deleted_comes_back_by_the_raw_socket() {
	dial
	ip neigh del 10.88.1.1 dev eth0
	comes_back
	end_call
}
t_ipsec_policy_ends_it_while_it_is_there() {
	dial
	ip xfrm policy add src 192.0.2.1/32 dst 192.0.2.2/32 dir out tmpl src 192.0.2.1 dst 192.0.2.2 proto esp mode tunnel 2>"$T/xfrm" ||
		{ skip "the kernel has no IPsec: $(head -n 1 "$T/xfrm")"; return; }
	falls_back 'this machine has IPsec policies'
	within 3 goes_raw || fail 'packets pass beside the raw socket'
	ip xfrm policy flush
	comes_back
	end_call
}
t_rule_against_gre_ends_all_of_it_within_seconds() {
	local before
	dial 'keepalive-timeout = 20'
	nft add rule inet here out ip protocol gre drop
	burst
	sleep 2
	inner_ping
	before=$(arrived)
	burst
	sleep 0.2
	[ "$(arrived)" = "$before" ] || fail "$(($(arrived) - before)) packets leave in spite of the rule"
	nft flush chain inet here out
	nft add rule inet here out ip protocol gre counter name raw
	comes_back
	end_call
}
t_server_behind_another_tunnel_is_left_to_the_raw_socket() {
	ip -n far addr add 203.0.113.2/32 dev lo
	server_end
	sed -i 's/^listen = .*/listen = 203.0.113.1,203.0.113.2/' "$T/server.d/server.conf"
	server_again
	profile l2tp 'connect-to = 203.0.113.2' 'user = jane' 'routes = 203.0.113.1/32'
	mv "$P/lab.conf" "$P/outer.conf"
	vpdial connect outer >"$T/out" 2>"$T/err" </dev/null || fail "outer: $(tail -n 1 "$T/err")"
	profile_fast
	connect
	falls_back 'the interface is no Ethernet'
	inner_ping || fail 'no traffic'
	[ "$(fast)" = 0 ] || fail "wire_tx_fast is $(fast)"
	vpdial disconnect lab >/dev/null 2>&1
	vpdial disconnect outer >/dev/null 2>&1
	all_gone 3
	ip -n far addr del 203.0.113.2/32 dev lo
}
# Who is on the link can say another link address again and again.
t_flood_of_changes_is_followed_and_fills_no_log() {
	local i
	dial 'keepalive-timeout = 20'
	for i in {10..59}; do
		ip neigh replace 10.88.1.1 lladdr 02:00:00:00:00:$i dev eth0
		sleep 0.07
	done
	ip neigh replace 10.88.1.1 lladdr "$PEER" dev eth0
	comes_back
	i=$(vpdial log lab | grep -c 'fast-gre: sending')
	[ "$i" -ge 15 ] && [ "$i" -le 21 ] || fail "$i lines in the log"
	end_call
}
t_redial_uses_it_again() {
	dial
	vpdial redial lab >/dev/null 2>&1
	redialed 2 10
	within 5 goes_fast || fail "not used after a redial: $(said)"
	end_call
}
lanes_main
