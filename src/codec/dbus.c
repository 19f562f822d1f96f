/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/dbus.h"

#include <errno.h>
#include <string.h>

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define BYTE_ORDER_MARK 'l'
#else
#define BYTE_ORDER_MARK 'B'
#endif
#define PROTOCOL_VERSION 1

/* Members of the header (Message Protocol, "Header Fields"). */
enum field {
	FIELD_PATH = 1,
	FIELD_INTERFACE,
	FIELD_MEMBER,
	FIELD_ERROR_NAME,
	FIELD_REPLY_SERIAL,
	FIELD_DESTINATION,
	FIELD_SENDER,
	FIELD_SIGNATURE,
	FIELD_FDS,
};

static void align(struct bt_str *out, size_t to)
{
	static const char zeros[8];

	bt_str_add(out, zeros, (to - out->len % to) % to);
}

void bt_dbus_put_u32(struct bt_str *out, uint32_t value)
{
	align(out, sizeof(value));
	bt_str_add(out, (const char *)&value, sizeof(value));
}

void bt_dbus_put_u64(struct bt_str *out, uint64_t value)
{
	align(out, sizeof(value));
	bt_str_add(out, (const char *)&value, sizeof(value));
}

void bt_dbus_put_str(struct bt_str *out, const char *text)
{
	size_t len = strlen(text);

	bt_dbus_put_u32(out, (uint32_t)len);
	bt_str_add(out, text, len + 1);
}

void bt_dbus_put_signature(struct bt_str *out, const char *text)
{
	size_t len = strlen(text);

	bt_str_putc(out, (char)len);
	bt_str_add(out, text, len + 1);
}

void bt_dbus_put_struct(struct bt_str *out)
{
	align(out, 8);
}

size_t bt_dbus_begin_array(struct bt_str *out, size_t to)
{
	size_t begun;

	bt_dbus_put_u32(out, 0);
	begun = out->len;
	align(out, to);
	return begun;
}

void bt_dbus_end_array(struct bt_str *out, size_t begun, size_t to)
{
	/* What aligns the first element is not counted. */
	size_t first = begun + (to - begun % to) % to;
	uint32_t len = (uint32_t)(out->len - first);

	if (out->failed == 0)
		memcpy(out->p + begun - sizeof(len), &len, sizeof(len));
}

static void put_field(struct bt_str *out, enum field field, const char *type, const char *text)
{
	if (text == NULL)
		return;
	bt_dbus_put_struct(out);
	bt_str_putc(out, (char)field);
	bt_dbus_put_signature(out, type);
	if (*type == 'g')
		bt_dbus_put_signature(out, text);
	else
		bt_dbus_put_str(out, text);
}

void bt_dbus_put_call(struct bt_str *out, const struct bt_dbus_call *call,
		      const struct bt_str *body)
{
	const char head[] = { BYTE_ORDER_MARK, BT_DBUS_CALL, 0, PROTOCOL_VERSION };
	size_t fields;

	bt_str_add(out, head, sizeof(head));
	bt_dbus_put_u32(out, (uint32_t)body->len);
	bt_dbus_put_u32(out, call->serial);
	fields = bt_dbus_begin_array(out, 8);
	put_field(out, FIELD_PATH, "o", call->path);
	put_field(out, FIELD_INTERFACE, "s", call->interface);
	put_field(out, FIELD_MEMBER, "s", call->member);
	put_field(out, FIELD_DESTINATION, "s", call->destination);
	put_field(out, FIELD_SIGNATURE, "g", call->signature);
	bt_dbus_end_array(out, fields, 8);
	align(out, 8);
	bt_str_add(out, bt_str_get(body), body->len);
}

/* ---- reading ------------------------------------------------------------------ */

/* Bytes, and how far they have been read; alignment counts from the first. */
struct input {
	const char *p;
	size_t len, at;
};

static int skip_to(struct input *in, size_t to)
{
	in->at += (to - in->at % to) % to;
	return in->at <= in->len ? 0 : -EPROTO;
}

static int take_byte(struct input *in, uint8_t *ret)
{
	if (in->at >= in->len)
		return -EPROTO;
	*ret = (uint8_t)in->p[in->at++];
	return 0;
}

static int take_u32(struct input *in, uint32_t *ret)
{
	if (skip_to(in, sizeof(*ret)) < 0 || in->len - in->at < sizeof(*ret))
		return -EPROTO;
	memcpy(ret, in->p + in->at, sizeof(*ret));
	in->at += sizeof(*ret);
	return 0;
}

/* `len` bytes without a NUL among them, and one behind them. */
static int take_text(struct input *in, size_t len, const char **ret)
{
	const char *text = in->p + in->at;

	if (in->len - in->at <= len || memchr(text, '\0', len + 1) != text + len)
		return -EPROTO;
	in->at += len + 1;
	*ret = text;
	return 0;
}

static int take_str(struct input *in, const char **ret)
{
	uint32_t len;

	return take_u32(in, &len) < 0 ? -EPROTO : take_text(in, len, ret);
}

static int take_signature(struct input *in, const char **ret)
{
	uint8_t len;

	return take_byte(in, &len) < 0 ? -EPROTO : take_text(in, len, ret);
}

int bt_dbus_size(const void *head, size_t *ret)
{
	const char *p = head;
	uint32_t body, fields;
	size_t size;

	if (p[0] != BYTE_ORDER_MARK || p[3] != PROTOCOL_VERSION)
		return -EPROTO;
	memcpy(&body, p + 4, sizeof(body));
	memcpy(&fields, p + 12, sizeof(fields));
	if (body > BT_DBUS_MESSAGE_MAX || fields > BT_DBUS_MESSAGE_MAX)
		return -EMSGSIZE;
	size = BT_DBUS_HEAD_LEN + ((size_t)fields + 7) / 8 * 8 + body;
	if (size > BT_DBUS_MESSAGE_MAX)
		return -EMSGSIZE;
	*ret = size;
	return 0;
}

/* Where a field's string goes; NULL: nobody asks for it. */
static const char **place_of(struct bt_dbus_message *m, uint8_t field)
{
	switch (field) {
	case FIELD_PATH:
		return &m->path;
	case FIELD_INTERFACE:
		return &m->interface;
	case FIELD_MEMBER:
		return &m->member;
	case FIELD_ERROR_NAME:
		return &m->error_name;
	case FIELD_SENDER:
		return &m->sender;
	case FIELD_SIGNATURE:
		return &m->signature;
	default:
		return NULL;
	}
}

/* Header fields are of four types only, those of the future included that a peer may send
 * without having asked (Message Protocol, "Header Fields"). */
static int take_field(struct input *in, struct bt_dbus_message *m)
{
	const char *type, *text = NULL, **place;
	uint32_t number = 0;
	uint8_t field;
	int r;

	if (skip_to(in, 8) < 0 || take_byte(in, &field) < 0 || take_signature(in, &type) < 0)
		return -EPROTO;
	if (strcmp(type, "s") == 0 || strcmp(type, "o") == 0)
		r = take_str(in, &text);
	else if (strcmp(type, "g") == 0)
		r = take_signature(in, &text);
	else if (strcmp(type, "u") == 0)
		r = take_u32(in, &number);
	else
		return -EPROTO;
	if (r < 0)
		return r;
	if (field == FIELD_REPLY_SERIAL)
		m->reply_serial = number;
	place = place_of(m, field);
	if (place != NULL)
		*place = text;
	return 0;
}

int bt_dbus_read(const void *message, size_t len, struct bt_dbus_message *ret)
{
	struct bt_dbus_message m = { 0 };
	struct input in = { .p = message, .len = len, .at = 8 };
	uint32_t fields;
	size_t size;

	if (len < BT_DBUS_HEAD_LEN || bt_dbus_size(message, &size) < 0 || size != len)
		return -EPROTO;
	m.type = (enum bt_dbus_type)in.p[1];
	if (take_u32(&in, &m.serial) < 0 || take_u32(&in, &fields) < 0)
		return -EPROTO;
	in.len = BT_DBUS_HEAD_LEN + (size_t)fields;
	while (in.at < in.len) {
		if (take_field(&in, &m) < 0)
			return -EPROTO;
	}
	m.body = in.p + (in.len + 7) / 8 * 8;
	m.body_len = (size_t)(in.p + len - m.body);
	*ret = m;
	return 0;
}

int bt_dbus_read_args(const struct bt_dbus_message *m, const char *signature, void *const ret[])
{
	struct input in = { .p = m->body, .len = m->body_len };

	if (m->signature == NULL || bt_str_after(m->signature, signature) == NULL)
		return -EPROTO;
	for (size_t i = 0; signature[i] != '\0'; i++) {
		int r = signature[i] == 'u' ? take_u32(&in, ret[i]) : take_str(&in, ret[i]);

		if (r < 0)
			return r;
	}
	return 0;
}
