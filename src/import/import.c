/* SPDX-License-Identifier: MIT */
/* One import: which reader for which file. */
#include "import/import.h"

#include "base/str.h"
#include "import/formats.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

typedef void reader(struct import_job *job, const struct import_file *file);

/* Tables of secrets are looked into by those that need one. */
static void read_by_others(struct import_job *job, const struct import_file *file)
{
	(void)job;
	(void)file;
}

/* In the order in which they are read: what stands later adds to what is there. */
static const struct {
	enum import_format format;
	reader *read; /* NULL = there is none */
	const char *text;
} formats[] = {
	{IMPORT_FORMAT_ROUTEROS, import_routeros, "a RouterOS configuration"},
	{IMPORT_FORMAT_PPPD, import_pppd, "a file of pppd's options"},
	{IMPORT_FORMAT_PPP_SECRETS, read_by_others, "a table of pppd's secrets"},
	{IMPORT_FORMAT_XL2TPD, import_xl2tpd, "an xl2tpd configuration"},
	{IMPORT_FORMAT_L2TP_SECRETS, read_by_others, "a table of xl2tpd's secrets"},
	{IMPORT_FORMAT_NM, import_nm, "a connection of NetworkManager"},
	{IMPORT_FORMAT_OPENWRT, import_openwrt, "an OpenWrt network configuration"},
	{IMPORT_FORMAT_RASPHONE, import_rasphone, "a phonebook of Windows"},
	{IMPORT_FORMAT_POWERSHELL, import_powershell, "commands of Windows PowerShell"},
	{IMPORT_FORMAT_APPLE, import_apple, "a configuration profile of Apple's"},
	{IMPORT_FORMAT_IPSEC_CONF, import_ipsec_conf, "an ipsec.conf"},
	{IMPORT_FORMAT_SWANCTL, import_swanctl, "a swanctl.conf"},
	{IMPORT_FORMAT_IPSEC_SECRETS, import_ipsec_secrets, "a table of IPsec's secrets"},
	{IMPORT_FORMAT_OURS, NULL, "a profile of vpdial"},
	{IMPORT_FORMAT_OPENVPN, NULL,
	 "a configuration of OpenVPN, which is another kind of tunnel"},
	{IMPORT_FORMAT_BINARY, NULL, "not a text"},
	{IMPORT_FORMAT_UTF16, NULL, "a text in UTF-16"},
	{IMPORT_FORMAT_SIGNED, NULL, "a signed configuration profile"},
};

#define FORMATS (sizeof(formats) / sizeof(formats[0]))

const char *import_format_text(enum import_format format)
{
	for (size_t i = 0; i < FORMATS; i++)
		if (formats[i].format == format)
			return formats[i].text;
	return "not a configuration that vpdial knows";
}

bool import_format_known(enum import_format format)
{
	for (size_t i = 0; i < FORMATS; i++)
		if (formats[i].format == format)
			return formats[i].read != NULL;
	return false;
}

/* The fault of a file that no reader takes. */
static int refuse(struct import_job *job, const struct import_file *file)
{
	char shown[200];
	struct str name = str_make(shown, sizeof(shown)),
		   s = str_make(job->fault, sizeof(job->fault));

	str_clean(&name, file->path, strlen(file->path), 120);
	str_printf(&s, "%s is %s", shown, import_format_text(file->format));
	if (file->format == IMPORT_FORMAT_SIGNED)
		str_printf(&s, ": take the unsigned file, or cut the signature off with openssl "
			       "smime -verify -noverify -inform der -in FILE");
	else if (file->format == IMPORT_FORMAT_UTF16)
		str_printf(&s, ": save it as UTF-8");
	else if (file->format == IMPORT_FORMAT_OURS)
		str_printf(&s, ": copy it to the directory of the profiles");
	return -EINVAL;
}

static int read_named(struct import_job *job, size_t named)
{
	for (size_t f = 0; f < FORMATS; f++)
		for (size_t i = 0; formats[f].read && i < named; i++) {
			/* The reader may add files: the array stays where it is. */
			if (job->files[i].format == formats[f].format)
				formats[f].read(job, &job->files[i]);
		}
	return 0;
}

int import_run(struct import_job *job)
{
	struct str s;
	size_t named = job->file_count;
	bool found = false;

	for (size_t i = 0; i < named; i++)
		if (!import_format_known(job->files[i].format))
			return refuse(job, &job->files[i]);
	(void)read_named(job, named);
	if (job->list->full) {
		s = str_make(job->fault, sizeof(job->fault));
		str_printf(&s,
			   "too much for one import: at most %d connections and other parts, "
			   "and %d values",
			   IMPORT_SECTIONS_MAX, IMPORT_ITEMS_MAX);
		return -EINVAL;
	}
	for (size_t i = 0; i < job->list->section_count; i++)
		found |= !job->list->sections[i].dropped;
	if (found)
		job->fault[0] = '\0';
	else if (!*job->fault)
		(void)str_copy(job->fault, sizeof(job->fault), "there is no PPTP or L2TP in it");
	return found ? 0 : -EINVAL;
}
