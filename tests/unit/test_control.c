/* SPDX-License-Identifier: MIT */
/* The control socket's records and its client. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/client.h"
#include "client/status.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static struct control_status sample(void)
{
	struct control_status s;

	status_terminated(&s, "office");
	s.phase = CONTROL_CONNECTED;
	s.state = CONTROL_STATE_UP;
	strcpy(s.encoding, "MPPE128 stateless");
	s.uptime_ms = 26658000;
	s.idle_ms = 22864999;
	s.mtu = 1460;
	s.mru = 1450;
	return s;
}

static void whole_record_is_valid(void **state)
{
	struct control_status s = sample();
	(void)state;

	assert_true(control_status_valid(&s, sizeof(s)));
}

static void record_of_other_size_magic_or_version_is_refused(void **state)
{
	struct control_status s = sample();
	(void)state;

	for (size_t len = 0; len < sizeof(s); len++)
		assert_false(control_status_valid(&s, len));
	assert_false(control_status_valid(&s, sizeof(s) + 1));
	s.magic++;
	assert_false(control_status_valid(&s, sizeof(s)));
	s = sample();
	s.version++;
	assert_false(control_status_valid(&s, sizeof(s)));
	s = sample();
	s.size--;
	assert_false(control_status_valid(&s, sizeof(s)));
}

static void enum_out_of_range_is_refused(void **state)
{
	struct control_status s = sample();
	uint32_t big = 0x80000000u;
	(void)state;

	s.phase = CONTROL_TERMINATED + 1;
	assert_false(control_status_valid(&s, sizeof(s)));
	s = sample();
	s.state = CONTROL_STATE_COUNT;
	assert_false(control_status_valid(&s, sizeof(s)));
	s = sample();
	memcpy(&s.ended.code, &big, sizeof(big));
	assert_false(control_status_valid(&s, sizeof(s)));
}

#define TEXT(f)                                                                                \
	{                                                                                      \
		offsetof(struct control_status, f), sizeof(((struct control_status *)NULL)->f) \
	}

static void text_without_end_is_refused(void **state)
{
	static const struct {
		size_t at, len;
	} texts[] = {TEXT(profile),
		     TEXT(type),
		     TEXT(ifname),
		     TEXT(server),
		     TEXT(user),
		     TEXT(server_address),
		     TEXT(encoding),
		     TEXT(auth_method),
		     TEXT(local),
		     TEXT(remote),
		     TEXT(local6),
		     TEXT(remote6),
		     TEXT(dns[0]),
		     TEXT(dns[1]),
		     TEXT(wins[0]),
		     TEXT(wins[1]),
		     TEXT(dns_way),
		     TEXT(peer_host),
		     TEXT(peer_vendor),
		     TEXT(message),
		     TEXT(ended.text),
		     TEXT(why_not[0]),
		     TEXT(why_not[CONTROL_EFFECT_COUNT - 1])};
	(void)state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct control_status s = sample();

		memset((char *)&s + texts[i].at, 'x', texts[i].len - 1);
		assert_true(control_status_valid(&s, sizeof(s)));
		memset((char *)&s + texts[i].at, 'x', texts[i].len);
		assert_false(control_status_valid(&s, sizeof(s)));
	}
}

static void boolean_that_is_none_is_refused(void **state)
{
	static const size_t at[] = {offsetof(struct control_status, default_route),
				    offsetof(struct control_status, server_pinned),
				    offsetof(struct control_status, echo_known)};
	(void)state;

	for (size_t i = 0; i < 3; i++) {
		uint8_t record[sizeof(struct control_status)];
		struct control_status s = sample();

		memcpy(record, &s, sizeof(s));
		record[at[i]] = 1;
		assert_true(control_status_valid(record, sizeof(record)));
		record[at[i]] = 2;
		assert_false(control_status_valid(record, sizeof(record)));
	}
}

static void words_are_the_missions(void **state)
{
	(void)state;
	assert_string_equal(control_phase_text(CONTROL_DIALING), "dialing");
	assert_string_equal(control_phase_text(CONTROL_VERIFYING), "verifying password...");
	assert_string_equal(control_phase_text(CONTROL_CONNECTED), "connected");
	assert_string_equal(control_phase_text(CONTROL_TERMINATED), "terminated");
	for (int i = 0; i < CONTROL_STATE_COUNT; i++)
		assert_string_not_equal(control_state_text((enum control_state)i), "unknown");
}

static void rows_begin_in_the_manuals_order(void **state)
{
	static const char *const want[][2] = {
		{"status", "connected"},	   {"uptime", "7h24m18s"}, {"idle-time", "6h21m4s"},
		{"encoding", "MPPE128 stateless"}, {"mtu", "1460"},	   {"mru", "1450"}};
	struct status_row rows[STATUS_ROWS_MAX];
	struct control_status s = sample();
	size_t n = status_rows(&s, rows);
	(void)state;

	assert_true(n > 6);
	for (size_t i = 0; i < 6; i++) {
		assert_string_equal(rows[i].label, want[i][0]);
		assert_string_equal(rows[i].text, want[i][1]);
	}
}

static void drops_are_shown_by_reason_and_only_when_there_are_any(void **state)
{
	struct status_row rows[STATUS_ROWS_MAX];
	struct control_status s = sample();
	size_t n = status_rows(&s, rows), dropped = 0;
	(void)state;

	for (size_t i = 0; i < n; i++)
		assert_string_not_equal(rows[i].label, "dropped");
	s.counters.rx_bad_mppe = 3;
	s.counters.tx_full = 4;
	n = status_rows(&s, rows);
	for (size_t i = 0; i < n; i++)
		dropped += strcmp(rows[i].label, "dropped") == 0;
	assert_int_equal(dropped, 2);
}

static const char *row_of(const struct control_status *s, const char *label)
{
	static struct status_row rows[STATUS_ROWS_MAX];
	size_t n = status_rows(s, rows);

	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].label, label) == 0)
			return rows[i].text;
	return "";
}

static void what_is_not_in_effect_is_not_shown_as_if_it_were(void **state)
{
	struct control_status s = sample();
	(void)state;

	s.default_route = true;
	s.route_count = 1;
	strcpy(s.routes[0].dst, "10.0.0.0/8");
	assert_string_equal(row_of(&s, "default-route"), "yes");
	assert_string_equal(row_of(&s, "route"), "10.0.0.0/8 (profile)");
	strcpy(s.why_not[CONTROL_EFFECT_DEFAULT], "a rule");
	strcpy(s.why_not[CONTROL_EFFECT_LINK], "it is down");
	strcpy(s.routes[0].why_not, "another");
	strcpy(s.ifname, "ppp7");
	assert_string_equal(row_of(&s, "default-route"), "not in effect: a rule");
	assert_string_equal(row_of(&s, "route"), "10.0.0.0/8 (profile), not in effect: another");
	assert_string_equal(row_of(&s, "interface"), "ppp7, not in effect: it is down");
	s.phase = CONTROL_DIALING;
	assert_string_equal(row_of(&s, "interface"), "ppp7");
	assert_string_equal(row_of(&s, "default-route"), "");
}

static void fullest_record_fits_the_rows(void **state)
{
	struct status_row rows[STATUS_ROWS_MAX];
	struct control_status s = sample();
	size_t count;
	(void)state;

	memset(&s.counters, 1, sizeof(s.counters));
	memset(s.why_not, 'w', sizeof(s.why_not));
	for (int i = 0; i < CONTROL_EFFECT_COUNT; i++)
		s.why_not[i][CONTROL_WHY_MAX - 1] = '\0';
	memset(s.user, 'u', sizeof(s.user) - 1);
	memset(s.server, 's', sizeof(s.server) - 1);
	memset(s.peer_host, 'h', sizeof(s.peer_host) - 1);
	memset(s.peer_vendor, 'v', sizeof(s.peer_vendor) - 1);
	strcpy(s.server_address, "192.0.2.1");
	strcpy(s.local6, "fe80::1");
	strcpy(s.remote6, "fe80::2");
	strcpy(s.message, "m");
	s.echo_known = true;
	s.attempt = 2;
	count = status_rows(&s, rows);
	assert_true(count < STATUS_ROWS_MAX);
	assert_string_equal(rows[count - 1].label, "message");
}

static void run_dir_follows_option_and_environment(void **state)
{
	char out[128], small[8];
	(void)state;

	assert_int_equal(control_run_dir(out, sizeof(out), "/x/y"), 0);
	assert_string_equal(out, "/x/y");
	assert_int_equal(control_run_dir(small, sizeof(small), "/x/y/too-long"), -ENAMETOOLONG);
	assert_int_equal(setenv("XDG_RUNTIME_DIR", "/xdg", 1), 0);
	assert_int_equal(control_run_dir(out, sizeof(out), NULL), 0);
	assert_string_equal(out, geteuid() == 0 ? "/run/vpdial" : "/xdg/vpdial");
}

static void address_that_does_not_fit_is_an_error(void **state)
{
	struct sockaddr_un addr;
	char dir[200];
	(void)state;

	memset(dir, 'd', sizeof(dir) - 1);
	dir[sizeof(dir) - 1] = '\0';
	assert_int_equal(control_address(&addr, dir, "n"), -ENAMETOOLONG);
	assert_int_equal(control_address(&addr, "/run/x", "n"), 0);
	assert_string_equal(addr.sun_path, "/run/x/n.sock");
}

static void receive_judges_records(void **state)
{
	struct control_status s = sample(), got;
	uint8_t longer[sizeof(s) + 1] = {0};
	int pair[2];
	(void)state;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_int_equal(client_receive(pair[0], &got, 0), -ETIMEDOUT);
	assert_int_equal(send(pair[1], &s, sizeof(s), 0), sizeof(s));
	assert_int_equal(client_receive(pair[0], &got, 1000), 0);
	assert_memory_equal(&s, &got, sizeof(s));
	memcpy(longer, &s, sizeof(s));
	assert_int_equal(send(pair[1], longer, sizeof(longer), 0), sizeof(longer));
	assert_int_equal(client_receive(pair[0], &got, 1000), -EPROTO);
	assert_int_equal(send(pair[1], "x", 1, 0), 1);
	assert_int_equal(client_receive(pair[0], &got, 1000), -EPROTO);
	close(pair[1]);
	assert_int_equal(client_receive(pair[0], &got, 1000), -EPIPE);
	assert_int_equal(client_send(pair[0], CONTROL_STATUS), -EPIPE);
	close(pair[0]);
}

static void
the_last_record_comes_before_the_end_of_a_supervisor_that_left_a_request_unread(void **state)
{
	struct control_status got, sent;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	status_terminated(&sent, "office");
	assert_int_equal(client_send(pair[0], CONTROL_HANGUP), 0);
	assert_int_equal(send(pair[1], &sent, sizeof(sent), 0), (ssize_t)sizeof(sent));
	close(pair[1]);
	assert_int_equal(client_receive(pair[0], &got, 1000), 0);
	assert_string_equal(got.profile, "office");
	assert_int_equal(client_receive(pair[0], &got, 1000), -EPIPE);
	close(pair[0]);
}

static void events_are_kept_up_to_the_bound_oldest_first(void **state)
{
	struct control_events e;
	char text[32];
	(void)state;

	control_events_init(&e);
	assert_int_equal(control_events_kept(&e), 0);
	for (unsigned i = 0; i < CONTROL_EVENTS_MAX + 6; i++) {
		(void)snprintf(text, sizeof(text), "event %u", i);
		control_events_add(&e, i, 2, text);
	}
	assert_int_equal(e.count, CONTROL_EVENTS_MAX + 6);
	assert_int_equal(control_events_kept(&e), CONTROL_EVENTS_MAX);
	assert_string_equal(control_events_at(&e, 0)->text, "event 6");
	assert_string_equal(control_events_at(&e, CONTROL_EVENTS_MAX - 1)->text, "event 69");
	assert_true(control_events_valid(&e, sizeof(e)));
}

static void event_text_is_cut_and_cleaned(void **state)
{
	struct control_events e;
	char text[2 * CONTROL_EVENT_TEXT];
	(void)state;

	control_events_init(&e);
	control_events_add(&e, 1, 0, "a\033[31mb\nforged\xc2\x9b \xff \xc3\xa9");
	assert_string_equal(e.ring[0].text, "a?[31mb?forged?? ? \xc3\xa9");
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	memcpy(text + CONTROL_EVENT_TEXT - 2, "\xc3\xa9", 2); /* the cut falls into it */
	control_events_add(&e, 1, 0, text);
	assert_int_equal(strlen(e.ring[1].text), CONTROL_EVENT_TEXT - 1);
	assert_int_equal(e.ring[1].text[CONTROL_EVENT_TEXT - 2], '?');
}

static void events_record_that_is_not_whole_is_refused(void **state)
{
	struct control_events e;
	(void)state;

	control_events_init(&e);
	assert_true(control_events_valid(&e, sizeof(e)));
	assert_false(control_events_valid(&e, sizeof(e) - 1));
	assert_false(control_events_valid(&e, sizeof(e) + 1));
	assert_false(control_events_valid(&e, 0));
	e.version++;
	assert_false(control_events_valid(&e, sizeof(e)));
	control_events_init(&e);
	e.magic = CONTROL_MAGIC;
	assert_false(control_events_valid(&e, sizeof(e)));
	control_events_init(&e);
	e.ring[CONTROL_EVENTS_MAX - 1].level = 5;
	assert_false(control_events_valid(&e, sizeof(e)));
	control_events_init(&e);
	memset(e.ring[3].text, 'x', sizeof(e.ring[3].text));
	assert_false(control_events_valid(&e, sizeof(e)));
}

static void open_without_listener_is_not_found(void **state)
{
	char dir[] = "/tmp/vpdial-test-control-XXXXXX", path[128];
	struct sockaddr_un addr;
	int fd;
	(void)state;

	assert_non_null(mkdtemp(dir));
	assert_int_equal(client_open(dir, "office"), -ENOENT);
	assert_int_equal(control_address(&addr, dir, "office"), 0);
	fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(fd); /* as after a crash */
	assert_int_equal(client_open(dir, "office"), -ENOENT);
	(void)snprintf(path, sizeof(path), "%s", addr.sun_path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void last_end_that_is_not_whole_is_refused(void **state)
{
	static const char path[] = "/tmp/vpdial-test-last.last";
	struct control_last good, bad;
	uint32_t code = EXIT_AUTH_FAILED + 1;
	struct stat st;
	(void)state;

	control_last_init(&good);
	good.reason = (struct reason){EXIT_HANGUP, "gone\033[2J"};
	assert_true(control_last_valid(&good, sizeof(good)));
	for (size_t len = 0; len < sizeof(good); len++)
		assert_int_equal(control_last_valid(&good, len),
				 len == offsetof(struct control_last, events));
	bad = good;
	bad.running = 2;
	assert_false(control_last_valid(&bad, sizeof(bad)));
	bad = good;
	memcpy(&bad.reason.code, &code, sizeof(code));
	assert_false(control_last_valid(&bad, sizeof(bad)));
	bad = good;
	memset(bad.reason.text, 'x', sizeof(bad.reason.text));
	assert_false(control_last_valid(&bad, sizeof(bad)));
	bad = good;
	bad.events.ring[63].level = 99;
	assert_false(control_last_valid(&bad, sizeof(bad)));
	(void)unlink(path);
	assert_int_equal(client_last("/tmp", "vpdial-test-last", &bad), -ENOENT);
	assert_int_equal(control_last_write("/tmp", "vpdial-test-last", &good), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_false(st.st_mode & 027);
	assert_int_equal(client_last("/tmp", "vpdial-test-last", &bad), 0);
	assert_string_equal(bad.reason.text, "gone?[2J");
	good.running = 1; /* needs little room */
	assert_int_equal(control_last_write("/tmp", "vpdial-test-last", &good), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, offsetof(struct control_last, events));
	assert_int_equal(client_last("/tmp", "vpdial-test-last", &bad), 0);
	assert_int_equal(control_events_kept(&bad.events), 0);
	if (geteuid() == 0) { /* written by somebody else */
		assert_int_equal(chown(path, 12345, 0), 0);
		assert_int_equal(client_last("/tmp", "vpdial-test-last", &bad), -EPROTO);
		assert_int_equal(chown(path, 0, 0), 0);
	}
	assert_int_equal(truncate(path, sizeof(good) + 1), 0);
	assert_int_equal(client_last("/tmp", "vpdial-test-last", &bad), -EPROTO);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/zero", path), 0);
	assert_true(client_last("/tmp", "vpdial-test-last", &bad) < 0);
	assert_int_equal(unlink(path), 0);
}

/* What programs of other versions send and hear must not change. */
static void other_versions_are_known_by_their_head(void **state)
{
	const struct control_head ours = {CONTROL_MAGIC, CONTROL_VERSION};
	const struct control_head theirs = {CONTROL_MAGIC, CONTROL_VERSION + 1};
	uint32_t oldest[64] = {CONTROL_MAGIC, CONTROL_VERSION_OLDEST, sizeof oldest,
			       CONTROL_CONNECTED};
	struct control_other record, got;
	struct control_status status = sample();
	(void)state;

	assert_int_equal(CONTROL_HANGUP, 3);
	assert_int_equal(sizeof(struct control_request), 12);
	assert_int_equal(sizeof(struct control_other), 12 + 32 + 240);
	control_other_fill(&record, theirs, CONTROL_DIALING, "calling\033[2J the server");
	assert_true(control_other_read(&record, sizeof(record), ours, &got));
	assert_int_equal(got.phase, CONTROL_DIALING);
	assert_string_equal(got.program, "vpdial " VPDIAL_VERSION);
	assert_null(strchr(got.line, '\033'));
	assert_true(control_other_read(oldest, sizeof(oldest), ours, &got));
	assert_int_equal(got.phase, CONTROL_CONNECTED);
	assert_string_equal(got.program, "another vpdial");
	/* Ours, none of ours, too short, and texts without an end. */
	assert_false(control_other_read(&status, sizeof(status), ours, &got));
	for (size_t len = 0; len < sizeof(struct control_head); len++)
		assert_false(control_other_read(&record, len, ours, &got));
	memset(record.program, 'x', sizeof(record.program));
	memset(record.line, 'y', sizeof(record.line));
	record.phase = 77;
	assert_true(control_other_read(&record, sizeof(record), ours, &got));
	assert_int_equal(strlen(got.program), sizeof(got.program) - 1);
	assert_int_equal(strlen(got.line), sizeof(got.line) - 1);
	assert_int_equal(got.phase, CONTROL_TERMINATED);
	record.head.magic++;
	assert_false(control_other_read(&record, sizeof(record), ours, &got));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_record_is_valid),
		cmocka_unit_test(record_of_other_size_magic_or_version_is_refused),
		cmocka_unit_test(enum_out_of_range_is_refused),
		cmocka_unit_test(text_without_end_is_refused),
		cmocka_unit_test(boolean_that_is_none_is_refused),
		cmocka_unit_test(words_are_the_missions),
		cmocka_unit_test(rows_begin_in_the_manuals_order),
		cmocka_unit_test(drops_are_shown_by_reason_and_only_when_there_are_any),
		cmocka_unit_test(what_is_not_in_effect_is_not_shown_as_if_it_were),
		cmocka_unit_test(fullest_record_fits_the_rows),
		cmocka_unit_test(run_dir_follows_option_and_environment),
		cmocka_unit_test(address_that_does_not_fit_is_an_error),
		cmocka_unit_test(receive_judges_records),
		cmocka_unit_test(events_are_kept_up_to_the_bound_oldest_first),
		cmocka_unit_test(event_text_is_cut_and_cleaned),
		cmocka_unit_test(events_record_that_is_not_whole_is_refused),
		cmocka_unit_test(open_without_listener_is_not_found),
		cmocka_unit_test(
			the_last_record_comes_before_the_end_of_a_supervisor_that_left_a_request_unread),
		cmocka_unit_test(last_end_that_is_not_whole_is_refused),
		cmocka_unit_test(other_versions_are_known_by_their_head),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
