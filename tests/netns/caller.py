"""caller.py - a PPTP and L2TP caller that tests take apart: each step alone, each message by hand.

A Caller goes through a call step by step (start, call, lcp, auth, ccp, up); between the steps a
test sends what it likes.  It answers what a well-behaved client answers unless a test replaces the
handler of a protocol (Caller.on).  Layouts, keys and hashes come from the project's reference.
"""
import os
import select
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import pptp_server as base  # noqa: E402

ref, NASTY = base.ref, base.NASTY
u16, u32 = ref.u16, ref.u32
INNER_SERVER = "10.0.103.1"


class Wrong(Exception):
    """The server did not do what is right."""


class Caller:
    def __init__(self, server, source, user="mallory", password="Mallory-Pass1"):
        self.server, self.source, self.user, self.password = server, source, user, password
        self.inbox = []               # control messages, as they come
        self.on = {}                  # protocol -> function(packet) instead of the usual answer
        self.ended = False            # the server has ended connection or tunnel
        self.stopped = None           # L2TP: result and error of its StopCCN
        self.cdn = None
        self.terminated = False       # LCP Terminate-Request came
        self.ids = 0
        self.magic = 0x13572468
        self.lcp_in = self.lcp_out = self.ccp_in = self.ccp_out = self.ipcp_in = self.ipcp_out = False
        self.lcp_request = self.challenge = self.success = self.failure = None
        self.tx = self.rx = None
        self.address = "0.0.0.0"
        self.given = []               # addresses that the server's Naks named
        self.echoes = {}              # identifier of an echo -> replies that came
        self.codes = []               # (protocol, code) of all that came
        self.stage = ""

    # Time

    def pump(self, seconds, until=lambda: False):
        """Takes what comes for SECONDS or until UNTIL is true; returns that."""
        end = time.monotonic() + seconds
        while not until():
            left = end - time.monotonic()
            if left <= 0:
                return until()
            for sock in select.select(self.sockets(), [], [], left)[0]:
                self.take(sock)
        return True

    def want(self, seconds, what, until, again=None):
        """UNTIL must come true; AGAIN repeats what may have been lost."""
        end = time.monotonic() + seconds
        if again:
            again()
        while not self.pump(1.0 if again else seconds, until):
            if self.ended and again or time.monotonic() >= end:
                raise Wrong(f"{what} within {seconds} s")
            if again:
                again()

    # PPP

    def next_id(self):
        self.ids = (self.ids + 1) & 255
        return self.ids

    def send(self, protocol, packet):
        self.send_frame(ref.ppp(protocol, packet))

    def frame(self, frame):
        frame = frame[2:] if frame[:2] == b"\xff\x03" else frame
        if not frame:
            return
        protocol, at = (frame[0], 1) if frame[0] & 1 else (struct.unpack(">H", frame[:2])[0], 2)
        packet = frame[at:]
        if protocol not in (0x21, 0xfd):
            self.codes.append((protocol, packet[0]))
        usual = {ref.LCP: self.on_lcp, ref.CHAP: self.on_chap, ref.CCP: self.on_ccp, ref.IPCP: self.on_ipcp,
                 0xfd: self.on_encrypted, 0x21: self.on_ip}.get(protocol)
        handler = self.on.get(protocol, usual)
        if handler:
            handler(packet)

    def on_lcp(self, p):
        code, ident, length = struct.unpack(">BBH", p[:4])
        body = p[4:length]
        if code == 1:
            self.lcp_request = body
            self.send(ref.LCP, ref.cp(2, ident, body))
            self.lcp_in = True
        elif code == 2:
            self.lcp_out = True
        elif code == 5:
            self.terminated = True
            self.send(ref.LCP, ref.cp(6, ident))
        elif code == 9:
            self.send(ref.LCP, ref.cp(10, ident, u32(self.magic) + body[4:]))

    def send_lcp_request(self, options=None):
        self.send(ref.LCP, ref.cp(1, self.next_id(), ref.opt(5, u32(self.magic)) if options is None else options))

    def on_chap(self, p):
        if p[0] == 1:
            self.challenge = p
        elif p[0] == 3:
            self.success = p
        elif p[0] == 4:
            self.failure = p

    def response(self, user=None, password=None, challenge=None, ident=None):
        """A right MS-CHAPv2 Response, or one from other parts."""
        challenge = challenge or self.challenge
        user, password = self.user if user is None else user, password or self.password
        peer = b"\x21" * 16
        self.nt = ref.nt_response_v2(challenge[5:5 + challenge[4]], peer, user, password)
        value = peer + bytes(8) + self.nt + b"\0"
        return ref.chap_val(2, challenge[1] if ident is None else ident, value, user.encode("latin-1"))

    def on_ccp(self, p):
        code, ident, length = struct.unpack(">BBH", p[:4])
        if code == 1:
            self.send(ref.CCP, ref.cp(2, ident, p[4:length]))
            self.ccp_in = True
        elif code == 2:
            self.ccp_out = True
        elif code == 3:
            self.send(ref.CCP, ref.cp(1, self.next_id(), p[4:length]))
        elif code == 5:
            self.send(ref.CCP, ref.cp(6, ident))

    def send_ccp_request(self, bits=0x01000040):
        self.send(ref.CCP, ref.cp(1, self.next_id(), ref.opt(18, u32(bits))))

    def on_ipcp(self, p):
        code, ident, length = struct.unpack(">BBH", p[:4])
        body = p[4:length]
        if code == 1:
            self.send(ref.IPCP, ref.cp(2, ident, body))
            self.ipcp_in = True
        elif code == 2:
            self.ipcp_out = True
        elif code == 3:
            for kind, value in base.options_of(body):
                if kind == 3:
                    self.address = socket.inet_ntoa(value)
                    self.given.append(self.address)
            self.send_ipcp_request()

    def send_ipcp_request(self, address=None):
        self.send(ref.IPCP, ref.cp(1, self.next_id(), ref.opt(3, socket.inet_aton(address or self.address))))

    def on_encrypted(self, body):
        plain = self.rx.decrypt(body) if self.rx else None
        if plain and plain[:2] == b"\0\x21":
            self.on_ip(plain[2:])

    def on_ip(self, ip):
        data = ip[(ip[0] & 15) * 4:]
        if ip[9] == 1 and len(data) >= 8 and data[0] == 0:
            ident = struct.unpack(">H", data[4:6])[0]
            self.echoes[ident] = self.echoes.get(ident, 0) + 1

    def echo(self, ident, source=None, target=INNER_SERVER):
        return base.ip_packet(source or self.address, target, base.icmp_echo(8, ident, 1))

    def encrypted(self, ip):
        return ref.ppp(0xfd, self.tx.encrypt(b"\0\x21" + ip))

    # Steps

    STEPS = ("start", "call", "lcp", "auth", "ccp", "up")

    def to(self, stage):
        """Goes on until STAGE is done."""
        for step in self.STEPS:
            if self.STEPS.index(step) > (self.STEPS.index(self.stage) if self.stage else -1):
                getattr(self, "do_" + step)()
                self.stage = step
            if step == stage:
                return self
        return self

    def do_lcp(self):
        self.want(8, "LCP is not open", lambda: self.lcp_in and self.lcp_out, self.send_lcp_request)
        self.want(8, "no challenge", lambda: self.challenge)

    def do_auth(self):
        self.want(8, "no Success", lambda: self.success, lambda: self.send(ref.CHAP, self.response()))
        master = ref.master_key(ref.md4(ref.nt_hash(self.password)), self.nt)
        self.tx = ref.MPPE(ref.asym_start_key(master, 16, True, False), 128)
        self.rx = ref.MPPE(ref.asym_start_key(master, 16, False, False), 128)

    def do_ccp(self):
        self.want(8, "CCP is not open", lambda: self.ccp_in and self.ccp_out, self.send_ccp_request)

    def do_up(self):
        self.want(8, "IPCP is not open", lambda: self.ipcp_in and self.ipcp_out, self.send_ipcp_request)
        self.pump(0.2)

    # Judgements

    def pings(self, ident=0x600d):
        before = self.echoes.get(ident, 0)
        for _ in range(15):
            self.send_frame(self.encrypted(self.echo(ident)))
            if self.pump(0.3, lambda: self.echoes.get(ident, 0) > before):
                return True
        return False

    def goes_on(self):
        """What was sent did no harm: the call can be made and carries data."""
        self.to("up")
        if not self.pings():
            raise Wrong("the call carries no data" + (": the server ended it" if self.ended else ""))

    def ends(self, seconds, stopped=None):
        """The server ends it; STOPPED: L2TP result (and error) of its StopCCN."""
        self.want(seconds, "the server does not end it", lambda: self.ended)
        if stopped is not None and self.stopped not in (stopped, (stopped, 0), (stopped, None)):
            raise Wrong(f"StopCCN has result {self.stopped}, not {stopped}")

    def no_network(self):
        if self.ipcp_in or self.ipcp_out:
            raise Wrong("IPCP was opened")

    def no_echo(self, ident):
        if self.echoes.get(ident):
            raise Wrong(f"{self.echoes[ident]} replies came to what must be dropped")

    def told(self, protocol, code):
        return (protocol, code) in self.codes


class Pptp(Caller):
    kind = "pptp"

    def __init__(self, *args, **kw):
        super().__init__(*args, **kw)
        self.tcp = socket.socket()
        self.tcp.settimeout(5)
        self.tcp.bind((self.source, 0))
        self.tcp.connect((self.server, 1723))
        self.tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, 47)
        self.raw.bind((self.source, 0))
        self.buffer, self.seq, self.newest = b"", 0, None
        self.call_id, self.peer_call = 0x2222, None

    def sockets(self):
        return [self.raw] + ([] if self.ended else [self.tcp])

    def put(self, octets):
        try:
            self.tcp.sendall(octets)
        except OSError:
            self.ended = True

    def take(self, sock):
        if sock is self.raw:
            self.take_gre(sock.recv(65536))
            return
        try:
            data = sock.recv(65536)
        except OSError:
            data = b""
        if not data:
            self.ended = True
            return
        self.buffer += data
        while len(self.buffer) >= 2 and len(self.buffer) >= struct.unpack(">H", self.buffer[:2])[0]:
            length = struct.unpack(">H", self.buffer[:2])[0]
            message, self.buffer = self.buffer[:length], self.buffer[length:]
            self.inbox.append(message)
            if message[9] == 13:
                self.cdn = message

    def take_gre(self, packet):
        data = packet[(packet[0] & 15) * 4:]
        if packet[12:16] != socket.inet_aton(self.server) or len(data) < 12 or data[2:4] != b"\x88\x0b":
            return
        if struct.unpack(">H", data[6:8])[0] != self.call_id or not data[0] & 0x10:
            return
        self.newest = struct.unpack(">I", data[8:12])[0]
        at = 16 if data[1] & 0x80 else 12
        self.frame(data[at:at + struct.unpack(">H", data[4:6])[0]])

    def got(self, kind):
        return [m for m in self.inbox if m[9] == kind]

    def gre(self, frame, seq=None, call=None):
        if seq is None:
            seq, self.seq = self.seq, self.seq + 1
        return ref.gre(self.peer_call if call is None else call, frame, seq=seq & 0xffffffff, ack=self.newest)

    def send_raw(self, packet):
        try:
            self.raw.sendto(packet, (self.server, 0))
        except OSError:
            pass

    def send_frame(self, frame, seq=None):
        # The server's first frame may come before the reply that bears the call id: it comes again.
        if self.peer_call is not None:
            self.send_raw(self.gre(frame, seq))

    def do_start(self, **fields):
        self.put(ref.pptp_sccrq(**fields))
        self.want(5, "no Start-Control-Connection-Reply", lambda: self.got(2))

    def do_call(self, **fields):
        self.put(ref.pptp_ocrq(self.call_id, **fields))
        self.want(5, "no Outgoing-Call-Reply", lambda: self.got(8))
        reply = self.got(8)[0]
        if reply[16] != 1:
            raise Wrong(f"the call was refused: {reply[16]}")
        self.peer_call = struct.unpack(">H", reply[12:14])[0]

    def break_off(self, reset=False):
        if reset:
            self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.tcp.close()
        self.ended = True

    def leave(self):
        self.put(ref.pptp_stop_rq(1))
        self.break_off()
        self.raw.close()


class L2tp(Caller):
    kind = "l2tp"

    def __init__(self, *args, tunnel=0x3333, **kw):
        super().__init__(*args, **kw)
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((self.source, 0))
        self.tunnel, self.session = tunnel, 0x4444
        self.peer_tunnel = self.peer_session = self.ns = self.nr = 0
        self.acked = 0
        self.extra, self.deaf = {}, False
        self.stop_id = None
        self.on_control = lambda datagram: None

    def sockets(self):
        return [self.udp]

    def put(self, octets):
        try:
            self.udp.sendto(octets, (self.server, 1701))
        except OSError:
            pass

    def take(self, sock):
        try:
            data = sock.recv(65536)
        except OSError:
            return
        flags = struct.unpack(">H", data[:2])[0]
        if not flags & 0x8000:
            at = 4 if flags & 0x4000 else 2
            tunnel, session = struct.unpack(">HH", data[at:at + 4])
            at += 8 if flags & 0x0800 else 4
            if (tunnel, session) == (self.tunnel, self.session):
                self.frame(data[at:])
            return
        _, length, tunnel, _, ns, nr = struct.unpack(">HHHHHH", data[:12])
        if self.deaf or tunnel not in (0, self.tunnel):
            return
        self.on_control(data)
        self.acked = nr
        if length <= 12:
            return
        avps, at = {}, 12
        while at + 6 <= len(data):
            word, vendor, kind = struct.unpack(">HHH", data[at:at + 6])
            if (word & 0x3ff) < 6:
                break
            if vendor == 0 and kind not in avps:
                avps[kind] = data[at + 6:at + (word & 0x3ff)]
            at += word & 0x3ff
        kind = struct.unpack(">H", avps[0])[0]
        if ns == self.nr:
            self.nr = (self.nr + 1) & 0xffff
            self.inbox.append((kind, avps))
        if kind in (4, 14):
            words = struct.unpack(f">{len(avps[1][:4]) // 2}H", avps[1][:4])
            result = (words[0], words[1] if len(words) > 1 else None)
            if kind == 4:
                self.stopped, self.ended = result, True
            else:
                self.cdn = result
        self.zlb()

    def zlb(self):
        self.put(ref.l2tp_ctrl(self.peer_tunnel, 0, self.ns, self.nr))

    def message(self, *avps, session=0, ns=None, nr=None, tunnel=None):
        """Sends a control message in order (repeated by nobody: nothing is lost here)."""
        octets = ref.l2tp_ctrl(self.peer_tunnel if tunnel is None else tunnel, session,
                               self.ns if ns is None else ns, self.nr if nr is None else nr, *avps)
        if ns is None:
            self.ns = (self.ns + 1) & 0xffff
        self.put(octets)
        return octets

    def got(self, kind):
        return [a for k, a in self.inbox if k == kind]

    def sccrq(self, **change):
        """AVPs of a good SCCRQ; CHANGE: name -> AVP, None leaves it out."""
        avps = {"type": ref.mt("SCCRQ"), "version": ref.avp(2, u16(0x0100)), "framing": ref.avp(3, u32(3)),
                "bearer": ref.avp(4, u32(3)), "host": ref.avp(7, b"lac"), "tunnel": ref.avp(9, u16(self.tunnel)),
                "window": ref.avp(10, u16(8))}
        avps.update(change)
        return [a for a in avps.values() if a is not None]

    def icrq(self, **change):
        avps = {"type": ref.mt("ICRQ"), "session": ref.avp(14, u16(self.session)), "serial": ref.avp(15, u32(1))}
        avps.update(change)
        return [a for a in avps.values() if a is not None]

    def iccn(self, **change):
        avps = {"type": ref.mt("ICCN"), "speed": ref.avp(24, u32(100000000)), "framing": ref.avp(19, u32(1))}
        avps.update(change)
        return [a for a in avps.values() if a is not None]

    def answered(self, avps=None):
        """Sends the SCCRQ, again each second, and takes the SCCRP."""
        octets = ref.l2tp_ctrl(self.peer_tunnel, 0, self.ns, self.nr, *(avps or self.sccrq()))
        self.ns += 1
        self.want(5, "no SCCRP", lambda: self.got(2), lambda: self.put(octets))
        self.peer_tunnel = struct.unpack(">H", self.got(2)[0][9])[0]

    def do_start(self):
        self.answered()
        self.message(ref.mt("SCCCN"))

    def replied(self):
        self.message(*self.icrq())
        self.want(5, "no ICRP", lambda: self.got(11))
        self.peer_session = struct.unpack(">H", self.got(11)[0][14])[0]

    def do_call(self):
        self.replied()
        self.message(*self.iccn(), session=self.peer_session)

    def data(self, frame, **kw):
        return ref.l2tp_data(kw.pop("tunnel", self.peer_tunnel), kw.pop("session", self.peer_session), frame, **kw)

    def send_frame(self, frame):
        self.put(self.data(frame))

    def leave(self):
        if self.peer_tunnel and not self.ended:
            self.message(ref.mt("StopCCN"), ref.avp(9, u16(self.tunnel)), ref.avp(1, u16(1)))
        self.udp.close()
