#!/usr/bin/env python3
"""callers.py - hostile callers of the server mode, one for each case, and what the server must do.

usage: callers.py --list                                     each case: SERVER-KIND NAME ADDRESSES, and
                                                             a regular expression for the server's log
       callers.py --server A --source A --pid N NAME         runs one; exits 0 if the server did right

--source is the first of the addresses that the case may call from; --pid the server's process.
"""
import argparse
import os
import random
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
from caller import INNER_SERVER, NASTY, L2tp, Pptp, Wrong, base, ref, u16, u32  # noqa: E402

CASES = {}
ARGS = None
RNG = random.Random(20260102)
SECRET = b"callers-tunnel-secret"
GOOD_OUTER, GOOD_INNER = "10.88.1.2", "10.0.103.2"
MEMORY_KB = 16384       # of one session, whatever comes


def case(kinds="pptp l2tp", log=None, server="plain", addresses=1, slow=False):
    """A case for each protocol of KINDS; its function gets a Caller (or its class, see "addresses")."""
    def add(function):
        for kind in kinds.split():
            name = f"{kind}-{function.__name__.replace('_', '-')}"
            CASES[name] = (function, {"pptp": Pptp, "l2tp": L2tp}[kind], server, log, addresses, slow)
        return function
    return add


def variants(table, **kw):
    """A case for each row of TABLE: name -> argument of the function."""
    def add(function):
        for name, argument in table.items():
            def one(c, argument=argument):
                function(c, argument)
            one.__name__ = function.__name__ + "_" + name
            case(**kw)(one)
        return function
    return add


# PPTP's control connection

START = ref.pptp_sccrq()


@variants({"wrong_cookie": START[:4] + b"\1\2\3\4" + START[8:], "length_0": b"\0\0" + START[2:],
           "length_11": u16(11) + START[2:], "length_65535": u16(65535) + START[2:],
           "length_of_a_shorter_message": u16(148) + START[2:148], "message_type_3": START[:2] + u16(3) + START[4:],
           "http": b"GET / HTTP/1.0\r\nHost: x\r\n\r\n", "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
           "zeros": bytes(4096), "noise": random.Random(5).randbytes(4096)}, kinds="pptp", log="does not speak PPTP")
def start(c, octets):
    c.put(octets)
    c.ends(3)


@variants({"start": "", "call": "start", "lcp": "call", "authentication": "lcp", "ccp": "auth", "up": "up"}, kinds="pptp",
          log="(broke the PPTP protocol|does not speak PPTP): it sent an impossible message length")
def noise_for(c, stage):
    if stage:
        c.to(stage)
    c.put(RNG.randbytes(700))
    c.ends(3)


@case("pptp", log="speaks PPTP version 2.0")
def version_2(c):
    c.put(ref.pptp_sccrq(ver=0x0200))
    c.ends(3)
    if not c.got(2) or c.got(2)[0][14] != 5:
        raise Wrong("no reply with result 5")


@case("pptp")
def unknown_types_are_skipped(c):
    for kind in (0, 16, 77, 65535):
        c.put(ref.pptp(kind, bytes(20)))
    c.goes_on()


@case("pptp")
def longer_start_and_management_message(c):
    """RFC 2637 1.4, 2: what is behind the known fields is skipped, management messages too"""
    c.put(START[:2] + u16(2) + START[4:])
    c.put(u16(168) + START[2:] + bytes(12))
    c.want(5, "no Start-Control-Connection-Reply", lambda: c.got(2))
    c.stage = "start"
    c.goes_on()


@case("pptp")
def octet_by_octet(c):
    for octet in ref.pptp_sccrq():
        c.put(bytes([octet]))
        time.sleep(0.002)
    c.want(5, "no Start-Control-Connection-Reply", lambda: c.got(2))
    c.stage = "start"
    c.goes_on()


@case("pptp")
def messages_of_servers_are_ignored(c):
    c.to("start")
    for message in (ref.pptp_sccrp(), ref.pptp_ocrp(1, 2), ref.pptp_icrq(7), ref.pptp_icrp(1, 2), ref.pptp_iccn(3),
                    ref.pptp_cdn(5), ref.pptp_wen(5), ref.pptp_stop_rp(), ref.pptp_echo_rp(0xdeadbeef)):
        c.put(message)
    c.goes_on()


@case("pptp")
def call_before_start_is_ignored(c):
    c.put(ref.pptp_ocrq(c.call_id))
    c.put(ref.pptp_ccrq(c.call_id))
    c.put(ref.pptp_sli(0))
    c.goes_on()
    if len(c.got(8)) != 1:
        raise Wrong("the call before the start was answered")


@case("pptp")
def second_start_is_refused(c):
    c.to("start")
    c.put(ref.pptp_sccrq())
    c.want(3, "no second reply", lambda: len(c.got(2)) == 2)
    if c.got(2)[1][14] != 3:
        raise Wrong("the second start is not refused with result 3")
    c.goes_on()


@case("pptp")
def second_call_is_busy(c):
    c.to("up")
    c.put(ref.pptp_ocrq(c.call_id + 1))
    c.want(3, "no reply", lambda: len(c.got(8)) == 2)
    if c.got(8)[1][16] == 1:
        raise Wrong("a second call was accepted")
    c.goes_on()


@case("pptp")
def call_with_values_out_of_range(c):
    c.to("start")
    c.put(ref.pptp_ocrq(c.call_id, minbps=0xffffffff, maxbps=0, bearer=0xffffffff, framing=0, win=0, ppd=65535,
                        phone=NASTY[:60], sub=NASTY[:60]))
    c.want(5, "no Outgoing-Call-Reply", lambda: c.got(8))
    c.peer_call = struct.unpack(">H", c.got(8)[0][12:14])[0]
    c.stage = "call"
    c.goes_on()


@case("pptp")
def link_info_flood(c):
    c.to("up")
    for n in range(5000):
        c.put(ref.pptp_sli(n & 0xffff, n, ~n & 0xffffffff))
    c.goes_on()


@case("pptp", log="floods the control connection: it sends requests but does not read the answers")
def echo_flood_unread(c):
    c.to("up")
    c.tcp.settimeout(12)
    end = time.monotonic() + 12
    while not c.ended and time.monotonic() < end:
        c.put(ref.pptp_echo_rq(7) * 200)
    if not c.ended:
        raise Wrong("a caller that never reads is kept")


@case("pptp", log="closed the control connection")
def stop_in_mid_call(c):
    c.to("up")
    c.put(ref.pptp_stop_rq(1))
    c.ends(4)


@case("pptp", log="the client ended the call")
def clear_with_a_wrong_id_ends_its_own_call(c):
    c.to("up")
    c.put(ref.pptp_ccrq(0x0bad))
    c.want(4, "no answer", lambda: c.cdn is not None or c.ended)


def breaks_off(c, stage, reset):
    if stage:
        c.to(stage)
    c.break_off(reset)


STAGES = {"accept": "", "start": "start", "call": "call", "lcp": "lcp", "auth": "auth", "ccp": "ccp", "up": "up"}


@variants(STAGES, kinds="pptp")
def fin_after(c, stage):
    breaks_off(c, stage, False)


@variants(STAGES, kinds="pptp")
def rst_after(c, stage):
    breaks_off(c, stage, True)


@variants({"accept": "", "start": "start"}, kinds="pptp", slow=True, log="did not come within|not set up in time")
def silent_after(c, stage):
    if stage:
        c.to(stage)
    c.ends(34)


@case("pptp", slow=True, log="did not come within|not set up in time")
def one_octet_a_second(c):
    message = ref.pptp_sccrq()
    for octet in message[:36]:
        c.put(bytes([octet]))
        if c.pump(1, lambda: c.ended):
            return
    raise Wrong("a caller that trickles is kept for ever")


@variants({"ppp": "call"}, kinds="pptp l2tp", slow=True, log="no GRE packet came|no answer to [0-9]+ LCP requests")
def never_speaks(c, stage):
    c.on = dict.fromkeys((ref.LCP, ref.CHAP), lambda p: None)
    c.to(stage)
    c.ends(40)


@variants({"authentication": "lcp"}, kinds="pptp l2tp", slow=True, log="does not answer during authentication with mschap2")
def never_answers_in(c, stage):
    c.to(stage)
    c.ends(40)


# L2TP's control connection

def bad_sccrq(**change):
    return lambda c: c.sccrq(**change)


@variants({
    "no_version": bad_sccrq(version=None), "no_framing": bad_sccrq(framing=None), "no_host": bad_sccrq(host=None),
    "short_version": bad_sccrq(version=ref.avp(2, b"\1")), "short_framing": bad_sccrq(framing=ref.avp(3, b"\1\2")),
    "avp_length_0": bad_sccrq(x=struct.pack(">HHH", 0x8000, 0, 8)), "avp_length_5": bad_sccrq(x=struct.pack(">HHH", 0x8005, 0, 8)),
    "avp_beyond_the_end": bad_sccrq(x=struct.pack(">HHH", 0x803c, 0, 8) + b"short"),
    "avp_of_three_octets": bad_sccrq(x=b"\x80\x06\x00"), "unknown_mandatory_avp": bad_sccrq(x=ref.avp(200, NASTY)),
    "unknown_mandatory_avp_of_a_vendor": bad_sccrq(x=ref.avp(7, NASTY, vendor=9)),
    "reserved_bits_and_mandatory": bad_sccrq(x=ref.avp(8, b"x", rsv=5)),
    "hidden_without_secret": bad_sccrq(
        vector=ref.avp(36, b"\x11" * 16), x=ref.avp(8, ref.hide(8, b"hidden", b"any", b"\x11" * 16), h=1)),
    "hidden_without_vector": bad_sccrq(x=ref.avp(8, b"\x55" * 20, h=1)), "empty_host": bad_sccrq(host=ref.avp(7, b""))},
    kinds="l2tp", log="the client sent (AVPs that do not fit|a hidden AVP, but there is no tunnel secret|a message without a required AVP|an AVP of a wrong length|a mandatory AVP that is unknown)")
def sccrq(c, make):
    c.message(*make(c))
    c.ends(4)
    if c.stopped[0] != 2:
        raise Wrong(f"StopCCN has result {c.stopped}, not 2 (general error)")


@variants({"no_tunnel_id": None, "tunnel_id_zero": ref.avp(9, u16(0)), "tunnel_id_short": ref.avp(9, b"\1")}, kinds="l2tp",
          log="the client sent")
def sccrq_with(c, avp):
    c.message(*c.sccrq(tunnel=avp))
    c.pump(1.5)
    if c.got(2):
        raise Wrong("it was answered by a SCCRP")


@case("l2tp", log="speaks L2TP version 2\\.0")
def version_2_avp(c):
    c.message(*c.sccrq(version=ref.avp(2, u16(0x0200))))
    c.ends(4)
    if c.stopped[0] not in (2, 5):
        raise Wrong(f"StopCCN {c.stopped}")


@variants({"version_3": 0xc803, "no_length_bit": 0x8802, "no_sequence_bit": 0xc002, "offset_bit": 0xca02, "priority_bit": 0xc902},
          kinds="l2tp")
def header_of(c, flags):
    octets = ref.l2tp_ctrl(0, 0, 0, 0, *c.sccrq())
    c.put(u16(flags) + octets[2:])
    c.pump(1.0)
    if c.inbox and flags not in (0xc902,):
        raise Wrong("a control message with such a header was answered")


@variants({"shorter": -3}, kinds="l2tp", log="AVPs that do not fit the message")
def header_length(c, change):
    header_length_is_wrong(c, change)


@variants({"longer": 8, "65535": 65535}, kinds="l2tp")
def header_length_beyond(c, change):
    """beyond the datagram: no message at all"""
    header_length_is_wrong(c, change)


def header_length_is_wrong(c, change):
    octets = ref.l2tp_ctrl(0, 0, 0, 0, *c.sccrq())
    length = 65535 if change == 65535 else len(octets) + change
    c.put(octets[:2] + u16(length) + octets[4:])
    c.pump(1.0)
    if c.got(2):
        raise Wrong("it was answered by a SCCRP")


@variants({"1500_octets": 1500, "1501_octets": 1501}, kinds="l2tp")
def first_datagram_of(c, size):
    """an optional AVP of another vendor fills it up"""
    avps = c.sccrq()
    room = size - len(ref.l2tp_ctrl(0, 0, 0, 0, *avps))
    while room:
        n = room if room <= 1000 else 500
        avps.append(ref.avp(1, bytes(n - 6), m=0, vendor=9))
        room -= n
    c.message(*avps)
    c.pump(1.5)
    if bool(c.got(2)) != (size <= 1500):
        raise Wrong("a first datagram of %d octets was %sanswered" % (size, "" if c.got(2) else "not "))


@case("l2tp")
def first_message_numbered_5(c):
    c.message(*c.sccrq(), ns=5)
    c.pump(1.0)
    if c.got(2):
        raise Wrong("a SCCRQ out of order was answered")


@variants({"vendor_avps": lambda c: [ref.avp(n, NASTY, m=0, vendor=9) for n in range(20)],
           "unknown_avps": lambda c: [ref.avp(100 + n, NASTY, m=0) for n in range(20)],
           "doubled_avps": lambda c: [ref.avp(9, u16(0x6666)), ref.avp(7, b"other"), ref.avp(2, u16(0x0100))],
           "window_0": lambda c: [ref.avp(10, u16(0), m=0)],
           "hidden_optional_avp": lambda c: [ref.avp(8, b"\x55" * 20, m=0, h=1)],
           "optional_avp_short": lambda c: [ref.avp(6, b"\1", m=0)]}, kinds="l2tp")
def odd_but_harmless(c, extra):
    c.answered(c.sccrq(window=None) + extra(c))
    c.message(ref.mt("SCCCN"))
    c.stage = "start"
    c.goes_on()


@case("l2tp")
def challenge_without_secret(c):
    """the caller asks the server to prove a secret that it does not have: no false proof, no crash"""
    c.message(*c.sccrq(challenge=ref.avp(11, b"c" * 16)))
    c.pump(1.5)
    if c.got(2) and 13 in c.got(2)[0]:
        raise Wrong("the server proves a secret that it does not have")


@case("l2tp", log="out of order")
def scccn_twice(c):
    c.to("start")
    c.message(ref.mt("SCCCN"))
    c.ends(4, (7, 0))


@case("l2tp", log="out of order")
def sccrp_to_the_server(c):
    c.to("start")
    c.message(ref.mt("SCCRP"), *c.sccrq()[1:])
    c.ends(4, (7, 0))


@case("l2tp", log="out of order")
def sccrq_in_the_tunnel(c):
    c.to("call")
    c.message(*c.sccrq())
    c.ends(4, (7, 0))


@case("l2tp")
def call_before_the_tunnel_is_ignored(c):
    c.answered()
    c.message(*c.icrq(), ns=2)
    c.message(ref.mt("HELLO"), ns=1)
    c.pump(0.7)
    if c.got(11):
        raise Wrong("a call was answered before the tunnel was up")
    c.message(ref.mt("SCCCN"))
    c.stage = "start"
    c.goes_on()


@case("l2tp")
def iccn_before_icrq_is_ignored(c):
    c.to("start")
    c.message(*c.iccn(), session=0x0101)
    c.goes_on()


@case("l2tp")
def iccn_for_another_session_is_ignored(c):
    c.to("start")
    c.replied()
    c.message(*c.iccn(), session=c.peer_session ^ 0x55)
    c.message(*c.iccn(), session=c.peer_session)
    c.stage = "call"
    c.goes_on()


@case("l2tp")
def second_call_is_refused(c):
    c.to("up")
    c.message(*c.icrq(session=ref.avp(14, u16(0x0777))))
    c.want(3, "no CDN", lambda: c.cdn)
    c.goes_on()


@case("l2tp")
def outgoing_call_request_is_refused(c):
    c.to("up")
    c.message(ref.mt("OCRQ"), ref.avp(14, u16(0x0777)), ref.avp(15, u32(1)), ref.avp(16, u32(1)), ref.avp(17, u32(1)),
              ref.avp(18, u32(1)), ref.avp(19, u32(1)), ref.avp(21, NASTY))
    c.want(3, "no CDN", lambda: c.cdn)
    c.goes_on()


@variants({"session_0": ref.avp(14, u16(0)), "no_session": None, "short_session": ref.avp(14, b"\1")}, kinds="l2tp", log="the client")
def icrq_with(c, avp):
    c.to("start")
    c.message(*c.icrq(session=avp))
    c.pump(1.5)
    if c.got(11):
        raise Wrong("it was answered by an ICRP")


@case("l2tp")
def control_numbers_far_off_are_ignored(c):
    c.to("up")
    for far in (3000, 0x8000, 0xffff):
        c.message(ref.mt("HELLO"), ns=(c.ns + far) & 0xffff)
    for far in (3000, 0x7fff):
        c.message(ref.mt("HELLO"), nr=(c.nr + far) & 0xffff)
    c.goes_on()


@case("l2tp")
def hello_flood(c):
    c.to("up")
    for _ in range(2000):
        c.message(ref.mt("HELLO"))
        c.pump(0)
    # Lost ones are the caller's to repeat; whatever was taken, the call is not disturbed.
    c.pump(2.0)
    c.ns = c.acked
    c.goes_on()


@case("l2tp")
def duplicates_and_empty_messages(c):
    c.to("call")
    octets = ref.l2tp_ctrl(c.peer_tunnel, 0, 1, c.nr, ref.mt("SCCCN"))
    for _ in range(1000):
        c.put(octets)
        c.zlb()
    c.goes_on()


@case("l2tp")
def held_messages_beyond_the_window(c):
    """200 messages ahead of the one that is missing: held within bounds, then the call goes on"""
    c.to("up")
    for n in range(1, 200):
        c.message(ref.mt("HELLO"), ns=(c.ns + n) & 0xffff)
    c.message(ref.mt("HELLO"))
    c.pump(0.5)
    held = (c.acked - c.ns) & 0xffff
    if held > 8:
        raise Wrong(f"{held} messages were held")
    c.ns = c.acked
    c.goes_on()


@case("l2tp")
def cdn_for_another_session_is_ignored(c):
    c.to("up")
    c.message(ref.mt("CDN"), ref.avp(1, u16(3)), ref.avp(14, u16(0x0999)), session=c.peer_session ^ 0x55)
    c.goes_on()


@case("l2tp", log="ended the call: .*it says")
def cdn_with_hostile_text(c):
    c.to("up")
    c.message(ref.mt("CDN"), ref.avp(1, u16(2) + u16(6) + NASTY), ref.avp(14, u16(c.session)), session=c.peer_session)
    c.ends(4)


@case("l2tp", log="closed the tunnel: .*it says")
def stopccn_with_hostile_text(c):
    c.to("up")
    c.message(ref.mt("StopCCN"), ref.avp(9, u16(c.tunnel)), ref.avp(1, u16(2) + u16(6) + NASTY))
    c.peer_tunnel = 0


@case("l2tp", log="a mandatory AVP that is unknown \\(AVP 200")
def unknown_mandatory_avp_in_mid_call(c):
    c.to("up")
    c.message(ref.mt("HELLO"), ref.avp(200, NASTY))
    c.ends(4)


@case("l2tp")
def from_another_port(c):
    c.to("up")
    other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    other.bind((c.source, 0))
    for octets in (ref.l2tp_ctrl(c.peer_tunnel, 0, c.ns, c.nr, ref.mt("StopCCN"), ref.avp(9, u16(c.tunnel)), ref.avp(1, u16(6))),
                   c.data(ref.ppp(ref.LCP, ref.cp(5, 9))), c.data(c.encrypted(c.echo(0xbad5)))):
        other.sendto(octets, (c.server, 1701))
    c.goes_on()
    c.no_echo(0xbad5)


@case("l2tp")
def vanishes_after_sccrq(c):
    """it has cost nothing that could be missed"""
    before = children()
    c.message(*c.sccrq())
    c.pump(1.0)
    if len(c.got(2)) != 1 or children() != before:
        raise Wrong(f"{len(c.got(2))} answers, {children()} instead of {before}")
    c.peer_tunnel = 0


@case("l2tp")
def sccrq_again_and_again(c):
    """each copy gets the same SCCRP, and nothing comes by itself"""
    before = children()
    came = []
    c.on_control = came.append
    for _ in range(50):
        c.put(ref.l2tp_ctrl(0, 0, 0, 0, *c.sccrq()))
        c.pump(0.02)
    c.pump(3.0)
    if len(came) != 50 or len(set(came)) != 1:
        raise Wrong(f"{len(came)} answers, {len(set(came))} of them different")
    if len(came[0]) > 3 * len(ref.l2tp_ctrl(0, 0, 0, 0, *c.sccrq())) or children() != before:
        raise Wrong(f"{len(came[0])} octets; {children()} instead of {before}")
    c.goes_on()


@case("l2tp")
def answers_after_another_sccrq(c):
    """the id of the first answer counts no more: no session, and no tunnel by it"""
    c.answered()
    first = c.peer_tunnel
    c.inbox, c.nr, c.ns, c.tunnel, c.peer_tunnel = [], 0, 0, 0x5555, 0
    c.answered()
    c.message(ref.mt("SCCCN"), tunnel=first, ns=1)
    c.pump(0.5)
    if c.peer_tunnel == first:
        raise Wrong("the same id for another tunnel")
    c.message(ref.mt("SCCCN"))
    c.stage = "start"
    c.goes_on()


@case("l2tp", log="the client began anew")
def begins_anew(c):
    """its state is lost, its port is the same: the old call asks, hears nothing and gives way"""
    c.to("up")
    again = L2tp(c.server, c.source, tunnel=0x5555)
    again.udp.close()
    again.udp = c.udp
    begin = time.monotonic()
    octets = ref.l2tp_ctrl(0, 0, 0, 0, *again.sccrq())
    again.want(8, "no tunnel", lambda: again.got(2), lambda: again.put(octets))
    if time.monotonic() - begin > 5:
        raise Wrong("it took %.1f s" % (time.monotonic() - begin))
    again.ns = 1
    again.peer_tunnel = struct.unpack(">H", again.got(2)[0][9])[0]
    again.message(ref.mt("SCCCN"))
    again.stage = "start"
    again.goes_on()
    again.leave()
    c.peer_tunnel = 0


@case("l2tp")
def spoofed_sccrq(c):
    """500 with the address and port of a call that is up, which acknowledges a HELLO or two"""
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    c.to("up")
    port = c.udp.getsockname()[1]
    for n in range(500):
        octets = ref.l2tp_ctrl(0, 0, 0, 0, *c.sccrq(tunnel=ref.avp(9, u16(0x4000 + n))))
        raw.sendto(spoofed(17, struct.pack(">HHHH", port, 1701, 8 + len(octets), 0) + octets, c.source), (ARGS.server, 0))
        c.pump(0.01)
    c.pump(4.0)
    hellos = len(c.got(6))
    if not 1 <= hellos <= 3:
        raise Wrong(f"{hellos} HELLOs")
    c.goes_on()


@variants({"tunnel": 1, "icrq": 2}, kinds="l2tp", slow=True, log="the call was not set up in time|did not come within")
def vanishes_after(c, n):
    c.to("start")
    if n == 2:
        c.replied()
    c.udp.close()
    c.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    c.peer_tunnel = 0


# The tunnel secret: a server that has one

def with_secret(c, response=None, challenge=None):
    c.message(*c.sccrq(challenge=challenge))
    c.want(5, "no SCCRP", lambda: c.got(2) or c.ended)
    if c.ended:
        return
    reply = c.got(2)[0]
    c.peer_tunnel = struct.unpack(">H", reply[9])[0]
    if 11 not in reply:
        raise Wrong("the server does not ask for the secret")
    right = ref.l2tp_response(3, SECRET, reply[11])
    value = {"right": right, "wrong": bytes(16), "short": right[:8], "long": right + b"x", "none": None,
             "of-another-message": ref.l2tp_response(2, SECRET, reply[11])}[response]
    c.message(ref.mt("SCCCN"), *([ref.avp(13, value)] if value is not None else []))


@variants({"wrong": "wrong", "short": "short", "long": "long", "missing": "none", "of_another_message": "of-another-message"},
          kinds="l2tp", server="secret", log="does not know the tunnel secret|does not prove that it knows|of a wrong length \\(AVP 13")
def response(c, what):
    with_secret(c, what)
    c.ends(4)
    if c.stopped[0] not in (2, 4):
        raise Wrong(f"StopCCN {c.stopped}")


@case("l2tp", server="secret", log="does not know the tunnel secret")
def challenge_reflected(c):
    """the server's own challenge is put to it: it must not serve as its own answer"""
    c.message(*c.sccrq(challenge=ref.avp(11, b"c" * 16)))
    c.want(5, "no SCCRP", lambda: c.got(2))
    reply = c.got(2)[0]
    c.peer_tunnel = struct.unpack(">H", reply[9])[0]
    c.message(ref.mt("SCCCN"), ref.avp(13, reply[13]))
    c.ends(4)


@case("l2tp", server="secret", log="a hidden AVP that cannot be read: the tunnel secrets may differ")
def hidden_with_a_wrong_secret(c):
    vector = b"\x11" * 16
    c.message(*c.sccrq(vector=ref.avp(36, vector), version=None,
                       hidden=ref.avp(2, ref.hide(2, u16(0x0100), b"another", vector), h=1)))
    c.ends(4)


@case("l2tp", server="secret")
def right_secret_is_admitted(c):
    with_secret(c, "right", ref.avp(11, b"c" * 16))
    c.stage = "start"
    c.goes_on()


# LCP

@case(log="no answer to [0-9]+ LCP requests")
def lcp_nak_for_ever(c):
    def nak(p):
        if p[0] == 1:
            c.send(ref.LCP, ref.cp(3, p[1], ref.opt(1, u16(1400))))
    c.on[ref.LCP] = nak
    c.to("call")
    c.ends(60)


@case(log="no answer to [0-9]+ LCP requests")
def lcp_reject_for_ever(c):
    def reject(p):
        if p[0] == 1:
            c.send(ref.LCP, ref.cp(4, p[1], ref.opt(5, u32(1))))
    c.on[ref.LCP] = reject
    c.to("call")
    c.ends(60)


@case(log="the call was not set up in time")
def lcp_renegotiated_for_ever(c):
    c.to("call")
    end = time.monotonic() + 60
    while not c.ended and time.monotonic() < end:
        c.send_lcp_request()
        c.pump(0.1)
    c.ends(1)


@case(log="closed the (tunnel|control connection): no special reason")
def lcp_flood_of_requests(c):
    c.to("call")
    for n in range(5000):
        c.send_lcp_request(ref.opt(1, u16(1000 + n % 400)))
        if n % 50 == 0:
            c.pump(0.002)
    small_session()


@variants({"length_0": b"\x05\x00", "length_1": b"\x05\x01\x00", "beyond": b"\x05\xff\x00\x00", "magic_of_one": b"\x05\x03\x01",
           "mru_of_three": b"\x01\x05\x05\x00\x00", "nothing": b"", "mru_0": ref.opt(1, u16(0)), "mru_65535": ref.opt(1, u16(65535)),
           "unknown": ref.opt(200, NASTY), "sixty_unknown": b"".join(ref.opt(60 + n, b"x") for n in range(60)),
           "our_auth": ref.opt(3, b"\xc0\x23")})
def lcp_option_of(c, options):
    c.to("call")
    c.send(ref.LCP, ref.cp(1, 77, options))
    c.goes_on()


@variants({"too_short": b"\x01\x01\x00", "length_3": b"\x01\x01\x00\x03", "length_beyond": b"\x01\x01\xff\xff\x00",
           "code_0": b"\x00\x01\x00\x04", "code_255": b"\xff\x01\x00\x04", "ack_of_nothing": b"\x02\x99\x00\x04",
           "nak_of_nothing": b"\x03\x99\x00\x08\x05\x04\x00\x00", "empty": b""})
def lcp_packet(c, packet):
    c.to("call")
    for _ in range(20):
        c.send(ref.LCP, packet)
    c.goes_on()


@case(log="agreed to authentication with mschap2, then rejected it")
def protocol_reject_of_chap(c):
    c.to("lcp")
    c.on[ref.CHAP] = lambda p: None
    c.send(ref.LCP, ref.cp(8, 5, u16(ref.CHAP) + b"\1\1\0\4"))
    c.ends(5)
    c.no_network()


@variants({"unknown": 0x8057, "ipcp": ref.IPCP})
def protocol_reject_before_its_time_of(c, protocol):
    c.to("lcp")
    c.send(ref.LCP, ref.cp(8, 5, u16(protocol) + b"\1\1\0\4"))
    c.pump(0.5)
    c.goes_on()


@case(log="refuses to authenticate itself")
def looped_back(c):
    def mirror(p):
        if not c.ended:
            c.send(ref.LCP, p)
    c.on[ref.LCP] = mirror
    c.to("call")
    c.ends(60)


@case()
def echo_requests_flood(c):
    c.to("up")
    for n in range(5000):
        c.send(ref.LCP, ref.cp(9, n & 255, u32(c.magic) + bytes(200)))
        if n % 50 == 0:
            c.pump(0.002)
    c.pump(0.5)
    small_session()
    c.goes_on()


@case(log="the caller hung up: \"")
def terminate_with_hostile_text(c):
    c.to("up")
    c.send(ref.LCP, ref.cp(5, 9, NASTY))
    c.ends(8)


@case(log="closed the (tunnel|control connection): no special reason")
def identification_with_hostile_text(c):
    c.to("lcp")
    c.send(ref.LCP, ref.cp(12, 9, u32(c.magic) + NASTY * 5))
    c.goes_on()


# Authentication

@variants({"pap": b"\xc0\x23", "chap": b"\xc2\x23\x05", "mschap1": b"\xc2\x23\x80", "eap": b"\xc2\x27"}, log="only offers (pap|chap|mschap1|eap), which the profile's allow list")
def downgrade_to(c, method):
    """Naks the method until the end: the server keeps to its own"""
    def nak(p):
        if p[0] == 1:
            if c.lcp_request is None:
                c.lcp_request = p[4:]
            for kind, value in base.options_of(p[4:]):
                if kind == 3 and value != b"\xc2\x23\x81":
                    raise Wrong(f"the server offers {value.hex()}")
            c.send(ref.LCP, ref.cp(3, p[1], ref.opt(3, method)))
        else:
            c.on_lcp(p)
    c.on[ref.LCP] = nak
    c.to("call")
    c.send_lcp_request()
    c.ends(40)
    c.no_network()


@case(log="refuses to authenticate itself")
def authentication_rejected(c):
    def reject(p):
        if p[0] == 1:
            c.send(ref.LCP, ref.cp(4, p[1], b"".join(ref.opt(k, v) for k, v in base.options_of(p[4:]) if k == 3)))
        else:
            c.on_lcp(p)
    c.on[ref.LCP] = reject
    c.to("call")
    c.send_lcp_request()
    c.ends(40)
    c.no_network()


@case()
def pap_unasked(c):
    c.to("lcp")
    for _ in range(20):
        c.send(ref.PAP, ref.cp(1, 1, b"\7mallory\x0dMallory-Pass1"))
    c.pump(0.5)
    if c.told(ref.PAP, 2):
        raise Wrong("PAP was accepted where MS-CHAPv2 is wanted")
    c.no_network()
    c.goes_on()


@case(log="\"mallory\" gave a wrong user name or password")
def wrong_password(c):
    c.to("lcp")
    c.send(ref.CHAP, c.response(password="wrong"))
    c.want(5, "no Failure", lambda: c.failure or c.ended)
    if c.success:
        raise Wrong("it was accepted")
    c.ends(10)


@variants({"empty": "", "long": "x" * 255, "control_characters": "\x1b[2J\r\nforged: line\x00%s%n", "escape": "\x9b2Jmallory",
           "format": "%s%s%s%n%n", "domain_only": "DOMAIN\\", "another_case": "Mallory", "nul_appended": "mallory\0"},
          log="gave a wrong user name or password")
def user_name(c, user):
    c.to("lcp")
    c.send(ref.CHAP, c.response(user=user))
    c.pump(6, lambda: c.failure or c.success or c.ended)
    if c.success:
        raise Wrong("it was accepted")
    c.ends(40)


@variants({"no_value": b"\x02\x01\x00\x04", "value_0": ref.cp(2, 1, b"\0mallory"), "value_48": ref.cp(2, 1, b"\x30" + bytes(48) + b"mallory"),
           "value_50": ref.cp(2, 1, b"\x32" + bytes(50) + b"mallory"), "value_255_beyond": ref.cp(2, 1, b"\xff" + bytes(30)),
           "length_beyond": b"\x02\x01\x02\x00" + bytes(20)})
def chap_response(c, packet):
    """malformed: passed over or refused, never accepted"""
    c.to("lcp")
    packet = packet[:1] + bytes([c.challenge[1]]) + packet[2:]
    for _ in range(5):
        c.send(ref.CHAP, packet)
    c.pump(1.0, lambda: c.success)
    if c.success:
        raise Wrong("it was accepted")
    c.no_network()


@case()
def response_before_the_challenge(c):
    c.to("call")
    c.on[ref.CHAP] = c.on_chap
    fake = ref.chap_val(1, 1, bytes(16), b"x")
    for ident in range(256):
        c.send(ref.CHAP, c.response(challenge=fake, ident=ident))
    c.pump(0.5)
    if c.success:
        raise Wrong("it was accepted")
    c.no_network()


@case()
def response_to_another_identifier(c):
    c.to("lcp")
    c.send(ref.CHAP, c.response(ident=(c.challenge[1] + 7) & 255))
    c.pump(0.7, lambda: c.success)
    if c.success:
        raise Wrong("it was accepted")
    c.goes_on()


@case(log="\"mallory\" gave a wrong user name or password", addresses=2)
def response_replayed(kind):
    """what another call proved, said again in this one"""
    a = kind(ARGS.server, ARGS.source).to("lcp")
    old = a.response()
    a.send(ref.CHAP, old)
    a.want(5, "no Success", lambda: a.success)
    a.leave()
    b = kind(ARGS.server, after(ARGS.source, 1)).to("lcp")
    if b.challenge[5:21] == a.challenge[5:21]:
        raise Wrong("two calls have the same challenge")
    b.send(ref.CHAP, old[:1] + b.challenge[1:2] + old[2:])
    b.pump(5, lambda: b.success or b.failure or b.ended)
    if b.success:
        raise Wrong("it was accepted")
    b.leave()


@case()
def success_of_its_own(c):
    """the caller tells the server that it is authenticated"""
    c.to("lcp")
    for _ in range(5):
        c.send(ref.CHAP, ref.cp(3, c.challenge[1], b"S=" + b"0" * 40 + b" M=ok"))
        c.send_ccp_request()
        c.send_ipcp_request("10.0.103.3")
    c.pump(1.0)
    c.no_network()
    if c.told(ref.IPCP, 2) or c.told(ref.CCP, 2):
        raise Wrong("a network protocol was answered before authentication")
    c.goes_on()


@case(log="gave a wrong user name or password")
def responses_in_series(c):
    """hundreds of guesses in one call: the first wrong one ends it"""
    c.to("lcp")
    for n in range(200):
        c.send(ref.CHAP, c.response(password=f"guess-{n}"))
    c.ends(10)
    if c.success:
        raise Wrong("it was accepted")


@case()
def challenged_by_the_caller(c):
    """the server has no password to prove to strangers"""
    c.to("lcp")
    for n in range(50):
        c.send(ref.CHAP, ref.chap_val(1, n, bytes(16), NASTY))
    c.pump(0.5)
    if c.told(ref.CHAP, 2):
        raise Wrong("the server answers a challenge of the caller")
    c.goes_on()


@case(addresses=12, log="\"mallory\" gave a wrong user name or password")
def wrong_passwords_in_series(kind):
    """ten of one address, then it waits; its neighbour does not"""
    for n in range(10):
        c = kind(ARGS.server, ARGS.source).to("lcp")
        c.send(ref.CHAP, c.response(password="wrong"))
        c.ends(10)
        c.leave()
        time.sleep(0.05)
    try:
        kind(ARGS.server, ARGS.source).to("lcp")
        raise Wrong("the eleventh call is answered")
    except (Wrong, OSError) as error:
        if "eleventh" in str(error):
            raise
    c = kind(ARGS.server, after(ARGS.source, 1))
    c.goes_on()
    c.leave()


# Encryption

@case(log="encryption is required, but the caller (offers|wants|does not agree)")
def mppe_rejected(c):
    def reject(p):
        if p[0] == 1:
            c.send(ref.CCP, ref.cp(4, p[1], p[4:]))
    c.on[ref.CCP] = reject
    c.to("auth")
    c.ends(20)
    c.no_network()


@case(log="encryption is required, but the caller (offers|wants|does not agree)")
def ccp_rejected_as_protocol(c):
    c.on[ref.CCP] = lambda p: c.send(ref.LCP, ref.cp(8, 3, u16(ref.CCP) + p)) if p[0] == 1 else None
    c.to("auth")
    c.ends(20)
    c.no_network()


@case(slow=True, log="encryption is required, but the caller (offers|wants|does not agree)")
def ccp_never_answered(c):
    c.on[ref.CCP] = lambda p: None
    c.to("auth")
    c.ends(40)
    c.no_network()


@variants({"40_bits": 0x01000020, "no_bits": 0, "mppc_only": 1, "stateful_56": 0x80, "all_ones": 0xffffffff}, log="encryption is required, but the caller (offers|wants|does not agree)")
def mppe_asked_for(c, bits):
    def nak(p):
        if p[0] == 1:
            c.send(ref.CCP, ref.cp(3, p[1], ref.opt(18, u32(bits))))
        elif p[0] == 2:
            c.ccp_out = True
        elif p[0] == 3:
            c.send_ccp_request(bits)
    c.on[ref.CCP] = nak
    c.to("auth")
    c.send_ccp_request(bits)
    c.ends(60)
    c.no_network()


@case()
def ipcp_before_encryption(c):
    c.to("auth")
    c.send_ipcp_request("10.0.103.3")
    c.pump(0.5)
    if c.told(ref.IPCP, 2):
        raise Wrong("IPCP was answered before encryption")
    c.goes_on()


@case(log="encryption is required, but the caller switched it off")
def encryption_switched_off(c):
    c.to("up")
    c.send(ref.CCP, ref.cp(5, 99))
    for _ in range(20):
        c.send(0x21, c.echo(0xbad1))
        c.pump(0.02)
    c.ends(15)
    c.no_echo(0xbad1)


@case()
def data_in_clear(c):
    c.to("up")
    for _ in range(10):
        c.send(0x21, c.echo(0xbad2))
    c.goes_on()
    c.no_echo(0xbad2)


@variants({"lcp": "call", "authentication": "lcp", "encryption": "auth", "addresses": "ccp"})
def data_before(c, stage):
    c.to(stage)
    for _ in range(10):
        c.send(0x21, c.echo(0xbad3, "10.0.103.3"))
        c.send(0xfd, b"\x90\x00" + RNG.randbytes(60))
    c.pump(0.3)
    c.goes_on()
    c.no_echo(0xbad3)


@variants({"not_encrypted": b"\x80\x00", "at_front": b"\xd0\x00", "compressed": b"\xb0\x00", "not_flushed": b"\x10\x00", "short": b"\x90"})
def mppe_header(c, head):
    c.goes_on()
    for n in range(50):
        c.send(0xfd, head + RNG.randbytes(n))
    c.goes_on()


@case()
def replayed_data(c):
    c.to("up")
    frame = c.encrypted(c.echo(0xbad4))
    packet = c.gre(frame) if c.kind == "pptp" else c.data(frame)
    for _ in range(20):
        c.send_raw(packet) if c.kind == "pptp" else c.put(packet)
    c.goes_on()
    if c.echoes.get(0xbad4, 0) != 1:
        raise Wrong(f"a packet sent 20 times was taken {c.echoes.get(0xbad4, 0)} times")


@case(log="cannot be read: the keys of both ends differ")
def keys_that_differ(c):
    c.to("up")
    c.tx = ref.MPPE(bytes(16), 128)
    for _ in range(40):
        c.send_frame(c.encrypted(c.echo(0xbad6)))
    c.pump(3, lambda: c.ended)
    c.no_echo(0xbad6)
    if not c.ended:
        raise Wrong("a call whose keys differ is kept")


# Addresses

@variants({"loopback": "127.0.0.1", "multicast": "224.0.0.1", "broadcast": "255.255.255.255", "of_the_server_inside": INNER_SERVER,
           "of_the_server_outside": "10.88.1.1", "of_its_lan": "10.88.1.77", "of_another_caller": GOOD_INNER, "private_net": "192.168.1.1"})
def asks_for_the_address(c, address):
    """it is told its own, and gets no other"""
    c.to("ccp")
    c.address = address
    c.goes_on()
    if set(c.given) != {"10.0.103.3"}:
        raise Wrong(f"the server names {c.given}")


@variants({"loopback": "127.0.0.1", "of_the_server": INNER_SERVER, "of_another_caller": GOOD_INNER}, log="insists on the address .* which has to be 10\\.0\\.103\\.3")
def insists_on_the_address(c, address):
    def insist(p):
        if p[0] == 3:
            c.send_ipcp_request(address)
        else:
            c.on_ipcp(p)
    c.on[ref.IPCP] = insist
    c.to("ccp")
    c.send_ipcp_request(address)
    c.ends(60)
    if c.ipcp_out:
        raise Wrong("it got the address")


@variants({"length_0": b"\x03\x00", "length_beyond": b"\x03\xff\1\2", "of_three": b"\x03\x05\1\2\3", "of_eight": ref.opt(3, bytes(6)),
           "old_addresses": ref.opt(1, bytes(8)), "unknown": ref.opt(200, NASTY)})
def ipcp_option(c, option):
    c.to("ccp")
    for n in range(5):
        c.send(ref.IPCP, ref.cp(1, 200 + n, option))
    c.goes_on()


@variants({"loopback": ("127.0.0.1", INNER_SERVER), "to_loopback": (None, "127.0.0.1"), "of_the_server": (INNER_SERVER, INNER_SERVER),
           "multicast_source": ("224.0.0.1", INNER_SERVER), "to_multicast": (None, "224.0.0.1"), "to_broadcast": (None, "255.255.255.255")})
def inner_packets(c, addresses):
    c.to("up")
    source, target = addresses
    for _ in range(5):
        c.send_frame(c.encrypted(c.echo(0xbad7, source, target)))
    c.goes_on()
    c.no_echo(0xbad7)


@variants({"version_0": b"\x00" * 40, "version_15": b"\xff" * 40, "total_length_beyond": b"\x45\x00\xff\xff" + bytes(36), "header_length_0":
           b"\x40\x00\x00\x28" + bytes(36), "one_octet": b"\x45", "ipv6_without_ipv6cp": b"\x60" + bytes(60)})
def inner_garbage(c, ip):
    c.to("up")
    for _ in range(10):
        c.send_frame(c.encrypted(ip))
    c.goes_on()


# The data channel

@case("pptp")
def gre_flood_of_garbage(c):
    c.to("up")
    head = struct.pack(">H", c.peer_call)
    for n in range(8000):
        bits = RNG.randbytes(2)
        size = n % 90 if n % 1000 else 9300 if n % 2000 else 60000
        c.send_raw(bits + b"\x88\x0b" + RNG.randbytes(2) + head + RNG.randbytes(size))
    small_session()
    c.goes_on()


@variants({"checksum_bit": 0xb0, "routing_bit": 0x70, "no_key_bit": 0x10, "strict_bit": 0x38}, kinds="pptp")
def gre_with(c, bits):
    c.to("up")
    packet = c.gre(c.encrypted(c.echo(0xbad8)))
    c.send_raw(bytes([bits]) + packet[1:])
    c.goes_on()
    c.no_echo(0xbad8)


@variants({"payload_longer": 100, "payload_65535": 65535, "payload_shorter": -20}, kinds="pptp")
def gre_says(c, change):
    c.to("up")
    packet = c.gre(c.encrypted(c.echo(0xbad9)))
    length = change if change == 65535 else struct.unpack(">H", packet[4:6])[0] + change
    c.send_raw(packet[:4] + u16(length) + packet[6:])
    c.goes_on()
    c.no_echo(0xbad9)


@case("pptp")
def gre_sequence_jumps(c):
    c.to("up")
    for jump in (1 << 12, 1 << 16, 1 << 20, 1 << 30, (1 << 31) - 1):
        c.send_frame(ref.ppp(0xfd, b"\x90\x00" + RNG.randbytes(80)), seq=c.seq + jump)
    c.goes_on()


@case("pptp")
def gre_call_ids_in_turn(c):
    """all 65536, to find another's call: the filter of each call drops what is not its own"""
    c.to("up")
    frame = ref.ppp(ref.LCP, ref.cp(5, 1))
    for call in range(65536):
        if call != c.peer_call:
            c.send_raw(ref.gre(call, frame, seq=1 << 20))
    c.goes_on()


def spoofed(protocol, payload, sender=GOOD_OUTER):
    """An IP packet that claims to be of SENDER, the good caller."""
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0, socket.inet_aton(sender),
                       socket.inet_aton(ARGS.server))
    return head + payload


@case("pptp", addresses=1)
def spoofed_hang_ups_with_all_ids(c):
    """LCP Terminate with the good caller's address, all call ids and two numbers 2^31 apart: its call stays (see the script)"""
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    frame = ref.ppp(ref.LCP, ref.cp(5, 1, b"spoofed"))
    for call in range(65536):
        for number in (1 << 29, (1 << 29) + (1 << 31)):
            raw.sendto(spoofed(47, ref.gre(call, frame, seq=number)), (ARGS.server, 0))
    c.to("start")


@case("l2tp")
def spoofed_stopccn_with_guessed_ids(c):
    """with the address and port of a call that is up, and 3000 ids but its own"""
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    c.to("up")
    port = c.udp.getsockname()[1]
    for tunnel in RNG.sample(range(1, 65536), 3000):
        if tunnel == c.peer_tunnel:
            continue
        octets = ref.l2tp_ctrl(tunnel, 0, c.ns, 4, ref.mt("StopCCN"), ref.avp(9, u16(tunnel)), ref.avp(1, u16(6)))
        raw.sendto(spoofed(17, struct.pack(">HHHH", port, 1701, 8 + len(octets), 0) + octets, c.source), (ARGS.server, 0))
    c.goes_on()


@variants({"length_beyond": lambda c: struct.pack(">HHHH", 0x4002, 60000, c.peer_tunnel, c.peer_session) + b"x" * 20,
           "length_below": lambda c: struct.pack(">HHHH", 0x4002, 4, c.peer_tunnel, c.peer_session) + b"x" * 20,
           "offset_beyond": lambda c: struct.pack(">HHHH", 0x0202, c.peer_tunnel, c.peer_session, 65535) + b"x" * 20,
           "version_3": lambda c: struct.pack(">HHH", 0x0003, c.peer_tunnel, c.peer_session) + b"x" * 20,
           "no_payload": lambda c: struct.pack(">HHH", 0x0002, c.peer_tunnel, c.peer_session),
           "wrong_session": lambda c: c.data(c.encrypted(c.echo(0xbada)), session=c.peer_session ^ 1),
           "wrong_tunnel": lambda c: c.data(ref.ppp(ref.LCP, ref.cp(5, 1)), tunnel=c.peer_tunnel ^ 1)}, kinds="l2tp")
def data_message(c, make):
    c.to("up")
    for _ in range(10):
        c.put(make(c))
    c.goes_on()
    c.no_echo(0xbada)


@case("l2tp")
def data_numbers_jump(c):
    c.to("up")
    for n in (0, 30000, 65535, 5, 32768, 1):
        c.put(c.data(ref.ppp(0xfd, b"\x90\x00" + RNG.randbytes(60)), seq=(n, 0)))
    c.goes_on()


@case("l2tp")
def flood_of_garbage(c):
    c.to("up")
    for n in range(8000):
        c.put(RNG.randbytes(1 + n % 90 if n % 1000 else 9300 if n % 2000 else 60000))
    small_session()
    c.goes_on()


@case()
def frames_of_garbage(c):
    c.to("up")
    begin = time.monotonic()
    for n in range(3000):
        c.send_frame(RNG.randbytes(n % 60))
        if n % 50 == 0:
            c.pump(0.002)
    c.pump(0.2)
    rejects = c.codes.count((ref.LCP, 8))
    if rejects > 6 + time.monotonic() - begin:
        raise Wrong(f"{rejects} Protocol-Rejects")
    small_session()
    c.on = {}
    if not c.ended:
        c.pump(1.0, lambda: c.ended)


@case()
def hostile_names(c):
    if c.kind == "pptp":
        c.do_start(host=NASTY[:64], vendor=NASTY[::-1][:64])
    else:
        c.answered(c.sccrq(host=ref.avp(7, NASTY * 3), vendor=ref.avp(8, NASTY[::-1] * 8)))
        c.message(ref.mt("SCCCN"))
    c.stage = "start"
    c.goes_on()


# Many at once

@case(addresses=1)
def half_open_of_one_address(kind):
    """200 beginnings, of which 16 are attended to; the neighbours are not shut out"""
    held, most = [], 0
    for n in range(200):
        try:
            c = Pptp(ARGS.server, ARGS.source) if kind is Pptp else L2tp(ARGS.server, ARGS.source, tunnel=n + 1)
            if kind is L2tp:
                c.do_start()
            held.append(c)
        except OSError:
            pass
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        most = max(most, len(children()))
        time.sleep(0.02)
    # One of these is the good caller's.
    if not 2 <= most <= 17:
        raise Wrong(f"{most} sessions at once")
    for c in held:
        c.leave()


@case(addresses=20, log="the call was not set up in time|closed the (tunnel|control connection): no special reason")
def half_open_of_many_addresses(kind):
    """20 addresses with 8 each: 64 are attended to in all"""
    held, most = [], 0
    for n in range(160):
        try:
            source = after(ARGS.source, n % 20)
            c = Pptp(ARGS.server, source) if kind is Pptp else L2tp(ARGS.server, source, tunnel=n + 1)
            if kind is L2tp:
                c.do_start()
            held.append(c)
        except OSError:
            pass
    end = time.monotonic() + 2.5
    while time.monotonic() < end:
        most = max(most, len(children()))
        time.sleep(0.05)
    if not 17 <= most <= 65:
        raise Wrong(f"{most} sessions at once")
    for c in held:
        c.leave()


# The machine

def after(address, n):
    return socket.inet_ntoa(struct.pack(">I", struct.unpack(">I", socket.inet_aton(address))[0] + n))


def children():
    """sessions, and guardians of calls; not the one process that reads what strangers send"""
    with open(f"/proc/{ARGS.pid}/task/{ARGS.pid}/children") as f:
        return [p for p in f.read().split() if not is_reader(p)]


def is_reader(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            return f.read().endswith(b"\0reader\0")
    except OSError:
        return False


def small_session():
    for pid in children():
        try:
            with open(f"/proc/{pid}/status") as f:
                kb = int([line for line in f if line.startswith("VmRSS")][0].split()[1])
        except (OSError, IndexError):
            continue
        if kb > ARGS.memory:
            raise Wrong(f"a session has {kb} kB")


def main():
    global ARGS
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--server", default="10.88.1.1")
    parser.add_argument("--source", default="10.88.1.10")
    parser.add_argument("--pid", type=int, default=0)
    parser.add_argument("--memory", type=int, default=MEMORY_KB)
    parser.add_argument("name", nargs="?")
    ARGS = parser.parse_args()
    if ARGS.list:
        for name, (_, _, server, log, addresses, slow) in sorted(CASES.items(), key=lambda c: (c[1][2], not c[1][5])):
            print(server, name, addresses, log or "")
        return
    function, kind = CASES[ARGS.name][:2]
    try:
        if "kind" in function.__code__.co_varnames[:1]:
            function(kind)
        else:
            c = kind(ARGS.server, ARGS.source)
            function(c)
            small_session()
            c.leave()
    except Wrong as error:
        print(error)
        sys.exit(1)


if __name__ == "__main__":
    main()
