/* SPDX-License-Identifier: MIT */
/* Names of PPP protocol numbers. */
#include "wire/frame.h"

static const struct {
	uint16_t protocol;
	const char *name;
} protocols[] = {
	{FRAME_IPV4, "IP"},
	{FRAME_OSI, "OSI"},
	{FRAME_APPLETALK, "AppleTalk"},
	{FRAME_IPX, "IPX"},
	{FRAME_VJ_COMPRESSED, "VJ compressed"},
	{FRAME_VJ_UNCOMPRESSED, "VJ uncompressed"},
	{FRAME_BRIDGED, "bridged"},
	{FRAME_MP, "MP"},
	{FRAME_IPV6, "IPv6"},
	{FRAME_LINK_COMPRESSED, "link-compressed"},
	{FRAME_COMPRESSED, "compressed"},
	{FRAME_OLD_BPDU, "BPDU"},
	{FRAME_MPLS, "MPLS"},
	{FRAME_IPCP, "IPCP"},
	{FRAME_BCP, "BCP"},
	{FRAME_ECP, "ECP"},
	{FRAME_IPV6CP, "IPV6CP"},
	{FRAME_LINK_CCP, "link CCP"},
	{FRAME_CCP, "CCP"},
	{FRAME_LCP, "LCP"},
	{FRAME_PAP, "PAP"},
	{FRAME_LQR, "LQR"},
	{FRAME_CBCP, "CBCP"},
	{FRAME_BACP, "BACP"},
	{FRAME_BAP, "BAP"},
	{FRAME_CHAP, "CHAP"},
	{FRAME_EAP, "EAP"},
};

const char *frame_protocol_name(uint16_t protocol)
{
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		if (protocols[i].protocol == protocol)
			return protocols[i].name;
	return NULL;
}
