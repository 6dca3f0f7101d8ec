/* SPDX-License-Identifier: MIT */
/* Multilink on the way out: cutting, numbering. */
#include "path/mp.h"

#include "path/internal.h"
#include "wire/frame.h"
#include "wire/mp.h"

/* Octets of a frame that one piece holds. */
static size_t room_of(const struct path_state *state)
{
	return state->mp_room - mp_header_len(state->mp_tx.short_numbers);
}

unsigned path_mp_most(unsigned room, bool short_numbers)
{
	size_t header = mp_header_len(short_numbers);

	return room > header ? (unsigned)(MP_PIECES_MAX * (room - header)) - 2 : 0;
}

bool mp_fits(const struct path_state *state, size_t len)
{
	return len <= state->mp_tx.mrru &&
	       len <= path_mp_most(state->mp_room, state->mp_tx.short_numbers);
}

unsigned mp_pieces(const struct path_state *state, size_t len)
{
	size_t room = room_of(state);

	return len <= room ? 1 : (unsigned)((len + room - 1) / room);
}

/* Puts what a fragment begins with before PIECE. */
static uint8_t *wrap_piece(struct path *path, uint8_t *piece, size_t *len, bool begin, bool end)
{
	const struct path_state *s = &path->tx_state;
	const struct mp_header h = {begin, end, path->mp_tx.number++};
	uint8_t head[FRAME_HEAD_MAX + MP_HEADER_MAX];
	size_t n = frame_head_write(head, FRAME_MP, path->mp_tx.acfc, s->tx_pfc);

	n += mp_header_write(head + n, &h, s->mp_tx.short_numbers);
	memcpy(piece - n, head, n);
	*len += n;
	return path_wrap(path, piece - n, len);
}

uint8_t *mp_wrap_whole(struct path *path, uint8_t *frame, size_t *len)
{
	return wrap_piece(path, frame, len, true, true);
}

static void add(struct path *path, uint8_t *piece, size_t len, bool begin, bool end)
{
	struct iovec *packet = &path->tx_packets[path->tx_count++];

	packet->iov_base = wrap_piece(path, piece, &len, begin, end);
	packet->iov_len = len;
}

/* The pieces move apart, the last one first, so that each has its own head before it. */
static void cut(struct path *path, const struct mp_whole *w, unsigned pieces)
{
	size_t room = room_of(&path->tx_state), step = room + MP_PIECE_GAP;
	size_t last = w->len - (pieces - 1) * room;

	for (unsigned i = pieces - 1; i > 0; i--)
		memmove(w->frame + i * step, w->frame + i * room, i == pieces - 1 ? last : room);
	for (unsigned i = 0; i < pieces; i++)
		add(path, w->frame + i * step, i == pieces - 1 ? last : room, i == 0,
		    i == pieces - 1);
	path->tx_counters.mp_tx += pieces;
}

void mp_cut_burst(struct path *path)
{
	path->tx_count = 0;
	for (unsigned i = 0; i < path->mp_tx.count; i++) {
		const struct mp_whole *w = &path->mp_tx.wholes[i];
		unsigned pieces = mp_pieces(&path->tx_state, w->len);

		if (pieces == 1)
			add(path, w->frame, w->len, true, true);
		else
			cut(path, w, pieces);
	}
	path->mp_tx.count = 0;
}
