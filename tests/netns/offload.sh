#!/bin/bash
# The data path with the kernel's help for many packets at once, and without each part of it: our
# own client and server in namespaces of their own, streams both ways at once and datagrams,
# compared octet by octet.
#
# usage: tests/netns/offload.sh      (VPDIAL=program, ONLY=pattern of cases)
set -u
# shellcheck source=tests/netns/alone.bash
. "$(dirname "$(readlink -f "$0")")/alone.bash"
alone offload "ip jq python3 ping"
failures=0

T=$(mktemp -d)
mount -t tmpfs tmpfs "$T"
mount -t tmpfs tmpfs /run
mkdir "$T/p" "$T/q" "$T/r" "$T/s" /run/netns
SERVING='' CALL='' FAR=''
cleanup() {
	local p
	for p in $CALL $FAR $SERVING; do kill -KILL "$p" 2>/dev/null; done
	ip netns del far
	umount -l "$T"
	rmdir "$T"
}
trap cleanup EXIT
two_ends

# Streams of a known pattern, both ways at once; then datagrams there and back, one size after the other.
cat >"$T/traffic.py" <<'END'
import hashlib, random, socket, sys, threading
SIZE, DATAGRAMS = 20 << 20, 1500
mode, address = sys.argv[1], sys.argv[2]
def pattern(seed):
    return random.Random(seed).randbytes(1 << 20) * (SIZE >> 20)
def send(s, seed):
    s.sendall(pattern(seed))
    s.shutdown(socket.SHUT_WR)
def receive(s, seed):
    h, n = hashlib.sha256(), 0
    while data := s.recv(1 << 18):
        h.update(data)
        n += len(data)
    if n != SIZE or h.digest() != hashlib.sha256(pattern(seed)).digest():
        sys.exit(f'{n} octets of the stream came, or others than were sent')
def both(s, out, back):
    t = threading.Thread(target=send, args=(s, out))
    t.start()
    receive(s, back)
    t.join()
sizes = [100, 100, 1300, 7, 1300, 1300, 1, 700]
if mode == 'far':
    l = socket.create_server((address, 7000))
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    u.bind((address, 7001))
    print('ready', flush=True)
    s, _ = l.accept()
    both(s, 2, 1)
    while True:
        data, peer = u.recvfrom(2000)
        if data == b'end':
            break
        u.sendto(data, peer)
else:
    s = socket.create_connection((address, 7000), 10)
    both(s, 1, 2)
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    u.connect((address, 7001))
    # Until the far end has all of our stream, which could crowd datagrams out.
    u.settimeout(0.5)
    for _ in range(30):
        u.send(b'?')
        try:
            u.recv(2000)
            break
        except TimeoutError:
            pass
    try:
        while u.recv(2000):
            pass
    except TimeoutError:
        pass
    u.settimeout(5)
    for first in range(0, DATAGRAMS, 30):
        sent = [(b'%06d' % i * 250)[:sizes[i // 7 % len(sizes)]] for i in range(first, first + 30)]
        for data in sent:
            u.send(data)
        got = [u.recv(2000) for _ in sent]
        if got != sent:
            sys.exit(f'datagrams from {first} on came back otherwise')
    u.send(b'end')
END

write_configs() { # write_configs TYPE MPPE [MTU]
	local encryption=no mode=stateless mtu=''
	[ -z "${3-}" ] || mtu="max-mtu = $3\nmax-mru = $(($3 + 4))\n"
	[ "$2" = clear ] || encryption=require
	[ "$2" != stateful ] || mode=stateful
	printf '[test]\nuse-encryption = %s\nmppe-mode = %s\n' $encryption $mode >"$T/q/ppp-profiles.conf"
	printf '[%s-server]\nenabled = yes\nlisten = 10.88.1.1\ndefault-profile = test\n%b[secret ex]\npassword = "x1"\nlocal-address = 10.77.0.1\nremote-address = 10.77.0.2\n' "$1" "$mtu" >"$T/q/server.conf"
	printf '[connection]\ntype = %s\nconnect-to = 10.88.1.1\nuser = ex\npassword = "x1"\nuse-encryption = %s\nmppe-mode = %s\n%b' "$1" $encryption $mode "$mtu" >"$T/p/lab.conf"
	chmod 600 "$T/p/lab.conf" "$T/q/server.conf"
}
vpdial() { "$VPDIAL" --config "$T/p" --run-dir "$T/r" "$@"; }
status() { vpdial status lab --json 2>/dev/null | jq -r ".connections[0]$1"; }
is_connected() { [ "$(status .status)" = connected ]; }
gone() { ! kill -0 "$1" 2>/dev/null; }

# helped WORDS COMMAND...: with this help of the kernel only; "all" is no limit.  "two": the data
# path has a second thread from the start.
helped() {
	local words=$1
	shift
	case " $words " in *' two '*) export VPDIAL_TEST_THREADS=always ;; esac
	case " $words " in
	*' all '*) "$@" ;;
	*) VPDIAL_TEST_OFFLOAD=$words "$@" ;;
	esac
}
in_far() { exec ip netns exec far "$@"; }
run_case() { # run_case TYPE MPPE CLIENT-HELP SERVER-HELP [MTU]
	local key n packets=14000
	write_configs "$1" "$2" "${5-}"
	# Jumbo frames inside and outside: a fifth of the packets.
	[ -z "${5-}" ] || packets=2500
	ip link set wan mtu $((${5:-1440} + 60))
	ip -n far link set wan mtu $((${5:-1440} + 60))
	: >"$T/serve"
	(helped "$4" in_far "$VPDIAL" --config "$T/q" --run-dir "$T/s" serve) >"$T/serve" 2>&1 </dev/null &
	SERVING=$!
	within 5 grep -q enabled "$T/serve" || fail "the server does not listen" || return
	(helped "$3" vpdial connect lab --foreground) >"$T/out" 2>&1 </dev/null &
	CALL=$!
	within 15 is_connected || fail "not connected" || return
	case $2 in clear) n=none ;; stateful) n='MPPE128 stateful' ;; *) n='MPPE128 stateless' ;; esac
	[ "$(status .encoding)" = "$n" ] || fail "encoding is $(status .encoding)" || return
	[ "$(status .mtu)" = "${5:-$(status .mtu)}" ] || fail "the MTU is $(status .mtu)" || return
	: >"$T/far"
	ip netns exec far python3 "$T/traffic.py" far 10.77.0.1 >"$T/far" 2>&1 </dev/null &
	FAR=$!
	within 5 grep -q ready "$T/far" || fail "no listener" || return
	timeout 60 python3 "$T/traffic.py" near 10.77.0.1 >"$T/near" 2>&1 || fail "near: $(tail -n 1 "$T/near") ($(grep -o 'line [0-9]*' "$T/near" | tr '\n' ' '))" || return
	within 5 gone $FAR || fail "far does not end" || return
	wait $FAR || fail "far: $(tail -n 1 "$T/far")" || return
	for key in tx_too_big rx_malformed rx_bad_mppe rx_clear_refused rx_not_open rx_duplicate; do
		n=$(status ".counters.$key")
		[ "$n" = 0 ] || [ "$n" = null ] || fail "$key is $n" || return
	done
	n=$(status .counters.rx_packets)
	[ "${n:-0}" -gt $packets ] || fail "only $n packets counted"
}
end_case() {
	vpdial disconnect lab >/dev/null 2>&1
	[ -z "$CALL" ] || within 8 gone "$CALL" || fail "the client does not end"
	[ -z "$FAR" ] || kill "$FAR" 2>/dev/null
	[ -z "$SERVING" ] || kill -TERM "$SERVING" 2>/dev/null
	[ -z "$SERVING" ] || within 12 gone "$SERVING" || fail "the server does not end"
	wait 2>/dev/null
	SERVING='' CALL='' FAR=''
}

while read -r name type mppe near far mtu; do
	[ -n "$name" ] || continue
	# shellcheck disable=SC2053  # a pattern indeed
	[[ $name == ${ONLY:-*} ]] || continue
	why=''
	run_case "$type" "$mppe" "${near//,/ }" "${far//,/ }" $mtu
	end_case
	if [ -z "$why" ]; then
		echo "ok $name"
	else
		echo "FAIL $name: $why"
		sed 's/^/  | /' "$T/serve" "$T/out" 2>/dev/null | tail -n 8
		failures=$((failures + 1))
	fi
done <<-'END'
	l2tp-all-help l2tp mppe all all
	l2tp-no-help l2tp mppe none none
	l2tp-help-at-the-client-only l2tp mppe all none
	l2tp-help-at-the-server-only l2tp mppe none all
	l2tp-tun-without-udp l2tp mppe tun,segment,gro tun,segment,gro
	l2tp-tun-only l2tp mppe tun,tun-udp tun,tun-udp
	l2tp-socket-only l2tp mppe segment,gro segment,gro
	l2tp-segment-only l2tp mppe tun,segment tun,gro
	l2tp-two-threads l2tp mppe all,two all,two
	l2tp-two-threads-without-help l2tp mppe two two
	l2tp-stateful-two-threads l2tp stateful all,two all,two
	l2tp-clear-all-help l2tp clear all all
	l2tp-clear-no-help l2tp clear none all
	l2tp-stateful-all-help l2tp stateful all all
	l2tp-jumbo-frames l2tp mppe all all 8000
	l2tp-jumbo-frames-no-help l2tp mppe none none 8000
	pptp-jumbo-frames pptp mppe all all 8000
	pptp-all-help pptp mppe all all
	pptp-no-help pptp mppe none none
	pptp-help-at-the-client-only pptp mppe all none
	pptp-tun-without-udp pptp mppe tun tun
	pptp-two-threads pptp mppe all,two all,two
	pptp-two-threads-without-help pptp mppe two two
	pptp-stateful-two-threads pptp stateful all,two all,two
	pptp-clear-two-threads pptp clear all,two all,two
	pptp-clear-all-help pptp clear all all
	pptp-stateful-all-help pptp stateful all all
END
exit $((failures > 0))
