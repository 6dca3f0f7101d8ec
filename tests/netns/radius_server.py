#!/usr/bin/env python3
"""radius_server.py ADDRESS SECRET MODE: a RADIUS server on port 1812 that accepts every request, but for what
MODE does to its answers:

silent    none
slow N    after N seconds
unsigned  without Message-Authenticator
forged    first an Accept under another secret, a second later the true Reject
replay    the first answer again and again, whatever is asked
hostile   well signed, with addresses, routes and numbers that no client can have
login     well signed, of another service than Framed
"""
import hashlib, hmac, os, socket, struct, sys, threading, time

address, secret, mode = sys.argv[1], sys.argv[2].encode(), sys.argv[3]


def attribute(kind, value):
    return bytes([kind, len(value) + 2]) + value


def number(kind, n):
    return attribute(kind, struct.pack(">I", n))


def answer(code, request, body, key=secret, signed=True):
    head = attribute(80, bytes(16)) if signed else b""
    attributes = head + body
    start = struct.pack(">BBH", code, request[1], 20 + len(attributes))
    if signed:
        mac = hmac.new(key, start + request[4:20] + attributes, hashlib.md5).digest()
        attributes = attribute(80, mac) + body
    return start + hashlib.md5(start + request[4:20] + attributes + key).digest() + attributes


ODD = [number(8, 0), number(8, 0x7f000001), number(8, 0xe0000001), number(9, 0xff00ff00), number(9, 0), number(12, 1),
       number(27, 0xffffffff), number(28, 0xffffffff), number(85, 1), attribute(22, b"0.0.0.0/0"),
       attribute(22, b"127.0.0.0/8"), attribute(22, b"224.0.0.0/4 x"), attribute(22, bytes(range(200))),
       attribute(25, bytes(253)), attribute(18, b"\x1b[2J\r\nforged: line"), attribute(88, b"\x1b[31mpool"),
       attribute(26, b"\0\0\1\x37\x10\xff"), attribute(26, b"\0\0\1"), attribute(26, struct.pack(">I", 311) + b"\x10\x24" + bytes(34)),
       attribute(26, struct.pack(">I", 311) + b"\7\6" + struct.pack(">I", 99)), attribute(79, b"\3\1\0\4"), attribute(255, b"")]

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((address, 1812))
print("ready", flush=True)
first = None


def later(seconds, octets, to):
    threading.Timer(seconds, s.sendto, (octets, to)).start()


while True:
    request, to = s.recvfrom(4096)
    print("request", request[1], flush=True)
    good = answer(2, request, number(6, 2))
    first = first or good
    if mode == "slow":
        later(float(sys.argv[4]), good, to)
    elif mode == "unsigned":
        s.sendto(answer(2, request, b"", signed=False), to)
    elif mode == "forged":
        s.sendto(answer(2, request, number(6, 2), key=b"another"), to)
        s.sendto(os.urandom(4) + good[4:], to)
        later(1, answer(3, request, b""), to)
    elif mode == "replay":
        s.sendto(first[:1] + request[1:2] + first[2:], to)
    elif mode == "hostile":
        s.sendto(answer(2, request, b"".join(ODD)), to)
    elif mode == "login":
        s.sendto(answer(2, request, number(6, 1)), to)
