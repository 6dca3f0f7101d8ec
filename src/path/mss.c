/* SPDX-License-Identifier: MIT */
/* MSS clamping (RFC 879 for the option, RFC 1624 for the checksum's update). */
#include "path/mss.h"

#include <stdbool.h>

#define TCP_FLAG_SYN   0x02
#define TCP_OPTION_MSS 2

static unsigned get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* Where the TCP header starts, or 0: unfragmented IPv4, or IPv6 without extension headers. */
static size_t tcp_offset(const uint8_t *p, size_t len)
{
	size_t ihl;

	if (len >= 40 && p[0] >> 4 == 6)
		return p[6] == 6 ? 40 : 0;
	if (len < 20 || p[0] >> 4 != 4 || p[9] != 6 || (get16(p + 6) & 0x1fff))
		return 0;
	ihl = (size_t)(p[0] & 15) * 4;
	return ihl >= 20 && ihl <= len ? ihl : 0;
}

/* The MSS option within the options at P, or NULL. */
static uint8_t *mss_option(uint8_t *p, size_t len)
{
	size_t at = 0;

	while (at + 1 < len && p[at] != 0) {
		if (p[at] == 1) {
			at++;
			continue;
		}
		if (p[at + 1] < 2 || p[at + 1] > len - at)
			return NULL;
		if (p[at] == TCP_OPTION_MSS)
			return p[at + 1] == 4 ? p + at : NULL;
		at += p[at + 1];
	}
	return NULL;
}

void mss_clamp(uint8_t *packet, size_t len, unsigned mtu)
{
	size_t at = tcp_offset(packet, len);
	uint8_t *tcp = packet + at, *option;
	size_t header;
	unsigned headers = (packet[0] >> 4 == 6 ? 40 : 20) + 20, old, limit;
	uint32_t sum;
	bool odd;

	if (at == 0 || len - at < 20 || !(tcp[13] & TCP_FLAG_SYN) || mtu <= headers)
		return;
	header = (size_t)(tcp[12] >> 4) * 4;
	if (header < 20 || header > len - at)
		return;
	option = mss_option(tcp + 20, header - 20);
	limit = mtu - headers;
	if (!option || get16(option + 2) <= limit)
		return;
	old = get16(option + 2);
	odd = (option + 2 - tcp) & 1;
	put16(option + 2, limit);
	/* HC' = ~(~HC + ~m + m'); at an odd place the octets count swapped. */
	if (odd) {
		old = (old >> 8 | old << 8) & 0xffff;
		limit = (limit >> 8 | limit << 8) & 0xffff;
	}
	sum = (~get16(tcp + 16) & 0xffff) + (~old & 0xffff) + limit;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	put16(tcp + 16, ~sum & 0xffff);
}
