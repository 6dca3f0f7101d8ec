/* SPDX-License-Identifier: MIT */
/* A small table of flows for one burst. */
#include "path/join.h"

#include "path/checksum.h"

#include <errno.h>
#include <stdlib.h>

/* What is to be known of a packet that may be joined. */
struct shape {
	bool v6, udp;
	size_t transport, payload, len;
	const uint8_t *addresses; /* both of IP */
	size_t addresses_len;
	uint32_t ports; /* and both of the transport */
	uint32_t seq;
	bool push;
};

struct flow {
	unsigned count; /* packets; 0 = free */
	size_t octets;
	struct shape shape;		/* of the first packet */
	size_t size;			/* its payload */
	size_t joined;			/* payload so far */
	uint8_t *first;			/* the first packet */
	struct iovec iov[JOIN_MAX + 1]; /* [0] the offload header, [1] the first packet, payloads */
};

struct join {
	struct join_config config;
	unsigned next; /* the flow that gives way to a new one */
	struct flow flows[JOIN_FLOWS];
};

struct join *join_new(const struct join_config *config)
{
	struct join *join = calloc(1, sizeof *join);

	if (join)
		join->config = *config;
	return join;
}

void join_free(struct join *join)
{
	free(join);
}

/* The IP header: plain ones only, of a packet that is whole and no fragment. */
static bool take_ip(const uint8_t *p, size_t len, struct shape *s, unsigned *protocol)
{
	if (len < 28)
		return false;
	s->v6 = p[0] >> 4 == 6;
	s->len = len;
	if (s->v6) {
		*protocol = p[6];
		s->transport = 40;
		s->addresses = p + 8;
		s->addresses_len = 32;
		return len >= 48 && offload_get16(p + 4) + 40u == len;
	}
	*protocol = p[9];
	s->transport = 20;
	s->addresses = p + 12;
	s->addresses_len = 8;
	return p[0] == 0x45 && offload_get16(p + 2) == len && !(offload_get16(p + 6) & 0xbfff);
}

/* The flow that a packet belongs to; false if it is none of TCP's or UDP's. */
static bool take_flow(const uint8_t *p, size_t len, struct shape *s)
{
	unsigned protocol;

	*s = (struct shape){0};
	if (!take_ip(p, len, s, &protocol) || (protocol != IP_TCP && protocol != IP_UDP))
		return false;
	s->udp = protocol == IP_UDP;
	s->ports = offload_get32(p + s->transport);
	return true;
}

/* May it be part of a joined packet? */
static bool joinable(const struct join *join, const uint8_t *p, struct shape *s)
{
	const uint8_t *t = p + s->transport;
	size_t left = s->len - s->transport;
	uint64_t sum;

	if (s->udp) {
		if (!join->config.udp || offload_get16(t + 4) != left || offload_get16(t + 6) == 0)
			return false;
		s->payload = s->transport + 8;
	} else {
		size_t header = left >= 20 ? (size_t)(t[12] >> 4) * 4 : 0;

		if (header < 20 || header > left || (t[13] & ~TCP_PSH) != TCP_ACK || (t[12] & 15))
			return false;
		s->payload = s->transport + header;
		s->seq = offload_get32(t + 4);
		s->push = t[13] & TCP_PSH;
	}
	if (s->payload >= s->len)
		return false;
	if (!s->v6 && checksum_fold(checksum_add(0, p, 20)) != 0xffff)
		return false;
	sum = checksum_pseudo(s->addresses, s->addresses_len, s->udp ? IP_UDP : IP_TCP, left);
	return checksum_fold(checksum_add(sum, t, left)) == 0xffff;
}

static bool same_flow(const struct flow *f, const struct shape *s)
{
	return f->count && f->shape.ports == s->ports && f->shape.udp == s->udp &&
	       f->shape.addresses_len == s->addresses_len &&
	       memcmp(f->shape.addresses, s->addresses, s->addresses_len) == 0;
}

/* Do the headers agree in all that the kernel will give to each piece alike? */
static bool same_headers(const struct flow *f, const uint8_t *p, const struct shape *s)
{
	const uint8_t *q = f->first, *t = p + s->transport, *u = q + s->transport;

	if (s->payload != f->shape.payload)
		return false;
	if (s->v6) {
		/* class, label; next header and hop limit */
		if (memcmp(p, q, 4) != 0 || memcmp(p + 6, q + 6, 2) != 0)
			return false;
	} else {
		/* TOS; flags, TTL; ids that count up, unless nothing can be fragmented */
		if (p[1] != q[1] || memcmp(p + 6, q + 6, 3) != 0 ||
		    (!(p[6] & 0x40) &&
		     offload_get16(p + 4) != ((offload_get16(q + 4) + f->count) & 0xffff)))
			return false;
	}
	/* acknowledgment and what stands before the flags; window; options */
	return s->udp ||
	       (memcmp(t + 8, u + 8, 4) == 0 && t[12] == u[12] && memcmp(t + 14, u + 14, 2) == 0 &&
		memcmp(t + 20, u + 20, s->payload - s->transport - 20) == 0);
}

static bool fits(const struct flow *f, const uint8_t *p, const struct shape *s)
{
	size_t n = s->len - s->payload;

	return f->count < JOIN_MAX && n <= f->size &&
	       f->shape.payload + f->joined + n <= OFFLOAD_PACKET_MAX &&
	       (s->udp || s->seq == f->shape.seq + (uint32_t)f->joined) && same_headers(f, p, s);
}

/* The fields of the first packet that the joined one has differently. */
struct saved {
	uint8_t ip[40], check[2], udp_len[2], flags;
};

static void save(const struct flow *f, struct saved *saved)
{
	const uint8_t *t = f->first + f->shape.transport;

	memcpy(saved->ip, f->first, f->shape.transport);
	memcpy(saved->check, t + (f->shape.udp ? 6 : 16), 2);
	memcpy(saved->udp_len, t + 4, 2);
	saved->flags = f->shape.udp ? 0 : t[13];
}

static void restore(const struct flow *f, const struct saved *saved)
{
	uint8_t *t = f->first + f->shape.transport;

	memcpy(f->first, saved->ip, f->shape.transport);
	memcpy(t + (f->shape.udp ? 6 : 16), saved->check, 2);
	if (f->shape.udp)
		memcpy(t + 4, saved->udp_len, 2);
	else
		t[13] = saved->flags;
}

/* Makes the first packet's headers those of the whole. */
static void make_whole(const struct flow *f, struct offload *offload, bool push)
{
	const struct shape *s = &f->shape;
	size_t len = s->payload + f->joined, transport_len = len - s->transport;
	uint8_t *p = f->first, *t = p + s->transport;
	uint16_t sum;

	*offload = (struct offload){
		.flags = OFFLOAD_NEEDS_CSUM,
		.gso_type = s->udp  ? OFFLOAD_UDP
			    : s->v6 ? OFFLOAD_TCP6
				    : OFFLOAD_TCP4,
		.header_len = (uint16_t)s->payload,
		.gso_size = (uint16_t)f->size,
		.csum_start = (uint16_t)s->transport,
		.csum_offset = s->udp ? 6 : 16,
	};
	if (s->v6) {
		offload_put16(p + 4, (unsigned)(len - 40));
	} else {
		offload_put16(p + 2, (unsigned)len);
		memset(p + 10, 0, 2);
		sum = (uint16_t)~checksum_fold(checksum_add(0, p, 20));
		memcpy(p + 10, &sum, 2);
	}
	if (s->udp)
		offload_put16(t + 4, (unsigned)transport_len);
	else if (push)
		t[13] |= TCP_PSH;
	sum = checksum_fold(checksum_pseudo(s->addresses, s->addresses_len,
					    s->udp ? IP_UDP : IP_TCP, transport_len));
	memcpy(t + (s->udp ? 6 : 16), &sum, 2);
}

static int write_one(struct join *join, uint8_t *packet, size_t len)
{
	struct offload none = {0};
	struct iovec iov[2] = {{&none, sizeof none}, {packet, len}};
	int rc = join->config.write(join->config.ctx, iov, 2);

	if (rc == 0)
		join->config.taken(join->config.ctx, 1, len);
	return rc;
}

/* The kernel does not know this kind of joined packet after all. */
static void write_each(struct join *join, struct flow *f)
{
	size_t header = f->shape.payload;

	write_one(join, f->first, f->iov[1].iov_len);
	for (unsigned i = 1; i < f->count; i++)
		write_one(join, (uint8_t *)f->iov[i + 1].iov_base - header,
			  f->iov[i + 1].iov_len + header);
}

/* PUSH: the last packet had that flag. */
static void flush_flow(struct join *join, struct flow *f, bool push)
{
	struct offload offload;
	struct saved saved;
	int rc;

	if (f->count == 1)
		write_one(join, f->first, f->iov[1].iov_len);
	if (f->count > 1) {
		save(f, &saved);
		make_whole(f, &offload, push);
		f->iov[0] = (struct iovec){&offload, sizeof offload};
		rc = join->config.write(join->config.ctx, f->iov, (int)f->count + 1);
		if (rc == 0) {
			join->config.taken(join->config.ctx, f->count, f->octets);
		} else if (rc == -EINVAL) {
			restore(f, &saved);
			join->config.udp &= !f->shape.udp;
			write_each(join, f);
		}
	}
	f->count = 0;
}

static struct flow *find(struct join *join, const struct shape *s)
{
	for (unsigned i = 0; i < JOIN_FLOWS; i++)
		if (same_flow(&join->flows[i], s))
			return &join->flows[i];
	return NULL;
}

static void begin(struct join *join, uint8_t *packet, const struct shape *s)
{
	struct flow *f = NULL;

	for (unsigned i = 0; i < JOIN_FLOWS && !f; i++)
		if (!join->flows[i].count)
			f = &join->flows[i];
	if (!f) {
		f = &join->flows[join->next++ % JOIN_FLOWS];
		flush_flow(join, f, false);
	}
	f->count = 1;
	f->shape = *s;
	f->octets = s->len;
	f->size = f->joined = s->len - s->payload;
	f->first = packet;
	f->iov[1] = (struct iovec){packet, s->len};
}

static void append(struct join *join, struct flow *f, uint8_t *packet, const struct shape *s)
{
	size_t n = s->len - s->payload;

	f->count++;
	f->octets += s->len;
	f->joined += n;
	f->iov[f->count] = (struct iovec){packet + s->payload, n};
	/* A shorter piece can only be the last one. */
	if (s->push || n < f->size || f->count == JOIN_MAX)
		flush_flow(join, f, s->push);
}

void join_put(struct join *join, uint8_t *packet, size_t len)
{
	struct shape s;
	struct flow *f;

	if (!take_flow(packet, len, &s)) {
		/* It may be a fragment of a flow that waits. */
		join_flush(join);
		write_one(join, packet, len);
		return;
	}
	f = find(join, &s);
	if (!joinable(join, packet, &s)) {
		if (f)
			flush_flow(join, f, false);
		write_one(join, packet, len);
		return;
	}
	if (f && fits(f, packet, &s)) {
		append(join, f, packet, &s);
		return;
	}
	if (f)
		flush_flow(join, f, false);
	if (s.push) /* nothing will be joined to it */
		write_one(join, packet, len);
	else
		begin(join, packet, &s);
}

void join_flush(struct join *join)
{
	for (unsigned i = 0; i < JOIN_FLOWS; i++)
		flush_flow(join, &join->flows[i], false);
}
