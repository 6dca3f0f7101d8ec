/* SPDX-License-Identifier: MIT */
/* Records of the control sockets.  The first byte chooses which; the rest is the record as it
 * came, or changes (offset, octet) to a good one.  What is found valid is shown, as a client does.
 */
#include "fuzz.h"

#include "client/status.h"
#include "ipc/last.h"
#include "ipc/users.h"

static void change(void *record, size_t len, struct cursor *script)
{
	uint8_t *p = record;

	while (cursor_left(script) >= 3) {
		uint16_t at = fuzz_u16(script);

		p[at % len] = fuzz_u8(script);
	}
}

static void show(const struct control_status *status)
{
	static struct status_row rows[STATUS_ROWS_MAX];
	const struct status_counter *counters;
	size_t count = status_rows(status, rows), n;

	FUZZ_CHECK(count <= STATUS_ROWS_MAX);
	for (size_t i = 0; i < count; i++)
		FUZZ_CHECK(rows[i].label && memchr(rows[i].text, 0, sizeof rows[i].text));
	counters = status_counters(&n);
	for (size_t i = 0; i < n; i++)
		(void)status_counter_value(status, &counters[i]);
	FUZZ_CHECK(control_phase_text((enum control_phase)status->phase) &&
		   control_state_text((enum control_state)status->state));
	for (uint32_t i = 0; i < status->route_count; i++)
		FUZZ_CHECK(
			control_route_from_text((enum control_route_from)status->routes[i].from));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct control_status status;
	static struct control_events events;
	static struct control_last last;
	static struct users_row row;
	struct cursor script = cursor_make(data, len);
	uint8_t which = fuzz_u8(&script);
	size_t n;
	const uint8_t *rest;
	uint8_t *copy;

	switch (which == 255 ? 5 : which % 5) { /* kept inputs keep their meaning */
	case 0:
		status_terminated(&status, "office");
		status.state = CONTROL_STATE_UP;
		change(&status, sizeof status, &script);
		if (control_status_valid(&status, sizeof status))
			show(&status);
		break;
	case 1:
		memset(&row, 0, sizeof row);
		row.magic = USERS_MAGIC;
		row.version = USERS_VERSION;
		change(&row, sizeof row, &script);
		if (users_row_valid(&row, sizeof row))
			FUZZ_CHECK(memchr(row.user, 0, sizeof row.user) &&
				   memchr(row.local, 0, sizeof row.local) &&
				   memchr(row.encoding, 0, sizeof row.encoding));
		break;
	case 2:
	case 3:
		rest = fuzz_octets(&script, len, &n);
		copy = fuzz_copy(rest, n);
		(void)control_status_valid(copy, n);
		(void)control_events_valid(copy, n);
		(void)control_last_valid(copy, n);
		(void)users_row_valid(copy, n);
		if (users_request_valid(copy, n))
			FUZZ_CHECK(n == sizeof(struct users_request));
		free(copy);
		break;
	case 4:
		control_events_init(&events);
		for (unsigned i = 0; i < (which & 0x7fu); i++)
			control_events_add(&events, i, i % 4,
					   "connected to \xc3\xa4 \x1b[1m\xc2\x9b");
		FUZZ_CHECK(control_events_valid(&events, sizeof events));
		change(&events, sizeof events, &script);
		if (!control_events_valid(&events, sizeof events))
			break;
		for (size_t i = 0; i < control_events_kept(&events); i++) {
			const struct control_event *e = control_events_at(&events, i);

			FUZZ_CHECK(e->level <= 4 && memchr(e->text, 0, sizeof e->text));
		}
		break;
	case 5:
		control_last_init(&last);
		control_events_add(&last.events, 1, 1, "an event");
		change(&last, sizeof last, &script);
		if (control_last_valid(&last, sizeof last))
			FUZZ_CHECK(last.running <= 1 && last.reason.code <= EXIT_AUTH_FAILED &&
				   memchr(last.reason.text, 0, sizeof last.reason.text));
		break;
	}
	return 0;
}
