/* SPDX-License-Identifier: MIT */
/* L2TP over IPsec: IKE's engine between its sockets and the data path.  The tunnel begins when ESP
 * is up; a call that wants IPsec has no socket that could carry anything else. */
#ifndef VPDIAL_SESSION_SECURE_H
#define VPDIAL_SESSION_SECURE_H

#include "ipsec/ipsec.h"
#include "loop/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct session;

struct session_secure {
	struct ipsec *ike; /* owned; NULL = no IPsec of ours */
	struct loop_timer keep_timer;
	struct esp_sizes sizes; /* of what we send */
	bool resized;		/* ESP has another size; settled likewise */
	bool up;     /* ESP, so that the tunnel may begin; settled once by session_settle */
	bool closed; /* for good: nothing passes any more */
};

/* The engine for START's words, if they want IPsec.  False: no memory. */
bool secure_make(struct session *s);
void secure_free(struct session *s);
/* Begins to speak IKE. */
void secure_begin(struct session *s);
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
