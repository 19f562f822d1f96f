/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/refused.h"

#include <stddef.h>
#include <string.h>

#define NO_BUILD  "images cannot be built yet"
#define NO_SWARM  "there is no swarm mode"
#define NO_PLUGIN "there are no managed plugins"
#define NO_TRUST  "there is no content trust"
#define NO_SAVING "containers cannot be checkpointed"

static const struct {
	const char *words, *why;
} commands[] = {
	{ "build", NO_BUILD },         { "builder", NO_BUILD },     { "checkpoint", NO_SAVING },
	{ "config", NO_SWARM },        { "image build", NO_BUILD }, { "node", NO_SWARM },
	{ "plugin", NO_PLUGIN },       { "secret", NO_SWARM },      { "service", NO_SWARM },
	{ "stack", NO_SWARM },         { "swarm", NO_SWARM },       { "trust", NO_TRUST },
	{ "volume update", NO_SWARM },
};

const char *bt_refused_why(const char *words)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		size_t len = strlen(commands[i].words);

		if (strncmp(words, commands[i].words, len) == 0 &&
		    (words[len] == '\0' || words[len] == ' '))
			return commands[i].why;
	}
	return NULL;
}
