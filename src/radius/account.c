/* SPDX-License-Identifier: MIT */
/* What is said of a call's start, course and end. */
#include "radius/account.h"

#include "radius/ask.h"
#include "radius/sign.h"

#include <string.h>

enum { AUTHENTIC_RADIUS = 1, AUTHENTIC_LOCAL = 2 };

static void put_large(struct writer *w, uint8_t low, uint8_t high, uint64_t n)
{
	radius_put_number(w, low, (uint32_t)n);
	if (n >> 32)
		radius_put_number(w, high, (uint32_t)(n >> 32));
}

static void put_counters(struct writer *w, const struct radius_record *r)
{
	radius_put_number(w, RADIUS_AT_ACCT_SESSION_TIME, r->session_s);
	put_large(w, RADIUS_AT_ACCT_INPUT_OCTETS, RADIUS_AT_ACCT_INPUT_GIGAWORDS, r->rx_octets);
	put_large(w, RADIUS_AT_ACCT_OUTPUT_OCTETS, RADIUS_AT_ACCT_OUTPUT_GIGAWORDS, r->tx_octets);
	radius_put_number(w, RADIUS_AT_ACCT_INPUT_PACKETS, (uint32_t)r->rx_packets);
	radius_put_number(w, RADIUS_AT_ACCT_OUTPUT_PACKETS, (uint32_t)r->tx_packets);
}

static void put_call(struct writer *w, const struct radius_record *r)
{
	radius_put_number(w, RADIUS_AT_ACCT_AUTHENTIC,
			  r->local ? AUTHENTIC_LOCAL : AUTHENTIC_RADIUS);
	radius_put(w, RADIUS_AT_FRAMED_IP_ADDRESS, &r->address, sizeof r->address);
	for (uint32_t i = 0; i < r->class_count && i < RADIUS_CLASSES_MAX; i++)
		radius_put(w, RADIUS_AT_CLASS, r->classes[i].octets, r->classes[i].len);
	if (r->status == RADIUS_INTERIM || r->status == RADIUS_STOP)
		put_counters(w, r);
	if (r->status == RADIUS_STOP)
		radius_put_number(w, RADIUS_AT_ACCT_TERMINATE_CAUSE, r->cause);
}

size_t radius_account(const struct radius_server *server, const struct radius_record *record,
		      uint8_t id, uint64_t day_ms, uint8_t *packet)
{
	struct writer w = writer_make(packet, RADIUS_PACKET_MAX);
	uint64_t delay_s = day_ms > record->day_ms ? (day_ms - record->day_ms) / 1000 : 0;

	radius_begin(&w, RADIUS_ACCOUNTING_REQUEST, id);
	radius_put_number(&w, RADIUS_AT_ACCT_STATUS_TYPE, record->status);
	radius_put_caller(&w, server, &record->caller);
	radius_put_number(&w, RADIUS_AT_ACCT_DELAY_TIME, (uint32_t)delay_s);
	radius_put_number(&w, RADIUS_AT_EVENT_TIMESTAMP, (uint32_t)(record->day_ms / 1000));
	if (record->status <= RADIUS_INTERIM)
		put_call(&w, record);
	radius_end(&w);
	if (w.failed)
		return 0;
	radius_sign_accounting(&server->secret, packet, writer_len(&w));
	return writer_len(&w);
}
