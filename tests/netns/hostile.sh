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
t_gre_sequence_wraps() { connects wrap && hangs_up; }
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
	within 3 step jumped
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
resident() { sed -n 's/^VmRSS:[ \t]*\([0-9]*\) kB/\1/p' "/proc/$1/status"; }
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

lanes_main
