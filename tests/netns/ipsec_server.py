#!/usr/bin/env python3
"""ipsec_server.py - an L2TP/IPsec server that follows a script, for tests of what a client does with it.

usage: ipsec_server.py [--address A] [--log FILE] SCENARIO[:ARGUMENT]...

IKEv1 as responder (Main Mode with a pre-shared key, NAT-T, Quick Mode, DPD, Delete, rekeys) and ESP in UDP around
the L2TP and PPP of l2tp_server.py, whose scenarios work here too; no kernel ESP.  Written from the RFCs and from
captures of strongSwan and libreswan, apart from the client that it judges.  Each step is a line "step NAME" in the
log; at the end (SIGTERM) "seen KEY=N ..." tells what came.  `--list` prints the scenarios.
"""
import argparse
import hashlib
import hmac
import os
import random
import signal
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: E402
from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: E402

import l2tp_server as l2tp  # noqa: E402

PSK = b"netns-psk"
SA, PROPOSAL, TRANSFORM, KE, ID, HASH, NONCE, NOTIFY, DELETE, VID, NATD, NATOA = 1, 2, 3, 4, 5, 8, 10, 11, 12, 13, 20, 21
MAIN, INFO, QUICK = 2, 5, 32
NATT = bytes.fromhex("4a131c81070358455c5728f20e95452f")
NATT02 = bytes.fromhex("90cb80913ebb696e086381b5ec427b1f")
DPD = bytes.fromhex("afcad71368a1f1c96b8696fc77570100")
HASHES = {1: "md5", 2: "sha1", 4: "sha256", 5: "sha384", 6: "sha512"}
MODP = {
    2: 128, 5: 192, 14: 256, 15: 384, 16: 512}
PRIMES = {
    # RFC 2409 and RFC 3526: 2^n - 2^(n-64) - 1 + 2^64 * (floor(2^(n-130) * pi) + k)
    2: (1024, 129093), 5: (1536, 741804), 14: (2048, 124476), 15: (3072, 1690314), 16: (4096, 240904)}
CURVES = {19: ec.SECP256R1, 20: ec.SECP384R1}


def pi_bits(n):
    """floor(pi * 2^n), by Machin's formula."""
    one = 1 << (n + 64)

    def arctan(x):
        power = one // x
        total, k, sign = power, 1, 1
        while power:
            power //= x * x
            k += 2
            sign = -sign
            total += sign * (power // k)
        return total
    return (4 * (4 * arctan(5) - arctan(239))) >> 64


def prime(group):
    n, k = PRIMES[group]
    return 2 ** n - 2 ** (n - 64) - 1 + 2 ** 64 * (pi_bits(n - 130) + k)


def payloads(items):
    """A chain of (type, body)."""
    out = b""
    for i, (_, body) in enumerate(items):
        following = items[i + 1][0] if i + 1 < len(items) else 0
        out += struct.pack(">BBH", following, 0, 4 + len(body)) + body
    return out


def parse(first, data):
    """[(type, body)], and how many octets they took."""
    at, out = 0, []
    while first:
        following, _, length = struct.unpack_from(">BBH", data, at)
        assert 4 <= length <= len(data) - at, "the client's payloads are wrong"
        out.append((first, data[at + 4:at + length]))
        first, at = following, at + length
    return out, at


def attributes(data):
    out = {}
    while data:
        kind, value = struct.unpack(">HH", data[:4])
        if kind & 0x8000:
            out[kind & 0x7fff] = value
            data = data[4:]
        else:
            out[kind] = int.from_bytes(data[4:4 + value], "big")
            data = data[4 + value:]
    return out


def of(items, kind):
    return [body for k, body in items if k == kind]


class Transform:
    def __init__(self, raw):
        self.raw = raw
        self.number, self.id = raw[0], raw[1]
        self.a = attributes(raw[4:])


class Direction:
    """One ESP association."""

    SIZES = {1: 16, 2: 20, 5: 32, 6: 48, 7: 64}
    CUT = {1: 12, 2: 12, 5: 16, 6: 24, 7: 32}
    NAMES = {1: "md5", 2: "sha1", 5: "sha256", 6: "sha384", 7: "sha512"}

    def __init__(self, spi, transform, keymat):
        self.spi, self.seq = spi, 0
        self.gcm, self.des = transform.id == 20, transform.id == 3
        bits = 192 if self.des else transform.a[6]
        need = bits // 8 + (4 if self.gcm else self.SIZES[transform.a[5]])
        material = keymat(need)
        self.key, rest = material[:bits // 8], material[bits // 8:]
        if self.gcm:
            self.salt = rest
        else:
            self.mac, self.auth = self.NAMES[transform.a[5]], rest
            self.cut = self.CUT[transform.a[5]]

    def cipher(self, iv):
        return Cipher(algorithms.TripleDES(self.key) if self.des else algorithms.AES(self.key), modes.CBC(iv))

    def icv(self, data):
        return hmac.new(self.auth, data, self.mac).digest()[:self.cut]

    def seal(self, inner, following=17):
        self.seq += 1
        block = 4 if self.gcm else 8 if self.des else 16
        pad = -(len(inner) + 2) % block
        inner += bytes(range(1, pad + 1)) + bytes([pad, following])
        head = struct.pack(">II", self.spi, self.seq)
        if self.gcm:
            iv = struct.pack(">Q", self.seq)
            return head + iv + AESGCM(self.key).encrypt(self.salt + iv, inner, head)
        iv = os.urandom(block)
        e = self.cipher(iv).encryptor()
        body = head + iv + e.update(inner) + e.finalize()
        return body + self.icv(body)

    def open(self, packet):
        if self.gcm:
            return self.strip(AESGCM(self.key).decrypt(self.salt + packet[8:16], packet[16:], packet[:8]))
        body, icv = packet[:-self.cut], packet[-self.cut:]
        assert hmac.compare_digest(self.icv(body), icv), "the client's ESP has a wrong ICV"
        block = 8 if self.des else 16
        d = self.cipher(body[8:8 + block]).decryptor()
        return self.strip(d.update(body[8 + block:]) + d.finalize())

    @staticmethod
    def strip(inner):
        pad, following = inner[-2], inner[-1]
        assert following == 17 and inner[-2 - pad:-2] == bytes(range(1, pad + 1)), "the client's ESP trailer is wrong"
        return inner[:-2 - pad]


class Exchange:
    """A Quick Mode, by whichever side."""

    def __init__(self, iv):
        self.iv = iv
        self.ni = self.nr = b""
        self.transform = None
        self.done = False


class Secure(l2tp.Lns):
    def __init__(self, args):
        super().__init__(args)
        self.ike = socket.socket(self.udp.family, socket.SOCK_DGRAM)
        self.nat = socket.socket(self.udp.family, socket.SOCK_DGRAM)
        self.id_type = 5 if self.udp.family == socket.AF_INET6 else 1
        self.ike.bind((self.lns_address, 500))
        self.nat.bind((self.lns_address, 4500))
        self.alive = [self.ike, self.nat]

    # What scenarios change

    psk = PSK
    accept_ike = staticmethod(lambda t: True)
    accept_esp = staticmethod(lambda t: True)
    answer_natt = True
    natt_vendor = NATT
    own_id = None           # body of IDir
    alive = None            # IKE's sockets
    is_4500_blocked = False # for what the client can see
    needs_inner_1701 = False
    mangle = None           # function of each IKE message that leaves, to a list of messages
    mangle_esp = None       # likewise of each ESP packet

    def reset_call(self):
        super().reset_call()
        if not hasattr(self, "cookies"):
            self.forget()

    def forget(self):
        self.cookies = b""
        self.keys = None
        self.proved = False      # the client knows the key
        self.answers = {}        # a repeated message gets its answer again
        self.exchanges = {}
        self.inbound, self.outbound = {}, []
        self.inner_port = None
        self.where = None        # the client's address at port 4500

    # ISAKMP

    def prf(self, key, data):
        return hmac.new(key, data, self.hash).digest()

    def digest(self, data):
        return hashlib.new(self.hash, data).digest()

    def cbc(self, iv):
        key = algorithms.TripleDES(self.keys["e"]) if self.ike_transform.a[1] == 5 else algorithms.AES(self.keys["e"])
        return Cipher(key, modes.CBC(iv))

    @property
    def block(self):
        return 8 if self.ike_transform.a[1] == 5 else 16

    def header(self, first, exchange, flags, mid, body):
        return self.cookies + struct.pack(">BBBBII", first, 0x10, exchange, flags, mid, 28 + len(body)) + body

    def transmit(self, message):
        for m in ([message] if self.mangle is None else self.mangle(message)):
            if self.where:
                self.nat.sendto(bytes(4) + m, self.where)
            else:
                self.ike.sendto(m, self.ike_from)

    def say_clear(self, exchange, items, mid=0):
        message = self.header(items[0][0], exchange, 0, mid, payloads(items))
        self.transmit(message)
        return message

    def say_sealed(self, exchange, items, mid, iv):
        """Sends it encrypted; returns the message and the next IV."""
        body = payloads(items)
        body += bytes(-len(body) % self.block)
        e = self.cbc(iv).encryptor()
        body = e.update(body) + e.finalize()
        message = self.header(items[0][0], exchange, 1, mid, body)
        self.transmit(message)
        return message, body[-self.block:]

    def open_sealed(self, data, iv):
        d = self.cbc(iv).decryptor()
        body = d.update(data[28:]) + d.finalize()
        items, used = parse(data[16], body)
        return items, body[:used], data[-self.block:]

    def quick_iv(self, mid):
        return self.digest(self.keys["last"] + struct.pack(">I", mid))[:self.block]

    # Phase 1

    def on_ike(self, data, sender, natt):
        if len(data) < 28:
            self.count("ike-short")
            return
        first, version, exchange, flags, mid, length = struct.unpack(">BBBBII", data[16:28])
        assert version == 0x10 and length == len(data), "the client's ISAKMP header is wrong"
        self.count(f"ike-exchange-{exchange}")
        if data in self.answers:
            self.count("ike-repeated")
            for m in self.answers[data]:
                self.transmit(m)
            return
        if exchange == MAIN and data[8:16] == bytes(8):
            if natt and self.keys and not self.proved:
                self.stranger(data, sender)
                return
            self.forget()
            self.ike_from = sender
            self.main_1(data)
        elif data[:16] != self.cookies:
            self.count("ike-other-cookies")
        elif exchange == MAIN and not flags & 1:
            self.main_3(data)
        elif exchange == MAIN:
            if natt:
                self.where = sender
            self.main_5(data)
        elif exchange == QUICK:
            self.quick(data, mid)
        elif exchange == INFO:
            self.informational(data, mid)

    def choose(self, body, accept):
        """The first transform of the client's proposal that is wanted: it and its proposal's head."""
        items, _ = parse(PROPOSAL, body[8:])
        assert len(items) == 1 or all(i[1][0] == items[0][1][0] + n for n, i in enumerate(items)), "proposals"
        for _, proposal in items:
            spi_len = proposal[2]
            transforms, _ = parse(TRANSFORM, proposal[4 + spi_len:])
            assert len(transforms) == proposal[3], "the client miscounts its transforms"
            self.count("transforms", len(transforms))
            for _, raw in transforms:
                t = Transform(raw)
                if accept(t):
                    return t, proposal[:4 + spi_len]
        return None, b""

    def stranger(self, data, sender):
        """A first message by port 4500 while another set-up goes on: answered, as daemons do, and not gone on with."""
        self.step("probe")
        items, _ = parse(data[16], data[28:])
        offer = of(items, SA)[0]
        _, head = self.choose(offer, self.accept_ike)
        sa = offer[:8] + payloads([(PROPOSAL, head[:3] + b"\1" + payloads([(TRANSFORM, self.ike_transform.raw)]))])
        body = payloads([(SA, sa)])
        cookies = data[:8] + os.urandom(8)
        self.nat.sendto(bytes(4) + cookies + struct.pack(">BBBBII", SA, 0x10, MAIN, 0, 0, 28 + len(body)) + body, sender)

    def main_1(self, data):
        self.cookies = data[:8] + os.urandom(8)
        items, _ = parse(data[16], data[28:])
        self.sa_i = of(items, SA)[0]
        self.peer_natt = [v for v in (NATT, NATT02) if v in of(items, VID)]
        assert NATT in self.peer_natt, "the client does not ask for NAT-T"
        self.ike_transform, head = self.choose(self.sa_i, self.accept_ike)
        self.ike_request = data
        if self.step("mm1"):
            return
        if self.ike_transform is None:
            self.notify_clear(14)
            return
        self.hash = HASHES[self.ike_transform.a[2]]
        sa = self.sa_i[:8] + payloads([(PROPOSAL, head[:3] + b"\1" + payloads([(TRANSFORM, self.ike_transform.raw)]))])
        vids = [(VID, self.natt_vendor)] if self.answer_natt else []
        self.answers[data] = [self.say_clear(MAIN, [(SA, sa), *vids, (VID, DPD)])]

    def notify_clear(self, code):
        self.step(f"notify-{code}")
        self.say_clear(INFO, [(NOTIFY, struct.pack(">IBBH", 1, 1, 0, code))], random.getrandbits(32))

    def exchange_keys(self, peer, group):
        if group in CURVES:
            private = ec.generate_private_key(CURVES[group]())
            size = len(peer) // 2
            numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(peer[:size], "big"),
                                                    int.from_bytes(peer[size:], "big"), CURVES[group]())
            n = private.public_key().public_numbers()
            own = n.x.to_bytes(size, "big") + n.y.to_bytes(size, "big")
            return own, private.exchange(ec.ECDH(), numbers.public_key())
        size, p = MODP[group], prime(group)
        assert len(peer) == size, "the client's KE is too short"
        x = random.SystemRandom().getrandbits(256)
        return pow(2, x, p).to_bytes(size, "big"), pow(int.from_bytes(peer, "big"), x, p).to_bytes(size, "big")

    def natd(self, address, port):
        return self.digest(self.cookies + socket.inet_pton(self.udp.family, address) + struct.pack(">H", port))

    natd_type = NATD

    def main_3(self, data):
        items, _ = parse(data[16], data[28:])
        self.gi, self.nonce_i = of(items, KE)[0], of(items, NONCE)[0]
        if self.answer_natt:
            natd = of(items, self.natd_type)
            assert len(natd) >= 2 and natd[0] == self.natd(self.lns_address, 500), "the client's NAT-D is wrong"
            self.step("nat-pretended" if natd[1] != self.natd(*self.ike_from[:2]) else "nat-none")
        if self.step("mm3"):
            return
        self.gr, shared = self.exchange_keys(self.gi, self.ike_transform.a[4])
        self.nonce_r = os.urandom(20)
        base = self.prf(self.psk, self.nonce_i + self.nonce_r)
        tail = shared + self.cookies
        d = self.prf(base, tail + b"\0")
        a = self.prf(base, d + tail + b"\1")
        e = self.prf(base, a + tail + b"\2")
        size = 24 if self.ike_transform.a[1] == 5 else self.ike_transform.a[14] // 8
        if len(e) < size:
            k, long = b"\0", b""
            while len(long) < size:
                k = self.prf(e, k)
                long += k
            e = long
        iv = self.digest(self.gi + self.gr)[:self.block]
        self.keys = {"base": base, "d": d, "a": a, "e": e[:size], "last": iv}
        natd = [(self.natd_type, self.natd(*self.ike_from[:2])), (self.natd_type, self.natd(self.lns_address, 500))]
        self.answers[data] = [self.say_clear(MAIN, [(KE, self.gr), (NONCE, self.nonce_r), *(natd if self.answer_natt else [])])]

    def main_5(self, data):
        try:
            items, _, last = self.open_sealed(data, self.keys["last"])
            kinds = [k for k, _ in items]
            assert kinds[:2] == [ID, HASH]
        except (AssertionError, struct.error, IndexError):
            self.step("mm5-garbage")
            return
        idi, proof = of(items, ID)[0], of(items, HASH)[0]
        self.client_id = idi
        wanted = self.prf(self.keys["base"], self.gi + self.gr + self.cookies + self.sa_i + idi)
        if not hmac.compare_digest(proof, wanted):
            self.step("mm5-wrong-hash")
            return
        if any(n[4:8] == b"\0\0\x60\x02"[:4] or struct.unpack(">H", n[6:8])[0] == 24578 for n in of(items, NOTIFY)):
            self.step("initial-contact")
        if self.step("mm5"):
            return
        self.proved = True
        self.keys["last"] = last
        idr = self.own_id or struct.pack(">BBH", self.id_type, 0, 0) + socket.inet_pton(self.udp.family, self.lns_address)
        proof = self.prf(self.keys["base"], self.gr + self.gi + self.cookies[8:] + self.cookies[:8] + self.sa_i + idr)
        message, self.keys["last"] = self.say_sealed(MAIN, [(ID, idr), (HASH, proof)], 0, last)
        self.answers[data] = [message]
        self.step("ike-up")

    # Phase 2

    def keymat(self, exchange, spi):
        def material(n):
            seed = exchange.shared + b"\3" + struct.pack(">I", spi) + exchange.ni + exchange.nr
            k, out = b"", b""
            while len(out) < n:
                k = self.prf(self.keys["d"], k + seed)
                out += k
            return out[:n]
        return material

    def install(self, exchange, spi_in, spi_out):
        self.inbound[spi_in] = Direction(spi_in, exchange.transform, self.keymat(exchange, spi_in))
        self.outbound.append(Direction(spi_out, exchange.transform, self.keymat(exchange, spi_out)))

    def quick(self, data, mid):
        exchange = self.exchanges.get(mid)
        if exchange is None:
            if len(self.exchanges) > 60:
                return
            exchange = self.exchanges[mid] = Exchange(self.quick_iv(mid))
        elif exchange.done:
            return
        items, plain, exchange.iv = self.open_sealed(data, exchange.iv)
        assert items[0][0] == HASH, "the client's Quick Mode begins without HASH"
        rest = plain[4 + len(items[0][1]):]
        m = struct.pack(">I", mid)
        if getattr(exchange, "ours", False):
            self.quick_ours(exchange, mid, items, rest, data)
            return
        if exchange.transform:
            wanted = self.prf(self.keys["a"], b"\0" + m + exchange.ni + exchange.nr)
            assert hmac.compare_digest(items[0][1], wanted), "the client's HASH(3) is wrong"
            exchange.done = True
            self.install(exchange, exchange.spi_in, exchange.spi_out)
            self.step("esp-up" if len(self.outbound) == 1 else "esp-rekeyed")
            return
        assert hmac.compare_digest(items[0][1], self.prf(self.keys["a"], m + rest)), "the client's HASH(1) is wrong"
        self.quick_1(exchange, mid, items, data)

    def quick_1(self, exchange, mid, items, data):
        m = struct.pack(">I", mid)
        sa, exchange.ni = of(items, SA)[0], of(items, NONCE)[0]
        exchange.transform, head = self.choose(sa, self.accept_esp)
        ids = of(items, ID)
        port = struct.unpack(">H", ids[0][2:4])[0]
        self.inner_port = port
        self.step("inner-1701" if port == 1701 else "inner-other")
        if self.step("qm1"):
            del self.exchanges[mid]
            return
        if exchange.transform is None or self.needs_inner_1701 and port != 1701:
            del self.exchanges[mid]
            self.notify_sealed(14 if exchange.transform is None else 18)
            return
        exchange.spi_out = struct.unpack(">I", head[4:8])[0]
        exchange.spi_in = random.SystemRandom().getrandbits(31) | 0x40000000
        exchange.nr = os.urandom(20)
        exchange.shared, ke = b"", []
        if of(items, KE):
            own, exchange.shared = self.exchange_keys(of(items, KE)[0], exchange.transform.a[3])
            ke = [(KE, own)]
        sa = sa[:8] + payloads([(PROPOSAL, head[:3] + b"\1" + struct.pack(">I", exchange.spi_in) +
                                 payloads([(TRANSFORM, exchange.transform.raw)]))])
        rest = [(SA, sa), (NONCE, exchange.nr), *ke, (ID, ids[0]), (ID, ids[1]), *[(NATOA, n) for n in of(items, NATOA)]]
        proof = self.prf(self.keys["a"], m + exchange.ni + payloads(rest))
        message, exchange.iv = self.say_sealed(QUICK, [(HASH, proof), *rest], mid, exchange.iv)
        self.answers[data] = [message]

    def rekey(self):
        """A Quick Mode of ours, with what the first one had."""
        first = next(e for e in self.exchanges.values() if e.done)
        mid = random.getrandbits(31) | 1
        e = self.exchanges[mid] = Exchange(self.quick_iv(mid))
        e.ours, e.transform = True, first.transform
        e.spi_in = random.SystemRandom().getrandbits(31) | 0x40000000
        e.ni = os.urandom(20)
        sa = struct.pack(">II", 1, 1) + payloads([(PROPOSAL, struct.pack(">BBBBI", 1, 3, 4, 1, e.spi_in) +
                                                   payloads([(TRANSFORM, e.transform.raw)]))])
        own = struct.pack(">BBH", self.id_type, 17, 1701) + socket.inet_pton(self.udp.family, self.lns_address)
        peer = struct.pack(">BBH", self.id_type, 17, self.inner_port) + socket.inet_pton(self.udp.family, self.where[0])
        rest = [(SA, sa), (NONCE, e.ni), (ID, own), (ID, peer)]
        proof = self.prf(self.keys["a"], struct.pack(">I", mid) + payloads(rest))
        _, e.iv = self.say_sealed(QUICK, [(HASH, proof), *rest], mid, e.iv)
        self.step("rekey-begun")

    def quick_ours(self, e, mid, items, rest, data):
        m = struct.pack(">I", mid)
        wanted = self.prf(self.keys["a"], m + e.ni + rest)
        assert hmac.compare_digest(items[0][1], wanted), "the client's HASH(2) is wrong"
        sa = of(items, SA)[0]
        e.spi_out = struct.unpack(">I", sa[8 + 4 + 4:8 + 4 + 8])[0]
        e.nr, e.shared, e.done = of(items, NONCE)[0], b"", True
        proof = self.prf(self.keys["a"], b"\0" + m + e.ni + e.nr)
        message, _ = self.say_sealed(QUICK, [(HASH, proof)], mid, e.iv)
        self.answers[data] = [message]
        self.install(e, e.spi_in, e.spi_out)
        self.step("rekey-done")

    # Informational

    def inform(self, items):
        mid = random.getrandbits(31) | 1
        proof = self.prf(self.keys["a"], struct.pack(">I", mid) + payloads(items))
        self.say_sealed(INFO, [(HASH, proof), *items], mid, self.quick_iv(mid))

    def notify_sealed(self, code, data=b""):
        self.step(f"notify-{code}")
        self.inform([(NOTIFY, struct.pack(">IBBH", 1, 3, 0, code) + data)])

    def delete_esp(self):
        self.step("delete-esp")
        self.inform([(DELETE, struct.pack(">IBBH", 1, 3, 4, len(self.inbound)) +
                      b"".join(struct.pack(">I", s) for s in self.inbound))])

    def delete_ike(self):
        self.step("delete-ike")
        self.inform([(DELETE, struct.pack(">IBBH", 1, 1, 16, 1) + self.cookies)])

    def ask_alive(self):
        self.dpd = getattr(self, "dpd", 4711) + 1
        self.inform([(NOTIFY, struct.pack(">IBBH", 1, 1, 16, 36136) + self.cookies + struct.pack(">I", self.dpd))])

    deaf_to_dpd = False

    def informational(self, data, mid):
        if not data[19] & 1:
            self.count("info-clear")
            return
        items, plain, _ = self.open_sealed(data, self.quick_iv(mid))
        rest = plain[4 + len(items[0][1]):]
        assert hmac.compare_digest(items[0][1], self.prf(self.keys["a"], struct.pack(">I", mid) + rest)), \
            "the client's Informational has a wrong HASH"
        for body in of(items, DELETE):
            self.step("client-deletes-esp" if body[4] == 3 else "client-deletes-ike")
        for body in of(items, NOTIFY):
            code = struct.unpack(">H", body[6:8])[0]
            self.count(f"client-notify-{code}")
            if code == 36136 and not self.deaf_to_dpd:
                self.step("client-asks-alive")
                self.inform([(NOTIFY, body[:6] + struct.pack(">H", 36137) + body[8:])])
            elif code == 36137:
                self.step("client-is-alive")
            elif code == 24578:
                self.step("initial-contact")

    # ESP

    def put(self, packet):
        if self.gone or self.client is None or not self.outbound:
            return
        inner = struct.pack(">HHHH", 1701, self.inner_port, 8 + len(packet), 0) + packet
        self.put_esp(self.outbound[-1].seal(inner))

    def put_esp(self, esp):
        for e in ([esp] if self.mangle_esp is None else self.mangle_esp(esp)):
            self.nat.sendto(e, self.where)

    def on_esp(self, data):
        spi = struct.unpack(">I", data[:4])[0]
        if spi not in self.inbound:
            self.count("esp-unknown-spi")
            return
        self.count("esp")
        inner = self.inbound[spi].open(data)
        source, target, length, _ = struct.unpack(">HHHH", inner[:8])
        assert target == 1701 and source == self.inner_port and length == len(inner), "the client's inner UDP is wrong"
        self.on_datagram(self.udp, inner[8:], ("esp", source))

    def main(self):
        self.say("listening")
        while True:
            for sock in self.readable([*self.alive, self.udp]):
                data, sender = sock.recvfrom(65536)
                if sock is self.nat and self.is_4500_blocked:
                    self.count("blocked")
                elif sock is self.udp:
                    self.count("clear-l2tp")
                elif sock is self.ike:
                    self.on_ike(data, sender, False)
                elif data[:1] == b"\xff" and len(data) == 1:
                    self.count("keep-alive")
                elif data[:4] == bytes(4):
                    self.on_ike(data[4:], sender, True)
                else:
                    self.on_esp(data)
            self.due()


SCENARIOS = dict(l2tp.SCENARIOS)


def scenario(function):
    SCENARIOS[function.__name__.replace("_", "-")] = function
    return function


def at(server, step, act):
    """Instead of the usual answer; in mid-call (step "up") a second later and besides."""
    l2tp.at(server, step, act)


@scenario
def no_mppe(server, _):
    """as pppd with nomppe: CCP is a protocol that it does not know"""
    server.ccp = "none"
    server.on("ccp", lambda s: s.send(l2tp.ref.LCP, l2tp.ref.cp(8, s.next_id(), b"\x80\xfd")))


@scenario
def psk(server, text):
    server.psk = text.encode()


@scenario
def garbage_on_garbage(server, _):
    """a wrong key as strongSwan answers it: an Informational that nobody can read"""
    server.on("mm5-garbage", lambda s: s.transmit(s.header(HASH, INFO, 1, random.getrandbits(32), os.urandom(48))))


def repeat_message_4(server):
    def again():
        for message in (m for ms in server.answers.values() for m in ms if m[16] == KE):
            server.ike.sendto(message, server.ike_from)
    for wait in (0.5, 1.5, 3.5, 7.5):
        server.later(wait, again)


@scenario
def repeat_on_garbage(server, _):
    """a wrong key as libreswan answers it: message 4 again and again"""
    server.on("mm5-garbage", repeat_message_4)


@scenario
def repeat_unasked(server, _):
    """message 4 again and again, as libreswan does when no message 5 comes"""
    server.on("mm3", repeat_message_4)


@scenario
def block_4500(server, _):
    """as a firewall that lets port 500 through only"""
    server.is_4500_blocked = True


@scenario
def mute(server, step):
    """no answer from STEP on: mm1, mm3, mm5, qm1"""
    server.on(step, lambda s: True)


@scenario
def die(server, step):
    """IPsec is killed at that STEP; the L2TP server behind it stays"""
    def act(s):
        s.step("ipsec-dies")
        s.alive = []
        s.ike.close()
        s.nat.close()
        return True
    if step == "up":
        server.on("up", lambda s: s.later(1.0, lambda: act(s)))
    else:
        server.on(step, act)


@scenario
def lose_first(server, step):
    """the first message of that STEP is as if lost"""
    lost = []

    def act(s):
        if lost:
            return False
        lost.append(1)
        s.answers = {d: m for d, m in s.answers.items() if d != s.ike_request}
        if step == "mm1":
            s.cookies = b""
        return True
    server.on(step, act)


def ike_name(t):
    cipher = {5: "3des", 7: "aes%d" % t.a.get(14, 0)}[t.a[1]]
    group = {2: "modp1024", 5: "modp1536", 14: "modp2048", 15: "modp3072", 16: "modp4096", 19: "ecp256", 20: "ecp384"}
    return f"{cipher}-{HASHES[t.a[2]]}-{group[t.a[4]]}"


def esp_name(t):
    cipher = {3: "3des", 12: "aes%d" % t.a.get(6, 0), 20: "aes%dgcm16" % t.a.get(6, 0)}[t.id]
    return cipher if t.id == 20 else f"{cipher}-{Direction.NAMES[t.a[5]]}"


@scenario
def ike(server, names):
    """takes only these for IKE"""
    server.accept_ike = lambda t: ike_name(t) in names.split(",")


@scenario
def esp(server, names):
    """takes only these for ESP"""
    server.accept_esp = lambda t: esp_name(t) in names.split(",")


@scenario
def pfs_only(server, _):
    server.accept_esp = lambda t: 3 in t.a


@scenario
def no_natt(server, _):
    server.answer_natt = False


@scenario
def natt_02(server, _):
    """knows draft 02 of NAT-T only"""
    server.natt_vendor, server.natd_type = NATT02, 130
    server.accept_esp = lambda t: t.a[4] == 61444


@scenario
def id_fqdn(server, name):
    server.own_id = struct.pack(">BBH", 2, 0, 0) + name.encode()


@scenario
def inner_1701(server, _):
    server.needs_inner_1701 = True


@scenario
def notify(server, argument):
    """STEP,CODE: a Notify in place of the answer: in clear up to mm5, else encrypted"""
    step, code = argument.split(",")
    at(server, step, lambda s: s.notify_clear(int(code)) if step.startswith("mm") else s.notify_sealed(int(code)))


@scenario
def forged_notify(server, argument):
    """STEP,CODE: a Notify in clear BEFORE the answer, as anybody could send it"""
    step, code = argument.split(",")
    server.on(step, lambda s: s.notify_clear(int(code)))


@scenario
def mid_ipsec(server, what):
    """in mid-call: delete-esp | delete-ike | rekey | dpd | clear-delete | clear-notify | forged-info"""
    acts = {
        "delete-esp": lambda s: s.delete_esp(),
        "delete-ike": lambda s: s.delete_ike(),
        "rekey": lambda s: s.rekey(),
        "rekey-twice": lambda s: (s.rekey(), s.rekey()),
        "dpd": lambda s: s.ask_alive(),
        "clear-delete": lambda s: s.say_clear(INFO, [(DELETE, struct.pack(">IBBH", 1, 1, 16, 1) + s.cookies)],
                                              random.getrandbits(31) | 1),
        "clear-notify": lambda s: [s.say_clear(INFO, [(NOTIFY, struct.pack(">IBBH", 1, 3, 0, code))],
                                               random.getrandbits(31) | 1) for code in (14, 18, 24, 16384, 8, 4)],
        "forged-info": lambda s: [s.transmit(s.header(HASH, INFO, 1, random.getrandbits(31) | 1, os.urandom(16 * n)))
                                  for n in range(1, 40)],
        "forged-quick": lambda s: [s.transmit(s.header(HASH, QUICK, 1, random.getrandbits(31) | 1, os.urandom(16 * n)))
                                   for n in range(1, 80)],
        "main-mode": lambda s: s.nat.sendto(bytes(4) + os.urandom(8) + bytes(8) + s.ike_request[16:], s.where),
    }
    server.on("up", lambda s: s.later(1.0, lambda: acts[what](s)))


@scenario
def rekeys(server, seconds):
    """begins a rekey every so many seconds"""
    def again(s):
        s.rekey()
        s.later(float(seconds), lambda: again(s))
    server.on("up", lambda s: s.later(float(seconds), lambda: again(s)))


@scenario
def esp_mangled(server, how):
    """bit-flip | truncate | replay | reorder | unknown-spi | dummy | wrong-port | wrong-next | short | zero-spi: beside good ones"""
    held = []

    def wrong(s, esp):
        o = s.outbound[-1]
        if how == "bit-flip":
            at = random.randrange(4, len(esp))
            return [esp[:at] + bytes([esp[at] ^ 1 << random.randrange(8)]) + esp[at + 1:], esp]
        if how == "truncate":
            return [esp[:random.randrange(5, len(esp))], esp]
        if how == "replay":
            held.append(esp)
            return [esp, esp, random.choice(held)]
        if how == "reorder":
            # Each second one comes a little later than the one behind it.
            held.append(esp)
            if len(held) % 2:
                return [esp]
            s.later(0.05, lambda: s.nat.sendto(esp, s.where))
            return []
        if how == "unknown-spi":
            return [struct.pack(">I", 0x7fffffff) + esp[4:], esp]
        if how == "dummy":
            return [o.seal(os.urandom(100), 59), esp]
        if how == "wrong-port":
            return [o.seal(struct.pack(">HHHH", 1702, s.inner_port, 8, 0)),
                    o.seal(struct.pack(">HHHH", 1701, s.inner_port ^ 1, 8, 0)), esp]
        if how == "wrong-next":
            return [o.seal(os.urandom(64), 4), o.seal(os.urandom(64), 6), esp]
        if how == "short":
            return [esp[:n] for n in range(2, 40)] + [esp]
        if how == "bad-padding":
            return [o.seal(b"")[:40], o.seal(os.urandom(3)), esp]
        return [bytes(4) + esp[4:], esp]
    server.mangle_esp = lambda esp: wrong(server, esp)


@scenario
def seq_wrap(server, _):
    """numbers close to their end"""
    server.on("esp-up", lambda s: setattr(s.outbound[-1], "seq", 0xffffff00))


@scenario
def ike_mangled(server, how):
    """bit-flip | truncate | double | trailing | noise | chain | many | long | zero-length: a bad message before each good one"""
    def wrong(m):
        if how == "bit-flip":
            # Before message 5 nothing protects what is behind the header: there only the header counts.
            at = random.randrange(16, len(m) if m[19] & 1 else 28)
            return m[:at] + bytes([m[at] ^ 1 << random.randrange(8)]) + m[at + 1:]
        if how == "truncate":
            return m[:random.randrange(0, len(m))]
        if how == "trailing":
            return m + os.urandom(20)
        if how == "noise":
            return m[:16] + os.urandom(200)
        if how == "chain":   # a payload longer than the message
            return m[:28] + struct.pack(">BBH", SA, 0, 0xffff) + m[32:]
        if how == "many":
            body = struct.pack(">BBH", VID, 0, 4) * 300
            return m[:16] + struct.pack(">BBBBII", VID, 0x10, MAIN, 0, 0, 28 + len(body)) + body
        if how == "long":
            return m[:24] + struct.pack(">I", 0xffffffff) + m[28:]
        if how == "zero-length":
            return m[:28] + struct.pack(">BBH", SA, 0, 0) + m[32:]
        if how == "version":
            return m[:17] + b"\x20" + m[18:]
        return m
    server.mangle = lambda m: [wrong(m), m]


@scenario
def other_transform(server, _):
    """answers by a transform that was not offered"""
    def act(s):
        t = s.ike_transform
        t.raw = t.raw[:4] + t.raw[4:].replace(struct.pack(">HH", 0x8003, 1), struct.pack(">HH", 0x8003, 3))
    server.on("mm1", act)


@scenario
def bad_ke(server, how):
    """zero | one | minus-one | prime | short | empty: no element of the group"""
    def act(s):
        p = prime(14)
        size = 256
        s.accept_ike = None
        value = {"zero": bytes(size), "one": (1).to_bytes(size, "big"), "minus-one": (p - 1).to_bytes(size, "big"),
                 "prime": p.to_bytes(size, "big"), "short": b"\1\2\3", "empty": b"", "long": os.urandom(512),
                 "curve": os.urandom(64)}[how]
        s.say_clear(MAIN, [(KE, value), (NONCE, os.urandom(20)), (NATD, os.urandom(32)), (NATD, os.urandom(32))])
        return True
    server.on("mm3", act)
    server.accept_ike = lambda t: ike_name(t) == ("aes256-sha256-ecp256" if how == "curve" else "aes256-sha256-modp2048")


@scenario
def bad_nonce(server, size):
    server.on("mm3", lambda s: s.say_clear(MAIN, [(KE, os.urandom(256)), (NONCE, os.urandom(int(size))),
                                                  (NATD, os.urandom(32)), (NATD, os.urandom(32))]) or True)
    server.accept_ike = lambda t: ike_name(t) == "aes256-sha256-modp2048"


@scenario
def wrong_proof(server, _):
    """message 6 with a HASH that proves nothing"""
    def act(s):
        idr = struct.pack(">BBH", s.id_type, 0, 0) + socket.inet_pton(s.udp.family, s.lns_address)
        _, s.keys["last"] = s.say_sealed(MAIN, [(ID, idr), (HASH, os.urandom(len(s.keys["a"])))], 0, s.keys["last"])
        return True
    server.on("mm5", act)


@scenario
def deaf_to_dpd(server, _):
    server.deaf_to_dpd = True


@scenario
def ipsec_vanishes(server, _):
    """in mid-call nothing answers any more, IKE neither"""
    def act(s):
        s.gone = True
        s.deaf_to_dpd = True
        s.outbound = []
        s.cookies = b"gone"
    server.on("up", lambda s: s.later(1.0, lambda: act(s)))


@scenario
def l2tp_silent(server, _):
    server.on_datagram = lambda *_: server.count("l2tp-ignored")


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
    server = Secure(args)
    for word in args.scenario:
        name, _, argument = word.partition(":")
        SCENARIOS[name](server, argument)
    signal.signal(signal.SIGTERM, server.finish)
    server.main()


if __name__ == "__main__":
    main()
