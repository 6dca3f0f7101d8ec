/* SPDX-License-Identifier: MIT */
/* What stands before an L2TP answerer in the server: half-open tunnels in another process.  Here it
 * is one object beside the tunnel, for tests that wire two tunnels together. */
#ifndef VPDIAL_TESTS_DOOR_H
#define VPDIAL_TESTS_DOOR_H

#include "tunnel/half_open.h"

#include <string.h>

struct door {
	struct half_open *half_open;
	struct half_open_key from;
	bool passed; /* the tunnel has been taken over */
	uint16_t local_tunnel_id;
};

/* As CONFIG of the answerer says; false when out of memory. */
static inline bool door_open(struct door *d, const struct tunnel_config *config,
			     const struct random_source *random, const struct log *log)
{
	struct half_open_config c = {.secret = config->settings.secret};

	memcpy(c.host_name, config->host_name, sizeof c.host_name);
	memset(d, 0, sizeof *d);
	d->from.peer[10] = d->from.peer[11] = 0xff;
	d->half_open = half_open_new(&c, random, log);
	return d->half_open;
}

static inline void door_close(struct door *d)
{
	half_open_free(d->half_open);
	d->half_open = NULL;
}

/* A datagram for the answerer T: answered by SEND, or the tunnel's. */
static inline void door_input(struct door *d, struct tunnel *t,
			      const struct tunnel_callbacks *callbacks, const uint8_t *octets,
			      size_t len, uint64_t now_ms)
{
	struct half_open_result result;

	if (d->passed) {
		tunnel_input(t, octets, len, now_ms);
		return;
	}
	half_open_input(d->half_open, &d->from, octets, len, now_ms, &result);
	if (result.answer_len)
		callbacks->send(callbacks->ctx, result.answer, result.answer_len);
	if (result.verdict != HALF_OPEN_PROVED)
		return;
	d->passed = true;
	d->local_tunnel_id = result.tunnel.local_tunnel_id;
	tunnel_adopt(t, &result.tunnel, now_ms);
}

#endif
