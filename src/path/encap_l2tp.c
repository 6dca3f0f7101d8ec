/* SPDX-License-Identifier: MIT */
/* Encapsulation for L2TP: data messages in UDP, with sequence numbers when either side wants them
 * (RFC 2661 sections 3.1 and 5.4). */
#include "path/internal.h"

#include "base/address.h"
#include "wire/l2tp.h"

#include <errno.h>

static bool peer_numbers(const struct path *path)
{
	return atomic_load_explicit(&path->shared.peer_numbers, memory_order_relaxed);
}

bool path_numbered(const struct path *path)
{
	return path->call.sequencing || peer_numbers(path);
}

uint8_t *l2tp_wrap(struct path *path, uint8_t *frame, size_t *len)
{
	struct l2tp_header header = {
		.tunnel_id = path->call.peer_tunnel_id,
		.session_id = path->call.peer_call_id,
		.has_seq = path_numbered(path),
	};
	uint8_t room[L2TP_DATA_HEADER_MAX];
	size_t n;

	if (header.has_seq)
		header.ns = (uint16_t)path->tx_number++;
	n = l2tp_data_header_write(room, &header, *len);
	memcpy(frame - n, room, n);
	*len += n;
	return frame - n;
}

/* 16 bits on the wire, 32 inside: the value nearest to the newest one. */
static uint32_t extend_number(const struct path *path, uint16_t ns)
{
	if (!path->sequence.any)
		return 0x10000u + ns;
	return path->sequence.newest + (uint32_t)(int16_t)(ns - (uint16_t)path->sequence.newest);
}

enum path_content l2tp_unwrap(struct path *path, uint8_t *packet, size_t len,
			      struct path_frame *frame)
{
	struct l2tp_header header;

	if (!l2tp_decode(packet, len, &header)) {
		path->rx_counters.rx_malformed++;
		return PATH_NOTHING;
	}
	if (header.control)
		return PATH_TUNNEL;
	if (!path->call_set || header.tunnel_id != path->call.local_tunnel_id ||
	    header.session_id != path->call.local_call_id) {
		path->rx_counters.rx_wrong_id++;
		return PATH_NOTHING;
	}
	*frame = (struct path_frame){.data = packet + (header.payload - packet),
				     .len = header.payload_len};
	/* The LNS decides by what it sends: numbers answer numbers, and end with them. */
	if (peer_numbers(path) != header.has_seq)
		atomic_store_explicit(&path->shared.peer_numbers, header.has_seq,
				      memory_order_relaxed);
	if (!header.has_seq)
		return PATH_FRAME;
	frame->numbered = true;
	frame->number = extend_number(path, header.ns);
	return PATH_FRAME;
}

int path_send_tunnel(struct path *path, const uint8_t *octets, size_t len)
{
	struct sockaddr_storage to = path->config.peer;

	if (path->esp)
		return path_esp_send_tunnel(path, octets, len);
	if (path->reply_port)
		*address_port_at(&to) = path->reply_port;
	if (sendto(path->config.wire_fd, octets, len, MSG_DONTWAIT | MSG_NOSIGNAL,
		   (struct sockaddr *)&to, path->config.peer_len) < 0) {
		path->rx_counters.wire_errors++;
		return -errno;
	}
	path->rx_counters.wire_tx++;
	return 0;
}

void path_lock_peer(struct path *path)
{
	if (path->peer_locked)
		return;
	path->peer_locked = true;
	if (!path->reply_port)
		return;
	path_turn_take(path);
	*address_port_at(&path->config.peer) = path->reply_port;
	path_turn_give(path);
}

bool l2tp_source_is_peer(struct path *path, struct sockaddr_storage *from)
{
	uint16_t port = *address_port_at(from);

	if (path->esp)
		return true; /* the socket is connected, and ESP proves itself */
	path->source_port = port;
	return !path->peer_locked || port == *address_port_at(&path->config.peer);
}
