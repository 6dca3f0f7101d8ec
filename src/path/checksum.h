/* SPDX-License-Identifier: MIT */
/* The Internet checksum (RFC 1071) over inner packets. */
#ifndef VPDIAL_PATH_CHECKSUM_H
#define VPDIAL_PATH_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Sums LEN octets onto SUM, as 16-bit words in this machine's order; an odd octet at the end counts
 * as if a zero followed.  Sums may be added to each other before they are folded. */
static inline uint64_t checksum_add(uint64_t sum, const uint8_t *p, size_t len)
{
	uint64_t low = 0, high = 0, word;
	uint32_t half;
	uint16_t quarter;

	for (; len >= 8; p += 8, len -= 8) {
		memcpy(&word, p, 8);
		low += (uint32_t)word;
		high += word >> 32;
	}
	if (len >= 4) {
		memcpy(&half, p, 4);
		low += half;
		p += 4;
		len -= 4;
	}
	if (len >= 2) {
		memcpy(&quarter, p, 2);
		low += quarter;
		p += 2;
		len -= 2;
	}
	if (len) {
		uint8_t last[2] = {*p, 0};

		memcpy(&quarter, last, 2);
		low += quarter;
	}
	low = (low & 0xffffffff) + (low >> 32);
	high = (high & 0xffffffff) + (high >> 32);
	return sum + low + high;
}

/* A number of 16 bits as a word of a packet. */
static inline uint16_t checksum_word(unsigned v)
{
	const uint8_t octets[2] = {(uint8_t)(v >> 8), (uint8_t)v};
	uint16_t word;

	memcpy(&word, octets, 2);
	return word;
}

/* The sum in 16 bits, not inverted; to be copied into a packet as it is. */
static inline uint16_t checksum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* The pseudo header's part (RFC 9293 section 3.1, RFC 8200 section 8.1): the addresses at ADDRESSES
 * (both, ADDRESSES_LEN octets), PROTOCOL, and the transport's LEN. */
static inline uint64_t checksum_pseudo(const uint8_t *addresses, size_t addresses_len,
				       unsigned protocol, size_t len)
{
	return checksum_add(0, addresses, addresses_len) + checksum_word(protocol) +
	       checksum_word((unsigned)(len >> 16)) + checksum_word((unsigned)len & 0xffff);
}

#endif
