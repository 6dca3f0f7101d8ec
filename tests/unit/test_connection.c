/* SPDX-License-Identifier: MIT */
/* The table of a connection's life: a second copy, each cell with actions that count, and each with
 * the real ones upon a world in which one thing after the other fails. */
#include "connection_world.h"

#include "connection/actions.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include <cmocka.h>

/* The table, once more */

/* In the order of enum life_state. */
static const char letters[] = "IPQDRCLeNApUEBWTdFGZO";

/* In the order of enum life_action. */
static const char codes[LIFE_ACTION_COUNT][3] = {
	"-",  ".",  "di", "df", "da", "re", "pr", "pa", "wa", "tr", "tn", "ho", "do",
	"co", "wt", "wl", "ld", "lc", "lw", "ll", "lk", "lh", "cv", "sh", "se", "sr",
	"ap", "aa", "ro", "st", "sl", "na", "nf", "nm", "as", "pu", "up", "bo", "ki",
	"hu", "tl", "fa", "en", "ew", "el", "ab", "ax", "td", "fi",
};

/* - impossible, . ignored, else the action's code and the letter of the state that it is done in */
/* clang-format off */
static const struct row {
	const char *event;
	const char *cells;
} copy[LIFE_EVENT_COUNT] = {
/*                         I   P   Q   D   R   C   L   e   N   A   p   U   E   B   W   T   d   F   G   Z   O */
[ON_NONE]          = {"none", "-   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -"},
[ON_DIAL]          = {"dial", "diR -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -"},
[ON_PREPARE]    = {"prepare", "prP -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -"},
[ON_HANG_UP]    = {"hang-up", "-   hud hud hud hud hud hud hud hud hud hud hud hud hud hud hud .   .   .   .   ."},
[ON_AT_ONCE]    = {"at once", "-   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   abG abG axG axZ ."},
[ON_DIAL_NOW]  = {"dial now", "-   paP paP daR daR daR daR daR boB boB boB boB boB .   daR daR .   .   .   .   ."},
[ON_RESOLVED]  = {"resolved", "-   waD -   -   trC -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -"},
[ON_READY]        = {"ready", "-   -   -   -   .   hoL -   -   -   -   -   -   -   -   -   -   -   -   -   -   -"},
[ON_PROGRESS]  = {"progress", "-   -   -   -   -   -   shL .   .   .   .   .   .   .   -   -   .   .   -   -   -"},
[ON_ENDING]      = {"ending", "-   -   -   -   -   -   see see seE seE seE seE seE srB -   -   sed seF -   -   -"},
[ON_NETWORK]    = {"network", "-   -   -   -   -   -   apL .   aaN aaA aap aaU .   .   -   -   .   .   -   -   -"},
[ON_ROUTES]      = {"routes", "-   -   -   -   -   -   .   .   roN roA rop roU .   .   -   -   .   .   -   -   -"},
[ON_STATS]   = {"statistics", "-   -   -   -   -   -   stL sle stN pup stp stU slE slB -   -   sld slF -   -   -"},
[ON_ENDED]        = {"ended", "-   -   -   -   doR tnC tnC tnC coN coA cop coU coE reR -   -   ewG ewG -   -   -"},
[ON_ATTEMPT_FAILED]
         = {"attempt failed", "-   -   -   -   -   tnC tnC -   -   -   -   -   -   -   -   -   -   -   -   -   -"},
[ON_DIAL_FAILED]
            = {"dial failed", "-   doP -   -   doR doC -   -   -   -   -   -   -   -   -   -   -   -   -   -   -"},
[ON_APPLIED]    = {"applied", "-   -   -   -   -   -   asA -   -   -   -   -   -   -   -   -   -   -   -   -   -"},
[ON_NAMING]      = {"naming", "-   -   -   -   -   -   naN -   -   -   -   -   -   -   -   -   -   -   -   -   -"},
[ON_NAMES]        = {"names", "-   .   .   .   .   .   .   .   nfA nmA nmp nmU .   .   .   .   .   .   tdZ .   ."},
[ON_FAILED]      = {"failed", "enG enG enG enG enG enG enG enG enG enG enG enG enG enG enG enG enG enG .   .   ."},
[ON_WAIT]          = {"wait", "-   wtQ -   -   wtW wtW -   -   wtW wtW wtW wtW wtW -   -   -   -   -   -   -   -"},
[ON_REST]          = {"rest", "-   wtQ -   -   wtT wtT -   -   wtT wtT wtT wtT wtT -   -   -   -   -   -   -   -"},
[ON_WATCH]        = {"watch", "-   -   -   -   -   -   -   -   waD waD waD waD waD -   -   -   -   -   -   -   -"},
[ON_DIAL_SOON]
              = {"dial soon", "-   -   wlQ -   -   ldW ldW -   lcW lcW lcW lcW -   -   wlW wlT -   -   -   -   -"},
[ON_CLEAR]        = {"clear", "-   -   -   -   -   -   -   -   -   upU upU -   -   -   -   -   -   -   -   -   -"},
[ON_PRE_UP_DONE]
            = {"pre-up done", "-   .   .   .   .   .   .   .   .   .   upU .   .   .   .   .   .   .   .   .   ."},
[ON_PRE_UP_FAILED]
          = {"pre-up failed", "-   .   .   .   .   .   .   .   .   .   hud .   .   .   .   .   .   .   .   .   ."},
[ON_PRE_DOWN_DONE]
          = {"pre-down done", "-   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   faF .   .   .   ."},
[ON_SCRIPTS_OVER]
           = {"scripts over", "-   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   fiO ."},
[ON_LIMIT]        = {"limit", "-   -   -   -   tld tld tld kie tld tld tld -   kiE kiB -   -   elG elG -   -   -"},
[ON_WAIT_OVER]
              = {"wait over", "-   -   prP -   -   -   -   -   -   -   -   -   -   -   diR waD -   -   -   -   -"},
[ON_TRAFFIC]    = {"traffic", "-   -   -   dfR -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -"},
[ON_HOP]            = {"hop", "-   .   .   .   .   .   lhL lhe lhN lhA lhp lhU lhE .   .   .   .   .   .   .   ."},
[ON_EFFECT]      = {"effect", "-   .   .   .   .   .   lhL lhe lhN lhA lhp lkU lhE .   .   .   .   .   .   .   ."},
[ON_ROUTE]        = {"route", "-   .   lwQ waD .   llC llL .   lkN lkA lkp lkU .   .   lwW lwT .   .   .   .   ."},
[ON_POLICY]      = {"policy", "-   .   .   .   .   cvC cvL .   cvN cvA cvp cvU .   .   .   .   .   .   .   .   ."},
[ON_SLEPT]        = {"slept", "-   paP wlQ .   daR daR daR daR .   .   .   .   .   .   wlW wlT .   .   .   .   ."},
[ON_SLEPT_LONG]
             = {"slept long", "-   paP wlQ .   daR daR daR daR boB boB boB boB boB .   wlW wlT .   .   .   .   ."},
};
/* clang-format on */

static enum life_state state_of(char letter)
{
	const char *at = strchr(letters, letter);

	assert_non_null(at);
	return (enum life_state)(at - letters);
}

/* What the copy says of a cell. */
static struct life_cell copied(enum life_state state, enum life_event event)
{
	const char *cell = copy[event].cells + (size_t)4 * state;
	struct life_cell c = {0};
	char code[3] = {cell[0], cell[1] == ' ' || !cell[1] ? '\0' : cell[1], '\0'};

	while (strcmp(codes[c.action], code) != 0)
		if (++c.action == LIFE_ACTION_COUNT)
			fail_msg("the copy has no action %s", code);
	if (c.action > DO_NOTHING)
		c.next = (uint8_t)state_of(cell[2]);
	return c;
}

/* Actions that count */

static unsigned counts[LIFE_ACTION_COUNT];
static enum life_state counted_in;
static struct life counting;

static void count(enum life_action action)
{
	counts[action]++;
	counted_in = counting.state;
}

/* clang-format off */
#define EACH_ACTION(X) \
	X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) \
	X(13) X(14) X(15) X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24) X(25) \
	X(26) X(27) X(28) X(29) X(30) X(31) X(32) X(33) X(34) X(35) X(36) X(37) X(38) \
	X(39) X(40) X(41) X(42) X(43) X(44) X(45) X(46) X(47) X(48)
/* clang-format on */
#define COUNTER(n)                                                          \
	static enum life_event counter##n(void *ctx, struct life_input *in) \
	{                                                                   \
		(void)ctx, (void)in;                                        \
		count((enum life_action)(n));                               \
		return ON_NONE;                                             \
	}
#define COUNTER_NAME(n) counter##n,
EACH_ACTION(COUNTER)
static const struct life_actions counters = {{EACH_ACTION(COUNTER_NAME)}};

static void walk_counting(enum life_state state, enum life_event event)
{
	const struct life_cell want = copied(state, event);
	unsigned others = 0;
	bool done;

	memset(counts, 0, sizeof counts);
	faults = 0;
	counting = (struct life){.state = state, .actions = &counters, .log = &quiet};
	done = life_post(&counting, event, NULL);
	for (size_t i = 0; i < LIFE_ACTION_COUNT; i++)
		others += i != want.action ? counts[i] : 0;
	if (done != (want.action > DO_NOTHING) || others ||
	    counts[want.action] != (want.action > DO_NOTHING) ||
	    faults != (want.action == DO_IMPOSSIBLE && event != ON_NONE) ||
	    counting.state != (want.action > DO_NOTHING ? want.next : state) ||
	    (done && counted_in != want.next))
		fail_msg("\"%s\" while %s: not %s%c", life_event_name(event),
			 life_state_name(state), codes[want.action], letters[want.next]);
}

static void each_cell_does_what_the_copy_says(void **state)
{
	(void)state;
	for (int s = 0; s < LIFE_STATE_COUNT; s++)
		for (int e = 0; e < LIFE_EVENT_COUNT; e++)
			walk_counting((enum life_state)s, (enum life_event)e);
}

static void events_and_states_have_the_names_of_the_copy(void **state)
{
	(void)state;
	for (int e = 0; e < LIFE_EVENT_COUNT; e++)
		assert_string_equal(life_event_name((enum life_event)e), copy[e].event);
	for (int s = 0; s < LIFE_STATE_COUNT; s++)
		assert_non_null(life_state_name((enum life_state)s));
	assert_string_equal(life_state_name(LIFE_STATE_COUNT), "unknown");
	assert_string_equal(life_event_name(LIFE_EVENT_COUNT), "unknown");
}

static void each_action_is_in_the_table_and_has_a_function(void **state)
{
	bool there[LIFE_ACTION_COUNT] = {[DO_IMPOSSIBLE] = true, [DO_NOTHING] = true};

	(void)state;
	for (int s = 0; s < LIFE_STATE_COUNT; s++)
		for (int e = 0; e < LIFE_EVENT_COUNT; e++)
			there[life_table[s][e].action] = true;
	for (int a = 0; a < LIFE_ACTION_COUNT; a++) {
		assert_true(there[a]);
		assert_non_null(connection_actions.act[a]);
	}
}

/* Each cell with the real actions, in a good world and with each thing failing */

static bool has_session(enum life_state state)
{
	return (state >= LIFE_RESOLVING && state <= LIFE_REDIALING) || state == LIFE_PRE_DOWN ||
	       state == LIFE_FAREWELL;
}

static bool has_network(enum life_state state)
{
	return state >= LIFE_NAMING && state <= LIFE_REDIALING;
}

static bool waits(enum life_state state)
{
	return state == LIFE_PREPARE_WAIT || state == LIFE_WAITING || state == LIFE_RESTING;
}

static void put_into(struct supervisor *s, enum life_state state)
{
	s->life.state = state;
	world.session = has_session(state);
	s->session.ready = world.session && state != LIFE_CONNECTING;
	s->session.started = world.session && state > LIFE_CONNECTING;
	s->scripts.up = state >= LIFE_UP && state <= LIFE_REDIALING;
	s->scripts.pre_ups = state == LIFE_PRE_UP;
	s->dialer.server_path = (struct host_path){.ifindex = 7, .ifname = "wan", .mtu = 1500};
	if (waits(state)) {
		s->status.state = CONTROL_STATE_WAITING;
		s->status.next_dial_ms = loop_now(s->loop) + 60000;
		loop_timer_set(s->loop, &s->wait_timer, s->status.next_dial_ms);
	}
	if (state == LIFE_DEMAND)
		assert_int_equal(demand_start(&s->demand, s->tun.fd), 0);
	if (state >= LIFE_PRE_DOWN)
		reason_set(&s->reason, EXIT_OK, "hung up on request");
}

/* What must be so wherever a step leads. */
static const char *wrong(const struct supervisor *s, enum life_state from)
{
	enum life_state to = s->life.state;

	if (faults)
		return said;
	if (world.session && !has_session(to))
		return "a session is left";
	if (!world.session && has_session(to) && !(to == LIFE_PRE_DOWN || to == LIFE_FAREWELL))
		return "there is no session";
	if ((to >= LIFE_UNDOING) != (world.undone == 1) && from < LIFE_UNDOING)
		return "undone in the wrong state";
	if (waits(to) != (s->wait_timer.link != NULL))
		return "the timer of waits";
	if ((to == LIFE_DEMAND) != s->demand.traffic_handle.added)
		return "the device's watch";
	if (to >= LIFE_UNDOING && s->limit_timer.link)
		return "a limit is left";
	if (world.suspended !=
		    (unsigned)(has_network(from) && !has_network(to) && to < LIFE_PRE_DOWN) &&
	    to < LIFE_PRE_DOWN)
		return "the network was not suspended, or without one";
	return NULL;
}

/* The world with number HOW: 0 is good. */
static void spoil(unsigned how)
{
	bool *const failing[] = {&world.no_spawn,   &world.no_send,	  &world.no_sockets,
				 &world.no_repin,   &world.no_apply,	  &world.no_hooks_run,
				 &world.no_look_up, &world.known_at_once, &world.way_moved,
				 &world.slow_names, &world.no_tun};

	if (how == 1)
		world.scripts = ~0u;
	else if (how > 1)
		*failing[how - 2] = true;
	if (world.no_hooks_run)
		world.scripts = ~0u;
	if (world.no_tun) {
		close(world.s->tun.fd);
		world.s->tun = (struct host_tun){.fd = -1};
	}
}
#define WORLDS 13

/* With the redial policy's and the profile's choices. */
static void walk(enum life_state state, enum life_event event, unsigned how, unsigned choice)
{
	static struct request_message m;
	struct supervisor *s = begin(choice & 1);
	struct life_input in = {.message = &m, .weight = REASON_SILENCE, .delay_ms = 1000};
	const char *fault;

	memset(&m, 0, sizeof m);
	m.state.state = CONTROL_STATE_NEGOTIATING;
	m.network.local.s_addr = htonl(0x0a000002);
	m.network.mtu = 1400;
	reason_set(&in.why, choice & 2 ? EXIT_AUTH_FAILED : EXIT_CONNECT_FAILED, "it happened");
	s->dialer.address_count = choice & 4 ? 2 : 1;
	put_into(s, state);
	spoil(how);
	if (event == ON_ENDED)
		process_stop(&s->session, false);
	if (event == ON_WAIT_OVER)
		loop_timer_del(s->loop, &s->wait_timer);
	life_post(&s->life, event, &in);
	fault = wrong(s, state);
	if (fault)
		fail_msg("\"%s\" while %s, world %u, choice %u: %s (now %s: %s)",
			 life_event_name(event), life_state_name(state), how, choice, fault,
			 life_state_name(s->life.state), world.trace);
	end(s);
}

static void no_cell_leads_astray_whatever_fails(void **state)
{
	unsigned walked = 0;

	(void)state;
	for (int s = 0; s < LIFE_STATE_COUNT; s++)
		for (int e = ON_DIAL; e < LIFE_EVENT_COUNT; e++) {
			/* The three follow an action that has put the call away: it is walked. */
			if (life_table[s][e].action == DO_IMPOSSIBLE || e == ON_WAIT ||
			    e == ON_REST || e == ON_WATCH)
				continue;
			for (unsigned how = 0; how < WORLDS; how++)
				for (unsigned choice = 0; choice < 8; choice++, walked++)
					walk((enum life_state)s, (enum life_event)e, how, choice);
		}
	assert_true(walked > 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_cell_does_what_the_copy_says),
		cmocka_unit_test(events_and_states_have_the_names_of_the_copy),
		cmocka_unit_test(each_action_is_in_the_table_and_has_a_function),
		cmocka_unit_test(no_cell_leads_astray_whatever_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
