/* SPDX-License-Identifier: MIT */
#include "server/place.h"

#include "base/address.h"
#include "server/serving.h"

#include <string.h>

struct listener *place_listener(struct server *s, uint32_t n)
{
	for (size_t i = 0; i < s->listener_count; i++)
		if (s->listeners[i].type == PROTOCOL_L2TP && s->listeners[i].handle.fd >= 0 &&
		    n-- == 0)
			return &s->listeners[i];
	return NULL;
}

int place_number(struct server *s, enum request_service service, const struct sockaddr_storage *own)
{
	struct listener *l;

	for (int n = 0; (l = place_listener(s, (uint32_t)n)); n++)
		if (l->service == service && l->at.ss_family == own->ss_family &&
		    (address_is_any(&l->at) || address_same(&l->at, own)))
			return n;
	return -1;
}

/* FROM's address and port and nothing else; false for what no peer can have. */
static bool clean_peer(struct sockaddr_storage *out, const struct sockaddr_storage *from)
{
	struct in6_addr a;

	address_bare(out, from);
	if (!address_port(out))
		return false;
	if (out->ss_family == AF_INET) {
		uint8_t first = address_octets(out)[0];

		return first != 0 && first < 0xe0;
	}
	memcpy(&a, address_octets(out), sizeof a);
	return !IN6_IS_ADDR_UNSPECIFIED(&a) && !IN6_IS_ADDR_MULTICAST(&a) &&
	       !IN6_IS_ADDR_V4MAPPED(&a);
}

/* The socket's own address, or one of this machine's (bind decides) where it has none. */
static bool take_own(struct sockaddr_storage *out, const struct listener *l,
		     const struct sockaddr_storage *said)
{
	*out = l->at;
	if (said->ss_family != out->ss_family)
		return false;
	if (address_is_any(out))
		address_set(out, out->ss_family, address_octets(said));
	return address_same(out, said) && !address_is_any(out);
}

const struct listener *place_take(struct server *s, const struct request_place *place,
				  struct call *known)
{
	const struct listener *l = place_listener(s, place->listener);

	known->place = *place;
	if (l)
		known->listener = l->at;
	return l && clean_peer(&known->peer, &place->peer) &&
			       known->peer.ss_family == l->at.ss_family &&
			       take_own(&known->own, l, &place->own)
		       ? l
		       : NULL;
}
