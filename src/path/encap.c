/* SPDX-License-Identifier: MIT */
/* Encapsulation: what GRE and L2TP have in common, and the choice between them. */
#include "path/internal.h"

bool path_judge_number(struct path *path, uint32_t number)
{
	switch (sequence_judge(&path->sequence, number)) {
	case SEQUENCE_NEW:
		return true;
	case SEQUENCE_LATE:
		path->rx_counters.rx_late++;
		return true;
	case SEQUENCE_DUPLICATE:
		path->rx_counters.rx_duplicate++;
		return false;
	case SEQUENCE_BEHIND:
		path->rx_counters.rx_too_late++;
		return false;
	}
	return false;
}

void path_accept(struct path *path, const struct path_frame *frame, uint64_t now_ms)
{
	bool first = !path->sequence.any;
	bool late = !first && (int32_t)(frame->number - path->sequence.newest) < 0;
	uint32_t skipped = sequence_accept(&path->sequence, frame->number);

	path->rx_counters.rx_lost += skipped;
	if (late && path->rx_counters.rx_lost)
		path->rx_counters.rx_lost--; /* it was only late */
	if (path->config.encap == PATH_GRE)
		gre_accept(path, now_ms);
}

uint8_t *path_wrap(struct path *path, uint8_t *frame, size_t *len)
{
	return path->config.encap == PATH_GRE ? gre_wrap(path, frame, len)
					      : l2tp_wrap(path, frame, len);
}

bool path_unwrap(struct path *path, uint8_t *packet, size_t len, struct path_frame *frame)
{
	return path->config.encap == PATH_GRE ? gre_unwrap(path, packet, len, frame)
					      : l2tp_unwrap(path, packet, len, frame);
}

void path_ack_if_due(struct path *path, uint64_t now_ms)
{
	if (path->config.encap == PATH_GRE)
		gre_ack_if_due(path, now_ms);
}
