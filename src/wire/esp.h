/* SPDX-License-Identifier: MIT */
/* ESP in transport mode around UDP (RFC 4303, RFC 3948): lengths, header, trailer; no cipher.
 *
 *    SPI (4) | sequence number (4) | IV | UDP header, payload, padding, pad length, 17 | ICV
 *
 * From the UDP header to the 17 it is encrypted; the ICV is over all before it. */
#ifndef VPDIAL_WIRE_ESP_H
#define VPDIAL_WIRE_ESP_H

#include "vocabulary/ipsec.h"

#define ESP_UDP_HEADER 8
#define ESP_TRAILER    2
#define ESP_MARKER     4 /* zeros before IKE on ESP's port: RFC 3948 section 2.2 */
#define ESP_NEXT_UDP   17
#define ESP_NEXT_DUMMY 59 /* RFC 4303 section 2.6 */
#define ESP_HEAD_MAX   (ESP_HEADER + 16 + ESP_UDP_HEADER)
#define ESP_TAIL_MAX   (15 + ESP_TRAILER + 32)

/* Octets that ESP puts before a UDP payload: header, IV, UDP header. */
size_t esp_head_len(const struct esp_sizes *sizes);
/* Octets behind a UDP payload of LEN octets: padding, trailer, ICV. */
size_t esp_tail_len(const struct esp_sizes *sizes, size_t len);

/* The largest UDP payload that goes into ESP in UDP in an IP packet of MTU octets (IPv6: an outer
 * header of 40 octets); 0 if none does. */
size_t esp_room(const struct esp_sizes *sizes, bool ipv6, size_t mtu);

/* Writes all but IV, cipher and ICV around PAYLOAD of LEN octets, before which esp_head_len and
 * behind which esp_tail_len octets are free; where the packet starts. */
uint8_t *esp_wrap(const struct esp_sizes *sizes, uint32_t spi, uint32_t sequence,
		  uint16_t source_port, uint16_t destination_port, uint8_t *payload, size_t len);

/* What a decrypted packet holds. */
struct esp_inner {
	uint8_t next; /* ESP_NEXT_UDP: then the rest is set */
	uint16_t source_port, destination_port;
	uint8_t *payload;
	size_t len;
};
/* Takes the LEN decrypted octets at PLAIN apart; false if padding or UDP header do not fit.  The
 * UDP checksum is not looked at: it was made before addresses were translated (RFC 3948
 * section 3.1.2).
 */
bool esp_unwrap(uint8_t *plain, size_t len, struct esp_inner *out);

/* Numbers that came (RFC 4303 section 3.4.3, by the method of RFC 6479). */
#define ESP_WINDOW_WORDS 16
#define ESP_WINDOW	 ((ESP_WINDOW_WORDS - 1) * 64)
struct esp_window {
	uint32_t newest;
	uint64_t seen[ESP_WINDOW_WORDS];
};
/* Is NUMBER new?  To be asked before the integrity check, and marked only after it. */
bool esp_window_is_new(const struct esp_window *w, uint32_t number);
void esp_window_mark(struct esp_window *w, uint32_t number);

#endif
