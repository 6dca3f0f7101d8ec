#!/bin/bash
# Tests of the running program against servers that refuse, lie, break off, fall silent or send
# nonsense: exit status, one sentence, time, and that nothing of the call is left.
#
# usage: tests/netns/hostile.sh      (VPDIAL=program, ONLY=pattern of cases, LANES=4, TIMES=1)
set -u
: "${LANES:=4}" # most of them only wait
# shellcheck source=tests/netns/lane.bash
. "$(dirname "$(readlink -f "$0")")/lane.bash"

# Dials that fail: NAME | SCENARIO... | STATUS | SENTENCE (regular expression) | SECONDS | PROFILE LINE;... | OPTION...
refusals() {
	cat <<-'END'
		start-result-2 | start-result:2 | 8 | refused the control connection: general error | 3
		start-result-3 | start-result:3 | 8 | refused the control connection:.*(channel\|exists) | 3
		start-result-4 | start-result:4 | 8 | refused the control connection:.*not authori.ed | 3
		start-result-5 | start-result:5 | 8 | refused the control connection:.*version | 3
		start-result-200 | start-result:200 | 8 | refused the control connection:.*200 | 3
		start-version-2 | start-version:0x0200 | 8 | speaks PPTP version 2.0 | 5
		call-result-2 | call-result:2 | 8 | refused the call: general error | 5
		call-result-3 | call-result:3 | 8 | refused the call: no carrier | 5
		call-result-4 | call-result:4 | 8 | refused the call: busy | 5
		call-result-5 | call-result:5 | 8 | refused the call: no dial tone | 5
		call-result-6 | call-result:6 | 8 | refused the call:.*took too long | 5
		call-result-7 | call-result:7 | 8 | refused the call:.*not accept | 5
		fin-before-reply | fin:start | 8 | closed the control connection.*Start-Control-Connection-Reply | 3
		rst-before-reply | rst:start | 8 | (reset\|closed) the control connection | 3
		fin-at-accept | fin:tcp | 8 | (reset\|closed) the control connection | 3
		fin-after-start | fin:started | 8 | (reset\|closed) the control connection | 3
		rst-after-start | rst:started | 8 | (reset\|closed) the control connection | 3
		fin-at-call | fin:call | 8 | closed the control connection.*Outgoing-Call-Reply | 3
		fin-after-call | fin:called | 16 | (reset\|closed) the control connection | 3
		rst-after-call | rst:called | 16 | (reset\|closed) the control connection | 3
		fin-during-lcp | fin:lcp | 16 | (reset\|closed) the control connection | 3
		rst-during-lcp | rst:lcp | 16 | (reset\|closed) the control connection | 3
		fin-during-chap | fin:response | 16 | (reset\|closed) the control connection | 3
		rst-during-ccp | rst:ccp | 16 | (reset\|closed) the control connection | 3
		fin-during-ipcp | fin:ipcp | 16 | (reset\|closed) the control connection | 3
		stop-before-reply | stop:start | 8 | closed the control connection: | 3
		stop-at-call | stop:call | 8 | closed the control connection: | 3
		stop-after-call | stop:called | 16 | closed the control connection: | 3
		stop-during-lcp | stop:lcp | 16 | closed the control connection: | 3
		stop-during-chap | stop:response | 16 | closed the control connection: | 3
		stop-during-ipcp | stop:ipcp | 16 | closed the control connection: | 3
		start-unanswered | silent:start | 8 | Start-Control-Connection-Reply did not come within | 32
		call-unanswered | silent:call | 8 | Outgoing-Call-Reply did not come within | 32
		start-unanswered-and-timeout | silent:start | 8 | not connected (after\|within) | 6 | | --timeout 2
		lcp-unanswered-and-timeout | silent:lcp | 8 | not connected (after\|within) | 12 | | --timeout 2
		wrong-cookie | cookie | 8 | does not speak PPTP | 3
		length-0 | length-0 | 8 | does not speak PPTP | 3
		length-65535 | length-65535 | 8 | does not speak PPTP | 3
		reply-too-short | short | 8 | does not speak PPTP | 3
		http-instead-of-pptp | http | 8 | does not speak PPTP | 3
		noise-instead-of-pptp | noise | 8 | does not speak PPTP | 3
		noise-instead-of-call-reply | noise:call | 8 | broke the PPTP protocol | 3
		noise-during-lcp | noise:lcp | 16 | broke the PPTP protocol | 3
		truncated-reply-then-silence | truncated | 8 | not connected (after\|within) | 6 | | --timeout 2
		gre-from-another-address | other-source | 10 | no GRE packet came back.*protocol 47 | 24
		gre-with-wrong-call-id | wrong-call-id | 10 | no GRE packet came back.*protocol 47 | 24
		silence-after-call | silent:called | 10 | no GRE packet came back.*protocol 47 | 24
		only-pap | only:pap | 10 | only offers pap | 10
		only-pap-and-encryption-required | only:pap | 10 | only offers pap.*encryption | 10 | allow = pap,mschap2
		only-chap | only:chap | 10 | only offers chap | 10
		false-proof | false-proof network-at-once | 11 | does not know the password | 6
		missing-proof | missing-proof network-at-once | 11 | does not prove | 6
		failure-646 | failure:646 | 19 | not log on at this time.*said the server | 6
		failure-647 | failure:647 | 19 | account is disabled | 6
		failure-648 | failure:648 | 19 | password has expired | 6
		failure-649 | failure:649 | 19 | no permission to dial in | 6
		failure-691 | failure:691 | 19 | wrong user name or password | 6
		failure-709 | failure:709 | 19 | new password was refused | 6
		failure-4294967295 | failure:4294967295 | 19 | refused | 6
		failure-with-hostile-text | failure:nasty nasty | 19 | wrong user name or password | 6
		pap-nak-with-hostile-text | auth:pap failure:pap-nasty nasty | 19 | wrong user name or password | 6 | allow = pap;use-encryption = no
		lcp-nak-forever | lcp-nak-forever | 10 | LCP | 70
		lcp-reject-forever | lcp-reject-forever | 10 | LCP | 70
		renegotiation-forever | renegotiate-forever | 10 | . | 70
		challenges-forever | challenge-forever | 10 | authentication | 70
		ipcp-nak-forever | ipcp-nak-forever | 10 | address | 70
		looped-back | loopback | 17 | looped back | 40
		mppe-rejected | ccp-reject | 10 | encrypt | 8
		ccp-never-begun | ccp-none | 10 | encrypt | 40
		mppe-40-only | mppe:0x01000020 | 10 | encrypt | 10
		mppe-without-a-strength | mppe:0 | 10 | encrypt | 10
		mppe-stateless-only-without-key-length | mppe:0x01000000 | 10 | encrypt | 10
		assigned-0.0.0.0 | assign:0.0.0.0 | 10 | address | 10
		assigned-127.0.0.1 | assign:127.0.0.1 | 10 | address 127.0.0.1 | 6
		assigned-224.0.0.1 | assign:224.0.0.1 | 10 | address 224.0.0.1 | 6
		assigned-255.255.255.255 | assign:255.255.255.255 | 10 | address 255.255.255.255 | 6
		assigned-the-server's-own | assign:10.88.1.1 | 10 | outer address 10.88.1.1 | 6
	END
}
cases() {
	# The long waits first, so that the lanes end together.
	rows | awk -F ' *[|] *' '{ print ($5 + 0) "\t" $1 }' | sort -srn | cut -f 2
	declare -F | sed -n 's/^declare -f t_//p' | tr _ -
}
rows() { refusals | sed 's/\\|/\x01/g'; }
trim() { sed 's/^[ \t]*//; s/[ \t]*$//' <<<"$1"; }

run_case() {
	local row fields scenario profile_lines options
	row=$(rows | awk -F ' *[|] *' -v name="$1" '{ gsub(/^[ \t]+/, "", $1) } $1 == name')
	if [ -z "$row" ]; then
		"t_${1//-/_}"
		return
	fi
	IFS='|' read -r -a fields <<<"$row"
	read -r -a scenario <<<"${fields[1]}"
	IFS=';' read -r -a profile_lines <<<"$(trim "${fields[5]-}")"
	read -r -a options <<<"${fields[6]-}"
	serve "${scenario[@]}"
	profile lab "${profile_lines[@]}"
	refused "$(trim "${fields[2]}")" "$(trim "${fields[3]//$'\x01'/|}")" "$(trim "${fields[4]}")" "${options[@]}"
	server_done
	# Nothing of a call that never was may have gone out in clear, nor anything at all after a
	# proof that was wrong.
	want_seen wire-clear -eq 0
	case $1 in *-proof)
		want_seen rx8021 -eq 0
		want_seen wire-encrypted -eq 0
		;;
	esac
}

# Dials that succeed in spite of the server.
dials() { # dials SCENARIO...
	serve "$@"
	profile lab
	vpdial connect lab --timeout 12 >"$T/out" 2>"$T/err" </dev/null || fail "connect: status $?: $(tail -n 2 "$T/err" | tr '\n' '|')"
	clean "$T/out" "$T/err"
}
connects() {
	dials "$@"
	[ -n "$why" ] || pings || fail "no answer to ping: $(tail -n 2 "$T/ping" | tr '\n' '|')"
}
hangs_up() {
	hang_up
	server_done
	want_seen wire-clear -eq 0
	want_seen wire-encrypted -gt 0
}
t_good_server() {
	connects good
	want_json '.encoding' 'MPPE128 stateless'
	want_json '.local_address' 10.99.0.100
	grep -q '^nameserver 10.99.0.53' /etc/resolv.conf || fail "the peer's DNS is not used"
	hangs_up
	step clear || fail "no Call-Clear-Request"
	step stop || fail "no Stop-Control-Connection-Request"
	step terminate || fail "no LCP Terminate-Request"
}
want_json() { [ "$(field "$1")" = "$2" ] || fail "status $1 is \"$(field "$1")\", not \"$2\""; }
t_control_octet_by_octet() { connects bytewise && hangs_up; }
t_control_messages_in_one_segment() { connects coalesced && hangs_up; }
t_control_unknown_type_is_skipped() { connects unknown-type unknown-type:call && hangs_up; }
t_gre_garbage_from_the_start() {
	connects garbage
	[ "$(counter rx_malformed)" -gt 0 ] || fail "rx_malformed does not rise"
	hangs_up
}
t_gre_sequence_wraps() {
	dials wrap
	ping -q -c 20 -i 0.05 -W 2 10.99.0.1 >"$T/ping"
	grep -q ' 0% packet loss' "$T/ping" || fail "packets lost: $(grep loss "$T/ping")"
	hangs_up
	want_seen wrapped -eq 1
}
t_gre_duplicated_and_reordered() {
	dials shuffled
	ping -q -c 8 -i 0.05 -W 2 10.99.0.1 >"$T/ping"
	[ "$(counter rx_duplicate)" -ge 4 ] || fail "rx_duplicate is $(counter rx_duplicate)"
	[ "$(counter rx_late)" -ge 3 ] || fail "rx_late is $(counter rx_late)"
	grep -q ' 0% packet loss' "$T/ping" || fail "packets lost: $(grep loss "$T/ping")"
	! grep -q duplicates "$T/ping" || fail "duplicates delivered: $(grep loss "$T/ping")"
	hangs_up
}
t_gre_far_jumps() {
	connects jumps
	within 3 step jumped || fail 'no jump was made'
	pings || fail "the call is dead after sequence jumps"
	hangs_up
}
t_peer_dns_that_makes_no_sense_is_ignored() {
	dials dns:127.0.0.1,224.0.0.251
	cmp -s /etc/resolv.conf <(printf 'nameserver 192.0.2.1\nsearch home.example\n') || fail "resolv.conf changed: $(tr '\n' '|' </etc/resolv.conf)"
	want_json '.dns | length' 0
	hang_up
}

# Odd, but no harm: both interfaces have it, and the end leaves the other one's in place.
t_assigned_an_address_of_this_machine_is_warned_of() {
	serve assign:192.168.77.1
	profile lab
	vpdial connect lab --timeout 12 >"$T/out" 2>"$T/err" </dev/null || fail "connect: $(tail -n 2 "$T/err" | tr '\n' '|')"
	grep -q 'the address 192\.168\.77\.1, which another interface has already' "$T/err" || fail "no warning: $(tr '\n' '|' <"$T/err")"
	pings || fail "no answer to ping"
	hang_up
}
flooded() { # flooded OPTION...: 20000 malformed packets while connected
	local pid before after sup
	serve flood:20000
	profile lab
	up_in_foreground "$@"
	pid=$(session_pid)
	sup=$(field .pid)
	pings || fail "no ping before the flood"
	before=$(resident "$pid")
	within 20 step flooded || fail "the flood did not end"
	pings || fail "no ping after the flood"
	after=$(resident "$pid")
	[ $((after - before)) -le 1024 ] || fail "VmRSS of the session grew from $before to $after kB"
	[ "$(counter rx_malformed)" -ge 5000 ] || fail "rx_malformed is $(counter rx_malformed)"
	[ "$(wc -l <"$T/err")" -le "${LOG_LINES:-20}" ] || fail "$(wc -l <"$T/err") log lines"
	kill -TERM "$sup"
	ends_with '5|0' . 8
}
t_gre_flood_of_malformed_packets() { flooded; }
t_gre_flood_of_malformed_packets_with_debug_log() { LOG_LINES=400 flooded --debug; }

# What ends a call that is up.
ending() { # ending SCENARIO STATUS SENTENCE SECONDS [PROFILE LINE...]
	local words status=$2 text=$3 seconds=$4
	read -r -a words <<<"$1"
	shift 4
	serve "${words[@]}"
	profile lab "$@"
	up_in_foreground
	ends_with "$status" "$text" "$seconds"
	server_done
	want_seen wire-clear -eq 0
}
t_connected_then_fin() { ending fin-later:up 16 'closed the control connection' 4; }
t_connected_then_rst() { ending rst-later:up 16 '(reset|closed) the control connection' 4; }
t_connected_then_stop() { ending stop-later:up 16 'closed the control connection: ' 4; }
t_connected_then_call_disconnect() { ending cdn:right 16 'ended the call' 5; }
t_connected_then_call_disconnect_with_our_id() { ending cdn:client 16 'ended the call' 5; }
t_connected_then_call_disconnect_with_wrong_id() { ending cdn:wrong 16 'ended the call' 5; }
t_connected_then_terminate_with_hostile_text() { ending 'hang-up nasty' 16 'hung up: "' 8; }
t_connected_then_it_cannot_read_us() { ending rejects:5 10 'cannot read what is encrypted for it' 8; }
t_connected_then_some_nonsense_is_rejected() { ending 'rejects:4 fin-later:up' 16 'closed the control connection' 8; }
t_connected_then_silence() { ending silent-later:up 15 'not answered' 8 'keepalive-timeout = 2'; }
t_connected_then_echo_flood_unread() { ending echo-flood:up 16 'does not read the answers' 15; }
t_connected_then_other_mppe_bits() { ending ccp-anew:0x01000020 10 'encrypt' 10; }

t_hostile_texts_everywhere() {
	serve nasty hang-up
	profile lab
	up_in_foreground --debug
	{
		vpdial status lab
		vpdial status lab --json
		vpdial monitor lab --once
		vpdial list
	} >"$T/shown" 2>&1 </dev/null
	clean "$T/shown"
	grep -aq 'RED' "$T/shown" || fail "the peer's texts are not shown at all: no test"
	[ "$(vpdial status lab --json | jq -r '.connections[0].peer.host' | wc -l)" = 1 ] || fail "a line break in the peer's host name"
	ends_with 16 'hung up: "' 8
	grep -aq 'identifies itself' "$T/err" || fail "the debug log lacks the peer's Identification"
}

# Encryption that goes away in mid-call, while the client never stops sending.
t_ccp_terminated_while_pinging() {
	serve ccp-terminate
	profile lab
	ping -q -i 0.02 -W 1 10.99.0.1 >/dev/null 2>&1 &
	BUSY=$!
	up_in_foreground
	ends_with '10|16' 'encrypt|switched it off' 12
	kill "$BUSY"
	wait "$BUSY" 2>/dev/null
	server_done
	want_seen wire-clear -eq 0
	want_seen wire-encrypted -gt 10
}
t_clear_data_is_refused() {
	serve clear-data:5
	profile lab
	up_in_foreground
	local sup got
	sup=$(field .pid)
	within 5 step leaked
	within 3 eval '[ "$(counter rx_clear_refused)" = 5 ]' || fail "rx_clear_refused is $(counter rx_clear_refused)"
	got=$(ip -s -j link show pptp-out1 | jq '.[0].stats64.rx.packets')
	[ "$got" = 1 ] || fail "$got packets reached the device, not the encrypted one alone"
	pings || fail "no ping afterwards"
	kill -TERM "$sup"
	ends_with '5|0' . 8
	server_done
	want_seen echo-reply-c1ea -eq 0
	want_seen echo-reply-600d -eq 1
	want_seen wire-clear -eq 0
}
survives() { # survives SCENARIO STEP: STEP comes in mid-call and the call goes on
	serve "$1"
	profile lab
	ping -q -i 0.02 -W 1 10.99.0.1 >/dev/null 2>&1 &
	BUSY=$!
	up_in_foreground
	local sup
	sup=$(field .pid)
	within 8 step "$2" || fail "the server did not get to $2"
	within 5 pings || fail "no traffic after $2"
	is_connected || fail "not connected after $2"
	kill "$BUSY"
	wait "$BUSY" 2>/dev/null
	[ -z "$sup" ] || kill -TERM "$sup"
	ends_with '5|0' . 8
	server_done
	want_seen wire-clear -eq 0
	want_seen undecipherable -eq 0
}
t_lcp_renegotiated_in_mid_call() { survives lcp-anew up-again; }
t_challenged_again_in_mid_call() { survives rechallenge rechallenged; }
t_ccp_renegotiated_in_mid_call() { survives ccp-anew:0x01000040 ccp-again; }

# What does not fit the call is not of it: it goes on, and neither memory nor descriptors grow.
received() { ip -s -j link show pptp-out1 | jq '.[0].stats64.rx.packets'; }
not_of_the_call() { # not_of_the_call SCENARIO STEP: 200 forged ends of the call
	local pid memory open sup
	serve "$1"
	profile lab
	up_in_foreground
	pid=$(session_pid)
	sup=$(field .pid)
	memory=$(resident "$pid") open=$(descriptors "$pid")
	within 5 step "$2" || fail "the server did not get to $2"
	sleep 0.3
	pings || fail "no traffic after $2"
	is_connected || fail "not connected after $2"
	[ "$(session_pid)" = "$pid" ] || fail "another session after $2"
	[ $(($(resident "$pid") - memory)) -le 512 ] || fail "VmRSS of the session grew from $memory to $(resident "$pid") kB"
	[ "$(descriptors "$pid")" = "$open" ] || fail "$(descriptors "$pid") descriptors, $open before"
	kill -TERM "$sup"
	ends_with '5|0' . 8
	server_done
	want_seen wire-clear -eq 0
}
t_forged_end_with_old_numbers() { not_of_the_call forged:old-number forged; }
t_forged_end_with_another_call_id() { not_of_the_call forged:other-id forged; }
t_forged_end_from_another_address() { not_of_the_call forged:other-source forged; }
t_forged_segments_of_the_control_connection() { not_of_the_call forged:tcp forged; }
# LCP is never encrypted: whoever knows address, id and number can end the call, but no more than that.
t_forged_end_that_fits_ends_the_call_in_order() { ending forged:fits 16 'hung up: "forged"' 6; }
# A third host, from which packets with the server's address come; stranger KIND: tries all call ids.
third_host() {
	ip netns add third
	ip link add stray type veth peer name stray netns third
	ip link set stray addrgenmode none
	ip link set stray up
	ip -n third link set stray up
	ip -n third addr add 10.77.0.3/24 dev stray
	ip -n third route add 10.88.1.2 dev stray
	ip -n third neigh add 10.88.1.2 lladdr "$(ip -j link show stray | jq -r '.[0].address')" dev stray
	sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.stray.rp_filter=0
	cp "$T/before" "$T/before.two"
	snapshot >"$T/before"
}
third_host_gone() {
	ip netns del third
	within 3 eval '! ip link show stray >/dev/null 2>&1' || fail 'the third host is still there'
	cp "$T/before.two" "$T/before"
}
stranger() { ip netns exec third python3 "$netns_dir/stranger.py" $SERVER 10.88.1.2 "$1" >"$T/sent" 2>&1 || fail "the stranger: $(tail -n 1 "$T/sent")"; }
# the_call_stays KIND [PROFILE LINE...]: whatever the stranger sends.
the_call_stays() {
	local kind=$1 pid sup before
	shift
	serve good
	profile lab "$@"
	third_host
	up_in_foreground
	pid=$(session_pid) sup=$(field .pid)
	pings || fail "no traffic before"
	before=$(counter wire_rx)
	stranger "$kind"
	sleep "${WAIT:-1}"
	is_connected || fail "not connected: $(tail -n 1 "$T/err")"
	[ "$(counter wire_rx)" -gt "$before" ] || fail "nothing of it came: no test"
	[ "$(session_pid)" = "$pid" ] || fail "another session"
	pings || fail "no traffic afterwards"
	[ -z "$sup" ] || kill -TERM "$sup"
	ends_with '5|0' . 8
	third_host_gone
	server_done
}
t_stranger_who_tries_all_ids_does_not_end_the_call() { the_call_stays ends; }
t_stranger_who_tries_series_does_not_end_the_call() { the_call_stays series; }
# An idle call must go on hearing the answers to its keep-alives.
t_stranger_who_sends_nonsense_does_not_deafen_an_idle_call() { WAIT=8 the_call_stays senseless 'keepalive-timeout = 2'; }
t_replayed_data_is_delivered_once() {
	local before pid memory
	serve replayed:200
	profile lab
	up_in_foreground
	pid=$(session_pid)
	ping -q -c 8 -i 0.05 -W 2 10.99.0.1 >"$T/ping"
	grep -q ' 0% packet loss' "$T/ping" || fail "packets lost: $(grep loss "$T/ping")"
	before=$(received) memory=$(resident "$pid")
	within 5 step replayed || fail "the server did not get so far"
	within 3 eval '[ "$(counter rx_duplicate)" -ge 800 ]' || fail "rx_duplicate is $(counter rx_duplicate)"
	[ "$(received)" = "$before" ] || fail "$(($(received) - before)) packets of 1600 were delivered again"
	[ $(($(resident "$pid") - memory)) -le 512 ] || fail "VmRSS of the session grew from $memory to $(resident "$pid") kB"
	pings || fail "no traffic after the replay"
	hangs_up
}

# What is told by DHCP inside of the tunnel. Of each answer one route is good: it shows that the answer
# was looked at.
told() { # told ANSWER [PROFILE LINE...]: dials, and waits until the good route is there
	# shellcheck disable=SC2086  # scenarios
	serve ${SCENARIOS-} "dhcp:10.50.0.0/16,$1"
	shift
	profile lab 'dhcp-inform = yes' 'use-peer-routes = yes' "$@"
	vpdial connect lab --timeout 12 >"$T/out" 2>"$T/err" </dev/null || fail "connect: status $?: $(tail -n 2 "$T/err" | tr '\n' '|')"
	within 5 step dhcp-answered || fail "no question came"
	within 3 routed 10.50.0.0/16 || fail "the good route is missing: $(ip route show dev pptp-out1 | tr '\n' '|')"
	vpdial log lab >"$T/events" 2>&1
	clean "$T/events"
}
routed() { ip route show "$1" | grep -q 'dev pptp-out1'; }
left_out() { # left_out ROUTE REASON
	! routed "$1" || fail "route $1 leads into the tunnel"
	grep -qE -- "route $1 .*left out: $2" "$T/events" || fail "nothing says that $1 is left out: $2: $(grep "$1" "$T/events")"
}
still_reached() {
	ping -q -c 1 -W 2 $SERVER >/dev/null || fail "the server is not reached any more"
	pings || fail "no answer to ping"
	hang_up
}
t_told_routes_to_this_machine_itself() {
	told 127.0.0.0/8,127.0.0.1/32,0.0.0.0/8
	left_out 127.0.0.0/8 'it holds addresses of this machine itself'
	left_out 127.0.0.1/32 'it holds addresses of this machine itself'
	left_out 0.0.0.0/8 'it holds addresses of this machine itself'
	still_reached
}
t_told_routes_to_multicast() {
	told 224.0.0.0/4,239.1.2.3/32,255.255.255.255/32
	left_out 224.0.0.0/4 'it is wider than /8'
	left_out 239.1.2.3/32 'it holds multicast'
	left_out 255.255.255.255/32 'it holds multicast'
	still_reached
}
t_told_routes_to_the_server_and_the_way_to_it() {
	told 10.88.1.1/32,10.88.1.0/24,10.88.1.2/32
	left_out 10.88.1.1/32 "it holds the server's own address"
	left_out 10.88.1.0/24 "it holds the server's own address"
	left_out 10.88.1.2/32 "it holds this machine's address outside the tunnel"
	still_reached
}
t_told_default_route_whole_and_in_halves() {
	told 0.0.0.0/0,0.0.0.0/1,128.0.0.0/1,64.0.0.0/2
	left_out 0.0.0.0/0 'it is a default route'
	left_out 0.0.0.0/1 'it is wider than /8'
	left_out 128.0.0.0/1 'it is wider than /8'
	left_out 64.0.0.0/2 'it is wider than /8'
	still_reached
}
t_told_halves_where_all_goes_through_the_tunnel() {
	told 0.0.0.0/1,128.0.0.0/1 'add-default-route = yes'
	grep -q 'route 0.0.0.0/1 (dhcp) left out: it holds addresses of this machine itself' "$T/events" || fail "$(cat "$T/events")"
	grep -q 'route 128.0.0.0/1 (dhcp) left out: it holds multicast' "$T/events" || fail "$(cat "$T/events")"
	want_json '.routes | map(select(.from == "dhcp" and (.to | endswith("/1")))) | length' 0 # the halves in the table are the default route
	still_reached
}
# Two networks may have the same numbers, and the profile asks for the server's routes: it is taken, and
# said.
t_told_route_to_the_own_network_is_warned_of() {
	told 192.168.77.0/24
	grep -q '192\.168\.77\.0/24 through the tunnel overlaps 192\.168\.77\.0/24 on lan0' "$T/events" || fail "no warning: $(tail -n 3 "$T/events" | tr '\n' '|')"
	ip addr show dev lan0 | grep -q 192.168.77.1/24 || fail "the address of lan0 is gone"
	still_reached
}
t_told_routes_by_the_hundred() {
	local sup
	told many220
	sup=$(field .pid)
	[ "$(ip route show dev pptp-out1 | grep -c /24)" -le 64 ] || fail "$(ip route show dev pptp-out1 | wc -l) routes"
	grep -qE 'tells [0-9]+ routes more than the 64 that are taken' "$T/events" || fail "nothing says that some are left out"
	[ "$(resident "$sup")" -le 12000 ] || fail "VmRSS of the supervisor is $(resident "$sup") kB"
	still_reached
}
t_told_again_and_again_counts_once() {
	local before pid
	told '10.51.0.0/16;times=2000'
	pid=$(session_pid)
	before=$(resident "$pid")
	within 5 step dhcp-flooded || fail 'no flood came'
	sleep 0.5
	vpdial log lab >"$T/events" 2>&1
	[ "$(grep -c 'DHCP server' "$T/events")" = 1 ] || fail "$(grep -c 'DHCP server' "$T/events") answers were taken"
	[ $(($(resident "$pid") - before)) -le 512 ] || fail "VmRSS of the session grew from $before to $(resident "$pid") kB"
	still_reached
}
told_dns() { # told_dns SERVERS: one of them is good
	SCENARIOS=dns:0.0.0.0,0.0.0.0 # IPCP tells none, else DHCP's are not looked at
	told "10.51.0.0/16;dns=$1;domain=nasty" 'use-peer-dns = yes'
	SCENARIOS=''
	within 3 grep -q '^nameserver 10\.50\.0\.53' /etc/resolv.conf || fail "the good one is not used: $(tr '\n' '|' </etc/resolv.conf)"
	! grep -q '127\.0\.0\.1\|224\.0\.0' /etc/resolv.conf || fail "resolv.conf: $(tr '\n' '|' </etc/resolv.conf)"
	clean /etc/resolv.conf
	still_reached
}
t_told_dns_of_this_machine_and_a_senseless_domain() { told_dns 127.0.0.1,10.50.0.53; }
t_told_dns_of_multicast_and_a_senseless_domain() { told_dns 10.50.0.53,224.0.0.251; }
t_peer_dns_of_all_kinds_that_no_host_has() {
	dials dns:0.0.0.0,255.255.255.255
	cmp -s /etc/resolv.conf <(printf 'nameserver 192.0.2.1\nsearch home.example\n') || fail "resolv.conf changed: $(tr '\n' '|' </etc/resolv.conf)"
	want_json '.dns | length' 0
	hang_up
}
# What it calls itself is of use to nobody but the device: it is left out.
peer_names_itself() {
	dials "inner:$1"
	want_json .remote_address null
	! ip addr show dev pptp-out1 | grep -q "peer $1" || fail "the device has the peer $1"
	hang_up
}
t_peer_that_names_itself_127.0.0.1() { peer_names_itself 127.0.0.1; }
t_peer_that_names_itself_224.0.0.1() { peer_names_itself 224.0.0.1; }
t_assigned_the_address_outside_the_tunnel_is_warned_of() {
	serve assign:10.88.1.2
	profile lab
	vpdial connect lab --timeout 12 >"$T/out" 2>"$T/err" </dev/null || fail "connect: $(tail -n 2 "$T/err" | tr '\n' '|')"
	grep -q 'the address 10\.88\.1\.2, which another interface has already' "$T/err" || fail "no warning: $(tr '\n' '|' <"$T/err")"
	ping -q -c 1 -W 2 $SERVER >/dev/null || fail "the server is not reached any more"
	is_connected || fail "not connected"
	hang_up
}
t_assigned_a_gateway_or_a_host_of_the_own_network_is_warned_of() {
	local address
	for address in '10.88.1.9 a gateway of this network' "192.168.77.9 in a network of this machine's own links" \
		'192.0.2.1 a name server of this machine'; do
		ip route replace 10.77.0.0/16 via 10.88.1.9
		snapshot >"$T/before"
		serve "assign:${address%% *}"
		profile lab 'use-peer-dns = no'
		vpdial connect lab --timeout 12 >"$T/out" 2>"$T/err" </dev/null || fail "connect: $(tail -n 2 "$T/err" | tr '\n' '|')"
		grep -q "the address ${address%% *}, which is ${address#* }" "$T/err" || fail "no warning: $(tr '\n' '|' <"$T/err")"
		[[ $address != *gateway* ]] || want_json '.not_in_effect[0].why' 'it is a gateway of this network too'
		pings || fail "no answer to ping"
		hang_up
		server_done
	done
	ip route del 10.77.0.0/16
	snapshot >"$T/before"
}
t_peer_that_names_itself_as_a_host_here_is_warned_of() {
	serve inner:192.168.77.9
	profile lab
	vpdial connect lab --timeout 12 >"$T/out" 2>"$T/err" </dev/null || fail "connect: $(tail -n 2 "$T/err" | tr '\n' '|')"
	grep -q "the peer calls itself 192.168.77.9, which is in a network of this machine's own links" "$T/err" || fail "no warning: $(tr '\n' '|' <"$T/err")"
	hang_up
}
t_peer_dns_without_routes_is_asked_through_the_tunnel() {
	serve good
	profile lab 'use-peer-dns = yes'
	vpdial connect lab --timeout 12 >"$T/out" 2>"$T/err" </dev/null || fail "connect: $(tail -n 2 "$T/err" | tr '\n' '|')"
	[ "$(grep -c '^nameserver 10.99.0.5' /etc/resolv.conf)" = 2 ] || fail "resolv.conf: $(tr '\n' '|' </etc/resolv.conf)"
	routed 10.99.0.53 && routed 10.99.0.54 || fail "no way to them: $(ip route show | tr '\n' '|')"
	[ "$(field '.routes | map(select(.from == "dns").to) | join(" ")')" = '10.99.0.53/32 10.99.0.54/32' ] || fail "status: $(field .routes)"
	want_json '.not_in_effect | length' 0
	[ ! -s "$T/err" ] || fail "warned: $(cat "$T/err")"
	hang_up
}
t_peer_dns_that_a_route_of_the_profile_reaches_needs_none() {
	serve good
	profile lab 'use-peer-dns = yes' 'routes = 10.99.0.0/24'
	vpdial connect lab --timeout 12 >"$T/out" 2>"$T/err" </dev/null || fail "connect: $(tail -n 2 "$T/err" | tr '\n' '|')"
	[ -z "$(ip route show 10.99.0.53/32)" ] || fail 'a route without need'
	grep -q '^nameserver 10.99.0.53' /etc/resolv.conf || fail 'not used'
	hang_up
}
t_peer_dns_that_would_cut_off_something_is_left_out() {
	local bad
	for bad in "10.88.1.1 the server's own address" '10.88.1.2 an address of this machine' \
		"192.168.77.53 in a network of this machine's own links" '10.88.1.9 a gateway of this network'; do
		ip route replace 10.77.0.0/16 via 10.88.1.9
		snapshot >"$T/before"
		serve "dns:${bad%% *},10.50.0.53"
		profile lab 'use-peer-dns = yes'
		vpdial connect lab --timeout 12 >"$T/out" 2>"$T/err" </dev/null || fail "connect: $(tail -n 2 "$T/err" | tr '\n' '|')"
		! grep -q "${bad%% *}" /etc/resolv.conf || fail "$bad: resolv.conf: $(tr '\n' '|' </etc/resolv.conf)"
		grep -q '^nameserver 10.50.0.53' /etc/resolv.conf || fail 'nor is the good one used'
		! routed "${bad%% *}" || fail "a route to $bad"
		want_json '.dns | join(" ")' 10.50.0.53
		want_json '.not_in_effect[0].why' "${bad%% *} left out, it is ${bad#* }"
		grep -q "dns is not in effect: ${bad%% *} left out, it is ${bad#* }" "$T/err" || fail "no warning: $(tr '\n' '|' <"$T/err")"
		pings || fail 'no answer to ping'
		hang_up
		server_done
	done
	ip route del 10.77.0.0/16
	snapshot >"$T/before"
}

lanes_main
