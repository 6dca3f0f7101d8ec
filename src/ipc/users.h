/* SPDX-License-Identifier: MIT */
/* The server mode's control socket, RUN_DIR/server.sock: who is connected, and hanging up.
 *
 * SOCK_SEQPACKET.  A client sends one struct users_request per record; the server answers with one
 * struct users_row for each row and a last one with END set.  Records of another size or magic
 * end the connection; one of another version is answered by a struct control_other (ipc/version.h).
 */
#ifndef VPDIAL_IPC_USERS_H
#define VPDIAL_IPC_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USERS_NAME     "server"
#define USERS_MAGIC    0x56505355u
#define USERS_VERSION  2
#define USERS_USER_MAX 256
#define USERS_ROWS_MAX 4096 /* a client reads no more */

enum users_op {
	USERS_LIST = 1,
	USERS_DISCONNECT, /* all calls of user (or interface) NAME, in order; rows as of LIST for
			   * those that are being ended */
};

struct users_request {
	uint32_t magic, version, op;
	char name[USERS_USER_MAX];
};

struct users_row {
	uint32_t magic, version;
	bool end; /* no row any more; nothing else is set */
	bool disabled, dynamic, running;
	char name[16], user[USERS_USER_MAX], type[8];
	uint32_t mtu, mru;
	char client_address[64];    /* the outer one */
	char local[64], remote[64]; /* inside the tunnel */
	uint64_t uptime_ms, idle_ms;
	char encoding[48], auth_method[16];
	char ipsec[96]; /* "" = none */
	uint64_t tx_packets, tx_bytes, rx_packets, rx_bytes;
};

/* Is this a whole row of our version with every text terminated? */
bool users_row_valid(const void *record, size_t len);
bool users_request_valid(const void *record, size_t len);

#endif
