/* SPDX-License-Identifier: Apache-2.0 */

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "net/dns_message.h"

/* Whatever a container sends: an answer fits its buffer, repeats the question, and cannot be taken
 * for a query. */
static void check_answer(const uint8_t *msg, const struct bt_dns_question *q, const char *ptr)
{
	struct bt_prefix a[3] = { { .family = AF_INET, .addr = { 10, 0, 0, 1 } } };
	uint8_t out[BT_DNS_UDP_MAX];
	struct bt_dns_question again;
	size_t n = bt_dns_message_answer(msg, q, BT_DNS_RCODE_OK, a, 3, ptr, out, sizeof(out));

	if (n > sizeof(out) || (n && n < q->end))
		abort();
	if (n && (memcmp(out, msg, 2) != 0 || bt_dns_message_parse(out, n, &again) == 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bt_dns_question q;
	struct bt_prefix reverse;

	if (bt_dns_message_parse(data, size, &q) < 0)
		return 0;
	if (q.end > size || strlen(q.name) > BT_DNS_NAME_MAX)
		abort();
	if (bt_dns_message_reverse(q.name, &reverse) == 0 && reverse.family == 0)
		abort();
	check_answer(data, &q, NULL);
	check_answer(data, &q, "web.network");
	check_answer(data, &q, q.name);
	return 0;
}
