#!/usr/bin/env python3
"""flood.py - forged first messages of L2TP, each from another address: what a server does with them.

usage: flood.py SERVER RATE SECONDS INTERFACE
Sends RATE SCCRQs a second of 53 octets, from addresses in 172.16.0.0/12, and looks at INTERFACE for what
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
HEADERS = 28
rng = random.Random(15)
running = True


def stop(*_):
    global running
    running = False


def avp(kind, value):
    return struct.pack("!HHH", 0x8000 | (6 + len(value)), 0, kind) + value


def forged():
    body = avp(0, b"\0\1") + avp(2, b"\1\0") + avp(3, b"\0\0\0\3") + avp(7, b"x") + avp(9, struct.pack("!H", rng.randrange(1, 65536)))
    message = struct.pack("!HHHHHH", 0xC802, 12 + len(body), 0, 0, 0, 0) + body
    udp = struct.pack("!HHHH", rng.randrange(1024, 65536), 1701, 8 + len(message), 0) + message
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
