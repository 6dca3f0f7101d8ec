/* SPDX-License-Identifier: MIT */
/* The cipher and integrity of ESP (RFC 4303; AES-CBC RFC 3602, AES-GCM RFC 4106, HMAC RFC 2403,
 * 2404, 4868), each primitive from OpenSSL.  All is allocated when an association is made, nothing
 * per packet.  crypto_init must have been called. */
#ifndef VPDIAL_CRYPTO_ESP_H
#define VPDIAL_CRYPTO_ESP_H

#include "vocabulary/ipsec.h"

/* One association of one direction.  One thread at a time may use it. */
struct esp_cipher;

/* For KEYS; SENDING: to seal, else to open.  NULL when out of memory. */
struct esp_cipher *esp_cipher_new(const struct esp_keys *keys, bool sending);
void esp_cipher_free(struct esp_cipher *cipher);

/* PACKET holds header (8 octets), room for the IV, and what is to be encrypted, whole blocks, LEN
 * octets in all; the ICV is written behind it. */
void esp_seal(struct esp_cipher *cipher, uint8_t *packet, size_t len);
/* PACKET is one as it came, LEN octets with the ICV.  True if nobody has changed it; then what was
 * encrypted is decrypted in place, *PLAIN_LEN octets at *PLAIN. */
bool esp_open(struct esp_cipher *cipher, uint8_t *packet, size_t len, uint8_t **plain,
	      size_t *plain_len);

/* For crypto_init and crypto_exit, as ike_load: the name of what is missing, or NULL. */
const char *esp_load(void *lib);
void esp_unload(void);

#endif
