#include "jobs/speed_process.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/json.h"
#include "jobs/child_process.h"

namespace cellm {

SpeedMeasurement measure_speed(const std::filesystem::path& program,
                               const std::filesystem::path& file,
                               const std::vector<std::uint32_t>& prompt, std::size_t tokens,
                               unsigned threads) {
  std::vector<std::string> arguments{"infer",
                                     "--model",
                                     file.string(),
                                     "--tokens",
                                     fmt::format("{}", fmt::join(prompt, ",")),
                                     "--gen",
                                     std::to_string(tokens),
                                     "--temperature",
                                     "0",
                                     "--stop-eos",
                                     "false",
                                     "--json",
                                     "--quiet"};
  if (threads != 0) arguments.insert(arguments.end(), {"--threads", std::to_string(threads)});
  const std::string what = printable(file.string());
  const Json document = parse_json(output_of(program, arguments, what), what);
  const JsonNode node(document, what + ", result of infer:");
  const JsonNode timings = node.at("timings");
  return {timings.at("prompt_tokens_per_second").as_number(),
          timings.at("decode_tokens_per_second").as_number(),
          node.at("peak_memory_bytes").as_uint()};
}

}  // namespace cellm
