/* SPDX-License-Identifier: MIT */
/* Cells. */
#include "tui/grid.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#define TEXT_CELLS 512
#define WORD_MAX   16

int grid_resize(struct grid *grid, int width, int height)
{
	size_t count = (size_t)width * (size_t)height;
	struct cell *cells = realloc(grid->cells, (count + 1) * sizeof(*cells));

	if (!cells)
		return -ENOMEM;
	grid->cells = cells;
	grid->width = width;
	grid->height = height;
	grid_clear(grid);
	return 0;
}

void grid_free(struct grid *grid)
{
	free(grid->cells);
	grid->cells = NULL;
}

void grid_clear(struct grid *grid)
{
	grid_fill(grid, (struct rect){0, 0, grid->width, grid->height}, ROLE_PLAIN, L' ');
}

void grid_put(struct grid *grid, int x, int y, enum role role, wchar_t c)
{
	if (x >= 0 && y >= 0 && x < grid->width && y < grid->height)
		grid->cells[(size_t)y * (size_t)grid->width + (size_t)x] =
			(struct cell){.c = c, .role = (uint8_t)role};
}

void grid_fill(struct grid *grid, struct rect r, enum role role, wchar_t c)
{
	for (int y = r.y; y < r.y + r.height; y++)
		for (int x = r.x; x < r.x + r.width; x++)
			grid_put(grid, x, y, role, c);
}

/* TEXT as cells; a wide character takes two. */
static int to_cells(const char *text, wchar_t cells[static TEXT_CELLS])
{
	mbstate_t state = {0};
	size_t left = strlen(text);
	int n = 0;

	while (left > 0 && n + 2 <= TEXT_CELLS) {
		wchar_t c;
		size_t len = mbrtowc(&c, text, left, &state);
		int width;

		if (len == 0 || len > left) {
			state = (mbstate_t){0};
			len = 1;
			c = L'?';
		}
		text += len;
		left -= len;
		width = iswprint((wint_t)c) ? wcwidth(c) : -1;
		if (width == 0)
			continue; /* joins the one before: left out */
		cells[n++] = width < 0 ? L'?' : c;
		if (width == 2)
			cells[n++] = 0;
	}
	return n;
}

int grid_width(const char *text)
{
	wchar_t cells[TEXT_CELLS];

	return to_cells(text, cells);
}

/* How many cells to show in WIDTH with DOTS behind them: to the end of a word, unless the word is
 * one of those that no language has. */
static int cut(const wchar_t *cells, int width, int dots)
{
	int most = width - dots, at = most, end = most > WORD_MAX ? most - WORD_MAX : 0;

	while (at > end && cells[at] != L' ' && cells[at] != L',')
		at--;
	if (at == end)
		at = most;
	while (at > 0 && (cells[at - 1] == L' ' || cells[at - 1] == L','))
		at--;
	if (at > 0 && cells[at] == 0) /* never half a character */
		at--;
	return at;
}

int grid_text(struct grid *grid, int x, int y, int width, enum role role, const char *text)
{
	wchar_t cells[TEXT_CELLS];
	int n = to_cells(text, cells), dots = grid->utf8 ? 1 : 2;
	bool whole = n <= width;

	if (width <= 0)
		return 0;
	if (!whole)
		n = width > dots ? cut(cells, width, dots) : 0;
	for (int i = 0; i < n; i++)
		grid_put(grid, x + i, y, role, cells[i]);
	if (whole || width <= dots)
		return n;
	for (int i = 0; i < dots; i++)
		grid_put(grid, x + n + i, y, role, grid->utf8 ? L'\u2026' : L'.');
	return n + dots;
}
