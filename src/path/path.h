/* SPDX-License-Identifier: MIT */
/* The data path: batches of packets between the TUN device and the tunnel's socket, with
 * encapsulation (enhanced GRE; L2TP data) and MPPE.
 *
 * All buffers are allocated by path_new; nothing is allocated per packet.  Control frames (LCP to
 * CCP) are split off at once and handed to a callback.  Nothing passes that struct path_state
 * does not allow, in particular nothing in clear while encryption is required. */
#ifndef VPDIAL_PATH_PATH_H
#define VPDIAL_PATH_PATH_H

#include "base/log.h"
#include "vocabulary/counters.h"
#include "vocabulary/ipsec.h"
#include "vocabulary/protocol.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct path_config {
	enum protocol encap;
	int tun_fd; /* not owned; non-blocking TUN without packet information */
	/* The device puts struct offload before packets, and takes it; joined UDP packets too. */
	bool tun_offload, tun_offload_udp;
	int wire_fd;   /* not owned; connected raw GRE socket (IPv4, header included on receive), or
			* UDP socket that receives from the peer's address only, whatever its port */
	int packet_fd; /* GRE, not owned: AF_PACKET, SOCK_DGRAM, for sending only; -1 = none.  Not
			* used before path_set_next_hop. */
	struct sockaddr_storage peer; /* L2TP: where datagrams go */
	socklen_t peer_len;
	bool udp_segment; /* L2TP: try to send many datagrams as one (UDP_SEGMENT) */
	bool udp_gro;	  /* L2TP: the socket receives many datagrams as one (UDP_GRO is set) */
	/* L2TP over IPsec: WIRE_FD is connected to the peer's port for ESP in UDP, and nothing but
	 * ESP and IKE leaves by it. */
	bool esp;
	uint16_t inner_port, peer_inner_port; /* of UDP inside ESP: ours, the peer's; 0 = that of
					       * what comes first */
	struct sockaddr_storage own;	      /* WIRE_FD's; its port is not looked at */
};

/* Ids of the call, once the tunnel knows them. */
struct path_call {
	uint16_t local_tunnel_id, peer_tunnel_id; /* L2TP */
	uint16_t local_call_id, peer_call_id;
	bool sequencing; /* L2TP: we must send sequence numbers */
};

struct path_mppe {
	uint8_t bits; /* 0 = off */
	bool stateful;
	uint8_t start[16];
	uint32_t generation; /* another value than last time: start anew */
};

/* Multilink PPP in one direction (RFC 1990): all data and the NCPs go inside of it. */
struct path_mp {
	uint16_t mrru; /* the largest packet that is put together; 0 = off */
	bool short_numbers;
};

/* What may pass, in PPP's judgement; the session translates struct ppp_data into it. */
struct path_state {
	bool ipv4, ipv6;
	bool tx_blocked, rx_clear;
	struct path_mppe tx, rx;
	bool tx_pfc, tx_acfc;
	uint16_t peer_mru;
	struct path_mp mp_tx, mp_rx;
	uint16_t mp_room;	/* largest information field of a fragment that we send */
	uint32_t mp_generation; /* another value than last time: the peer may number anew */
	uint16_t path_mtu;	/* the packet socket takes no larger outer packet; 0 = any */
	uint16_t mss_mtu;	/* clamp TCP's MSS to this MTU; 0 = leave it alone */
	bool rekey_on_flush; /* the peer is known to flush as Linux does (see crypto/mppe_key.h) */
};

struct path_callbacks {
	/* A control frame, from its code octet on; the octets are valid during the call. */
	void (*control)(void *ctx, uint16_t protocol, const uint8_t *info, size_t len);
	/* A data frame of a protocol we do not carry. */
	void (*unknown)(void *ctx, uint16_t protocol, const uint8_t *info, size_t len);
	/* L2TP: a datagram with the T bit: the tunnel's. */
	void (*tunnel)(void *ctx, const uint8_t *octets, size_t len);
	/* L2TP over IPsec: a message of IKE, its marker taken off. */
	void (*ike)(void *ctx, const uint8_t *octets, size_t len);
	/* L2TP: the network says that a datagram did not arrive (ICMP), an errno value. */
	void (*error)(void *ctx, int error);
	/* Stateful MPPE lost step: ask the peer for a reset. */
	void (*resync)(void *ctx);
	/* An inner packet, while path_watch_inner is on; true takes it away from the device. */
	bool (*inner)(void *ctx, const uint8_t *ip, size_t len);
	/* An outer packet was larger than the MTU octets that pass, says the kernel or ICMP. */
	void (*too_big)(void *ctx, uint32_t mtu);
	void *ctx;
};

/* The largest packet, with what encryption puts before its protocol, that Multilink cuts into
 * fragments of ROOM octets. */
unsigned path_mp_most(unsigned room, bool short_numbers);

struct path_counters {
	PATH_COUNTERS(COUNTER_FIELD)
	uint64_t wire_errors;		 /* send errors other than a full socket */
	uint64_t last_rx_ms, last_tx_ms; /* of data packets; 0 = never */
	uint64_t last_heard_ms;		 /* of any valid packet */
};

struct path;

struct path *path_new(const struct path_config *config, const struct path_callbacks *callbacks,
		      const struct log *log);
void path_free(struct path *path);

void path_set_call(struct path *path, const struct path_call *call);
void path_set_state(struct path *path, const struct path_state *state);

/* Where outer GRE packets go on their link, so that the packet socket can be used. */
struct path_next_hop {
	bool known; /* else all goes by wire_fd */
	unsigned ifindex;
	uint8_t link_address[6];
	uint8_t ttl;
	struct in_addr source, destination;
};
/* From now on; bursts go by wire_fd as long as that or the packet socket has trouble. */
void path_set_next_hop(struct path *path, const struct path_next_hop *hop);

/* CCP Reset-Request received: the next stateful packet carries FLUSHED with a fresh table. */
void path_flush_tx(struct path *path);

/* Sends one PPP control frame.  Returns 0 or -errno (the frame is lost: PPP repeats it). */
int path_send_control(struct path *path, uint16_t protocol, const uint8_t *info, size_t len);

/* Sends one inner packet of our own (LEN octets at IP) as if the device had given it.  0; -ENETDOWN
 * while nothing may leave, -EMSGSIZE.  What the socket does not take is lost. */
int path_send_packet(struct path *path, const uint8_t *ip, size_t len);
/* Shows received inner packets to callbacks.inner. */
void path_watch_inner(struct path *path, bool on);

/* L2TP: sends one control message: to the port that the datagram being handled came from, until
 * path_lock_peer settles on it (a server may answer from another port, RFC 2661 section 8.1).
 * 0 or -errno. */
int path_send_tunnel(struct path *path, const uint8_t *octets, size_t len);
void path_lock_peer(struct path *path);

/* The peer's sequence numbers jumped, and nothing has shown yet that it is the peer which sends
 * them: it may be somebody that tries ids and numbers.  path_proved says that it was shown. */
bool path_in_doubt(const struct path *path);
void path_proved(struct path *path);

/* L2TP over IPsec, with config.esp only. */
#define PATH_IKE_MAX 3072
/* Takes what comes by this association too; the oldest of more than four makes way.  0 or -ENOMEM.
 */
int path_esp_receive(struct path *path, const struct esp_keys *keys);
/* Sends by this association from now on.  0 or -ENOMEM. */
int path_esp_send(struct path *path, const struct esp_keys *keys);
void path_esp_forget(struct path *path, uint32_t spi);
/* A datagram of the peer that came another way, taken as from WIRE_FD.  True if it was ESP that
 * nobody can have made but the peer. */
bool path_esp_take_stray(struct path *path, const uint8_t *octets, size_t len, uint64_t now_ms);
/* Our port inside ESP is another than config.inner_port. */
void path_esp_inner_port(struct path *path, uint16_t port);
/* The sending association's newest number; without another one in time, sending ends at 2^32 - 1.
 */
uint32_t path_esp_newest(struct path *path);
/* When ESP came that nobody had changed; 0 = never. */
uint64_t path_esp_heard_ms(const struct path *path);
/* Sends IKE, with the marker.  0 or -errno. */
int path_send_ike(struct path *path, const uint8_t *octets, size_t len);
/* Keeps the address translation on the way from forgetting us. */
void path_send_keepalive(struct path *path);

/* One burst each: what is there, up to a budget.  True if there may be more. */
bool path_burst_tx(struct path *path, uint64_t now_ms); /* TUN to wire */
bool path_burst_rx(struct path *path, uint64_t now_ms); /* wire to TUN */
/* From now on nothing of the wire is taken: neither what comes, nor what the burst in hand has read
 * already.  path_release_rx takes that, and lets the next bursts read again. */
void path_hold_rx(struct path *path);
void path_release_rx(struct path *path, uint64_t now_ms);

/* For acknowledgments without data, and packets held back for order. */
uint64_t path_deadline(const struct path *path);
void path_tick(struct path *path, uint64_t now_ms);

/* L2TP: do data messages carry sequence numbers now?  They may begin and end with the peer's. */
bool path_numbered(const struct path *path);

/* All as of now; valid until the next call.  Needs the turn to send (see path/worker.h). */
const struct path_counters *path_counters(struct path *path);
/* Those of receiving alone, always up to date: what sending counts is zero in them. */
const struct path_counters *path_rx_counters(const struct path *path);
/* "MPPE128 stateless", "none", or both directions as "MPPE128 stateless/none" (received/sent). */
char *path_encoding(const struct path *path, char *buf, size_t cap);

#endif
