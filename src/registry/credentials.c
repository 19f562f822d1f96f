/* SPDX-License-Identifier: Apache-2.0 */

#include "registry/credentials.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "codec/json.h"

#define HEADER_MAX (64u << 10)

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-' || c == '+')
		return 62;
	return c == '_' || c == '/' ? 63 : -1;
}

/* Base64 of either alphabet (RFC 4648), padded or not. A new string, or NULL where it is none. */
static char *decode(const char *text)
{
	size_t len = strcspn(text, "="), out = 0;
	char *plain = malloc(len + 1);
	unsigned int bits = 0, have = 0;

	for (size_t i = 0; plain && i < len; i++) {
		int value = digit(text[i]);

		if (value < 0) {
			free(plain);
			return NULL;
		}
		bits = bits << 6 | (unsigned int)value;
		have += 6;
		if (have >= 8) {
			have -= 8;
			plain[out++] = (char)(bits >> have & 0xff);
		}
	}
	if (plain)
		plain[out] = '\0';
	return plain;
}

/* A copy of a member that is not empty. */
static char *member(const json_t *auth, const char *key, bool *failed)
{
	const char *text = bt_json_str(auth, key, "");
	char *copy = text[0] ? strdup(text) : NULL;

	*failed |= text[0] && !copy;
	return copy;
}

/* The old member "auth": base64 of "user:password". */
static void split_auth(const json_t *auth, struct bt_credentials *c)
{
	bt_auto_free char *both = decode(bt_json_str(auth, "auth", ""));
	char *colon = both ? strchr(both, ':') : NULL;

	if (!colon)
		return;
	*colon = '\0';
	c->user = strdup(both);
	c->password = strdup(colon + 1);
}

int bt_credentials_from_json(const json_t *auth, struct bt_credentials *ret)
{
	bt_auto(bt_credentials_done) struct bt_credentials c = { 0 };
	bool failed = false;

	c.user = member(auth, "username", &failed);
	c.password = member(auth, "password", &failed);
	c.identity_token = member(auth, "identitytoken", &failed);
	c.registry_token = member(auth, "registrytoken", &failed);
	if (!c.user)
		split_auth(auth, &c);
	if (failed)
		return -ENOMEM;
	*ret = bt_take_struct(c);
	return 0;
}

int bt_credentials_parse(const char *header, struct bt_credentials *ret)
{
	bt_auto_free char *text = NULL;
	json_auto_t *auth = NULL;

	*ret = (struct bt_credentials){ 0 };
	if (!header || !header[0] || strlen(header) > HEADER_MAX)
		return 0;
	text = decode(header);
	if (!text || bt_json_parse(text, strlen(text), 0, &auth, BT_ERR_IGNORED) < 0)
		return 0;
	return bt_credentials_from_json(auth, ret);
}

void bt_credentials_done(struct bt_credentials *c)
{
	char *const all[] = { c->user, c->password, c->identity_token, c->registry_token };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i])
			explicit_bzero(all[i], strlen(all[i]));
		free(all[i]);
	}
	*c = (struct bt_credentials){ 0 };
}
