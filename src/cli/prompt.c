/* SPDX-License-Identifier: MIT */
/* The question for a secret on /dev/tty. */
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

/* The line that asks, for the terminal. */
static void put_question(struct str *out, const struct conf_profile *profile,
			 enum conf_secret_kind kind)
{
	char name[CONF_USER_MAX];

	if (kind == CONF_IPSEC_SECRET) {
		str_printf(out, "IPsec secret (pre-shared key) of %s: ", profile->connect_to);
		return;
	}
	(void)str_copy(name, sizeof(name), profile->user);
	str_blank(name);
	str_printf(out, "Password for %s at %s: ", name, profile->connect_to);
}

int prompt_secret(const struct conf_profile *profile, enum conf_secret_kind kind,
		  struct secret *secret, char *error, size_t cap)
{
	const char *key = conf_secret_key(kind);
	char text[CONF_USER_MAX + CONF_HOST_MAX + 64];
	struct str s = str_make(text, sizeof(text)), e = str_make(error, cap);
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY), r;

	if (tty < 0) {
		str_printf(&e,
			   "no %s in the profile and no terminal to ask on; write %s, %s-file or "
			   "%s-command into the profile",
			   key, key, key, key);
		return -ENOTTY;
	}
	put_question(&s, profile, kind);
	r = ask(tty, &s, secret);
	close(tty);
	if (r == -EINTR)
		str_printf(&e, "no %s given", key);
	else if (r == -E2BIG)
		str_printf(&e, "the %s is longer than %d octets", key, SECRET_MAX);
	else if (r < 0)
		str_printf(&e, "asking for the %s: %s", key, strerror(-r));
	return r;
}
