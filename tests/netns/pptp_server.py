#!/usr/bin/env python3
"""pptp_server.py - a PPTP server that follows a script, for tests of what a client does with a bad one.

usage: pptp_server.py [--address A] [--other-address A] [--log FILE] SCENARIO[:ARGUMENT]...

Answers one dial after the other as a well-behaved server does (MS-CHAPv2, MPPE128 stateless, IPCP,
answers to ping), except where a scenario changes it.  `--list` prints the scenarios.  Each step of
a call is a line "step NAME" in the log; at the end (SIGTERM) "seen KEY=N ..." tells what the wire
carried.  Keys, hashes and message layouts come from the project's reference for its test vectors.
"""
import argparse
import os
import random
import select
import signal
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vectors"))
sys.dont_write_bytecode = True
import reference as ref  # noqa: E402

USER, PASSWORD = "alice", "Netns-Pass1"
INNER_SERVER, INNER_CLIENT = "10.99.0.1", "10.99.0.100"
CALL_ID = 0x4711
MPPE_128_STATELESS = 0x01000040
AUTH_OPTIONS = {
    "mschap2": b"\xc2\x23\x81", "mschap1": b"\xc2\x23\x80", "chap": b"\xc2\x23\x05", "pap": b"\xc0\x23"}
# Everything that a terminal, a log or a line-based reader might act on.
NASTY = b"\x1b[31mRED\x1b]0;owned\x07\r\nforged: line\x00\x9b2J\xc2\x9b2J\xe2\x80\xae\x7f\xff%s%n\"\\"


class End(Exception):
    """The control connection is over."""


def checksum(data):
    data += b"\0" * (len(data) & 1)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ip_packet(source, target, payload, protocol=1):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), random.getrandbits(16), 0, 64, protocol, 0,
                       socket.inet_aton(source), socket.inet_aton(target))
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def icmp_echo(kind, ident, seq, data=b"x" * 40):
    body = struct.pack(">BBHHH", kind, 0, 0, ident, seq) + data
    return body[:2] + struct.pack(">H", checksum(body)) + body[4:]


def options_of(data):
    at = 0
    while at + 2 <= len(data) and 2 <= data[at + 1] <= len(data) - at:
        yield data[at], data[at + 2:at + data[at + 1]]
        at += data[at + 1]


class Server:
    def __init__(self, args):
        self.args = args
        self.log_file = open(args.log, "w", buffering=1) if args.log else sys.stdout
        self.seen = {}
        self.hooks = {}    # step -> functions; one that returns True ends the step there
        self.sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
        self.sniffer.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE
        self.raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, 47)
        self.raw.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)
        self.raw.bind((args.address, 0))
        self.gre_out = self.raw
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((args.address, 1723))
        # What scenarios change.
        self.host, self.vendor, self.chap_name, self.success_text = b"server", b"scripted", b"labsrv", b"welcome"
        self.start_result = self.call_result = 1
        self.version = 0x0100
        self.auth, self.insist, self.first_seq = "mschap2", False, 0
        self.gre_call_offset = 0
        self.proof = None            # replaces the whole text of the Success
        self.failure = None          # text of a Failure instead
        self.refuses_wrong = False   # a wrong password is no fault of the client's
        self.mppe_option = MPPE_128_STATELESS
        self.ccp = "accept"          # or "reject"
        self.inner = INNER_SERVER
        self.assign, self.dns = INNER_CLIENT, ["10.99.0.53", "10.99.0.54"]
        self.bytewise = False
        self.reset_call()

    def reset_call(self):
        self.conn, self.buffer, self.timers = None, b"", []
        self.deaf = False
        self.client, self.client_call = None, None
        self.seq, self.rx_newest = self.first_seq, None
        self.magic = random.getrandbits(32) | 1
        self.ids = 0
        self.new_link()

    def new_link(self):
        self.lcp_in = self.lcp_out = self.ccp_in = self.ccp_out = self.ipcp_in = self.ipcp_out = False
        self.tx = self.rx = self.nt_response = self.challenge = None
        self.network = self.up = False

    # Log, steps, time

    def say(self, *words):
        print(*words, file=self.log_file, flush=True)

    def count(self, key, n=1):
        self.seen[key] = self.seen.get(key, 0) + n

    def step(self, name):
        self.say("step", name)
        return any([hook(self) for hook in self.hooks.get(name, [])])

    def on(self, step, hook):
        self.hooks.setdefault(step, []).append(hook)

    def later(self, seconds, action):
        self.timers.append((time.monotonic() + seconds, action))
        self.timers.sort(key=lambda t: t[0])

    def next_id(self):
        self.ids = (self.ids + 1) & 255
        return self.ids

    # Control connection

    def control(self, message):
        if self.conn is None:
            return
        try:
            if not self.bytewise:
                self.conn.sendall(message)
                return
            for octet in message:
                self.conn.sendall(bytes([octet]))
                time.sleep(0.0002)
        except OSError:
            raise End from None

    def close(self, reset=False):
        if reset:
            self.conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise End

    def on_control(self, data):
        self.buffer += data
        while len(self.buffer) >= 12:
            length, _, cookie, kind, _ = struct.unpack(">HHIHH", self.buffer[:12])
            assert cookie == ref.COOKIE and length >= 12, "the client broke the protocol"
            if len(self.buffer) < length:
                return
            message, self.buffer = self.buffer[:length], self.buffer[length:]
            self.count(f"control{kind}")
            handler = {1: self.on_start, 3: self.on_stop, 5: self.on_echo, 7: self.on_call, 12: self.on_clear}.get(kind)
            if handler:
                handler(message)

    def start_reply(self):
        return ref.pptp_sccrp(res=self.start_result, ver=self.version, host=self.host, vendor=self.vendor)

    def on_start(self, _):
        if self.step("start"):
            return
        self.control(self.start_reply())
        self.step("started")

    def on_stop(self, _):
        self.step("stop")
        self.control(ref.pptp_stop_rp())
        raise End

    def on_echo(self, message):
        self.control(ref.pptp_echo_rp(struct.unpack(">I", message[12:16])[0]))

    def call_reply(self):
        return ref.pptp_ocrp(CALL_ID if self.call_result == 1 else 0, self.client_call, res=self.call_result)

    def on_call(self, message):
        self.client_call = struct.unpack(">H", message[12:14])[0]
        if self.step("call"):
            return
        self.control(self.call_reply())
        if self.call_result == 1:
            self.begin_ppp()

    def begin_ppp(self):
        if not self.step("called"):
            self.send_lcp_request()

    def on_clear(self, _):
        self.step("clear")
        self.control(ref.pptp_cdn(CALL_ID))

    # GRE

    def send_raw(self, packet):
        try:
            self.gre_out.sendto(packet, (self.client, 0))
        except OSError as error:
            self.count(f"send-error-{error.errno}")

    def gre(self, frame, seq=None):
        if seq is None:
            seq, self.seq = self.seq, (self.seq + 1) & 0xffffffff
            if self.first_seq and seq == 0:
                self.count("wrapped")
        ack = self.rx_newest
        return ref.gre((self.client_call + self.gre_call_offset) & 0xffff, frame, seq=seq, ack=ack)

    def send(self, protocol, info):
        self.send_raw(self.gre(ref.ppp(protocol, info)))

    def encrypted(self, ip):
        """The frame of an IP packet as the link carries it now."""
        if self.tx:
            return ref.ppp(0x00fd, self.tx.encrypt(b"\0\x21" + ip))
        return ref.ppp(0x0021, ip)

    def send_ip(self, ip):
        self.send_raw(self.gre(self.encrypted(ip)))

    def on_gre(self, packet):
        data = packet[(packet[0] & 15) * 4:]
        if len(data) < 8 or data[2:4] != b"\x88\x0b" or self.client_call is None or self.deaf:
            return
        if struct.unpack(">H", data[6:8])[0] != CALL_ID or not data[0] & 0x10:
            return
        self.rx_newest = struct.unpack(">I", data[8:12])[0]
        at = 16 if data[1] & 0x80 else 12
        self.on_frame(data[at:at + struct.unpack(">H", data[4:6])[0]])

    def on_frame(self, frame):
        if any([hook(self, frame) for hook in self.hooks.get("frame", [])]):
            return
        frame = frame[2:] if frame[:2] == b"\xff\x03" else frame
        protocol, at = (frame[0], 1) if frame[0] & 1 else (struct.unpack(">H", frame[:2])[0], 2)
        handler = {ref.LCP: self.on_lcp, ref.CHAP: self.on_chap, ref.PAP: self.on_pap, ref.CCP: self.on_ccp,
                   ref.IPCP: self.on_ipcp, 0x00fd: self.on_encrypted, 0x0021: self.on_ip}.get(protocol)
        self.count(f"rx{protocol:04x}")
        if handler:
            handler(frame[at:])

    # PPP

    def send_lcp_request(self):
        self.send(ref.LCP, ref.cp(1, self.next_id(), self.lcp_options()))

    def lcp_options(self):
        auth = ref.opt(3, AUTH_OPTIONS[self.auth]) if self.auth else b""
        return ref.opt(1, ref.u16(1400)) + auth + ref.opt(5, ref.u32(self.magic))

    def on_lcp(self, p):
        code, ident, length = struct.unpack(">BBH", p[:4])
        body = p[4:length]
        if code == 1:
            if self.lcp_in and self.lcp_out:
                self.new_link()
                self.send_lcp_request()
            if self.step("lcp"):
                return
            self.send(ref.LCP, ref.cp(2, ident, body))
            self.lcp_in = True
        elif code == 2:
            if self.step("lcp-acked"):
                return
            self.lcp_out = True
        elif code in (3, 4) and self.insist:
            self.send_lcp_request()
        elif code == 5:
            self.step("terminate")
            self.send(ref.LCP, ref.cp(6, ident, b""))
        elif code == 9:
            self.send(ref.LCP, ref.cp(10, ident, ref.u32(self.magic) + body[4:]))
        if code in (1, 2) and self.lcp_in and self.lcp_out:
            if not self.step("lcp-open"):
                self.begin_auth()

    def begin_auth(self):
        if self.auth == "pap":
            return
        if not self.auth:
            self.begin_network()
            return
        self.challenge = os.urandom(8 if self.auth == "mschap1" else 16)
        self.send(ref.CHAP, ref.chap_val(1, self.next_id(), self.challenge, self.chap_name))

    def on_pap(self, p):
        if p[0] == 1 and not self.step("response"):
            text = self.failure or self.success_text
            self.send(ref.PAP, ref.cp(3 if self.failure else 2, p[1], bytes([len(text)]) + text))
            if not self.failure:
                self.begin_network()

    def on_chap(self, p):
        code, ident, length = struct.unpack(">BBH", p[:4])
        if code != 2 or self.step("response"):
            return
        if self.failure:
            self.send(ref.CHAP, ref.cp(4, ident, self.failure))
            return
        value = p[5:5 + p[4]]
        if self.auth == "chap":
            good = value == ref.md5(bytes([ident]) + PASSWORD.encode() + self.challenge)
            text = self.success_text
        else:
            peer, answer = value[:16], value[24:48]
            good = answer == ref.nt_response_v2(self.challenge, peer, USER, PASSWORD)
            proof = ref.authenticator_response(PASSWORD, answer, peer, self.challenge, USER).encode()
            text = proof + b" M=" + self.success_text if self.proof is None else self.proof
            if not self.nt_response:
                self.nt_response = answer
        if not good and self.refuses_wrong:
            self.nt_response = None
            self.send(ref.CHAP, ref.cp(4, ident, b"E=691 R=0 C=" + b"0" * 32 + b" V=3"))
            return
        assert good and p[5 + p[4]:length] == USER.encode(), "the client's response is wrong"
        self.send(ref.CHAP, ref.cp(3, ident, text))
        if self.up:
            self.step("rechallenged")
        elif not self.step("proved"):
            self.begin_network()

    def begin_network(self):
        self.network = True
        if self.ccp != "none" and self.nt_response:
            self.send_ccp_request()
        else:
            self.send_ipcp_request()

    def mppe(self, send):
        master = ref.master_key(ref.md4(ref.nt_hash(PASSWORD)), self.nt_response)
        return ref.MPPE(ref.asym_start_key(master, 16, send, True), 128 if self.mppe_option & 0x40 else 40)

    def send_ccp_request(self):
        self.send(ref.CCP, ref.cp(1, self.next_id(), ref.opt(18, ref.u32(self.mppe_option))))

    def on_ccp(self, p):
        if not self.network:
            return  # RFC 1661 3.5: not before authentication is over
        code, ident, length = struct.unpack(">BBH", p[:4])
        body = p[4:length]
        if code == 1:
            if self.step("ccp") or self.ccp == "none":
                return
            if self.ccp == "reject":
                self.send(ref.CCP, ref.cp(4, ident, body))
            elif body != ref.opt(18, ref.u32(self.mppe_option)):
                self.send(ref.CCP, ref.cp(3, ident, ref.opt(18, ref.u32(self.mppe_option))))
            else:
                self.send(ref.CCP, ref.cp(2, ident, body))
                self.tx, self.ccp_in = self.mppe(True), True
        elif code == 2:
            self.rx, self.ccp_out = self.mppe(False), True
        elif code in (3, 4) and self.insist:
            self.send_ccp_request()
        elif code == 5:
            self.send(ref.CCP, ref.cp(6, ident, b""))
        if code in (1, 2) and self.ccp_in and self.ccp_out:
            if not self.step("ccp-again" if self.up else "ccp-open") and not self.up:
                self.send_ipcp_request()

    def send_ipcp_request(self):
        self.send(ref.IPCP, ref.cp(1, self.next_id(), ref.opt(3, socket.inet_aton(self.inner))))

    def ipcp_wanted(self):
        wanted = {3: self.assign}
        wanted.update(zip((129, 131), self.dns))
        return {k: socket.inet_aton(v) for k, v in wanted.items()}

    def on_ipcp(self, p):
        if not self.network:
            return
        code, ident, length = struct.unpack(">BBH", p[:4])
        if code == 1:
            if self.step("ipcp"):
                return
            asked, wanted = list(options_of(p[4:length])), self.ipcp_wanted()
            rejected = b"".join(ref.opt(t, v) for t, v in asked if t not in wanted)
            naked = b"".join(ref.opt(t, wanted[t]) for t, v in asked if t in wanted and v != wanted[t])
            if rejected or naked:
                self.send(ref.IPCP, ref.cp(4 if rejected else 3, ident, rejected or naked))
                return
            self.send(ref.IPCP, ref.cp(2, ident, p[4:length]))
            self.ipcp_in = True
        elif code == 2:
            self.ipcp_out = True
        if self.ipcp_in and self.ipcp_out and not self.up:
            self.up = True
            self.step("up")

    def on_encrypted(self, body):
        plain = self.rx.decrypt(body) if self.rx else None
        if plain is None or plain[:2] not in (b"\0\x21", b"\0\x57"):
            self.count("undecipherable")
        elif plain[:2] == b"\0\x21":
            self.count("decrypted")
            self.on_ip(plain[2:])

    def on_ip(self, ip):
        data = ip[(ip[0] & 15) * 4:]
        if ip[9] == 17 and len(data) > 248 and data[2:4] == b"\0\x43":
            any([hook(self, ip, data[8:]) for hook in self.hooks.get("dhcp", [])])
            return
        if ip[9] != 1 or len(data) < 8:
            return
        kind, _, _, ident, seq = struct.unpack(">BBHHH", data[:8])
        if kind == 0:
            self.count(f"echo-reply-{ident:04x}")
        elif kind == 8 and self.up:
            answer = ip_packet(socket.inet_ntoa(ip[16:20]), socket.inet_ntoa(ip[12:16]),
                               icmp_echo(0, ident, seq, data[8:]))
            if not any([hook(self, answer) for hook in self.hooks.get("answer", [])]):
                self.send_ip(answer)

    # The wire, as a third party sees it

    def sniff(self):
        while True:
            try:
                packet, where = self.sniffer.recvfrom(65536, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            if where[2] == socket.PACKET_OUTGOING or packet[9] != 47:
                continue
            data = packet[(packet[0] & 15) * 4:]
            if not data[0] & 0x10:
                self.count("wire-ack")
                continue
            frame = data[16 if data[1] & 0x80 else 12:]
            frame = frame[2:] if frame[:2] == b"\xff\x03" else frame
            protocol = frame[0] if frame[0] & 1 else struct.unpack(">H", frame[:2])[0]
            if protocol in (0x0021, 0x0057):
                self.count("wire-clear")
            elif protocol == 0x00fd:
                self.count("wire-encrypted")
            else:
                self.count("wire-control")

    # The loop

    def readable(self, sources):
        wait = 3600.0
        if self.timers:
            wait = max(0.0, self.timers[0][0] - time.monotonic())
        return select.select(sources, [], [], wait)[0]

    def due(self):
        while self.timers and self.timers[0][0] <= time.monotonic():
            self.timers.pop(0)[1]()

    def serve(self):
        self.conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.step("tcp"):
            return
        while True:
            sources = [self.raw, self.sniffer] + ([] if self.deaf else [self.conn])
            ready = self.readable(sources)
            if self.sniffer in ready:
                self.sniff()
            if self.raw in ready:
                self.on_gre(self.raw.recv(65536))
            if self.conn in ready:
                data = self.conn.recv(65536)
                if not data:
                    return
                self.on_control(data)
            self.due()

    def main(self):
        self.listener.listen(8)
        self.say("listening")
        while True:
            self.conn, (self.client, _) = self.listener.accept()
            try:
                self.serve()
            except (End, ConnectionError):
                pass
            self.sniff()
            self.conn.close()
            self.say("step closed")
            self.reset_call()

    def finish(self, *_):
        self.sniff()
        self.say("seen", *(f"{k}={v}" for k, v in sorted(self.seen.items())))
        os._exit(0)


# Scenarios: name -> function of the server and the argument

SCENARIOS = {}


def scenario(function):
    SCENARIOS[function.__name__.replace("_", "-")] = function
    return function


def swallow(server):
    """Nothing further is answered, but the TCP connection stays."""
    server.deaf = True
    server.gre_out = Discard()
    return True


class Discard:
    def sendto(self, *_):
        pass


@scenario
def good(_server, _):
    """a server that does everything right"""


@scenario
def start_result(server, n):
    server.start_result = int(n)


@scenario
def start_version(server, n):
    server.version = int(n, 0)


@scenario
def call_result(server, n):
    server.call_result = int(n)


@scenario
def fin(server, step):
    server.on(step, lambda s: s.close())


@scenario
def rst(server, step):
    server.on(step, lambda s: s.close(reset=True))


@scenario
def fin_later(server, step):
    server.on(step, lambda s: s.later(1.0, s.close))


@scenario
def rst_later(server, step):
    server.on(step, lambda s: s.later(1.0, lambda: s.close(reset=True)))


@scenario
def stop(server, step):
    server.on(step, lambda s: s.control(ref.pptp_stop_rq(1)) or True)


@scenario
def stop_later(server, step):
    server.on(step, lambda s: s.later(1.0, lambda: s.control(ref.pptp_stop_rq(3))))


@scenario
def cdn(server, which):
    """Call-Disconnect-Notify in mid-call, with the right, the client's or a senseless call id"""
    def act(s):
        ident = {"right": CALL_ID, "client": s.client_call, "wrong": 0x0666}[which]
        s.later(1.0, lambda: s.control(ref.pptp_cdn(ident, res=3, stats=NASTY)))
    server.on("up", act)


@scenario
def silent(server, step):
    server.on(step, swallow)


@scenario
def silent_later(server, step):
    server.on(step, lambda s: s.later(1.0, lambda: swallow(s)))


def raw_control(name, octets):
    def act(server, step):
        server.on(step or "start", lambda s: s.control(octets) or True)
    SCENARIOS[name] = act


raw_control("cookie", struct.pack(">HHIHH", 156, 1, 0xdeadbeef, 2, 0) + b"\0" * 144)
raw_control("length-0", struct.pack(">HHIHH", 0, 1, ref.COOKIE, 2, 0) + b"\0" * 144)
raw_control("length-65535", struct.pack(">HHIHH", 65535, 1, ref.COOKIE, 2, 0) + b"\0" * 144)
raw_control("short", struct.pack(">HHIHH", 16, 1, ref.COOKIE, 2, 0) + b"\0" * 4)
raw_control("http", b"HTTP/1.1 400 Bad Request\r\nServer: \x1b[2J\r\n\r\n" * 8)
raw_control("truncated", ref.pptp_sccrp()[:77])
raw_control("noise", bytes(random.Random(4).randrange(256) for _ in range(4096)))


@scenario
def unknown_type(server, step):
    server.on(step or "start", lambda s: s.control(ref.pptp(99, b"\xff" * 20)) or False)


@scenario
def bytewise(server, _):
    server.bytewise = True


@scenario
def coalesced(server, _):
    """several messages in one segment, wanted and unwanted ones"""
    def start(s):
        s.control(ref.pptp_echo_rq(1) + ref.pptp(99, b"\0" * 8) + s.start_reply() + ref.pptp_echo_rq(2) + s.start_reply())
        return True

    def call(s):
        s.control(ref.pptp_icrq(9) + ref.pptp_wen(s.client_call) + s.call_reply() + ref.pptp_sli(s.client_call) +
                  ref.pptp_echo_rq(3) + ref.pptp_ocrp(7, s.client_call, res=4))
        s.begin_ppp()
        return True
    server.on("start", start)
    server.on("call", call)


@scenario
def echo_flood(server, step):
    """Echo-Requests without end, whose answers are never read"""
    def flood(s):
        s.deaf = True
        s.conn.setblocking(False)
        stream = ref.pptp_echo_rq(7) * 256
        sent = [0]

        def more():
            try:
                while True:
                    sent[0] += s.conn.send(stream[sent[0] % 16:])
            except BlockingIOError:
                s.later(0.01, more)
            except OSError:
                raise End from None
        s.later(1.0, more)
    server.on(step, flood)


# GRE

@scenario
def other_source(server, _):
    server.gre_out = socket.socket(socket.AF_INET, socket.SOCK_RAW, 47)
    server.gre_out.bind((server.args.other_address, 0))


@scenario
def wrong_call_id(server, _):
    server.gre_call_offset = 1


@scenario
def wrap(server, _):
    server.first_seq = server.seq = 0xfffffff0


def malformed(server, rng):
    """A GRE packet for the client's call that is wrong in one of many ways."""
    good_one = ref.gre(server.client_call, ref.ppp(ref.LCP, b"\1\1\0\4"), seq=rng.getrandbits(32))
    kind = rng.randrange(9)
    if kind == 0:
        return good_one[:rng.randrange(8, 12)]
    if kind == 1:
        return bytes([rng.choice((0x20, 0xb0, 0x70, 0x38, 0x37, 0x10))]) + good_one[1:]
    if kind == 2:
        return good_one[:1] + bytes([good_one[1] | 0x78]) + good_one[2:]
    if kind == 3:
        return good_one[:4] + b"\xff\xff" + good_one[6:]
    payload = (b"", b"\xff\x03", b"\0\x20", b"\xff\x03\xc0", b"\x01")[kind - 4]
    if kind == 4:
        return ref.gre(server.client_call, b"", seq=None, ack=rng.getrandbits(32))
    return ref.gre(server.client_call, payload, seq=rng.getrandbits(32))


@scenario
def garbage(server, _):
    """malformed packets around each good one, from the call on"""
    rng = random.Random(1)

    def burst(s, _frame=None):
        for _ in range(20):
            s.send_raw(malformed(s, rng))
    server.on("called", burst)
    server.on("frame", burst)


@scenario
def flood(server, n):
    """N malformed packets while connected"""
    rng = random.Random(2)

    def act(s):
        left = [int(n or 20000)]

        def more():
            for _ in range(min(200, left[0])):
                s.send_raw(malformed(s, rng))
            left[0] -= 200
            if left[0] > 0:
                s.later(0.002, more)
            else:
                s.step("flooded")
        s.later(0.8, more)
    server.on("up", act)


@scenario
def jumps(server, _):
    """far sequence jumps, with senseless and with good content"""
    def act(s):
        def jump():
            for far in (5000, 1 << 20, 0x7fffffff):
                s.send_raw(s.gre(b"\xff\x03\0\xfd" + os.urandom(60), seq=(s.seq + far) & 0xffffffff))
            s.seq += 100000
            s.send(ref.LCP, ref.cp(9, 1, ref.u32(s.magic)))
            s.step("jumped")
        s.later(0.5, jump)
    server.on("up", act)


@scenario
def shuffled(server, _):
    """answers to ping come twice and in the wrong order"""
    kept = []

    def act(s, ip):
        kept.append(s.gre(s.encrypted(ip)))
        if len(kept) == 4:
            for packet in reversed(kept):
                s.send_raw(packet)
                s.send_raw(packet)
            kept.clear()
        return True
    server.on("answer", act)


@scenario
def replayed(server, times):
    """each of eight packets of data again and again"""
    kept = []

    def replay(s):
        for _ in range(int(times or 50)):
            for packet in kept:
                s.send_raw(packet)
        s.step("replayed")

    def act(s, ip):
        if len(kept) == 8:
            return False
        kept.append(s.gre(s.encrypted(ip)))
        s.send_raw(kept[-1])
        if len(kept) == 8:
            s.later(0.5, lambda: replay(s))
        return True
    server.on("answer", act)


def tcp_segment(server, seq, flags):
    """from the server's address and port to the client's, outside of the connection's own"""
    client, port = server.conn.getpeername()
    head = struct.pack(">HHIIBBHHH", 1723, port, seq, 0, 0x50, flags, 8192, 0, 0)
    pseudo = socket.inet_aton(server.args.address) + socket.inet_aton(client) + struct.pack(">BBH", 0, 6, len(head))
    return head[:16] + struct.pack(">H", checksum(pseudo + head)) + head[18:]


@scenario
def forged(server, what):
    """ends of the call that do not fit it: old-number, other-id, other-source, tcp; and fits"""
    end = ref.ppp(ref.LCP, ref.cp(5, 77, b"forged"))

    def act(s):
        stranger = socket.socket(socket.AF_INET, socket.SOCK_RAW, 6 if what == "tcp" else 47)
        stranger.bind((s.args.other_address if what == "other-source" else s.args.address, 0))
        for n in range(200):
            if what == "tcp":  # RST and SYN with numbers that are most likely not the connection's
                packet = tcp_segment(s, (0x1000193 * n) & 0xffffffff, 4 if n & 1 else 2)
            elif what == "old-number":
                packet = s.gre(end, seq=(s.first_seq + n % 4) & 0xffffffff)
            elif what == "fits":
                packet = s.gre(end)
            else:
                packet = ref.gre((s.client_call + (what == "other-id")) & 0xffff, end, seq=(s.seq + n) & 0xffffffff)
            stranger.sendto(packet, (s.client, 0))
        s.step("forged")
    server.on("up", lambda s: s.later(1.0, lambda: act(s)))


# What is told inside of the tunnel

@scenario
def inner(server, address):
    server.inner = address


@scenario
def dhcp(server, argument):
    """answers DHCPINFORM with ROUTE,...[;dns=A,...][;domain=nasty][;times=N]; many:N = N routes of /24"""
    words = dict(w.split("=") for w in argument.split(";")[1:])
    routes = []
    for r in argument.split(";")[0].split(","):
        if r.startswith("many"):
            routes += [f"10.{60 + n // 256}.{n % 256}.0/24" for n in range(int(r[4:]))]
        else:
            routes.append(r)
    octets = b""
    for r in routes:
        address, length = r.split("/")
        octets += bytes([int(length)]) + socket.inet_aton(address)[:(int(length) + 7) // 8] + socket.inet_aton(INNER_SERVER)

    def act(s, ip, question):
        told = b"\x35\x01\x05\x36\x04" + socket.inet_aton(INNER_SERVER)
        dns = b"".join(socket.inet_aton(a) for a in words.get("dns", "").split(",") if a)
        told += ref.opt(6, dns)[:1] + bytes([len(dns)]) + dns if dns else b""
        domain = NASTY if words.get("domain") == "nasty" else words.get("domain", "").encode()
        told += bytes([15, len(domain)]) + domain if domain else b""
        for at in range(0, len(octets), 250):  # RFC 3396
            part = octets[at:at + 250]
            told += bytes([121, len(part)]) + part
        body = b"\x02" + question[1:236] + bytes.fromhex("63825363") + told + b"\xff"
        udp = struct.pack(">HHHH", 67, 68, 8 + len(body), 0) + body
        packet = ip_packet(INNER_SERVER, socket.inet_ntoa(ip[12:16]), udp, 17)

        def flood():
            for _ in range(int(words["times"]) - 1):
                s.send_ip(packet)
            s.step("dhcp-flooded")
        s.send_ip(packet)
        s.step("dhcp-answered")
        if "times" in words:
            s.later(1.0, flood)
    server.on("dhcp", act)


# PPP

@scenario
def only(server, method):
    server.auth, server.insist = method, True


@scenario
def auth(server, method):
    server.auth = method


@scenario
def false_proof(server, _):
    server.proof = b"S=" + b"0" * 40 + b" M=trust me"


@scenario
def missing_proof(server, _):
    server.proof = b"M=trust me"


@scenario
def network_at_once(server, _):
    """goes on to IPCP and sends data right behind a Success, whatever it proves"""
    def act(s):
        s.network = True
        s.send_ipcp_request()
        s.send(0x0021, ip_packet(INNER_SERVER, INNER_CLIENT, icmp_echo(8, 0xbad0, 1)))
    server.on("proved", act)


@scenario
def failure(server, text):
    server.failure = {"nasty": b"E=691 R=0 V=3 M=" + NASTY, "pap-nasty": NASTY}.get(text) or \
        f"E={text} R=0 C={'00' * 16} V=3 M=said the server".encode()


@scenario
def refuse_wrong(server, _):
    """a wrong password is refused, and the next dial may bring the right one"""
    server.refuses_wrong = True


@scenario
def lcp_nak_forever(server, _):
    def act(s, frame):
        if frame[2:5] == b"\xc0\x21\x01":
            s.send(ref.LCP, ref.cp(3, frame[5], ref.opt(1, ref.u16(random.randrange(500, 1500)))))
            return True
    server.on("frame", act)


@scenario
def lcp_reject_forever(server, _):
    def act(s, frame):
        if frame[2:5] == b"\xc0\x21\x01":
            s.send(ref.LCP, ref.cp(4, frame[5], frame[8:]) if len(frame) > 8 else ref.cp(3, frame[5], ref.opt(5, ref.u32(7))))
            return True
    server.on("frame", act)


@scenario
def renegotiate_forever(server, _):
    """a new Configure-Request each time LCP has opened"""
    def again(s):
        s.new_link()
        s.later(0.05, s.send_lcp_request)
        return True
    server.on("lcp-open", again)


@scenario
def challenge_forever(server, _):
    """a new challenge for each response"""
    server.on("response", lambda s: s.begin_auth() or True)


@scenario
def ipcp_nak_forever(server, _):
    def act(s):
        s.assign = f"10.99.0.{random.randrange(2, 250)}"
    server.on("ipcp", act)


@scenario
def loopback(server, _):
    """returns what it gets"""
    server.on("called", lambda s: True)
    server.on("frame", lambda s, frame: s.send_raw(s.gre(frame)) or True)


@scenario
def ccp_reject(server, _):
    server.ccp = "reject"


@scenario
def ccp_none(server, _):
    server.ccp = "none"


@scenario
def mppe(server, bits):
    server.mppe_option, server.insist = int(bits, 0), True


@scenario
def ccp_terminate(server, _):
    def act(s):
        s.later(1.0, lambda: s.send(ref.CCP, ref.cp(5, s.next_id(), NASTY)))
    server.on("up", act)


@scenario
def ccp_anew(server, bits):
    """CCP is negotiated again in mid-call, to other bits"""
    def act(s):
        def again():
            s.mppe_option = int(bits, 0)
            s.insist = True
            s.ccp_in = s.ccp_out = False
            s.send_ccp_request()
        s.later(1.0, again)
    server.on("up", act)


@scenario
def clear_data(server, n):
    """N packets in clear while the link is encrypted"""
    def act(s):
        def leak():
            for i in range(int(n or 5)):
                s.send(0x0021, ip_packet(INNER_SERVER, INNER_CLIENT, icmp_echo(8, 0xc1ea, i)))
            s.send_ip(ip_packet(INNER_SERVER, INNER_CLIENT, icmp_echo(8, 0x600d, 1)))
            s.step("leaked")
        s.later(0.8, leak)
    server.on("up", act)


@scenario
def lcp_anew(server, _):
    def act(s):
        def again():
            if not s.hooks.pop("up", None):
                return
            s.new_link()
            s.send_lcp_request()
            s.on("up", lambda x: x.step("up-again"))
        s.later(1.0, again)
    server.on("up", act)


@scenario
def rechallenge(server, _):
    server.on("up", lambda s: s.later(1.0, s.begin_auth))


@scenario
def assign(server, address):
    server.assign = address


@scenario
def dns(server, addresses):
    server.dns = addresses.split(",")


@scenario
def nasty(server, _):
    """every text that a server may send is as hostile as can be"""
    server.host, server.vendor = NASTY.ljust(64, b"\x1b")[:64], NASTY[::-1].ljust(64, b"\n")[:64]
    server.chap_name, server.success_text = NASTY, NASTY
    server.on("lcp-open", lambda s: s.send(ref.LCP, ref.cp(12, s.next_id(), ref.u32(s.magic) + NASTY)))


@scenario
def hang_up(server, _):
    """Terminate-Request with a hostile text in mid-call"""
    server.on("up", lambda s: s.later(1.5, lambda: s.send(ref.LCP, ref.cp(5, s.next_id(), NASTY))))


@scenario
def rejects(server, number):
    """NUMBER Protocol-Rejects of nonsense: what a server sends that decrypts with other keys"""

    def send(s):
        for i in range(int(number)):
            s.send(ref.LCP, ref.cp(8, s.next_id(), ref.u16(0x7E06 + 2 * i) + bytes(20)))

    server.on("up", lambda s: s.later(1, lambda: send(s)))


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--address", default="10.88.1.1")
    parser.add_argument("--other-address", default="10.88.1.9")
    parser.add_argument("--log")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("scenario", nargs="*", default=["good"])
    args = parser.parse_args()
    if args.list:
        print("\n".join(sorted(SCENARIOS)))
        return
    server = Server(args)
    for word in args.scenario:
        name, _, argument = word.partition(":")
        SCENARIOS[name](server, argument)
    signal.signal(signal.SIGTERM, server.finish)
    server.main()


if __name__ == "__main__":
    main()
