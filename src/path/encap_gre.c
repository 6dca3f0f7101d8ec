/* SPDX-License-Identifier: MIT */
/* Encapsulation for PPTP: enhanced GRE with sequence and acknowledgment numbers (RFC 2637 4). */
#include "path/internal.h"

#include "base/cursor.h"
#include "wire/gre.h"

#include <errno.h>

/* The newest number received, as both sides know it. */
static uint64_t newest_of(const struct path *path)
{
	return path->sequence.any ? PATH_NUMBER | path->sequence.newest : 0;
}

static uint64_t acked_of(const struct path *path)
{
	return atomic_load_explicit(&path->shared.acked, memory_order_relaxed);
}

/* GRE bears the acknowledgment of HEARD. */
static void note_ack(struct path *path, struct gre_packet *gre, uint64_t heard)
{
	gre->has_ack = true;
	gre->ack = (uint32_t)heard;
	atomic_store_explicit(&path->shared.acked, heard, memory_order_relaxed);
}

uint8_t *gre_wrap(struct path *path, uint8_t *frame, size_t *len)
{
	struct gre_packet gre = {
		.call_id = path->call.peer_call_id,
		.has_seq = true,
		.seq = path->tx_number++,
		.payload_len = *len,
	};
	uint64_t heard = atomic_load_explicit(&path->shared.heard, memory_order_relaxed);
	uint8_t header[GRE_HEADER_MAX];
	size_t n;

	if (heard != acked_of(path))
		note_ack(path, &gre, heard);
	n = gre_header_write(header, &gre);
	memcpy(frame - n, header, n);
	*len += n;
	return frame - n;
}

/* A raw socket delivers the IP header too, options included. */
static bool skip_ip_header(struct cursor *c)
{
	uint8_t first = cursor_u8(c);
	uint16_t total;

	cursor_skip(c, 1);
	total = cursor_u16(c);
	if (c->failed || first >> 4 != 4 || (first & 15) < 5 || total < (first & 15) * 4)
		return false;
	cursor_skip(c, (size_t)(first & 15) * 4 - 4);
	return !c->failed;
}

enum path_content gre_unwrap(struct path *path, uint8_t *packet, size_t len,
			     struct path_frame *frame)
{
	struct cursor c = cursor_make(packet, len);
	struct gre_packet gre;
	size_t at;

	if (!skip_ip_header(&c) || !gre_decode(c.at, cursor_left(&c), &gre)) {
		path->rx_counters.rx_malformed++;
		return PATH_NOTHING;
	}
	if (!path->call_set || gre.call_id != path->call.local_call_id) {
		path->rx_counters.rx_wrong_id++;
		return PATH_NOTHING;
	}
	if (!gre.has_seq)
		return PATH_NOTHING; /* an acknowledgment alone; the peer's window is nominal */
	at = (size_t)(gre.payload - packet);
	*frame = (struct path_frame){
		.data = packet + at, .len = gre.payload_len, .numbered = true, .number = gre.seq};
	return PATH_FRAME;
}

void gre_accept(struct path *path, uint64_t now_ms)
{
	uint64_t acked = acked_of(path);

	/* An acknowledgment that went with data meanwhile makes the next one wait anew. */
	if (newest_of(path) == acked || (path->ack_deadline_ms && path->ack_base == acked))
		return;
	path->ack_deadline_ms = now_ms + PATH_ACK_MS;
	path->ack_base = acked;
}

uint64_t gre_deadline(const struct path *path)
{
	bool owed = path->ack_deadline_ms && newest_of(path) != acked_of(path);

	return owed ? path->ack_deadline_ms : DEADLINE_NONE;
}

/* No sequence number, no secret: it needs no turn.  At worst both sides acknowledge the same. */
void gre_ack_if_due(struct path *path, uint64_t now_ms)
{
	struct gre_packet gre = {.call_id = path->call.peer_call_id};
	uint64_t newest = newest_of(path), acked = acked_of(path);
	uint8_t header[GRE_HEADER_MAX];
	bool many = acked && (uint32_t)newest - (uint32_t)acked >= PATH_ACK_BURST;
	size_t n;

	atomic_store_explicit(&path->shared.heard, newest, memory_order_relaxed);
	if (!path->call_set || newest == acked || !path->ack_deadline_ms ||
	    (!many && path->ack_deadline_ms > now_ms))
		return;
	note_ack(path, &gre, newest);
	path->ack_deadline_ms = 0;
	n = gre_header_write(header, &gre);
	if (send(path->config.wire_fd, header, n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		path->rx_counters.wire_errors++;
	else
		path->rx_counters.wire_tx++;
}
