/* SPDX-License-Identifier: MIT */
/* Octets of RADIUS packets. */
#include "wire/radius.h"

#define VENDOR_VALUE_MAX (RADIUS_VALUE_MAX - 6)

static bool attributes_fill(struct cursor c)
{
	while (cursor_left(&c)) {
		uint8_t len;

		cursor_skip(&c, 1);
		len = cursor_u8(&c);
		if (len < 2)
			return false;
		cursor_skip(&c, len - 2u);
	}
	return !c.failed;
}

bool radius_decode(const uint8_t *p, size_t len, struct radius_packet *out)
{
	struct cursor c = cursor_make(p, len);
	struct radius_packet found;
	size_t said;

	found.code = cursor_u8(&c);
	found.id = cursor_u8(&c);
	said = cursor_u16(&c);
	found.authenticator = cursor_bytes(&c, 16);
	if (c.failed || said < RADIUS_HEADER || said > RADIUS_PACKET_MAX || said > len)
		return false;
	found.len = said;
	found.attributes_len = said - RADIUS_HEADER;
	found.attributes = cursor_bytes(&c, found.attributes_len);
	if (!attributes_fill(cursor_make(found.attributes, found.attributes_len)))
		return false;
	*out = found;
	return true;
}

struct radius_walk radius_walk(const struct radius_packet *packet)
{
	return (struct radius_walk){
		.outer = cursor_make(packet->attributes, packet->attributes_len)};
}

/* One attribute of C; false at its end and where it is broken. */
static bool take(struct cursor *c, uint8_t *type, struct cursor *value)
{
	uint8_t len;

	if (!cursor_left(c))
		return false;
	*type = cursor_u8(c);
	len = cursor_u8(c);
	if (c->failed || len < 2)
		return false;
	*value = cursor_sub(c, len - 2u);
	return !value->failed;
}

static bool is_whole(struct cursor c)
{
	struct cursor value;
	uint8_t type;

	while (cursor_left(&c))
		if (!take(&c, &type, &value))
			return false;
	return !c.failed;
}

bool radius_next(struct radius_walk *walk, struct radius_value *out)
{
	struct cursor value;

	for (;;) {
		if (take(&walk->inner, &out->type, &value)) {
			out->vendor = walk->vendor;
			break;
		}
		walk->inner = (struct cursor){0};
		if (!take(&walk->outer, &out->type, &value))
			return false;
		if (out->type != RADIUS_AT_VENDOR) {
			out->vendor = 0;
			break;
		}
		walk->vendor = cursor_u32(&value);
		/* Other vendors may lay theirs out as they like. */
		if (walk->vendor == RADIUS_MICROSOFT && is_whole(value))
			walk->inner = value;
	}
	out->len = cursor_left(&value);
	out->at = cursor_bytes(&value, out->len);
	return true;
}

bool radius_number(const struct radius_value *value, uint32_t *out)
{
	struct cursor c = cursor_make(value->at, value->len);

	if (value->len != 4)
		return false;
	*out = cursor_u32(&c);
	return true;
}

void radius_begin(struct writer *w, uint8_t code, uint8_t id)
{
	writer_u8(w, code);
	writer_u8(w, id);
	writer_u16(w, 0);
	writer_zeros(w, 16);
}

void radius_end(struct writer *w)
{
	writer_patch_u16(w, 2, (uint16_t)writer_len(w));
}

void radius_put(struct writer *w, uint8_t type, const void *value, size_t len)
{
	if (!len)
		return;
	w->failed |= len > RADIUS_VALUE_MAX;
	writer_u8(w, type);
	writer_u8(w, (uint8_t)(len + 2));
	writer_bytes(w, value, len);
}

void radius_put_number(struct writer *w, uint8_t type, uint32_t value)
{
	uint8_t octets[4];
	struct writer number = writer_make(octets, sizeof octets);

	writer_u32(&number, value);
	radius_put(w, type, octets, sizeof octets);
}

void radius_put_text(struct writer *w, uint8_t type, const char *text)
{
	radius_put(w, type, text, strlen(text));
}

void radius_put_microsoft(struct writer *w, uint8_t type, const void *value, size_t len)
{
	w->failed |= len > VENDOR_VALUE_MAX;
	writer_u8(w, RADIUS_AT_VENDOR);
	writer_u8(w, (uint8_t)(len + 8));
	writer_u32(w, RADIUS_MICROSOFT);
	writer_u8(w, type);
	writer_u8(w, (uint8_t)(len + 2));
	writer_bytes(w, value, len);
}
