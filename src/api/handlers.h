/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_HANDLERS_H
#define BT_API_HANDLERS_H

/*
 * Every handler, by the file that it is in. What each answers is the operation
 * of Docker's API that its comment names; api/routes.c says which path leads to
 * it. A handler reads parameters and body, calls engine/ or image/, and
 * describes the answer.
 */

#include "api/route.h"

/* system.c */
/** GET, HEAD /_ping. */
bt_handler bt_system_ping;
/** OPTIONS of anything. */
bt_handler bt_system_options;
/** GET /version. */
bt_handler bt_system_version;
/** GET /info. */
bt_handler bt_system_info;
/** GET /system/df. */
bt_handler bt_system_df;
/** POST /build/prune: nothing is cached by builds. */
bt_handler bt_system_build_prune;
/** GET /plugins: there are none. */
bt_handler bt_system_plugins;
/** GET /plugins/{name}/json: never found. */
bt_handler bt_system_plugin;
/** POST /swarm/leave. */
bt_handler bt_system_no_swarm_to_leave;
/** PUT /volumes/{name}: only those of a swarm are changed. */
bt_handler bt_system_no_cluster_volume;
/** What needs a swarm: 503 in Docker's words. */
bt_handler bt_system_no_swarm;
/** What Docker offers and berth does not: 501. */
bt_handler bt_system_not_offered;

/* events.c */
/** GET /events. */
bt_handler bt_events_get;

/* containers_list.c */
/** GET /containers/json. */
bt_handler bt_containers_list_get;
/** GET /containers/{id}/json. */
bt_handler bt_containers_list_inspect;
/** GET /containers/{id}/top. */
bt_handler bt_containers_list_top;

/* containers_life.c */
/** POST /containers/create. */
bt_handler bt_containers_life_create;
/** POST /containers/{id}/start. */
bt_handler bt_containers_life_start;
/** POST /containers/{id}/stop. */
bt_handler bt_containers_life_stop;
/** POST /containers/{id}/restart. */
bt_handler bt_containers_life_restart;
/** POST /containers/{id}/kill. */
bt_handler bt_containers_life_kill;
/** POST /containers/{id}/pause. */
bt_handler bt_containers_life_pause;
/** POST /containers/{id}/unpause. */
bt_handler bt_containers_life_unpause;
/** POST /containers/{id}/rename. */
bt_handler bt_containers_life_rename;
bt_handler bt_containers_life_update;
bt_handler bt_stats_api_get;
/** DELETE /containers/{id}. */
bt_handler bt_containers_life_remove;
/** POST /containers/prune. */
bt_handler bt_containers_life_prune;

/* containers_stream.c */
/** POST /containers/{id}/attach. */
bt_handler bt_containers_stream_attach;
/** GET /containers/{id}/attach/ws. */
bt_handler bt_containers_stream_attach_ws;
/** POST /containers/{id}/resize. */
bt_handler bt_containers_stream_resize;
/** GET /containers/{id}/logs. */
bt_handler bt_containers_stream_logs;
/** POST /containers/{id}/wait. */
bt_handler bt_containers_stream_wait;

/* containers_archive.c */
/** HEAD /containers/{id}/archive. */
bt_handler bt_containers_archive_head;
/** GET /containers/{id}/archive. */
bt_handler bt_containers_archive_get;
/** PUT /containers/{id}/archive. */
bt_handler bt_containers_archive_put;

/* containers_image.c */
/** POST /commit. */
bt_handler bt_containers_image_commit;
/** GET /containers/{id}/changes. */
bt_handler bt_containers_image_changes;
/** GET /containers/{id}/export. */
bt_handler bt_containers_image_export;

/* exec_api.c */
/** POST /containers/{id}/exec. */
bt_handler bt_exec_api_create;
/** POST /exec/{id}/start. */
bt_handler bt_exec_api_start;
/** POST /exec/{id}/resize. */
bt_handler bt_exec_api_resize;
/** GET /exec/{id}/json. */
bt_handler bt_exec_api_inspect;

/* images_api.c */
/** GET /images/json. */
bt_handler bt_images_api_list;
/** GET /images/{name}/json. */
bt_handler bt_images_api_inspect;
/** GET /images/{name}/history. */
bt_handler bt_images_api_history;
/** POST /images/{name}/tag. */
bt_handler bt_images_api_tag;
/** DELETE /images/{name}. */
bt_handler bt_images_api_remove;
/** POST /images/prune. */
bt_handler bt_images_api_prune;
/** POST /images/create: import, or bt_images_registry_pull(). */
bt_handler bt_images_api_create;

/* images_registry.c */
/** POST /images/create: import, from the body or a URL. */
bt_handler bt_images_import_create;
/** POST /images/create: pull. */
bt_handler bt_images_registry_pull;
/** GET /distribution/{name}/json. */
bt_handler bt_images_registry_inspect;
/** GET /distribution/NAME/manifest, berth's own: the manifest or index as the registry has it. */
bt_handler bt_images_registry_manifest;
bt_handler bt_images_registry_push_index;
/** GET /images/search */
bt_handler bt_images_registry_search;
/** POST /images/NAME/push */
bt_handler bt_images_registry_push;
/** POST /auth */
bt_handler bt_images_registry_login;

/* images_archive.c */
/** GET /images/get, GET /images/{name}/get: save. */
bt_handler bt_images_archive_save;
/** POST /images/load. */
bt_handler bt_images_archive_load;

/* networks.c */
/** GET /networks. */
bt_handler bt_networks_list;
/** GET /networks/{id}. */
bt_handler bt_networks_inspect;
/** POST /networks/create. */
bt_handler bt_networks_create;
/** DELETE /networks/{id}. */
bt_handler bt_networks_remove;
/** POST /networks/prune. */
bt_handler bt_networks_prune;
/** POST /networks/{id}/connect. */
bt_handler bt_networks_connect;
/** POST /networks/{id}/disconnect. */
bt_handler bt_networks_disconnect;

/* volumes_api.c */
/** GET /volumes. */
bt_handler bt_volumes_api_list;
/** GET /volumes/{name}. */
bt_handler bt_volumes_api_inspect;
/** POST /volumes/create. */
bt_handler bt_volumes_api_create;
/** DELETE /volumes/{name}. */
bt_handler bt_volumes_api_remove;
/** POST /volumes/{name}/rename. */
bt_handler bt_volumes_api_rename;
/** POST /volumes/prune. */
bt_handler bt_volumes_api_prune;

#endif
