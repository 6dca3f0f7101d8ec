#!/usr/bin/env python3
"""stray.py - what a stranger who can record the wire may do to a call of L2TP over IPsec: it says again, and changed, from
its own port what the client sent.

usage: stray.py SERVER INTERFACE
Records five packets of ESP to port 4500 of SERVER on INTERFACE (the call must be busy, or is made so by a ping), then sends
each again from another port, as it was and with each tenth octet changed.  Nothing may come back.  Status 1 if it does, or
if there was no ESP.
"""
import select
import socket
import subprocess
import sys
import time

SERVER, INTERFACE = sys.argv[1:3]
seen = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
seen.bind((INTERFACE, 3))
ping = subprocess.Popen(["ping", "-q", "-c", "8", "-i", "0.1", "10.0.103.1"], stdout=subprocess.DEVNULL)
kept = []
end = time.monotonic() + 5
while len(kept) < 5 and time.monotonic() < end:
    if select.select([seen], [], [], 0.2)[0]:
        packet, address = seen.recvfrom(2048)
        if address[1] == 0x0800 and address[2] == socket.PACKET_OUTGOING and packet[9] == 17 and packet[16:20] == socket.inet_aton(SERVER):
            if packet[22:24] == (4500).to_bytes(2, "big") and packet[28:32] != bytes(4):
                kept.append(packet[28:])
ping.wait()
mine = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
mine.bind(("", 0))
for packet in kept:
    mine.sendto(packet, (SERVER, 4500))
    for at in range(4, len(packet), 10):
        changed = bytearray(packet)
        changed[at] ^= 0x10
        mine.sendto(changed, (SERVER, 4500))
        time.sleep(0.01)
back = len(select.select([mine], [], [], 1.0)[0])
print(len(kept), "packets of ESP;", "something came back" if back else "nothing came back")
sys.exit(not kept or back)
