/* SPDX-License-Identifier: MIT */
/* `vpdial connect` and `vpdial disconnect`, run beside the monitor; what they say becomes events.
 */
#ifndef VPDIAL_TUI_CHILD_H
#define VPDIAL_TUI_CHILD_H

#include "loop/loop.h"
#include "tui/tui.h"

#include <sys/types.h>

#define CHILD_NAME_MAX 64

struct child {
	pid_t pid; /* 0 = none runs */
	struct loop *loop;
	struct loop_fd output;
	char name[CHILD_NAME_MAX], line[512];
	size_t line_len;
	bool begun; /* it has said something: whatever it asked is answered */
	void (*said)(void *ctx, const char *name, bool error, const char *text);
	void *ctx;
};

/* Starts `vpdial COMMAND NAME` with its output in a pipe.  On the TERMINAL it may ask there, else
 * it has none.  0 or -errno. */
int child_start(struct child *c, const struct tui_source *source, const char *command,
		const char *name, bool terminal);

/* Reads what it says until it has begun or ended; SIGNAL_FD is a signalfd: SIGINT goes to the child
 * by itself, any other signal ends the child and is returned, else 0. */
int child_wait_begun(struct child *c, int signal_fd);

/* Hands its output over to the loop. */
void child_watch(struct child *c);

/* Lets go of a child: it runs on. */
void child_release(struct child *c);

#endif
