/* SPDX-License-Identifier: MIT */
/* The head of a PPP frame as tunnels carry it (RFC 1661 section 2, RFC 1662 section 3): Address
 * and Control (FF 03, may be compressed away), then one or two octets of protocol number.  There
 * are no flags, escapes or checksums.  The data path calls the decoders for each packet. */
#ifndef VPDIAL_WIRE_FRAME_H
#define VPDIAL_WIRE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Protocol numbers. */
enum frame_protocol {
	FRAME_IPV4 = 0x0021,
	FRAME_OSI = 0x0023,
	FRAME_APPLETALK = 0x0029,
	FRAME_IPX = 0x002b,
	FRAME_VJ_COMPRESSED = 0x002d,
	FRAME_VJ_UNCOMPRESSED = 0x002f,
	FRAME_BRIDGED = 0x0031,
	FRAME_MP = 0x003d,
	FRAME_IPV6 = 0x0057,
	FRAME_LINK_COMPRESSED = 0x00fb,
	FRAME_COMPRESSED = 0x00fd, /* MPPE and other compressed data */
	FRAME_OLD_BPDU = 0x0201,
	FRAME_MPLS = 0x0281,
	FRAME_IPCP = 0x8021,
	FRAME_BCP = 0x8031,
	FRAME_ECP = 0x8053,
	FRAME_IPV6CP = 0x8057,
	FRAME_LINK_CCP = 0x80fb,
	FRAME_CCP = 0x80fd,
	FRAME_LCP = 0xc021,
	FRAME_PAP = 0xc023,
	FRAME_LQR = 0xc025,
	FRAME_CBCP = 0xc029,
	FRAME_BACP = 0xc02b,
	FRAME_BAP = 0xc02d,
	FRAME_CHAP = 0xc223,
	FRAME_EAP = 0xc227,
};

/* Address, Control and a two-octet protocol. */
#define FRAME_HEAD_MAX 4

/* Numbers from 0x4000 on are control protocols (NCPs, LCP, authentication); below is data. */
static inline bool frame_is_control(uint16_t protocol)
{
	return protocol >= 0x4000;
}

/* Of a network protocol or of CCP over all links: what Multilink takes (RFC 1990 section 2). */
static inline bool frame_is_ncp(uint16_t protocol)
{
	return protocol >= 0x8000 && protocol < 0xc000 && protocol != FRAME_LINK_CCP;
}

/* The protocol field alone, as it stands inside an MPPE packet: one octet when its low bit is
 * set, else two of which the second's is.  Returns its length and sets *PROTOCOL, or 0 for a
 * number that breaks the rule (RFC 1661 section 2). */
static inline size_t frame_protocol_decode(const uint8_t *p, size_t len, uint16_t *protocol)
{
	if (len >= 1 && (p[0] & 1)) {
		*protocol = p[0];
		return 1;
	}
	if (len >= 2 && (p[1] & 1)) {
		*protocol = (uint16_t)(p[0] << 8 | p[1]);
		return 2;
	}
	return 0;
}

/* The whole head, with or without FF 03 whatever was negotiated.  False for a broken head or a
 * frame without information; else the information field starts at P + *HEADER_LEN. */
static inline bool frame_decode(const uint8_t *p, size_t len, uint16_t *protocol,
				size_t *header_len)
{
	size_t head = len >= 2 && p[0] == 0xff && p[1] == 0x03 ? 2 : 0;
	size_t n;

	if (head == 0 && len >= 1 && p[0] == 0xff)
		return false; /* 00ff is never assigned (RFC 1661 6.5): a broken address field */
	n = frame_protocol_decode(p + head, len - head, protocol);
	if (n == 0 || head + n >= len)
		return false;
	*header_len = head + n;
	return true;
}

/* Writes a head to P (room for FRAME_HEAD_MAX octets) and returns its length.  COMPRESS_ADDRESS
 * and COMPRESS_PROTOCOL only after the peer asked for them; never for LCP. */
static inline size_t frame_head_write(uint8_t *p, uint16_t protocol, bool compress_address,
				      bool compress_protocol)
{
	size_t n = 0;

	if (!compress_address) {
		p[n++] = 0xff;
		p[n++] = 0x03;
	}
	if (!compress_protocol || protocol > 0xff)
		p[n++] = (uint8_t)(protocol >> 8);
	p[n++] = (uint8_t)protocol;
	return n;
}

/* The name of a protocol as log lines print it ("LCP", "IP"), or NULL for an unknown number. */
const char *frame_protocol_name(uint16_t protocol);

#endif
