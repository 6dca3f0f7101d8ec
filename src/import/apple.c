/* SPDX-License-Identifier: MIT */
/* Apple's configuration profiles: a property list in XML, of whose payloads those of L2TP and PPTP
 * are taken.  The parser is expat; a file that declares entities is refused. */
#include "import/formats.h"

#include "base/secret.h"
#include "base/str.h"
#include "import/text.h"
#include "import/words.h"

#include <expat.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DEPTH_MAX 24

struct level {
	char key[64]; /* of the dictionary, the one whose value comes */
	bool dict;
	bool payload; /* one of the PayloadContent */
};

struct reading {
	struct import_job *job;
	struct import_list *list;
	XML_Parser parser;
	struct level levels[DEPTH_MAX];
	unsigned depth; /* of dictionaries and arrays that are open */
	size_t section; /* of the payload */
	bool l2tp, pptp;
	char name[256];
	char text[IMPORT_VALUE_MAX]; /* of the element */
	size_t len;
	bool entities;
};

static struct level *top(struct reading *r)
{
	return r->depth ? &r->levels[r->depth - 1] : NULL;
}

static void begin_payload(struct reading *r)
{
	r->l2tp = r->pptp = false;
	r->name[0] = '\0';
	r->section = import_section(r->list, IMPORT_CONNECTION, "(payload)");
	if (r->section != IMPORT_NONE)
		r->list->sections[r->section].dropped = true;
}

/* A sketch until here: of which kind it is may stand at its end. */
static void finish_payload(struct reading *r)
{
	size_t sketch = r->section, to;
	size_t count = r->list->item_count;

	r->section = IMPORT_NONE;
	if (sketch == IMPORT_NONE || (!r->l2tp && !r->pptp)) {
		r->job->skipped++;
		return;
	}
	to = import_connection(r->job, *r->name ? r->name : "imported", r->l2tp ? "l2tp" : "pptp");
	for (size_t i = 0; i < count; i++) {
		struct import_item item = r->list->items[i];

		if (item.section != sketch || item.replaced)
			continue;
		if (item.key)
			import_set(r->list, to, item.key, item.value);
		else
			import_note(r->list, to, "%s", item.value);
	}
	if (!import_get(r->list, to, "use-encryption"))
		import_set(r->list, to, "use-encryption", "yes");
	if (!import_get(r->list, to, "password"))
		import_note(r->list, to, "password: not in the file; you are asked for it");
}

static void take_own(struct reading *r, const char *word, const char *value)
{
	bool yes = text_is_yes(value);

	if (strcmp(word, "userdefinedname") == 0)
		(void)str_copy(r->name, sizeof(r->name), value);
	else if (strcmp(word, "vpntype") == 0) {
		r->l2tp = strcasecmp(value, "L2TP") == 0;
		r->pptp = strcasecmp(value, "PPTP") == 0;
	} else if (strcmp(word, "ppp.authprotocol") == 0)
		import_lost(r->list, r->section, word, value,
			    "write allow if one method is to be used");
	else if (strcmp(word, "ppp.ccpenabled") == 0)
		import_set(r->list, r->section, "use-encryption", yes ? "require" : "yes");
	else if (strcmp(word, "ppp.ccpmppe128enabled") == 0 && yes)
		import_set(r->list, r->section, "mppe-strength",
			   import_get(r->list, r->section, "mppe-strength") ? "40,128" : "128");
	else if (strcmp(word, "ppp.ccpmppe40enabled") == 0 && yes)
		import_set(r->list, r->section, "mppe-strength",
			   import_get(r->list, r->section, "mppe-strength") ? "40,128" : "40");
	else if (strcmp(word, "ppp.disconnectonidletimer") == 0)
		import_set(r->list, r->section, "idle-timeout", value);
	else if (strcmp(word, "ipsec.authenticationmethod") == 0) {
		if (strcasecmp(value, "SharedSecret") == 0)
			import_set(r->list, r->section, "use-ipsec", "yes");
		else
			import_lost(r->list, r->section, word, value,
				    "certificates are not supported, only a pre-shared key");
	} else if (strcmp(word, "ipsec.sharedsecret") == 0)
		import_set(r->list, r->section, "ipsec-secret", value);
}

/* A value of the payload, or of a dictionary in it. */
static void take_value(struct reading *r, const char *value)
{
	const struct level *l = top(r), *above = r->depth > 1 ? &r->levels[r->depth - 2] : NULL;
	const struct import_word *row;
	char word[160];

	if (r->section == IMPORT_NONE || !l || !*l->key)
		return;
	if (l->payload)
		(void)str_copy(word, sizeof(word), l->key);
	else if (above && above->payload)
		(void)snprintf(word, sizeof(word), "%s.%s", above->key, l->key);
	else {
		import_lost(r->list, r->section, l->key, value, "it is nothing of the tunnel");
		return;
	}
	row = import_take(r->list, r->section, IMPORT_APPLE, word, value);
	if (row && row->how == IMPORT_OWN)
		take_own(r, row->word, value);
}

static void XMLCALL on_start(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
	struct reading *r = ctx;
	const struct level *outer = top(r), *owner = r->depth > 1 ? &r->levels[r->depth - 2] : NULL;
	struct level *inner;
	bool dict = strcmp(name, "dict") == 0;

	(void)attributes;
	wipe(r->text, r->len);
	r->len = 0;
	if (!dict && strcmp(name, "array") != 0)
		return;
	if (r->depth == DEPTH_MAX) {
		XML_StopParser(r->parser, XML_FALSE);
		return;
	}
	inner = &r->levels[r->depth++];
	*inner = (struct level){.dict = dict};
	inner->payload =
		dict && outer && !outer->dict && owner && strcmp(owner->key, "PayloadContent") == 0;
	if (inner->payload)
		begin_payload(r);
}

static void end_container(struct reading *r)
{
	if (r->depth == 0)
		return;
	if (top(r)->payload)
		finish_payload(r);
	r->depth--;
}

static void XMLCALL on_end(void *ctx, const XML_Char *name)
{
	struct reading *r = ctx;
	char decoded[IMPORT_VALUE_MAX], packed[IMPORT_VALUE_MAX];
	struct level *l = top(r);
	size_t n = 0;

	r->text[r->len] = '\0';
	if (strcmp(name, "dict") == 0 || strcmp(name, "array") == 0)
		end_container(r);
	else if (strcmp(name, "key") == 0) {
		if (l)
			(void)str_copy(l->key, sizeof(l->key), r->text);
	} else if (strcmp(name, "data") == 0) {
		for (size_t i = 0; i < r->len; i++)
			if (!strchr(" \t\r\n", r->text[i]))
				packed[n++] = r->text[i];
		packed[n] = '\0';
		if (text_base64(packed, decoded, sizeof(decoded)))
			take_value(r, decoded);
		else if (r->section != IMPORT_NONE && l)
			import_lost(r->list, r->section, l->key, "", "its data is no text");
		wipe(decoded, sizeof(decoded));
		wipe(packed, sizeof(packed));
	} else if (strcmp(name, "true") == 0 || strcmp(name, "false") == 0)
		take_value(r, name);
	else if (strcmp(name, "string") == 0 || strcmp(name, "integer") == 0)
		take_value(r, r->text);
	wipe(r->text, r->len);
	r->len = 0;
}

static void XMLCALL on_text(void *ctx, const XML_Char *text, int len)
{
	struct reading *r = ctx;

	for (int i = 0; i < len && r->len + 1 < sizeof(r->text); i++)
		r->text[r->len++] = text[i];
}

static void XMLCALL on_entity(void *ctx, const XML_Char *name, int is_parameter,
			      const XML_Char *value, int len, const XML_Char *base,
			      const XML_Char *system, const XML_Char *public,
			      const XML_Char *notation)
{
	struct reading *r = ctx;

	(void)name, (void)is_parameter, (void)value, (void)len, (void)base, (void)system;
	(void)public, (void)notation;
	r->entities = true;
	XML_StopParser(r->parser, XML_FALSE);
}

void import_apple(struct import_job *job, const struct import_file *file)
{
	struct reading r = {.job = job, .list = job->list, .section = IMPORT_NONE};
	enum XML_Status status;

	r.parser = XML_ParserCreate(NULL);
	if (!r.parser) {
		job->list->full = true;
		return;
	}
	XML_SetUserData(r.parser, &r);
	XML_SetElementHandler(r.parser, on_start, on_end);
	XML_SetCharacterDataHandler(r.parser, on_text);
	XML_SetEntityDeclHandler(r.parser, on_entity);
	status = XML_Parse(r.parser, file->text, (int)file->len, XML_TRUE);
	XML_ParserFree(r.parser);
	wipe(r.text, sizeof(r.text));
	if (status == XML_STATUS_OK)
		return;
	/* What was found before is not to be trusted either. */
	for (size_t i = 0; i < job->list->section_count; i++)
		job->list->sections[i].dropped |= r.entities;
	import_refuse(job, file,
		      r.entities ? "declares entities, which no such profile needs"
				 : "is no whole XML; what came before the fault is taken");
}
