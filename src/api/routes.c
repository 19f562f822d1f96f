/* SPDX-License-Identifier: Apache-2.0 */

#include "api/routes.h"

#include "api/handlers.h"

#define GET     BT_METHOD_GET
#define HEAD    BT_METHOD_HEAD
#define POST    BT_METHOD_POST
#define PUT     BT_METHOD_PUT
#define DELETE  BT_METHOD_DELETE
#define STAYS   BT_ROUTE_STAYS
#define ANY     (GET | HEAD | POST | PUT | DELETE)
#define IGNORED BT_BODY_IGNORED
#define JSON    BT_BODY_JSON
#define ANYJSON BT_BODY_ANY_JSON
#define STREAM  BT_BODY_STREAM

const struct bt_route bt_routes[] = {
	{ GET | HEAD, "/_ping", IGNORED, bt_system_ping },
	{ BT_METHOD_OPTIONS, "/*", IGNORED, bt_system_options },
	{ GET, "/version", IGNORED, bt_system_version },
	{ GET, "/info", IGNORED, bt_system_info },
	{ GET, "/system/df", IGNORED, bt_system_df },
	{ GET | STAYS, "/events", IGNORED, bt_events_get },

	{ GET, "/containers/json", IGNORED, bt_containers_list_get },
	{ POST, "/containers/create", JSON, bt_containers_life_create },
	{ POST, "/containers/prune", IGNORED, bt_containers_life_prune },
	{ GET, "/containers/*/json", IGNORED, bt_containers_list_inspect },
	{ GET, "/containers/*/top", IGNORED, bt_containers_list_top },
	{ GET | STAYS, "/containers/*/logs", IGNORED, bt_containers_stream_logs },
	{ POST | STAYS, "/containers/*/attach", IGNORED, bt_containers_stream_attach },
	{ POST, "/containers/*/resize", IGNORED, bt_containers_stream_resize },
	{ POST | STAYS, "/containers/*/wait", IGNORED, bt_containers_stream_wait },
	{ POST, "/containers/*/start", ANYJSON, bt_containers_life_start },
	{ POST, "/containers/*/stop", IGNORED, bt_containers_life_stop },
	{ POST, "/containers/*/restart", IGNORED, bt_containers_life_restart },
	{ POST, "/containers/*/kill", IGNORED, bt_containers_life_kill },
	{ POST, "/containers/*/pause", IGNORED, bt_containers_life_pause },
	{ POST, "/containers/*/unpause", IGNORED, bt_containers_life_unpause },
	{ POST, "/containers/*/rename", IGNORED, bt_containers_life_rename },
	{ POST, "/containers/*/exec", JSON, bt_exec_api_create },
	{ DELETE, "/containers/*", IGNORED, bt_containers_life_remove },
	{ GET | STAYS, "/containers/*/attach/ws", IGNORED, bt_containers_stream_attach_ws },
	{ GET, "/containers/*/changes", IGNORED, bt_containers_image_changes },
	{ GET, "/containers/*/export", IGNORED, bt_containers_image_export },
	{ GET | STAYS, "/containers/*/stats", IGNORED, bt_stats_api_get },
	{ POST, "/containers/*/update", JSON, bt_containers_life_update },
	{ HEAD, "/containers/*/archive", IGNORED, bt_containers_archive_head },
	{ GET, "/containers/*/archive", IGNORED, bt_containers_archive_get },
	{ PUT, "/containers/*/archive", STREAM, bt_containers_archive_put },
	{ POST, "/commit", JSON, bt_containers_image_commit },

	{ POST | STAYS, "/exec/*/start", JSON, bt_exec_api_start },
	{ POST, "/exec/*/resize", IGNORED, bt_exec_api_resize },
	{ GET, "/exec/*/json", IGNORED, bt_exec_api_inspect },

	{ GET, "/images/json", IGNORED, bt_images_api_list },
	{ POST, "/images/create", STREAM, bt_images_api_create },
	{ GET, "/images/*/json", IGNORED, bt_images_api_inspect },
	{ GET, "/images/*/history", IGNORED, bt_images_api_history },
	{ POST, "/images/*/tag", IGNORED, bt_images_api_tag },
	{ DELETE, "/images/*", IGNORED, bt_images_api_remove },
	{ GET, "/images/search", IGNORED, bt_images_registry_search },
	{ GET, "/images/get", IGNORED, bt_images_archive_save },
	{ GET, "/images/*/get", IGNORED, bt_images_archive_save },
	{ POST, "/images/load", STREAM, bt_images_archive_load },
	{ POST, "/images/prune", IGNORED, bt_images_api_prune },
	{ POST, "/images/*/push", IGNORED, bt_images_registry_push },
	{ GET, "/distribution/*/json", IGNORED, bt_images_registry_inspect },
	{ GET, "/distribution/*/manifest", IGNORED, bt_images_registry_manifest },
	{ POST, "/distribution/*/manifest", JSON, bt_images_registry_push_index },
	{ POST, "/auth", ANYJSON, bt_images_registry_login },
	{ POST, "/build", IGNORED, bt_system_not_offered },
	{ POST, "/build/prune", IGNORED, bt_system_build_prune },
	{ POST, "/build/*", IGNORED, bt_system_not_offered },
	{ POST, "/session", IGNORED, bt_system_not_offered },
	{ POST, "/grpc", IGNORED, bt_system_not_offered },

	{ GET, "/networks", IGNORED, bt_networks_list },
	{ GET, "/networks/", IGNORED, bt_networks_list },
	{ POST, "/networks/create", JSON, bt_networks_create },
	{ GET, "/networks/*", IGNORED, bt_networks_inspect },
	{ POST, "/networks/prune", IGNORED, bt_networks_prune },
	{ POST, "/networks/*/connect", JSON, bt_networks_connect },
	{ POST, "/networks/*/disconnect", JSON, bt_networks_disconnect },
	{ DELETE, "/networks/*", IGNORED, bt_networks_remove },

	{ GET, "/volumes", IGNORED, bt_volumes_api_list },
	{ POST, "/volumes/create", JSON, bt_volumes_api_create },
	{ POST, "/volumes/prune", IGNORED, bt_volumes_api_prune },
	{ POST, "/volumes/*/rename", IGNORED, bt_volumes_api_rename },
	{ GET, "/volumes/*", IGNORED, bt_volumes_api_inspect },
	{ PUT, "/volumes/*", IGNORED, bt_system_no_cluster_volume },
	{ DELETE, "/volumes/*", IGNORED, bt_volumes_api_remove },

	{ GET, "/plugins", IGNORED, bt_system_plugins },
	{ GET, "/plugins/*/json", IGNORED, bt_system_plugin },
	{ ANY, "/plugins/*", IGNORED, bt_system_not_offered },
	{ POST, "/swarm/init", IGNORED, bt_system_not_offered },
	{ POST, "/swarm/join", IGNORED, bt_system_not_offered },
	{ POST, "/swarm/leave", IGNORED, bt_system_no_swarm_to_leave },
	{ ANY, "/swarm", IGNORED, bt_system_no_swarm },
	{ ANY, "/swarm/*", IGNORED, bt_system_no_swarm },
	{ ANY, "/nodes", IGNORED, bt_system_no_swarm },
	{ ANY, "/nodes/*", IGNORED, bt_system_no_swarm },
	{ ANY, "/services", IGNORED, bt_system_no_swarm },
	{ ANY, "/services/*", IGNORED, bt_system_no_swarm },
	{ ANY, "/tasks", IGNORED, bt_system_no_swarm },
	{ ANY, "/tasks/*", IGNORED, bt_system_no_swarm },
	{ ANY, "/secrets", IGNORED, bt_system_no_swarm },
	{ ANY, "/secrets/*", IGNORED, bt_system_no_swarm },
	{ ANY, "/configs", IGNORED, bt_system_no_swarm },
	{ ANY, "/configs/*", IGNORED, bt_system_no_swarm },
};

const size_t bt_routes_count = sizeof(bt_routes) / sizeof(bt_routes[0]);
