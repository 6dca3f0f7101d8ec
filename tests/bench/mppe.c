/* SPDX-License-Identifier: MIT */
/* mppe - the MPPE engine against OpenSSL's ciphers, one core, no network.
 *
 * Both do for each packet what a 128-bit stream asks for: in stateless mode the key change (SHA-1
 * over two blocks, RC4 with the interim key) and the packet with its new key; in stateful mode the
 * packet alone.  OpenSSL: contexts made once, a new key set for each packet.  Rounds alternate;
 * the median of the rounds counts, in ns for a packet.
 *
 * usage: mppe [ROUNDS] */
#include "path/mppe.h"
#include "base/sha1.h"

#include <openssl/evp.h>
#include <openssl/provider.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS_MAX 101
#define BURST	   32 /* packets that a burst of the data path typically holds */
#define SLOT	   1472
#define OCTETS	   (40u << 20) /* encrypted in one round, about */

struct openssl {
	EVP_MD *sha1;
	EVP_CIPHER *rc4;
	EVP_MD_CTX *md;
	EVP_CIPHER_CTX *interim, *stream;
	uint8_t start[16], session[16];
};

static uint8_t packets[BURST][SLOT];

static void must(int ok)
{
	if (ok != 1) {
		fprintf(stderr, "OpenSSL failed; is its legacy provider installed?\n");
		exit(1);
	}
}

static void openssl_init(struct openssl *o, const uint8_t start[16])
{
	must(OSSL_PROVIDER_load(NULL, "legacy") && OSSL_PROVIDER_load(NULL, "default"));
	o->sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	o->rc4 = EVP_CIPHER_fetch(NULL, "RC4", NULL);
	must(o->sha1 && o->rc4);
	o->md = EVP_MD_CTX_new();
	o->interim = EVP_CIPHER_CTX_new();
	o->stream = EVP_CIPHER_CTX_new();
	memcpy(o->start, start, 16);
	memcpy(o->session, start, 16);
	must(EVP_EncryptInit_ex2(o->interim, o->rc4, start, NULL, NULL));
	must(EVP_EncryptInit_ex2(o->stream, o->rc4, start, NULL, NULL));
	must(EVP_DigestInit_ex(o->md, o->sha1, NULL));
}

/* The key of RFC 3078 section 7.3. */
static void openssl_digest(struct openssl *o, uint8_t digest[20])
{
	uint8_t text[112] = {0};

	memcpy(text, o->start, 16);
	memcpy(text + 56, o->session, 16);
	memset(text + 72, 0xf2, 40);
	must(EVP_DigestInit_ex(o->md, NULL, NULL));
	must(EVP_DigestUpdate(o->md, text, sizeof text));
	must(EVP_DigestFinal_ex(o->md, digest, NULL));
}

static void openssl_packet(struct openssl *o, uint8_t *data, size_t len, int stateless)
{
	uint8_t digest[20];
	int n;

	if (stateless) {
		openssl_digest(o, digest);
		must(EVP_EncryptInit_ex2(o->interim, NULL, digest, NULL, NULL));
		must(EVP_EncryptUpdate(o->interim, o->session, &n, digest, 16));
		must(EVP_EncryptInit_ex2(o->stream, NULL, o->session, NULL, NULL));
	}
	must(EVP_EncryptUpdate(o->stream, data, &n, data, (int)len));
}

static void engine_burst(struct mppe_tx *tx, size_t count, size_t len, int stateless)
{
	static struct rc4_job jobs[BURST];
	uint8_t header[MPPE_HEADER];

	for (size_t i = 0; i < count; i++) {
		if (!stateless) {
			rc4_crypt(&tx->rc4, packets[i], packets[i], len);
			continue;
		}
		jobs[i] = (struct rc4_job){packets[i], len, {0}};
		mppe_number(tx, header, jobs[i].key);
	}
	if (stateless)
		mppe_encrypt_jobs(tx, jobs, count);
}

/* Both must write the same octets. */
static void compare(struct openssl *o, struct mppe_tx *tx)
{
	static uint8_t kept[BURST][SLOT];
	uint8_t digest[20];

	openssl_digest(o, digest);
	memcpy(o->session, digest, 16); /* the first key: no RC4 (RFC 3079) */
	engine_burst(tx, BURST, 1400, 1);
	memcpy(kept, packets, sizeof kept);
	memset(packets, 0, sizeof packets);
	for (size_t i = 0; i < BURST; i++)
		openssl_packet(o, packets[i], 1400, 1);
	if (memcmp(kept, packets, sizeof kept) != 0) {
		fprintf(stderr, "the engine and OpenSSL differ\n");
		exit(1);
	}
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void measure(struct openssl *o, struct mppe_tx *tx, unsigned rounds, size_t len,
		    int stateless)
{
	double theirs[ROUNDS_MAX], ours[ROUNDS_MAX], ratio[ROUNDS_MAX];
	size_t bursts = OCTETS / (len + 300) / BURST;

	for (unsigned r = 0; r < rounds; r++) {
		double at = seconds(), between;

		for (size_t i = 0; i < bursts; i++)
			for (size_t k = 0; k < BURST; k++)
				openssl_packet(o, packets[k], len, stateless);
		between = seconds();
		for (size_t i = 0; i < bursts; i++)
			engine_burst(tx, BURST, len, stateless);
		ours[r] = (seconds() - between) / (double)(bursts * BURST) * 1e9;
		theirs[r] = (between - at) / (double)(bursts * BURST) * 1e9;
		ratio[r] = theirs[r] / ours[r];
	}
	qsort(theirs, rounds, sizeof theirs[0], by_value);
	qsort(ours, rounds, sizeof ours[0], by_value);
	qsort(ratio, rounds, sizeof ratio[0], by_value);
	printf("%-9s %5zu  %7.0f %7.0f   %.2f (%.2f to %.2f)\n",
	       stateless ? "stateless" : "stateful", len, theirs[rounds / 2], ours[rounds / 2],
	       ratio[rounds / 2], ratio[0], ratio[rounds - 1]);
}

int main(int argc, char **argv)
{
	static const uint8_t start[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
	unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 9;
	static struct openssl o;
	static struct mppe_tx tx;

	if (rounds < 1 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: mppe [ROUNDS]   (1 to %d)\n", ROUNDS_MAX);
		return 2;
	}
	openssl_init(&o, start);
	mppe_tx_init(&tx, 128, false, start);
	compare(&o, &tx);
	printf("SHA-1 by instructions: %s; ns for a packet, medians of %u rounds\n",
	       sha1_has_instructions() ? "yes" : "no", rounds);
	printf("%-9s %5s  %7s %7s   %s\n", "MPPE-128", "octets", "OpenSSL", "engine",
	       "times faster");
	measure(&o, &tx, rounds, 1400, 1);
	measure(&o, &tx, rounds, 96, 1);
	measure(&o, &tx, rounds, 1400, 0);
	measure(&o, &tx, rounds, 96, 0);
	return 0;
}
