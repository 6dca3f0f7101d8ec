#!/bin/bash
# Tests of src/host against a real kernel, in network and mount namespaces of its own: nothing of
# the machine's network or /etc is touched.  Needs root.
#
# usage: tests/netns/host.sh [NAME...]       (BUILD=directory of the libraries, default build)
#
# Prints "ok NAME", "FAIL NAME: why" or "skip NAME: what is missing"; status 1 if any failed.
set -u
here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
top=$(cd "$here/../.." && pwd)
build=$(cd "$top" && mkdir -p "${BUILD:-build}" && cd "${BUILD:-build}" && pwd)

if [ -z "${HOST_TEST_INSIDE-}" ]; then
	[ "$(id -u)" = 0 ] || { echo "skip host: needs root"; exit 0; }
	(cd "$top" && make -s BUILD="$build" "$build/libhost.a" "$build/libloop.a" "$build/libbase.a" >&2) || exit 1
	# shellcheck disable=SC2046,SC2086
	${CC:-cc} -D_GNU_SOURCE -std=c11 -Wall -Wextra -g ${TOOL_CFLAGS-} -I"$top/src" \
		$(pkg-config --cflags libnl-3.0) "$here/host/tool.c" "$build/libhost.a" \
		"$build/libloop.a" "$build/libbase.a" -lnl-3 -lcap-ng -o "$build/host-tool" || exit 1
	HOST_TEST_INSIDE=1 exec unshare -n -m --propagation private "$0" "$@"
fi

tool=$build/host-tool
T=$(mktemp -d)
mount -t tmpfs tmpfs "$T"
mkdir "$T/etc" "$T/run" "$T/bin" "$T/vpdial" "$T/log"
cp -a /etc/. "$T/etc/"
mount --bind "$T/etc" /etc
mount -t tmpfs tmpfs /run
cleanup() {
	trap '' TERM INT
	[ -z "${TOOL_PID-}" ] || kill -KILL "$TOOL_PID" 2>/dev/null
	ip netns del far 2>/dev/null
	umount -l /etc
	umount -l "$T"
	rmdir "$T"
}
trap cleanup EXIT
trap 'exit 143' TERM INT
# The helper programs of the tests come first; no real resolvectl or resolvconf is ever run.
export PATH=$T/bin:/usr/sbin:/usr/bin:/sbin:/bin

# The client is this namespace; "far" is its router and the server.
ip netns add far
ip link set lo up
ip link add eth0 type veth peer name peer netns far
ip link set eth0 up
ip -n far link set peer up
ip -n far link set lo up
ip addr add 10.88.1.2/24 dev eth0
ip -n far addr add 10.88.1.1/24 dev peer
ip -n far addr add 10.88.2.2/32 dev lo
ip -n far addr add 192.0.2.9/32 dev lo
ip addr add fd00:88::2/64 dev eth0 nodad
ip -n far addr add fd00:88::1/64 dev peer nodad
# Link-local addresses settle by and by; the snapshots must not catch that.
until [ -z "$(ip -6 addr show tentative)" ] && ip -6 addr show dev eth0 | grep -q fe80; do sleep 0.1; done

failures=0 current='' why=''
fail() { why=${why:-$*}; return 1; }

snapshot() {
	ip -o link show
	ip -o addr show
	ip -4 route show table all
	ip -6 route show table all
	ip rule show
	ip -6 rule show
	stat -c '%F %a %u %g %N' /etc/resolv.conf 2>&1
	cat /etc/resolv.conf 2>&1
	ls /etc
	ls -A "$T/vpdial"
}

# start NAME: the tool on the profile NAME; say LINE: one line to it, its answer in $answer.
start() {
	coproc TOOL { exec "$tool" "$T/vpdial" "${1:-office}" 2>"$T/log/tool"; }
	read -r -t 10 answer <&"${TOOL[0]}" || answer='(no answer)'
	[ "$answer" = ready ] || fail "start: $answer"
}
say() {
	[ -n "${TOOL_PID-}" ] || { answer='(gone)'; fail "the tool is gone before: $*"; return; }
	echo "$*" >&"${TOOL[1]}"
	read -r -t 20 answer <&"${TOOL[0]}" || { answer='(no answer)'; fail "no answer to: $*"; }
}
finish() {
	local pid=${TOOL_PID-}
	[ -n "$pid" ] || return 0
	echo quit >&"${TOOL[1]}"
	wait "$pid" || fail "the tool ended with status $?"
}
murder() {
	local pid=$TOOL_PID
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
}
guardian() { until_true 3 pgrep -P "$TOOL_PID" -x vpdial-guard; } # it has its name a moment after its start
# until_true SECONDS COMMAND...
until_true() {
	local i n=$(($1 * 50))
	shift
	for ((i = 0; i < n; i++)); do
		"$@" && return 0
		sleep 0.02
	done
	return 1
}
same_as_before() {
	snapshot >"$T/log/after"
	diff "$T/log/before" "$T/log/after" >"$T/log/diff" || fail "not as before: $(tr '\n' '|' <"$T/log/diff")"
}
is_as_before() { snapshot | cmp -s - "$T/log/before"; }
want() { # want TEXT: the last answer holds it
	[[ $answer == *"$1"* ]] || fail "wanted \"$1\", got \"$answer\""
}
logged() { grep -q -- "$1" "$T/log/tool" || fail "not logged: $1 (log: $(tr '\n' '|' <"$T/log/tool"))"; }
path_by() { # path_by ADDRESS DEVICE
	local got
	got=$(ip route get "$1" 2>&1)
	[[ " $got " == *" dev $2 "* ]] || fail "path to $1 does not leave by $2: $got"
}
file_resolv() { # a plain file with this text
	rm -f /etc/resolv.conf
	printf '%s' "${1-nameserver 192.0.2.1
search home.example
}" >/etc/resolv.conf
	chmod 0640 /etc/resolv.conf
}
call() { # call PATTERN: device and the usual settings
	say tun "${1:-vpnN}"
	want "tun "
	say set clear
	say set server 10.88.2.2
	say set local 10.99.0.100
	say set remote 10.99.0.1
	say set mtu 1400
}
begin() {
	ip route replace default via 10.88.1.1 dev eth0 ${1:+metric $1}
	file_resolv
	rm -rf "${T:?}/bin" /run/systemd
	mkdir "$T/bin"
	snapshot >"$T/log/before"
}
end() {
	ip route flush proto 118
	while ip route del default 2>/dev/null; do :; done
	rm -f "$T"/vpdial/*
}

t_apply_and_undo_leave_no_trace() {
	start && call
	say set default 1
	say set local6 fe80::1234
	say set route 10.150.0.0/16
	say set route 10.160.0.0/16,10.99.0.1,5
	say set route fd77::/48
	say set dns 10.99.0.53
	say set dns-mode yes
	say apply
	want 'applied dns=resolv.conf pinned=1'
	ip addr show dev vpn1 | grep -q 'inet 10.99.0.100 peer 10.99.0.1/32' || fail "no address with peer"
	[ "$(ip -6 addr show dev vpn1 | grep -c inet6)" = 1 ] || fail "IPv6: $(ip -6 addr show dev vpn1)"
	ip -6 addr show dev vpn1 | grep -q 'fe80::1234/64' || fail "no link-local address"
	ip link show vpn1 | grep -q 'mtu 1400 .*qlen 500' || fail "$(ip link show vpn1)"
	ip route show | grep -q '^10.160.0.0/16 via 10.99.0.1 dev vpn1 .*metric 5' || fail "no route with gateway"
	ip -6 route show | grep -q '^fd77::/48 dev vpn1' || fail "no IPv6 route"
	path_by 8.8.8.8 vpn1
	path_by 10.150.3.4 vpn1
	path_by 10.88.2.2 eth0
	say undo
	say close
	finish
	same_as_before
}
full_call() { # everything that a call can want
	call
	say set default 1
	say set local6 fe80::1234
	say set route 10.150.0.0/16
	say set route 10.160.0.0/16,10.99.0.1,5
	say set route fd77::/48
	say set dns 10.99.0.53
	say set dns-mode yes
}
records() { grep -c "^$1 " "$T/vpdial/office.journal"; }
t_apply_again_changes_nothing() {
	start && full_call
	say apply
	want 'applied dns=resolv.conf pinned=1'
	snapshot >"$T/log/up"
	ip monitor link address route >"$T/log/events" &
	MONITOR=$!
	ls -i /etc/resolv.conf "$T/vpdial/office.journal" >"$T/log/files"
	sleep 0.2
	for _ in 1 2 3; do
		say apply
		want 'applied dns=resolv.conf pinned=1'
	done
	sleep 0.2
	kill "$MONITOR"
	wait "$MONITOR" 2>/dev/null
	[ ! -s "$T/log/events" ] || fail "the kernel saw changes: $(tr '\n' '|' <"$T/log/events")"
	ls -i /etc/resolv.conf "$T/vpdial/office.journal" | cmp -s - "$T/log/files" || fail "files were written anew"
	snapshot | cmp -s - "$T/log/up" || fail "something changed"
	say undo
	say close
	finish
	same_as_before
}
t_apply_again_puts_back_what_others_deleted() {
	local what
	start && full_call
	say apply
	want pinned=1
	until_true 2 eval 'ip -6 route show table local | grep -q fe80::1234' # IPv6 takes a moment
	snapshot >"$T/log/up"
	for what in 'ip route del 0.0.0.0/1 dev vpn1' 'ip route del 10.150.0.0/16' 'ip route del 10.88.2.2' \
		'ip route del 10.99.0.1 dev vpn1' 'ip -6 route del fd77::/48' 'ip -6 addr flush dev vpn1' \
		'ip -4 addr flush dev vpn1' 'ip link set vpn1 down' 'ip link set vpn1 mtu 1300' \
		'ip route flush proto 118' 'cp /etc/hostname /etc/resolv.conf'; do
		$what || fail "$what"
		! snapshot | cmp -s - "$T/log/up" || fail "no test: $what"
		say apply
		want 'applied dns=resolv.conf pinned=1'
		if [[ $what == cp* ]]; then
			grep -q '^nameserver 10.99.0.53' /etc/resolv.conf || fail "no name server after: $what"
			file_resolv # what came back at the end would be that of the others
			say apply
		else
			# IPv6 takes a moment to route an address.
			until_true 2 eval 'snapshot | cmp -s - "$T/log/up"'
			snapshot >"$T/log/after"
			diff "$T/log/up" "$T/log/after" >"$T/log/diff" || fail "after \"$what\": $(tr '\n' '|' <"$T/log/diff")"
		fi
	done
	say undo
	say close
	finish
	same_as_before
}
t_apply_again_wins_against_a_default_of_its_own_metric() {
	start && call
	say set default 1
	say apply
	ip route show default | grep -q 'dev vpn1 .*metric 1 ' || fail "no test: $(ip route show default)"
	ip route add default via 10.88.1.1 dev eth0
	path_by 8.8.8.8 eth0
	say apply
	path_by 8.8.8.8 vpn1
	ip route del default metric 0
	# It may come back: the halves stay.
	say apply
	ip route add default via 10.88.1.1 dev eth0 || fail 'the uplink cannot come back'
	path_by 8.8.8.8 vpn1
	ip route del default metric 0
	say undo
	path_by 8.8.8.8 eth0
	say close
	finish
	same_as_before
}
t_apply_with_other_values_changes_only_them() {
	start && full_call
	say apply
	ip monitor address route >"$T/log/events" &
	MONITOR=$!
	sleep 0.2
	say set clear
	say set server 10.88.2.2
	say set local 10.99.0.101
	say set remote 10.99.0.1
	say set mtu 1300
	say set default 1
	say set route 10.150.0.0/16
	say set route 10.170.0.0/16
	say apply
	want 'applied dns=none pinned=1'
	ip addr show dev vpn1 | grep -q 'inet 10.99.0.101 peer 10.99.0.1/32' || fail "no new address"
	! ip addr show dev vpn1 | grep -q '10.99.0.100' || fail "the old address is still there"
	[ -z "$(ip route show 10.160.0.0/16)" ] || fail "the old route is still there"
	ip link show vpn1 | grep -q 'mtu 1300' || fail "the old MTU is still there"
	path_by 10.150.1.1 vpn1
	path_by 10.170.1.1 vpn1
	path_by 8.8.8.8 vpn1
	path_by 10.88.2.2 eth0
	sleep 0.2
	kill "$MONITOR"
	wait "$MONITOR" 2>/dev/null
	! grep -qE '(default|10.150.0.0/16|10.88.2.2) ' "$T/log/events" || fail "touched what was equal: $(tr '\n' '|' <"$T/log/events")"
	grep -q 10.170.0.0/16 "$T/log/events" || fail "no test: the monitor saw nothing"
	[ "$(records pin)/$(records file)" = 1/0 ] || fail "journal: $(tr '\n' '|' <"$T/vpdial/office.journal")"
	say undo
	say close
	finish
	same_as_before
}
t_apply_again_that_fails_undoes_all() {
	start && full_call
	say apply
	say set route 10.88.2.2/32
	say apply
	want 'failed 17 '
	say close
	finish
	same_as_before
}
t_suspended_call_keeps_all_but_dns() {
	start && full_call
	say apply
	cp -p /etc/resolv.conf "$T/log/resolv"
	for _ in 1 2 3; do
		say suspend
		! grep -q 10.99.0.53 /etc/resolv.conf || fail "the VPN's name server is still in force"
		[ "$(records pin)/$(records file)" = 1/0 ] || fail "journal: $(tr '\n' '|' <"$T/vpdial/office.journal")"
		path_by 8.8.8.8 vpn1
		path_by 10.88.2.2 eth0
		say apply
		want 'applied dns=resolv.conf pinned=1'
		cmp -s /etc/resolv.conf "$T/log/resolv" || fail "not resumed: $(cat /etc/resolv.conf)"
	done
	say suspend
	murder
	until_true 5 is_as_before || same_as_before
}
t_many_redials_do_not_fill_the_journal() {
	local i
	start && full_call
	for ((i = 0; i < 40; i++)); do
		say apply
		want 'applied dns=resolv.conf pinned=1'
		say suspend
	done
	say apply
	murder
	until_true 5 is_as_before || same_as_before
}

# --- the path to the server when the network moves

second_uplink() {
	ip link add eth1 type veth peer name peer1 netns far
	ip link set eth1 up
	ip -n far link set peer1 up
	ip addr add 10.88.3.2/24 dev eth1
	ip -n far addr add 10.88.3.1/24 dev peer1
	ip link set eth1 addrgenmode none
	ip -6 addr flush dev eth1
	ip route add default via 10.88.3.1 dev eth1 metric 200
	snapshot >"$T/log/before"
}
eth0_settles() { # after it was down: IPv6 addresses take a second
	ip -6 addr add fd00:88::2/64 dev eth0 nodad 2>/dev/null
	until_true 5 eval 'ip -6 addr show dev eth0 -tentative | grep -q fe80' || fail "eth0 does not settle"
}
no_second_uplink() {
	ip link del eth1
}
t_repin_follows_the_uplink_and_back() {
	second_uplink
	start && call
	say set default 1
	say repin
	want 'path dev=eth0 gateway=10.88.1.1 mtu=1500 metric=100 local=0 source=10.88.1.2'
	[ -z "$(ip route show proto 118)" ] || fail "pinned without need: $(ip route show proto 118)"
	say apply
	want pinned=1
	say repin
	want 'path dev=eth0 gateway=10.88.1.1 '
	ip route del default dev eth0
	say repin
	want 'path dev=eth1 gateway=10.88.3.1 mtu=1500 metric=1 local=0 source=10.88.3.2'
	path_by 10.88.2.2 eth1
	path_by 8.8.8.8 vpn1
	[ "$(ip route show 10.88.2.2 | wc -l)/$(records pin)" = 1/1 ] || fail "the old pinned route is still there"
	say apply
	want pinned=1
	path_by 10.88.2.2 eth1
	ip route add default via 10.88.1.1 dev eth0 metric 100
	say repin
	want 'path dev=eth0 gateway=10.88.1.1 '
	path_by 10.88.2.2 eth0
	murder
	until_true 5 is_as_before || same_as_before
	no_second_uplink
}
t_repin_without_carrier_takes_the_other_uplink() {
	second_uplink
	start && call
	say set default 1
	say apply
	ip -n far link set peer down
	until_true 5 eval 'ip link show eth0 | grep -q NO-CARRIER'
	say repin
	want 'path dev=eth1 gateway=10.88.3.1 '
	ip -n far link set peer up
	until_true 5 eval '! ip link show eth0 | grep -q NO-CARRIER'
	say repin
	want 'path dev=eth0 gateway=10.88.1.1 '
	say undo
	say close
	finish
	no_second_uplink
	eth0_settles
}
t_repin_without_a_path_waits() {
	start && call
	say set default 1
	say apply
	ip route del default dev eth0
	say repin
	want 'failed 8 there is no path to the server 10.88.2.2 now: Network is unreachable'
	ip route show 10.88.2.2 | grep -q 'via 10.88.1.1' || fail "the pinned route did not wait"
	# A laptop that wakes up elsewhere: other address, other gateway.
	ip addr add 10.88.4.2/24 dev eth0
	ip -n far addr add 10.88.4.1/24 dev peer
	ip addr del 10.88.1.2/24 dev eth0
	ip route add default via 10.88.4.1 dev eth0 metric 600
	say repin
	want 'path dev=eth0 gateway=10.88.4.1 mtu=1500 metric=1 local=0 source=10.88.4.2'
	path_by 10.88.2.2 eth0
	path_by 8.8.8.8 vpn1
	ip addr add 10.88.1.2/24 dev eth0
	say undo
	ip route del default
	ip addr del 10.88.4.2/24 dev eth0
	ip -n far addr del 10.88.4.1/24 dev peer
	ip route add default via 10.88.1.1 dev eth0 metric 100
	say close
	finish
	same_as_before
}
t_apply_without_a_path_is_pinned_when_there_is_one() {
	ip route del default
	snapshot >"$T/log/before"
	start && call
	say set default 1
	say apply
	want pinned=0
	path_by 10.88.2.2 vpn1
	say repin
	want 'failed 8 there is no path to the server 10.88.2.2 now'
	ip route add default via 10.88.1.1 dev eth0 metric 100
	say repin
	want 'path dev=eth0 gateway=10.88.1.1 '
	path_by 10.88.2.2 eth0
	ip route del default via 10.88.1.1
	say apply
	want pinned=1
	path_by 10.88.2.2 eth0
	murder
	until_true 5 is_as_before || same_as_before
}
t_repin_to_another_server() {
	start && call
	say set default 1
	say apply
	say set server 192.0.2.9
	say repin
	want 'path dev=eth0 gateway=10.88.1.1 '
	path_by 192.0.2.9 eth0
	path_by 10.88.2.2 vpn1
	say apply
	want pinned=1
	path_by 192.0.2.9 eth0
	say set server 2001:db8::9
	say repin
	want 'failed 8 there is no path to the server 2001:db8::9 now'
	ip -6 route add default via fd00:88::1 dev eth0
	say repin
	want 'path dev=eth0 gateway=fd00:88::1 '
	path_by 192.0.2.9 vpn1
	ip -6 route del default
	say undo
	say close
	finish
	same_as_before
}
t_repin_keeps_to_the_bound_interface() {
	second_uplink
	start && call
	say set bind eth1
	say set default 1
	say repin
	want 'path dev=eth1 gateway=10.88.3.1 '
	say apply
	want pinned=1
	ip route show 10.88.2.2 | grep -q 'via 10.88.3.1 dev eth1' || fail "pinned to $(ip route show 10.88.2.2)"
	say repin
	want 'path dev=eth1 gateway=10.88.3.1 '
	ip route del default dev eth1
	say repin
	want 'failed 8 there is no path to the server 10.88.2.2 now'
	say undo
	say close
	finish
	no_second_uplink
}
t_repin_over_multipath_and_onlink_gateways() {
	second_uplink
	ip route del default dev eth0
	ip route del default dev eth1
	ip route add default metric 100 nexthop via 10.88.1.1 dev eth0 nexthop via 10.88.3.1 dev eth1
	start && call
	say set default 1
	say apply
	want pinned=1
	say repin
	want 'gateway=10.88.'
	ip link set eth0 down
	say repin
	want 'path dev=eth1 gateway=10.88.3.1 '
	ip link set eth0 up
	ip route flush default
	ip route add default via 172.31.1.1 dev eth1 onlink metric 100
	say repin
	want 'path dev=eth1 gateway=172.31.1.1 '
	say undo
	ip route flush default
	say close
	finish
	no_second_uplink
	eth0_settles
}
t_repin_of_two_profiles_to_one_server() {
	start && call
	say set default 1
	say apply
	want pinned=1
	mkfifo "$T/log/second"
	"$tool" "$T/vpdial" second <"$T/log/second" >"$T/log/out2" 2>/dev/null &
	SECOND=$!
	exec {to_second}>"$T/log/second"
	printf '%s\n' 'tun vpnN' 'set server 10.88.2.2' 'set local 10.99.1.100' 'set default 1' apply >&"$to_second"
	until_true 5 grep -q 'applied.*pinned=1' "$T/log/out2" || fail "second: $(tail -n 1 "$T/log/out2")"
	say undo
	path_by 10.88.2.2 eth0
	exec {to_second}>&-
	wait "$SECOND" || fail "the second tool ended with $?"
	rm "$T/log/second"
	say close
	finish
	same_as_before
}

# --- lockdown

# leak_watch: somebody here talks all the time to hosts out there; what of it arrives is kept.
leak_watch() {
	ip -6 route add default via fd00:88::1 dev eth0 metric 50
	ip netns exec far tcpdump -i any -n -U --immediate-mode -w "$T/log/leaks" 2>"$T/log/tcpdump" &
	TCPDUMP=$!
	while :; do
		echo x >/dev/udp/8.8.8.8/9
		echo x >/dev/udp/10.150.1.1/9
		echo x >/dev/udp/2001:db8::77/9
		sleep 0.005
	done 2>/dev/null &
	TALKER=$!
	until_true 5 eval '[ "$(leaks)" -gt 20 ] && leaks_dump | grep -c IP6 >/dev/null' || fail "no test: nothing leaves before the lockdown"
}
leaks_dump() { tcpdump -n -r "$T/log/leaks" 'udp dst port 9' 2>/dev/null; }
leaks() { leaks_dump | wc -l; }
leak_end() {
	kill "$TALKER"
	wait "$TALKER" 2>/dev/null
	sleep 0.1
	kill "$TCPDUMP"
	wait "$TCPDUMP" 2>/dev/null
	ip -6 route del default
}
no_leak() { # no_leak WHEN: for a while
	sleep 0.3
	[ "$(leaks)" = "$LEAKS" ] || fail "$1: packets left past the tunnel: $(leaks_dump | tail -n $(($(leaks) - LEAKS)) | tr '\n' '|')"
	ping -c 1 -W 2 10.88.2.2 >/dev/null || fail "$1: the server is not reached"
	ping -c 1 -W 2 10.88.1.1 >/dev/null || fail "$1: the own LAN is not reached"
}
t_lockdown_lets_nothing_out() {
	leak_watch
	start && call
	say set default 1
	say set local6 fe80::1
	say set lockdown 1
	say lockdown
	want locked
	sleep 0.2
	LEAKS=$(leaks)
	no_leak dialing
	say repin
	want 'path dev=eth0 gateway=10.88.1.1 mtu=1500 metric=1 local=0 source=10.88.1.2'
	say apply
	want pinned=1
	path_by 8.8.8.8 vpn1
	no_leak 'in the call'
	say suspend
	no_leak 'between calls'
	say repin
	want 'path dev=eth0 gateway=10.88.1.1 '
	ip link set vpn1 down
	no_leak 'without the tunnel'
	say apply
	no_leak 'in the second call'
	say undo
	say close
	no_leak 'after undo'
	say tun vpnN
	say set dns 10.99.0.53
	say set dns-mode yes
	say apply
	want 'applied dns=resolv.conf'
	murder
	no_leak 'after the kill'
	until_true 5 eval '[ ! -e "$T/vpdial/office.journal" ]' || fail "the guardian did not do its work"
	no_leak 'after the guardian'
	answer=$("$tool" "$T/vpdial" office recover 2>"$T/log/tool")
	want 0
	no_leak 'after recovery'
	start
	no_leak 'at the next start'
	answer=$("$tool" "$T/vpdial" office end 2>/dev/null)
	want -16
	call
	say set default 1
	say set lockdown 1
	say lockdown
	no_leak 'taken over'
	[ "$(ip route show type unreachable proto 118 | wc -l)/$(ip -6 route show type unreachable proto 118 | wc -l)" = 2/2 ] ||
		fail "blocks: $(ip route show proto 118 | tr '\n' '|')"
	say apply
	no_leak 'in the next call'
	say undo
	say lift
	leak_end
	say close
	finish
	[ -z "$(ls -A "$T/vpdial")" ] || fail "left: $(ls "$T/vpdial")"
	same_as_before
}
t_lockdown_ends_where_nobody_lives() {
	start && call
	say set default 1
	say set lockdown 1
	say lockdown
	murder
	[ "$("$tool" "$T/vpdial" office recover 2>/dev/null)" = 0 ] || fail "recovery touched the lockdown"
	! ping -c 1 -W 1 192.0.2.9 >/dev/null 2>&1 || fail "not locked"
	answer=$("$tool" "$T/vpdial" office end 2>"$T/log/tool")
	want 5
	logged 'the lockdown is over'
	same_as_before
	answer=$("$tool" "$T/vpdial" office end 2>"$T/log/tool")
	want 0
}
t_lockdown_of_another_boot_is_forgotten() {
	start && call
	say set default 1
	say set lockdown 1
	say lockdown
	murder
	ip route flush proto 118
	ip -6 route flush proto 118
	sed -i 's/^boot .*/boot 00000000-0000-0000-0000-000000000000/' "$T/vpdial/office.lockdown"
	cp "$T/vpdial/office.lockdown" "$T/log/lockdown"
	answer=$("$tool" "$T/vpdial" office end 2>"$T/log/tool")
	want 0
	cp "$T/log/lockdown" "$T/vpdial/office.lockdown"
	start
	finish
	same_as_before
}
others_left() { tcpdump -n -r "$T/log/leaks" 'udp dst port 9 and not host 8.8.8.8' 2>/dev/null | wc -l; }
t_lockdown_of_routes_only() {
	local n
	leak_watch
	start && call
	say set route 10.150.0.0/16
	say set route ::/0
	say set local6 fe80::1
	say set lockdown 1
	say lockdown
	path_by 8.8.8.8 eth0
	[ -z "$(ip route show proto 118 10.88.2.2)" ] || fail "pinned without need"
	ip route get 10.150.1.1 2>&1 | grep -q 'No route to host' || fail "not blocked: $(ip route get 10.150.1.1 2>&1)"
	sleep 0.2
	n=$(others_left)
	say apply
	want pinned=0
	path_by 10.150.1.1 vpn1
	sleep 0.2
	say undo
	sleep 0.2
	[ "$(others_left)" = "$n" ] || fail "$(($(others_left) - n)) packets left past the tunnel"
	# The profile has no lockdown any more.
	say set lockdown 0
	say apply
	[ -z "$(ip route show type unreachable)$(ip -6 route show type unreachable)" ] || fail "still blocked"
	[ ! -e "$T/vpdial/office.lockdown" ] || fail "the journal of the lockdown is still there"
	say undo
	leak_end
	say close
	finish
	same_as_before
}
t_lockdown_malformed_journal_set_aside() {
	local boot line netns
	boot=$(cat /proc/sys/kernel/random/boot_id)
	netns=$(stat -Lc %i /proc/self/ns/net)
	ip route add unreachable 198.51.100.0/24 metric 4000000000 proto 118
	snapshot >"$T/log/before"
	for line in 'block 0.0.0.0 0 4000000000' 'block 198.51.100.0 24 100' 'keep 10.88.2.2 24 - 2 0 254 1 0'; do
		printf 'vpdial-journal 1\nname office\nboot %s\nnetns %s\nblock 198.51.100.0 24 4000000000\n%s\n' \
			"$boot" "$netns" "$line" >"$T/vpdial/office.lockdown"
		chmod 600 "$T/vpdial/office.lockdown"
		cp -p "$T/vpdial/office.lockdown" "$T/log/lockdown"
		answer=$("$tool" "$T/vpdial" office end 2>"$T/log/tool")
		want -74
		cp -p "$T/log/lockdown" "$T/vpdial/office.lockdown"
		echo torn >"$T/vpdial/office.journal.new" # a rewriting that was cut short
		start
		logged 'nothing in it was acted on'
		finish
		[ -e "$T/vpdial/office.lockdown.bad" ] || fail "not set aside: $line"
		rm -f "$T/vpdial/office.lockdown.bad"
		same_as_before
	done
	# One that cannot be set aside stays where it is.
	mkdir -p "$T/vpdial/office.lockdown.bad/x"
	cp -p "$T/log/lockdown" "$T/vpdial/office.lockdown"
	answer=$("$tool" "$T/vpdial" office 2>"$T/log/tool" </dev/null)
	cmp -s "$T/log/lockdown" "$T/vpdial/office.lockdown" || fail "a lockdown that could not be set aside is gone: $answer"
	[[ $answer == "failed 7 cannot keep a journal in $T/vpdial: "* ]] || fail "dialed with it: $answer"
	rm -rf "$T/vpdial/office.lockdown.bad"
	# The same without the bad line is taken over.
	sed -i '$d' "$T/log/lockdown"
	cp -p "$T/log/lockdown" "$T/vpdial/office.lockdown"
	start
	say lift
	[ -z "$(ip route show 198.51.100.0/24)" ] || fail "not taken over"
	finish
	[ -z "$(ls -A "$T/vpdial")" ] || fail "left: $(ls "$T/vpdial")"
}
t_lockdown_tells_the_ways_past_it() {
	ip route add 16.0.0.0/4 via 10.88.1.1
	ip rule add to 203.0.113.0/24 lookup 79
	snapshot >"$T/log/before"
	start && call
	say set default 1
	say set lockdown 1
	say lockdown
	logged 'the route 16.0.0.0/4 by eth0 goes past the lockdown'
	logged 'the routing rule 32765 is asked before the main table: what its table 79 holds goes past the lockdown'
	[ "$(grep -c 'past the lockdown' "$T/log/tool")" = 2 ] || fail "$(cat "$T/log/tool")"
	say lockdown
	[ "$(grep -c 'past the lockdown' "$T/log/tool")" = 2 ] || fail "told twice"
	say lift
	say close
	finish
	same_as_before
	ip route del 16.0.0.0/4
	ip rule del to 203.0.113.0/24
}
t_lockdown_of_two_profiles() {
	start && call
	say set default 1
	say set lockdown 1
	say lockdown
	mkfifo "$T/log/second"
	"$tool" "$T/vpdial" second <"$T/log/second" >"$T/log/out2" 2>/dev/null &
	SECOND=$!
	exec {to_second}>"$T/log/second"
	printf '%s\n' 'set server 192.0.2.9' 'set default 1' lockdown >&"$to_second"
	until_true 5 grep -q 'locked' "$T/log/out2" || fail "second: $(tail -n 1 "$T/log/out2")"
	# What is not for the first one's tunnel goes nowhere, be it to the server of the second.
	ip route get 192.0.2.9 2>&1 | grep -q 'No route to host' || fail "the second goes past the first"
	say lift
	echo repin >&"$to_second"
	until_true 5 grep -q 'path dev=eth0' "$T/log/out2" || fail "second: $(tail -n 1 "$T/log/out2")"
	path_by 192.0.2.9 eth0
	ip route get 8.8.8.8 2>&1 | grep -q 'No route to host' || fail "the first one's end has ended the second lockdown"
	say close
	finish
	echo lift >&"$to_second"
	exec {to_second}>&-
	wait "$SECOND" || fail "the second tool ended with $?"
	rm "$T/log/second"
	same_as_before
}
t_lockdown_follows_the_server() {
	second_uplink
	start && call
	say set default 1
	say set lockdown 1
	say lockdown
	say apply
	ip route del default dev eth0
	say repin
	want 'path dev=eth1 gateway=10.88.3.1 '
	say set server 192.0.2.9
	say repin
	want 'path dev=eth1 '
	path_by 192.0.2.9 eth1
	path_by 10.88.2.2 vpn1
	murder
	path_by 192.0.2.9 eth1
	ip route get 10.88.2.2 2>&1 | grep -q 'No route to host' || fail "the former server is not locked out"
	ip route add default via 10.88.1.1 dev eth0 metric 100
	"$tool" "$T/vpdial" office recover >/dev/null 2>&1
	answer=$("$tool" "$T/vpdial" office end 2>/dev/null)
	want 5
	until_true 5 is_as_before || same_as_before
	no_second_uplink
}
t_run_directory_full_or_read_only_changes_nothing() {
	mkdir "$T/small"
	mount -t tmpfs -o size=64k tmpfs "$T/small"
	coproc TOOL { exec "$tool" "$T/small" office 2>"$T/log/tool"; }
	read -r -t 10 answer <&"${TOOL[0]}"
	full_call
	cat /dev/zero >"$T/small/full" 2>/dev/null
	ip monitor link address route >"$T/log/events" &
	MONITOR=$!
	sleep 0.2
	say apply
	want "failed 7 cannot keep a journal in $T/small: No space left on device: make room there and dial again"
	sleep 0.2
	kill "$MONITOR"
	wait "$MONITOR" 2>/dev/null
	[ ! -s "$T/log/events" ] || fail "changed: $(tr '\n' '|' <"$T/log/events")"
	rm "$T/small/full"
	say apply
	want 'applied dns=resolv.conf pinned=1'
	# What is applied can be taken back on a full disk too.
	cat /dev/zero >"$T/small/full" 2>/dev/null
	say suspend
	say undo
	say close
	finish
	mount -o remount,ro "$T/small"
	answer=$("$tool" "$T/small" office 2>/dev/null </dev/null)
	want 'failed 7 cannot keep a journal in '
	want 'Read-only file system'
	umount "$T/small"
	rmdir "$T/small"
	same_as_before
}
t_tunnel_takes_no_router_advertisements() {
	local knob
	start && call
	for knob in accept_ra autoconf accept_redirects; do
		[ "$(cat /proc/sys/net/ipv6/conf/vpn1/$knob)" = 0 ] || fail "$knob is $(cat /proc/sys/net/ipv6/conf/vpn1/$knob)"
	done
	say apply
	sleep 0.3
	[ -z "$(ip -6 addr show dev vpn1)$(ip -6 route show dev vpn1 proto ra)" ] || fail "IPv6 by itself: $(ip -6 addr show dev vpn1)"
	say undo
	finish
}
t_lockdown_journal_full_changes_nothing() {
	mkdir "$T/small"
	mount -t tmpfs -o size=4k tmpfs "$T/small"
	coproc TOOL { exec "$tool" "$T/small" office 2>"$T/log/tool"; }
	read -r -t 10 answer <&"${TOOL[0]}"
	call
	cat /dev/zero >"$T/small/full" 2>/dev/null
	say set default 1
	say set lockdown 1
	say lockdown
	want 'failed 7 cannot keep a journal in '
	[ -z "$(ip route show proto 118)" ] || fail "blocked half: $(ip route show proto 118)"
	say apply
	want 'failed 7 cannot keep a journal in '
	say close
	finish
	umount "$T/small"
	rmdir "$T/small"
	same_as_before
}

# --- SSH sessions

# talk [ADDRESS]: sessions from out there to ports 22, 2222 (IPv6 socket) and 80 of this address of ours;
# each side answers the other.
talk() {
	local i to=${1:-10.88.1.2}
	ip -n far addr add 192.0.2.10/32 dev lo
	ip -n far addr add 192.0.2.11/32 dev lo
	python3 -c 'import socket, threading
def serve(c):
    while True:
        d = c.recv(100)
        if not d: return
        c.sendall(d)
def accept(s):
    while True:
        threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
for family, port in ((socket.AF_INET, 22), (socket.AF_INET6, 2222), (socket.AF_INET, 80)):
    s = socket.socket(family, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("", port)); s.listen()
    threading.Thread(target=accept, args=(s,), daemon=True).start()
threading.Event().wait(60)' &
	HERE=$!
	ip netns exec far python3 -c 'import socket, threading, time, sys
def client(source, port):
    while True:
        try:
            c = socket.create_connection((sys.argv[2], port), 5, (source, 0)); break
        except ConnectionRefusedError: time.sleep(0.05)
    while True:
        c.sendall(b"x"); c.recv(100)
        open(sys.argv[1] + "/" + str(port), "ab").write(b"x")
        time.sleep(0.02)
for source, port in (("192.0.2.9", 22), ("192.0.2.10", 2222), ("192.0.2.11", 80)):
    threading.Thread(target=client, args=(source, port), daemon=True).start()
threading.Event().wait(60)' "$T/log" "$to" 2>/dev/null &
	THERE=$!
	for i in 22 2222 80; do until_true 5 test -s "$T/log/$i" || fail "no session on port $i"; done
}
lives() { # lives PORT: the session goes on
	local n
	n=$(stat -c %s "$T/log/$1")
	until_true 3 eval "[ \"\$(stat -c %s '$T/log/$1')\" -gt $((n + 2)) ]"
}
silence() {
	kill "$HERE" "$THERE"
	wait "$HERE" "$THERE" 2>/dev/null
	rm -f "$T"/log/{22,2222,80}
	ip -n far addr del 192.0.2.10/32 dev lo
	ip -n far addr del 192.0.2.11/32 dev lo
}
t_ssh_sessions_keep_their_path() {
	talk
	export SSH_CONNECTION='192.0.2.10 5555 10.88.1.2 2222'
	start && call
	unset SSH_CONNECTION
	say set default 1
	say set keep-ssh 1
	say apply
	want pinned=1
	logged 'the SSH session from 192.0.2.9 keeps its path by eth0'
	logged 'the SSH session from 192.0.2.10 keeps its path by eth0'
	path_by 192.0.2.9 eth0
	path_by 192.0.2.10 eth0
	path_by 192.0.2.11 vpn1
	lives 22 || fail "the SSH session hangs"
	lives 2222 || fail "the SSH session on another port hangs"
	! lives 80 || fail "no test: what is not kept goes on too"
	[ "$(records keep)" = 2 ] || fail "journal: $(cat "$T/vpdial/office.journal")"
	ip monitor route >"$T/log/events" &
	MONITOR=$!
	sleep 0.2
	say apply
	sleep 0.2
	kill "$MONITOR"
	wait "$MONITOR" 2>/dev/null
	[ ! -s "$T/log/events" ] || fail "applied again: $(tr '\n' '|' <"$T/log/events")"
	[ "$(records keep)" = 2 ] || fail "journal: $(cat "$T/vpdial/office.journal")"
	murder
	until_true 5 is_as_before || same_as_before
	silence
}
t_ssh_sessions_not_kept_unless_wanted() {
	talk
	start && call
	say set default 1
	say apply
	path_by 192.0.2.9 vpn1
	say undo
	# Nor where no route of the tunnel takes them.
	say set default 0
	say set route 10.150.0.0/16
	say set keep-ssh 1
	say apply
	[ "$(ip route show proto 118)" = '10.150.0.0/16 dev vpn1 scope link metric 1 ' ] || fail "$(ip route show proto 118)"
	say undo
	say set route 192.0.2.0/24
	say apply
	path_by 192.0.2.9 eth0
	path_by 192.0.2.11 vpn1
	lives 22 || fail "the SSH session hangs"
	say undo
	say close
	finish
	same_as_before
	silence
}
t_ssh_sessions_in_the_tunnel_not_led_past_it() {
	ip addr add 10.99.0.100/32 dev lo
	ip -n far route add 10.99.0.100 via 10.88.1.2
	talk 10.99.0.100
	start && call
	say set default 1
	say set lockdown 1
	say set keep-ssh 1
	say apply
	path_by 192.0.2.9 vpn1
	# While it dials again.
	say set local 0.0.0.0
	say lockdown
	path_by 192.0.2.9 vpn1
	# The call is over, and its address gone with it.
	say undo
	ip addr del 10.99.0.100/32 dev lo
	say lockdown
	ip route get 192.0.2.9 2>&1 | grep -q 'No route to host' || fail "led past the tunnel: $(ip route get 192.0.2.9 2>&1)"
	say lift
	say close
	finish
	ip -n far route del 10.99.0.100
	silence
	same_as_before
}
t_ssh_sessions_kept_under_lockdown() {
	talk
	start && call
	say set default 1
	say set lockdown 1
	say set keep-ssh 1
	say lockdown
	lives 22 || fail "the lockdown cut the SSH session"
	! lives 80 || fail "no test: what is not kept goes on too"
	say apply
	lives 22 || fail "the call cut the SSH session"
	murder
	lives 22 || fail "the kill cut the SSH session"
	"$tool" "$T/vpdial" office recover >/dev/null 2>&1
	"$tool" "$T/vpdial" office end >/dev/null 2>&1
	same_as_before
	silence
}

# --- loops, several uplinks, overlaps

t_loops_refused_before_anything_changes() {
	start && full_call
	say set route 10.88.2.2/32
	ip monitor link address route >"$T/log/events" &
	MONITOR=$!
	sleep 0.2
	say apply
	want 'failed 17 the path to the server 10.88.2.2 would lead through its own tunnel vpn1: a route loop; take that address out of `routes`'
	sleep 0.2
	kill "$MONITOR"
	wait "$MONITOR" 2>/dev/null
	[ ! -s "$T/log/events" ] || fail "changed: $(tr '\n' '|' <"$T/log/events")"
	say close
	finish
	same_as_before
}
t_server_by_a_rule_of_the_user_not_pinned() {
	ip rule add to 10.88.2.0/24 lookup 77
	ip route add 10.88.2.0/24 via 10.88.1.1 table 77
	snapshot >"$T/log/before"
	start && call
	say set default 1
	say apply
	want pinned=0
	path_by 10.88.2.2 eth0
	say undo
	say close
	finish
	same_as_before
	ip route flush table 77
	ip rule del to 10.88.2.0/24
}
t_source_address_and_its_rule_decide() {
	second_uplink
	ip route add default via 10.88.3.1 table 78
	ip rule add from 10.88.3.2 lookup 78
	snapshot >"$T/log/before"
	start && call
	say set default 1
	say source 10.88.3.2
	say repin
	want 'path dev=eth1 gateway=10.88.3.1 mtu=1500 metric=0 local=0 source=10.88.3.2'
	say apply
	want pinned=0
	say repin
	want 'path dev=eth1 '
	say source 10.88.1.2
	say repin
	want 'path dev=eth0 '
	[ -n "$(ip route show proto 118 10.88.2.2)" ] || fail "not pinned for the other source"
	say undo
	say close
	finish
	same_as_before
	ip rule del from 10.88.3.2
	ip route flush table 78
	no_second_uplink
}
t_overlap_keeps_gateway_and_tells_who_loses() {
	ip -n far addr add 10.88.1.77/24 dev peer
	start && call
	say set route 10.88.1.0/24
	say apply
	want applied
	logged 'route 10.88.1.0/24 through the tunnel overlaps 10.88.1.0/24 on eth0: hosts in both are reached by vpn1, but for the gateway 10.88.1.1'
	path_by 10.88.1.1 eth0
	path_by 10.88.1.77 vpn1
	path_by 10.88.2.2 eth0
	ping -c 1 -W 2 10.88.1.1 >/dev/null || fail "the gateway is not reached"
	ping -c 1 -W 2 10.88.2.2 >/dev/null || fail "the server is not reached"
	say undo
	say set clear
	say set server 10.88.2.2
	say set local 10.99.0.100
	say set route 10.88.0.0/16
	say apply
	logged 'route 10.88.0.0/16 through the tunnel overlaps 10.88.1.0/24 on eth0: hosts in both are reached by eth0'
	path_by 10.88.1.77 eth0
	path_by 10.88.9.9 vpn1
	say undo
	say close
	finish
	ip -n far addr del 10.88.1.77/24 dev peer
	same_as_before
}

# --- the watch

# seen WHAT COMMAND...: the watch tells WHAT of it, in one call.
seen() {
	local want=$1
	shift
	"$@" || fail "$*"
	say changes 200
	[[ $answer == "changes 1 $want" || ($want = nothing && $answer == 'changes 0') ]] ||
		fail "\"$*\" gives \"$answer\" instead of \"$want\""
}
watched_call() {
	start && full_call
	say watch
	say apply
	say changes 300
	[ "$answer" = 'changes 0' ] || fail "own changes are told: $answer"
}
t_watch_tells_what_changed() {
	second_uplink
	watched_call
	seen 'link' ip link set eth1 down
	seen 'link' ip link set eth1 up
	seen 'route' ip route add default via 10.88.3.1 dev eth1 metric 200
	seen 'route' ip route add 10.88.2.0/24 via 10.88.3.1
	seen 'route' ip route del 10.88.2.0/24
	seen nothing ip route add 203.0.113.0/24 via 10.88.3.1
	seen 'address' ip addr add 10.88.5.1/24 dev eth1
	seen 'address' ip addr del 10.88.5.1/24 dev eth1
	seen nothing ip addr add fe80::77/64 dev eth1
	seen nothing ip link set eth1 txqueuelen 900
	seen nothing ip link set eth1 mtu 1400
	seen nothing ip link add idle type veth peer name idle2
	seen nothing ip link del idle
	ip -n far link set peer1 down
	say changes 1500 # the kernel tells of a lost carrier once a second
	[ "$answer" = 'changes 1 link' ] || fail "carrier lost: $answer"
	seen 'address' ip link del eth1
	say undo
	say close
	finish
}
t_watch_tells_what_others_took_from_us() {
	watched_call
	seen 'taken' ip route del 10.150.0.0/16
	seen 'taken' ip -4 addr flush dev vpn1
	seen 'taken' ip -6 route del fd77::/48
	seen 'taken' ip link set vpn1 down
	say apply
	say changes 300
	[ "$answer" = 'changes 0' ] || fail "own changes are told: $answer"
	seen 'route' ip route del 10.88.2.2
	seen 'gone taken' ip link del vpn1
	say undo
	say close
	finish
	same_as_before
}
t_watch_tells_what_may_lead_past_us() {
	watched_call
	seen 'effect' ip rule add lookup 200 pref 1000
	seen 'route' ip route add default via 10.88.1.1 dev eth0 table 200
	seen nothing ip route add 10.66.0.0/16 via 10.88.1.1 table 200
	seen 'route' ip route del default table 200
	seen 'effect' ip rule del pref 1000
	seen 'effect' ip -6 rule add lookup 200 pref 1000
	seen 'effect' ip -6 rule del pref 1000
	seen 'effect' ip route add 128.0.0.0/1 via 10.88.1.1
	seen 'effect' ip route del 128.0.0.0/1
	seen 'effect' ip route add 10.150.0.0/16 via 10.88.1.1
	seen 'effect' ip route del 10.150.0.0/16 via 10.88.1.1
	seen nothing ip route add 10.150.7.0/24 via 10.88.1.1
	seen nothing ip route del 10.150.7.0/24
	ip route flush table 200
	say undo
	say close
	finish
	same_as_before
}
t_effects_are_what_the_kernel_says() {
	other_vpn
	snapshot >"$T/log/before"
	start && full_call
	file_resolv
	say apply
	say effects
	[ "$answer" = effects ] || fail "from the start: $answer"
	ip rule add to 10.150.128.0/17 lookup 200 pref 1000
	ip route add default dev other0 table 200
	say effects
	[ "$answer" = 'effects route 0: a routing rule (pref 1000) sends it to table 200, by other0;' ] || fail "$answer"
	ip route del default table 200
	ip rule del pref 1000
	ip rule add to 10.99.0.0/24 unreachable pref 1000
	say effects
	[ "$answer" = 'effects peer: the kernel has no way there: Network is unreachable; dns: 10.99.0.53 is asked past the tunnel, add it to routes: the kernel has no way there: Network is unreachable;' ] || fail "$answer"
	ip rule del pref 1000
	ip addr del 10.99.0.100 peer 10.99.0.1 dev vpn1
	say effects
	want 'address: vpn1 does not have 10.99.0.100; peer: the route default by '
	say apply
	ip -6 addr flush dev vpn1
	say effects
	want 'effects address: vpn1 does not have fe80::1234;'
	say apply
	ip link set vpn1 mtu 1300
	echo nameserver 192.0.2.5 >/etc/resolv.conf
	say effects
	want 'effects link: its MTU is 1300; dns: others have changed /etc/resolv.conf;'
	ip link set vpn1 down
	say effects
	want 'effects link: the interface is down; '
	say apply
	say effects
	want effects
	# IPv6 that leaves beside a default route.
	ip -6 route add default dev other0
	say effects
	[ "$answer" = 'effects ipv6: leaves by other0, past the tunnel;' ] || fail "$answer"
	ip -6 route del default
	file_resolv # what comes back
	say undo
	say close
	finish
	ip link del other0
}
goes6() { ip -6 route get "$1" 2>/dev/null | grep -q " dev $2 "; }
nowhere6() { ! ip -6 route get "$1" >/dev/null 2>&1 || fail "$1 goes: $(ip -6 route get "$1")"; }
t_ipv6_goes_nowhere_beside_the_tunnel() {
	ip -6 route add default via fd00:88::1 dev eth0
	snapshot >"$T/log/before"
	start && call
	say set server 2001:db8::9
	say set default 1
	say set local6 fe80::1
	say set route 2001:db8:7::/48
	say apply
	say effects
	[ "$answer" = 'effects ipv6: leaves by eth0, past the tunnel;' ] || fail "$answer"
	goes6 2a00:1450::1 eth0 || fail 'no test: IPv6 goes nowhere from the start'
	say set block-ipv6 1
	for _ in 1 2; do
		say apply
		say effects
		[ "$answer" = effects ] || fail "$answer"
	done
	nowhere6 2a00:1450::1
	nowhere6 fec0::1
	goes6 2001:db8::9 eth0 || fail 'the server is not reached'
	goes6 fd00:88::1 eth0 || fail 'nor the own network'
	goes6 2001:db8:7::1 vpn1 || fail 'nor what the profile leads into the tunnel'
	ping -c 1 -W 2 fd00:88::1 >/dev/null || fail 'no answer from the own network'
	path_by 8.8.8.8 vpn1
	# What manages the uplink finds the place of its route free.
	ip -6 route del default
	ip -6 route add default via fd00:88::1 dev eth0 || fail 'the default route cannot come back'
	nowhere6 2a00:1450::1
	say suspend
	nowhere6 2a00:1450::1
	say set block-ipv6 0
	say apply
	goes6 2a00:1450::1 eth0 || fail 'blocked although not wanted any more'
	say set block-ipv6 1
	say apply
	guardian >/dev/null
	murder
	until_true 5 is_as_before || same_as_before
	# Where the guardian dies too, the next start undoes it.
	start && call
	say set default 1
	say set block-ipv6 1
	say apply
	kill -KILL "$(guardian)"
	murder
	nowhere6 2a00:1450::1
	"$tool" "$T/vpdial" office recover >/dev/null 2>&1
	same_as_before
	# The lockdown has the same routes.
	start && call
	say set default 1
	say set block-ipv6 1
	say set lockdown 1
	say lockdown
	say apply
	want applied
	nowhere6 2a00:1450::1
	say undo
	nowhere6 2a00:1450::1
	say lift
	say close
	finish
	same_as_before
	ip -6 route del default
}
t_watch_joins_many_changes() {
	local i before
	watched_call
	(for ((i = 0; i < 300; i++)); do
		ip addr add 10.88.6.$((i % 250))/32 dev eth0
		ip addr del 10.88.6.$((i % 250))/32 dev eth0
	done) &
	before=$!
	say changes 2000
	wait "$before"
	[[ $answer =~ ^changes\ ([0-9]+)\ address$ ]] || fail "$answer"
	[ "${BASH_REMATCH[1]}" -ge 2 ] && [ "${BASH_REMATCH[1]}" -le 30 ] || fail "not joined, or held back: $answer"
	say undo
	say close
	finish
	same_as_before
}
t_watch_overrun_means_everything() {
	local i
	watched_call
	for ((i = 0; i < 4000; i++)); do
		echo "addr add 10.88.6.$((i % 250))/32 dev eth0"
		echo "addr del 10.88.6.$((i % 250))/32 dev eth0"
	done | ip -batch - 2>/dev/null # the tool does not read meanwhile
	say changes 700
	[[ $answer =~ ^changes\ [12]\ link\ address\ route\ taken\ hop\ effect$ ]] || fail "$answer"
	say undo
	say close
	finish
	same_as_before
}
t_applied_twice_on_one_journal() {
	start && call
	say set default 1
	say set dns 10.99.0.53
	say set dns-mode yes
	for _ in 1 2 3; do
		say apply
		want pinned=1
		path_by 8.8.8.8 vpn1
	done
	say undo
	say apply
	want pinned=1
	say undo
	say close
	finish
	same_as_before
}
t_numbered_device_takes_first_free() {
	ip tuntap add vpn1 mode tun
	start
	say tun vpnN
	want 'tun vpn2 '
	say tun vpn1
	want 'failed 6 there is an interface vpn1 already'
	say tun a/b
	want 'failed 2 '
	ip link del vpn1
	finish
}
t_kill_then_recover() {
	# The guardian does it by itself; its work is what is tested here.
	start && call
	say set default 1
	say set dns 10.99.0.53
	say set dns-mode exclusively
	say apply
	want 'dns=resolv.conf pinned=1'
	grep -q '^nameserver 10.99.0.53' /etc/resolv.conf || fail "resolv.conf not written"
	murder
	until_true 5 is_as_before || same_as_before
}
t_kill_of_guardian_too_then_recover() {
	local guard
	start && call
	say set default 1
	say set dns 10.99.0.53
	say set dns-mode yes
	say apply
	want pinned=1
	guard=$(guardian) || fail "no guardian"
	kill -KILL "$guard"
	murder
	path_by 8.8.8.8 eth0
	ip route show 10.88.2.2 | grep -q via || fail "the pinned route should still be there"
	cp "$T/vpdial/office.journal" "$T/log/journal"
	answer=$("$tool" "$T/vpdial" office recover 2>"$T/log/tool")
	want 2
	same_as_before
	answer=$("$tool" "$T/vpdial" office recover 2>"$T/log/tool")
	want 0
}
t_next_start_recovers() {
	start && call
	say set default 1
	say set dns 10.99.0.53
	say set dns-mode yes
	say apply
	kill -KILL "$(guardian)"
	murder
	start
	finish
	same_as_before
}
t_guardian_ends_with_a_clean_undo() {
	local guard
	start && call
	say set default 1
	say apply
	guard=$(guardian) || fail "no guardian"
	say undo
	[ ! -e "/proc/$guard" ] || fail "the guardian is still there"
	finish
}
t_guardian_ignores_signals() {
	local guard s
	start && call
	say set default 1
	say apply
	guard=$(guardian) || fail "no guardian"
	for s in TERM INT HUP QUIT USR1 PIPE; do kill -$s "$guard"; done
	sleep 0.1
	[ -e "/proc/$guard" ] || fail "the guardian died of a signal"
	[ "$(ls "/proc/$guard/fd" | tr '\n' ' ')" = '0 1 2 3 ' ] || fail "guardian's descriptors: $(ls -l "/proc/$guard/fd")"
	murder
	until_true 5 is_as_before || same_as_before
}
t_journal_of_living_process_left_alone() {
	start && call
	say set default 1
	say apply
	answer=$("$tool" "$T/vpdial" office recover 2>/dev/null)
	want 0
	ip route show 10.88.2.2 | grep -q via || fail "recover undid a living process's route"
	answer=$("$tool" "$T/vpdial" office 2>/dev/null </dev/null)
	want 'failed 6 profile office is connected already'
	say undo
	finish
	same_as_before
}
t_journal_that_cannot_be_read_now_is_kept() {
	local name
	echo '#include <errno.h>' >"$T/eio.c"
	for name in pread pread64 __pread_chk __pread64_chk; do
		echo "long $name(void) { errno = EIO; return -1; }" >>"$T/eio.c"
	done
	${CC:-cc} -fno-builtin -w -shared -fPIC -o "$T/eio.so" "$T/eio.c" || { fail "no test: it does not compile"; return; }
	start && call
	say set default 1
	say apply
	kill -KILL "$(guardian)"
	murder
	cp -p "$T/vpdial/office.journal" "$T/log/journal"
	answer=$(printf 'undo\nquit\n' | LD_PRELOAD=$T/eio.so timeout 10 "$tool" "$T/vpdial" office 2>"$T/log/tool" | head -n 1)
	logged 'what it tells is not undone yet'
	cmp -s "$T/vpdial/office.journal" "$T/log/journal" || fail "the journal is not what it was: $answer"
	[[ $answer == "failed 7 cannot keep a journal in $T/vpdial: "* ]] || fail "dialed with it: $answer"
	answer=$("$tool" "$T/vpdial" office recover 2>"$T/log/tool")
	rm -f "$T"/eio.*
	same_as_before
}
t_malformed_journal_refused() {
	local boot line netns good
	boot=$(cat /proc/sys/kernel/random/boot_id)
	netns=$(stat -Lc %i /proc/self/ns/net)
	good="pin 198.51.100.1 32 10.88.1.1 $(ip -o link show eth0 | cut -d: -f1) 0 254 1 0"
	ip route add 198.51.100.1 via 10.88.1.1 proto 118
	snapshot >"$T/log/before"
	for line in "$good 9" 'pin 0.0.0.0 0 10.88.1.1 2 0 254 1 0' "${good/ 32 / 31 }" "${good/ 0 254/ -1 254}" \
		"${good/10.88.1.1/10.88.1}" "${good/ 254/ 99999999999}" 'run reboot' 'resolvconf -d.vpdial' \
		'resolvconf ../x.vpdial' 'resolvconf vpn1' \
		"file /etc/passwd 1 420 0 0 $(xxd -p /etc/hostname | tr -d '\n') 6162" \
		'file /etc/resolv.conf 1 420 0 0 6g 61' 'pin  198.51.100.1'; do
		printf 'vpdial-journal 1\nname office\nboot %s\nnetns %s\n%s\n%s\n' \
			"$boot" "$netns" "$good" "$line" >"$T/vpdial/office.journal"
		answer=$("$tool" "$T/vpdial" office recover 2>"$T/log/tool")
		want -74
		logged 'nothing in it was acted on'
		[ -e "$T/vpdial/office.journal.bad" ] || fail "not set aside: $line"
		rm -f "$T/vpdial/office.journal.bad"
		same_as_before || break
	done
	# One that cannot be set aside stays where it is.
	mkdir -p "$T/vpdial/office.journal.bad/x"
	printf 'vpdial-journal 1\nname other\n' >"$T/vpdial/office.journal"
	answer=$("$tool" "$T/vpdial" office recover 2>"$T/log/tool")
	want -74
	[ -e "$T/vpdial/office.journal" ] || fail "a journal that could not be set aside is gone"
	answer=$("$tool" "$T/vpdial" office 2>"$T/log/tool" </dev/null)
	[[ $answer == "failed 7 cannot keep a journal in $T/vpdial: "* ]] || fail "dialed with it: $answer"
	[ -e "$T/vpdial/office.journal" ] || fail "a dial removes a journal that could not be set aside"
	rm -rf "$T/vpdial/office.journal.bad"
	# The same without the bad line is acted on.
	printf 'vpdial-journal 1\nname office\nboot %s\nnetns %s\n%s\n' "$boot" "$netns" "$good" >"$T/vpdial/office.journal"
	answer=$("$tool" "$T/vpdial" office recover 2>"$T/log/tool")
	want 1
	[ -z "$(ip route show 198.51.100.1)" ] || fail "the good record was not undone"
	printf 'vpdial-journal 1\nname other\nboot %s\nnetns %s\n' "$boot" "$netns" >"$T/vpdial/office.journal"
	answer=$("$tool" "$T/vpdial" office recover 2>"$T/log/tool")
	want -74
	rm -f "$T"/vpdial/*
	printf 'vpdial-journal 1\n' >"$T/vpdial/office.journal"
	chmod 666 "$T/vpdial/office.journal"
	answer=$("$tool" "$T/vpdial" office recover 2>"$T/log/tool")
	want -1
	rm -f "$T"/vpdial/*
	ln -s /etc/hostname "$T/vpdial/office.journal"
	answer=$("$tool" "$T/vpdial" office recover 2>"$T/log/tool")
	want -40
	rm -f "$T"/vpdial/*
}
t_torn_last_line_ignored() {
	printf 'vpdial-journal 1\nname office\nboot %s\nnetns %s\npin 10.88' \
		"$(cat /proc/sys/kernel/random/boot_id)" "$(stat -Lc %i /proc/self/ns/net)" >"$T/vpdial/office.journal"
	answer=$("$tool" "$T/vpdial" office recover 2>"$T/log/tool")
	want 0
	same_as_before
}
t_other_boot_restores_files_only() {
	start && call
	say set default 1
	say set dns 10.99.0.53
	say set dns-mode yes
	say apply
	kill -KILL "$(guardian)"
	murder
	sed -i 's/^boot .*/boot 00000000-0000-0000-0000-000000000000/' "$T/vpdial/office.journal"
	answer=$("$tool" "$T/vpdial" office recover 2>"$T/log/tool")
	want 1
	ip route show 10.88.2.2 | grep -q via || fail "a route of another boot was touched"
	ip route flush proto 118
	same_as_before
}
t_default_with_metric_0_beaten_and_restored() {
	start && call
	say set default 1
	path_by 8.8.8.8 eth0
	say apply
	path_by 8.8.8.8 vpn1
	path_by 200.8.8.8 vpn1
	[ "$(ip route show default)" = 'default via 10.88.1.1 dev eth0 ' ] || fail "not alone: $(ip route show default)"
	# What manages the uplink takes it away and gives it back.
	ip route del default
	say apply
	ip route add default via 10.88.1.1 dev eth0 || fail 'the default route cannot come back'
	path_by 8.8.8.8 vpn1
	murder
	path_by 8.8.8.8 eth0
	until_true 5 is_as_before || same_as_before
}
t_default_without_another_leaves_its_place_free() {
	ip route del default
	start && call
	say set default 1
	say set server 10.88.1.1
	say apply
	path_by 8.8.8.8 vpn1
	ip route add default via 10.88.1.1 dev eth0 || fail 'the default route cannot come'
	ip route add default via 10.88.1.1 dev eth0 metric 1 || fail 'nor with metric 1'
	path_by 8.8.8.8 vpn1
	say undo
	path_by 8.8.8.8 eth0
	say close
	finish
	ip route del default metric 1
	same_as_before
}
other_vpn() { # its device
	ip link add other0 type veth peer name other1 netns far
	ip -n far link set other1 up
	ip link set other0 addrgenmode none up
	until_true 2 grep -q 1 /sys/class/net/other0/carrier
}
t_default_beside_halves_of_another_vpn() {
	other_vpn
	ip route add 0.0.0.0/1 dev other0
	ip route add 128.0.0.0/1 dev other0
	snapshot >"$T/log/before"
	start && call
	say set default 1
	say apply
	path_by 8.8.8.8 vpn1
	path_by 200.8.8.8 vpn1
	say apply
	[ "$(ip route show dev vpn1 proto 118 | wc -l)" = 4 ] || fail "$(ip route show dev vpn1)"
	# Theirs can go and come back.
	ip route del 0.0.0.0/1 dev other0
	ip route del 128.0.0.0/1 dev other0
	say apply
	ip route add 0.0.0.0/1 dev other0 || fail 'the other one cannot come back'
	ip route add 128.0.0.0/1 dev other0
	path_by 8.8.8.8 vpn1
	say undo
	path_by 8.8.8.8 other0
	say close
	finish
	same_as_before
	ip link del other0
}
t_halves_of_a_vpn_that_comes_later_find_their_place() {
	start && call
	say set default 1
	say apply
	other_vpn
	ip route add 0.0.0.0/1 dev other0 && ip route add 128.0.0.0/1 dev other0 || fail 'its place is taken'
	say apply
	path_by 8.8.8.8 other0
	ip link del other0
	path_by 8.8.8.8 vpn1
	say undo
	say close
	finish
	same_as_before
}
t_route_equal_to_a_static_one_leaves_its_place_free() {
	local given
	other_vpn
	for given in '' 'metric 0' 'metric 1' 'metric 20'; do
		# shellcheck disable=SC2086  # words
		ip route add 10.150.0.0/16 dev other0 $given
		snapshot >"$T/log/before"
		start && call
		say set route 10.150.0.0/16
		say apply
		path_by 10.150.3.4 vpn1
		path_by 10.150.203.4 vpn1
		ip route del 10.150.0.0/16 dev other0
		say apply
		# shellcheck disable=SC2086
		ip route add 10.150.0.0/16 dev other0 $given || fail "with '$given' it cannot come back"
		say apply
		path_by 10.150.3.4 vpn1
		say undo
		path_by 10.150.3.4 other0
		say close
		finish
		same_as_before
		ip route del 10.150.0.0/16 dev other0
	done
	ip link del other0
}
t_route_with_a_metric_that_is_taken_gets_a_better_one() {
	other_vpn
	ip route add 10.160.0.0/16 dev other0 metric 5
	ip route add 10.170.0.0/16 dev other0 metric 1
	ip route add 10.180.0.1/32 dev other0
	snapshot >"$T/log/before"
	start && call
	say set route 10.160.0.0/16,10.99.0.1,5
	say set route 10.170.0.0/16,10.99.0.1,1
	say set route 10.180.0.1/32
	for _ in 1 2; do
		say apply
		path_by 10.160.3.4 vpn1
		ip route show 10.160.0.0/16 | grep -q 'metric 4' || fail "$(ip route show 10.160.0.0/16)"
		path_by 10.170.3.4 vpn1
		path_by 10.170.203.4 vpn1
		path_by 10.180.0.1 other0 # one address has no halves
		ip route del 10.180.0.1/32 metric 0
		path_by 10.180.0.1 vpn1
		ip route add 10.180.0.1/32 dev other0 || fail 'a host route cannot come back'
	done
	say undo
	say close
	finish
	same_as_before
	ip link del other0
}
t_host_route_to_the_server_leaves_its_place_free() {
	start && call
	say set default 1
	say apply
	want pinned=1
	ip route add 10.88.2.2 via 10.88.1.1 dev eth0 || fail 'its place is taken'
	say apply
	[ "$(ip route show 10.88.2.2)" = '10.88.2.2 via 10.88.1.1 dev eth0 ' ] || fail "$(ip route show 10.88.2.2)"
	ip route del 10.88.2.2
	say apply
	path_by 10.88.2.2 eth0
	# And that to the peer.
	ip route add 10.99.0.1 via 10.88.1.1 dev eth0 || fail "the peer's place is taken"
	ip route del 10.99.0.1 via 10.88.1.1
	say undo
	say close
	finish
	same_as_before
}
t_default_beats_equal_metric() {
	start && call
	say set default 1
	say set distance 100
	say apply
	path_by 8.8.8.8 vpn1
	say undo
	path_by 8.8.8.8 eth0
	finish
	same_as_before
}
t_default_with_better_metric() {
	start && call
	say set default 1
	say set distance 1
	say apply
	ip route show default | grep -q 'dev vpn1 .*metric 1' || fail "$(ip route show default)"
	path_by 8.8.8.8 vpn1
	say undo
	finish
	same_as_before
}
t_default_with_chosen_distance_may_lose() {
	start && call
	say set default 1
	say set distance 500
	say set distance-set 1
	say apply
	ip route show default | grep -q 'dev vpn1 .*metric 500' || fail "$(ip route show default)"
	path_by 8.8.8.8 eth0
	# One that another route has: the next better one, and that is kept.
	say set distance 100
	say apply
	ip route show default | grep -q 'dev vpn1 .*metric 99 ' || fail "$(ip route show default)"
	path_by 8.8.8.8 vpn1
	ip route del default dev eth0
	say apply
	ip route add default via 10.88.1.1 dev eth0 metric 100 || fail 'the uplink cannot come back'
	path_by 8.8.8.8 vpn1
	# 0 is no metric of ours, but wins as none does.
	say set distance 0
	say apply
	[ "$(ip route show dev vpn1 proto 118 | cut -d' ' -f1 | tr '\n' ' ')" = '0.0.0.0/1 128.0.0.0/1 ' ] ||
		[ -n "$(ip route show default dev vpn1 metric 1)" ] || fail "$(ip route show dev vpn1)"
	say undo
	finish
	same_as_before
}
t_default_without_an_old_one() {
	ip route del default
	ip route add 10.88.2.0/24 via 10.88.1.1
	snapshot >"$T/log/before"
	start && call
	say set default 1
	say apply
	want pinned=1
	path_by 8.8.8.8 vpn1
	path_by 10.88.2.2 eth0
	say undo
	say close
	finish
	same_as_before
	ip route del 10.88.2.0/24
}
t_loop_refused_and_rolled_back() {
	start && call
	say set route 10.88.2.2/32
	say set route 10.150.0.0/16
	say set dns 10.99.0.53
	say set dns-mode yes
	say apply
	want 'failed 17 the path to the server 10.88.2.2 would lead through its own tunnel vpn1'
	say close
	finish
	same_as_before
}
t_pinned_only_when_covered() {
	start && call
	say set route 10.150.0.0/16
	say apply
	want pinned=0
	say undo
	say set route 10.0.0.0/8
	say apply
	want pinned=1
	path_by 10.88.2.2 eth0
	path_by 10.77.7.7 vpn1
	say undo
	say close
	finish
	same_as_before
}
t_identical_route_neither_added_nor_deleted() {
	ip route add 10.88.2.2 via 10.88.1.1 dev eth0
	snapshot >"$T/log/before"
	start && call
	say set default 1
	say apply
	want pinned=0
	path_by 10.88.2.2 eth0
	say undo
	say close
	finish
	same_as_before
	ip route del 10.88.2.2
}
t_server_on_own_lan_stays_direct() {
	start && call
	say set server 10.88.1.1
	say set default 1
	say apply
	path_by 10.88.1.1 eth0
	path_by 10.88.1.77 eth0
	say undo
	say close
	finish
	same_as_before
}
t_ipv6_server_pinned() {
	ip -6 route add default via fd00:88::1 dev eth0 metric 50
	snapshot >"$T/log/before"
	start && call
	say set server 2001:db8::9
	say set local6 fe80::1
	say set route 2001:db8::/32
	say apply
	want pinned=1
	path_by 2001:db8::9 eth0
	path_by 2001:db8::8 vpn1
	say undo
	finish
	same_as_before
	start && call
	say set server 2001:db8::9
	say set local6 fe80::1
	say set route 2001:db8::/32
	say apply
	kill -KILL "$(guardian)"
	murder
	answer=$("$tool" "$T/vpdial" office recover 2>/dev/null)
	want 1
	same_as_before
	ip -6 route del default
}
t_harmful_peer_address_gets_no_route() {
	local remote
	start
	say tun vpnN
	for remote in 10.88.2.2 10.88.1.1 10.88.1.2 10.99.0.100; do
		say set clear
		say set server 10.88.2.2
		say set local 10.99.0.100
		say set remote $remote
		say set default 1
		say apply
		want applied
		logged "the peer calls itself $remote, which is "
		ip addr show dev vpn1 | grep -q 'inet 10.99.0.100/32' || fail "$remote: $(ip addr show dev vpn1)"
		path_by 10.88.2.2 eth0
		path_by 10.88.1.1 eth0
		path_by 8.8.8.8 vpn1
		say undo
	done
	say close
	finish
	same_as_before
}
t_lan_overlap_warned() {
	start && call
	say set route 10.88.1.0/24
	say apply
	want applied
	logged 'route 10.88.1.0/24 through the tunnel overlaps 10.88.1.0/24 on eth0'
	say undo
	finish
	same_as_before
}
t_kernel_text_kept_in_reason() {
	start && call
	say set route 10.150.0.0/16,10.99.0.100
	say apply
	want 'cannot add the route 10.150.0.0/16 through the tunnel: Invalid argument (Nexthop has invalid gateway)'
	say close
	finish
	same_as_before
}
t_ipv6_off_is_no_failure() {
	echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
	start && call
	say set local6 fe80::1
	say set route fd77::/48
	say apply
	want applied
	logged 'no IPv6 in the tunnel: Permission denied'
	logged 'route fd77::/48 left out'
	say undo
	finish
	echo 0 >/proc/sys/net/ipv6/conf/default/disable_ipv6
	same_as_before
}
t_path_tells_gateway_mtu_metric() {
	ip route add 192.0.2.9 via 10.88.1.1 mtu 1300 metric 7
	start
	say path 192.0.2.9
	want 'path dev=eth0 gateway=10.88.1.1 mtu=1300 metric=7 local=0'
	say path 10.88.1.9
	want 'path dev=eth0 gateway=- mtu=1500 metric=0 local=0'
	say path 10.88.1.2
	want 'local=1'
	ip route add unreachable 203.0.113.0/24
	say path 203.0.113.1
	want 'failed 8 no route to 203.0.113.1: '
	ip route del unreachable 203.0.113.0/24
	ip route del 192.0.2.9
	finish
}
t_without_capability_not_permitted() {
	answer=$(setpriv --bounding-set=-net_admin --inh-caps=-net_admin "$tool" "$T/vpdial" office </dev/null 2>&1)
	want 'failed 3 '
	want 'setcap cap_net_admin'
}
t_without_device_file_no_device() {
	start
	mount -t tmpfs tmpfs /dev/net
	say tun vpnN
	umount /dev/net
	want 'failed 4 there is no /dev/net/tun: run `modprobe tun`'
	finish
}

dns_call() { # dns_call MODE: up to the applied call
	start && call
	say set default 1
	say set dns 10.99.0.53
	say set dns 10.99.0.54
	say set dns-mode "$1"
	[ -z "${2-}" ] || say set search "$2"
	say apply
}
t_resolv_file_yes_keeps_old_behind() {
	file_resolv $'# mine\nnameserver 192.0.2.1\nnameserver 192.0.2.2\noptions ndots:2\nsearch home.example\n'
	snapshot >"$T/log/before"
	dns_call yes
	want dns=resolv.conf
	[ "$(grep '^nameserver' /etc/resolv.conf | tr '\n' ' ')" = \
		'nameserver 10.99.0.53 nameserver 10.99.0.54 nameserver 192.0.2.1 ' ] || fail "$(cat /etc/resolv.conf)"
	grep -q '^options ndots:2' /etc/resolv.conf || fail "options lost"
	grep -q '^search home.example' /etc/resolv.conf || fail "search lost"
	[ "$(stat -c %a /etc/resolv.conf)" = 640 ] || fail "mode changed"
	say undo
	say close
	finish
	same_as_before
}
t_resolv_file_exclusively_only_peers() {
	dns_call exclusively 'corp.example lab.example'
	[ "$(grep -E '^(nameserver|search)' /etc/resolv.conf | tr '\n' ' ')" = \
		'nameserver 10.99.0.53 nameserver 10.99.0.54 search corp.example lab.example ' ] || fail "$(cat /etc/resolv.conf)"
	say undo
	say close
	finish
	same_as_before
}
t_resolv_symlink_followed() {
	mkdir -p /etc/real
	file_resolv
	mv /etc/resolv.conf /etc/real/resolv
	ln -s real/resolv /etc/resolv.conf
	snapshot >"$T/log/before"
	dns_call yes
	want dns=resolv.conf
	[ -L /etc/resolv.conf ] || fail "the symbolic link was replaced"
	grep -q '^nameserver 10.99.0.53' /etc/real/resolv || fail "target not edited"
	murder
	until_true 5 is_as_before || same_as_before
	rm -rf /etc/resolv.conf /etc/real
}
t_resolv_stub_symlink_not_written() {
	mkdir -p /run/systemd/resolve
	echo 'nameserver 127.0.0.53' >/run/systemd/resolve/stub-resolv.conf
	ln -sf /run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
	snapshot >"$T/log/before"
	dns_call yes
	want dns=none
	logged 'belongs to systemd-resolved'
	say undo
	say close
	finish
	same_as_before
}
t_resolv_absent_created_and_removed() {
	rm -f /etc/resolv.conf
	snapshot >"$T/log/before"
	dns_call yes
	want dns=resolv.conf
	grep -q '^nameserver 10.99.0.53' /etc/resolv.conf || fail "not created"
	say undo
	say close
	finish
	same_as_before
}
t_resolv_read_only_is_a_warning() {
	mount --bind /etc /etc
	mount -o remount,bind,ro /etc
	dns_call yes
	want 'applied dns=none'
	logged 'cannot edit /etc/resolv.conf: Read-only file system'
	say undo
	say close
	finish
	umount /etc
	same_as_before
}
t_resolv_mount_point_written_in_place() {
	# As containers have it: the file itself is a bind mount, so it cannot be renamed over.
	cp -p /etc/resolv.conf "$T/log/mounted"
	mount --bind "$T/log/mounted" /etc/resolv.conf
	snapshot >"$T/log/before"
	dns_call yes
	want dns=resolv.conf
	grep -q '^nameserver 10.99.0.53' "$T/log/mounted" || fail "not written"
	say undo
	say close
	finish
	same_as_before
	umount /etc/resolv.conf
}
t_resolv_changed_by_others_keeps_their_change() {
	dns_call exclusively corp.example
	echo 'nameserver 198.51.100.7' >>/etc/resolv.conf
	say undo
	logged 'changed by others meanwhile'
	[ "$(cat /etc/resolv.conf)" = $'nameserver 192.0.2.1\nsearch home.example\nnameserver 198.51.100.7' ] ||
		fail "$(cat /etc/resolv.conf)"
	finish
}
# The journal is gone with the machine's power, resolv.conf is not.
t_resolv_block_of_another_boot_is_taken_out() {
	file_resolv $'nameserver 192.0.2.1\nsearch home.example\n'
	snapshot >"$T/log/before"
	dns_call exclusively corp.example
	kill -KILL "$(guardian)"
	murder
	rm -f "$T/vpdial/office.journal"
	ip route flush proto 118
	cp -p /etc/resolv.conf "$T/log/resolv"
	start
	cmp -s /etc/resolv.conf "$T/log/resolv" || fail "of this boot, it may be that of a living one: $(cat /etc/resolv.conf)"
	finish
	sed -i 's/^# boot .*/# boot 00000000-0000-0000-0000-000000000000/' /etc/resolv.conf
	start second
	grep -q 'vpdial office begin' /etc/resolv.conf || fail 'the block of another profile was taken out'
	finish
	start
	logged 'name servers of a call that ended with the machine'
	finish
	same_as_before
}
t_resolv_replaced_by_others_left_alone() {
	dns_call yes
	echo 'nameserver 198.51.100.7' >/etc/resolv.conf
	say undo
	[ "$(cat /etc/resolv.conf)" = 'nameserver 198.51.100.7' ] || fail "$(cat /etc/resolv.conf)"
	finish
}
# Each puts its block in and takes it out again, beside the other; none of the two may lose its own.
edits() { # edits NAME N: how often the block was not there
	local i lost=0
	coproc EDITS { exec "$tool" "$T/vpdial" "$1" 2>/dev/null; }
	local in=${EDITS[1]} out=${EDITS[0]} line
	read -r line <&"$out"
	for line in "tun $1N" "set local 10.99.$3.100" 'set mtu 1400' "set dns 10.99.$3.53" 'set dns-mode yes'; do
		echo "$line" >&"$in"
		read -r line <&"$out"
	done
	for ((i = 0; i < $2; i++)); do
		echo apply >&"$in"
		read -r line <&"$out"
		grep -q "vpdial $1 begin" /etc/resolv.conf || lost=$((lost + 1))
		echo suspend >&"$in"
		read -r line <&"$out"
	done
	echo undo >&"$in"
	read -r line <&"$out"
	echo quit >&"$in"
	wait
	echo $lost
}
t_resolv_two_profiles_at_once() {
	edits first 100 1 >"$T/log/first" &
	edits second 100 2 >"$T/log/second"
	wait
	[ "$(cat "$T/log/first" "$T/log/second" | tr '\n' ' ')" = '0 0 ' ] || fail "blocks lost: $(cat "$T/log/first" "$T/log/second" | tr '\n' ' ')"
	same_as_before
}
t_resolv_two_profiles_in_any_order() {
	local second
	dns_call yes
	second=$(printf '%s\n' 'tun vpnN' 'set server 10.88.2.2' 'set local 10.99.1.100' 'set dns 10.99.1.53' \
		'set dns-mode yes' apply | { cat; sleep 1; echo quit; } | "$tool" "$T/vpdial" second 2>/dev/null &
		sleep 0.5; grep -c '^nameserver 10.99' /etc/resolv.conf)
	grep -q 3 <<<"$second" || fail "both profiles' servers should stand there: $second"
	until_true 5 eval '! grep -q 10.99.1.53 /etc/resolv.conf' || fail "second not undone"
	grep -q '^nameserver 10.99.0.53' /etc/resolv.conf || fail "first lost"
	say undo
	say close
	finish
	same_as_before
}

fake() { # fake NAME [STATUS]: a program that logs its arguments and input
	cat >"$T/bin/$1" <<-END
		#!/bin/sh
		echo "\${0##*/} \$*" >>$T/log/calls
		[ "\${0##*/}" != resolvconf ] || [ "\$1" != -a ] || cat >>$T/log/calls
		env >$T/log/env
		exit ${2:-0}
	END
	chmod +x "$T/bin/$1"
	: >"$T/log/calls"
}
# The guardian takes the record back before a helper that nobody waits for any more has put it there.
t_kill_while_resolvconf_runs_leaves_no_record() {
	cat >"$T/bin/resolvconf" <<-END
		#!/bin/sh
		echo "\$1" >>$T/log/calls
		case \$1 in
		-a) sleep 1; cat >$T/log/record ;;
		-d) rm -f $T/log/record ;;
		esac
	END
	chmod +x "$T/bin/resolvconf"
	: >"$T/log/calls"
	start && call
	say set default 1
	say set dns 10.99.0.53
	say set dns-mode yes
	echo apply >&"${TOOL[1]}"
	until_true 5 grep -q -e -a "$T/log/calls" || fail 'no test: resolvconf does not run'
	murder
	until_true 5 grep -q -e -d "$T/log/calls" || fail 'the guardian did not do its work'
	sleep 1.5
	[ ! -e "$T/log/record" ] || fail 'the record was made behind the back of the guardian'
	rm -f "$T/bin/resolvconf"
	same_as_before
}
t_resolved_first() {
	mkdir -p /run/systemd/resolve
	fake resolvectl
	fake resolvconf
	SECRET_WORD=1 dns_call yes 'corp.example lab.example'
	want dns=resolved
	say undo
	[ "$(cat "$T/log/calls")" = "resolvectl --no-pager status
resolvectl dns vpn1 10.99.0.53 10.99.0.54
resolvectl domain vpn1 ~. corp.example lab.example
resolvectl default-route vpn1 yes
resolvectl revert vpn1" ] || fail "$(cat "$T/log/calls")"
	[ "$(grep -vE '^(PATH|PWD|LC_ALL|_|SHLVL)=' "$T/log/env")" = '' ] || fail "environment: $(cat "$T/log/env")"
	say close
	finish
	same_as_before
}
t_resolved_split_has_no_catch_all() {
	mkdir -p /run/systemd/resolve
	fake resolvectl
	start && call
	say set dns 10.99.0.53
	say set dns-mode yes
	say set search corp.example
	say apply
	want dns=resolved
	say effects
	want 'dns: 10.99.0.53 is asked past the tunnel, add it to routes: the route default by eth0 goes before;'
	grep -q '^resolvectl domain vpn1 corp.example$' "$T/log/calls" || fail "$(cat "$T/log/calls")"
	grep -q '^resolvectl default-route vpn1 no$' "$T/log/calls" || fail "$(cat "$T/log/calls")"
	finish
}
t_announced_name_servers_get_their_route_once() {
	start && call
	say set dns 10.50.0.53
	say set dns 10.50.0.54
	say set dns-mode yes
	say set dns-announced 1
	for _ in 1 2 3; do
		say apply
		want dns=resolv.conf
		[ "$(ip route show dev vpn1 proto 118 | cut -d' ' -f1 | tr '\n' ' ')" = '10.50.0.53 10.50.0.54 ' ] || fail "$(ip route show dev vpn1)"
	done
	say suspend
	path_by 10.50.0.53 vpn1
	# Another name server, and one that this machine leads elsewhere.
	ip route add 10.50.0.55 via 10.88.1.1 dev eth0
	say set clear
	say set server 10.88.2.2
	say set local 10.99.0.100
	say set dns 10.50.0.55
	say set dns 10.50.0.56
	say set dns-mode yes
	say set dns-announced 1
	say apply
	! grep -q "10.50.0.5[345]" /etc/resolv.conf || fail "$(cat /etc/resolv.conf)"
	grep -q 10.50.0.56 /etc/resolv.conf || fail "$(cat /etc/resolv.conf)"
	say effects
	[ "$answer" = 'effects dns: 10.50.0.55 left out, it is led past the tunnel by this machine;' ] || fail "$answer"
	[ -z "$(ip route show 10.50.0.53/32)" ] || fail 'the old route stays'
	ip route del 10.50.0.55 via 10.88.1.1
	say apply
	say effects
	[ "$answer" = effects ] || fail "$answer"
	grep -q 10.50.0.55 /etc/resolv.conf || fail "$(cat /etc/resolv.conf)"
	say undo
	say close
	finish
	same_as_before
}
t_resolved_split_without_domains_is_one_of_many() {
	mkdir -p /run/systemd/resolve
	fake resolvectl
	start && call
	say set route 10.99.0.0/24
	say set dns 10.99.0.53
	say set dns-mode yes
	say apply
	want dns=resolved
	! grep -q 'resolvectl domain' "$T/log/calls" || fail "$(cat "$T/log/calls")"
	grep -q '^resolvectl default-route vpn1 yes$' "$T/log/calls" || fail "$(cat "$T/log/calls")"
	finish
}
t_resolved_exclusively_takes_all_names() {
	mkdir -p /run/systemd/resolve
	fake resolvectl
	start && call
	say set dns 10.99.0.53
	say set dns-mode exclusively
	say apply
	want dns=resolved
	grep -q '^resolvectl domain vpn1 ~.$' "$T/log/calls" || fail "$(cat "$T/log/calls")"
	: >"$T/log/calls"
	say apply
	! grep -qE 'dns|domain|revert' "$T/log/calls" || fail "set again: $(cat "$T/log/calls")"
	say suspend
	grep -q '^resolvectl revert vpn1$' "$T/log/calls" || fail "$(cat "$T/log/calls")"
	finish
}
t_resolved_dead_goes_on_to_resolvconf() {
	mkdir -p /run/systemd/resolve
	fake resolvectl 1
	fake resolvconf
	dns_call exclusively corp.example
	want dns=resolvconf
	say undo
	[ "$(cat "$T/log/calls")" = "resolvectl --no-pager status
resolvconf -a tun.vpn1.vpdial -m 0 -x
nameserver 10.99.0.53
nameserver 10.99.0.54
search corp.example
resolvconf -d tun.vpn1.vpdial" ] || fail "$(cat "$T/log/calls")"
	say close
	finish
	same_as_before
}
t_resolvconf_record_taken_back_after_kill() {
	fake resolvconf
	dns_call yes
	want dns=resolvconf
	murder
	until_true 5 grep -q '^resolvconf -d tun.vpn1.vpdial' "$T/log/calls" || fail "$(cat "$T/log/calls")"
	until_true 5 is_as_before || same_as_before
}
t_resolvconf_failing_goes_on_to_file() {
	fake resolvconf 1
	dns_call yes
	want dns=resolv.conf
	say undo
	say close
	finish
	same_as_before
}
t_hanging_program_killed_after_5_s() {
	local before=$SECONDS
	mkdir -p /run/systemd/resolve
	printf '#!/bin/sh\nsleep 60\n' >"$T/bin/resolvectl"
	chmod +x "$T/bin/resolvectl"
	dns_call yes
	want dns=resolv.conf
	[ $((SECONDS - before)) -lt 9 ] || fail "took $((SECONDS - before)) s"
	logged 'resolvectl did not end within 5 s and was killed'
	finish
	same_as_before
}
tests=$(declare -F | sed -n 's/^declare -f t_//p')
# Old default route's metric, where it is not 0.
declare -A metric=([default_beats_equal_metric]=100 [default_with_better_metric]=100
	[default_with_chosen_distance_may_lose]=100 [apply_again_wins_against_a_default_of_its_own_metric]=100
	[repin_follows_the_uplink_and_back]=100 [repin_without_carrier_takes_the_other_uplink]=100
	[watch_tells_what_changed]=100 [repin_without_a_path_waits]=100 [repin_keeps_to_the_bound_interface]=100
	[repin_over_multipath_and_onlink_gateways]=100 [lockdown_follows_the_server]=100
	[source_address_and_its_rule_decide]=100)
# shellcheck disable=SC2048  # names without spaces
for current in ${*:-$tests}; do
	declare -F "t_$current" >/dev/null || continue
	why=''
	begin "${metric[$current]-}"
	"t_$current" 2>"$T/log/stderr"
	[ -z "${TOOL_PID-}" ] || { fail "left running"; murder; }
	if [ -z "$why" ]; then
		echo "ok $current"
	else
		echo "FAIL $current: $why"
		failures=$((failures + 1))
	fi
	end
done
[ $failures = 0 ]
