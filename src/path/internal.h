/* SPDX-License-Identifier: MIT */
/* What the files of the data path share: its state, and the two ways of encapsulation. */
#ifndef VPDIAL_PATH_INTERNAL_H
#define VPDIAL_PATH_INTERNAL_H

#include "base/clock.h"
#include "base/secret.h"
#include "path/esp.h"
#include "path/join.h"
#include "path/mp.h"
#include "path/mppe.h"
#include "path/mss.h"
#include "path/packet.h"
#include "path/path.h"
#include "path/reorder.h"
#include "path/sequence.h"
#include "path/worker.h"

#include <netinet/in.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define PATH_BURST	64 /* packets that are encrypted and sent together */
#define PATH_HEADROOM	64
#define PATH_TAILROOM	64 /* for ESP: padding, trailer, ICV */
#define PATH_FRAME_MAX	9216
#define PATH_TUNNEL_MAX 1500 /* an L2TP control message */
/* Not a multiple of 4 KB: slots of one burst must not share cache sets. */
#define PATH_SLOT (PATH_HEADROOM + PATH_FRAME_MAX + 128)
/* One burst from the TUN device ends after so many reads or octets, that the other direction gets
 * its turn. */
#define PATH_READS  32
#define PATH_OCTETS (256 << 10)
/* Outgoing packets of a burst lie one behind the other, each with headroom. */
#define PATH_TX_SLAB (160 << 10)
/* A read of the TUN device goes to the packet's place in the slab; what is larger than this goes
 * on elsewhere, to be cut. */
#define PATH_TX_HEAD   2048
#define PATH_GRO_SLOTS 32 /* receive buffers of 64 KB with UDP_GRO */
#define PATH_GRO_LARGE 6  /* so many of them are enough when they are full */
#define PATH_GRO_SLOT  (65536 + 192)
#define PATH_ACK_MS    100 /* an acknowledgment waits no longer for data to ride on */
/* Half of the window that we announce: a peer may stall. */
#define PATH_ACK_BURST 32

/* One PPP frame out of its encapsulation. */
struct path_frame {
	uint8_t *data;
	size_t len;
	bool numbered;
	uint32_t number; /* sequence number, extended to 32 bits */
	bool in_mp;	 /* it was taken out of Multilink, where it had this number: */
	uint32_t mp_number;
};

/* Room for one control message of a 16-bit or 32-bit number. */
union path_control {
	struct cmsghdr header;
	char octets[CMSG_SPACE(sizeof(int))];
};

/* One call's path is used by two threads while a worker sends for it (worker.h): the main thread,
 * which receives and controls, and the worker.  What each may touch is said block by block. */
struct path {
	/* Both read; only the main thread writes, and with the turn to send. */
	struct path_config config;
	struct path_callbacks callbacks; /* called by the main thread alone */
	const struct log *log;
	struct path_call call;
	bool call_set;
	const struct sockaddr_storage *target; /* of datagrams; NULL: the socket is connected */
	struct path_esp *esp; /* NULL = no IPsec of ours; its fields say whose they are */

	/* Words that both sides write. */
	struct {
		/* Newest number that came, and that we acknowledged last: PATH_NUMBER | number, 0 =
		 * none. HEARD moves once a burst, so that the sending core reads it for nothing. */
		_Atomic uint64_t heard, acked;
		_Atomic bool peer_numbers; /* L2TP: the peer sends sequence numbers */
		_Atomic bool errors;	   /* sending failed: the main thread is to ask why */
	} shared;

	/* Sending: whoever has the turn (path_turn_take). */
	_Alignas(64) struct path_state tx_state;
	bool tx_shut; /* IPsec is wanted, and there is nothing to send by */
	struct mppe_tx tx;
	uint32_t tx_number; /* next sequence number to send */
	struct path_counters tx_counters;
	/* TUN to socket: packets of the burst, complete but for encryption. */
	uint8_t *tx_slab, *tx_large;
	size_t tx_used; /* of the slab */
	unsigned tx_count;
	struct iovec tx_packets[PATH_BURST];
	struct mp_tx mp_tx; /* Multilink: TX_COUNT is what they will be cut into */
	struct rc4_job tx_jobs[PATH_BURST];
	unsigned tx_job_count;
	struct mmsghdr tx_msgs[PATH_BURST];
	struct packet packet; /* GRE: the faster way out */
	union path_control tx_control[PATH_BURST];
	unsigned segment_pause; /* messages to send in pieces before UDP_SEGMENT is tried again */

	/* The main thread's: receiving, and all else. */
	_Alignas(64) struct path_worker *worker; /* sends for us; NULL = we do */
	struct path_turn *turn;			 /* WORKER's; NULL without one */
	bool watch_inner;
	struct path_state state;
	struct path_counters rx_counters, told; /* TOLD: with those of sending, for path_counters */
	struct mppe_rx rx;
	struct mppe_kept *kept;
	bool rekey_told; /* the sender knows that the peer changes keys when it flushes */
	bool mppe_number_known;
	uint32_t mppe_number;	/* sequence number of the newest accepted MPPE packet */
	uint32_t control_since; /* control frames behind it: they use up numbers, but no counts */
	struct sequence sequence;
	bool doubt;		  /* it moved for frames that anybody could have sent */
	struct reorder *reorder;  /* NULL unless order matters */
	struct mp_rx *mp;	  /* NULL until Multilink is agreed on */
	uint64_t ack_deadline_ms; /* 0 = nothing to acknowledge */
	uint64_t ack_base;	  /* what was acknowledged when it was set */
	bool peer_locked;	  /* L2TP: the peer's port is settled */
	/* L2TP, network order: where the datagram in hand came from, and where an answer to it
	 * goes if that is not the peer's known port (else 0). */
	uint16_t source_port, reply_port;
	/* Socket to TUN */
	unsigned rx_slots;	     /* in use of the arrays */
	unsigned rx_next_slots;	     /* of those, for the next burst; 0 = all */
	unsigned rx_count, rx_taken; /* messages of the last burst, and how many were looked at */
	bool rx_held;		     /* the others wait */
	uint8_t *rx_slab;
	struct mmsghdr rx_msgs[PATH_BURST];
	struct iovec rx_iov[PATH_BURST];
	struct sockaddr_storage rx_from[PATH_BURST]; /* L2TP */
	union path_control rx_control[PATH_BURST];   /* with UDP_GRO */
	struct mppe_run run;			     /* packets that wait for decryption */
	struct path_frame run_frames[MPPE_RUN];
	struct join *join; /* NULL: the device takes plain packets */
	uint64_t now_ms;   /* of this burst */
};

_Static_assert(MP_WHOLES == PATH_BURST, "each packet of a burst may go into Multilink");

#define PATH_NUMBER (UINT64_C(1) << 32)

/* turn.c: the main thread's turn to send, taken and given back; it comes within two bursts of the
 * worker, and is not to be taken twice. */
void path_turn_take(struct path *path);
void path_turn_give(struct path *path);
/* tx.c: path_burst_tx of the one who has the turn. */
bool path_send_burst(struct path *path, uint64_t now_ms);

/* Puts the encapsulation before FRAME (PATH_HEADROOM octets are free there, less what framing
 * took); returns the start of the packet and adds to *LEN.  For the one who has the turn. */
uint8_t *path_wrap(struct path *path, uint8_t *frame, size_t *len);
/* What a received packet holds: nothing for us (counted), a frame, or L2TP's control message. */
enum path_content { PATH_NOTHING, PATH_FRAME, PATH_TUNNEL };
/* Takes a received packet apart; *FRAME is set for a frame. */
enum path_content path_unwrap(struct path *path, uint8_t *packet, size_t len,
			      struct path_frame *frame);
/* A frame came whose NUMBER is far, or SEEN before, and nothing else speaks for it: true if those
 * before it make the window move there. */
bool path_follow(struct path *path, uint32_t number, bool seen, uint64_t now_ms);
/* The frame was good: its number counts as received and will be acknowledged. */
void path_accept(struct path *path, const struct path_frame *frame, uint64_t now_ms);
/* Sends an acknowledgment of its own if none could ride on data in time. */
void path_ack_if_due(struct path *path, uint64_t now_ms);

/* send.c, with the turn: sends the packets of the burst, as few messages as the socket permits.
 * What it does not take now is lost, as on any full link. */
void path_send_packets(struct path *path);

/* packet.c: sends what may go by the packet socket; how many packets of the burst, from the first,
 * that settles.  The rest goes by the other socket, and path_raw_sent tells how that went. */
unsigned path_send_fast(struct path *path);
void path_raw_sent(struct path *path, bool whole);

/* errors.c */
#define PATH_ERRORS 32
void path_take_errors(struct path *path);
/* The same, if sending failed since then. */
void path_take_errors_of_sending(struct path *path);

/* rx.c */
/* Frames held back for order: delivers those whose turn it is; FORCE gives up on a gap. */
void path_drain(struct path *path, bool force, uint64_t now_ms);
/* A PPP frame whose head is taken off, of PROTOCOL.  False for one that cannot have come from the
 * peer. */
bool path_rx_inner(struct path *path, uint16_t protocol, struct path_frame *f, uint64_t now_ms);
/* The same for a packet that Multilink put together; its octets stay until path_rx_settle. */
bool path_rx_bundled(struct path *path, uint16_t protocol, struct path_frame *f, uint64_t now_ms);
/* What waits to be decrypted or joined goes to the device. */
void path_rx_settle(struct path *path);
/* For struct join_config. */
int path_write_tun(void *ctx, const struct iovec *iov, int count);
void path_taken(void *ctx, unsigned packets, size_t octets);

/* esp.c: path_send_tunnel of such a call. */
int path_esp_send_tunnel(struct path *path, const uint8_t *octets, size_t len);

/* encap_gre.c */
uint8_t *gre_wrap(struct path *path, uint8_t *frame, size_t *len);
enum path_content gre_unwrap(struct path *path, uint8_t *packet, size_t len,
			     struct path_frame *frame);
/* A frame was accepted: from when on its number may be acknowledged without data. */
void gre_accept(struct path *path, uint64_t now_ms);
uint64_t gre_deadline(const struct path *path);
void gre_ack_if_due(struct path *path, uint64_t now_ms);

/* encap_l2tp.c */
uint8_t *l2tp_wrap(struct path *path, uint8_t *frame, size_t *len);
enum path_content l2tp_unwrap(struct path *path, uint8_t *packet, size_t len,
			      struct path_frame *frame);
/* May a datagram from there be the peer's?  Notes its port. */
bool l2tp_source_is_peer(struct path *path, struct sockaddr_storage *from);

#endif
