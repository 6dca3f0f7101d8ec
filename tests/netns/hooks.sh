#!/bin/bash
# Tests of the scripts that run when a connection comes up and goes down (vpdial-dispatcher(8)): our
# client against our server, scripts that write down what they see.
#
# usage: tests/netns/hooks.sh      (VPDIAL=program, ONLY=pattern of cases, LANES=4, TIMES=1)
set -u
# shellcheck source=tests/netns/lane.bash
. "$(dirname "$(readlink -f "$0")")/lane.bash"
top=$(cd "$netns_dir/../.." && pwd)

cases() { declare -F | sed -n 's/^declare -f t_//p' | tr _ -; }
run_case() {
	rm -rf /etc/NetworkManager "${T:?}"/{seen,scripts,srv}
	mkdir -p "$T/seen" "$T/srv/conf" "$T/srv/run"
	"t_${1//-/_}"
}

# our_server [LINE...]: the server mode in far; LINES go to the PPP profile of the callers.
our_server() {
	local type line
	{
		for type in pptp l2tp; do
			printf '[%s-server]\nenabled = yes\nlisten = %s\ndefault-profile = test\n' $type "$SERVER"
		done
		printf '[secret %s]\nname = %s\npassword = "%s"\nlocal-address = 10.99.0.1\nremote-address = 10.99.0.100\n' "$USER_NAME" "$USER_NAME" "$PASSWORD"
	} >"$T/srv/conf/server.conf"
	{
		printf '[test]\n'
		for line; do printf '%s\n' "$line"; done
	} >"$T/srv/conf/ppp-profiles.conf"
	chmod 600 "$T/srv/conf/server.conf"
	ip netns exec far "$VPDIAL" --config "$T/srv/conf" --run-dir "$T/srv/run" serve >"$T/srv/log" 2>&1 </dev/null &
	BUSY=$!
	within 5 grep -q 'l2tp-server enabled' "$T/srv/log" || fail "the server does not start: $(tail -n 1 "$T/srv/log")"
}
# script PATH BODY: under $P/dispatcher.d unless PATH is a whole one; $S is where to write.
script() {
	local path=$1
	[[ $path == /* ]] || path=$P/dispatcher.d/$path
	mkdir -p "$(dirname "$path")"
	printf '#!/bin/sh\nS=%s\n%s\n' "$T/seen" "$2" >"$path"
	chmod 755 "$path"
}
# shellcheck disable=SC2016  # for the script
RECORD='echo "$(basename "$0") $1 $2" >>$S/order; env | LC_ALL=C sort >$S/$2'
record_all() {
	local place
	for place in 50-all pre-up.d/50-all pre-down.d/50-all; do script $place "$RECORD"; done
}
dial() { vpdial connect lab "$@" >"$T/out" 2>"$T/err" </dev/null || fail "connect: status $?: $(tail -n 1 "$T/err")"; }
order() { tr '\n' ';' <"$T/seen/order" 2>/dev/null; }
want_order() { [ "$(order)" = "$1" ] || fail "scripts ran so: $(order)"; }
has_order() { [ "$(order)" = "$1" ]; }
seen_var() { sed -n "s/^$2=//p" "$T/seen/$1" 2>/dev/null; }
want_var() { [ "$(seen_var "$1" "$2")" = "$3" ] || fail "$2 at $1 is '$(seen_var "$1" "$2")' instead of '$3'"; }
file_there() { [ -s "$T/seen/$1" ]; }
is_dead() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:.*Z' "/proc/$1/status" 2>/dev/null; }
no_secrets() { ! grep -rlq -- "$PASSWORD" "$T/seen" || fail "the password is in $(grep -rl -- "$PASSWORD" "$T/seen" | head -n 1)"; }

t_scripts_of_a_whole_call_see_what_status_says() {
	local v mtu
	our_server
	profile lab 'use-peer-dns = no' 'dns-server = 10.99.0.53,10.99.0.54' 'search-domain = corp.example' 'routes = 10.150.0.0/16, 10.151.0.0/16 10.99.0.1 7'
	record_all
	dial
	within 5 file_there vpn-up || fail "no vpn-up"
	mtu=$(field .mtu)
	pings || fail "no answer to ping"
	hang_up
	want_order '50-all pptp-out1 vpn-pre-up;50-all pptp-out1 vpn-up;50-all pptp-out1 vpn-pre-down;50-all pptp-out1 vpn-down;'
	for v in vpn-pre-up vpn-up vpn-pre-down vpn-down; do
		want_var $v NM_DISPATCHER_ACTION $v
		want_var $v CONNECTION_ID lab
		want_var $v CONNECTION_FILENAME "$(readlink -f "$P/lab.conf")"
		want_var $v CONNECTION_UUID "$(python3 -c 'import sys, uuid; print(uuid.uuid5(uuid.NAMESPACE_URL, "file://" + sys.argv[1]))' "$(readlink -f "$P/lab.conf")")"
		want_var $v DEVICE_IFACE eth0
		want_var $v DEVICE_IP_IFACE eth0
		want_var $v IP4_ADDRESS_0 '10.88.1.2/24 0.0.0.0'
		want_var $v VPN_IP_IFACE pptp-out1
		want_var $v VPN_IP4_ADDRESS_0 '10.99.0.100/32 10.99.0.1'
		want_var $v VPN_IP4_NUM_ADDRESSES 1
		want_var $v VPN_IP4_GATEWAY 10.99.0.1
		want_var $v VPN_IP4_ROUTE_0 '10.150.0.0/16 0.0.0.0 0'
		want_var $v VPN_IP4_ROUTE_1 '10.151.0.0/16 10.99.0.1 7'
		want_var $v VPN_IP4_NUM_ROUTES 2
		want_var $v VPN_IP4_NAMESERVERS '10.99.0.53 10.99.0.54'
		want_var $v VPN_IP4_DOMAINS corp.example
		want_var $v VPDIAL_ENCODING 'MPPE128 stateless'
		want_var $v VPDIAL_AUTHENTICATION mschap2
		want_var $v VPDIAL_PROTOCOL pptp
		want_var $v VPDIAL_SERVER_ADDRESS $SERVER
		want_var $v VPDIAL_USER $USER_NAME
		want_var $v VPDIAL_MTU "$mtu"
	done
	want_var vpn-up VPDIAL_UPTIME ''
	for v in vpn-pre-down vpn-down; do
		want_var $v VPDIAL_REASON_CODE 0
		want_var $v VPDIAL_REASON 'hung up on request'
		[ -n "$(seen_var $v VPDIAL_UPTIME)" ] || fail "no uptime at $v"
	done
	# Two pings of 84 octets each way.
	[ "$(seen_var vpn-down VPDIAL_BYTES_SENT)" -ge 168 ] && [ "$(seen_var vpn-down VPDIAL_BYTES_RECEIVED)" -ge 168 ] ||
		fail "octets at the end: $(grep BYTES "$T/seen/vpn-down" | tr '\n' ' ')"
	no_secrets
}
t_pre_scripts_find_the_network_and_down_does_not() {
	local net='ip -o -4 addr show >$S/net-$2; ip route >>$S/net-$2; cat /etc/resolv.conf >>$S/net-$2'
	our_server
	profile lab 'type = l2tp' 'use-peer-dns = no' 'dns-server = 10.99.0.53' 'add-default-route = yes'
	sed -i '/^type = pptp/d' "$P/lab.conf"
	for place in 10-net pre-up.d/10-net pre-down.d/10-net; do script $place "$net"; done
	script pre-up.d/20-status "$VPDIAL --config $P --run-dir $R status lab --json >\$S/status"
	script pre-down.d/20-ping 'ping -q -c 1 -W 3 10.99.0.1 >$S/ping'
	dial
	within 5 file_there net-vpn-up || fail "no vpn-up"
	hang_up
	for v in vpn-pre-up vpn-up vpn-pre-down; do
		grep -q 'l2tp-out1 *inet 10.99.0.100 ' "$T/seen/net-$v" || fail "no address at $v"
		grep -q '^0.0.0.0/1 dev l2tp-out1' "$T/seen/net-$v" || fail "no default route at $v"
		grep -q 10.99.0.53 "$T/seen/net-$v" || fail "no name server at $v"
	done
	[ "$(jq -r '.connections[0].status' "$T/seen/status")" = 'verifying password...' ] || fail "status during vpn-pre-up: $(jq -r '.connections[0].status' "$T/seen/status")"
	grep -q ' 0% packet loss' "$T/seen/ping" || fail "no traffic at vpn-pre-down"
	! grep -qE '10\.99\.0|l2tp-out1' "$T/seen/net-vpn-down" || fail "still there at vpn-down: $(grep -E '10\.99\.0|l2tp-out1' "$T/seen/net-vpn-down" | head -n 1)"
}
t_failing_pre_up_script_ends_the_dial_with_18() {
	our_server
	profile lab 'add-default-route = yes'
	record_all
	script pre-up.d/10-no 'echo the disk is full; exit 7'
	vpdial connect lab >"$T/out" 2>"$T/err" </dev/null
	[ $? = 18 ] || fail "status is not 18"
	[ "$(tail -n 1 "$T/err")" = 'vpdial: lab: vpn-pre-up: the script 10-no ended with status 7' ] || fail "says: $(tr '\n' '|' <"$T/err")"
	grep -q '10-no: the disk is full' "$T/err" || fail "does not tell what the script says: $(tr '\n' '|' <"$T/err")"
	all_gone 3
	want_order ''
}
t_server_hangs_up_and_no_pre_down_script_runs() {
	our_server
	profile lab
	record_all
	up_in_foreground
	within 5 file_there vpn-up || fail "no vpn-up"
	"$VPDIAL" --run-dir "$T/srv/run" users --disconnect "$USER_NAME" >/dev/null 2>&1
	ends_with '16' 'terminated|hung up|disconnect|ended' 10
	want_order '50-all pptp-out1 vpn-pre-up;50-all pptp-out1 vpn-up;50-all pptp-out1 vpn-down;'
	want_var vpn-down VPDIAL_REASON_CODE 16
	want_var vpn-down VPDIAL_ENCODING 'MPPE128 stateless'
	[ -n "$(seen_var vpn-down VPDIAL_REASON)" ] || fail "no reason at vpn-down"
}
is_call() { [ "$(field .status)" = connected ] && [ "$(order | tr ';' '\n' | grep -c vpn-up)" = "$1" ]; }
CYCLE='50-all pptp-out1 vpn-pre-up;50-all pptp-out1 vpn-up;50-all pptp-out1 vpn-down;'
t_lost_call_that_is_dialed_again_goes_down_and_up() {
	our_server
	profile lab 'redial = yes' 'redial-min = 1'
	record_all
	up_in_foreground
	within 5 file_there vpn-up || fail "no vpn-up"
	"$VPDIAL" --run-dir "$T/srv/run" users --disconnect "$USER_NAME" >/dev/null 2>&1
	within 15 is_call 2 || fail "no second call: $(order)"
	want_var vpn-down VPDIAL_REASON_CODE 16
	want_var vpn-up VPDIAL_ENCODING 'MPPE128 stateless'
	hang_up
	want_order "${CYCLE}50-all pptp-out1 vpn-pre-up;50-all pptp-out1 vpn-up;50-all pptp-out1 vpn-pre-down;50-all pptp-out1 vpn-down;"
}
t_redial_command_goes_down_and_up() {
	our_server
	profile lab 'redial = yes'
	record_all
	dial
	vpdial redial lab >"$T/out" 2>&1 || fail "redial: $(tail -n 1 "$T/out")"
	within 10 is_call 2 || fail "no second call: $(order)"
	within 5 pings || fail "no answer to ping"
	hang_up
	want_order "${CYCLE}50-all pptp-out1 vpn-pre-up;50-all pptp-out1 vpn-up;50-all pptp-out1 vpn-pre-down;50-all pptp-out1 vpn-down;"
}
t_slow_down_script_delays_up_scripts_and_the_end_but_not_the_redial() {
	our_server
	profile lab 'redial = yes'
	script 10-slow 'echo begin $2 >>$S/order; [ $2 != vpn-down ] || sleep 3; echo end $2 >>$S/order'
	dial
	vpdial redial lab >"$T/out" 2>&1 || fail "redial: $(tail -n 1 "$T/out")"
	within 2 is_connected || fail "not connected again"
	[ "$(order)" = 'begin vpn-up;end vpn-up;begin vpn-down;' ] || fail "scripts ran so while connected again: $(order)"
	hang_up
	want_order 'begin vpn-up;end vpn-up;begin vpn-down;end vpn-down;begin vpn-up;end vpn-up;begin vpn-down;end vpn-down;'
}
t_call_lost_during_pre_up_is_dialed_again() {
	local pid
	our_server
	profile lab 'redial = yes' 'redial-min = 1'
	script pre-up.d/10-once '[ ! -e $S/pid ] || exit 0; echo $$ >$S/pid; exec sleep 300'
	record_all
	call_begin
	within 10 file_there pid || fail "no vpn-pre-up"
	"$VPDIAL" --run-dir "$T/srv/run" users --disconnect "$USER_NAME" >/dev/null 2>&1
	within 15 is_call 1 || fail "not dialed again: $(field .state): $(field .message)"
	is_dead "$(cat "$T/seen/pid")" || fail "the script of the lost call lives"
	hang_up
	want_order '50-all pptp-out1 vpn-pre-up;50-all pptp-out1 vpn-up;50-all pptp-out1 vpn-pre-down;50-all pptp-out1 vpn-down;'
}
t_failing_pre_up_script_ends_a_redial_too() {
	our_server
	profile lab 'redial = yes' 'redial-min = 1'
	script pre-up.d/10-second '[ -e $S/first ] && exit 1; echo x >$S/first'
	record_all
	up_in_foreground
	"$VPDIAL" --run-dir "$T/srv/run" users --disconnect "$USER_NAME" >/dev/null 2>&1
	ends_with 18 'the script 10-second ended with status 1' 20
	want_order "$CYCLE"
}
t_pre_up_that_cannot_be_asked_ends_the_dial() {
	local i pid
	our_server
	profile lab 'redial = yes' 'redial-min = 1' 'redial-max = 1'
	script 10-slow '[ $2 = vpn-down ] && exec sleep 40'
	script pre-up.d/10-yes 'echo x >>$S/asked'
	up_in_foreground
	# Each call that comes up waits behind that script, and is ended: until no place is left to wait at.
	for ((i = 0; i < 150; i++)); do
		"$VPDIAL" --run-dir "$T/srv/run" users --disconnect "$USER_NAME" >/dev/null 2>&1
		[ "$(field .state)" != hanging-up ] && kill -0 "$CALL" 2>/dev/null || break
		sleep 0.2
	done
	ends_with 18 'vpn-pre-up: too many scripts wait already' 50
	[ "$(wc -l <"$T/seen/asked")" -le 2 ] || fail "the gate was asked $(wc -l <"$T/seen/asked") times"
}
t_first_directory_wins_and_null_link_masks() {
	mkdir -p "$T/upper" "$T/work"
	mount -t overlay overlay -o "lowerdir=/usr/lib,upperdir=$T/upper,workdir=$T/work" /usr/lib 2>/dev/null || { skip 'no overlay file system for /usr/lib'; return; }
	our_server
	profile lab
	script /usr/lib/vpdial/dispatcher.d/10-vendor "$RECORD"
	script /usr/lib/vpdial/dispatcher.d/20-both 'echo vendor >>$S/order'
	script /usr/lib/vpdial/dispatcher.d/30-masked "$RECORD"
	script 20-both "$RECORD"
	script 05-own "$RECORD"
	ln -s /dev/null "$P/dispatcher.d/30-masked"
	dial
	hang_up
	umount -l /usr/lib
	want_order '05-own pptp-out1 vpn-up;10-vendor pptp-out1 vpn-up;20-both pptp-out1 vpn-up;05-own pptp-out1 vpn-down;10-vendor pptp-out1 vpn-down;20-both pptp-out1 vpn-down;'
}
t_networkmanagers_scripts_run_only_when_asked_for() {
	our_server
	script /etc/NetworkManager/dispatcher.d/50-nm "$RECORD"
	script /etc/NetworkManager/dispatcher.d/pre-up.d/50-nm "$RECORD; exit 1"
	script 60-own "$RECORD"
	profile lab
	dial
	hang_up
	want_order '60-own pptp-out1 vpn-up;60-own pptp-out1 vpn-down;'
	rm "$T/seen"/*
	profile lab 'use-nm-dispatcher = yes'
	dial # the failure of their pre-up script does not stop it
	hang_up
	want_order '50-nm pptp-out1 vpn-pre-up;50-nm pptp-out1 vpn-up;60-own pptp-out1 vpn-up;50-nm pptp-out1 vpn-down;60-own pptp-out1 vpn-down;'
}
t_links_into_no_wait_run_beside_the_others() {
	our_server
	profile lab
	# Each waits for a file of the other: one after the other they would never end in time.
	script no-wait.d/one 'touch $S/one-$2; for i in $(seq 100); do [ ! -e $S/two-$2 ] || { echo one $2 >>$S/order; exit 0; }; sleep 0.05; done'
	script 20-two 'touch $S/two-$2; for i in $(seq 100); do [ ! -e $S/one-$2 ] || { echo two $2 >>$S/two; exit 0; }; sleep 0.05; done'
	ln -s no-wait.d/one "$P/dispatcher.d/90-one"
	dial
	within 6 file_there two || fail "no script ran"
	hang_up
	want_order 'one vpn-up;one vpn-down;'
	[ "$(tr '\n' ';' <"$T/seen/two")" = 'two vpn-up;two vpn-down;' ] || fail "the script between ran so: $(cat "$T/seen/two")"
}
t_unsafe_scripts_are_refused_with_the_repair() {
	local name
	our_server
	profile lab
	for name in group world owner setuid noexec good; do script 10-$name "echo $name >>\$S/order"; done
	chmod 775 "$P/dispatcher.d/10-group"
	chmod 757 "$P/dispatcher.d/10-world"
	chown 1234 "$P/dispatcher.d/10-owner"
	chmod 4755 "$P/dispatcher.d/10-setuid"
	chmod 644 "$P/dispatcher.d/10-noexec"
	mkdir "$T/scripts"
	chmod 777 "$T/scripts"
	script "$T/scripts/x" 'echo link >>$S/order'
	ln -s "$T/scripts/x" "$P/dispatcher.d/10-link"
	up_in_foreground
	within 5 file_there order || fail "the good one does not run"
	for name in "group is not run: others may change it (mode 0775), run: chmod go-w $P" "world is not run: others may change it (mode 0757), run: chmod go-w $P" \
		"owner is not run: it belongs to uid 1234, run: chown root $P" "setuid is not run: it is setuid or setgid (mode 4755), run: chmod ug-s $P" \
		"noexec is not run: it is not executable, run: chmod u+x $P" "link is not run: others may change its directory $T/scripts (mode 0777), run: chmod go-w $T/scripts"; do
		grep -qF "vpn-up: the script 10-$name" "$T/err" || fail "no such line: $name"
	done
	vpdial check >"$T/check" 2>&1 || fail "check ends with $?"
	[ "$(grep -c ' is not run: ' "$T/check")" = 6 ] || fail "check says: $(tr '\n' '|' <"$T/check")"
	hang_up
	ends_with 0 '' 3
	want_order 'good;good;'
}
t_output_with_control_characters_is_logged_clean() {
	our_server
	profile lab
	script 10-nasty 'printf "\033[31mred\r\nforged: line\n\302\233x"; head -c 3000 /dev/zero | tr "\0" y; echo; seq 500; echo $2 >>$S/order'
	up_in_foreground
	within 5 file_there order || fail "the script does not end"
	hang_up
	ends_with 0 '' 3
	grep -qF '10-nasty: \x1b[31mred\x0d' "$T/err" || fail "no line of it: $(head -n 3 "$T/err" | cat -v | tr '\n' '|')"
	grep -qF '10-nasty has said 100 lines; the rest is left out' "$T/err" || fail "the lines are not bounded"
	[ "$(wc -l <"$T/err")" -lt 230 ] || fail "$(wc -l <"$T/err") lines in the log"
}
t_process_left_behind_does_not_hold_the_call() {
	local pid start
	our_server
	profile lab
	script 10-daemon '[ $2 = vpn-up ] || exit 0; sleep 60 & echo $! >$S/pid'
	dial
	within 5 file_there pid || fail "the script does not run"
	pid=$(cat "$T/seen/pid")
	start=$(date +%s)
	hang_up
	[ $(($(date +%s) - start)) -lt 5 ] || fail "the end waits for it"
	! is_dead "$pid" || fail "it was killed"
	kill "$pid"
}
t_hanging_pre_up_script_is_killed_after_a_minute() {
	local pid start
	our_server
	profile lab
	script pre-up.d/10-hangs 'sleep 300 & echo $! >$S/pid; wait'
	start=$SECONDS
	vpdial connect lab >"$T/out" 2>"$T/err" </dev/null
	[ $? = 18 ] || fail "status is not 18"
	[ $((SECONDS - start)) -ge 59 ] && [ $((SECONDS - start)) -le 66 ] || fail "took $((SECONDS - start)) s"
	grep -q 'vpn-pre-up: the script 10-hangs had not ended after 60 s and was killed' "$T/err" || fail "says: $(tail -n 1 "$T/err")"
	pid=$(cat "$T/seen/pid")
	within 2 is_dead "$pid" || fail "its child lives"
	all_gone 3
}
t_hanging_pre_up_script_does_not_hold_the_timeout() {
	local start
	our_server
	profile lab
	script pre-up.d/10-hangs 'echo $$ >$S/pid; exec sleep 300'
	start=$SECONDS
	vpdial connect lab --timeout 3 >"$T/out" 2>"$T/err" </dev/null
	[ $? = 8 ] || fail "status is not 8"
	[ $((SECONDS - start)) -le 8 ] || fail "took $((SECONDS - start)) s"
	all_gone 3
	within 3 is_dead "$(cat "$T/seen/pid")" || fail "the script lives on"
}
t_second_signal_ends_hanging_scripts() {
	local pid
	our_server
	profile lab
	script pre-down.d/10-hangs 'echo $$ >$S/pre; exec sleep 300'
	script 10-hangs '[ $2 = vpn-down ] || exit 0; echo $$ >$S/pid; exec sleep 300'
	up_in_foreground
	pid=$(field .pid)
	kill -TERM "$pid"
	within 5 file_there pre || fail "no vpn-pre-down"
	[ "$(field .status)" = connected ] || fail "not connected any more at vpn-pre-down"
	kill -TERM "$pid"
	within 5 file_there pid || fail "no vpn-down"
	! has_ended || fail "does not wait for vpn-down"
	sleep 2
	kill -TERM "$pid"
	sleep 0.2
	kill -TERM "$pid"
	ends_with 5 '' 5
	within 2 is_dead "$(cat "$T/seen/pre")" || fail "the script of vpn-pre-down lives"
	within 2 is_dead "$(cat "$T/seen/pid")" || fail "the script of vpn-down lives"
}
t_disconnect_waits_for_slow_scripts() {
	our_server
	profile lab
	script 10-slow '[ $2 = vpn-down ] || exit 0; sleep 12; echo done >$S/done'
	dial
	hang_up
	file_there "done" || fail "disconnect did not wait"
}
t_killed_supervisor_ends_its_script_and_the_next_call_works() {
	local pid
	our_server
	profile lab 'add-default-route = yes'
	script 10-slow 'trap "echo term >$S/term; exit 1" TERM; echo $$ >$S/pid; for i in $(seq 600); do sleep 0.1; done'
	up_in_foreground
	within 5 file_there pid || fail "no script runs"
	kill -KILL "$(field .pid)"
	wait $CALL
	within 3 is_dead "$(cat "$T/seen/pid")" || fail "the script lives on"
	[ "$(cat "$T/seen/term" 2>/dev/null)" = term ] || fail "it was not asked to end"
	vpdial disconnect lab >"$T/out" 2>&1 || fail "disconnect: $(tail -n 1 "$T/out")"
	rm "$P/dispatcher.d/10-slow"
	within 3 is_as_before || fail "not as before"
	record_all
	dial
	hang_up
	want_order '50-all pptp-out1 vpn-pre-up;50-all pptp-out1 vpn-up;50-all pptp-out1 vpn-pre-down;50-all pptp-out1 vpn-down;'
}
t_who_dialed_interrupts_a_pre_up_script() {
	local pid
	our_server
	profile lab
	script pre-up.d/10-hangs 'echo $$ >$S/pid; exec sleep 300'
	"$VPDIAL" --config "$P" --run-dir "$R" connect lab >"$T/out" 2>"$T/err" </dev/null &
	pid=$!
	within 5 file_there pid || fail "no vpn-pre-up"
	kill -KILL $pid
	wait $pid 2>/dev/null
	all_gone 5
	within 3 is_dead "$(cat "$T/seen/pid")" || fail "the script lives on"
}
t_pppd_scripts_run_unchanged() {
	our_server
	profile lab 'ip-up = /etc/ppp/ip-up' 'ip-down = /etc/ppp/ip-down'
	# The distribution's own, which run the parts; else ones of the same kind.
	rm -rf /etc/ppp/ip-up.d /etc/ppp/ip-down.d
	[ -x /etc/ppp/ip-up ] || script /etc/ppp/ip-up 'PPP_IFACE="$1" PPP_TTY="$2" PPP_SPEED="$3" PPP_LOCAL="$4" PPP_REMOTE="$5" PPP_IPPARAM="$6"
export PPP_IFACE PPP_TTY PPP_SPEED PPP_LOCAL PPP_REMOTE PPP_IPPARAM; PPP_TTYNAME=$(basename "$2"); export PPP_TTYNAME
for part in /etc/ppp/ip-up.d/*; do $part "$@"; done'
	grep -q ip-up.d /etc/ppp/ip-up || { skip 'ip-up of this distribution runs no parts'; return; }
	script /etc/ppp/ip-up.d/10-note 'env >$S/up; echo "$PPP_IFACE $PPP_LOCAL $PPP_REMOTE $PPP_IPPARAM" >>$S/order'
	rm -f /etc/ppp/ip-down
	script /etc/ppp/ip-down 'env >$S/down; echo "$1 $4 $5 $6 $#" >>$S/order'
	dial
	within 5 file_there order || fail "ip-up does not run"
	hang_up
	want_order 'pptp-out1 10.99.0.100 10.99.0.1 lab;pptp-out1 10.99.0.100 10.99.0.1 lab 6;'
	want_var up IFNAME pptp-out1
	want_var up IPLOCAL 10.99.0.100
	want_var up IPREMOTE 10.99.0.1
	want_var up USEPEERDNS 1
	want_var up LINKNAME lab
	want_var up PPPLOGNAME root
	[ -n "$(seen_var down CONNECT_TIME)" ] && [ -n "$(seen_var down BYTES_SENT)" ] || fail "no counters at the end"
	no_secrets
}
# The scripts of the manual page, as they stand there.
manual_script() { # manual_script NAME DIRECTORY
	mkdir -p "$2"
	awk -v name="$1" '$0 ~ "^\\.Pa .*/" name " :" { wanted = 1 } /^\.Ed/ { on = wanted = 0 }
		on { gsub(/\\e/, "\\"); print } wanted && /^\.Bd/ { on = 1 }' "$top/man/vpdial-dispatcher.8" >"$2/$1"
	[ -s "$2/$1" ] || fail "the manual page has no $1"
	chmod 755 "$2/$1"
}
t_examples_of_the_manual_page_do_what_it_says() {
	our_server 'use-encryption = no'
	manual_script 10-encrypted "$P/dispatcher.d/pre-up.d"
	manual_script 90-record "$P/dispatcher.d"
	sed -i "s#/var/log/vpdial-calls#$T/seen/calls#" "$P/dispatcher.d/90-record"
	profile lab 'use-encryption = yes' 'profile = default'
	vpdial connect lab >"$T/out" 2>"$T/err" </dev/null
	[ $? = 18 ] || fail "a call in clear comes up"
	grep -q '10-encrypted: encoding is none' "$T/err" || fail "says: $(tr '\n' '|' <"$T/err")"
	all_gone 3
	lane_kill
	our_server
	dial
	hang_up
	grep -qE '^20[-0-9T:+]* lab [0-9]+s [0-9]+/[0-9]+ hung up on request$' "$T/seen/calls" || fail "the record: $(cat "$T/seen/calls")"
	manual_script 50-share "$T/scripts"
	sh -n "$T/scripts/50-share" || fail "the example does not parse"
}
t_ordinary_user_runs_own_scripts_as_that_user() {
	rm -rf "${T:?}/bin" "${T:?}/u"
	mkdir -p "$T/bin" "$T/u/run" "$T/u/config/vpdial/dispatcher.d"
	cp "$VPDIAL" "$(dirname "$VPDIAL")/vpdial-session" "$T/bin/"
	chmod -R a+rX "$T/bin"
	[ -w "$T/tun" ] || { mknod "$T/tun" c 10 200 && chmod 666 "$T/tun" && mount --bind "$T/tun" /dev/net/tun; } || fail "no TUN device"
	our_server
	profile lab 'use-peer-dns = no'
	cp "$P/lab.conf" "$T/u/config/vpdial/"
	printf '#!/bin/sh\nid -u >%s/seen/$2\n' "$T" >"$T/u/config/vpdial/dispatcher.d/10-id"
	chmod 755 "$T/u/config/vpdial/dispatcher.d/10-id"
	chown -R 65534:65534 "$T/u" "$T/seen"
	chmod 700 "$T/u/run"
	as_user() {
		env -i PATH="$PATH" HOME="$T/u" XDG_RUNTIME_DIR="$T/u/run" XDG_CONFIG_HOME="$T/u/config" \
			setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=+net_admin,+net_raw --ambient-caps=+net_admin,+net_raw "$@"
	}
	as_user "$T/bin/vpdial" connect lab >"$T/out" 2>"$T/err" </dev/null || fail "connect: $(tail -n 1 "$T/err")"
	as_user "$T/bin/vpdial" disconnect lab >"$T/out" 2>&1 || fail "disconnect: $(cat "$T/out")"
	[ "$(cat "$T/seen/vpn-up")" = 65534 ] && [ "$(cat "$T/seen/vpn-down")" = 65534 ] || fail "scripts ran as $(cat "$T/seen"/vpn-*)"
	all_gone 3
}
lanes_main
