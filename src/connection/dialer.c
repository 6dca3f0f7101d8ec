/* SPDX-License-Identifier: MIT */
/* Which address and source port is tried next, and which failure is told. */
#include "connection/dialer.h"

#include <errno.h>

static uint16_t first_source_port(const struct dialer *d)
{
	return d->profile->source_port == CONF_SOURCE_1701 ? L2TP_PORT : 0;
}

void dialer_begin(struct dialer *d, uint64_t now_ms)
{
	d->source_port = first_source_port(d);
	d->failure = (struct reason){0};
	d->failure_weight = REASON_LOCAL;
	d->dialed_ms = now_ms;
}

/* The server's address of a call that was up serves again where its name does not resolve. */
static bool use_last_address(struct dialer *d, const char *error)
{
	if (!d->last_address.ss_family)
		return false;
	log_notice(d->log, "the server's name %s does not resolve (%s): using its last address",
		   d->profile->connect_to, error);
	d->addresses[0] = d->last_address;
	d->address_count = 1;
	return true;
}

int dialer_resolved(struct dialer *d, const char *error, struct reason *reason)
{
	d->address_at = 0;
	if (d->address_count > 0 || use_last_address(d, error))
		return 0;
	reason_set(reason, EXIT_CONNECT_FAILED, "the server's name %s does not resolve: %s",
		   d->profile->connect_to, error);
	return -ENOENT;
}

bool dialer_next(struct dialer *d, enum reason_weight weight, bool port_may_matter)
{
	const struct conf_profile *p = d->profile;

	if (p->type == PROTOCOL_L2TP && p->source_port == CONF_SOURCE_AUTO && d->source_port == 0 &&
	    weight < REASON_REFUSAL && port_may_matter) {
		d->source_port = L2TP_PORT;
		return true;
	}
	d->source_port = first_source_port(d);
	return ++d->address_at < d->address_count;
}

bool dialer_note(struct dialer *d, const struct reason *reason, enum reason_weight weight)
{
	if (reason_is_set(&d->failure) && weight < d->failure_weight)
		return false;
	d->failure = *reason;
	d->failure_weight = weight;
	return true;
}
