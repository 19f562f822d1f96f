/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_name.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/rand.h"

static const char *const adjectives[] = {
	"able",     "agile",   "amber",    "ample",  "apt",     "astute",  "balmy",   "blithe",
	"bold",     "brave",   "breezy",   "bright", "brisk",   "calm",    "candid",  "careful",
	"cheery",   "civil",   "clear",    "clever", "cosy",    "crisp",   "curious", "daring",
	"deft",     "earnest", "easy",     "eager",  "even",    "exact",   "fair",    "fleet",
	"fluent",   "fond",    "frank",    "fresh",  "frosty",  "gentle",  "glad",    "golden",
	"graceful", "grand",   "hale",     "handy",  "hardy",   "honest",  "humble",  "jolly",
	"keen",     "kind",    "lively",   "loyal",  "lucid",   "mellow",  "merry",   "mild",
	"modest",   "neat",    "nimble",   "noble",  "patient", "placid",  "plucky",  "polite",
	"prompt",   "proud",   "quick",    "quiet",  "rapid",   "ready",   "robust",  "rustic",
	"serene",   "sharp",   "silent",   "simple", "smooth",  "snug",    "sober",   "solid",
	"spry",     "stable",  "steady",   "stoic",  "sturdy",  "subtle",  "sunny",   "swift",
	"tender",   "tidy",    "tranquil", "trusty", "upbeat",  "valiant", "vivid",   "warm",
	"wise",     "witty",   "zealous",  "zesty",
};

static const char *const surnames[] = {
	"abel",     "ampere",       "archimedes", "babbage",  "banach",      "bernoulli",
	"bohr",     "boole",        "born",       "boyle",    "brahe",       "cantor",
	"carnot",   "cauchy",       "cavendish",  "celsius",  "copernicus",  "coulomb",
	"curie",    "dalton",       "darwin",     "davy",     "descartes",   "dijkstra",
	"dirac",    "doppler",      "edison",     "einstein", "erdos",       "euclid",
	"euler",    "faraday",      "fermat",     "fermi",    "feynman",     "fourier",
	"franklin", "galileo",      "galois",     "gauss",    "germain",     "gibbs",
	"godel",    "halley",       "hamilton",   "hawking",  "heisenberg",  "herschel",
	"hertz",    "hilbert",      "hooke",      "hopper",   "hubble",      "humboldt",
	"huygens",  "hypatia",      "jacobi",     "joule",    "kelvin",      "kepler",
	"knuth",    "kovalevskaya", "lagrange",   "lamarr",   "laplace",     "lavoisier",
	"leavitt",  "leibniz",      "lovelace",   "maxwell",  "mccarthy",    "meitner",
	"mendel",   "mendeleev",    "mirzakhani", "napier",   "newton",      "nobel",
	"noether",  "ohm",          "pascal",     "pasteur",  "pauli",       "pauling",
	"planck",   "poincare",     "ptolemy",    "raman",    "ramanujan",   "riemann",
	"ritchie",  "rontgen",      "rutherford", "sagan",    "schrodinger", "shannon",
	"sinoussi", "somerville",   "tesla",      "thompson", "turing",      "volta",
	"watt",     "wiles",        "yalow",
};

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool bt_container_name_valid(const char *name)
{
	if (!is_alnum(name[0]) || name[1] == '\0')
		return false;
	for (const char *p = name + 1; *p; p++)
		if (!is_alnum(*p) && *p != '_' && *p != '.' && *p != '-')
			return false;
	return true;
}

int bt_container_name_check(const char *name, const char **ret, struct bt_err *err)
{
	const char *bare = name[0] == '/' ? name + 1 : name;

	if (!bt_container_name_valid(bare))
		return bt_err_set(
			err, BT_ERR_INVALID, EINVAL,
			"Invalid container name (%s), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
			bare);
	if (strlen(bare) > 255)
		return bt_err_set(err, BT_ERR_INVALID, ENAMETOOLONG,
				  "Invalid container name: longer than 255 characters");
	*ret = bare;
	return 0;
}

int bt_container_name_random(unsigned attempt, char ret[BT_CONTAINER_NAME_MAX])
{
	const size_t nadjectives = sizeof(adjectives) / sizeof(adjectives[0]);
	const size_t nsurnames = sizeof(surnames) / sizeof(surnames[0]);
	uint32_t dice[3];
	int r = bt_rand_bytes(dice, sizeof(dice));

	if (r < 0)
		return r;
	snprintf(ret, BT_CONTAINER_NAME_MAX, "%s_%s", adjectives[dice[0] % nadjectives],
		 surnames[dice[1] % nsurnames]);
	if (attempt > 0) {
		size_t len = strlen(ret);

		/* More digits with every collision: it ends even with very many containers. */
		snprintf(ret + len, BT_CONTAINER_NAME_MAX - len, "%u",
			 dice[2] % (attempt < 4 ? 10u : 1000000u));
	}
	return 0;
}
