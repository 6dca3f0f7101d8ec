/* SPDX-License-Identifier: MIT */
/* L2TP over IPsec: IKE's engine between its sockets and the data path.  The tunnel begins when ESP
 * is up; a call that wants IPsec has no socket that could carry anything else. */
#ifndef VPDIAL_SESSION_SECURE_H
#define VPDIAL_SESSION_SECURE_H

#include "base/allowance.h"
#include "ipc/request.h"
#include "ipsec/ipsec.h"
#include "loop/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct half_open;
struct session;

struct session_secure {
	struct ipsec *ike; /* owned; NULL = no IPsec of ours */
	struct loop_timer keep_timer;
	struct esp_sizes sizes; /* of what we send */
	bool resized;		/* ESP has another size; settled likewise */
	bool up;     /* ESP, so that the tunnel may begin; settled once by session_settle */
	bool closed; /* for good: nothing passes any more */
	/* Answerer: between ESP and the tunnel, which begins as it does for the server's reader. */
	struct half_open *door;	     /* owned; NULL = not open, or passed */
	struct secret tunnel_secret; /* until the door is open */
	struct allowance strays;
};

/* The engine for START's words, if they want IPsec.  False: no memory. */
bool secure_make(struct session *s);
void secure_free(struct session *s);
/* Begins to speak IKE. */
void secure_begin(struct session *s);
/* Answerer: L2TP may begin; what of it comes. */
void secure_open_door(struct session *s);
void secure_door_input(struct session *s, const uint8_t *octets, size_t len);
/* Answerer: came to the server's reader. */
void secure_early(struct session *s, const struct request_datagram *d);
/* Answerer: the socket of port 4500 from now on; FD becomes the session's. */
void secure_change_wire(struct session *s, int fd);
/* What came to the socket that is connected to port 500. */
void secure_read(struct session *s);
/* Deletes both associations, as far as the peer hears it. */
void secure_close(struct session *s);

/* For struct path_callbacks: IKE from port 4500. */
void secure_input(void *ctx, const uint8_t *octets, size_t len);
/* An error of the socket that is connected to port 4500, an errno value. */
void secure_lost(struct session *s, int error);

uint64_t secure_deadline(const struct session *s);
void secure_tick(struct session *s, uint64_t now_ms);

/* Of ESP, so far. */
uint32_t secure_rekeys(const struct session *s);
/* "aes256-sha1 (IKE aes256-sha1-modp2048), NAT-T, rekey in 41m"; "" while there is none. */
char *secure_text(const struct session *s, char *buf, size_t cap);

#endif
