/* SPDX-License-Identifier: MIT */
/* The list of what was found. */
#include "import/list.h"

#include "base/secret.h"
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TEXT_MAX  (1024 * 1024)
#define NOTE_MAX  700
#define SHOWN_MAX 200

struct import_list *import_list_new(void)
{
	struct import_list *list = calloc(1, sizeof(*list));

	if (!list)
		return NULL;
	list->text = malloc(TEXT_MAX);
	if (!list->text) {
		free(list);
		return NULL;
	}
	return list;
}

void import_list_free(struct import_list *list)
{
	if (!list)
		return;
	wipe(list->text, list->used);
	free(list->text);
	free(list);
}

/* A copy of TEXT in the block, or NULL. */
static const char *keep(struct import_list *list, const char *text)
{
	size_t len = strlen(text) + 1;
	char *at = list->text + list->used;

	if (len > TEXT_MAX - list->used) {
		list->full = true;
		return NULL;
	}
	memcpy(at, text, len);
	list->used += len;
	return at;
}

size_t import_section(struct import_list *list, enum import_place place, const char *name)
{
	const char *kept;

	if (list->section_count == IMPORT_SECTIONS_MAX) {
		list->full = true;
		return IMPORT_NONE;
	}
	kept = keep(list, name);
	if (!kept)
		return IMPORT_NONE;
	list->sections[list->section_count] = (struct import_section){
		.place = place, .name = kept, .first = IMPORT_NONE, .last = IMPORT_NONE};
	return list->section_count++;
}

void import_rename(struct import_list *list, size_t section, const char *name)
{
	const char *kept = keep(list, name);

	if (kept && section < list->section_count)
		list->sections[section].name = kept;
}

size_t import_find(const struct import_list *list, enum import_place place, const char *name)
{
	for (size_t i = 0; i < list->section_count; i++)
		if (list->sections[i].place == place && !list->sections[i].dropped &&
		    (!name || strcasecmp(list->sections[i].name, name) == 0))
			return i;
	return IMPORT_NONE;
}

/* Behind the other items of its section, which are found again by this chain. */
static void link_item(struct import_section *section, struct import_list *list, size_t item)
{
	if (section->last == IMPORT_NONE)
		section->first = item;
	else
		list->items[section->last].next = item;
	section->last = item;
}

static void add(struct import_list *list, size_t section, const char *key, const char *value)
{
	const char *kept_key = NULL, *kept;

	if (section == IMPORT_NONE)
		return;
	if (list->item_count == IMPORT_ITEMS_MAX) {
		list->full = true;
		return;
	}
	kept = keep(list, value);
	if (key)
		kept_key = keep(list, key);
	if (!kept || (key && !kept_key))
		return;
	list->items[list->item_count] = (struct import_item){
		.section = section, .key = kept_key, .value = kept, .next = IMPORT_NONE};
	link_item(&list->sections[section], list, list->item_count++);
}

/* The item of KEY that counts, or IMPORT_NONE. */
static size_t find(const struct import_list *list, size_t section, const char *key)
{
	size_t i = section == IMPORT_NONE ? IMPORT_NONE : list->sections[section].first;

	for (; i != IMPORT_NONE; i = list->items[i].next) {
		const struct import_item *item = &list->items[i];

		if (item->key && !item->replaced && strcmp(item->key, key) == 0)
			break;
	}
	return i;
}

const char *import_get(const struct import_list *list, size_t section, const char *key)
{
	size_t i = find(list, section, key);

	return i == IMPORT_NONE ? NULL : list->items[i].value;
}

void import_unset(struct import_list *list, size_t section, const char *key)
{
	size_t i = find(list, section, key);

	if (i != IMPORT_NONE)
		list->items[i].replaced = true;
}

void import_set(struct import_list *list, size_t section, const char *key, const char *value)
{
	if (section == IMPORT_NONE)
		return;
	import_unset(list, section, key);
	add(list, section, key, value);
}

void import_note(struct import_list *list, size_t section, const char *fmt, ...)
{
	char text[NOTE_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	str_blank(text);
	add(list, section, NULL, text);
}

bool import_is_secret(const char *word)
{
	static const char *const parts[] = {"pas", "pw", "secret", "psk", "key", "pin", "token"};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcasestr(word, parts[i]))
			return true;
	return false;
}

void import_lost(struct import_list *list, size_t section, const char *word, const char *value,
		 const char *why)
{
	char shown[SHOWN_MAX], name[SHOWN_MAX];
	struct str v = str_make(shown, sizeof(shown)), w = str_make(name, sizeof(name));

	str_clean(&w, word, strlen(word), 60);
	if (import_is_secret(word))
		str_printf(&v, "(not shown)");
	else
		str_clean(&v, value, strlen(value), 60);
	import_note(list, section, "%s%s%s: %s", name, *shown ? " = " : "", shown, why);
}

void import_clean_name(const char *name, char out[static IMPORT_NAME_MAX])
{
	static const char legal[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_.@+-";
	size_t n = 0;

	while (*name == ' ' || *name == '.' || *name == '-')
		name++;
	for (; *name && n + 1 < IMPORT_NAME_MAX; name++) {
		bool good = strchr(legal, *name);

		if (good || (n && out[n - 1] != '-'))
			out[n++] = (char)(good ? *name : '-');
	}
	while (n && out[n - 1] == '-')
		n--;
	out[n] = '\0';
	if (n == 0 || strcasecmp(out, "server") == 0 || strcasecmp(out, "ppp-profiles") == 0)
		(void)str_copy(out, IMPORT_NAME_MAX, "imported");
}
