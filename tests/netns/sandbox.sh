#!/bin/bash
# Tests of what a session can do that an attacker has taken over: requests out of turn or with false
# values, floods, crashes (tests/unit/attacker.c stands in for vpdial-session).  The supervisor must
# end it, say why in one sentence and leave nothing.  The forbidden system calls are tried one by one
# in tests/unit/test_sandbox.c.  And what is to be seen of confinement and secrets in a real call.
#
# usage: tests/netns/sandbox.sh      (VPDIAL=program, ONLY=pattern of cases, LANES=3, TIMES=1)
set -u
: "${LANES:=3}"
# shellcheck source=tests/netns/lane.bash
. "$(dirname "$(readlink -f "$0")")/lane.bash"
ATTACKER=$(dirname "$VPDIAL")/test/attacker/vpdial-session

BROKEN='sent a request that is not permitted'
# NAME | WHEN | SENTENCE (regular expression) | STATUS
attacks() {
	local when what
	# Requests that the table has for no one, for the other side, or not in this phase.
	for when in spawned ready call; do
		for what in start applied hangup get_stats none type_77 type_max short long huge no_body two_octets \
			one_descriptor descriptors state_unterminated proved datagram; do
			echo "$what | $when | $BROKEN | 1"
		done
	done
	echo "ready_twice | ready | $BROKEN | 1"
	echo "ready_twice | call | $BROKEN | 1"
	for what in state network stats call; do echo "$what | spawned | $BROKEN | 1"; done
	# Values that are no text, no state, no number of anything.
	for what in state_999 state_max state_escape state_c1 stats_unterminated stats_escape network_unterminated \
		routes_count routes_count_65 routes_unterminated ended_code ended_unterminated ended_escape; do
		echo "$what | call | $BROKEN | 1"
	done
	# Networks that attack this machine: refused by value.
	for what in loopback zero multicast broadcast; do echo "network_$what | call | no host can have | 10"; done
	echo 'network_server | call | its own address | 10'
	for what in loopback multicast; do echo "network_remote_$what | call | no host can have | 10"; done
	for what in 0 67 65535; do echo "network_mtu_$what | call | out of range | 10"; done
	# Floods, crashes, silence.
	# (It may say that it is up: "connect" is content, what it asked for is undone at its end.)
	echo 'network_flood | call | - | 0|1'
	echo 'state_flood | call | flooded | 16'
	echo 'log_flood | call | forged | 16'
	echo 'log_endless_line | call | after it | 16'
	for when in spawned ready call; do
		echo "exit | $when | ended unexpectedly | 1"
		echo "crash | $when | killed by signal 11 | 1"
		echo "syscall | $when | forbidden system call | 1"
	done
	echo 'hang | spawned | forbidden system call | 1'
}
cases() {
	attacks | awk -F ' *[|] *' '{ print $1 "-" $2 }' | tr _ -
	declare -F | sed -n 's/^declare -f t_//p' | tr _ -
}

run_case() {
	local row what when text status lines
	row=$(attacks | awk -F ' *[|] *' -v n="$1" '{ name = $1 "-" $2; gsub("_", "-", name) } name == n')
	if [ -z "$row" ]; then
		"t_${1//-/_}"
		return
	fi
	[ -x "$ATTACKER" ] || { skip "make attacker"; return; }
	what=${row%% |*}
	when=$(cut -d '|' -f 2 <<<"$row" | tr -d ' ')
	text=$(sed 's/^[^|]*|[^|]*| //; s/ | [0-9|]*$//' <<<"$row")
	status=${row##* | }
	rm -rf "${T:?}/bin"
	mkdir "$T/bin"
	cp "$VPDIAL" "$T/bin/vpdial"
	cp "$ATTACKER" "$T/bin/"
	echo "$when $what" >"$R/attack"
	serve good
	profile lab
	snapshot >"$T/snapshot"
	"$T/bin/vpdial" --config "$P" --run-dir "$R" connect lab --timeout 4 >"$T/out" 2>"$T/err" </dev/null
	rc=$?
	rm -f "$R/attack"
	[[ "|$status|" == *"|$rc|"* ]] || fail "status $rc instead of $status: $(tail -n 2 "$T/err" | tr '\n' '|')"
	[ "$text" = - ] || grep -qE -- "$text" "$T/err" || fail "does not say '$text': $(tr '\n' '|' <"$T/err" | cut -c 1-300)"
	lines=$(wc -l <"$T/err")
	[ "$lines" -le 4 ] || { [ $what = log_flood ] && [ "$lines" -le 45 ]; } || fail "$lines lines on stderr"
	clean "$T/out" "$T/err"
	all_gone 12
}

# --- a real call: rights and secrets

status_of() { sed -n "s/^$2:[ \t]*//p" "/proc/$1/status" | tr '\t' ' '; }
# occurrences PID TEXT: how often TEXT stands in its memory, in octets as they are and as UTF-16.
occurrences() {
	python3 - "$1" "$2" <<-'END'
		import re, sys
		pid, text = sys.argv[1], sys.argv[2]
		found = 0
		with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as mem:
		    for line in maps:
		        m = re.match(r"([0-9a-f]+)-([0-9a-f]+) r", line)
		        if not m or "[v" in line:
		            continue
		        start, end = (int(x, 16) for x in m.groups())
		        try:
		            mem.seek(start)
		            octets = mem.read(end - start)
		        except OSError:
		            continue
		        found += octets.count(text.encode()) + octets.count(text.encode("utf-16-le"))
		print(found)
	END
}
t_session_has_no_right_left() {
	local pid cap limit task
	serve good
	profile lab
	up_in_foreground
	pid=$(session_pid)
	[ -n "$pid" ] || { fail "no session process"; return; }
	for cap in CapInh CapPrm CapEff CapBnd CapAmb; do
		[ "$(status_of "$pid" $cap)" = 0000000000000000 ] || fail "$cap is $(status_of "$pid" $cap)"
	done
	while read -r limit; do
		grep -qE "^$limit" "/proc/$pid/limits" || fail "not so: $limit: $(grep -E "^${limit%% +*}" "/proc/$pid/limits")"
	done <<-'END'
		Max core file size +0 +0
		Max data size +67108864 +67108864
		Max open files +16 +16
		Max file size +0 +0
		Max processes +0 +0
	END
	# Each thread by itself: rights and the filter belong to threads, not to processes.
	[ "$(nproc)" = 1 ] || [ "$(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 | wc -l)" = 2 ] || fail "the session has not its two threads"
	for task in "/proc/$pid"/task/*; do
		for cap in CapInh CapPrm CapEff CapBnd CapAmb; do
			grep -qE "^$cap:.0+$" "$task/status" || fail "thread ${task##*/}: $(grep "^$cap" "$task/status")"
		done
		for cap in 'NoNewPrivs:.1' 'Seccomp:.2' 'Seccomp_filters:.1'; do
			grep -qE "^$cap$" "$task/status" || fail "thread ${task##*/} has not $cap"
		done
		[ "$(readlink "$task/root")" = "$(readlink "/proc/$pid/root")" ] || fail "thread ${task##*/} has another root"
	done
	# Not dumpable: its files in /proc are root's although it is nobody.
	[ "$(stat -c %u "/proc/$pid/mem")" = 0 ] || fail "the session is dumpable"
	kill -TERM "$(field .pid)"
	ends_with '5|0' . 8
}
# net_admin, net_raw, kill, setuid, setgid, dac_override, fowner, chown; what scripts get is another matter.
t_supervisor_works_with_the_capabilities_it_needs_and_no_others() {
	local sup
	serve good
	profile lab
	up_in_foreground
	sup=$(field .pid)
	[ "$(status_of "$sup" CapEff)" = 00000000000030eb ] || fail "CapEff of the supervisor is $(status_of "$sup" CapEff)"
	[ "$(stat -c %u "/proc/$sup/mem")" = 0 ] || fail "the supervisor's memory is not root's"
	kill -TERM "$sup"
	ends_with '5|0' . 8
}
# By design there is one copy in each: the supervisor needs it for the next dial, the session for the
# next challenge of the server.
t_password_in_memory_is_where_it_must_be_and_nowhere_else() {
	local pid sup how other
	for how in background foreground; do
		serve good
		profile lab
		if [ $how = foreground ]; then
			up_in_foreground
		else
			vpdial connect lab >"$T/out" 2>"$T/err" </dev/null || fail "connect: $(tail -n 1 "$T/err")"
		fi
		pid=$(session_pid)
		sup=$(field .pid)
		# The scan finds what is there: the user's name.
		[ "$(occurrences "$pid" $USER_NAME)" -gt 0 ] && [ "$(occurrences "$sup" $USER_NAME)" -gt 0 ] || fail "the scan finds nothing: no test"
		echo "session $(occurrences "$pid" "$PASSWORD") supervisor $(occurrences "$sup" "$PASSWORD")" >"$T/found"
		[ "$(cat "$T/found")" = 'session 1 supervisor 1' ] || fail "$how: copies of the password: $(cat "$T/found")"
		# The guardian is a fork of the supervisor.
		other=$(client_pids | grep -vx -e "$pid" -e "$sup")
		[ "$(cat "/proc/$other/comm")" = vpdial-guard ] || fail "no guardian: no test"
		[ "$(occurrences "$other" "$PASSWORD")" = 0 ] || fail "$how: the guardian has the password"
		if [ $how = foreground ]; then
			kill -TERM "$sup"
			ends_with '5|0' . 8
		else
			hang_up
			server_done
		fi
	done
}
# A session of the server asks for accounts; how often, it is not the one to count.
t_session_of_a_server_learns_four_passwords_at_most() {
	local i serving
	[ -x "$ATTACKER" ] || { skip "make attacker"; return; }
	rm -rf "${T:?}/bin"
	mkdir "$T/bin"
	cp "$VPDIAL" "$T/bin/vpdial"
	cp "$ATTACKER" "$T/bin/"
	{
		printf '[pptp-server]\nenabled = yes\nlisten = 10.88.1.2\n'
		for ((i = 0; i < 20; i++)); do
			printf '[secret user%s]\npassword = "secret%s"\nlocal-address = 10.99.0.1\nremote-address = 10.99.0.%s\n' $i $i $((i + 10))
		done
	} >"$P/server.conf"
	chmod 600 "$P/server.conf"
	echo 'call accounts' >"$R/attack"
	"$T/bin/vpdial" --config "$P" --run-dir "$R" serve >"$T/out" 2>&1 </dev/null &
	serving=$!
	within 5 grep -q enabled "$T/out" || fail "the server does not start: $(tail -n 1 "$T/out")"
	ip netns exec far python3 -c 'import socket; socket.create_connection(("10.88.1.2", 1723)).recv(1)'
	kill -TERM $serving
	wait $serving
	rm -f "$R/attack"
	grep -q 'has user0$' "$T/out" || fail "no test: $(tail -n 3 "$T/out" | tr '\n' '|')"
	[ "$(grep -c 'has user' "$T/out")" -le 4 ] || fail "it has the passwords of $(grep -c 'has user' "$T/out") users"
	all_gone 5
}
# attacked_server ATTACK: a server whose reader does that; its log is in $T/out.
attacked_server() {
	[ -x "$ATTACKER" ] || { skip "make attacker"; return 1; }
	rm -rf "${T:?}/bin"
	mkdir "$T/bin"
	cp "$VPDIAL" "$T/bin/vpdial"
	cp "$ATTACKER" "$T/bin/"
	printf '[l2tp-server]\nenabled = yes\nlisten = 10.88.1.2\n[secret ex]\npassword = "secret"\nlocal-address = 10.99.0.1\nremote-address = 10.99.0.10\n' >"$P/server.conf"
	chmod 600 "$P/server.conf"
	echo "read $1" >"$R/attack"
	"$T/bin/vpdial" --config "$P" --run-dir "$R" serve >"$T/out" 2>&1 </dev/null &
	serving=$!
	within 5 grep -q enabled "$T/out" || fail "the server does not start: $(tail -n 1 "$T/out")"
}
sessions_of() { tr ' ' '\n' <"/proc/$1/task/$1/children" | sed '/^$/d' | while read -r p; do tr '\0' '\n' <"/proc/$p/cmdline" | grep -qx reader || cat "/proc/$p/comm"; done 2>/dev/null | grep -cx vpdial-session; }
t_reader_that_was_taken_over_is_judged() {
	local what text
	for what in listener listener_max family multicast port_0 own ids two_ids host_len; do
		attacked_server proved_$what || return
		within 5 grep -q 'the reader asked for what cannot be' "$T/out" || fail "$what: $(tail -n 1 "$T/out")"
		[ "$(sessions_of $serving)" = 0 ] || fail "$what: it got a session"
		kill -TERM $serving
		wait $serving
	done
	for what in datagram_len:'asked for what cannot be' network:'sent a request that is not permitted' call:'sent a request that is not permitted' \
		syscall:'the reader tried a forbidden system call' crash:'the reader process was killed by signal 11'; do
		text=${what#*:}
		attacked_server "${what%%:*}" || return
		within 5 grep -q "$text" "$T/out" || fail "${what%%:*}: $(tail -n 1 "$T/out")"
		kill -TERM $serving
		wait $serving
	done
	all_gone 5
}
t_reader_that_was_taken_over_gets_no_call_beyond_policy() {
	local most=0 n i
	attacked_server proved_flood || return
	for ((i = 0; i < 20; i++)); do
		n=$(sessions_of $serving)
		[ "$n" -le $most ] || most=$n
		sleep 0.2
	done
	# Of one source 16; each is confined, and ends for want of a call.
	[ $most -ge 1 ] && [ $most -le 16 ] || fail "$most sessions at once: $(tail -n 2 "$T/out")"
	kill -TERM $serving
	wait $serving
	all_gone 12
}
t_reader_has_no_right_left() {
	local pid cap
	rm -f "$R/attack"
	printf '[l2tp-server]\nenabled = yes\nlisten = 10.88.1.2\ntunnel-secret = "x"\n[secret ex]\npassword = "Hidden-Pass9"\nlocal-address = 10.99.0.1\nremote-address = 10.99.0.10\n' >"$P/server.conf"
	chmod 600 "$P/server.conf"
	"$VPDIAL" --config "$P" --run-dir "$R" serve >"$T/out" 2>&1 </dev/null &
	serving=$!
	within 5 grep -q enabled "$T/out" || fail "the server does not start: $(tail -n 1 "$T/out")"
	sleep 0.5
	pid=$(cut -d ' ' -f 1 "/proc/$serving/task/$serving/children")
	for cap in CapInh CapPrm CapEff CapBnd CapAmb; do
		[ "$(status_of "$pid" $cap)" = 0000000000000000 ] || fail "$cap is $(status_of "$pid" $cap)"
	done
	[ "$(status_of "$pid" Seccomp)" = 2 ] && [ "$(status_of "$pid" NoNewPrivs)" = 1 ] || fail "it is not confined"
	[ "$(status_of "$pid" Uid | cut -d ' ' -f 1)" = 65534 ] || fail "its user is $(status_of "$pid" Uid)"
	[ "$(status_of "$pid" Threads)" = 1 ] || fail "it has $(status_of "$pid" Threads) threads"
	# Streams, the server's socket, the listener, its loop.
	[ "$(find "/proc/$pid/fd" -mindepth 1 | wc -l)" = 6 ] || fail "descriptors: $(ls -l "/proc/$pid/fd")"
	[ "$(occurrences "$pid" Hidden-Pass9)" = 0 ] || fail "it has a caller's password"
	kill -TERM $serving
	wait $serving
	all_gone 5
}
# The look-up parses what comes from the network: of its parent's descriptors it has the three standard
# ones and the pipe for its answer.  (The journal is among the others: what stands there root acts on.)
lookup_pid() {
	local p
	for p in $(client_pids); do
		[ "$(cat "/proc/$p/comm")" = vpdial-session ] || [ "$(status_of "$p" Uid | cut -d ' ' -f 1)" != 65534 ] || echo "$p"
	done
}
lookup_asks() { [ -n "$(lookup_pid)" ] && grep -q ':0035 ' "/proc/$(lookup_pid)/net/udp"; }
t_name_lookup_has_no_descriptor_of_its_parent() {
	local pid fd list=''
	# Nobody has this address: it waits for an answer.
	printf 'nameserver 10.88.1.77\n' >/etc/resolv.conf
	profile lab 'connect-to = vpn.example'
	snapshot >"$T/before"
	call_begin
	within 5 lookup_asks || fail 'no look-up runs: no test'
	pid=$(lookup_pid)
	for fd in "/proc/$pid/fd"/*; do
		case ${fd##*/}:$(readlink "$fd") in
		[012]:/dev/null | *:socket:*) ;;
		*) list="$list ${fd##*/}:$(readlink "$fd")" ;;
		esac
	done
	[ "$(wc -w <<<"$list")" = 1 ] && grep -q 'pipe:' <<<"$list" || fail "it holds:$list"
	[ "$(find "/proc/$pid/fd" -lname 'socket:*' | wc -l)" -le 2 ] || fail "it holds $(find "/proc/$pid/fd" -lname 'socket:*' | wc -l) sockets"
	kill -TERM "$CALL"
	wait "$CALL"
}
lanes_main "$@"
