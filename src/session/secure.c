/* SPDX-License-Identifier: MIT */
#include "session/secure.h"

#include "base/address.h"
#include "base/str.h"
#include "session/internal.h"
#include "tunnel/half_open.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEEP_MS	     20000 /* RFC 3948 section 4: what a NAT on the way forgets last */
#define IKE_PORT     500
#define READS	     16 /* messages of port 500 at a time */
#define IKE_SIZE_MAX 4096
#define MARKER	     4 /* before IKE on port 4500 */
/* Messages of a phase 1 that is another call's: so many at once, then one each so many ms. */
#define STRAYS_BURST 16
#define STRAYS_MS    1000

/* Callbacks of the engine */

static void on_send(void *ctx, enum ipsec_port port, const uint8_t *octets, size_t len)
{
	struct session *s = ctx;

	/* What is lost is repeated by the engine. */
	if (port == IPSEC_PORT_NAT)
		(void)path_send_ike(s->path, octets, len);
	else
		(void)send(s->control_fd, octets, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void keep_alive(void *ctx)
{
	struct session *s = ctx;

	if (s->closing || s->secure.closed)
		return;
	path_send_keepalive(s->path);
	loop_timer_set(s->loop, &s->secure.keep_timer, loop_now(s->loop) + KEEP_MS);
}

/* Octet by octet: what lies between the fields shall not hold what this process had there. */
static void export_keys(struct session *s, const struct ipsec_ike_key *ike,
			const struct esp_keys *esp)
{
	struct request_keys body;

	if (!s->start.export_keys)
		return;
	memset(&body, 0, sizeof body);
	body.of_ike = ike != NULL;
	if (ike)
		body.ike = *ike;
	if (esp)
		body.esp = *esp;
	(void)request_send(&s->channel, REQUEST_KEYS, &body, NULL, 0);
	wipe(&body, sizeof body);
}

static void on_keys(struct session *s, const struct ipsec_event *event)
{
	struct ipsec_status status;
	struct reason r = {0};
	int rc = event->kind == IPSEC_EVENT_RECEIVE ? path_esp_receive(s->path, event->keys)
						    : path_esp_send(s->path, event->keys);

	if (event->kind == IPSEC_EVENT_SEND) {
		s->secure.sizes = esp_sizes(&event->keys->suite);
		s->secure.resized = s->network_up; /* another suite may leave less room */
	}
	ipsec_status(s->secure.ike, &status);
	path_esp_inner_port(s->path, status.inner_port);
	if (rc == 0)
		return;
	reason_set(&r, EXIT_FATAL, "no ESP with these keys: %s", strerror(-rc));
	s->secure.closed = true;
	reason_set(&s->reason, r.code, "%s", r.text);
}

static void on_up(struct session *s)
{
	s->secure.up = true;
	if (s->start.role == ROLE_ANSWERER)
		(void)request_send(&s->channel, REQUEST_SECURED, NULL, NULL, 0);
	session_tell_state(s, CONTROL_STATE_CALLING, "IPsec is up");
	s->secure.keep_timer = (struct loop_timer){DEADLINE_NONE, keep_alive, s, NULL, NULL};
	loop_timer_set(s->loop, &s->secure.keep_timer, loop_now(s->loop) + KEEP_MS);
}

static void on_event(void *ctx, const struct ipsec_event *event)
{
	struct session *s = ctx;

	switch (event->kind) {
	case IPSEC_EVENT_PROGRESS:
		log_info(s->log, "%s", event->text);
		if (!s->secure.up)
			session_tell_state(s, CONTROL_STATE_SECURING, event->text);
		break;
	case IPSEC_EVENT_IKE_KEY:
		export_keys(s, event->ike_key, NULL);
		break;
	case IPSEC_EVENT_RECEIVE:
	case IPSEC_EVENT_SEND:
		export_keys(s, NULL, event->keys);
		on_keys(s, event);
		break;
	case IPSEC_EVENT_UP:
		on_up(s);
		break;
	case IPSEC_EVENT_FORGET:
		path_esp_forget(s->path, event->spi);
		break;
	case IPSEC_EVENT_CLOSED:
		s->secure.closed = true;
		if (!s->closing)
			s->weight = event->weight;
		reason_set(&s->reason, event->reason->code, "%s", event->reason->text);
		break;
	}
}

bool secure_make(struct session *s)
{
	const struct ipsec_callbacks callbacks = {on_send, on_event, s};
	struct ipsec_config *config;

	if (s->start.ipsec.use != IPSEC_USE_YES)
		return true;
	config = calloc(1, sizeof *config);
	if (!config)
		return false;
	config->role = (enum call_role)s->start.role;
	config->local = s->start.own;
	config->peer = s->start.peer;
	if (config->role == ROLE_CALLER)
		address_set_port(&config->peer, IKE_PORT);
	config->spi_half = s->start.spi_half;
	str_copy(config->server, sizeof config->server, s->start.server);
	config->settings = s->start.ipsec;
	config->inner_port = s->start.inner_port;
	/* The answerer's server gives the whole call no longer: IPsec says before that what it
	 * lacks. */
	config->setup_limit_ms = config->role == ROLE_CALLER ? s->start.setup_limit_ms
							     : s->start.setup_limit_ms / 3 * 2;
	config->silence_limit_ms = s->start.silence_limit_ms;
	s->secure.ike = ipsec_new(config, &callbacks, &random_kernel, s->log);
	wipe(config, sizeof *config);
	free(config);
	return s->secure.ike != NULL;
}

void secure_free(struct session *s)
{
	ipsec_free(s->secure.ike);
	s->secure.ike = NULL;
	half_open_free(s->secure.door);
	s->secure.door = NULL;
}

/* Port 500 */

void secure_read(struct session *s)
{
	uint8_t octets[IKE_SIZE_MAX];
	ssize_t n = 1;

	for (unsigned i = 0; i < READS && n >= 0 && !s->secure.closed; i++) {
		n = recv(s->control_fd, octets, sizeof octets, MSG_DONTWAIT);
		if (n > 0)
			ipsec_input(s->secure.ike, IPSEC_PORT_IKE, octets, (size_t)n,
				    loop_now(s->loop));
		else if (n < 0 && errno != EAGAIN && errno != EINTR)
			ipsec_lost(s->secure.ike, IPSEC_PORT_IKE, errno, loop_now(s->loop));
	}
}

void secure_begin(struct session *s)
{
	session_tell_state(s, CONTROL_STATE_SECURING, "agreeing on keys");
	ipsec_start(s->secure.ike, loop_now(s->loop));
	if (s->start.role == ROLE_ANSWERER)
		ipsec_adopt(s->secure.ike, &s->start.phase, loop_now(s->loop));
}

/* The answerer's L2TP.  Where it came from is proved already; the exchange is that of every tunnel.
 */

void secure_open_door(struct session *s)
{
	struct half_open_config config = {.secret = s->secure.tunnel_secret};

	/* A message 1 on port 500 is a new call from now on, which the reader takes. */
	loop_fd_del(s->loop, &s->control_handle);
	close(s->control_fd);
	s->control_fd = -1;
	str_copy(config.host_name, sizeof config.host_name, s->start.host_name);
	s->secure.door = half_open_new(&config, &random_kernel, s->log);
	wipe(&config, sizeof config);
	secret_wipe(&s->secure.tunnel_secret);
	if (s->secure.door)
		return;
	s->secure.closed = true;
	reason_set(&s->reason, EXIT_FATAL, "out of memory");
}

void secure_door_input(struct session *s, const uint8_t *octets, size_t len)
{
	static const struct half_open_key from; /* there is but one */
	struct half_open_result result;

	half_open_input(s->secure.door, &from, octets, len, loop_now(s->loop), &result);
	if (result.answer_len)
		(void)path_send_tunnel(s->path, result.answer, result.answer_len);
	if (reason_is_set(&result.refused))
		log_notice(s->log, "%s", result.refused.text);
	if (result.verdict != HALF_OPEN_PROVED)
		return;
	half_open_free(s->secure.door);
	s->secure.door = NULL;
	s->control_connected = true;
	tunnel_adopt(s->tunnel, &result.tunnel, loop_now(s->loop));
}

/* From another place than the sockets are connected to.  Before ESP is up the server has followed
 * it; later only what nobody can have forged moves the call. */
void secure_early(struct session *s, const struct request_datagram *d)
{
	if (d->len > sizeof d->octets || s->secure.closed)
		return;
	if (address_port(&d->place.own) == IKE_PORT)
		ipsec_input(s->secure.ike, IPSEC_PORT_IKE, d->octets, d->len, loop_now(s->loop));
	else if (path_esp_take_stray(s->path, d->octets, d->len, loop_now(s->loop)))
		(void)request_send(&s->channel, REQUEST_MOVED, &d->place, NULL, 0);
}

/* In place: data path and thread know its number. */
void secure_change_wire(struct session *s, int fd)
{
	uint32_t events = s->wire_held ? 0u : EPOLLIN;

	loop_fd_del(s->loop, &s->wire_handle);
	if (dup3(fd, s->wire_fd, O_CLOEXEC) < 0 ||
	    loop_fd_add(s->loop, &s->wire_handle, events) < 0) {
		s->secure.closed = true;
		reason_set(&s->reason, EXIT_FATAL, "the new socket could not be used");
	}
	close(fd);
}

void secure_close(struct session *s)
{
	if (s->secure.ike && !s->secure.closed)
		ipsec_close(s->secure.ike, &s->reason, loop_now(s->loop));
}

/* Port 4500 */

/* Of a phase 1 that the server's reader let in, from where this call's client is. */
static void hand_back(struct session *s, const uint8_t *octets, size_t len)
{
	struct request_datagram m;

	if (len > sizeof m.octets - MARKER ||
	    !allowance_take(&s->secure.strays, STRAYS_BURST, STRAYS_MS, loop_now(s->loop)))
		return;
	memset(&m, 0, sizeof m);
	m.len = (uint16_t)(MARKER + len);
	memcpy(m.octets + MARKER, octets, len);
	(void)request_send(&s->channel, REQUEST_STRAY, &m, NULL, 0);
}

void secure_input(void *ctx, const uint8_t *octets, size_t len)
{
	struct session *s = ctx;

	if (s->secure.up && s->start.role == ROLE_ANSWERER &&
	    !ipsec_is_concerned(s->secure.ike, octets, len))
		hand_back(s, octets, len);
	else if (s->secure.ike && !s->secure.closed)
		ipsec_input(s->secure.ike, IPSEC_PORT_NAT, octets, len, loop_now(s->loop));
}

void secure_lost(struct session *s, int error)
{
	if (!s->secure.closed)
		ipsec_lost(s->secure.ike, IPSEC_PORT_NAT, error, loop_now(s->loop));
}

uint64_t secure_deadline(const struct session *s)
{
	return s->secure.ike && !s->secure.closed ? ipsec_deadline(s->secure.ike) : DEADLINE_NONE;
}

void secure_tick(struct session *s, uint64_t now_ms)
{
	if (!s->secure.ike || s->secure.closed)
		return;
	ipsec_heard(s->secure.ike, path_esp_heard_ms(s->path));
	ipsec_sent_sequence(s->secure.ike, path_esp_newest(s->path));
	ipsec_tick(s->secure.ike, now_ms);
}

/* For the status */

static void put_suite(struct str *out, const struct ipsec_suite *suite)
{
	char text[IPSEC_SUITE_TEXT];

	str_printf(out, "%s", ipsec_suite_text(suite, text, sizeof text));
}

uint32_t secure_rekeys(const struct session *s)
{
	struct ipsec_status st = {0};

	if (s->secure.ike)
		ipsec_status(s->secure.ike, &st);
	return st.rekeys;
}

char *secure_text(const struct session *s, char *buf, size_t cap)
{
	struct ipsec_status st;
	struct str out = str_make(buf, cap);
	uint64_t now = loop_now(s->loop);
	char left[32];

	if (!s->secure.ike || s->secure.closed)
		return buf;
	ipsec_status(s->secure.ike, &st);
	if (!st.up)
		return buf;
	put_suite(&out, &st.esp);
	str_printf(&out, " (IKE ");
	put_suite(&out, &st.ike);
	str_printf(&out, "), NAT-T");
	if (st.rekey_at_ms > now && st.rekey_at_ms != DEADLINE_NONE)
		str_printf(&out, ", rekey in %s",
			   duration_format(left, sizeof left, (st.rekey_at_ms - now) / 1000));
	return buf;
}
