#!/bin/bash
# Tests of the running program against L2TP/IPsec servers that refuse, lie, fall silent, rekey, or send
# nonsense around and inside ESP: exit status, one sentence, time, and that nothing left in clear.
#
# usage: tests/netns/ipsec.sh      (VPDIAL=program, ONLY=pattern of cases, LANES=8, TIMES=1)
set -u
LANES=${LANES:-8} # most of the time is waiting
SERVED_BY=ipsec_server.py
# shellcheck source=tests/netns/l2tp.bash
. "$(dirname "$(readlink -f "$0")")/l2tp.bash"
PROFILE_TOO=('use-ipsec = yes' 'ipsec-secret = "netns-psk"')
secret=''

# Dials that fail: NAME | SCENARIO... | STATUS | SENTENCE (regular expression) | SECONDS | PROFILE LINE;... | OPTION...
refusals() {
	cat <<-'END'
		wrong-key-answered-by-garbage | psk:other garbage-on-garbage | 19 | pre-shared key \(ipsec-secret\) is not that of | 20
		wrong-key-answered-by-repeats | psk:other repeat-on-garbage | 19 | answers on UDP port 4500, and not our proof: the pre-shared key | 20
		wrong-key-and-silence | psk:other | 19 | answers on UDP port 4500, and not our proof: the pre-shared key | 25
		port-4500-blocked | block-4500 | 8 | not on 4500: something on the way blocks UDP port 4500 | 35
		port-4500-blocked-and-repeats | block-4500 repeat-unasked | 8 | not on 4500: something on the way blocks UDP port 4500 | 20
		silence-on-500 | mute:mm1 | 8 | no answer to IKE.*UDP port 500 | 35
		silence-at-message-3 | mute:mm3 | 8 | IKE | 35
		silence-at-message-5 | mute:mm5 | 19 | answers on UDP port 4500, and not our proof | 35
		silence-at-quick-mode | mute:qm1 | 8 | accepted the pre-shared key and then did not answer Quick Mode | 35
		no-proposal-for-ike | ike:nothing | 10 | takes none of our IKE proposals: .*ipsec-ike | 20
		no-proposal-for-esp | esp:nothing | 10 | takes none of our ESP proposals: .*ipsec-esp | 20
		perfect-forward-secrecy-wanted | pfs-only | 10 | takes none of our ESP proposals.*PFS | 20
		no-nat-traversal | no-natt | 10 | does not know NAT traversal, which vpdial needs | 10
		other-identity | good | 11 | says that it is 10\.88\.1\.1, but ipsec-remote-id wants vpn.example.com | 10 | ipsec-remote-id = vpn.example.com
		identity-refused | notify:mm5,24 | 19 | . | 35
		invalid-id-at-quick-mode | notify:qm1,18 | 10 | does not want L2TP in IPsec with us | 20 | source-port = 1701
		proof-of-nothing | wrong-proof | 11\|19 | pre-shared key | 20
		transform-not-offered | other-transform | 8 | . | 35
		key-exchange-zero | bad-ke:zero | 8 | . | 35 | ipsec-ike = aes256-sha256-modp2048
		key-exchange-one | bad-ke:one | 8 | . | 35 | ipsec-ike = aes256-sha256-modp2048
		key-exchange-minus-one | bad-ke:minus-one | 8 | . | 35 | ipsec-ike = aes256-sha256-modp2048
		key-exchange-prime | bad-ke:prime | 8 | . | 35 | ipsec-ike = aes256-sha256-modp2048
		key-exchange-empty | bad-ke:empty | 8 | . | 35 | ipsec-ike = aes256-sha256-modp2048
		key-exchange-too-long | bad-ke:long | 8 | . | 35 | ipsec-ike = aes256-sha256-modp2048
		key-exchange-off-the-curve | bad-ke:curve | 8 | . | 35 | ipsec-ike = aes256-sha256-ecp256
		nonce-of-4 | bad-nonce:4 | 8 | . | 35 | ipsec-ike = aes256-sha256-modp2048
		nonce-of-1000 | bad-nonce:1000 | 8 | . | 35 | ipsec-ike = aes256-sha256-modp2048
		l2tp-silent | l2tp-silent | 8 | IPsec is up.*source-port = 1701 | 40
		stopccn-inside | stopccn:sccrq,4 | 8 | not authorized | 6
		wrong-password-inside | failure:691 | 19 | wrong user name or password | 8
		ipsec-dies-at-message-1 | die:mm1 | 8 | UDP port 500 | 40
		ipsec-dies-at-message-3 | die:mm3 | 8 | UDP port 500 | 40
		ipsec-dies-at-message-5 | die:mm5 | 8 | UDP port 4500 | 40
		ipsec-dies-at-quick-mode | die:qm1 | 8 | . | 40
		nothing-listens | - | 8 | UDP port 500 | 40
	END
}

hangs_up() {
	hang_up
	server_done
	want_seen clear-l2tp -eq 0
	step client-deletes-esp || fail "the client did not delete its ESP association"
	step client-deletes-ike || fail "the client did not delete its IKE association"
}
# call_with SCENARIO... [-- PROFILE LINE...]: connects, pings, hangs up.
call_with() {
	local scenario=()
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		scenario+=("$1")
		shift
	done
	shift
	serve no-mppe "${scenario[@]}"
	connects "$@"
	[ -n "$(field .ipsec)" ] || fail "the status says nothing of IPsec"
	[ "$(field .encoding)" = none ] || fail "encoding is $(field .encoding)"
	hangs_up
}
# lives SCENARIO STEP [PROFILE LINE...]: it happens in mid-call, and the call goes on.
lives() {
	local what=$1 wanted=$2
	shift 2
	serve no-mppe "$what"
	connects "$@"
	within 6 step "$wanted" || fail "the server did not get so far: $(tail -n 1 "$T/server")"
	sleep 0.3
	still_up
	hangs_up
}

t_good_server() {
	call_with
	step nat-pretended || fail "UDP encapsulation was not asked for"
	step initial-contact || fail "no INITIAL-CONTACT"
	step inner-other || fail "the inner port is 1701"
}
t_inner_port_1701() {
	call_with -- 'source-port = 1701'
	step inner-1701 || fail "the inner port is another"
}
t_server_wants_inner_port_1701() {
	call_with inner-1701 -- 'source-port = auto'
	step inner-1701 || fail "the inner port is another"
}
capture() {
	ip netns exec far tcpdump -i any -n -U --immediate-mode -w "$T/wire.pcap" 'udp port 500 or udp port 4500' 2>"$T/tcpdump" &
	CAPTURE=$!
	within 5 grep -qs 'listening on' "$T/tcpdump" || fail "tcpdump does not listen"
}
# What the call and its keys let tshark see: all of L2TP, and IKE's own messages.
readable() {
	local seen
	sleep 0.3
	kill "$CAPTURE" 2>/dev/null
	wait "$CAPTURE" 2>/dev/null
	[ "$(stat -c %a "$T/keys")" = 600 ] || fail "the file of keys has mode $(stat -c %a "$T/keys")"
	xargs -a "$T/keys" tshark -n -r "$T/wire.pcap" -T fields -e _ws.col.Protocol -e _ws.col.Info >"$T/seen" 2>"$T/seen.err"
	for seen in 'Control Message - SCCRQ' 'Control Message - StopCCN' 'ICMP.*Echo (ping) reply' 'Identity Protection'; do
		grep -q "$seen" "$T/seen" || fail "tshark does not see $seen: $(head -c 300 "$T/seen.err") $(sort "$T/seen" | uniq -c | tr '\n' '|' | cut -c1-200)"
	done
	! grep '^ESP' "$T/seen" | grep -q . || fail "tshark cannot read $(grep -c '^ESP' "$T/seen") packets"
	xargs -a "$T/keys" tshark -n -r "$T/wire.pcap" -Y 'isakmp.typepayload == 5 && isakmp.flag_e == 1' 2>/dev/null | grep -q . ||
		fail "tshark cannot read IKE's encrypted messages"
}
keys_for() {
	serve no-mppe "${@:3}"
	capture
	profile "ipsec-ike = $1" "ipsec-esp = $2"
	rm -f "$T/keys"
	vpdial connect lab --timeout 20 --ipsec-keys "$T/keys" >"$T/out" 2>"$T/err" </dev/null || fail "connect: $(tail -n 2 "$T/err" | tr '\n' '|')"
	pings || fail "no answer to ping"
	[ $# -lt 3 ] || within 6 step rekey-done || fail "no rekey"
	pings || fail "no answer to ping after it"
	hangs_up
	readable
}
t_keys_for_tshark_cbc() { keys_for aes256-sha1-modp2048 aes256-sha1 mid-ipsec:rekey; }
t_keys_for_tshark_gcm() { keys_for aes128-sha256-ecp256 aes128gcm16; }
t_keys_for_tshark_3des() { keys_for 3des-sha1-modp1024 3des-md5; }

suite() { call_with "ike:$1" "esp:$2" -- "ipsec-ike = ${3:-default}" "ipsec-esp = ${4:-default}"; }
t_aes256_sha256_ecp256_with_gcm() { suite aes256-sha256-ecp256 aes256gcm16; }
t_aes256_sha384_ecp384_with_gcm128() { suite aes256-sha384-ecp384 aes128gcm16; }
t_aes256_sha1_modp1024_with_sha1() { suite aes256-sha1-modp1024 aes256-sha1; }
t_aes128_sha1_modp1536_with_sha256() { suite aes256-sha1-modp1536 aes128-sha256; }
t_sha512_modp4096_with_sha1() { suite aes256-sha512-modp4096 aes128-sha1; }
t_old_ike_after_a_refusal() { suite 3des-sha1-modp1024 3des-sha1 old old; }
t_old_ike_with_md5() { suite 3des-md5-modp1024 3des-md5 old old; }
t_a_list_of_ones_own() { suite aes192-sha512-modp3072 aes192-sha512 aes192-sha512-modp3072 'aes128-sha1, aes192-sha512'; }
t_perfect_forward_secrecy() { call_with pfs-only -- 'ipsec-esp = aes256-sha256-modp2048, aes256-sha1-ecp256'; }
t_draft_02_of_nat_traversal() { call_with natt-02; }
t_named_identity() { call_with id-fqdn:vpn.example.com -- 'ipsec-remote-id = vpn.example.com' 'ipsec-id = me@example.com'; }
t_any_identity() { call_with id-fqdn:inner.example; }
t_first_message_lost() { call_with lose-first:mm1; }
t_third_message_lost() { call_with lose-first:mm3; }
t_fifth_message_lost() { call_with lose-first:mm5; }
t_quick_mode_lost() { call_with lose-first:qm1; }
t_forged_no_proposal_before_the_answer() { call_with forged-notify:mm1,14; }
t_forged_authentication_failed_before_the_answer() { call_with forged-notify:mm3,24; }
t_ike_bits_flipped() { call_with ike-mangled:bit-flip; }
t_ike_truncated() { call_with ike-mangled:truncate; }
t_ike_with_octets_behind() { call_with ike-mangled:trailing; }
t_ike_noise() { call_with ike-mangled:noise; }
t_ike_payload_beyond_the_message() { call_with ike-mangled:chain; }
t_ike_300_payloads() { call_with ike-mangled:many; }
t_ike_length_of_4_gigabytes() { call_with ike-mangled:long; }
t_ike_payload_of_length_zero() { call_with ike-mangled:zero-length; }
t_ike_version_2() { call_with ike-mangled:version; }
t_esp_bits_flipped() { call_with esp-mangled:bit-flip; }
t_esp_truncated() { call_with esp-mangled:truncate; }
t_esp_replayed() { call_with esp-mangled:replay; }
t_esp_reordered() { call_with esp-mangled:reorder; }
t_esp_of_an_unknown_spi() { call_with esp-mangled:unknown-spi; }
t_esp_dummies() { call_with esp-mangled:dummy; }
t_esp_for_other_ports() { call_with esp-mangled:wrong-port; }
t_esp_of_other_protocols() { call_with esp-mangled:wrong-next; }
t_esp_too_short() { call_with esp-mangled:short; }
t_esp_with_bad_padding() { call_with esp-mangled:bad-padding; }
t_esp_numbers_near_their_end() { call_with seq-wrap; }
t_server_rekeys() { lives mid-ipsec:rekey rekey-done; }
t_server_rekeys_twice_at_once() { lives mid-ipsec:rekey-twice rekey-done; }
t_server_asks_whether_we_live() { lives mid-ipsec:dpd client-is-alive; }
t_server_deletes_ike_only() {
	serve no-mppe mid-ipsec:delete-ike
	connects
	within 6 step delete-ike || fail "the server did not get so far: $(tail -n 1 "$T/server")"
	sleep 0.3
	still_up
	hang_up
	server_done
	want_seen clear-l2tp -eq 0
}
t_delete_in_clear_ends_nothing() { lives mid-ipsec:clear-delete up; }
t_notifies_in_clear_end_nothing() { lives mid-ipsec:clear-notify up; }
t_informational_that_nobody_can_read_ends_nothing() { lives mid-ipsec:forged-info up; }
t_quick_modes_that_nobody_can_read_end_nothing() { lives mid-ipsec:forged-quick up; }
t_main_mode_of_a_stranger_ends_nothing() { lives mid-ipsec:main-mode up; }
nothing_runs() { [ -z "$(client_pids)" ]; }
lane_kill_clients() { client_pids | while read -r p; do kill -KILL "$p"; done; }
t_short_life_times() {
	serve no-mppe
	connects 'ipsec-lifetime = 10' 'ipsec-ike-lifetime = 15'
	within 25 step esp-rekeyed || fail "no rekey of ours"
	all_pings 50 50
	still_up
	hangs_up
}
t_server_deletes_esp() {
	serve no-mppe mid-ipsec:delete-esp
	profile
	up_in_foreground
	ends_with 16 'server (deleted|ended).*IPsec' 6
	server_done
}
# What is behind it still listens, in clear.
t_ipsec_dies_in_mid_call() {
	serve no-mppe die:up
	profile 'keepalive-timeout = 3'
	up_in_foreground
	within 6 step ipsec-dies || fail "the server did not get so far: $(tail -n 1 "$T/server")"
	ping -q -c 3 -i 0.5 -W 1 10.99.0.1 >"$T/ping" 2>&1 && fail "something answers"
	ends_with '4|15|16' 'has not answered for' 20
	server_done
	want_seen clear-l2tp -eq 0
}
t_over_ipv6() {
	ip addr add fd00:88::2/64 dev eth0 nodad
	ip -n far addr add fd00:88::1/64 dev peer nodad
	cp "$T/before" "$T/before4"
	snapshot >"$T/before"
	SERVE_AT=fd00:88::1 serve no-mppe mid-ipsec:rekey
	connects 'connect-to = fd00:88::1'
	[ "$(field .server_address)" = fd00:88::1 ] || fail "server address is $(field .server_address)"
	all_pings 20 20
	all_pings 5 5 -s 1300
	within 6 step rekey-done || fail "no rekey"
	all_pings 5 5
	hangs_up
	profile 'connect-to = fd00:88::1'
	refused 8 'UDP port 500' 40
	ip addr del fd00:88::2/64 dev eth0
	ip -n far addr del fd00:88::1/64 dev peer
	within 3 is_like "$T/before4"
	mv "$T/before4" "$T/before"
}
t_killed_and_dialed_again() {
	serve no-mppe
	connects
	lane_kill_clients
	within 3 nothing_runs || fail "it lives on"
	connects
	hangs_up
}
t_a_secret_from_a_file() {
	printf 'netns-psk\n' >"$P/psk"
	chmod 600 "$P/psk"
	PROFILE_TOO=('use-ipsec = required' 'ipsec-secret-file = psk')
	call_with --
	PROFILE_TOO=('use-ipsec = yes' 'ipsec-secret = "netns-psk"')
}
t_mtu_and_no_fragments() {
	serve no-mppe esp:aes256-sha1
	connects 'max-mtu = 1500' 'max-mru = 1500'
	[ "$(field .mtu)" = 1400 ] || fail "mtu is $(field .mtu), not the 1400 that the server takes"
	ping -q -c 2 -i 0.2 -W 3 -M "do" -s 1372 10.99.0.1 >"$T/ping" 2>&1 || fail "a full packet does not pass: $(tail -n 2 "$T/ping" | tr '\n' '|')"
	hangs_up
}
lanes_main "$@"
