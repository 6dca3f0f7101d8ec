#!/usr/bin/env python3
"""seeds.py: writes the first inputs of the fuzz targets from tests/vectors and tests/captures, and
scripts that take the machines to each state.  Usage: seeds.py DIRECTORY (tests/fuzz/corpus)."""
import glob, hashlib, os, re, struct, sys

here = os.path.dirname(os.path.abspath(__file__))
out = sys.argv[1]
FRAME, OPTIONS, AUTH, PPTP, GRE, L2TP, DHCP, CONTROL = range(8)
PROTOCOLS = [0xc021, 0xc023, 0xc223, 0xc227, 0x80fd, 0x8021, 0x8057]


def put(target, octets):
    os.makedirs(f"{out}/{target}", exist_ok=True)
    octets = bytes(octets)
    with open(f"{out}/{target}/{hashlib.sha1(octets).hexdigest()[:16]}", "wb") as f:
        f.write(octets)


def vectors(name):
    section = ""
    for line in open(f"{here}/../vectors/{name}.txt"):
        if m := re.match(r"\[(\w+)\]", line):
            section = m[1]
        elif m := re.match(r"(\w+) = ([0-9a-f]+)$", line.strip()):
            if len(m[2]) % 2 == 0:
                yield section, m[1], bytes.fromhex(m[2])


def packets(path):
    """IPv4 packets of a capture of Ethernet, raw or cooked frames."""
    data = open(path, "rb").read()
    end = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    head = {1: 14, 101: 0, 12: 0, 228: 0, 113: 16, 276: 20}.get(struct.unpack(end + "I", data[20:24])[0])
    at = 24
    while head is not None and at + 16 <= len(data):
        size = struct.unpack(end + "I", data[at + 8:at + 12])[0]
        p = data[at + 16 + head:at + 16 + size]
        at += 16 + size
        if len(p) > 20 and p[0] == 0x45:
            yield p[:struct.unpack(">H", p[2:4])[0]]


def frame(f):
    """One PPP frame: to the codecs, and at a link of either role in several states."""
    put("wire", bytes([FRAME]) + f)
    body = f[2:] if f[:2] == b"\xff\x03" else f
    protocol = struct.unpack(">H", body[:2])[0]
    if protocol not in PROTOCOLS:
        return
    info = body[2:]
    put("wire", bytes([CONTROL]) + body)
    if len(info) > 4:
        put("wire", bytes([AUTH]) + info[4:])
        put("wire", bytes([OPTIONS]) + info[4:])
    which = PROTOCOLS.index(protocol)
    if 4 < len(info) < 255:
        for role in (0, 0x80):
            # before, in the middle of, and after the honest negotiation; raw, or with a fitting id
            put("ppp", bytes([0, 0, 0, 0]) + bytes([role + 2, which, len(info)]) + info + b"\0")
            put("ppp", bytes([0, 0, 0, 0, 0]) + bytes([role + 11, which, info[0] & 15, len(info) - 4]) + info[4:] + b"\0")


def message(m):
    """One control message of L2TP."""
    put("wire", bytes([L2TP]) + m)
    avps = m[12 + 8:]
    if len(m) > 20 and len(avps) < 255:
        kind = m[19] & 31
        for role in (0, 0x80):
            put("tunnel", bytes([1, 1, role + 11, 0x40 | kind, len(avps)]) + avps)
            put("tunnel", bytes([1, 1, 0, role + 11, 0x60 | kind, len(avps)]) + avps + b"\0")


def stream(m):
    """One message of PPTP."""
    put("wire", bytes([PPTP]) + m)
    for role in (0, 0x80):
        if len(m) < 255:
            put("tunnel", bytes([0, 0, role + 2, len(m)]) + m)
            put("tunnel", bytes([0, 0, 0, role + 11, m[9] & 15, len(m) - 14]) + m[14:] + b"\0")


for section, name, octets in vectors("pptp"):
    if section == "control":
        stream(octets)
    else:
        put("wire", bytes([GRE]) + octets)
for section, name, octets in vectors("ppp"):
    if octets[:2] == b"\xff\x03":
        frame(octets)
for section, name, octets in vectors("l2tp"):
    if len(octets) >= 12 and octets[0] & 0x80 and octets[1] & 15 == 2:
        message(octets)
    put("wire", bytes([L2TP]) + octets)
for section, name, octets in vectors("auth"):
    put("wire", bytes([AUTH]) + octets)

seen = set()
for path in sorted(glob.glob(f"{here}/../captures/*.pcap")):
    kept = 0
    for p in packets(path):
        if p[9] == 6:
            data = p[20 + (p[32] >> 4) * 4:]
            key = ("pptp", data[8:10])
            if len(data) >= 12 and key not in seen:
                stream(data)
        elif p[9] == 17 and struct.unpack(">H", p[22:24])[0] == 1701 and p[28] & 0x80:
            data = p[28:]
            key = ("l2tp", len(data), data[18:20])
            if key not in seen:
                message(data)
        elif p[9] == 47 and len(p) > 36 and p[20] & 0x10:
            data = p[32 + (4 if p[21] & 0x80 else 0):]
            key = ("ppp", data[2:5], len(data))
            if key not in seen and len(data) > 4 and data[:2] == b"\xff\x03" and data[2] >= 0x80:
                frame(data)
        else:
            continue
        seen.add(key)

# DHCP options: message type, server, subnet routes (RFC 3442), Microsoft's, DNS, domain.
ack = bytes.fromhex("3501053604 0a000001 7909 18c0a801 0a000001 00".replace(" ", ""))
put("wire", bytes([DHCP]) + ack + bytes.fromhex("06080a0000350a000036 0f07") + b"example" + b"\xff")
put("wire", bytes([DHCP]) + bytes.fromhex("350105f90510c0a80a000001ff"))

# Scripts: every authentication and encryption policy; hang-ups, loss and time in between.
for allow in (1, 2, 4, 8, 16, 31):
    for policy in (0, 1, 2):
        for b in (0, 0x0f, 0xd7):
            head = bytes([allow | policy << 5, b] * 2)
            put("ppp", head + bytes([0, 6, 0, 7, 80, 0, 9, 0, 8, 0]))
            put("ppp", head + bytes([4, 0x84, 6, 1, 1, 0x81, 5, 0x85, 0, 7, 40, 0x88, 0]))
# What an end sent comes back: looped, refused, not liked, altered; at each stage of the dial.
for side in (0x7f, 0xff):
    for b in (0x0f, 0x2f, 0xd7, 0xff):
        for allow in (31, 0xff, 8):
            head = bytes([allow, b] * 2)
            for before in (0, 2, 4, 8, 12, 16, 20, 24, 28, 32):
                for how in range(4):
                    put("ppp", head + bytes([1, 0x81] * (before // 2)) + bytes([side, how, 0] * 3 + [0, 6, 0, 7, 40, 0]))
                for at in (0, 1, 4, 5, 7, 9):
                    put("ppp", head + bytes([1, 0x81] * (before // 2)) + bytes([side, 4 | before % 4 | 1 << at % 5 + 3, at, 0, 6, 0, 7, 40, 0]))
            put("ppp", head + bytes([side, 0, 0, 6] * 30))
            put("ppp", head + bytes([0, 6, 0]) + bytes([7, 41, side, 0, 0, side, 0, 0] * 8 + [0]))
# EAP: a method refused for another, wrong lengths and values, a verdict without a question.
for allow in (16, 18, 31):
    head = bytes([allow, 0x0f] * 2)
    for before in range(2, 14):
        for code, data in ((2, b"\x01john"), (2, b"\x01mary"), (2, b"\x03\x04"), (2, b"\x03\x1a"), (2, b"\x04\x10" + bytes(16) + b"john"), (2, b"\x04\xff"),
                           (2, b"\x1a\x02" + bytes(50) + b"john"), (2, b"\x1a\x03"), (2, b"\x1a\x04"), (2, b"\x1a"), (3, b""), (4, b""), (1, b"\x04\x10" + bytes(16)), (1, b"\x02hello"), (1, b"\x1a\x01" + bytes(22))):
            for role in (0, 0x80):
                put("ppp", head + bytes([1, 0x81] * before) + bytes([role + 11, 3, code, len(data)]) + data + bytes([0, 6, 0, 7, 80, 0]))
# What either end wishes and gives; NCP options asked for, refused and answered.
for wishes in list(range(64)) + [0x51, 0x92, 0xd4]:
    for b in (0x2f, 0xaf):
        put("ppp", bytes([31, b] * 2) + bytes([0, 6, 0, 7, 40, 0, wishes]))
for protocol in (5, 6):
    for role in (0, 0x80):
        for code in (1, 2, 3, 4):
            for options in ("030600000000", "03060a000009", "03067f000001", "8106000000008306000000008206000000008406000000000306ffffffff",
                            "0206002d0f01", "010a0a00000a0a00000b", "0104ffff", "010a0000000000000000", "010affffffffffffffff", "0204004f"):
                o = bytes.fromhex(options)
                for start in (bytes([0, 0]), bytes([1, 0x81] * 3)):
                    put("ppp", bytes([31, 0xaf] * 2) + start + bytes([role + 11, protocol, code, len(o)]) + o + bytes([0, 6, 0, role + 11, protocol, code | 0x40, len(o)]) + o + bytes([0, 6, 0]))
for kind in (0, 1):
    for how in (0, 0x40, 0x48, 0x12, 0x24):
        head = bytes([kind | how, kind | how])
        put("tunnel", head + bytes([0, 6, 0, 7, 130, 0, 10, 0, 0, 0, 8, 0]))
        put("tunnel", head + bytes([4, 6, 0x81, 5, 9, 13, 0x8d, 6, 0, 0x88, 0, 6, 0]))
# The data path: per encapsulation and key, packets in order, lost, late, again, and of the device.
for how in range(4):
    for keys in (0x00, 0x0f, 0x3f, 0x15, 0x0a):
        head = bytes([how, 3 | (0 if keys else 8), keys])
        tcp = bytes.fromhex("123400500000000100000000600220000000000002040fb4") + b"\0" * 4
        ip = bytes.fromhex("450000280001000040060000") + bytes([10, 0, 0, 1, 10, 0, 0, 2]) + tcp[:20]
        inner = b"".join(bytes([3, f, len(ip)]) + ip for f in (0x20, 0x20, 0xa0, 0x22, 0x28, 0x61, 0x20))
        clear = b"".join(bytes([1, f, len(ip) + 4]) + b"\xff\x03\x00\x21" + ip for f in (0x20, 0x22, 0x68, 0x20))
        lcp = bytes([1, 0x20, 12]) + bytes.fromhex("ff03c0210901000811223344")
        put("path", head + inner + clear + lcp + bytes([5, 1, 0, 0, 9, 200, 10]) + inner)
        put("path", head + b"".join(bytes([7, f, len(tcp)]) + tcp for f in (0, 2, 3, 6, 12)) + bytes([10, 9, 250, 11, 1, 4, 9, 1, 0, 4]))
# Multilink: whole packets and pieces, in order, lost, with other numbers, and the device's cut.
MULTILINK, IN_PIECES = 0xfc, 0xfb
for how in range(4):
    for keys in (0x00, 0x0f, 0x3f):
        for mode in (0x0a, 0x3a, 0x0f, 0x08, 0x02):
            head = bytes([how, 3 | (0 if keys else 8), keys, MULTILINK, mode, 60])
            pieces = lambda flags, room, *each: bytes([IN_PIECES, flags, room, len(ip)]) + ip + bytes(each)
            cut = pieces(0x23, 20) + pieces(0x20, 90) + pieces(0x27, 15, 0, 0x11, 0) + pieces(0x27, 15, 0, 2, 0) + pieces(0x23, 7)
            device = bytes([7, 0, 200]) + ip + bytes(160) + bytes([0xf1, 0, 0x20, 0, 100])
            put("path", head + cut + device + bytes([9, 150]) + cut + bytes([MULTILINK, mode ^ 0x30, 30]) + device + cut)
            put("path", head + b"".join(bytes([1, 0x20, n + 5, 0x3d, flags, 0, 0, number]) + ip[:n] for flags, number, n in
                                        ((0x80, 0, 9), (0, 1, 9), (0, 1, 9), (0x80, 2, 0), (0x40, 9, 20), (0xc0, 3, 20), (0xff, 4, 9), (0, 200, 9))))
# Streams that are joined, large packets that are cut, datagrams handed over as one, errors of the kernel.
STREAM, LARGE, MANY, TROUBLE, MORE = 0xf0, 0xf1, 0xf2, 0xf3, 0xf4
for how in range(32):
    for keys in (0x00, 0x0f, 0x05):
        head = bytes([how, 3 | (0 if keys else 8), keys])
        for kind in range(0, 128, 4):
            put("path", head + b"".join(bytes([STREAM, kind | v, 12, 50, 200, 0, 0]) for v in range(4)))
        for kind in (4, 12, 20, 68):
            for at in (0, 1, 4, 6, 12, 30, 33, 52):
                put("path", head + b"".join(bytes([STREAM, kind | v, 6, 40, 3, at, 9]) for v in range(4)))
        put("path", head + bytes([TROUBLE, 2 << 3, 0, 0, 0, STREAM, 12, 8, 40, 200, 0, 0, STREAM, 14, 8, 40, 200, 0, 0]))
        for kind in (0, 1, 2, 3, 16, 32, 35, 64):
            put("path", head + bytes([LARGE, kind, 0x20, 0, 100, LARGE, kind, 0xf0, 0, 150, LARGE, kind, 0, 5, 1]))
            for field in range(10):
                put("path", head + bytes([LARGE, kind | 0x80, 4, 0, 100, field, 0xff, LARGE, kind | 0x88, 4, 0, 100, field, 0, field * 5, 0x7f]))
            for error in range(8):
                put("path", head + bytes([TROUBLE, error, 0x18 | error << 5, 5, 0, LARGE, kind, 8, 0, 100, TROUBLE, 0, error | 0x58, 4, 0x20, 0, 0]))
        put("path", head + bytes([MANY, 20, 0, 0, 0, 0xc8, MANY, 8, 5, 0, 40, 7, MORE, 2, MORE, 1, MANY, 8, 0, 0, 3, 0xff]))
# Outages, then packets again: old ones, right ones, some lost.
for how in (0, 1, 16, 17):
    for keys in (0x03, 0x13, 0x01):
        head = bytes([how, 3, keys])
        for gap in (1, 7, 8, 31, 32, 33, 64, 96, 100, 130, 150):
            for numbered in (0, 1):
                outage = bytes([0xff, gap, numbered])
                put("path", head + inner + outage + inner * 3 + bytes([10]) + inner + outage + inner * 4 + bytes([5, 1, 0, 0, 5, 3, 0, 0]) + inner)
# The packet socket: a next hop, a burst by the raw socket, bursts by the packet socket, errors of either, none again.
for how in (32, 34, 48, 50):
    for keys in (0x00, 0x0f, 0x3f, 0x80, 0x8f):
        head = bytes([how, 3 | (0 if keys & 15 else 8), keys])
        sent = b"".join(bytes([7, f, len(tcp)]) + tcp for f in (0, 2)) + bytes([LARGE, 0, 8, 0, 100])
        for error in range(8):
            trouble = bytes([TROUBLE, error, 0, 0, 0])
            put("path", head + bytes([MORE, 12]) + sent + sent + trouble + sent + sent + bytes([9, 250]) * 5 + sent + trouble + sent + bytes([MORE, 4]) + sent)
# ESP: per suite, messages and data in order, ahead, behind, again, changed, as one; keys that come and go.
for how in range(32):
    for i in range(6):
        head = bytes([how, 5, 0, i, 5, 1, i])
        data = bytes.fromhex("0002 1234 1234 ff03 0021 4500 0014 0000 0000 40fd 0000 0a000001 0a000002")
        echo = bytes.fromhex("0002 1234 1234 ff03 c021 0901 0008 11223344")
        zlb = bytes.fromhex("c802 000c 1234 0000 0000 0000")
        sealed = b"".join(bytes([3, i, 1, len(p)]) + p for p in (data, echo, zlb))
        put("esp", head + sealed + bytes([6, 0x7f, 1, 0, 6, 0x83, 4, 200]))
        put("esp", head + b"".join(bytes([3, i, jump, len(data)]) + data for jump in (1, 63, 200, 10, 0x80, 0x7f, 0xc0)))
        put("esp", head + sealed + bytes([4, 0, 0, 0, 0, 4, 1, 0, 3, 1, 4, 2, 0, 20, 0x80, 4, 0, 0x80, 30, 0]))
        put("esp", head + bytes([7, i, 15, 0, 0, 0, 7, i, 7, 0, 5, 1, 7, i, 9, 0, 200, 4]))
        put("esp", head + sealed + bytes([5, 2, i]) + sealed + bytes([5, 0, i, 5, 8, 1, 5, 9, 2]) + sealed)
        put("esp", head + b"".join(bytes([5, 0, n, 5, 1, n, 6, 9, 0, 50, 3, n, 1, len(data)]) + data for n in range(6)) + sealed)
        for pad, following in ((0, 17), (2, 17), (7, 17), (255, 17), (0, 59), (0, 4)):
            inner = bytes.fromhex("06a5a0290014") + b"\0\0" + zlb
            inner += bytes(46 - len(inner)) + bytes([pad, following])
            put("esp", head + bytes([1, i, 1, len(inner) // 2]) + inner)
        put("esp", head + bytes([0, 1, 0xff, 0, 8, 0, 0, 0, 0, 1, 2, 3, 4, 0, 40, 0, 0, 0x10, i, 0, 0, 0, 1]) + bytes(32))
put("esp", [0, 6, 0x7f, 0, 40, 6, 1, 4, 0])
for fails in range(1, 8):
    put("esp", bytes([fails << 5, 5, 0, 0]))
# Files: each key of the manual page, profiles of the documentation.
for path in sorted(glob.glob(f"{here}/../../profiles/*")):
    text = open(path, "rb").read()
    for which in range(3):
        if len(text) < 3000:
            put("conf", bytes([which]) + text)
KEYS = re.findall(r"^\.It Cm (\S+)", open(f"{here}/../../man/vpdial.conf.5").read(), re.M)
for which, section in ((0, b"connection"), (1, b"office"), (2, b"pptp-server")):
    for value in (b"yes", b"12", b'"a \\" b"', b"10.0.0.1-10.0.0.9", b"1h30m"):
        lines = b"".join(k.encode() + b" = " + value + b"\n" for k in KEYS)
        put("conf", bytes([which]) + b"[" + section + b"]\n" + lines)
put("conf", b"\0[connection]\nconnect-to = vpn.example.com\nuser = john\npassword = \"a b\"\n")
put("conf", b"\2[pptp-server]\nenabled = yes\n[secret john]\npassword = \"x\"\nlocal-address = 10.0.0.1\nremote-address = 10.0.0.2-10.0.0.9\n")
# Strangers before a server: SCCRQs and what follows, with and without a secret, shut, much later, again.
def half_open():
    sccrq, scccn = bytes([0, 1, 0]), bytes([2, 0, 0])
    other = struct.pack(">HHHH", 0x8008, 0, 10, 4)
    challenge = struct.pack(">HHH", 0x8016, 0, 11) + bytes(16)
    response = struct.pack(">HHH", 0x8016, 0, 13) + bytes(16)
    for secret in (b"\0", b"\1"):
        put("half_open", secret + sccrq + scccn + bytes([3, 10, 0, 0]) * 6 + scccn)
        put("half_open", secret + sccrq + bytes([0, 2, 0]) + scccn + sccrq)
        put("half_open", secret + sccrq + bytes([2, 8, 0]) * 17 + scccn)
        put("half_open", secret + bytes([0, 1, len(other)]) + other + bytes([0, 1, len(challenge)]) + challenge)
        put("half_open", secret + (sccrq + bytes([2, 0, len(response)]) + response) * 11 + sccrq)
        put("half_open", secret + sccrq + bytes([5, 200]) + scccn + bytes([70]) + sccrq + bytes([198]) + sccrq + bytes([6]) + sccrq)
        put("half_open", secret + sccrq + scccn + bytes([7]) + sccrq + bytes([3, 4, 0, 0]) + bytes([0, 17, 0]))
        put("half_open", secret + b"".join(bytes([8 * n, 1, 0, 8 * n + 2, 0, 0]) for n in range(6)))


half_open()


# IKE: recorded messages to the codec; scripts of two engines: refusals, losses, new keys, forgeries in clear and under the keys.
def isakmp():
    for path in sorted(glob.glob(f"{here}/../captures/l2tp-ipsec-ikev1*.pcap")):
        for p in packets(path):
            to = struct.unpack(">H", p[22:24])[0]
            if p[9] == 17 and to in (500, 4500) and p[28:32] != bytes(4) or to == 4500 and p[28:32] == bytes(4):
                m = p[28 + (4 if to == 4500 else 0):]
                put("isakmp", b"\1" + m)
                if len(m) > 40 and m[16] == 1:
                    put("isakmp", b"\1" + m[32:])
    up = bytes([1, 1, 1])
    notify = lambda type, spi, data: struct.pack(">IBBH", 1, 1, len(spi), type) + spi + data
    delete = lambda protocol, *spis: struct.pack(">IBBH", 1, protocol, len(spis[0]), len(spis)) + b"".join(spis)
    payloads = [(11, notify(36136, bytes(16), bytes(4))), (11, notify(36137, bytes(16), bytes(4))), (11, notify(14, b"", b"")),
                (11, notify(18, bytes(4), b"")), (11, notify(24578, bytes(16), b"")), (12, delete(3, bytes(4), b"abcd")), (12, delete(1, bytes(16))),
                (10, bytes(20)), (1, bytes.fromhex("00000001000000010000002801030401c0ffee010000001c010c000080010001800200e08004000480060100800500 02".replace(" ", "")))]
    for how in (0, 1, 2, 4, 8, 16, 24, 32, 64, 96, 127):
        head = bytes([0, how])
        put("isakmp", head + up + bytes([7, 5 | 31 << 3]) * 8 + up)
        put("isakmp", head + up + bytes([5, 255, 1, 5, 255, 1, 5, 120, 1]))
        for n in range(10):
            for op in (2, 3):
                put("isakmp", head + bytes([0, 0x80]) * n + bytes([op, op | 0x80]) + up + bytes([5, 8, 1, 5, 20, 1, 1]))
            put("isakmp", head + bytes([0, 0x80]) * n + bytes([0x84, 0, 30 + n, 4, 4, 0, 70, 8]) + up + bytes([5, 8, 1, 1]))
            for type, body in payloads:
                put("isakmp", head + bytes([0, 0x80]) * n + bytes([14, 4, 11, len(body)]) + body + up)
        for n, (type, body) in enumerate(payloads):
            for role in (0, 0x80):
                for shape in (8, 12, 0, 24):
                    put("isakmp", head + up + bytes([role | 6, shape, type, n, len(body)]) + body + up + bytes([5, 200, 1, 1]))
        put("isakmp", head + up + bytes([7, 2, 0x87, 2]) * 4 + up * 2 + bytes([7, 0]) + up)
        put("isakmp", head + bytes([7, 3, 7, 3, 7, 3]) + up)




def radius():
    """Attributes of answers: the vectors', and one of each kind that is known."""
    def at(kind, value):
        return bytes([kind, len(value) + 2]) + value

    def ms(kind, value):
        return at(26, struct.pack(">IBB", 311, kind, len(value) + 2) + value)

    for section, name, octets in vectors("radius"):
        put("radius", b"\0" + octets)
        put("radius", b"\3" + octets)
    known = [at(n, struct.pack(">I", 2)) for n in (6, 8, 9, 12, 27, 28, 85)] + [
        at(18, b"Hello"), at(22, b"10.9.0.0/16 10.0.0.2 1"), at(25, b"class"), at(88, b"pool"),
        ms(2, b"\1E=691 R=1 C=00 V=3 M=no"), ms(7, struct.pack(">I", 2)), ms(8, struct.pack(">I", 6)), ms(12, bytes(32)),
        ms(16, b"\x80\1" + bytes(32)), ms(17, b"\x80\2" + bytes(32)), ms(26, b"\1S=" + b"0A" * 20), ms(28, b"\x0a\0\0\1")]
    for a in known:
        put("radius", b"\0" + a)
    for method in range(16):
        put("radius", bytes([method]) + b"".join(known))


isakmp()
radius()


# Whole sessions: each role, tunnel and encryption; then packets, requests and hang-ups in each phase.
DATAGRAM, A_FRAME, STREAM_OCTETS, DEVICE, SUPERVISOR, HANG_UP, PEER_GONE, LEAVE, STATS, PEER_ENDS = range(2, 12)
REST = bytes([1, 4]) * 40
for kind in range(4):
    for mppe in (0, 8, 0x28, 0x48):
        for b in (0x1f, 0x48, 0x28, 0x01, 0x02, 0x10, 0x04):
            for c in (0, 0x8b, 0x7f, 0xff):
                head = bytes([kind | mppe, b, c])
                put("session", head + bytes([0, 255] * 3) + REST)
                put("session", head + bytes([0, 255, 0, 255, DEVICE, 20]) + bytes(20) + bytes([STATS, 0, 255, PEER_GONE]) + REST * 2)
                for end in (HANG_UP, LEAVE, PEER_ENDS, PEER_GONE):
                    put("session", head + bytes([0, 255, 1, 8, end, 0, 9]) + REST)
                    put("session", head + bytes([end]) + REST)
    for type in range(5):
        body = bytes([19, 0, 0, 0]) + b"told to" + bytes(40)
        put("session", bytes([kind, 0x1f, 0x8a]) + bytes([0, 255, 1, 2, SUPERVISOR, type, len(body)]) + body + REST)
    for protocol in PROTOCOLS:
        for code in range(1, 16):
            f = b"\xff\x03" + struct.pack(">HBBH", protocol, code, 1, 8) + b"\1\2\3\4"
            put("session", bytes([kind, 0x1f, 0x0a, 0, 255, 1, 8, A_FRAME, 0, len(f)]) + f + REST)
    put("session", bytes([kind, 0x1f, 0, 1, 4, DATAGRAM, 12]) + bytes(12) + bytes([STREAM_OCTETS, 16]) + bytes(16) + REST)
    # the answer to a DHCPINFORM, as a packet in clear
    answer = bytes.fromhex("4500014c000000004011000000000000ffffffff0043004401380000020108000000000000000000")
    put("session", bytes([kind, 0x1f, 0x80, 0, 255, 1, 8, A_FRAME, 0, 4 + len(answer)]) + b"\xff\3\0\x21" + answer + REST)
# A session's requests to the privileged process: in order, then each with something changed.
READY, STATE, NETWORK, ROUTES, RECORD_STATS, CALL, ACCOUNT, ENDED = range(6, 14)


def record(type, *changes, flags=0):
    return bytes([type << 3 | 1, flags | len(changes)]) + b"".join(struct.pack(">HB", at, v) for at, v in changes)


for how in range(0, 256, 2):
    put("judge", bytes([how, how >> 4]) + b"".join(map(record, (READY, STATE, NETWORK, RECORD_STATS, ROUTES, CALL, NETWORK, ENDED))))
for how in (0x08, 0x0c, 0x1a, 0x01, 0x05, 0x03):
    up = record(READY) + record(ACCOUNT) + record(NETWORK)
    for at in range(0, 600, 4):
        for value in (0, 9, 127, 255):
            put("judge", bytes([how, 0]) + up + record(ROUTES, (at, value), (at + 4, 3)) + record(RECORD_STATS, (at, value)) + record(ENDED))
    for at in range(0, 80):
        for value in (0, 127, 192, 224, 255):
            put("judge", bytes([how, 0]) + record(READY) + record(ACCOUNT, (at % 8, value)) + record(NETWORK, (at, value)) + record(NETWORK, (0, 9)) + record(NETWORK))
    for type in range(6, 14):
        put("judge", bytes([how, 0]) + up + record(type, flags=0x80) + record(NETWORK))
        put("judge", bytes([how, 0]) + up + record(type, flags=0x40) + bytes([0, 5]))
        for end in range(0, 48, 8):
            put("judge", bytes([how, 0, 6 | end]) + up + bytes([7]))
            put("judge", bytes([how, 0, 6 | end]) + record(type) + record(READY) + record(ENDED))
    for line in (b"3hello\n", b"0\x1b[2J\xc2\x9b\n2more\n", b"9\n\n", b"1" + b"x" * 250):
        put("judge", bytes([how, 0]) + up + bytes([4, len(line)]) + line + bytes([4, len(line)]) + line + bytes([5, 255]))
# Records of every type: whole, cut, with descriptors, in each phase at both ends.
for how in range(8):
    put("request", bytes([how]) + b"".join(bytes([t, f, 0, 4, 0]) for t in range(15) for f in (0, 3)))
    put("request", bytes([how, 0, 1, 0, 0, 0]))
for which in (4, 9, 54, 124):
    for at in (0, 4, 8, 12, 13, 16, 24, 28, 235):
        put("control", bytes([which]) + struct.pack(">HB", at, 200))
for which in range(4):
    put("control", bytes([which]) + bytes([0, 12, 1, 0, 16, 7, 4, 0, 0x41]))
