/* SPDX-License-Identifier: MIT */
/* Encapsulation: what GRE and L2TP have in common, and the choice between them. */
#include "path/internal.h"

bool path_follow(struct path *path, uint32_t number, bool seen, uint64_t now_ms)
{
	int32_t ahead = (int32_t)(number - path->sequence.newest);

	if (!sequence_follow(&path->sequence, number, seen, now_ms))
		return false;
	if (ahead > 0)
		path->rx_counters.rx_lost += (uint32_t)ahead - 1;
	/* The counts of MPPE go on by themselves. */
	path->mppe_number_known = false;
	if (path->mp)
		path->mp->sequence.any = false; /* its numbers have jumped as well */
	path->doubt = true;
	return true;
}

void path_accept(struct path *path, const struct path_frame *frame, uint64_t now_ms)
{
	bool first = !path->sequence.any;
	bool late = !first && (int32_t)(frame->number - path->sequence.newest) < 0;
	uint32_t skipped = sequence_accept(&path->sequence, frame->number);

	path->rx_counters.rx_lost += skipped;
	if (late && path->rx_counters.rx_lost)
		path->rx_counters.rx_lost--; /* it was only late */
	if (path->config.encap == PROTOCOL_PPTP)
		gre_accept(path, now_ms);
}

uint8_t *path_wrap(struct path *path, uint8_t *frame, size_t *len)
{
	if (path->config.encap == PROTOCOL_PPTP)
		return gre_wrap(path, frame, len);
	if (!path->esp)
		return l2tp_wrap(path, frame, len);
	frame = l2tp_wrap(path, frame, len);
	return esp_out_wrap(path, frame, len);
}

enum path_content path_unwrap(struct path *path, uint8_t *packet, size_t len,
			      struct path_frame *frame)
{
	return path->config.encap == PROTOCOL_PPTP ? gre_unwrap(path, packet, len, frame)
						   : l2tp_unwrap(path, packet, len, frame);
}

void path_ack_if_due(struct path *path, uint64_t now_ms)
{
	if (path->config.encap == PROTOCOL_PPTP)
		gre_ack_if_due(path, now_ms);
}
