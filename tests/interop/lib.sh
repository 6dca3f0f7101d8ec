# shellcheck shell=bash
# Functions of the interop scripts: a native client (vpdial) in netlab's client namespace, a real
# pptpd in a UML guest.  Sourced by scripts that netlab runs, after "interop_init".
#
# Results are lines "ok NAME", "FAIL NAME: why", "skip NAME: what is missing".

interop_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
interop_top=$(cd "$interop_dir/../.." && pwd)
VPDIAL=${VPDIAL:-$interop_top/build/vpdial}
# shellcheck source=../lab/lab.sh
. "$interop_top/tests/lab/lab.sh"

INTEROP_USER=alice INTEROP_PASSWORD=Lab-Pass1
# What the profiles dial; the peer script of the lab, and where its pppd has its options.
INTEROP_TYPE=pptp INTEROP_PEER=pptpd INTEROP_OPTIONS=/etc/ppp/pptpd-options
failures=0 current='' why=''

# interop_init: scratch directory, the client's mount namespace with an /etc and a /run of its
# own, profiles and run directory below $LAB_TMP.
interop_init() {
	lab_init
	trap interop_cleanup EXIT
	E=$LAB_TMP/etc R=$LAB_TMP/run P=$LAB_TMP/profiles
	mkdir -p "$E" "$R" "$P"
	cp -a /etc/. "$E/"
	rm -f "$E/resolv.conf"
	printf 'nameserver 10.88.1.1\nsearch home.example\noptions timeout:1 attempts:1\n' >"$E/resolv.conf"
	# IPv6 for new devices, so that IPV6CP has a place to put its address.
	ip netns exec "$NETLAB_CLIENT" sysctl -qw net.ipv6.conf.default.disable_ipv6=0
	# shellcheck disable=SC2016  # the inner shell expands
	lab_spawn ip netns exec "$NETLAB_CLIENT" unshare -m --propagation private bash -c '
		mount --bind "$1" /etc && mount -t tmpfs tmpfs /run && : >"$2" && exec sleep infinity' \
		holder "$E" "$LAB_TMP/held"
	lab_wait_file "$LAB_TMP/held" 5 || exit 125
	HOLDER=$LAB_PID
	snapshot >"$LAB_TMP/before"
}
interop_cleanup() {
	local pid
	# Whatever of the client is left goes first, or its namespace would stay.
	for pid in $(client_pids); do kill -KILL "$pid" 2>/dev/null; done
	lab_cleanup
}

# on_host COMMAND...: in the client's namespaces.
on_host() { nsenter -t "$HOLDER" -m -n -- "$@"; }
vpdial() { on_host "$VPDIAL" --config "$P" --run-dir "$R" "$@"; }

# Processes in the client's namespace but ours.
client_pids() { ip netns pids "$NETLAB_CLIENT" 2>/dev/null | grep -vx "${HOLDER:-0}"; }

snapshot() {
	on_host ip -o link show
	on_host ip -o addr show
	on_host ip -4 route show table all
	on_host ip -6 route show table all
	on_host ip rule show
	on_host cat /etc/resolv.conf
	on_host stat -c '%F %a %N' /etc/resolv.conf
}
is_as_before() { snapshot 2>&1 | cmp -s - "$LAB_TMP/before"; }
is_quiet() { [ -z "$(client_pids)" ] && ! compgen -G "$R/*.sock" >/dev/null && ! compgen -G "$R/*.journal" >/dev/null; }

# within SECONDS COMMAND...: true as soon as COMMAND is.
within() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

fail() { why=${why:-$*}; return 1; }
# wanted NAME: does the pattern of cases take it in?
# shellcheck disable=SC2053  # a pattern indeed
wanted() { [[ $1 == ${INTEROP_ONLY:-*} ]]; }
begin() { current=$1 why='' case_start=$SECONDS; }
report() { # prints the result of the case that "begin" named
	if [ -z "$why" ]; then
		echo "ok $current${INTEROP_TIMES:+ # $((SECONDS - case_start)) s}"
	else
		echo "FAIL $current: $why"
		failures=$((failures + 1))
		[ -z "${INTEROP_LOG-}" ] || { mkdir -p "$INTEROP_LOG"; cp "$LAB_TMP"/out "$INTEROP_LOG/$current.out"; cp "$LAB_TMP/server/pppd.log" "$INTEROP_LOG/$current.pppd.log"; } 2>/dev/null
	fi
}
skip() { echo "skip $1: $2"; }

# all_gone SECONDS: the machine is as before the dial and no process is left.
all_gone() {
	within "$1" is_quiet || fail "left behind: $(client_pids | while read -r p; do tr '\0' ' ' <"/proc/$p/cmdline"; done; ls "$R")"
	within 2 is_as_before || fail "not as before: $(snapshot 2>&1 | diff "$LAB_TMP/before" - | tr '\n' '|')"
	rm -rf "${R:?}"/*
}
# tidy: for the next case, whatever this one did.
tidy() {
	local pid
	for pid in $(client_pids); do kill -KILL "$pid" 2>/dev/null; done
	within 5 is_quiet || vpdial disconnect --all >/dev/null 2>&1
	on_host ip route flush proto 118
	rm -rf "${R:?}"/*
	lab_on server 'pkill -KILL -x pppd; pkill -KILL -x pptpctrl; exit 0' >/dev/null
}

# profile NAME "KEY = VALUE"...: the usual account and server, then these lines.
profile() {
	local name=$1 line key
	shift
	{
		printf '[connection]\ntype = %s\n' "$INTEROP_TYPE"
		for key in "connect-to = $NETLAB_SERVER_ADDR" "user = $INTEROP_USER" \
			"password = \"$INTEROP_PASSWORD\"" 'use-peer-dns = yes' 'redial = no' 'allow = pap,chap,mschap1,mschap2,eap'; do
			printf '%s\n' "$@" | grep -q "^${key%% *} " || printf '%s\n' "$key"
		done
		for line; do printf '%s\n' "$line"; done
	} >"$P/$name.conf"
	chmod 600 "$P/$name.conf"
}

# server_boot OPTIONS...: the guest with the peer and the transfer server.
server_boot() {
	lab_boot "$LAB_TMP/server" "$INTEROP_PEER" -n "$NETLAB_SERVER" -i tapS=10.88.2.2/24 -g 10.88.2.1 -t 900 "$@"
	lab_up "$LAB_TMP/server" || { echo "FAIL server: the guest with $INTEROP_PEER does not come up"; exit 1; }
	lab_on server "setsid /usr/bin/python3 $interop_dir/transfer serve 7001 >/dev/null 2>&1 </dev/null &"
	# The first ARP and the first fork of pptpd cost time that no dial should be charged with.
	on_host ping -q -c 1 -W 3 "$NETLAB_SERVER_ADDR" >/dev/null
}

# server_set AUTH MPPE [PPPD OPTION LINE...]: what pppd demands from the next call on.
# MPPE: none | 40 | 128 (required) | 40-stateful | 128-stateful (that mode accepted) | any (pppd's
# own defaults)
server_set() {
	local auth=$1 mppe=$2
	shift 2
	{
		printf '%s\n' 'name labsrv' "require-$auth" 'ms-dns 10.99.0.53' 'ms-dns 10.99.0.54' \
			nodefaultroute novj novjccomp debug "logfile $LAB_TMP/server/pppd.log"
		case $mppe in
		none) printf '%s\n' nomppe nodeflate nobsdcomp ;;
		any) ;;
		*-stateful) printf '%s\n' "require-mppe-${mppe%-*}" mppe-stateful ;;
		*) echo "require-mppe-$mppe" ;;
		esac
		printf '%s\n' "$@"
	} >"$LAB_TMP/server/pptpd-options"
	: >"$LAB_TMP/server/pppd.log"
	lab_on server "cp $LAB_TMP/server/pptpd-options $INTEROP_OPTIONS"
}

# dial NAME: connects; checks the words and the exit status.
dial() {
	local rc words
	vpdial connect "$1" --timeout "${DIAL_LIMIT:-20}" >"$LAB_TMP/out" 2>&1 </dev/null
	rc=$?
	words=$(grep -xE 'dialing|verifying password\.\.\.|connected|terminated' "$LAB_TMP/out" | tr '\n' ' ')
	[ $rc = 0 ] || fail "connect: status $rc: $(tail -n 3 "$LAB_TMP/out" | tr '\n' '|')"
	[ "$words" = 'dialing verifying password... connected ' ] || fail "words: $words"
}

# dial_fails NAME STATUS [TEXT]: the dial fails with one of the statuses ("10|19") and says TEXT
# (a regular expression); nothing is left.
dial_fails() {
	local rc start=$SECONDS
	vpdial connect "$1" >"$LAB_TMP/out" 2>&1 </dev/null
	rc=$?
	[[ "|$2|" == *"|$rc|"* ]] || fail "status $rc instead of $2: $(tail -n 3 "$LAB_TMP/out" | tr '\n' '|')"
	[ -z "${3-}" ] || grep -qiE -- "$3" "$LAB_TMP/out" || fail "does not say '$3': $(tail -n 3 "$LAB_TMP/out" | tr '\n' '|')"
	[ $((SECONDS - start)) -le "${FAIL_LIMIT:-40}" ] || fail "took $((SECONDS - start)) s"
	grep -q "$INTEROP_PASSWORD" "$LAB_TMP/out" && fail "the password is in the output"
	all_gone 3
}

# field NAME JQ-PATH: of the status in JSON.
field() { vpdial status "$1" --json 2>/dev/null | jq -r ".connections[0]$2"; }
want_field() { # want_field NAME JQ-PATH VALUE
	local got
	got=$(field "$1" "$2")
	[ "$got" = "$3" ] || fail "status $2 is \"$got\", not \"$3\""
}

# check_status NAME AUTHENTICATION ENCODING
check_status() {
	local json got
	json=$(vpdial status "$1" --json) || { fail "status --json fails"; return; }
	got=$(jq -r '.connections[0] | [.status, .authentication, .encoding, .remote_address,
		(.local_address | startswith("10.99.0.1")), (.dns | join(",")), .dns_way, .server_address] | join(" ")' <<<"$json")
	[ "$got" = "connected $2 $3 10.99.0.1 true 10.99.0.53,10.99.0.54 resolv.conf $NETLAB_SERVER_ADDR" ] ||
		fail "status: $got"
	jq -e '.connections[0] | .mtu >= 1300 and .mtu <= 1460 and .mru == 1460 and .uptime_s < 30' <<<"$json" >/dev/null ||
		fail "status: $(jq -c '.connections[0] | [.mtu, .mru, .uptime_s]' <<<"$json")"
	got=$(on_host ip -j link show "$(jq -r '.connections[0].interface' <<<"$json")" | jq '.[0].mtu')
	[ "$got" = "$(jq '.connections[0].mtu' <<<"$json")" ] || fail "the interface's MTU is $got"
	on_host grep -q '^nameserver 10.99.0.53' /etc/resolv.conf || fail "the peer's DNS is not in resolv.conf"
	grep -q "$INTEROP_PASSWORD" <<<"$json" && fail "the password is in the status"
}

# check_traffic NAME: pings and a megabyte, both ways.
check_traffic() {
	local local_address
	local_address=$(field "$1" .local_address)
	# Its pppd has agreed to everything, but may still be busy with its own interface.
	within 8 on_host ping -q -c 1 -W 1 10.99.0.1 >/dev/null
	on_host ping -q -c 2 -i 0.2 -W 3 10.99.0.1 >/dev/null || fail "no ping to the server"
	on_host ping -q -c 1 -W 3 -s 1200 10.99.0.1 >/dev/null || fail "no large ping to the server"
	lab_on server "ping -q -c 2 -i 0.2 -W 3 $local_address" >/dev/null || fail "no ping from the server"
	transfer 1 20 || fail "transfer: $(cat "$LAB_TMP/transfer")"
}
# transfer MEGABYTES SECONDS [up|down|both]: through the tunnel, compared by checksum.
transfer() { on_host timeout "$2" /usr/bin/python3 "$interop_dir/transfer" "${3:-both}" 10.99.0.1 7001 "$1" >"$LAB_TMP/transfer" 2>&1; }

# hang_up NAME
hang_up() {
	vpdial disconnect "$1" >"$LAB_TMP/out" 2>&1 || fail "disconnect: $(tr '\n' '|' <"$LAB_TMP/out")"
	all_gone 3
}
# server_ends NAME: the server hangs up; the client notices and puts everything back.
server_ends() {
	lab_on server 'pkill -TERM -x pppd'
	all_gone 8
}

finish() { exit $((failures > 0)); }
