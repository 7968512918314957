// The commands list and rm.

#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/command.h"
#include "hub/hub_settings.h"
#include "hub/listing.h"

namespace cellm {
namespace {

void print_table(const std::vector<ListedModel>& models) {
  std::size_t name = 4;
  std::size_t format = 6;
  for (const ListedModel& model : models) {
    name = std::max(name, model.name.size());
    format = std::max(format, model.format.size());
  }
  if (!models.empty())
    fmt::print("{:<{}}  {:>10}  {:<{}}  {}\n", "name", name, "size", "format", format, "path");
  for (const ListedModel& model : models) {
    fmt::print("{:<{}}  {:>10}  {:<{}}  {}\n", printable(model.name), name,
               human_bytes(model.bytes), printable(model.format), format,
               printable(model.path.string()));
  }
}

int run_list(bool as_json) {
  const std::vector<ListedModel> models = list_models(hub_settings_from_environment());
  if (!as_json) {
    print_table(models);
    return 0;
  }
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const ListedModel& model : models) {
    json.push_back({{"name", model.name},
                    {"bytes", model.bytes},
                    {"format", model.format},
                    {"path", model.path.string()}});
  }
  fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  return 0;
}

Run configure_list(Options& options) {
  auto as_json = std::make_shared<bool>(false);
  options.add_flag("--json", *as_json, "Print an array of objects: name, bytes, format, path");
  options.footer("Example:\n  cellm list");
  return [as_json] { return run_list(*as_json); };
}

int run_remove(const std::string& name, bool downloads) {
  const Removal removal = remove_model(name, downloads, hub_settings_from_environment());
  fmt::print("{}: {} files removed, {}\n", printable(name), removal.files,
             human_bytes(removal.bytes));
  return 0;
}

Run configure_remove(Options& options) {
  auto name = std::make_shared<std::string>();
  auto downloads = std::make_shared<bool>(false);
  options.add("name", *name, "ORG/NAME").required();
  options.add_flag("--downloads", *downloads,
                   "Also what was downloaded, which other programs may use");
  options.footer("Example:\n  cellm rm Qwen/Qwen3.5-0.8B");
  return [name, downloads] { return run_remove(*name, *downloads); };
}

}  // namespace

const Command kListCommand{"list", "List the models in cellm's cache and in the hub's",
                           configure_list};
const Command kRmCommand{"rm", "Remove a model of the hub from cellm's cache", configure_remove};

}  // namespace cellm
