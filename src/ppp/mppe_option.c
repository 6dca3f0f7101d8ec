/* SPDX-License-Identifier: MIT */
/* The bits of MPPE's option: what is wanted, and in words what does not do. */
#include "ppp/mppe_option.h"

static const struct {
	unsigned set; /* enum mppe_strength */
	uint32_t bit;
	uint8_t bits;
} strengths[] = {
	/* strongest first */
	{MPPE_128, MPPE_OPTION_128, 128},
	{MPPE_56, MPPE_OPTION_56, 56},
	{MPPE_40, MPPE_OPTION_40, 40},
};
#define STRENGTHS (sizeof(strengths) / sizeof(strengths[0]))

uint32_t mppe_allowed(const struct ppp_link *link)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < STRENGTHS; i++)
		if (link->config.settings.mppe.strengths & strengths[i].set)
			bits |= strengths[i].bit;
	return bits;
}

uint32_t mppe_strongest(uint32_t bits)
{
	for (size_t i = 0; i < STRENGTHS; i++)
		if (bits & strengths[i].bit)
			return strengths[i].bit;
	return 0;
}

uint8_t mppe_bits_of(uint32_t option)
{
	for (size_t i = 0; i < STRENGTHS; i++)
		if (option & strengths[i].bit)
			return strengths[i].bits;
	return 0;
}

/* "40 or 128 bit" */
static const char *words(char *buf, size_t cap, uint32_t option)
{
	struct str s = str_make(buf, cap);

	for (size_t i = STRENGTHS; i-- > 0;)
		if (option & strengths[i].bit)
			str_printf(&s, "%s%u", s.len ? " or " : "", strengths[i].bits);
	str_printf(&s, s.len ? " bit" : "no strength");
	return buf;
}

/* The peer was asked for stateless MPPE once, and asks for stateful again. */
static bool insists(const struct ppp_link *link, uint32_t v)
{
	return link->ccp.naks_sent > 0 && (v & MPPE_OPTION_STRENGTHS) &&
	       !(v & MPPE_OPTION_STATELESS);
}

uint32_t mppe_wanted_for(const struct ppp_link *link, uint32_t v)
{
	uint32_t allowed = mppe_allowed(link);
	uint32_t strength = mppe_strongest(v & allowed ? v & allowed : allowed);

	if (link->config.settings.mppe.mode == MPPE_STATELESS)
		return strength | MPPE_OPTION_STATELESS;
	strength |= v & MPPE_OPTION_STATELESS;
	if (strength != v && link->config.settings.mppe.mode == MPPE_ANY && !insists(link, v))
		strength |= MPPE_OPTION_STATELESS;
	return strength;
}

bool mppe_forbids_mode(const struct ppp_link *link, uint32_t v)
{
	return link->config.settings.mppe.mode == MPPE_STATELESS && !(v & MPPE_OPTION_STATELESS);
}

const char *mppe_mismatch(const struct ppp_link *link, uint32_t v, char *buf, size_t cap)
{
	struct str s = str_make(buf, cap);
	char theirs[40], ours[40];

	if (!(v & MPPE_OPTION_STRENGTHS))
		str_printf(&s, "offers none (it wants MPPE of no strength)");
	else if (!(v & mppe_allowed(link)))
		str_printf(&s, "wants MPPE %s, the profile permits only %s (mppe-strength)",
			   words(theirs, sizeof(theirs), v),
			   words(ours, sizeof(ours), mppe_allowed(link)));
	else if (mppe_forbids_mode(link, v))
		str_printf(&s, "wants stateful MPPE, the profile permits only stateless "
			       "(mppe-mode = any permits both)");
	else
		str_printf(&s, "does not agree to any kind of MPPE");
	return buf;
}

void mppe_append_refused(const struct ppp_link *link, struct str *s)
{
	uint32_t v = link->ccp.heard;
	char theirs[40];

	if (!(v & mppe_allowed(link)))
		str_printf(s, "MPPE of %s (mppe-strength)", words(theirs, sizeof(theirs), v));
	else if (mppe_forbids_mode(link, v))
		str_printf(s, "stateful MPPE (mppe-mode = any permits it)");
	else
		str_printf(s, "its kind of MPPE");
}
