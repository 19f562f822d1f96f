/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/mac.h"

#include <errno.h>

#include "../suite.h"

START_TEST(each_form_that_clients_write_is_the_same_address)
{
	static const char *const texts[] = { "02:42:ac:11:00:0f", "02-42-ac-11-00-0f",
					     "0242.ac11.000f", "02:42:AC:11:00:0F",
					     "0242.AC11.000F" };
	static const uint8_t want[BT_MAC_LEN] = { 0x02, 0x42, 0xac, 0x11, 0x00, 0x0f };

	for (size_t i = 0; i < LENGTH(texts); i++) {
		uint8_t got[BT_MAC_LEN] = { 0 };
		char text[BT_MAC_TEXT_LEN];

		ck_assert_msg(bt_mac_parse(texts[i], got) == 0, "%s", texts[i]);
		ck_assert_msg(memcmp(got, want, sizeof(want)) == 0, "%s", texts[i]);
		bt_mac_format(got, text);
		ck_assert_str_eq(text, "02:42:ac:11:00:0f");
	}
}
END_TEST

START_TEST(what_is_no_address_is_refused_and_writes_nothing)
{
	static const char *const texts[] = {
		"",
		":",
		"02",
		"02:42:ac:11:00",
		"02:42:ac:11:00:",
		"02:42:ac:11:00:0",
		"02:42:ac:11:00:0f:",
		"02:42:ac:11:00:0f:01",
		"02:42:ac:11:00:0f ",
		/* What sscanf() would take for digits. */
		" 2:42:ac:11:00:0f",
		"+2:42:ac:11:00:0f",
		"-2:42:ac:11:00:0f",
		"0x:42:ac:11:00:0f",
		"02:-1:ac:11:00:0f",
		"02: 1:ac:11:00:0f",
		/* One separator throughout, and no other. */
		"02:42-ac:11:00:0f",
		"02-42:ac-11-00-0f",
		"02/42/ac/11/00/0f",
		"0242ac11000f",
		"0242:ac11:000f",
		"02.42.ac.11.00.0f",
		"0242.ac11.000f.",
		"0242.ac11",
		"g2:42:ac:11:00:0f",
		"02:42:ac:11:00:0\xc3",
		/* An address of InfiniBand, and one of 64 bits. */
		"02:00:5e:10:00:00:00:01",
	};

	for (size_t i = 0; i < LENGTH(texts); i++) {
		uint8_t got[BT_MAC_LEN] = { 1, 2, 3, 4, 5, 6 };
		static const uint8_t before[BT_MAC_LEN] = { 1, 2, 3, 4, 5, 6 };

		ck_assert_msg(bt_mac_parse(texts[i], got) == -EINVAL, "\"%s\"", texts[i]);
		ck_assert_msg(memcmp(got, before, sizeof(got)) == 0, "\"%s\"", texts[i]);
	}
}
END_TEST

START_TEST(a_station_is_neither_a_group_nor_nobody)
{
	static const struct {
		const char *text;
		bool station;
	} cases[] = {
		{ "02:42:ac:11:00:02", true },  { "00:00:00:00:00:01", true },
		{ "fe:ff:ff:ff:ff:ff", true },  { "00:00:00:00:00:00", false },
		{ "ff:ff:ff:ff:ff:ff", false }, { "01:00:5e:00:00:01", false },
		{ "33:33:00:00:00:01", false },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		uint8_t mac[BT_MAC_LEN];

		ck_assert_int_eq(bt_mac_parse(cases[i].text, mac), 0);
		ck_assert_msg(bt_mac_is_station(mac) == cases[i].station, "%s", cases[i].text);
	}
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, each_form_that_clients_write_is_the_same_address);
	tcase_add_test(tests, what_is_no_address_is_refused_and_writes_nothing);
	tcase_add_test(tests, a_station_is_neither_a_group_nor_nobody);
}

int main(void)
{
	return run_suite("mac", NULL, NULL, add_tests);
}
