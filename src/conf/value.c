/* SPDX-License-Identifier: MIT */
/* One reader for each type of value. */
#include "conf/value.h"

#include "base/address.h"
#include "conf/route.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct value {
	const struct conf_option *o;
	const struct conf_text *t;
	struct conf_draft *draft;
	void *field;
	struct str *why;
};

/* "00:01:00", as RouterOS prints times; hours may be more than 24. */
static bool clock_read(const char *text, uint32_t *seconds)
{
	uint32_t parts[3] = {0, 0, 0};

	for (size_t i = 0; i < 3; i++) {
		size_t digits = strspn(text, "0123456789");

		if (digits == 0 || digits > 4 || text[digits] != (i < 2 ? ':' : '\0'))
			return false;
		parts[i] = (uint32_t)strtoul(text, NULL, 10);
		text += digits + 1;
	}
	*seconds = parts[0] * 3600 + parts[1] * 60 + parts[2];
	return parts[1] < 60 && parts[2] < 60;
}

bool conf_duration_read(const char *text, uint32_t *seconds)
{
	static const struct {
		char unit;
		uint32_t seconds;
	} units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
	uint64_t total = 0;
	size_t next = 0; /* units must fall, each once */

	if (!isdigit((unsigned char)*text))
		return false;
	if (strchr(text, ':'))
		return clock_read(text, seconds);
	while (*text) {
		uint64_t n = 0;

		if (!isdigit((unsigned char)*text) || next >= 4)
			return false;
		for (; isdigit((unsigned char)*text); text++) {
			n = n * 10 + (uint64_t)(*text - '0');
			if (n > UINT32_MAX)
				return false;
		}
		while (next < 4 && *text && units[next].unit != *text)
			next++;
		if (*text && next == 4)
			return false;
		total += n * (*text ? units[next].seconds : 1);
		if (!*text)
			next = 4;
		else {
			text++;
			next++;
		}
	}
	if (total > UINT32_MAX)
		return false;
	*seconds = (uint32_t)total;
	return true;
}

static bool number(const char *text, uint32_t min, uint32_t max, uint32_t *out)
{
	uint64_t n = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (!isdigit((unsigned char)*text))
			return false;
		n = n * 10 + (uint64_t)(*text - '0');
		if (n > UINT32_MAX)
			return false;
	}
	if (n < min || n > max)
		return false;
	*out = (uint32_t)n;
	return true;
}

static bool read_boolean(struct value *v)
{
	static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(v->t->text, words[i]) == 0) {
			*(bool *)v->field = i & 1;
			return true;
		}
	return false;
}

static bool read_u16(struct value *v)
{
	uint32_t n;

	if (!number(v->t->text, v->o->min, v->o->max, &n))
		return false;
	*(uint16_t *)v->field = (uint16_t)n;
	return true;
}

static bool read_u32(struct value *v)
{
	return number(v->t->text, v->o->min, v->o->max, v->field);
}

static bool read_mrru(struct value *v)
{
	if (strcasecmp(v->t->text, "disabled") == 0) {
		*(uint32_t *)v->field = 0;
		return true;
	}
	return read_u32(v);
}

static bool read_duration(struct value *v)
{
	uint32_t s = 0;

	if (strcasecmp(v->t->text, "no") != 0 && strcasecmp(v->t->text, "off") != 0 &&
	    strcasecmp(v->t->text, "disabled") != 0 &&
	    (!conf_duration_read(v->t->text, &s) || s > v->o->max))
		return false;
	if (s < v->o->min)
		return false;
	*(uint32_t *)v->field = s;
	return true;
}

static const struct word *find_word(const struct word *w, const char *text, size_t len)
{
	for (; w->word; w++)
		if (strlen(w->word) == len && strncasecmp(w->word, text, len) == 0)
			return w;
	return NULL;
}

static bool read_word(struct value *v)
{
	const struct word *w = find_word(v->o->words, v->t->text, v->t->len);

	if (!w)
		return false;
	/* Every enum of a profile is as wide as unsigned; the types differ, the octets do not. */
	memcpy(v->field, &w->value, sizeof(unsigned));
	return true;
}

/* Calls the words of a list, cut at commas and white space. */
static const char *next_word(const char **at, size_t *len)
{
	const char *p = *at + strspn(*at, ", \t");

	*len = strcspn(p, ", \t");
	*at = p + *len;
	return *len ? p : NULL;
}

static bool read_set(struct value *v)
{
	const char *at = v->t->text, *p;
	unsigned set = 0;
	size_t len;

	while ((p = next_word(&at, &len))) {
		const struct word *w = find_word(v->o->words, p, len);

		if (!w)
			return false;
		set |= w->value;
	}
	if (!set)
		return false;
	*(unsigned *)v->field = set;
	return true;
}

static bool text_fits(struct value *v, size_t len)
{
	if (len < v->o->cap)
		return true;
	str_printf(v->why, "too long, at most %zu octets are legal", v->o->cap - 1);
	return false;
}

static bool read_text(struct value *v)
{
	if (!text_fits(v, v->t->len))
		return false;
	return str_copy(v->field, v->o->cap, v->t->text);
}

/* Its file is judged when it is to run. */
static bool read_program(struct value *v)
{
	size_t len = v->t->len;

	return v->t->text[0] == '/' && v->t->text[len - 1] != '/' && read_text(v);
}

/* Both DOMAIN\user and, as other programs want it, DOMAIN\\user. */
static bool read_user(struct value *v)
{
	const char *twice = strstr(v->t->text, "\\\\");
	char *out = v->field;
	size_t head = twice ? (size_t)(twice - v->t->text) + 1 : v->t->len;

	if (!text_fits(v, v->t->len - (twice ? 1 : 0)))
		return false;
	memcpy(out, v->t->text, head);
	memcpy(out + head, v->t->text + head + (twice ? 1 : 0), v->t->len - head - (twice ? 1 : 0));
	out[v->t->len - (twice ? 1 : 0)] = '\0';
	return true;
}

static bool only_chars(const char *text, const char *others)
{
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr(others, *text))
			return false;
	return true;
}

static bool read_ifname(struct value *v)
{
	const char *t = v->t->text;

	if (!*t || v->t->len >= v->o->cap || !only_chars(t, "._=+-") || strcmp(t, ".") == 0 ||
	    strcmp(t, "..") == 0)
		return false;
	return str_copy(v->field, v->o->cap, t);
}

/* Such values were always taken, so this is a warning; 0.0.0.0 is any address where it is legal. */
static void warn_of_address(struct value *v, struct in_addr a)
{
	char text[INET_ADDRSTRLEN];

	if (a.s_addr && !conf_address_of_host(a) && v->why->len == 0)
		str_printf(v->why, "no host can have the address %s",
			   inet_ntop(AF_INET, &a, text, sizeof(text)));
}

static bool read_host(struct value *v)
{
	const char *t = v->t->text, *colon = strchr(t, ':');
	struct in6_addr a6;
	struct in_addr a4;

	if (strstr(t, "://")) {
		str_printf(v->why, "a URL is not a server, write only the host name or address");
		return false;
	}
	if (colon && inet_pton(AF_INET6, t, &a6) != 1) {
		str_printf(v->why, "not a host name or address; a port goes to the key port");
		return false;
	}
	if (!*t || v->t->len >= v->o->cap || *t == '-' || *t == '.' || !only_chars(t, ".-_:"))
		return false;
	if (inet_pton(AF_INET, t, &a4) == 1)
		warn_of_address(v, a4);
	return str_copy(v->field, v->o->cap, t);
}

static bool read_address(struct value *v)
{
	struct in6_addr a6;
	struct in_addr a4;

	if (inet_pton(AF_INET, v->t->text, &a4) == 1)
		warn_of_address(v, a4);
	else if (inet_pton(AF_INET6, v->t->text, &a6) != 1)
		return false;
	return text_fits(v, v->t->len) && str_copy(v->field, v->o->cap, v->t->text);
}

static bool read_wish(struct value *v)
{
	struct conf_wish *wish = v->field;
	char text[INET_ADDRSTRLEN + 1];
	struct in_addr address;
	bool must;

	if (v->t->len == 0 || v->t->len >= sizeof(text))
		return false;
	memcpy(text, v->t->text, v->t->len + 1);
	must = text[v->t->len - 1] == '!';
	if (must)
		text[v->t->len - 1] = '\0';
	if (inet_pton(AF_INET, text, &address) != 1 || address.s_addr == 0)
		return false;
	*wish = (struct conf_wish){.address = address, .must = must};
	warn_of_address(v, address);
	return true;
}

static bool read_name(struct value *v)
{
	return conf_name_valid(v->t->text) && str_copy(v->field, v->o->cap, v->t->text);
}

static bool read_dns(struct value *v)
{
	struct in_addr servers[2] = {{0}, {0}}, *out = v->field;
	const char *at = v->t->text, *p;
	char text[INET_ADDRSTRLEN];
	size_t len, n = 0;

	while ((p = next_word(&at, &len))) {
		if (n == 2 || len >= sizeof(text))
			return false;
		memcpy(text, p, len);
		text[len] = '\0';
		if (inet_pton(AF_INET, text, &servers[n]) != 1 || servers[n].s_addr == 0)
			return false;
		n++;
	}
	if (n == 0)
		return false;
	memcpy(out, servers, sizeof(servers));
	for (size_t i = 0; i < n; i++)
		warn_of_address(v, servers[i]);
	return true;
}

static bool read_domains(struct value *v)
{
	const char *at = v->t->text, *p;
	struct str out;
	size_t len;

	if (!only_chars(v->t->text, "._- ,\t") || !text_fits(v, v->t->len))
		return false;
	out = str_make(v->field, v->o->cap);
	while ((p = next_word(&at, &len)))
		str_printf(&out, "%s%.*s", out.len ? " " : "", (int)len, p);
	return true;
}

static bool read_routes(struct value *v)
{
	return conf_routes_read(v->t->text, v->draft->p.routes, &v->draft->p.route_count, v->why);
}

/* "10.0.0.10" or "10.0.0.10-10.0.0.50" of LEN octets. */
static bool read_span(const char *text, size_t len, struct address_pool *pool)
{
	char copy[2 * INET_ADDRSTRLEN + 4], *dash;

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	dash = strchr(copy, '-');
	if (dash)
		*dash++ = '\0';
	return inet_pton(AF_INET, copy, &pool->first) == 1 && pool->first.s_addr != 0 &&
	       inet_pton(AF_INET, dash ? dash : copy, &pool->last) == 1 &&
	       ntohl(pool->last.s_addr) >= ntohl(pool->first.s_addr);
}

/* Has the pool no more addresses than are legal? */
static bool span_fits(struct value *v, const struct address_pool *pool)
{
	if (ntohl(pool->last.s_addr) - ntohl(pool->first.s_addr) >= v->o->max)
		return false;
	warn_of_address(v, pool->first);
	warn_of_address(v, pool->last);
	return true;
}

static bool read_pool(struct value *v)
{
	struct conf_pool pool = {.name = ""};
	bool range = read_span(v->t->text, v->t->len, &pool.range);

	if (range && !span_fits(v, &pool.range))
		return false;
	if (!range) {
		/* What begins as an address is a bad one. */
		if (isdigit((unsigned char)v->t->text[0]) || !conf_name_valid(v->t->text))
			return false;
		pool = (struct conf_pool){.name = ""};
		(void)str_copy(pool.name, sizeof(pool.name), v->t->text);
	}
	*(struct conf_pool *)v->field = pool;
	return true;
}

/* Ranges of which each begins behind the one before. */
static bool read_ranges(struct value *v)
{
	const char *at = v->t->text, *p;
	struct address_pool whole = {{0}, {0}}, next;
	size_t len;

	while ((p = next_word(&at, &len))) {
		if (!read_span(p, len, &next))
			return false;
		if (whole.first.s_addr &&
		    ntohl(next.first.s_addr) != ntohl(whole.last.s_addr) + 1) {
			str_printf(v->why, "the ranges do not adjoin, which this version needs; "
					   "write one range");
			return false;
		}
		if (!whole.first.s_addr)
			whole.first = next.first;
		whole.last = next.last;
	}
	if (!whole.first.s_addr || !span_fits(v, &whole))
		return false;
	*(struct address_pool *)v->field = whole;
	return true;
}

static bool read_listen(struct value *v)
{
	const char *at = v->t->text, *p;
	struct conf_addresses a = {.count = 0};
	char text[INET6_ADDRSTRLEN];
	size_t len;

	while ((p = next_word(&at, &len))) {
		if (a.count == CONF_LISTEN_MAX || len >= sizeof(text))
			return false;
		memcpy(text, p, len);
		text[len] = '\0';
		if (!address_parse(&a.list[a.count], AF_UNSPEC, text))
			return false;
		if (a.list[a.count].ss_family == AF_INET)
			warn_of_address(v, address_ipv4(&a.list[a.count]));
		a.count++;
	}
	if (a.count == 0)
		return false;
	*(struct conf_addresses *)v->field = a;
	return true;
}

static int base64_digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = c ? strchr(digits, c) : NULL;

	return p ? (int)(p - digits) : -1;
}

/* RFC 4648 section 4; padding may be left out. */
static bool base64_read(const char *text, struct secret *out)
{
	size_t len = strlen(text);
	uint32_t bits = 0;
	unsigned have = 0;

	while (len > 0 && text[len - 1] == '=')
		len--;
	if (len % 4 == 1)
		return false;
	out->len = 0;
	for (size_t i = 0; i < len; i++) {
		int d = base64_digit(text[i]);

		if (d < 0)
			return false;
		bits = bits << 6 | (uint32_t)d;
		have += 6;
		if (have < 8)
			continue;
		if (out->len == SECRET_MAX)
			return false;
		have -= 8;
		out->bytes[out->len++] = (uint8_t)(bits >> have);
	}
	return true;
}

/* One word in which nothing could mean anything else, so that quotes are not missed. */
static bool is_simple(const struct conf_text *t)
{
	static const char others[] = "-_.+@!$%&*/:,=?^~";

	return t->len && only_chars(t->text, others);
}

static bool read_secret(struct value *v)
{
	struct secret s = {0};
	bool good = true;

	if (v->t->quoted) {
		good = secret_set(&s, v->t->text, v->t->len);
		if (!good)
			str_printf(v->why, "too long, at most %d octets are legal", SECRET_MAX);
	} else if (strncmp(v->t->text, "base64:", 7) == 0) {
		good = base64_read(v->t->text + 7, &s);
		if (!good)
			str_printf(v->why, "not the base64 form of at most %d octets", SECRET_MAX);
	} else if (is_simple(v->t)) {
		good = secret_set(&s, v->t->text, v->t->len);
	} else if (v->t->len) {
		good = false;
		str_printf(v->why,
			   "must stand between double quotes, write %s = \"...\"; "
			   "inside, \\\" means \" and \\\\ means \\",
			   v->o->key);
	}
	if (good)
		*(struct secret *)v->field = s;
	secret_wipe(&s);
	return good;
}

/* "aes256-sha256-modp2048, ...": COUNT of the list's items is bounded by the struct. */
static bool read_suite_list(struct value *v, bool esp, struct ipsec_suites *out)
{
	const char *at = v->t->text, *stop;

	for (*out = (struct ipsec_suites){0}; *at; at = stop) {
		struct ipsec_suite *suite = &out->at[out->count];

		at += strspn(at, ", \t");
		stop = at + strcspn(at, ", \t");
		if (stop == at)
			break;
		if (out->count == IPSEC_SUITES_MAX ||
		    !ipsec_suite_read(at, (size_t)(stop - at), suite) ||
		    (!esp && (suite->cipher == IPSEC_AES_GCM || !suite->group)))
			return false;
		out->count++;
	}
	return out->count > 0;
}

static bool read_suites(struct value *v, bool esp)
{
	struct ipsec_suites suites;

	if (!ipsec_suites_named(v->t->text, esp, &suites) && !read_suite_list(v, esp, &suites))
		return false;
	*(struct ipsec_suites *)v->field = suites;
	return true;
}

static bool read_ike(struct value *v)
{
	return read_suites(v, false);
}

static bool read_esp(struct value *v)
{
	return read_suites(v, true);
}

static bool (*const readers[CONF_VALUE_TYPE_COUNT])(struct value *v) = {
	[CONF_VALUE_BOOLEAN] = read_boolean,   [CONF_VALUE_U16] = read_u16,
	[CONF_VALUE_U32] = read_u32,	       [CONF_VALUE_MRRU] = read_mrru,
	[CONF_VALUE_DURATION] = read_duration, [CONF_VALUE_WORD] = read_word,
	[CONF_VALUE_SET] = read_set,	       [CONF_VALUE_TEXT] = read_text,
	[CONF_VALUE_USER] = read_user,	       [CONF_VALUE_IFNAME] = read_ifname,
	[CONF_VALUE_HOST] = read_host,	       [CONF_VALUE_ADDRESS] = read_address,
	[CONF_VALUE_WISH] = read_wish,	       [CONF_VALUE_NAME] = read_name,
	[CONF_VALUE_DNS] = read_dns,	       [CONF_VALUE_DOMAINS] = read_domains,
	[CONF_VALUE_ROUTES] = read_routes,     [CONF_VALUE_SECRET] = read_secret,
	[CONF_VALUE_POOL] = read_pool,	       [CONF_VALUE_RANGE] = read_ranges,
	[CONF_VALUE_LISTEN] = read_listen,     [CONF_VALUE_PROGRAM] = read_program,
	[CONF_VALUE_IKE] = read_ike,	       [CONF_VALUE_ESP] = read_esp,
};

bool conf_value_read(const struct conf_option *option, const struct conf_text *text,
		     struct conf_draft *draft, struct str *why)
{
	struct value v = {.o = option,
			  .t = text,
			  .draft = draft,
			  .field = (char *)draft + option->offset,
			  .why = why};

	if (readers[option->type](&v))
		return true;
	if (why->len == 0) {
		str_printf(why, "\"");
		str_clean(why, text->text, text->len, 40);
		str_printf(why, "\" is not legal, write ");
		conf_option_legal(option, why);
	}
	return false;
}
