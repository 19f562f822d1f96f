/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_MONITOR_PROTOCOL_H
#define BT_MONITOR_PROTOCOL_H

/*
 * What daemon, spawner and monitors say to each other: version 1.
 *
 * A message is one packet (base/sock.h): a JSON object, and descriptors whose
 * roles the member "fds" names in order. Unknown members are ignored, unknown
 * operations answered with an error, so that old and new can talk. Texts that
 * may be large (specifications) travel as a memfd.
 *
 * Daemon to spawner
 *
 *   {"v":1, "op":"spawn", "fds":[…], …struct bt_spawn…}
 *
 * answered with {"ok":true,"pid":MONITOR} or {"error":{kind,errnum,msg}}; or the
 * text BT_PROTOCOL_NAMES, byte for byte, with a listening socket: fork the name server. The
 * monitor then speaks on its control connection:
 *
 * Monitor to daemon, events (never answered; "at" is nanoseconds since the
 * epoch, "seq" the number of the journal record where there is one)
 *
 *   {"ev":"started","seq":N,"pid":N,"at":N,"restarts":N}
 *   {"ev":"start-failed","seq":N,"at":N,"error":{"kind":N,"errnum":N,"msg":S},"code":125..127,"final":B}
 *   {"ev":"exited","seq":N,"at":N,"code":N,"oom":B,"final":B,"stopped":B,"restarts":N,"again_in":MS}
 *        code is Docker's: 128+signal where a signal ended it. final: no
 *        restart follows. stopped: somebody asked for it.
 *   {"ev":"oom","seq":N,"at":N}
 *   {"ev":"exec-started","exec":ID,"pid":N}
 *   {"ev":"exec-failed","exec":ID,"error":{…},"code":N}
 *   {"ev":"exec-exited","exec":ID,"code":N,"at":N}
 *   {"ev":"attached"|"detached"[,"exec":ID]} where a client came or left by its detach keys
 *   {"ev":"restarted","seq":N,"at":N} where a "restart" that was asked for is carried out
 *   {"ev":"behind"} where the daemon was too slow to be told everything: what it missed is in
 *        the journal and in the files of execs (monitor/exec_file.h)
 *
 * Older monitors tell "oom" and "restarted" without a number, and hang up on a daemon that is too
 * slow.
 *
 * Daemon to monitor, requests, each with "id":N and answered with
 * {"re":N,"ok":true,…} or {"re":N,"error":{…}}. With "until":NS (CLOCK_MONOTONIC) it is not done
 * after that time; older monitors do not look at it.
 *
 *   {"op":"status"}        → version, pid, started_at, restarts, seq, execs:[{exec,pid}], state:
 *                            "starting"|"running"|"waiting" (for a restart)|"ended"
 *   {"op":"signal","signal":N}
 *   {"op":"stop","signal":N,"timeout":SECONDS}   -1: for ever. Answered at once; "exited" follows.
 *   {"op":"resize","rows":N,"cols":N[,"exec":ID]}
 *   {"op":"attach","stdin":B,"stdout":B,"stderr":B,"detach_keys":S[,"mux":B][,"logged":N],"fds":["client"]}
 *        mux: frame stdout and stderr as Docker's raw-stream does (only without a terminal)
 *        logged: the client has had the log up to the line of this time; it gets what is behind
 *        that first, so that nothing said meanwhile is missed or told twice. EAGAIN where that is
 *        much: the daemon sends on from the log and asks again. Older monitors do not look at it.
 *   {"op":"exec","exec":ID,"tty":B,"stdin":B,"stdout":B,"stderr":B,"mux":B,"detach_keys":S,"rows":N,"cols":N,
 *        "fds":["process"[,"client"]]}
 *        process: a memfd with an OCI process object. Without a client output is dropped.
 *        Answered when the process runs or could not be started.
 *   {"op":"update","restart":{…},"stop_signal":N,"stop_timeout":N}   members that are there change
 *   {"op":"restart","signal":N,"timeout":SECONDS}   stop, then start again whatever the policy
 *   {"op":"unhealthy"}   end this run, if the policy begins another one for that
 *   {"op":"ack","seq":N,"stored":true}   the daemon has recorded everything up to N. An ended
 * monitor goes once its records are journalled or acknowledged. "stored":false (absent: true) says
 * that it has only told its clients of a record that was "kept":true, in the journal.
 *   {"op":"reopen-log"}
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

#define BT_PROTOCOL_VERSION 1

/* Ask for the name server and the forwarder; told apart without parsing. */
#define BT_PROTOCOL_NAMES     "{\"v\":1,\"op\":\"names\"}"
#define BT_PROTOCOL_FORWARDER "{\"v\":1,\"op\":\"forwarder\"}"

/* The spawner finds its connection here. */
#define BT_PROTOCOL_SPAWNER_FD 3

/* Roles of descriptors in "spawn". */
#define BT_PROTOCOL_FD_SPEC    "spec"    /* memfd: the OCI runtime specification, JSON */
#define BT_PROTOCOL_FD_CONTROL "control" /* the monitor's end of the control connection */
#define BT_PROTOCOL_FD_ROOTFS  "rootfs"  /* detached mount, or absent: root.path of the spec */
#define BT_PROTOCOL_FD_NETNS   "netns"   /* network namespace, or absent: as the spec says */
#define BT_PROTOCOL_FD_SECCOMP \
	"seccomp" /* memfd of bt_seccomp_store(), or absent: as the spec says */
#define BT_PROTOCOL_FD_CLIENT "client" /* one that attached already; as many as "clients" lists */

enum bt_restart_policy {
	BT_RESTART_NO,
	BT_RESTART_ON_FAILURE,
	BT_RESTART_ALWAYS,
	BT_RESTART_UNLESS_STOPPED,
	BT_RESTART_ON_UNHEALTHY,
};

struct bt_restart {
	enum bt_restart_policy policy;
	int max; /* for on-failure and on-unhealthy; 0: no limit */
};

/** A client that attached before the start; its socket is the i-th "client" descriptor. */
struct bt_spawn_client {
	bool in, out, err;
	bool mux;
	const char *detach_keys; /* NULL: ctrl-p,ctrl-q */
	bool logs;               /* it has had the log up to the line of … */
	int64_t logged_ns;       /* … this time; 0: nothing of it */
};

/** Whose namespaces a container may join: its network's, process's, IPC's, and user namespace's. */
#define BT_SPAWN_JOINED_MAX 4

/** The text of a "spawn" message; all strings borrowed. JSON member names are the same. */
struct bt_spawn {
	const char *id;      /* 64 hex digits */
	const char *dir;     /* <exec-root>/containers/<id>, made by the daemon, 0700 */
	const char *journal; /* file that start and exit records are appended to */
	const char *runtime; /* NULL: our own; else the path of an OCI runtime */
	const char
		*bundle; /* directory for another runtime's bundle, or that hooks find; or NULL */
	bool systemd_cgroup; /* systemd's driver keeps the control group */
	bool tty, open_stdin, stdin_once;
	const char *log_driver; /* "json-file" or "none" */
	const char *log_path;
	int64_t log_max_size; /* bytes; 0: no limit */
	int log_max_file;
	const char *log_attrs; /* JSON object text for the "attrs" of each line, or NULL */
	struct bt_restart restart;
	int stop_signal;
	int stop_timeout;                  /* seconds; -1: for ever */
	uint64_t journal_seq;              /* number of the last record in the journal */
	int restarts;                      /* made by monitors before this one */
	pid_t joined[BT_SPAWN_JOINED_MAX]; /* the processes whose namespaces it joins */
	unsigned njoined;
	const struct bt_spawn_client *clients;
	unsigned nclients;
};

#endif
