/* SPDX-License-Identifier: MIT */
/* Encapsulation for PPTP: enhanced GRE with sequence and acknowledgment numbers (RFC 2637 4). */
#include "path/internal.h"

#include "base/cursor.h"
#include "wire/gre.h"

#include <errno.h>

/* Is there a number accepted that was not acknowledged yet? */
bool gre_ack_is_owed(const struct path *path)
{
	return path->sequence.any && (!path->ack_any || path->acked != path->sequence.newest);
}

static void note_ack(struct path *path, struct gre_packet *gre)
{
	gre->has_ack = true;
	gre->ack = path->sequence.newest;
	path->acked = gre->ack;
	path->ack_any = true;
	path->ack_deadline_ms = 0;
}

uint8_t *gre_wrap(struct path *path, uint8_t *frame, size_t *len)
{
	struct gre_packet gre = {
		.call_id = path->call.peer_call_id,
		.has_seq = true,
		.seq = path->tx_number++,
		.payload_len = *len,
	};
	uint8_t header[GRE_HEADER_MAX];
	size_t n;

	if (gre_ack_is_owed(path))
		note_ack(path, &gre);
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

bool gre_unwrap(struct path *path, uint8_t *packet, size_t len, struct path_frame *frame)
{
	struct cursor c = cursor_make(packet, len);
	struct gre_packet gre;
	size_t at;

	if (!skip_ip_header(&c) || !gre_decode(c.at, cursor_left(&c), &gre)) {
		path->counters.rx_malformed++;
		return false;
	}
	if (!path->call_set || gre.call_id != path->call.local_call_id) {
		path->counters.rx_wrong_id++;
		return false;
	}
	if (!gre.has_seq)
		return false; /* an acknowledgment alone; the peer's window is nominal */
	at = (size_t)(gre.payload - packet);
	*frame = (struct path_frame){
		.data = packet + at, .len = gre.payload_len, .numbered = true, .number = gre.seq};
	return true;
}

void gre_ack_if_due(struct path *path, uint64_t now_ms)
{
	struct gre_packet gre = {.call_id = path->call.peer_call_id};
	uint8_t header[GRE_HEADER_MAX];
	bool many = path->ack_any && path->sequence.newest - path->acked >= PATH_ACK_BURST;
	size_t n;

	if (!path->call_set || !gre_ack_is_owed(path) || !path->ack_deadline_ms ||
	    (!many && path->ack_deadline_ms > now_ms))
		return;
	note_ack(path, &gre);
	n = gre_header_write(header, &gre);
	if (send(path->config.wire_fd, header, n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		path->counters.wire_errors++;
	else
		path->counters.wire_tx++;
}
