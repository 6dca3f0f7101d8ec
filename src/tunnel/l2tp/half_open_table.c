/* SPDX-License-Identifier: MIT */
/* Entries, buckets, lists by age. */
#include "tunnel/l2tp/half_open_table.h"

#include "base/sha1.h"

#include <string.h>

#define NONE 0xffff

_Static_assert(HALF_OPEN_MAX < NONE, "entries are numbered by 16 bits");
_Static_assert(sizeof(struct half_open_key) == 36, "keys are compared as octets");

void table_init(struct half_open_table *t, const struct random_source *random)
{
	random_fill(random, t->key, sizeof t->key);
	memset(t->buckets, 0xff, sizeof t->buckets);
	t->asked = t->taken = (struct half_open_list){NONE, NONE, 0};
	t->free = NONE;
}

static uint16_t number_of(const struct half_open_table *t, const struct half_open_entry *e)
{
	return (uint16_t)(e - t->entries);
}

/* Of IPv6 only the /64, all of which one host may have for itself. */
static void source_of(uint8_t out[static 16], const struct half_open_key *key)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	size_t len = memcmp(key->peer, mapped, sizeof mapped) == 0 ? 16 : 8;

	memset(out, 0, 16);
	memcpy(out, key->peer, len);
}

/* All tunnels of one source are in one bucket, and nobody can aim at another's. */
static uint16_t *bucket_of(struct half_open_table *t, const uint8_t source[static 16])
{
	uint8_t text[32], digest[SHA1_DIGEST];

	memcpy(text, t->key, 16);
	memcpy(text + 16, source, 16);
	sha1_digest(digest, text, sizeof text);
	return &t->buckets[(digest[0] << 8 | digest[1]) % HALF_OPEN_MAX];
}

static struct half_open_list *list_of(struct half_open_table *t, const struct half_open_entry *e)
{
	return e->taken ? &t->taken : &t->asked;
}

static void list_add(struct half_open_table *t, struct half_open_entry *e)
{
	struct half_open_list *l = list_of(t, e);
	uint16_t n = number_of(t, e);

	e->older = l->newest;
	e->newer = NONE;
	if (l->newest != NONE)
		t->entries[l->newest].newer = n;
	else
		l->oldest = n;
	l->newest = n;
	l->count++;
}

static void list_remove(struct half_open_table *t, struct half_open_entry *e)
{
	struct half_open_list *l = list_of(t, e);

	if (e->newer != NONE)
		t->entries[e->newer].older = e->older;
	else
		l->newest = e->older;
	if (e->older != NONE)
		t->entries[e->older].newer = e->newer;
	else
		l->oldest = e->newer;
	l->count--;
}

void table_remove(struct half_open_table *t, struct half_open_entry *e)
{
	uint16_t n = number_of(t, e), *at;
	uint8_t source[16];

	source_of(source, &e->key);
	at = bucket_of(t, source);
	while (*at != n)
		at = &t->entries[*at].next;
	*at = e->next;
	list_remove(t, e);
	wipe(e, sizeof *e);
	e->next = t->free;
	t->free = n;
}

struct half_open_entry *table_find(struct half_open_table *t, const struct half_open_key *key,
				   uint64_t now_ms)
{
	uint8_t source[16];

	source_of(source, key);
	for (uint16_t n = *bucket_of(t, source); n != NONE; n = t->entries[n].next) {
		struct half_open_entry *e = &t->entries[n];

		if (memcmp(&e->key, key, sizeof *key) != 0)
			continue;
		if (now_ms - e->since_ms < HALF_OPEN_MS)
			return e;
		table_remove(t, e);
		return NULL;
	}
	return NULL;
}

/* The oldest entry of SOURCE if it has as many as it may; a bucket begins with the newest. */
static struct half_open_entry *excess_of(struct half_open_table *t, const uint8_t source[static 16])
{
	struct half_open_entry *last = NULL;
	uint8_t other[16];
	unsigned count = 0;

	for (uint16_t n = *bucket_of(t, source); n != NONE; n = t->entries[n].next) {
		source_of(other, &t->entries[n].key);
		if (memcmp(other, source, sizeof other) != 0)
			continue;
		count++;
		last = &t->entries[n];
	}
	return count >= HALF_OPEN_SOURCE_MAX ? last : NULL;
}

struct half_open_entry *table_add(struct half_open_table *t, const struct half_open_key *key,
				  uint64_t now_ms)
{
	struct half_open_entry *e;
	uint8_t source[16];
	uint16_t *bucket;

	source_of(source, key);
	bucket = bucket_of(t, source);
	e = excess_of(t, source);
	if (!e && t->free == NONE && t->used < HALF_OPEN_MAX) {
		/* Memory that nobody needed is not touched. */
		t->entries[t->used].next = NONE;
		t->free = (uint16_t)t->used++;
	} else if (!e && t->free == NONE) {
		e = &t->entries[t->asked.count ? t->asked.oldest : t->taken.oldest];
	}
	if (e)
		table_remove(t, e);
	e = &t->entries[t->free];
	t->free = e->next;
	*e = (struct half_open_entry){.key = *key, .since_ms = now_ms, .next = *bucket};
	*bucket = number_of(t, e);
	list_add(t, e);
	return e;
}

void table_set_taken(struct half_open_table *t, struct half_open_entry *e)
{
	if (e->taken)
		return;
	list_remove(t, e);
	e->taken = true;
	list_add(t, e);
	if (t->taken.count > HALF_OPEN_TAKEN_MAX)
		table_remove(t, &t->entries[t->taken.oldest]);
}

static struct half_open_failure *failure_of(struct half_open_table *t,
					    const struct half_open_key *key, uint64_t now_ms)
{
	uint8_t source[16];

	source_of(source, key);
	for (size_t i = 0; i < TABLE_FAILURES; i++) {
		struct half_open_failure *f = &t->failures[i];

		if (f->since_ms && now_ms - f->since_ms >= TABLE_FAILURES_MS)
			f->since_ms = 0;
		if (f->since_ms && memcmp(f->source, source, sizeof source) == 0)
			return f;
	}
	return NULL;
}

void table_note_failure(struct half_open_table *t, const struct half_open_key *key, uint64_t now_ms)
{
	struct half_open_failure *f = failure_of(t, key, now_ms);

	if (!f) {
		f = &t->failures[0];
		for (size_t i = 1; i < TABLE_FAILURES; i++)
			if (t->failures[i].since_ms < f->since_ms)
				f = &t->failures[i];
		*f = (struct half_open_failure){.since_ms = now_ms ? now_ms : 1};
		source_of(f->source, key);
	}
	f->count++;
}

bool table_must_wait(struct half_open_table *t, const struct half_open_key *key, uint64_t now_ms)
{
	const struct half_open_failure *f = failure_of(t, key, now_ms);

	return f && f->count >= TABLE_FAILURES_MAX;
}
