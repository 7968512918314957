// The built-in texts of published studies. Neither is a part of the built-in calibration text.
#pragma once

#include <string_view>

namespace cellm {

extern const std::string_view kNovelText;   // text/novel.txt: Melville, Moby Dick, chapters 1 to 16
extern const std::string_view kSpeechText;  // text/speech.txt: three State of the Union addresses

}  // namespace cellm
