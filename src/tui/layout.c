/* SPDX-License-Identifier: MIT */
/* The lines of the screen are given out in order of need, then placed in order of reading. */
#include "tui/layout.h"

#include "tui/fields.h"

#define TWO_COLUMNS 72 /* cells for two columns of fields */
#define LINK_WIDTH  32 /* the first of them */
#define SEED_FIELDS 6
#define LIST_LEFT   12 /* lines from which on there is room for the list of connections */

/* Heights, before they are placed. */
struct heights {
	int list, fields, rates, graph, totals, drops, phases, events, message;
};

static int least(int a, int b)
{
	return a < b ? a : b;
}

/* Takes up to WANTED of the lines that are LEFT, or none if there are less than ATLEAST. */
static int take(int *left, int wanted, int atleast)
{
	int n = least(*left, wanted);

	if (n < atleast || n < 0)
		return 0;
	*left -= n;
	return n;
}

static struct heights give_out(int left, bool two, const struct layout_wants *wants)
{
	int list = wants->calls > 1 && left >= LIST_LEFT ? least(wants->calls, 1 + left / 8) : 0;
	struct heights h = {0};

	if (wants->urgent)
		h.message = take(&left, least(least(wants->message, 3), left / 2), 1);
	h.list = take(&left, list, 1);
	h.fields = take(&left, two ? FIELDS_MAX : SEED_FIELDS, 1);
	h.rates = take(&left, 1, 1);
	if (!wants->urgent)
		h.message = take(&left, 1, 1);
	h.graph = take(&left, 4, 2);
	h.totals = take(&left, 1, 1);
	h.drops = wants->drops ? take(&left, 1, 1) : 0;
	h.phases = take(&left, wants->phases, wants->phases);
	h.events = take(&left, 3, 2);
	/* One column: the network's fields, then both parts that grow. */
	if (!two)
		h.fields += take(&left, 2 * FIELDS_MAX - SEED_FIELDS, 1);
	h.graph += h.graph ? take(&left, left / 2, 1) : 0;
	h.events += h.events ? take(&left, left, 1) : 0;
	return h;
}

static struct rect next(int *y, int width, int height)
{
	struct rect r = {0, *y, width, height};

	*y += height;
	return r;
}

bool layout_make(int width, int height, const struct layout_wants *wants, struct layout *layout)
{
	bool two = width >= TWO_COLUMNS;
	int keys = least(wants->keys, height >= 8 ? 3 : 1), y = 0, half = width / 2;
	struct heights h;

	*layout = (struct layout){0};
	if (width < LAYOUT_MIN_WIDTH || height < LAYOUT_MIN_HEIGHT)
		return false;
	h = give_out(height - 1 - keys, two, wants);
	layout->title = next(&y, width, 1);
	layout->list = next(&y, width, h.list);
	layout->link = next(&y, two ? LINK_WIDTH : width, h.fields);
	if (two)
		layout->network =
			(struct rect){LINK_WIDTH, layout->link.y, width - LINK_WIDTH, h.fields};
	layout->rates = next(&y, width, h.rates);
	layout->graph[0] = next(&y, half, h.graph);
	layout->graph[1] = (struct rect){half, layout->graph[0].y, width - half, h.graph};
	layout->totals = next(&y, width, h.totals);
	layout->drops = next(&y, width, h.drops);
	layout->phases = next(&y, width, h.phases);
	layout->events = next(&y, width, h.events);
	layout->message = (struct rect){0, height - keys - h.message, width, h.message};
	layout->keys = (struct rect){0, height - keys, width, keys};
	layout->body = (struct rect){0, 1, width, height - 1 - keys};
	return true;
}
