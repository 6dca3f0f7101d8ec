/* SPDX-License-Identifier: MIT */
/* Looking up words, and doing what their rows say. */
#include "import/words.h"

#include "base/str.h"
#include "import/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What `allow` holds where nothing is refused. */
#define ALL_METHODS "pap,chap,mschap1,mschap2"

const struct import_words *import_words(enum import_table table)
{
	if (table <= IMPORT_ROUTEROS_ROUTE)
		return &import_words_routeros[table];
	if (table <= IMPORT_SWANCTL)
		return &import_words_pppd[table - IMPORT_PPPD];
	return &import_words_desktop[table - IMPORT_NM_CONNECTION];
}

const struct import_word *import_word_find(enum import_table table, const char *word)
{
	const struct import_words *words = import_words(table);

	for (size_t i = 0; i < words->count; i++)
		if (strcasecmp(words->rows[i].word, word) == 0)
			return &words->rows[i];
	return NULL;
}

static void add_to_list(struct import_list *list, size_t section, const char *key,
			const char *value)
{
	char text[IMPORT_VALUE_MAX];
	const char *before = import_get(list, section, key);
	int n = snprintf(text, sizeof(text), "%s%s%s", before ? before : "", before ? "," : "",
			 value);

	if (n < (int)sizeof(text))
		import_set(list, section, key, text);
	else
		list->full = true;
}

static void remove_from_list(struct import_list *list, size_t section, const char *key,
			     const char *word)
{
	char text[IMPORT_VALUE_MAX];
	const char *before = import_get(list, section, key);

	(void)str_copy(text, sizeof(text), before ? before : ALL_METHODS);
	text_list_remove(text, word);
	if (*text)
		import_set(list, section, key, text);
	else
		import_note(list, section, "every method is refused, so %s is left as it was", key);
}

static void take_value(struct import_list *list, size_t section, const struct import_word *row,
		       const char *value)
{
	bool yes = text_is_yes(value);

	switch (row->how) {
	case IMPORT_LOST:
		import_lost(list, section, row->word, value, row->text);
		break;
	case IMPORT_TEXT:
		if (row->text && strcasecmp(value, row->text) == 0)
			import_lost(list, section, row->word, value, "the default, here too");
		else
			import_set(list, section, row->key, value);
		break;
	case IMPORT_BOOL:
	case IMPORT_INVERSE:
		import_set(list, section, row->key,
			   yes == (row->how == IMPORT_BOOL) ? "yes" : "no");
		break;
	case IMPORT_IF_YES:
		if (!yes) {
			import_lost(list, section, row->word, value, "the default, here too");
			break;
		}
		import_set(list, section, row->key, row->text);
		break;
	case IMPORT_FIXED:
		import_set(list, section, row->key, row->text);
		break;
	case IMPORT_WITHOUT:
		remove_from_list(list, section, row->key, row->text);
		break;
	case IMPORT_ADD:
		add_to_list(list, section, row->key, value);
		break;
	case IMPORT_OWN:
		break;
	}
}

const struct import_word *import_take(struct import_list *list, size_t section,
				      enum import_table table, const char *word, const char *value)
{
	const struct import_word *row = import_word_find(table, word);

	if (!row) {
		import_lost(list, section, word, value,
			    "not carried over, vpdial does not know it");
		return NULL;
	}
	take_value(list, section, row, value);
	return row;
}

bool import_hint(const char *word, char *out, size_t cap)
{
	for (int table = 0; table < IMPORT_TABLE_COUNT; table++) {
		const struct import_word *row = import_word_find((enum import_table)table, word);
		const char *program = import_words((enum import_table)table)->program;
		bool fixed = row && (row->how == IMPORT_FIXED || row->how == IMPORT_IF_YES);

		if (!row)
			continue;
		if (row->key)
			(void)snprintf(out, cap, "%s's %s is %s%s%s here", program, row->word,
				       row->key, fixed ? " = " : "", fixed ? row->text : "");
		else
			(void)snprintf(out, cap, "%s's %s: %s", program, row->word,
				       row->text ? row->text : "nothing here");
		return true;
	}
	return false;
}
