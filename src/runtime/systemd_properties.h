/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_SYSTEMD_PROPERTIES_H
#define BT_RUNTIME_SYSTEMD_PROPERTIES_H

/*
 * Limits as properties of a unit (systemd.resource-control(5)), so that the manager
 * writes the same values as we do whenever it writes them again: at a reload, or
 * when somebody sets another property.
 *
 * What has no property (burst, huge pages, throttles, …) is only in the group's
 * files, which the manager leaves alone in a unit that it has delegated. Device
 * rules are made into a list that lets through everything that the rules do: they
 * can say less, and the exact rules are in force beside it.
 */

#include <stdbool.h>

#include "base/str.h"
#include "sys/cgroup.h"

/** Append the elements of an array of (name, value), "(sv)", for what `limits` sets. `v2`: the
 * machine has version 2 alone, whose properties have other names and units. */
void bt_systemd_properties_put(struct bt_str *out, const struct bt_cgroup_limits *limits, bool v2);

/** One element, of "t". */
void bt_systemd_properties_put_u64(struct bt_str *out, const char *name, uint64_t value);
/** One element, of "b". */
void bt_systemd_properties_put_bool(struct bt_str *out, const char *name, bool value);
/** One element, of "s". */
void bt_systemd_properties_put_str(struct bt_str *out, const char *name, const char *value);

/** CPUQuotaPerSecUSec for a quota in each period: microseconds a second, rounded up to what the
 * manager can express (a hundredth of a processor); UINT64_MAX for none. */
uint64_t bt_systemd_properties_quota(int64_t quota, int64_t period);

#endif
