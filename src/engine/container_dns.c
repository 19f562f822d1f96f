/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_dns.h"

#include <stdint.h>

#include "engine/engine_config.h"

static void fill(json_t *host_config, const char *member, const json_t *list)
{
	if (list && json_array_size(json_object_get(host_config, member)) == 0)
		(void)json_object_set(host_config, member, (json_t *)(uintptr_t)list);
}

void bt_container_dns_default(const struct bt_engine_config *cfg, json_t *host_config)
{
	fill(host_config, "Dns", cfg->dns);
	fill(host_config, "DnsSearch", cfg->dns_search);
	fill(host_config, "DnsOptions", cfg->dns_options);
}
