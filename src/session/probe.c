/* SPDX-License-Identifier: MIT */
#include "session/probe.h"

#include "session/internal.h"

#include <errno.h>
#include <sys/socket.h>

#define PROBE_MS 2500 /* L2TP has repeated itself by then */
#define READS	 8

static void on_ready(void *ctx, uint32_t events)
{
	struct session *s = ctx;
	uint8_t octets[IPSEC_PROBE_MAX];
	ssize_t n = 0;

	(void)events;
	for (unsigned i = 0; i < READS && n >= 0; i++) {
		n = recv(s->control_fd, octets, sizeof octets, MSG_DONTWAIT);
		if (n > 0 && ipsec_probe_is_answer(&s->probe.message, octets, (size_t)n))
			s->probe.answered = true;
	}
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		loop_fd_del(s->loop, &s->control_handle); /* nobody is there */
}

static void ask(void *ctx)
{
	struct session *s = ctx;

	if (s->closing || tunnel_counters(s->tunnel)->rx_messages)
		return;
	ipsec_probe_make(&s->probe.message, &random_kernel);
	s->control_handle = (struct loop_fd){.fd = s->control_fd, .ready = on_ready, .ctx = s};
	if (loop_fd_add(s->loop, &s->control_handle, EPOLLIN) == 0)
		(void)send(s->control_fd, s->probe.message.octets, s->probe.message.len,
			   MSG_DONTWAIT | MSG_NOSIGNAL);
}

void probe_begin(struct session *s)
{
	if (s->control_fd < 0)
		return;
	s->probe.timer = (struct loop_timer){DEADLINE_NONE, ask, s, NULL, NULL};
	loop_timer_set(s->loop, &s->probe.timer, loop_now(s->loop) + PROBE_MS);
}

const char *probe_finding(const struct session *s)
{
	return s->probe.answered ? "; the server speaks IKE: add use-ipsec = yes and ipsec-secret"
				 : "";
}
