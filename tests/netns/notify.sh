#!/bin/bash
# SPDX-License-Identifier: MIT
# A connection and a server as services: what they tell the service manager on $NOTIFY_SOCKET, with
# no more capabilities than the units in packaging/systemd leave them, and who may use the control
# socket of a connection.
#
# usage: tests/netns/notify.sh      (VPDIAL=program)
set -u
# shellcheck source=tests/netns/alone.bash
. "$(dirname "$(readlink -f "$0")")/alone.bash"
units=$netns_dir/../../packaging/systemd

alone notify "ip python3 setpriv" -p -f --mount-proc

failures=0
ok() { echo "ok $1"; }
fail() { echo "FAIL $1: $2"; failures=1; }
# check NAME SECONDS COMMAND...
check() {
	local name=$1 seconds=$2
	shift 2
	if within "$seconds" "$@"; then ok "$name"; else fail "$name" "heard: $(tr '\n' '|' <"$T/heard" | tail -c 600) log: $(tail -n 4 "$T/log" 2>/dev/null | tr '\n' '|')"; fi
}
equal() { if [ "$2" = "$3" ]; then ok "$1"; else fail "$1" "wanted '$2', got '$3'"; fi }

T=$(mktemp -d)
mount -t tmpfs tmpfs "$T"
chmod 755 "$T"
mkdir "$T/etc" "$T/conf" "$T/conf/server"
cp -a /etc/. "$T/etc/"
mount --bind "$T/etc" /etc
mount -t tmpfs tmpfs /run
trap 'umount -l /etc /run; umount -l "$T"; rmdir "$T"' EXIT
install -d -m 755 /run/vpdial

# The manager's end: a line of the file for each line of a datagram.
cat >"$T/manager.py" <<'END'
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
with open(sys.argv[2], "w", buffering=1) as out:
    print("listening", file=out)
    while True:
        for line in s.recv(65536).decode().splitlines():
            print(line, file=out)
END
listen() { # listen FILE SOCKET
	rm -f "$1"
	python3 "$T/manager.py" "$2" "$1" &
	within 5 grep -qs '^listening' "$1"
}
heard() { grep -Eq "$1" "$T/heard"; }
times() { [ "$(grep -c "$1" "$T/heard")" = "$2" ]; }

# service UNIT COMMAND...: the program with the capabilities that the unit leaves, and no others.
service() {
	local unit=$1 set
	shift
	set=$(sed -n 's/^CapabilityBoundingSet=//p' "$units/$unit" | tr 'A-Z' 'a-z' | sed 's/cap_/+/g; s/ /,/g')
	exec setpriv --bounding-set "-all,$set" --inh-caps "-all" --no-new-privs "$@"
}

ip link set lo up
ip netns add far
trap 'ip netns del far; umount -l /etc /run; umount -l "$T"; rmdir "$T"' EXIT
ip link add near type veth peer name peer netns far
ip addr add 192.0.2.2/24 dev near
ip link set near up
ip -n far addr add 192.0.2.1/24 dev peer
ip -n far link set peer up
ip -n far link set lo up

printf '[pptp-server]\nenabled = yes\nlisten = 192.0.2.1\ndefault-profile = default-encryption\n[l2tp-server]\nenabled = yes\nlisten = 192.0.2.1\ndefault-profile = default-encryption\n[secret john]\npassword = "john"\nlocal-address = 10.7.0.1\nremote-address = 10.7.0.10-10.7.0.20\n' >"$T/conf/server/server.conf"
for type in pptp l2tp; do
	printf '[connection]\ntype = %s\nconnect-to = 192.0.2.1\nuser = john\nredial-min = 1\n' $type >"$T/conf/$type.conf"
done
printf '[connection]\ntype = pptp\nconnect-to = 192.0.2.1\nuser = john\npassword = "wrong"\n' >"$T/conf/wrong.conf"
printf '[connection]\nconnect-to = 192.0.2.1\nuser = john\ndial-on-demand = yes\nlocal-address = 10.7.0.10\nroutes = 10.9.0.0/24\n' >"$T/conf/demand.conf"
chmod 600 "$T"/conf/*.conf "$T/conf/server/server.conf"
mkdir "$T/credentials"
for name in pptp l2tp demand; do printf john >"$T/credentials/$name.password"; done

# The server.
listen "$T/heard" "$T/notify"
NOTIFY_SOCKET=$T/notify nsenter --net=/run/netns/far "$BASH" -c "$(declare -f service); units=$units service vpdial-server.service '$VPDIAL' --config '$T/conf/server' --run-dir '$T/server-run' serve" >"$T/serve.log" 2>&1 &
server=$!
check server-ready 10 heard '^READY=1$'
check server-status 1 heard '^STATUS=answering'
mv "$T/heard" "$T/heard.server" # its writer goes on with it

# dial NAME SOCKET: the connection as its unit starts it.
dial() {
	local name=$1 socket=$2
	: >"$T/log"
	(
		export NOTIFY_SOCKET=$socket CREDENTIALS_DIRECTORY=$T/credentials JOURNAL_STREAM=1:1
		service vpdial@.service "$VPDIAL" --config "$T/conf" connect --foreground "$name"
	) >"$T/log" 2>&1 &
	main=$!
}
state() { "$VPDIAL" --config "$T/conf" status "$1" 2>/dev/null | sed -n 's/^ *status: //p'; }

number=0
for type in pptp l2tp; do
	number=$((number + 1))
	listen "$T/heard" "$T/notify$number"
	dial $type "$T/notify$number"
	check $type-ready-when-connected 15 heard '^READY=1$'
	equal $type-is-connected-then connected "$(state $type)"
	"$VPDIAL" --config "$T/conf" wait --timeout 5 $type >"$T/out" 2>&1
	equal $type-wait-returns 0 $?
	check $type-status-while-dialing 1 heard '^STATUS=dialing: '
	check $type-status-in-one-line 2 heard '^STATUS=connected: 10\.7\.0\.1[0-9] on [a-z0-9-]+, encoding MPPE128 stateless$'
	ping -q -c 1 -W 2 10.7.0.1 >/dev/null && ok $type-traffic || fail $type-traffic "no answer"
	check $type-log-has-priority-and-name 1 grep -q "^<5>vpdial\[$type\]: connected" "$T/log"
	sed -i 's/^redial-min.*/redial-min = 2/' "$T/conf/$type.conf"
	kill -HUP $main
	check $type-reloading-on-hangup-signal 5 heard '^RELOADING=1$'
	check $type-reloading-with-time 5 heard '^MONOTONIC_USEC=[1-9][0-9]*$'
	check $type-ready-again 15 times '^READY=1$' 2
	kill -TERM $main
	wait $main
	equal $type-ended-by-signal 5 $?
	check $type-stopping 1 times '^STOPPING=1$' 1
	check $type-terminated 1 heard '^STATUS=terminated: '
done

# Python binds a name as it stands: an abstract one begins with NUL.
sed -i 's/s.bind(sys.argv\[1\])/s.bind(sys.argv[1].replace("@", "\\0"))/' "$T/manager.py"
listen "$T/heard" @vpdial-notify-test
dial demand @vpdial-notify-test
check demand-ready-when-waiting 10 heard '^READY=1$'
check demand-status 1 heard '^STATUS=terminated: waiting for traffic$'
kill -TERM $main
wait $main

listen "$T/heard" "$T/notify9"
dial wrong "$T/notify9"
wait $main
equal wrong-password-ends-with-19 19 $?
check wrong-password-is-never-ready 0 times '^READY=1$' 0
grep -q '^RestartPreventExitStatus=.*\b19\b' "$units/vpdial@.service" && ok unit-does-not-restart-it || fail unit-does-not-restart-it "19 is not in the unit"

# A server that is away holds up nothing: ready when the first dial has failed, not before.
printf '[connection]\ntype = pptp\nconnect-to = 192.0.2.9\nuser = john\npassword = "john"\nredial-min = 600\n' >"$T/conf/away.conf"
chmod 600 "$T/conf/away.conf"
listen "$T/heard" "$T/notify12"
dial away "$T/notify12"
check server-away-ready 20 heard '^READY=1$'
equal server-away-ready-after-the-dial "STATUS=dialing: " "$(grep -B1 '^READY=1$' "$T/heard" | head -n 1 | cut -c1-16)"
grep -B1 '^READY=1$' "$T/heard" | grep -q 'dialing again in' && ok server-away-and-why || fail server-away-and-why "$(tr '\n' '|' <"$T/heard")"
"$VPDIAL" --config "$T/conf" wait --timeout 1 away >"$T/out" 2>&1
equal wait-gives-up-with-the-reason "8 1" "$? $(grep -c 'away: not connected after 1 seconds: .*; dialing again in' "$T/out")"
"$VPDIAL" --config "$T/conf" wait away >"$T/out" 2>&1 &
waiting=$!
sleep 1
kill -TERM $main
wait $main
wait $waiting
equal wait-ends-with-the-connection 5 $?
"$VPDIAL" --config "$T/conf" wait away >"$T/out" 2>&1
equal wait-for-what-does-not-run 16 $?

# Who is no service says nothing.
listen "$T/heard" "$T/notify10"
printf john | CREDENTIALS_DIRECTORY=$T/credentials NOTIFY_SOCKET=$T/notify10 "$VPDIAL" --config "$T/conf" connect pptp >"$T/log" 2>&1
equal background-connects 0 $?
equal background-says-nothing listening "$(cat "$T/heard")"

# The control socket: root's own, or the group's where there is one.
equal socket-without-group "root root 600" "$(stat -c '%U %G %a' /run/vpdial/pptp.sock)"
nobody() { setpriv --reuid 65534 --regid 65534 "$@"; }
as_stranger() { nobody --clear-groups env -u XDG_RUNTIME_DIR HOME=/nonexistent "$VPDIAL" "$@"; }
as_member() { nobody --groups 61234 env -u XDG_RUNTIME_DIR HOME=/nonexistent "$VPDIAL" "$@"; }
as_stranger --run-dir /run/vpdial status pptp >"$T/out" 2>&1
equal stranger-may-not-ask 3 $?
equal completion-of-users "john <pptp-john>" "$(nsenter --net=/run/netns/far "$VPDIAL" complete-words "" --run-dir "$T/server-run" users --disconnect | tr '\n' ' ' | sed 's/ $//')"
"$VPDIAL" --config "$T/conf" disconnect pptp >/dev/null
echo 'vpdial:x:61234:' >>/etc/group
CREDENTIALS_DIRECTORY=$T/credentials "$VPDIAL" --config "$T/conf" connect pptp >"$T/log" 2>&1
equal socket-with-group "root vpdial 660" "$(stat -c '%U %G %a' /run/vpdial/pptp.sock)"
as_stranger --run-dir /run/vpdial status pptp >"$T/out" 2>&1
equal stranger-still-may-not-ask 3 $?
equal member-sees-status connected "$(as_member status pptp 2>"$T/out" | sed -n 's/^ *status: //p')"
as_member redial pptp >"$T/out" 2>&1
equal member-may-redial 0 $?
is_up() { [ "$(state pptp)" = connected ]; }
check connected-again 15 is_up
as_member disconnect pptp >"$T/out" 2>&1
equal member-may-hang-up 0 $?
[ ! -e /run/vpdial/pptp.sock ] && ok hung-up-by-member || fail hung-up-by-member "the socket is still there"
mkdir -p /etc/vpdial
cp "$T/conf/pptp.conf" /etc/vpdial/
equal member-sees-the-last-end 1 "$(as_member status pptp 2>&1 | grep -c 'last-end: 20.*hung up on request (exit code 0)')"
as_member log pptp >"$T/out" 2>&1
equal member-sees-the-last-events "0 2" "$? $(grep -c 'up: traffic can flow' "$T/out")"
as_stranger status pptp >"$T/out" 2>&1
equal stranger-sees-no-last-end "2 0" "$? $(grep -c 'hung up' "$T/out")"
rm -r /etc/vpdial
# The same of a connection that its unit started.
listen "$T/heard" "$T/notify11"
dial pptp "$T/notify11"
check service-with-group-ready 15 heard '^READY=1$'
equal socket-of-service-with-group "root vpdial 660" "$(stat -c '%U %G %a' /run/vpdial/pptp.sock)"
equal member-sees-status-of-service connected "$(as_member status pptp 2>"$T/out" | sed -n 's/^ *status: //p')"
kill -TERM $main
wait $main

kill -TERM $server
wait $server
grep -q '^STOPPING=1$' "$T/heard.server" && ok server-stopping || fail server-stopping "$(tr '\n' '|' <"$T/heard.server")"
exit $failures
