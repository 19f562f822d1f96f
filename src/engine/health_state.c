/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/health_state.h"

#include <limits.h>
#include <string.h>

#include "base/time.h"
#include "codec/json.h"
#include "engine/jget.h"

#define SECOND BT_TIME_NSEC_PER_SEC
/* As many results are kept as Docker keeps. */
#define LOG_MAX 5

/* The longest time that is waited: still a moment of the clock when it begins now. */
#define TIME_MAX (INT64_MAX / 4)

static int64_t number_or(const json_t *check, const char *key, int64_t fallback, int64_t max)
{
	int64_t value = bt_jget_int(check, key);

	if (value <= 0)
		return fallback;
	return value < max ? value : max;
}

bool bt_health_state_config(const json_t *config, struct bt_health_config *ret)
{
	const json_t *check = json_object_get(config, "Healthcheck");
	const json_t *test = json_object_get(check, "Test");
	const char *kind = json_string_value(json_array_get(test, 0));

	if (!kind || (strcmp(kind, "CMD") != 0 && strcmp(kind, "CMD-SHELL") != 0) ||
	    json_array_size(test) < 2)
		return false;
	if (!ret)
		return true;
	ret->interval = number_or(check, "Interval", 30 * SECOND, TIME_MAX);
	ret->timeout = number_or(check, "Timeout", 30 * SECOND, TIME_MAX);
	ret->start_period = number_or(check, "StartPeriod", 0, TIME_MAX);
	ret->start_interval = number_or(check, "StartInterval", 5 * SECOND, TIME_MAX);
	ret->retries = (int)number_or(check, "Retries", 3, INT_MAX);
	return true;
}

json_t *bt_health_state_command(const json_t *config)
{
	const json_t *test = json_object_get(json_object_get(config, "Healthcheck"), "Test");
	const json_t *shell = bt_jget_filled(config, "Shell");
	json_t *words;

	if (!bt_health_state_config(config, NULL))
		return NULL;
	if (strcmp(json_string_value(json_array_get(test, 0)), "CMD") == 0)
		words = json_array();
	else
		words = shell ? json_deep_copy(shell) : json_pack("[s,s]", "/bin/sh", "-c");
	for (size_t i = 1; i < json_array_size(test); i++)
		json_array_append(words, json_array_get(test, i));
	return words;
}

static json_t *time_text(int64_t ns)
{
	char text[BT_TIME_RFC3339_LEN];

	bt_time_rfc3339(ns, text);
	return json_string(text);
}

static json_t *add_log(const json_t *health, const struct bt_health_probe *probe)
{
	json_t *log = json_array();
	const json_t *old = json_object_get(health, "Log"), *item;
	size_t i;

	json_array_foreach (old, i, item)
		if (json_array_size(old) < LOG_MAX || i > 0)
			json_array_append_new(log, json_deep_copy(item));
	json_array_append_new(log,
			      json_pack("{s:o,s:o,s:i,s:o}", "Start", time_text(probe->start_ns),
					"End", time_text(probe->end_ns), "ExitCode", probe->code,
					"Output", bt_json_text(probe->output)));
	return log;
}

json_t *bt_health_state_apply(const json_t *health, const struct bt_health_config *config,
			      const struct bt_health_probe *probe, int64_t since_start)
{
	const char *status = bt_jget_text(health, "Status");
	int64_t streak = bt_jget_int(health, "FailingStreak");
	bool starting = !status[0] || strcmp(status, "starting") == 0;

	if (probe->code == 0) {
		streak = 0;
		status = "healthy";
	} else if (!starting || since_start >= config->start_period) {
		/* While it is starting up, failures do not count. */
		streak++;
		if (streak >= config->retries)
			status = "unhealthy";
	}
	return json_pack("{s:s,s:I,s:o}", "Status", status[0] ? status : "starting",
			 "FailingStreak", (json_int_t)streak, "Log", add_log(health, probe));
}
