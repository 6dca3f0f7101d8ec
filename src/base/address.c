/* SPDX-License-Identifier: MIT */
/* Socket addresses of both families. */
#include "base/address.h"

#include <arpa/inet.h>
#include <string.h>

static sa_family_t family_of(const void *address)
{
	return ((const struct sockaddr *)address)->sa_family;
}

socklen_t address_len(const void *address)
{
	return family_of(address) == AF_INET6 ? sizeof(struct sockaddr_in6)
					      : sizeof(struct sockaddr_in);
}

static size_t octets_at(int family)
{
	return family == AF_INET6 ? offsetof(struct sockaddr_in6, sin6_addr)
				  : offsetof(struct sockaddr_in, sin_addr);
}

const uint8_t *address_octets(const void *address)
{
	return (const uint8_t *)address + octets_at(family_of(address));
}

size_t address_size(const void *address)
{
	return family_of(address) == AF_INET6 ? 16 : 4;
}

struct in_addr address_ipv4(const void *address)
{
	struct in_addr a = {0};

	if (family_of(address) == AF_INET)
		memcpy(&a, address_octets(address), sizeof(a));
	return a;
}

void address_map(uint8_t out[static 16], const void *address)
{
	memset(out, 0, 16);
	if (family_of(address) == AF_INET6) {
		memcpy(out, address_octets(address), 16);
	} else if (family_of(address) == AF_INET) {
		out[10] = out[11] = 0xff;
		memcpy(out + 12, address_octets(address), 4);
	}
}

bool address_is_any(const void *address)
{
	static const uint8_t any[16];

	return memcmp(address_octets(address), any, address_size(address)) == 0;
}

bool address_same(const void *a, const void *b)
{
	return family_of(a) == family_of(b) &&
	       memcmp(address_octets(a), address_octets(b), address_size(a)) == 0;
}

uint16_t address_port(const void *address)
{
	return ntohs(((const struct sockaddr_in *)address)->sin_port);
}

void address_set_port(struct sockaddr_storage *address, uint16_t port)
{
	*address_port_at(address) = htons(port);
}

void address_set(struct sockaddr_storage *address, int family, const void *octets)
{
	address->ss_family = (sa_family_t)family;
	memcpy((uint8_t *)address + octets_at(family), octets, address_size(address));
}

bool address_parse(struct sockaddr_storage *out, int family, const char *text)
{
	static const int families[] = {AF_INET, AF_INET6};
	uint8_t octets[16];

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < 2; i++)
		if ((family == AF_UNSPEC || family == families[i]) &&
		    inet_pton(families[i], text, octets) == 1) {
			address_set(out, families[i], octets);
			return true;
		}
	return false;
}

void address_bare(struct sockaddr_storage *out, const struct sockaddr_storage *from)
{
	memset(out, 0, sizeof(*out));
	if (from->ss_family != AF_INET && from->ss_family != AF_INET6)
		return;
	address_set(out, from->ss_family, address_octets(from));
	address_set_port(out, address_port(from));
	if (from->ss_family == AF_INET6)
		((struct sockaddr_in6 *)out)->sin6_scope_id =
			((const struct sockaddr_in6 *)from)->sin6_scope_id;
}

char *address_text(const void *address, char *buf, size_t cap)
{
	if (!inet_ntop(family_of(address), address_octets(address), buf, (socklen_t)cap))
		buf[0] = '\0';
	return buf;
}
