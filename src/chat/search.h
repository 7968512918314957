// find() and rfind() of std::string in time linear in the sizes, also for hostile texts.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cellm::chat {

// The first place of `part` at or after `from`, or npos.
std::size_t find_part(std::string_view text, std::string_view part, std::size_t from = 0);
// The last place of `part`, or npos.
std::size_t find_last_part(std::string_view text, std::string_view part);
// The places of `part`, not empty, that do not overlap, from the end to the begin of `text`: `most`
// at most.
std::vector<std::size_t> parts_from_right(std::string_view text, std::string_view part,
                                          std::size_t most);

}  // namespace cellm::chat
