/* SPDX-License-Identifier: MIT */
/* Configuration options: type, length, data (RFC 1661 section 6), and what is known of each. */
#ifndef VPDIAL_WIRE_OPTIONS_H
#define VPDIAL_WIRE_OPTIONS_H

#include "base/cursor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lcp_option {
	LCP_OPTION_MRU = 1,
	LCP_OPTION_ACCM = 2,
	LCP_OPTION_AUTH = 3,
	LCP_OPTION_QUALITY = 4,
	LCP_OPTION_MAGIC = 5,
	LCP_OPTION_PFC = 7,
	LCP_OPTION_ACFC = 8,
	LCP_OPTION_FCS = 9,
	LCP_OPTION_PADDING = 10,
	LCP_OPTION_CALLBACK = 13,
	LCP_OPTION_COMPOUND = 15,
	LCP_OPTION_MRRU = 17,
	LCP_OPTION_SHORT_SEQUENCE = 18,
	LCP_OPTION_ENDPOINT = 19,
	LCP_OPTION_PROPRIETARY = 20,
	LCP_OPTION_DISCRIMINATOR = 23,
};

enum ipcp_option {
	IPCP_OPTION_ADDRESSES = 1,
	IPCP_OPTION_COMPRESSION = 2,
	IPCP_OPTION_ADDRESS = 3,
	IPCP_OPTION_DNS1 = 129,
	IPCP_OPTION_WINS1 = 130,
	IPCP_OPTION_DNS2 = 131,
	IPCP_OPTION_WINS2 = 132,
};

enum ipv6cp_option {
	IPV6CP_OPTION_IFID = 1,
	IPV6CP_OPTION_COMPRESSION = 2,
};

enum ccp_option {
	CCP_OPTION_PREDICTOR1 = 1,
	CCP_OPTION_PREDICTOR2 = 2,
	CCP_OPTION_STAC = 17,
	CCP_OPTION_MPPE = 18,
	CCP_OPTION_BSD = 21,
	CCP_OPTION_DEFLATE_DRAFT = 24,
	CCP_OPTION_DEFLATE = 26,
};

/* Classes of LCP option 19 (RFC 1990 section 5.1.3): what the octets behind it are. */
#define ENDPOINT_LOCAL 1 /* chosen by the sender, 20 at most */

/* Bits of CCP option 18 (RFC 3078 section 2.1). */
#define MPPE_OPTION_STATELESS 0x01000000u
#define MPPE_OPTION_56	      0x00000080u
#define MPPE_OPTION_128	      0x00000040u
#define MPPE_OPTION_40	      0x00000020u
#define MPPE_OPTION_OBSOLETE  0x00000010u
#define MPPE_OPTION_MPPC      0x00000001u
#define MPPE_OPTION_STRENGTHS (MPPE_OPTION_56 | MPPE_OPTION_128 | MPPE_OPTION_40)

/* CHAP algorithms of LCP option 3 (RFC 1994 section 3, RFC 2433, RFC 2759). */
#define CHAP_ALGORITHM_MD5     0x05
#define CHAP_ALGORITHM_MSCHAP1 0x80
#define CHAP_ALGORITHM_MSCHAP2 0x81

struct option {
	uint8_t type;
	uint8_t len; /* of data: 0 to 253 */
	const uint8_t *data;
	const uint8_t *raw; /* type, length and data */
};

/* Reads the next option.  False at the end of the list, and with C->failed set where the list is
 * broken (a length below two or past the end). */
bool option_next(struct cursor *c, struct option *out);

/* The whole list is well formed; else RFC 1661 section 6 wants the packet dropped. */
bool options_valid(const uint8_t *list, size_t len);

/* The data of an option as numbers; zero when it is shorter. */
uint16_t option_u16(const struct option *o);
uint32_t option_u32(const struct option *o);

/* Writers; LEN up to 253, more fails the writer. */
void option_write(struct writer *w, uint8_t type, const void *data, size_t len);
void option_write_u16(struct writer *w, uint8_t type, uint16_t value);
void option_write_u32(struct writer *w, uint8_t type, uint32_t value);
/* The option unchanged, as a Reject returns it. */
void option_write_raw(struct writer *w, const struct option *o);

/* How an option's data is printed. */
enum option_format {
	OPTION_HEX,
	OPTION_NOTHING,
	OPTION_DECIMAL, /* u16 */
	OPTION_NUMBER,	/* u32 in hexadecimal */
	OPTION_AUTH,
	OPTION_CALLBACK,
	OPTION_ADDRESS,
	OPTION_IFID,
	OPTION_MPPE,
};

struct option_info {
	uint16_t protocol;
	uint8_t type;
	const char *name;
	uint8_t min, max; /* legal lengths of its data */
	enum option_format format;
};

/* What is known of an option, supported or not; NULL for an unknown one. */
const struct option_info *option_info(uint16_t protocol, uint8_t type);

#endif
