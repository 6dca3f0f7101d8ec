#!/usr/bin/env python3
"""dictionaries.py: writes a dictionary for each fuzz target, from the tables and headers of the
source.  Usage: dictionaries.py DIRECTORY (made by tests/fuzz/run; TARGET.dict)."""
import os, re, struct, sys

src = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../src")
out = sys.argv[1]


def text(path):
    return re.sub(r"/\*.*?\*/", "", open(f"{src}/{path}").read(), flags=re.S)


def enum(path, name):
    """Names and values of an enum, those without a value counted up."""
    value, found = -1, {}
    for entry in re.search(r"enum " + name + r" \{(.*?)\}", text(path), re.S)[1].split(","):
        if m := re.match(r"\s*(\w+)(?:\s*=\s*(\w+))?\s*$", entry):
            value = int(m[2], 0) if m[2] else value + 1
            found[m[1]] = value
    return found


def write(target, tokens):
    assert tokens, target
    with open(f"{out}/{target}.dict", "w") as f:
        for token in sorted({bytes(t) for t in tokens if t}):
            f.write('"' + "".join(f"\\x{b:02x}" for b in token) + '"\n')


os.makedirs(out, exist_ok=True)
frames = [struct.pack(">H", v) for v in enum("wire/frame.h", r"frame_protocol").values()]
codes = [bytes([v, 1, 0, 4]) for v in enum("wire/control_packet.h", "control_code").values()]
eap = [bytes([v]) for v in enum("wire/auth.h", "eap_type").values()]
# PPP options: each row of the table, in its shortest and its longest form.
rows = re.findall(r"\{FRAME_(\w+), (\w+), \"[^\"]*\",\s*(\d+),\s*(\d+)", text("wire/options.c"))
numbers = {}
for name in ("lcp_option", "ipcp_option", "ipv6cp_option", "ccp_option"):
    numbers.update(enum("wire/options.h", name))
options = [bytes([numbers[o], int(n) + 2]) + bytes(int(n)) for _, o, low, high in rows for n in (low, high)
           if o in numbers and int(n) < 64]
options += [b"\x12\x06\x01\x00\x00" + bytes([v]) for v in (0x20, 0x40, 0x80, 0xe0, 0x61)]
options += [b"\x03\x05\xc2\x23" + bytes([v]) for v in (5, 0x80, 0x81)] + [b"\x03\x04\xc0\x23", b"\x03\x04\xc2\x27"]
# AVPs: head and as many zeros as the table wants at least.
avps = enum("wire/avp.h", "l2tp_avp")
table = re.findall(r"\[(AVP_\w+)\] = \{\"[^\"]*\", \w+, (\w+)", text("wire/avp.c"))
avp_tokens = [struct.pack(">HHH", 0x8000 | 6 + int(low), 0, avps[name]) + bytes(int(low))
              for name, low in table if low.isdigit()]
messages = [b"\x80\x08\0\0\0\0" + struct.pack(">H", v) for v in enum("wire/avp.h", "l2tp_type").values()]
pptp = [b"\x1a\x2b\x3c\x4d" + struct.pack(">HH", v, 0) for v in enum("wire/pptp.h", "pptp_type").values()]
dhcp = [bytes.fromhex("63825363"), b"\x35\x01\x05", b"\x36\x04\x0a\0\0\1", b"\x79\x05\x08\x0a\0\0\1", b"\xf9", b"\x0f\x03a.b"]
gre = [bytes.fromhex(h) for h in ("3001880b", "3081880b", "2081880b")]
l2tp = [bytes.fromhex(h) for h in ("c8020014", "0002", "4002", "0802", "0202")]
mschap = [b"S=", b"E=691 R=1 C=", b" V=3 M=", b"E=648 R=0", b"john"]

write("wire", frames + codes + eap + options + avp_tokens + messages + pptp + dhcp + gre + l2tp + mschap)
write("ppp", codes + eap + options + mschap)
write("tunnel", avp_tokens + messages + pptp + l2tp)
write("half_open", avp_tokens + messages + l2tp)
types = enum("wire/isakmp.h", "isakmp_type").values()
heads = [struct.pack(">BBH", v, 0, 4) for v in types if v]
write("isakmp", heads + [struct.pack(">H", v) for v in enum("wire/isakmp.h", "isakmp_notify").values()] +
      [b"\0\0\0\1\0\0\0\1"] + [bytes.fromhex(h) for h in ("80010007", "800e0100", "80020004", "80040013", "80030001", "01030401", "010c0000", "80040004", "8004f004", "80050002", "10020000")])
enum_x = dict(re.findall(r"X\((\w+), (\d+)\)", text("wire/radius.h")))
write("radius", [bytes([int(v), 6]) for v in enum_x.values()] + [b"S=", b"E=691", b"10.9.0.0/16 10.0.0.2 1"] +
      [struct.pack(">BBIBB", 26, 12, 311, v, 6) for v in enum("wire/radius.h", "radius_microsoft").values()])
write("path", frames + gre + l2tp + [bytes([b]) for b in range(0xf0, 0xf5)] + [b"\x45\0\0\x28", b"\x60\0\0\0"])
write("esp", l2tp + [b"\0\0\x10" + bytes([i]) for i in range(6)] + [bytes.fromhex("06a5a029"), b"\0\x11", b"\0\x3b", b"\xff"])
write("session", frames + codes + options + avp_tokens + pptp + dhcp + [bytes([1, 8]), bytes([0, 255])])
# The options of profiles, and the words that their values may be.
conf = text("conf/options.c") + text("conf/server.c")
keys = {k for k in re.findall(r'"([a-z0-9-]+)"', conf)}
write("conf", [f"{k} = ".encode() for k in keys if "-" in k] + [k.encode() for k in keys] +
      [b"[connection]\n", b"[pptp-server]\n", b"[l2tp-server]\n", b"[secret john]\n", b"[interface a]\n", b"[radius a]\n", b"[aaa]\n", b'"', b"\\", b"; ", b"\xef\xbb\xbf"])
# Records: their heads and the numbers that mean something.
magics = [int(v, 16) for h in ("control.h", "events.h", "users.h") for v in re.findall(r"_MAGIC\s+(0x[0-9a-f]+)", text("ipc/" + h))]
records = [struct.pack("<I", v) for v in magics + list(range(1, 16))]
write("control", records + [b"\xc2\x9b", b"\x1b[", b"\xff"])
types = enum("ipc/request.h", "request_type").values()
write("request", [struct.pack("<I", v) for v in types] + [b"\xff\xff"])
write("judge", [bytes([v << 3 & 0xff | 1]) for v in types] + [struct.pack(">I", v) for v in (0x7f000001, 0xe0000001, 0xc0000201, 0xc6336401, 0xffffffff)] +
      [b"\x1b[", b"\xc2\x9b", b"3", b"\n"])
