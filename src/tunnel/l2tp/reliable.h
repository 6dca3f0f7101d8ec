/* SPDX-License-Identifier: MIT */
/* L2TP's reliable delivery of control messages (RFC 2661 section 5.8 and appendix A): sequence
 * numbers, window, slow start, acknowledgments, retransmission.  It knows nothing of what the
 * messages say. */
#ifndef VPDIAL_TUNNEL_L2TP_RELIABLE_H
#define VPDIAL_TUNNEL_L2TP_RELIABLE_H

#include "wire/l2tp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RELIABLE_QUEUE	     16	 /* messages of ours not yet acknowledged */
#define RELIABLE_MESSAGE_MAX 768 /* octets of one of them */
#define RELIABLE_HOLD	     8	 /* messages of the peer kept until the gap before them is filled */
#define RELIABLE_HOLD_MAX    1024 /* octets of one of them; longer ones are left to come again */
#define RELIABLE_WINDOW	     4	  /* of a peer that names none (RFC 2661 section 4.4.3) */
#define RELIABLE_RETRIES     5	  /* 1 + 2 + 4 + 8 + 8 + 8 = 31 s without an acknowledgment: dead */

struct reliable_sent {
	uint16_t len;
	uint8_t octets[RELIABLE_MESSAGE_MAX];
};

struct reliable_held {
	bool used;
	uint16_t ns;
	uint16_t len;
	uint8_t octets[RELIABLE_HOLD_MAX];
};

struct reliable {
	void (*send)(void *ctx, const uint8_t *octets, size_t len);
	void *ctx;
	uint16_t peer_tunnel_id; /* for ZLBs; set by the owner once known */
	/* sending: una <= ns_sent <= ns_next, modulo 65536 */
	uint16_t una;	  /* oldest number not acknowledged */
	uint16_t ns_sent; /* first number not in flight now */
	uint16_t ns_top;  /* first number never sent so far */
	uint16_t ns_next; /* of the next message */
	uint16_t window;  /* of the peer */
	uint16_t cwnd, ssthresh, cwnd_part;
	uint32_t first_ms; /* first retransmission interval */
	uint32_t rto_ms;
	unsigned retries;
	uint64_t retransmit_at;
	uint64_t ack_at; /* an acknowledgment is due */
	uint16_t nr;	 /* next number expected */
	uint32_t retransmitted;
	struct reliable_sent queue[RELIABLE_QUEUE]; /* by number modulo RELIABLE_QUEUE */
	struct reliable_held held[RELIABLE_HOLD];
};

void reliable_init(struct reliable *r, void (*send)(void *ctx, const uint8_t *octets, size_t len),
		   void *ctx);
/* Goes on after messages that were exchanged elsewhere: NS is our next number, NR the peer's, whose
 * last message is not acknowledged yet. */
void reliable_resume(struct reliable *r, uint16_t ns, uint16_t nr, uint64_t now_ms);
/* The peer's Receive Window Size AVP. */
void reliable_set_window(struct reliable *r, uint16_t window);
/* The first retransmission of what is sent from now on comes after so long. */
void reliable_set_interval(struct reliable *r, uint32_t first_ms);

/* Free places in the queue. */
size_t reliable_room(const struct reliable *r);
/* Everything has been acknowledged. */
static inline bool reliable_idle(const struct reliable *r)
{
	return r->una == r->ns_next;
}

/* Queues a whole control message, whose Ns and Nr are filled in here, and sends what the window
 * allows.  False if it is too long or the queue is full. */
bool reliable_queue(struct reliable *r, const uint8_t *octets, size_t len, uint64_t now_ms);

enum reliable_verdict {
	RELIABLE_NEXT,	    /* the message expected: handle it and call reliable_accept */
	RELIABLE_DUPLICATE, /* seen before: acknowledged again */
	RELIABLE_AHEAD,	    /* a message before it is missing: keep it with reliable_hold */
	RELIABLE_EMPTY,	    /* a ZLB: nothing to handle */
	RELIABLE_FAR,	    /* beyond any window: dropped */
};
/* Takes Ns and Nr of a received message. */
enum reliable_verdict reliable_receive(struct reliable *r, const struct l2tp_header *header,
				       uint64_t now_ms);
/* The message expected has been taken over. */
void reliable_accept(struct reliable *r, uint64_t now_ms);
/* Keeps a message (whole datagram) that came too early; may drop it. */
void reliable_hold(struct reliable *r, uint16_t ns, const uint8_t *octets, size_t len);
/* The kept message that is expected now, or NULL; the caller handles it like a new one, then gives
 * it back with used = false. */
struct reliable_held *reliable_unhold(struct reliable *r);

/* Acknowledges now by a ZLB if nothing else will carry it. */
void reliable_ack_now(struct reliable *r);

uint64_t reliable_deadline(const struct reliable *r);
/* False when the peer is dead: the last retransmission was not acknowledged. */
bool reliable_tick(struct reliable *r, uint64_t now_ms);

#endif
