/* SPDX-License-Identifier: MIT */
/* What the files of the data path share: its state, and the two ways of encapsulation. */
#ifndef VPDIAL_PATH_INTERNAL_H
#define VPDIAL_PATH_INTERNAL_H

#include "base/clock.h"
#include "base/secret.h"
#include "path/mppe.h"
#include "path/mss.h"
#include "path/path.h"
#include "path/reorder.h"
#include "path/sequence.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define PATH_BURST     32
#define PATH_HEADROOM  64
#define PATH_FRAME_MAX 9216
/* Not a multiple of 4 KB: slots of one burst must not share cache sets. */
#define PATH_SLOT      (PATH_HEADROOM + PATH_FRAME_MAX + 128)
#define PATH_ACK_MS    100 /* an acknowledgment waits no longer for data to ride on */
#define PATH_ACK_BURST 16  /* so many packets unacknowledged: do not wait (Cisco stalls) */

/* One PPP frame out of its encapsulation. */
struct path_frame {
	uint8_t *data;
	size_t len;
	bool numbered;
	uint32_t number; /* sequence number, extended to 32 bits */
};

struct path {
	struct path_config config;
	struct path_callbacks callbacks;
	const struct log *log;
	struct path_call call;
	bool call_set, watch_inner;
	struct path_state state;
	struct mppe_tx tx;
	struct mppe_rx rx;
	struct mppe_kept *kept;
	bool mppe_number_known;
	uint32_t mppe_number;	/* sequence number of the newest accepted MPPE packet */
	uint32_t control_since; /* control frames behind it: they use up numbers, but no counts */
	struct sequence sequence;
	struct reorder *reorder; /* NULL unless order matters */

	uint32_t tx_number;	  /* next sequence number to send */
	bool ack_any;		  /* something was acknowledged already */
	uint32_t acked;		  /* the number that we acknowledged last */
	uint64_t ack_deadline_ms; /* 0 = nothing to acknowledge */
	bool peer_numbers;	  /* L2TP: the peer sends sequence numbers */
	bool peer_locked;	  /* L2TP: the peer's port is settled */
	/* L2TP, network order: where the datagram in hand came from, and where an answer to it
	 * goes if that is not the peer's known port (else 0). */
	uint16_t source_port, reply_port;

	struct path_counters counters;
	uint8_t *tx_slots, *rx_slots;
	struct mmsghdr tx_msgs[PATH_BURST], rx_msgs[PATH_BURST];
	struct iovec tx_iov[PATH_BURST], rx_iov[PATH_BURST];
	struct sockaddr_storage rx_from[PATH_BURST]; /* L2TP */
};

/* Puts the encapsulation before FRAME (PATH_HEADROOM octets are free there, less what framing
 * took); returns the start of the packet and adds to *LEN. */
uint8_t *path_wrap(struct path *path, uint8_t *frame, size_t *len);
/* Takes a received packet apart and judges its sequence number.  False if it holds no frame for
 * us (counted). */
bool path_unwrap(struct path *path, uint8_t *packet, size_t len, struct path_frame *frame,
		 uint64_t now_ms);
/* Judges and counts a sequence number: may its frame be taken? */
bool path_judge_number(struct path *path, uint32_t number);
/* The frame was good: its number counts as received and will be acknowledged. */
void path_accept(struct path *path, const struct path_frame *frame, uint64_t now_ms);
/* Sends an acknowledgment of its own if none could ride on data in time. */
void path_ack_if_due(struct path *path, uint64_t now_ms);

/* encap_gre.c */
uint8_t *gre_wrap(struct path *path, uint8_t *frame, size_t *len);
bool gre_unwrap(struct path *path, uint8_t *packet, size_t len, struct path_frame *frame,
		uint64_t now_ms);
bool gre_ack_is_owed(const struct path *path);
void gre_ack_if_due(struct path *path, uint64_t now_ms);

/* encap_l2tp.c */
uint8_t *l2tp_wrap(struct path *path, uint8_t *frame, size_t *len);
bool l2tp_unwrap(struct path *path, uint8_t *packet, size_t len, struct path_frame *frame);
/* May a datagram from there be the peer's?  Notes its port. */
bool l2tp_source_is_peer(struct path *path, struct sockaddr_storage *from);

#endif
