/* SPDX-License-Identifier: MIT */
/* The automaton: every cell against the second copy of the table, then its limits and timers. */
#include "ppp_harness.h"

#include "ppp/automaton.h"
#include "vectors.h"

struct probe {
	struct automaton fsm;
	struct automaton_host host;
	struct ppp_counters counters;
	char actions[64]; /* as the table writes them */
	bool bad;	  /* judge requests as not acceptable */
	unsigned naks, rejects;
	uint16_t value;
	struct frame last;
	unsigned sent;
};

static void note(struct probe *p, const char *action)
{
	size_t used = strlen(p->actions);

	snprintf(p->actions + used, sizeof(p->actions) - used, "%s%s", used ? "," : "", action);
}

static void probe_send(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	static const char *const names[] = {NULL, "scr", "sca", "scn", "scn", "str", "sta", "scj"};
	struct probe *p = ctx;

	assert_int_equal(protocol, FRAME_LCP);
	assert_true(len >= 4 && (size_t)(info[2] << 8 | info[3]) == len);
	note(p, names[info[0]]);
	p->sent++;
	p->last.len = len;
	memcpy(p->last.info, info, len);
}

static void up(void *ctx)
{
	note(ctx, "tlu");
}

static void down(void *ctx)
{
	note(ctx, "tld");
}

static void finished(void *ctx, enum automaton_event why)
{
	(void)why;
	note(ctx, "tlf");
}

static void exchange(void *ctx, const struct control_packet *packet)
{
	(void)packet;
	note(ctx, "ser");
}

static void mru_build(void *ctx, struct writer *w)
{
	option_write_u16(w, 1, ((struct probe *)ctx)->value);
}

static enum option_verdict mru_request(void *ctx, const struct option *o, struct writer *nak)
{
	(void)o;
	if (!((struct probe *)ctx)->bad)
		return OPTION_ACK;
	option_write_u16(nak, 1, 1400);
	return OPTION_NAK;
}

static void mru_nak(void *ctx, const struct option *o)
{
	((struct probe *)ctx)->naks++;
	((struct probe *)ctx)->value = option_u16(o);
}

static void mru_reject(void *ctx, const struct option *o)
{
	(void)o;
	((struct probe *)ctx)->rejects++;
}

static const struct option_rule rules[] = {{1, mru_build, mru_request, mru_nak, mru_reject, NULL}};
static const struct automaton_driver driver = {
	.protocol = FRAME_LCP,
	.name = "probe",
	.rules = rules,
	.rule_count = 1,
	.own_codes = 1u << 9,
	.exchange = exchange,
	.up = up,
	.down = down,
	.finished = finished,
};

static void probe_init(struct probe *p)
{
	memset(p, 0, sizeof(*p));
	p->value = 1460;
	p->host = (struct automaton_host){
		.send = probe_send,
		.ctx = p,
		.counters = &p->counters,
		.now_ms = 1000,
		.restart_ms = 500,
		.restart_max_ms = 3000,
	};
	automaton_init(&p->fsm, &driver, p, &p->host);
}

static enum automaton_event event_of_name(const char *name)
{
	for (int e = 1; e < AUTOMATON_EVENTS; e++)
		if (strcmp(automaton_event_name(e), name) == 0)
			return e;
	fail_msg("unknown event %s", name);
	return AUTOMATON_NONE;
}

/* The actions that can be seen from outside: without tls, irc and zrc, which show in counters. */
static void visible(const char *cell, char *out, bool *irc, bool *zrc)
{
	char copy[64], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", cell);
	out[0] = '\0';
	*irc = *zrc = false;
	for (char *t = strtok_r(copy, ",", &save); t; t = strtok_r(NULL, ",", &save)) {
		*irc |= strcmp(t, "irc") == 0;
		*zrc |= strcmp(t, "zrc") == 0;
		if (strcmp(t, "tls") != 0 && strcmp(t, "irc") != 0 && strcmp(t, "zrc") != 0)
			sprintf(out + strlen(out), "%s%s", *out ? "," : "", t);
	}
}

static void check_cell(enum automaton_event event, unsigned state, const char *cell)
{
	static const uint8_t packet[] = {99, 7, 0, 4};
	const char *slash = strchr(cell, '/');
	char actions[64] = "", wanted[64];
	struct probe p;
	bool irc, zrc, tls;
	unsigned next;

	probe_init(&p);
	p.fsm.state = state;
	p.fsm.tries_left = 5;
	p.fsm.packet = (struct control_packet){99, 7, packet + 4, 0, packet};
	p.fsm.reply_code = CONTROL_CONFIGURE_NAK;
	automaton_raise(&p.fsm, event);
	if (strcmp(cell, "-") == 0) {
		assert_true(automaton_cell(event, state)->never);
		assert_int_equal(p.fsm.state, state);
		assert_string_equal(p.actions, "");
		return;
	}
	next = (unsigned)strtoul(slash ? slash + 1 : cell, NULL, 10);
	if (slash)
		snprintf(actions, sizeof(actions), "%.*s", (int)(slash - cell), cell);
	visible(actions, wanted, &irc, &zrc);
	tls = strstr(actions, "tls") != NULL;
	if (p.fsm.state != next || strcmp(p.actions, wanted) != 0)
		fail_msg("%s in %s: %s/%d, expected %s/%u", automaton_event_name(event),
			 automaton_state_name(state), p.actions, p.fsm.state, wanted, next);
	assert_int_equal((automaton_cell(event, state)->actions & AUTOMATON_TLS) != 0, tls);
	assert_int_equal((automaton_cell(event, state)->actions & AUTOMATON_IRC) != 0, irc);
	assert_int_equal((automaton_cell(event, state)->actions & AUTOMATON_ZRC) != 0, zrc);
	if (zrc)
		assert_int_equal(p.fsm.tries_left, 0);
	/* The timer runs in states 4 to 8 only. */
	if (next < 4 || next > 8)
		assert_true(p.fsm.deadline_ms == DEADLINE_NONE);
}

static void every_cell_matches_the_second_copy(void **state)
{
	char path[256], line[512];
	unsigned rows = 0;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/unit/rfc1661-table.txt", vector_dir());
	f = fopen(path, "r");
	if (!f)
		fail_msg("cannot read %s", path);
	while (fgets(line, sizeof(line), f)) {
		char *save = NULL, *word = strtok_r(line, " \n", &save);
		enum automaton_event event;

		if (!word || word[0] == '#')
			continue;
		event = event_of_name(word);
		for (unsigned s = 0; s < AUTOMATON_STATES; s++) {
			word = strtok_r(NULL, " \n", &save);
			assert_non_null(word);
			check_cell(event, s, word);
		}
		assert_null(strtok_r(NULL, " \n", &save));
		rows++;
	}
	fclose(f);
	assert_int_equal(rows, AUTOMATON_EVENTS - 1);
}

static void start(struct probe *p)
{
	probe_init(p);
	automaton_raise(&p->fsm, AUTOMATON_OPEN);
	automaton_raise(&p->fsm, AUTOMATON_UP);
	assert_string_equal(p->actions, "scr");
	p->actions[0] = '\0';
}

static void silence_ends_after_ten_requests_with_growing_waits(void **state)
{
	static const unsigned waits[] = {500, 750, 1125, 1687, 2530, 3000, 3000, 3000, 3000, 3000};
	struct probe p;

	(void)state;
	start(&p);
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(p.sent, i + 1);
		assert_int_equal(p.last.info[1], 1); /* a repetition keeps its identifier */
		assert_int_equal(p.fsm.deadline_ms - p.host.now_ms, waits[i]);
		p.host.now_ms = p.fsm.deadline_ms - 1;
		automaton_tick(&p.fsm);
		assert_int_equal(p.sent, i + 1);
		p.host.now_ms++;
		p.actions[0] = '\0';
		automaton_tick(&p.fsm);
	}
	assert_int_equal(p.sent, 10);
	assert_string_equal(p.actions, "tlf");
	assert_int_equal(p.fsm.state, AUTOMATON_STOPPED);
}

static void terminate_is_sent_twice_a_second_apart(void **state)
{
	struct probe p;

	(void)state;
	start(&p);
	automaton_raise(&p.fsm, AUTOMATON_CLOSE);
	assert_int_equal(p.fsm.deadline_ms, p.host.now_ms + 1000);
	p.host.now_ms += 1000;
	automaton_tick(&p.fsm);
	assert_string_equal(p.actions, "str,str");
	p.host.now_ms += 1000;
	automaton_tick(&p.fsm);
	assert_string_equal(p.actions, "str,str,tlf");
}

static void input(struct probe *p, const char *hex)
{
	uint8_t octets[256];

	automaton_input(&p->fsm, octets, vector_decode(hex, octets, sizeof(octets)));
}

static void an_ack_of_other_octets_or_id_is_dropped(void **state)
{
	struct probe p;

	(void)state;
	start(&p);
	input(&p, "02010008010405b5");	   /* other value */
	input(&p, "02020008010405b4");	   /* other id */
	input(&p, "0201000a010405b40702"); /* one option more */
	assert_int_equal(p.fsm.state, AUTOMATON_REQ_SENT);
	input(&p, "02010008010405b4");
	assert_int_equal(p.fsm.state, AUTOMATON_ACK_RCVD);
	input(&p, "02010008010405b4"); /* the same again is a duplicate, not a crossed Ack */
	assert_int_equal(p.fsm.state, AUTOMATON_ACK_RCVD);
}

static void a_reject_must_be_a_subset_of_the_request(void **state)
{
	struct probe p;

	(void)state;
	start(&p);
	input(&p, "0401000801040578");
	input(&p, "040100060702");
	assert_int_equal(p.rejects, 0);
	input(&p, "04010008010405b4");
	assert_int_equal(p.rejects, 1);
	assert_int_equal(p.last.info[0], CONTROL_CONFIGURE_REQUEST);
}

static void a_nak_changes_value_and_identifier(void **state)
{
	struct probe p;

	(void)state;
	start(&p);
	input(&p, "0301000801040578");
	assert_int_equal(p.naks, 1);
	assert_int_equal(p.last.info[1], 2);
	assert_int_equal(p.last.info[6] << 8 | p.last.info[7], 1400);
}

static void broken_option_lists_change_nothing(void **state)
{
	static const char *const broken[] = {
		"0105000801000000", "0105000801010000", "0105000801ff0000",
		"0105000501",	    "01050003",		"0105",
		"01050009010405b4",
	};
	struct probe p;

	(void)state;
	start(&p);
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		input(&p, broken[i]);
	assert_int_equal(p.sent, 1);
	assert_int_equal(p.counters.malformed, sizeof(broken) / sizeof(broken[0]));
	assert_int_equal(p.fsm.state, AUTOMATON_REQ_SENT);
}

static void after_five_naks_the_option_is_rejected(void **state)
{
	struct probe p;
	char hex[32];

	(void)state;
	start(&p);
	p.bad = true;
	for (unsigned i = 0; i < 5; i++) {
		snprintf(hex, sizeof(hex), "01%02x0008010405dc", 0x20 + i);
		input(&p, hex);
		assert_int_equal(p.last.info[0], CONTROL_CONFIGURE_NAK);
	}
	input(&p, "01300008010405dc");
	assert_int_equal(p.last.info[0], CONTROL_CONFIGURE_REJECT);
	assert_memory_equal(p.last.info + 4, "\x01\x04\x05\xdc", 4);
}

static void a_peer_that_naks_for_ever_is_not_followed_for_ever(void **state)
{
	struct probe p;
	char hex[32];

	(void)state;
	start(&p);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(hex, sizeof(hex), "03%02x00080104%04x", p.fsm.request_id, 1000 + i);
		input(&p, hex);
	}
	assert_int_equal(p.naks, 10);
	assert_int_equal(p.rejects, 10);
	assert_int_equal(p.sent, 21);
}

static void an_unheard_request_is_repeated_before_the_ack(void **state)
{
	struct probe p;

	(void)state;
	start(&p);
	p.host.now_ms += 10;
	input(&p, "01050008010405dc");
	assert_string_equal(p.actions, "scr,sca");
	assert_int_equal(p.fsm.state, AUTOMATON_ACK_SENT);
	p.actions[0] = '\0';
	p.host.now_ms += 10; /* at a bounded rate */
	input(&p, "01050008010405dc");
	assert_string_equal(p.actions, "sca");
}

static void a_repeated_request_in_opened_is_acked_four_times_then_taken_as_new(void **state)
{
	struct probe p;

	(void)state;
	start(&p);
	input(&p, "02010008010405b4");
	input(&p, "01050008010405dc");
	assert_int_equal(p.fsm.state, AUTOMATON_OPENED);
	for (unsigned i = 0; i < 4; i++) {
		p.actions[0] = '\0';
		input(&p, "01050008010405dc");
		assert_string_equal(p.actions, "sca");
	}
	p.actions[0] = '\0';
	input(&p, "01050008010405dc");
	assert_string_equal(p.actions, "tld,scr,sca");
}

static void padding_behind_the_length_is_ignored(void **state)
{
	struct probe p;

	(void)state;
	start(&p);
	input(&p, "02010008010405b40000000000");
	assert_int_equal(p.fsm.state, AUTOMATON_ACK_RCVD);
}

static void an_unknown_code_is_rejected_with_its_octets(void **state)
{
	struct probe p;

	(void)state;
	start(&p);
	input(&p, "63050006abcdffff");
	assert_int_equal(p.last.info[0], CONTROL_CODE_REJECT);
	assert_int_equal(p.last.len, 10);
	assert_memory_equal(p.last.info + 4, "\x63\x05\x00\x06\xab\xcd", 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_matches_the_second_copy),
		cmocka_unit_test(silence_ends_after_ten_requests_with_growing_waits),
		cmocka_unit_test(terminate_is_sent_twice_a_second_apart),
		cmocka_unit_test(an_ack_of_other_octets_or_id_is_dropped),
		cmocka_unit_test(a_reject_must_be_a_subset_of_the_request),
		cmocka_unit_test(a_nak_changes_value_and_identifier),
		cmocka_unit_test(broken_option_lists_change_nothing),
		cmocka_unit_test(after_five_naks_the_option_is_rejected),
		cmocka_unit_test(a_peer_that_naks_for_ever_is_not_followed_for_ever),
		cmocka_unit_test(an_unheard_request_is_repeated_before_the_ack),
		cmocka_unit_test(
			a_repeated_request_in_opened_is_acked_four_times_then_taken_as_new),
		cmocka_unit_test(padding_behind_the_length_is_ignored),
		cmocka_unit_test(an_unknown_code_is_rejected_with_its_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
