/* SPDX-License-Identifier: MIT */
/* The requests between supervisor and session, between the server and its reader, which reads what
 * strangers send (session/reader.c), and between the server and its RADIUS process (radius/run.c).
 *
 * One SOCK_SEQPACKET pair; each record is a head and a body of exactly the size that the table
 * says, with exactly as many descriptors.  A request counts only in the states that the table
 * names; anything else ends the session.  The supervisor believes no value in a body: it checks
 * each again where it uses it. */
#ifndef VPDIAL_IPC_REQUEST_H
#define VPDIAL_IPC_REQUEST_H

#include "base/reason.h"
#include "base/secret.h"
#include "vocabulary/adopted.h"
#include "vocabulary/counters.h"
#include "vocabulary/ipsec.h"
#include "vocabulary/mppe.h"
#include "vocabulary/proof.h"
#include "vocabulary/protocol.h"
#include "vocabulary/radius.h"
#include "vocabulary/role.h"
#include "vocabulary/route.h"
#include "vocabulary/settings.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum request_type {
	REQUEST_NONE,
	/* from the supervisor */
	REQUEST_START,		/* struct request_start, descriptors: see there */
	REQUEST_APPLIED,	/* struct request_applied: answer to REQUEST_NETWORK */
	REQUEST_HANGUP,		/* struct reason */
	REQUEST_GET_STATS,	/* no body */
	REQUEST_ACCOUNT_ANSWER, /* struct request_account_answer */
	REQUEST_NEXT_HOP,	/* struct request_next_hop: what counts from now on */
	REQUEST_EARLY,		/* struct request_datagram: of this call, came to the reader */
	REQUEST_WIRE,		/* L2TP over IPsec, no body, a descriptor: REQUEST_FD_WIRE now */
	/* from the server to its reader */
	REQUEST_LISTEN,	   /* struct request_listen, descriptors: the sockets to read */
	REQUEST_SHUT,	   /* struct request_shut */
	REQUEST_TURN_AWAY, /* struct request_turn_away: no session for this tunnel */
	REQUEST_REVIEW,	   /* struct request_datagram: a STRAY of a session, with its place */
	/* from the server to its RADIUS process */
	REQUEST_RADIUS_SERVER,	/* struct request_radius_server: one more to ask */
	REQUEST_RADIUS_SOCKETS, /* struct request_radius_place, descriptors: of that server, for
				 * authentication and accounting, connected */
	REQUEST_RADIUS_ASK,	/* struct radius_question */
	REQUEST_RADIUS_RECORD,	/* struct request_radius_record */
	/* from the session */
	REQUEST_READY,	 /* no body: confined, waiting for REQUEST_START */
	REQUEST_STATE,	 /* struct request_state */
	REQUEST_NETWORK, /* struct request_network: please apply */
	REQUEST_ROUTES,	 /* struct request_routes: what the server told by DHCP; no answer */
	REQUEST_STATS,	 /* struct request_stats */
	REQUEST_CALL, /* struct request_call: should this session die, another can end the tunnel */
	REQUEST_ACCOUNT, /* struct request_account: who is this?  Answered by ACCOUNT_ANSWER */
	REQUEST_ENDED,	 /* struct request_ended: the call is over, the session exits */
	/* from the reader */
	REQUEST_PROVED,	  /* struct request_proved: its peer has proved where it is */
	REQUEST_DATAGRAM, /* struct request_datagram: for the session of an earlier PROVED */
	/* from the session again */
	REQUEST_KEYS, /* struct request_keys: if START wants them */
	/* from an answerer's session, L2TP over IPsec */
	REQUEST_SECURED, /* no body: the client has proved the pre-shared key, ESP is up */
	REQUEST_MOVED,	 /* struct request_place: ESP that it proved came from there */
	REQUEST_STRAY,	 /* struct request_datagram: came to port 4500, and is not of this call's
			  * IKE: perhaps its client began anew.  PLACE counts for nothing */
	/* from the reader again */
	REQUEST_IKE_PROVED, /* struct request_ike_proved: as PROVED, of a phase 1 */
	REQUEST_IKE,	    /* struct request_ike: for the session of an earlier IKE_PROVED */
	/* from the RADIUS process */
	REQUEST_RADIUS_RENEW,	 /* struct request_radius_place: its sockets are of no use (now) */
	REQUEST_RADIUS_VERDICT,	 /* struct radius_verdict: to an ASK */
	REQUEST_RADIUS_RECORDED, /* struct request_radius_recorded: to a RECORD */
	REQUEST_TYPE_COUNT
};

/* States of the conversation, as a set in the table. */
enum request_phase {
	REQUEST_PHASE_SPAWNED = 1 << 0, /* until READY */
	REQUEST_PHASE_READY = 1 << 1,	/* until START or LISTEN */
	REQUEST_PHASE_CALL = 1 << 2,	/* until ENDED */
	REQUEST_PHASE_ENDED = 1 << 3,
	REQUEST_PHASE_READING = 1 << 4, /* a reader, from LISTEN on */
	REQUEST_PHASE_ASKING = 1 << 5,	/* a RADIUS process, from the first server on */
};

#define REQUEST_FDS_MAX	     12
#define REQUEST_DATAGRAM_MAX 1500
/* Accounts that one session may ask for: a caller may repeat itself, but not guess for ever. */
#define REQUEST_ACCOUNTS_MAX 4

/* Descriptors of REQUEST_START, in this order. */
enum request_start_fd {
	REQUEST_FD_TUN,
	REQUEST_FD_WIRE,    /* raw GRE socket or UDP socket, connected */
	REQUEST_FD_CONTROL, /* PPTP: TCP socket, connection in progress (answerer: accepted); L2TP
			     * over IPsec: UDP socket, connected to the peer's port 500, while
			     * REQUEST_FD_WIRE is connected to 4500 (an answerer's that is not
			     * connected yet receives nothing); else not sent */
	REQUEST_FD_PACKET,  /* PPTP with `fast-gre`: packet socket that receives nothing; or not
			     * sent */
};

/* L2TP: the tunnel as its next control message would name it. */
struct request_call {
	uint16_t local_tunnel_id, peer_tunnel_id; /* peer's 0 = none */
	uint16_t ns, nr;
};

/* Of the data path; tests ask for what is not automatic. */
enum request_threads { REQUEST_THREADS_AUTO, REQUEST_THREADS_ONE, REQUEST_THREADS_TWO };

struct request_start {
	uint32_t protocol; /* enum protocol */
	uint32_t role;	   /* enum call_role */
	bool debug;
	bool export_keys;	       /* L2TP over IPsec: REQUEST_KEYS for each */
	char profile[64], server[256]; /* for log and sentences */
	char host_name[64];
	char user[256];
	struct secret password;
	struct ppp_settings ppp;
	uint16_t max_mtu;
	uint16_t path_mtu; /* towards the server */
	bool ask_dns, ask_wins, ipv4, clamp_mss;
	bool late_ccp; /* see struct ppp_config */
	struct in_addr outer_peer;
	uint16_t port;		/* of the server, for sentences */
	uint16_t local_call_id; /* chosen by the supervisor, which filters the socket for it */
	struct sockaddr_storage peer; /* L2TP: where datagrams go */
	/* What the kernel agreed to, see struct path_config. */
	bool tun_offload, tun_offload_udp, udp_segment, udp_gro;
	uint8_t threads; /* enum request_threads */
	uint16_t local_tunnel_id;
	struct tunnel_settings tunnel; /* L2TP */
	struct ipsec_settings ipsec;   /* L2TP */
	uint16_t inner_port;	       /* L2TP over IPsec: ours, inside ESP */
	struct sockaddr_storage own;   /* L2TP over IPsec: our end of both sockets */
	struct request_call
		farewell; /* L2TP: a dead session's tunnel at this server, to be ended */
	uint32_t setup_limit_ms, silence_limit_ms;
	uint32_t keepalive_ms, idle_ms, session_ms; /* 0 = off */
	uint32_t ppp_limit_ms;			    /* of all of PPP until it is up; 0 = a minute */
	bool dhcp_inform;			    /* ask for routes and domain once IPv4 is up */
	uint32_t connect_limit_ms;
	struct in_addr dns[2]; /* answerer: to give */
	bool refuse;	       /* answerer, PPTP: only tell the caller that there is no room */
	bool show_proofs;      /* answerer: others judge them */
	struct adopted_tunnel adopted; /* answerer, L2TP */
	struct adopted_phase phase;    /* answerer, L2TP over IPsec, in its stead */
	uint16_t spi_half;	       /* likewise: our SPIs begin with it */
};

/* An answerer asks for an account by the name that the caller gave: hostile octets, as are those of
 * the proof, which is there if START wants it (else its method is 0). */
struct request_account {
	uint32_t number; /* the answer bears it again */
	uint16_t user_len;
	uint8_t user[256];
	struct auth_proof proof;
};

/* Everything but KNOWN is of no meaning for an unknown one. */
struct request_account_answer {
	uint32_t number;
	bool known;
	struct auth_judged judged; /* CHECK: by the password */
	struct secret password;
	struct in_addr local, remote, dns[2];
	struct mppe_settings mppe; /* of its PPP profile */
	uint32_t idle_ms, session_ms;
	bool clamp_mss;
	struct reason refusal; /* no text = none; for a caller that proves the password */
};

/* Where GRE may go without a look at the routes, by the packet socket of START. */
struct request_next_hop {
	bool known; /* else nowhere: all goes by the raw socket */
	uint32_t ifindex;
	uint8_t link_address[6]; /* of the next hop, on Ethernet */
	uint8_t ttl;
	struct in_addr source, destination;
};

struct request_applied {
	int32_t error; /* 0 or -errno */
	struct reason reason;
};

struct request_ended {
	struct reason reason;
	uint32_t weight; /* enum reason_weight */
};

#define REQUEST_TEXT_MAX 240

struct request_state {
	uint32_t state; /* enum control_state */
	char message[REQUEST_TEXT_MAX];
};

struct request_network {
	struct in_addr local, remote;
	struct in_addr dns[2], wins[2];
	uint8_t local_ifid[8], remote_ifid[8]; /* zero = no IPv6 */
	uint16_t mtu, mru;
	uint16_t link_mtu;	  /* of what is in a tunnel's packet; MTU, but for Multilink */
	uint16_t mrru, peer_mrru; /* Multilink, each end's; 0 = not in use in that direction */
	char auth_method[16];
};

/* The largest MTU that a session may ask for. */
static inline uint32_t request_mtu_most(uint16_t max_mtu, uint32_t mrru)
{
	uint32_t together = mrru == 0 ? 0 : mrru > 1500 ? mrru : 1500;

	return max_mtu > together ? max_mtu : together;
}

#define REQUEST_ROUTES_MAX 64
#define REQUEST_DOMAIN_MAX 256

struct request_routes {
	struct in_addr server; /* that told it, inside the tunnel */
	uint32_t count;
	struct route routes[REQUEST_ROUTES_MAX]; /* a gateway counts for nothing */
	struct in_addr dns[2];
	char domain[REQUEST_DOMAIN_MAX];
};

/* Of IPsec, for whoever decrypts a capture. */
struct request_keys {
	uint8_t of_ike; /* 0 = esp counts; no bool: the session may say any octet */
	struct ipsec_ike_key ike;
	struct esp_keys esp;
};

#define REQUEST_IPSEC_MAX 96

struct request_stats {
	char encoding[48];
	char ipsec[REQUEST_IPSEC_MAX];
	char peer_host[256], peer_vendor[256];
	uint8_t echo_known; /* no bool: the session may say any octet */
	uint32_t echo_rtt_ms, echo_min_ms, echo_avg_ms, echo_jitter_ms, echo_count;
	uint64_t idle_ms;
	struct counters counters;
};

/* What a socket of the reader's is for. */
enum request_service {
	REQUEST_SERVICE_L2TP,
	REQUEST_SERVICE_IKE, /* port 500 */
	REQUEST_SERVICE_NAT, /* port 4500: IKE and ESP */
	REQUEST_SERVICES
};

struct request_listen {
	bool debug;
	uint8_t services[REQUEST_FDS_MAX]; /* enum request_service, of each descriptor */
	struct ipsec_suites ike;	   /* as wished, for a service of IPsec */
	char host_name[64];
	struct secret tunnel_secret; /* len 0 = none */
};

/* How a tunnel is named between the server and its reader. */
struct request_place {
	struct sockaddr_storage peer, own; /* own: the address that was called; its port is that
					    * of the service in REQUEST_EARLY, else 0 */
	uint32_t listener;		   /* index among LISTEN's descriptors */
	uint16_t local_tunnel_id;
};

struct request_shut {
	bool shut, stopping; /* there is no room, or the server ends */
	char why[64];
};

struct request_turn_away {
	struct request_place place;
	char why[64];
};

struct request_proved {
	struct request_place place;
	struct adopted_tunnel adopted;
};

/* As it came: looked at by nobody in between. */
struct request_datagram {
	struct request_place place;
	uint16_t len;
	uint8_t octets[REQUEST_DATAGRAM_MAX];
};

struct request_ike_proved {
	struct request_place place;
	struct adopted_phase phase;
	uint16_t len; /* its message 3 */
	uint8_t octets[REQUEST_DATAGRAM_MAX];
};

struct request_ike {
	struct request_place place;
	uint16_t call; /* the first half of an SPI; 0 = COOKIE counts */
	uint8_t cookie[ADOPTED_COOKIE];
	uint16_t len;
	uint8_t octets[REQUEST_DATAGRAM_MAX];
};

struct request_radius_server {
	bool debug;
	struct radius_server server;
};

struct request_radius_place {
	uint32_t server; /* in the order of REQUEST_RADIUS_SERVER, from 0 on */
};

struct request_radius_record {
	uint32_t serial;
	struct radius_record record;
};

struct request_radius_recorded {
	uint32_t serial;
	uint8_t taken; /* 0: by no server */
};

struct request_message {
	enum request_type type;
	int fds[REQUEST_FDS_MAX]; /* owned by the receiver */
	size_t fd_count;
	union {
		struct request_start start;
		struct request_applied applied;
		struct reason reason;
		struct request_ended ended;
		struct request_state state;
		struct request_network network;
		struct request_routes routes;
		struct request_stats stats;
		struct request_call call;
		struct request_keys keys;
		struct request_account account;
		struct request_account_answer account_answer;
		struct request_next_hop next_hop;
		struct request_listen listen;
		struct request_shut shut;
		struct request_turn_away turn_away;
		struct request_proved proved;
		struct request_datagram datagram;
		struct request_ike_proved ike_proved;
		struct request_ike ike;
		struct request_place moved;
		struct request_radius_server radius_server;
		struct request_radius_place radius_place;
		struct radius_question radius_question;
		struct radius_verdict radius_verdict;
		struct request_radius_record radius_record;
		struct request_radius_recorded radius_recorded;
	};
};

/* One end of the conversation. */
struct request_channel {
	int fd;		 /* not owned; non-blocking */
	bool supervisor; /* which end this is */
	enum request_phase phase;
};

const char *request_name(enum request_type type);

/* Sends one request; BODY has the size of the table, FDS are duplicated to the other end.
 * Returns 0, -EPROTO if the table does not permit it now, or -errno. */
int request_send(struct request_channel *channel, enum request_type type, const void *body,
		 const int *fds, size_t fd_count);

/* Receives one request into *MESSAGE.  Returns 1, 0 if nothing is there, -EPIPE at the end of the
 * conversation, -EPROTO for anything that the table does not permit (descriptors that came along
 * are closed), or -errno.  The caller wipes *MESSAGE when it held a secret. */
int request_receive(struct request_channel *channel, struct request_message *message);

/* Is TEXT (CAP octets) NUL-terminated and free of control characters, those of UTF-8 included? */
bool request_text_valid(const char *text, size_t cap);

#endif
