/* SPDX-License-Identifier: MIT */
/* ncurses, the only file that knows it. */
#define NCURSES_WIDECHAR 1
#include "tui/screen.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <unistd.h>

/* How a role looks: a colour, and attributes with and without colours. */
static const struct {
	short fg;
	attr_t with, without;
} looks[ROLE_COUNT] = {
	[ROLE_PLAIN] = {-1, A_NORMAL, A_NORMAL},
	[ROLE_TITLE] = {-1, A_REVERSE, A_REVERSE},
	[ROLE_LABEL] = {COLOR_CYAN, A_NORMAL, A_NORMAL},
	[ROLE_GOOD] = {COLOR_GREEN, A_BOLD, A_BOLD},
	[ROLE_BUSY] = {COLOR_YELLOW, A_NORMAL, A_NORMAL},
	[ROLE_BAD] = {COLOR_RED, A_BOLD, A_BOLD},
	[ROLE_SELECTED] = {-1, A_BOLD, A_BOLD},
	[ROLE_RULE] = {COLOR_CYAN, A_NORMAL, A_NORMAL},
	[ROLE_RX] = {COLOR_GREEN, A_NORMAL, A_NORMAL},
	[ROLE_TX] = {COLOR_MAGENTA, A_NORMAL, A_NORMAL},
	[ROLE_KEY] = {-1, A_BOLD, A_BOLD},
};

/* The terminal has colours, and the user has not forbidden them (no-color.org). */
static bool coloured(void)
{
	const char *forbidden = getenv("NO_COLOR");

	return has_colors() && !(forbidden && *forbidden);
}

static void set_modes(void)
{
	raw();
	noecho();
	nodelay(stdscr, TRUE);
	keypad(stdscr, TRUE);
	set_escdelay(25);
	curs_set(0);
}

int screen_open(void)
{
	if (!newterm(NULL, stdout, stdin))
		return -ENOTTY;
	if (!cursor_address) {
		screen_close();
		return -ENOTTY;
	}
	set_modes();
	if (coloured() && start_color() == OK) {
		bool own = use_default_colors() == OK;

		for (int i = 0; i < ROLE_COUNT; i++)
			init_pair((short)(i + 1),
				  (short)(looks[i].fg < 0 && !own ? COLOR_WHITE : looks[i].fg),
				  own ? -1 : COLOR_BLACK);
	}
	return 0;
}

void screen_close(void)
{
	endwin();
	delscreen(set_term(NULL));
}

void screen_leave(void)
{
	def_prog_mode();
	endwin();
}

void screen_enter(void)
{
	reset_prog_mode();
	curs_set(0);
	clearok(curscr, TRUE);
	refresh();
}

int screen_size(struct grid *grid)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col)
		resizeterm(size.ws_row, size.ws_col);
	return grid_resize(grid, COLS, LINES);
}

bool screen_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static void set_role(enum role role)
{
	if (coloured())
		attr_set(looks[role].with, (short)(role + 1), NULL);
	else
		attr_set(looks[role].without, 0, NULL);
}

/* From X on as many cells as have one role: the number. */
static int draw_run(const struct cell *row, int x, int y, int width)
{
	wchar_t text[256];
	int n = 0, end = x;

	while (end < width && row[end].role == row[x].role && n < 255) {
		if (row[end].c)
			text[n++] = row[end].c;
		end++;
	}
	set_role((enum role)row[x].role);
	mvaddnwstr(y, x, text, n);
	return end - x;
}

void screen_draw(const struct grid *grid)
{
	for (int y = 0; y < grid->height; y++)
		for (int x = 0; x < grid->width;)
			x += draw_run(&grid->cells[(size_t)y * (size_t)grid->width], x, y,
				      grid->width);
	refresh();
}

void screen_forget(void)
{
	clearok(curscr, TRUE);
}

enum action screen_key(bool *more)
{
	int code = getch();

	*more = code != ERR;
	if (code == KEY_UP)
		return ACTION_UP;
	if (code == KEY_DOWN)
		return ACTION_DOWN;
	return code < 256 ? keys_action(code) : ACTION_NONE;
}
