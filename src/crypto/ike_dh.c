/* SPDX-License-Identifier: MIT */
/* Diffie-Hellman of IKE: modular (RFC 2409, RFC 3526) and on curves (RFC 5903: the public value is
 * x | y, the shared one x). */
#include "crypto/ike_dh.h"

#include "crypto/ike.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/dh.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <stdlib.h>
#include <string.h>

static struct {
	void *lib;
} handles;

static const struct group {
	const char *kind, *name; /* no name: of OpenSSL's groups it is none */
	uint16_t len;		 /* of a public value */
	bool curve;
} groups[IPSEC_GROUPS] = {
	[IPSEC_MODP1024] = {"DH", NULL, 128, false},
	[IPSEC_MODP1536] = {"DH", "modp_1536", 192, false},
	[IPSEC_MODP2048] = {"DH", "modp_2048", 256, false},
	[IPSEC_MODP3072] = {"DH", "modp_3072", 384, false},
	[IPSEC_MODP4096] = {"DH", "modp_4096", 512, false},
	[IPSEC_ECP256] = {"EC", "P-256", 64, true},
	[IPSEC_ECP384] = {"EC", "P-384", 96, true},
};

struct ike_dh {
	const struct group *group;
	EVP_PKEY *key;
};

#define UNCOMPRESSED 4 /* what OpenSSL's form of a point has before x and y */

/* RFC 2409's second group by its numbers.  It is one of a safe prime: in it only 1 and p-1 are
 * weak. */
static bool push_modp1024(OSSL_PARAM_BLD *b, BIGNUM *p, BIGNUM *g)
{
	return p && g && BN_get_rfc2409_prime_1024(p) && BN_set_word(g, 2) &&
	       OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_FFC_P, p) &&
	       OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_FFC_G, g);
}

static EVP_PKEY *from_params(const struct group *group, OSSL_PARAM *params, int what)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(handles.lib, group->kind, NULL);
	EVP_PKEY *key = NULL;

	if (ctx && params && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &key, what, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* A key with the group's parameters only. */
static EVP_PKEY *parameters(const struct group *group)
{
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	BIGNUM *p = BN_new(), *g = BN_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (b && (group->name ? OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME,
								group->name, 0) == 1
			      : push_modp1024(b, p, g)))
		params = OSSL_PARAM_BLD_to_param(b);
	if (params)
		key = from_params(group, params, EVP_PKEY_KEY_PARAMETERS);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(b);
	BN_free(p);
	BN_free(g);
	return key;
}

static EVP_PKEY *generate(const struct group *group)
{
	EVP_PKEY *shape = parameters(group), *key = NULL;
	EVP_PKEY_CTX *ctx = shape ? EVP_PKEY_CTX_new_from_pkey(handles.lib, shape, NULL) : NULL;

	if (ctx && EVP_PKEY_keygen_init(ctx) == 1 && EVP_PKEY_keygen(ctx, &key) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(shape);
	return key;
}

static struct ike_dh *wrap(const struct group *group, EVP_PKEY *key)
{
	struct ike_dh *dh = key ? malloc(sizeof *dh) : NULL;

	if (dh)
		*dh = (struct ike_dh){group, key};
	else
		EVP_PKEY_free(key);
	return dh;
}

struct ike_dh *ike_dh_new(uint8_t group)
{
	if (!ike_dh_public_len(group))
		return NULL;
	return wrap(&groups[group], generate(&groups[group]));
}

void ike_dh_free(struct ike_dh *dh)
{
	if (!dh)
		return;
	EVP_PKEY_free(dh->key);
	free(dh);
}

size_t ike_dh_public_len(uint8_t group)
{
	return group < IPSEC_GROUPS ? groups[group].len : 0;
}

void ike_dh_public(const struct ike_dh *dh, uint8_t out[static IKE_DH_MAX])
{
	uint8_t *encoded = NULL;
	size_t len = EVP_PKEY_get1_encoded_public_key(dh->key, &encoded);
	size_t skip = dh->group->curve ? 1 : 0;

	if (!encoded || len < skip || len - skip > dh->group->len)
		abort(); /* of memory */
	memset(out, 0, dh->group->len);
	memcpy(out + dh->group->len - (len - skip), encoded + skip, len - skip);
	OPENSSL_free(encoded);
}

/* The peer's public value as a key, or NULL. */
static EVP_PKEY *peer_key(const struct ike_dh *dh, const uint8_t *peer, size_t len)
{
	const struct group *group = dh->group;
	uint8_t form[1 + IKE_DH_MAX] = {group->curve ? UNCOMPRESSED : 0};
	EVP_PKEY *key = EVP_PKEY_new();
	size_t head = group->curve ? 1 : 0;

	memcpy(form + head + group->len - len, peer, len);
	if (key && EVP_PKEY_copy_parameters(key, dh->key) == 1 &&
	    EVP_PKEY_set1_encoded_public_key(key, form, head + group->len) == 1)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

size_t ike_dh_shared(const struct ike_dh *dh, const uint8_t *peer, size_t len,
		     uint8_t out[static IKE_DH_MAX])
{
	const struct group *group = dh->group;
	size_t got = group->curve ? group->len / 2 : group->len;

	if (!len || len > group->len || (group->curve && len != group->len))
		return 0;
	EVP_PKEY *key = peer_key(dh, peer, len);
	EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new_from_pkey(handles.lib, dh->key, NULL) : NULL;
	/* The peer's value is checked in EVP_PKEY_derive_set_peer. */
	bool good = ctx && EVP_PKEY_derive_init(ctx) == 1 &&
		    (group->curve || EVP_PKEY_CTX_set_dh_pad(ctx, 1) == 1) &&
		    EVP_PKEY_derive_set_peer(ctx, key) == 1 && EVP_PKEY_derive(ctx, out, &got) == 1;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return good ? got : 0;
}

/* Loading */

/* Our private value and the peer's public one, and what they share (first octets): RFC 5903 section
 * 8; modp2048 with 2^7. */
static const struct {
	uint8_t group;
	const char *private_hex, *peer_hex, *shared;
} known[] = {
	{IPSEC_MODP2048, "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433", "80",
	 "\xc5\xc3\xf8\x4d\xb8\x83\x5e\xbf"},
	{IPSEC_ECP256, "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
	 "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
	 "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
	 "\xd6\x84\x0f\x6b\x42\xf6\xed\xaf"},
	{IPSEC_ECP384,
	 "099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655"
	 "e35b538041e649ee3faef896783ab194",
	 "e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d"
	 "0d1ac43a0336def96fda41d0774a3571dcfbec7aacf3196472169e838430367f"
	 "66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c",
	 "\x11\x18\x73\x31\xc2\x79\x96\x2d"},
};

/* A key of GROUP with the private value HEX; its public value may be any, here that of the peer. */
static EVP_PKEY *import(const struct group *group, const char *hex, const uint8_t *public,
			size_t len)
{
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	BIGNUM *secret = NULL, *value = BN_bin2bn(public, (int)len, NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (b && value && BN_hex2bn(&secret, hex) &&
	    OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, group->name, 0) &&
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_PRIV_KEY, secret) &&
	    (group->curve
		     ? OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, public, len)
		     : OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_PUB_KEY, value)))
		params = OSSL_PARAM_BLD_to_param(b);
	if (params)
		key = from_params(group, params, EVP_PKEY_KEYPAIR);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(b);
	BN_free(secret);
	BN_free(value);
	return key;
}

static bool is_right(size_t i)
{
	uint8_t form[1 + IKE_DH_MAX] = {UNCOMPRESSED}, out[IKE_DH_MAX];
	const struct group *group = &groups[known[i].group];
	long len = 0;
	uint8_t *peer = OPENSSL_hexstr2buf(known[i].peer_hex, &len);
	size_t head = group->curve ? 1 : 0;
	bool good = false;

	if (!peer)
		return false;
	memcpy(form + head, peer, (size_t)len);
	struct ike_dh *dh =
		wrap(group, import(group, known[i].private_hex, form, head + (size_t)len));
	if (dh)
		good = ike_dh_shared(dh, peer, (size_t)len, out) > 0 &&
		       memcmp(out, known[i].shared, 8) == 0;
	OPENSSL_free(peer);
	ike_dh_free(dh);
	return good;
}

const char *ike_dh_load(void *lib)
{
	handles.lib = lib;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (!is_right(i))
			return groups[known[i].group].curve ? "ECDH" : "DH";
	/* What keys are drawn from, too, while files can still be read. */
	struct ike_dh *dh = ike_dh_new(IPSEC_ECP256);
	ike_dh_free(dh);
	return dh ? NULL : "ECDH";
}

void ike_dh_unload(void)
{
	handles.lib = NULL;
}
