/* SPDX-License-Identifier: MIT */
/* From files to one checked profile: defaults, PPP profile, connection, and what must fit
 * together. */
#include "conf/profile.h"

#include "conf/draft.h"
#include "conf/foreign.h"
#include "conf/value.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PPP_FILE "ppp-profiles.conf"

/* Appends nothing but adds a fault for a key nobody knows in this kind of section. */
static void unknown_key(struct fault_list *faults, const struct ini_entry *e, unsigned sections)
{
	const struct conf_option *elsewhere = conf_option_find(e->key, CONF_IN_CONNECTION);
	char hint[300];
	bool foreign = (sections & (CONF_IN_CONNECTION | CONF_IN_PPP)) &&
		       foreign_hint(e->key, hint, sizeof(hint));
	const char *nearest = conf_option_nearest(e->key, sections);

	if (elsewhere && sections == CONF_IN_PPP)
		fault_add(faults, e->line, e->key,
			  "does not belong to a PPP profile, write it into [connection] of "
			  "NAME.conf");
	else if (foreign)
		fault_add(faults, e->line, ini_key_shown(e->key), "unknown key: %s", hint);
	else if (nearest)
		fault_add(faults, e->line, ini_key_shown(e->key), "unknown key, did you mean %s",
			  nearest);
	else
		fault_add(faults, e->line, ini_key_shown(e->key),
			  "unknown key, see vpdial help options");
}

/* Does a value without quotes hold another key and its '=', as a line does that was pasted whole?
 */
static bool holds_keys(const struct ini_entry *e, unsigned sections)
{
	char word[INI_NAME_LEN];

	for (const char *at = strchr(e->value, ' '); at && !e->quoted; at = strchr(at + 1, ' ')) {
		size_t n = strcspn(at + 1, "= ");

		if (at[1 + n] != '=' || n >= sizeof(word))
			continue;
		memcpy(word, at + 1, n);
		word[n] = '\0';
		if (conf_option_find(word, sections))
			return true;
	}
	return false;
}

/* One key = value into the draft, or a fault. */
static void apply_entry(struct conf_draft *draft, const struct ini_entry *e, unsigned sections,
			struct fault_list *faults)
{
	const struct conf_option *o = conf_option_find(e->key, sections);
	struct conf_text t = {.text = e->value, .len = e->value_len, .quoted = e->quoted};
	char buf[500], legal[200];
	struct str why = str_make(buf, sizeof(buf)), unit = str_make(legal, sizeof(legal));

	if (!o) {
		unknown_key(faults, e, sections);
		return;
	}
	if (e->faulty)
		return;
	if (holds_keys(e, sections)) {
		fault_add(faults, e->line, e->key,
			  "there are more keys behind its value, write one key a line, or give the "
			  "line to vpdial import");
		return;
	}
	if (!conf_value_read(o, &t, draft, &why)) {
		if (o->unit)
			str_printf(&unit, " (%s)", o->unit);
		fault_add(faults, e->line, e->key, "%s%s", buf, legal);
	} else if (conf_option_only_default(o) && !conf_option_is_default(o, draft))
		fault_add(faults, e->line, e->key, "not supported by this version, write %s",
			  o->def);
	else if (why.len)
		fault_warn(faults, e->line, e->key, buf);
}

static const struct ini_section *find_section(const struct ini *ini, const char *name)
{
	for (size_t i = 0; i < ini->section_count; i++)
		if (strcasecmp(ini->sections[i].name, name) == 0)
			return &ini->sections[i];
	return NULL;
}

static const struct ini_entry *find_entry(const struct ini *ini, const struct ini_section *section,
					  const char *key)
{
	for (size_t i = 0; i < ini->entry_count; i++) {
		const struct ini_entry *e = &ini->entries[i];
		const struct conf_option *o = conf_option_find(e->key, CONF_IN_CONNECTION);

		if (&ini->sections[e->section] == section && o && strcmp(o->key, key) == 0)
			return e;
	}
	return NULL;
}

void draft_apply_section(struct conf_draft *draft, const struct ini *ini,
			 const struct ini_section *section, unsigned sections,
			 struct fault_list *faults)
{
	for (size_t i = 0; i < ini->entry_count; i++)
		if (&ini->sections[ini->entries[i].section] == section)
			apply_entry(draft, &ini->entries[i], sections, faults);
}

/* Both spellings of one option (max-mtu and mtu) in a section. */
void draft_check_aliases(const struct ini *ini, struct fault_list *faults)
{
	for (size_t i = 0; i < ini->entry_count; i++)
		for (size_t k = 0; k < i; k++) {
			const struct ini_entry *a = &ini->entries[k], *b = &ini->entries[i];
			const struct conf_option *o = conf_option_find(b->key, ~0u);

			if (o && o->alias && a->section == b->section &&
			    strcmp(a->key, b->key) != 0 && conf_option_find(a->key, ~0u) == o)
				fault_add(faults, b->line, b->key,
					  "means the same as %s in line %u, keep one of them",
					  a->key, a->line);
		}
}

/* Reads all sections of the PPP profiles' file into a scratch draft, for their faults. */
static void check_ppp_sections(const struct ini *ini, struct fault_list *faults)
{
	struct conf_draft *scratch = malloc(sizeof(*scratch));

	if (!scratch) {
		fault_add(faults, 0, NULL, "out of memory");
		return;
	}
	for (size_t i = 0; i < ini->section_count; i++) {
		conf_defaults(scratch);
		if (!conf_name_valid(ini->sections[i].name))
			fault_add(faults, ini->sections[i].line, NULL,
				  "section name is no profile name, use letters, digits and _ . @ "
				  "+ -");
		draft_apply_section(scratch, ini, &ini->sections[i], CONF_IN_PPP, faults);
	}
	draft_check_aliases(ini, faults);
	free(scratch);
}

/* The directory of PATH, with its slash, into OUT. */
static bool directory_of(const char *path, char *out, size_t cap)
{
	const char *slash = strrchr(path, '/');
	int n = slash ? (int)(slash + 1 - path) : 2;

	return snprintf(out, cap, "%.*s", n, slash ? path : "./") < (int)cap;
}

/* Sets what PPP profile NAME says; a fault in the file of the PPP profiles is a fault of all. */
int draft_apply_ppp(struct conf_draft *draft, const char *path, const char *name, unsigned line,
		    struct fault_list *faults, struct conf_faults *out)
{
	char dir[CONF_PATH_LEN], file[CONF_PATH_LEN + sizeof(PPP_FILE)];
	bool builtin = strcasecmp(name, "default") == 0;
	struct fault_list own = {.path = file};
	const struct ini_section *section = NULL;
	struct ini ini = {0};
	int r;

	if (strcasecmp(name, "default-encryption") == 0) {
		draft->p.ppp.mppe.policy = MPPE_REQUIRE;
		builtin = true;
	}
	if (!directory_of(path, dir, sizeof(dir)))
		return -ENAMETOOLONG;
	(void)snprintf(file, sizeof(file), "%s%s", dir, PPP_FILE);
	r = ini_load(file, &ini, &own);
	if (r == 0) {
		check_ppp_sections(&ini, &own);
		section = find_section(&ini, name);
		if (section && own.count == 0)
			draft_apply_section(draft, &ini, section, CONF_IN_PPP, &own);
	} else if (r == -ENOENT)
		r = 0;
	else {
		fault_add(&own, 0, NULL, "cannot be read: %s", strerror(-r));
		r = -EINVAL;
	}
	if (r == 0 && own.count)
		r = -EINVAL;
	if (r == 0 && !section && !builtin)
		fault_add(faults, line, "profile",
			  "no section of that name in %s, write default, default-encryption or add "
			  "it",
			  file);
	fault_flush(&own, out);
	ini_free(&ini);
	return r;
}

static void need(const struct ini *ini, const struct ini_section *section, const char *key,
		 const char *text, struct fault_list *faults)
{
	if (!find_entry(ini, section, key))
		fault_add(faults, section->line, key, "missing, %s", text);
}

/* Line of KEY if it stands in the section, else of the section. */
static unsigned line_of(const struct ini *ini, const struct ini_section *section, const char *key)
{
	const struct ini_entry *e = find_entry(ini, section, key);

	return e ? e->line : section->line;
}

static void check_sources(const struct ini *ini, const struct ini_section *section,
			  enum conf_secret_kind kind, struct fault_list *faults)
{
	static const char *const ends[] = {"", "-file", "-command"};
	char key[2][40];
	unsigned found = 0;

	for (size_t i = 0; i < 3; i++) {
		char *now = key[found != 0];

		(void)snprintf(now, sizeof(key[0]), "%s%s", conf_secret_key(kind), ends[i]);
		if (find_entry(ini, section, now) && found++)
			fault_add(faults, line_of(ini, section, now), now,
				  "there is already %s, keep one source of the %s", key[0],
				  conf_secret_key(kind));
	}
}

/* Is the secret said to be somewhere else? */
static bool is_elsewhere(const struct conf_draft *d, enum conf_secret_kind kind)
{
	return *d->p.sources[kind].file || *d->p.sources[kind].command;
}

static void check_ipsec(const struct conf_draft *d, const struct ini *ini,
			const struct ini_section *section, struct fault_list *faults)
{
	static const char *const keys[] = {
		"ipsec-secret",	   "ipsec-secret-file",	 "ipsec-secret-command",
		"ipsec-ike",	   "ipsec-esp",		 "ipsec-id",
		"ipsec-remote-id", "ipsec-ike-lifetime", "ipsec-lifetime"};

	if (d->p.ipsec.use == IPSEC_USE_YES && find_entry(ini, section, "ipsec-secret") &&
	    d->p.ipsec.secret.len == 0)
		fault_add(faults, line_of(ini, section, "ipsec-secret"), "ipsec-secret",
			  "is empty: without a pre-shared key there is no IPsec");
	for (size_t i = 0; d->p.ipsec.use != IPSEC_USE_YES && i < sizeof(keys) / sizeof(keys[0]);
	     i++)
		if (find_entry(ini, section, keys[i])) {
			fault_add(faults, line_of(ini, section, keys[i]), keys[i],
				  "has no effect without IPsec, write use-ipsec = yes too or leave "
				  "it out");
			break;
		}
	if (d->p.ipsec.use == IPSEC_USE_YES && find_entry(ini, section, "port"))
		fault_add(faults, line_of(ini, section, "port"), "port",
			  "IPsec uses the server's ports 500, 4500 and 1701, leave it out");
}

static void check_type(const struct conf_draft *d, const struct ini *ini,
		       const struct ini_section *section, struct fault_list *faults)
{
	static const char *const keys[] = {
		"tunnel-secret", "tunnel-secret-file", "tunnel-secret-command",
		"hide-avps",	 "hello-interval",     "source-port",
		"sequencing",	 "use-ipsec",	       "random-source-port"};

	for (size_t i = 0; d->p.type != PROTOCOL_L2TP && i < sizeof(keys) / sizeof(keys[0]); i++)
		if (find_entry(ini, section, keys[i]))
			fault_add(faults, line_of(ini, section, keys[i]), keys[i],
				  "is of L2TP only, write type = l2tp or leave it out");
	if (d->p.type == PROTOCOL_L2TP && d->p.fast_gre)
		fault_add(faults, line_of(ini, section, "fast-gre"), "fast-gre",
			  "is of PPTP only, write type = pptp or leave it out");
	if (d->p.tunnel.hide_avps && d->p.tunnel.secret.len == 0 &&
	    !is_elsewhere(d, CONF_TUNNEL_SECRET))
		fault_add(faults, line_of(ini, section, "hide-avps"), "hide-avps",
			  "hides by the tunnel secret, write tunnel-secret = \"...\" too");
}

/* A literal server address and a source of the other family: no packet could leave. */
static void check_families(const struct conf_draft *d, const struct ini *ini,
			   const struct ini_section *section, struct fault_list *faults)
{
	struct in6_addr any;
	bool to4 = inet_pton(AF_INET, d->p.connect_to, &any) == 1;
	bool to6 = inet_pton(AF_INET6, d->p.connect_to, &any) == 1;
	bool from6 = inet_pton(AF_INET6, d->p.src_address, &any) == 1;

	if (d->p.type == PROTOCOL_L2TP && d->p.src_address[0] && (to4 || to6) && to6 != from6)
		fault_add(faults, line_of(ini, section, "src-address"), "src-address",
			  "connect-to is an IPv%c address, write one of that kind here too",
			  to6 ? '6' : '4');
}

/* What no single key can know. */
static void check_together(struct conf_draft *d, const struct ini *ini,
			   const struct ini_section *section, struct fault_list *faults)
{
	struct in6_addr a6;

	need(ini, section, "connect-to", "write the server's name or address", faults);
	need(ini, section, "user", "write the name to log on with", faults);
	for (unsigned kind = 0; kind < CONF_SECRET_KINDS; kind++)
		check_sources(ini, section, (enum conf_secret_kind)kind, faults);
	check_ipsec(d, ini, section, faults);
	draft_check_aliases(ini, faults);
	check_type(d, ini, section, faults);
	check_families(d, ini, section, faults);
	if (d->p.ppp.mppe.policy == MPPE_REQUIRE && d->p.ipsec.use == IPSEC_USE_NO &&
	    !(d->p.ppp.allow & METHODS_KEYED))
		fault_add(faults, line_of(ini, section, "allow"), "allow",
			  "MPPE keys come from MS-CHAP, but PPP profile %s requires encryption; "
			  "add mschap2, or write use-encryption = no",
			  d->p.profile);
	if (d->p.type == PROTOCOL_PPTP && inet_pton(AF_INET6, d->p.connect_to, &a6) == 1)
		fault_add(faults, line_of(ini, section, "connect-to"), "connect-to",
			  "PPTP servers are reached by IPv4 only, write a name or an IPv4 address");
	if (d->p.type == PROTOCOL_PPTP && inet_pton(AF_INET6, d->p.src_address, &a6) == 1)
		fault_add(faults, line_of(ini, section, "src-address"), "src-address",
			  "PPTP servers are reached by IPv4 only, write an IPv4 address");
	if (d->random_port && find_entry(ini, section, "source-port"))
		fault_add(faults, line_of(ini, section, "random-source-port"), "random-source-port",
			  "there is already source-port, keep one of them");
	if (d->fast_path)
		fault_warn(faults, line_of(ini, section, "allow-fast-path"), "allow-fast-path",
			   "has no effect here: there is one path, the fast one");
	if (*d->domain && strchr(d->p.user, '\\'))
		fault_add(faults, line_of(ini, section, "domain"), "domain",
			  "user already names a domain, keep one of them");
	else if (*d->domain && strlen(d->domain) + 1 + strlen(d->p.user) >= CONF_USER_MAX)
		fault_add(faults, line_of(ini, section, "domain"), "domain",
			  "too long together with user, at most %d octets are legal",
			  CONF_USER_MAX - 2);
}

/* What the draft keeps apart goes to its place in the profile. */
static void finish(struct conf_draft *d, const struct ini *ini, const struct ini_section *section)
{
	struct conf_profile *p = &d->p;

	if (*d->domain) {
		char user[CONF_USER_MAX];
		struct str s = str_make(user, sizeof(user));

		str_printf(&s, "%s\\%s", d->domain, p->user);
		(void)str_copy(p->user, sizeof(p->user), user);
	}
	if (p->type == PROTOCOL_L2TP && !find_entry(ini, section, "name"))
		(void)str_copy(p->ifname, sizeof(p->ifname), "l2tp-outN");
	for (unsigned kind = 0; kind < CONF_SECRET_KINDS; kind++)
		p->sources[kind].set =
			find_entry(ini, section, conf_secret_key((enum conf_secret_kind)kind));
	if (d->random_port)
		p->source_port = CONF_SOURCE_RANDOM;
	p->disabled_set = find_entry(ini, section, "disabled") != NULL;
	p->distance_set = find_entry(ini, section, "default-route-distance") != NULL;
	p->ppp.local = d->local.address;
	p->ppp.local_must = d->local.must;
	p->ppp.remote = d->remote.address;
	p->ppp.remote_must = d->remote.must;
}

/* A password, or what looks like one under a misspelt key; where to find one is no secret. */
static bool holds_secret(const struct ini_entry *e)
{
	return ini_key_secret(e->key) && !strstr(e->key, "file") && !strstr(e->key, "command") &&
	       e->raw_end > e->raw_at + 2; /* more than "" */
}

/* The first key that makes us run a program, or NULL. */
static const struct ini_entry *find_program(const struct ini *ini,
					    const struct ini_section *section)
{
	static const char *const keys[] = {"password-command", "tunnel-secret-command",
					   "ipsec-secret-command", "ip-up", "ip-down"};
	const struct ini_entry *e = NULL;

	for (size_t i = 0; !e && i < sizeof(keys) / sizeof(keys[0]); i++)
		e = find_entry(ini, section, keys[i]);
	return e;
}

/* May the file's owner and mode be trusted with what it holds? */
static bool permissions_good(const struct ini *ini, const struct ini_section *section,
			     struct fault_list *faults)
{
	const struct ini_entry *command = find_program(ini, section);
	bool secret = false;
	mode_t mode = ini->st.st_mode;

	for (size_t i = 0; i < ini->entry_count; i++)
		secret |= holds_secret(&ini->entries[i]);
	if (secret && (mode & 077))
		fault_add(faults, 0, NULL,
			  "holds a password and others may read it (mode %04o), run: chmod 600 %s",
			  mode & 07777, faults->path);
	else if (ini->untrusted)
		return false;
	else if (command && ini->st.st_uid != geteuid() && ini->st.st_uid != 0)
		fault_add(
			faults, command->line, command->key,
			"the file belongs to another user (uid %u), who would run programs as you",
			(unsigned)ini->st.st_uid);
	else if (command && (mode & 020))
		fault_add(faults, command->line, command->key,
			  "its group may change the file (mode %04o), and so run programs as you, "
			  "run: chmod g-w %s",
			  mode & 07777, faults->path);
	else
		return true;
	return false;
}

static void other_sections(const struct ini *ini, struct fault_list *faults)
{
	for (size_t i = 0; i < ini->section_count; i++)
		if (strcmp(ini->sections[i].name, "connection") != 0)
			fault_add(faults, ini->sections[i].line, NULL,
				  "unknown section, only [connection] is legal here");
}

/* Everything about one opened profile file, into DRAFT.  0, -EPERM or -EINVAL. */
static int judge(struct conf_draft *draft, const struct ini *ini, const char *path,
		 struct fault_list *faults, struct conf_faults *out)
{
	const struct ini_section *section = find_section(ini, "connection");
	const struct ini_entry *ppp;
	const char *name = "default-encryption";
	bool trusted;
	int r;

	other_sections(ini, faults);
	if (!section) {
		fault_add(faults, 0, NULL,
			  "no [connection] section, begin the file with [connection]");
		return -EINVAL;
	}
	trusted = permissions_good(ini, section, faults);
	ppp = find_entry(ini, section, "profile");
	if (ppp && conf_name_valid(ppp->value))
		name = ppp->value;
	r = draft_apply_ppp(draft, path, name, ppp ? ppp->line : section->line, faults, out);
	draft_apply_section(draft, ini, section, CONF_IN_CONNECTION, faults);
	check_together(draft, ini, section, faults);
	finish(draft, ini, section);
	if (!trusted)
		return -EPERM;
	return r < 0 || faults->count ? -EINVAL : 0;
}

/* The profile's name is its file's name without directory and .conf. */
static bool name_of(const char *path, char *out, size_t cap)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	size_t len = strlen(base);

	if (len > 5 && strcmp(base + len - 5, ".conf") == 0)
		len -= 5;
	return snprintf(out, cap, "%.*s", (int)len, base) < (int)cap && conf_name_valid(out);
}

int conf_load_file(const char *path, struct conf_profile *profile, struct conf_faults *out)
{
	struct fault_list faults = {.path = path};
	struct conf_draft *draft = calloc(1, sizeof(*draft));
	struct ini ini = {0};
	int r;

	if (!draft)
		return -ENOMEM;
	r = ini_load(path, &ini, &faults);
	if (r == 0) {
		conf_defaults(draft);
		r = judge(draft, &ini, path, &faults, out);
		if (!name_of(path, draft->p.name, sizeof(draft->p.name)) ||
		    !str_copy(draft->p.file, sizeof(draft->p.file), path)) {
			fault_add(
				&faults, 0, NULL,
				"file name is no profile name, use letters, digits and _ . @ + -");
			r = r ? r : -EINVAL;
		}
	} else
		fault_add(&faults, 0, NULL, "cannot be read: %s", strerror(-r));
	fault_flush(&faults, out);
	ini_free(&ini);
	if (r == 0)
		*profile = draft->p;
	wipe(draft, sizeof(*draft));
	free(draft);
	return r;
}

int conf_load(const char *dir, const char *name, struct conf_profile *profile,
	      struct conf_faults *faults)
{
	char path[CONF_PATH_LEN];

	if (!conf_name_valid(name))
		return -ENOENT;
	if (snprintf(path, sizeof(path), "%s/%s.conf", dir, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	if (!conf_name_profile(name))
		return -ENOENT;
	if (access(path, F_OK) < 0)
		return -errno;
	return conf_load_file(path, profile, faults);
}

int conf_check_ppp_file(const char *path, struct conf_faults *out)
{
	struct fault_list faults = {.path = path};
	struct ini ini = {0};
	int r = ini_load(path, &ini, &faults);

	if (r == 0)
		check_ppp_sections(&ini, &faults);
	else
		fault_add(&faults, 0, NULL, "cannot be read: %s", strerror(-r));
	if (r == 0 && faults.count)
		r = -EINVAL;
	fault_flush(&faults, out);
	ini_free(&ini);
	return r;
}

void conf_profile_wipe(struct conf_profile *profile)
{
	wipe(profile, sizeof(*profile));
}
