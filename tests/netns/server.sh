#!/bin/bash
# Tests of the server mode: our own client against our own server, each in a network namespace of
# its own: the matrix of authentication and encryption, the worked examples of the manuals with
# their addresses, limits, hostile callers, and that nothing is left of many calls.
#
# usage: tests/netns/server.sh      (VPDIAL=program, ONLY=pattern of cases, CYCLES=20)
set -u
shopt -s lastpipe # "... | serve" sets variables of this shell
# shellcheck source=tests/netns/alone.bash
. "$(dirname "$(readlink -f "$0")")/alone.bash"
CYCLES=${CYCLES:-20}
failures=0 current=''

alone server "ip jq python3 ping setpriv"

case_is() { # case_is NAME: begins it if ONLY wants it
	# shellcheck disable=SC2053  # a pattern indeed
	[[ $1 == ${ONLY:-*} ]] || return 1
	current=$1 why=''
	network "${2-}"
	rm -rf "${P:?}"/* "${Q:?}"/* "${R:?}"/* "${S:?}"/*
	mkdir "$S/empty"
}
report() {
	[ -z "${SERVING-}" ] || server_stop
	if [ -z "$why" ]; then
		echo "ok $current"
	else
		echo "FAIL $current: $why"
		sed 's/^/  | /' "$T/serve" "$T/out" 2>/dev/null | tail -n 12
		failures=$((failures + 1))
	fi
	no_network
}

# Namespaces: this one is the client, far the server; "routed": isp between them, and pc in far's LAN.
network() {
	ip netns add far
	ip -n far link set lo up
	ip link set lo up
	if [ "$1" = routed ]; then
		ip netns add isp
		ip netns add pc
		ip link add wan type veth peer name r0 netns isp
		ip -n far link add wan type veth peer name r1 netns isp
		ip -n far link add Office type veth peer name eth0 netns pc
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
		ip -n far link set Office up
		ip -n pc link set eth0 up
		ip netns exec far sysctl -qw net.ipv4.ip_forward=1
	else
		ip link add wan type veth peer name wan netns far
		ip link set wan up
		ip -n far link set wan up
		addresses 10.88.1.2 10.88.1.1
	fi
}
# addresses CLIENT SERVER: of the direct link, whatever networks they are in.
addresses() {
	CLIENT=$1 SERVER=$2
	ip addr flush dev wan
	ip -n far addr flush dev wan
	ip addr add "$1/32" dev wan
	ip -n far addr add "$2/32" dev wan
	ip route add "$2" dev wan src "$1"
	ip -n far route add "$1" dev wan src "$2"
}
no_network() {
	local p
	for p in $(ip netns pids far 2>/dev/null) $(client_pids); do kill -KILL "$p" 2>/dev/null; done
	ip link del wan 2>/dev/null
	ip link del lan 2>/dev/null
	for p in far isp pc; do ip netns del $p 2>/dev/null; done
}
client_pids() {
	local p own
	own=$(readlink /proc/self/ns/net)
	for p in /proc/[0-9]*; do
		case $(cat "$p/comm" 2>/dev/null) in vpdial*) [ "$(readlink "$p/ns/net" 2>/dev/null)" != "$own" ] || echo "${p#/proc/}" ;; esac
	done
}

# serve: with $Q/server.conf from standard input; "serve_pair AUTHENTICATION ENCRYPTION" the usual one.
serve() {
	cat >"$Q/server.conf"
	chmod 600 "$Q/server.conf"
	cp "$Q/server.conf" "$Q/server.conf.kept"
	: >"$T/serve"
	ip netns exec far "$VPDIAL" --config "$Q" --run-dir "$S" serve >"$T/serve" 2>&1 </dev/null &
	SERVING=$!
	within 5 test -S "$S/server.sock" || fail "the server does not start"
	within 5 grep -q enabled "$T/serve" || fail "the server does not listen"
	before=$(server_state)
}
server_stop() {
	kill -TERM "$SERVING" 2>/dev/null
	within 12 gone "$SERVING" || { fail "the server does not end"; kill -KILL "$SERVING"; }
	wait "$SERVING" || fail "the server ended with status $?"
	SERVING=''
	[ -z "$(ip netns pids far)" ] || fail "processes of the server are left"
	! compgen -G "$S/.*.journal" >/dev/null && [ ! -e "$S/server.sock" ] || fail "files are left: $(ls -A "$S")"
}
gone() { ! kill -0 "$1" 2>/dev/null; }
server_state() {
	ip -n far -o link show | sed 's/qlen.*//'
	ip -n far -4 -o addr show
	ip -n far -4 route show table all
	ip -n far neigh show proxy
	ls -A "$S"
	ip netns pids far | wc -l
	ls "/proc/$SERVING/fd" | wc -l
}
server_as_before() { [ "$(server_state 2>&1)" = "$before" ]; }
server_clean() { within 5 server_as_before || fail "the server is not as before: $(diff <(echo "$before") <(server_state 2>&1) | tr '\n' '|')"; }
both() { # both LISTENER-LINE...: both listeners with these lines
	local type line
	for type in pptp l2tp; do
		printf '[%s-server]\nenabled = yes\nlisten = %s\n' $type "$SERVER"
		for line; do printf '%s\n' "$line"; done
	done
}
secret() { # secret NAME PASSWORD LINE...
	local line
	printf '[secret %s]\nname = %s\npassword = "%s"\n' "$1" "$1" "$2"
	shift 2
	for line; do printf '%s\n' "$line"; done
}
LINK=('local-address = 10.0.103.1' 'remote-address = 10.0.103.2')

# ipsec_listener LINE...: a server of L2TP over IPsec; ipsec_profile NAME LINE...: its client.
ipsec_listener() {
	local line
	printf '[l2tp-server]\nenabled = yes\nlisten = %s\nipsec-secret = "netns-psk"\n' "$SERVER"
	for line; do printf '%s\n' "$line"; done
	secret ex lkjrht 'local-address = 10.0.103.1' 'remote-address = 10.0.103.2-10.0.103.20'
}
ipsec_profile() { profile "$1" l2tp ex lkjrht 'use-ipsec = yes' 'ipsec-secret = "netns-psk"' "${@:2}"; }

# profile NAME TYPE USER PASSWORD LINE...
profile() {
	local name=$1 line
	{
		printf '[connection]\ntype = %s\nconnect-to = %s\nuser = %s\npassword = "%s"\nredial = no\n' "$2" "$SERVER" "$3" "$4"
		shift 4
		for line; do printf '%s\n' "$line"; done
	} >"$P/$name.conf"
	chmod 600 "$P/$name.conf"
}
vpdial() { "$VPDIAL" --config "$P" --run-dir "$R" "$@"; }
users() { "$VPDIAL" --run-dir "$S" users "$@"; }
dial() { vpdial connect "$@" >"$T/out" 2>&1 </dev/null || fail "connect $1: status $?: $(tail -n 1 "$T/out")"; }
refused() { # refused NAME STATUS
	vpdial connect "$1" >"$T/out" 2>&1 </dev/null
	local rc=$?
	[ $rc = "$2" ] || fail "connect $1: status $rc instead of $2: $(tail -n 1 "$T/out")"
}
hang_up() { vpdial disconnect "$1" >"$T/out" 2>&1 || fail "disconnect $1: $(tail -n 1 "$T/out")"; }
pings() { # pings TTL COMMAND...: three answers
	local ttl=$1
	shift
	"$@" -c 3 -i 0.1 -W 2 >"$T/ping" 2>&1
	grep -q ' 3 received, 0% packet loss' "$T/ping" || fail "no three answers: $*: $(tail -n 3 "$T/ping" | tr '\n' '|')"
	[ "$(grep -c "ttl=$ttl " "$T/ping")" = 3 ] || fail "ttl is not $ttl: $(head -n 2 "$T/ping" | tail -n 1)"
}
encoding() { vpdial status "$1" --json | jq -r '.connections[0].encoding'; }
user_field() { users --json | jq -r "[.users[] | select(.running)][0].$1"; }
running() { [ "$(users --json | jq '[.users[] | select(.running)] | length')" = "$1" ]; }
reader_pid() {
	local p
	for p in $(cat "/proc/$SERVING/task/$SERVING/children"); do
		tr '\0' '\n' <"/proc/$p/cmdline" 2>/dev/null | grep -qx reader && echo "$p" && return
	done
	return 1
}
no_pids_in_far() { [ -z "$(ip netns pids far 2>/dev/null)" ]; }
want() { [ "$2" = "$3" ] || fail "$1 is '$2' instead of '$3'"; }

# L2TP over IPsec.
# seen_as PORT: the client's ESP has this source port on the wire, by no table that would remember it.
seen_as() {
	nft -f - <<-END
		table ip seen
		delete table ip seen
		table ip seen {
			chain out { type filter hook output priority raw; udp dport 4500 udp sport set $1; }
			chain in { type filter hook prerouting priority raw; udp sport 4500 udp dport $1 udp dport set $2; }
		}
	END
}
ipsec() {
	local n
	if case_is ipsec-calls-and-pings; then
		ipsec_listener 'use-ipsec = yes' | serve
		ipsec_profile c
		dial c
		pings 64 ping 10.0.103.1
		ip netns exec far ping -q -c 3 -i 0.1 -W 2 10.0.103.2 >/dev/null || fail "the server cannot ping the client"
		[[ $(user_field ipsec) == "aes"*", NAT-T"* ]] || fail "users says of ipsec: $(user_field ipsec)"
		users | grep -q ', IPsec aes' || fail "users does not show IPsec: $(users | tail -n 1)"
		grep -q 'IPsec aes' "$T/serve" || fail "the log does not say IPsec"
		hang_up c
		server_clean
		report
	fi
	if case_is ipsec-and-clear-beside-each-other; then
		ipsec_listener 'use-ipsec = yes' | serve
		ipsec_profile c
		profile d l2tp ex lkjrht
		dial c
		dial d
		within 3 running 2 || fail "not two users"
		want 'IPsec of both' "$(users --json | jq -r '[.users[] | select(.running) | .ipsec != null] | sort | join(" ")')" 'false true'
		hang_up c
		hang_up d
		server_clean
		report
	fi
	if case_is ipsec-required-opens-nothing-else; then
		ipsec_listener 'use-ipsec = required' | serve
		ip netns exec far ss -Hlun | grep -q ':1701 ' && fail "port 1701 is open"
		profile d l2tp ex lkjrht
		refused d 8
		ipsec_profile c
		dial c
		pings 64 ping 10.0.103.1
		hang_up c
		server_clean
		report
	fi
	if case_is ipsec-encryption-that-is-required-is-ipsec; then
		printf '[default]\nuse-encryption = require\n' >"$Q/ppp-profiles.conf"
		ipsec_listener 'use-ipsec = required' | serve
		ipsec_profile c 'use-encryption = no'
		dial c
		pings 64 ping 10.0.103.1
		hang_up c
		server_clean
		report
	fi
	if case_is ipsec-wrong-key; then
		ipsec_listener 'use-ipsec = required' | serve
		profile c l2tp ex lkjrht 'use-ipsec = yes' 'ipsec-secret = "another"'
		refused c 19
		within 40 grep -q "call from $CLIENT ended: .*pre-shared key" "$T/serve" || fail "the server does not say why: $(tail -n 1 "$T/serve")"
		server_clean
		report
	fi
	if case_is ipsec-wrong-password; then
		ipsec_listener 'use-ipsec = required' | serve
		ipsec_profile c
		sed -i 's/lkjrht/other/' "$P/c.conf"
		refused c 19
		server_clean
		report
	fi
	if case_is ipsec-no-proposal; then
		ipsec_listener 'use-ipsec = required' 'ipsec-ike = aes256-sha256-modp4096' | serve
		ipsec_profile c 'ipsec-ike = aes128-sha1-modp2048'
		refused c 10
		within 3 grep -q 'none of its IKE proposals is ours' "$T/serve" || fail "the server does not say why"
		server_clean
		report
	fi
	if case_is ipsec-clients-behind-one-address-with-one-inner-port; then
		# The same address and identity, and 1701 inside; each says that it kept nothing of the past.
		ipsec_listener 'use-ipsec = required' | serve
		for n in 1 2 3; do
			ipsec_profile c$n 'source-port = 1701'
			dial c$n
		done
		within 3 running 3 || fail "not three users"
		for n in 1 2 3; do
			ping -q -c 2 -i 0.1 -W 2 -I "$(vpdial status c$n --json | jq -r '.connections[0].interface')" 10.0.103.1 >/dev/null || fail "client $n has no answer"
		done
		for n in 1 2 3; do hang_up c$n; done
		server_clean
		report
	fi
	if case_is ipsec-client-changes-its-port; then
		ipsec_listener 'use-ipsec = required' | serve
		ipsec_profile c
		dial c
		n=$(ss -Hun | awk -v to="$SERVER:4500" '$NF == to { sub(".*:", "", $(NF-1)); print $(NF-1) }')
		seen_as 50001 "$n"
		pings 64 ping -i 0.3 10.0.103.1
		seen_as 50002 "$n"
		ping -q -c 3 -i 0.3 -W 2 10.0.103.1 >/dev/null || fail "no answer by the second port"
		ip netns exec far ping -q -c 3 -i 0.1 -W 2 10.0.103.2 >/dev/null || fail "the server cannot ping the client"
		# Nobody else can take it away: what was recorded comes again from another port.
		python3 "$netns_dir/stray.py" "$SERVER" wan >"$T/out" || fail "stray.py: $(tail -n 1 "$T/out")"
		pings 64 ping 10.0.103.1
		hang_up c
		nft delete table ip seen
		server_clean
		report
	fi
	if case_is ipsec-new-keys-under-traffic; then
		ipsec_listener 'use-ipsec = required' | serve
		ipsec_profile c 'ipsec-lifetime = 60' 'ipsec-ike-lifetime = 300'
		dial c
		ping -q -c 600 -i 0.1 -W 2 10.0.103.1 >"$T/ping" 2>&1
		grep -q ' 600 received' "$T/ping" || fail "lost: $(grep received "$T/ping")"
		[ "$(vpdial status c --json | jq '.connections[0].counters.ipsec_rekeys')" -ge 1 ] || fail "no new keys"
		hang_up c
		server_clean
		report
	fi
	if case_is ipsec-honest-dials-during-a-flood; then
		ipsec_listener 'use-ipsec = required' | serve
		ipsec_profile c
		ip -n far route add 172.16.0.0/12 via "$CLIENT" dev wan onlink
		before=$(server_state)
		python3 "$netns_dir/flood.py" "$SERVER" 1000 120 wan ike >"$T/flood" 2>&1 &
		flood=$!
		sleep 6 # more than the table has entries
		server_as_before || fail "the flood costs something"
		for n in 1 2 3 4 5; do
			dial c
			pings 64 ping 10.0.103.1
			hang_up c
		done
		kill -TERM $flood
		wait $flood || fail "more came back than one answer of three times the octets: $(tail -n 1 "$T/flood")"
		read -r n flood _ <"$T/flood"
		[ "$n" -ge 5000 ] && [ "$flood" -ge 1 ] || fail "no flood: $(tail -n 1 "$T/flood")"
		server_clean
		report
	fi
	if case_is ipsec-nothing-is-left-of-many-calls; then
		ipsec_listener 'use-ipsec = required' | serve
		ipsec_profile c
		for ((n = 0; n < CYCLES; n++)); do
			dial c
			hang_up c
		done
		server_clean
		report
	fi
}

# The matrix: authentication and encryption, both protocols.
matrix() {
	local type auth crypt wanted
	while read -r type auth crypt wanted; do
		case_is "matrix-$type-$auth-$crypt" || continue
		{
			both "authentication = $auth" 'default-profile = test'
			secret ex lkjrht "${LINK[@]}"
		} >"$T/conf"
		case $crypt in
		none) printf '[test]\nuse-encryption = no\n' ;;
		stateful) printf '[test]\nuse-encryption = require\nmppe-mode = stateful\n' ;;
		*) printf '[test]\nuse-encryption = require\nmppe-strength = %s\n' "$crypt" ;;
		esac >"$Q/ppp-profiles.conf"
		serve <"$T/conf"
		case $crypt in
		none) profile c "$type" ex lkjrht "allow = $auth" 'use-encryption = yes' ;;
		stateful) profile c "$type" ex lkjrht "allow = $auth" 'use-encryption = require' 'mppe-mode = stateful' ;;
		*) profile c "$type" ex lkjrht "allow = $auth" 'use-encryption = require' "mppe-strength = $crypt" ;;
		esac
		dial c
		pings 64 ping 10.0.103.1
		want encoding "$(encoding c)" "${wanted//_/ }"
		want 'authentication at the server' "$(user_field auth)" "$auth"
		hang_up c
		server_clean
		report
	done < <(
		for type in pptp l2tp; do
			for auth in pap chap mschap1 mschap2 eap; do echo "$type $auth none none"; done
			for auth in mschap1 mschap2 eap; do
				echo "$type $auth 128 MPPE128_stateless"
				echo "$type $auth 40 MPPE40_stateless"
			done
			echo "$type mschap2 stateful MPPE128_stateful"
		done
	)
}

# What the two ends do not agree on is said by both, and by the server also without --debug.
encryption_mismatches() {
	local type name words lines
	for type in pptp l2tp; do
		for name in refused strength; do
			case_is "encryption-mismatch-$type-$name" || continue
			printf '[test]\nuse-encryption = require\n' >"$Q/ppp-profiles.conf"
			{
				both 'default-profile = test'
				secret ex lkjrht "${LINK[@]}"
			} | serve
			case $name in
			refused)
				lines=('use-encryption = no')
				words='encryption is required, but the caller offers no MPPE .it rejected CCP.'
				;;
			strength)
				lines=('mppe-strength = 40' 'use-encryption = yes')
				words='encryption is required, but the caller wants MPPE 40 bit, the profile permits only 128 bit'
				;;
			esac
			profile c "$type" ex lkjrht "${lines[@]}"
			refused c 10
			grep -qE "hung up while .*\"$words" "$T/out" || fail "the client does not say why: $(tail -n 1 "$T/out")"
			grep -q ' after we refused ' "$T/out" || fail "the client does not say what it refused: $(tail -n 1 "$T/out")"
			within 3 grep -qE "ex was not connected from $CLIENT: $words" "$T/serve" || fail "the server does not say why: $(tail -n 1 "$T/serve")"
			server_clean
			report
		done
	done
}

examples() {
	local type flags
	for type in pptp l2tp; do
		if case_is "E01-$type-client-test2"; then
			addresses 10.1.1.1 10.1.1.12
			{ both; secret john john "${LINK[@]}"; } | serve
			profile test2 $type john john 'add-default-route = yes' 'profile = default'
			vpdial list >"$T/out"
			grep -q '^X .* test2 ' "$T/out" || fail "not listed with flag X"
			vpdial enable test2 >/dev/null || fail "enable fails"
			dial --all
			vpdial list >"$T/out"
			grep -q '^ R .* test2 ' "$T/out" || fail "not listed with flag R"
			ip route get 198.51.100.1 | grep -q "dev $type-out1" || fail "no default route through the tunnel"
			pings 64 ping 10.0.103.1
			hang_up test2
			server_clean
			report
		fi
	done
	if case_is E02-client-pptp-hm; then
		addresses 10.1.101.1 10.1.101.100
		{ both; secret pptp-hm 123 "${LINK[@]}"; } | serve
		profile pptp-hm pptp pptp-hm 123 'disabled = no' 'name = pptp-hm' 'profile = default'
		dial pptp-hm
		vpdial list >"$T/out"
		grep -q '^ R .* pptp-hm ' "$T/out" || fail "not listed with flag R"
		ip link show pptp-hm >/dev/null 2>&1 || fail "no interface pptp-hm"
		hang_up pptp-hm
		report
	fi
	for type in E03-pptp-jack-pass E04-l2tp-user-passwd; do
		IFS=- read -r _ proto user password <<<"$type"
		case_is $type || continue
		addresses 10.1.0.172 10.5.8.104
		{ both; secret "$user" "$password" "service = $proto" 'local-address = 10.0.0.1' 'remote-address = 10.0.0.2'; } | serve
		profile quick "$proto" "$user" "$password" 'profile = default-encryption'
		dial quick
		pings 64 ping 10.0.0.1
		want 'client-address' "$(user_field client_address)" 10.1.0.172
		want 'remote-address' "$(user_field remote_address)" 10.0.0.2
		ip netns exec far ping -q -c 3 -i 0.1 -W 2 10.0.0.2 >/dev/null || fail "the server cannot ping the client"
		hang_up quick
		# The other protocol is not for this user.
		profile other "$([ "$proto" = pptp ] && echo l2tp || echo pptp)" "$user" "$password"
		refused other 19
		report
	done
	for type in pptp l2tp; do
		for flags in secret static; do
			case_is "E05-E06-$type-router-to-router-$flags-routes" routed || continue
			SERVER=192.168.80.1
			ip -n far addr add 10.150.2.254/24 dev Office
			ip link add lan type veth peer name lan-host
			ip link set lan-host up
			ip addr add 10.150.1.254/24 dev lan
			ip link set lan up
			sysctl -qw net.ipv4.ip_default_ttl=255
			ip netns exec far sysctl -qw net.ipv4.ip_default_ttl=255
			{
				both 'default-profile = default-encryption'
				if [ $flags = secret ]; then
					secret ex lkjrht "${LINK[@]}" 'routes = 10.150.1.0/24 10.0.103.2 1'
				else
					secret ex lkjrht "${LINK[@]}"
				fi
			} | serve
			profile home $type ex lkjrht 'routes = 10.150.2.0/24 10.0.103.1 1'
			dial home
			[ $flags = secret ] || ip -n far route add 10.150.1.0/24 via 10.0.103.2
			ip -n far route show | grep -q '^10.150.1.0/24 via 10.0.103.2' || fail "no route to the client's LAN"
			pings 255 ping 10.0.103.1
			pings 255 ping -I 10.150.1.254 10.150.2.254
			pings 255 ip netns exec far ping -I 10.150.2.254 10.150.1.254
			hang_up home
			server_clean
			report
			sysctl -qw net.ipv4.ip_default_ttl=64
		done
		if case_is "E07-$type-remote-client-in-the-office" routed; then
			SERVER=192.168.80.1
			ip -n far addr add 10.150.1.254/24 dev Office
			ip -n pc addr add 10.150.1.1/24 dev eth0
			{
				both 'proxy-arp = Office' 'default-profile = default-encryption'
				secret ex lkjrht 'local-address = 10.150.1.254' 'remote-address = 10.150.1.2'
				printf '[interface FromLaptop]\nuser = ex\n'
			} | serve
			users >"$T/out"
			grep -q '^ 0     FromLaptop  *ex *$' "$T/out" || fail "the static entry is not listed: $(tail -n 1 "$T/out")"
			profile office $type ex lkjrht 'routes = 10.150.1.0/24'
			dial office
			users >"$T/out"
			grep -q '^ 0   R FromLaptop  *ex .*192.168.81.1 .*MPPE128 stateless' "$T/out" || fail "the static entry does not run: $(tail -n 1 "$T/out")"
			pings 63 ping 10.150.1.1
			pings 63 ip netns exec pc ping 10.150.1.2
			hang_up office
			server_clean
			report
		fi
	done
	if case_is E08-server-prints-its-fields-in-order; then
		{ both; secret ex lkjrht "${LINK[@]}"; } | serve
		grep -q 'pptp-server enabled: yes, max-mtu: 1460, max-mru: 1460, mrru: disabled, authentication: mschap2, keepalive-timeout: 30s, default-profile: default$' "$T/serve" || fail "not so: $(head -n 1 "$T/serve")"
		"$VPDIAL" check "$Q/server.conf" >/dev/null || fail "check refuses the server's file"
		report
	fi
	if case_is E09-list-of-users; then
		addresses 10.0.0.202 10.0.0.1
		printf '[default]\nuse-encryption = no\n' >"$Q/ppp-profiles.conf"
		{
			both
			secret ex lkjrht "${LINK[@]}"
			secret ex1 x 'local-address = 10.0.103.1' 'remote-address = 10.0.103.3'
			printf '[interface pptp-in1]\nuser = ex1\n'
		} | serve
		profile ex pptp ex lkjrht 'profile = default'
		dial ex
		users >"$T/out"
		grep -qx 'Flags: X - disabled, D - dynamic, R - running' "$T/out" || fail "no line of flags"
		grep -qE '^ #  +NAME +USER +MTU +CLIENT-ADDRESS +UPTIME +ENC' "$T/out" || fail "no line of columns"
		grep -qE '^ 0     pptp-in1 +ex1 *$' "$T/out" || fail "no static row"
		grep -qE '^ 1  DR <pptp-ex> +ex +1460 +10\.0\.0\.202 +[0-9]+s +none$' "$T/out" || fail "no dynamic row: $(tail -n 1 "$T/out")"
		hang_up ex
		users >"$T/out"
		! grep -q pptp-ex "$T/out" || fail "the dynamic row stays"
		report
	fi
}

# Multilink: packets larger than the link carries, whole at both ends; and who does not want it.
whole() { # whole OCTETS: packets of that size, not to be cut by IP, both ways
	ping -q -M "do" -c 3 -i 0.1 -W 2 -s $(($1 - 28)) 10.0.103.1 >"$T/ping" 2>&1
	grep -q ' 3 received' "$T/ping" || fail "packets of $1 to the server: $(tail -n 3 "$T/ping" | tr '\n' '|')"
	ip netns exec far ping -q -M "do" -c 3 -i 0.1 -W 2 -s $(($1 - 28)) 10.0.103.2 >"$T/ping" 2>&1
	grep -q ' 3 received' "$T/ping" || fail "packets of $1 to the client: $(tail -n 3 "$T/ping" | tr '\n' '|')"
}
multilink() {
	local type mtu server client encryption line
	while read -r line server client encryption mtu; do
		for type in pptp l2tp; do
			case_is "multilink-$type-$line" || continue
			printf '[test]\nuse-encryption = %s\n' "$encryption" >"$Q/ppp-profiles.conf"
			{
				both 'default-profile = test' "mrru = $server" 'max-mtu = 1450' 'max-mru = 1450'
				secret ex lkjrht "${LINK[@]}"
			} | serve
			profile c $type ex lkjrht 'max-mtu = 1450' 'max-mru = 1450' "mrru = ${client%+}" "use-encryption = $encryption"
			[ "${client%+}" = "$client" ] || echo 'short-sequence = yes' >>"$P/c.conf"
			dial c
			want mtu "$(vpdial status c --json | jq .connections[0].mtu)" "$mtu"
			want 'mtu at the server' "$(user_field mtu)" "$mtu"
			whole "$mtu"
			whole 1000
			if [ "$mtu" -gt 1450 ]; then
				want 'pieces sent, received, lost' "$(vpdial status c --json | jq -c '.connections[0].counters | [.mp_tx, .mp_rx, .mp_lost, .mp_dropped]')" '[12,12,0,0]'
				vpdial status c >"$T/out"
				grep -q ' link-mtu: 1450$' "$T/out" && grep -q ' fragments: 12 sent, 12 received, 0 lost$' "$T/out" || fail "the status says: $(grep -E 'mtu|mrru|frag' "$T/out" | tr '\n' '|')"
			fi
			hang_up c
			server_clean
			report
		done
	done <<-END
		as-in-the-manuals 1600 1600 no 1600
		and-mppe 1614 1614 require 1610
		short-headers 1614 1614+ no 1614
		refused-by-the-server disabled 1600 no 1450
		refused-by-the-client 1600 disabled no 1450
	END
}

policy() {
	local n
	if case_is users-disconnect-by-name; then
		{ both; secret ex lkjrht "${LINK[@]}"; secret o p 'local-address = 10.0.103.1' 'remote-address = 10.0.103.9'; } | serve
		profile c pptp ex lkjrht
		profile o l2tp o p
		dial c
		dial o
		users --disconnect ex >"$T/out" 2>&1 || fail "users --disconnect: $(cat "$T/out")"
		want 'users left' "$(users --json | jq -r '[.users[].user] | join(",")')" o
		within 5 grep -q terminated <(vpdial status c) || fail "the client does not know"
		users --disconnect nobody >/dev/null 2>&1 && fail "disconnects somebody who is not there"
		hang_up o
		server_clean
		report
	fi
	if case_is user-twice-newest-call-wins; then
		{ both; secret ex lkjrht "${LINK[@]}" 'routes = 10.150.1.0/24 10.0.103.2 1'; } | serve
		profile a pptp ex lkjrht
		dial a
		ip netns add third
		ip link add w3 type veth peer name w3 netns third
		ip link set w3 netns far
		ip -n far addr add 10.88.2.1/24 dev w3
		ip -n far link set w3 up
		ip -n third addr add 10.88.2.2/24 dev w3
		ip -n third link set w3 up
		ip -n third route add 10.88.1.1 via 10.88.2.1
		profile b l2tp ex lkjrht
		mkdir -p "$R/b"
		ip netns exec third "$VPDIAL" --config "$P" --run-dir "$R/b" connect b >"$T/out" 2>&1 </dev/null || fail "second call: $(tail -n 1 "$T/out")"
		within 5 running 1 || fail "not one call is left"
		want 'type of the call' "$(user_field type)" l2tp
		ip -n far route show | grep -q '^10.150.1.0/24 via 10.0.103.2 dev <l2tp' || fail "the route is not the newer call's"
		ip netns exec third ping -q -c 3 -i 0.1 -W 2 10.0.103.1 >/dev/null || fail "the newer call carries nothing"
		ip netns exec third "$VPDIAL" --config "$P" --run-dir "$R/b" disconnect b >/dev/null
		ip netns del third
		report
	fi
	encryption_mismatches
	if case_is pool-exhausted-and-reused; then
		{ both; secret ex lkjrht 'local-address = 10.0.103.1' 'remote-address = 10.0.103.10-10.0.103.11'; } | serve
		for n in a b c; do profile $n pptp ex lkjrht; done
		dial a
		dial b
		want addresses "$(users --json | jq -r '[.users[].remote_address] | sort | join(",")')" 10.0.103.10,10.0.103.11
		refused c 10
		grep -q 'hung up while the network was being set up: "no address is free in the pool"$' "$T/out" || fail "the client does not say why: $(tail -n 1 "$T/out")"
		within 3 grep -q 'no address is free' "$T/serve" || fail "the server does not say why"
		hang_up a
		within 3 running 1
		dial c
		want 'address given again' "$(vpdial status c --json | jq -r '.connections[0].local_address')" 10.0.103.10
		hang_up b
		hang_up c
		server_clean
		report
	fi
	if case_is max-sessions; then
		{ both 'max-sessions = 1'; secret ex lkjrht 'local-address = 10.0.103.1' 'remote-address = 10.0.103.10-10.0.103.20'; } | serve
		for type in pptp l2tp; do
			for n in a b; do profile $n-$type $type ex lkjrht; done
			dial a-$type
			SECONDS=0
			refused b-$type 8
			[ $SECONDS -le 3 ] || fail "$type: it took $SECONDS s to be told so"
			grep -q 'it has no room for another call now, try again later$' "$T/out" || fail "$type: not told so: $(tail -n 1 "$T/out")"
			running 1 || fail "$type: the refused caller is listed"
			within 3 grep -q 'turned away: max-sessions' "$T/serve" || fail "the server does not say why"
			hang_up a-$type
			within 3 running 0
			dial b-$type
			hang_up b-$type
		done
		server_clean
		report
	fi
	for type in pptp l2tp; do
		case_is "max-sessions-redial-gets-the-place-$type" || continue
		{ both 'max-sessions = 1'; secret ex lkjrht 'local-address = 10.0.103.1' 'remote-address = 10.0.103.10-10.0.103.20'; } | serve
		for n in a b; do profile $n $type ex lkjrht; done
		sed -i 's/^redial = no/redial = yes\nredial-min = 1\nredial-max = 2/' "$P/b.conf"
		dial a
		vpdial connect --redial b >"$T/out" 2>&1 </dev/null &
		n=$!
		within 5 grep -q 'no room for another call' "$T/out" || fail "not told so: $(tail -n 1 "$T/out")"
		hang_up a
		wait $n || fail "connect --redial b: $(tail -n 1 "$T/out")"
		pings 64 ping 10.0.103.1
		hang_up b
		server_clean
		report
	done
	for tool in pptp xl2tpd; do
		case_is "max-sessions-told-to-$tool" || continue
		command -v $tool >/dev/null || { echo "skip $current: not installed: $tool"; no_network; continue; }
		{ both 'max-sessions = 1'; secret ex lkjrht "${LINK[@]}"; } | serve
		profile a "$([ $tool = pptp ] && echo pptp || echo l2tp)" ex lkjrht
		dial a
		if [ $tool = pptp ]; then
			# It dials three times where the connection is closed, and once where it hears "busy".
			timeout 10 pptp "$SERVER" --nolaunchpppd --nohostroute >"$T/out" 2>&1 </dev/null && fail "it got a call"
			[ ! -s "$T/out" ] || fail "it was not told: $(tail -n 1 "$T/out")"
			[ "$(grep -c 'turned away' "$T/serve")" = 1 ] || fail "it dialed again: $(grep 'turned away' "$T/serve" | tail -n 1)"
		else
			printf '[global]\n[lac x]\nlns = %s\nautodial = yes\nredial = no\n' "$SERVER" >"$T/lac.conf"
			timeout 10 xl2tpd -D -c "$T/lac.conf" -p "$T/lac.pid" -C "$T/lac.control" >"$T/out" 2>&1 </dev/null &
			n=$!
			within 5 grep -q 'Connection closed to .*(no room now)' "$T/out" || fail "it was not told"
			kill $n
			wait $n
		fi
		hang_up a
		server_clean
		report
	done
	for type in pptp l2tp; do
		case_is "max-sessions-flood-$type" || continue
		for ((n = 10; n < 30; n++)); do
			ip addr add 10.88.1.$n/32 dev wan
			ip -n far route add 10.88.1.$n dev wan
		done
		{ both 'max-sessions = 1'; secret ex lkjrht "${LINK[@]}"; } | serve
		profile a $type ex lkjrht
		dial a
		python3 "$netns_dir/hostile_callers.py" full-$type "$SERVER" "$SERVING" >"$T/out" 2>&1 || fail "$(tail -n 1 "$T/out")"
		! grep -qE 'forbidden|killed by|unexpectedly|not permitted' "$T/serve" || fail "a session broke: $(grep -m1 -E 'forbidden|killed|unexp|permitted' "$T/serve")"
		pings 64 ping 10.0.103.1
		hang_up a
		server_clean
		report
	done
	if case_is signals-leave-calls-alone; then
		{ both; secret ex lkjrht "${LINK[@]}"; } | serve
		for type in pptp l2tp; do profile $type $type ex lkjrht; done
		dial pptp
		for n in HUP USR1 USR2; do
			kill -$n "$SERVING"
			within 3 grep -q "signal $n is ignored: .*systemctl restart vpdial-server" "$T/serve" || fail "nothing is said of $n"
		done
		read -r -a sessions <"/proc/$SERVING/task/$SERVING/children"
		for n in HUP INT TERM QUIT USR1 USR2; do kill -$n "${sessions[@]}"; done
		sleep 0.3
		pings 64 ping 10.0.103.1
		hang_up pptp
		dial l2tp
		hang_up l2tp
		server_clean
		report
	fi
	if case_is honest-dials-during-a-flood-of-forged-sccrqs; then
		{ both; secret ex lkjrht "${LINK[@]}"; } | serve
		for type in pptp l2tp; do profile $type $type ex lkjrht; done
		dial pptp # what is touched for the first time is not growth
		hang_up pptp
		server_clean
		ip -n far route add 172.16.0.0/12 via "$CLIENT" dev wan onlink
		before=$(server_state)
		python3 "$netns_dir/flood.py" "$SERVER" 1000 120 wan >"$T/flood" 2>&1 &
		flood=$!
		sleep 3
		for n in 1 2 3; do
			for type in l2tp pptp; do
				server_as_before || fail "the flood costs something: $(diff <(echo "$before") <(server_state 2>&1) | tr '\n' '|')"
				dial $type
				within 6 ping -q -c 1 -W 2 10.0.103.1 >/dev/null || fail "the call carries nothing"
				hang_up $type
				within 5 server_as_before
			done
		done
		kill -0 $flood 2>/dev/null || fail "the flood ended too early"
		kill -TERM $flood
		wait $flood || fail "more came back than one answer of three times the octets: $(tail -n 1 "$T/flood")"
		read -r n flood _ <"$T/flood"
		[ "$n" -ge 1000 ] && [ "$flood" -ge 1 ] || fail "no flood: $(tail -n 1 "$T/flood")"
		server_clean
		report
	fi
	if case_is client-of-port-1701-that-lost-its-state-redials; then
		{ both; secret ex lkjrht "${LINK[@]}"; } | serve
		profile c l2tp ex lkjrht 'source-port = 1701'
		dial c
		for n in $(client_pids); do kill -KILL "$n"; done
		rm -rf "${R:?}"/*
		SECONDS=0
		dial c
		[ $SECONDS -le 12 ] || fail "it was locked out for $SECONDS s"
		pings 64 ping 10.0.103.1
		within 3 running 1 || fail "the old call is still listed"
		grep -q 'ex disconnected: the client began anew' "$T/serve" || fail "the server does not say why: $(tail -n 1 "$T/serve")"
		hang_up c
		server_clean
		report
	fi
	if case_is reader-that-dies-is-started-again; then
		{ both; secret ex lkjrht "${LINK[@]}"; } | serve
		for type in pptp l2tp; do profile $type $type ex lkjrht; done
		dial l2tp
		kill -SEGV "$(reader_pid)"
		within 3 grep -q 'the reader process was killed by signal 11: .* started again in 1 s; calls that are up go on' "$T/serve" || fail "nothing is said of it"
		pings 64 ping 10.0.103.1
		hang_up l2tp
		within 5 reader_pid >/dev/null || fail "it is not started again"
		dial l2tp
		hang_up l2tp
		server_clean
		report
	fi
	if case_is caller-id-admits-one-address; then
		{ both; secret ex lkjrht 'caller-id = 10.88.1.77' "${LINK[@]}"; secret me lkjrht "caller-id = $CLIENT" 'local-address = 10.0.103.1' 'remote-address = 10.0.103.5'; } | serve
		profile a pptp ex lkjrht
		profile b pptp me lkjrht
		refused a 19
		dial b
		hang_up b
		report
	fi
	if case_is caller-vanishes; then
		{ both 'keepalive-timeout = 2'; secret ex lkjrht "${LINK[@]}"; } | serve
		profile c l2tp ex lkjrht
		dial c
		ip link set wan down
		SECONDS=0
		within 14 grep -q 'ex disconnected' "$T/serve" || fail "the server still believes in the call"
		[ $SECONDS -ge 3 ] || fail "ended after $SECONDS s, keepalive-timeout is 2"
		ip link set wan up
		ip route replace "$SERVER" dev wan src "$CLIENT"
		hang_up c
		server_clean
		report
	fi
	for type in pptp l2tp; do
		case_is "listens-at-every-address-$type" || continue
		{ both; secret ex lkjrht "${LINK[@]}"; } | sed 's/^listen = .*/listen = 0.0.0.0/' >"$T/conf"
		serve <"$T/conf"
		# The answer comes from the address that was called, also where it is not the first one.
		ip -n far addr add 10.88.1.7/32 dev wan
		ip route add 10.88.1.7 dev wan src "$CLIENT"
		SERVER=10.88.1.7
		profile c $type ex lkjrht
		dial c
		pings 64 ping 10.0.103.1
		hang_up c
		report
	done
	if case_is l2tp-over-ipv6; then
		ip -6 addr add fd00:88::2/64 dev wan nodad
		ip -n far -6 addr add fd00:88::1/64 dev wan nodad
		{ both; secret ex lkjrht "caller-id = fd00:88::2" "${LINK[@]}"; } | sed '/l2tp-server/,/listen/s/^listen = .*/listen = fd00:88::1/' >"$T/conf"
		serve <"$T/conf"
		SERVER=fd00:88::1
		profile c l2tp ex lkjrht
		dial c
		pings 64 ping 10.0.103.1
		want 'client-address' "$(user_field client_address)" fd00:88::2
		hang_up c
		server_clean
		report
	fi
	if case_is killed-server-leaves-nothing routed; then
		SERVER=192.168.80.1
		ip -n far addr add 10.150.1.254/24 dev Office
		{ both 'proxy-arp = Office'; secret ex lkjrht 'local-address = 10.150.1.254' 'remote-address = 10.150.1.2' 'routes = 10.151.0.0/16 10.150.1.2 1'; } | serve
		profile c pptp ex lkjrht
		dial c
		ip -n far neigh show proxy | grep -q 10.150.1.2 || fail "no proxy-ARP"
		kill -KILL "$SERVING"
		wait "$SERVING" 2>/dev/null
		within 10 no_pids_in_far || fail "sessions outlive the server"
		[ -z "$(ip -n far neigh show proxy)" ] || fail "proxy-ARP is left"
		ip -n far -o link show | grep -q pptp && fail "an interface is left"
		ip -n far route show | grep -q 10.151 && fail "a route is left"
		within 10 grep -q terminated <(vpdial status c) || fail "the client does not know"
		vpdial disconnect c >/dev/null 2>&1
		# The next server starts, and finds nothing in its way.
		serve <"$Q/server.conf.kept"
		dial c
		hang_up c
		report
	fi
	# Of a server that was killed with all its guards; most calls had ended before.
	if case_is journal-of-a-late-call-is-undone routed; then
		SERVER=192.168.80.1
		ip -n far addr add 10.150.1.254/24 dev Office
		ip -n far neigh add proxy 10.150.1.2 dev Office
		printf 'vpdial-journal 1\nname .server-150\nboot %s\nnetns %s\nproxy %s 10.150.1.2\n' "$(cat /proc/sys/kernel/random/boot_id)" \
			"$(ip netns exec far stat -Lc %i /proc/self/ns/net)" "$(ip netns exec far cat /sys/class/net/Office/ifindex)" >"$S/.server-150.journal"
		chmod 600 "$S/.server-150.journal"
		{ both; secret ex lkjrht; } | serve
		[ -z "$(ip -n far neigh show proxy)" ] || fail "proxy-ARP is left"
		[ ! -e "$S/.server-150.journal" ] || fail "the journal is left"
		report
	fi
	# As the guardian of a killed server has it: the call takes another, and nobody waits.
	if case_is a-call-takes-no-journal-that-is-locked; then
		{ both; secret ex lkjrht "${LINK[@]}"; } | serve
		(umask 077 && : >"$S/.server-1.journal")
		exec 9<"$S/.server-1.journal"
		flock 9
		profile good pptp ex lkjrht
		dial good
		grep -q 'pptp-2.*connected from' "$T/serve" || fail "the call is not number 2: $(tail -n 1 "$T/serve")"
		exec 9<&-
		rm -f "$S/.server-1.journal"
		hang_up good
		report
	fi
	if case_is wrong-passwords-in-series; then
		{ both; secret ex lkjrht "${LINK[@]}"; } | serve
		profile bad pptp ex wrong
		profile good pptp ex lkjrht
		for ((n = 0; n < 10; n++)); do refused bad 19; done
		refused bad 8
		refused good 8
		grep -q "call from 10.88.1.2 ended: the caller \"ex\" gave a wrong user name or password" "$T/serve" || fail "the server does not say who guesses: $(tail -n 1 "$T/serve")"
		grep -q 'turned away: too many of its calls failed' "$T/serve" || fail "the server does not say why"
		! grep -aq lkjrht "$T/serve" || fail "a password is in the log"
		server_clean
		report
	fi
	for n in half-open malformed-pptp malformed-l2tp stray-l2tp; do
		case_is "hostile-$n" || continue
		{ both; secret ex lkjrht "${LINK[@]}"; } | serve
		python3 "$netns_dir/hostile_callers.py" $n "$SERVER" "$SERVING" >"$T/out" 2>&1 || fail "$(tail -n 1 "$T/out")"
		! grep -qE 'forbidden|killed by|unexpectedly|not permitted' "$T/serve" || fail "a session broke: $(grep -m1 -E 'forbidden|killed|unexp|permitted' "$T/serve")"
		within 35 server_as_before
		server_clean
		# And then an honest call, from an address that did no wrong.
		ip addr add 10.88.1.3/32 dev wan
		ip -n far route add 10.88.1.3 dev wan
		ip route replace "$SERVER" dev wan src 10.88.1.3
		profile c pptp ex lkjrht 'src-address = 10.88.1.3'
		dial c
		pings 64 ping 10.0.103.1
		hang_up c
		report
	done
	for type in pptp l2tp; do
		case_is "cycles-$CYCLES-leave-nothing-$type" || continue
		{ both; secret ex lkjrht "${LINK[@]}"; } | serve
		profile c $type ex lkjrht
		dial c
		hang_up c
		server_clean
		memory=$(awk '/VmRSS/ {print $2}' "/proc/$SERVING/status")
		for ((n = 0; n < CYCLES; n++)); do
			dial c
			hang_up c
		done
		server_clean
		now=$(awk '/VmRSS/ {print $2}' "/proc/$SERVING/status")
		[ $((now - memory)) -le 256 ] || fail "the server grew from $memory to $now kB"
		report
	done
}

T=$(mktemp -d)
mount -t tmpfs tmpfs "$T"
mount -t tmpfs tmpfs /run
mkdir "$T/p" "$T/q" "$T/r" "$T/s" /run/netns
chmod 755 "$T"
P=$T/p Q=$T/q R=$T/r S=$T/s SERVING=''
trap 'no_network; umount -l "$T"; rmdir "$T"' EXIT
matrix
ipsec
examples
multilink
policy
exit $((failures > 0))
