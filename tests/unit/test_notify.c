/* SPDX-License-Identifier: MIT */
/* The service manager's protocol, heard on a real datagram socket. */
#include "privsep/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct manager {
	int fd;
	char dir[32], name[64], text[1024];
};

/* NAME is what $NOTIFY_SOCKET says; "" = a path of its own. */
static void listen_as(struct manager *m, const char *name)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	socklen_t len = sizeof a;

	strcpy(m->dir, "/tmp/notify.XXXXXX");
	assert_non_null(mkdtemp(m->dir));
	if (*name)
		(void)snprintf(m->name, sizeof m->name, "%s-%u", name, (unsigned)getpid());
	else
		(void)snprintf(m->name, sizeof m->name, "%s/sock", m->dir);
	memcpy(a.sun_path, m->name, strlen(m->name));
	if (a.sun_path[0] == '@') {
		a.sun_path[0] = '\0';
		len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(m->name));
	}
	m->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_true(m->fd >= 0);
	assert_int_equal(bind(m->fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", m->name, 1), 0);
}

static void end_listening(struct manager *m)
{
	close(m->fd);
	(void)unlink(m->name);
	(void)rmdir(m->dir);
}

/* The next datagram, "" if there is none. */
static const char *heard(struct manager *m)
{
	ssize_t n = recv(m->fd, m->text, sizeof m->text - 1, 0);

	m->text[n > 0 ? n : 0] = '\0';
	return m->text;
}

static void says_each_thing_once(struct manager *m)
{
	struct notify n;
	unsigned long long us;

	notify_open(&n);
	assert_null(getenv("NOTIFY_SOCKET"));
	notify_reloading(&n);
	assert_string_equal(heard(m), ""); /* the start is not over */
	notify_status(&n, "dialing");
	assert_string_equal(heard(m), "STATUS=dialing\n");
	notify_ready(&n);
	assert_string_equal(heard(m), "READY=1\n");
	notify_ready(&n);
	assert_string_equal(heard(m), "");
	notify_reloading(&n);
	assert_int_equal(sscanf(heard(m), "RELOADING=1\nMONOTONIC_USEC=%llu\n", &us), 1);
	assert_true(us > 0);
	notify_ready(&n);
	assert_string_equal(heard(m), "READY=1\n");
	notify_stopping(&n);
	assert_string_equal(heard(m), "STOPPING=1\n");
	notify_stopping(&n);
	notify_ready(&n);
	notify_reloading(&n);
	assert_string_equal(heard(m), "");
	notify_close(&n);
}

static void speaks_to_a_path(void **state)
{
	struct manager m;

	(void)state;
	listen_as(&m, "");
	says_each_thing_once(&m);
	end_listening(&m);
}

static void speaks_to_an_abstract_name(void **state)
{
	struct manager m;

	(void)state;
	listen_as(&m, "@vpdial-test");
	says_each_thing_once(&m);
	end_listening(&m);
}

static void status_is_one_bounded_line(void **state)
{
	char longest[2000];
	struct manager m;
	struct notify n;

	(void)state;
	listen_as(&m, "");
	notify_open(&n);
	notify_status(&n, "a\nREADY=1\033[m");
	assert_string_equal(heard(&m), "STATUS=a?READY=1?[m\n");
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	notify_status(&n, longest);
	assert_int_equal(strlen(heard(&m)), 511);
	assert_int_equal(m.text[510], '\n');
	notify_close(&n);
	end_listening(&m);
}

static void nobody_listens(void **state)
{
	static const char *const names[] = {NULL, "", "/", "@", "relative", "vsock:2:1", ""};
	char longest[300];
	struct notify n;

	(void)state;
	memset(longest, '/', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (names[i])
			setenv("NOTIFY_SOCKET", i == 6 ? longest : names[i], 1);
		notify_open(&n);
		assert_int_equal(n.fd, -1);
		assert_null(getenv("NOTIFY_SOCKET"));
		notify_ready(&n);
		notify_status(&n, "x");
		notify_stopping(&n);
		notify_close(&n);
	}
}

static void a_manager_that_does_not_read_holds_up_nothing(void **state)
{
	struct manager m;
	struct notify n;

	(void)state;
	listen_as(&m, "");
	notify_open(&n);
	for (int i = 0; i < 5000; i++)
		notify_status(&n, "again");
	assert_string_equal(heard(&m), "STATUS=again\n");
	notify_close(&n);
	end_listening(&m);
	notify_status(&n, "gone");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(speaks_to_a_path),
		cmocka_unit_test(speaks_to_an_abstract_name),
		cmocka_unit_test(status_is_one_bounded_line),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(a_manager_that_does_not_read_holds_up_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
