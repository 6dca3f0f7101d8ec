/* SPDX-License-Identifier: MIT */
/* The monitor: supervisors, keys and time in, screens out. */
#include "tui/tui.h"

#include "base/str.h"
#include "tui/calls.h"
#include "tui/child.h"
#include "tui/paint.h"
#include "tui/screen.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define SECOND_MS  1000
#define HURRY_MS   200 /* a command runs: its supervisor is looked for */
#define SCAN_TICKS 2

struct tui {
	const struct tui_source *source;
	struct loop *loop;
	struct calls calls;
	struct child child;
	struct grid grid;
	struct loop_fd keys, signals;
	struct loop_timer second;
	enum view_mode mode;
	size_t scroll;
	unsigned ticks;
	bool bits;
	int result;
};

static void draw(struct tui *t)
{
	const struct view view = {.mode = t->mode,
				  .calls = t->calls.view,
				  .count = t->calls.count,
				  .selected = t->calls.selected,
				  .scroll = t->scroll,
				  .bits = t->bits,
				  .notice = t->calls.notice,
				  .now_ms = clock_now_ms()};

	paint(&t->grid, &view);
	screen_draw(&t->grid);
}

static void on_change(void *ctx)
{
	draw(ctx);
}

static void end(struct tui *t, int result)
{
	t->result = result;
	loop_stop(t->loop);
}

static void on_second(void *ctx)
{
	struct tui *t = ctx;

	if (++t->ticks % SCAN_TICKS == 0)
		calls_scan(&t->calls);
	calls_tick(&t->calls);
	draw(t);
	loop_timer_set(t->loop, &t->second, clock_now_ms() + (t->child.pid ? HURRY_MS : SECOND_MS));
}

static void on_said(void *ctx, const char *name, bool error, const char *text)
{
	struct tui *t = ctx;
	struct watched *w = calls_find(&t->calls, name);

	if (w && w->handle.fd < 0) { /* it is the last word, then */
		watched_refresh(w);
		w->call.status.last_end = (struct reason){.code = error ? EXIT_FATAL : EXIT_OK};
		(void)str_copy(w->call.status.last_end.text, REASON_TEXT_MAX, text);
		w->call.status.last_end_day_ms = clock_day_ms();
	}
	if (w)
		watched_event(w, error ? LOG_LEVEL_ERROR : LOG_LEVEL_NOTICE, text);
}

/* The screen is left where the command has something to ask.  To stop meanwhile would bring the
 * screen back over the question. */
static void start(struct tui *t, struct watched *w, const char *command, bool terminal)
{
	const struct sigaction ignored = {.sa_handler = SIG_IGN};
	struct sigaction before;
	int r, signo;

	if (t->child.pid) {
		watched_event(w, LOG_LEVEL_WARN, "a command runs already; wait for its end");
		return;
	}
	if (terminal) {
		screen_leave();
		(void)sigaction(SIGTSTP, &ignored, &before);
	}
	r = child_start(&t->child, t->source, command, w->call.status.profile, terminal);
	signo = r == 0 && terminal ? child_wait_begun(&t->child, t->signals.fd) : 0;
	if (terminal) {
		(void)sigaction(SIGTSTP, &before, NULL);
		screen_enter();
		screen_size(&t->grid);
	}
	if (r < 0)
		watched_event(w, LOG_LEVEL_ERROR, strerror(-r));
	else
		child_watch(&t->child);
	loop_timer_set(t->loop, &t->second, clock_now_ms() + HURRY_MS);
	if (signo)
		end(t, EXIT_SIGNAL);
}

static void dial(struct tui *t, struct watched *w)
{
	uint32_t state = w->call.status.state;

	if (w->handle.fd < 0)
		start(t, w, "connect", t->source->asks(t->source->ctx, w->call.status.profile));
	else if (state == CONTROL_STATE_WAITING || state == CONTROL_STATE_DEMAND)
		watched_tell(w, CONTROL_REDIAL);
	else
		watched_event(w, LOG_LEVEL_WARN, "it runs already; r dials again");
}

static void hang_up(struct tui *t, struct watched *w)
{
	if (!watched_tell(w, CONTROL_HANGUP))
		start(t, w, "disconnect", false);
}

static void redial(struct tui *t, struct watched *w)
{
	if (w->handle.fd >= 0)
		watched_tell(w, CONTROL_REDIAL);
	else
		dial(t, w);
}

/* Up and down: through the list, or through the log. */
static void move(struct tui *t, int by)
{
	struct watched *w = calls_selected(&t->calls);

	if (t->mode == VIEW_LOG && w) {
		size_t kept = control_events_kept(&w->call.events);

		if (by < 0 && t->scroll + 1 < kept)
			t->scroll++;
		else if (by > 0 && t->scroll > 0)
			t->scroll--;
	} else if (by < 0 && t->calls.selected > 0) {
		t->calls.selected--;
	} else if (by > 0 && t->calls.selected + 1 < t->calls.count) {
		t->calls.selected++;
	}
}

static void set_mode(struct tui *t, enum view_mode mode)
{
	t->mode = t->mode == mode ? VIEW_MAIN : mode;
	t->scroll = 0;
}

/* All of the shell's job, as the terminal's own ^Z would.  Where no shell could continue it the
 * kernel lets it go on. */
static void suspend(struct tui *t)
{
	const struct sigaction stop = {.sa_handler = SIG_DFL};
	struct sigaction before; /* ncurses' own */

	screen_leave();
	(void)sigaction(SIGTSTP, &stop, &before);
	kill(0, SIGTSTP);
	(void)sigaction(SIGTSTP, &before, NULL);
	screen_enter();
	screen_size(&t->grid);
}

static void act_on_call(struct tui *t, enum action action)
{
	struct watched *w = calls_selected(&t->calls);

	if (!w)
		return;
	if (action == ACTION_CONNECT)
		dial(t, w);
	else if (action == ACTION_DISCONNECT)
		hang_up(t, w);
	else
		redial(t, w);
}

static void act(struct tui *t, enum action action)
{
	switch (action) {
	case ACTION_CONNECT:
	case ACTION_DISCONNECT:
	case ACTION_REDIAL:
		act_on_call(t, action);
		break;
	case ACTION_LOG:
		set_mode(t, VIEW_LOG);
		break;
	case ACTION_HELP:
		set_mode(t, VIEW_HELP);
		break;
	case ACTION_BACK:
		set_mode(t, VIEW_MAIN);
		break;
	case ACTION_UNITS:
		t->bits = !t->bits;
		break;
	case ACTION_UP:
		move(t, -1);
		break;
	case ACTION_DOWN:
		move(t, 1);
		break;
	case ACTION_REDRAW:
		screen_forget();
		break;
	case ACTION_SUSPEND:
		suspend(t);
		break;
	case ACTION_QUIT:
		end(t, EXIT_OK);
		break;
	case ACTION_NONE:
	case ACTION_SELECT:
		break;
	}
}

static void on_keys(void *ctx, uint32_t events)
{
	struct tui *t = ctx;
	bool more = !(events & (EPOLLHUP | EPOLLERR));

	if (!more) /* the terminal is gone */
		end(t, EXIT_SIGNAL);
	while (more)
		act(t, screen_key(&more));
	draw(t);
}

static void on_signal(void *ctx, uint32_t events)
{
	struct tui *t = ctx;
	struct signalfd_siginfo info;

	(void)events;
	if (read(t->signals.fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo != SIGWINCH) {
		end(t, EXIT_SIGNAL);
		return;
	}
	if (screen_size(&t->grid) < 0)
		end(t, EXIT_FATAL);
	else
		draw(t);
}

/* Signals as descriptors, the keys, the second: 0 or -errno. */
static int watch(struct tui *t)
{
	sigset_t set;
	int r;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	t->signals = (struct loop_fd){
		.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), .ready = on_signal, .ctx = t};
	t->keys = (struct loop_fd){.fd = STDIN_FILENO, .ready = on_keys, .ctx = t};
	t->second = (struct loop_timer){DEADLINE_NONE, on_second, t, NULL, NULL};
	r = t->signals.fd < 0 ? -errno : loop_fd_add(t->loop, &t->signals, EPOLLIN);
	if (r == 0)
		r = loop_fd_add(t->loop, &t->keys, EPOLLIN);
	return r;
}

static int show(struct tui *t)
{
	int r = screen_open();

	if (r < 0)
		return r;
	t->grid.utf8 = screen_utf8();
	r = screen_size(&t->grid);
	if (r == 0) {
		calls_scan(&t->calls);
		on_second(t);
		r = loop_run(t->loop);
	}
	screen_close();
	return r;
}

int tui_run(const struct tui_source *source)
{
	struct tui *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return -ENOMEM;
	(void)setlocale(LC_CTYPE, "");
	t->source = source;
	t->bits = true;
	t->loop = loop_new();
	t->calls =
		(struct calls){.loop = t->loop, .source = source, .changed = on_change, .ctx = t};
	t->child = (struct child){.loop = t->loop, .said = on_said, .ctx = t};
	t->signals.fd = -1;
	r = t->loop ? watch(t) : -ENOMEM;
	if (r == 0)
		r = show(t);
	child_release(&t->child);
	calls_close(&t->calls);
	if (t->signals.fd >= 0)
		close(t->signals.fd);
	loop_free(t->loop);
	grid_free(&t->grid);
	r = r < 0 ? r : t->result;
	free(t);
	return r;
}
