/* SPDX-License-Identifier: MIT */
/* What PAP, CHAP and EAP share: repetition, results, accounts. */
#include "ppp/auth.h"

#include <string.h>

#define REPEAT_MIN_MS 300

/* ---- repetition ---- */

void auth_send_kept(struct ppp_link *link, const struct writer *w)
{
	struct auth *auth = &link->auth;

	if (w->failed || writer_len(w) > sizeof(auth->packet))
		return;
	auth->packet_len = writer_len(w);
	memcpy(auth->packet, w->start, auth->packet_len);
	auth->repeat_after_ms = link_now(link) + REPEAT_MIN_MS;
	link_send(link, auth_protocol(auth->method), w);
}

void auth_repeat(struct ppp_link *link)
{
	struct auth *auth = &link->auth;
	struct writer w = writer_make(auth->packet, sizeof(auth->packet));

	if (auth->packet_len == 0)
		return;
	w.at += auth->packet_len;
	auth->repeat_after_ms = link_now(link) + REPEAT_MIN_MS;
	link_send(link, auth_protocol(auth->method), &w);
}

void auth_timer_arm(struct auth *auth, uint64_t now_ms)
{
	auth->deadline_ms = now_ms + auth->interval_ms;
}

void auth_timer_start(struct ppp_link *link, uint32_t first_ms)
{
	link->auth.tries = 1;
	link->auth.interval_ms = first_ms;
	auth_timer_arm(&link->auth, link_now(link));
}

void auth_timer_stop(struct ppp_link *link)
{
	link->auth.deadline_ms = DEADLINE_NONE;
}

/* ---- results ---- */

bool auth_eap_md5_allowed(const struct ppp_link *link)
{
	return !link_encrypts(link) && ((link->config.settings.allow & METHOD_CHAP) ||
					link->config.settings.allow == METHOD_EAP);
}

void auth_succeeded(struct ppp_link *link)
{
	struct auth *auth = &link->auth;
	bool first = !auth->done;

	auth->waiting = false;
	auth->done = true;
	/* The server may ask again during the call, from the start. */
	auth->eap_rounds = auth->eap_identities = auth->eap_past_count = 0;
	auth_timer_stop(link);
	if (first) { /* RFC 3079: a later challenge does not change the keys */
		if (memcmp(&auth->keys, &auth->candidate, sizeof(auth->keys)) != 0)
			link->ccp.early_over = true;
		auth->keys = auth->candidate;
	}
	wipe(&auth->candidate, sizeof(auth->candidate));
	if (first)
		link->up->auth_done(link, auth->method);
}

bool auth_mschap2_proved(struct ppp_link *link, struct octets text)
{
	uint8_t proof[MSCHAP2_PROOF_LEN];
	struct octets message;

	if (!mschap2_success_parse(text.at, text.len, proof, &message)) {
		link_fail(link, EXIT_PEER_AUTH_FAILED,
			  "%s does not prove that it knows the password: it may be a false one",
			  link_peer(link));
		return false;
	}
	if (!bytes_equal_ct(proof, link->auth.proof, sizeof(proof))) {
		link_fail(
			link, EXIT_PEER_AUTH_FAILED,
			"%s does not know the password: its proof is wrong, it may be a false one",
			link_peer(link));
		return false;
	}
	return true;
}

static void append_message(struct ppp_link *link, char *buf, size_t cap, struct octets message)
{
	char text[140];
	struct str s = str_make(buf, cap);

	if (message.len > 0)
		str_printf(&s, " (%s says \"%s\")", link_peer(link),
			   link_clean(text, sizeof(text), message, 80));
}

void auth_refused(struct ppp_link *link, struct octets message)
{
	char said[180];

	append_message(link, said, sizeof(said), message);
	link_fail(link, EXIT_AUTH_FAILED, "wrong user name or password%s", said);
}

const char *auth_refusal(uint32_t error)
{
	static const struct {
		uint32_t error;
		const char *sentence;
	} errors[] = {
		{646, "the account may not log on at this time"},
		{647, "the account is disabled"},
		{648, "the password has expired"},
		{649, "the account has no permission to dial in"},
		{691, "wrong user name or password"},
		{709, "the new password was refused"},
	};

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].error == error)
			return errors[i].sentence;
	return NULL;
}

void auth_refused_mschap(struct ppp_link *link, const struct mschap_failure *failure)
{
	const char *sentence = failure->has_error ? auth_refusal(failure->error) : NULL;
	char said[180];

	append_message(link, said, sizeof(said), failure->message);
	if (sentence)
		link_fail(link, EXIT_AUTH_FAILED, "%s%s", sentence, said);
	else if (failure->has_error)
		link_fail(link, EXIT_AUTH_FAILED, "the password was refused with error %u%s",
			  failure->error, said);
	else
		link_fail(link, EXIT_AUTH_FAILED, "wrong user name or password%s", said);
}

void auth_deny(struct ppp_link *link)
{
	char name[200];

	auth_timer_stop(link);
	link_fail(link, EXIT_PEER_AUTH_FAILED,
		  "the caller \"%s\" gave a wrong user name or password",
		  link_clean(name, sizeof(name),
			     (struct octets){link->auth.user, link->auth.user_len}, 100));
}

const char *auth_words_for(const struct ppp_link *link, const char *ours)
{
	return link->account.judged.said[0] ? link->account.judged.said : ours;
}

const char *auth_failure_text(const struct ppp_link *link, char *buf, size_t cap)
{
	uint32_t error = link->account.judged.error;
	struct str s = str_make(buf, cap);

	str_printf(&s, "E=%u R=0 V=3 M=%s", error ? error : 691,
		   auth_words_for(link, "Authentication failed"));
	return buf;
}

size_t auth_success_text(const struct ppp_link *link, uint8_t *buf, size_t cap)
{
	const char *words = auth_words_for(link, "Welcome");
	struct writer w = writer_make(buf, cap);

	writer_bytes(&w, link->auth.proof, MSCHAP2_PROOF_LEN);
	writer_bytes(&w, " M=", 3);
	writer_bytes(&w, words, strlen(words));
	return writer_len(&w);
}

enum auth_found auth_lookup(struct ppp_link *link, struct octets name, struct octets shown)
{
	struct auth *auth = &link->auth;

	if (name.len > sizeof(auth->user) || !link->callbacks.account)
		return AUTH_NO;
	if (auth->question == ANSWERED && name.len == auth->user_len &&
	    (name.len == 0 || memcmp(name.at, auth->user, name.len) == 0))
		return AUTH_DONE;
	auth->user_len = name.len;
	if (name.len > 0)
		memcpy(auth->user, name.at, name.len);
	wipe(&link->account, sizeof(link->account));
	auth->question = ASKED;
	auth->shown = shown;
	link->callbacks.account(link->callbacks.ctx, auth->user, auth->user_len);
	auth->shown = (struct octets){0};
	return auth->question == ANSWERED ? AUTH_DONE : AUTH_WAIT;
}
