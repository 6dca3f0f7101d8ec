/* SPDX-License-Identifier: MIT */
/* What the files of the session share. */
#ifndef VPDIAL_SESSION_INTERNAL_H
#define VPDIAL_SESSION_INTERNAL_H

#include "ipc/control.h"
#include "ipc/request.h"
#include "loop/loop.h"
#include "path/path.h"
#include "path/worker.h"
#include "ppp/ppp.h"
#include "session/probe.h"
#include "session/secure.h"
#include "tunnel/tunnel.h"
#include "wire/dhcp.h"

/* Octets of the control stream that may wait for a slow server. */
#define SESSION_OUTPUT_MAX 8192

/* inform.c: asking for routes by DHCP. */
struct session_inform {
	struct loop_timer timer;
	struct dhcp_inform question;
	unsigned sent;
	uint64_t first_ms;
};

/* echo.c: round trips of answered keep-alives. */
struct session_echo {
	uint32_t count, last_ms, min_ms;
	uint64_t sum_ms;
	uint32_t jitter_16; /* sixteenths of a millisecond */
};

/* mtu.c: what passes to the server now. */
struct session_mtu {
	struct loop_timer timer; /* to tell, then to try more again */
	uint16_t path;		 /* octets of an outer packet */
	uint64_t raise_ms;	 /* DEADLINE_NONE = nothing to raise */
	uint64_t told_ms;
	bool changed, warned;
};

/* load.c: how a thread spent a while. */
struct load_window {
	uint64_t spent_us, asleep_us;
	uint64_t sending_us; /* of this thread's, while it does both directions */
	uint64_t worker_us;  /* what the second thread was busy */
};

struct session_load {
	struct loop_timer timer; /* while there are two */
	bool two;
	unsigned windows;	  /* in a row that speak for a change */
	uint64_t sending_us;	  /* so far */
	struct load_window start; /* sums, when the window began */
};

/* keys.c: since the last packet that could be read. */
struct session_keys {
	uint64_t good, bad, since_ms;
};

struct session {
	struct loop *loop;
	struct log *log;
	struct request_channel channel;
	struct loop_fd channel_handle, tun_handle, wire_handle, control_handle;
	struct loop_timer tick_timer;  /* the earliest deadline of tunnel, PPP and data path */
	struct loop_timer limit_timer; /* connecting, then silence of GRE, then hanging up */
	struct loop_timer time_timer;  /* idle and session time */
	struct loop_timer probe_timer; /* while the peer's numbers are in doubt */
	struct request_start start;    /* without the password */
	int tun_fd, wire_fd, control_fd, packet_fd; /* -1 = none */
	struct tunnel *tunnel;
	struct ppp_link *ppp;
	struct path *path;
	struct path_worker *worker; /* not owned; NULL: one thread does all */
	struct session_load load;
	struct session_secure secure;
	struct session_probe probe;
	bool control_connected, call_up, network_up;			/* how far the call is */
	bool closing, tunnel_closing, tunnel_closed, ppp_closed, ended; /* how far its end is */
	bool ppp_heard_any, output_overflow, authenticating;
	bool send_refused;  /* PPP's last frame, by a rule of this machine */
	int tunnel_refused; /* a datagram of the control channel, likewise: its error, until settled
			     */
	enum auth_method auth_method;
	uint64_t call_up_ms, network_up_ms;
	struct ppp_data data; /* PPP's last word on what may pass */
	struct tunnel_peer peer;
	struct session_inform inform;
	struct session_mtu mtu;
	struct session_keys keys;
	struct request_network network; /* as asked for last; zero local = nothing yet */
	struct session_echo echo;
	struct request_call call;	    /* as told last */
	struct reason reason;		    /* why the call ends; the first one counts */
	enum reason_weight weight;	    /* of the tunnel's end */
	uint8_t output[SESSION_OUTPUT_MAX]; /* control stream not yet taken by the socket */
	size_t output_len;
	unsigned accounts_asked; /* answerer: so far, the last one's number */
	bool wire_held;		 /* answerer: until its network is applied */
};

/* tell.c */
void session_tell_state(struct session *s, enum control_state state, const char *message);
/* The network that was agreed, with what passes to the other end. */
void session_tell_network(struct session *s);

/* end.c */
/* The end: whatever still waits is dropped, the supervisor learns why. */
void session_finish(struct session *s);
/* Starts the orderly end; the first reason counts. */
void session_close(struct session *s, const struct reason *why);
/* L2TP: the first message may go. */
void session_begin_tunnel(struct session *s);
/* Nothing passes the tunnel's data channel, or one way only: the classic blocked protocol 47. */
void session_explain_silence(struct session *s);
/* The tunnel ended with WHY: inside ESP, and without a word of L2TP? */
void session_explain_ipsec(struct session *s, const struct reason *why);
/* The peer ended the tunnel with WHY, which explains nothing: did it mean the password? */
void session_explain_refusal(struct session *s, const struct reason *why);
/* After each input: what one room's event means for the others. */
void session_settle(struct session *s);

/* events.c: makes tunnel, PPP and data path of START's words, whose secrets are wiped.  False: no
 * memory. */
bool session_make_rooms(struct session *s);
/* The control stream, as far as the socket takes it. */
void session_flush_output(struct session *s);

/* join.c: START's words as the configurations of the three rooms. */
void session_tunnel_config(const struct session *s, struct tunnel_config *config);
void session_ppp_config(const struct session *s, struct ppp_config *config);
void session_path_state(const struct session *s, struct path_state *state);
/* The largest inner packet that PPP's agreement and the way to the server carry, with Multilink in
 * several pieces. */
uint16_t session_effective_mtu(const struct session *s);
/* The largest packet on the link: with Multilink of a fragment, else of what is in the tunnel. */
uint16_t session_link_mtu(const struct session *s);
/* The largest inner packet that the way to the server carries. */
unsigned session_room(const struct session *s);
void session_fill_stats(const struct session *s, struct request_stats *stats);

void echo_note(struct session_echo *e, uint32_t rtt_ms);
void echo_fill(const struct session_echo *e, struct request_stats *stats);

/* mtu.c: the path MTU as START tells it, then as the kernel and ICMP do; for PATH's
 * callbacks.too_big. What changes goes to the data path and, once a second at most, to the
 * supervisor. */
void mtu_begin(struct session *s);
void mtu_too_big(void *ctx, uint32_t mtu);
void mtu_check_mru(const struct session *s);

/* load.c: traffic flows from now on. */
void load_begin(struct session *s);
/* This thread sent for so long. */
void load_sent(struct session *s, uint64_t spent_us);
/* At each turn of the data path: is a second thread worth it? */
void load_check(struct session *s);
bool load_wants_two(const struct load_window *w);
bool load_wants_one(const struct load_window *w);

/* farewell.c: keeps the supervisor informed of the numbers by which another session could end this
 * tunnel; and ends that of a session that died. */
void session_tell_call(struct session *s);
void session_bid_farewell(struct session *s);

/* keys.c: can one end not read what the other encrypts?  NONSENSE: Protocol-Rejects of what we
 * never send.  Then WHY says so.  To be asked whenever packets came. */
bool keys_lost(struct session *s, uint32_t nonsense, struct reason *why);

/* inform.c: asks, once IPv4 is applied with an address that was not asked for yet, the server for
 * routes by DHCP; some times, until it answers.  For PATH's callbacks.inner: takes the answer. */
void inform_begin(struct session *s, struct in_addr local);
bool inform_take(void *ctx, const uint8_t *ip, size_t len);

/* account.c, for struct ppp_callbacks: asks the server process who USER is. */
void session_account(void *ctx, const uint8_t *user, size_t len);
/* Its answer.  One to an earlier question that came too late does nothing. */
void session_account_answer(struct session *s, const struct request_account_answer *answer);
/* Answerer, when it has asked for its network: what the caller sends at once waits in the socket,
 * for there is no interface to take it yet; until the network is applied, or the call ends. */
void session_hold_wire(struct session *s);
void session_release_wire(struct session *s);

#endif
