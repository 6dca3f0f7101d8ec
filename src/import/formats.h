/* SPDX-License-Identifier: MIT */
/* The readers, one of each syntax: what FILE says, into the job's list. */
#ifndef VPDIAL_IMPORT_FORMATS_H
#define VPDIAL_IMPORT_FORMATS_H

#include "import/import.h"

void import_routeros(struct import_job *job, const struct import_file *file);
void import_pppd(struct import_job *job, const struct import_file *file);
void import_xl2tpd(struct import_job *job, const struct import_file *file);
void import_ipsec_conf(struct import_job *job, const struct import_file *file);
void import_ipsec_secrets(struct import_job *job, const struct import_file *file);
void import_swanctl(struct import_job *job, const struct import_file *file);
void import_nm(struct import_job *job, const struct import_file *file);
void import_openwrt(struct import_job *job, const struct import_file *file);
void import_rasphone(struct import_job *job, const struct import_file *file);
void import_powershell(struct import_job *job, const struct import_file *file);
void import_apple(struct import_job *job, const struct import_file *file);

/* Options of pppd in a text of one line. */
void import_pppd_words(struct import_job *job, const char *text, size_t section);
/* A list of proposals as strongSwan and libreswan write it, to KEY. */
void import_ipsec_offer(struct import_list *list, size_t section, const char *key,
			const char *value);
/* pppd's options of a file into a connection that another's file has begun, with its password. */
void import_pppd_options(struct import_job *job, const struct import_file *file, size_t section);
/* The secret of this pair in a table of secrets, to OUT; an empty SERVER is any. */
bool import_secret_of(const struct import_file *file, const char *user, const char *server,
		      char *out, size_t cap);

#endif
