/* SPDX-License-Identifier: MIT */
/* Columns of eighths of a cell; in ASCII of thirds. */
#include "tui/graph.h"

#define SCALE_WIDTH 6

static const wchar_t eighths[] = L" \u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588";
static const wchar_t thirds[] = L" .:#";

static int columns(struct rect r)
{
	return r.width > SCALE_WIDTH + 1 ? r.width - SCALE_WIDTH - 1 : 0;
}

static uint64_t value_at(const struct call *call, size_t age, bool rx, bool bits)
{
	struct model_rate rate = call_rate(call, age);

	return (rx ? rate.rx : rate.tx) * (bits ? 8 : 1);
}

uint64_t graph_largest(struct rect r, const struct call *call, bool rx, bool bits)
{
	uint64_t largest = 0;

	for (int i = 0; i < columns(r); i++) {
		uint64_t v = value_at(call, (size_t)i, rx, bits);

		if (v > largest)
			largest = v;
	}
	return largest;
}

/* The scale: its top and its foot. */
static void paint_scale(struct grid *grid, struct rect r, uint64_t top)
{
	wchar_t line = grid->utf8 ? L'\u2502' : L'|';
	char text[24];

	scale_format(text, sizeof(text), top);
	grid_text(grid, r.x + SCALE_WIDTH - 1 - grid_width(text), r.y, SCALE_WIDTH, ROLE_RULE,
		  text);
	if (r.height > 1)
		grid_text(grid, r.x + SCALE_WIDTH - 2, r.y + r.height - 1, 1, ROLE_RULE, "0");
	grid_fill(grid, (struct rect){r.x + SCALE_WIDTH - 1, r.y, 1, r.height}, ROLE_RULE, line);
}

void graph_paint(struct grid *grid, struct rect r, const struct call *call, bool rx, uint64_t top,
		 bool bits)
{
	const wchar_t *shades = grid->utf8 ? eighths : thirds;
	uint64_t steps = grid->utf8 ? 8 : 3;

	if (r.height <= 0)
		return;
	paint_scale(grid, r, top);
	for (int i = 0; i < columns(r); i++) {
		uint64_t v = value_at(call, (size_t)i, rx, bits);
		/* Whatever flows shows. */
		uint64_t high = v ? (uint64_t)((double)v / (double)top *
					       (double)(steps * (uint64_t)r.height - 1)) +
						1
				  : 0;

		for (int row = 0; row < r.height; row++) {
			uint64_t below = steps * (uint64_t)row;
			uint64_t part = high > below ? high - below : 0;

			grid_put(grid, r.x + SCALE_WIDTH + columns(r) - 1 - i,
				 r.y + r.height - 1 - row, rx ? ROLE_RX : ROLE_TX,
				 shades[part < steps ? part : steps]);
		}
	}
}
