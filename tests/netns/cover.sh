#!/bin/bash
# Tests of `use-ipsec = external`: the kernel's IPsec policies decide whether a call may go.
#
# usage: tests/netns/cover.sh      (VPDIAL=program, ONLY=pattern of cases, TIMES=1)
set -u
SERVED_BY=l2tp_server.py
# shellcheck source=tests/netns/l2tp.bash
. "$(dirname "$(readlink -f "$0")")/l2tp.bash"
PROFILE_TOO=('use-ipsec = external')
secret=''
OWN=10.88.1.2

# policy DIRECTION PORT LEVEL [MORE...]: of our datagrams from or to PORT (0 = any).
policy() {
	local direction=$1 port=$2 level=$3 from=$OWN to=$SERVER ports=()
	shift 3
	[ "$direction" = out ] || from=$SERVER to=$OWN
	ports=(dport 1701)
	[ "$direction" = out ] || ports=(sport 1701)
	if [ "$port" != 0 ]; then
		if [ "$direction" = out ]; then ports+=(sport "$port"); else ports+=(dport "$port"); fi
	fi
	ip xfrm policy add src $from/32 dst $to/32 proto udp "${ports[@]}" dir "$direction" "$@" \
		tmpl src $from dst $to proto esp reqid 7 mode transport level "$level"
}
datagrams() { ip netns exec far cat /proc/net/snmp | awk '/^Udp:/ { n++; if (n == 2) print $2 + $3 }'; }

refusals() {
	cat <<-'END'
		no-policy | good | 8 | there is no IPsec policy for UDP from port .* to 10.88.1.1.*another program | 6
	END
}
# says SENTENCE [PROFILE LINE...]: the dial fails with it, and no datagram reached the server.
says() {
	local before text=$1
	shift
	serve good
	profile "$@"
	before=$(datagrams)
	refused 8 "$text" "${LIMIT:-8}"
	[ "$(datagrams)" = "$before" ] || fail "$(($(datagrams) - before)) datagrams reached the server"
	server_done
	ip xfrm policy flush
}
t_port_1701_is_tried_too() {
	profile 'source-port = auto'
	vpdial connect lab >"$T/out" 2>"$T/err" </dev/null
	grep -q 'from port 1701 to 10.88.1.1' "$T/err" || fail "says $(tail -n 1 "$T/err")"
}
t_policy_that_lets_clear_text_pass() {
	policy out 0 use
	policy in 0 use
	says 'does not insist on encryption'
}
t_policy_for_port_1701_only_and_a_random_port() {
	policy out 1701 required
	policy in 1701 required
	says 'there is no IPsec policy' 'source-port = random'
}
t_policy_in_one_direction_only() {
	policy out 0 required
	says 'there is no IPsec policy'
}
t_policy_of_a_lower_priority_does_not_count() {
	policy out 0 required priority 200
	policy in 0 required priority 200
	ip xfrm policy add src $OWN/32 dst 0.0.0.0/0 dir out priority 100
	says 'does not insist on encryption'
}
t_nothing_leaves_in_clear_while_there_is_no_association() {
	policy out 0 required
	policy in 0 required
	LIMIT=40 says 'SCCRP|answer'
}
t_nothing_leaves_in_clear_when_the_policy_goes_while_dialing() {
	local before
	serve good
	policy out 0 required
	policy in 0 required
	profile
	before=$(datagrams)
	call_begin
	sleep 1.5
	ip xfrm policy flush
	ends_with 8 'there is no IPsec policy' 20
	[ "$(datagrams)" = "$before" ] || fail "$(($(datagrams) - before)) datagrams reached the server"
	server_done
}
t_policy_over_ipv6() {
	ip addr add fd88::2/64 dev eth0 nodad
	ip -n far addr add fd88::1/64 dev peer nodad
	ip xfrm policy add src fd88::2/128 dst fd88::1/128 proto udp dport 1701 dir out \
		tmpl src fd88::2 dst fd88::1 proto esp reqid 7 mode transport level use
	profile 'connect-to = fd88::1'
	vpdial connect lab >"$T/out" 2>"$T/err" </dev/null
	grep -q 'does not insist on encryption' "$T/err" || fail "says $(tail -n 1 "$T/err")"
	ip xfrm policy flush
	ip addr del fd88::2/64 dev eth0
	ip -n far addr del fd88::1/64 dev peer
}
lanes_main "$@"
