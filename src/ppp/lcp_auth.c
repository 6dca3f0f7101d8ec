/* SPDX-License-Identifier: MIT */
/* LCP's authentication option (RFC 1661 section 6.2): which method the two ends agree on. */
#include "ppp/link.h"
#include "wire/print.h"

#include <string.h>

#define AUTH_ROUNDS_MAX 6

static struct lcp *lcp_of(void *ctx)
{
	return &((struct ppp_link *)ctx)->lcp;
}

static const struct auth_option {
	enum auth_method method;
	uint16_t protocol;
	uint8_t len; /* of the option's data */
	uint8_t algorithm;
} auth_options[] = {
	/* strongest first */
	{METHOD_MSCHAP2, FRAME_CHAP, 3, CHAP_ALGORITHM_MSCHAP2},
	{METHOD_EAP, FRAME_EAP, 2, 0},
	{METHOD_MSCHAP1, FRAME_CHAP, 3, CHAP_ALGORITHM_MSCHAP1},
	{METHOD_CHAP, FRAME_CHAP, 3, CHAP_ALGORITHM_MD5},
	{METHOD_PAP, FRAME_PAP, 2, 0},
};
#define AUTH_OPTIONS (sizeof(auth_options) / sizeof(auth_options[0]))

enum auth_method lcp_auth_strongest(unsigned set)
{
	for (size_t i = 0; i < AUTH_OPTIONS; i++)
		if (set & auth_options[i].method)
			return auth_options[i].method;
	return 0;
}

unsigned lcp_auth_allowed(const struct ppp_link *link)
{
	/* Only these give keys (RFC 3079). */
	if (link_encrypts(link))
		return link->config.settings.allow & METHODS_KEYED;
	return link->config.settings.allow;
}

uint16_t auth_protocol(enum auth_method method)
{
	for (size_t i = 0; i < AUTH_OPTIONS; i++)
		if (auth_options[i].method == method)
			return auth_options[i].protocol;
	return 0;
}

static enum auth_method auth_of_option(const struct option *o)
{
	struct cursor c = cursor_make(o->data, o->len);
	uint16_t protocol = cursor_u16(&c);
	uint8_t algorithm = o->len >= 3 ? cursor_u8(&c) : 0;

	for (size_t i = 0; i < AUTH_OPTIONS; i++)
		if (auth_options[i].protocol == protocol && auth_options[i].len == o->len &&
		    auth_options[i].algorithm == algorithm)
			return auth_options[i].method;
	return 0;
}

static void auth_write(struct writer *w, enum auth_method method)
{
	for (size_t i = 0; i < AUTH_OPTIONS; i++) {
		uint8_t data[3] = {(uint8_t)(auth_options[i].protocol >> 8),
				   (uint8_t)auth_options[i].protocol, auth_options[i].algorithm};

		if (auth_options[i].method == method)
			option_write(w, LCP_OPTION_AUTH, data, auth_options[i].len);
	}
}

static void note_offer(struct lcp *lcp, const struct option *o)
{
	char name[32];
	struct str s = str_make(name, sizeof(name));
	size_t used = strlen(lcp->offered);
	enum auth_method method = auth_of_option(o);

	if (method)
		str_printf(&s, "%s", word_of(auth_words, method));
	else
		print_auth_option(&s, o->data, o->len);
	if (strstr(lcp->offered, name) || used + strlen(name) + 3 > sizeof(lcp->offered))
		return;
	s = str_make(lcp->offered + used, sizeof(lcp->offered) - used);
	str_printf(&s, "%s%s", used ? ", " : "", name);
}

static const char *list_methods(char *buf, size_t cap, unsigned set)
{
	struct str s = str_make(buf, cap);

	for (size_t i = 0; i < AUTH_OPTIONS; i++)
		if (set & auth_options[i].method)
			str_printf(&s, "%s%s", s.len ? ", " : "",
				   word_of(auth_words, auth_options[i].method));
	if (s.len == 0)
		str_printf(&s, "empty");
	return buf;
}

bool lcp_auth_is_refused(const struct ppp_link *link)
{
	return link->config.role == ROLE_CALLER && link->lcp.offered[0] && !link->lcp.staged.auth;
}

void lcp_auth_fail(struct ppp_link *link)
{
	char allowed[64];

	if (link_encrypts(link) && lcp_auth_allowed(link) != link->config.settings.allow)
		link_fail(link, EXIT_NEGOTIATION_FAILED,
			  "%s only offers %s, but the encryption that the profile requires needs "
			  "MS-CHAP or EAP, and its allow list is %s",
			  link_peer(link), link->lcp.offered,
			  list_methods(allowed, sizeof(allowed), link->config.settings.allow));
	else
		link_fail(link, EXIT_NEGOTIATION_FAILED,
			  "%s only offers %s, which the profile's allow list (%s) does not permit",
			  link_peer(link), link->lcp.offered,
			  list_methods(allowed, sizeof(allowed), link->config.settings.allow));
}

/* The method to name in the Nth Nak: each of the allowed ones in turn, the strongest first. */
static enum auth_method method_of_round(unsigned allowed, unsigned n)
{
	unsigned left = allowed;

	for (;; n--) {
		enum auth_method method;

		if (left == 0)
			left = allowed;
		method = lcp_auth_strongest(left);
		if (n == 0)
			return method;
		left &= ~(unsigned)method;
	}
}

void lcp_auth_build(void *ctx, struct writer *w)
{
	if (lcp_of(ctx)->ask_auth)
		auth_write(w, lcp_of(ctx)->ask_auth);
}

enum option_verdict lcp_auth_request(void *ctx, const struct option *o, struct writer *nak)
{
	struct ppp_link *link = ctx;
	enum auth_method method = auth_of_option(o);
	unsigned allowed = lcp_auth_allowed(link);

	if (link->config.role == ROLE_ANSWERER)
		return OPTION_REJECT; /* we have no name and password to prove */
	if (method && (allowed & method)) {
		link->lcp.staged.auth = method;
		return OPTION_ACK;
	}
	note_offer(&link->lcp, o);
	link->lcp.explained |= !allowed;
	if (!allowed || link->lcp.auth_naks >= AUTH_ROUNDS_MAX) {
		lcp_auth_fail(link);
		return OPTION_REJECT;
	}
	auth_write(nak, method_of_round(allowed, link->lcp.auth_naks++));
	return OPTION_NAK_FIRM;
}

/* Answerer: takes the method that the caller names, if it may, else the next weaker one. */
void lcp_auth_nak(void *ctx, const struct option *o)
{
	struct ppp_link *link = ctx;
	struct lcp *lcp = &link->lcp;
	enum auth_method method = auth_of_option(o);

	if (!lcp->ask_auth)
		return; /* a caller does not ask the server to log on */
	lcp->auth_left &= ~(unsigned)lcp->ask_auth;
	if (!method || !(lcp->auth_left & method)) {
		note_offer(lcp, o);
		method = lcp_auth_strongest(lcp->auth_left);
	}
	if (!method || ++lcp->auth_naks > AUTH_ROUNDS_MAX) {
		lcp_auth_fail(link);
		return;
	}
	lcp->ask_auth = method;
}

void lcp_auth_reject(void *ctx, const struct option *o)
{
	(void)o;
	link_fail(ctx, EXIT_PEER_AUTH_FAILED, "%s refuses to authenticate itself", link_peer(ctx));
}

/* Encryption takes its keys from authentication, so ask to be asked for it. */
bool lcp_auth_missing(void *ctx, struct writer *nak)
{
	struct ppp_link *link = ctx;

	if (link->config.role == ROLE_ANSWERER || link->lcp.staged.auth || !link_encrypts(link) ||
	    writer_len(nak) > 0)
		return false;
	if (!lcp_auth_allowed(link)) {
		(void)str_copy(link->lcp.offered, sizeof(link->lcp.offered), "no authentication");
		lcp_auth_fail(link);
		return false;
	}
	if (link->lcp.auth_naks >= AUTH_ROUNDS_MAX) {
		link_fail(link, EXIT_NEGOTIATION_FAILED,
			  "encryption is required, but %s asks for no authentication, without "
			  "which there are no keys",
			  link_peer(link));
		return false;
	}
	auth_write(nak, method_of_round(lcp_auth_allowed(link), link->lcp.auth_naks++));
	return true;
}
