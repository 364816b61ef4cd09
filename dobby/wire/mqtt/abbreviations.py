"""The short keys of discovery payloads, as home-assistant.io/integrations/mqtt lists them: those that are used here.

A short key that is not here belongs to something that is not read, and stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

_TABLE = """
act_t action_topic | act_tpl action_template | avty availability | avty_mode availability_mode
avty_t availability_topic | avty_tpl availability_template | b_tpl blue_template | g_tpl green_template
r_tpl red_template | bri_cmd_t brightness_command_topic | bri_cmd_tpl brightness_command_template
bri_scl brightness_scale | bri_stat_t brightness_state_topic | bri_tpl brightness_template
bri_val_tpl brightness_value_template | clr_temp_cmd_t color_temp_command_topic
clr_temp_cmd_tpl color_temp_command_template | clr_temp_k color_temp_kelvin | clr_temp_stat_t color_temp_state_topic
clr_temp_tpl color_temp_template | clr_temp_val_tpl color_temp_value_template | clrm color_mode
cmd_off_tpl command_off_template | cmd_on_tpl command_on_template | cmd_t command_topic | cmd_tpl command_template
cmps components | cod_arm_req code_arm_required | cod_dis_req code_disarm_required
curr_hum_t current_humidity_topic | curr_hum_tpl current_humidity_template | curr_temp_t current_temperature_topic
curr_temp_tpl current_temperature_template | dev device | dev_cla device_class | en enabled_by_default
ent_cat entity_category | fan_mode_cmd_t fan_mode_command_topic | fan_mode_cmd_tpl fan_mode_command_template
fan_mode_stat_t fan_mode_state_topic | fan_mode_stat_tpl fan_mode_state_template | fanspd_lst fan_speed_list
fx_cmd_t effect_command_topic | fx_cmd_tpl effect_command_template | fx_list effect_list
fx_stat_t effect_state_topic | fx_tpl effect_template | fx_val_tpl effect_value_template
hs_cmd_t hs_command_topic | hs_cmd_tpl hs_command_template | hs_stat_t hs_state_topic | hs_val_tpl hs_value_template
hum_cmd_t target_humidity_command_topic | hum_cmd_tpl target_humidity_command_template
hum_stat_t target_humidity_state_topic | hum_state_tpl target_humidity_state_template | max_hum max_humidity
min_hum min_humidity | max_k max_kelvin | min_k min_kelvin | max_mirs max_mireds | min_mirs min_mireds
mode_cmd_t mode_command_topic | mode_cmd_tpl mode_command_template | mode_stat_t mode_state_topic
mode_stat_tpl mode_state_template | obj_id object_id | off_dly off_delay | on_cmd_type on_command_type | ops options
opt optimistic | osc_cmd_t oscillation_command_topic | osc_cmd_tpl oscillation_command_template
osc_stat_t oscillation_state_topic | osc_val_tpl oscillation_value_template | p platform
pct_cmd_t percentage_command_topic | pct_cmd_tpl percentage_command_template | pct_stat_t percentage_state_topic
pct_val_tpl percentage_value_template | pl payload | pl_arm_away payload_arm_away | pl_arm_home payload_arm_home
pl_arm_nite payload_arm_night | pl_avail payload_available | pl_cls payload_close | pl_disarm payload_disarm
pl_lock payload_lock | pl_not_avail payload_not_available | pl_off payload_off | pl_on payload_on | pl_open payload_open
pl_osc_off payload_oscillation_off | pl_osc_on payload_oscillation_on | pl_paus payload_pause | pl_prs payload_press
pl_ret payload_return_to_base | pl_stop payload_stop | pl_strt payload_start | pl_unlk payload_unlock
pos_clsd position_closed | pos_open position_open | pos_t position_topic | pos_tpl position_template
pow_cmd_t power_command_topic | pow_cmd_tpl power_command_template | pr_mode_cmd_t preset_mode_command_topic
pr_mode_cmd_tpl preset_mode_command_template | pr_mode_stat_t preset_mode_state_topic
pr_mode_val_tpl preset_mode_value_template | pr_modes preset_modes | ret retain | rgb_cmd_t rgb_command_topic
rgb_cmd_tpl rgb_command_template | rgb_stat_t rgb_state_topic | rgb_val_tpl rgb_value_template
send_cmd_t send_command_topic | set_fan_spd_t set_fan_speed_topic | set_pos_t set_position_topic
set_pos_tpl set_position_template | spd_rng_max speed_range_max | spd_rng_min speed_range_min
stat_closing state_closing | stat_clsd state_closed | stat_jam state_jammed | stat_locked state_locked
stat_locking state_locking | stat_off state_off | stat_on state_on | stat_open state_open | stat_opening state_opening
stat_stopped state_stopped | stat_t state_topic | stat_tpl state_template | stat_unlocked state_unlocked
stat_unlocking state_unlocking | stat_val_tpl state_value_template | sup_clrm supported_color_modes
sup_feat supported_features | t topic | temp_cmd_t temperature_command_topic
temp_cmd_tpl temperature_command_template | temp_hi_cmd_t temperature_high_command_topic
temp_hi_cmd_tpl temperature_high_command_template | temp_hi_stat_t temperature_high_state_topic
temp_hi_stat_tpl temperature_high_state_template | temp_lo_cmd_t temperature_low_command_topic
temp_lo_cmd_tpl temperature_low_command_template | temp_lo_stat_t temperature_low_state_topic
temp_lo_stat_tpl temperature_low_state_template | temp_stat_t temperature_state_topic
temp_stat_tpl temperature_state_template | temp_unit temperature_unit | tilt_clsd_val tilt_closed_value
tilt_cmd_t tilt_command_topic | tilt_cmd_tpl tilt_command_template | tilt_opnd_val tilt_opened_value
tilt_status_t tilt_status_topic | tilt_status_tpl tilt_status_template | uniq_id unique_id
unit_of_meas unit_of_measurement | val_tpl value_template | xy_cmd_t xy_command_topic
xy_cmd_tpl xy_command_template | xy_stat_t xy_state_topic | xy_val_tpl xy_value_template
"""
KEYS: Mapping[str, str] = dict(row.split() for line in _TABLE.strip().splitlines() for row in line.split(" | "))
DEVICE_KEYS: Mapping[str, str] = {"cns": "connections", "ids": "identifiers", "mf": "manufacturer", "mdl": "model",
                                  "sa": "suggested_area", "sw": "sw_version", "hw": "hw_version"}
