/* SPDX-License-Identifier: MIT */
/* Coming over from other programs: their files in, our files out.  Nothing here runs a program or
 * opens a file; what a file points at is asked for. */
#ifndef VPDIAL_IMPORT_IMPORT_H
#define VPDIAL_IMPORT_IMPORT_H

#include "import/list.h"

#define IMPORT_FILES_MAX 32
#define IMPORT_FILE_MAX	 (256 * 1024)
#define IMPORT_PATH_MAX	 512

enum import_format {
	IMPORT_FORMAT_UNKNOWN,
	IMPORT_FORMAT_OURS, /* a profile of vpdial */
	IMPORT_FORMAT_BINARY,
	IMPORT_FORMAT_UTF16,
	IMPORT_FORMAT_SIGNED, /* a configuration profile inside PKCS #7 */
	IMPORT_FORMAT_ROUTEROS,
	IMPORT_FORMAT_PPPD,
	IMPORT_FORMAT_PPP_SECRETS, /* chap-secrets, pap-secrets */
	IMPORT_FORMAT_XL2TPD,
	IMPORT_FORMAT_L2TP_SECRETS,
	IMPORT_FORMAT_IPSEC_CONF,
	IMPORT_FORMAT_IPSEC_SECRETS,
	IMPORT_FORMAT_SWANCTL,
	IMPORT_FORMAT_NM,
	IMPORT_FORMAT_OPENWRT,
	IMPORT_FORMAT_RASPHONE,
	IMPORT_FORMAT_POWERSHELL,
	IMPORT_FORMAT_APPLE,
	IMPORT_FORMAT_OPENVPN,
	IMPORT_FORMAT_COUNT
};

struct import_file {
	char path[IMPORT_PATH_MAX];
	char *text; /* owned; LEN octets and a NUL */
	size_t len;
	enum import_format format;
	bool followed; /* another file led to it, which has read it */
};

/* How a file that another points at is opened. */
struct import_opener {
	/* Fills *FILE but its format; 0 or -errno. */
	int (*open)(void *ctx, const char *path, struct import_file *file);
	void *ctx;
};

struct import_job {
	struct import_list *list;
	struct import_file files[IMPORT_FILES_MAX]; /* named and pointed at */
	size_t file_count;
	struct import_opener opener; /* open NULL: follow nothing */
	size_t skipped;		     /* lines of other parts of a router's configuration */
	char fault[400];	     /* one sentence, clean; "" = none */
};

/* What TEXT seems to be, by its content and, for tables of secrets, by the name of its file. */
enum import_format import_recognise(const char *path, const char *text, size_t len);
/* "an xl2tpd configuration", for sentences. */
const char *import_format_text(enum import_format format);
/* Is there an importer for it? */
bool import_format_known(enum import_format format);

/* A new job, or NULL; import_job_free frees and wipes its files and list too. */
struct import_job *import_job_new(void);
void import_job_free(struct import_job *job);

/* Takes over the text of FILE; false if there are too many (the text is then wiped and freed). */
bool import_job_add(struct import_job *job, struct import_file *file);

/* Reads all files of the job into its list.  0, or -EINVAL with the fault. */
int import_run(struct import_job *job);

/* For the formats: the file at PATH, which FROM names (relative ones are beside it), already read
 * or asked for; NULL if it cannot be had. */
const struct import_file *import_follow(struct import_job *job, const struct import_file *from,
					const char *path);
/* The next file of FORMAT at index *AT or behind it; *AT is then behind that.  NULL at the end. */
const struct import_file *import_next(const struct import_job *job, enum import_format format,
				      size_t *at);
/* "FILE WHAT" is the fault if nothing is found anywhere. */
void import_refuse(struct import_job *job, const struct import_file *file, const char *what);
/* A new connection of this name, which is made a profile's, and of no other in the list. */
size_t import_connection(struct import_job *job, const char *name, const char *type);

#endif
