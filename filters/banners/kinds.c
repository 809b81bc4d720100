#include "filters/banners/kinds.h"

banner_reader *banner_reader_of(enum banner_kind kind)
{
	static banner_reader *const readers[KIND_COUNT] = {
		[KIND_WORD] = read_word,
		[KIND_GATE] = read_gate,
		[KIND_MODE] = read_mode,
		[KIND_FLAG] = read_flag,
		[KIND_PAIRS] = read_pairs,
		[KIND_LEVEL] = read_level,
		[KIND_LEVELS] = read_levels,
		[KIND_JSON] = read_json,
		[KIND_JSON_WORD] = read_json_word,
		[KIND_LISTS] = read_lists,
		[KIND_KEYS] = read_keys,
		[KIND_OBJECTS] = read_objects,
		[KIND_CHOICE] = read_choice,
		[KIND_TC] = read_tc,
		[KIND_AC] = read_ac,
		[KIND_LEGITIMATE] = read_legitimate,
		[KIND_SILENT] = read_silent,
		[KIND_OPAQUE] = read_opaque,
		[KIND_ONETRUST] = read_onetrust,
		[KIND_AXEPTIO] = read_axeptio,
		[KIND_COMMANDERS] = read_commanders,
		[KIND_CONSENTMANAGER] = read_consentmanager,
		[KIND_FUNDING] = read_funding,
		[KIND_REAL_COOKIE] = read_real_cookie,
		[KIND_SOCS] = read_socs,
	};

	return kind < KIND_COUNT ? readers[kind] : NULL;
}
