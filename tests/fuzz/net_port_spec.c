/* SPDX-License-Identifier: Apache-2.0 */

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "net/port_spec.h"
#include "net/prefix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bt_auto_free char *text = strndup((const char *)data, size);
	char out[BT_PREFIX_TEXT_LEN];
	struct bt_port_publish publish;
	struct bt_prefix p, again;
	uint16_t first = 0, last = 0;
	int proto = 0;

	if (!text)
		return 0;
	if (bt_port_spec_container(text, &first, &proto) == 0 &&
	    (first == 0 || !bt_port_spec_proto_name(proto)[0]))
		abort();
	if (bt_port_spec_range(text, &first, &last) == 0 && last < first)
		abort();
	if (bt_port_spec_publish(text, &publish) == 0 &&
	    (publish.target_first == 0 || publish.target_last < publish.target_first ||
	     publish.last < publish.first))
		abort();
	if (bt_prefix_parse(text, &p) < 0)
		return 0;
	bt_prefix_format(&p, out);
	if (bt_prefix_parse(out, &again) < 0 || !bt_prefix_same_address(&p, &again) ||
	    again.len != p.len)
		abort();
	return 0;
}
