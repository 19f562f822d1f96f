/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/platform.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

static const char *const names[][3] = {
	/* as others write it, as Go does, variant */
	{ "x86_64", "amd64", "" },        { "x86-64", "amd64", "" }, { "aarch64", "arm64", "" },
	{ "armv7l", "arm", "v7" },        { "armv6l", "arm", "v6" }, { "armhf", "arm", "v7" },
	{ "armel", "arm", "v6" },         { "i386", "386", "" },     { "i686", "386", "" },
	{ "loongarch64", "loong64", "" },
};

/* Go's systems and architectures: a word alone must be one of them. */
static const char *const systems[] = { "aix",     "android", "darwin",  "dragonfly", "freebsd",
				       "hurd",    "illumos", "ios",     "js",        "linux",
				       "nacl",    "netbsd",  "openbsd", "plan9",     "solaris",
				       "windows", "zos",     NULL };
static const char *const architectures[] = {
	"386",     "amd64",   "amd64p32", "arm",    "armbe",    "arm64",     "arm64be",
	"loong64", "mips",    "mipsle",   "mips64", "mips64le", "mips64p32", "mips64p32le",
	"ppc",     "ppc64",   "ppc64le",  "riscv",  "riscv64",  "s390",      "s390x",
	"sparc",   "sparc64", "wasm",     NULL
};

static bool is_one_of(const char *word, const char *const *list)
{
	while (*list && strcmp(*list, word) != 0)
		list++;
	return *list != NULL;
}

static void normalise(struct bt_platform *p)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(p->arch, names[i][0]) != 0)
			continue;
		(void)snprintf(p->arch, sizeof(p->arch), "%s", names[i][1]);
		if (p->variant[0] == '\0')
			(void)snprintf(p->variant, sizeof(p->variant), "%s", names[i][2]);
	}
	/* The only 64-bit ARM there is, and Go's default of the 32-bit ones. */
	if (strcmp(p->arch, "arm64") == 0 && strcmp(p->variant, "v8") == 0)
		p->variant[0] = '\0';
	if (strcmp(p->arch, "arm") == 0 && p->variant[0] == '\0')
		(void)snprintf(p->variant, sizeof(p->variant), "v7");
	if (strcmp(p->arch, "amd64") == 0 && strcmp(p->variant, "v1") == 0)
		p->variant[0] = '\0';
}

void bt_platform_host(struct bt_platform *ret)
{
	struct utsname uts;

	*ret = (struct bt_platform){ .os = "linux", .arch = "amd64" };
	if (uname(&uts) == 0)
		(void)snprintf(ret->arch, sizeof(ret->arch), "%.15s", uts.machine);
	normalise(ret);
}

static int bad(const char *text, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_INVALID, EINVAL,
			  "\"%.100s\": unknown operating system or architecture: invalid argument",
			  text);
}

int bt_platform_parse(const char *text, struct bt_platform *ret, struct bt_err *err)
{
	struct bt_platform host, p = { .os = "" };
	char *const fields[] = { p.os, p.arch, p.variant };
	size_t field = 0, n = 0;

	bt_platform_host(&host);
	if (!text || text[0] == '\0') {
		*ret = host;
		return 0;
	}
	for (const char *c = text; *c; c++) {
		if (*c == '/') {
			if (++field == 3)
				return bt_err_set(err, BT_ERR_INVALID, EINVAL,
						  "\"%.100s\": cannot parse platform specifier: "
						  "invalid argument",
						  text);
			if (n == 0)
				return bad(text, err);
			n = 0;
		} else if ((isalnum((unsigned char)*c) || strchr("._-", *c)) &&
			   n < sizeof(p.os) - 1) {
			fields[field][n++] = (char)tolower((unsigned char)*c);
		} else {
			return bad(text, err);
		}
	}
	if (n == 0)
		return bad(text, err);
	/* A single word may be an architecture of linux as well as a system. */
	if (field == 0 && !is_one_of(p.os, systems)) {
		memcpy(p.arch, p.os, sizeof(p.arch));
		(void)snprintf(p.os, sizeof(p.os), "linux");
	} else if (field == 0) {
		memcpy(p.arch, host.arch, sizeof(p.arch));
		memcpy(p.variant, host.variant, sizeof(p.variant));
	}
	normalise(&p);
	if (field == 0 && !is_one_of(p.arch, architectures))
		return bad(text, err);
	*ret = p;
	return 0;
}

int bt_platform_match(const struct bt_platform *wanted, const struct bt_platform *offered)
{
	struct bt_platform have = *offered;

	normalise(&have);
	if (strcmp(wanted->os, have.os) != 0 || strcmp(wanted->arch, have.arch) != 0)
		return 0;
	if (strcmp(wanted->variant, have.variant) == 0)
		return 100;
	/* An older variant runs on a newer machine ("v6" on "v7"), the newest of them best. */
	if (have.variant[0] == '\0')
		return 1;
	if (wanted->variant[0] == 'v' && have.variant[0] == 'v' && have.variant[1] &&
	    !have.variant[2] && have.variant[1] < wanted->variant[1])
		return 1 + (have.variant[1] - '0');
	return 0;
}
