/* SPDX-License-Identifier: MIT */
/* Proofs of both ends, and the material of MPPE keys that MS-CHAP leaves. */
#include "ppp/auth.h"

#include <string.h>

static const uint8_t *plain_user(const struct ppp_link *link, size_t *len)
{
	if (link->config.role == ROLE_CALLER)
		return mschap_plain_user((const uint8_t *)link->config.user,
					 strlen(link->config.user), len);
	return mschap_plain_user(link->auth.user, link->auth.user_len, len);
}

static void note_keys(struct auth_keys *keys, enum auth_method method,
		      const struct secret *password, const uint8_t nt_hash[static 16],
		      const uint8_t nt_response[static 24])
{
	keys->method = method;
	memcpy(keys->nt_hash, nt_hash, sizeof(keys->nt_hash));
	memcpy(keys->nt_response, nt_response, sizeof(keys->nt_response));
	/* 40 and 56 bit keys after MS-CHAPv1 come from the LM hash (RFC 3079 section 2.1). */
	if (method == METHOD_MSCHAP1)
		mschap_lm_hash(keys->lm_hash, password);
}

void auth_mschap1_respond(struct ppp_link *link, const uint8_t challenge[static 8],
			  uint8_t value[static MSCHAP_RESPONSE_LEN])
{
	struct auth_keys *keys = &link->auth.candidate;
	uint8_t hash[16], response[24];

	mschap_nt_hash(hash, &link->config.password);
	mschap_challenge_response(response, challenge, hash);
	mschap1_value_write(value, response);
	note_keys(keys, METHOD_MSCHAP1, &link->config.password, hash, response);
	memcpy(keys->challenge, challenge, sizeof(keys->challenge));
	wipe(hash, sizeof(hash));
}

void auth_mschap2_respond(struct ppp_link *link, const uint8_t challenge[static 16],
			  uint8_t value[static MSCHAP_RESPONSE_LEN])
{
	uint8_t own[16], hash[16], response[24], challenge_hash[8];
	size_t user_len;
	const uint8_t *user = plain_user(link, &user_len);

	random_fill(link->random, own, sizeof(own));
	mschap_nt_hash(hash, &link->config.password);
	mschap2_nt_response(response, hash, challenge, own, user, user_len);
	mschap2_value_write(value, own, response);
	mschap2_challenge_hash(challenge_hash, own, challenge, user, user_len);
	mschap2_proof(link->auth.proof, hash, response, challenge_hash);
	note_keys(&link->auth.candidate, METHOD_MSCHAP2, &link->config.password, hash, response);
	wipe(hash, sizeof(hash));
}

/* ---- the answerer checks, unless somebody elsewhere did ---- */

/* Nothing else was judged there than what is in hand: the question is out for one packet, and that
 * is taken again with the answer. */
static bool judged_elsewhere(const struct ppp_link *link)
{
	return link->account.judged.verdict != VERDICT_CHECK;
}

/* Takes what comes with the verdict; false if that is no "good". */
static bool take_verdict(struct ppp_link *link)
{
	const struct auth_judged *judged = &link->account.judged;
	struct auth_keys *keys = &link->auth.candidate;
	bool second = link->auth.method == METHOD_MSCHAP2;

	link->auth.question = NOT_ASKED; /* another proof is another question */
	if (!link->account.known || judged->verdict != VERDICT_GOOD ||
	    (second && !judged->has_success))
		return false;
	memcpy(link->auth.proof, judged->success, sizeof(link->auth.proof));
	if (second ? !judged->has_keys : !judged->has_keys_v1)
		return true;
	keys->method = link->auth.method;
	keys->made = true;
	memcpy(keys->send, judged->send_key, sizeof(keys->send));
	memcpy(keys->receive, judged->receive_key, sizeof(keys->receive));
	memcpy(keys->lm_hash, judged->lm_key, sizeof(judged->lm_key));
	memcpy(keys->nt_hash_hash, judged->nt_hash_hash, sizeof(keys->nt_hash_hash));
	memcpy(keys->challenge, link->auth.challenge, sizeof(keys->challenge));
	return true;
}

bool auth_check_password(struct ppp_link *link, struct octets password)
{
	const struct secret *ours = &link->account.password;

	if (judged_elsewhere(link))
		return take_verdict(link);
	return link->account.known && password.len == ours->len &&
	       bytes_equal_ct(password.at, ours->bytes, ours->len);
}

bool auth_check_md5(struct ppp_link *link, uint8_t id, struct octets value)
{
	uint8_t expected[16];

	if (judged_elsewhere(link))
		return take_verdict(link);
	chap_md5_response(expected, id, &link->account.password, link->auth.challenge,
			  link->auth.challenge_len);
	return link->account.known && value.len == sizeof(expected) &&
	       bytes_equal_ct(value.at, expected, sizeof(expected));
}

bool auth_check_mschap1(struct ppp_link *link, struct octets value)
{
	struct auth_keys *keys = &link->auth.candidate;
	uint8_t hash[16], expected[24];
	bool good;

	if (value.len != MSCHAP_RESPONSE_LEN || value.at[48] != 1)
		return false; /* an LM response alone is worth nothing */
	if (judged_elsewhere(link))
		return take_verdict(link);
	mschap_nt_hash(hash, &link->account.password);
	mschap_challenge_response(expected, link->auth.challenge, hash);
	good = link->account.known &&
	       bytes_equal_ct(value.at + MSCHAP_NT_RESPONSE_AT, expected, sizeof(expected));
	if (good) {
		note_keys(keys, METHOD_MSCHAP1, &link->account.password, hash, expected);
		memcpy(keys->challenge, link->auth.challenge, sizeof(keys->challenge));
	}
	wipe(hash, sizeof(hash));
	return good;
}

bool auth_check_mschap2(struct ppp_link *link, struct octets value)
{
	uint8_t hash[16], expected[24], challenge_hash[8];
	size_t user_len;
	const uint8_t *user = plain_user(link, &user_len);
	bool good;

	if (value.len != MSCHAP_RESPONSE_LEN)
		return false;
	if (judged_elsewhere(link))
		return take_verdict(link);
	mschap_nt_hash(hash, &link->account.password);
	mschap2_nt_response(expected, hash, link->auth.challenge, value.at, user, user_len);
	good = link->account.known &&
	       bytes_equal_ct(value.at + MSCHAP_NT_RESPONSE_AT, expected, sizeof(expected));
	if (good) {
		mschap2_challenge_hash(challenge_hash, value.at, link->auth.challenge, user,
				       user_len);
		mschap2_proof(link->auth.proof, hash, expected, challenge_hash);
		note_keys(&link->auth.candidate, METHOD_MSCHAP2, &link->account.password, hash,
			  expected);
	}
	wipe(hash, sizeof(hash));
	return good;
}
