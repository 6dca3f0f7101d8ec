/* SPDX-License-Identifier: MIT */
/* The interface of a tunnel with one call in it; pptp/ (and l2tp/) stand behind it.
 *
 * Sans I/O: octets of the control channel and the time go in; octets, deadlines and events come
 * out.  For PPTP the control channel is a TCP stream (any segmentation may go in); for L2TP it is
 * the datagrams with the T bit.  Data packets never come here: the data path carries them with
 * the ids told in TUNNEL_EVENT_CALL_UP. */
#ifndef VPDIAL_TUNNEL_TUNNEL_H
#define VPDIAL_TUNNEL_TUNNEL_H

#include "base/log.h"
#include "base/random.h"
#include "base/reason.h"
#include "base/secret.h"
#include "vocabulary/adopted.h"
#include "vocabulary/protocol.h"
#include "vocabulary/role.h"
#include "vocabulary/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TUNNEL_NAME_MAX 64

struct tunnel_config {
	enum protocol type;
	enum call_role role;
	char host_name[TUNNEL_NAME_MAX];
	uint16_t local_call_id; /* PPTP: the call id that our data socket is filtered for */
	uint16_t receive_window;
	uint32_t silence_limit_ms; /* L2TP: of the set-up, until anything has come; 0 = all of it */
	uint32_t setup_limit_ms;   /* whole set-up of control connection and call, e.g. 30000 */
	uint32_t echo_interval_ms; /* quiet control connection: Echo-Request (PPTP) or HELLO */
	uint32_t echo_limit_ms;	   /* no answer for so long: the peer is dead */
	uint16_t port;		   /* of the server, for sentences */
	bool refuse; /* PPTP, answerer: a caller is told that there is no room, whatever it wants */
	/* L2TP only */
	uint16_t local_tunnel_id, local_session_id; /* 0 = drawn at random */
	struct tunnel_settings settings;
};

/* What the other end told about itself; cleaned text, "" if not told. */
struct tunnel_peer {
	char host_name[4 * TUNNEL_NAME_MAX + 8];
	char vendor[4 * TUNNEL_NAME_MAX + 8];
	uint16_t firmware;
};

/* The call is up: what the data path needs. */
struct tunnel_call {
	uint16_t local_tunnel_id, peer_tunnel_id; /* L2TP */
	uint16_t local_call_id, peer_call_id;	  /* PPTP call ids, L2TP session ids */
	uint16_t peer_window;
	uint32_t speed_bps;
	bool sequencing;
	struct tunnel_peer peer;
};

enum tunnel_event_kind {
	TUNNEL_EVENT_PROGRESS, /* .text: "control connection up", for the log and the monitor */
	TUNNEL_EVENT_CALL_UP,  /* .call */
	TUNNEL_EVENT_ECHO,     /* .echo_rtt_ms */
	TUNNEL_EVENT_CLOSED,   /* .reason: for good; nothing follows, close the socket */
};

struct tunnel_event {
	enum tunnel_event_kind kind;
	bool unexplained; /* CLOSED: the peer ended the call, for a cause that it does not name */
	enum reason_weight weight; /* CLOSED */
	union {
		const char *text;
		const struct tunnel_call *call;
		uint32_t echo_rtt_ms;
		const struct reason *reason;
	};
};

struct tunnel_callbacks {
	/* PPTP: appends to the stream (never more than the table of messages allows at once);
	 * L2TP: one datagram. */
	void (*send)(void *ctx, const uint8_t *octets, size_t len);
	void (*event)(void *ctx, const struct tunnel_event *event);
	void *ctx;
};

struct tunnel;

/* A tunnel in state idle, or NULL when out of memory.  CONFIG is copied, its secret wiped by
 * tunnel_free; LOG and RANDOM must outlive the tunnel. */
struct tunnel *tunnel_new(const struct tunnel_config *config,
			  const struct tunnel_callbacks *callbacks,
			  const struct random_source *random, const struct log *log);
void tunnel_free(struct tunnel *t);

/* The control channel is there (PPTP: TCP connected): the caller starts to talk.  Not for L2TP's
 * answerer: see tunnel_adopt. */
void tunnel_start(struct tunnel *t, uint64_t now_ms);

/* L2TP, answerer, in place of tunnel_start: goes on with a tunnel whose set-up was done elsewhere
 * (half_open.h), and waits for the peer's call. */
void tunnel_adopt(struct tunnel *t, const struct adopted_tunnel *adopted, uint64_t now_ms);

/* Octets of the control channel.  Any octets may come, in pieces of any size. */
void tunnel_input(struct tunnel *t, const uint8_t *octets, size_t len, uint64_t now_ms);
/* The control channel ended: ERROR 0 for an orderly end of the stream, else an errno value.  L2TP:
 * tell every error of the socket; those that ICMP brings do not end a tunnel that has been heard.
 */
void tunnel_lost(struct tunnel *t, int error, uint64_t now_ms);
/* Ends call and control connection in order, within three seconds; then TUNNEL_EVENT_CLOSED with
 * REASON.  FAREWELL, if not NULL, is what an answerer lets the caller read of it: in L2TP's CDN, in
 * PPTP's Call-Disconnect-Notify; printable, cut to what they hold. */
void tunnel_close(struct tunnel *t, const struct reason *reason, const char *farewell,
		  uint64_t now_ms);

/* L2TP: what another process needs to end this tunnel should this one die. */
struct tunnel_ids {
	uint16_t local_tunnel_id, peer_tunnel_id;
	uint16_t ns, nr; /* of the next control message */
};
/* False while there is nothing to end, and for PPTP, whose TCP connection ends by itself. */
bool tunnel_ids(const struct tunnel *t, struct tunnel_ids *ids);
/* A StopCCN (RFC 2661 section 6.4) for that tunnel into OUT; its length, 0 if CAP is too small. */
size_t tunnel_farewell(const struct tunnel_ids *ids, uint8_t *out, size_t cap);

uint64_t tunnel_deadline(const struct tunnel *t);
void tunnel_tick(struct tunnel *t, uint64_t now_ms);

struct tunnel_counters {
	uint32_t rx_messages, tx_messages;
	uint32_t malformed, unexpected, retransmitted;
	uint32_t wan_errors; /* WAN-Error-Notify messages */
};
const struct tunnel_counters *tunnel_counters(const struct tunnel *t);

#endif
