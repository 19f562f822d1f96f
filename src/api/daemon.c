/* SPDX-License-Identifier: Apache-2.0 */

#include "api/daemon.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/config.h"
#include "api/config_reload.h"
#include "api/listen.h"
#include "api/pidfile.h"
#include "api/routes.h"
#include "api/runtime_path.h"
#include "api/server.h"
#include "api/systemd.h"
#include "api/tls.h"
#include "base/auto.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"
#include "engine/apparmor.h"
#include "engine/engine.h"
#include "engine/live_config_replace.h"
#include "monitor/spawner.h"

/* As dockerd exits where it could not begin. */
#define EXIT_NOT_STARTED 1
#define EXIT_USAGE       125

struct daemon {
	int argc;
	char **argv;
	struct bt_config config; /* as of the start; what was opened with it borrows from it */
	struct bt_config live;   /* as of the last reload; empty before the first */
	int data_lock, exec_lock;
	char *pidfile;   /* once it is written */
	char *init_path; /* owned, or NULL */
	bool apparmor;   /* containers are confined by it */
	pid_t spawner;
	int spawner_fd;
	struct bt_listen listen;
	struct bt_tls tls;
	struct bt_engine *engine;
	struct bt_server *server;
};

/* Thousands of containers and connections want descriptors; few threads want arenas. */
static void set_limits(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	(void)mallopt(M_ARENA_MAX, 2);
	(void)mallopt(M_TRIM_THRESHOLD, 128 << 10);
	(void)mallopt(M_MMAP_THRESHOLD, 128 << 10);
	(void)umask(022);
}

static int lock_roots(struct daemon *d, struct bt_err *err)
{
	int fd = bt_pidfile_lock_root(d->config.data_root, "data root", err);

	if (fd < 0)
		return fd;
	d->data_lock = fd;
	fd = bt_pidfile_lock_root(d->config.exec_root, "exec root", err);
	if (fd < 0)
		return fd;
	d->exec_lock = fd;
	return 0;
}

static int write_pidfile(struct daemon *d, struct bt_err *err)
{
	bt_auto_free char *path = d->config.pidfile
					  ? strdup(d->config.pidfile)
					  : bt_str_format("%s/berthd.pid", d->config.exec_root);
	int r = path ? bt_pidfile_write(path, err) : bt_err_sys(err, -ENOMEM, "write the pid file");

	if (r == 0)
		d->pidfile = bt_take(path);
	return r;
}

static int start_spawner(struct daemon *d, struct bt_err *err)
{
	bt_auto_free char *path = NULL;
	int r = bt_runtime_path_find("berth-runtime", "berth-runtime", d->config.runtime_path,
				     &path, err);

	return r < 0 ? r : bt_spawner_start(path, &d->spawner, &d->spawner_fd, err);
}

/* Only whoever asks for an init needs one, unless its place was named. */
static int find_init(struct daemon *d, struct bt_err *err)
{
	const char *named = d->config.init_path;
	struct bt_err ignored;
	int r = bt_runtime_path_find("berth-init", "init-path", named, &d->init_path,
				     named ? err : &ignored);

	return named ? r : 0;
}

/* While there is one thread, and no handler of SIGCHLD that would reap the parser. */
static void prepare_apparmor(struct daemon *d)
{
	struct bt_err err = { 0 };

	if (!bt_apparmor_enabled())
		return;
	d->apparmor = bt_apparmor_load_default(d->config.exec_root, &err) == 0;
	if (!d->apparmor)
		bt_log_warn("containers are not confined by AppArmor: %s", err.msg);
}

static void block_signals(sigset_t *ret)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	*ret = set;
}

static int open_sockets(struct daemon *d, struct bt_err *err)
{
	const struct bt_listen_options opt = { .group = d->config.group,
					       .tls = d->config.tls,
					       .plain_anywhere = d->config.tls_refused };
	size_t n = json_array_size(d->config.hosts);

	if (n == 0)
		return bt_listen_add(&d->listen, BT_CONFIG_HOST, &opt, err);
	for (size_t i = 0; i < n; i++) {
		const char *host = json_string_value(json_array_get(d->config.hosts, i));
		int r = bt_listen_add(&d->listen, host, &opt, err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* What the engine is told, but for the spawner. */
static struct bt_engine_config engine_config(const struct daemon *d, const struct bt_config *c)
{
	return (struct bt_engine_config){
		.values = c->values,
		.data_root = c->data_root,
		.exec_root = c->exec_root,
		.bridge = c->bridge,
		.bip = c->bip,
		.address_pools = c->address_pools,
		.fixed_cidr = c->fixed_cidr,
		.ipv6 = c->ipv6,
		.bip6 = c->bip6,
		.fixed_cidr6 = c->fixed_cidr6,
		.default_gateway = c->default_gateway,
		.default_gateway6 = c->default_gateway6,
		.default_network_opts = c->default_network_opts,
		.publish_ip = c->publish_ip,
		.no_icc = c->no_icc,
		.no_masquerade = c->no_masquerade,
		.mtu = c->mtu,
		.dns = c->dns,
		.dns_search = c->dns_search,
		.dns_options = c->dns_options,
		.host_gateways = c->host_gateways,
		.default_ipc_mode = c->default_ipc_mode,
		.default_cgroupns_mode = c->default_cgroupns_mode,
		.default_shm_size = c->default_shm_size,
		.seccomp_profile = c->seccomp_profile,
		.publish_policy = c->publish_policy,
		.no_forwarder = c->no_forwarder,
		.cgroup_parent = c->cgroup_parent,
		.systemd_cgroup = c->systemd_cgroup,
		.log_driver = c->log_driver,
		.log_opts = c->log_opts,
		.default_ulimits = c->default_ulimits,
		.labels = c->labels,
		.insecure_registries = c->insecure_registries,
		.registry_mirrors = c->registry_mirrors,
		.http_proxy = c->http_proxy,
		.https_proxy = c->https_proxy,
		.no_proxy = c->no_proxy,
		.runtimes = c->runtimes,
		.default_runtime = c->default_runtime,
		.init_path = d->init_path,
		.init = c->init,
		.apparmor = d->apparmor,
		.debug = c->log_level == BT_LOG_DEBUG,
		.no_new_privileges = c->no_new_privileges,
		.cpu_realtime = c->cpu_realtime,
		.cdi_dirs = c->cdi_dirs,
		.userns_remap = c->userns_remap,
		.selinux = c->selinux,
		.shutdown_timeout = c->shutdown_timeout,
		.spawner_fd = -EBADF,
	};
}

static int open_engine(struct daemon *d, struct bt_err *err)
{
	struct bt_engine_config cfg = engine_config(d, &d->config);

	cfg.spawner_fd = bt_take_fd(&d->spawner_fd);
	return bt_engine_open(&cfg, &d->engine, err);
}

static int start_server(struct daemon *d, struct bt_err *err)
{
	const struct bt_server_config cfg = {
		.api = { .engine = d->engine },
		.routes = bt_routes,
		.nroutes = bt_routes_count,
		.listeners = d->listen.sockets,
		.nlisteners = d->listen.n,
		.tls = d->config.tls ? &d->tls.server : NULL,
	};

	return bt_server_start(&cfg, &d->server, err);
}

static void say_serving(const struct daemon *d)
{
	bt_auto_str struct bt_str hosts = { 0 };
	const json_t *host;
	size_t i;

	json_array_foreach (d->config.hosts, i, host)
		bt_str_printf(&hosts, "%s%s", i > 0 ? ", " : "", json_string_value(host));
	printf("berthd %s serving on %s\n", BT_VERSION,
	       hosts.len > 0 ? bt_str_get(&hosts) : BT_CONFIG_HOST);
	(void)fflush(stdout);
	bt_systemd_notify("READY=1");
}

/* The configuration that counts. */
static const struct bt_config *current(const struct daemon *d)
{
	return d->live.values ? &d->live : &d->config;
}

/* Each line a message. */
static void log_warnings(char *text)
{
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n")))
		if (line[0])
			bt_log_warn("%s", line);
}

static int read_again(struct daemon *d, struct bt_err *err)
{
	bt_auto_config struct bt_config fresh = { 0 };
	bt_auto_free char *later = NULL, *warnings = NULL;
	struct bt_engine_config cfg;
	int r = bt_config_reload_read(d->argc, d->argv, current(d), &fresh, &later, &warnings, err);

	if (r < 0)
		return r;
	cfg = engine_config(d, &fresh);
	r = bt_live_config_replace(d->engine, &cfg, err);
	if (r < 0)
		return r;
	bt_log_set_level(fresh.log_level);
	log_warnings(warnings);
	if (later[0])
		bt_log_warn("changed, but counts from the next start only: %s", later);
	bt_config_done(&d->live);
	d->live = bt_take_struct(fresh);
	return 0;
}

/* Told what is wrong with the file, and going on as before, rather than ended by it. */
static void reload(struct daemon *d)
{
	struct bt_err err = { 0 };

	if (read_again(d, &err) < 0)
		bt_log_error("the configuration was not reloaded: %s", err.msg);
	else
		bt_log_info("reloaded %s", d->config.config_file);
}

/* Reap the spawner. Without it nothing can be started: a service manager starts us anew. Other
 * children are waited for by who started them, and would lose how they ended; but the first process
 * of a PID namespace is handed orphans that nobody else reaps. */
static bool spawner_died(const struct daemon *d)
{
	pid_t which = getpid() == 1 ? -1 : d->spawner, pid;
	int status;

	while ((pid = waitpid(which, &status, WNOHANG)) > 0)
		if (pid == d->spawner)
			return true;
	return false;
}

/* Returns the exit code once a signal says that it is over. */
static int serve(struct daemon *d, const sigset_t *signals)
{
	for (;;) {
		int sig = sigwaitinfo(signals, NULL);

		if (sig == SIGTERM || sig == SIGINT)
			return EXIT_SUCCESS;
		if (sig == SIGHUP)
			reload(d);
		if (sig == SIGCHLD && spawner_died(d)) {
			bt_log_error("the spawner of containers ended: berthd ends, too");
			return EXIT_FAILURE;
		}
	}
}

static void give_up(int sig bt_unused)
{
	_exit(EXIT_SUCCESS);
}

/* Open requests may take as long as the shutdown time-out; a second signal ends it at once. */
static void finish(struct daemon *d, const sigset_t *signals)
{
	int timeout = current(d)->shutdown_timeout;

	bt_systemd_notify("STOPPING=1");
	(void)signal(SIGALRM, give_up);
	(void)signal(SIGTERM, give_up);
	(void)signal(SIGINT, give_up);
	(void)alarm(timeout > 0 ? (unsigned)timeout : 1);
	(void)pthread_sigmask(SIG_UNBLOCK, signals, NULL);
}

static int start(struct daemon *d, sigset_t *signals, struct bt_err *err)
{
	int r = lock_roots(d, err);

	if (r == 0)
		r = write_pidfile(d, err);
	if (r == 0)
		r = start_spawner(d, err);
	if (r == 0)
		r = find_init(d, err);
	if (r < 0)
		return r;
	prepare_apparmor(d);
	/* Only now: the spawner must not inherit blocked or ignored signals. */
	block_signals(signals);
	/* Sockets first, so that clients wait where they would have been refused. */
	r = open_sockets(d, err);
	if (r == 0 && d->config.tls)
		r = bt_tls_load(&d->config, &d->tls, err);
	if (r == 0)
		r = open_engine(d, err);
	if (r == 0)
		r = start_server(d, err);
	return r;
}

static void release(struct daemon *d)
{
	bt_server_stop(d->server);
	bt_engine_close(d->engine);
	bt_listen_done(&d->listen);
	bt_tls_done(&d->tls);
	bt_close(&d->spawner_fd);
	if (d->pidfile)
		(void)unlink(d->pidfile);
	free(d->pidfile);
	free(d->init_path);
	bt_close(&d->exec_lock);
	bt_close(&d->data_lock);
	bt_config_done(&d->live);
	bt_config_done(&d->config);
}

static int run(struct daemon *d)
{
	struct bt_err err = { 0 };
	sigset_t signals;
	int code = EXIT_NOT_STARTED;

	if (start(d, &signals, &err) < 0) {
		bt_log_write(BT_LOG_FATAL, "failed to start berthd: %s", err.msg);
	} else {
		say_serving(d);
		bt_engine_autostart(d->engine);
		code = serve(d, &signals);
		finish(d, &signals);
	}
	release(d);
	return code;
}

/* Options that print something and end. Returns whether there was one. */
static bool informed(const struct bt_config *config)
{
	if (config->help)
		bt_config_help();
	else if (config->version)
		printf("berthd version %s\n", BT_VERSION);
	else if (config->validate)
		printf("configuration OK\n");
	return config->help || config->version || config->validate;
}

int bt_daemon_run(int argc, char *argv[])
{
	struct daemon d = { .argc = argc,
			    .argv = argv,
			    .data_lock = -EBADF,
			    .exec_lock = -EBADF,
			    .spawner_fd = -EBADF };
	bt_auto_free char *warnings = NULL;
	struct bt_err err = { 0 };
	int code = EXIT_SUCCESS;

	if (bt_config_load(argc, argv, &d.config, &warnings, &err) < 0) {
		(void)fprintf(stderr, "berthd: %s\n", err.msg);
		return err.kind == BT_ERR_INVALID && strstr(err.msg, "flag") ? EXIT_USAGE
									     : EXIT_NOT_STARTED;
	}
	if (warnings)
		(void)fputs(warnings, stderr);
	if (informed(&d.config)) {
		bt_config_done(&d.config);
		return code;
	}
	set_limits();
	bt_fault_init();
	bt_log_set_level(d.config.log_level);
	return run(&d);
}
