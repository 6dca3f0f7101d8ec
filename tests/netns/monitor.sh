#!/bin/bash
# Tests of `vpdial monitor`: the real program in a terminal (tmux, with a server of its own) against
# calls to our own server mode and to hostile servers.  What changes from run to run is masked.
#
# usage: tests/netns/monitor.sh      (VPDIAL=program, ONLY=pattern of cases, LANES=4, TIMES=1)
set -u
# shellcheck source=tests/netns/stay.bash
. "$(dirname "$(readlink -f "$0")")/stay.bash"
command -v tmux >/dev/null || { echo "skip monitor: not installed: tmux"; exit 0; }

cases() { declare -F | sed -n 's/^declare -f t_//p' | tr _ -; }
run_case() {
	network
	server_begin
	"t_${1//-/_}"
	ip netns exec far nft delete table inet t 2>/dev/null
	mux kill-server 2>/dev/null
	lane_kill
	server_end KILL
}

# --- the terminal

mux() { tmux -S "$T/mux" -f "$T/mux.conf" "$@"; }
# The server hears no GRE: a dial stays at its negotiation.
no_gre() {
	ip netns exec far nft -f - <<<'table inet t { chain c { type filter hook input priority 0; ip protocol gre drop; }; }' || fail 'no nft'
}
# open SIZE [VARIABLE=VALUE]... [-- ARGUMENT...]: the monitor, or another COMMAND, in a terminal of this
# size.
open() {
	local size=$1 variables=''
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		variables="$variables $1"
		shift
	done
	printf 'set -g status off\nset -g default-terminal tmux-256color\nset -g escape-time 0\n' >"$T/mux.conf"
	rm -f "$T/raw"
	LC_ALL=C.UTF-8 mux -u new-session -d -s m -x "${size%x*}" -y "${size#*x}" \
		"sleep 0.3; env LC_ALL=C.UTF-8 TZ=UTC$variables '$VPDIAL' --config '$P' --run-dir '$R' ${COMMAND-monitor} ${*:2}; echo ended=\$?; sleep 5"
	mux pipe-pane -t m -o "cat >'$T/raw'"
	within 5 shown . || fail 'nothing on the screen'
}
# The bottom line of an open monitor has its keys.
ready() { within 5 shown 'q quit' || fail "no line of keys: $(screen | tail -n 2)"; }
screen() { mux capture-pane -p -t m; }
shown() { screen | grep -qE -- "$1"; }
press() { mux send-keys -t m "$@"; }
# sees REGEX [SECONDS]: it appears on the screen.
sees() { within "${2:-5}" shown "$1" || fail "not on the screen: '$1': $(screen | grep . | head -n 30 | tr '\n' '|')"; }
sees_not() { ! shown "$1" || fail "on the screen: '$1'"; }
resize() {
	mux resize-window -t m -x "${1%x*}" -y "${1#*x}"
	sleep 0.4
}
leave() {
	press q
	sees 'ended=0'
}
monitor_pid() {
	local p
	for p in $(client_pids); do tr '\0' ' ' <"/proc/$p/cmdline" | grep -q ' monitor ' && echo "$p"; done
}
mask() {
	sed -E 's/(uptime|idle-time): [0-9smhd]+ */\1: TIME /; s/echo-time: .*/echo-time: ECHO/
		s/[0-9.]+ [kMGT]?(bit|B)\/s/RATE/g; s/RATE +(sent|out)/RATE  \1/; s/ +$//'
}
# like FIRST LAST: these lines of the screen are those of standard input, masked.
like() {
	screen | sed -n "$1,$2p" | mask >"$T/screen"
	cat >"$T/want"
	cmp -s "$T/screen" "$T/want" || fail "another screen: $(diff "$T/want" "$T/screen" | tr '\n' '|')"
}
keys_80=' c connect  d disconnect  r redial  l log  u units  j/k select  ? help  q quit'

# up: a PPTP call that has answered a keep-alive.
up() {
	profile pptp
	connect
	within 8 has_echo || fail 'no keep-alive was answered'
}
has_echo() { [ "$(field .echo_ms)" != null ]; }
traffic() { ping -q -i 0.01 -s 1000 -c "$1" "$INNER" >/dev/null 2>&1; }

# --- screens

t_80x24_shows_fields_graph_and_events() {
	up
	open 80x24
	sees 'echo-time: [0-9]'
	like 1 10 <<-'END'
		 vpdial  lab                                                          connected
		    status: connected                   server: 203.0.113.1
		    uptime: TIME user: john
		 idle-time: TIME local-address: 10.99.0.100
		  encoding: MPPE128 stateless   remote-address: 10.99.0.1
		       mtu: 1456                           dns: -
		       mru: 1460                        routes: 10.99.7.0/24
		     state: up                        protocol: pptp, mschap2
		 interface: pptp-out1                echo-time: ECHO
		 received RATE  sent RATE
	END
	like 24 24 <<<"$keys_80"
	sees '^ +1k│ .* 1k│'
	sees '^ dial  in all [0-9]+ ms: '
	sees '^── events ─'
	sees '^ [0-9:]{8}  up: traffic can flow$'
	sees '^ [0-9]+ packets, .*B +[0-9]+ packets, '
	leave
	end_call
}
t_40x10_shows_the_six_fields_and_all_keys() {
	up
	open 40x10
	sees 'mru: 1460'
	like 1 10 <<-'END'
		 vpdial  lab                  connected
		        status: connected
		        uptime: TIME
		     idle-time: TIME
		      encoding: MPPE128 stateless
		           mtu: 1456
		           mru: 1460
		 in RATE  out RATE
		c connect  d disconnect  r redial  l log
		u units  j/k select  ? help  q quit
	END
	leave
	end_call
}
t_200x60_has_room_for_everything() {
	up
	open 200x60
	sees 'echo-time: [0-9]+ ms, avg [0-9]+, min [0-9]+, jitter [0-9]+$'
	like 60 60 <<<"$keys_80"
	sees '^ [0-9:]{8}  connected: local address 10.99.0.100, remote address 10.99.0.1 on pptp-out1$'
	sees '^ [0-9:]{8}  resolving: looking up the server$'
	[ "$(screen | grep -c '│.*│')" -ge 10 ] || fail 'the graph did not grow with the screen'
	leave
	end_call
}
t_resized_while_data_flows() {
	local size
	up
	open 80x24
	ready
	traffic 1500 &
	local flow=$!
	sees 'received [0-9.]+ [kM]bit/s' 6
	sees '[▁▂▃▄▅▆▇█]' 6
	for size in 40x10 200x60 60x16 25x6 120x40 20x4 80x24; do
		resize $size
		[ "$(screen | wc -l)" -le "${size#*x}" ] || fail "$size: too many lines"
		screen | sed -n 1p | grep -q vpdial || fail "$size: no title: $(screen | head -n 1)"
		[ "${size%x*}" -lt 40 ] || sees 'q quit'
	done
	like 24 24 <<<"$keys_80"
	sees '[▁▂▃▄▅▆▇█]'
	wait $flow || fail 'the flow was disturbed'
	leave
	end_call
}
t_vt100_has_no_colours_and_c_locale_no_utf8() {
	up
	open 80x24 TERM=vt100 LC_ALL=C
	ready
	traffic 300
	sees '^ +[0-9]+k?\|.*[.:#]' 5
	sees '^-- events ---'
	! screen | LC_ALL=C grep -qP '[^\x00-\x7f]' || fail 'not ASCII'
	! LC_ALL=C grep -aqP '\x1b\[[0-9;]*[34][0-9]m' "$T/raw" || fail 'colours on a terminal that has none'
	leave
	end_call
}
t_no_colours_where_the_user_wants_none() {
	up
	open 80x24 TERM=linux NO_COLOR=1
	ready
	sees 'status: connected'
	! LC_ALL=C grep -aqP '\x1b\[[0-9;]*[34][0-9]m' "$T/raw" || fail 'colours in spite of NO_COLOR'
	leave
	end_call
}
t_eight_colours_are_enough() {
	up
	open 80x24 TERM=linux
	ready
	sees 'status: connected'
	LC_ALL=C grep -aqP '\x1b\[[0-9;]*32' "$T/raw" || fail 'no colours'
	! LC_ALL=C grep -aqP '\x1b\[[0-9;]*(38;5|38;2|9[0-7]m)' "$T/raw" || fail 'more than eight colours'
	leave
	end_call
}
t_terminal_that_cannot_place_text_is_refused() {
	profile pptp
	open 80x24 TERM=dumb
	sees 'cannot show the monitor; use --once'
	sees 'ended=2'
}

# --- keys

t_keys_connect_redial_and_disconnect() {
	profile pptp
	open 80x24
	sees 'status: terminated'
	press c
	sees 'status: connected' 10
	press c
	sees 'it runs already; r dials again'
	press r
	within 10 is_call 2 || fail "not dialed again: call $(calls)"
	vpdial log lab | grep -q 'told by the user: dialing again' || fail 'the redial is no event'
	sees 'status: connected' 5
	press d
	sees 'status: terminated' 5
	sees 'ended: hung up on request'
	leave
	all_gone 3
}
t_keys_units_log_and_help() {
	up
	open 80x24
	sees 'received [0-9.]+ k?bit/s'
	press u
	sees 'received [0-9.]+ k?B/s'
	press '?'
	sees 'bits or bytes a second'
	sees_not 'remote-address'
	press '?'
	sees 'remote-address'
	press l
	sees 'resolving: looking up the server'
	sees_not 'remote-address'
	press l
	sees 'remote-address'
	leave
	end_call
}
t_several_profiles_are_a_list_with_one_selected() {
	profile pptp
	cp "$P/lab.conf" "$P/home.conf"
	sed 's/203.0.113.1/203.0.113.77/' "$P/lab.conf" >"$P/zoo.conf"
	chmod 600 "$P"/*.conf
	connect
	open 80x24
	like 1 5 <<-'END'
		 vpdial  home  1/3                                                   terminated
		> home                   terminated
		  lab                    connected    in RATE, out RATE
		  zoo                    terminated
		    status: terminated                  server: 203.0.113.1
	END
	press j
	sees '^> lab'
	sees 'local-address: 10.99.0.100'
	press Down
	sees 'server: 203.0.113.77'
	press k
	sees '^> lab'
	rm "$P/zoo.conf"
	within 5 gone_from_list || fail 'a removed profile stays'
	sees '^> lab'
	leave
	end_call
}
gone_from_list() { ! shown '^  zoo'; }
t_dial_that_fails_says_why() {
	server_end
	profile pptp 'redial = no'
	open 80x24
	ready
	press c
	sees 'nothing listens on TCP port 1723 of the server' 8
	sees 'status: terminated'
	resize 40x10
	sees 'nothing listens on TCP port 1723'
	leave
	all_gone 3
}
t_monitor_shows_what_ended_before_it() {
	server_end
	profile pptp 'redial = no'
	vpdial connect lab >"$T/out" 2>"$T/err" && fail 'connected without a server'
	open 80x24
	sees 'nothing listens on TCP port 1723 of the server'
	sees 'status: terminated'
	press l
	sees 'resolving: looking up the server'
	press l
	leave
	all_gone 3
}
t_dial_shows_its_phases_with_their_times() {
	no_gre
	profile pptp 'redial = no'
	open 80x24
	ready
	press c
	sees 'status: dialing' 5
	sees '^ dial  in all .*negotiating [0-9]+ ms' 5
	press d
	sees 'status: terminated' 15
	leave
	all_gone 3
}
t_password_is_asked_for_outside_the_screen() {
	profile pptp
	sed -i '/^password/d' "$P/lab.conf"
	open 80x24
	ready
	press c
	sees '^Password for john at 203.0.113.1:'
	sees_not 'q quit'
	press "$PASSWORD" Enter
	sees 'status: connected' 10
	like 24 24 <<<"$keys_80"
	! grep -aq "$PASSWORD" "$T/raw" || fail 'the password was shown'
	press d
	sees 'status: terminated' 5
	leave
	all_gone 3
}
t_control_c_at_the_password_comes_back() {
	profile pptp
	sed -i '/^password/d' "$P/lab.conf"
	open 80x24
	ready
	press c
	sees '^Password for'
	press C-c
	sees 'q quit'
	leave
	all_gone 3
}
t_control_z_at_the_password_changes_nothing() {
	profile pptp
	sed -i '/^password/d' "$P/lab.conf"
	open 80x24
	ready
	press c
	sees '^Password for'
	press C-z
	sleep 0.5
	press "$PASSWORD" Enter
	sees 'status: connected' 10
	! grep -aq "$PASSWORD" "$T/raw" || fail 'the password was shown'
	press d
	sees 'status: terminated' 5
	leave
	all_gone 3
}
t_control_z_gives_the_terminal_to_the_shell_and_back() {
	profile pptp
	open 80x24
	press C-c
	sees 'ended=0'
	mux respawn-pane -k -t m "env PS1='shell> ' bash --norc --noprofile -i"
	sees '^shell>'
	press "LC_ALL=C.UTF-8 '$VPDIAL' --config '$P' --run-dir '$R' monitor" Enter
	ready
	press C-z
	sees 'Stopped'
	press 'echo still-$((40+2))' Enter
	sees '^still-42'
	mux resize-window -t m -x 100 -y 20
	press fg Enter
	ready
	press u
	sees 'received 0 B/s'
	press q
	sees '^shell>'
}
# Where there is no shell to continue it, as under `ssh -t`.
t_control_z_without_a_shell_does_not_stop_it() {
	profile pptp
	open 80x24
	press C-c
	sees 'ended=0'
	mux respawn-pane -k -t m "LC_ALL=C.UTF-8 python3 -c 'import pty, sys; pty.spawn(sys.argv[1:])' '$VPDIAL' --config '$P' --run-dir '$R' monitor"
	sees 'received 0 bit/s'
	press C-z
	sleep 0.3
	press u
	sees 'received 0 B/s'
	press q
}
t_call_outlives_the_monitor() {
	profile pptp
	open 80x24
	ready
	press c
	sees 'status: connected' 10
	leave
	inner_ping || fail 'the call ended with the monitor'
	end_call
}

# --- what goes wrong

t_supervisor_killed_is_told_and_undone_by_a_key() {
	up
	open 80x24
	sees 'status: connected'
	kill -KILL "$(field .pid)"
	sees 'the supervisor ended unexpectedly; press d to undo'
	sees 'status: terminated'
	like 24 24 <<<"$keys_80"
	press d
	sees 'what an unclean end had left was undone' 8
	leave
	all_gone 3
}
t_profile_and_leftovers_that_change_are_shown_anew() {
	profile pptp
	printf 'change' >"$R/lab.lockdown"
	open 80x24
	sees 'the lockdown holds until: vpdial disconnect lab'
	sees 'server: 203.0.113.1$'
	rm "$R/lab.lockdown"
	sed -i 's/203.0.113.1/203.0.113.77/' "$P/lab.conf"
	sees 'server: 203.0.113.77'
	sees_not 'the lockdown holds'
	leave
}
t_dead_socket_without_profile_is_no_connection() {
	profile pptp
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).bind(sys.argv[1])' "$R/gone.sock"
	open 80x24
	sees '^ vpdial  lab  '
	sees_not 'gone'
	leave
	rm "$R/gone.sock"
}
t_supervisor_that_hangs_is_told() {
	local pid
	up
	open 80x24
	sees 'status: connected'
	pid=$(field .pid)
	kill -STOP "$pid"
	sees "the supervisor \\(process $pid\\) does not answer" 9
	press u
	sees 'B/s'
	kill -CONT "$pid"
	sees 'traffic can flow' 5
	leave
	end_call
}
t_no_profiles() {
	open 80x24
	sees 'No profiles in .*\. Write one as vpdial.conf\(5\) says\.'
	leave
}
t_unknown_profile_is_an_error() {
	profile pptp
	open 80x24 -- lap
	sees 'no profile lap in .*, did you mean lab'
	sees 'ended=2'
}
t_socket_of_another_user_is_told() {
	up
	chmod 755 "$P"
	LC_ALL=C.UTF-8 mux -u kill-server 2>/dev/null
	VPDIAL="setpriv' --reuid 65534 --regid 65534 --clear-groups '$VPDIAL" open 80x24
	sees 'status: unknown'
	sees 'its control socket is not open to you; run vpdial as its user, or join the'
	chmod 700 "$R"
	sleep 1
	sees 'status: unknown'
	chmod 755 "$R"
	leave
	end_call
}
t_hostile_texts_do_not_reach_the_terminal() {
	server_end
	serve nasty hang-up
	lane_profile
	open 80x24
	ready
	press c
	sees 'hung up: "' 15
	press l
	sees 'ended: the server hung up:'
	screen >"$T/shown"
	clean "$T/shown"
	! LC_ALL=C grep -aqP '\x1b\[31mRED|\x1b\]|\x9b' "$T/raw" || fail 'an escape of the peer reached the terminal'
	shown 'RED' || fail "the peer's texts are not shown at all: no test"
	vpdial log lab >"$T/shown" 2>&1
	leave
	server_done
}
lane_profile() {
	printf '[connection]\ntype = pptp\nconnect-to = 10.88.1.1\nuser = alice\npassword = "Netns-Pass1"\nuse-encryption = require\nallow = mschap2\nredial = no\n' >"$P/lab.conf"
	chmod 600 "$P/lab.conf"
}

# --- the progress of connect

t_connect_on_a_terminal_is_one_line() {
	profile pptp
	COMMAND=connect open 60x10 -- lab
	sees 'ended=0' 8
	screen | grep . >"$T/shown"
	printf 'connected\nended=0\n' | cmp -s - "$T/shown" || fail "not one line: $(tr '\n' '|' <"$T/shown")"
	end_call
	connect
	printf 'dialing\nverifying password...\nconnected\n' | cmp -s - "$T/out" || fail "piped: $(tr '\n' '|' <"$T/out")"
	end_call
}
t_connect_counts_time_and_attempts_in_its_line() {
	no_gre
	profile pptp
	COMMAND=connect open 60x10 -- lab --timeout 5
	sees '^dialing [2-4]s \(negotiating\)$' 8
	[ "$(screen | grep -c dialing)" = 1 ] || fail 'more than one line'
	sees 'not connected after 5 seconds' 15
	all_gone 5
	ip netns exec far nft delete table inet t
	mux kill-server
	server_end
	COMMAND=connect open 60x10 -- lab --redial --timeout 9
	sees '^dialing [0-9]+s \((waiting|resolving|connecting)' 8
	within 8 attempts || fail 'the attempts are not counted'
	sees 'ended=8' 20
	all_gone 5
}
attempts() { LC_ALL=C grep -aq 'attempt [2-9]' "$T/raw"; }

# --- without a screen

t_piped_or_once_prints_the_fields_of_status() {
	up
	vpdial monitor lab | sed 's/: .*//' >"$T/piped"
	vpdial monitor lab --once </dev/null | sed 's/: .*//' >"$T/once"
	vpdial status lab | sed 's/: .*//' >"$T/status"
	cmp -s "$T/piped" "$T/status" || fail "piped: $(diff "$T/status" "$T/piped" | tr '\n' '|')"
	cmp -s "$T/once" "$T/status" || fail "once: $(diff "$T/status" "$T/once" | tr '\n' '|')"
	grep -q idle-time "$T/status" || fail 'no fields'
	open 80x24 -- lab --once
	sees 'idle-time: '
	sees 'ended=0'
	end_call
}
t_log_prints_the_last_events() {
	up
	vpdial log lab >"$T/out" 2>"$T/err" || fail "log: $(cat "$T/err")"
	grep -qE '^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:.]{12}  resolving: looking up the server$' "$T/out" || fail "no first step: $(head -n 2 "$T/out")"
	grep -q 'connected: local address 10.99.0.100' "$T/out" || fail 'no last step'
	[ "$(wc -l <"$T/out")" -le 64 ] || fail 'more than are kept'
	end_call
	vpdial log lab >"$T/out" 2>"$T/err" || fail "log of what is over: $(cat "$T/err")"
	grep -q 'connected: local address 10.99.0.100' "$T/out" || fail 'the events are gone with the call'
	grep -q 'lab is not running: hung up on request' "$T/err" || fail "does not say so: $(cat "$T/err")"
	rm "$R/lab.last"
	vpdial log lab >"$T/out" 2>"$T/err"
	[ $? = 16 ] || fail 'status of a log that is not there'
}
t_costs_less_than_a_hundredth_of_a_core() {
	local pid before after
	up
	open 80x24
	ready
	pid=$(monitor_pid)
	before=$(cpu "$pid")
	traffic 1000
	sleep 10
	after=$(cpu "$pid")
	# hundredths of a second, over 20 s or more
	[ $((after - before)) -le 20 ] || fail "$((after - before)) ticks in 20 s"
	leave
	end_call
}
cpu() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }

lanes_main
