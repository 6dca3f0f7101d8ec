/* SPDX-License-Identifier: MIT */
/* Diffie-Hellman's part of ike_load. */
#ifndef VPDIAL_CRYPTO_IKE_DH_H
#define VPDIAL_CRYPTO_IKE_DH_H

/* As ike_load and ike_unload. */
const char *ike_dh_load(void *lib);
void ike_dh_unload(void);

#endif
