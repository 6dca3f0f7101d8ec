/* SPDX-License-Identifier: MIT */
/* IKEv1 for L2TP over IPsec (RFC 3193): Main Mode with a pre-shared key, Quick Mode for ESP in
 * transport mode inside UDP (RFC 3947), both roles.
 *
 * Sans I/O: ISAKMP messages and the time go in; messages, deadlines and events come out.  ESP
 * itself and the keep-alive octets of NAT traversal are the data path's.  No callback may free the
 * engine. */
#ifndef VPDIAL_IPSEC_IPSEC_H
#define VPDIAL_IPSEC_IPSEC_H

#include "base/log.h"
#include "base/random.h"
#include "base/reason.h"
#include "vocabulary/adopted.h"
#include "vocabulary/ipsec.h"
#include "vocabulary/role.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum ipsec_port {
	IPSEC_PORT_IKE, /* 500: no marker */
	IPSEC_PORT_NAT, /* 4500 */
};

#define IPSEC_SERVER_MAX 256

struct ipsec_config {
	enum call_role role;
	/* As the IKE sockets have them, with the ports of IPSEC_PORT_IKE: for NAT detection and
	 * identities.  A caller's own port may be any. */
	struct sockaddr_storage local, peer;
	char server[IPSEC_SERVER_MAX];	/* the peer's name in sentences */
	struct ipsec_settings settings; /* copied; its secret is wiped by ipsec_free */
	uint16_t inner_port;		/* ours of L2TP inside ESP; an answerer's is 1701 */
	uint16_t spi_half;		/* our SPIs begin with it; 0 = with anything */
	uint32_t setup_limit_ms;	/* of all until ESP is up */
	uint32_t silence_limit_ms;	/* of the set-up, until anything has come; 0 = all of it */
};

enum ipsec_event_kind {
	IPSEC_EVENT_PROGRESS, /* .text, for the log */
	IPSEC_EVENT_IKE_KEY,  /* .ike_key, for whoever debugs */
	IPSEC_EVENT_RECEIVE,  /* .keys: take this inbound association from now on, beside others */
	IPSEC_EVENT_SEND,     /* .keys: send by this one from now on */
	IPSEC_EVENT_UP,	      /* both are there for the first time: L2TP may begin */
	IPSEC_EVENT_FORGET,   /* .spi: the inbound association that ends */
	IPSEC_EVENT_CLOSED,   /* .reason, .weight: for good; nothing follows */
};

struct ipsec_event {
	enum ipsec_event_kind kind;
	enum reason_weight weight; /* CLOSED */
	union {
		const char *text;
		const struct ipsec_ike_key *ike_key;
		const struct esp_keys *keys; /* to be copied: gone when the callback returns */
		uint32_t spi;
		const struct reason *reason;
	};
};

struct ipsec_callbacks {
	/* One message, without the marker that port 4500 wants. */
	void (*send)(void *ctx, enum ipsec_port port, const uint8_t *octets, size_t len);
	void (*event)(void *ctx, const struct ipsec_event *event);
	void *ctx;
};

struct ipsec;

/* An engine at rest, or NULL when out of memory.  CONFIG is copied; LOG and RANDOM must outlive the
 * engine, and crypto_init must have been called. */
struct ipsec *ipsec_new(const struct ipsec_config *config, const struct ipsec_callbacks *callbacks,
			const struct random_source *random, const struct log *log);
void ipsec_free(struct ipsec *s);

/* The caller begins to talk; the answerer begins to wait. */
void ipsec_start(struct ipsec *s, uint64_t now_ms);
/* An answerer's, started: the phase 1 that somebody else let in as far as message 2.  Message 3 is
 * the first that goes in. */
void ipsec_adopt(struct ipsec *s, const struct adopted_phase *a, uint64_t now_ms);
/* One datagram of the peer, its marker taken off; any octets may come. */
void ipsec_input(struct ipsec *s, enum ipsec_port port, const uint8_t *octets, size_t len,
		 uint64_t now_ms);
/* Is such a datagram one of this engine's, or could it begin something here? */
bool ipsec_is_concerned(struct ipsec *s, const uint8_t *octets, size_t len);
/* An errno value of the socket, as ICMP brings it: a hint, which ends nothing that lives. */
void ipsec_lost(struct ipsec *s, enum ipsec_port port, int error, uint64_t now_ms);
/* A valid ESP packet came at that time: no need to ask whether the peer lives. */
void ipsec_heard(struct ipsec *s, uint64_t when_ms);
/* The newest sequence number sent by the present association: new keys come before it runs out. */
void ipsec_sent_sequence(struct ipsec *s, uint32_t newest);
/* Tells the peer that ESP and IKE end (Delete), then IPSEC_EVENT_CLOSED with REASON at once. */
void ipsec_close(struct ipsec *s, const struct reason *reason, uint64_t now_ms);

uint64_t ipsec_deadline(const struct ipsec *s);
void ipsec_tick(struct ipsec *s, uint64_t now_ms);

struct ipsec_status {
	bool up;
	struct ipsec_suite ike, esp; /* esp.group: of PFS, else none */
	bool nat_us, nat_peer;	     /* who is behind one */
	uint16_t inner_port;	     /* that of L2TP which the peer took */
	uint16_t peer_inner_port;    /* an answerer's peer's; 0 = any */
	uint32_t rekeys;	     /* of ESP */
	uint64_t rekey_at_ms;	     /* when new keys are due; UINT64_MAX = not known */
	uint32_t malformed, unexpected, retransmitted;
};
void ipsec_status(const struct ipsec *s, struct ipsec_status *out);

#endif
