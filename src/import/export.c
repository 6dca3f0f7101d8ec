/* SPDX-License-Identifier: MIT */
/* A profile as commands of RouterOS, by the importer's own table read backwards. */
#include "import/writer.h"

#include "import/words.h"

#include <string.h>

static void quoted(struct import_out *out, const char *word, const char *value)
{
	import_out_printf(out, "%s=\"", word);
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;

		if (strchr("\"\\$?", c))
			import_out_printf(out, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			import_out_printf(out, "\\%02X", c);
		else
			import_out_printf(out, "%c", c);
	}
	import_out_printf(out, "\"");
}

/* RouterOS's word that takes the value of KEY as it is, or NULL. */
static const char *word_of_key(const char *key)
{
	const struct import_words *words = import_words(IMPORT_ROUTEROS_CLIENT);

	for (size_t i = 0; i < words->count; i++) {
		const struct import_word *row = &words->rows[i];

		if ((row->how == IMPORT_TEXT || row->how == IMPORT_BOOL) &&
		    strcmp(row->key, key) == 0)
			return row->word;
	}
	return strcmp(key, "connect-to") == 0 ? key : NULL;
}

/* Would the importer read the value back as it is? */
static bool is_kept(const char *key, const char *value)
{
	if (strcmp(key, "connect-to") == 0)
		return !strchr(value, '@');
	if (strcmp(key, "use-ipsec") == 0 || strcmp(key, "disabled") == 0 ||
	    strcmp(key, "add-default-route") == 0 || strcmp(key, "dial-on-demand") == 0)
		return strcmp(value, "yes") == 0 || strcmp(value, "no") == 0;
	return true;
}

void import_export_routeros(struct import_out *out, const struct import_list *list, size_t section,
			    bool shown)
{
	const char *type = import_get(list, section, "type");
	const char *name = import_get(list, section, "name");
	bool l2tp = type && strcmp(type, "l2tp") == 0;

	import_out_printf(out, "/interface %s-client\nadd ", l2tp ? "l2tp" : "pptp");
	quoted(out, "name", list->sections[section].name);
	for (size_t i = list->sections[section].first; i != IMPORT_NONE; i = list->items[i].next) {
		const struct import_item *item = &list->items[i];
		const char *word = item->key ? word_of_key(item->key) : NULL;

		if (!word || item->replaced || !is_kept(item->key, item->value) ||
		    (import_is_secret(item->key) && !shown))
			continue;
		import_out_printf(out, " ");
		quoted(out, word, item->value);
	}
	/* The interface's name is the profile's there. */
	import_out_printf(out, "\n# vpdial: name=%s\n",
			  name	 ? name
			  : l2tp ? "l2tp-outN"
				 : "pptp-outN");
	for (size_t i = list->sections[section].first; i != IMPORT_NONE; i = list->items[i].next) {
		const struct import_item *item = &list->items[i];
		bool known = item->key && word_of_key(item->key) && is_kept(item->key, item->value);

		if (!item->key || item->replaced || strcmp(item->key, "type") == 0 ||
		    strcmp(item->key, "name") == 0 ||
		    (known && (shown || !import_is_secret(item->key))))
			continue;
		if (import_is_secret(item->key) && !shown && !strstr(item->key, "-file") &&
		    !strstr(item->key, "-command")) {
			import_out_printf(out, "# %s is left out, --show-secrets writes it\n",
					  item->key);
			continue;
		}
		import_out_printf(out, "# vpdial: ");
		quoted(out, item->key, item->value);
		import_out_printf(out, "\n");
	}
}
