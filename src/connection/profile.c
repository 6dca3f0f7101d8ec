/* SPDX-License-Identifier: MIT */
/* The profile and its secrets: read at the start, and anew by SIGHUP. */
#include "connection/profile.h"

#include "base/address.h"
#include "base/str.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define WAITED_LIMIT_MS	  60000 /* of a script */
#define UNWAITED_LIMIT_MS 600000

static int load(struct supervisor *s, struct conf_profile *profile, struct reason *reason)
{
	struct conf_faults faults = {0};
	int rc = conf_dir(s->config_dir, sizeof s->config_dir, s->options.config);

	if (rc == 0)
		rc = conf_load(s->config_dir, s->options.name, profile, &faults);
	for (size_t i = 0; i < faults.count && i < sizeof faults.lines / sizeof faults.lines[0];
	     i++)
		log_error(&s->log, "%s", faults.lines[i]);
	for (size_t i = 0; i < faults.warning_count; i++)
		log_warn(&s->log, "%s", faults.warnings[i]);
	conf_faults_free(&faults);
	if (rc < 0)
		reason_set(reason, EXIT_OPTIONS, "the profile %s cannot be used: %s",
			   s->options.name, rc == -EINVAL ? "it has faults" : strerror(-rc));
	return rc;
}

static int find_secret(struct supervisor *s, enum conf_secret_kind kind)
{
	char error[256] = "";
	int rc = conf_secret_wanted(&s->profile, kind)
			 ? conf_secret_find(&s->profile, kind, &s->secrets.of[kind], error,
					    sizeof error)
			 : 0;

	if (rc < 0)
		reason_set(&s->reason, EXIT_OPTIONS, "%s", error);
	if (rc <= 0 || !conf_secret_asks(&s->profile, kind))
		return rc < 0 ? rc : 0;
	reason_set(&s->reason, EXIT_OPTIONS, "no %s in the profile and nobody to ask for it",
		   conf_secret_key(kind));
	return rc;
}

static int find_secrets(struct supervisor *s)
{
	int rc = 0;

	if (s->options.secrets_fd < 0) {
		for (unsigned kind = 0; rc == 0 && kind < CONF_SECRET_KINDS; kind++)
			rc = find_secret(s, (enum conf_secret_kind)kind);
		return rc;
	}
	rc = conf_secrets_read(s->options.secrets_fd, &s->secrets);
	close(s->options.secrets_fd);
	if (rc < 0)
		reason_set(&s->reason, EXIT_OPTIONS, "the secrets did not come: %s", strerror(-rc));
	return rc;
}

static bool find_scripts(const struct supervisor *s, struct script_dirs *dirs)
{
	return script_dirs_make(dirs, s->config_dir, s->profile.use_nm_dispatcher);
}

int profile_open_scripts(struct supervisor *s)
{
	struct hooks_config config = {.loop = s->loop,
				      .log = &s->log,
				      .ip_up = s->profile.ip_up,
				      .ip_down = s->profile.ip_down,
				      .limit_ms = WAITED_LIMIT_MS,
				      .unwaited_ms = UNWAITED_LIMIT_MS};
	int rc;

	if (!find_scripts(s, &config.dirs)) {
		reason_set(&s->reason, EXIT_OPTIONS, "the path of the profiles is too long");
		return -ENAMETOOLONG;
	}
	rc = scripts_open(&s->scripts, &config, &s->life);
	if (rc < 0)
		reason_set(&s->reason, EXIT_FATAL, "out of memory");
	return rc;
}

static void reload_scripts(struct supervisor *s)
{
	struct script_dirs dirs;

	if (find_scripts(s, &dirs)) /* the paths of the programs are where they were */
		hooks_set_dirs(s->scripts.hooks, &dirs);
}

/* One copy is enough. */
static void wipe_profile_secrets(struct conf_profile *profile)
{
	secret_wipe(&profile->password);
	secret_wipe(&profile->tunnel.secret);
	secret_wipe(&profile->ipsec.secret);
}

int profile_load(struct supervisor *s)
{
	int rc = load(s, &s->profile, &s->reason);

	if (rc == 0)
		rc = profile_open_scripts(s);
	if (rc == 0)
		rc = find_secrets(s);
	wipe_profile_secrets(&s->profile);
	return rc;
}

void profile_describe(struct supervisor *s)
{
	struct control_status *st = &s->status;

	str_copy(st->type, sizeof st->type, word_of(protocol_words, s->profile.type));
	str_copy(st->server, sizeof st->server, s->profile.connect_to);
	str_copy(st->user, sizeof st->user, s->profile.user);
}

/* The path to the server is that of packets from `src-address`. */
void profile_set_source(struct supervisor *s)
{
	struct sockaddr_storage from;
	bool known = address_parse(&from, AF_UNSPEC, s->profile.src_address);

	host_set_source(s->host, known ? (const struct sockaddr *)&from : NULL);
}

void profile_set_redial(struct supervisor *s)
{
	const struct conf_profile *p = &s->profile;

	s->redial.enabled = p->redial;
	s->redial.from_start = s->options.foreground || s->options.redial || p->dial_on_demand;
	s->redial.min_ms = p->redial_min * 1000;
	s->redial.max_ms = p->redial_max > p->redial_min ? p->redial_max * 1000 : s->redial.min_ms;
	s->redial.limit = p->redial_limit;
}

/* From where it can be had at once: a program would hold up the call, and nobody is there to ask.
 */
static void reload_secret(struct supervisor *s, enum conf_secret_kind kind)
{
	struct secret fresh = {0};
	char error[256] = "";
	int rc = 1;

	if (conf_secret_wanted(&s->profile, kind) && !s->profile.sources[kind].command[0])
		rc = conf_secret_find(&s->profile, kind, &fresh, error, sizeof error);
	if (rc == 0)
		s->secrets.of[kind] = fresh;
	else if (rc < 0)
		log_warn(&s->log, "%s; the old %s stays in use", error, conf_secret_key(kind));
	secret_wipe(&fresh);
}

void profile_reload(struct supervisor *s)
{
	struct conf_profile profile;
	struct reason reason = {0};

	if (load(s, &profile, &reason) < 0) {
		log_warn(&s->log, "%s; the old one stays in use", reason.text);
		return;
	}
	/* The name of the interface stays as long as the device does. */
	conf_profile_wipe(&s->profile);
	s->profile = profile;
	wipe(&profile, sizeof profile);
	for (unsigned kind = 0; kind < CONF_SECRET_KINDS; kind++)
		reload_secret(s, (enum conf_secret_kind)kind);
	wipe_profile_secrets(&s->profile);
	profile_set_source(s);
	profile_set_redial(s);
	reload_scripts(s);
	profile_describe(s);
}

void profile_forget(void *ctx)
{
	struct supervisor *s = ctx;

	wipe(&s->secrets, sizeof s->secrets);
}
