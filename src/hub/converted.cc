#include "hub/converted.h"

#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "convert/rules.h"
#include "format/format_choice.h"
#include "hub/file_lock.h"
#include "hub/hub_cache.h"
#include "jobs/convert_job.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".cellm";

FormatRequest request_of(const ModelFormat& format) {
  if (format.bits_per_weight > 0.0) return TargetRequest{format.bits_per_weight, {}, {}};
  return named_request(format.layers);
}

// One name for each format, whatever it is called by.
std::string name_of(const ModelFormat& format) {
  if (format.bits_per_weight > 0.0) return fmt::format("bpw-{}", format.bits_per_weight);
  const auto choice = parse_format_or_keep(format.layers);
  return choice ? format_choice_name(*choice) : format.layers;
}

std::optional<fs::path> newest_in(const fs::path& folder) {
  std::optional<fs::path> newest;
  fs::file_time_type time;
  for (const std::string& file : files_in(folder)) {
    if (!file.ends_with(kEnding)) continue;
    std::error_code failure;
    const auto written = fs::last_write_time(folder / file, failure);
    if (failure || (newest && written <= time)) continue;
    newest = folder / file;
    time = written;
  }
  return newest;
}

}  // namespace

fs::path converted_model(const std::string& repository, const PulledModel& model,
                         const HubSettings& settings, const ConversionOptions& options,
                         const JobControl& control) {
  const fs::path folder = settings.conversions / repository / model.commit;
  if (!options.format) {
    if (auto newest = newest_in(folder)) return *newest;
  }
  const ModelFormat format = options.format.value_or(ModelFormat{.layers = kDefaultFormat});
  const std::string name = name_of(format);
  fs::path path = folder / (name + std::string(kEnding));
  std::error_code ignored;
  if (fs::exists(path, ignored)) return path;
  FileLock lock(folder / (name + ".lock"), control);
  if (fs::exists(path, ignored)) return path;  // another process has made it
  control.note(ConvertsOnceNote{.model = repository, .format = name, .path = path.string()});
  ConvertJobOptions job;
  job.input = model.path;
  job.output = path;
  job.formats = request_of(format);
  job.text_only = true;
  job.packed = true;
  job.threads = options.threads;
  job.target = options.target;
  run_convert(job, control);
  lock.remove();
  return path;
}

}  // namespace cellm
