/* SPDX-License-Identifier: Apache-2.0 */

/* The member "linux.seccomp": config-linux.md, section Seccomp. */

#include <linux/seccomp.h>

#include "codec/oci_read.h"
#include "codec/oci_spec.h"

#define ARG_MAX_INDEX 5
#define ERRNO_LIMIT   4095 /* MAX_ERRNO: more does not fit into a filter's answer */

static const struct bt_oci_name action_names[] = {
	{ "SCMP_ACT_KILL", BT_OCI_SECCOMP_KILL_THREAD },
	{ "SCMP_ACT_KILL_THREAD", BT_OCI_SECCOMP_KILL_THREAD },
	{ "SCMP_ACT_KILL_PROCESS", BT_OCI_SECCOMP_KILL_PROCESS },
	{ "SCMP_ACT_TRAP", BT_OCI_SECCOMP_TRAP },
	{ "SCMP_ACT_ERRNO", BT_OCI_SECCOMP_ERRNO },
	{ "SCMP_ACT_TRACE", BT_OCI_SECCOMP_TRACE },
	{ "SCMP_ACT_ALLOW", BT_OCI_SECCOMP_ALLOW },
	{ "SCMP_ACT_LOG", BT_OCI_SECCOMP_LOG },
	{ "SCMP_ACT_NOTIFY", BT_OCI_SECCOMP_NOTIFY },
	{ 0 },
};

static const struct bt_oci_name op_names[] = {
	{ "SCMP_CMP_NE", BT_OCI_SECCOMP_NE },
	{ "SCMP_CMP_LT", BT_OCI_SECCOMP_LT },
	{ "SCMP_CMP_LE", BT_OCI_SECCOMP_LE },
	{ "SCMP_CMP_EQ", BT_OCI_SECCOMP_EQ },
	{ "SCMP_CMP_GE", BT_OCI_SECCOMP_GE },
	{ "SCMP_CMP_GT", BT_OCI_SECCOMP_GT },
	{ "SCMP_CMP_MASKED_EQ", BT_OCI_SECCOMP_MASKED_EQ },
	{ 0 },
};

static const struct bt_oci_name flag_names[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC },
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
	{ 0 },
};

static int read_action(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		       void *ret)
{
	int64_t action;
	int r = bt_oci_read_enum(rd, at, value, action_names, &action);

	if (r == 0)
		*(enum bt_oci_seccomp_action *)ret = (enum bt_oci_seccomp_action)action;
	return r;
}

static int read_op(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		   void *ret)
{
	int64_t op;
	int r = bt_oci_read_enum(rd, at, value, op_names, &op);

	if (r == 0)
		*(enum bt_oci_seccomp_op *)ret = (enum bt_oci_seccomp_op)op;
	return r;
}

static int read_errno(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		      void *ret)
{
	const struct bt_oci_u64 *number = ret;
	int r = bt_oci_read_opt_u64(rd, at, value, ret);

	if (r == 0 && number->value > ERRNO_LIMIT)
		return bt_oci_read_fail(rd, at, "must be between 0 and %d", ERRNO_LIMIT);
	return r;
}

static int check_arg(struct bt_oci_reader *rd, const struct bt_oci_at *at, void *object)
{
	const struct bt_oci_seccomp_arg *arg = object;

	if (arg->index > ARG_MAX_INDEX)
		return bt_oci_read_fail_in(rd, at, "index", "must be between 0 and %d",
					   ARG_MAX_INDEX);
	return 0;
}

static const struct bt_oci_field arg_fields[] = {
	BT_OCI_ROW_REQUIRED("index", struct bt_oci_seccomp_arg, index, bt_oci_read_u32),
	BT_OCI_ROW_REQUIRED("value", struct bt_oci_seccomp_arg, value, bt_oci_read_u64),
	BT_OCI_ROW("valueTwo", struct bt_oci_seccomp_arg, value_two, bt_oci_read_u64),
	BT_OCI_ROW_REQUIRED("op", struct bt_oci_seccomp_arg, op, read_op),
};
static const struct bt_oci_object arg_object =
	BT_OCI_OBJECT(arg_fields, struct bt_oci_seccomp_arg, BT_OCI_NOWHERE, check_arg);

static const struct bt_oci_field rule_fields[] = {
	BT_OCI_ROW_REQUIRED("names", struct bt_oci_seccomp_rule, names, bt_oci_read_strs),
	BT_OCI_ROW_REQUIRED("action", struct bt_oci_seccomp_rule, action, read_action),
	BT_OCI_ROW("errnoRet", struct bt_oci_seccomp_rule, errno_ret, read_errno),
	BT_OCI_ROW_LIST("args", struct bt_oci_seccomp_rule, args, nargs, &arg_object),
};
static const struct bt_oci_object rule_object =
	BT_OCI_OBJECT(rule_fields, struct bt_oci_seccomp_rule, BT_OCI_NOWHERE, NULL);

static int read_flags(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		      void *ret)
{
	struct bt_oci_seccomp *seccomp = ret;
	uint64_t flags;
	int r = bt_oci_read_flags(rd, at, value, flag_names, &flags);

	if (r < 0)
		return r;
	seccomp->flags = (uint32_t)flags;
	seccomp->flags_set = true;
	return 0;
}

static const struct bt_oci_field seccomp_fields[] = {
	BT_OCI_ROW_REQUIRED("defaultAction", struct bt_oci_seccomp, default_action, read_action),
	BT_OCI_ROW("defaultErrnoRet", struct bt_oci_seccomp, default_errno_ret, read_errno),
	BT_OCI_ROW("architectures", struct bt_oci_seccomp, architectures, bt_oci_read_strs),
	BT_OCI_ROW_WHOLE("flags", read_flags),
	BT_OCI_ROW("listenerPath", struct bt_oci_seccomp, listener_path, bt_oci_read_path),
	BT_OCI_ROW("listenerMetadata", struct bt_oci_seccomp, listener_metadata, bt_oci_read_str),
	BT_OCI_ROW_LIST("syscalls", struct bt_oci_seccomp, rules, nrules, &rule_object),
};
const struct bt_oci_object bt_oci_seccomp_object = BT_OCI_OBJECT(
	seccomp_fields, struct bt_oci_seccomp, offsetof(struct bt_oci_seccomp, set), NULL);
