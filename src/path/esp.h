/* SPDX-License-Identifier: MIT */
/* The data path's step for L2TP over IPsec: ESP around each datagram that leaves, and off each that
 * comes.  Without an association to send by, nothing leaves. */
#ifndef VPDIAL_PATH_ESP_H
#define VPDIAL_PATH_ESP_H

#include "path/path.h"
#include "wire/esp.h"

/* Inbound associations that live side by side while keys change. */
#define PATH_ESP_INBOUND 4

struct path_esp_out {
	struct esp_cipher *cipher; /* NULL = none: nothing leaves */
	struct esp_sizes sizes;
	uint32_t spi;
	uint32_t number; /* of the newest packet; near its end none leaves any more */
};

struct path_esp_in {
	struct esp_cipher *cipher; /* NULL = free */
	uint32_t spi;
	uint64_t order; /* the smallest is the oldest */
	struct esp_window window;
};

struct path_esp {
	/* IPv6: UDP inside ESP has a checksum, and the addresses' part of it is this. */
	bool sums;
	uint64_t addresses;
	struct path_esp_out out; /* of whoever has the turn to send */
	/* The main thread's. */
	_Alignas(64) struct path_esp_in in[PATH_ESP_INBOUND];
	uint64_t order;
	uint64_t heard_ms;
	uint64_t opened; /* packets that nobody had changed */
};

struct path;

/* NULL when out of memory. */
struct path_esp *path_esp_make(const struct path_config *config);
void path_esp_free(struct path_esp *esp);
/* With the turn: puts header, inner UDP and trailer around the L2TP datagram of *LEN octets at
 * DATAGRAM, not sealed yet; where the packet starts, *LEN grows. */
uint8_t *esp_out_wrap(struct path *path, uint8_t *datagram, size_t *len);
/* With the turn: seals a wrapped packet. */
void esp_out_seal(struct path_esp *esp, uint8_t *packet, size_t len);

enum esp_content { ESP_CONTENT_NOTHING, ESP_CONTENT_L2TP, ESP_CONTENT_IKE };
/* A datagram that came, taken apart in place: *PACKET and *LEN are then what is in it. */
enum esp_content esp_in_take(struct path *path, uint8_t **packet, size_t *len);

#endif
