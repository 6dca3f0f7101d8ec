/* SPDX-License-Identifier: MIT */
/* Name look-up in a child process: getaddrinfo blocks, and what it parses comes from the network.
 * The child has no privilege, secret or descriptor of its parent's left; its answer is an error
 * code and addresses of fixed size. */
#include "connection/dial.h"
#include "connection/profile.h"

#include "base/address.h"
#include "base/capabilities.h"
#include "base/child.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_FD 3

static void give_up_privileges(void)
{
	if (geteuid() == 0 &&
	    (setgroups(0, NULL) < 0 ||
	     setresgid(VPDIAL_SANDBOX_GID, VPDIAL_SANDBOX_GID, VPDIAL_SANDBOX_GID) < 0 ||
	     setresuid(VPDIAL_SANDBOX_UID, VPDIAL_SANDBOX_UID, VPDIAL_SANDBOX_UID) < 0))
		_exit(1);
	/* An ordinary user has his by the program's file or by inheritance. */
	if (capabilities_drop_all() < 0)
		_exit(1);
}

static void look_up(const struct supervisor *s)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
	struct resolver_answer a;
	size_t count = 0;

	memset(&a, 0, sizeof a);
	hints.ai_family = s->profile.type == PROTOCOL_PPTP ? AF_INET : AF_UNSPEC;
	a.error = getaddrinfo(s->profile.connect_to, NULL, &hints, &list);
	for (struct addrinfo *i = a.error ? NULL : list; i && count < ADDRESSES_MAX; i = i->ai_next)
		if (i->ai_addrlen <= sizeof a.addresses[0])
			memcpy(&a.addresses[count++], i->ai_addr, i->ai_addrlen);
	a.count = (uint32_t)count;
	if (write(ANSWER_FD, &a, sizeof a) < 0)
		_exit(1);
	_exit(0);
}

static void on_answer(void *ctx, uint32_t events)
{
	struct supervisor *s = ctx;
	struct resolver *r = &s->resolver;
	uint8_t *octets = (uint8_t *)&r->answer;
	ssize_t n = read(r->handle.fd, octets + r->answer_len, sizeof r->answer - r->answer_len);
	bool whole;

	(void)events;
	if (n > 0) {
		r->answer_len += (size_t)n;
		if (r->answer_len < sizeof r->answer)
			return;
	}
	resolver_stop(s);
	whole = r->answer_len == sizeof r->answer && r->answer.count <= ADDRESSES_MAX;
	s->dialer.address_count = whole && !r->answer.error ? r->answer.count : 0;
	memcpy(s->dialer.addresses, r->answer.addresses, sizeof s->dialer.addresses);
	dial_looked_up(s, !whole		    ? "the look-up failed"
			  : r->answer.error	    ? gai_strerror(r->answer.error)
			  : s->dialer.address_count ? NULL
						    : "it has no address of the wanted family");
}

int resolver_start(struct supervisor *s)
{
	/* Terminal, journal, TUN device and sockets are the parent's; the journal's lock would
	 * outlast it, too.  What ends us by a signal ends it when we say so. */
	struct child_setup setup = {.fds = {-1, -1, -1, [ANSWER_FD] = -1},
				    .fd_count = ANSWER_FD + 1,
				    .signals = CHILD_SIGNALS_IGNORED};
	struct resolver *r = &s->resolver;
	int pipe_fds[2];

	s->dialer.address_at = 0;
	if (address_parse(&s->dialer.addresses[0],
			  s->profile.type == PROTOCOL_L2TP ? AF_UNSPEC : AF_INET,
			  s->profile.connect_to)) {
		s->dialer.address_count = 1;
		return 1;
	}
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return -errno;
	setup.fds[ANSWER_FD] = pipe_fds[1];
	r->pid = child_fork(&setup);
	if (r->pid < 0) {
		int rc = r->pid;

		close(pipe_fds[0]);
		close(pipe_fds[1]);
		r->pid = 0;
		return rc;
	}
	if (r->pid == 0) {
		profile_forget(s);
		give_up_privileges();
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a change of identity would clear it */
		look_up(s);
	}
	close(pipe_fds[1]);
	r->answer_len = 0;
	r->handle = (struct loop_fd){.fd = pipe_fds[0], .ready = on_answer, .ctx = s};
	return loop_fd_add(s->loop, &r->handle, EPOLLIN);
}

void resolver_stop(struct supervisor *s)
{
	struct resolver *r = &s->resolver;

	if (!r->pid)
		return;
	loop_fd_del(s->loop, &r->handle);
	close(r->handle.fd);
	kill(r->pid, SIGKILL);
	waitpid(r->pid, NULL, 0);
	r->pid = 0;
}
