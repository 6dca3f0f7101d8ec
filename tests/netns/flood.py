#!/usr/bin/env python3
"""flood.py - forged first messages of L2TP or IKE, each from another address: what a server does with them.

usage: flood.py SERVER RATE SECONDS INTERFACE [ike]
Sends RATE SCCRQs a second of 53 octets, or messages 1 of IKE's Main Mode, from addresses in 172.16.0.0/12, and looks at INTERFACE for what
comes back to them.  Prints "SENT ANSWERS OCTETS-SENT OCTETS-ANSWERED"; status 1 if more than one answer
or more than three octets came back for each.  Ends at SIGTERM, too.
"""
import random
import select
import signal
import socket
import struct
import sys
import time

SERVER, RATE, SECONDS, INTERFACE = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
IKE = sys.argv[5:] == ["ike"]
HEADERS = 28
rng = random.Random(15)
running = True


def stop(*_):
    global running
    running = False


def avp(kind, value):
    return struct.pack("!HHH", 0x8000 | (6 + len(value)), 0, kind) + value


def payload(next_one, body):
    return struct.pack("!BBH", next_one, 0, 4 + len(body)) + body


def first_of_ike():
    # AES-256, SHA, modp2048, shared key; NAT traversal of RFC 3947.
    attributes = b"".join(struct.pack("!HH", 0x8000 | kind, value) for kind, value in ((1, 7), (14, 256), (2, 2), (4, 14), (3, 1)))
    proposal = payload(0, bytes((1, 1, 0, 1)) + payload(0, bytes((1, 1, 0, 0)) + attributes))
    body = payload(13, struct.pack("!II", 1, 1) + proposal) + payload(0, bytes.fromhex("4a131c81070358455c5728f20e95452f"))
    return rng.randbytes(8) + bytes(8) + struct.pack("!BBBBII", 1, 0x10, 2, 0, 0, 28 + len(body)) + body


def sccrq():
    body = avp(0, b"\0\1") + avp(2, b"\1\0") + avp(3, b"\0\0\0\3") + avp(7, b"x") + avp(9, struct.pack("!H", rng.randrange(1, 65536)))
    return struct.pack("!HHHHHH", 0xC802, 12 + len(body), 0, 0, 0, 0) + body


def forged():
    message = first_of_ike() if IKE else sccrq()
    udp = struct.pack("!HHHH", rng.randrange(1024, 65536), 500 if IKE else 1701, 8 + len(message), 0) + message
    source = struct.pack("!I", 0xAC100000 | rng.randrange(1 << 20))
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, source, socket.inet_aton(SERVER)) + udp


signal.signal(signal.SIGTERM, stop)
out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
seen = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
seen.bind((INTERFACE, 0x0800))
sent = answers = octets_sent = octets_back = 0
begin = time.monotonic()
end = begin + SECONDS
while running and time.monotonic() < end:
    # As many as are due by now, but never a burst to make up for what this machine had no time for.
    for _ in range(min(20, int((time.monotonic() - begin) * RATE) - sent)):
        packet = forged()
        out.sendto(packet, (SERVER, 0))
        sent += 1
        octets_sent += len(packet) - HEADERS
    while select.select([seen], [], [], 0.002)[0]:
        packet, address = seen.recvfrom(2048)
        if address[2] != socket.PACKET_OUTGOING and packet[9] == 17 and packet[16] == 0xAC and packet[17] >> 4 == 1:
            answers += 1
            octets_back += len(packet) - HEADERS
print(sent, answers, octets_sent, octets_back)
sys.exit(answers > sent or octets_back > 3 * octets_sent)
