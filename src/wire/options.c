/* SPDX-License-Identifier: MIT */
/* Configuration options of LCP, IPCP, IPV6CP and CCP. */
#include "wire/options.h"

#include "wire/frame.h"

#define OPTION_DATA_MAX 253

bool option_next(struct cursor *c, struct option *out)
{
	const uint8_t *raw = c->at;
	uint8_t type, length;
	const uint8_t *data;

	if (cursor_left(c) == 0)
		return false;
	type = cursor_u8(c);
	length = cursor_u8(c);
	if (c->failed || length < 2) {
		c->failed = true;
		return false;
	}
	data = cursor_bytes(c, (size_t)length - 2);
	if (!data)
		return false;
	*out = (struct option){
		.type = type, .len = (uint8_t)(length - 2), .data = data, .raw = raw};
	return true;
}

bool options_valid(const uint8_t *list, size_t len)
{
	struct cursor c = cursor_make(list, len);
	struct option o;

	while (option_next(&c, &o))
		;
	return !c.failed;
}

uint16_t option_u16(const struct option *o)
{
	struct cursor c = cursor_make(o->data, o->len);
	return cursor_u16(&c);
}

uint32_t option_u32(const struct option *o)
{
	struct cursor c = cursor_make(o->data, o->len);
	return cursor_u32(&c);
}

void option_write(struct writer *w, uint8_t type, const void *data, size_t len)
{
	if (len > OPTION_DATA_MAX) {
		w->failed = true;
		return;
	}
	writer_u8(w, type);
	writer_u8(w, (uint8_t)(len + 2));
	writer_bytes(w, data, len);
}

void option_write_u16(struct writer *w, uint8_t type, uint16_t value)
{
	writer_u8(w, type);
	writer_u8(w, 4);
	writer_u16(w, value);
}

void option_write_u32(struct writer *w, uint8_t type, uint32_t value)
{
	writer_u8(w, type);
	writer_u8(w, 6);
	writer_u32(w, value);
}

void option_write_raw(struct writer *w, const struct option *o)
{
	writer_bytes(w, o->raw, (size_t)o->len + 2);
}

/* Names as pppd prints them.  The unsupported ones are here so that logs reject them by name. */
static const struct option_info infos[] = {
	{FRAME_LCP, LCP_OPTION_MRU, "mru", 2, 2, OPTION_DECIMAL},
	{FRAME_LCP, LCP_OPTION_ACCM, "asyncmap", 4, 4, OPTION_NUMBER},
	{FRAME_LCP, LCP_OPTION_AUTH, "auth", 2, 253, OPTION_AUTH},
	{FRAME_LCP, LCP_OPTION_QUALITY, "quality", 2, 253, OPTION_HEX},
	{FRAME_LCP, LCP_OPTION_MAGIC, "magic", 4, 4, OPTION_NUMBER},
	{FRAME_LCP, LCP_OPTION_PFC, "pcomp", 0, 0, OPTION_NOTHING},
	{FRAME_LCP, LCP_OPTION_ACFC, "accomp", 0, 0, OPTION_NOTHING},
	{FRAME_LCP, LCP_OPTION_FCS, "fcs", 1, 1, OPTION_HEX},
	{FRAME_LCP, LCP_OPTION_PADDING, "padding", 1, 1, OPTION_HEX},
	{FRAME_LCP, LCP_OPTION_CALLBACK, "callback", 1, 253, OPTION_CALLBACK},
	{FRAME_LCP, LCP_OPTION_COMPOUND, "compound", 0, 0, OPTION_NOTHING},
	{FRAME_LCP, LCP_OPTION_MRRU, "mrru", 2, 2, OPTION_DECIMAL},
	{FRAME_LCP, LCP_OPTION_SHORT_SEQUENCE, "ssnhf", 0, 0, OPTION_NOTHING},
	{FRAME_LCP, LCP_OPTION_ENDPOINT, "endpoint", 1, 21, OPTION_HEX},
	{FRAME_LCP, LCP_OPTION_PROPRIETARY, "proprietary", 0, 253, OPTION_HEX},
	{FRAME_LCP, LCP_OPTION_DISCRIMINATOR, "link-discriminator", 2, 2, OPTION_HEX},
	{FRAME_IPCP, IPCP_OPTION_ADDRESSES, "addrs", 8, 8, OPTION_HEX},
	{FRAME_IPCP, IPCP_OPTION_COMPRESSION, "compress", 2, 253, OPTION_HEX},
	{FRAME_IPCP, IPCP_OPTION_ADDRESS, "addr", 4, 4, OPTION_ADDRESS},
	{FRAME_IPCP, IPCP_OPTION_DNS1, "ms-dns1", 4, 4, OPTION_ADDRESS},
	{FRAME_IPCP, IPCP_OPTION_WINS1, "ms-wins1", 4, 4, OPTION_ADDRESS},
	{FRAME_IPCP, IPCP_OPTION_DNS2, "ms-dns2", 4, 4, OPTION_ADDRESS},
	{FRAME_IPCP, IPCP_OPTION_WINS2, "ms-wins2", 4, 4, OPTION_ADDRESS},
	{FRAME_IPV6CP, IPV6CP_OPTION_IFID, "addr", 8, 8, OPTION_IFID},
	{FRAME_IPV6CP, IPV6CP_OPTION_COMPRESSION, "compress", 2, 253, OPTION_HEX},
	{FRAME_CCP, CCP_OPTION_PREDICTOR1, "predictor 1", 0, 0, OPTION_NOTHING},
	{FRAME_CCP, CCP_OPTION_PREDICTOR2, "predictor 2", 0, 0, OPTION_NOTHING},
	{FRAME_CCP, CCP_OPTION_STAC, "stac", 0, 253, OPTION_HEX},
	{FRAME_CCP, CCP_OPTION_MPPE, "mppe", 4, 4, OPTION_MPPE},
	{FRAME_CCP, CCP_OPTION_BSD, "bsd", 1, 1, OPTION_HEX},
	{FRAME_CCP, CCP_OPTION_DEFLATE_DRAFT, "deflate(old#)", 2, 2, OPTION_HEX},
	{FRAME_CCP, CCP_OPTION_DEFLATE, "deflate", 2, 2, OPTION_HEX},
};

const struct option_info *option_info(uint16_t protocol, uint8_t type)
{
	for (size_t i = 0; i < sizeof(infos) / sizeof(infos[0]); i++)
		if (infos[i].protocol == protocol && infos[i].type == type)
			return &infos[i];
	return NULL;
}
