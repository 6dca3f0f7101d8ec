#!/bin/bash
# Tests of the running program on machines that lack something, with profiles that are wrong, as an
# ordinary user, and with its processes killed in each phase; and what confines the session.
#
# usage: tests/netns/machine.sh      (VPDIAL=program, ONLY=pattern of cases, LANES=4, TIMES=1)
set -u
# shellcheck source=tests/netns/lane.bash
. "$(dirname "$(readlink -f "$0")")/lane.bash"

cases() { declare -F | sed -n 's/^declare -f t_//p' | tr _ -; }
run_case() { "t_${1//-/_}"; }

# --- what the machine lacks

t_no_tun_device_is_4() {
	serve good
	profile lab
	mount -t tmpfs tmpfs /dev/net
	refused 4 'there is no /dev/net/tun: run .modprobe tun' 3
	umount /dev/net
}
t_no_openssl_legacy_provider_is_1() {
	serve good
	profile lab
	OPENSSL_MODULES=/nonexistent refused 1 'legacy provider' 4
}
# A copy of the program that anybody may run; its session too unless told otherwise.
copy_program() {
	rm -rf "${T:?}/bin"
	mkdir -p "$T/bin"
	cp "$VPDIAL" "$T/bin/vpdial"
	[ "${1-}" = alone ] || cp "$(dirname "$VPDIAL")/vpdial-session" "$T/bin/"
	chmod -R a+rX "$T/bin"
}
t_session_program_missing_is_9_and_dialed_no_more() {
	local installed
	copy_program alone
	serve good
	profile lab 'redial = yes' 'redial-min = 1'
	installed=$(strings -a "$T/bin/vpdial" | grep -m 1 -x '/.*/libexec/vpdial')
	[ ! -d "$installed" ] || mount -t tmpfs tmpfs "$installed"
	VPDIAL=$T/bin/vpdial refused 9 'vpdial-session is missing: install the package again' 4
	printf '#!/bin/sh\n' >"$T/bin/vpdial-session"
	VPDIAL=$T/bin/vpdial refused 9 'vpdial-session is missing: install the package again' 4
	printf 'no program' >"$T/bin/vpdial-session"
	chmod 755 "$T/bin/vpdial-session"
	VPDIAL=$T/bin/vpdial refused 9 'bin/vpdial-session cannot be executed on this machine' 4
	# The program goes away in the midst of a call that would be dialed again.
	cp "$(dirname "$VPDIAL")/vpdial-session" "$T/bin/"
	VPDIAL=$T/bin/vpdial up_in_foreground
	rm "$T/bin/vpdial-session"
	vpdial redial lab >"$T/out" 2>&1
	ends_with 9 'vpdial-session is missing: install the package again' 8
	[ ! -d "$installed" ] || umount "$installed"
}
t_run_directory_full() {
	local VPDIAL_RUN=$T/small
	mkdir -p "$VPDIAL_RUN"
	mount -t tmpfs -o size=20k tmpfs "$VPDIAL_RUN" # the journal reserves 16k
	cat /dev/zero >"$VPDIAL_RUN/full" 2>/dev/null
	R=$VPDIAL_RUN
	serve good
	profile lab 'add-default-route = yes'
	refused '1|7' 'no space left' 8
	rm "$VPDIAL_RUN/full"
	vpdial connect lab >"$T/out" 2>"$T/err" || fail "with room again: status $?: $(tail -n 1 "$T/err")"
	hang_up
	R=$T/run
	umount "$VPDIAL_RUN"
}
# It could name any file of root's as its password, to be sent to its server.
t_profile_of_another_user_is_not_dialed_by_root() {
	serve good
	echo "$PASSWORD" >"$T/secret"
	chmod 600 "$T/secret"
	profile lab "password-file = $T/secret"
	sed -i '/^password =/d' "$P/lab.conf"
	chown 65534 "$P/lab.conf"
	refused 2 "root takes no settings that others may change: it belongs to uid 65534, run: chown root $P/lab.conf" 3
	chown 0 "$P/lab.conf"
	chown 65534 "$P"
	refused 2 "others may change its directory $P .it belongs to uid 65534., run: chown root $P" 3
	chown 0 "$P"
	vpdial connect lab >"$T/out" 2>"$T/err" || fail "of root's own: $(tail -n 1 "$T/err")"
	hang_up
}
t_run_directory_not_writable() {
	mkdir -p "$T/ro"
	mount -t tmpfs -o ro tmpfs "$T/ro"
	R=$T/ro
	serve good
	profile lab
	refused '1|3|7' 'run directory|read-only' 3
	R=$T/run
	umount "$T/ro"
}

# --- the network as it is

# output_drops RULE...: this machine's firewall, as "ufw default deny outgoing" and the like leave it.
output_drops() {
	nft add table inet strict
	nft add chain inet strict out '{ type filter hook output priority 0; }'
	nft add rule inet strict out "$@" drop
}
t_source_address_of_another_machine_is_8() {
	profile lab 'src-address = 10.99.99.99'
	refused 8 'no route to 10.88.1.1 from the src-address 10.99.99.99' 3
}
t_gre_forbidden_by_this_machine_is_10() {
	command -v nft >/dev/null || { skip 'nft is not installed'; return; }
	serve good
	profile lab
	output_drops meta l4proto gre
	refused 10 'firewall on this machine forbids.*protocol 47' 24
	nft delete table inet strict
}
t_gre_lost_on_the_way_out_is_10() {
	command -v nft >/dev/null || { skip 'nft is not installed'; return; }
	serve good
	profile lab
	ip netns exec far nft add table inet strict
	ip netns exec far nft add chain inet strict in '{ type filter hook prerouting priority -300; }'
	ip netns exec far nft add rule inet strict in meta l4proto gre drop
	refused 10 'answers none of ours.*protocol 47' 40
	ip netns exec far nft delete table inet strict
}
t_udp_forbidden_by_this_machine_is_8() {
	command -v nft >/dev/null || { skip 'nft is not installed'; return; }
	profile lab 'type = l2tp' 'source-port = random'
	sed -i '/^type = pptp/d' "$P/lab.conf"
	output_drops udp dport 1701
	refused 8 'firewall on this machine forbids' 12
	nft delete table inet strict
}

t_ssh_session_survives_the_default_route() {
	local here there n
	ip -n far addr add 192.0.2.50/32 dev lo
	python3 -c 'import socket
s = socket.create_server(("", 22)); c = s.accept()[0]
while True: c.sendall(c.recv(100))' &
	here=$!
	ip netns exec far python3 -c 'import socket, sys, time
for i in range(100):
    try: c = socket.create_connection(("10.88.1.2", 22), 5, ("192.0.2.50", 0)); break
    except ConnectionRefusedError: time.sleep(0.05)
while True:
    c.sendall(b"x"); c.recv(100); open(sys.argv[1], "ab").write(b"x"); time.sleep(0.02)' "$T/session" 2>/dev/null &
	there=$!
	within 5 test -s "$T/session" || fail 'no session before the call'
	serve good
	profile lab 'add-default-route = yes'
	snapshot >"$T/before.ssh"
	vpdial connect lab >"$T/out" 2>"$T/err" || fail "connect: $(tail -n 1 "$T/err")"
	[[ $(ip route get 198.51.100.1) == *" dev pptp-out1 "* ]] || fail "no default route: $(ip route get 198.51.100.1)"
	[[ $(ip route get 192.0.2.50) == *' dev eth0 '* ]] || fail "the session's path is $(ip route get 192.0.2.50)"
	n=$(stat -c %s "$T/session")
	within 3 eval '[ "$(stat -c %s "$T/session")" -gt $((n + 5)) ]' || fail 'the session hangs'
	vpdial disconnect lab >"$T/out" 2>&1 || fail "disconnect: $(cat "$T/out")"
	within 3 eval 'snapshot 2>&1 | cmp -s - "$T/before.ssh"' || fail "not as before: $(snapshot 2>&1 | diff "$T/before.ssh" - | tr '\n' '|')"
	kill $here $there
	wait $here $there 2>/dev/null
	server_done
	ip -n far addr del 192.0.2.50/32 dev lo
}

t_lockdown_of_nothing_is_warned_of() {
	serve good
	profile lab 'lockdown = yes'
	vpdial connect lab >"$T/out" 2>"$T/err" || fail "connect: $(tail -n 1 "$T/err")"
	grep -q 'lockdown holds nothing back: write add-default-route' "$T/err" || fail "does not say so: $(cat "$T/err")"
	hang_up
	profile lab 'lockdown = yes' 'routes = 10.150.1.0/24'
	vpdial connect lab >"$T/out" 2>"$T/err" || fail "connect: $(tail -n 1 "$T/err")"
	! grep -q 'holds nothing back' "$T/err" || fail "says so of a route: $(cat "$T/err")"
	hang_up
	server_done
	profile lab 'lockdown = yes' 'redial = yes' 'redial-min = 1' 'redial-max = 1'
	vpdial connect lab --redial >"$T/out" 2>"$T/err" </dev/null &
	within 8 eval '[ "$(vpdial status lab --json | jq -r ".connections[0].attempt")" -ge 3 ] 2>/dev/null' || fail "no third attempt: $(vpdial status lab)"
	vpdial disconnect lab >/dev/null 2>&1
	wait $!
	n=$(grep -c 'holds nothing back' "$T/err")
	[ "$n" = 1 ] || fail "says so $n times"
}

# --- profiles

t_profile_unknown_is_2() { refused 2 'lab' 2; }
t_profile_readable_by_others_is_2() {
	profile lab
	chmod 644 "$P/lab.conf"
	refused 2 'lab\.conf.*(read|others|chmod|mode)' 2
}
t_malformed_profile_is_2_and_all_faults_are_named() {
	local rc line
	profile lab 'usr = alice' 'max-mtu = 99999' 'allow = telnet' 'keepalive-timeout = soon' 'max-mtu = 1400'
	vpdial connect lab >"$T/out" 2>"$T/err" </dev/null
	rc=$?
	[ $rc = 2 ] || fail "status $rc"
	for line in $(seq 9 12); do
		grep -q "lab\.conf:$line: " "$T/err" || fail "no fault of line $line: $(tr '\n' '|' <"$T/err")"
	done
	clean "$T/err"
	all_gone 2
}
t_connected_already_is_6() {
	local rc
	serve good
	profile lab
	vpdial connect lab >"$T/out" 2>"$T/err" || fail "connect: $(tail -n 1 "$T/err")"
	vpdial connect lab >"$T/out" 2>"$T/err" </dev/null
	rc=$?
	[ $rc = 6 ] || fail "the second connect ends with $rc"
	grep -q 'already' "$T/err" || fail "does not say so: $(cat "$T/err")"
	pings || fail "the second connect broke the first one's call"
	hang_up
}
t_two_dials_of_one_profile_at_once() {
	local a b codes
	serve good
	profile lab
	vpdial connect lab >"$T/a" 2>&1 </dev/null &
	a=$!
	vpdial connect lab >"$T/b" 2>&1 </dev/null &
	b=$!
	wait $a
	a=$?
	wait $b
	b=$?
	codes=$(printf '%s\n' $a $b | sort -n | tr '\n' ' ')
	[ "$codes" = '0 6 ' ] || fail "statuses $codes: $(tail -qn 1 "$T/a" "$T/b" | tr '\n' '|')"
	pings || fail "no traffic"
	hang_up
}

t_lockdown_of_a_killed_call_is_in_status() {
	serve good
	profile lab 'add-default-route = yes' 'lockdown = yes'
	vpdial connect lab >"$T/out" 2>"$T/err" || fail "connect: $(tail -n 1 "$T/err")"
	lane_kill_client
	[ "$(field .message)" = 'the lockdown holds until: vpdial disconnect lab' ] || fail "lockdown: $(field .message)"
	vpdial disconnect lab >"$T/out" 2>&1
	[ "$(field .message)" = null ] || fail "still told: $(field .message)"
}
lane_kill_client() {
	local pid
	for pid in $(client_pids); do kill -KILL "$pid"; done
	within 3 eval '[ -z "$(client_pids)" ]' || fail 'they live on'
}
t_running_without_its_profile_is_in_status() {
	local rc
	serve good
	profile lab
	vpdial connect lab >"$T/out" 2>"$T/err" || fail "connect: $(tail -n 1 "$T/err")"
	mkdir "$T/none"
	"$VPDIAL" --config "$T/none" --run-dir "$R" status >"$T/out" 2>&1
	rc=$?
	[ "$rc" = 0 ] && [ "$(sed -n 1p "$T/out")" = lab ] && grep -q 'status: connected' "$T/out" || fail "status $rc: $(tr '\n' '|' <"$T/out")"
	hang_up
	: >"$R/dead.sock"
	"$VPDIAL" --config "$T/none" --run-dir "$R" status >"$T/out" 2>&1 || fail "of a dead socket: $(cat "$T/out")"
	[ "$(cat "$T/out")" = "no profiles in $T/none" ] || fail "of a dead socket: $(cat "$T/out")"
	rm "$R/dead.sock"
	rmdir "$T/none"
}

# --- ordinary users

# as_user COMMAND...: as nobody, with directories of his own and SETPRIV's options.
as_user() {
	env -i PATH="$PATH" HOME="$T/u" XDG_RUNTIME_DIR="$T/u/run" XDG_CONFIG_HOME="$T/u/config" \
		setpriv --reuid=65534 --regid=65534 --clear-groups "${SETPRIV[@]}" "$@"
}
user_home() {
	rm -rf "$T/u"
	mkdir -p "$T/u/run" "$T/u/config/vpdial"
	profile lab 'use-peer-dns = no'
	cp "$P/lab.conf" "$T/u/config/vpdial/"
	chown -R 65534:65534 "$T/u"
	chmod 700 "$T/u/run"
	SETPRIV=()
	# Distributions give it to all; some containers and this machine do not.
	[ -w "$T/tun" ] || { mknod "$T/tun" c 10 200 && chmod 666 "$T/tun" && mount --bind "$T/tun" /dev/net/tun; } ||
		fail "no TUN device for everybody"
}
t_ordinary_user_without_privilege_is_3() {
	local rc
	copy_program
	user_home
	serve good
	as_user "$T/bin/vpdial" connect lab >"$T/out" 2>"$T/err" </dev/null
	rc=$?
	[ $rc = 3 ] || fail "status $rc"
	grep -q 'CAP_NET_ADMIN.*setcap cap_net_admin,cap_net_raw+ep' "$T/err" || fail "does not say how to grant it: $(cat "$T/err")"
	[ "$(wc -l <"$T/err")" = 1 ] || fail "more than a sentence: $(tr '\n' '|' <"$T/err")"
	all_gone 2
}
user_dials() {
	local pid
	serve good
	as_user "$T/bin/vpdial" connect lab --timeout 12 >"$T/out" 2>"$T/err" </dev/null || fail "connect: status $?: $(tail -n 2 "$T/err" | tr '\n' '|')"
	[ -n "$why" ] || pings || fail "no answer to ping"
	pid=$(session_pid)
	[ -n "$pid" ] && confined "$pid"
	[ "$(as_user "$T/bin/vpdial" status lab --json | jq -r '.connections[0].status')" = connected ] || fail "no status for the user"
	as_user "$T/bin/vpdial" disconnect lab >"$T/out" 2>&1 || fail "disconnect: $(cat "$T/out")"
	all_gone 3
	! compgen -G "$T/u/run/vpdial/*.sock" >/dev/null || fail "a socket is left in the run directory"
}
t_ordinary_user_as_server_is_3() {
	local rc
	copy_program
	user_home
	printf '[pptp-server]\nenabled = yes\n' >"$T/u/config/vpdial/server.conf"
	chmod 644 "$T/u/config/vpdial/server.conf"
	as_user timeout 5 "$T/bin/vpdial" serve >"$T/out" 2>"$T/err" </dev/null
	rc=$?
	[ $rc = 3 ] || fail "status $rc: $(cat "$T/err")"
	grep -q 'CAP_NET_ADMIN.*setcap' "$T/err" || fail "does not say how to grant it: $(cat "$T/err")"
}
t_ordinary_user_is_told_of_roots_profile() {
	local rc
	copy_program
	user_home
	mkdir -p /etc/vpdial
	cp "$P/lab.conf" /etc/vpdial/office.conf
	as_user "$T/bin/vpdial" connect office >"$T/out" 2>"$T/err" </dev/null
	rc=$?
	[ $rc = 2 ] || fail "status $rc"
	grep -q '^vpdial: no profile office in .*, but in /etc/vpdial: run this as root' "$T/err" || fail "does not say so: $(cat "$T/err")"
	as_user "$T/bin/vpdial" --config "$T/u/config/vpdial" connect office >"$T/out" 2>"$T/err" </dev/null
	! grep -q /etc/vpdial "$T/err" || fail "says so of another directory: $(cat "$T/err")"
	rm -r /etc/vpdial
}
t_ordinary_user_with_ambient_capabilities() {
	copy_program
	user_home
	SETPRIV=('--inh-caps=+net_admin,+net_raw' '--ambient-caps=+net_admin,+net_raw')
	user_dials
}
t_ordinary_user_with_file_capabilities() {
	command -v setcap >/dev/null || { skip 'setcap is not installed'; return; }
	copy_program
	user_home
	setcap cap_net_admin,cap_net_raw+ep "$T/bin/vpdial" || { skip 'no file capabilities here'; return; }
	user_dials
}
t_profile_unreadable_for_the_user() {
	local rc
	copy_program
	user_home
	chown 0:0 "$T/u/config/vpdial/lab.conf"
	as_user "$T/bin/vpdial" connect lab >"$T/out" 2>"$T/err" </dev/null
	rc=$?
	[[ $rc == [23] ]] || fail "status $rc"
	grep -q 'lab\.conf.*[Pp]ermission denied' "$T/err" || fail "says: $(cat "$T/err")"
}

# --- confinement and secrets

status_of() { sed -n "s/^$2:[ \t]*//p" "/proc/$1/status"; }
want_status() { [ "$(status_of "$1" "$2" | tr '\t' ' ')" = "$3" ] || fail "$2 of the session is $(status_of "$1" "$2" | tr '\t' ' ')"; }
confined() { # confined PID
	local cap
	for cap in CapInh CapPrm CapEff CapAmb; do want_status "$1" $cap 0000000000000000; done
	want_status "$1" NoNewPrivs 1
	want_status "$1" Seccomp 2
	want_status "$1" Uid '65534 65534 65534 65534'
	want_status "$1" Gid '65534 65534 65534 65534'
	[[ $(readlink "/proc/$1/root") == */empty ]] || fail "its root is $(readlink "/proc/$1/root")"
	[ -z "$(ls -A "/proc/$1/root/")" ] || fail "its root is not empty"
	grep -qE '^Max core file size +0 +0 ' "/proc/$1/limits" || fail "core files: $(grep core "/proc/$1/limits")"
}
t_session_is_confined_and_holds_no_secret_in_view() {
	local pid p fds
	serve good
	profile lab
	# shellcheck disable=SC2016
	up_in_foreground --debug
	pid=$(session_pid)
	if [ -z "$pid" ]; then fail "no session process"; return; fi
	confined "$pid"
	want_status "$pid" Groups ''
	fds=$(for p in "/proc/$pid/fd"/*; do readlink "$p"; done | sed 's/:\[.*//' | LC_ALL=C sort | uniq -c | awk '{ print $1 " " $2 }' | tr '\n' ',')
	# Log pipe, supervisor, TCP, GRE, TUN, epoll; and of the second thread, where there is a core for it,
	# epoll and eventfd.
	[ "$fds" = "1 /dev/net/tun,2 /dev/null,$([ "$(nproc)" = 1 ] && echo 1 || echo 3) anon_inode,1 pipe,3 socket," ] || fail "descriptors of the session: $fds"
	[ -z "$(tr '\0' ' ' <"/proc/$pid/environ")" ] || fail "the session has an environment"
	for p in $(client_pids); do
		! grep -aq -- "$PASSWORD" "/proc/$p/cmdline" "/proc/$p/environ" || fail "the password is in cmdline or environ of $(cat "/proc/$p/comm")"
	done
	vpdial status lab --json >"$T/shown" 2>&1
	vpdial monitor lab --once >>"$T/shown" 2>&1
	! grep -arq -- "$PASSWORD" "$T/shown" "$T/err" "$T/out" "$R" || fail "the password is shown, logged or in the run directory"
	kill -TERM "$(field .pid)"
	ends_with '5|0' . 8
}
t_pap_password_is_not_in_the_debug_log() {
	serve auth:pap
	profile lab 'allow = pap' 'use-encryption = no'
	up_in_foreground --debug
	grep -qi 'pap' "$T/err" || fail "no PAP in the debug log: no test"
	kill -TERM "$(field .pid)"
	ends_with '5|0' . 8 # looks for the password in the log
}

# --- kill -9

status_is() { [ "$(field .status)" = "$1" ]; }
no_process() { [ -z "$(client_pids)" ]; }
# killed WHO STATUS SCENARIO: WHO (session or supervisor) is killed once the status is reached, which
# the server's scenario holds; afterwards the machine is as before and a new dial works.
killed() {
	local who=$1 status=$2 pid rc
	serve "$3"
	profile lab 'add-default-route = yes' 'use-peer-dns = exclusively'
	call_begin
	within 8 status_is "$status" || fail "status is $(field .status)"
	[ "$status" = connected ] || sleep 0.3
	if [ "$who" = session ]; then pid=$(session_pid); else pid=$(field .pid); fi
	if [[ $pid == [0-9]* ]]; then kill -KILL "$pid"; else fail "no process to kill"; fi
	within 8 has_ended || fail "the program did not end"
	wait "$CALL"
	rc=$?
	if [ "$who" = session ]; then
		[ $rc = 1 ] || fail "status $rc instead of 1"
		grep -q 'killed by signal 9' "$T/err" || fail "does not say so: $(tail -n 2 "$T/err" | tr '\n' '|')"
		all_gone 2
	else
		within 8 no_process || fail "processes left: $(for p in $(client_pids); do cat "/proc/$p/comm"; done | tr '\n' ' ')"
		within 2 is_as_before || fail "not as before: $(snapshot 2>&1 | diff "$T/before" - | tr '\n' '|')"
	fi
	server_done
	serve good
	vpdial connect lab --timeout 10 >"$T/out" 2>"$T/err" </dev/null || fail "a new dial: status $?: $(tail -n 2 "$T/err" | tr '\n' '|')"
	pings || fail "no traffic in the new call"
	hang_up
}
t_session_killed_while_dialing() { killed session dialing silent:start; }
t_session_killed_while_negotiating() { killed session dialing silent:lcp; }
t_session_killed_while_verifying() { killed session 'verifying password...' silent:response; }
t_session_killed_while_connected() { killed session connected good; }
t_supervisor_killed_while_dialing() { killed supervisor dialing silent:start; }
t_supervisor_killed_while_negotiating() { killed supervisor dialing silent:lcp; }
t_supervisor_killed_while_verifying() { killed supervisor 'verifying password...' silent:response; }
t_supervisor_killed_while_connected() { killed supervisor connected good; }
t_both_killed_while_connected() {
	serve good
	profile lab 'add-default-route = yes' 'use-peer-dns = exclusively'
	call_begin
	within 8 is_connected || fail "not connected"
	# shellcheck disable=SC2046
	kill -KILL $(session_pid) $(field .pid)
	within 3 no_process || fail "processes left"
	within 2 is_as_before || fail "not as before: $(snapshot 2>&1 | diff "$T/before" - | tr '\n' '|')"
	wait "$CALL" 2>/dev/null
	vpdial connect lab --timeout 10 >"$T/out" 2>"$T/err" </dev/null || fail "a new dial: status $?: $(tail -n 2 "$T/err" | tr '\n' '|')"
	hang_up
}
# deaf_name_server: takes the questions and says nothing.
deaf_name_server() {
	ip netns exec far python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.88.1.1", 53))
print("bound", flush=True)
time.sleep(60)' >"$T/dns" &
	BUSY=$!
	within 5 grep -qs bound "$T/dns"
	printf 'nameserver 10.88.1.1\noptions timeout:%d\n' "$1" >/etc/resolv.conf
}
t_look_up_without_an_answer_ends_after_30_s() {
	deaf_name_server 30 # each of the two tries that it would make
	snapshot >"$T/before"
	profile lab 'connect-to = vpn.example.test'
	refused 8 'vpn.example.test does not resolve: ' 34
	kill "$BUSY"
	wait "$BUSY" 2>/dev/null
	printf 'nameserver 192.0.2.1\nsearch home.example\n' >/etc/resolv.conf
	snapshot >"$T/before"
}
t_supervisor_killed_while_looking_up_the_name() {
	local pid
	deaf_name_server 20
	snapshot >"$T/before.dns"
	profile lab 'connect-to = vpn.example.test'
	call_begin
	within 5 eval '[ "$(client_pids | wc -l)" -ge 3 ]' || fail "no look-up under way"
	pid=$(field .pid)
	if [[ $pid == [0-9]* ]]; then kill -KILL "$pid"; else fail "no process to kill"; fi
	within 3 no_process || fail "processes left: $(for p in $(client_pids); do cat "/proc/$p/comm"; done | tr '\n' ' ')"
	wait "$CALL" 2>/dev/null
	snapshot 2>&1 | cmp -s - "$T/before.dns" || fail "not as before"
	kill "$BUSY"
	wait "$BUSY" 2>/dev/null
	printf 'nameserver 192.0.2.1\nsearch home.example\n' >/etc/resolv.conf
}

t_directory_of_the_dialer_is_free_while_connected() {
	serve good
	profile lab
	mkdir -p "$T/disk"
	mount -t tmpfs tmpfs "$T/disk"
	(cd "$T/disk" && vpdial connect lab) >"$T/out" 2>"$T/err" </dev/null || fail "connect: $(tail -n 1 "$T/err")"
	pgrep -x vpdial-guard >/dev/null || fail 'no guardian: no test'
	umount "$T/disk" || fail "$(for p in $(client_pids); do echo "$(cat "/proc/$p/comm") in $(readlink "/proc/$p/cwd")"; done | tr '\n' ' ')"
	umount -l "$T/disk" 2>/dev/null
	hang_up
}

# --- programs that hold the control socket

# crowd UID: clients of that user, more than may come, that say nothing.
crowd() {
	python3 -c 'import os, socket, sys, time
held = []
os.setgroups([])
os.setresgid(int(sys.argv[2]), int(sys.argv[2]), int(sys.argv[2]))
os.setresuid(int(sys.argv[2]), int(sys.argv[2]), int(sys.argv[2]))
for i in range(24):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(sys.argv[1])
    held.append(s)
print("crowded", flush=True)
time.sleep(60)' "$R/lab.sock" "$1" >"$T/crowd" &
	CROWD=$!
	within 5 grep -qs crowded "$T/crowd" || fail "no test: no clients"
}
crowd_ends() {
	kill "$CROWD"
	wait "$CROWD" 2>/dev/null
}
t_hang_up_that_nobody_heard_is_not_claimed() {
	local sup pid
	serve good
	profile lab
	up_in_foreground
	sup=$(field .pid)
	crowd 0
	# What it is told reaches it before it says that there is no room.
	kill -STOP "$sup"
	vpdial disconnect lab >"$T/out" 2>&1 &
	pid=$!
	sleep 0.3
	kill -CONT "$sup"
	wait $pid && fail "disconnect succeeds: $(cat "$T/out")"
	grep -q 'no room for another client' "$T/out" || fail "does not say what is wrong: $(cat "$T/out")"
	crowd_ends
	is_connected || fail "not connected any more"
	hang_up
	lane_kill
}
# As members of the group are: other users who may use the socket.
t_clients_of_other_users_leave_room_for_its_own() {
	serve good
	profile lab
	up_in_foreground
	chmod 666 "$R/lab.sock"
	crowd 65534
	is_connected || fail "no status while others hold the socket"
	hang_up
	crowd_ends
	lane_kill
}

lanes_main
