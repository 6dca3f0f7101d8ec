/* SPDX-License-Identifier: MIT */
/* The password prompt on /dev/tty. */
#include "cli/prompt.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* Reads a line into PASSWORD; the terminal's line editing is on, so a line comes whole.  WAITING is
 * the signal mask while it is waited for: whatever comes before ends it too. */
static int read_line(int tty, struct secret *password, const sigset_t *waiting)
{
	struct pollfd typed = {.fd = tty, .events = POLLIN};
	uint8_t buf[SECRET_MAX + 1];
	size_t len = 0;
	int r = 0;

	for (;;) {
		ssize_t n = ppoll(&typed, 1, NULL, waiting) < 0
				    ? -1
				    : read(tty, buf + len, sizeof(buf) - len);

		if (n <= 0) {
			r = n < 0 ? -errno : len ? 0 : -EINTR; /* end of input: given up */
			break;
		}
		len += (size_t)n;
		if (buf[len - 1] == '\n') {
			len--;
			break;
		}
		if (len == sizeof(buf)) {
			r = -E2BIG;
			break;
		}
	}
	if (r == 0 && !secret_set(password, buf, len))
		r = -E2BIG;
	wipe(buf, sizeof(buf));
	return r;
}

static void on_interrupt(int number)
{
	(void)number; /* only so that the wait ends with EINTR and echo is put back */
}

/* What ends the question; to stop in the middle of it would leave the terminal without echo. */
static const struct {
	int number;
	void (*handler)(int number);
} signals[] = {{SIGINT, on_interrupt},
	       {SIGQUIT, on_interrupt},
	       {SIGTERM, on_interrupt},
	       {SIGHUP, on_interrupt},
	       {SIGTSTP, SIG_IGN}};

#define SIGNALS (sizeof(signals) / sizeof(signals[0]))

/* Echo is off before the question is seen: an answer given at once is neither shown nor lost. */
static int ask(int tty, const struct str *question, struct secret *password)
{
	struct sigaction before[SIGNALS];
	sigset_t blocked, mask, waiting;
	struct termios old, quiet;
	int r;

	if (tcgetattr(tty, &old) < 0)
		return -errno;
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ECHONL;
	sigemptyset(&blocked);
	for (size_t i = 0; i < SIGNALS; i++)
		sigaddset(&blocked, signals[i].number);
	(void)sigprocmask(SIG_BLOCK, &blocked, &mask);
	waiting = mask;
	for (size_t i = 0; i < SIGNALS; i++) {
		const struct sigaction action = {.sa_handler = signals[i].handler};

		sigdelset(&waiting, signals[i].number);
		(void)sigaction(signals[i].number, &action, &before[i]);
	}
	if (tcsetattr(tty, TCSAFLUSH, &quiet) < 0)
		r = -errno;
	else {
		r = write(tty, question->text, question->len) < 0
			    ? -errno
			    : read_line(tty, password, &waiting);
		(void)tcsetattr(tty, TCSAFLUSH, &old);
	}
	for (size_t i = 0; i < SIGNALS; i++)
		(void)sigaction(signals[i].number, &before[i], NULL);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	return r;
}

int prompt_password(const char *user, const char *server, struct secret *password, char *error,
		    size_t cap)
{
	char text[600], name[256];
	struct str s = str_make(text, sizeof(text)), e = str_make(error, cap);
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY), r;

	if (tty < 0) {
		str_printf(&e, "no password in the profile and no terminal to ask on; write "
			       "password, password-file or password-command into the profile");
		return -ENOTTY;
	}
	(void)str_copy(name, sizeof(name), user);
	str_blank(name);
	str_printf(&s, "Password for %s at %s: ", name, server);
	r = ask(tty, &s, password);
	close(tty);
	if (r == -EINTR)
		str_printf(&e, "no password given");
	else if (r == -E2BIG)
		str_printf(&e, "the password is longer than %d octets", SECRET_MAX);
	else if (r < 0)
		str_printf(&e, "asking for the password: %s", strerror(-r));
	return r;
}
