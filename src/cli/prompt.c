/* SPDX-License-Identifier: MIT */
/* The password prompt on /dev/tty. */
#include "cli/prompt.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* Reads a line into PASSWORD; the terminal's line editing is on, so a line comes whole. */
static int read_line(int tty, struct secret *password)
{
	uint8_t buf[SECRET_MAX + 1];
	size_t len = 0;
	int r = 0;

	for (;;) {
		ssize_t n = read(tty, buf + len, sizeof(buf) - len);

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
	(void)number; /* only so that read() ends with EINTR and echo is put back */
}

/* Echo is off before the question is seen: an answer given at once is neither shown nor lost. */
static int ask(int tty, const struct str *question, struct secret *password)
{
	struct sigaction interrupt = {.sa_handler = on_interrupt}, before;
	struct termios old, quiet;
	int r;

	if (tcgetattr(tty, &old) < 0)
		return -errno;
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ECHONL;
	(void)sigaction(SIGINT, &interrupt, &before);
	if (tcsetattr(tty, TCSAFLUSH, &quiet) < 0)
		r = -errno;
	else {
		r = write(tty, question->text, question->len) < 0 ? -errno
								  : read_line(tty, password);
		(void)tcsetattr(tty, TCSAFLUSH, &old);
	}
	(void)sigaction(SIGINT, &before, NULL);
	return r;
}

int prompt_password(const char *user, const char *server, struct secret *password, char *error,
		    size_t cap)
{
	char text[600];
	struct str s = str_make(text, sizeof(text)), e = str_make(error, cap);
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY), r;

	if (tty < 0) {
		str_printf(&e, "no password in the profile and no terminal to ask on; write "
			       "password, password-file or password-command into the profile");
		return -ENOTTY;
	}
	str_printf(&s, "Password for ");
	str_clean(&s, user, strlen(user), 200);
	str_printf(&s, " at %s: ", server);
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
