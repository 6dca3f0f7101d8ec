/* SPDX-License-Identifier: MIT */
/* Multilink on the way in: numbers, order, and packets put together. */
#include "path/mp.h"

#include "path/internal.h"
#include "wire/frame.h"

#include <stdlib.h>

/* Before the information field that an MRRU counts: Address, Control, protocol; and what MPPE puts
 * there where a peer does not count that. */
#define SLACK (FRAME_HEAD_MAX + MPPE_HEADER + 2)

void mp_rx_start(struct path *path)
{
	const struct path_mp *mp = &path->state.mp_rx;

	if (mp->mrru && !path->mp)
		path->mp = malloc(sizeof *path->mp);
	if (!path->mp)
		return;
	/* The memory stays: a frame in it may be what makes this happen. */
	path->mp->short_numbers = mp->short_numbers;
	memset(&path->mp->sequence, 0, sizeof path->mp->sequence);
	reorder_init(&path->mp->reorder);
	assembly_init(&path->mp->assembly, path->mp->slab, mp->mrru + SLACK);
}

static bool decode(const struct path *path, const uint8_t *info, size_t len, struct mp_header *h)
{
	return mp_decode(info, len, path->mp->short_numbers, h);
}

bool mp_could_be_peers(const struct path *path, const uint8_t *info, size_t len)
{
	struct mp_header h;

	return path->mp && path->state.mp_rx.mrru && decode(path, info, len, &h);
}

/* The bundle's protocols may stand inside; those of a link never do (RFC 1990 section 2). */
static bool is_bundles(uint16_t protocol)
{
	return frame_is_control(protocol)
		       ? frame_is_ncp(protocol)
		       : protocol != FRAME_MP && protocol != FRAME_LINK_COMPRESSED;
}

/* A packet, out of MP; TOGETHER: that was in pieces. */
static bool deliver(struct path *path, uint8_t *packet, size_t len, bool together, uint64_t now_ms)
{
	struct path_frame f = {.data = packet, .len = len};
	uint16_t protocol;
	size_t head;

	if (len == 0)
		return true; /* it says only that its number was used */
	if (!frame_decode(packet, len, &protocol, &head) || !is_bundles(protocol)) {
		path->rx_counters.rx_malformed++;
		return false;
	}
	f.data += head;
	f.len -= head;
	return together ? path_rx_bundled(path, protocol, &f, now_ms)
			: path_rx_inner(path, protocol, &f, now_ms);
}

static void assemble(struct path *path, const struct mp_header *h, const uint8_t *data, size_t len,
		     uint64_t now_ms)
{
	struct assembly *a = &path->mp->assembly;
	struct assembly_result result;

	if (h->begin && !assembly_has_room(a)) {
		path_rx_settle(path);
		assembly_rewind(a);
	}
	path->rx_counters.mp_rx++;
	result = assembly_add(a, h, data, len, now_ms);
	path->rx_counters.mp_dropped += result.dropped;
	if (result.packet)
		(void)deliver(path, result.packet, result.len, true, now_ms);
}

/* A fragment whose turn it is; H has its number in 32 bits, INFO its header too. */
static bool take(struct path *path, const struct mp_header *h, uint8_t *info, size_t len,
		 uint64_t now_ms)
{
	size_t head = mp_header_len(path->mp->short_numbers);

	if (h->begin && h->end)
		return deliver(path, info + head, len - head, false, now_ms);
	assemble(path, h, info + head, len - head, now_ms);
	return true;
}

void mp_drain(struct path *path, bool force, uint64_t now_ms)
{
	struct mp_header h;
	uint8_t *info;
	size_t len;
	uint32_t number;

	while (path->mp &&
	       (info = reorder_next(&path->mp->reorder, &len, &number, force, now_ms))) {
		force = false;
		if (!decode(path, info, len, &h))
			continue;
		h.number = number;
		take(path, &h, info, len, now_ms);
		if (h.begin && h.end)
			path_rx_settle(path); /* its place is free for others now */
	}
}

uint64_t mp_deadline(const struct path *path)
{
	return path->mp ? reorder_deadline(&path->mp->reorder) : DEADLINE_NONE;
}

static void count_number(struct path *path, uint32_t number)
{
	struct sequence *s = &path->mp->sequence;
	bool late = s->any && (int32_t)(number - s->newest) < 0;

	path->rx_counters.mp_lost += sequence_accept(s, number);
	if (late && path->rx_counters.mp_lost)
		path->rx_counters.mp_lost--; /* it was only late */
}

bool mp_wants_order(const struct path *path, const uint8_t *info, size_t len)
{
	struct mp_header h;
	uint16_t protocol;
	size_t head;

	if (!path->mp || !decode(path, info, len, &h))
		return false;
	if (!h.begin || !h.end)
		return true;
	head = mp_header_len(path->mp->short_numbers);
	return path->state.rx.bits && path->state.rx.stateful &&
	       frame_decode(info + head, len - head, &protocol, &head) &&
	       protocol == FRAME_COMPRESSED;
}

static bool in_order(struct path *path, const struct mp_header *h, const struct path_frame *f,
		     uint64_t now_ms)
{
	struct reorder *r = &path->mp->reorder;
	bool valid = true;

	/* The tunnel's numbers have made the order already. */
	if (path->reorder && f->numbered)
		return take(path, h, f->data, f->len, now_ms);
	while (reorder_is_far(r, h->number))
		mp_drain(path, true, now_ms);
	if (reorder_put(r, h->number, f->data, f->len, mp_wants_order(path, f->data, f->len),
			now_ms) == REORDER_TAKE)
		valid = take(path, h, f->data, f->len, now_ms);
	mp_drain(path, reorder_deadline(r) <= now_ms, now_ms);
	return valid;
}

/* A control frame that is not near the newest number: see is_apart of the tunnel's numbers. */
static bool is_apart(const struct path *path, const struct mp_header *h, const struct path_frame *f)
{
	const struct sequence *s = &path->mp->sequence;
	size_t head = mp_header_len(path->mp->short_numbers);
	uint16_t protocol;

	return s->any && h->begin && h->number - s->newest + SEQUENCE_NEAR > 2 * SEQUENCE_NEAR &&
	       frame_decode(f->data + head, f->len - head, &protocol, &head) &&
	       frame_is_control(protocol);
}

/* Is its number one that the peer may send now? */
static bool is_due(struct path *path, const struct mp_header *h, const struct path_frame *f,
		   uint64_t now_ms)
{
	enum sequence_place place = sequence_judge(&path->mp->sequence, h->number);

	if (place != SEQUENCE_DUPLICATE && is_apart(path, h, f))
		place = SEQUENCE_FAR;
	if (place == SEQUENCE_NEW || place == SEQUENCE_LATE ||
	    sequence_follow(&path->mp->sequence, h->number, place == SEQUENCE_DUPLICATE, now_ms))
		return true;
	if (place == SEQUENCE_DUPLICATE)
		path->rx_counters.rx_duplicate++;
	else
		path->rx_counters.rx_too_late++;
	return false;
}

bool mp_input(struct path *path, struct path_frame *f, uint64_t now_ms)
{
	struct mp_header h;

	if (!path->mp || !decode(path, f->data, f->len, &h)) {
		path->rx_counters.rx_malformed++;
		return false;
	}
	h.number = mp_number_extend(path->mp->sequence.newest, h.number, path->mp->short_numbers);
	if (!is_due(path, &h, f, now_ms))
		return false;
	if (!path->mp->sequence.any) {
		reorder_init(&path->mp->reorder);
		path->rx_counters.mp_dropped += assembly_give_up(&path->mp->assembly);
	}
	count_number(path, h.number);
	return in_order(path, &h, f, now_ms);
}

bool mp_is_piece(const struct path *path, const uint8_t *info, size_t len)
{
	struct mp_header h;

	return path->mp && decode(path, info, len, &h) && !(h.begin && h.end);
}

uint16_t mp_take_next(const struct path *path, struct path_frame *f)
{
	const struct mp_rx *mp = path->mp;
	struct mp_header h;
	uint16_t protocol;
	size_t head;

	if (!path->state.mp_rx.mrru || !mp || !mp->sequence.any || mp->reorder.held ||
	    !decode(path, f->data, f->len, &h) || !h.begin || !h.end)
		return 0;
	f->mp_number = mp_number_extend(mp->sequence.newest, h.number, mp->short_numbers);
	head = mp_header_len(mp->short_numbers);
	f->data += head;
	f->len -= head;
	if (f->mp_number != mp->sequence.newest + 1 ||
	    !frame_decode(f->data, f->len, &protocol, &head))
		return 0;
	f->data += head;
	f->len -= head;
	f->in_mp = true;
	return protocol;
}

void mp_accept(struct path *path, uint32_t number, uint64_t now_ms)
{
	count_number(path, number);
	(void)reorder_put(&path->mp->reorder, number, NULL, 0, false, now_ms);
}
