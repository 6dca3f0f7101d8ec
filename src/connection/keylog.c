/* SPDX-License-Identifier: MIT */
#include "connection/keylog.h"

#include "base/str.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define LINE 512

/* Wireshark's words. */
static const char *const ciphers[IPSEC_CIPHERS] = {
	[IPSEC_AES_CBC] = "AES-CBC [RFC3602]",
	[IPSEC_AES_GCM] = "AES-GCM with 16 octet ICV [RFC4106]",
	[IPSEC_3DES] = "TripleDES-CBC [RFC2451]",
};
static const char *const hashes[IPSEC_HASHES] = {
	[IPSEC_HASH_NONE] = "NULL",
	[IPSEC_MD5] = "HMAC-MD5-96 [RFC2403]",
	[IPSEC_SHA1] = "HMAC-SHA-1-96 [RFC2404]",
	[IPSEC_SHA256] = "HMAC-SHA-256-128 [RFC4868]",
	[IPSEC_SHA384] = "HMAC-SHA-384-192 [RFC4868]",
	[IPSEC_SHA512] = "HMAC-SHA-512-256 [RFC4868]",
};

static void put_hex(struct str *line, const uint8_t *octets, size_t len)
{
	for (size_t i = 0; i < len; i++)
		str_printf(line, "%02x", octets[i]);
}

static bool put_ike(struct str *line, const struct ipsec_ike_key *key)
{
	if (key->len > sizeof key->key)
		return false;
	str_printf(line, "-o 'uat:ikev1_decryption_table:");
	put_hex(line, key->cookie, sizeof key->cookie);
	str_printf(line, ",");
	put_hex(line, key->key, key->len);
	str_printf(line, "'\n");
	return true;
}

static bool put_esp(struct str *line, sa_family_t family, const struct esp_keys *keys)
{
	bool salted = keys->suite.cipher == IPSEC_AES_GCM;

	if (keys->suite.cipher >= IPSEC_CIPHERS || keys->suite.hash >= IPSEC_HASHES ||
	    keys->key_len > sizeof keys->key || keys->integrity_len > sizeof keys->integrity)
		return false;
	str_printf(line, "-o 'uat:esp_sa:\"%s\",\"*\",\"*\",\"0x%08x\",\"%s\",\"0x",
		   family == AF_INET6 ? "IPv6" : "IPv4", keys->spi, ciphers[keys->suite.cipher]);
	put_hex(line, keys->key, keys->key_len);
	put_hex(line, keys->salt, salted ? sizeof keys->salt : 0);
	str_printf(line, "\",\"%s\",\"%s", hashes[keys->suite.hash],
		   keys->integrity_len ? "0x" : "");
	put_hex(line, keys->integrity, keys->integrity_len);
	str_printf(line, "\"'\n");
	return true;
}

void keylog_write(int fd, sa_family_t family, const struct request_keys *keys,
		  const struct log *log)
{
	char text[LINE];
	struct str line = str_make(text, sizeof text);
	bool good = keys->of_ike ? put_ike(&line, &keys->ike) : put_esp(&line, family, &keys->esp);

	/* One write: lines of two calls that share a file do not mix. */
	if (good && write(fd, text, line.len) != (ssize_t)line.len)
		log_warn(log, "the keys of IPsec cannot be written: %s", strerror(errno));
	wipe(text, sizeof text);
}
