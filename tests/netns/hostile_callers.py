#!/usr/bin/env python3
# Hostile callers of the server mode: floods of half-open calls, nonsense instead of messages.
# usage: hostile_callers.py half-open|malformed-pptp|malformed-l2tp|stray-l2tp|full-pptp|full-l2tp SERVER SERVER-PID
# full-*: one call is up, and no other may be; from 10.88.1.2 and 10.88.1.10 to 10.88.1.29.
# Exits 0 if the server kept its bounds; the last line says what it did not keep.
import os
import random
import socket
import struct
import sys
import time

mode, server, pid = sys.argv[1], sys.argv[2], int(sys.argv[3])
rng = random.Random(20260101)
HALF_OPEN_OF_A_SOURCE = 16
REFUSALS, REFUSALS_OF_A_SOURCE, REFUSAL_S = 16, 4, 6


def children():
    """Sessions and guardians of calls; not the one process that reads what strangers send."""
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        return sum(not is_reader(p) for p in f.read().split())


def is_reader(process):
    try:
        with open("/proc/%s/cmdline" % process, "rb") as f:
            return f.read().endswith(b"\0reader\0")
    except OSError:
        return False


def growth_bound():
    """kB: 64 calls with what IKE and RADIUS want of each, and room.  A sanitizer keeps what was freed for a while, and looks for what was lost by itself."""
    with open("/proc/%d/maps" % pid) as f:
        return 1536 if "libasan" not in f.read() else 32768


def memory():
    with open("/proc/%d/status" % pid) as f:
        return int([l for l in f if l.startswith("VmRSS")][0].split()[1])


def give_up(why):
    print(why)
    sys.exit(1)


def watch(seconds, bound):
    end = time.monotonic() + seconds
    most = 0
    while time.monotonic() < end:
        most = max(most, children())
        time.sleep(0.02)
    if most > bound:
        give_up("%d sessions for one source, %d is the bound" % (most, bound))
    return most


def start_request():
    return struct.pack("!HHIHHHHIIHH64s64s", 156, 1, 0x1A2B3C4D, 1, 0, 0x0100, 0, 3, 3, 0, 0, b"h", b"v")


def avp(kind, value, flags=0x8000):
    return struct.pack("!HHH", flags | (6 + len(value)), 0, kind) + value


def l2tp(avps, tunnel=0, session=0, ns=0, nr=0, flags=0xC802):
    body = b"".join(avps)
    return struct.pack("!HHHHHH", flags, 12 + len(body), tunnel, session, ns, nr) + body


def sccrq(tunnel):
    return [avp(0, struct.pack("!H", 1)), avp(2, b"\1\0"), avp(3, b"\0\0\0\3"), avp(7, b"lac"),
            avp(9, struct.pack("!H", tunnel)), avp(10, struct.pack("!H", 4))]


def tcp(source=""):
    s = socket.socket()
    s.settimeout(3)
    s.bind((source, 0))
    s.connect((server, 1723))
    return s


def udp(source=""):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((source, 0))
    s.connect((server, 1701))
    s.settimeout(0.2)
    return s


def send(s, octets):
    try:
        s.send(octets)
    except OSError:
        pass


def quiet(seconds):
    end = time.monotonic() + seconds
    while children() and time.monotonic() < end:
        time.sleep(0.05)
    if children():
        give_up("%d sessions are left after %d s" % (children(), seconds))


def answers(held):
    """Octets of each datagram that has come."""
    came = []
    for s in held:
        s.setblocking(False)
        try:
            while True:
                came.append(len(s.recv(2048)))
        except OSError:
            pass
    return came


def flood_of_a_full_server(begin, check):
    """Of 60 callers from one address and of 160 from 20 of them only so many get a session, and again later."""
    for sources, bound in ([["10.88.1.2"] * 60, REFUSALS_OF_A_SOURCE],
                           [["10.88.1.%d" % (10 + n % 20) for n in range(160)], REFUSALS],
                           [["10.88.1.2"] * 60, REFUSALS_OF_A_SOURCE]):
        held = [begin(n, source) for n, source in enumerate(sources)]
        most = watch(1.5, 1 + bound)
        check(held, bound, most)
        for s in held:
            s.close()
        time.sleep(REFUSAL_S)
        if children() != 1:
            give_up("%d sessions are left, not the one call's" % children())


def begin_l2tp(n, source):
    s = udp(source)
    for _ in range(3):
        send(s, l2tp(sccrq(n + 1)))
    return s


def check_pptp(held, bound, most):
    if most != 1 + bound:
        give_up("%d sessions, not %d and the call's" % (most, bound))


def check_l2tp(held, bound, most):
    """One answer to each of their three requests, none larger, by no process of their own."""
    came = answers(held)
    if most != 1 or not len(held) <= len(came) <= 3 * len(held) or max(came) > len(l2tp(sccrq(1))):
        give_up("%d sessions, %d answers of at most %d octets to %d callers" % (most, len(came), max(came or [0]), len(held)))


def scccn(answer):
    """For the SCCRP ANSWER; None if it is none."""
    at = 12
    while at + 6 <= len(answer):
        flags, _, kind = struct.unpack("!HHH", answer[at:at + 6])
        if kind == 9:
            return l2tp([avp(0, struct.pack("!H", 3))], tunnel=struct.unpack("!H", answer[at + 6:at + 8])[0], ns=1, nr=1)
        at += flags & 0x3ff or 1024
    return None


before = memory()
if mode == "half-open":
    held = [tcp() for _ in range(200)]
    most = watch(1.5, HALF_OPEN_OF_A_SOURCE)
    if most == 0:
        give_up("no session at all")
    for s in held:
        s.close()
    quiet(5)
    held = [udp() for _ in range(200)]
    for i, s in enumerate(held):
        send(s, l2tp(sccrq(i + 1)))
    watch(1.0, 0)
    told = []
    for s in held:
        s.settimeout(1)
        try:
            told.append((s, scccn(s.recv(2048))))
        except OSError:
            give_up("a SCCRQ was not answered")
    if answers(held):
        give_up("more than one answer")
    for _ in range(3):  # as callers do: what a server with much to do does not take is sent again
        for s, octets in told:
            send(s, octets)
        if watch(1.0, HALF_OPEN_OF_A_SOURCE) == 0:
            give_up("no session of L2TP at all")
    for s in held:
        s.close()
    quiet(35)
elif mode == "malformed-pptp":
    good = start_request()
    cases = [b"\0" * 156, b"\xff" * 4096, b"GET / HTTP/1.0\r\n\r\n", good[:20], good[:155],
             struct.pack("!H", 0) + good[2:], struct.pack("!H", 65535) + good[2:], good + b"\xff" * 64, good * 40]
    for _ in range(40):
        octets = bytearray(good + good)
        for _ in range(rng.randint(1, 8)):
            octets[rng.randrange(len(octets))] = rng.randrange(256)
        cases.append(bytes(octets))
    for octets in cases:
        s = tcp()
        send(s, octets)
        s.settimeout(0.1)
        try:
            s.recv(4096)
        except OSError:
            pass
        s.close()
        watch(0.02, HALF_OPEN_OF_A_SOURCE)
    quiet(5)
elif mode == "malformed-l2tp":
    for i in range(50):
        octets = bytearray(l2tp(sccrq(i + 1)))
        for _ in range(rng.randint(1, 6)):
            octets[12 + rng.randrange(len(octets) - 12)] = rng.randrange(256)
        if i % 5 == 0:
            octets = octets[:rng.randrange(12, len(octets))]
        s = udp()
        send(s, bytes(octets))
        try:
            s.recv(2048)
            send(s, rng.randbytes(64))
        except OSError:
            pass
        s.close()
        watch(0.02, HALF_OPEN_OF_A_SOURCE)
    quiet(35)
elif mode == "full-pptp":
    # They say nothing, so that each keeps its session.
    flood_of_a_full_server(lambda n, source: tcp(source), check_pptp)
elif mode == "full-l2tp":
    flood_of_a_full_server(begin_l2tp, check_l2tp)
elif mode == "stray-l2tp":
    # None of these begins a tunnel: not one session may be started for them.
    s = udp()
    for octets in [b"", b"\0", rng.randbytes(100), l2tp(sccrq(1), tunnel=7), struct.pack("!HHH", 0x0002, 5, 9) + b"x" * 40,
                   l2tp(sccrq(1), flags=0xC803), l2tp(sccrq(1), flags=0x4802), l2tp(sccrq(1), flags=0xC002), l2tp([]),
                   l2tp([avp(0, b"\0\6")]), l2tp([avp(0, b"\0\2")] + sccrq(1)), l2tp(sccrq(1)[1:] + sccrq(1)[:1]),
                   l2tp([avp(0, b"\0\1", 0xC000)] + sccrq(1)[1:]), l2tp([avp(0, b"\0\1")])[:-1],
                   l2tp([struct.pack("!HHHH", 0x8008, 9, 0, 1)] + sccrq(1)[1:]), l2tp([], tunnel=7), l2tp(sccrq(1), ns=3),
                   *[l2tp([avp(0, struct.pack("!H", n))], tunnel=7, ns=1, nr=1) for n in range(1, 17)]]:
        send(s, octets)
        watch(0.1, 0)
    if answers([s]):
        give_up("one of them was answered")
else:
    give_up("no such mode")
time.sleep(0.3)
if memory() - before > growth_bound():
    give_up("the server grew by %d kB" % (memory() - before))
print("ok")
