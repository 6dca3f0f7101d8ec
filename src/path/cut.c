/* SPDX-License-Identifier: MIT */
/* Segmentation as RFC 9293 and the kernel's own code do it: each piece has the headers of the
 * whole, with lengths, IPv4 id, sequence number, flags and checksums of its own. */
#include "path/cut.h"

#include "path/checksum.h"

/* The kernel left the sum of the pseudo header in the checksum's place: it is part of what is
 * summed up here. */
bool cut_complete(const struct offload *offload, uint8_t *packet, size_t len)
{
	size_t start = offload->csum_start, at = start + offload->csum_offset;
	uint16_t sum;

	if (!(offload->flags & OFFLOAD_NEEDS_CSUM))
		return true;
	if (start < 20 || at + 2 > len)
		return false;
	sum = (uint16_t)~checksum_fold(checksum_add(0, packet + start, len - start));
	/* UDP (its checksum is at 6): zero would mean that there is none. */
	if (sum == 0 && offload->csum_offset == 6)
		sum = 0xffff;
	memcpy(packet + at, &sum, 2);
	return true;
}

static bool find_headers(struct cut *cut, const struct offload *offload)
{
	const uint8_t *p = cut->packet;
	size_t ip = cut->len >= 20 && p[0] >> 4 == 4 ? (size_t)(p[0] & 15) * 4 : 40, header;
	unsigned type = offload->gso_type & ~OFFLOAD_ECN;
	bool v6 = p[0] >> 4 == 6;

	if (ip < 20 || (!v6 && p[0] >> 4 != 4) || (type == OFFLOAD_TCP4 && v6) ||
	    (type == OFFLOAD_TCP6 && !v6))
		return false;
	/* IPv6 may have extension headers: the kernel knows where they end. */
	if (!(offload->flags & OFFLOAD_NEEDS_CSUM) || offload->csum_start < ip ||
	    (!v6 && offload->csum_start != ip))
		return false;
	cut->transport = offload->csum_start;
	cut->udp = type == OFFLOAD_UDP;
	if (cut->len < cut->transport + (cut->udp ? 8 : 20))
		return false;
	header = cut->udp ? 8 : (size_t)(p[cut->transport + 12] >> 4) * 4;
	cut->payload = cut->transport + header;
	return header >= (cut->udp ? 8u : 20u) && cut->payload < cut->len;
}

bool cut_begin(struct cut *cut, const struct offload *offload, const uint8_t *packet, size_t len)
{
	unsigned type = offload->gso_type & ~OFFLOAD_ECN;
	uint16_t partial;

	*cut = (struct cut){.packet = packet, .len = len, .size = offload->gso_size};
	if ((type != OFFLOAD_TCP4 && type != OFFLOAD_TCP6 && type != OFFLOAD_UDP) ||
	    cut->size == 0 || len > OFFLOAD_PACKET_MAX || len < 20 || !find_headers(cut, offload))
		return false;
	/* Take the length of the whole out of the sum that is there: x - l = x + ~l. */
	memcpy(&partial, packet + cut->transport + (cut->udp ? 6 : 16), 2);
	cut->pseudo = (uint64_t)partial +
		      (uint16_t)~checksum_word((unsigned)(len - cut->transport) & 0xffff);
	cut->at = cut->payload;
	return true;
}

static size_t next_payload(const struct cut *cut)
{
	size_t left = cut->len - cut->at;

	return left < cut->size ? left : cut->size;
}

size_t cut_next_len(const struct cut *cut)
{
	return cut->at < cut->len ? cut->payload + next_payload(cut) : 0;
}

static void write_ip(const struct cut *cut, uint8_t *out, size_t len)
{
	uint16_t sum;

	if (out[0] >> 4 == 6) {
		offload_put16(out + 4, (unsigned)(len - 40));
		return;
	}
	offload_put16(out + 2, (unsigned)len);
	offload_put16(out + 4, (offload_get16(out + 4) + cut->done) & 0xffff);
	memset(out + 10, 0, 2);
	sum = (uint16_t)~checksum_fold(checksum_add(0, out, cut->transport));
	memcpy(out + 10, &sum, 2);
}

static void write_transport(const struct cut *cut, uint8_t *out, size_t len, bool last)
{
	uint8_t *t = out + cut->transport, *check = t + (cut->udp ? 6 : 16);
	size_t transport_len = len - cut->transport;
	uint16_t sum;

	if (cut->udp) {
		offload_put16(t + 4, (unsigned)transport_len);
	} else {
		offload_put32(t + 4, offload_get32(t + 4) + (uint32_t)(cut->at - cut->payload));
		if (!last)
			t[13] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
		if (cut->done > 0)
			t[13] &= (uint8_t)~TCP_CWR;
	}
	memset(check, 0, 2);
	sum = (uint16_t)~checksum_fold(checksum_add(
		cut->pseudo + checksum_word((unsigned)transport_len), t, transport_len));
	if (sum == 0 && cut->udp)
		sum = 0xffff;
	memcpy(check, &sum, 2);
}

void cut_next(struct cut *cut, uint8_t *out)
{
	size_t n = next_payload(cut), len = cut->payload + n;

	memcpy(out, cut->packet, cut->payload);
	memcpy(out + cut->payload, cut->packet + cut->at, n);
	write_ip(cut, out, len);
	write_transport(cut, out, len, cut->at + n == cut->len);
	cut->at += n;
	cut->done++;
}
