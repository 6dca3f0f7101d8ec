/* SPDX-License-Identifier: MIT */
/* Proposals, transforms and attributes, by tables of numbers. */
#include "wire/isakmp_sa.h"

#include "wire/isakmp.h"

#define DOI_IPSEC	   1
#define SITUATION_IDENTITY 1
#define SUB_HEADER	   8 /* of a proposal without SPI, and of a transform */
#define SHORT		   0x8000
#define KEY_IKE		   1
#define LIFE_SECONDS	   1

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* What attributes mean, whatever their number. */
enum meaning {
	M_NONE,
	M_CIPHER,
	M_HASH,
	M_METHOD,
	M_GROUP,
	M_LIFE_TYPE,
	M_LIFE,
	M_KEY_BITS,
	M_ENCAPSULATION,
	MEANINGS
};

static const uint8_t ike_attributes[] = {
	[1] = M_CIPHER,	    [2] = M_HASH,  [3] = M_METHOD,   [4] = M_GROUP,
	[11] = M_LIFE_TYPE, [12] = M_LIFE, [14] = M_KEY_BITS};
static const uint8_t esp_attributes[] = {[1] = M_LIFE_TYPE,	[2] = M_LIFE, [3] = M_GROUP,
					 [4] = M_ENCAPSULATION, [5] = M_HASH, [6] = M_KEY_BITS};

/* Our words and the numbers of IKE and ESP; 0 = has none. */
struct number {
	uint8_t word;
	uint8_t ike, esp;
};
static const struct number ciphers[] = {
	{IPSEC_AES_CBC, 7, 12}, {IPSEC_3DES, 5, 3}, {IPSEC_AES_GCM, 0, 20}};
static const struct number hashes[] = {{IPSEC_MD5, 1, 1},
				       {IPSEC_SHA1, 2, 2},
				       {IPSEC_SHA256, 4, 5},
				       {IPSEC_SHA384, 5, 6},
				       {IPSEC_SHA512, 6, 7}};
static const struct number groups[] = {{IPSEC_MODP1024, 2, 2},	 {IPSEC_MODP1536, 5, 5},
				       {IPSEC_MODP2048, 14, 14}, {IPSEC_MODP3072, 15, 15},
				       {IPSEC_MODP4096, 16, 16}, {IPSEC_ECP256, 19, 19},
				       {IPSEC_ECP384, 20, 20}};

static uint8_t number_of(const struct number *table, size_t count, uint8_t word, bool esp)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].word == word)
			return esp ? table[i].esp : table[i].ike;
	return 0;
}

/* False if the number is unknown. */
static bool word_for(const struct number *table, size_t count, uint64_t number, bool esp,
		     uint8_t *out)
{
	for (size_t i = 0; number && i < count; i++) {
		if ((esp ? table[i].esp : table[i].ike) == number) {
			*out = table[i].word;
			return true;
		}
	}
	return false;
}

uint16_t isakmp_group_number(uint8_t group)
{
	return number_of(groups, COUNT(groups), group, false);
}

/* Reading */

/* One attribute; a number of up to eight octets, else *FITS is false. */
static uint16_t read_attribute(struct cursor *c, uint64_t *value, bool *fits)
{
	uint16_t type = cursor_u16(c);

	*value = cursor_u16(c);
	*fits = true;
	if (type & SHORT)
		return type & (uint16_t)~SHORT;
	struct cursor number = cursor_sub(c, (size_t)*value);
	*fits = cursor_left(&number) > 0 && cursor_left(&number) <= 8;
	for (*value = 0; *fits && cursor_left(&number);)
		*value = *value << 8 | cursor_u8(&number);
	return type;
}

/* One attribute's value into its place; false if it means nothing to us. */
static bool take(struct isakmp_transform *t, enum meaning meaning, uint64_t value, uint64_t *life)
{
	bool esp = t->protocol == ISAKMP_PROTOCOL_ESP;

	switch (meaning) {
	case M_CIPHER:
		return word_for(ciphers, COUNT(ciphers), value, esp, &t->suite.cipher);
	case M_HASH:
		return word_for(hashes, COUNT(hashes), value, esp, &t->suite.hash);
	case M_GROUP:
		return word_for(groups, COUNT(groups), value, esp, &t->suite.group);
	case M_METHOD:
		t->method = (uint16_t)value;
		return value <= UINT16_MAX;
	case M_ENCAPSULATION:
		t->encapsulation = (uint16_t)value;
		return value <= UINT16_MAX;
	case M_KEY_BITS:
		t->suite.key_bits = (uint16_t)value;
		return value > 0 && value <= 256;
	case M_LIFE_TYPE:
		*life = value;
		return true;
	case M_LIFE:
		if (*life == LIFE_SECONDS)
			t->seconds = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
		return true;
	default:
		return false;
	}
}

/* The attributes of T; false if their lengths do not fit. */
static bool read_attributes(struct isakmp_transform *t)
{
	struct cursor c = cursor_make(t->attributes, t->attributes_len);
	bool esp = t->protocol == ISAKMP_PROTOCOL_ESP, fits;
	const uint8_t *table = esp ? esp_attributes : ike_attributes;
	size_t known = esp ? COUNT(esp_attributes) : COUNT(ike_attributes);
	bool seen[MEANINGS] = {false};
	uint64_t value, life = 0;

	while (!c.failed && cursor_left(&c)) {
		uint16_t type = read_attribute(&c, &value, &fits);
		enum meaning m = type < known ? table[type] : M_NONE;
		bool again = seen[m] && m != M_LIFE_TYPE && m != M_LIFE;
		seen[m] = true;
		if (!fits || again || !take(t, m, value, &life))
			t->usable = false;
	}
	if (!seen[M_CIPHER] && !esp)
		t->usable = false;
	return !c.failed;
}

/* What a cipher's key length is when it is not told, and whether all is there that is needed. */
static void complete(struct isakmp_transform *t)
{
	bool esp = t->protocol == ISAKMP_PROTOCOL_ESP;
	uint16_t bits = t->suite.cipher == IPSEC_3DES ? 192 : 128;

	if (!t->suite.key_bits)
		t->suite.key_bits = bits;
	if (t->suite.cipher == IPSEC_3DES ? t->suite.key_bits != bits : t->suite.key_bits % 64)
		t->usable = false;
	if (t->suite.cipher == IPSEC_AES_GCM ? t->suite.hash : !t->suite.hash)
		t->usable = false;
	if (!esp && !t->suite.group)
		t->usable = false;
}

static bool read_transform(struct cursor *c, const struct isakmp_transform *proposal,
			   struct isakmp_sa *sa)
{
	struct isakmp_transform t = *proposal;

	cursor_skip(c, 2); /* next, reserved: the proposal says how many there are */
	size_t len = cursor_u16(c);
	t.number = cursor_u8(c);
	t.id = cursor_u8(c);
	cursor_skip(c, 2);
	if (c->failed || len < SUB_HEADER)
		return false;
	t.attributes_len = len - SUB_HEADER;
	t.attributes = cursor_bytes(c, t.attributes_len);
	t.usable = t.protocol == ISAKMP_PROTOCOL_ESP
			   ? word_for(ciphers, COUNT(ciphers), t.id, true, &t.suite.cipher)
			   : t.protocol == ISAKMP_PROTOCOL_IKE && t.id == KEY_IKE;
	if (c->failed || !read_attributes(&t))
		return false;
	complete(&t);
	if (sa->count < ISAKMP_TRANSFORMS)
		sa->at[sa->count++] = t;
	return true;
}

static bool read_proposal(struct cursor *all, struct isakmp_sa *sa, bool *more)
{
	struct isakmp_transform t = {0};

	*more = cursor_u8(all) == ISAKMP_PROPOSAL;
	cursor_skip(all, 1);
	size_t len = cursor_u16(all);
	struct cursor c = cursor_sub(all, len < 4 ? 0 : len - 4);
	t.proposal = cursor_u8(&c);
	t.protocol = cursor_u8(&c);
	t.spi_len = cursor_u8(&c);
	uint8_t count = cursor_u8(&c);
	if (t.spi_len == sizeof t.spi)
		t.spi = cursor_u32(&c);
	else
		cursor_skip(&c, t.spi_len);
	if (c.failed || sa->proposals == UINT8_MAX)
		return false;
	sa->proposals++;
	while (count--)
		if (!read_transform(&c, &t, sa))
			return false;
	return cursor_left(&c) == 0;
}

bool isakmp_sa_decode(const uint8_t *body, size_t len, struct isakmp_sa *out)
{
	struct cursor c = cursor_make(body, len);
	uint32_t doi = cursor_u32(&c), situation = cursor_u32(&c);
	bool more = true;

	out->count = out->proposals = 0;
	if (c.failed || doi != DOI_IPSEC || situation != SITUATION_IDENTITY)
		return false;
	while (more)
		if (!read_proposal(&c, out, &more))
			return false;
	return cursor_left(&c) == 0 && out->count > 0;
}

/* Writing */

static void short_attribute(struct writer *w, uint16_t type, uint16_t value)
{
	writer_u16(w, SHORT | type);
	writer_u16(w, value);
}

static void life_attributes(struct writer *w, uint16_t type, uint32_t seconds)
{
	if (!seconds)
		return;
	short_attribute(w, type, LIFE_SECONDS);
	writer_u16(w, type + 1);
	writer_u16(w, sizeof seconds);
	writer_u32(w, seconds);
}

static void ike_write(struct writer *w, const struct isakmp_transform *t)
{
	short_attribute(w, 1, number_of(ciphers, COUNT(ciphers), t->suite.cipher, false));
	if (t->suite.cipher == IPSEC_AES_CBC)
		short_attribute(w, 14, t->suite.key_bits);
	short_attribute(w, 2, number_of(hashes, COUNT(hashes), t->suite.hash, false));
	short_attribute(w, 4, isakmp_group_number(t->suite.group));
	short_attribute(w, 3, t->method);
	life_attributes(w, 11, t->seconds);
}

static void esp_write(struct writer *w, const struct isakmp_transform *t)
{
	life_attributes(w, 1, t->seconds);
	short_attribute(w, 4, t->encapsulation);
	if (t->suite.cipher != IPSEC_3DES)
		short_attribute(w, 6, t->suite.key_bits);
	if (t->suite.hash)
		short_attribute(w, 5, number_of(hashes, COUNT(hashes), t->suite.hash, true));
	if (t->suite.group)
		short_attribute(w, 3, isakmp_group_number(t->suite.group));
}

/* Head of SA and proposal; returns where the proposal starts. */
static size_t begin_proposal(struct writer *w, const struct isakmp_transform *t, uint32_t spi,
			     uint8_t count)
{
	writer_u32(w, DOI_IPSEC);
	writer_u32(w, SITUATION_IDENTITY);
	size_t at = writer_len(w);
	writer_u32(w, 0);
	writer_u8(w, t->proposal);
	writer_u8(w, t->protocol);
	writer_u8(w, t->protocol == ISAKMP_PROTOCOL_ESP ? sizeof spi : 0);
	writer_u8(w, count);
	if (t->protocol == ISAKMP_PROTOCOL_ESP)
		writer_u32(w, spi);
	return at;
}

static size_t begin_transform(struct writer *w, uint8_t number, uint8_t id, bool last)
{
	size_t at = writer_len(w);

	writer_u16(w, last ? 0 : ISAKMP_TRANSFORM << 8);
	writer_u16(w, 0);
	writer_u8(w, number);
	writer_u8(w, id);
	writer_u16(w, 0);
	return at;
}

static void end(struct writer *w, size_t at)
{
	writer_patch_u16(w, at + 2, (uint16_t)(writer_len(w) - at));
}

static bool is_offered(const struct isakmp_transform *like, const struct ipsec_suite *suite)
{
	return like->protocol == ISAKMP_PROTOCOL_IKE || suite->group == like->suite.group;
}

void isakmp_sa_offer(struct writer *w, const struct isakmp_transform *like,
		     const struct ipsec_suites *suites)
{
	struct isakmp_transform t = *like;
	bool esp = t.protocol == ISAKMP_PROTOCOL_ESP;
	uint8_t count = 0, n = 0;

	for (unsigned i = 0; i < suites->count; i++)
		count += is_offered(like, &suites->at[i]);
	t.proposal = 1;
	size_t proposal = begin_proposal(w, &t, t.spi, count);
	for (unsigned i = 0; i < suites->count; i++) {
		if (!is_offered(like, &suites->at[i]))
			continue;
		t.suite = suites->at[i];
		n++;
		uint8_t id =
			esp ? number_of(ciphers, COUNT(ciphers), t.suite.cipher, true) : KEY_IKE;
		size_t at = begin_transform(w, n, id, n == count);
		(esp ? esp_write : ike_write)(w, &t);
		end(w, at);
	}
	end(w, proposal);
}

void isakmp_sa_choose(struct writer *w, const struct isakmp_transform *t, uint32_t spi)
{
	size_t proposal = begin_proposal(w, t, spi, 1);
	size_t at = begin_transform(w, t->number, t->id, true);

	writer_bytes(w, t->attributes, t->attributes_len);
	end(w, at);
	end(w, proposal);
}
