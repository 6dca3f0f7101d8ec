#!/bin/bash
# Tests that what is imported dials: a RouterOS export, a peers file of pppd and xl2tpd's files call our own server,
# NetworkManager's with a pre-shared key the scripted one; and calls without a file, with all they leave.
#
# usage: tests/netns/import.sh      (VPDIAL=program, ONLY=pattern of cases)
set -u
# shellcheck source=tests/netns/alone.bash
. "$(dirname "$(readlink -f "$0")")/alone.bash"
alone import "ip python3 ping script ss"
T=$(mktemp -d)
mkdir "$T/run" "$T/server" "$T/server-run" "$T/ppp" "$T/ppp/peers"
chmod 755 "$T"
failures=0

vpdial() { timeout 60 "$VPDIAL" --config "$T/config" --run-dir "$T/run" "$@" >"$T/out" 2>&1 </dev/null; }
# calls NAME: the profile dials and passes packets, and hangs up.
calls() {
	vpdial connect "$1" --timeout 20 || fail "connect $1: $(tail -n 2 "$T/out" | tr '\n' '|')" || return
	within 3 ping -q -c 1 -W 1 10.99.0.1 >/dev/null || fail "no answer to ping through $1"
	vpdial disconnect "$1" || fail "disconnect $1: $(cat "$T/out")"
}
# brings FILE...: is imported without a fault.
brings() { vpdial import "$@" || fail "import: $(tail -n 3 "$T/out" | tr '\n' '|')"; }

cat >"$T/server/server.conf" <<'END'
[pptp-server]
enabled = yes
listen = 10.88.1.1
[l2tp-server]
enabled = yes
listen = 10.88.1.1
tunnel-secret = "tun nel"
[pool clients]
ranges = 10.99.0.10-10.99.0.20
[secret john]
password = "se cret"
local-address = 10.99.0.1
remote-address = clients
END
chmod 600 "$T/server/server.conf"

t_routeros_pptp() {
	printf '/interface pptp-client\nadd name=ros connect-to=10.88.1.1 user=john password="se cret" disabled=no\n' >"$T/a.rsc"
	brings "$T/a.rsc" && calls ros
}
t_pppd_peer_pptp() {
	printf 'pty "pptp 10.88.1.1 --nolaunchpppd"\nname john\nremotename lab\nrequire-mppe-128\nrefuse-pap\n' >"$T/ppp/peers/peer"
	printf 'john lab "se cret" *\n' >"$T/ppp/chap-secrets"
	brings "$T/ppp/peers/peer" && calls peer
}
t_xl2tpd_with_tunnel_secret() {
	printf '[lac lac]\nlns = 10.88.1.1\npppoptfile = options\nchallenge = yes\n' >"$T/xl2tpd.conf"
	printf 'name john\npassword "se cret"\nmtu 1400\n' >"$T/options"
	printf '* * "tun nel"\n' >"$T/l2tp-secrets"
	brings "$T/xl2tpd.conf" && calls lac
}
t_networkmanager_l2tp_in_ipsec() {
	cat >"$T/nm.nmconnection" <<-'END'
		[connection]
		id=nm
		uuid=1
		[vpn]
		gateway=10.88.1.1
		ipsec-enabled=yes
		ipsec-psk=netns-psk
		user=alice
		service-type=org.freedesktop.NetworkManager.l2tp
		[vpn-secrets]
		password=Netns-Pass1
		[ipv4]
		never-default=true
	END
	serve_stop
	ip netns exec far python3 "$netns_dir/ipsec_server.py" --address 10.88.1.1 --log "$T/ipsec" no-mppe 2>"$T/ipsec.err" &
	local server=$!
	within 5 grep -qs '^listening' "$T/ipsec" || fail "the scripted server does not start: $(tail -n 2 "$T/ipsec.err")"
	brings "$T/nm.nmconnection" && calls nm
	kill "$server" 2>/dev/null
	wait "$server" 2>/dev/null
	serve_start
}
# A terminal, since a secret is asked for.
t_call_without_a_file() {
	(sleep 1; echo "se cret"; sleep 5) | timeout 40 script -qec "'$VPDIAL' --config '$T/config' --run-dir '$T/run' connect pptp://john@10.88.1.1 use-encryption=require" /dev/null >"$T/out" 2>&1
	grep -q 'this call is 10.88.1.1: hang it up by' "$T/out" || fail "connect: $(tail -n 3 "$T/out" | tr '\r\n' '||')" || return
	vpdial status 10.88.1.1
	grep -q "encoding: *MPPE128" "$T/out" || fail "status: $(cat "$T/out")"
	within 3 ping -q -c 1 -W 1 10.99.0.1 >/dev/null || fail "no answer to ping"
	[ "$(stat -c %a "$T/run/calls" "$T/run/calls/10.88.1.1.conf" | paste -sd' ')" = "700 600" ] || fail "modes of its files"
	! grep -r "se cret" "$T/run" >/dev/null 2>&1 || fail "the secret is in a file"
	vpdial disconnect 10.88.1.1 || fail "disconnect: $(cat "$T/out")"
	[ ! -e "$T/run/calls/10.88.1.1.conf" ] || fail "its profile is left"
}

serve_start() {
	ip netns exec far "$VPDIAL" --config "$T/server" --run-dir "$T/server-run" serve >"$T/serve" 2>&1 </dev/null &
	SERVING=$!
	within 5 serve_is_up || fail "the server does not start: $(tail -n 3 "$T/serve")"
}
serve_is_up() { [ -n "$(ip netns exec far ss -ltnH 'sport = :1723' 2>/dev/null)" ]; }
serve_stop() {
	kill "$SERVING" 2>/dev/null
	wait "$SERVING" 2>/dev/null
}
finish() {
	vpdial disconnect --all
	serve_stop
	ip netns del far
	rm -rf "$T"
}

mount -t tmpfs none /run/netns 2>/dev/null || { mkdir -p /run/netns && mount -t tmpfs none /run/netns; }
two_ends
trap finish EXIT
serve_start
for case in $(declare -F | sed -n 's/^declare -f t_//p'); do
	# shellcheck disable=SC2053  # a pattern indeed
	[[ ${case//_/-} == ${ONLY:-*} ]] || continue
	why='' && rm -rf "$T/config" && mkdir "$T/config"
	"t_$case"
	if [ -z "$why" ]; then echo "ok ${case//_/-}"; else
		echo "FAIL ${case//_/-}: $why"
		failures=$((failures + 1))
	fi
done
[ "$failures" = 0 ]
