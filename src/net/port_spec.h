/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_PORT_SPEC_H
#define BT_NET_PORT_SPEC_H

/*
 * Ports as texts of Docker's API: "80/tcp" of a container, "8080" or "8000-8010"
 * of the host.
 */

#include <stdint.h>

#include "base/attr.h"
#include "net/prefix.h"

/** Parse "80/tcp", "53/udp", "9/sctp"; without a protocol it is tcp. `*ret_proto` gets an
 * IPPROTO_…. Returns 0 or -EINVAL. */
bt_nodiscard int bt_port_spec_container(const char *text, uint16_t *ret_port, int *ret_proto);

/** Parse "8080" or "8000-8010" (not descending; "0" alone: any). Returns 0 or -EINVAL. */
bt_nodiscard int bt_port_spec_range(const char *text, uint16_t *ret_first, uint16_t *ret_last);

/** A port to publish, as `-p` has it. */
struct bt_port_publish {
	struct bt_prefix host; /* family 0: not named */
	uint16_t first, last;  /* of the host; 0: any */
	uint16_t target_first, target_last;
	int proto;
};

/** Parse "[ADDRESS:][HOST[-HOST]:]CONTAINER[-CONTAINER][/PROTOCOL]", an IPv6 address in brackets. A
 * range inside needs one of as many ports of the host, or none; a single port inside may have a
 * range to choose from. Returns 0 or -EINVAL. */
bt_nodiscard int bt_port_spec_publish(const char *text, struct bt_port_publish *ret);

/** "tcp", "udp", "sctp". Static. */
const char *bt_port_spec_proto_name(int proto);

#endif
