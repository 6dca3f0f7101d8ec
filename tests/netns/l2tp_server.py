#!/usr/bin/env python3
"""l2tp_server.py - an L2TP server (LNS) that follows a script, for tests of what a client does with it.

usage: l2tp_server.py [--address A] [--log FILE] [--pptp-address A] SCENARIO[:ARGUMENT]...

Answers one dial after the other as a well-behaved server does (MS-CHAPv2, MPPE128 stateless, IPCP,
answers to ping), except where a scenario changes it.  `--list` prints the scenarios; arguments of
several parts have commas between them.  Each step of a call is a line "step NAME" in the log; at
the end (SIGTERM) "seen KEY=N ..." tells what the wire carried.  PPP is that of pptp_server.py.
"""
import argparse
import os
import select
import signal
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import pptp_server as base  # noqa: E402

ref = base.ref
NASTY = base.NASTY
SECRET = b"netns-tunnel-secret"
TUNNEL, SESSION = 0x1234, 0x5678
OTHER_PORT = 40001
NAMES = {number: name for name, number in ref.MT.items()}
HIDDEN_TYPES = (3, 4, 8, 9, 14)


class Lns(base.Server):
    """The PPP of base.Server on L2TP data messages."""

    def __init__(self, args):
        self.lns_address = args.address
        args.address = args.pptp_address  # base.Server's own sockets, not used here
        super().__init__(args)
        family = socket.AF_INET6 if ":" in self.lns_address else socket.AF_INET
        self.udp, self.other = (socket.socket(family, socket.SOCK_DGRAM) for _ in range(2))
        self.udp.bind((self.lns_address, 1701))
        self.other.bind((self.lns_address, OTHER_PORT))
        self.out = self.udp
        self.host, self.vendor = b"lns", b"scripted"

    # What scenarios change; a call begins with the rest

    move = False               # SCCRP and all that follows comes from the other port
    challenge = b""            # of ours
    secret = b""               # AVPs are hidden with it, challenges answered
    hide = False
    random_vector = b"\x11" * 16
    false_response = None
    protocol_version = 0x0100
    data_flags = None          # function of the packet's number: its header's bits "LSOP"
    first_ns = 0
    twice = False
    drop_first = False

    def reset_call(self):
        super().reset_call()
        self.client_tunnel = self.client_session = 0
        self.ns = self.nr = 0
        self.data_ns, self.data_count = getattr(self, "first_ns", 0), 0
        self.mute = self.gone = False
        self.extra = getattr(self, "extra", {})   # message name -> AVPs to append
        self.replace = getattr(self, "replace", {})  # message name -> function of its AVPs
        self.unacked, self.dropped = {}, set()
        self.client_challenge = b""

    # Sending

    def put(self, packet):
        if self.gone or self.client is None:
            return
        try:
            self.out.sendto(packet, self.client)
        except OSError as error:
            self.count(f"send-error-{error.errno}")

    def hidden(self, kind, value):
        return ref.avp(kind, ref.hide(kind, value, self.secret, self.random_vector), h=1)

    def avp(self, kind, value):
        return self.hidden(kind, value) if self.hide and kind in HIDDEN_TYPES else ref.avp(kind, value)

    def message(self, name, *avps, session=0):
        """Sends a control message, in order."""
        if self.mute:
            return
        vector = [ref.avp(36, self.random_vector)] if self.hide and self.random_vector else []
        avps = [ref.mt(name), *vector, *avps, *self.extra.get(name, [])]
        if name in self.replace:
            avps = self.replace[name](avps)
        packet = ref.l2tp_ctrl(self.client_tunnel, session, self.ns, self.nr, *avps)
        self.unacked[self.ns] = packet
        self.ns = (self.ns + 1) & 0xffff
        if self.drop_first:
            self.count("withheld")
            self.later(0.4, lambda ns=self.ns - 1: self.put(self.unacked[ns]) if ns in self.unacked else None)
            return
        self.put(packet)
        if self.twice:
            self.put(packet)

    def zlb(self, session=0):
        self.put(ref.l2tp_ctrl(self.client_tunnel, session, self.ns, self.nr))

    def gre(self, frame, seq=None):
        flags = self.data_flags(self.data_count) if self.data_flags else "L"
        self.data_count += 1
        numbers = None
        if seq is not None or "S" in flags:
            numbers = (self.data_ns if seq is None else seq, 0)
            if seq is None:
                self.data_ns = (self.data_ns + 1) & 0xffff
        return ref.l2tp_data(self.client_tunnel, self.client_session, frame, length="L" in flags, seq=numbers,
                             offset=(self.data_count % 4 if "O" in flags else None), prio="P" in flags)

    def send_raw(self, packet):
        if any([hook(self, packet) for hook in self.hooks.get("data-out", [])]):
            return
        self.put(packet)

    # Receiving

    def on_datagram(self, sock, data, sender):
        if self.gone:
            self.count("unanswered")
            return
        flags = struct.unpack(">H", data[:2])[0]
        self.count("on-other-port" if sock is self.other else "on-port-1701")
        if flags & 0x8000:
            self.on_control_message(sock, data, sender)
        else:
            self.on_data(flags, data)

    def on_control_message(self, sock, data, sender):
        flags, _, tunnel, session, ns, nr = struct.unpack(">HHHHHH", data[:12])
        assert flags == 0xc802, "the client's control header is wrong"
        if len(data) > 12 and self.drop_first and (tunnel, ns) not in self.dropped:
            self.dropped.add((tunnel, ns))
            self.count("client-dropped")
            return
        for old in [k for k in self.unacked if ((nr - k - 1) & 0xffff) < 0x8000]:
            del self.unacked[old]
            self.count("acked")
        avps = list(self.avps_of(data[12:]))
        name = NAMES.get(struct.unpack(">H", avps[0][1])[0]) if avps else "ZLB"
        self.count(f"control-{name}")
        if name == "ZLB":
            return
        if name == "SCCRQ" and ns == 0 and tunnel == 0 and sender != self.client:
            if self.client:
                self.reset_call()
            self.client = sender
            if self.step("source-1701" if sender[1] == 1701 else "source-other"):
                return
        elif sender != self.client:
            self.count("stranger")
            return
        if ns != self.nr:
            if ((ns - self.nr) & 0xffff) >= 0x8000 and not self.mute:
                self.zlb()
            self.count("repeated")
            return
        self.nr = (ns + 1) & 0xffff
        before = self.ns
        # A client that could not read our id ends the tunnel without it.
        assert tunnel == TUNNEL or name in ("SCCRQ", "StopCCN") and tunnel == 0, "the client uses a wrong tunnel id"
        getattr(self, "on_" + name.lower(), lambda *_: self.step(name.lower()))(dict(avps), session)
        if self.ns == before and not self.gone and self.client:
            self.zlb()

    def avps_of(self, data):
        vector = b""
        while data:
            flags, vendor, kind = struct.unpack(">HHH", data[:6])
            length = flags & 0x3ff
            assert 6 <= length <= len(data) and vendor == 0, "the client's AVPs are wrong"
            value, data = data[6:length], data[length:]
            if flags & 0x4000:
                self.count("hidden-avps")
                value = ref.unhide(kind, value, SECRET, vector)
                assert value is not None, "the client hides AVPs wrongly"
            if kind == 36:
                vector = value
            yield kind, value

    def on_sccrq(self, avps, _):
        self.client_tunnel = struct.unpack(">H", avps[9])[0]
        self.client_challenge = avps.get(11, b"")
        if self.move:
            self.out = self.other
        if not self.step("sccrq"):
            self.sccrp()

    def sccrp(self):
        avps = [self.avp(2, ref.u16(self.protocol_version)), self.avp(3, ref.u32(3)), self.avp(4, ref.u32(3)),
                self.avp(7, self.host), self.avp(8, self.vendor), self.avp(9, ref.u16(TUNNEL)),
                self.avp(10, ref.u16(4))]
        if self.challenge:
            avps.append(self.avp(11, self.challenge))
        if self.client_challenge and self.secret:
            response = ref.l2tp_response(2, self.secret, self.client_challenge)
            if self.false_response is not None:
                response = self.false_response
            if response:
                avps.append(self.avp(13, response))
        self.message("SCCRP", *avps)
        self.step("sccrp-sent")

    def on_scccn(self, avps, _):
        if self.challenge:
            good = avps.get(13) == ref.l2tp_response(3, SECRET, self.challenge)
            self.step("secret-proved" if good else "secret-wrong")
            if not good:
                self.stop(4)
                return
        self.step("scccn")

    def on_icrq(self, avps, _):
        self.client_session = struct.unpack(">H", avps[14])[0]
        if not self.step("icrq"):
            self.message("ICRP", self.avp(14, ref.u16(SESSION)), session=self.client_session)

    def on_iccn(self, avps, session):
        assert session == SESSION, "the client uses a wrong session id"
        if 39 in avps:
            self.step("sequencing-required")
        if not self.step("iccn"):
            self.begin_ppp()

    def on_cdn(self, avps, _):
        self.count(f"cdn-result-{struct.unpack('>H', avps[1][:2])[0]}")
        self.step("cdn")

    def on_stopccn(self, avps, _):
        code = struct.unpack(f">{min(len(avps[1]) // 2, 2)}H", avps[1][:4])
        self.count("stopccn-result-" + "-".join(map(str, code)))
        self.step("stopccn")
        self.zlb()
        self.client_done()

    def client_done(self):
        self.step("closed")

    def on_data(self, flags, data):
        at = 4 if flags & 0x4000 else 2
        tunnel, session = struct.unpack(">HH", data[at:at + 4])
        at += 4
        self.count("rx-numbered" if flags & 0x0800 else "rx-unnumbered")
        if flags & 0x0800:
            number = struct.unpack(">H", data[at:at + 2])[0]
            last, self.rx_newest = self.rx_newest, number
            if last is not None and (number - last) & 0xffff != 1:
                self.count("rx-number-jumps")
            at += 4
        assert not flags & 0x0300, "no offset and priority from the client"
        if tunnel != TUNNEL or session != SESSION:
            self.count("rx-wrong-id")
            return
        frame = data[at:]
        plain = frame[2:] if frame[:2] == b"\xff\x03" else frame
        protocol = plain[0] if plain[0] & 1 else struct.unpack(">H", plain[:2])[0]
        kind = {0x0021: "clear", 0x0057: "clear", 0x00fd: "encrypted"}.get(protocol, "control")
        self.count(f"wire-{kind}")
        self.on_frame(frame)

    # Ends

    @staticmethod
    def result(result, error="", text=b"", *_):
        value = ref.u16(int(result))
        if error != "":
            value += ref.u16(int(error)) + (NASTY if text == "nasty" else text.encode() if text else b"")
        return ref.avp(1, value)

    def stop(self, *args):
        self.message("StopCCN", ref.avp(9, ref.u16(TUNNEL)), self.result(*args))

    def cdn(self, *args):
        cause = [ref.avp(46, struct.pack(">HHB", int(args[3]), 0xc223, 1) + b"because", m=0)] if len(args) > 3 else []
        self.message("CDN", self.result(*args), ref.avp(14, ref.u16(SESSION)), *cause, session=self.client_session)

    # The loop

    def sniff(self):
        pass

    def main(self):
        self.say("listening")
        while True:
            for sock in self.readable([self.udp, self.other]):
                self.on_datagram(sock, *sock.recvfrom(65536))
            self.due()


# Scenarios: those of PPP that pptp_server.py has work here too.

SCENARIOS = {name: base.SCENARIOS[name] for name in (
    "good", "auth", "only", "failure", "refuse-wrong", "false-proof", "missing-proof", "network-at-once", "ccp-reject", "ccp-none",
    "mppe", "assign", "dns", "hang-up", "nasty", "replayed", "dhcp", "inner") if name in base.SCENARIOS}


def scenario(function):
    SCENARIOS[function.__name__.replace("_", "-")] = function
    return function


def at(server, step, act):
    """Instead of the usual answer; in mid-call (step "up") a second later and besides."""
    if step == "up":
        server.on("up", lambda s: s.later(1.0, lambda: act(s)))
    else:
        server.on(step, lambda s: act(s) or True)


@scenario
def other_port(server, _):
    server.move = True


@scenario
def only_1701(server, _):
    """only a client that sends from port 1701 is answered"""
    def act(s):
        s.client = None
        return True
    server.on("source-other", act)


@scenario
def silent(server, step):
    """from STEP on nothing comes any more, not even an acknowledgment"""
    def act(s):
        s.gone = True
        return True
    server.on(step, act)


@scenario
def mute(server, step):
    """from STEP on messages are acknowledged, but not answered"""
    def act(s):
        s.mute = True
        return True
    server.on(step, act)


@scenario
def stopccn(server, argument):
    """STEP,RESULT[,ERROR[,TEXT]]"""
    step, *rest = argument.split(",")
    at(server, step, lambda s: s.stop(*rest))


@scenario
def cdn(server, argument):
    """STEP,RESULT[,ERROR[,TEXT[,CAUSE]]]"""
    step, *rest = argument.split(",")
    at(server, step, lambda s: s.cdn(*rest))


@scenario
def forged(server, what):
    """StopCCN or CDN that do not fit the call: KIND,FAULT with other-port, other-tunnel, other-session, old-ns, far-ns"""
    kind, fault = what.split(",")

    def act(s):
        out = s.other if fault == "other-port" else s.udp
        for n in range(100):
            ns = {"old-ns": s.ns - 1 - n % 2, "far-ns": s.ns + 100 + n}.get(fault, s.ns) & 0xffff
            tunnel = (s.client_tunnel ^ (1 + n)) & 0xffff if fault == "other-tunnel" else s.client_tunnel
            session = (s.client_session ^ (1 + n)) & 0xffff if fault == "other-session" else s.client_session
            body = [ref.mt(kind), ref.avp(1, ref.u16(6 if kind == "StopCCN" else 3))]
            body.append(ref.avp(9, ref.u16(TUNNEL)) if kind == "StopCCN" else ref.avp(14, ref.u16(SESSION)))
            session = 0 if kind == "StopCCN" else session
            out.sendto(ref.l2tp_ctrl(tunnel, session, ns, s.nr, *body), s.client)
            if fault == "other-session":  # it is in order: the next one has the next number
                s.ns = (s.ns + 1) & 0xffff
                break
        s.step("forged")
    server.on("up", lambda s: s.later(1.0, lambda: act(s)))


@scenario
def extra_avp(server, argument):
    """MESSAGE,TYPE,VENDOR,M[,COUNT]: an AVP that nobody knows"""
    name, kind, vendor, m, *count = argument.split(",")
    avp = ref.avp(int(kind), NASTY, m=int(m), vendor=int(vendor))
    server.extra[name] = [avp] * int(count[0] if count else 1)


@scenario
def spoiled(server, argument):
    """MESSAGE,FAULT: its AVPs are malformed"""
    name, fault = argument.split(",")
    kinds = {
        "length-5": lambda a: a + [struct.pack(">HHH", 0x8005, 0, 8)],
        "length-0": lambda a: a + [struct.pack(">HHH", 0x8000, 0, 8)],
        "beyond-end": lambda a: a + [struct.pack(">HHH", 0x8000 | 60, 0, 8) + b"short"],
        "three-octets": lambda a: a + [b"\x80\x06\x00"],
        "no-type": lambda a: a[1:],
        "type-last": lambda a: a[1:] + a[:1],
        "unknown-type": lambda a: [ref.avp(0, ref.u16(77))] + a[1:],
        "reserved-bits": lambda a: a + [ref.avp(8, b"x", rsv=5)],
        "id-missing": lambda a: [x for x in a if x[4:6] not in (b"\0\x09", b"\0\x0e")],
        "id-zero": lambda a: [ref.avp(x[5], b"\0\0") if x[4:6] in (b"\0\x09", b"\0\x0e") else x for x in a],
        "id-short": lambda a: [ref.avp(x[5], b"\1") if x[4:6] in (b"\0\x09", b"\0\x0e") else x for x in a],
        "empty-host": lambda a: [ref.avp(7, b"") if x[4:6] == b"\0\x07" else x for x in a],
        "optional-short": lambda a: a + [ref.avp(6, b"\1", m=0)],
        "doubled": lambda a: a + [ref.avp(9, ref.u16(0x6666)), ref.avp(14, ref.u16(0x6666))],
    }
    server.replace[name] = kinds[fault]


@scenario
def version(server, n):
    server.protocol_version = int(n, 0)


@scenario
def secret(server, what):
    """challenges and answers with the tunnel secret; WHAT: right, wrong, no-response, false-response"""
    server.challenge, server.secret = b"challenge-of-the-server", SECRET
    if what == "wrong":
        server.secret = b"another"
    elif what == "false-response":
        server.false_response = b"\0" * 16
    elif what == "no-response":
        server.false_response = b""


@scenario
def hidden(server, what):
    """hides AVPs; WHAT: right, wrong (secret), no-vector"""
    server.hide, server.secret = True, b"another" if what == "wrong" else SECRET
    if what == "no-vector":
        server.random_vector = b""

        def without_vector(avps):
            return avps
        server.replace["SCCRP"] = without_vector
        server.hidden = lambda kind, value: ref.avp(kind, ref.hide(kind, value, SECRET, b""), h=1)


@scenario
def twice(server, _):
    """each control message comes two times"""
    server.twice = True


@scenario
def first_lost(server, _):
    """of each control message the first copy is lost, both ways"""
    server.drop_first = True


@scenario
def flags(server, argument):
    """data with these header bits of "LSOP", or with every combination in turn"""
    combinations = ["".join(c for i, c in enumerate("LSOP") if n >> i & 1) for n in range(16)]
    server.data_flags = (lambda n: combinations[n % 16]) if argument == "all" else (lambda n: argument)


@scenario
def first_ns(server, n):
    server.first_ns = server.data_ns = int(n)


@scenario
def switching(server, _):
    """data is numbered, then not, then again, 8 packets each"""
    server.data_flags = lambda n: "LS" if (n // 8) % 2 == 0 else "L"


@scenario
def untidy(server, what):
    """data once the call is up: twice | swapped | lossy"""
    state = {"n": 0, "kept": None}

    def act(s, packet):
        if not s.up:
            return False
        state["n"] += 1
        if what == "twice":
            s.put(packet)
            s.put(packet)
        elif what == "lossy" and state["n"] % 5 == 0:
            s.count("withheld")
        elif what == "swapped" and state["kept"] is None:
            state["kept"] = packet
            s.later(0.05, lambda: flush(s))
        elif what == "swapped":
            s.put(packet)
            flush(s)
            s.count("swapped")
        else:
            s.put(packet)
        return True

    def flush(s):
        kept, state["kept"] = state["kept"], None
        if kept:
            s.put(kept)
    server.on("data-out", act)


@scenario
def wrong_ids(server, _):
    """data for tunnels and sessions that are not the client's"""
    def act(s):
        ip = base.ip_packet(base.INNER_SERVER, base.INNER_CLIENT, base.icmp_echo(8, 0xbad0, 1))
        for tunnel, session in ((1, 0), (0, 1), (1, 1)):
            for _ in range(5):
                s.put(ref.l2tp_data((s.client_tunnel + tunnel) & 0xffff, (s.client_session + session) & 0xffff,
                                    ref.ppp(0x0021, ip)))
        s.put(ref.l2tp_ctrl(0, s.client_session, s.ns, s.nr, ref.mt("CDN"), s.result(3), ref.avp(14, ref.u16(SESSION))))
        s.put(ref.l2tp_ctrl(s.client_tunnel ^ 0x55, 0, s.ns, s.nr, ref.mt("StopCCN"), s.result(6),
                            ref.avp(9, ref.u16(TUNNEL))))
        s.step("sent-wrong-ids")
    at(server, "up", act)


@scenario
def garbage(server, _):
    """datagrams of nonsense in mid-call"""
    def act(s):
        for octets in (b"", b"\x02", b"\xc8\x02", b"\xc8\x02\x00\x05\x00\x00", b"\xc8\x03\x00\x0c" + bytes(8),
                       b"\x48\x02\xff\xff" + bytes(8), b"\x02\x02" + struct.pack(">HHH", s.client_tunnel,
                       s.client_session, 65535), b"\x00\x01" + bytes(20), NASTY, os.urandom(1400),
                       ref.l2tp_ctrl(s.client_tunnel, 0, (s.ns + 3000) & 0xffff, s.nr, ref.mt("HELLO")),
                       ref.l2tp_ctrl(s.client_tunnel, 0, s.ns, (s.nr + 3000) & 0xffff),
                       ref.l2tp_data(s.client_tunnel, s.client_session, b"")):
            s.put(octets)
        s.step("sent-garbage")
    at(server, "up", act)


@scenario
def from_another_port(server, _):
    """in mid-call a StopCCN and data come from a port that is not the server's"""
    def act(s):
        s.other.sendto(ref.l2tp_ctrl(s.client_tunnel, 0, s.ns, s.nr, ref.mt("StopCCN"), s.result(6),
                                     ref.avp(9, ref.u16(TUNNEL))), s.client)
        s.step("sent-from-another-port")
    at(server, "up", act)


@scenario
def mid_call(server, what):
    """in mid-call: hello | wen | sli | ocrq | icrq | sccrq | unknown | sccrp"""
    def act(s):
        session = s.client_session
        if what == "hello":
            s.message("HELLO")
        elif what == "wen":
            s.message("WEN", ref.avp(34, bytes(26)), session=session)
        elif what == "sli":
            s.message("SLI", ref.avp(35, bytes(2) + b"\xff" * 8), session=session)
        elif what == "ocrq":
            s.message("OCRQ", ref.avp(14, ref.u16(0x0777)), ref.avp(15, ref.u32(1)), ref.avp(16, ref.u32(1)),
                      ref.avp(17, ref.u32(1)), ref.avp(18, ref.u32(1)), ref.avp(19, ref.u32(1)), ref.avp(21, NASTY))
        elif what == "icrq":
            s.message("ICRQ", ref.avp(14, ref.u16(0x0777)), ref.avp(15, ref.u32(1)))
        elif what == "sccrp":
            s.sccrp()
        elif what == "unknown":
            s.replace["HELLO"] = lambda a: [ref.avp(0, ref.u16(77), m=0)]
            s.message("HELLO")
        s.step("sent-" + what)
    at(server, "up", act)


@scenario
def vanish(server, _):
    """in mid-call the server is gone"""
    at(server, "up", lambda s: setattr(s, "gone", True))


@scenario
def hostile_names(server, _):
    server.host, server.vendor = NASTY * 3, NASTY[::-1] * 8


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--address", default="10.88.1.1")
    parser.add_argument("--other-address", default="10.88.1.9")
    parser.add_argument("--pptp-address", default="127.0.0.1")
    parser.add_argument("--log")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("scenario", nargs="*", default=["good"])
    args = parser.parse_args()
    if args.list:
        print("\n".join(sorted(SCENARIOS)))
        return
    server = Lns(args)
    for word in args.scenario:
        name, _, argument = word.partition(":")
        SCENARIOS[name](server, argument)
    signal.signal(signal.SIGTERM, server.finish)
    server.main()


if __name__ == "__main__":
    main()
