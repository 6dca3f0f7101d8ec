/* SPDX-License-Identifier: MIT */
/* MPPE: sending in count order, receiving with kept keys for stragglers. */
#include "path/mppe.h"

#include "base/cursor.h"
#include "path/checksum.h"

#define FLAG_FLUSHED	0x8000
#define FLAG_AT_FRONT	0x4000
#define FLAG_COMPRESSED 0x2000
#define FLAG_ENCRYPTED	0x1000
#define COUNT_MASK	0x0fff

/* RFC 3078 section 7.2: in stateful mode a packet with this low octet changes the key. */
static bool count_changes_key(uint16_t count)
{
	return (count & 0xff) == 0xff;
}

void mppe_tx_init(struct mppe_tx *tx, unsigned bits, bool stateful, const uint8_t start[static 16])
{
	bool rekey_on_flush = tx->rekey_on_flush;

	memset(tx, 0, sizeof *tx);
	tx->stateful = stateful;
	tx->rekey_on_flush = rekey_on_flush;
	mppe_keys_init(&tx->keys, bits, start);
	rc4_init(&tx->rc4, tx->keys.chain.session, tx->keys.chain.len);
}

static void write_header(struct mppe_tx *tx, uint8_t header[static MPPE_HEADER], bool fresh)
{
	uint16_t word = (uint16_t)(FLAG_ENCRYPTED | tx->count | (fresh ? FLAG_FLUSHED : 0));

	header[0] = (uint8_t)(word >> 8);
	header[1] = (uint8_t)word;
	tx->flush = false;
	tx->count = (tx->count + 1) & COUNT_MASK;
}

void mppe_number(struct mppe_tx *tx, uint8_t header[static MPPE_HEADER], uint8_t key[static 16])
{
	memcpy(key, mppe_keys_ahead(&tx->keys, 1), 16);
	mppe_keys_drop(&tx->keys, 1);
	write_header(tx, header, true);
}

void mppe_encrypt_jobs(struct mppe_tx *tx, struct rc4_job *jobs, size_t count)
{
	rc4_jobs(jobs, count, tx->keys.chain.len, mppe_keys_beside(&tx->keys));
}

void mppe_tx_prepare(struct mppe_tx *tx)
{
	if (!tx->stateful)
		mppe_keys_ahead(&tx->keys, MPPE_PREPARED);
}

static void encrypt_stateful(struct mppe_tx *tx, uint8_t header[static MPPE_HEADER], uint8_t *data,
			     size_t len)
{
	struct mppe_chain *chain = &tx->keys.chain;
	bool change = count_changes_key(tx->count), fresh = change || tx->flush;

	if (change || (tx->flush && tx->rekey_on_flush))
		mppe_chain_next(chain);
	if (fresh)
		rc4_init(&tx->rc4, chain->session, chain->len);
	rc4_crypt(&tx->rc4, data, data, len);
	write_header(tx, header, fresh);
}

void mppe_encrypt(struct mppe_tx *tx, uint8_t header[static MPPE_HEADER], uint8_t *data, size_t len)
{
	struct rc4_job job = {.data = data, .len = len};

	if (tx->stateful) {
		encrypt_stateful(tx, header, data, len);
		return;
	}
	mppe_number(tx, header, job.key);
	mppe_encrypt_jobs(tx, &job, 1);
}

void mppe_rx_init(struct mppe_rx *rx, unsigned bits, bool stateful, const uint8_t start[static 16],
		  struct mppe_kept *kept)
{
	bool rekey_on_flush = rx->rekey_on_flush;

	memset(rx, 0, sizeof *rx);
	rx->stateful = stateful;
	rx->rekey_on_flush = rekey_on_flush;
	rx->kept = kept;
	memset(kept, 0, sizeof *kept * MPPE_KEPT_KEYS);
	mppe_keys_init(&rx->keys, bits, start);
	rc4_init(&rx->rc4, rx->keys.chain.session, rx->keys.chain.len);
}

void mppe_rx_prepare(struct mppe_rx *rx)
{
	if (!rx->stateful)
		mppe_keys_ahead(&rx->keys, MPPE_PREPARED);
}

/* Does a plain text begin as a PPP data frame: one of the network protocols that MPPE carries?  A
 * compressed protocol is a single octet, too easily hit by chance: the IP version must fit too. */
static bool plain_is_sane(const uint8_t *p, size_t len)
{
	if (len < 2)
		return false;
	if (p[0] & 1)
		return (p[0] == 0x21 && p[1] >> 4 == 4) || (p[0] == 0x57 && p[1] >> 4 == 6);
	switch ((unsigned)p[0] << 8 | p[1]) {
	case 0x0021: /* IPv4 */
	case 0x0057: /* IPv6 */
	case 0x0031: /* bridged */
	case 0x003d: /* multilink */
	case 0x002d: /* Van Jacobson */
	case 0x002f:
		return true;
	default:
		return false;
	}
}

static enum mppe_result decrypt_late(struct mppe_rx *rx, uint64_t position, uint8_t *data,
				     size_t len)
{
	struct mppe_kept *kept = &rx->kept[position % MPPE_KEPT_KEYS];
	struct rc4 rc4;

	if (kept->position != position)
		return MPPE_TOO_LATE;
	rc4_init(&rc4, kept->key, rx->keys.chain.len);
	rc4_crypt(&rc4, data, data, len);
	if (!plain_is_sane(data, len))
		return MPPE_BAD;
	kept->position = 0; /* each key serves once */
	return MPPE_OK_LATE;
}

/* How many key changes lie between the last accepted packet and one with COUNT; 0 when it is
 * behind.  Where the tunnel numbers its packets, whole turns of the 12-bit count are seen too. */
static uint64_t steps_ahead(const struct mppe_rx *rx, uint16_t count, struct mppe_place place)
{
	uint64_t step = (uint64_t)(count - (uint16_t)(rx->position - 1)) & COUNT_MASK;

	if (step == 0 && !place.known)
		return 0;
	if (!place.known)
		return step <= (COUNT_MASK + 1) / 2 ? step : 0;
	if (place.late)
		return 0;
	if (step == 0)
		step = COUNT_MASK + 1;
	/* Lost control frames use up sequence numbers but no counts, so the true step is the
	 * largest one that the numbers allow; nearly always, see try_steps. */
	if (place.ahead > step)
		step += (place.ahead - step) / (COUNT_MASK + 1) * (COUNT_MASK + 1);
	return step;
}

static bool is_affordable(struct mppe_rx *rx, uint64_t step, uint64_t now_ms)
{
	if (now_ms - rx->waste_since_ms >= 1000) {
		rx->waste_since_ms = now_ms;
		rx->waste = 0;
	}
	return step <= MPPE_STEP_FREE || rx->waste + step <= MPPE_WASTE_MAX;
}

/* The chain STEP packets further on. */
static void chain_ahead(struct mppe_rx *rx, uint64_t step, struct mppe_chain *chain)
{
	if (step <= MPPE_READY) {
		const uint8_t *key = mppe_keys_ahead(&rx->keys, (unsigned)step);

		*chain = rx->keys.chain;
		memcpy(chain->session, key, sizeof chain->session);
		return;
	}
	*chain = rx->keys.chain;
	for (uint64_t i = rx->keys.count; i < step; i++)
		mppe_chain_next(chain);
}

/* The same; false if it does not make sense of DATA. */
static bool try_steps(struct mppe_rx *rx, uint64_t step, const uint8_t *data, size_t len,
		      uint64_t now_ms, struct mppe_chain *chain)
{
	uint8_t peek[4];
	size_t peek_len = len < sizeof peek ? len : sizeof peek;
	struct rc4 rc4;

	if (step > MPPE_STEP_MAX || !is_affordable(rx, step, now_ms))
		return false;
	chain_ahead(rx, step, chain);
	rc4_init(&rc4, chain->session, chain->len);
	rc4_crypt(&rc4, peek, data, peek_len);
	if (plain_is_sane(peek, peek_len))
		return true;
	rx->waste += (uint32_t)step;
	return false;
}

static void keep(struct mppe_rx *rx, uint64_t position, const uint8_t *key)
{
	struct mppe_kept *kept = &rx->kept[position % MPPE_KEPT_KEYS];

	kept->position = position;
	memcpy(kept->key, key, sizeof kept->key);
}

/* The next COUNT keys, which are ready: packets that they are for may still come. */
static void keep_ready(struct mppe_rx *rx, unsigned count)
{
	for (unsigned i = 1; i <= count; i++)
		keep(rx, rx->position + i, mppe_keys_ahead(&rx->keys, i));
}

static void arrive(struct mppe_rx *rx, uint64_t step)
{
	rx->position += step;
	rx->kept[rx->position % MPPE_KEPT_KEYS].position = 0;
}

/* Moves on for good by STEP packets, whose keys are ready; those passed by are kept. */
static void move_on(struct mppe_rx *rx, unsigned step)
{
	keep_ready(rx, step - 1);
	mppe_keys_drop(&rx->keys, step);
	arrive(rx, step);
}

/* The same where not all are ready; CHAIN lies STEP packets ahead. */
static void jump(struct mppe_rx *rx, uint64_t step, const struct mppe_chain *chain)
{
	unsigned ready = rx->keys.count;

	keep_ready(rx, ready);
	for (uint64_t i = ready + 1; i < step; i++) {
		mppe_chain_next(&rx->keys.chain);
		keep(rx, rx->position + i, rx->keys.chain.session);
	}
	mppe_keys_restart(&rx->keys, chain);
	arrive(rx, step);
}

/* The packet STEP ahead makes sense with the key of CHAIN. */
static void accept(struct mppe_rx *rx, uint64_t step, const struct mppe_chain *chain, uint8_t *data,
		   size_t len)
{
	struct rc4 rc4;

	rc4_init(&rc4, chain->session, chain->len);
	rc4_crypt(&rc4, data, data, len);
	if (step <= rx->keys.count)
		move_on(rx, (unsigned)step);
	else
		jump(rx, step, chain);
}

#define HEAD_MAX 64 /* protocol and IPv4 header */

/* Is this an IP packet beyond doubt?  HEAD: its first octets, protocol field first; LEN: all. */
static bool is_surely_ip(struct cursor head, size_t len)
{
	size_t before = cursor_left(&head), header;
	const uint8_t *ip;

	if (cursor_u8(&head) == 0) /* the protocol in two octets; plain_is_sane knows the rest */
		cursor_skip(&head, 1);
	len -= before - cursor_left(&head);
	ip = cursor_bytes(&head, 20);
	if (!ip)
		return false;
	header = (size_t)(ip[0] & 15) * 4;
	if (ip[0] >> 4 == 6)
		return len >= 40 && ((size_t)ip[4] << 8 | ip[5]) == len - 40;
	return ip[0] >> 4 == 4 && header >= 20 && header - 20 <= cursor_left(&head) &&
	       ((size_t)ip[2] << 8 | ip[3]) == len &&
	       checksum_fold(checksum_add(0, ip, header)) == 0xffff;
}

bool mppe_is_proof(const uint8_t *plain, size_t len)
{
	return plain_is_sane(plain, len) &&
	       is_surely_ip(cursor_make(plain, len < HEAD_MAX ? len : HEAD_MAX), len);
}

/* Does the key make sense of DATA, leaving no doubt? */
static bool is_surely_key(const struct mppe_chain *chain, const uint8_t *data, size_t len)
{
	uint8_t head[HEAD_MAX];
	size_t n = len < sizeof head ? len : sizeof head;
	struct rc4 rc4;

	rc4_init(&rc4, chain->session, chain->len);
	rc4_crypt(&rc4, head, data, n);
	return plain_is_sane(head, n) && is_surely_ip(cursor_make(head, n), len);
}

/* After a long gap: 0 unless one of the turns that the count may have made since makes sense of
 * DATA beyond doubt; else how many packets ahead it is, with its place in CHAIN. */
static uint64_t find_turn(struct mppe_rx *rx, uint16_t count, const uint8_t *data, size_t len,
			  uint64_t now_ms, struct mppe_chain *chain)
{
	uint64_t step = (uint64_t)(count - (uint16_t)(rx->position - 1)) & COUNT_MASK;

	if (!is_affordable(rx, MPPE_STEP_MAX, now_ms))
		return 0;
	rx->waste += MPPE_STEP_MAX;
	if (step == 0)
		step = COUNT_MASK + 1;
	chain_ahead(rx, step, chain);
	for (unsigned turn = 1;; turn++) {
		if (is_surely_key(chain, data, len))
			return step;
		if (turn == MPPE_TURNS)
			return 0;
		for (unsigned i = 0; i <= COUNT_MASK; i++, step++)
			mppe_chain_next(chain);
	}
}

static enum mppe_result decrypt_in_step(struct mppe_rx *rx, uint16_t count, uint8_t *data,
					size_t len, struct mppe_place place)
{
	uint64_t step = steps_ahead(rx, count, place);
	struct mppe_chain chain;

	if (step == 0) {
		uint64_t back = (uint64_t)((uint16_t)(rx->position - 1) - count) & COUNT_MASK;

		if (back >= rx->position || place.far)
			return MPPE_TOO_LATE;
		return back == 0 ? MPPE_DUPLICATE
				 : decrypt_late(rx, rx->position - back, data, len);
	}
	if (!try_steps(rx, step, data, len, place.now_ms, &chain)) {
		/* A peer whose numbers jump, but not its counts, must not be lost for good. */
		if (step <= COUNT_MASK + 1)
			return MPPE_BAD;
		step = (step - 1) % (COUNT_MASK + 1) + 1;
		if (!try_steps(rx, step, data, len, place.now_ms, &chain))
			return MPPE_BAD;
	}
	if (place.far && !is_surely_key(&chain, data, len)) {
		rx->waste += (uint32_t)step;
		return MPPE_BAD;
	}
	accept(rx, step, &chain, data, len);
	return MPPE_OK;
}

static enum mppe_result decrypt_stateless(struct mppe_rx *rx, uint16_t count, uint8_t *data,
					  size_t len, struct mppe_place place)
{
	struct mppe_chain chain;
	uint64_t step = 0;

	if (!place.known && rx->strays >= MPPE_STRAYS)
		step = find_turn(rx, count, data, len, place.now_ms, &chain);
	if (step == 0)
		return decrypt_in_step(rx, count, data, len, place);
	accept(rx, step, &chain, data, len);
	return MPPE_OK;
}

bool mppe_run_add(struct mppe_run *run, struct mppe_rx *rx, uint8_t *packet, size_t len,
		  struct mppe_place place)
{
	struct cursor c = cursor_make(packet, len);
	uint16_t word = cursor_u16(&c);
	size_t left = cursor_left(&c);
	uint64_t position = run->count ? run->position : rx->position;
	struct mppe_packet *p = &run->packets[run->count];

	if (run->count == MPPE_RUN || c.failed || left < 2 || rx->stateful ||
	    (word & ~COUNT_MASK) != (FLAG_ENCRYPTED | FLAG_FLUSHED) ||
	    (word & COUNT_MASK) != (position & COUNT_MASK))
		return false;
	/* Behind, or so far ahead that the count may have gone round (see steps_ahead). */
	if (place.known && (place.late || place.ahead > COUNT_MASK + 1))
		return false;
	run->position = position + 1;
	p->data = packet + MPPE_HEADER;
	p->len = left;
	run->count++;
	return true;
}

void mppe_run_decrypt(struct mppe_run *run, struct mppe_rx *rx)
{
	for (unsigned i = 0; i < run->count; i++) {
		struct mppe_packet *p = &run->packets[i];

		run->jobs[i] = (struct rc4_job){p->data, p->len, {0}};
		memcpy(run->jobs[i].key, mppe_keys_ahead(&rx->keys, i + 1), 16);
	}
	rc4_jobs(run->jobs, run->count, rx->keys.chain.len, mppe_keys_beside(&rx->keys));
}

enum mppe_result mppe_run_commit(struct mppe_run *run, struct mppe_rx *rx, size_t i)
{
	const struct mppe_packet *p = &run->packets[i];
	uint64_t position = run->position - (run->count - 1 - i);

	if (!plain_is_sane(p->data, p->len)) {
		rx->strays++;
		return MPPE_BAD;
	}
	rx->strays = 0;
	/* Keys of packets before it that were nonsense are kept: the true ones may still come. */
	move_on(rx, (unsigned)(position - rx->position));
	return MPPE_OK;
}

void mppe_run_clear(struct mppe_run *run)
{
	run->count = 0;
}

/* Stateful, FLUSHED set: key changes by the RFC (one for each flag count passed) or by Linux (one
 * for each 256 passed, and one for the flush itself). */
static unsigned flush_changes(uint16_t expected, uint16_t count, bool like_linux)
{
	unsigned blocks = ((count >> 8) - (expected >> 8)) & 0xf;

	if (like_linux)
		return blocks + 1;
	return blocks + count_changes_key(count);
}

/* Tries CHANGES key changes on copies; commits if the plain text is sane. */
static bool try_flush(struct mppe_rx *rx, unsigned changes, uint8_t *data, size_t len)
{
	struct mppe_chain chain = rx->keys.chain;
	struct rc4 rc4, peek_state;
	uint8_t peek[4];
	size_t peek_len = len < sizeof peek ? len : sizeof peek;

	for (unsigned i = 0; i < changes; i++)
		mppe_chain_next(&chain);
	rc4_init(&rc4, chain.session, chain.len);
	peek_state = rc4;
	rc4_crypt(&peek_state, peek, data, peek_len);
	if (!plain_is_sane(peek, peek_len))
		return false;
	rc4_crypt(&rc4, data, data, len);
	rx->keys.chain = chain;
	rx->rc4 = rc4;
	return true;
}

static enum mppe_result decrypt_stateful(struct mppe_rx *rx, uint16_t word, uint8_t *data,
					 size_t len, struct mppe_place place)
{
	uint16_t count = word & COUNT_MASK, expected = rx->position & COUNT_MASK;
	uint16_t ahead = (count - expected) & COUNT_MASK;
	struct rc4 rc4 = rx->rc4;
	uint8_t peek[4];

	if (place.known ? place.late : ahead > (COUNT_MASK + 1) / 2)
		return MPPE_TOO_LATE;
	if (word & FLAG_FLUSHED) {
		bool like_linux = rx->rekey_on_flush;

		/* After a reset a Linux peer and an RFC peer use different keys (RFC 3078 8.2). */
		if (!try_flush(rx, flush_changes(expected, count, like_linux), data, len)) {
			like_linux = !like_linux;
			if (!try_flush(rx, flush_changes(expected, count, like_linux), data, len))
				return MPPE_BAD;
			rx->rekey_on_flush = like_linux;
		}
		rx->discard = false;
		rx->position += (uint64_t)ahead + 1;
		return MPPE_OK;
	}
	if (rx->discard || ahead != 0 || count_changes_key(count)) {
		rx->discard = true;
		return MPPE_RESYNC;
	}
	rc4_crypt(&rc4, peek, data, len < sizeof peek ? len : sizeof peek);
	if (!plain_is_sane(peek, len < sizeof peek ? len : sizeof peek)) {
		rx->discard = true;
		return MPPE_RESYNC;
	}
	rc4_crypt(&rx->rc4, data, data, len);
	rx->position++;
	return MPPE_OK;
}

enum mppe_result mppe_decrypt(struct mppe_rx *rx, uint8_t *packet, size_t len,
			      struct mppe_place place)
{
	struct cursor c = cursor_make(packet, len);
	uint16_t word = cursor_u16(&c);
	size_t left = cursor_left(&c);
	uint8_t *data = packet + MPPE_HEADER;
	enum mppe_result result;

	if (c.failed || left < 2 || !(word & FLAG_ENCRYPTED) ||
	    (word & (FLAG_COMPRESSED | FLAG_AT_FRONT)))
		return MPPE_BAD;
	if (rx->stateful)
		return decrypt_stateful(rx, word, data, left, place);
	if (!(word & FLAG_FLUSHED))
		return MPPE_BAD;
	result = decrypt_stateless(rx, word & COUNT_MASK, data, left, place);
	if (result == MPPE_OK || result == MPPE_OK_LATE)
		rx->strays = 0;
	else if (result != MPPE_DUPLICATE)
		rx->strays++;
	return result;
}
