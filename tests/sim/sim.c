/* SPDX-License-Identifier: MIT */
/* sim - dials in a simulated network, thousands of them: random profiles over random networks,
 * data, hang-ups, deaths and redials at random moments, all from one seed each.
 *
 * usage: sim [--runs N] [--seed FIRST] [--loss PERMILLE] [--ordinary] [--verbose] [--coverage]
 *   --ordinary   ends that can agree (MS-CHAPv2, MPPE-128 required, the right password) and the
 *                network of tests/bench/loss, to compare how many dials come up, and when
 *
 * A seed reproduces a run exactly.  Status 1 and the seed when a rule was broken. */
#include "pair.h"

#include "crypto/crypto.h"

#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The C library counts what it keeps at hand for the next of a size as in use. */
#define MEMORY_OF_ONE 1024
#define MEMORY_OF_ALL 16384
#define SETTLE_MS     150000 /* tunnel 30 s + 31 s of retries, PPP 60 s, farewells */
#define END_MS	      200000 /* an end that only keep-alive can notice: 2 x 30 s, echo 2 x 60 s */

/* A run may dial more than once; by far fewer than this. */
#define TIMES_MAX(runs) (4 * (runs) + 64)

struct options {
	uint64_t first, runs;
	int loss; /* -1 = as the seed wills */
	int verbose, coverage, ordinary;
};

struct tally {
	uint64_t dials, again, up, refused, hopeless, packets_sent, packets_got;
	uint64_t dials_of[2];
	uint32_t *times[2]; /* ms, by tunnel type, of those that came up */
	size_t times_count[2];
};

static uint32_t upto(uint64_t *s, uint32_t n)
{
	return prng(s) % n;
}

static bool coin(uint64_t *s, uint32_t per_cent)
{
	return upto(s, 100) < per_cent;
}

/* A set of methods that is not empty; most often all. */
static unsigned methods(uint64_t *s)
{
	const unsigned all =
		METHOD_PAP | METHOD_CHAP | METHOD_MSCHAP1 | METHOD_MSCHAP2 | METHOD_EAP;
	unsigned set = coin(s, 40) ? all : prng(s) & all;

	return set ? set : METHOD_MSCHAP2;
}

static enum mppe_policy policy(uint64_t *s)
{
	uint32_t n = upto(s, 10);

	return n < 2 ? MPPE_NO : n < 6 ? MPPE_YES : MPPE_REQUIRE;
}

static void random_ppp(uint64_t *s, struct ppp_config *c)
{
	static const enum mppe_mode modes[] = {MPPE_STATELESS, MPPE_STATEFUL, MPPE_ANY};
	unsigned bits = prng(s) & 7;

	c->settings.allow = methods(s);
	c->settings.mppe.policy = policy(s);
	c->settings.mppe.strengths = bits ? bits : MPPE_128;
	c->settings.mppe.mode = modes[upto(s, 3)];
	c->settings.mru = coin(s, 50) ? 1500 : (uint16_t)(1300 + upto(s, 200));
	c->settings.ask_pfc = coin(s, 20);
	c->settings.ask_acfc = coin(s, 20);
	c->ask_dns = coin(s, 50);
	c->ask_wins = coin(s, 20);
	c->ipv4 = true;
	c->settings.ipv6 = coin(s, 30);
	c->restart_ms = 400;
	c->restart_max_ms = 3000;
	c->phase_limit_ms = 60000;
	c->keepalive_ms = 30000;
}

static void random_addresses(uint64_t *s, struct ppp_config *caller, struct ppp_config *answerer)
{
	answerer->settings.local.s_addr = htonl(0x0a070001);
	answerer->settings.remote.s_addr = htonl(0x0a070002);
	answerer->dns[0].s_addr = htonl(0x0a070035);
	if (coin(s, 20))
		caller->settings.local.s_addr = htonl(coin(s, 50) ? 0x0a070002 : 0x0a070063);
	if (coin(s, 5))
		caller->settings.local_must = caller->settings.local.s_addr != 0;
}

static void random_net(uint64_t *s, const struct options *o, struct net *n)
{
	static const unsigned losses[] = {0, 0, 10, 50, 100, 200, 200, 300};

	n->loss = o->loss >= 0 ? (unsigned)o->loss : losses[upto(s, 8)];
	n->duplicates = n->loss ? upto(s, 100) : 0;
	n->reordering = n->loss ? upto(s, 200) : 0;
	n->delay_ms = 1 + upto(s, coin(s, 20) ? 400 : 50);
	n->jitter_ms = upto(s, 20);
	if (o->ordinary) {
		n->duplicates = 50;
		n->reordering = 100;
		n->delay_ms = 1;
		n->jitter_ms = 2;
	}
	if (o->loss >= 0 || coin(s, 60))
		return;
	n->corruption = upto(s, 30);
	n->truncation = upto(s, 15);
	n->replay = upto(s, 50);
}

static void random_tunnel(uint64_t *s, struct pair_config *c)
{
	bool secret = coin(s, 20);

	for (int i = 0; i < 2; i++) {
		struct tunnel_config *t = &c->tunnel[i];

		t->type = c->type;
		t->role = i ? ROLE_ANSWERER : ROLE_CALLER;
		(void)snprintf(t->host_name, sizeof t->host_name, "%s", i ? "server" : "client");
		t->local_call_id = (uint16_t)(1 + upto(s, 65535));
		t->receive_window = 16;
		t->setup_limit_ms = 30000;
		t->echo_interval_ms = 60000;
		t->echo_limit_ms = 60000;
		t->settings.hide_avps = secret && coin(s, 50);
		t->settings.sequencing = coin(s, 30);
		if (secret && !(i && coin(s, 5))) /* now and then only one end has it */
			secret_set(&t->settings.secret, "tunnel-secret", 13);
	}
}

/* Packets of the device are small: so are the pieces. */
static void random_multilink(uint64_t *s, struct pair_config *c)
{
	c->mp_room = (uint16_t)(40 + upto(s, 100));
	for (int i = 0; i < 2; i++) {
		c->ppp[i].settings.mrru = coin(s, 40) ? 1500 + upto(s, 115) : 0;
		c->ppp[i].settings.ask_short_sequence = coin(s, 30);
	}
}

/* What both ends want is the same, as with a profile that fits its server. */
static void make_ordinary(struct pair_config *c)
{
	c->password = "secret";
	(void)snprintf(c->ppp[0].user, sizeof c->ppp[0].user, "john");
	c->ppp[0].settings.local.s_addr = 0;
	c->ppp[0].settings.local_must = false;
	for (int i = 0; i < 2; i++) {
		c->ppp[i].settings.allow = METHOD_MSCHAP2;
		c->ppp[i].settings.mppe.policy = MPPE_REQUIRE;
		c->ppp[i].settings.mppe.strengths = MPPE_128;
		c->ppp[i].settings.mppe.mode = MPPE_STATELESS;
		c->tunnel[i].settings.secret.len = 0;
		c->tunnel[i].settings.hide_avps = false;
	}
}

static void random_config(uint64_t seed, const struct options *o, struct pair_config *c)
{
	uint64_t s = seed * 0x2545f4914f6cdd1dULL + 1;

	memset(c, 0, sizeof *c);
	c->seed = seed;
	c->verbose = o->verbose;
	c->type = coin(&s, 50) ? PROTOCOL_L2TP : PROTOCOL_PPTP;
	c->silence_limit_ms = 15000;
	c->packets_max = 512;
	c->user = "john";
	c->password = coin(&s, 5) ? "another" : "secret";
	random_net(&s, o, &c->net);
	random_tunnel(&s, c);
	random_ppp(&s, &c->ppp[0]);
	random_ppp(&s, &c->ppp[1]);
	random_addresses(&s, &c->ppp[0], &c->ppp[1]);
	c->ppp[1].role = ROLE_ANSWERER;
	(void)snprintf(c->ppp[0].user, sizeof c->ppp[0].user, "%s", coin(&s, 3) ? "jane" : "john");
	(void)snprintf(c->ppp[1].host_name, sizeof c->ppp[1].host_name, "server");
	secret_set(&c->ppp[0].password, "secret", 6);
	random_multilink(&s, c);
	if (o->ordinary)
		make_ordinary(c);
}

/* Some seconds of packets both ways. */
static void exchange(struct pair *p, uint64_t *s)
{
	unsigned bursts = 1 + upto(s, 8);

	for (unsigned i = 0; i < bursts && !pair_fault(p); i++) {
		for (unsigned n = upto(s, 12); n > 0; n--)
			pair_packet(p, (int)upto(s, 2));
		pair_run(p, pair_now(p) + 10 + upto(s, 2000), NULL);
	}
}

static const char *end_of(struct pair *p, uint64_t *s)
{
	int side = (int)upto(s, 2);

	if (coin(s, 10)) {
		pair_kill(p, side);
		/* The other notices by keep-alive where nothing else tells. */
		pair_run(p, pair_now(p) + END_MS, pair_over);
	} else {
		pair_hang_up(p, side);
		pair_run(p, pair_now(p) + END_MS, pair_over);
	}
	if (!pair_over(p))
		return "one end is stuck after the other has ended";
	for (int i = 0; i < 2; i++)
		if (!reason_is_set(side_reason(p, i)))
			return "an end has no reason";
	return NULL;
}

static void tell(const struct pair *p, const char *what)
{
	printf("  %s at %llu ms; caller: %s; answerer: %s\n", what, (unsigned long long)pair_now(p),
	       side_reason(p, 0)->text, side_reason(p, 1)->text);
}

static void note_up(struct tally *t, const struct pair_config *c, uint64_t ms)
{
	int type = c->type == PROTOCOL_L2TP;

	t->up++;
	t->times[type][t->times_count[type]++] = (uint32_t)ms;
}

/* One dial: NULL, or what is wrong with it. */
static const char *dial(struct pair *p, const struct pair_config *c, uint64_t *s, bool patient,
			struct tally *t)
{
	uint64_t start = pair_now(p);
	bool early = coin(s, 10) && !patient;

	t->dials++;
	t->dials_of[c->type == PROTOCOL_L2TP]++;
	pair_start(p);
	pair_run(p, start + (early ? upto(s, 5000) : SETTLE_MS), pair_settled);
	if (pair_fault(p))
		return pair_fault(p);
	if (early && !pair_settled(p)) {
		const char *stuck = end_of(p, s);

		t->hopeless++;
		return pair_fault(p) ? pair_fault(p) : stuck;
	}
	if (pair_up(p)) {
		note_up(t, c, pair_now(p) - start);
		exchange(p, s);
	} else if (pair_over(p)) {
		t->refused++;
	} else {
		return "neither up nor over in time";
	}
	if (pair_fault(p))
		return pair_fault(p);
	if (!pair_over(p)) {
		const char *stuck = end_of(p, s);

		if (stuck)
			return stuck;
	}
	return pair_fault(p);
}

/* A dial and, as chance wills, others at once after its end. */
static const char *dials(struct pair *p, const struct pair_config *c, uint64_t *s, bool patient,
			 struct tally *t)
{
	const char *wrong = dial(p, c, s, patient, t);

	while (!wrong && !patient && coin(s, 30)) {
		if (!pair_again(p)) {
			perror("sim: no pair");
			exit(2);
		}
		t->again++;
		wrong = dial(p, c, s, patient, t);
	}
	return wrong;
}

static bool run(uint64_t seed, const struct options *o, struct tally *t, struct coverage *coverage)
{
	uint64_t s = seed ^ 0x5deece66dULL;
	struct pair_config c;
	const char *wrong;
	char text[200];
	size_t before = mallinfo2().uordblks;
	struct pair *p;

	random_config(seed, o, &c);
	p = pair_new(&c, coverage);
	if (!p) {
		perror("sim: no pair");
		exit(2);
	}
	wrong = dials(p, &c, &s, o->ordinary, t);
	t->packets_sent += side_sent(p, 0) + side_sent(p, 1);
	t->packets_got += side_got(p, 0) + side_got(p, 1);
	if (wrong || o->verbose)
		tell(p, wrong ? wrong : "over");
	if (wrong) { /* it lies in the pair */
		(void)snprintf(text, sizeof text, "%s", wrong);
		wrong = text;
	}
	pair_free(p);
	if (!wrong && mallinfo2().uordblks > before + MEMORY_OF_ONE)
		wrong = "memory was not given back";
	if (wrong)
		printf("FAIL seed %llu (%s): %s\n", (unsigned long long)seed,
		       word_of(protocol_words, c.type), wrong);
	return !wrong;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Of one tunnel type: how many came up at all, within the limits that dial commands know, and when.
 */
static void tell_times(struct tally *t, int type)
{
	size_t n = t->times_count[type], within[2] = {0};
	uint32_t *times = t->times[type];

	if (n == 0)
		return;
	qsort(times, n, sizeof *times, compare);
	for (size_t i = 0; i < n; i++) {
		within[0] += times[i] <= 30000;
		within[1] += times[i] <= 45000;
	}
	printf("%s: %zu of %llu up, %zu within 30 s, %zu within 45 s; median %u ms, 90 %% %u ms, "
	       "longest %u ms (virtual)\n",
	       type ? "l2tp" : "pptp", n, (unsigned long long)t->dials_of[type], within[0],
	       within[1], times[n / 2], times[n * 9 / 10], times[n - 1]);
}

static void summary(struct tally *t)
{
	printf("%llu dials, %llu of them redials: %llu came up, %llu ended with a reason, %llu "
	       "were given up by hand; "
	       "%llu of %llu packets arrived\n",
	       (unsigned long long)t->dials, (unsigned long long)t->again,
	       (unsigned long long)t->up, (unsigned long long)t->refused,
	       (unsigned long long)t->hopeless, (unsigned long long)t->packets_got,
	       (unsigned long long)t->packets_sent);
	for (int type = 0; type < 2; type++)
		tell_times(t, type);
}

/* No rule of a single dial, but what thousands of them must show: that calls come up at all, and
 * that packets arrive.  (Seen: 51 %, of ordinary ones 99.8 %; 76 % of the packets at 20 % loss.) */
static bool plausible(const struct tally *t, const struct options *o)
{
	uint64_t least = o->ordinary ? 98 : 40;

	return t->dials < 1000 ||
	       (t->up * 100 >= t->dials * least && t->packets_got * 100 >= t->packets_sent * 60);
}

static void print_coverage(const struct coverage *c)
{
	static const char *const names[MACHINE_COUNT] = {
		"tunnel, caller", "tunnel, answerer", "LCP", "CCP", "IPCP", "IPV6CP", "phase"};

	for (int type = 0; type < 2; type++)
		for (int m = 0; m < MACHINE_COUNT; m++) {
			unsigned states = 0, moves = 0;

			for (int a = 0; a < MACHINE_STATES; a++) {
				states += c->states[type][m][a] != 0;
				for (int b = 0; b < MACHINE_STATES; b++)
					moves += c->moves[type][m][a][b] != 0;
			}
			printf("%s %-16s %2u states, %2u transitions seen\n",
			       type ? "l2tp" : "pptp", names[m], states, moves);
		}
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t n = strtoull(text, &end, 10);

	if (*end || end == text) {
		fprintf(stderr, "sim: %s is no number\n", text);
		exit(2);
	}
	return n;
}

static void take_options(struct options *o, int argc, char **argv)
{
	static const struct option names[] = {{"runs", required_argument, NULL, 'r'},
					      {"seed", required_argument, NULL, 's'},
					      {"loss", required_argument, NULL, 'l'},
					      {"verbose", no_argument, NULL, 'v'},
					      {"coverage", no_argument, NULL, 'c'},
					      {"ordinary", no_argument, NULL, 'o'},
					      {NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(argc, argv, "r:s:l:vco", names, NULL)) != -1) {
		if (option == 'r')
			o->runs = number(optarg);
		else if (option == 's')
			o->first = number(optarg);
		else if (option == 'l')
			o->loss = (int)number(optarg);
		else if (option == 'v')
			o->verbose = 1;
		else if (option == 'c')
			o->coverage = 1;
		else if (option == 'o')
			o->ordinary = 1;
		else
			exit(2);
	}
}

int main(int argc, char **argv)
{
	struct options o = {.first = 1, .runs = 1, .loss = -1};
	struct coverage *coverage = calloc(1, sizeof *coverage);
	struct tally tally = {0};
	struct reason reason = {0};
	uint64_t bad = 0;
	size_t before;

	take_options(&o, argc, argv);
	for (int type = 0; type < 2; type++)
		tally.times[type] = calloc(TIMES_MAX(o.runs), sizeof *tally.times[type]);
	if (!coverage || !tally.times[0] || !tally.times[1] || crypto_init(&reason) < 0)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 4096); /* its buffer is not a run's */
	printf("# sim: seeds %llu to %llu\n", (unsigned long long)o.first,
	       (unsigned long long)(o.first + o.runs - 1));
	before = mallinfo2().uordblks;
	for (uint64_t i = 0; i < o.runs && bad < 20; i++)
		bad += !run(o.first + i, &o, &tally, coverage);
	if (mallinfo2().uordblks > before + MEMORY_OF_ALL) {
		printf("FAIL %zu octets of memory were not given back\n",
		       mallinfo2().uordblks - before);
		bad++;
	}
	summary(&tally);
	if (!plausible(&tally, &o)) {
		printf("FAIL too few calls came up, or too few packets arrived\n");
		bad++;
	}
	if (o.coverage)
		print_coverage(coverage);
	printf(bad ? "FAIL sim: %llu broke a rule\n" : "ok sim\n", (unsigned long long)bad);
	free(tally.times[0]);
	free(tally.times[1]);
	free(coverage);
	return bad != 0;
}
