/* SPDX-License-Identifier: MIT */
/* Bursts by a packet socket: per packet the kernel needs about two thirds of what the raw socket
 * costs it, as it looks up no route and asks no firewall.
 *
 * A burst now and then goes by the raw socket, and only while that takes them the packet socket is
 * used: so the kernel keeps its entry of the neighbour, a firewall knows the flow, and what bars
 * the raw socket soon bars all. */
#include "path/checksum.h"
#include "path/internal.h"

#include <errno.h>
#include <net/ethernet.h>
#include <net/if_arp.h>

#define GRE_PROTOCOL  47
#define RAW_EVERY_MS  1000
#define REST_MS	      1000
#define DONT_FRAGMENT 0x4000

void packet_set(struct packet *p, const struct path_next_hop *hop)
{
	uint16_t id = p->id;

	*p = (struct packet){.known = hop->known, .id = id, .now_ms = p->now_ms};
	p->to = (struct sockaddr_ll){
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETHERTYPE_IP),
		.sll_ifindex = (int)hop->ifindex,
		.sll_hatype = ARPHRD_ETHER,
		.sll_halen = sizeof hop->link_address,
	};
	memcpy(p->to.sll_addr, hop->link_address, sizeof hop->link_address);
	p->header[0] = 0x45;
	p->header[6] = DONT_FRAGMENT >> 8;
	p->header[8] = hop->ttl;
	p->header[9] = GRE_PROTOCOL;
	memcpy(p->header + 12, &hop->source, 4);
	memcpy(p->header + 16, &hop->destination, 4);
	p->sum = checksum_add(0, p->header, sizeof p->header);
}

void packet_header(struct packet *p, uint8_t *out, size_t len)
{
	/* In a packet that is never fragmented the id means nothing (RFC 6864), but some look at
	 * it. */
	uint16_t id = checksum_word(++p->id);
	uint16_t total = checksum_word((unsigned)(PACKET_IPV4_HEADER + len));
	uint16_t sum = (uint16_t)~checksum_fold(p->sum + id + total);

	memcpy(out, p->header, PACKET_IPV4_HEADER);
	memcpy(out + 2, &total, 2);
	memcpy(out + 4, &id, 2);
	memcpy(out + 10, &sum, 2);
}

void path_set_next_hop(struct path *path, const struct path_next_hop *hop)
{
	path_turn_take(path);
	packet_set(&path->packet, hop);
	path_turn_give(path);
}

void path_raw_sent(struct path *path, bool whole)
{
	if (path->packet.known)
		path->packet.raw_due_ms = whole ? path->packet.now_ms + RAW_EVERY_MS : 0;
}

/* What is too large is for the kernel to refuse, by the raw socket: it knows by how much. */
static bool burst_fits(const struct path *path)
{
	uint16_t most = path->tx_state.path_mtu;

	for (unsigned i = 0; most && i < path->tx_count; i++)
		if (path->tx_packets[i].iov_len + PACKET_IPV4_HEADER > most)
			return false;
	return true;
}

static bool may_send(const struct path *path)
{
	const struct packet *p = &path->packet;

	return p->known && path->config.packet_fd >= 0 && p->now_ms < p->raw_due_ms &&
	       p->now_ms >= p->rest_until_ms && burst_fits(path);
}

static void put_header(struct path *path, unsigned index)
{
	struct iovec *packet = &path->tx_packets[index];
	uint8_t *at = (uint8_t *)packet->iov_base - PACKET_IPV4_HEADER;

	packet_header(&path->packet, at, packet->iov_len);
	packet->iov_base = at;
	packet->iov_len += PACKET_IPV4_HEADER;
	path->tx_msgs[index].msg_hdr = (struct msghdr){
		.msg_name = &path->packet.to,
		.msg_namelen = sizeof path->packet.to,
		.msg_iov = packet,
		.msg_iovlen = 1,
	};
}

static void take_header_off(struct iovec *packet)
{
	packet->iov_base = (uint8_t *)packet->iov_base + PACKET_IPV4_HEADER;
	packet->iov_len -= PACKET_IPV4_HEADER;
}

unsigned path_send_fast(struct path *path)
{
	unsigned sent = 0, count = path->tx_count;

	if (!may_send(path))
		return 0;
	for (unsigned i = 0; i < count; i++)
		put_header(path, i);
	while (sent < count) {
		int n = sendmmsg(path->config.packet_fd, path->tx_msgs + sent, count - sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0) {
			sent += (unsigned)n;
			path->tx_counters.wire_tx += (unsigned)n;
			path->tx_counters.wire_tx_fast += (unsigned)n;
		} else if (errno == EAGAIN || errno == ENOBUFS) {
			path->tx_counters.tx_full += count - sent; /* so would the raw socket be */
			return count;
		} else if (errno != EINTR) {
			path->packet.rest_until_ms = path->packet.now_ms + REST_MS;
			break;
		}
	}
	for (unsigned i = sent; i < count; i++)
		take_header_off(&path->tx_packets[i]);
	return sent;
}
