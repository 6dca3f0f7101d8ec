#!/bin/bash
# Tests of the running program against L2TP servers that refuse, lie, fall silent, move, or send
# what the protocol allows and few send: exit status, one sentence, time, and that nothing is left.
#
# usage: tests/netns/l2tp.sh      (VPDIAL=program, ONLY=pattern of cases, LANES=8, TIMES=1)
set -u
LANES=${LANES:-8} # most of the time is waiting
SERVED_BY=l2tp_server.py
# shellcheck source=tests/netns/l2tp.bash
. "$(dirname "$(readlink -f "$0")")/l2tp.bash"

secret='tunnel-secret = "netns-tunnel-secret"'

# Dials that fail: NAME | SCENARIO... | STATUS | SENTENCE (regular expression) | SECONDS | PROFILE LINE;... | OPTION...
refusals() {
	cat <<-'END'
		stopccn-1 | stopccn:sccrq,1 | 8 | closed the tunnel: no special reason$ | 3
		stopccn-2 | stopccn:sccrq,2,4 | 8 | closed the tunnel: general error \(not enough resources\) | 3
		stopccn-2-without-error | stopccn:sccrq,2 | 8 | closed the tunnel: general error$ | 3
		stopccn-2-error-0 | stopccn:sccrq,2,0 | 8 | closed the tunnel: general error \(no error | 3
		stopccn-2-error-7 | stopccn:sccrq,2,7 | 8 | general error \(try another server\) | 3
		stopccn-2-error-999 | stopccn:sccrq,2,999 | 8 | general error \(unknown error 999\) | 3
		stopccn-3 | stopccn:sccrq,3 | 8 | a control connection exists already | 3
		stopccn-4 | stopccn:sccrq,4 | 8 | not authorized.*check the tunnel secret | 3
		stopccn-4-with-error-and-text | stopccn:sccrq,4,0,go-away | 8 | not authorized.*it says "go-away" | 3
		stopccn-5 | stopccn:sccrq,5,256 | 8 | version not supported \(it knows 1\.0\) | 3
		stopccn-6 | stopccn:sccrq,6 | 8 | shutting down | 3
		stopccn-7 | stopccn:sccrq,7 | 8 | unexpected message | 3
		stopccn-200 | stopccn:sccrq,200 | 8 | unknown result 200 | 3
		stopccn-hostile-text | stopccn:sccrq,2,6,nasty | 8 | an error of the vendor's own\), it says " | 3
		stopccn-instead-of-call-reply | stopccn:icrq,2,4,full | 8 | closed the tunnel: general error \(not enough resources\), it says "full" | 3
		stopccn-after-the-call-is-up | stopccn:iccn,6 | 16 | closed the tunnel: shutting down | 3
		cdn-1 | cdn:icrq,1 | 8 | ended the call: carrier lost$ | 4
		cdn-2 | cdn:icrq,2,4 | 8 | ended the call: general error \(not enough resources\); it has no room for another call now, try again later$ | 4
		cdn-2-without-error | cdn:icrq,2 | 8 | ended the call: general error$ | 4
		cdn-3 | cdn:icrq,3 | 8 | administrative reasons$ | 4
		cdn-4 | cdn:icrq,4,0,no-port-free | 8 | no facilities at the moment, it says "no-port-free" | 4
		cdn-5 | cdn:icrq,5 | 8 | no such facilities | 4
		cdn-6 | cdn:icrq,6 | 8 | invalid destination | 4
		cdn-7 | cdn:icrq,7 | 8 | no carrier | 4
		cdn-8 | cdn:icrq,8 | 8 | busy | 4
		cdn-9 | cdn:icrq,9 | 8 | no dial tone | 4
		cdn-10 | cdn:icrq,10 | 8 | too long | 4
		cdn-11 | cdn:icrq,11 | 8 | no framing | 4
		cdn-77 | cdn:icrq,77 | 8 | unknown result 77 | 4
		cdn-with-ppp-cause | cdn:iccn,3,0,,15 | 16 | administrative reasons; PPP: authentication protocol not acceptable, it says "because" | 4
		cdn-with-ppp-cause-16 | cdn:iccn,1,0,,16 | 16 | PPP: authentication failed | 4
		cdn-with-unknown-cause | cdn:iccn,1,0,,999 | 16 | PPP: unknown cause 999 | 4
		cdn-hostile-text | cdn:icrq,2,6,nasty | 8 | ended the call: general error | 4
		cdn-for-an-answer-to-chap | cdn:response,3 | 19 | administrative reasons; .*user name or password may be wrong | 4
		cdn-with-another-cause-for-chap | cdn:response,3,0,,13 | 16 | PPP: authentication timed out, it says "because"$ | 4
		no-facilities-for-an-answer-to-chap | cdn:response,4 | 16 | no facilities at the moment$ | 4
		no-resources-for-an-answer-to-chap | cdn:response,2,4 | 16 | not enough resources\)$ | 4
		shutting-down-at-an-answer-to-chap | stopccn:response,6 | 16 | closed the tunnel: shutting down$ | 4
		unknown-avp-in-sccrp | extra-avp:SCCRP,200,0,1 | 8 | a mandatory AVP that is unknown \(AVP 200, unknown\) | 4
		unknown-avp-of-vendor-in-sccrp | extra-avp:SCCRP,7,9,1 | 8 | a mandatory AVP that is unknown \(AVP 7 of vendor 9\) | 4
		unknown-avp-in-icrp | extra-avp:ICRP,200,0,1 | 8 | a mandatory AVP that is unknown \(AVP 200 | 4
		avp-of-length-5 | spoiled:SCCRP,length-5 | 8 | AVPs that do not fit the message | 4
		avp-of-length-0 | spoiled:SCCRP,length-0 | 8 | AVPs that do not fit the message | 4
		avp-beyond-the-end | spoiled:SCCRP,beyond-end | 8 | AVPs that do not fit the message | 4
		avp-of-three-octets | spoiled:ICRP,three-octets | 8 | AVPs that do not fit the message | 4
		no-message-type | spoiled:SCCRP,no-type | 8 | a message without a type | 4
		message-type-last | spoiled:ICRP,type-last | 8 | a message without a type | 4
		unknown-message-type | spoiled:SCCRP,unknown-type | 8 | a message of an unknown mandatory type | 4
		reserved-bits-and-mandatory | spoiled:SCCRP,reserved-bits | 8 | a mandatory AVP that is unknown | 4
		no-tunnel-id | spoiled:SCCRP,id-missing | 8 | without a required AVP \(AVP 9, Assigned-Tunnel-ID\) | 4
		tunnel-id-0 | spoiled:SCCRP,id-zero | 8 | an AVP with a bad value \(AVP 9 | 4
		tunnel-id-of-one-octet | spoiled:SCCRP,id-short | 8 | an AVP of a wrong length \(AVP 9 | 4
		no-session-id | spoiled:ICRP,id-missing | 8 | without a required AVP \(AVP 14 | 4
		session-id-0 | spoiled:ICRP,id-zero | 8 | an AVP with a bad value \(AVP 14 | 4
		host-name-empty | spoiled:SCCRP,empty-host | 8 | an AVP of a wrong length \(AVP 7 | 4
		version-2 | version:0x0200 | 8 | speaks L2TP version 2\.0 | 4
		secret-unknown-to-us | secret:right | 19 | asks for a tunnel secret, but none is configured | 4
		secret-differs | secret:wrong | 11 | does not know the tunnel secret | 4 | SECRET
		secret-proof-is-nonsense | secret:false-response | 11 | does not know the tunnel secret | 4 | SECRET
		secret-proof-is-missing | secret:no-response | 11 | does not prove that it knows the tunnel secret | 4 | SECRET
		secret-is-refused | stopccn:scccn,4 | 8 | not authorized.*check the tunnel secret | 4
		hidden-avps-without-a-secret | hidden:right | 8 | a hidden AVP, but there is no tunnel secret | 4
		hidden-avps-by-another-secret | hidden:wrong | 8 | tunnel secrets may differ | 4 | SECRET
		hidden-avps-without-random-vector | hidden:no-vector | 8 | a hidden AVP without a Random Vector | 4 | SECRET
		silence-at-sccrq | silent:sccrq | 8 | [0-9]+ SCCRQ.*nothing came back | 33
		silence-after-sccrp | silent:sccrp-sent | 8 | (ICRP did not come\|dead: it has not acknowledged) | 33
		silence-at-icrq | mute:icrq | 8 | answers, but its ICRP did not come within 30 s | 33
		silence-at-iccn | silent:iccn | 8\|10\|16 | LCP\|acknowledged | 40
		silence-and-timeout | silent:sccrq | 8 | not connected (after\|within) | 5 | | --timeout 2
		nothing-listens | - | 8 | nothing listens on UDP port 1701 | 4
		chap-failure-691 | failure:691 | 19 | wrong user name or password | 5
		false-proof | false-proof network-at-once | 11 | does not know the password | 6
		mppe-rejected | ccp-reject | 10 | encrypt | 8
		assigned-the-server's-own | assign:10.88.1.1 | 10 | outer address 10.88.1.1 | 6
	END
}
t_good_server() {
	serve good
	connects
	[ "$(field .type)" = l2tp ] || fail "type is $(field .type)"
	[ "$(field .encoding)" = 'MPPE128 stateless' ] || fail "encoding is $(field .encoding)"
	[ "$(field .server_address)" = $SERVER ] || fail "server address is $(field .server_address)"
	[ "$(field .peer.host)" = lns ] || fail "peer is $(field .peer.host)"
	hangs_up
	want_seen control-CDN -eq 1
	want_seen control-StopCCN -eq 1
	want_seen stopccn-result-6 -eq 1
	want_seen on-other-port -eq 0
	want_seen rx-numbered -eq 0
}
t_server_moves_to_another_port() {
	serve other-port
	connects
	hangs_up
	want_seen on-port-1701 -eq 1
	want_seen on-other-port -gt 10
}
# Ends of tunnel or call that do not fit it: it goes on, and its end is in order.
not_of_the_call() {
	survives "forged:$1" forged
	want_seen control-StopCCN -eq 1
	want_seen stopccn-result-6 -eq 1
}
t_forged_stopccn_from_another_port() { not_of_the_call StopCCN,other-port; }
t_forged_stopccn_for_another_tunnel() { not_of_the_call StopCCN,other-tunnel; }
t_forged_stopccn_with_an_old_number() { not_of_the_call StopCCN,old-ns; }
t_forged_stopccn_with_a_far_number() { not_of_the_call StopCCN,far-ns; }
t_forged_cdn_from_another_port() { not_of_the_call CDN,other-port; }
t_forged_cdn_for_another_tunnel() { not_of_the_call CDN,other-tunnel; }
t_forged_cdn_for_another_session() { not_of_the_call CDN,other-session; }
t_forged_cdn_with_an_old_number() { not_of_the_call CDN,old-ns; }
t_forged_cdn_with_a_far_number() { not_of_the_call CDN,far-ns; }
# Without numbers of L2TP it is MPPE's count that tells old from new: nothing of it is delivered, and the
# stream goes on.
t_replayed_data_is_delivered_once() {
	local before
	serve replayed:50
	connects
	ping -q -c 8 -i 0.05 -W 2 10.99.0.1 >"$T/ping" 2>&1
	before=$(ip -s -j link show l2tp-out1 | jq '.[0].stats64.rx.packets')
	within 5 step replayed || fail "the server did not get so far"
	sleep 0.5
	[ "$(ip -s -j link show l2tp-out1 | jq '.[0].stats64.rx.packets')" = "$before" ] || fail "replayed packets were delivered"
	still_up
	hangs_up
}
t_told_routes_to_this_machine_and_the_way_to_the_server() {
	serve dhcp:10.50.0.0/16,127.0.0.0/8,10.88.1.0/24,0.0.0.0/1
	connects 'dhcp-inform = yes' 'use-peer-routes = yes'
	within 3 eval 'ip route show 10.50.0.0/16 | grep -q l2tp-out1' || fail "the good route is missing"
	[ "$(ip route show dev l2tp-out1 | grep -c /)" = 1 ] || fail "more than the good route: $(ip route show dev l2tp-out1 | tr '\n' '|')"
	still_up
	hangs_up
}
t_other_ports_are_not_the_server() {
	serve from-another-port
	connects
	within 4 step sent-from-another-port || fail "the server did not get so far"
	sleep 0.3
	still_up
	hangs_up
}
t_source_port_1701() {
	serve good
	connects 'source-port = 1701'
	hangs_up
	step source-1701 || fail "dialed from another port"
}
t_source_port_random() {
	serve good
	connects 'source-port = random'
	hangs_up
	step source-other || fail "dialed from port 1701"
}
t_source_port_auto_when_only_1701_is_answered() {
	serve only-1701
	profile 'source-port = auto'
	# The first try is given up after 10 s.
	SECONDS=0
	vpdial connect lab >"$T/out" 2>"$T/err" </dev/null || fail "connect: status $?: $(tail -n 2 "$T/err" | tr '\n' '|')"
	hang_up
	server_done
	step source-1701 || fail "port 1701 was not tried"
}
t_source_port_1701_is_taken() {
	rm -f "$T/taken"
	python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("", 1701)); open(sys.argv[1], "w"); time.sleep(60)' "$T/taken" &
	BUSY=$!
	within 5 test -e "$T/taken" || fail "port 1701 could not be taken"
	profile 'source-port = 1701'
	refused 7 'port 1701 is taken' 3
	# "auto" that finds nobody must tell of the server, not of the port.
	auto_fails
	kill "$BUSY"
	BUSY=''
}
# Both ports are tried, and one sentence for each says how it went.
auto_fails() {
	local rc
	profile 'source-port = auto'
	vpdial connect lab >"$T/out" 2>"$T/err" </dev/null
	rc=$?
	[ $rc = 8 ] || fail "status $rc instead of 8: $(tail -n 2 "$T/err" | tr '\n' '|')"
	grep -q 'nothing listens.*; trying from UDP port 1701' "$T/err" || fail "does not say that it tries port 1701"
	tail -n 1 "$T/err" | grep -q 'nothing listens on UDP port 1701' || fail "ends with $(tail -n 1 "$T/err")"
	all_gone 3
}
# What the server says itself is said at once, and not dialed again from the other port to hear it.
t_a_refusal_needs_no_second_dial() {
	serve stopccn:sccrq,4,0,go-away
	profile 'source-port = auto'
	refused 8 'it says "go-away"' 3
	server_done
	! grep -q 'trying from' "$T/err" || fail "dials again"
	[ "$(grep -c . "$T/err")" = 1 ] || fail "more than one sentence: $(tr '\n' '|' <"$T/err")"
	serve spoiled:SCCRP,id-missing
	refused 8 'without a required AVP' 3
	server_done
	! grep -q 'trying from' "$T/err" || fail "dials again after a broken SCCRP"
}
# fails_after_two_attempts SENTENCE SECONDS [OPTION...]
fails_after_two_attempts() {
	local text=$1 limit=$2 rc
	shift 2
	SECONDS=0
	vpdial connect lab "$@" >"$T/out" 2>"$T/err" </dev/null
	rc=$?
	[ $rc = 8 ] || fail "status $rc instead of 8"
	grep -q 'no special reason; trying from UDP port 1701' "$T/err" || fail "the other port was not tried: $(tr '\n' '|' <"$T/err")"
	tail -n 1 "$T/err" | grep -qE "$text" || fail "ends with $(tail -n 1 "$T/err")"
	[ $SECONDS -le "$limit" ] || fail "took $SECONDS s"
	all_gone 3
	server_done
}
# A server that was heard outranks its silence at the next attempt.
t_silence_after_a_refusal_does_not_hide_it() {
	command -v nft >/dev/null || { skip 'nft is not installed'; return; }
	ip netns exec far nft add table inet strict
	ip netns exec far nft add chain inet strict in '{ type filter hook prerouting priority -300; }'
	ip netns exec far nft add rule inet strict in udp sport 1701 drop
	serve stopccn:sccrq,1
	profile 'source-port = auto'
	fails_after_two_attempts 'closed the tunnel: no special reason$' 15
	# Nor does a limit of time hide it.
	serve stopccn:sccrq,1
	fails_after_two_attempts 'not connected after 4 seconds .*; before: the server closed the tunnel: no special reason$' 8 --timeout 4
	ip netns exec far nft delete table inet strict
}
# Of a name's addresses the one that said something counts, whichever came last.
t_an_address_that_refuses_outranks_one_that_is_silent() {
	local order
	for order in '10.88.1.1 10.88.1.9' '10.88.1.9 10.88.1.1'; do
		sed -i '/vpn.test/d' /etc/hosts
		printf '%s vpn.test\n' $order >>/etc/hosts
		serve stopccn:sccrq,4,0,go-away
		profile 'connect-to = vpn.test'
		vpdial connect lab >"$T/out" 2>"$T/err" </dev/null
		tail -n 1 "$T/err" | grep -q 'it says "go-away"' || fail "$order: ends with $(tail -n 1 "$T/err")"
		grep -q "trying the server's next address" "$T/err" || fail "$order: one address only: $(tail -n 1 "$T/err")"
		all_gone 3
		server_done
	done
}
t_nothing_listens_and_auto_port() { auto_fails; }
t_over_ipv6() {
	ip addr add fd00:88::2/64 dev eth0 nodad
	ip -n far addr add fd00:88::1/64 dev peer nodad
	cp "$T/before" "$T/before4"
	snapshot >"$T/before"
	SERVE_AT=fd00:88::1 serve good
	connects 'connect-to = fd00:88::1'
	[ "$(field .server_address)" = fd00:88::1 ] || fail "server address is $(field .server_address)"
	all_pings 20 20
	all_pings 5 5 -s 1300
	hangs_up
	want_seen wire-encrypted -gt 20
	profile 'connect-to = fd00:88::1'
	refused 8 'nothing listens on UDP port 1701' 4
	SERVE_AT=fd00:88::1 serve other-port
	connects 'connect-to = fd00:88::1' 'add-default-route = yes'
	ip -6 route get fd00:88::1 | grep -q 'dev eth0' || fail "the server is not reached by eth0"
	hangs_up
	want_seen on-other-port -gt 10
	ip addr del fd00:88::2/64 dev eth0
	ip -n far addr del fd00:88::1/64 dev peer
	within 3 is_like "$T/before4"
	mv "$T/before4" "$T/before"
}

# typed WORD...: what is typed at each question for the password.
typed() {
	python3 - "$VPDIAL" "$P" "$R" "$@" <<-'END'
		import fcntl, os, pty, select, sys, termios
		program, config, run, *words = sys.argv[1:]
		master, slave = pty.openpty()
		pid = os.fork()
		if pid == 0:
		    os.setsid()
		    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
		    for fd in range(3):
		        os.dup2(slave, fd)
		    os.execv(program, ["vpdial", "--config", config, "--run-dir", run, "connect", "lab"])
		os.close(slave)
		text, asked = b"", 0
		while select.select([master], [], [], 20)[0]:
		    try:
		        text += os.read(master, 1000)
		    except OSError:
		        break
		    if words and text.count(b"Password for") > asked:
		        asked += 1
		        os.write(master, words.pop(0).encode() + b"\n")
		sys.stdout.write(text.decode(errors="replace"))
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	END
}
t_mistyped_password_is_asked_again() {
	serve good refuse-wrong
	profile
	sed -i '/^password/d' "$P/lab.conf"
	typed wrong "$PASSWORD" >"$T/out" || fail "status $?: $(tr '\n' '|' <"$T/out")"
	[ "$(grep -o 'Password for' "$T/out" | wc -l)" = 2 ] || fail "asked otherwise: $(tr '\n' '|' <"$T/out")"
	grep -q 'wrong user name or password' "$T/out" || fail "does not say what was wrong"
	pings || fail "no answer to ping"
	hangs_up
}
t_password_is_asked_three_times_at_most() {
	serve good refuse-wrong
	profile
	sed -i '/^password/d' "$P/lab.conf"
	typed wrong false bad "$PASSWORD" >"$T/out"
	[ $? = 19 ] || fail "the status is another: $(tr '\n' '|' <"$T/out")"
	[ "$(grep -o 'Password for' "$T/out" | wc -l)" = 3 ] || fail "asked otherwise: $(tr '\n' '|' <"$T/out")"
	all_gone 3
	server_done
}

t_tunnel_secret() {
	serve secret:right
	connects "$secret"
	hangs_up
	step secret-proved || fail "the client did not prove the secret"
}
t_hidden_avps_of_the_server() {
	serve hidden:right
	connects "$secret"
	[ "$(field .peer.vendor)" = scripted ] || fail "the hidden vendor name is not read: $(field .peer.vendor)"
	hangs_up
}
t_hidden_avps_of_ours() {
	serve secret:right
	connects "$secret" 'hide-avps = yes'
	hangs_up
	want_seen hidden-avps -gt 4
}
t_unknown_optional_avps() {
	serve extra-avp:SCCRP,200,0,0,20 extra-avp:ICRP,7,9,0,20
	connects
	hangs_up
}
t_doubled_avps() {
	serve spoiled:SCCRP,doubled spoiled:ICRP,doubled
	connects
	hangs_up
}
t_malformed_optional_avp() {
	serve spoiled:SCCRP,optional-short
	connects
	hangs_up
}
t_control_messages_twice() {
	serve twice
	connects
	hangs_up
}
t_first_copy_of_each_control_message_lost() {
	serve first-lost
	connects
	hangs_up
	want_seen client-dropped -ge 4
}
t_hostile_names() {
	serve nasty hostile-names
	connects
	vpdial status lab >"$T/status"
	grep -aq RED "$T/status" || fail "the names are not shown: no test"
	vpdial status lab --json >"$T/json"
	clean "$T/status" "$T/json"
	hangs_up
}

t_data_with_all_header_bits() {
	serve flags:all
	connects
	all_pings 48 48
	hangs_up
}
t_data_without_header_bits() {
	serve flags:none
	connects
	all_pings 10 10 -s 1300
	hangs_up
	want_seen rx-numbered -eq 0
}
t_numbers_answer_numbers() {
	serve flags:LS
	connects
	all_pings 10 10
	hangs_up
	want_seen rx-numbered -gt 10
}
t_numbers_begin_and_end_with_the_servers() {
	serve switching
	connects
	all_pings 40 40
	hangs_up
	want_seen rx-numbered -gt 8
	want_seen rx-unnumbered -gt 8
}
t_sequencing_demanded_by_us() {
	serve flags:LS
	connects 'sequencing = yes'
	all_pings 10 10
	hangs_up
	step sequencing-required || fail "the ICCN does not demand numbers"
	want_seen rx-unnumbered -eq 0
	want_seen rx-number-jumps -eq 0
}
plain='use-encryption = no'
t_numbers_wrap() {
	serve flags:LS first-ns:65520 ccp-none
	connects "$plain"
	all_pings 60 60
	hang_up
	server_done
	want_seen rx-numbered -gt 60
}
t_numbered_data_twice() {
	serve flags:LS first-ns:65520 ccp-none untidy:twice
	connects "$plain"
	all_pings 40 40
	[ "$(counter rx_duplicate)" -ge 40 ] || fail "rx_duplicate is $(counter rx_duplicate)"
	hang_up
}
t_numbered_data_swapped() {
	serve flags:LS first-ns:65520 ccp-none untidy:swapped
	connects "$plain"
	all_pings 40 40
	[ "$(counter rx_late)" -ge 5 ] || fail "rx_late is $(counter rx_late)"
	[ "$(counter rx_too_late)" = 0 ] || fail "rx_too_late is $(counter rx_too_late)"
	hang_up
	server_done
	want_seen swapped -ge 5
}
t_encrypted_and_numbered_data_swapped() {
	serve flags:LS first-ns:65520 untidy:swapped
	connects
	all_pings 40 40
	hangs_up
}
t_numbered_data_lossy() {
	serve flags:LS first-ns:65520 ccp-none untidy:lossy
	profile "$plain"
	vpdial connect lab --timeout 20 >"$T/out" 2>"$T/err" </dev/null || fail "connect: status $?: $(tail -n 2 "$T/err" | tr '\n' '|')"
	all_pings 40 32
	[ "$(counter rx_lost)" -ge 6 ] || fail "rx_lost is $(counter rx_lost)"
	hang_up
}
t_encrypted_data_twice_without_numbers() {
	serve untidy:twice
	connects
	all_pings 20 20
	hangs_up
}
t_wrong_ids() {
	serve wrong-ids
	connects
	within 4 step sent-wrong-ids || fail "the server did not get so far"
	sleep 0.3
	still_up
	[ "$(counter rx_wrong_id)" = 15 ] || fail "rx_wrong_id is $(counter rx_wrong_id)"
	hangs_up
	want_seen echo-reply-bad0 -eq 0
}
t_garbage() { survives garbage sent-garbage; }
t_hello_of_the_server() {
	survives mid-call:hello sent-hello
	[ "$(seen acked)" -ge 3 ] || fail "the Hello was not acknowledged: $(seen acked) messages were"
}
t_hello_of_ours() {
	serve good
	connects 'hello-interval = 1'
	sleep 2.5
	still_up
	[ "$(field .echo_ms)" != null ] || fail "no round trip time"
	hangs_up
	want_seen control-HELLO -ge 1
}
t_wan_error_notify() { survives mid-call:wen sent-wen; }
t_set_link_info() { survives mid-call:sli sent-sli; }
t_unknown_optional_message() { survives mid-call:unknown sent-unknown; }
t_outgoing_call_request() {
	survives mid-call:ocrq sent-ocrq
	want_seen cdn-result-4 -eq 1
}
t_incoming_call_request() {
	survives mid-call:icrq sent-icrq
	want_seen cdn-result-4 -eq 1
}
t_sccrp_again_ends_the_tunnel() {
	ends_in_call mid-call:sccrp 16 'broke the L2TP protocol: it sent a SCCRP out of order'
	want_seen stopccn-result-7-0 -eq 1
}
t_cdn_in_call() { ends_in_call cdn:up,3,0,maintenance 16 'ended the call: administrative reasons, it says "maintenance"'; }
t_cdn_in_call_with_hostile_text() { ends_in_call cdn:up,2,6,nasty 16 'ended the call: general error'; }
t_stopccn_in_call() { ends_in_call stopccn:up,6 16 'closed the tunnel: shutting down'; }
t_lcp_terminate_in_call() { ends_in_call hang-up 16 .; }
t_two_calls_at_the_same_time() {
	serve good
	profile
	sed 's/^use-peer-dns.*/use-peer-dns = no/' "$P/lab.conf" >"$P/second.conf"
	chmod 600 "$P/second.conf"
	vpdial connect lab >"$T/out" 2>"$T/err" </dev/null || fail "connect: status $?: $(tail -n 2 "$T/err" | tr '\n' '|')"
	# The scripted server has one call only: a second one takes its place there, but the first
	# supervisor and session must not be touched by it.
	vpdial connect second --timeout 8 >"$T/out" 2>"$T/err" </dev/null
	[ "$(field .status)" = connected ] || fail "the first call is $(field .status)"
	vpdial disconnect --all >"$T/out" 2>&1 || fail "disconnect --all: $(tr '\n' '|' <"$T/out")"
	all_gone 3
}
lanes_main "$@"
