/* SPDX-License-Identifier: MIT */
/* Records of calls. */
#include "server/ledger.h"

#include "base/address.h"
#include "base/str.h"
#include "server/ledger_file.h"
#include "server/serving.h"

#include <arpa/inet.h>
#include <string.h>

/* Acct-Terminate-Cause (RFC 2866 section 5.10). */
enum cause {
	CAUSE_USER_REQUEST = 1,
	CAUSE_LOST_CARRIER = 2,
	CAUSE_IDLE_TIMEOUT = 4,
	CAUSE_SESSION_TIMEOUT = 5,
	CAUSE_ADMIN_RESET = 6,
	CAUSE_ADMIN_REBOOT = 7,
	CAUSE_NAS_ERROR = 9,
	CAUSE_NAS_REQUEST = 10,
};

static const struct word cause_words[] = {
	{"user-request", CAUSE_USER_REQUEST, false},
	{"lost-carrier", CAUSE_LOST_CARRIER, false},
	{"idle-timeout", CAUSE_IDLE_TIMEOUT, false},
	{"session-timeout", CAUSE_SESSION_TIMEOUT, false},
	{"admin-reset", CAUSE_ADMIN_RESET, false},
	{"admin-reboot", CAUSE_ADMIN_REBOOT, false},
	{"nas-error", CAUSE_NAS_ERROR, false},
	{"nas-request", CAUSE_NAS_REQUEST, false},
	{NULL, 0, false},
};

static enum cause cause_of(const struct call *c, enum exit_status code)
{
	switch (code) {
	case EXIT_OK:
		return c->server->stopping ? CAUSE_ADMIN_REBOOT : CAUSE_ADMIN_RESET;
	case EXIT_IDLE_TIMEOUT:
		return CAUSE_IDLE_TIMEOUT;
	case EXIT_CONNECT_TIME:
		return CAUSE_SESSION_TIMEOUT;
	case EXIT_PEER_DEAD:
		return CAUSE_LOST_CARRIER;
	case EXIT_FATAL:
		return CAUSE_NAS_ERROR;
	case EXIT_HANGUP:
		return c->ending ? CAUSE_NAS_REQUEST : CAUSE_USER_REQUEST;
	default:
		return CAUSE_NAS_REQUEST;
	}
}

/* A session that has not said its last counters is dead: the kernel's are a little larger, as they
 * count what was lost on its way through the session. */
static struct host_counters count(const struct call *c, bool told)
{
	const struct counters *k = &c->stats.counters;
	struct host_counters found = {k->rx_packets, k->rx_bytes, k->tx_packets, k->tx_bytes};
	struct host_counters kernel;

	if (!told && c->host && host_tun_counters(c->host, &c->tun, &kernel) == 0)
		found = kernel;
	return found;
}

static uint32_t seconds_of(const struct call *c)
{
	return (uint32_t)((loop_now(c->server->loop) - c->up_since_ms + 500) / 1000);
}

static void fill_record(const struct call *c, enum radius_status status,
			const struct host_counters *n, struct radius_record *r)
{
	memset(r, 0, sizeof *r);
	r->status = status;
	r->day_ms = clock_day_ms();
	aaa_fill_caller(c, &r->caller);
	r->local = c->secret >= 0;
	r->address = c->network.remote;
	r->session_s = seconds_of(c);
	r->rx_octets = n->rx_bytes;
	r->tx_octets = n->tx_bytes;
	r->rx_packets = n->rx_packets;
	r->tx_packets = n->tx_packets;
	if (c->grant) {
		r->class_count = c->grant->class_count < RADIUS_CLASSES_MAX ? c->grant->class_count
									    : RADIUS_CLASSES_MAX;
		memcpy(r->classes, c->grant->classes, sizeof r->classes);
	}
}

/* --- RADIUS --- */

static void tell(struct server *s, enum radius_status status)
{
	struct radius_record r = {.status = status, .day_ms = clock_day_ms()};

	if (!aaa_accounts(s))
		return;
	aaa_name(&s->aaa, r.caller.session_id);
	queue_add(s, &r, status == RADIUS_ON ? QUEUE_MEMORY : QUEUE_ONCE);
}

void ledger_on(struct server *s)
{
	tell(s, RADIUS_ON);
}

void ledger_off(struct server *s)
{
	tell(s, RADIUS_OFF);
}

static uint32_t interval_of(const struct call *c)
{
	if (!aaa_accounts(c->server))
		return 0;
	return c->grant && c->grant->interim_s ? c->grant->interim_s
					       : c->server->conf.aaa.interim_update;
}

static void set_interim(struct call *c)
{
	uint64_t interval = interval_of(c);

	if (interval)
		loop_timer_set(c->server->loop, &c->interim_timer,
			       loop_now(c->server->loop) + interval * 1000);
}

static void on_interim(void *ctx)
{
	struct call *c = ctx;

	c->interim_due = true;
	(void)request_send(&c->session.channel, REQUEST_GET_STATS, NULL, NULL, 0);
	set_interim(c);
}

void ledger_prepare(struct call *c)
{
	c->interim_timer = (struct loop_timer){DEADLINE_NONE, on_interim, c, NULL, NULL};
}

void ledger_counted(struct call *c)
{
	const struct host_counters n = count(c, true);
	struct radius_record r;

	if (!c->interim_due || !c->open)
		return;
	c->interim_due = false;
	fill_record(c, RADIUS_INTERIM, &n, &r);
	queue_add(c->server, &r, QUEUE_ONCE);
}

/* --- the file --- */

static void fill_entry(const struct call *c, const struct radius_record *r, struct ledger_entry *e)
{
	*e = (struct ledger_entry){
		.record = r,
		.user = call_secret(c)->name,
		.type = word_of(protocol_words, c->type),
		.ifname = c->tun.ifname,
		.auth = c->network.auth_method,
		.local = c->network.local,
	};
}

static void write_down(struct call *c, const struct ledger_entry *e)
{
	struct ledger *l = &c->server->ledger;
	int rc = c->server->conf.aaa.accounting_log ? ledger_write(e) : 0;

	if (rc == 0)
		return;
	l->lost++;
	if (log_limit_allow(&l->limit, loop_now(c->server->loop), NULL))
		log_error(&c->server->log, "accounting-log: a record is lost (%llu so far): %s",
			  (unsigned long long)l->lost, strerror(-rc));
}

void ledger_started(struct call *c)
{
	const struct host_counters none = {0};
	struct radius_record r;
	struct ledger_entry e;

	fill_record(c, RADIUS_START, &none, &r);
	if (aaa_accounts(c->server))
		queue_add(c->server, &r, QUEUE_FILE);
	fill_entry(c, &r, &e);
	write_down(c, &e);
	set_interim(c);
}

void ledger_ended(struct call *c, const struct reason *reason)
{
	const struct host_counters n = count(c, c->session.ended);
	struct radius_record r;
	struct ledger_entry e;
	char up[32];

	fill_record(c, RADIUS_STOP, &n, &r);
	r.cause = cause_of(c, reason->code);
	log_notice(&c->log,
		   "%s disconnected: %s (up %s, received %llu octets in %llu packets, sent %llu in "
		   "%llu)",
		   call_secret(c)->name, reason->text, duration_format(up, sizeof up, r.session_s),
		   (unsigned long long)n.rx_bytes, (unsigned long long)n.rx_packets,
		   (unsigned long long)n.tx_bytes, (unsigned long long)n.tx_packets);
	if (aaa_accounts(c->server))
		queue_add(c->server, &r, QUEUE_FILE);
	fill_entry(c, &r, &e);
	e.cause = word_of(cause_words, r.cause);
	e.reason = reason->text;
	write_down(c, &e);
}
